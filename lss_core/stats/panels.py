"""Agreement of a panel, each coefficient with the large-sample error of independent units.

One form holds for percent agreement, Fleiss' kappa, Brennan and Prediger's, Gwet's AC1 and AC2 and
Krippendorff's alpha: (pa - pe) / (1 - pe), with pa the observed and pe the chance agreement under
agreement weights w (1 on the diagonal, 1 - the disagreement of `Weighting` off it). Gwet 2014, Handbook of
Inter-Rater Reliability, 4th ed.; errors after Gwet 2008, Br J Math Stat Psychol 61:29, and 2021, Educ
Psychol Meas 81:781, as in R's irrCAC. Here too units may miss values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import special

from lss_core.domain import Estimate
from lss_core.errors import StatisticsError
from lss_core.stats.agreement import NO_PAIR, ONE_GRADE_GIVEN, Weighting
from lss_core.stats.resample import Array, Statistic, ratio
from lss_core.stats.tables import Codes, summed


class Coefficient(StrEnum):
    """What chance agreement is taken off."""

    PERCENT = "percent agreement"
    FLEISS = "Fleiss' kappa"
    BRENNAN_PREDIGER = "Brennan-Prediger (PABAK)"
    GWET = "Gwet's AC"
    ALPHA = "Krippendorff's alpha"

    def titled(self, weighting: Weighting) -> str:
        """The coefficient's usual name under a weighting: Gwet's AC1 unweighted, AC2 weighted."""
        if self is Coefficient.GWET:
            kind = "1" if weighting is Weighting.PLAIN else f"2, {weighting.value}"
            return f"Gwet's AC{kind}"
        return self.value if weighting is Weighting.PLAIN else f"{self.value}, {weighting.value}"


@dataclass(frozen=True, kw_only=True, eq=False)
class _Units:
    """What each unit says: values given, agreeing pairs, and its share of chance agreement."""

    votes: Array
    weights: Array

    @property
    def values(self) -> Array:
        return np.asarray(self.votes.sum(axis=1))

    @property
    def agreeing(self) -> Array:
        """Weighted agreeing ordered pairs of a unit: sum_k r_k (sum_l w_kl r_l - 1)."""
        return np.asarray((self.votes * (self.votes @ self.weights - 1)).sum(axis=1))

    @property
    def observed(self) -> Array:
        """Weighted agreement of a unit's pairs, 0 where it has none."""
        values = self.values
        return np.asarray(np.nan_to_num(ratio(self.agreeing, values * (values - 1))))


def panel_agreement(
    votes: Array,
    patients: Codes,
    coefficient: Coefficient,
    weighting: Weighting = Weighting.PLAIN,
    *,
    n_patients: int,
) -> Statistic:
    """A panel's agreement of votes (units, grades) as a statistic of patients' weights.

    Percent agreement takes no chance agreement off; Brennan-Prediger's is sum w / k^2 (for k grades,
    unweighted, the prevalence- and bias-adjusted kappa (k po - 1) / (k - 1)); Gwet's is sum w / (k (k - 1))
    sum p (1 - p); Fleiss' is p' w p, p the mean shares of the grades. Alpha is in `agreement.alpha`, for
    the ordinal, interval and ratio distances too. Raises StatisticsError for alpha.
    """
    if coefficient is Coefficient.ALPHA:
        raise StatisticsError(
            "panel agreement", reason="alpha is not made of unit shares", remedy="Use agreement.alpha"
        )
    weights = 1 - weighting.disagreement(votes.shape[1])
    units = _Units(votes=votes, weights=weights)
    values = units.values
    shares = np.nan_to_num(ratio(votes, values[:, None]))
    parts = np.column_stack([units.observed, values >= 2, values >= 1, shares])
    sums = summed(parts, patients, n_patients=n_patients)

    def of(given: Array) -> Array:
        total = sums.under(given)
        observed = ratio(total[:, 0], total[:, 1])
        chance = _chance(coefficient, ratio(total[:, 3:], total[:, 2:3]), weights)
        possible = 1 - chance
        return ratio(observed - chance, np.where(possible > 1e-12, possible, 0))

    n = int(np.sum(values >= 2))
    return Statistic(
        name=coefficient.titled(weighting),
        of=of,
        patients=n_patients,
        n=n,
        undefined=ONE_GRADE_GIVEN if n else NO_PAIR,
    )


