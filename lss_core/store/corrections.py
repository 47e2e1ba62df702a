"""What a coordinator does afterwards: unlock a read, withdraw one or a whole case; sessions opened early."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.store.ids import new_id
from lss_core.study.protocol import AssignmentKind


class CorrectionKind(StrEnum):
    """A departure from the plain course of a study."""

    UNLOCKED = "unlocked"
    READ_WITHDRAWN = "read_withdrawn"
    CASE_WITHDRAWN = "case_withdrawn"
    SESSION_ALLOWED = "session_allowed"


@dataclass(frozen=True, kw_only=True)
class Correction:
    """Who did what, when and why; `reader` is None for a case, `case_id` for a session."""

    kind: CorrectionKind
    at: datetime
    by: str
    reason: str
    case_id: str | None = None
    read_id: str | None = None
    reader: str | None = None
    session: int | None = None


def unlock(tx: Transaction, read_id: str, *, reason: str, actor: str, at: datetime) -> None:
    """Open a submitted read again; its signature and its answers stay on record."""
    row = {"id": new_id("UL"), "read_id": read_id, "reason": reason, "unlocked_by": actor, "unlocked_at": at}
    tx.execute(sa.insert(t.unlocks).values(row))
    tx.execute(sa.update(t.reads).where(t.reads.c.id == read_id).values(submitted_at=None))


def withdraw(
    tx: Transaction, case_id: str, *, read_id: str | None, reason: str, actor: str, at: datetime
) -> None:
    """Take a read, or with None the whole case, out of the analysis."""
    row = {"id": new_id("WD"), "case_id": case_id, "read_id": read_id, "reason": reason}
    tx.execute(sa.insert(t.withdrawals).values(**row, withdrawn_by=actor, withdrawn_at=at))


def withdrawn(tx: Transaction, case_id: str, read_id: str | None) -> bool:
    """Whether a read, or with None the case, was withdrawn before."""
    w = t.withdrawals
    same = w.c.read_id.is_(None) if read_id is None else w.c.read_id == read_id
    return tx.scalar(sa.select(w.c.id).where(w.c.case_id == case_id, same).limit(1)) is not None


def withdrawn_reads(tx: Transaction, rater_id: str) -> frozenset[str]:
    """The ids of a rater's sittings that were withdrawn one by one; not those of a withdrawn case."""
    query = sa.select(t.withdrawals.c.read_id).join(t.reads, t.reads.c.id == t.withdrawals.c.read_id)
    return frozenset(tx.scalars(query.where(t.reads.c.rater_id == rater_id)))


def withdrawn_voters(tx: Transaction, study_id: str, arm: str | None) -> frozenset[tuple[str, str]]:
    """(case, rater) of a study's withdrawn first reads in an arm (None: in any)."""
    r, w, a = t.reads, t.withdrawals, t.assignments
    query = (
        sa.select(r.c.case_id, r.c.rater_id)
        .join(w, w.c.read_id == r.c.id)
        .join(t.cases, t.cases.c.id == r.c.case_id)
        .outerjoin(a, a.c.id == r.c.assignment_id)
        .where(t.cases.c.study_id == study_id)
        .where(sa.or_(a.c.id.is_(None), a.c.kind == AssignmentKind.TEST))
    )
    rows = tx.execute(query if arm is None else query.where(r.c.arm == arm))
    return frozenset((row.case_id, row.rater_id) for row in rows)


def study_corrections(tx: Transaction, study_id: str) -> tuple[Correction, ...]:
    """All of a study, the oldest first."""
    names = {row.id: row.display_name for row in tx.execute(sa.select(t.users.c.id, t.users.c.display_name))}
    found = [
        *_unlocks(tx, study_id, names),
        *_withdrawals(tx, study_id, names),
        *_allowed(tx, study_id, names),
    ]
    return tuple(sorted(found, key=lambda one: one.at))


def _unlocks(tx: Transaction, study_id: str, names: Mapping[str, str]) -> list[Correction]:
    query = (
        sa.select(t.unlocks, t.reads.c.case_id, t.reads.c.session, t.raters.c.name)
        .join(t.reads, t.reads.c.id == t.unlocks.c.read_id)
        .join(t.cases, t.cases.c.id == t.reads.c.case_id)
        .join(t.raters, t.raters.c.id == t.reads.c.rater_id)
        .where(t.cases.c.study_id == study_id)
    )
    return [
        Correction(
            kind=CorrectionKind.UNLOCKED,
            at=row.unlocked_at,
            by=names.get(row.unlocked_by, row.unlocked_by),
            reason=row.reason,
            case_id=row.case_id,
            read_id=row.read_id,
            reader=row.name,
            session=row.session,
        )
        for row in tx.execute(query)
    ]


def _withdrawals(tx: Transaction, study_id: str, names: Mapping[str, str]) -> list[Correction]:
    query = (
        sa.select(t.withdrawals, t.reads.c.session, t.raters.c.name)
        .join(t.cases, t.cases.c.id == t.withdrawals.c.case_id)
        .outerjoin(t.reads, t.reads.c.id == t.withdrawals.c.read_id)
        .outerjoin(t.raters, t.raters.c.id == t.reads.c.rater_id)
        .where(t.cases.c.study_id == study_id)
    )
    return [
        Correction(
            kind=CorrectionKind.CASE_WITHDRAWN if row.read_id is None else CorrectionKind.READ_WITHDRAWN,
            at=row.withdrawn_at,
            by=names.get(row.withdrawn_by, row.withdrawn_by),
            reason=row.reason,
            case_id=row.case_id,
            read_id=row.read_id,
            reader=row.name,
            session=row.session,
        )
        for row in tx.execute(query)
    ]


def _allowed(tx: Transaction, study_id: str, names: Mapping[str, str]) -> list[Correction]:
    query = (
        sa.select(t.session_overrides, t.raters.c.name)
        .join(t.raters, t.raters.c.id == t.session_overrides.c.rater_id)
        .where(t.session_overrides.c.study_id == study_id)
    )
    return [
        Correction(
            kind=CorrectionKind.SESSION_ALLOWED,
            at=row.allowed_at,
            by=names.get(row.allowed_by, row.allowed_by),
            reason=row.reason,
            reader=row.name,
            session=row.session,
        )
        for row in tx.execute(query)
    ]
