"""How good a model's probabilities are: scores of the whole distribution, and calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from lss_core.domain import Estimate
from lss_core.errors import StatisticsError
from lss_core.stats.intervals import normal_quantile, rao_scott
from lss_core.stats.rates import NO_UNIT
from lss_core.stats.resample import Array, Rate, Statistic, ratio
from lss_core.stats.tables import MISSING, Codes, summed

Flags = NDArray[np.bool_]

CUT = 1e-6
"""Probabilities are kept this far from 0 and 1 where their log odds are needed."""

MAX_STEPS = 100
"""Newton's steps of a recalibration; a dozen are usual."""


def ranked_probability_score(
    truth: Codes, probabilities: Array, patients: Codes, *, n_patients: int
) -> Statistic:
    """Mean over units of sum_k (F_k - O_k)^2 / (grades - 1), F and O the cumulated forecast and truth.

    0 is perfect, 1 the worst. Units without truth or with a NaN among their `probabilities` (units,
    grades) are left out. Epstein 1969, J Appl Meteorol 8:985; with two grades it is the Brier score.
    """
    kept = (truth != MISSING) & ~np.isnan(probabilities).any(axis=1)
    grades = probabilities.shape[1]
    forecast = probabilities[kept].cumsum(axis=1)[:, :-1]
    happened = truth[kept][:, None] <= np.arange(grades - 1)
    own = ((forecast - happened) ** 2).sum(axis=1) / (grades - 1)
    return _mean("ranked probability score", own, patients[kept], n_patients)


def brier(positive: Flags, probability: Array, patients: Codes, *, n_patients: int) -> Statistic:
    """Mean squared distance of the probability of positive from 0 or 1; scikit-learn's brier_score_loss."""
    kept = ~np.isnan(probability)
    own = (probability[kept] - positive[kept]) ** 2
    return _mean("Brier score", own, patients[kept], n_patients)


@dataclass(frozen=True, kw_only=True)
class ReliabilityBin:
    """Units whose probability lies in [low, high): how many, their mean probability, the share positive.

    `observed` has the Rao-Scott interval over patients; None where the interval is undefined, with the
    share in `share`.
    """

    low: float
    high: float
    n: int
    mean_probability: float
    share: float
    observed: Estimate | None


def reliability(
    positive: Flags,
    probability: Array,
    patients: Codes,
    *,
    n_patients: int,
    bins: int = 10,
    level: float = 0.95,
) -> tuple[ReliabilityBin, ...]:
    """The bins of equal width that hold units, for a reliability diagram. 1 belongs to the last."""
    kept = ~np.isnan(probability)
    place = _place(probability[kept], bins)
    found = []
    for own in np.unique(place).tolist():
        at = place == own
        owners = patients[kept][at]
        hits, base = (
            np.bincount(owners[chosen], minlength=n_patients).astype(np.float64)
            for chosen in (positive[kept][at], slice(None))
        )
        found.append(
            ReliabilityBin(
                low=own / bins,
                high=(own + 1) / bins,
                n=int(at.sum()),
                mean_probability=float(probability[kept][at].mean()),
                share=float(positive[kept][at].mean()),
                observed=_interval(hits, base, level),
            )
        )
    return tuple(found)


def calibration_error(
    positive: Flags, probability: Array, patients: Codes, *, n_patients: int, bins: int = 10
) -> Statistic:
    """Expected calibration error: sum over bins of equal width of n_b / n |share positive - mean p|.

    Naeini, Cooper and Hauskrecht 2015, AAAI. It is above 0 even for a calibrated model, by chance.
    """
    kept = ~np.isnan(probability)
    place = _place(probability[kept], bins)
    gaps = np.zeros((int(kept.sum()), bins + 1))
    gaps[np.arange(len(gaps)), place] = positive[kept] - probability[kept]
    gaps[:, -1] = 1
    sums = summed(gaps, patients[kept], n_patients=n_patients)

    def of(weights: Array) -> Array:
        total = sums.under(weights)
        return ratio(np.abs(total[:, :-1]).sum(axis=1), total[:, -1])

    return Statistic(
        name="expected calibration error", of=of, patients=n_patients, n=len(gaps), undefined=NO_UNIT
    )


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """Logistic recalibration: log odds of positive = intercept + slope x log odds of the probability.

    A slope below 1 says that the probabilities are too extreme. `in_the_large` is the intercept with the
    slope held at 1: below 0 the probabilities are too high. All are 0, 1, 0 for a calibrated model.
    """

    intercept: Estimate
    slope: Estimate
    in_the_large: Estimate


