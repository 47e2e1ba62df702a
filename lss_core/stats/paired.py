"""Two raters of the same units: tests and intervals of the difference of two shares, and margins.

Of independent units McNemar's tests and Newcombe's interval, of units that patients share Obuchowski's
test and a Wald interval with the clustered error.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import special, stats

from lss_core.domain import Estimate
from lss_core.errors import StatisticsError
from lss_core.stats.intervals import normal_quantile, two_sided
from lss_core.stats.rates import NO_UNIT, score_interval
from lss_core.stats.resample import Array
from lss_core.stats.tables import Codes

NO_DISCORDANCE = "the two raters differ at no unit"


@dataclass(frozen=True, kw_only=True)
class Significance:
    """A test of no difference: its statistic, two-sided p-value and name. `df` for a chi-squared or t."""

    statistic: float
    p: float
    method: str
    df: float | None = None


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A paired difference with its interval, its standard error and the test of no difference."""

    estimate: Estimate
    error: float
    test: Significance


class McNemar(StrEnum):
    """Which of McNemar's tests."""

    EXACT = "McNemar, exact"
    MID_P = "McNemar, mid-p"
    ASYMPTOTIC = "McNemar, asymptotic"
    CORRECTED = "McNemar, continuity corrected"


def mcnemar(only_one: int, only_other: int, kind: McNemar = McNemar.EXACT) -> Significance:
    """McNemar's test from the units that only one, and only the other, rater has right.

    Exact: twice the binomial tail of min(b, c) of b + c with 1/2, at most 1. Mid-p: the exact less the
    probability of the observed (Fagerland, Lydersen and Laake 2013, BMC Med Res Methodol 13:91).
    Asymptotic: (b - c)^2 / (b + c), corrected (|b - c| - 1)^2 / (b + c), chi-squared of 1 df; McNemar 1947,
    Psychometrika 12:153. Exact and asymptotic as in statsmodels. Raises StatisticsError for b + c = 0.
    """
    both = only_one + only_other
    if both == 0:
        raise StatisticsError("McNemar's test", reason=NO_DISCORDANCE, remedy="There is nothing to test")
    fewer = min(only_one, only_other)
    if kind in (McNemar.EXACT, McNemar.MID_P):
        p = min(1.0, 2 * float(stats.binom.cdf(fewer, both, 0.5)))
        if kind is McNemar.MID_P:
            equal = only_one == only_other
            point = float(stats.binom.pmf(fewer, both, 0.5))
            p = 1 - point if equal else p - point
        return Significance(statistic=float(fewer), p=p, method=kind.value)
    gap = abs(only_one - only_other) - (kind is McNemar.CORRECTED)
    statistic = max(gap, 0) ** 2 / both
    return Significance(statistic=statistic, p=float(special.chdtrc(1, statistic)), method=kind.value, df=1)


def newcombe(table: Array, *, level: float = 0.95) -> Estimate:
    """The difference of two paired shares with Newcombe's interval, from the (2, 2) table of both.

    `table[i, j]` counts units with i of the one and j of the other rater, 1 for right: the difference is
    (n10 - n01) / n. Square-and-add of Wilson's ends with the correlation phi, corrected for continuity
    where positive: Newcombe 1998, Stat Med 17:2635, method 10. Raises StatisticsError without units.
    """
    n = float(table.sum())
    if n == 0:
        raise StatisticsError("paired difference", reason=NO_UNIT, remedy="Add cases")
    one, other = table[1].sum() / n, table[:, 1].sum() / n
    (l1, u1), (l2, u2) = (score_interval(float(share), n, level=level) for share in (one, other))
    phi = _phi(table)
    below = (one - l1) ** 2 - 2 * phi * (one - l1) * (u2 - other) + (u2 - other) ** 2
    above = (u1 - one) ** 2 - 2 * phi * (u1 - one) * (other - l2) + (other - l2) ** 2
    value = float(one - other)
    return Estimate(
        value=value,
        low=value - float(np.sqrt(below)),
        high=value + float(np.sqrt(above)),
        n=int(n),
        method="Newcombe 1998, paired",
        level=level,
    )


def _phi(table: Array) -> float:
    rows, columns, n = table.sum(axis=1), table.sum(axis=0), table.sum()
    margins = float(np.prod(rows) * np.prod(columns))
    if margins == 0:
        return 0.0
    cross = float(table[1, 1] * table[0, 0] - table[1, 0] * table[0, 1])
    if cross > 0:
        cross = max(cross - float(n) / 2, 0.0)
    return cross / float(np.sqrt(margins))


