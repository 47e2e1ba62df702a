"""Pieces of the Progress page: who has read what, times, deviations, reminders, and what may be corrected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import plotly.graph_objects as go
import streamlit as st

from lss_core.domain import Role
from lss_core.study.washout import SessionState
from lss_core.texts import _, day, later, moment, number, percent, translated
from lss_core.ui.charts import laid_out
from lss_core.ui.charts_comparison import reader_marks
from lss_core.ui.frame import carry_out
from lss_core.ui.html import table, write
from lss_core.ui.theme import Palette, current_mode, palette
from lss_core.usecases.corrections import (
    CorrectionKind,
    study_corrections,
    unlock_read,
    withdraw_case,
    withdraw_read,
)
from lss_core.usecases.progress import Progress, Read, StudyProgress, reminder
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

STATES = {
    SessionState.OPEN: later("open"),
    SessionState.BEFORE_UNFINISHED: later("after the session before"),
    SessionState.WAITS: later("waits for the wash-out"),
    SessionState.DONE: later("done"),
}
KINDS = {
    CorrectionKind.UNLOCKED: later("Read unlocked"),
    CorrectionKind.READ_WITHDRAWN: later("Read withdrawn"),
    CorrectionKind.CASE_WITHDRAWN: later("Case withdrawn"),
    CorrectionKind.SESSION_ALLOWED: later("Session opened before the wash-out"),
}
MOST_REASON = 500

Section = Callable[[Workspace, User, StudyProgress], None]
"""Shows a part of the page."""


def sections(role: Role) -> dict[str, Section]:
    """The sections of the page that a role in the study sees, by their titles."""
    own: dict[str, Section] = {
        _("By reader"): show_sessions,
        _("Time over the order"): show_drift,
    }
    if role in (Role.COORDINATOR, Role.AUDITOR, Role.ADMINISTRATOR):
        own[_("Deviations")] = show_deviations
    if role in (Role.COORDINATOR, Role.ADMINISTRATOR):
        own |= {_("Correct"): show_correct, _("Reminders"): show_reminders}
    return own


def progress_words(progress: StudyProgress) -> str:
    """'12 of 48 reads submitted'."""
    return _("{n} of {total} reads submitted", n=progress.submitted, total=progress.assigned)


def show_sessions(workspace: Workspace, user: User, progress: StudyProgress) -> None:
    """A row for each reader and session."""
    head = [
        _("Reader"), _("Session"), _("State"), _("Assigned"), _("Begun"), _("Submitted"), _("Share"),
        _("Sites missing"), _("Not gradable"), _("Minutes a case"), _("Interrupted"), _("Withdrawn"),
    ]  # fmt: skip
    rows = [
        [
            one.rater.name, one.session, session_words(one), one.assigned, one.begun, one.submitted,
            percent(one.submitted / one.assigned) if one.assigned else "", one.missing, one.not_gradable,
            "" if one.minutes is None else number(one.minutes, 1), one.interrupted, one.withdrawn,
        ]
        for one in progress.sessions
    ]  # fmt: skip
    write(table(head, rows, numbers=range(3, len(head))))
    st.caption(
        _("Minutes: the median time at work on a submitted read. Interrupted: away for more than 15 minutes.")
    )


def session_words(one: Progress) -> str:
    """'waits for the wash-out, opens 3 May 2026', 'open, early'."""
    if one.standing is None:
        return _("no protocol")
    words = translated(STATES[one.standing.state])
    if one.standing.state is SessionState.WAITS and one.standing.opens_at is not None:
        return _("{state}, opens {day}", state=words, day=day(one.standing.opens_at))
    return _("{state}, early", state=words) if one.standing.overridden else words


def show_drift(workspace: Workspace, user: User, progress: StudyProgress) -> None:
    """Minutes at work over each reader's order of reading."""
    if not any(read.minutes is not None and read.order for read in progress.reads):
        st.caption(_("No times yet: they are kept while readers read in the browser."))
        return
    st.plotly_chart(drift_figure(progress.reads, palette(current_mode())), config={"displayModeBar": False})


