"""Pieces of the reader's pages: which of his cases he may open, how far he is, what he does next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from lss_core.texts import _, moment, ngettext, sentence
from lss_core.ui.choice import go_to
from lss_core.ui.html import escape, table, write
from lss_core.usecases.due import (
    AssignmentKind,
    ReadProgress,
    SessionDue,
    SessionState,
    StudyDue,
    following,
    in_study,
)
from lss_core.usecases.reading import next_read
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace


def open_to_him(reads: Sequence[ReadProgress], titles: Mapping[str, str]) -> dict[str, str]:
    """What he may open (key: text shown): what he has begun, and the next in his order of each study.

    The next one of all comes first, so that it is where he begins. titles: of his studies by id, told where
    he has several.
    """
    coming = {one.key for study_id in titles if (one := following(in_study(reads, study_id)))}
    begun = [read for read in reads if (read.begun and not read.closed) or read.key in coming]
    several = len({read.study_id for read in reads}) > 1
    texts = {
        read.key: f"{titles[read.study_id]}: {_name(read)}" if several else _name(read) for read in begun
    }
    next_of_all = following(reads)
    first = {} if next_of_all is None else {next_of_all.key: texts.pop(next_of_all.key)}
    return {**first, **texts}


def progress_words(reads: Sequence[ReadProgress]) -> str:
    """'3 of 24 cases submitted'."""
    total = len(reads)
    return ngettext("{done} of {n} case submitted", "{done} of {n} cases submitted", total, done=_done(reads))


def why_nothing(reads: Sequence[ReadProgress]) -> str:
    """When a reader goes on to whom nothing is open, and why he may not look at what he has read."""
    why = _("Your cases come again in a later session: until it is read, your answers stay closed.")
    opens_at = next((read.standing.opens_at for read in reads if not read.submitted and read.standing), None)
    when = "" if opens_at is None else sentence(_("Come back from {when} on", when=moment(opens_at)))
    return f"{why} {when}"


def case_words(read: ReadProgress) -> str:
    """What a case is called: by its place where a protocol has assigned it, else by its id.

    By its id a reader would know a case again that he reads in two arms.
    """
    if read.assignment is None:
        return read.case_id
    if read.kind is AssignmentKind.TRAINING:
        return _("practice case {place}", place=read.position)
    return _("session {session}, case {place}", session=read.session, place=read.position)


def state_words(read: ReadProgress) -> str:
    """What the heading says of the read that is open."""
    named = {"case": case_words(read)}
    if read.submitted:
        return _("{case} is submitted and locked", **named)
    if read.stages > 1:
        return _("reading {case}, answers {stage} of {stages}", stage=read.stage, stages=read.stages, **named)
    return _("reading {case}", **named)


def show_study(due: StudyDue) -> None:
    """A study at home: its sessions, how far they are, and one button that leads on."""
    with st.container(border=True, key=f"study-{due.study.id}"):
        write(f"<h2>{escape(due.study.title)}</h2>")
        st.progress(
            due.submitted / due.cases, text=_("{n} of {total} submitted", n=due.submitted, total=due.cases)
        )
        head = (_("Session"), _("Cases"), _("Begun"), _("Submitted"), _("State"))
        rows = [(one.number, one.cases, one.begun, one.submitted, session_words(one)) for one in due.sessions]
        write(table(head, rows, numbers=(1, 2, 3)))
        _lead_on(due)


def session_words(session: SessionDue) -> str:
    """'open', 'done', or why it is not open yet."""
    if session.submitted == session.cases:
        return _("done")
    standing = session.standing
    if standing is not None and standing.state is SessionState.BEFORE_UNFINISHED:
        return _("after the session before it")
    if standing is not None and standing.state is SessionState.WAITS and standing.opens_at is not None:
        return _("opens on {when}: the wash-out", when=moment(standing.opens_at))
    return _("under way") if session.begun else _("to be read")


def _lead_on(due: StudyDue) -> None:
    following = due.following
    if following is None:
        done = due.submitted == due.cases
        said = _("Thank you: you are done with this study.") if done else _("Nothing is due now.")
        write(f'<p class="lss-muted">{said}</p>')
        return
    text = _("Go on reading") if due.submitted or following.begun else _("Begin to read")
    if st.button(text, type="primary", key=f"on-{due.study.id}"):
        go_to("case", following.key)
        st.switch_page("pages/reader/read.py")


def _done(reads: Sequence[ReadProgress]) -> int:
    return sum(read.submitted for read in reads)


def _name(read: ReadProgress) -> str:
    if read.assignment is None:
        return _("{place}. {case}, {state}", place=read.position, case=read.case_id, state=_state(read))
    words = case_words(read)
    return f"{words[0].upper()}{words[1:]}: {_state(read)}"


def _state(read: ReadProgress) -> str:
    if read.submitted:
        return _("submitted")
    if read.answered:
        return _("{n} of {total}", n=read.answered, total=read.sites)
    return _("new") if read.stage == 1 else _("second answers")


def fetched_ahead(reads: Sequence[ReadProgress], key: str) -> str | None:
    """The case whose images are fetched while another is read: the next that he has not begun."""
    return next((read.case_id for read in reads if not read.begun and read.key != key), None)


def going_on(workspace: Workspace, user: User, read: ReadProgress) -> None:
    """After a signature: stay with a practice case and its feedback, go on to the next otherwise."""
    coming = next_read(workspace, user, read.study_id)
    if coming is not None and read.kind is not AssignmentKind.TRAINING:
        go_to("case", coming.key)
