"""How many units give a kappa or a sensitivity an interval of a wanted width.

Sites of one patient are not independent: the number of independent units is multiplied by the design
effect 1 + (m - 1) rho for m sites a patient with the intraclass correlation rho (Donner and Klar 2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from lss_core.errors import StatisticsError
from lss_core.stats.agreement import Weighting, cohen_large_sample
from lss_core.stats.power import MOST_CASES
from lss_core.stats.resample import Array


@dataclass(frozen=True, kw_only=True)
class Clusters:
    """Sites a patient and their intraclass correlation, 0 to 1."""

    sites: int = 1
    correlation: float = 0.0

    @property
    def design_effect(self) -> float:
        """1 + (sites - 1) correlation. Raises StatisticsError for clusters there cannot be."""
        if self.sites < 1 or not 0 <= self.correlation <= 1:
            reason = f"{self.sites} sites a patient with a correlation of {self.correlation:g}"
            raise StatisticsError("clusters", reason=reason, remedy="One site or more, correlation 0 to 1")
        return 1 + (self.sites - 1) * self.correlation


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Units needed, in all and those that count (the positive ones of a sensitivity), and patients.

    `width` is that expected of the interval with so many.
    """

    units: int
    counting: int
    patients: int
    width: float
    design_effect: float


def kappa_precision(
    *,
    kappa: float,
    shares: Sequence[float],
    width: float,
    weighting: Weighting = Weighting.PLAIN,
    clusters: Clusters | None = None,
    level: float = 0.95,
) -> Precision:
    """Units for Cohen's kappa of two raters who both give the grades in these shares.

    The table is kappa diag(shares) + (1 - kappa) shares shares', of which every weighted kappa is kappa;
    the width is that of the large-sample interval (Fleiss, Cohen and Everitt 1969). Raises
    StatisticsError for shares that are none and a kappa below what they allow.
    """
    table = agreement_table(kappa, shares)
    effect = (clusters or Clusters()).design_effect
    one = cohen_large_sample(table * 1e6, weighting, level=level)
    unit = max(one.high - one.low, 0.0) * 1e3
    needed = _checked(width, "kappa", 2.0)
    units = max(2, int(np.ceil(effect * (unit / needed) ** 2 - 1e-9)))
    return _precision(units, units, effect, unit * np.sqrt(effect / units), clusters)


def agreement_table(kappa: float, shares: Sequence[float]) -> Array:
    """Shares of the pairs of grades of two raters with this kappa: (grades, grades)."""
    given = np.array(shares, dtype=np.float64)
    if len(given) < 2 or not np.all(given > 0) or not np.isclose(given.sum(), 1):
        reason = "the shares of two grades or more are above 0 and add up to 1"
        raise StatisticsError("kappa", reason=reason, remedy="Correct them")
    table = kappa * np.diag(given) + (1 - kappa) * np.outer(given, given)
    if not kappa < 1 or np.any(table < 0):
        reason = f"two raters with these shares cannot have a kappa of {kappa:g} with an error"
        raise StatisticsError("kappa", reason=reason, remedy="Give one below 1 and not as far below 0")
    return np.asarray(table)


def sensitivity_precision(
    *,
    sensitivity: float,
    width: float,
    prevalence: float = 1.0,
    clusters: Clusters | None = None,
    level: float = 0.95,
) -> Precision:
    """Units for a sensitivity with Wilson's interval; for a specificity give 1 - prevalence.

    The least number of positive units whose interval at the expected sensitivity is no wider, (2 z
    sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n), and the units in all of which that many are expected
    to be positive. Raises StatisticsError for a rate or a
    prevalence outside 0 to 1.
    """
    for name, value in (("sensitivity", sensitivity), ("prevalence", prevalence)):
        if not 0 <= value <= 1 or (name == "prevalence" and value == 0):
            reason = f"{value:g} is not a {name} to plan with"
            raise StatisticsError(name, reason=reason, remedy="Give a share above 0 and up to 1")
    effect = (clusters or Clusters()).design_effect
    needed = _checked(width, "sensitivity", 1.0)

    z = float(special.ndtri((1 + level) / 2))

    def wide(positives: int) -> float:
        n = positives / effect
        spread = sensitivity * (1 - sensitivity) / n + z**2 / (4 * n**2)
        return float(2 * z * np.sqrt(spread) / (1 + z**2 / n))

    low, high = 0, 1
    while wide(high) > needed:
        low, high = high, 2 * high
        if low > MOST_CASES:
            reason = f"more than {MOST_CASES} positive units are needed"
            raise StatisticsError("sensitivity", reason=reason, remedy="Take a greater width")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if wide(middle) <= needed else (middle, high)
    units = int(np.ceil(high / prevalence - 1e-9))
    return _precision(units, high, effect, wide(high), clusters)


def _precision(
    units: int, counting: int, effect: float, width: float, clusters: Clusters | None
) -> Precision:
    sites = (clusters or Clusters()).sites
    return Precision(
        units=units,
        counting=counting,
        patients=-(-units // sites),
        width=float(width),
        design_effect=effect,
    )


def _checked(width: float, subject: str, most: float) -> float:
    if not 0 < width < most:
        reason = f"a width of {width:g} is not between 0 and {most:g}"
        raise StatisticsError(subject, reason=reason, remedy="Give the width of the whole interval")
    return width
