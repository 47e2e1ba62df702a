"""Studies and the raters' parts in them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lss_core.domain import RaterKind
from lss_core.errors import ConflictError, NotFoundError
from lss_core.store.engine import Transaction
from lss_core.store.ids import new_id
from lss_core.store.tables import cases, parts, raters, studies
from lss_core.store.values import Rater, StudySummary


def add_study(tx: Transaction, *, title: str, synthetic: bool, at: datetime) -> str:
    """The id of the study of this title, which is made where there is none."""
    found = tx.scalar(sa.select(studies.c.id).where(studies.c.title == title))
    if found is not None:
        return str(found)
    study_id = new_id("ST", 8)
    tx.execute(sa.insert(studies).values(id=study_id, title=title, synthetic=synthetic, created_at=at))
    return study_id


def find_study(tx: Transaction, title: str) -> str | None:
    """The id of the study of this title."""
    found: str | None = tx.scalar(sa.select(studies.c.id).where(studies.c.title == title))
    return found


def study_summaries(
    tx: Transaction, *, rater_id: str | None = None, among: Collection[str] | None = None
) -> list[StudySummary]:
    """The studies, newest first; only those of a rater, or of these ids, where they are given."""
    count = sa.select(sa.func.count()).where(cases.c.study_id == studies.c.id).scalar_subquery()
    query = sa.select(studies, count.label("cases")).order_by(studies.c.created_at.desc(), studies.c.id)
    if rater_id is not None:
        own = sa.select(parts.c.study_id).where(parts.c.rater_id == rater_id)
        query = query.where(studies.c.id.in_(own))
    if among is not None:
        query = query.where(studies.c.id.in_(among))
    return [
        StudySummary(id=row.id, title=row.title, synthetic=row.synthetic, cases=row.cases)
        for row in tx.execute(query)
    ]


def study_summary(tx: Transaction, study_id: str) -> StudySummary:
    """A study. Raises NotFoundError."""
    for study in study_summaries(tx):
        if study.id == study_id:
            return study
    raise NotFoundError(study_id, reason="there is no such study", remedy="Choose one from the list")


def add_rater(tx: Transaction, *, name: str, kind: RaterKind, traits: Mapping[str, Any] | None = None) -> str:
    """A new rater's id. `traits` describe a simulated reader or a model."""
    rater_id = new_id("R")
    tx.execute(sa.insert(raters).values(id=rater_id, name=name, kind=kind, traits=dict(traits or {})))
    return rater_id


def model_rater(tx: Transaction, bundle: str) -> str:
    """The rater of a bundle, made when it grades for the first time."""
    found = tx.scalar(sa.select(raters.c.id).where(raters.c.name == bundle, raters.c.kind == RaterKind.MODEL))
    return str(found) if found is not None else add_rater(tx, name=bundle, kind=RaterKind.MODEL)


def join_study(
    tx: Transaction, *, study_id: str, rater_id: str, part: RaterKind, in_panel: bool = False
) -> None:
    """Give a rater his part in a study; the same part twice is no error.

    Raises ConflictError when he has another: nobody both reads and adjudicates in one study.
    """
    key = (parts.c.study_id == study_id) & (parts.c.rater_id == rater_id)
    found = tx.scalar(sa.select(parts.c.part).where(key))
    if found is None:
        row = {"study_id": study_id, "rater_id": rater_id, "part": part, "in_panel": in_panel}
        tx.execute(sa.insert(parts).values(row))
    elif found != part:
        raise ConflictError(
            "Study",
            reason=f"he takes part in it as {found} already, and nobody both reads and adjudicates",
            remedy="Choose another person",
        )


def in_panel(tx: Transaction, study_id: str, rater_id: str) -> bool | None:
    """Whether a rater votes in the panel of a study; None where he has no part in it."""
    found: bool | None = tx.scalar(
        sa.select(parts.c.in_panel).where(parts.c.study_id == study_id, parts.c.rater_id == rater_id)
    )
    return found


def set_in_panel(tx: Transaction, *, study_id: str, rater_id: str, in_panel: bool) -> None:
    """Say whether a reader votes in the panel."""
    key = (parts.c.study_id == study_id) & (parts.c.rater_id == rater_id)
    tx.execute(sa.update(parts).where(key).values(in_panel=in_panel))


def leave_study(tx: Transaction, *, study_id: str, rater_id: str) -> None:
    """Take a rater's part in a study away; the caller has looked that nothing hangs on it."""
    tx.execute(sa.delete(parts).where(parts.c.study_id == study_id, parts.c.rater_id == rater_id))


def part_in(tx: Transaction, study_id: str, rater_id: str) -> RaterKind | None:
    """A rater's part in a study, None where he has none."""
    found = tx.scalar(
        sa.select(parts.c.part).where(parts.c.study_id == study_id, parts.c.rater_id == rater_id)
    )
    return None if found is None else RaterKind(found)


def study_raters(tx: Transaction, study_id: str) -> tuple[Rater, ...]:
    """The raters of a study: models, then the panel, then others, each by name."""
    query = (
        sa.select(raters.c.id, raters.c.name, parts.c.part, parts.c.in_panel)
        .join(parts, parts.c.rater_id == raters.c.id)
        .where(parts.c.study_id == study_id)
    )
    found = (
        Rater(id=row.id, name=row.name, kind=RaterKind(row.part), in_panel=row.in_panel)
        for row in tx.execute(query)
    )
    order = [RaterKind.MODEL, RaterKind.READER, RaterKind.ADJUDICATOR]
    return tuple(sorted(found, key=lambda r: (order.index(r.kind), not r.in_panel, r.name)))
