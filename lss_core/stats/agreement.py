"""Agreement of raters beyond chance: Cohen's and Fleiss' kappa, Krippendorff's alpha.

Grades are codes on a scale that the caller names (`tables.encode`), so a grade that nobody gave still
has its place on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from scipy import special

from lss_core.domain import Estimate
from lss_core.errors import StatisticsError
from lss_core.stats.rates import NO_UNIT
from lss_core.stats.resample import Array, Statistic, ratio
from lss_core.stats.tables import Codes, Tables, summed
from lss_core.texts import later

ONE_GRADE_GIVEN = "all raters gave one and the same grade throughout"
NO_PAIR = later("no unit was graded by two raters")

BANDS: tuple[tuple[float, str], ...] = (
    (0.20, later("slight")),
    (0.40, later("fair")),
    (0.60, later("moderate")),
    (0.80, later("substantial")),
    (1.00, later("almost perfect")),
)
"""Upper ends of Landis and Koch's bands (1977, Biometrics 33:159); below 0 is 'poor'."""


def band(kappa: float) -> str:
    """The band of a kappa, judged by its two printed decimals, so that 0.204 is 0.20 and 'slight'."""
    if kappa < 0:
        return later("poor")
    return next(name for upper, name in BANDS if round(kappa, 2) <= upper)


class Weighting(StrEnum):
    """How much a disagreement of d grades counts: any alike, d, or d squared."""

    PLAIN = "unweighted"
    LINEAR = "linear"
    QUADRATIC = "quadratic"

    def disagreement(self, grades: int) -> Array:
        """What each pair of grades costs: (grades, grades), 0 on the diagonal, at most 1."""
        distance = np.abs(np.subtract.outer(np.arange(grades), np.arange(grades))) / (grades - 1)
        if self is Weighting.PLAIN:
            return (distance > 0).astype(np.float64)
        return distance if self is Weighting.LINEAR else distance**2


