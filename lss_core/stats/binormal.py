"""The binormal ROC curve, fitted by maximum likelihood to ordered categories.

Negative units have a latent value from N(0, 1), positive ones from N(a / b, 1 / b^2); cut points c make
categories of it. The curve is sensitivity = Phi(a + b z), z the normal quantile of the false positive rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from lss_core.domain import Estimate
from lss_core.errors import StatisticsError
from lss_core.stats.intervals import normal_quantile
from lss_core.stats.rates import NO_NEGATIVE, NO_POSITIVE
from lss_core.stats.resample import Array
from lss_core.stats.roc import Flags

DEGENERATE = "the data are degenerate: a binormal curve through them has no finite parameters"
SLOPES = (0.05, 20.0)
"""Fitted slopes outside of these are taken for degenerate data."""
SCORING_STEPS = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class Binormal:
    """A fitted curve: `a`, `b`, cut points, and the covariance (2 + cuts, 2 + cuts) in that order."""

    a: float
    b: float
    cuts: Array
    covariance: Array
    log_likelihood: float
    n: int

    def auc(self, *, level: float = 0.95) -> Estimate:
        """Phi(a / sqrt(1 + b^2)), with Wald's interval on the normal quantile by the delta method."""
        root = float(np.sqrt(1 + self.b**2))
        slope = np.array([1 / root, -self.a * self.b / root**3])
        error = float(np.sqrt(slope @ self.covariance[:2, :2] @ slope))
        return self._from_quantile(self.a / root, error, "binormal, maximum likelihood", level)

    def auc_error(self) -> float:
        """The AUC's own standard error: the normal density at the quantile times the quantile's error."""
        root = float(np.sqrt(1 + self.b**2))
        slope = np.array([1 / root, -self.a * self.b / root**3])
        error = float(np.sqrt(slope @ self.covariance[:2, :2] @ slope))
        return float(np.exp(-((self.a / root) ** 2) / 2) / np.sqrt(2 * np.pi)) * error

    def sensitivity_at(self, false_positive_rate: float, *, level: float = 0.95) -> Estimate:
        """Phi(a + b z), with Wald's interval on the normal quantile. Raises StatisticsError at 0 and 1."""
        if not 0 < false_positive_rate < 1:
            reason = f"{false_positive_rate:g} is not between 0 and 1"
            raise StatisticsError("false positive rate", reason=reason, remedy="Give a share inside 0 and 1")
        slope = np.array([1.0, float(special.ndtri(false_positive_rate))])
        error = float(np.sqrt(slope @ self.covariance[:2, :2] @ slope))
        return self._from_quantile(self.a + self.b * slope[1], error, "binormal, pointwise", level)

    def _from_quantile(self, centre: float, error: float, method: str, level: float) -> Estimate:
        half = normal_quantile(level) * error
        value, low, high = special.ndtr([centre, centre - half, centre + half]).tolist()
        return Estimate(value=value, low=low, high=high, n=self.n, method=method, level=level)


def fit_binormal(negatives: Array, positives: Array) -> Binormal:
    """The maximum likelihood fit to the units of each class (categories,), ascending in suspicion.

    Dorfman and Alf 1969, J Math Psychol 6:487. The errors come from the expected information. Categories
    that nobody used are dropped. Checked against Stata's rocfit on Hanley and McNeil's (1982) readings.
    Units are taken as independent. Raises StatisticsError without units of a class, with fewer than three
    categories in use, or for degenerate data (Phi(a + b z) has no inner point to bend through).
    """
    for units, reason in ((negatives, NO_NEGATIVE), (positives, NO_POSITIVE)):
        if units.sum() == 0:
            raise StatisticsError("binormal fit", reason=reason, remedy="Add cases")
    used = (negatives + positives) > 0
    counts = np.stack([negatives[used], positives[used]]).astype(np.float64)
    if counts.shape[1] < 3:
        reason = "fewer than three categories were used"
        raise StatisticsError("binormal fit", reason=reason, remedy="Use the empirical AUC")
    found = optimize.minimize(
        _minus_log_likelihood, _start(counts), args=(counts,), jac=True, method="BFGS", options={"gtol": 1e-8}
    )
    a, b, cuts = _natural(found.x)
    least = _shares(a, b, cuts).min()
    if not (SLOPES[0] < b < SLOPES[1] and least > 1e-10 and np.abs(found.jac).max() <= 1e-3):
        raise StatisticsError("binormal fit", reason=DEGENERATE, remedy="Use the empirical AUC")
    a, b, cuts = _polished(a, b, cuts, counts)
    return Binormal(
        a=a,
        b=b,
        cuts=cuts,
        covariance=np.asarray(np.linalg.inv(_information(a, b, cuts, counts)), np.float64),
        log_likelihood=float(np.sum(counts * np.log(_shares(a, b, cuts)))),
        n=int(counts.sum()),
    )


