"""Ratings in long form: what results, references and exports are made of."""

from __future__ import annotations

import sqlalchemy as sa

from lss_core.domain import Grade, NotGradable
from lss_core.store import tables as t
from lss_core.store.analysed import analysed_cases, analysed_reads
from lss_core.store.engine import Transaction
from lss_core.store.values import SITE_OF, RatingRow
from lss_core.study.protocol import AssignmentKind


def study_ratings(
    tx: Transaction,
    study_id: str,
    *,
    case_id: str | None = None,
    rater_id: str | None = None,
    by_arm: bool = False,
    by_session: bool = False,
    kind: AssignmentKind = AssignmentKind.TEST,
) -> tuple[RatingRow, ...]:
    """The answer that counts, of each rater at each site of each case of a study that is analysed.

    The newest row of rater, case and site counts, in a study without a protocol whether the read is
    submitted or not; with `by_arm` or `by_session` the newest in each arm or session. In the order of case,
    rater and site key. Of `kind` REPEAT: the answers of second reads, for a reader's agreement with himself.
    """
    grouped = (t.ratings.c.case_id, t.ratings.c.rater_id, t.ratings.c.site)
    counted = analysed_reads(study_id, kind=kind)
    newest = (
        sa.select(sa.func.max(t.ratings.c.id))
        .where(t.ratings.c.case_id.in_(analysed_cases(study_id)))
        .where(sa.or_(t.ratings.c.read_id.is_(None), t.ratings.c.read_id.in_(counted)))
    )
    if by_arm or by_session:
        reads = t.reads.alias()
        apart = reads.c.arm if by_arm else reads.c.session
        newest = newest.outerjoin(reads, reads.c.id == t.ratings.c.read_id).group_by(*grouped, apart)
    else:
        newest = newest.group_by(*grouped)
    if case_id is not None:
        newest = newest.where(t.ratings.c.case_id == case_id)
    if rater_id is not None:
        newest = newest.where(t.ratings.c.rater_id == rater_id)
    query = (
        sa.select(t.ratings, t.reads.c.arm, t.reads.c.session)
        .outerjoin(t.reads, t.reads.c.id == t.ratings.c.read_id)
        .where(t.ratings.c.id.in_(newest))
        .order_by(t.ratings.c.case_id, t.ratings.c.rater_id, t.ratings.c.site)
    )
    return tuple(
        RatingRow(
            case_id=row.case_id,
            rater_id=row.rater_id,
            site=SITE_OF[row.site],
            grade=None if row.grade is None else Grade(row.grade),
            not_gradable=None if row.not_gradable is None else NotGradable(row.not_gradable),
            probabilities=None if row.p0 is None else (row.p0, row.p1, row.p2, row.p3),
            confidence=row.confidence,
            arm=row.arm or "",
            read_id=row.read_id,
            run_id=row.run_id,
            given_at=row.given_at,
            session=row.session or 0,
        )
        for row in tx.execute(query)
    )


def data_version(tx: Transaction, study_id: str) -> tuple[int, ...]:
    """Differs once what is analysed has.

    The newest rating, the number of ratings, the cases deleted so far (ratings are only ever added, or go
    with their case; an id may come again after that), locked protocols, withdrawals, submitted reads.
    """
    query = (
        sa.select(sa.func.coalesce(sa.func.max(t.ratings.c.id), 0), sa.func.count())
        .join(t.cases, t.cases.c.id == t.ratings.c.case_id)
        .where(t.cases.c.study_id == study_id)
    )
    newest, count = next(iter(tx.execute(query)))
    deleted = tx.scalar(sa.select(sa.func.count()).select_from(t.case_deletions))
    own = sa.select(t.cases.c.id).where(t.cases.c.study_id == study_id)
    others = (
        sa.select(sa.func.count())
        .select_from(t.protocols)
        .where(t.protocols.c.study_id == study_id, t.protocols.c.locked_at.is_not(None)),
        sa.select(sa.func.count()).select_from(t.withdrawals).where(t.withdrawals.c.case_id.in_(own)),
        sa.select(sa.func.count(t.reads.c.submitted_at)).where(t.reads.c.case_id.in_(own)),
    )
    return int(newest), int(count), int(deleted or 0), *(int(tx.scalar(query) or 0) for query in others)
