"""Statistics as functions of the patients' weights, and intervals by resampling whole patients.

Sites of one patient are not independent, so the patient is what is drawn. Replicate r is a row of
counts: how often each patient was drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy import special

from lss_core.domain import Estimate
from lss_core.errors import StatisticsError
from lss_core.texts import later

Array = NDArray[np.float64]

TOO_FEW = "an interval over patients needs two patients or more"
MAX_UNDEFINED_SHARE = 0.05
"""No interval where more replicates than this are undefined: fewer than about three patients matter."""


class Interval(StrEnum):
    """How a bootstrap interval is read off the replicates."""

    PERCENTILE = "patient bootstrap, percentile"
    BCA = "patient bootstrap, BCa"


@dataclass(frozen=True, kw_only=True, eq=False)
class Statistic:
    """A figure as a function of weights (r, patients) -> (r,), NaN where it is undefined.

    `n` counts the units it rests on, `undefined` says why it has no value where it has none.
    """

    name: str
    of: Callable[[Array], Array]
    patients: int
    n: int
    undefined: str

    def value(self) -> float:
        """The figure of the data as they are. Raises StatisticsError where it is undefined."""
        value = float(self.of(np.ones((1, self.patients)))[0])
        if np.isnan(value):
            raise StatisticsError(self.name, reason=self.undefined, remedy="More or other cases are needed")
        return value


@dataclass(frozen=True, kw_only=True, eq=False)
class Rate(Statistic):
    """A share of units: each patient's `hits` (patients,) of his `base` (patients,) units."""

    hits: Array
    base: Array


class Remembered:
    """A function of weights that knows its last answers, by the identity of the weights.

    Several statistics ask the same of the same replicates; the weights must not be written to.
    """

    def __init__(self, function: Callable[[Array], Array]) -> None:
        self._function = function
        self._known: list[tuple[Array, Array]] = []

    def __call__(self, weights: Array) -> Array:
        """The function's answer."""
        for known, answer in self._known:
            if known is weights:
                return answer
        answer = self._function(weights)
        if len(weights) > 1:
            self._known = [(weights, answer), *self._known[:1]]
        return answer


def mean_of(name: str, statistics: Sequence[Statistic]) -> Statistic:
    """The mean of the raters' own figures (never the figure of their pooled counts).

    `n` is the mean number of units. Raises StatisticsError for no statistics at all.
    """
    if not statistics:
        raise StatisticsError(name, reason="there is no rater", remedy="Add ratings of one rater or more")
    return Statistic(
        name=name,
        of=lambda weights: np.asarray(np.mean([each.of(weights) for each in statistics], axis=0)),
        patients=statistics[0].patients,
        n=round(sum(statistic.n for statistic in statistics) / len(statistics)),
        undefined=next((s.undefined for s in statistics if _is_undefined(s)), statistics[0].undefined),
    )


def difference(name: str, one: Statistic, other: Statistic) -> Statistic:
    """`one` less `other`, of the same patients; its replicates are paired, so correlation counts.

    `n` is the smaller of the two. Raises StatisticsError where they have not the same patients.
    """
    if one.patients != other.patients:
        reason = f"{one.patients} patients cannot be paired with {other.patients}"
        raise StatisticsError(name, reason=reason, remedy="Compute both on the same patients")
    return Statistic(
        name=name,
        of=lambda weights: one.of(weights) - other.of(weights),
        patients=one.patients,
        n=min(one.n, other.n),
        undefined=one.undefined if _is_undefined(one) else other.undefined,
    )


def ratio(numerator: Array, denominator: Array) -> Array:
    """numerator / denominator, NaN where the denominator is 0; the shapes broadcast."""
    shape = np.broadcast_shapes(numerator.shape, denominator.shape)
    return np.asarray(np.divide(numerator, denominator, out=np.full(shape, np.nan), where=denominator != 0))


class LeaveOneOut:
    """The weights (patients, patients) that leave out one patient each, never written out.

    All but one is the sum less the one, so `weights @ values` needs no product of matrices. Whatever else
    is asked of it is answered by the matrix itself.
    """

    def __init__(self, patients: int) -> None:
        self.shape = (patients, patients)

    def __len__(self) -> int:
        return self.shape[0]

    def __matmul__(self, values: Array) -> Array:
        return np.asarray(values.sum(axis=0) - values)

    def __getitem__(self, key: Any) -> Array:
        return np.asarray(np.asarray(self)[key], dtype=np.float64)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.asarray(1 - np.eye(len(self)), dtype=dtype)

    def sum(self, axis: int | None = None) -> Array:
        """The matrix's own sum."""
        return np.asarray(np.asarray(self).sum(axis=axis))


