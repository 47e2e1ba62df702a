"""Tests of the difference of two AUCs, and of any statistic of the same patients."""

from __future__ import annotations

import numpy as np

from lss_core.domain import Estimate
from lss_core.errors import StatisticsError
from lss_core.stats.intervals import jackknife_error, normal_quantile, two_sided
from lss_core.stats.paired import Difference, Significance
from lss_core.stats.resample import Interval, Resamples, Statistic
from lss_core.stats.resample import difference as difference_of
from lss_core.stats.roc import Concordance, obuchowski

SAME_RATINGS = "the two have the same value without any one of the patients"


def paired_auc_test(one: Concordance, other: Concordance, *, level: float = 0.95) -> Difference:
    """The difference of two AUCs of the same units: z = (A1 - A2) / sqrt(v11 + v22 - 2 v12).

    With one unit a patient it is the test of DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44:837, with
    more the clustered one of Obuchowski 1997, Biometrics 53:567. Raises StatisticsError as
    `roc.obuchowski`, and where the difference has no variance (the same order in both).
    """
    areas, covariance = obuchowski([one, other])
    variance = float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1])
    units = one.positive_units + one.negatives
    return _of_areas(areas.tolist(), variance, int(units.sum()), _is_clustered(one), level)


def unpaired_auc_test(one: Concordance, other: Concordance, *, level: float = 0.95) -> Difference:
    """The difference of two AUCs of different patients: (A1 - A2) / sqrt(v1 + v2). See paired_auc_test."""
    (first, v1), (second, v2) = obuchowski([one]), obuchowski([other])
    n = sum(len(pairs.positive.scores) + len(pairs.negative.scores) for pairs in (one, other))
    clustered = _is_clustered(one) or _is_clustered(other)
    return _of_areas([float(first[0]), float(second[0])], float(v1[0, 0] + v2[0, 0]), n, clustered, level)


def jackknife_test(one: Statistic, other: Statistic, *, level: float = 0.95) -> Difference:
    """The difference of two statistics of the same patients, its error from leaving out one at a time.

    For two dependent kappas it is what the delta method gives (Vanbelle 2017, Stat Methods Med Res 26:2187)
    up to terms of the order of one over the patients. Raises StatisticsError where either is undefined, or
    the error is 0.
    """
    gap = difference_of(f"{one.name}: difference", one, other)
    value, error = gap.value(), jackknife_error(gap)
    if error == 0:
        raise StatisticsError(gap.name, reason=SAME_RATINGS, remedy="There is nothing to test")
    half = normal_quantile(level) * error
    estimate = Estimate(
        value=value,
        low=value - half,
        high=value + half,
        n=gap.n,
        method="patient jackknife, Wald",
        level=level,
    )
    test = Significance(statistic=value / error, p=two_sided(value / error), method="Wald, patient jackknife")
    return Difference(estimate=estimate, error=error, test=test)


def bootstrap_test(
    one: Statistic, other: Statistic, resamples: Resamples, interval: Interval = Interval.BCA
) -> Difference:
    """The difference of two statistics of the same patients in the same replicates.

    The interval is read off the replicates, the test is Wald's with their standard deviation. Raises
    StatisticsError as `Resamples.estimate`.
    """
    gap = difference_of(f"{one.name}: difference", one, other)
    estimate = resamples.estimate(gap, interval)
    error = float(np.nanstd(gap.of(resamples.counts), ddof=1))
    z = estimate.value / error
    test = Significance(statistic=z, p=two_sided(z), method="Wald, patient bootstrap")
    return Difference(estimate=estimate, error=error, test=test)


def _is_clustered(pairs: Concordance) -> bool:
    return bool(np.any(pairs.positive_units + pairs.negatives > 1))


def _of_areas(areas: list[float], variance: float, n: int, clustered: bool, level: float) -> Difference:
    if variance <= 1e-15:
        reason = "the two order the units alike, so the difference has no variance"
        raise StatisticsError("difference of AUCs", reason=reason, remedy="There is nothing to test")
    value, error = areas[0] - areas[1], float(np.sqrt(variance))
    method = "Obuchowski 1997" if clustered else "DeLong 1988"
    half = normal_quantile(level) * error
    low, high = max(value - half, -1.0), min(value + half, 1.0)
    estimate = Estimate(value=value, low=low, high=high, n=n, method=f"{method}, Wald", level=level)
    test = Significance(statistic=value / error, p=two_sided(value / error), method=method)
    return Difference(estimate=estimate, error=error, test=test)
