"""Further figures of a binary rating: likelihood ratios, Youden's index, prevalence and bias.

Tables are (patients, 2, 2), truth by rating, 1 for positive (`tables.dichotomised`).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lss_core.domain import Estimate
from lss_core.errors import StatisticsError
from lss_core.stats.intervals import normal_quantile
from lss_core.stats.rates import NO_NEGATIVE, NO_POSITIVE, NO_UNIT
from lss_core.stats.resample import Array, Statistic, ratio
from lss_core.stats.tables import Tables

NO_FALSE_POSITIVE = "the specificity is 1, so the positive likelihood ratio has no bound"
NO_TRUE_NEGATIVE = "the specificity is 0, so the negative likelihood ratio has no bound"


def positive_likelihood_ratio(tables: Tables) -> Statistic:
    """Sensitivity / (1 - specificity). Undefined where no negative unit is called positive."""
    return _likelihood_ratio("positive likelihood ratio", tables, 1, NO_FALSE_POSITIVE)


def negative_likelihood_ratio(tables: Tables) -> Statistic:
    """(1 - sensitivity) / specificity. Undefined where no negative unit is called negative."""
    return _likelihood_ratio("negative likelihood ratio", tables, 0, NO_TRUE_NEGATIVE)


def likelihood_ratio_interval(table: Array, *, positive: bool = True, level: float = 0.95) -> Estimate:
    """A likelihood ratio of independent units with the log interval, `table` (2, 2) truth by rating.

    exp(log LR -+ z sqrt(1/x - 1/m + 1/y - 1/n)), x of the m positive and y of the n negative units
    called so. Simel, Samsa and Matchar 1991, J Clin Epidemiol 44:763. As the relative risk of
    statsmodels' Table2x2. Raises StatisticsError where x or y is 0.
    """
    called = int(positive)
    value = _likelihood_ratio("likelihood ratio", Tables(table[None]), called, NO_FALSE_POSITIVE).value()
    x, y, m, n = table[1, called], table[0, called], table[1].sum(), table[0].sum()
    if x == 0:
        raise StatisticsError(
            "likelihood ratio", reason="it is 0, where its logarithm has no error", remedy="Use the bootstrap"
        )
    half = normal_quantile(level) * float(np.sqrt(1 / x - 1 / m + 1 / y - 1 / n))
    low, high = value * np.exp(-half), value * np.exp(half)
    return Estimate(
        value=value, low=float(low), high=float(high), n=int(m + n), method="log (Simel 1991)", level=level
    )


def youden(tables: Tables) -> Statistic:
    """Sensitivity + specificity - 1; Youden 1950, Cancer 3:32. Linear in the balanced accuracy."""

    def of(weights: Array) -> Array:
        table = tables.under(weights)
        return np.asarray(ratio(table[:, [0, 1], [0, 1]], table.sum(-1)).sum(axis=1) - 1)

    return _of_tables("Youden's index", tables, of, _one_class(tables))


def prevalence_index(tables: Tables) -> Statistic:
    """|a - d| / n of two raters' (patients, 2, 2) tables: how uneven the two grades are.

    Byrt, Bishop and Carlin 1993, J Clin Epidemiol 46:423. Stands beside every binary kappa.
    """

    def of(weights: Array) -> Array:
        table = tables.under(weights)
        return ratio(np.abs(table[:, 1, 1] - table[:, 0, 0]), table.sum((1, 2)))

    return _of_tables("prevalence index", tables, of, NO_UNIT)


def bias_index(tables: Tables) -> Statistic:
    """|b - c| / n of two raters' (patients, 2, 2) tables: how far they differ in calling positive.

    Byrt, Bishop and Carlin 1993, J Clin Epidemiol 46:423.
    """

    def of(weights: Array) -> Array:
        table = tables.under(weights)
        return ratio(np.abs(table[:, 0, 1] - table[:, 1, 0]), table.sum((1, 2)))

    return _of_tables("bias index", tables, of, NO_UNIT)


def prevalence(tables: Tables) -> Statistic:
    """Share of units that are positive in the reference."""

    def of(weights: Array) -> Array:
        table = tables.under(weights)
        return ratio(table[:, 1].sum(axis=1), table.sum((1, 2)))

    return _of_tables("prevalence", tables, of, NO_UNIT)


def _likelihood_ratio(name: str, tables: Tables, called: int, undefined: str) -> Statistic:
    def of(weights: Array) -> Array:
        table = tables.under(weights)
        shares = ratio(table[:, :, called], table.sum(-1))
        return ratio(shares[:, 1], shares[:, 0])

    missing = _one_class(tables)
    return _of_tables(name, tables, of, undefined if tables.total.sum(axis=1).all() else missing)


def _one_class(tables: Tables) -> str:
    if not tables.total.any():
        return NO_UNIT
    return NO_NEGATIVE if tables.total[1].any() else NO_POSITIVE


def _of_tables(name: str, tables: Tables, of: Callable[[Array], Array], undefined: str) -> Statistic:
    return Statistic(
        name=name, of=of, patients=tables.patients, n=int(tables.total.sum()), undefined=undefined
    )
