"""Parts of a ROC curve as statistics of patients' weights: partial area, operating points.

The curve is the empirical one, straight between its points, and is that of each replicate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lss_core.domain import Estimate
from lss_core.errors import StatisticsError
from lss_core.stats.rates import NO_NEGATIVE, NO_POSITIVE
from lss_core.stats.resample import Array, Resamples, Statistic, ratio
from lss_core.stats.roc import Flags
from lss_core.stats.tables import Codes, Tables

ROWS_AT_ONCE = 256
"""Replicates whose curves are held at a time; a curve has as many points as there are scores."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CurveTables:
    """Units of each class at each distinct score, descending: two arrays (patients, scores)."""

    positives: Array
    negatives: Array
    thresholds: Array

    def rates(self, weights: Array) -> tuple[Array, Array]:
        """False positive rates and sensitivities (r, scores + 1) from (0, 0); NaN without a class."""
        return _cumulated(weights @ self.negatives), _cumulated(weights @ self.positives)


def curve_tables(scores: Array, positive: Flags, patients: Codes, *, n_patients: int) -> CurveTables:
    """From scores (higher: more likely positive) and truth of the units; a NaN score is left out."""
    kept = ~np.isnan(scores)
    distinct, place = np.unique(-scores[kept], return_inverse=True)
    counts = np.zeros((2, n_patients, len(distinct)))
    np.add.at(counts, (positive[kept].astype(np.int64), patients[kept], place), 1)
    return CurveTables(negatives=counts[0], positives=counts[1], thresholds=-distinct)


def partial_auc(curve: CurveTables, low: float, high: float, *, standardised: bool = True) -> Statistic:
    """Area under the curve between two false positive rates.

    Standardised (McClish 1989, Med Decis Making 9:190): (1 + (A - m) / (M - m)) / 2 with m = (high^2 -
    low^2) / 2 the area of chance and M = high - low the largest, so that chance is 0.5 and perfection 1.
    As scikit-learn's roc_auc_score(max_fpr=high) for low = 0. Raises StatisticsError unless
    0 <= low < high <= 1.
    """
    if not 0 <= low < high <= 1:
        reason = f"the false positive rates {low:g} and {high:g} are no part of 0 to 1"
        raise StatisticsError("partial AUC", reason=reason, remedy="Give low < high between 0 and 1")
    chance, most = (high**2 - low**2) / 2, high - low

    def area(x: Array, y: Array) -> Array:
        left, right = np.clip(x[:, :-1], low, high), np.clip(x[:, 1:], low, high)
        width = x[:, 1:] - x[:, :-1]
        slope = np.nan_to_num(ratio(y[:, 1:] - y[:, :-1], width))
        at_left = y[:, :-1] + slope * (left - x[:, :-1])
        at_right = y[:, :-1] + slope * (right - x[:, :-1])
        return np.asarray(((right - left) * (at_left + at_right) / 2).sum(axis=1))

    def of(x: Array, y: Array) -> Array:
        own = np.where(np.isnan(x[:, 0] + y[:, 0]), np.nan, area(x, y))
        return (1 + (own - chance) / (most - chance)) / 2 if standardised else own

    return _statistic(f"partial AUC, false positive rate {low:g} to {high:g}", curve, of)


def sensitivity_at_specificity(curve: CurveTables, specificity: float) -> Statistic:
    """Sensitivity where the curve reaches a specificity, straight between points; the upper of a step.

    As pROC's coords(x = , input = "specificity"). Raises StatisticsError unless it is within 0 to 1.
    """
    _check_share("specificity", specificity)

    def of(x: Array, y: Array) -> Array:
        return _upper(x, y, 1 - specificity)

    return _statistic(f"sensitivity at specificity {specificity:g}", curve, of)


def specificity_at_sensitivity(curve: CurveTables, sensitivity: float) -> Statistic:
    """Specificity where the curve reaches a sensitivity, straight between points; the upper of a step.

    Raises StatisticsError unless the sensitivity is within 0 to 1.
    """
    _check_share("sensitivity", sensitivity)

    def of(x: Array, y: Array) -> Array:
        return _upper(1 - y[:, ::-1], 1 - x[:, ::-1], 1 - sensitivity)

    return _statistic(f"specificity at sensitivity {sensitivity:g}", curve, of)


def at_threshold(curve: CurveTables, threshold: float) -> Tables:
    """The binary tables (patients, 2, 2) when positive is called from a threshold up: an operating point."""
    called = curve.thresholds >= threshold
    cells = [
        counts[:, side].sum(axis=1)
        for counts in (curve.negatives, curve.positives)
        for side in (~called, called)
    ]
    return Tables(np.stack(cells, axis=1).reshape(-1, 2, 2))


def band(curve: CurveTables, false_positive_rates: Array, resamples: Resamples) -> tuple[Estimate, ...]:
    """The curve's sensitivity at each false positive rate, with pointwise percentile intervals.

    Raises StatisticsError where a class has no unit.
    """
    tails = np.array([1 - resamples.level, 1 + resamples.level]) / 2
    found = []
    for rate in false_positive_rates.tolist():
        column = _statistic("ROC band", curve, _reaching(rate))
        low, high = np.nanquantile(column.of(resamples.counts), tails).tolist()
        found.append(
            Estimate(
                value=column.value(),
                low=low,
                high=high,
                n=column.n,
                method="patient bootstrap, percentile, pointwise",
                level=resamples.level,
            )
        )
    return tuple(found)


def _reaching(rate: float) -> Callable[[Array, Array], Array]:
    return lambda x, y: _upper(x, y, rate)


def _cumulated(counts: Array) -> Array:
    called = counts.cumsum(axis=1)
    total = called[:, -1:] if called.shape[1] else np.zeros((len(called), 1))
    start = np.zeros((len(called), 1))
    return ratio(np.concatenate([start, called], axis=1), total)


def _upper(x: Array, y: Array, at: float) -> Array:
    """The curve's height at x = `at`, its top where it rises straight up there; rows of x ascend."""
    rows = np.arange(len(x))
    last = np.maximum((x <= at + 1e-12).sum(axis=1) - 1, 0)
    after = np.minimum(last + 1, x.shape[1] - 1)
    width = x[rows, after] - x[rows, last]
    share = np.nan_to_num(ratio(at - x[rows, last], width))
    return np.asarray(y[rows, last] + np.clip(share, 0, 1) * (y[rows, after] - y[rows, last]))


def _check_share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise StatisticsError(name, reason=f"{value:g} is not between 0 and 1", remedy="Give a share")


def _statistic(name: str, curve: CurveTables, of_curve: Callable[[Array, Array], Array]) -> Statistic:
    def of(weights: Array) -> Array:
        parts = [
            of_curve(*curve.rates(weights[start : start + ROWS_AT_ONCE]))
            for start in range(0, len(weights), ROWS_AT_ONCE)
        ]
        return np.concatenate(parts)

    m, n = int(curve.positives.sum()), int(curve.negatives.sum())
    return Statistic(
        name=name,
        of=of,
        patients=len(curve.negatives),
        n=m + n,
        undefined=NO_NEGATIVE if m else NO_POSITIVE,
    )
