"""ROC analysis without a model: the empirical AUC, its clustered variance, the curve.

A hard label is a score of 0 or 1; its empirical AUC is (sensitivity + specificity) / 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import special

from lss_core.domain import Estimate
from lss_core.errors import StatisticsError
from lss_core.stats.rates import NO_NEGATIVE, NO_POSITIVE, ONE_GRADE
from lss_core.stats.resample import Array, Remembered, Statistic, ratio
from lss_core.stats.tables import MISSING, Codes

Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Concordance:
    """How the scores of one rater order positive and negative units, patient by patient.

    `positives` (patients, scores) counts the positive units at each distinct score that one of them has,
    ascending; `beaten` (patients, scores) counts the negative units below that score and half of those
    at it; `negatives` (patients,) counts them all. So positives @ beaten.T is the (patients, patients)
    matrix of pairs won.
    """

    positives: Array
    beaten: Array
    negatives: Array

    @cached_property
    def wins(self) -> Array:
        """Pairs won by the positive units of patient i over the negative units of j: (i, j)."""
        return np.asarray(self.positives @ self.beaten.T)

    @cached_property
    def auc(self) -> Remembered:
        """The AUC under weights (r, patients): w' wins w / (w'm)(w'n), a quadratic form."""
        return Remembered(self._auc)

    def _auc(self, weights: Array) -> Array:
        patients, scores = self.positives.shape
        if 2 * scores < patients:
            won = np.einsum("rs,rs->r", weights @ self.positives, weights @ self.beaten)
        else:
            won = np.einsum("rp,rp->r", weights @ self.wins, weights)
        return ratio(won, (weights @ self.positives.sum(axis=1)) * (weights @ self.negatives))


def concordance(scores: Array, positive: Flags, patients: Codes, *, n_patients: int) -> Concordance:
    """From scores (higher: more likely positive) and truth of the units; a NaN score is left out."""
    kept = ~np.isnan(scores)
    own = kept & positive
    distinct, place = np.unique(scores[own], return_inverse=True)
    positives = np.zeros((n_patients, len(distinct)))
    np.add.at(positives, (patients[own], place), 1)
    others = kept & ~positive
    halves = np.zeros((n_patients, len(distinct) + 1))
    for side in ("left", "right"):
        first = np.searchsorted(distinct, scores[others], side=side)
        np.add.at(halves, (patients[others], first), 0.5)
    return Concordance(
        positives=positives, beaten=halves.cumsum(axis=1)[:, :-1], negatives=halves.sum(axis=1)
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Area(Statistic):
    """An empirical AUC with the `pairs` that it is made of."""

    pairs: Concordance


def auc(pairs: Concordance) -> Area:
    """The empirical AUC: share of (positive, negative) pairs ordered rightly, ties by half."""
    m, n = int(pairs.positives.sum()), int(pairs.negatives.sum())
    return Area(
        name="AUC",
        of=pairs.auc,
        patients=len(pairs.negatives),
        n=m + n,
        undefined=NO_NEGATIVE if m else NO_POSITIVE,
        pairs=pairs,
    )


def weighted_auc(truth: Codes, scores: Array, patients: Codes, *, n_patients: int) -> Statistic:
    """One-vs-rest AUCs of the grades, weighted by each grade's observations in the reference.

    `truth` (units,) are codes, `scores` (units, grades) what speaks for each grade: probabilities, or
    0 and 1 for a hard label. The weights are recomputed in each replicate; a grade that does not occur
    weighs nothing. Equals scikit-learn's roc_auc_score(multi_class='ovr', average='weighted').
    """
    kept = truth != MISSING
    pairs = [
        concordance(scores[kept, grade], truth[kept] == grade, patients[kept], n_patients=n_patients)
        for grade in range(scores.shape[1])
    ]

    def of(weights: Array) -> Array:
        observed = np.stack([weights @ pair.positives.sum(axis=1) for pair in pairs])
        areas = np.stack([pair.auc(weights) for pair in pairs])
        return ratio(np.where(observed > 0, observed * areas, 0).sum(axis=0), observed.sum(axis=0))

    n = int(sum(pair.positives.sum() for pair in pairs))
    return Statistic(name="weighted AUC", of=of, patients=n_patients, n=n, undefined=ONE_GRADE)


def obuchowski(pairs: Sequence[Concordance]) -> tuple[Array, Array]:
    """AUCs (raters,) and their covariance (raters, raters) for clustered data.

    With V10 and V01 the sums of a patient's structural components less their number times the AUC,
    S10 = sum V10 V10' I10 / ((I10 - 1) M), S01 likewise, S11 = sum V10 V01' I / (I - 1), the covariance
    is S10 / M + S01 / N + (S11 + S11') / (M N); I10, I01, I count the patients with positive, negative,
    any units, M and N those units. Obuchowski 1997, Biometrics 53:567; with one unit a patient it is
    DeLong's (1988, Biometrics 44:837). All raters must have rated the same units. Raises
    StatisticsError where fewer than two patients have positive, or negative, units.
    """
    m, n = pairs[0].positives.sum(axis=1), pairs[0].negatives
    if any(
        not (np.array_equal(pair.positives.sum(axis=1), m) and np.array_equal(pair.negatives, n))
        for pair in pairs
    ):
        reason = "the raters did not rate the same units"
        raise StatisticsError("covariance of AUCs", reason=reason, remedy="Keep the units that all rated")
    i10, i01, i = (int(np.count_nonzero(units)) for units in (m, n, m + n))
    if min(i10, i01) < 2:
        reason = "fewer than two patients have positive, or negative, units"
        raise StatisticsError("variance of the AUC", reason=reason, remedy="Add cases")
    total_m, total_n = m.sum(), n.sum()
    areas = np.array([pair.auc(np.ones((1, len(m))))[0] for pair in pairs])
    v10 = np.stack([p.positives @ p.beaten.sum(axis=0) / total_n for p in pairs]) - areas[:, None] * m
    v01 = np.stack([p.beaten @ p.positives.sum(axis=0) / total_m for p in pairs]) - areas[:, None] * n
    s10 = v10 @ v10.T * i10 / ((i10 - 1) * total_m)
    s01 = v01 @ v01.T * i01 / ((i01 - 1) * total_n)
    s11 = v10 @ v01.T * i / (i - 1)
    return areas, np.asarray(s10 / total_m + s01 / total_n + (s11 + s11.T) / (total_m * total_n))


def obuchowski_interval(pairs: Concordance, *, level: float = 0.95) -> Estimate:
    """The AUC with Wald's interval from Obuchowski's variance, cut at 0 and 1."""
    areas, covariance = obuchowski([pairs])
    value = float(areas[0])
    half = float(special.ndtri((1 + level) / 2) * np.sqrt(covariance[0, 0]))
    n = int(pairs.positives.sum() + pairs.negatives.sum())
    low, high = max(value - half, 0.0), min(value + half, 1.0)
    return Estimate(value=value, low=low, high=high, n=n, method="Obuchowski 1997", level=level)


@dataclass(frozen=True, kw_only=True, eq=False)
class RocCurve:
    """Operating points from (0, 0) to (1, 1): positive is called from each threshold up."""

    thresholds: Array
    false_positive_rates: Array
    sensitivities: Array


def roc_curve(scores: Array, positive: Flags) -> RocCurve:
    """The empirical curve of the units, one point a distinct score after (0, 0) at infinity.

    A NaN score is left out. Raises StatisticsError where no unit is positive, or none negative.
    """
    kept = ~np.isnan(scores)
    distinct, place = np.unique(-scores[kept], return_inverse=True)
    counts = np.zeros((2, len(distinct) + 1))
    np.add.at(counts, (positive[kept].astype(np.int64), place + 1), 1)
    called = counts.cumsum(axis=1)
    for total, reason in zip(called[:, -1], (NO_NEGATIVE, NO_POSITIVE), strict=True):
        if total == 0:
            raise StatisticsError("ROC curve", reason=reason, remedy="Add cases")
    rates = called / called[:, -1:]
    thresholds = np.concatenate([[np.inf], -distinct])
    return RocCurve(thresholds=thresholds, false_positive_rates=rates[0], sensitivities=rates[1])
