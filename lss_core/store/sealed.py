"""What the audit trail holds a hash or a word of, as the tables have it now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lss_core.domain import Answer
from lss_core.store import references
from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.store.reads import answer_of_row, answers_where
from lss_core.store.values import AnswerOrigin, ReadNote, ReferenceGrade


@dataclass(frozen=True, kw_only=True)
class Given:
    """What was given once in a sitting: an answer at a site, or a note on the whole case.

    `key` is its idempotency key, which nobody can guess: without it a hash would tell one of a few grades.
    """

    said: Answer | ReadNote
    key: str | None
    at: datetime
    origin: AnswerOrigin = AnswerOrigin.GIVEN


@dataclass(frozen=True, kw_only=True)
class SealedRead:
    """A sitting: whose, whether it is submitted, all that was given in it in order, the hashes signed."""

    rater_id: str
    submitted: bool
    answers_given: Sequence[Given] = ()
    notes_given: Sequence[Given] = ()
    signed: Collection[str] = ()

    @property
    def answers(self) -> dict[str, Answer]:
        """The answers that count, by site key."""
        said = [one.said for one in self.answers_given]
        return {answer.site.key: answer for answer in said if isinstance(answer, Answer)}

    @property
    def note(self) -> ReadNote:
        """The note that counts."""
        said = [one.said for one in self.notes_given if isinstance(one.said, ReadNote)]
        return said[-1] if said else ReadNote()


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A study's own: reads, runs (by id, with their answers), references, protocols' documents by version.

    `corrections` are the ids of unlocked and withdrawn reads, withdrawn cases, and raters of opened sessions.
    """

    reads: Mapping[str, SealedRead]
    runs: Mapping[str, Mapping[str, Answer]]
    references: Mapping[str, tuple[ReferenceGrade, ...]]
    protocols: Mapping[int, Mapping[str, Any]]
    corrections: Mapping[str, Collection[str]]


def sealed_of(tx: Transaction, study_id: str) -> Sealed:
    """What the tables say of a study."""
    own_cases = sa.select(t.cases.c.id).where(t.cases.c.study_id == study_id)
    own_reads = sa.select(t.reads.c.id).where(t.reads.c.case_id.in_(own_cases))
    own_runs = sa.select(t.model_runs.c.id).where(t.model_runs.c.case_id.in_(own_cases))
    answers, notes = _answers_given(tx, own_reads), _notes_given(tx, own_reads)
    signed: dict[str, list[str]] = {}
    for row in tx.execute(sa.select(t.signatures).where(t.signatures.c.read_id.in_(own_reads))):
        signed.setdefault(row.read_id, []).append(row.answers_sha256)
    reads = tx.execute(
        sa.select(t.reads.c.id, t.reads.c.rater_id, t.reads.c.submitted_at).where(
            t.reads.c.case_id.in_(own_cases)
        )
    )
    locked = (t.protocols.c.study_id == study_id) & t.protocols.c.sha256.is_not(None)
    return Sealed(
        reads={
            row.id: SealedRead(
                rater_id=row.rater_id,
                submitted=row.submitted_at is not None,
                answers_given=answers.get(row.id, ()),
                notes_given=notes.get(row.id, ()),
                signed=signed.get(row.id, ()),
            )
            for row in reads
        },
        runs=answers_where(tx, t.ratings.c.run_id.in_(own_runs), by=t.ratings.c.run_id),
        references={
            one.id: references.reference_grades(tx, one.id)
            for one in references.reference_summaries(tx, study_id)
        },
        protocols={row.version: row.document for row in tx.execute(sa.select(t.protocols).where(locked))},
        corrections=_corrections(tx, study_id, own_cases, own_reads),
    )


def _answers_given(tx: Transaction, own_reads: sa.Select[tuple[str]]) -> dict[str, list[Given]]:
    r = t.ratings
    found: dict[str, list[Given]] = {}
    for row in tx.execute(sa.select(r).where(r.c.read_id.in_(own_reads)).order_by(r.c.id)):
        given = Given(
            said=answer_of_row(row),
            key=row.idempotency_key,
            at=row.given_at,
            origin=AnswerOrigin(row.origin),
        )
        found.setdefault(row.read_id, []).append(given)
    return found


def _notes_given(tx: Transaction, own_reads: sa.Select[tuple[str]]) -> dict[str, list[Given]]:
    n = t.read_notes
    found: dict[str, list[Given]] = {}
    for row in tx.execute(sa.select(n).where(n.c.read_id.in_(own_reads)).order_by(n.c.id)):
        note = ReadNote(image_quality=row.image_quality, comment=row.comment)
        given = Given(said=note, key=row.idempotency_key, at=row.given_at)
        found.setdefault(row.read_id, []).append(given)
    return found


def _corrections(
    tx: Transaction, study_id: str, own_cases: sa.Select[tuple[str]], own_reads: sa.Select[tuple[str]]
) -> Mapping[str, Collection[str]]:
    """By the act that made them."""
    u, w, s = t.unlocks, t.withdrawals, t.session_overrides
    queries = {
        "read.unlock": sa.select(u.c.read_id).where(u.c.read_id.in_(own_reads)),
        "read.withdraw": sa.select(w.c.read_id).where(w.c.read_id.in_(own_reads)),
        "case.withdraw": sa.select(w.c.case_id).where(w.c.case_id.in_(own_cases), w.c.read_id.is_(None)),
        "session.allow": sa.select(s.c.rater_id).where(s.c.study_id == study_id),
    }
    return {act: list(tx.scalars(query)) for act, query in queries.items()}
