"""Every sitting of a study with what a coordinator follows: answers, times, submission."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from lss_core.store import tables as t
from lss_core.store.engine import Transaction


@dataclass(frozen=True, kw_only=True)
class SittingRow:
    """A read: how many sites have an answer and how many are not gradable; milliseconds at work and idle.

    `active_ms` is None where the viewer kept no time.
    """

    read_id: str
    case_id: str
    rater_id: str
    assignment_id: str | None
    arm: str
    session: int
    stage: int
    opened_at: datetime
    submitted_at: datetime | None
    answered: int
    not_gradable: int
    active_ms: int | None
    idle_ms: int | None
    withdrawn: bool


def study_sittings(tx: Transaction, study_id: str) -> tuple[SittingRow, ...]:
    """All reads of a study in the order of opening, withdrawn ones and those of withdrawn cases too."""
    r = t.ratings
    newest = (
        sa.select(sa.func.max(r.c.id).label("id"))
        .where(r.c.read_id.is_not(None))
        .group_by(r.c.read_id, r.c.site)
    ).subquery()
    given = (
        sa.select(
            r.c.read_id,
            sa.func.count().label("answered"),
            sa.func.count(r.c.not_gradable).label("not_gradable"),
        )
        .join(newest, newest.c.id == r.c.id)
        .group_by(r.c.read_id)
        .subquery()
    )
    s = t.read_spans
    spans = (
        sa.select(
            s.c.read_id,
            sa.func.sum(s.c.active_ms).label("active_ms"),
            sa.func.sum(s.c.idle_ms).label("idle_ms"),
        )
        .group_by(s.c.read_id)
        .subquery()
    )
    w = t.withdrawals
    withdrawn = sa.exists().where(
        w.c.case_id == t.reads.c.case_id, sa.or_(w.c.read_id.is_(None), w.c.read_id == t.reads.c.id)
    )
    query = (
        sa.select(
            t.reads,
            given.c.answered,
            given.c.not_gradable,
            spans.c.active_ms,
            spans.c.idle_ms,
            withdrawn.label("withdrawn"),
        )
        .join(t.cases, t.cases.c.id == t.reads.c.case_id)
        .outerjoin(given, given.c.read_id == t.reads.c.id)
        .outerjoin(spans, spans.c.read_id == t.reads.c.id)
        .where(t.cases.c.study_id == study_id)
        .order_by(t.reads.c.opened_at, t.reads.c.id)
    )
    return tuple(
        SittingRow(
            read_id=row.id,
            case_id=row.case_id,
            rater_id=row.rater_id,
            assignment_id=row.assignment_id,
            arm=row.arm,
            session=row.session,
            stage=row.stage,
            opened_at=row.opened_at,
            submitted_at=row.submitted_at,
            answered=row.answered or 0,
            not_gradable=row.not_gradable or 0,
            active_ms=None if row.active_ms is None else int(row.active_ms),
            idle_ms=None if row.idle_ms is None else int(row.idle_ms),
            withdrawn=row.withdrawn,
        )
        for row in tx.execute(query)
    )