def calibration(
    positive: Flags, probability: Array, patients: Codes, *, n_patients: int, level: float = 0.95
) -> Calibration:
    """Slope and intercepts with Wald's intervals and errors clustered by patient.

    Cox 1958, Biometrika 45:562; Van Calster et al. 2019, BMC Med 17:230. The sandwich is that of
    statsmodels' GEE (Binomial, Independence). Probabilities are cut to CUT and 1 - CUT first. Raises
    StatisticsError where one class is missing, the probabilities are all alike, or they separate the
    classes so that no finite slope fits.
    """
    kept = ~np.isnan(probability)
    y = positive[kept].astype(np.float64)
    if not 0 < y.sum() < len(y):
        reason = "the units are all positive or all negative in the reference"
        raise StatisticsError("calibration", reason=reason, remedy="Add cases")
    odds = special.logit(np.clip(probability[kept], CUT, 1 - CUT))
    if np.ptp(odds) == 0:
        raise StatisticsError(
            "calibration", reason="all probabilities are alike", remedy="Ask for the intercept alone"
        )
    design = np.column_stack([np.ones_like(odds), odds])
    both = _logistic(design, y, np.zeros_like(odds), patients[kept], n_patients)
    alone = _logistic(design[:, :1], y, odds, patients[kept], n_patients)
    z = normal_quantile(level)

    def estimate(value: float, error: float) -> Estimate:
        low, high = value - z * error, value + z * error
        return Estimate(
            value=value, low=low, high=high, n=len(y), method="Wald, clustered sandwich", level=level
        )

    return Calibration(
        intercept=estimate(both[0][0], both[1][0]),
        slope=estimate(both[0][1], both[1][1]),
        in_the_large=estimate(alone[0][0], alone[1][0]),
    )


def _logistic(
    design: Array, y: Array, offset: Array, patients: Codes, n_patients: int
) -> tuple[list[float], list[float]]:
    """Coefficients and clustered errors by Newton's method."""
    beta = np.zeros(design.shape[1])
    steps = 0
    while True:
        p = special.expit(design @ beta + offset)
        bread = (design * (p * (1 - p))[:, None]).T @ design
        if steps == MAX_STEPS or not np.all(np.isfinite(bread)) or np.linalg.cond(bread) > 1e14:
            break
        steps += 1
        step = np.linalg.solve(bread, design.T @ (y - p))
        beta = beta + step
        if np.abs(step).max() < 1e-11:
            scores = summed(design * (y - p)[:, None], patients, n_patients=n_patients).per_patient
            inverse = np.linalg.inv(bread)
            errors = np.sqrt(np.diag(inverse @ (scores.T @ scores) @ inverse))
            return beta.tolist(), errors.tolist()
    reason = "the probabilities separate positive from negative units, so that no finite slope fits"
    raise StatisticsError("calibration", reason=reason, remedy="Show the reliability diagram instead")


def _place(probability: Array, bins: int) -> Codes:
    return np.minimum((probability * bins).astype(np.int64), bins - 1)


def _interval(hits: Array, base: Array, level: float) -> Estimate | None:
    rate = Rate(
        name="share positive",
        of=lambda weights: ratio(weights @ hits, weights @ base),
        patients=len(hits),
        n=int(base.sum()),
        undefined=NO_UNIT,
        hits=hits,
        base=base,
    )
    try:
        return rao_scott(rate, level=level)
    except StatisticsError:
        return None


def _mean(name: str, own: Array, patients: Codes, n_patients: int) -> Statistic:
    sums = summed(np.column_stack([own, np.ones_like(own)]), patients, n_patients=n_patients)

    def of(weights: Array) -> Array:
        total = sums.under(weights)
        return ratio(total[:, 0], total[:, 1])

    return Statistic(name=name, of=of, patients=n_patients, n=len(own), undefined=NO_UNIT)
