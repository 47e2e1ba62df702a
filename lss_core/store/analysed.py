"""What of a study is analysed: the one filter between the record, which keeps everything, and the results.

Out are training cases, cases and reads that were withdrawn, repeats (they are for a reader's agreement with
himself) and, where reads are assigned, those that are not submitted.
"""

from __future__ import annotations

import sqlalchemy as sa

from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.study.protocol import AssignmentKind


def analysed_cases(study_id: str) -> sa.Select[tuple[str]]:
    """The ids of a study's cases that are analysed."""
    practised = (
        sa.select(t.assignments.c.case_id)
        .where(t.assignments.c.kind == AssignmentKind.TRAINING)
        .where(t.assignments.c.id.not_in(sa.select(t.assignment_ends.c.assignment_id)))
    )
    withdrawn = sa.select(t.withdrawals.c.case_id).where(t.withdrawals.c.read_id.is_(None))
    return sa.select(t.cases.c.id).where(
        t.cases.c.study_id == study_id, t.cases.c.id.not_in(practised), t.cases.c.id.not_in(withdrawn)
    )


def study_cases(tx: Transaction, study_id: str) -> list[str]:
    """The ids of all cases of a study that were not withdrawn: what a protocol may assign."""
    withdrawn = sa.select(t.withdrawals.c.case_id).where(t.withdrawals.c.read_id.is_(None))
    query = sa.select(t.cases.c.id).where(t.cases.c.study_id == study_id, t.cases.c.id.not_in(withdrawn))
    return sorted(tx.scalars(query))


def case_ids(tx: Transaction, study_id: str) -> list[str]:
    """The ids of the cases that are analysed, in their order."""
    return sorted(tx.scalars(analysed_cases(study_id)))


def analysed_reads(study_id: str, *, kind: AssignmentKind = AssignmentKind.TEST) -> sa.Select[tuple[str]]:
    """The ids of the reads that are analysed; of `kind` REPEAT those that are compared with first reads."""
    withdrawn = sa.select(t.withdrawals.c.read_id).where(t.withdrawals.c.read_id.is_not(None))
    assigned = sa.and_(t.assignments.c.kind == kind, t.reads.c.submitted_at.is_not(None))
    pilot = t.reads.c.assignment_id.is_(None) if kind is AssignmentKind.TEST else sa.false()
    return (
        sa.select(t.reads.c.id)
        .outerjoin(t.assignments, t.assignments.c.id == t.reads.c.assignment_id)
        .where(t.reads.c.case_id.in_(analysed_cases(study_id)))
        .where(t.reads.c.id.not_in(withdrawn))
        .where(sa.or_(pilot, assigned))
    )
