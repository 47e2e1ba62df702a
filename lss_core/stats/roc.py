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
from lss_core.stats.rates import NO_NEGATIVE, NO_POSITIVE, NO_UNIT, ONE_GRADE
from lss_core.stats.resample import Array, LeaveOneOut, Remembered, Statistic, ratio
from lss_core.stats.tables import MISSING, Codes

Flags = NDArray[np.bool_]


FEW_SCORES = 64
"""Up to so many distinct scores an AUC is a product of narrow matrices."""

FEW_PATIENTS = 2000
"""Up to so many patients it is a quadratic form of the patients' pairs; beyond, the units are sorted."""

ROWS_AT_ONCE = 64
"""Replicates whose sorted units are held at a time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class _Class:
    """The units of one class, ascending in score: `scores` and the patients `owners`, each (units,)."""

    scores: Array
    owners: Codes

    def of_patients(self, values: Array, n_patients: int) -> Array:
        """Values (units,) added up over each patient."""
        return np.asarray(np.bincount(self.owners, values, minlength=n_patients), dtype=np.float64)


@dataclass(frozen=True, kw_only=True, eq=False)
class Concordance:
    """How the scores of one rater order positive and negative units, patient by patient.

    A pair is won where the positive unit's score is the higher, half where they are equal.
    """

    positive: _Class
    negative: _Class
    n_patients: int

    @cached_property
    def _distinct(self) -> Array:
        return np.unique(self.positive.scores)

    @cached_property
    def positives(self) -> Array:
        """Positive units (patients, scores) at each distinct score that one of them has, ascending."""
        counts = np.zeros((self.n_patients, len(self._distinct)))
        place = np.searchsorted(self._distinct, self.positive.scores)
        np.add.at(counts, (self.positive.owners, place), 1)
        return counts

    @cached_property
    def beaten(self) -> Array:
        """Negative units (patients, scores) below each of those scores, and half of those at it.

        So positives @ beaten.T is the (patients, patients) matrix of pairs won.
        """
        halves = np.zeros((self.n_patients, len(self._distinct) + 1))
        scores = self.negative.scores
        for first in (
            np.searchsorted(self._distinct, scores, "left"),
            np.searchsorted(self._distinct, scores, "right"),
        ):
            np.add.at(halves, (self.negative.owners, first), 0.5)
        return np.asarray(halves.cumsum(axis=1)[:, :-1])

    @cached_property
    def negatives(self) -> Array:
        """Negative units of each patient (patients,)."""
        return self.negative.of_patients(np.ones(len(self.negative.scores)), self.n_patients)

    @cached_property
    def positive_units(self) -> Array:
        """Positive units of each patient (patients,)."""
        return self.positive.of_patients(np.ones(len(self.positive.scores)), self.n_patients)

    @cached_property
    def wins(self) -> Array:
        """Pairs won by the positive units of patient i over the negative units of j: (i, j)."""
        return np.asarray(self.positives @ self.beaten.T)

    @cached_property
    def won(self) -> Array:
        """Pairs won by each patient's positive units (patients,): the sums of the rows of `wins`."""
        return self.positive.of_patients(_below(self.negative, self.positive), self.n_patients)

    @cached_property
    def lost(self) -> Array:
        """Pairs lost by each patient's negative units (patients,): the sums of the columns of `wins`."""
        below = _below(self.positive, self.negative)
        return self.negative.of_patients(
            np.asarray(len(self.positive.scores) - below, dtype=np.float64), self.n_patients
        )

    @cached_property
    def within(self) -> Array:
        """Pairs won within each patient (patients,): the diagonal of `wins`."""
        ranks = np.unique(np.concatenate([self.negative.scores, self.positive.scores]))
        keys = [
            own.owners * len(ranks) + np.searchsorted(ranks, own.scores)
            for own in (self.negative, self.positive)
        ]
        others = np.sort(keys[0])
        below = np.searchsorted(others, keys[1], "left") + np.searchsorted(others, keys[1], "right")
        first = np.searchsorted(others, self.positive.owners * len(ranks))
        return self.positive.of_patients(np.asarray(below / 2 - first, dtype=np.float64), self.n_patients)

    @cached_property
    def auc(self) -> Remembered:
        """The AUC under weights (r, patients): w' wins w / (w'm)(w'n), a quadratic form."""
        return Remembered(self._auc)

    @cached_property
    def counted(self) -> Remembered:
        """Positive and negative units under weights (r, patients): (r, 2)."""
        units = np.column_stack([self.positive_units, self.negatives])
        return Remembered(lambda weights: weights @ units)

    @cached_property
    def _sides(self) -> Array:
        return np.concatenate([self.positives, self.beaten], axis=1)

    def _auc(self, weights: Array) -> Array:
        return ratio(self._won(weights), self.counted(weights).prod(axis=1))

    def _won(self, weights: Array) -> Array:
        if isinstance(weights, LeaveOneOut):
            return np.asarray(self.won.sum() - self.won - self.lost + self.within)
        scores = len(self._distinct)
        if 2 * scores < self.n_patients and scores <= FEW_SCORES:
            sides = weights @ self._sides
            return np.asarray(np.einsum("rs,rs->r", sides[:, :scores], sides[:, scores:]))
        if self.n_patients <= FEW_PATIENTS:
            return np.asarray(np.einsum("rp,rp->r", weights @ self.wins, weights))
        return self._by_sorting(weights)

    def _by_sorting(self, weights: Array) -> Array:
        """Cumulated weights of the sorted negative units, looked up at each positive unit."""
        low = np.searchsorted(self.negative.scores, self.positive.scores, "left")
        high = np.searchsorted(self.negative.scores, self.positive.scores, "right")
        won = np.empty(len(weights))
        for start in range(0, len(weights), ROWS_AT_ONCE):
            rows = np.ascontiguousarray(weights[start : start + ROWS_AT_ONCE].T)
            below = np.zeros((len(self.negative.scores) + 1, rows.shape[1]))
            np.cumsum(rows[self.negative.owners], axis=0, out=below[1:])
            beaten = below[low] + below[high]
            won[start : start + rows.shape[1]] = (rows[self.positive.owners] * beaten).sum(axis=0) / 2
        return won


