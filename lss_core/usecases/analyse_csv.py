"""The whole statistical analysis of a CSV of ratings, without a database: one value, fit for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy

from lss_core import __version__
from lss_core.domain import RaterKind
from lss_core.errors import StatisticsError
from lss_core.stats.estimates import Ci
from lss_core.stats.resample import Resamples
from lss_core.usecases.adjusting import Adjustment, adjust
from lss_core.usecases.analysis import analyse_units
from lss_core.usecases.csv_tables import LEAVE_ONE_OUT, MAJORITY, GroupTable, Unit, group_tables
from lss_core.usecases.differences import comparisons
from lss_core.usecases.figures import GroupResult, Measure, RaterResult
from lss_core.usecases.group_report import GroupReport, figure_json
from lss_core.usecases.rater_statistics import POSITIVE, SCALE, RaterColumn, Rules
from lss_core.usecases.rating_csv import (
    CsvRatings,
    check_attribute,
    check_rater,
    kinds_of,
    mixed_arms,
    only,
    read_ratings,
    without,
)

MODEL_CURVE = "area under the curve of the scores"
HARD_LABEL = "hard label: (sensitivity + specificity) / 2"


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to analyse and how; see `python -m lss_core analyse --help`. `positive` are grades, not codes."""

    path: Path
    reference: str
    scale: tuple[float, ...] = SCALE
    positive: tuple[float, ...] = tuple(SCALE[code] for code in POSITIVE)
    by: tuple[str, ...] = ()
    unit: Unit = Unit.SITE
    cluster: str = "case"
    interval: Ci = Ci.BCA
    resamples: int = 2000
    seed: int = 1
    level: float = 0.95
    models: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    only: tuple[tuple[str, str], ...] = ()
    margin: float | None = None
    adjustment: Adjustment = Adjustment.HOLM
    primary: tuple[str, ...] = ()


UNITS = tuple(unit.value for unit in Unit)
INTERVALS = tuple(how.value for how in Ci)
ADJUSTMENTS = tuple(how.value for how in Adjustment)


def request_of(*, unit: str, interval: str, adjustment: str, **rest: Any) -> Request:
    """A request from words, of UNITS, INTERVALS and ADJUSTMENTS, and the other fields of Request."""
    return Request(unit=Unit(unit), interval=Ci(interval), adjustment=Adjustment(adjustment), **rest)


def analyse_csv(request: Request) -> dict[str, Any]:
    """The analysis as one JSON value: `analysis` (how), `groups` (what). See docs/statistics.md.

    Raises StatisticsError with the file, row, reason and remedy for what cannot be read or asked.
    """
    rules = _rules(request)
    ratings = only(without(read_ratings(request.path, request.scale), request.exclude), request.only)
    kinds = kinds_of(ratings, request.models)
    for name in (*request.by, request.cluster):
        check_attribute(ratings, name)
    if request.reference not in (MAJORITY, LEAVE_ONE_OUT):
        check_rater(ratings, request.reference)
        kinds[request.reference] = RaterKind.REFERENCE
    groups = group_tables(
        ratings,
        kinds,
        reference=request.reference,
        by=request.by,
        cluster=request.cluster,
        unit=request.unit,
        rules=rules,
    )
    if not groups:
        raise StatisticsError(ratings.name, reason="it has no rater but the reference", remedy="Add ratings")
    resamples = Resamples.draw(
        groups[0].table.n_patients,
        rng=np.random.default_rng(request.seed),
        resamples=request.resamples,
        level=request.level,
    )
    reports = [_group(group, rules, resamples, request) for group in groups]
    adjust(reports, request.adjustment, request.primary)
    return {"analysis": _made(request, ratings, kinds), "groups": reports}


