"""Every answer that counts in its own sitting or run, with all that is known of how it came about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from lss_core.domain import Grade, NotGradable, Probabilities, Site
from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.store.values import SITE_OF, AnswerOrigin, AssignmentKind


@dataclass(frozen=True, kw_only=True)
class AnswerRow:
    """The newest answer at a site in one read or one model run.

    `position` is the read's place in the reading order, `kind` what it was assigned for, `protocol` the
    version that assigned it; None where the study has no protocol, and for models. `withdrawn`: the read
    or its case has left the analysis. Times in milliseconds.
    """

    case_id: str
    rater_id: str
    site: Site
    grade: Grade | None
    not_gradable: NotGradable | None
    probabilities: Probabilities | None
    confidence: float | None
    positive: bool | None
    score: float | None
    origin: AnswerOrigin
    note: str
    given_at: datetime
    read_id: str | None
    run_id: str | None
    arm: str
    session: int | None
    stage: int | None
    opened_at: datetime | None
    submitted_at: datetime | None
    position: int | None
    kind: AssignmentKind | None
    protocol: int | None
    withdrawn: bool
    active_ms: int
    idle_ms: int
    changes: int


def study_answers(tx: Transaction, study_id: str) -> tuple[AnswerRow, ...]:
    """The answers of a study in the order of case, rater, sitting and site: each sitting on its own."""
    r, reads = t.ratings, t.reads
    of_study = r.c.case_id.in_(sa.select(t.cases.c.id).where(t.cases.c.study_id == study_id))
    newest = (
        sa.select(sa.func.max(r.c.id).label("id"), sa.func.count().label("given"))
        .where(of_study)
        .group_by(r.c.case_id, r.c.rater_id, r.c.read_id, r.c.run_id, r.c.site)
        .subquery()
    )
    spans = (
        sa.select(
            t.read_spans.c.read_id,
            t.read_spans.c.site,
            sa.func.sum(t.read_spans.c.active_ms).label("active_ms"),
            sa.func.sum(t.read_spans.c.idle_ms).label("idle_ms"),
        )
        .group_by(t.read_spans.c.read_id, t.read_spans.c.site)
        .subquery()
    )
    withdrawn = sa.exists().where(
        t.withdrawals.c.case_id == r.c.case_id,
        sa.or_(t.withdrawals.c.read_id.is_(None), t.withdrawals.c.read_id == r.c.read_id),
    )
    query = (
        sa.select(
            r,
            newest.c.given,
            *(getattr(reads.c, name) for name in ("arm", "session", "stage", "opened_at", "submitted_at")),
            t.assignments.c.position,
            t.assignments.c.kind,
            t.protocols.c.version.label("protocol"),
            withdrawn.label("withdrawn"),
            spans.c.active_ms,
            spans.c.idle_ms,
        )
        .join(newest, newest.c.id == r.c.id)
        .outerjoin(reads, reads.c.id == r.c.read_id)
        .outerjoin(t.assignments, t.assignments.c.id == reads.c.assignment_id)
        .outerjoin(t.protocols, t.protocols.c.id == t.assignments.c.protocol_id)
        .outerjoin(spans, sa.and_(spans.c.read_id == r.c.read_id, spans.c.site == r.c.site))
        .order_by(r.c.case_id, r.c.rater_id, reads.c.opened_at, r.c.read_id, r.c.run_id, r.c.site)
    )
    return tuple(
        AnswerRow(
            case_id=row.case_id,
            rater_id=row.rater_id,
            site=SITE_OF[row.site],
            grade=None if row.grade is None else Grade(row.grade),
            not_gradable=None if row.not_gradable is None else NotGradable(row.not_gradable),
            probabilities=None if row.p0 is None else (row.p0, row.p1, row.p2, row.p3),
            confidence=row.confidence,
            positive=row.positive,
            score=row.score,
            origin=AnswerOrigin(row.origin),
            note=row.note,
            given_at=row.given_at,
            read_id=row.read_id,
            run_id=row.run_id,
            arm=row.arm or "",
            session=row.session,
            stage=row.stage,
            opened_at=row.opened_at,
            submitted_at=row.submitted_at,
            position=row.position,
            kind=None if row.kind is None else AssignmentKind(row.kind),
            protocol=row.protocol,
            withdrawn=row.withdrawn,
            active_ms=row.active_ms or 0,
            idle_ms=row.idle_ms or 0,
            changes=row.given - 1,
        )
        for row in tx.execute(query)
    )
