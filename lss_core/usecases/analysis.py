"""Results of a study as pure values: ratings in arrays in, figures with intervals out.

The unit is the site. Intervals resample patients, the same replicates for all raters, conditions and
statistics. The mean reader is the mean of the readers' own figures, never the figure of their pooled
counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import Condition, Grade, RaterKind
from lss_core.errors import StatisticsError
from lss_core.stats import agreement, rates, roc
from lss_core.stats.resample import Array, Resamples, Statistic, mean_of
from lss_core.stats.tables import (
    MISSING,
    Codes,
    coincidence_tables,
    confusion_tables,
    dichotomised,
    encode,
    vote_counts,
)
from lss_core.usecases.figures import (
    ConditionResult,
    Curve,
    Figure,
    Measure,
    PanelResult,
    RaterResult,
)

SCALE = tuple(float(grade) for grade in Grade)
POSITIVE = tuple(int(grade) for grade in Grade if grade.positive)
MEAN_READER = "Mean reader"


_RATES = {Measure.SENSITIVITY, Measure.SPECIFICITY, Measure.PPV, Measure.NPV, Measure.ACCURACY}


@dataclass(frozen=True, kw_only=True, eq=False)
class RaterColumn:
    """One rater's answers: `grades` (units,) NaN where none, `refused` (units,) where 'not gradable'.

    `probabilities` (units, 4) of a model that gives them, NaN where it gives none.
    """

    name: str
    kind: RaterKind
    grades: Array
    refused: NDArray[np.bool_]
    probabilities: Array | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class RatingTable:
    """The units of a study: patient 0 ... n_patients - 1, condition, the reference's grade (NaN: none).

    `refused` marks units that the reference calls not gradable.
    """

    patients: Codes
    n_patients: int
    conditions: Sequence[Condition]
    truth: Array
    refused: NDArray[np.bool_]
    raters: tuple[RaterColumn, ...]


def analyse(table: RatingTable, resamples: Resamples) -> tuple[ConditionResult, ...]:
    """The results of every condition that has units, in the order of Condition."""
    truth = encode(table.truth, SCALE)
    conditions = np.array([condition.value for condition in table.conditions])
    return tuple(
        _condition(condition, table, truth, np.flatnonzero(conditions == condition.value), resamples)
        for condition in Condition
        if np.any(conditions == condition.value)
    )


def figure_of(statistic: Statistic, resamples: Resamples, *, rate: bool = False) -> Figure:
    """The statistic as a figure. A rate of 0 or 1 gets Wilson's interval over its patients."""
    try:
        value = statistic.value()
    except StatisticsError as refusal:
        return Figure(refusal=refusal.reason)
    try:
        if rate and value in (0, 1):
            interval = rates.all_or_none(statistic, level=resamples.level)
        else:
            interval = resamples.estimate(statistic)
    except StatisticsError as refusal:
        return Figure(value=value, refusal=refusal.reason)
    return Figure(value=value, interval=interval)


def _condition(
    condition: Condition, table: RatingTable, truth: Codes, units: Codes, resamples: Resamples
) -> ConditionResult:
    graded = units[truth[units] != MISSING]
    patients = table.patients[graded]
    columns = [_take(rater, graded) for rater in table.raters]
    results, of_readers = [], []
    for column in columns:
        statistics = _statistics(column, truth[graded], patients, table.n_patients)
        result = _rater(column, truth[graded], statistics, resamples)
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
    mean = [_mean_reader(of_readers, resamples)] if of_readers else []
    return ConditionResult(
        condition=condition,
        cases=len(np.unique(patients)),
        units=len(graded),
        grade_counts=tuple(np.bincount(truth[graded], minlength=len(SCALE)).tolist()),
        reference_not_gradable=int(table.refused[units].sum()),
        raters=(*models, *mean, *readers),
        panels=_panels(full, truth[graded], patients, table.n_patients, resamples),
    )


def _take(rater: RaterColumn, units: Codes) -> RaterColumn:
    return RaterColumn(
        name=rater.name,
        kind=rater.kind,
        grades=rater.grades[units],
        refused=rater.refused[units],
        probabilities=None if rater.probabilities is None else rater.probabilities[units],
    )


