"""Model runs, their ratings and evidence."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lss_core.domain import SITES, Grade, Level, NotGradable, SeriesRole, SiteFinding, StudyFindings
from lss_core.errors import NotFoundError
from lss_core.store import tables as t
from lss_core.store.engine import Transaction
from lss_core.store.ids import new_id
from lss_core.store.reads import probabilities_row
from lss_core.store.values import SITE_OF, RunStatus


def add_run(tx: Transaction, *, case_id: str, rater_id: str, bundle: str, at: datetime) -> str:
    """Begin a run; its id."""
    run_id = new_id("RUN")
    row = {
        "id": run_id,
        "case_id": case_id,
        "rater_id": rater_id,
        "bundle": bundle,
        "status": RunStatus.RUNNING,
        "message": "",
        "levels": {},
        "started_at": at,
    }
    tx.execute(sa.insert(t.model_runs).values(row))
    return run_id


def run_case(tx: Transaction, run_id: str) -> str:
    """The case of a run. Raises NotFoundError (the case may have been deleted meanwhile)."""
    found: str | None = tx.scalar(sa.select(t.model_runs.c.case_id).where(t.model_runs.c.id == run_id))
    if found is None:
        raise NotFoundError(run_id, reason="there is no such run", remedy="Run the model again")
    return found


def finish_run(tx: Transaction, run_id: str, findings: StudyFindings, *, at: datetime) -> None:
    """End a run with its 25 ratings."""
    runs = t.model_runs
    levels = {level.value: list(point) for level, point in findings.levels.items()}
    done = {"status": RunStatus.DONE, "finished_at": at, "levels": levels, "seconds": findings.seconds}
    tx.execute(sa.update(runs).where(runs.c.id == run_id).values(done))
    run = tx.execute(sa.select(runs).where(runs.c.id == run_id)).one()
    common = {"case_id": run.case_id, "rater_id": run.rater_id, "run_id": run_id, "given_at": at}
    tx.execute(sa.insert(t.ratings), [{**common, **_row(finding)} for finding in findings.sites])


def fail_run(tx: Transaction, run_id: str, message: str, *, at: datetime) -> None:
    """End a run that came to nothing."""
    runs = t.model_runs
    failed = {"status": RunStatus.FAILED, "finished_at": at, "message": message[:500]}
    tx.execute(sa.update(runs).where(runs.c.id == run_id).values(failed))


def newest_run(tx: Transaction, case_id: str) -> str | None:
    """The newest run of a case that is done."""
    runs = t.model_runs
    found: str | None = tx.scalar(
        sa.select(runs.c.id)
        .where(runs.c.case_id == case_id, runs.c.status == RunStatus.DONE)
        .order_by(runs.c.finished_at.desc())
        .limit(1)
    )
    return found


def findings_of_run(tx: Transaction, run_id: str) -> StudyFindings:
    """The findings of a run that is done, as they were saved."""
    run = tx.execute(sa.select(t.model_runs).where(t.model_runs.c.id == run_id)).one()
    rows = {row.site: row for row in tx.execute(sa.select(t.ratings).where(t.ratings.c.run_id == run_id))}
    return StudyFindings(
        levels={Level(name): _point(point) for name, point in run.levels.items()},
        sites=tuple(_finding(rows[site.key]) for site in SITES),
        bundle=run.bundle,
        seconds=run.seconds,
    )


def _row(finding: SiteFinding) -> dict[str, Any]:
    return {
        "site": finding.site.key,
        "grade": finding.grade,
        "not_gradable": finding.not_gradable,
        **probabilities_row(finding.answer),
        "note": finding.note,
        "evidence": {
            "series": finding.series,
            "slice_index": finding.slice_index,
            "instance_number": finding.instance_number,
            "point_mm": None if finding.point_mm is None else list(finding.point_mm),
            "measurements": dict(finding.measurements),
            "spreads": dict(finding.spreads),
            "streams": {name: list(p) for name, p in finding.streams.items()},
        },
    }


def _finding(row: sa.Row[Any]) -> SiteFinding:
    evidence = row.evidence
    series, point = evidence["series"], evidence["point_mm"]
    return SiteFinding(
        site=SITE_OF[row.site],
        grade=None if row.grade is None else Grade(row.grade),
        probabilities=None if row.p0 is None else (row.p0, row.p1, row.p2, row.p3),
        not_gradable=None if row.not_gradable is None else NotGradable(row.not_gradable),
        note=row.note,
        series=None if series is None else SeriesRole(series),
        slice_index=evidence["slice_index"],
        instance_number=evidence["instance_number"],
        point_mm=None if point is None else _point(point),
        measurements=evidence["measurements"],
        spreads=evidence.get("spreads", {}),
        streams={name: (p[0], p[1], p[2], p[3]) for name, p in evidence["streams"].items()},
    )


def _point(values: list[float]) -> tuple[float, float, float]:
    x, y, z = values
    return x, y, z
