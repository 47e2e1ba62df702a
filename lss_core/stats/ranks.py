"""Kendall's coefficient of concordance: how alike raters rank the units."""

from __future__ import annotations

import numpy as np
from scipy import special

from lss_core.stats.paired import Significance
from lss_core.stats.resample import Array, Statistic, ratio
from lss_core.stats.tables import MISSING, Codes, Tables, confusion_tables

NO_COMPLETE = "no unit was graded by all raters"
ALL_TIED = "each rater gave one and the same grade throughout"


def kendall_w(codes: Codes, patients: Codes, *, grades: int, n_patients: int) -> Statistic:
    """Kendall's W of codes (units, raters), corrected for ties; units that all raters graded.

    W = sum_jl S_jl / (m sum_j S_jj), S_jl the covariance of the mid-ranks of raters j and l: the sum of
    squares of the rank sums over the largest possible, less the ties. Ranks follow from how often each
    grade was given, so they are those of each replicate. Kendall and Babington Smith 1939, Ann Math Stat
    10:275. As R's irr, kendall(correct = TRUE).
    """
    complete = np.all(codes != MISSING, axis=1)
    kept, owner = codes[complete], patients[complete]
    raters = codes.shape[1]
    pairs = [(j, k) for j in range(raters) for k in range(j, raters)]
    tables = [
        confusion_tables(kept[:, j], kept[:, k], owner, grades=grades, n_patients=n_patients)
        for j, k in pairs
    ]
    n = int(complete.sum())

    def of(weights: Array) -> Array:
        return _concordance(dict(zip(pairs, tables, strict=True)), weights, raters)

    return Statistic(
        name="Kendall's W",
        of=of,
        patients=n_patients,
        n=n,
        undefined=ALL_TIED if n else NO_COMPLETE,
    )


def _concordance(tables: dict[tuple[int, int], Tables], weights: Array, raters: int) -> Array:
    counted = {pair: table.under(weights) for pair, table in tables.items()}
    middles = []
    for rater in range(raters):
        margin = counted[rater, rater].sum(axis=2)
        middles.append(margin.cumsum(axis=1) - margin / 2 - margin.sum(axis=1, keepdims=True) / 2)
    shared = np.zeros(len(weights))
    own = np.zeros(len(weights))
    for (j, k), table in counted.items():
        product = np.einsum("ra,rab,rb->r", middles[j], table, middles[k])
        shared += product if j == k else 2 * product
        own += product if j == k else 0
    return ratio(shared, raters * own)


def kendall_w_test(w: float, *, raters: int, units: int) -> Significance:
    """Friedman's chi-squared m (n - 1) W with n - 1 df of no concordance, of independent units."""
    statistic = raters * (units - 1) * w
    return Significance(
        statistic=statistic,
        p=float(special.chdtrc(units - 1, statistic)),
        method="Friedman's chi-squared",
        df=units - 1,
    )