def categorise(scores: Array, positive: Flags, *, categories: int = 10) -> tuple[Array, Array]:
    """Counts of negative and positive units in as many classes of about equal size, by the scores' ranks.

    Equal scores stay together. A NaN score is left out.
    """
    kept = ~np.isnan(scores)
    edges = np.unique(np.quantile(scores[kept], np.arange(1, categories) / categories))
    place = np.searchsorted(edges, scores[kept], side="right")
    counts = [
        np.bincount(place[positive[kept] == own], minlength=len(edges) + 1).astype(np.float64)
        for own in (False, True)
    ]
    return counts[0], counts[1]


def _start(counts: Array) -> Array:
    """Cuts from the negatives' shares and a line through the positives' quantiles, half a unit added."""
    smooth = counts + 0.5
    below = (smooth.cumsum(axis=1) / smooth.sum(axis=1, keepdims=True))[:, :-1]
    cuts, other = special.ndtri(below)
    slope = max(float(np.polyfit(cuts, other, 1)[0]), 0.2)
    a = float(np.mean(slope * cuts - other))
    return np.concatenate([[a, np.log(slope), cuts[0]], np.log(np.maximum(np.diff(cuts), 1e-3))])


def _polished(a: float, b: float, cuts: Array, counts: Array) -> tuple[float, float, Array]:
    """The maximum to the last digits by Fisher's scoring, which the search leaves to the processor."""
    point = np.concatenate([[a, b], cuts])
    for _ in range(SCORING_STEPS):
        shares, slopes = (of(point[0], point[1], point[2:]) for of in (_shares, _slopes))
        score = np.einsum("gpc,gc->p", slopes, counts / shares)
        point = point + np.linalg.solve(_information(point[0], point[1], point[2:], counts), score)
    return float(point[0]), float(point[1]), point[2:]


def _information(a: float, b: float, cuts: Array, counts: Array) -> Array:
    """The expected information of a, b and the cuts."""
    shares, slopes = _shares(a, b, cuts), _slopes(a, b, cuts)
    units = counts.sum(axis=1)
    return np.asarray(sum(units[own] * (slopes[own] / shares[own]) @ slopes[own].T for own in (0, 1)))


def _natural(point: Array) -> tuple[float, float, Array]:
    cuts = point[2] + np.concatenate([[0.0], np.exp(point[3:]).cumsum()])
    return float(point[0]), float(np.exp(point[1])), cuts


def _shares(a: float, b: float, cuts: Array) -> Array:
    """Probabilities (2, categories) of negative and positive units."""
    below = special.ndtr(np.stack([cuts, b * cuts - a]))
    return np.diff(below, axis=1, prepend=0.0, append=1.0)


def _slopes(a: float, b: float, cuts: Array) -> Array:
    """Derivatives (2, parameters, categories) of the probabilities by a, b and each cut."""
    heights = np.exp(-(np.stack([cuts, b * cuts - a]) ** 2) / 2) / np.sqrt(2 * np.pi)
    below = np.zeros((2, 2 + len(cuts), len(cuts)))
    below[1, 0], below[1, 1] = -heights[1], heights[1] * cuts
    below[0, 2:] = np.diag(heights[0])
    below[1, 2:] = np.diag(b * heights[1])
    return np.asarray(np.diff(below, axis=2, prepend=0.0, append=0.0))


def _minus_log_likelihood(point: Array, counts: Array) -> tuple[float, Array]:
    a, b, cuts = _natural(point)
    shares = np.maximum(_shares(a, b, cuts), 1e-300)
    by_natural = np.einsum("gpc,gc->p", _slopes(a, b, cuts), counts / shares)
    gaps = np.exp(point[3:])
    later = by_natural[2:][::-1].cumsum()[::-1]
    gradient = np.concatenate([[by_natural[0], by_natural[1] * b, later[0]], later[1:] * gaps])
    return -float(np.sum(counts * np.log(shares))), -gradient
