"""What an analysis of a reader study gives, and the tests that every method shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from scipy import special

from lss_core.domain import Estimate
from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.covariance import Errors
from lss_core.stats.mrmc.study import Cell, Measure, ReaderStudy

NO_VARIANCE = 1e-15
"""A variance up to this is rounding: no resample of patients changes the figure."""


class Fixed(StrEnum):
    """What is not a sample of something larger: then the results hold for these only."""

    NONE = "none"
    READERS = "readers"
    CASES = "cases"

    @property
    def label(self) -> str:
        """Which is random and which is fixed, in words."""
        return {
            Fixed.NONE: "random readers and random cases",
            Fixed.READERS: "fixed readers and random cases",
            Fixed.CASES: "random readers and fixed cases",
        }[self]


@dataclass(frozen=True, kw_only=True)
class Cellwise:
    """One reader's figure in one modality; no interval where no resample of patients changes it."""

    modality: str
    reader: str
    value: float
    standard_error: float
    estimate: Estimate | None


@dataclass(frozen=True, kw_only=True)
class Mean:
    """The mean of the readers' figures in one modality. `df` is infinite for a normal interval.

    There is no interval where neither readers nor patients vary, as where all figures are 1.
    """

    modality: str
    value: float
    standard_error: float
    df: float
    estimate: Estimate | None


@dataclass(frozen=True, kw_only=True)
class MarginTest:
    """Whether a difference lies beyond minus the margin (non-inferiority) or within it (equivalence).

    `shown` says whether the interval at the analysis' level lies there too: p_value < (1 - level) / 2.
    """

    margin: float
    p_value: float
    shown: bool


@dataclass(frozen=True, kw_only=True)
class Difference:
    """First modality less second: t = value / standard error with `df`, z where df is infinite.

    `reader` names whose difference it is, '' where it is of the readers' means.
    """

    first: str
    second: str
    estimate: Estimate
    standard_error: float
    df: float
    reader: str = ""

    @property
    def statistic(self) -> float:
        """t, or z where df is infinite."""
        return self.estimate.value / self.standard_error

    @property
    def p_value(self) -> float:
        """Two-sided, of no difference."""
        return 2 * student_below(-abs(self.statistic), self.df)

    def noninferiority(self, margin: float) -> MarginTest:
        """One-sided test that the first is worse than the second by less than the margin.

        H0: difference <= -margin. Raises StatisticsError for a margin that is not above 0.
        """
        return self._test(margin, self._beyond(self.estimate.value + _checked(margin)))

    def equivalence(self, margin: float) -> MarginTest:
        """Two one-sided tests that the difference lies within the margin (Schuirmann 1987)."""
        low = self._beyond(self.estimate.value + _checked(margin))
        return self._test(margin, max(low, self._beyond(margin - self.estimate.value)))

    def _beyond(self, distance: float) -> float:
        return student_below(-distance / self.standard_error, self.df)

    def _test(self, margin: float, p_value: float) -> MarginTest:
        shown = p_value < (1 - self.estimate.level) / 2
        return MarginTest(margin=margin, p_value=p_value, shown=shown)


@dataclass(frozen=True, kw_only=True)
class OverallTest:
    """The test that all modalities are alike: F(df1, df2), or chi-square(df1) where df2 is infinite."""

    name: str
    value: float
    df1: float
    df2: float
    p_value: float


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """The results of one analysis.

    `components` are the mean squares and the variance components under their usual names; `notes` say
    what a reader of the table must know.
    """

    method: str
    variance: str
    fixed: Fixed
    measure: Measure
    level: float
    cases: int
    patients: int
    readers: int
    figures: tuple[Cellwise, ...]
    means: tuple[Mean, ...]
    differences: tuple[Difference, ...]
    overall: OverallTest | None
    components: Mapping[str, float]
    reader_differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = field(default=())


def student_below(value: float, df: float) -> float:
    """P(T <= value) of Student's t; the normal one for an infinite df."""
    return float(special.ndtr(value) if np.isinf(df) else special.stdtr(df, value))


