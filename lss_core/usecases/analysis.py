"""Results of a study as pure values: ratings in arrays in, figures with intervals out.

The unit is the site, or what the caller makes of sites. Intervals resample patients, the same replicates
for all raters, groups and statistics. The mean reader is the mean of the readers' own figures, never the
figure of their pooled counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import Condition, RaterKind
from lss_core.errors import StatisticsError
from lss_core.stats import agreement, roc
from lss_core.stats.estimates import Ci, estimate
from lss_core.stats.resample import Array, Resamples, Statistic, mean_of
from lss_core.stats.tables import (
    MISSING,
    Codes,
    coincidence_tables,
    confusion_tables,
    encode,
    vote_counts,
)
from lss_core.texts import later
from lss_core.usecases.figures import (
    ConditionResult,
    Curve,
    Figure,
    GroupResult,
    Measure,
    PanelResult,
    RaterResult,
)
from lss_core.usecases.rater_statistics import RaterColumn, Rules, score_of, statistics_of

__all__ = ["RaterColumn", "RatingTable", "Rules", "analyse", "analyse_units", "figure_of"]

MEAN_READER = later("Mean reader")

_RATES = {
    Measure.SENSITIVITY,
    Measure.SPECIFICITY,
    Measure.PPV,
    Measure.NPV,
    Measure.ACCURACY,
    Measure.EXACT_AGREEMENT,
    Measure.MICRO_SENSITIVITY,
    Measure.WITHIN_ONE,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class RatingTable:
    """The units of a study: patient 0 ... n_patients - 1, the reference's grade (NaN: none).

    `conditions` (units,) is needed by `analyse` alone. `refused` marks units that the reference calls not
    gradable.
    """

    patients: Codes
    n_patients: int
    conditions: Sequence[Condition] = ()
    truth: Array
    refused: NDArray[np.bool_]
    raters: tuple[RaterColumn, ...]


def analyse(table: RatingTable, resamples: Resamples) -> tuple[ConditionResult, ...]:
    """The results of every condition that has units, in the order of Condition."""
    conditions = np.array([condition.value for condition in table.conditions])
    found = []
    for condition in Condition:
        units = np.flatnonzero(conditions == condition.value)
        if len(units):
            group = analyse_units(table, units, resamples, Rules())
            found.append(ConditionResult(condition=condition, **_fields(group)))
    return tuple(found)


def figure_of(statistic: Statistic, resamples: Resamples, *, rate: bool = False, how: Ci = Ci.BCA) -> Figure:
    """The statistic as a figure. A rate of 0 or 1 gets Wilson's interval over its patients.

    Without replicates (one patient) there is no interval of any kind.
    """
    try:
        value = statistic.value()
    except StatisticsError as refusal:
        return Figure(refusal=refusal.reason)
    try:
        resamples.check(statistic.name)
        interval = estimate(statistic, resamples, how, rate=rate)
    except StatisticsError as refusal:
        return Figure(value=value, refusal=refusal.reason)
    return Figure(value=value, interval=interval)


def analyse_units(table: RatingTable, units: Codes, resamples: Resamples, rules: Rules) -> GroupResult:
    """The results of some of the units: those with a reference, the table's or one of a rater's own."""
    truth = encode(table.truth, rules.scale)
    known = truth != MISSING
    for rater in table.raters:
        known = known if rater.truth is None else known | (rater.truth != MISSING)
    graded = units[known[units]]
    patients = table.patients[graded]
    columns = [rater.take(graded) for rater in table.raters]
    results, of_readers = [], []
    for column in columns:
        statistics = statistics_of(column, truth[graded], patients, n_patients=table.n_patients, rules=rules)
        result = _rater(column, truth[graded], statistics, resamples, rules)
        results.append(result)
        if column.kind is RaterKind.READER and result.is_full:
            of_readers.append((result, statistics))
    full = [
        column
        for column, result in zip(columns, results, strict=True)
        if result.is_full or column.kind is RaterKind.MODEL
    ]
    models = [result for result in results if result.kind is RaterKind.MODEL]
    readers = [result for result in results if result.kind is RaterKind.READER]
    mean = [_mean_reader(of_readers, resamples, rules)] if of_readers else []
    counted = truth[graded]
    return GroupResult(
        cases=len(np.unique(patients)),
        units=len(graded),
        grade_counts=tuple(np.bincount(counted[counted != MISSING], minlength=len(rules.scale)).tolist()),
        reference_not_gradable=int(table.refused[units].sum()),
        raters=(*models, *mean, *readers),
        panels=_panels(full, counted, patients, table.n_patients, resamples, rules),
    )


def _fields(group: GroupResult) -> dict[str, Any]:
    return {field.name: getattr(group, field.name) for field in fields(group)}


def _rater(
    rater: RaterColumn,
    truth: Codes,
    statistics: Mapping[Measure, Statistic],
    resamples: Resamples,
    rules: Rules,
) -> RaterResult:
    own = truth if rater.truth is None else rater.truth
    codes = encode(rater.grades, rules.scale)
    counts = confusion_tables(own, codes, np.zeros_like(own), grades=len(rules.scale), n_patients=1)
    answered, known = codes != MISSING, own != MISSING
    return RaterResult(
        name=rater.name,
        kind=rater.kind,
        n=int((known & answered).sum()),
        missing=int((known & ~answered & ~rater.refused).sum()),
        not_gradable=int((known & ~answered & rater.refused).sum()),
        figures=_figures(statistics, resamples, rules),
        confusion=tuple(tuple(int(count) for count in row) for row in counts.total),
        curve=_curve(rater, own, rules),
    )


def _figures(
    statistics: Mapping[Measure, Statistic], resamples: Resamples, rules: Rules
) -> dict[Measure, Figure]:
    return {
        measure: figure_of(statistic, resamples, rate=measure in _RATES, how=rules.interval)
        for measure, statistic in statistics.items()
    }


def _curve(rater: RaterColumn, truth: Codes, rules: Rules) -> Curve | None:
    if not rater.has_curve:
        return None
    known = truth != MISSING
    try:
        curve = roc.roc_curve(score_of(rater, rules)[known], np.isin(truth[known], rules.positive))
    except StatisticsError:
        return None
    return Curve(
        thresholds=tuple(curve.thresholds.tolist()),
        false_positive_rates=tuple(curve.false_positive_rates.tolist()),
        sensitivities=tuple(curve.sensitivities.tolist()),
    )


def _mean_reader(
    readers: Sequence[tuple[RaterResult, Mapping[Measure, Statistic]]], resamples: Resamples, rules: Rules
) -> RaterResult:
    statistics = {
        measure: mean_of(measure.label, [own[measure] for _, own in readers]) for measure in rules.measures
    }
    return RaterResult(
        name=MEAN_READER,
        kind=RaterKind.READER,
        is_mean=True,
        raters=len(readers),
        n=sum(result.n for result, _ in readers),
        missing=sum(result.missing for result, _ in readers),
        not_gradable=sum(result.not_gradable for result, _ in readers),
        figures=_figures(statistics, resamples, rules),
    )


def _panels(
    columns: Sequence[RaterColumn],
    truth: Codes,
    patients: Codes,
    n_patients: int,
    resamples: Resamples,
    rules: Rules,
) -> tuple[PanelResult, ...]:
    readers = [encode(column.grades, rules.scale) for column in columns if column.kind is RaterKind.READER]
    groups = [("Readers", readers)] if len(readers) > 1 else []
    groups += [
        (f"{column.name} with the reference", [encode(column.grades, rules.scale), truth])
        for column in columns
        if column.kind is RaterKind.MODEL
    ]
    panels = []
    for name, codes in groups:
        votes = vote_counts(np.stack(codes, axis=1), grades=len(rules.scale))
        coincidences = coincidence_tables(votes, patients, n_patients=n_patients)
        fleiss = agreement.fleiss(votes, patients, n_patients=n_patients)
        alpha = agreement.alpha(coincidences, agreement.Metric.ORDINAL)
        panels.append(
            PanelResult(
                name=name,
                raters=len(codes),
                fleiss=figure_of(fleiss, resamples, how=rules.interval),
                alpha=figure_of(alpha, resamples, how=rules.interval),
            )
        )
    return tuple(panels)