class Metric(StrEnum):
    """The level of measurement of Krippendorff's alpha."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"
    RATIO = "ratio"


def cohen(tables: Tables, weighting: Weighting = Weighting.PLAIN) -> Statistic:
    """Cohen's kappa of two raters: 1 - sum v o / sum v e, tables (patients, one rater, the other).

    o are the observed shares, e the product of their margins, v the disagreement weights. Cohen 1960,
    Educ Psychol Meas 20:37; 1968, Psychol Bull 70:213. Equals scikit-learn's cohen_kappa_score.
    """
    cost = weighting.disagreement(tables.per_patient.shape[-1])

    def of(weights: Array) -> Array:
        table = tables.under(weights)
        observed = (table * cost).sum((1, 2)) * table.sum((1, 2))
        expected = np.einsum("ri,rj,ij->r", table.sum(2), table.sum(1), cost)
        return 1 - ratio(observed, expected)

    return Statistic(
        name=f"Cohen's kappa, {weighting.value}",
        of=of,
        patients=tables.patients,
        n=int(tables.total.sum()),
        undefined=ONE_GRADE_GIVEN if tables.total.any() else NO_UNIT,
    )


def cohen_large_sample(
    table: Array, weighting: Weighting = Weighting.PLAIN, *, level: float = 0.95
) -> Estimate:
    """Cohen's kappa of one table (k, k) of independent units, with Wald's interval.

    The error is the large-sample one (not that under the null) of Fleiss, Cohen and Everitt 1969,
    Psychol Bull 72:323: var = (sum o (w - (wr + wc)(1 - kappa))^2 - (kappa - pe (1 - kappa))^2)
    / (n (1 - pe)^2), w = 1 - v, wr and wc the mean weights of row and column. As in statsmodels.
    """
    kappa = cohen(Tables(table[None]), weighting).value()
    n = float(table.sum())
    shares, weights = table / n, 1 - weighting.disagreement(len(table))
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    chance = rows @ weights @ columns
    mean_weights = np.add.outer(weights @ columns, weights.T @ rows)
    spread = np.sum(shares * (weights - mean_weights * (1 - kappa)) ** 2)
    variance = (spread - (kappa - chance * (1 - kappa)) ** 2) / (n * (1 - chance) ** 2)
    half = float(special.ndtri((1 + level) / 2) * np.sqrt(max(variance, 0.0)))
    return Estimate(
        value=kappa,
        low=max(kappa - half, -1.0),
        high=min(kappa + half, 1.0),
        n=int(n),
        method="large sample",
        level=level,
    )


def fleiss(votes: Array, patients: Codes, *, n_patients: int) -> Statistic:
    """Fleiss' kappa of a panel: (pa - pe) / (1 - pe), votes (units, grades).

    pa is the mean share of agreeing pairs over units with two values or more, pe the sum of squared
    mean shares of the grades over units with any. With as many values in every unit it is Fleiss 1971,
    Psychol Bull 76:378; with missing ones it is Gwet's extension (2014, Handbook of Inter-Rater
    Reliability, 4th ed., eq. 2.10), as in R's irrCAC. n counts the units with two values or more.
    """
    values = votes.sum(axis=1)
    agreeing = ratio((votes * (votes - 1)).sum(axis=1), values * (values - 1))
    shares = ratio(votes, values[:, None])
    parts = np.column_stack([np.nan_to_num(agreeing), values >= 2, values >= 1, np.nan_to_num(shares)])
    sums = summed(parts, patients, n_patients=n_patients)

    def of(weights: Array) -> Array:
        total = sums.under(weights)
        observed = ratio(total[:, 0], total[:, 1])
        chance = (ratio(total[:, 3:], total[:, 2:3]) ** 2).sum(axis=1)
        possible = 1 - chance
        return ratio(observed - chance, np.where(possible > 1e-12, possible, 0))

    n = int(np.sum(values >= 2))
    undefined = ONE_GRADE_GIVEN if n else NO_PAIR
    return Statistic(name="Fleiss' kappa", of=of, patients=n_patients, n=n, undefined=undefined)


def alpha(coincidences: Tables, metric: Metric, scale: Sequence[float] | None = None) -> Statistic:
    """Krippendorff's alpha of any number of raters with missing values, n counting paired values.

    1 - (n - 1) sum o d / sum n_c n_k d over coincidences (patients, k, k) of
    `tables.coincidence_tables`. d is 1 off the diagonal (nominal); the square of the number of
    values between two grades, their own by half (ordinal): with m_c the mid-rank of grade c, d =
    (m_c - m_k)^2, recomputed in each replicate; (c - k)^2 (interval); ((c - k) / (c + k))^2, 0 between
    zeros (ratio). The last two take the grades' values from `scale`, by default 0, 1, 2, ...
    Krippendorff 2011. Equals the package krippendorff. Raises StatisticsError for a ratio scale with
    values below 0, or as many values as there are not grades.
    """
    size = coincidences.per_patient.shape[-1]
    fixed = None if metric is Metric.ORDINAL else _distance(metric, range(size) if scale is None else scale)
    if fixed is not None and len(fixed) != size:
        reason = f"{len(fixed)} values were given for {size} grades"
        raise StatisticsError("grade scale", reason=reason, remedy="Name one value for each grade")

    def of(weights: Array) -> Array:
        table = coincidences.under(weights)
        margins = table.sum(axis=2)
        if fixed is not None:
            distance = np.broadcast_to(fixed, table.shape)
        else:
            middle = margins.cumsum(axis=1) - margins / 2
            distance = (middle[:, :, None] - middle[:, None, :]) ** 2
        observed = (table * distance).sum((1, 2)) * (margins.sum(axis=1) - 1)
        expected = np.einsum("ri,rj,rij->r", margins, margins, distance)
        return 1 - ratio(observed, expected)

    return Statistic(
        name=f"Krippendorff's alpha, {metric.value}",
        of=of,
        patients=coincidences.patients,
        n=round(float(coincidences.total.sum())),
        undefined=ONE_GRADE_GIVEN if coincidences.total.any() else NO_PAIR,
    )


def _distance(metric: Metric, scale: Sequence[float]) -> Array:
    values = np.asarray(scale, dtype=np.float64)
    gaps = np.subtract.outer(values, values)
    if metric is Metric.NOMINAL:
        return np.asarray(gaps != 0, dtype=np.float64)
    if metric is Metric.INTERVAL:
        return np.asarray(gaps**2)
    if values.min() < 0:
        raise StatisticsError(
            "grade scale", reason="a ratio scale has no values below 0", remedy="Use the interval alpha"
        )
    return np.asarray(np.nan_to_num(ratio(gaps, np.add.outer(values, values))) ** 2)
