"""Any statistic with the interval that was asked for, so that one word serves a whole table."""

from __future__ import annotations

from enum import StrEnum

from lss_core.domain import Estimate
from lss_core.stats import intervals, rates
from lss_core.stats.resample import Interval, Rate, Resamples, Statistic
from lss_core.stats.roc import Area, obuchowski_interval


class Ci(StrEnum):
    """How the intervals of a table are made."""

    WILSON = "wilson"
    CLOPPER_PEARSON = "clopper-pearson"
    JEFFREYS = "jeffreys"
    LOGIT = "logit"
    ROBUST = "robust"
    BOOTSTRAP = "bootstrap"
    BCA = "bca"

    @property
    def of_independent_units(self) -> bool:
        """Whether it takes the units of a patient for independent."""
        return self in _OF_COUNTS


_OF_COUNTS = {
    Ci.WILSON: lambda hits, n, level: rates.wilson(hits, n, level=level),
    Ci.CLOPPER_PEARSON: lambda hits, n, level: intervals.clopper_pearson(hits, n, level=level),
    Ci.JEFFREYS: lambda hits, n, level: intervals.jeffreys(hits, n, level=level),
    Ci.LOGIT: lambda hits, n, level: intervals.logit(hits, n, level=level),
}


def estimate(statistic: Statistic, resamples: Resamples, how: Ci = Ci.BCA, *, rate: bool = False) -> Estimate:
    """The statistic with the interval `how`.

    Wilson, Clopper-Pearson, Jeffreys and logit are of shares of independent units; any other figure
    then has BCa over patients. Robust is Rao-Scott's for a share, Obuchowski's for an AUC, the jackknife
    over patients for the rest. A share of 0 or 1 (`rate` says that a statistic is one), where resamples
    have no spread, has Wilson's over patients. Raises StatisticsError as the interval does.
    """
    if isinstance(statistic, Rate) and how in _OF_COUNTS:
        statistic.value()
        return _OF_COUNTS[how](round(float(statistic.hits.sum())), statistic.n, resamples.level)
    if how is Ci.ROBUST:
        if isinstance(statistic, Rate):
            return intervals.rao_scott(statistic, level=resamples.level)
        if isinstance(statistic, Area):
            return obuchowski_interval(statistic.pairs, level=resamples.level)
    if (rate or isinstance(statistic, Rate)) and statistic.value() in (0, 1):
        return rates.all_or_none(statistic, level=resamples.level)
    if how is Ci.ROBUST:
        return intervals.jackknife(statistic, level=resamples.level)
    kind = Interval.PERCENTILE if how is Ci.BOOTSTRAP else Interval.BCA
    return resamples.estimate(statistic, kind)
