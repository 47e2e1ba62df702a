"""What the audit trail holds a hash or a word of, as the tables have it now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from lss_core.domain import Answer
from lss_core.store import references
from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.store.reads import answers_where
from lss_core.store.sittings import study_notes
from lss_core.store.values import ReadNote, ReferenceGrade


@dataclass(frozen=True, kw_only=True)
class SealedRead:
    """A sitting: whether it is submitted, its answers that count, and the hashes that were signed."""

    submitted: bool
    answers: Mapping[str, Answer] = field(default_factory=dict)
    note: ReadNote = field(default_factory=ReadNote)
    signed: Collection[str] = ()


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
    answers = answers_where(tx, t.ratings.c.read_id.in_(own_reads), by=t.ratings.c.read_id)
    notes = study_notes(tx, study_id)
    signed: dict[str, list[str]] = {}
    for row in tx.execute(sa.select(t.signatures).where(t.signatures.c.read_id.in_(own_reads))):
        signed.setdefault(row.read_id, []).append(row.answers_sha256)
    reads = tx.execute(
        sa.select(t.reads.c.id, t.reads.c.submitted_at).where(t.reads.c.case_id.in_(own_cases))
    )
    locked = (t.protocols.c.study_id == study_id) & t.protocols.c.sha256.is_not(None)
    return Sealed(
        reads={
            row.id: SealedRead(
                submitted=row.submitted_at is not None,
                answers=answers.get(row.id, {}),
                note=notes.get(row.id, ReadNote()),
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
