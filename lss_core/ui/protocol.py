"""Pieces of the Protocol page: preview, what is missing, going live, versions, sessions opened early."""

from __future__ import annotations

import streamlit as st

from lss_core.domain import Condition, Grade
from lss_core.errors import LssError
from lss_core.study.protocol import ArmKind, Protocol, ReferenceSource
from lss_core.texts import _, known, later, moment, ngettext, translated
from lss_core.ui.choice import go_to
from lss_core.ui.drawings import as_source, drawing
from lss_core.ui.frame import carry_out, show_error
from lss_core.ui.html import Html, escape, table, write
from lss_core.ui.progress import session_words
from lss_core.usecases.auditing import names_of
from lss_core.usecases.cases import StudySummary, make_study
from lss_core.usecases.progress import study_progress
from lss_core.usecases.protocol_toml import define_study, load_draft, to_toml
from lss_core.usecases.protocols import (
    ProtocolRecord,
    ProtocolState,
    allow_session,
    check_protocol,
    draw_csv,
    go_live,
)
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

ARM_KINDS = {
    ArmKind.UNAIDED: later("without the model"),
    ArmKind.AIDED: later("with the model's grades at once"),
    ArmKind.SEQUENTIAL: later("without the model, locked, then with it"),
}
REFERENCES = {
    ReferenceSource.PANEL: later("A panel that reads unaided and is not analysed"),
    ReferenceSource.READERS: later("The readers' own majority"),
    ReferenceSource.EXTERNAL: later("Imported from outside"),
}


def show_new_study(workspace: Workspace, user: User, study_id: str) -> None:
    """A title, or a TOML file that may have one, and the study is made; closed where another is chosen."""
    popover = st.popover(_("New study"), key=f"new-study-beside-{study_id}")
    with popover, st.form("new-study", clear_on_submit=True):
        title = st.text_input(_("Title"), max_chars=200)
        file = st.file_uploader(
            _("Or a TOML file with its title and protocol"), type="toml", max_upload_size=1
        )
        if st.form_submit_button(_("Make the study")):
            try:
                if file is None:
                    made = make_study(workspace, user, title)
                else:
                    made = define_study(workspace, user, file.getvalue(), title=title)
            except LssError as error:
                show_error(error)
            else:
                go_to("study", made.id)
                st.rerun()


def state_words(state: ProtocolState) -> str:
    """Which version holds, and whether another is being written."""
    live = _("no version is live")
    if state.live is not None:
        live = _("version {n} is live", n=state.live.version)
    draft = "" if state.draft is None else _("version {n} is a draft", n=state.draft.version)
    return ", ".join(part for part in (live, draft) if part)


def show_preview(protocol: Protocol) -> None:
    """What a reader will be asked, and the scheme as he is shown it."""
    asked = [_("a grade of 0 to 3, or why there is none")]
    asked[:0] = [_("yes or no: a stenosis of grade 2 or 3")] if protocol.questions.call else []
    asked += [_("a score of 0 to 100 that goes with it")] if protocol.questions.score else []
    whole = [_("the image quality, 1 to 5")] if protocol.questions.image_quality else []
    whole += [_("a free comment")] if protocol.questions.comment else []
    apart = ngettext("{n} day apart at least", "{n} days apart at least", protocol.wash_out_days)
    lines = [
        ngettext("At {n} site of each case:", "At {n} sites of each case:", len(protocol.sites))
        + " "
        + "; ".join(asked),
        _("For the case as a whole:") + " " + (", ".join(whole) or _("nothing")),
        ngettext("{n} session", "{n} sessions", protocol.sessions)
        + (f", {apart}" if protocol.sessions > 1 else ""),
        *(f"{arm.name}: {translated(ARM_KINDS[arm.kind])}" for arm in protocol.arms),
    ]
    write("<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>")
    conditions = {site.condition for site in protocol.sites}
    for condition in (one for one in Condition if one in conditions):
        st.subheader(translated(condition.label))
        cells = [_cell(protocol, condition, grade) for grade in Grade]
        write(table([f"{int(grade)} {translated(grade.label)}" for grade in Grade], [cells]))
    st.caption(_("Grey: bone and disc. Blue: the fluid of the sac. Yellow: fat. Red: roots."))


def _cell(protocol: Protocol, condition: Condition, grade: Grade) -> Html:
    return Html(f"{sketch(condition, grade)}<br>{escape(known(protocol.scheme[condition][grade]))}")


