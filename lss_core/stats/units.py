"""Units of analysis, and what missing ratings could have been.

Ratings come as codes on a scale from least to most severe, MISSING where there is no grade.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lss_core.errors import StatisticsError
from lss_core.stats.resample import Array
from lss_core.stats.tables import MISSING, Codes, confusion_tables, dichotomised

Flags = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Worst:
    """The worst grade of each group, `codes` (groups,), of `graded` (groups,) among `units` (groups,)."""

    codes: Codes
    graded: Codes
    units: Codes

    @property
    def partial(self) -> int:
        """Groups with a worst grade although some of their units have none: it may be too low."""
        return int(np.sum((self.graded > 0) & (self.graded < self.units)))


def worst(codes: Codes, groups: Codes, *, n_groups: int) -> Worst:
    """The most severe grade of each group of units; MISSING where none of them has a grade."""
    highest = np.full(n_groups, MISSING, dtype=np.int64)
    np.maximum.at(highest, groups, codes)
    return Worst(
        codes=highest,
        graded=np.bincount(groups[codes != MISSING], minlength=n_groups),
        units=np.bincount(groups, minlength=n_groups),
    )


def worst_score(scores: Array, groups: Codes, *, n_groups: int) -> Array:
    """The highest score of each group of units (groups,); NaN where none of them has one."""
    highest = np.full(n_groups, -np.inf)
    kept = ~np.isnan(scores)
    np.maximum.at(highest, groups[kept], scores[kept])
    return np.where(np.isneginf(highest), np.nan, highest)


def filled(truth: Codes, rating: Codes, *, grades: int, best: bool) -> Codes:
    """The ratings with each missing one as the reference's grade (best) or the one farthest from it (worst).

    Where the reference has no grade, a missing rating stays missing. Farthest is the end of the scale
    that lies further away; from the middle it is the upper end.
    """
    farthest = np.where(truth >= grades - 1 - truth + 1, 0, grades - 1)
    guess = np.where(truth == MISSING, MISSING, truth if best else farthest)
    return np.where(rating == MISSING, guess, rating)


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a rate would be were every missing rating wrong, and were every one right."""

    worst: float
    best: float
    missing: int


def rate_bounds(truth: Codes, rating: Codes, *, positive: Sequence[int], grades: int, of: int) -> Bounds:
    """Bounds of sensitivity (`of` 1) or specificity (`of` 0) over the missing ratings (units,).

    Hits of the rated units, and with the missing as hits, over all units whose truth is of that class.
    Raises StatisticsError where there is no such unit.
    """
    own = np.isin(truth, positive) if of else (truth != MISSING) & ~np.isin(truth, positive)
    if not own.any():
        raise StatisticsError("bounds", reason="there is no unit of that class", remedy="Add cases")
    table = confusion_tables(truth, rating, np.zeros_like(truth), grades=grades, n_patients=1)
    hits = float(dichotomised(table, positive).total[of, of])
    missing = int(np.sum(own & (rating == MISSING)))
    n = int(own.sum())
    return Bounds(worst=hits / n, best=(hits + missing) / n, missing=missing)
