"""Reads and the answers given in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lss_core.domain import Answer, Grade, NotGradable
from lss_core.errors import ConflictError, NotFoundError
from lss_core.store import tables as t
from lss_core.store.analysed import analysed_reads
from lss_core.store.engine import Transaction
from lss_core.store.ids import new_id
from lss_core.store.values import SITE_OF, AnswerOrigin, Assignment, ReadRecord, ReadSummary, ReadTime


def add_read(
    tx: Transaction,
    *,
    case_id: str,
    rater_id: str,
    arm: str,
    at: datetime,
    assignment: Assignment | None = None,
    session: int = 1,
    stage: int = 1,
) -> str:
    """Begin a sitting, with what was assigned or, in a study without a protocol, with a case; its id."""
    read_id = new_id("READ")
    row = {
        "id": read_id,
        "case_id": case_id,
        "rater_id": rater_id,
        "arm": arm,
        "opened_at": at,
        "assignment_id": None if assignment is None else assignment.id,
        "session": session if assignment is None else assignment.session,
        "stage": stage,
    }
    tx.execute(sa.insert(t.reads).values(row))
    return read_id


def assigned_reads(tx: Transaction, rater_id: str) -> dict[tuple[str, int], ReadSummary]:
    """A rater's sittings with what he was assigned, by assignment and stage."""
    query = _summaries(rater_id).where(t.reads.c.assignment_id.is_not(None))
    return {(row.assignment_id, row.stage): _summary(row) for row in tx.execute(query)}


def finished_times(tx: Transaction, rater_id: str) -> dict[tuple[str, int], datetime]:
    """When each assigned sitting of a rater was first submitted, by assignment and stage.

    A later unlock and signature do not change it.
    """
    r, s = t.reads, t.signatures
    signed = sa.select(sa.func.min(s.c.signed_at)).where(s.c.read_id == r.c.id).scalar_subquery()
    query = sa.select(r, signed.label("signed_at")).where(
        r.c.rater_id == rater_id, r.c.assignment_id.is_not(None)
    )
    times = {(row.assignment_id, row.stage): row.signed_at or row.submitted_at for row in tx.execute(query)}
    return {key: at for key, at in times.items() if at is not None}


def unassigned_reads(tx: Transaction, rater_id: str, arm: str) -> dict[str, ReadSummary]:
    """His newest sitting with each case in an arm of no protocol, by case."""
    query = _summaries(rater_id).where(t.reads.c.assignment_id.is_(None), t.reads.c.arm == arm)
    return {row.case_id: _summary(row) for row in tx.execute(query)}


def _summaries(rater_id: str) -> sa.Select[Any]:
    answered = (
        sa.select(sa.func.count(sa.distinct(t.ratings.c.site)))
        .where(t.ratings.c.read_id == t.reads.c.id)
        .scalar_subquery()
    )
    query = sa.select(t.reads, answered.label("answered")).where(t.reads.c.rater_id == rater_id)
    return query.order_by(t.reads.c.opened_at)


def _summary(row: sa.Row[Any]) -> ReadSummary:
    return ReadSummary(
        id=row.id, answered=row.answered, opened_at=row.opened_at, submitted_at=row.submitted_at
    )


def newest_read(tx: Transaction, *, case_id: str, rater_id: str, arm: str) -> ReadRecord | None:
    """A rater's newest sitting with a case in an arm of no protocol."""
    query = (
        sa.select(t.reads)
        .where(t.reads.c.case_id == case_id, t.reads.c.rater_id == rater_id, t.reads.c.arm == arm)
        .where(t.reads.c.assignment_id.is_(None))
        .order_by(t.reads.c.opened_at.desc())
        .limit(1)
    )
    row = tx.execute(query).first()
    return None if row is None else _record(tx, row)


def get_read(tx: Transaction, read_id: str) -> ReadRecord:
    """A sitting. Raises NotFoundError."""
    row = tx.execute(sa.select(t.reads).where(t.reads.c.id == read_id)).first()
    if row is None:
        raise NotFoundError(read_id, reason="there is no such read", remedy="Open the case again")
    return _record(tx, row)


