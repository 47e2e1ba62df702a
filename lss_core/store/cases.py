"""Cases, their series and instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from lss_core.domain import SeriesRole, Verdict
from lss_core.errors import NotFoundError
from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.store.values import CaseSummary, Instance, RunStatus, SeriesSummary

ROLE_ORDER = [
    SeriesRole.SAGITTAL_T1,
    SeriesRole.SAGITTAL_T2,
    SeriesRole.SAGITTAL_STIR,
    SeriesRole.AXIAL_T2,
    SeriesRole.OTHER,
]
"""The order in which series are shown and named."""

RUN_LOST_AFTER = timedelta(minutes=30)
"""A run that says 'running' for longer was interrupted: its process is gone."""


@dataclass(frozen=True, kw_only=True)
class NewSeries:
    """A series to be stored: its summary, its hashed UID, what was kept of its header, its images."""

    uid: str
    summary: SeriesSummary
    attributes: Mapping[str, str]
    instances: tuple[Instance, ...]


def series_order(series: SeriesSummary) -> tuple[int, int, str]:
    """What series are sorted by: role, then number of voxels, the largest first."""
    return ROLE_ORDER.index(series.role), -series.slices * series.rows * series.columns, series.id


def add_case(
    tx: Transaction,
    *,
    case_id: str,
    study_id: str,
    uid: str,
    digest: str,
    at: datetime,
    series: tuple[NewSeries, ...],
) -> None:
    """Add a case with its series and instances."""
    row = {"id": case_id, "study_id": study_id, "uid": uid, "digest": digest, "imported_at": at}
    tx.execute(sa.insert(t.cases).values(row))
    for new in series:
        tx.execute(sa.insert(t.series).values(_series_row(case_id, new)))
        rows = [
            {
                "series_id": new.summary.id,
                "uid": instance.uid,
                "slice_index": instance.slice_index,
                "digest": instance.digest,
                "instance_number": instance.instance_number,
            }
            for instance in new.instances
        ]
        if rows:
            tx.execute(sa.insert(t.instances), rows)


def _series_row(case_id: str, new: NewSeries) -> dict[str, object]:
    summary = new.summary
    centre, width = summary.window or (None, None)
    return {
        "id": summary.id,
        "case_id": case_id,
        "uid": new.uid,
        "role": summary.role,
        "slices": summary.slices,
        "rows": summary.rows,
        "columns": summary.columns,
        "window_centre": centre,
        "window_width": width,
        "attributes": dict(new.attributes),
        "notes": list(summary.notes),
    }


def find_case(tx: Transaction, *, study_id: str, uid: str) -> tuple[str, str] | None:
    """Id and digest of the case that holds this DICOM study in this reader study."""
    row = tx.execute(
        sa.select(t.cases.c.id, t.cases.c.digest).where(t.cases.c.study_id == study_id, t.cases.c.uid == uid)
    ).first()
    return None if row is None else (row.id, row.digest)


def case_instances(tx: Transaction, case_id: str) -> dict[str, frozenset[tuple[str, str]]]:
    """Of each series, by its hashed UID, the images as (hashed UID, digest)."""
    query = (
        sa.select(t.series.c.uid.label("series"), t.instances.c.uid, t.instances.c.digest)
        .join(t.instances, t.instances.c.series_id == t.series.c.id)
        .where(t.series.c.case_id == case_id)
    )
    found: dict[str, set[tuple[str, str]]] = {}
    for row in tx.execute(query):
        found.setdefault(row.series, set()).add((row.uid, row.digest))
    return {uid: frozenset(images) for uid, images in found.items()}


def used_ids(tx: Transaction) -> set[str]:
    """Every case id that there is or was: none is ever used again."""
    return {*tx.scalars(sa.select(t.cases.c.id)), *tx.scalars(sa.select(t.case_deletions.c.case_id))}


def study_of_case(tx: Transaction, case_id: str) -> str | None:
    """The id of the study that a case belongs to; None where there is no such case."""
    found: str | None = tx.scalar(sa.select(t.cases.c.study_id).where(t.cases.c.id == case_id))
    return found


def case_ids(tx: Transaction, study_id: str) -> list[str]:
    """The ids of a study's cases in the order of their import."""
    query = sa.select(t.cases.c.id).where(t.cases.c.study_id == study_id)
    return list(tx.scalars(query.order_by(t.cases.c.imported_at, t.cases.c.id)))


def case_uids(tx: Transaction, study_id: str) -> dict[str, str]:
    """The ids of a study's cases by the hashed UID of the DICOM study that each is."""
    query = sa.select(t.cases.c.uid, t.cases.c.id).where(t.cases.c.study_id == study_id)
    return {row.uid: row.id for row in tx.execute(query)}


def case_summaries(
    tx: Transaction, *, now: datetime, study_id: str | None = None, case_id: str | None = None
) -> list[CaseSummary]:
    """The cases of a study, or the one of an id, in the order of their import."""
    query = (
        sa.select(t.cases, t.studies.c.synthetic)
        .join(t.studies, t.studies.c.id == t.cases.c.study_id)
        .order_by(t.cases.c.imported_at, t.cases.c.id)
    )
    if study_id is not None:
        query = query.where(t.cases.c.study_id == study_id)
    if case_id is not None:
        query = query.where(t.cases.c.id == case_id)
    rows = tx.execute(query).all()
    series = _series_by_case(tx, [row.id for row in rows])
    status = _status_by_case(tx, [row.id for row in rows], now)
    return [
        CaseSummary(
            case_id=row.id,
            study_id=row.study_id,
            synthetic=row.synthetic,
            imported_at=row.imported_at,
            series=tuple(series.get(row.id, ())),
            **status.get(row.id, {}),
        )
        for row in rows
    ]


