"""Pieces of the pages People and Account: members, invitations, roles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import streamlit as st

from lss_core.domain import Role
from lss_core.errors import LssError
from lss_core.texts import _, moment, translated
from lss_core.ui.frame import carry_out, show_empty, show_error
from lss_core.ui.html import table, write
from lss_core.usecases.access import role_in_study
from lss_core.usecases.accounts import disable_user, enable_user
from lss_core.usecases.cases import list_studies
from lss_core.usecases.people import (
    Invitation,
    Member,
    invite,
    remove_member,
    set_role,
    withdraw_invitation,
)
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

ROLES = (Role.READER, Role.ADJUDICATOR, Role.COORDINATOR, Role.STATISTICIAN, Role.AUDITOR)


def show_members(members: Sequence[Member]) -> None:
    """Who is in the study."""
    rows = [
        [
            member.user.name,
            member.user.display_name,
            member.role.label,
            _("votes") if member.in_panel else "",
            moment(member.since),
            _("disabled") if member.user.disabled_at else "",
        ]
        for member in members
    ]
    write(table([_("Name"), _("Shown as"), _("Role"), _("Panel"), _("Since"), _("Account")], rows))


def invite_form(workspace: Workspace, user: User, study_id: str) -> None:
    """A form that makes an invitation and shows its link once."""
    with st.form("invite", clear_on_submit=True):
        st.subheader(_("Invite"))
        role, in_panel = _ask_role("invite")
        note = st.text_input(_("For whom (your own note)"), max_chars=200)
        days = st.number_input(_("Good for how many days"), 1, 90, 7)
        if not st.form_submit_button(_("Make a link")):
            return
    try:
        made = invite(workspace, user, study_id, role, note=note, in_panel=in_panel, days=int(days))
    except LssError as error:
        show_error(error)
        return
    address = urlsplit(st.context.url or "")
    st.success(
        _("Send this link to nobody else. It is shown once, makes one account and ends on {end}.",
          end=moment(made.expires_at))
    )  # fmt: skip
    st.code(f"{address.scheme}://{address.netloc}/#join={made.token}", language=None)


def show_invitations(
    workspace: Workspace, user: User, study_id: str, invitations: Sequence[Invitation]
) -> None:
    """The invitations, without their tokens, which are kept nowhere, and a form that ends an open one."""
    now = workspace.now()
    if invitations:
        rows = [[one.role.label, one.note, moment(one.expires_at), _state(one, now)] for one in invitations]
        write(table([_("Role"), _("For whom"), _("Ends"), _("State")], rows))
    names = {one.id: _invited(one) for one in invitations if one.open_at(now)}
    if not names:
        return
    with st.form("withdraw-invitation"):
        chosen = st.selectbox(_("An open invitation"), list(names), format_func=names.__getitem__)
        if st.form_submit_button(_("End it: its link makes no account any more")):
            carry_out(lambda: withdraw_invitation(workspace, user, study_id, chosen))


def change_form(workspace: Workspace, user: User, study_id: str) -> None:
    """A form for the role, the membership and the account of somebody by his name."""
    with st.form("change"):
        st.subheader(_("Change"))
        name = st.text_input(_("Name of an account"), max_chars=100)
        role, in_panel = _ask_role("change")
        with st.container(horizontal=True):
            given = st.form_submit_button(_("Give this role"))
            removed = st.form_submit_button(_("Take out of the study"))
            closed = st.form_submit_button(_("Disable this account"))
            opened = st.form_submit_button(_("Enable this account"))
    acts: list[tuple[bool, Callable[[], None]]] = [
        (given, lambda: set_role(workspace, user, study_id, name, role, in_panel=in_panel)),
        (removed, lambda: remove_member(workspace, user, study_id, name)),
        (closed, lambda: disable_user(workspace, user, name)),
        (opened, lambda: enable_user(workspace, user, name)),
    ]
    for pressed, act in acts:
        if pressed:
            carry_out(act)


def show_own_roles(workspace: Workspace, user: User) -> None:
    """What the user is in each of his studies."""
    rows = [
        [study.title, (role_in_study(workspace, user, study.id) or user.role).label]
        for study in list_studies(workspace, user, *Role)
    ]
    if rows:
        write(table([_("Study"), _("Role")], rows))
    else:
        show_empty(
            _("You are in no study yet"), next_step=_("Ask the coordinator of the study to take you in")
        )


def _ask_role(key: str) -> tuple[Role, bool]:
    role = st.selectbox(_("Role"), ROLES, format_func=lambda role: translated(role.label), key=f"{key}-role")
    in_panel = st.checkbox(_("A reader who votes in the reference (panel)"), key=f"{key}-panel")
    return role, in_panel


def _invited(invitation: Invitation) -> str:
    """'reader, for Dr Adams, until 3 Dec 2026 10:00 UTC'."""
    named = {"role": translated(invitation.role.label), "end": moment(invitation.expires_at)}
    if not invitation.note:
        return _("{role}, until {end}", **named)
    return _("{role}, for {whom}, until {end}", whom=invitation.note, **named)


def _state(invitation: Invitation, now: datetime) -> str:
    if invitation.used_at is not None:
        return _("used")
    return _("open") if invitation.open_at(now) else _("ended")
