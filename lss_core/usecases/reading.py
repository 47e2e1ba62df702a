"""Reading: a reader's sittings with his cases, answer by answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lss_core.domain import SITES, Answer, RaterKind, Role
from lss_core.errors import AccessError, ConflictError, NotFoundError
from lss_core.store import audit, cases, reads, studies
from lss_core.store.engine import Transaction
from lss_core.store.values import ReadRecord
from lss_core.study.assignment import reading_order
from lss_core.usecases.access import visible_case
from lss_core.usecases.users import User
from lss_core.usecases.workspace import Workspace

UNAIDED = "unaided"
"""The arm of a read without the model's help."""

ORDER_SEED = 0
"""The reader's random id alone makes his order his own; a protocol may bring another seed."""


@dataclass(frozen=True, kw_only=True)
class ReadProgress:
    """How far a reader is with one of his cases; `read_id` is None before he opened it."""

    case_id: str
    study_id: str
    read_id: str | None
    answered: int
    submitted: bool
    sites: int = len(SITES)


@dataclass(frozen=True, kw_only=True)
class ReadState:
    """A sitting as the database has it: the answers that count, by site key."""

    read_id: str
    case_id: str
    answers: Mapping[str, Answer]
    submitted: bool


def reads_of(workspace: Workspace, user: User) -> list[ReadProgress]:
    """The user's cases in his own reading order, which differs from reader to reader."""
    rater_id = _reader(user)
    with workspace.store.read() as tx:
        return _progress(tx, rater_id)


def next_case(workspace: Workspace, user: User) -> str | None:
    """The first case he has begun and not submitted, else the first not begun; None at the end."""
    left = [read for read in reads_of(workspace, user) if not read.submitted]
    begun = [read for read in left if read.read_id is not None]
    return next((read.case_id for read in [*begun, *left]), None)


def open_read(workspace: Workspace, user: User, case_id: str | None = None) -> ReadState:
    """His sitting with a case (by default the next): resumed where there is one, else begun.

    A submitted sitting is given back as it is. Raises NotFoundError when no case is left,
    AccessError when the case is not his to read.
    """
    rater_id = _reader(user)
    chosen = case_id or next_case(workspace, user)
    if chosen is None:
        raise NotFoundError("Reading", reason="no case is left to read", remedy="Thank you: you are done")
    with workspace.store.read() as tx:
        _check_reads(tx, workspace, user, chosen)
        found = reads.newest_read(tx, case_id=chosen, rater_id=rater_id, arm=UNAIDED)
    return _state(found or _begin(workspace, rater_id, user, chosen))


def record_answer(
    workspace: Workspace, user: User, read_id: str, answer: Answer, *, idempotency_key: str
) -> None:
    """Add an answer; the newest at a site counts, earlier ones stay on record.

    The same key twice adds one row. Raises ConflictError when the read is submitted or
    the key came with another answer, AccessError when the read is another's.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        read = _own_read(tx, user, read_id)
        if read.submitted_at is not None:
            raise ConflictError(
                read.case_id, reason="this read is submitted", remedy="Go on with the next case"
            )
        if reads.add_answer(tx, read, answer, key=idempotency_key, at=now):
            audit.record(tx, at=now, actor=user.id, act="answer.add", subject=read_id, site=answer.site.key)


def submit_read(workspace: Workspace, user: User, read_id: str) -> None:
    """Close a sitting for good; twice is no error.

    Raises ConflictError, naming how many, when sites are without an answer.
    """
    now = workspace.now()
    with workspace.store.write() as tx:
        read = _own_read(tx, user, read_id)
        missing = len(SITES) - len(read.answers)
        if read.submitted_at is not None:
            return
        if missing:
            raise ConflictError(
                read.case_id,
                reason=f"{missing} of {len(SITES)} sites have no answer",
                remedy="Grade them, or say why they cannot be graded",
            )
        reads.submit_read(tx, read_id, at=now)
        audit.record(tx, at=now, actor=user.id, act="read.submit", subject=read_id)


def _reader(user: User) -> str:
    if user.role is not Role.READER or user.rater_id is None:
        raise AccessError("Reading", reason="this is for readers", remedy="Sign in as a reader")
    return user.rater_id


def _check_reads(tx: Transaction, workspace: Workspace, user: User, case_id: str) -> None:
    study_id = visible_case(tx, workspace, user, case_id).study_id
    if studies.part_in(tx, study_id, _reader(user)) is not RaterKind.READER:
        raise AccessError(case_id, reason="he does not read in this study", remedy="Choose another case")


def _own_read(tx: Transaction, user: User, read_id: str) -> ReadRecord:
    rater_id = _reader(user)
    read = reads.get_read(tx, read_id)
    if read.rater_id != rater_id:
        raise AccessError("Read", reason="it is another reader's", remedy="Open your own")
    return read


def _begin(workspace: Workspace, rater_id: str, user: User, case_id: str) -> ReadRecord:
    now = workspace.now()
    with workspace.store.write() as tx:
        # Asked again, now that other writers wait: a double click begins one sitting, not two.
        found = reads.newest_read(tx, case_id=case_id, rater_id=rater_id, arm=UNAIDED)
        if found is not None:
            return found
        read_id = reads.add_read(tx, case_id=case_id, rater_id=rater_id, arm=UNAIDED, at=now)
        audit.record(tx, at=now, actor=user.id, act="read.open", subject=read_id, case=case_id)
        return reads.get_read(tx, read_id)


def _state(read: ReadRecord) -> ReadState:
    return ReadState(
        read_id=read.id,
        case_id=read.case_id,
        answers=read.answers,
        submitted=read.submitted_at is not None,
    )


def _progress(tx: Transaction, rater_id: str) -> list[ReadProgress]:
    opened = reads.reads_of_rater(tx, rater_id, UNAIDED)
    found = []
    for study in studies.study_summaries(tx, rater_id=rater_id):
        for case_id in reading_order(cases.case_ids(tx, study.id), reader=rater_id, seed=ORDER_SEED):
            read_id, answered, submitted = opened.get(case_id, (None, 0, False))
            found.append(
                ReadProgress(
                    case_id=case_id,
                    study_id=study.id,
                    read_id=read_id,
                    answered=answered,
                    submitted=submitted,
                )
            )
    return found
