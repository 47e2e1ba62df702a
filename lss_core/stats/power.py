"""How many readers and cases a reader study needs to compare two modalities.

From the components of a pilot study: Hillis, Obuchowski and Berbaum 2011, Acad Radiol 18:129, as R's
RJafroc and the authors' program. Error variances and covariances of readers' figures shrink as 1 / cases,
the readers' interaction with the modality does not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.result import Fixed, student_below, student_quantile

MOST_CASES = 1_000_000
"""No more cases than this are looked at."""


@dataclass(frozen=True, kw_only=True)
class Pilot:
    """Components of Obuchowski and Rockette's model, by their names, and the cases they rest on.

    `var_tr` below 0 counts as 0. With several cases a patient count patients, whom the pilot must have
    had with as many cases each.
    """

    var_tr: float
    var: float
    cov1: float
    cov2: float
    cov3: float
    cases: int


@dataclass(frozen=True, kw_only=True)
class Power:
    """The chance to show what is asked with so many readers and cases.

    `standard_error` is that expected of the difference, `df` its degrees of freedom (infinite: normal).
    """

    readers: int
    cases: int
    power: float
    standard_error: float
    df: float


def mrmc_power(
    pilot: Pilot,
    *,
    effect: float,
    readers: int,
    cases: int,
    margin: float = 0.0,
    alpha: float = 0.05,
    fixed: Fixed = Fixed.NONE,
) -> Power:
    """Power of the two-sided test of no difference, or of non-inferiority within the margin above 0.

    With random readers and cases the squared error of the difference is 2 / r times
    E = Var(TR) + s (Var - Cov1 + (r - 1) max(Cov2 - Cov3, 0)), s = pilot cases / cases, with df
    (r - 1) E^2 / (Var(TR) + s (Var - Cov1 - max(Cov2 - Cov3, 0)))^2; fixed readers drop Var(TR) and
    take z; fixed cases take E = Var(TR) + s (Var - Cov1 - max(Cov2 - Cov3, 0)) with r - 1. The test has
    a noncentral t: `effect` is the true difference, new less old; non-inferiority is tested at alpha / 2
    against -margin. Raises StatisticsError for numbers that make no study.
    """
    _check(pilot, readers=readers, cases=cases, margin=margin, alpha=alpha, fixed=fixed)
    scale, excess = pilot.cases / cases, max(pilot.cov2 - pilot.cov3, 0.0)
    interaction = 0.0 if fixed is Fixed.READERS else max(pilot.var_tr, 0.0)
    alone = interaction + scale * (pilot.var - pilot.cov1 - excess)
    total = alone + (0.0 if fixed is Fixed.CASES else scale * readers * excess)
    if not total > 0 or (alone < 0 and fixed is not Fixed.READERS):
        reason = "these components leave the difference no variance"
        raise StatisticsError("pilot", reason=reason, remedy="Check them, Var is above Cov1 + Cov2 - Cov3")
    df = float("inf")
    if fixed is not Fixed.READERS and alone > 0:
        df = (readers - 1) * (total / alone) ** 2
    error = float(np.sqrt(2 * total / readers))
    shift = (effect + margin) / error
    critical = student_quantile(1 - alpha / 2, df)
    power = _above(critical, df, shift)
    if not margin:
        power += _above(critical, df, -shift)
    return Power(readers=readers, cases=cases, power=power, standard_error=error, df=df)


def mrmc_cases(
    pilot: Pilot,
    *,
    effect: float,
    readers: int,
    power: float = 0.8,
    margin: float = 0.0,
    alpha: float = 0.05,
    fixed: Fixed = Fixed.NONE,
) -> Power:
    """The least number of cases that has the power with so many readers.

    Raises StatisticsError where no number of cases up to a million has, as too few readers can leave
    their interaction with the modality too large.
    """

    def at(cases: int) -> Power:
        return mrmc_power(
            pilot, effect=effect, readers=readers, cases=cases, margin=margin, alpha=alpha, fixed=fixed
        )

    low, high = 1, 2
    while at(high).power < power:
        low, high = high, 2 * high
        if low > MOST_CASES:
            reason = f"{readers} readers have a power of {at(low).power:.2f} even with {low} cases"
            raise StatisticsError("sample size", reason=reason, remedy="Plan more readers")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if at(middle).power >= power else (middle, high)
    return at(high)


def _above(critical: float, df: float, shift: float) -> float:
    """P(T > critical) of a t with df and this noncentrality."""
    if np.isinf(df):
        return student_below(shift - critical, df)
    return float(1 - special.nctdtr(df, shift, critical))


def _check(pilot: Pilot, *, readers: int, cases: int, margin: float, alpha: float, fixed: Fixed) -> None:
    least = 1 if fixed is Fixed.READERS else 2
    wrong = {
        f"{readers} readers are fewer than {least}": readers < least,
        f"{cases} cases are none": cases < 1,
        f"the pilot's {pilot.cases} cases are none": pilot.cases < 1,
        f"a margin of {margin:g} is below 0": not margin >= 0,
        f"an alpha of {alpha:g} is not between 0 and 1": not 0 < alpha < 1,
    }
    for reason, found in wrong.items():
        if found:
            raise StatisticsError("power", reason=reason, remedy="Correct it")
