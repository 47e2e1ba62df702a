"""Figures of graded ratings: one grade against the rest, macro, micro, distances on the scale.

Tables are (patients, truth, rating) of `tables.confusion_tables`; grades are equally spaced.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from lss_core.errors import StatisticsError
from lss_core.stats import rates
from lss_core.stats.rates import NO_UNIT, ONE_GRADE
from lss_core.stats.resample import Array, Rate, Statistic, ratio
from lss_core.stats.tables import Tables, dichotomised


def one_vs_rest(tables: Tables, grade: int) -> Tables:
    """The tables of one grade (its code) against all others: (patients, 2, 2)."""
    return dichotomised(tables, (grade,))


def pooled(tables: Sequence[Tables]) -> Tables:
    """The counts of several raters of the same patients added up.

    The figure of pooled counts is not the mean reader's (`resample.mean_of`): it hides how readers
    differ, and counts a reader by how much he read. Raises StatisticsError for no rater at all.
    """
    if not tables:
        raise StatisticsError("pooled raters", reason="there is no rater", remedy="Add ratings")
    return Tables(np.asarray(np.sum([table.per_patient for table in tables], axis=0)))


def macro_sensitivity(tables: Tables) -> Statistic:
    """Unweighted mean of the one-vs-rest sensitivities of the grades that occur in the reference.

    Equals scikit-learn's recall_score(average='macro') over those grades.
    """
    return _macro("macro sensitivity", tables, rest=False)


def macro_specificity(tables: Tables) -> Statistic:
    """Unweighted mean of the one-vs-rest specificities of the grades that occur in the reference."""
    return _macro("macro specificity", tables, rest=True)


def micro_sensitivity(tables: Tables) -> Rate:
    """One-vs-rest hits over units, added up over grades: the accuracy, under its other name."""
    return rates.accuracy(tables)


def micro_specificity(tables: Tables) -> Statistic:
    """One-vs-rest true negatives over negatives, added up over grades: 1 - errors / (n (k - 1))."""
    others = tables.per_patient.shape[-1] - 1

    def of(weights: Array) -> Array:
        table = tables.under(weights)
        total = table.sum((1, 2))
        return 1 - ratio(total - np.trace(table, axis1=1, axis2=2), total * others)

    return _of_tables("micro specificity", tables, of, NO_UNIT)


def mean_absolute_error(tables: Tables) -> Statistic:
    """Mean distance between rating and reference in grades; scikit-learn's mean_absolute_error."""
    distance = _distance(tables)

    def of(weights: Array) -> Array:
        table = tables.under(weights)
        return ratio((table * distance).sum((1, 2)), table.sum((1, 2)))

    return _of_tables("mean absolute error", tables, of, NO_UNIT)


def mean_error(tables: Tables) -> Statistic:
    """Mean of rating less reference in grades: above 0 the rater grades too high."""
    codes = np.arange(tables.per_patient.shape[-1])
    signed = codes[None, :] - codes[:, None]

    def of(weights: Array) -> Array:
        table = tables.under(weights)
        return ratio((table * signed).sum((1, 2)), table.sum((1, 2)))

    return _of_tables("mean error", tables, of, NO_UNIT)


def agreement_within(tables: Tables, grades: int) -> Rate:
    """Share of units rated no more than `grades` away from the reference: 0 is exact, 1 within one."""
    near = (_distance(tables) <= grades).astype(np.float64)

    def hits(table: Array) -> Array:
        return np.asarray((table * near).sum((1, 2)))

    def of(weights: Array) -> Array:
        table = tables.under(weights)
        return ratio(hits(table), table.sum((1, 2)))

    return Rate(
        name="exact agreement" if grades == 0 else f"agreement within {grades}",
        of=of,
        patients=tables.patients,
        n=int(tables.total.sum()),
        undefined=NO_UNIT,
        hits=hits(tables.per_patient),
        base=tables.per_patient.sum((1, 2)),
    )


def _distance(tables: Tables) -> Array:
    codes = np.arange(tables.per_patient.shape[-1], dtype=np.float64)
    return np.abs(np.subtract.outer(codes, codes))


def _macro(name: str, tables: Tables, *, rest: bool) -> Statistic:
    def of(weights: Array) -> Array:
        table = tables.under(weights)
        total = table.sum((1, 2))[:, None]
        hit = np.diagonal(table, axis1=1, axis2=2)
        true, called = table.sum(2), table.sum(1)
        own = ratio(total - true - called + hit, total - true) if rest else ratio(hit, true)
        return ratio(np.where(true > 0, own, 0).sum(axis=1), (true > 0).sum(axis=1).astype(np.float64))

    return _of_tables(name, tables, of, ONE_GRADE if rest and tables.total.any() else NO_UNIT)


def _of_tables(name: str, tables: Tables, of: Callable[[Array], Array], undefined: str) -> Statistic:
    return Statistic(
        name=name, of=of, patients=tables.patients, n=int(tables.total.sum()), undefined=undefined
    )
