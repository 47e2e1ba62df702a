"""What a reader is to read: his studies and sessions, his cases in their order, and how far he is."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lss_core.domain import SITES, Role
from lss_core.errors import AccessError
from lss_core.store import analysed, corrections, protocols, reads
from lss_core.store.engine import Transaction
from lss_core.store.values import (
    Assignment,
    AssignmentKind,
    ProtocolRecord,
    ReadRecord,
    ReadSummary,
    StudySummary,
)
from lss_core.study.assignment import reading_order
from lss_core.study.washout import SessionStanding, SessionState
from lss_core.texts import later
from lss_core.usecases.access import studies_of
from lss_core.usecases.sessions import session_standings, still_wanted
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

__all__ = [
    "AssignmentKind", "ReadProgress", "SessionDue", "SessionState", "StudyDue", "check_look", "following",
    "home", "in_study", "no_look_back", "progress", "reader_of", "reads_of",
]  # fmt: skip

UNAIDED = "unaided"
"""The arm of a read without the model's help, where the study has no protocol."""

ORDER_SEED = 0
"""The order of a study without a protocol: the reader's random id alone makes it his own."""


@dataclass(frozen=True, kw_only=True)
class ReadProgress:
    """One of a reader's cases, and how far he is with it; `read_id` is None before he opened it.

    `assignment` is None in a study without a protocol. `closed`: it is submitted, and its case comes again or
    a later session is being read: before that is done he must not look at what he or the model said.
    `stage` is the one he is at: 2 once the answers without the model are locked in a sequential arm.
    `position` counts from 1 within the session.
    """

    case_id: str
    study_id: str
    read_id: str | None
    answered: int
    submitted: bool
    sites: int = len(SITES)
    assignment: Assignment | None = None
    session: int = 1
    position: int = 1
    stage: int = 1
    stages: int = 1
    arm: str = UNAIDED
    standing: SessionStanding | None = None
    closed: bool = False

    @property
    def key(self) -> str:
        """What names it in an address: the assignment, or the case where there is no protocol."""
        return self.case_id if self.assignment is None else self.assignment.id

    @property
    def open(self) -> bool:
        """Whether it may be begun now, as far as the sessions go."""
        return self.standing is None or self.standing.state in (SessionState.OPEN, SessionState.DONE)

    @property
    def begun(self) -> bool:
        """Whether he has opened it."""
        return self.read_id is not None or self.stage > 1

    @property
    def kind(self) -> AssignmentKind:
        """Practice, test or repeat."""
        return AssignmentKind.TEST if self.assignment is None else self.assignment.kind


@dataclass(frozen=True, kw_only=True)
class SessionDue:
    """One of a reader's sessions in a study: cases, how many are begun and submitted."""

    number: int
    cases: int
    begun: int
    submitted: int
    standing: SessionStanding | None = None


@dataclass(frozen=True, kw_only=True)
class StudyDue:
    """A study as its reader sees it at home; `following` is what he goes on with, None at the end."""

    study: StudySummary
    sessions: tuple[SessionDue, ...]
    following: ReadProgress | None

    @property
    def submitted(self) -> int:
        """How many cases are submitted, in all sessions."""
        return sum(session.submitted for session in self.sessions)

    @property
    def cases(self) -> int:
        """How many cases there are, in all sessions."""
        return sum(session.cases for session in self.sessions)


def reader_of(user: User) -> str:
    """The rater as whom a user reads. Raises AccessError when he is no reader."""
    if Role.READER not in user.held or user.rater_id is None:
        raise AccessError("Reading", reason="this is for readers", remedy="Sign in as a reader")
    return user.rater_id


def reads_of(workspace: Workspace, user: User) -> list[ReadProgress]:
    """The user's cases in his own reading order: study by study, session by session."""
    with workspace.store.read() as tx:
        return progress(tx, user, now=workspace.now())


def home(workspace: Workspace, user: User) -> list[StudyDue]:
    """The studies a user reads in, with his sessions and what he goes on with in each."""
    with workspace.store.read() as tx:
        due = progress(tx, user, now=workspace.now())
        summaries = studies_of(tx, user, Role.READER)
    return [
        StudyDue(study=study, sessions=_sessions(own), following=following(own))
        for study in summaries
        if (own := in_study(due, study.id))
    ]


def in_study(due: Sequence[ReadProgress], study_id: str) -> list[ReadProgress]:
    """Those of one study: each goes its own way, whatever is begun in another."""
    return [read for read in due if read.study_id == study_id]


