"""The people of a study: who is in it with which role, invitations, and what may change."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from lss_core.domain import Role
from lss_core.errors import AccessError, ConflictError, NotFoundError
from lss_core.store import audit, cases, invitations, members, people
from lss_core.store.engine import Transaction
from lss_core.store.invitations import Invitation
from lss_core.store.members import Member
from lss_core.texts import later
from lss_core.usecases import passwords
from lss_core.usecases.access import BLINDED, UNBLINDED, require_in, require_study
from lss_core.usecases.accounts import check_subject_free
from lss_core.usecases.users import TOKEN_BYTES, User, begin_sign_in, join, known_user, new_user, token_hash
from lss_core.usecases.users import require as require_anywhere
from lss_core.usecases.workspace import Workspace

__all__ = [
    "Invitation", "Invited", "Member", "accept", "invitations_of", "invite", "members_of", "remove_member",
    "set_role", "withdraw_invitation",
]  # fmt: skip

LASTS_DAYS = 7
LONGEST_DAYS = 90


@dataclass(frozen=True, kw_only=True)
class Invited:
    """A new invitation's token, which is told once and kept nowhere, and until when it is good."""

    token: str
    expires_at: datetime


def members_of(workspace: Workspace, user: User, study_id: str) -> list[Member]:
    """The members of a study by name. Coordinators of the study."""
    with workspace.store.read() as tx:
        require_in(tx, user, study_id, Role.COORDINATOR)
        return members.study_members(tx, study_id)


def invitations_of(workspace: Workspace, user: User, study_id: str) -> list[Invitation]:
    """The invitations to a study, the newest first. Coordinators of the study."""
    with workspace.store.read() as tx:
        require_in(tx, user, study_id, Role.COORDINATOR)
        return invitations.study_invitations(tx, study_id)


def set_role(
    workspace: Workspace, user: User, study_id: str, name: str, role: Role, *, in_panel: bool = False
) -> None:
    """Give somebody who has an account a role in a study, or another one. Coordinators of the study.

    Raises NotFoundError; ConflictError for an administrator and for one's own role, where he has rated in
    another part, and where who has seen the model or the reference would read or adjudicate.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        require_in(tx, user, study_id, Role.COORDINATOR)
        record = known_user(tx, name)
        if record.role is Role.ADMINISTRATOR or role is Role.ADMINISTRATOR:
            raise ConflictError(
                record.name,
                reason=later("an administrator sees everything and has no role in a study"),
                remedy=later("Choose another person or role"),
            )
        if record.id == user.id:
            raise ConflictError(
                record.name,
                reason=later("this is your own role"),
                remedy=later("Let another coordinator change it"),
            )
        _check_unseen(tx, study_id, record.id, role)
        join(tx, user.id, record, study_id, role, in_panel=in_panel, at=now)


def remove_member(workspace: Workspace, user: User, study_id: str, name: str) -> None:
    """Take somebody out of a study; what he has answered stays. Coordinators of the study.

    Raises NotFoundError, ConflictError for oneself.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        require_in(tx, user, study_id, Role.COORDINATOR)
        record = known_user(tx, name)
        own = members.role_of(tx, study_id, record.id)
        if own is None:
            raise NotFoundError(
                record.name, reason=later("he is not in this study"), remedy=later("Look at the list")
            )
        if record.id == user.id:
            raise ConflictError(
                record.name,
                reason=later("this is your own role"),
                remedy=later("Let another coordinator change it"),
            )
        members.end_member(tx, study_id=study_id, user=record)
        audit.record(
            tx, at=now, actor=user.id, act="member.remove", subject=study_id, user=record.id, before=own.value
        )