def case_attributes(tx: Transaction, study_id: str) -> dict[str, dict[str, str]]:
    """What was kept of each case's headers, where all of its series that say it say the same."""
    query = (
        sa.select(t.series.c.case_id, t.series.c.attributes)
        .join(t.cases, t.cases.c.id == t.series.c.case_id)
        .where(t.cases.c.study_id == study_id)
    )
    said: dict[str, dict[str, set[str]]] = {}
    for case_id, attributes in tx.execute(query):
        own = said.setdefault(case_id, {})
        for name, value in attributes.items():
            own.setdefault(name, set()).add(str(value))
    return {
        case_id: {name: next(iter(values)) for name, values in own.items() if len(values) == 1}
        for case_id, own in said.items()
    }


def count_files(
    tx: Transaction, study_id: str, *, at: datetime, files: Mapping[tuple[Verdict, str], int]
) -> None:
    """Keep how many files of an import got a verdict for a reason."""
    rows = [
        {"study_id": study_id, "at": at, "verdict": verdict, "reason": reason, "files": number}
        for (verdict, reason), number in files.items()
    ]
    if rows:
        tx.execute(sa.insert(t.import_counts), rows)


def counted_files(tx: Transaction, study_id: str) -> dict[Verdict, int]:
    """How many files of all imports into a study got each verdict; a file that came twice counts twice."""
    own = t.import_counts.c
    query = sa.select(own.verdict, sa.func.sum(own.files)).where(own.study_id == study_id)
    return {Verdict(verdict): int(files) for verdict, files in tx.execute(query.group_by(own.verdict))}


def deleted_cases(tx: Transaction) -> int:
    """How many cases of the installation were deleted, of whichever study: a deletion names none."""
    return int(tx.scalar(sa.select(sa.func.count()).select_from(t.case_deletions)) or 0)


def case_summary(tx: Transaction, case_id: str, *, now: datetime) -> CaseSummary:
    """A case. Raises NotFoundError."""
    for case in case_summaries(tx, now=now, case_id=case_id):
        return case
    raise NotFoundError(case_id, reason="there is no such case", remedy="Choose one from the list")


def _series_by_case(tx: Transaction, case_ids: list[str]) -> dict[str, list[SeriesSummary]]:
    found: dict[str, list[SeriesSummary]] = {}
    for row in tx.execute(sa.select(t.series).where(t.series.c.case_id.in_(case_ids))):
        window = None if row.window_centre is None else (row.window_centre, row.window_width)
        summary = SeriesSummary(
            id=row.id,
            role=SeriesRole(row.role),
            slices=row.slices,
            rows=row.rows,
            columns=row.columns,
            notes=tuple(row.notes),
            window=window,
        )
        found.setdefault(row.case_id, []).append(summary)
    for summaries in found.values():
        summaries.sort(key=series_order)
    return found


def _status_by_case(tx: Transaction, case_ids: list[str], now: datetime) -> dict[str, dict[str, Any]]:
    """Of each case what CaseSummary says of its newest run."""
    runs = t.model_runs
    counted = sa.select(t.ratings.c.run_id, sa.func.count(t.ratings.c.grade)).group_by(t.ratings.c.run_id)
    of_models = t.ratings.c.run_id.is_not(None) & t.ratings.c.case_id.in_(case_ids)
    graded = {row[0]: row[1] for row in tx.execute(counted.where(of_models))}
    columns = (runs.c.id, runs.c.case_id, runs.c.status, runs.c.message, runs.c.started_at)
    query = sa.select(*columns).where(runs.c.case_id.in_(case_ids)).order_by(runs.c.started_at)
    found: dict[str, dict[str, Any]] = {}
    for row in tx.execute(query):
        lost = row.status == RunStatus.RUNNING and now - row.started_at > RUN_LOST_AFTER
        found[row.case_id] = {
            "model_status": RunStatus.FAILED if lost else RunStatus(row.status),
            "model_message": "The run was interrupted. Run the model again" if lost else row.message,
            "graded_sites": graded.get(row.id, 0),
        }
    return found


def delete_case(tx: Transaction, case_id: str, *, reason: str, actor: str, at: datetime) -> None:
    """Delete a case and all that hangs on it; the deletion, who and why, stays."""
    deletion = {"case_id": case_id, "reason": reason, "deleted_by": actor, "deleted_at": at}
    tx.execute(sa.insert(t.case_deletions).values(deletion))
    own_reads = sa.select(t.reads.c.id).where(t.reads.c.case_id == case_id)
    for of_read in (t.signatures, t.unlocks, t.read_notes, t.read_spans, t.read_pens):
        tx.execute(sa.delete(of_read).where(of_read.c.read_id.in_(own_reads)))
    assigned = sa.select(t.assignments.c.id).where(t.assignments.c.case_id == case_id)
    tx.execute(sa.delete(t.assignment_ends).where(t.assignment_ends.c.assignment_id.in_(assigned)))
    of_case = (t.ratings, t.reference_grades, t.withdrawals, t.reads, t.assignments, t.model_runs)
    for table in of_case:
        tx.execute(sa.delete(table).where(table.c.case_id == case_id))
    own = sa.select(t.series.c.id).where(t.series.c.case_id == case_id)
    tx.execute(sa.delete(t.instances).where(t.instances.c.series_id.in_(own)))
    tx.execute(sa.delete(t.series).where(t.series.c.case_id == case_id))
    tx.execute(sa.delete(t.cases).where(t.cases.c.id == case_id))