def study_reads(tx: Transaction, study_id: str) -> list[ReadRecord]:
    """The analysed sittings of a study and their answers, in the order in which they were opened."""
    of_study = t.reads.c.id.in_(analysed_reads(study_id))
    answers = answers_where(tx, t.ratings.c.read_id.in_(analysed_reads(study_id)), by=t.ratings.c.read_id)
    query = sa.select(t.reads).where(of_study).order_by(t.reads.c.opened_at, t.reads.c.id)
    return [_record_of(row, answers.get(row.id, {})) for row in tx.execute(query)]


def answers_where(
    tx: Transaction, wanted: sa.ColumnElement[bool], *, by: sa.Column[Any]
) -> dict[str, dict[str, Answer]]:
    """The newest answers at each site of some sittings or model runs, by their ids."""
    found: dict[str, dict[str, Answer]] = {}
    for row in tx.execute(sa.select(t.ratings).where(wanted).order_by(t.ratings.c.id)):
        found.setdefault(row._mapping[by], {})[row.site] = answer_of_row(row)
    return found


def study_arms(tx: Transaction, study_id: str) -> list[str]:
    """The arms in which the analysed cases of a study were read, by name."""
    query = (
        sa.select(t.reads.c.arm)
        .where(t.reads.c.id.in_(analysed_reads(study_id)))
        .distinct()
        .order_by(t.reads.c.arm)
    )
    return [str(arm) for arm in tx.scalars(query)]


def read_times(tx: Transaction, study_id: str) -> list[ReadTime]:
    """Every analysed sitting of a study in the order of opening, each with its reader.

    `active_ms` is None where the viewer kept no time (imported and simulated reads).
    """
    active = (
        sa.select(sa.func.sum(t.read_spans.c.active_ms))
        .where(t.read_spans.c.read_id == t.reads.c.id)
        .scalar_subquery()
    )
    query = (
        sa.select(t.reads, t.raters.c.name, t.raters.c.traits, active.label("active_ms"))
        .join(t.raters, t.raters.c.id == t.reads.c.rater_id)
        .where(t.reads.c.id.in_(analysed_reads(study_id)))
        .order_by(t.reads.c.opened_at, t.reads.c.id)
    )
    return [
        ReadTime(
            case_id=row.case_id,
            reader=row.name,
            simulated=bool(row.traits),
            arm=row.arm,
            opened_at=row.opened_at,
            submitted_at=row.submitted_at,
            active_ms=None if row.active_ms is None else int(row.active_ms),
        )
        for row in tx.execute(query)
    ]


def submit_read(tx: Transaction, read_id: str, *, at: datetime) -> None:
    """Close a sitting; one that is closed keeps its time."""
    tx.execute(
        sa.update(t.reads)
        .where(t.reads.c.id == read_id, t.reads.c.submitted_at.is_(None))
        .values(submitted_at=at)
    )


def answer_of_key(tx: Transaction, read_id: str, key: str) -> Answer | None:
    """The answer that a key has added to a sitting before."""
    same = (t.ratings.c.read_id == read_id) & (t.ratings.c.idempotency_key == key)
    found = tx.execute(sa.select(t.ratings).where(same)).first()
    return None if found is None else answer_of_row(found)


def add_answer(
    tx: Transaction,
    read: ReadRecord,
    answer: Answer,
    *,
    key: str,
    at: datetime,
    origin: AnswerOrigin = AnswerOrigin.GIVEN,
) -> bool:
    """Add an answer to a sitting; False when this key has added the same one before.

    Raises ConflictError when the key came with another answer.
    """
    found = answer_of_key(tx, read.id, key)
    if found is None:
        row = {**_row(read, answer, at), "idempotency_key": key, "origin": origin}
        tx.execute(sa.insert(t.ratings).values(row))
    elif found != answer:
        raise ConflictError(
            read.id,
            reason="this answer's key was used for another answer",
            remedy="Reload the page and answer again",
        )
    return found is None