def _below(others: _Class, own: _Class) -> Array:
    """How many of the others lie below each own score, ties by half."""
    return np.asarray(
        (
            np.searchsorted(others.scores, own.scores, "left")
            + np.searchsorted(others.scores, own.scores, "right")
        )
        / 2
    )


def concordance(scores: Array, positive: Flags, patients: Codes, *, n_patients: int) -> Concordance:
    """From scores (higher: more likely positive) and truth of the units; a NaN score is left out."""
    classes = []
    for own in (positive, ~positive):
        kept = np.flatnonzero(own & ~np.isnan(scores))
        order = kept[np.argsort(scores[kept], kind="stable")]
        classes.append(_Class(scores=scores[order], owners=patients[order]))
    return Concordance(positive=classes[0], negative=classes[1], n_patients=n_patients)


@dataclass(frozen=True, kw_only=True, eq=False)
class Area(Statistic):
    """An empirical AUC with the `pairs` that it is made of."""

    pairs: Concordance


def auc(pairs: Concordance) -> Area:
    """The empirical AUC: share of (positive, negative) pairs ordered rightly, ties by half."""
    m, n = len(pairs.positive.scores), len(pairs.negative.scores)
    return Area(
        name="AUC",
        of=pairs.auc,
        patients=pairs.n_patients,
        n=m + n,
        undefined=(NO_NEGATIVE if m else NO_POSITIVE) if m + n else NO_UNIT,
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
        observed = np.stack([pair.counted(weights)[:, 0] for pair in pairs])
        areas = np.stack([pair.auc(weights) for pair in pairs])
        return ratio(np.where(observed > 0, observed * areas, 0).sum(axis=0), observed.sum(axis=0))

    n = sum(len(pair.positive.scores) for pair in pairs)
    return Statistic(
        name="weighted AUC", of=of, patients=n_patients, n=n, undefined=ONE_GRADE if n else NO_UNIT
    )


def obuchowski(pairs: Sequence[Concordance]) -> tuple[Array, Array]:
    """AUCs (raters,) and their covariance (raters, raters) for clustered data.

    With V10 and V01 the sums of a patient's structural components less their number times the AUC,
    S10 = sum V10 V10' I10 / ((I10 - 1) M), S01 likewise, S11 = sum V10 V01' I / (I - 1), the covariance
    is S10 / M + S01 / N + (S11 + S11') / (M N); I10, I01, I count the patients with positive, negative,
    any units, M and N those units. Obuchowski 1997, Biometrics 53:567; with one unit a patient it is
    DeLong's (1988, Biometrics 44:837). All raters must have rated the same units. Raises
    StatisticsError where fewer than two patients have positive, or negative, units.
    """
    m, n = pairs[0].positive_units, pairs[0].negatives
    if any(
        not (np.array_equal(pair.positive_units, m) and np.array_equal(pair.negatives, n)) for pair in pairs
    ):
        reason = "the raters did not rate the same units"
        raise StatisticsError("covariance of AUCs", reason=reason, remedy="Keep the units that all rated")
    i10, i01, i = (int(np.count_nonzero(units)) for units in (m, n, m + n))
    if min(i10, i01) < 2:
        reason = "fewer than two patients have positive, or negative, units"
        raise StatisticsError("variance of the AUC", reason=reason, remedy="Add cases")
    total_m, total_n = m.sum(), n.sum()
    areas = np.array([pair.won.sum() for pair in pairs]) / (total_m * total_n)
    v10 = np.stack([pair.won / total_n for pair in pairs]) - areas[:, None] * m
    v01 = np.stack([pair.lost / total_m for pair in pairs]) - areas[:, None] * n
    s10 = v10 @ v10.T * i10 / ((i10 - 1) * total_m)
    s01 = v01 @ v01.T * i01 / ((i01 - 1) * total_n)
    s11 = v10 @ v01.T * i / (i - 1)
    return areas, np.asarray(s10 / total_m + s01 / total_n + (s11 + s11.T) / (total_m * total_n))


def obuchowski_interval(pairs: Concordance, *, level: float = 0.95) -> Estimate:
    """The AUC with Wald's interval from Obuchowski's variance, cut at 0 and 1."""
    areas, covariance = obuchowski([pairs])
    value = float(areas[0])
    half = float(special.ndtri((1 + level) / 2) * np.sqrt(covariance[0, 0]))
    n = len(pairs.positive.scores) + len(pairs.negative.scores)
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
