"""Both streams into four probabilities a site; what it needs to know stands on the card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from scipy.special import expit, logit

from lss_core.domain import Condition, Grade, Probabilities
from lss_core.errors import BundleError
from lss_core.vision.bundle import Bundle

PARAMETERS = "ensemble"
"""Where the card keeps the ensemble."""

MEASUREMENT, CLASSIFICATION = "measurement", "classification"
"""The streams' names in a finding."""

SURE = 6.0
"""No stream is taken to be surer than this, in log odds."""

FEATURES: Mapping[Condition, tuple[str, ...]] = {
    Condition.CENTRAL: (
        "sac_area_ratio",
        "sac_area_mm2",
        "sac_height_mm",
        "canal_ap_mm",
        "canal_area_mm2",
        "sac_mean",
        "disc_bulge_mm",
        "flavum_thickness_mm",
        "herniation_depth_mm",
    ),
    Condition.LATERAL_RECESS: (
        "recess_height_mm",
        "recess_area_mm2",
        "flavum_thickness_mm",
        "facet_area_mm2",
        "sac_area_ratio",
        "asymmetry_ratio",
        "herniation_area_mm2",
    ),
    Condition.FORAMINAL: (
        "foramen_room_mm2",
        "foramen_clearance_mm",
        "foramen_fat_mm2",
        "posterior_disc_height_mm",
        "listhesis_mm",
    ),
}
"""The measurements that speak for a condition. Without the first the stream says nothing."""


class Ordinal(BaseModel):
    """Measurements to four probabilities: P(grade >= k) = logistic(weights . x - cuts[k - 1]).

    x: the features, less their means, over their scales; a feature that is not there is 0.
    For central stenosis the first feature is one less Lurie's lost share, so the cuts are his
    thirds as the segmentation sees them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    features: tuple[str, ...]
    means: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    cuts: tuple[float, float, float]

    def probabilities(self, measurements: Mapping[str, float]) -> Probabilities | None:
        """What the measurements of a site say of its grade; None without the first feature."""
        if self.features[0] not in measurements:
            return None
        return tuple_of(at_least(self.standardised(measurements) @ np.array(self.weights), self.cuts))

    def standardised(self, measurements: Mapping[str, float]) -> NDArray[np.float64]:
        """(features,) x."""
        known = zip(self.features, self.means, self.scales, strict=True)
        return np.array([(measurements.get(name, mean) - mean) / scale for name, mean, scale in known])


class Pooling(BaseModel):
    """Streams to four probabilities: logit P(grade >= k) = sum_s weights[s] logit P_s(grade >= k)
    + shifts[k - 1].

    A logarithmic pool of the odds (Genest and Zidek 1986, Stat Sci 1:114). Of one stream alone it is
    a temperature, one over its weight (Guo et al. 2017, ICML), with a shift for each threshold.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weights: Mapping[str, Annotated[float, Field(ge=0)]]
    shifts: tuple[float, float, float]

    def pooled(self, streams: Mapping[str, Probabilities]) -> Probabilities:
        """Four probabilities from those of the streams that have a weight; all must be there."""
        logits = sum(weight * log_odds(streams[name]) for name, weight in self.weights.items())
        return tuple_of(expit(logits + np.array(self.shifts)))


class Combination(BaseModel):
    """One condition: the measurement stream's calibration, and how the streams are pooled.

    both: where both have spoken; alone: where a stream has spoken by itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    measurement: Ordinal
    both: Pooling
    alone: Mapping[str, Pooling]

    def combined(self, streams: Mapping[str, Probabilities]) -> Probabilities | None:
        """The streams' probabilities pooled; None of none."""
        if not streams:
            return None
        pooling = self.both if len(streams) > 1 else self.alone[next(iter(streams))]
        return pooling.pooled(streams)


class Ensemble(BaseModel):
    """The combinations of all conditions, as they stand on the card."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    conditions: Mapping[Condition, Combination]


def ensemble_of(bundle: Bundle) -> Ensemble:
    """The ensemble on a bundle's card. Raises BundleError when it is missing or wrong."""
    try:
        ensemble = Ensemble.model_validate(bundle.card.parameters.get(PARAMETERS))
    except ValidationError as error:
        raise _refused(bundle, "the ensemble on its card is missing or wrong") from error
    if set(ensemble.conditions) != set(Condition):
        raise _refused(bundle, "the ensemble on its card does not cover the three conditions")
    return ensemble


def at_least(score: float | NDArray[np.float64], cuts: tuple[float, ...]) -> NDArray[np.float64]:
    """(..., 3) P(grade >= 1), P(grade >= 2), P(grade >= 3) of a score."""
    result: NDArray[np.float64] = expit(np.asarray(score)[..., None] - np.array(cuts))
    return result


def log_odds(probabilities: Probabilities) -> NDArray[np.float64]:
    """(3,) log odds of P(grade >= 1), P(grade >= 2), P(grade >= 3), none beyond SURE."""
    reached = np.cumsum(np.asarray(probabilities)[::-1])[::-1][1:]
    result: NDArray[np.float64] = np.clip(logit(np.clip(reached, 0, 1)), -SURE, SURE)
    return result


def tuple_of(at_least_each: NDArray[np.float64]) -> Probabilities:
    """Four probabilities from the three of 'at least mild, moderate, severe'."""
    falling = np.minimum.accumulate(at_least_each)
    steps = np.concatenate([[1.0], falling]) - np.concatenate([falling, [0.0]])
    none, mild, moderate, severe = (steps / steps.sum()).tolist()
    return (none, mild, moderate, severe)


def median_grade(probabilities: Probabilities) -> Grade:
    """The middle of a distribution over grades: the least grade reached with one half.

    It is positive just when moderate and severe together are more likely than not.
    """
    reached = np.cumsum(probabilities)
    return Grade(int(np.argmax(reached >= 0.5 * reached[-1])))


def _refused(bundle: Bundle, reason: str) -> BundleError:
    return BundleError(
        bundle.card.name, reason=reason, remedy="Fetch the bundle again, or name another with LSS_BUNDLE"
    )