def _chance(coefficient: Coefficient, shares: Array, weights: Array) -> Array:
    """Chance agreement (r,) from the grades' shares (r, k)."""
    k = len(weights)
    if coefficient is Coefficient.PERCENT:
        return np.zeros(len(shares))
    if coefficient is Coefficient.BRENNAN_PREDIGER:
        return np.full(len(shares), weights.sum() / k**2)
    if coefficient is Coefficient.GWET:
        return np.asarray(weights.sum() / (k * (k - 1)) * (shares * (1 - shares)).sum(axis=1))
    return np.asarray(np.einsum("rk,kl,rl->r", shares, weights, shares))


def panel_large_sample(
    votes: Array,
    coefficient: Coefficient,
    weighting: Weighting = Weighting.PLAIN,
    *,
    level: float = 0.95,
) -> Estimate:
    """A panel's agreement of independent units (units, grades), with Wald's interval cut at -1 and 1.

    var = sum (x - c)^2 / (n (n - 1)), x the unit's linearised coefficient: its own observed agreement over
    1 - pe, less 2 (1 - c) / (1 - pe) times its chance agreement's distance from pe. This is not the error
    under the null of no agreement that Fleiss 1971 gives. Units without a value do not count; alpha rests
    on units with two or more, its error being that of alpha without the small-sample term. Equals irrCAC's
    (its examples are in the tests); the quantile is t's with one degree less than units. Raises
    StatisticsError where the coefficient is undefined.
    """
    counted = votes[votes.sum(axis=1) >= (2 if coefficient is Coefficient.ALPHA else 1)]
    units = _Units(votes=counted, weights=1 - weighting.disagreement(votes.shape[1]))
    name, n = coefficient.titled(weighting), int(np.sum(votes.sum(axis=1) >= 2))
    if n == 0:
        raise StatisticsError(name, reason=NO_PAIR, remedy="More or other cases are needed")
    if len(counted) < 2:
        raise StatisticsError(name, reason="one unit alone has no error", remedy="Add cases")
    value, terms = _alpha_terms(units) if coefficient is Coefficient.ALPHA else _terms(units, coefficient)
    if np.isnan(value):
        raise StatisticsError(name, reason=ONE_GRADE_GIVEN, remedy="More or other cases are needed")
    error = float(np.sqrt(np.sum((terms - value) ** 2) / (len(terms) * (len(terms) - 1))))
    half = float(special.stdtrit(len(votes) - 1, (1 + level) / 2)) * error
    if coefficient is Coefficient.ALPHA:  # the error is of alpha without its small-sample term
        value = 1 - (1 - value) * (1 - 1 / float(units.values.sum()))
    return Estimate(
        value=value,
        low=max(value - half, -1.0),
        high=min(value + half, 1.0),
        n=n,
        method="large sample (Gwet 2014)",
        level=level,
    )


def _terms(units: _Units, coefficient: Coefficient) -> tuple[float, Array]:
    votes, weights, values = units.votes, units.weights, units.values
    paired = values >= 2
    shares = (votes / values[:, None]).mean(axis=0)
    observed = float(units.observed.sum() / paired.sum())
    chance = float(_chance(coefficient, shares[None], weights)[0])
    if 1 - chance < 1e-12:
        return np.nan, shares
    value = (observed - chance) / (1 - chance)
    own = len(votes) / paired.sum() * (units.observed - chance * paired) / (1 - chance)
    k = len(weights)
    if coefficient is Coefficient.GWET:
        own_chance = weights.sum() / (k * (k - 1)) * (votes @ (1 - shares)) / values
    elif coefficient is Coefficient.FLEISS:
        own_chance = votes @ (weights @ shares) / values
    else:
        return value, own
    return value, np.asarray(own - 2 * (1 - value) * (own_chance - chance) / (1 - chance))


def _alpha_terms(units: _Units) -> tuple[float, Array]:
    """Alpha without its small-sample term, and its linearised terms, as irrCAC has them."""
    votes, weights, values = units.votes, units.weights, units.values
    mean = float(values.mean())
    shares = votes.sum(axis=0) / values.sum()
    per_unit = units.agreeing / (mean * (values - 1))
    observed = float(per_unit.mean())
    chance = float(shares @ weights @ shares)
    if 1 - chance < 1e-12:
        return np.nan, shares
    value = (observed - chance) / (1 - chance)
    size = (values - mean) / mean
    own = (per_unit - observed * size - chance) / (1 - chance)
    own_chance = votes @ (weights @ shares) / mean - chance * size
    return value, np.asarray(own - 2 * (1 - value) * (own_chance - chance) / (1 - chance))
