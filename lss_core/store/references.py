"""Reference standards: frozen when made, a newer one gets a higher version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from lss_core.domain import Grade, NotGradable
from lss_core.errors import NotFoundError
from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.store.ids import new_id
from lss_core.store.values import SITE_OF, Decision, ReferenceGrade, ReferenceMethod, ReferenceSummary


def add_reference(
    tx: Transaction,
    *,
    study_id: str,
    name: str,
    method: ReferenceMethod,
    grades: Sequence[ReferenceGrade],
    actor: str,
    at: datetime,
) -> str:
    """Freeze a reference standard under the next version of its name; its id."""
    standards = t.reference_standards
    newest = sa.select(sa.func.max(standards.c.version)).where(
        standards.c.study_id == study_id, standards.c.name == name
    )
    reference_id = new_id("REF")
    row = {
        "id": reference_id,
        "study_id": study_id,
        "name": name,
        "method": method,
        "version": (tx.scalar(newest) or 0) + 1,
        "created_by": actor,
        "created_at": at,
    }
    tx.execute(sa.insert(standards).values(row))
    tx.execute(sa.insert(t.reference_grades), [_row(reference_id, grade) for grade in grades])
    return reference_id


def reference_summaries(tx: Transaction, study_id: str) -> list[ReferenceSummary]:
    """The reference standards of a study: majorities before external ones, newest first."""
    standards = t.reference_standards
    count = (
        sa.select(sa.func.count())
        .where(t.reference_grades.c.reference_id == standards.c.id)
        .scalar_subquery()
    )
    query = (
        sa.select(standards, count.label("grades"))
        .where(standards.c.study_id == study_id)
        .order_by(standards.c.method.desc(), standards.c.created_at.desc(), standards.c.version.desc())
    )
    return [
        ReferenceSummary(
            id=row.id,
            study_id=row.study_id,
            name=row.name,
            method=ReferenceMethod(row.method),
            version=row.version,
            created_at=row.created_at,
            created_by=row.created_by,
            grades=row.grades,
        )
        for row in tx.execute(query)
    ]


def reference_grades(tx: Transaction, reference_id: str) -> tuple[ReferenceGrade, ...]:
    """What a reference standard says, in the order of case and site key. Raises NotFoundError."""
    known = sa.select(t.reference_standards.c.id).where(t.reference_standards.c.id == reference_id)
    if tx.scalar(known) is None:
        raise NotFoundError(
            reference_id, reason="there is no such reference standard", remedy="Choose one from the list"
        )
    grades = t.reference_grades
    query = (
        sa.select(grades)
        .where(grades.c.reference_id == reference_id)
        .order_by(grades.c.case_id, grades.c.site)
    )
    return tuple(
        ReferenceGrade(
            case_id=row.case_id,
            site=SITE_OF[row.site],
            grade=None if row.grade is None else Grade(row.grade),
            not_gradable=None if row.not_gradable is None else NotGradable(row.not_gradable),
            decision=Decision(row.decision),
        )
        for row in tx.execute(query)
    )


def references_of_case(tx: Transaction, case_id: str) -> list[str]:
    """The ids of the reference standards that grade a case."""
    grades = t.reference_grades
    query = sa.select(grades.c.reference_id).where(grades.c.case_id == case_id).distinct()
    return sorted(tx.scalars(query))


def _row(reference_id: str, grade: ReferenceGrade) -> dict[str, object]:
    return {
        "reference_id": reference_id,
        "case_id": grade.case_id,
        "site": grade.site.key,
        "grade": grade.grade,
        "not_gradable": grade.not_gradable,
        "decision": grade.decision,
    }