def student_quantile(share: float, df: float) -> float:
    """The quantile of Student's t; the normal one for an infinite df."""
    return float(special.ndtri(share) if np.isinf(df) else special.stdtrit(df, share))


def interval(
    value: float,
    standard_error: float,
    df: float,
    *,
    level: float,
    n: int,
    lowest: float,
    highest: float = 1.0,
) -> Estimate:
    """Value -+ t(df) standard errors, cut at the ends of the figure's range."""
    half = student_quantile((1 + level) / 2, df) * standard_error
    return Estimate(
        value=value,
        low=max(value - half, lowest),
        high=min(value + half, highest),
        n=n,
        method="z" if np.isinf(df) else "t",
        level=level,
    )


def mean(
    modality: str, value: float, variance: float, df: float, *, measure: Measure, level: float, n: int
) -> Mean:
    """The mean of a modality's readers with its interval, cut at the ends of the figure's range."""
    error, estimate = _error(variance), None
    if error:
        estimate = interval(value, error, df, level=level, n=n, lowest=measure.lowest)
    return Mean(modality=modality, value=value, standard_error=error, df=float(df), estimate=estimate)


def difference(
    first: str,
    second: str,
    value: float,
    variance: float,
    df: float,
    *,
    level: float,
    n: int,
    reader: str = "",
) -> Difference:
    """A difference of two modalities. Raises StatisticsError where its variance is not above 0."""
    if not variance > NO_VARIANCE:
        reason = f"the variance of the difference is estimated as {variance:.3g}, so there is no test"
        subject = f"{first} - {second}" + (f", reader {reader}" if reader else "")
        raise StatisticsError(subject, reason=reason, remedy="More readers or cases are needed")
    error = float(np.sqrt(variance))
    estimate = interval(value, error, df, level=level, n=n, lowest=-np.inf, highest=np.inf)
    return Difference(
        first=first, second=second, estimate=estimate, standard_error=error, df=df, reader=reader
    )


def cellwise(
    study: ReaderStudy, measure: Measure, cells: Sequence[Cell], errors: Errors, *, level: float
) -> tuple[Cellwise, ...]:
    """Each cell's figure with a normal interval of its own."""
    found = []
    for place, (i, j) in enumerate(cells):
        value, variance = float(errors.figures[place]), float(errors.covariance[place, place])
        error, n, estimate = _error(variance), errors.units[place], None
        if error:
            estimate = interval(value, error, np.inf, level=level, n=n, lowest=measure.lowest)
        names = {"modality": study.modalities[i], "reader": study.readers[j]}
        found.append(Cellwise(**names, value=value, standard_error=error, estimate=estimate))
    return tuple(found)


def f_test(value: float, df1: float, df2: float) -> OverallTest:
    """F with its p; the chi-square test of df1 F where df2 is infinite."""
    value, df1, df2 = float(value), float(df1), float(df2)
    if np.isinf(df2):
        chi_square = value * df1
        p_value = float(special.chdtrc(df1, chi_square))
        return OverallTest(name="chi-square", value=chi_square, df1=df1, df2=df2, p_value=p_value)
    return OverallTest(name="F", value=value, df1=df1, df2=df2, p_value=float(special.fdtrc(df1, df2, value)))


def satterthwaite(total: float, part: float, df: float) -> float:
    """Hillis' denominator df (2007): total^2 / (part^2 / df); infinite where the part is 0."""
    return float(df * (total / part) ** 2) if part > 1e-12 * total else np.inf


def _error(variance: float) -> float:
    """The standard error; 0 where the variance is rounding, whose root would look like an error."""
    return float(np.sqrt(variance)) if variance > NO_VARIANCE else 0.0


def _checked(margin: float) -> float:
    if not margin > 0:
        raise StatisticsError("margin", reason=f"{margin:g} is not above 0", remedy="Give one above 0")
    return margin
