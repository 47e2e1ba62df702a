"""Intervals of a share, for independent units and for units that patients share; and one for any figure.

Wilson's interval is in `rates`. Of the intervals here, three take counts of independent units
(Clopper-Pearson, Jeffreys, logit) and three know the patients (Rao-Scott, the logit with GEE's robust
error, the jackknife).
"""

from __future__ import annotations

import numpy as np
from scipy import special

from lss_core.domain import Estimate
from lss_core.errors import StatisticsError
from lss_core.stats.rates import NO_UNIT, all_or_none, score_interval
from lss_core.stats.resample import Rate, Statistic, leave_one_out

ONE_PATIENT = "fewer than two patients have such units"
EXTREME = "it is 0 or 1, where the logit has no error"


def normal_quantile(level: float) -> float:
    """z of a two-sided interval: 1.96 for 0.95."""
    return float(special.ndtri((1 + level) / 2))


def two_sided(z: float) -> float:
    """The two-sided p-value of a standard normal statistic."""
    return float(2 * special.ndtr(-abs(z)))


def clopper_pearson(successes: int, n: int, *, level: float = 0.95) -> Estimate:
    """A share with the exact interval: the quantiles of Beta(x, n - x + 1) and Beta(x + 1, n - x).

    Clopper and Pearson 1934, Biometrika 26:404. As in statsmodels (method 'beta'). Raises
    StatisticsError for n = 0.
    """
    _check(n)
    tail = (1 - level) / 2
    low = float(special.betaincinv(successes, n - successes + 1, tail)) if successes else 0.0
    high = float(special.betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return Estimate(value=successes / n, low=low, high=high, n=n, method="Clopper-Pearson", level=level)


def jeffreys(successes: int, n: int, *, level: float = 0.95) -> Estimate:
    """A share with the equal-tailed interval of Beta(x + 1/2, n - x + 1/2), 0 and 1 at the ends.

    Brown, Cai and DasGupta 2001, Stat Sci 16:101: the lower end is 0 for x = 0, the upper 1 for x = n.
    Inside it is as in statsmodels. Raises StatisticsError for n = 0.
    """
    _check(n)
    tail = (1 - level) / 2
    shape = (successes + 0.5, n - successes + 0.5)
    low = float(special.betaincinv(*shape, tail)) if successes else 0.0
    high = float(special.betaincinv(*shape, 1 - tail)) if successes < n else 1.0
    return Estimate(value=successes / n, low=low, high=high, n=n, method="Jeffreys", level=level)


def logit(successes: int, n: int, *, level: float = 0.95) -> Estimate:
    """A share with Wald's interval on the log odds: se^2 = 1/x + 1/(n - x).

    Brown, Cai and DasGupta 2001, section 4.1.1. As a logistic regression with an intercept alone. Raises
    StatisticsError for n = 0, and for a share of 0 or 1, where it is undefined.
    """
    _check(n)
    if successes in (0, n):
        raise StatisticsError("logit interval", reason=EXTREME, remedy="Use Wilson's interval")
    error = float(np.sqrt(1 / successes + 1 / (n - successes)))
    return _on_logit(successes / n, error, n, "logit", level)


def rao_scott(rate: Rate, *, level: float = 0.95) -> Estimate:
    """A share of units that patients share: Wilson's interval with n over the design effect.

    With y hits of b units in a patient, p = sum y / sum b, v = m / (m - 1) sum (y - p b)^2 / (sum b)^2
    over m patients who have units, the design effect is v / (p (1 - p) / sum b) and the effective size
    n = sum b over it. Rao and Scott 1992, Biometrics 48:577. The variance is that of a ratio estimate,
    statsmodels' OLS on a constant with clustered errors. A share of 0 or 1 has no design effect: there
    Wilson's interval over patients stands (`rates.all_or_none`). Raises StatisticsError where the rate
    is undefined or fewer than two patients have such units.
    """
    value = rate.value()
    if value in (0, 1):
        return all_or_none(rate, level=level)
    effect = design_effect(rate)
    if effect <= 0:
        reason = "all patients have the same share, so there is no design effect"
        raise StatisticsError(rate.name, reason=reason, remedy="Use Wilson's interval")
    low, high = score_interval(value, rate.n / effect, level=level)
    return Estimate(value=value, low=low, high=high, n=rate.n, method="Rao-Scott Wilson", level=level)


def design_effect(rate: Rate) -> float:
    """How much larger the clustered variance of a share is than that of independent units; see rao_scott."""
    value, base = rate.value(), float(rate.base.sum())
    patients = int(np.count_nonzero(rate.base))
    if patients < 2:
        raise StatisticsError(rate.name, reason=ONE_PATIENT, remedy="Add cases")
    clustered = patients / (patients - 1) * float(np.sum((rate.hits - value * rate.base) ** 2)) / base**2
    return clustered / (value * (1 - value) / base)


def gee_logit(rate: Rate, *, level: float = 0.95) -> Estimate:
    """A share with Wald's interval on the log odds and the sandwich error of a GEE.

    se = sqrt(sum (y - p b)^2) / (n p (1 - p)) over patients, working independence. Liang and Zeger 1986,
    Biometrika 73:13. As in statsmodels' GEE (Binomial, Independence). Raises StatisticsError where the
    share is undefined, 0 or 1, or fewer than two patients have such units.
    """
    value = rate.value()
    if value in (0, 1):
        raise StatisticsError(rate.name, reason=EXTREME, remedy="Use Wilson's interval over patients")
    if np.count_nonzero(rate.base) < 2:
        raise StatisticsError(rate.name, reason=ONE_PATIENT, remedy="Add cases")
    meat = float(np.sum((rate.hits - value * rate.base) ** 2))
    error = float(np.sqrt(meat)) / (rate.n * value * (1 - value))
    return _on_logit(value, error, rate.n, "GEE robust, logit", level)


def jackknife_error(statistic: Statistic) -> float:
    """The standard error of any statistic from leaving out one patient at a time.

    sqrt((m - 1) / m sum (t_i - mean t)^2) over the patients without whom it is defined; Efron and Stein
    1981, Ann Stat 9:586. Raises StatisticsError where the statistic is undefined, or where leaving out
    one patient leaves it so.
    """
    statistic.value()
    values = statistic.of(leave_one_out(statistic.patients))
    if statistic.patients < 2 or np.any(np.isnan(values)):
        reason = f"no error: without one of the patients {statistic.undefined}"
        raise StatisticsError(statistic.name, reason=reason, remedy="Add cases")
    return float(np.sqrt((len(values) - 1) * np.var(values)))


def jackknife(
    statistic: Statistic,
    *,
    level: float = 0.95,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Estimate:
    """Any statistic with Wald's interval and the jackknife's error over patients, cut at `bounds`.

    Raises StatisticsError as jackknife_error, and where the error is 0.
    """
    value, error = statistic.value(), jackknife_error(statistic)
    if error == 0:
        reason = "no interval: it is the same without any one of the patients"
        raise StatisticsError(statistic.name, reason=reason, remedy="More cases are needed")
    half = normal_quantile(level) * error
    return Estimate(
        value=value,
        low=max(value - half, bounds[0]),
        high=min(value + half, bounds[1]),
        n=statistic.n,
        method="patient jackknife, Wald",
        level=level,
    )


def _check(n: int) -> None:
    if n < 1:
        raise StatisticsError("rate", reason=NO_UNIT, remedy="Add cases")


def _on_logit(value: float, error: float, n: int, method: str, level: float) -> Estimate:
    centre, half = float(special.logit(value)), normal_quantile(level) * error
    low, high = special.expit([centre - half, centre + half]).tolist()
    return Estimate(value=value, low=low, high=high, n=n, method=method, level=level)