def _rules(request: Request) -> Rules:
    strangers = [grade for grade in request.positive if grade not in request.scale]
    if strangers or not request.positive or len(set(request.positive)) == len(request.scale):
        shown = ", ".join(f"{grade:g}" for grade in request.scale)
        reason = f"the positive grades must be some, not all, of the scale {shown}"
        raise StatisticsError("--positive", reason=reason, remedy="Name the grades that are positive")
    if tuple(sorted(set(request.scale))) != request.scale or len(request.scale) < 2:
        raise StatisticsError(
            "--scale", reason="it must ascend, each grade once", remedy="Name it from least to most severe"
        )
    if request.margin is not None and request.margin <= 0:
        raise StatisticsError("--margin", reason="it must be above 0", remedy="State a difference")
    return Rules(
        scale=request.scale,
        positive=tuple(request.scale.index(grade) for grade in request.positive),
        interval=request.interval,
        measures=tuple(Measure),
    )


def _group(group: GroupTable, rules: Rules, resamples: Resamples, request: Request) -> dict[str, Any]:
    table = group.table
    result = analyse_units(table, np.arange(len(table.patients)), resamples, rules)
    report = GroupReport(table, rules, resamples)
    columns = {rater.name: rater for rater in table.raters}
    readers = [rater.name for rater in report.readers]
    return {
        "by": dict(group.key),
        "cases": result.cases,
        "units": result.units,
        "reference": _reference(table.truth, result, rules, group.partial.get("reference", 0)),
        "raters": [_rater(own, columns.get(own.name), report, group.partial) for own in result.raters],
        "pooled_readers": report.pooled() if readers else None,
        "panel": report.panel(readers) if len(readers) > 1 else None,
        "model_with_reference": [
            {"raters": [panel.name], "fleiss_kappa": figure_json(panel.fleiss),
             "krippendorff_alpha_ordinal": figure_json(panel.alpha)}
            for panel in result.panels if panel.name != "Readers"
        ],
        "pairs": report.pairs(),
        "intra_reader": report.intra(group.repeats),
        "comparisons": comparisons(table, rules, resamples, margin=request.margin),
    }  # fmt: skip


def _reference(truth: np.ndarray, result: GroupResult, rules: Rules, partial: int) -> dict[str, Any]:
    return {
        "grades": {
            f"{grade:g}": count for grade, count in zip(rules.scale, result.grade_counts, strict=True)
        },
        "not_gradable": result.reference_not_gradable,
        "none": int(np.isnan(truth).sum()) - result.reference_not_gradable,
        "partly_graded": partial,
    }


def _rater(
    own: RaterResult, column: RaterColumn | None, report: GroupReport, partial: Mapping[str, int]
) -> dict[str, Any]:
    figures = {measure.value: figure_json(figure) for measure, figure in own.figures.items()}
    found: dict[str, Any] = {
        "name": own.name,
        "kind": "mean" if own.is_mean else own.kind.value,
        "raters": own.raters,
        "n": own.n,
        "missing": own.missing,
        "not_gradable": own.not_gradable,
        "partly_graded": partial.get(own.name, 0),
        "confusion": own.confusion,
        "auc_is": MODEL_CURVE if column is not None and column.has_curve else HARD_LABEL,
        "estimates": figures,
    }
    if column is None:
        return found
    found |= {"by_grade": report.by_grade(column), "bounds": report.bounds(column)}
    if column.has_curve:
        found["curve"] = report.curve(column)
    if column.probabilities is not None:
        found["calibration"] = report.calibration(column)
    return found


def _made(request: Request, ratings: CsvRatings, kinds: Mapping[str, RaterKind]) -> dict[str, Any]:
    return {
        "file": ratings.name,
        "sha256": ratings.sha256,
        "rows": len(ratings.rows),
        "raters": {name: kind.value for name, kind in kinds.items()},
        "reference": request.reference,
        "scale": request.scale,
        "positive": request.positive,
        "excluded": request.exclude,
        "only": dict(request.only),
        "warning": mixed_arms(ratings, request.by),
        "by": request.by,
        "unit": request.unit.value,
        "cluster": request.cluster,
        "interval": request.interval.value,
        "level": request.level,
        "resamples": request.resamples,
        "seed": request.seed,
        "margin": request.margin,
        "multiplicity": f"{request.adjustment.value} over the groups, for each model, other and statistic",
        "primary": request.primary,
        "software": {
            "lss_core": __version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
    }