def following(due: Sequence[ReadProgress]) -> ReadProgress | None:
    """The first that is begun and not submitted, else the first not begun in an open session, or None."""
    left = [read for read in due if not read.submitted and (read.begun or read.open)]
    begun = [read for read in left if read.begun]
    return next(iter([*begun, *left]), None)


def check_look(tx: Transaction, user: User, read: ReadRecord, *, now: datetime) -> None:
    """Raises AccessError for a submitted read that is closed to its reader for now."""
    own = [one for one in progress(tx, user, now=now) if one.assignment is not None and one.closed]
    if any(one.key == read.assignment_id for one in own):
        raise no_look_back()


def no_look_back() -> AccessError:
    """The refusal of a look at what would bias what is still to be read."""
    return AccessError(
        later("Read"),
        reason=later("what was said in it must not be seen before the session that follows is read"),
        remedy=later("Go on with what is due; it opens again when all your sessions are read"),
    )


def _sessions(due: Sequence[ReadProgress]) -> tuple[SessionDue, ...]:
    return tuple(
        SessionDue(
            number=number,
            cases=len(own),
            begun=sum(read.begun for read in own),
            submitted=sum(read.submitted for read in own),
            standing=own[0].standing,
        )
        for number in sorted({read.session for read in due})
        if (own := [read for read in due if read.session == number])
    )


def progress(tx: Transaction, user: User, *, now: datetime) -> list[ReadProgress]:
    """As `reads_of`, in a transaction."""
    rater_id = reader_of(user)
    assigned = reads.assigned_reads(tx, rater_id)
    unassigned = reads.unassigned_reads(tx, rater_id, UNAIDED)
    withdrawn = corrections.withdrawn_reads(tx, rater_id)
    found: list[ReadProgress] = []
    for study in studies_of(tx, user, Role.READER):
        live = protocols.live_protocol(tx, study.id)
        if live is None:
            stopped = {case for case, read in unassigned.items() if _stopped(read, withdrawn)}
            left = [case for case in analysed.study_cases(tx, study.id) if case not in stopped]
            found += _in_own_order(left, study, rater_id, unassigned)
        else:
            of_reader = still_wanted(tx, live, rater_id)
            stand = session_standings(tx, live, rater_id, of_reader, now=now)
            found += _as_assigned(of_reader, live, assigned, stand)
    return found


def _stopped(read: ReadSummary, withdrawn: Container[str]) -> bool:
    return read.submitted_at is None and read.id in withdrawn


def _in_own_order(
    case_ids: Sequence[str], study: StudySummary, rater_id: str, opened: Mapping[str, ReadSummary]
) -> list[ReadProgress]:
    """The cases of a study without a protocol."""
    order = reading_order(case_ids, reader=rater_id, seed=ORDER_SEED)
    return [
        _progress(opened.get(case_id), case_id=case_id, study_id=study.id, position=position)
        for position, case_id in enumerate(order, start=1)
    ]


def _progress(read: ReadSummary | None, **known: Any) -> ReadProgress:
    return ReadProgress(
        read_id=None if read is None else read.id,
        answered=0 if read is None else read.answered,
        submitted=read is not None and read.submitted_at is not None,
        **known,
    )


def _as_assigned(
    of_reader: Sequence[Assignment],
    live: ProtocolRecord,
    opened: Mapping[tuple[str, int], ReadSummary],
    stand: Mapping[int, SessionStanding],
) -> list[ReadProgress]:
    being_read = max((n for n, one in stand.items() if one.state is SessionState.OPEN), default=0)
    places: dict[int, int] = {}
    found = []
    for one in of_reader:
        places[one.session] = places.get(one.session, 0) + 1
        stages = live.protocol.arm(one.arm).stages
        stage = _stage(one, len(stages), opened)
        read = opened.get((one.id, stage))
        found.append(
            _progress(
                read,
                case_id=one.case_id,
                study_id=live.study_id,
                sites=len(live.protocol.sites),
                assignment=one,
                session=one.session,
                position=places[one.session],
                stage=stage,
                stages=len(stages),
                arm=stages[stage - 1],
                standing=stand[one.session],
            )
        )
    to_come = {read.case_id for read in found if not read.submitted}
    return [
        replace(read, closed=read.submitted and (read.session < being_read or read.case_id in to_come))
        for read in found
    ]


def _stage(one: Assignment, stages: int, opened: Mapping[tuple[str, int], ReadSummary]) -> int:
    """The first stage that is not submitted, or the last."""
    for stage in range(1, stages):
        read = opened.get((one.id, stage))
        if read is None or read.submitted_at is None:
            return stage
    return stages
