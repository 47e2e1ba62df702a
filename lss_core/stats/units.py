"""Units of analysis, and what missing ratings could have been.

Ratings come as codes on a scale from least to most severe, MISSING where there is no grade.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lss_core.stats.resample import Array
from lss_core.stats.tables import MISSING, Codes

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


def filled(truth: Codes, rating: Codes, *, grades: int, best: bool, positive: Sequence[int] = ()) -> Codes:
    """The ratings with each missing one as the reference's grade (best) or the one farthest from it (worst).

    Where the reference has no grade, a missing rating stays missing. From the middle the farthest is the
    upper end; with `positive` the farthest on the other side, of the positive grades or of the others.
    """
    known = np.arange(grades)
    side = np.isin(known, positive)
    far = np.abs(known[:, None] - known)
    if positive:
        far = np.where(side[:, None] != side, far, -1)
    farthest = grades - 1 - far[:, ::-1].argmax(axis=1)
    guess = np.where(truth == MISSING, MISSING, truth if best else farthest[truth])
    return np.where(rating == MISSING, guess, rating)


def filled_scores(positive: Flags, scores: Array, *, best: bool) -> Array:
    """The scores with each missing one beyond all others: a positive unit's above (best) or below (worst)."""
    above = np.inf if best else -np.inf
    return np.where(np.isnan(scores), np.where(positive, above, -above), scores)


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a figure would be were every missing rating wrong, and were every one right."""

    worst: float
    best: float
    missing: int