def invite(
    workspace: Workspace,
    user: User,
    study_id: str | None,
    role: Role,
    *,
    note: str = "",
    in_panel: bool = False,
    days: int = LASTS_DAYS,
) -> Invited:
    """A link's token that makes one account with a role, in a study. Coordinators of the study.

    Without a study, and for administrators: administrators. `note` says for whom it is.
    """
    if study_id is None or role is Role.ADMINISTRATOR:
        require_anywhere(user)
    else:
        require_study(workspace, user, study_id, Role.COORDINATOR)
    now, token = workspace.now(), secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = now + timedelta(days=max(1, min(days, LONGEST_DAYS)))
    with workspace.store.write() as tx:
        made = invitations.add_invitation(
            tx,
            token_hash=token_hash(token),
            study_id=None if role is Role.ADMINISTRATOR else study_id,
            role=role,
            in_panel=in_panel and role is Role.READER,
            note=note.strip()[:200],
            actor=user.id,
            at=now,
            expires_at=expires_at,
        )
        details = {"invitation": made, "role": role.value}
        audit.record(tx, at=now, actor=user.id, act="invitation.make", subject=study_id or made, **details)
    return Invited(token=token, expires_at=expires_at)


def withdraw_invitation(workspace: Workspace, user: User, study_id: str, invitation_id: str) -> None:
    """Let the link of an invitation end now: it was lost, or sent to the wrong person. Coordinators.

    Raises ConflictError where it makes no account any more, or is none of this study.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        require_in(tx, user, study_id, Role.COORDINATOR)
        own = {one.id: one for one in invitations.study_invitations(tx, study_id)}
        if invitation_id not in own or not own[invitation_id].open_at(now):
            raise ConflictError(
                "Invitation", reason=later("it is not open"), remedy=later("Look at the list")
            )
        invitations.end_invitation(tx, invitation_id, at=now)
        details = {"invitation": invitation_id, "role": own[invitation_id].role.value}
        audit.record(tx, at=now, actor=user.id, act="invitation.withdraw", subject=study_id, **details)


def accept(
    workspace: Workspace,
    token: str,
    *,
    name: str,
    display_name: str,
    password: str = "",
    openid_subject: str | None = None,
) -> str:
    """Make the account of an invitation; the token of its first sign-in.

    With an issuer and subject it signs in elsewhere and needs no password. Raises AccessError when the
    invitation is not known, used or too old (in the same words), and for a short password; ConflictError
    when the name is taken.
    """
    hashed = "" if openid_subject and not password else passwords.checked_hash(password)
    now = workspace.now()
    with workspace.store.write() as tx:
        found = invitations.find_invitation(tx, token_hash(token))
        if found is None or not found.open_at(now):
            raise AccessError(
                "Invitation",
                reason=later("it is not known, was used, or is too old"),
                remedy=later("Ask for a new one"),
            )
        if openid_subject is not None:
            check_subject_free(tx, openid_subject)
        record = new_user(
            tx,
            name=name,
            display_name=display_name,
            role=found.role,
            password_hash=hashed,
            openid_subject=openid_subject,
            at=now,
        )
        invitations.use_invitation(tx, found.id, record.id, at=now)
        details = {"invitation": found.id, "role": found.role.value}
        audit.record(tx, at=now, actor=record.id, act="invitation.use", subject=record.id, **details)
        if found.study_id is not None:
            join(tx, found.invited_by, record, found.study_id, found.role, in_panel=found.in_panel, at=now)
        return begin_sign_in(tx, record, at=now)


def _check_unseen(tx: Transaction, study_id: str, user_id: str, role: Role) -> None:
    """Raises ConflictError where somebody has had a role that sees what the new one must not."""
    if role not in BLINDED or not cases.case_ids(tx, study_id):
        return
    had = {members.role_of(tx, study_id, user_id)}
    for entry in audit.entries(tx, subject=study_id):
        if entry.details.get("user") == user_id:
            had |= {Role(entry.details[name]) for name in ("role", "before") if name in entry.details}
    if not had.isdisjoint(UNBLINDED):
        person = people.user_by_id(tx, user_id)
        raise ConflictError(
            "" if person is None else person.name,
            reason=later("this person could see the model and the other readers in this study"),
            remedy=later("Let somebody else read or adjudicate"),
        )