def add_answers(
    tx: Transaction,
    read: ReadRecord,
    answers: Sequence[Answer],
    *,
    at: datetime,
    origin: AnswerOrigin = AnswerOrigin.GIVEN,
) -> None:
    """Add many answers to a sitting at once."""
    tx.execute(sa.insert(t.ratings), [{**_row(read, answer, at), "origin": origin} for answer in answers])


def probabilities_row(answer: Answer) -> dict[str, float | None]:
    """The four probability columns of an answer."""
    values: Sequence[float | None] = answer.probabilities or (None,) * 4
    return {f"p{grade}": values[grade] for grade in range(4)}


def _row(read: ReadRecord, answer: Answer, at: datetime) -> dict[str, Any]:
    return {
        "case_id": read.case_id,
        "rater_id": read.rater_id,
        "read_id": read.id,
        "site": answer.site.key,
        "grade": answer.grade,
        "not_gradable": answer.not_gradable,
        **probabilities_row(answer),
        "confidence": answer.confidence,
        "positive": answer.positive,
        "score": answer.score,
        "note": answer.note,
        "evidence": {},
        "given_at": at,
    }


def answer_of_row(row: sa.Row[Any]) -> Answer:
    """The answer in a row of `ratings`."""
    return Answer(
        site=SITE_OF[row.site],
        grade=None if row.grade is None else Grade(row.grade),
        not_gradable=None if row.not_gradable is None else NotGradable(row.not_gradable),
        probabilities=None if row.p0 is None else (row.p0, row.p1, row.p2, row.p3),
        confidence=row.confidence,
        positive=row.positive,
        score=row.score,
        note=row.note,
    )


def _record(tx: Transaction, row: sa.Row[Any]) -> ReadRecord:
    query = sa.select(t.ratings).where(t.ratings.c.read_id == row.id).order_by(t.ratings.c.id)
    return _record_of(row, {answer.site: answer_of_row(answer) for answer in tx.execute(query)})


def answer_keys(tx: Transaction, read_id: str, prefix: str) -> list[str]:
    """The idempotency keys of a sitting's answers that begin so."""
    r = t.ratings
    query = sa.select(r.c.idempotency_key).where(r.c.read_id == read_id)
    return list(tx.scalars(query.where(r.c.idempotency_key.startswith(prefix, autoescape=True))))


def first_answers(tx: Transaction, read: ReadRecord) -> Mapping[str, Answer]:
    """The answers of stage 1, for the read of stage 2 of the same assignment; none otherwise."""
    if read.stage == 1:
        return {}
    query = sa.select(t.reads).where(t.reads.c.assignment_id == read.assignment_id, t.reads.c.stage == 1)
    return _record(tx, tx.execute(query).one()).answers


def followed(tx: Transaction, read: ReadRecord) -> bool:
    """Whether a later stage of the same assignment has begun."""
    if read.assignment_id is None:
        return False
    later_ones = (t.reads.c.assignment_id == read.assignment_id) & (t.reads.c.stage > read.stage)
    return tx.scalar(sa.select(t.reads.c.id).where(later_ones).limit(1)) is not None


def versions(tx: Transaction, read_id: str) -> dict[str, int]:
    """How many answers each site of a sitting has had, by site key; sites without one are not named."""
    r = t.ratings
    count = sa.func.count().label("given")
    query = sa.select(r.c.site, count).where(r.c.read_id == read_id).group_by(r.c.site)
    return {row.site: row.given for row in tx.execute(query)}


def _record_of(row: sa.Row[Any], answers: dict[str, Answer]) -> ReadRecord:
    return ReadRecord(
        id=row.id,
        case_id=row.case_id,
        rater_id=row.rater_id,
        arm=row.arm,
        opened_at=row.opened_at,
        submitted_at=row.submitted_at,
        answers=answers,
        assignment_id=row.assignment_id,
        session=row.session,
        stage=row.stage,
    )