def _statistics(
    rater: RaterColumn, truth: Codes, patients: Codes, n_patients: int
) -> dict[Measure, Statistic]:
    codes = encode(rater.grades, SCALE)
    graded = confusion_tables(truth, codes, patients, grades=len(SCALE), n_patients=n_patients)
    binary = dichotomised(graded, POSITIVE)
    labels = np.where(codes[:, None] == np.arange(len(SCALE)), 1.0, 0.0)
    labels[codes == MISSING] = np.nan
    scores = labels if rater.probabilities is None else rater.probabilities
    score = scores[:, POSITIVE].sum(axis=1)
    positive = np.isin(truth, POSITIVE)
    pairs = roc.concordance(score, positive, patients, n_patients=n_patients)
    return {
        Measure.SENSITIVITY: rates.sensitivity(binary),
        Measure.SPECIFICITY: rates.specificity(binary),
        Measure.AUC: roc.auc(pairs),
        Measure.PPV: rates.positive_predictive_value(binary),
        Measure.NPV: rates.negative_predictive_value(binary),
        Measure.ACCURACY: rates.accuracy(binary),
        Measure.WEIGHTED_SENSITIVITY: rates.weighted_sensitivity(graded),
        Measure.WEIGHTED_SPECIFICITY: rates.weighted_specificity(graded),
        Measure.WEIGHTED_AUC: roc.weighted_auc(truth, scores, patients, n_patients=n_patients),
        Measure.KAPPA_BINARY: agreement.cohen(binary),
        Measure.KAPPA_GRADED: agreement.cohen(graded),
        Measure.KAPPA_QUADRATIC: agreement.cohen(graded, agreement.Weighting.QUADRATIC),
    }


def _rater(
    rater: RaterColumn, truth: Codes, statistics: Mapping[Measure, Statistic], resamples: Resamples
) -> RaterResult:
    codes = encode(rater.grades, SCALE)
    counts = confusion_tables(truth, codes, np.zeros_like(truth), grades=len(SCALE), n_patients=1)
    answered = codes != MISSING
    return RaterResult(
        name=rater.name,
        kind=rater.kind,
        n=int(answered.sum()),
        missing=int((~answered & ~rater.refused).sum()),
        not_gradable=int((~answered & rater.refused).sum()),
        figures=_figures(statistics, resamples),
        confusion=tuple(tuple(int(count) for count in row) for row in counts.total),
        curve=_curve(rater, truth),
    )


def _figures(statistics: Mapping[Measure, Statistic], resamples: Resamples) -> dict[Measure, Figure]:
    return {
        measure: figure_of(statistic, resamples, rate=measure in _RATES)
        for measure, statistic in statistics.items()
    }


def _curve(rater: RaterColumn, truth: Codes) -> Curve | None:
    if rater.probabilities is None:
        return None
    try:
        curve = roc.roc_curve(rater.probabilities[:, POSITIVE].sum(axis=1), np.isin(truth, POSITIVE))
    except StatisticsError:
        return None
    return Curve(
        thresholds=tuple(curve.thresholds.tolist()),
        false_positive_rates=tuple(curve.false_positive_rates.tolist()),
        sensitivities=tuple(curve.sensitivities.tolist()),
    )


def _mean_reader(
    readers: Sequence[tuple[RaterResult, Mapping[Measure, Statistic]]], resamples: Resamples
) -> RaterResult:
    statistics = {
        measure: mean_of(measure.label, [own[measure] for _, own in readers]) for measure in Measure
    }
    return RaterResult(
        name=MEAN_READER,
        kind=RaterKind.READER,
        is_mean=True,
        raters=len(readers),
        n=sum(result.n for result, _ in readers),
        missing=sum(result.missing for result, _ in readers),
        not_gradable=sum(result.not_gradable for result, _ in readers),
        figures=_figures(statistics, resamples),
    )


def _panels(
    columns: Sequence[RaterColumn], truth: Codes, patients: Codes, n_patients: int, resamples: Resamples
) -> tuple[PanelResult, ...]:
    readers = [encode(column.grades, SCALE) for column in columns if column.kind is RaterKind.READER]
    groups = [("Readers", readers)] if len(readers) > 1 else []
    groups += [
        (f"{column.name} with the reference", [encode(column.grades, SCALE), truth])
        for column in columns
        if column.kind is RaterKind.MODEL
    ]
    panels = []
    for name, codes in groups:
        votes = vote_counts(np.stack(codes, axis=1), grades=len(SCALE))
        coincidences = coincidence_tables(votes, patients, n_patients=n_patients)
        fleiss = agreement.fleiss(votes, patients, n_patients=n_patients)
        alpha = agreement.alpha(coincidences, agreement.Metric.ORDINAL)
        panels.append(
            PanelResult(
                name=name,
                raters=len(codes),
                fleiss=figure_of(fleiss, resamples),
                alpha=figure_of(alpha, resamples),
            )
        )
    return tuple(panels)