@dataclass(frozen=True, kw_only=True, eq=False)
class Resamples:
    """The replicates of a bootstrap: `counts` (replicates, patients), each row drawn with replacement.

    One object serves all raters and statistics of a study, so that their replicates pair up.
    """

    counts: Array
    level: float = 0.95

    @classmethod
    def draw(
        cls, patients: int, *, rng: np.random.Generator, resamples: int = 2000, level: float = 0.95
    ) -> Resamples:
        """`resamples` replicates of `patients` patients. Raises StatisticsError for fewer than two."""
        if patients < 2:
            reason = f"{TOO_FEW}, not {patients}"
            raise StatisticsError("bootstrap", reason=reason, remedy="Add cases")
        counts = np.empty((resamples, patients))
        for row in counts:
            row[:] = np.bincount(rng.integers(patients, size=patients), minlength=patients)
        return cls(counts=counts, level=level)

    @classmethod
    def none(cls, patients: int, *, level: float = 0.95) -> Resamples:
        """No replicate: figures have their value and every interval is refused."""
        return cls(counts=np.empty((0, patients)), level=level)

    def check(self, name: str) -> None:
        """Raises StatisticsError where there is no replicate to make an interval of."""
        if not len(self.counts):
            raise StatisticsError(name, reason=TOO_FEW, remedy="Add cases")

    def estimate(self, statistic: Statistic, interval: Interval = Interval.BCA) -> Estimate:
        """The statistic with its interval.

        Percentile: the quantiles (1 - level) / 2 and (1 + level) / 2 of the replicates. BCa: quantiles
        shifted by bias (share of replicates below the value, ties by half) and acceleration (skewness
        of the leave-one-patient-out values); Efron 1987, JASA 82:171. Raises StatisticsError where the
        statistic is undefined, undefined in more than 5 % of the replicates, or the same in all, and
        where there is no replicate.
        """
        value = statistic.value()
        self.check(statistic.name)
        replicates = statistic.of(self.counts)
        defined = replicates[~np.isnan(replicates)]
        if len(defined) < (1 - MAX_UNDEFINED_SHARE) * len(replicates):
            share = 1 - len(defined) / len(replicates)
            reason = f"no interval: in {share:.0%} of the resamples {statistic.undefined}"
            raise StatisticsError(statistic.name, reason=reason, remedy="More cases are needed")
        if np.ptp(defined) == 0:
            reason = later("no interval: it is the same in every resample of the patients")
            raise StatisticsError(statistic.name, reason=reason, remedy="More cases are needed")
        tails = np.array([1 - self.level, 1 + self.level]) / 2
        if interval is Interval.BCA:
            tails = _bca_tails(tails, value, defined, self._jackknife(statistic))
        low, high = np.quantile(defined, tails).tolist()
        return Estimate(
            value=value, low=low, high=high, n=statistic.n, method=interval.value, level=self.level
        )

    @cached_property
    def leave_one_out(self) -> Array:
        """The weights (patients, patients) that leave out one patient each; see LeaveOneOut."""
        return leave_one_out(self.counts.shape[1])

    def _jackknife(self, statistic: Statistic) -> Array:
        values = statistic.of(self.leave_one_out)
        return values[~np.isnan(values)]


def leave_one_out(patients: int) -> Array:
    """A LeaveOneOut, which a statistic takes as it takes any weights."""
    return cast(Array, LeaveOneOut(patients))


def _bca_tails(tails: Array, value: float, replicates: Array, jackknife: Array) -> Array:
    """The BCa quantiles in place of the nominal ones. No skewness (equal values) is acceleration 0."""
    below = (np.sum(replicates < value) + np.sum(replicates == value) / 2) / len(replicates)
    margin = 0.5 / len(replicates)
    bias = special.ndtri(np.clip(below, margin, 1 - margin))
    deviations = jackknife.mean() - jackknife
    spread = np.sum(deviations**2) ** 1.5
    acceleration = np.sum(deviations**3) / (6 * spread) if spread > 0 else 0.0
    shifted = bias + special.ndtri(tails)
    return np.asarray(special.ndtr(bias + shifted / (1 - acceleration * shifted)), dtype=np.float64)


def _is_undefined(statistic: Statistic) -> bool:
    return bool(np.isnan(statistic.of(np.ones((1, statistic.patients)))[0]))
