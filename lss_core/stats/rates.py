"""Rates of a rater against the reference: binary, and one grade against the rest.

Tables are (patients, truth, rating) from `tables.confusion_tables`; binary ones are (patients, 2, 2)
with 1 for positive.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy import special

from lss_core.domain import Estimate
from lss_core.errors import StatisticsError
from lss_core.stats.resample import Array, Rate, Statistic, ratio
from lss_core.stats.tables import Tables
from lss_core.texts import later


def sensitivity(tables: Tables) -> Rate:
    """TP / (TP + FN) of binary tables; n counts the positive units."""
    return _rate("sensitivity", tables, lambda t: t[:, 1, 1], lambda t: t[:, 1].sum(-1), NO_POSITIVE)


def specificity(tables: Tables) -> Rate:
    """TN / (TN + FP) of binary tables; n counts the negative units."""
    return _rate("specificity", tables, lambda t: t[:, 0, 0], lambda t: t[:, 0].sum(-1), NO_NEGATIVE)


def positive_predictive_value(tables: Tables) -> Rate:
    """TP / (TP + FP) of binary tables; n counts the units called positive."""
    return _rate(
        "positive predictive value", tables, lambda t: t[:, 1, 1], lambda t: t[:, :, 1].sum(-1), NO_CALL
    )


def negative_predictive_value(tables: Tables) -> Rate:
    """TN / (TN + FN) of binary tables; n counts the units called negative."""
    return _rate(
        "negative predictive value", tables, lambda t: t[:, 0, 0], lambda t: t[:, :, 0].sum(-1), NO_DENIAL
    )


def accuracy(tables: Tables) -> Rate:
    """Share of units whose rating is the reference's, of tables with any number of grades."""
    return _rate(
        "accuracy", tables, lambda t: np.trace(t, axis1=1, axis2=2), lambda t: t.sum((1, 2)), NO_UNIT
    )


def balanced_accuracy(tables: Tables) -> Statistic:
    """(sensitivity + specificity) / 2 of binary tables: the empirical AUC of a hard label."""

    def of(weights: Array) -> Array:
        table = tables.under(weights)
        return np.asarray(ratio(table[:, [0, 1], [0, 1]], table.sum(-1)).mean(axis=1))

    return _statistic("balanced accuracy", tables, of, NO_POSITIVE if tables.total[0].any() else NO_NEGATIVE)


def weighted_sensitivity(tables: Tables) -> Statistic:
    """One-vs-rest sensitivities of the grades, weighted by each grade's observations in the reference.

    sum_g n_g (n_gg / n_g) / n, which is the accuracy of the grades.
    """
    return _one_vs_rest("weighted sensitivity", tables, rest=False)


def weighted_specificity(tables: Tables) -> Statistic:
    """One-vs-rest specificities of the grades, weighted by each grade's observations in the reference.

    The weights are recomputed in each replicate; a grade that does not occur weighs nothing. Equals
    scikit-learn's recall of the negated labels averaged with the grades' support.
    """
    return _one_vs_rest("weighted specificity", tables, rest=True)


def wilson(successes: float, n: int, *, level: float = 0.95, method: str = "Wilson") -> Estimate:
    """A share of n independent units with Wilson's score interval; Wilson 1927, JASA 22:209.

    (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n). Raises StatisticsError for n = 0.
    """
    if n < 1:
        raise StatisticsError("rate", reason=NO_UNIT, remedy="Add cases")
    low, high = score_interval(successes / n, n, level=level)
    return Estimate(value=successes / n, low=low, high=high, n=n, method=method, level=level)


def score_interval(share: float, n: float, *, level: float) -> tuple[float, float]:
    """The ends of Wilson's interval; `n` need not be whole, and the ends of 0 and 1 are exact."""
    z = float(special.ndtri((1 + level) / 2))
    centre = share + z**2 / (2 * n)
    half = float(z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)))
    low, high = (centre - half) / (1 + z**2 / n), (centre + half) / (1 + z**2 / n)
    return max(low, 0.0) if share > 0 else 0.0, min(high, 1.0) if share < 1 else 1.0


def all_or_none(statistic: Statistic, *, level: float = 0.95) -> Estimate:
    """A rate of 0 or 1, where a bootstrap has no spread, with Wilson's interval over its patients.

    Each patient with any unit of the rate's denominator counts once, as if his units were one: the
    cautious end of what the sites of a patient may share.
    """
    own = statistic.of(np.eye(statistic.patients))
    patients = int(np.count_nonzero(~np.isnan(own)))
    estimate = wilson(statistic.value() * patients, patients, level=level, method="Wilson over patients")
    return replace(estimate, n=statistic.n)


NO_POSITIVE = later("no unit is positive in the reference")
NO_NEGATIVE = later("no unit is negative in the reference")
NO_CALL = later("the rater called no unit positive")
NO_DENIAL = later("the rater called no unit negative")
NO_UNIT = later("there is no unit with both a rating and a reference")
ONE_GRADE = later("the reference has one grade only")

_Part = Callable[[Array], Array]


def _rate(name: str, tables: Tables, hits: _Part, base: _Part, undefined: str) -> Rate:
    def of(weights: Array) -> Array:
        table = tables.under(weights)
        return ratio(hits(table), base(table))

    return Rate(
        name=name,
        of=of,
        patients=tables.patients,
        n=int(base(tables.total[None])[0]),
        undefined=undefined,
        hits=hits(tables.per_patient),
        base=base(tables.per_patient),
    )


def _one_vs_rest(name: str, tables: Tables, *, rest: bool) -> Statistic:
    def of(weights: Array) -> Array:
        table = tables.under(weights)
        total = table.sum((1, 2))[:, None]
        hit = np.diagonal(table, axis1=1, axis2=2)
        true, called = table.sum(2), table.sum(1)
        rates = ratio(total - true - called + hit, total - true) if rest else ratio(hit, true)
        return ratio(np.where(true > 0, true * rates, 0).sum(axis=1), total[:, 0])

    return _statistic(name, tables, of, ONE_GRADE if rest and tables.total.any() else NO_UNIT)


def _statistic(name: str, tables: Tables, of: Callable[[Array], Array], undefined: str) -> Statistic:
    return Statistic(
        name=name, of=of, patients=tables.patients, n=int(tables.total.sum()), undefined=undefined
    )