def clustered_difference(
    one: Array, other: Array, patients: Codes, *, n_patients: int, level: float = 0.95
) -> Difference:
    """The difference of two shares of the same units, clustered by patient, with Obuchowski's test.

    `one` and `other` (units,) are 1 where the rater is right, 0 where not, NaN where not rated; units
    that not both rated are left out. With d a patient's sum of differences and b his units, the test is
    z = sum d / sqrt(m / (m - 1) sum d^2): Obuchowski 1998, Stat Med 17:1495, where the pooled share
    cancels; with one unit a patient it is McNemar's statistic times (m - 1) / m. The interval is Wald's
    with sum (d - b mean)^2 in place of sum d^2. Raises StatisticsError without units both rated, with
    fewer than two patients, or where the raters differ at no unit.
    """
    kept = ~(np.isnan(one) | np.isnan(other))
    if not kept.any():
        raise StatisticsError("paired difference", reason=NO_UNIT, remedy="Add cases that both rated")
    gap = np.bincount(patients[kept], one[kept] - other[kept], minlength=n_patients)
    units = np.bincount(patients[kept], minlength=n_patients).astype(np.float64)
    m, n = int(np.count_nonzero(units)), float(units.sum())
    if m < 2:
        raise StatisticsError("paired difference", reason="only one patient was rated", remedy="Add cases")
    if not np.any(one[kept] != other[kept]):
        raise StatisticsError("paired difference", reason=NO_DISCORDANCE, remedy="There is nothing to test")
    value = float(gap.sum() / n)
    null = float(np.sqrt(m / (m - 1) * np.sum(gap**2)))
    z = float(gap.sum()) / null if null else 0.0
    error = float(np.sqrt(m / (m - 1) * np.sum((gap - units * value) ** 2))) / n
    half = normal_quantile(level) * error
    estimate = Estimate(
        value=value,
        low=max(value - half, -1.0),
        high=min(value + half, 1.0),
        n=int(n),
        method="Wald, clustered",
        level=level,
    )
    test = Significance(statistic=z**2, p=two_sided(z), method="Obuchowski 1998, clustered McNemar", df=1)
    return Difference(estimate=estimate, error=error, test=test)


@dataclass(frozen=True, kw_only=True)
class MarginResult:
    """A difference against a margin: `p` one-sided at the level `alpha`; `shown` whether it is shown."""

    value: float
    low: float
    high: float
    margin: float
    p: float
    alpha: float
    shown: bool
    claim: str


def non_inferiority(value: float, error: float, margin: float, *, alpha: float = 0.025) -> MarginResult:
    """Whether a difference (new less old, higher is better) is above -margin: z = (d + margin) / error.

    One-sided at `alpha`, the same as the lower end of the 1 - 2 alpha interval above -margin. Chen et al.
    2012, Acad Radiol 19:1158, on margins in reader studies. Raises StatisticsError for a margin or an
    error that is not positive.
    """
    _check_margin(margin, error)
    p = float(special.ndtr(-(value + margin) / error))
    return _against(value, error, margin, p, alpha, "non-inferior")


def equivalence(value: float, error: float, margin: float, *, alpha: float = 0.05) -> MarginResult:
    """Whether a difference lies within -margin and margin: two one-sided tests, the larger p.

    The same as the 1 - 2 alpha interval within the margins; Schuirmann 1987, J Pharmacokinet Biopharm
    15:657. Raises StatisticsError for a margin or an error that is not positive.
    """
    _check_margin(margin, error)
    p = float(special.ndtr(-(margin - abs(value)) / error))
    return _against(value, error, margin, p, alpha, "equivalent")


def _check_margin(margin: float, error: float) -> None:
    if not (margin > 0 and error > 0):
        reason = f"the margin ({margin:g}) and the standard error ({error:g}) must be above 0"
        raise StatisticsError("margin", reason=reason, remedy="State the margin as a positive difference")


def _against(value: float, error: float, margin: float, p: float, alpha: float, claim: str) -> MarginResult:
    half = normal_quantile(1 - 2 * alpha) * error
    return MarginResult(
        value=value,
        low=value - half,
        high=value + half,
        margin=margin,
        p=p,
        alpha=alpha,
        shown=p < alpha,
        claim=claim,
    )