def sketch(condition: Condition, grade: Grade) -> Html:
    """The drawing of a grade, with its name for those who do not see it."""
    named = escape(f"{translated(condition.label)}: {translated(grade.label)}")
    return Html(f'<img alt="{named}" width="120" height="90" src="{as_source(drawing(condition, grade))}">')


def show_ready(workspace: Workspace, user: User, study_id: str, state: ProtocolState) -> None:
    """What is missing, and the way to go live."""
    found = check_protocol(workspace, user, study_id)
    rows = [
        (
            _("must") if one.blocks else _("advice"),
            one.subject,
            translated(one.reason),
            translated(one.remedy),
        )
        for one in found
    ]
    if rows:
        write(table(["", _("What"), _("Why"), _("What to do")], rows))
    else:
        st.success(_("Nothing is missing."))
    draft = state.draft
    if draft is None:
        st.caption(_("There is no draft to go live: save one first."))
    elif not any(one.blocks for one in found):
        _confirm(workspace, user, study_id, draft, state.sha256)


def _confirm(workspace: Workspace, user: User, study_id: str, draft: ProtocolRecord, digest: str) -> None:
    st.write(
        _(
            "Going live locks version {n}: sites, grading scheme, questions, arms, sessions and wash-out, "
            "design, repeats, training cases, reference and seed. Who reads which case, when and in which "
            "arm is drawn and stored. Neither can be changed afterwards, only followed by a new version.",
            n=draft.version,
        )
    )
    st.code(f"SHA-256 {digest}", language=None)
    sure = st.checkbox(_("I have looked at it and lock it"), key=f"sure-{digest}")
    if st.button(_("Go live"), type="primary", disabled=not sure):
        carry_out(lambda: go_live(workspace, user, study_id, seen_sha256=digest))


def show_versions(workspace: Workspace, user: User, study: StudySummary, state: ProtocolState) -> None:
    """Every version with its hash, who and when; the file down and up; who reads what."""
    names = names_of(workspace, user, study.id)
    rows = [
        (
            one.version,
            moment(one.locked_at) if one.locked_at else _("draft"),
            names.get(one.locked_by or one.created_by, one.locked_by or one.created_by),
            one.reason,
            one.sha256 or "",
        )
        for one in state.versions
    ]
    if rows:
        write(table([_("Version"), _("Locked"), _("By"), _("Reason"), "SHA-256"], rows, numbers=[0]))
    content = to_toml(state.current, title=study.title)
    with st.container(horizontal=True):
        st.download_button(_("Download as TOML"), content, "protocol.toml", "application/toml")
        if state.live is not None:
            drawn = draw_csv(workspace, user, study.id)
            st.download_button(_("Download who reads what"), drawn, "draw.csv", "text/csv")
    with st.form("protocol-file", clear_on_submit=True):
        file = st.file_uploader(_("A TOML file as the draft"), type="toml", max_upload_size=1)
        reason = st.text_input(_("Why the protocol changes"), max_chars=500)
        if st.form_submit_button(_("Take it as the draft")) and file is not None:
            given = file.getvalue()
            carry_out(lambda: load_draft(workspace, user, study.id, given, reason=reason))


def show_sessions(workspace: Workspace, user: User, study_id: str) -> None:
    """Sessions that wait for their wash-out, and a form that opens one early for a reason."""
    waiting = [
        one
        for one in study_progress(workspace, user, study_id).sessions
        if one.session > 1 and one.standing is not None and one.submitted < one.assigned
    ]
    if not waiting:
        st.caption(_("No session waits."))
        return
    rows = [[one.rater.name, one.session, session_words(one)] for one in waiting]
    write(table([_("Reader"), _("Session"), _("State")], rows, numbers=[1]))
    names = [f"{one.rater.name}, {_('session {n}', n=one.session)}" for one in waiting]
    with st.form("allow-session", clear_on_submit=True):
        chosen = st.selectbox(_("Session"), range(len(names)), format_func=names.__getitem__)
        reason = st.text_input(_("Reason, kept on record"), max_chars=500)
        if st.form_submit_button(_("Open it before its wash-out is over")):
            one = waiting[chosen]
            carry_out(
                lambda: allow_session(workspace, user, study_id, one.rater.id, one.session, reason=reason)
            )