def drift_figure(reads: Sequence[Read], colours: Palette) -> go.Figure:
    """A line a reader: minutes at work over the place in his order."""
    readers = sorted({read.rater.name for read in reads})
    marks = reader_marks(readers, colours)
    figure = go.Figure()
    for reader in readers:
        own = [r for r in reads if r.rater.name == reader and r.order and r.minutes is not None]
        own.sort(key=lambda read: read.order or 0)
        figure.add_scatter(
            x=[read.order for read in own],
            y=[round(read.minutes or 0, 2) for read in own],
            mode="lines+markers",
            name=reader,
            text=[read.case_id for read in own],
            line={"color": marks[reader].colour},
            marker={"symbol": marks[reader].symbol},
        )
    figure.update_xaxes(title=_("Place in the reader's order"))
    figure.update_yaxes(title=_("Minutes a case"), rangemode="tozero")
    return laid_out(figure, height=420).update_layout(showlegend=True)


def show_deviations(workspace: Workspace, user: User, progress: StudyProgress) -> None:
    """What was unlocked, withdrawn and allowed, and which reads were interrupted."""
    rows = [
        [
            moment(one.at), translated(KINDS[one.kind]), one.reader or "", one.case_id or "",
            one.session or "", one.by, one.reason,
        ]
        for one in study_corrections(workspace, user, progress.study.id)
    ]  # fmt: skip
    rows += [
        [moment(read.opened_at), _("Read interrupted"), read.rater.name, read.case_id, read.session, "", ""]
        for read in progress.reads
        if read.interrupted
    ]
    if not rows:
        st.caption(_("None so far."))
        return
    head = [_("When"), _("What"), _("Reader"), _("Case"), _("Session"), _("By"), _("Reason")]
    write(table(head, rows))


def show_correct(workspace: Workspace, user: User, progress: StudyProgress) -> None:
    """Unlock or withdraw a read, withdraw a case: each asks for a reason that is kept."""
    reads = {read.read_id: read for read in progress.reads if not read.withdrawn}
    if not reads:
        st.caption(_("No read yet."))
        return
    with st.form("correct", clear_on_submit=True):
        chosen = st.selectbox(
            _("Read"), list(reads), index=None, format_func=lambda key: _read_words(reads[key]),
            placeholder=_("Choose a read"),
        )  # fmt: skip
        act = st.radio(
            _("What to do"), list(_ACTS), index=None, format_func=lambda key: translated(_ACTS[key])
        )
        reason = st.text_input(_("Reason, kept on record"), max_chars=MOST_REASON)
        given = st.form_submit_button(_("Do it"))
    if given and chosen is not None and act is not None:
        read = reads[chosen]
        carry_out(partial(_correct, workspace, user, read, act, reason))


def _correct(workspace: Workspace, user: User, read: Read, act: str, reason: str) -> None:
    if act == "unlock":
        unlock_read(workspace, user, read.read_id, reason=reason)
    elif act == "withdraw":
        withdraw_read(workspace, user, read.read_id, reason=reason)
    else:
        withdraw_case(workspace, user, read.case_id, reason=reason)


_ACTS = {
    "unlock": later("Unlock the read: its reader may answer on and signs again"),
    "withdraw": later("Withdraw the read from the analysis"),
    "case": later("Withdraw the whole case from the analysis"),
}


def _read_words(read: Read) -> str:
    state = _("submitted {when}", when=moment(read.submitted_at)) if read.submitted_at else _("open")
    return f"{read.rater.name}, {read.case_id}, {read.arm}, {_('session {n}', n=read.session)}, {state}"


def show_reminders(workspace: Workspace, user: User, progress: StudyProgress) -> None:
    """A text to copy for each reader who has something to read now."""
    shown = False
    for name in sorted({one.rater.name for one in progress.sessions}):
        text = reminder(progress, name)
        if text:
            shown = True
            st.caption(name)
            st.code(text, language=None, wrap_lines=True)
    if not shown:
        st.caption(_("Nobody has anything to read now."))
