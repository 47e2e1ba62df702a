"""What the statistics need to know of the ratings, patient by patient, so that it adds up.

Ratings come as codes: positions on a grade scale that the caller names, MISSING where there is no
grade. Patients come as indices 0 ... n_patients - 1, one a unit.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lss_core.errors import StatisticsError
from lss_core.stats.resample import Array

Codes = NDArray[np.int64]

MISSING = -1
"""The code of a unit without a grade."""


def encode(values: ArrayLike, scale: Sequence[float]) -> Codes:
    """Positions of the values on the scale, MISSING for NaN; any shape.

    Raises StatisticsError for a value that is not on the scale, or a scale of fewer than two.
    """
    if len(scale) < 2 or len(set(scale)) < len(scale):
        raise StatisticsError(
            "grade scale", reason="it needs two grades or more, each once", remedy="Name it"
        )
    given = np.asarray(values, dtype=np.float64)
    codes = np.full(given.shape, MISSING, dtype=np.int64)
    for code, grade in enumerate(scale):
        codes[given == grade] = code
    strangers = np.unique(given[(codes == MISSING) & ~np.isnan(given)])
    if strangers.size:
        reason = f"{strangers[0]:g} is not on the scale {', '.join(f'{grade:g}' for grade in scale)}"
        raise StatisticsError("ratings", reason=reason, remedy="Correct the rating or name the whole scale")
    return codes


def confusion_tables(truth: Codes, rating: Codes, patients: Codes, *, grades: int, n_patients: int) -> Array:
    """Per patient, how often each grade was given where each is true: (patients, truth, rating).

    A unit where either is missing is not counted. The three arrays are (units,).
    """
    kept = (truth != MISSING) & (rating != MISSING)
    place = (patients[kept] * grades + truth[kept]) * grades + rating[kept]
    counts = np.bincount(place, minlength=n_patients * grades * grades)
    return counts.reshape(n_patients, grades, grades).astype(np.float64)


def dichotomised(tables: Array, positive: Sequence[int]) -> Array:
    """Tables (..., k, k) as (..., 2, 2): the grades with codes in `positive` are 1, the others 0."""
    fold = np.zeros((tables.shape[-1], 2))
    chosen = np.isin(np.arange(len(fold)), positive)
    fold[chosen, 1] = fold[~chosen, 0] = 1
    return np.asarray(fold.T @ tables @ fold)


def vote_counts(ratings: Codes, *, grades: int) -> Array:
    """How many raters gave each grade to each unit: codes (units, raters) -> (units, grades)."""
    return np.stack([(ratings == grade).sum(axis=1) for grade in range(grades)], axis=1).astype(np.float64)


def coincidence_tables(votes: Array, patients: Codes, *, n_patients: int) -> Array:
    """Krippendorff's coincidences per patient: (patients, k, k), from votes (units, k).

    A unit with m >= 2 values adds n_c (n_d - [c = d]) / (m - 1) to cell (c, d), so that it counts m
    values in all; a unit with fewer adds nothing. Krippendorff 2011, "Computing Krippendorff's
    alpha-reliability".
    """
    values = votes.sum(axis=1)
    paired = values >= 2
    kept = votes[paired]
    pairs = kept[:, :, None] * kept[:, None, :] - kept[:, :, None] * np.eye(votes.shape[1])
    return summed(pairs / (values[paired] - 1)[:, None, None], patients[paired], n_patients=n_patients)


def summed(values: Array, patients: Codes, *, n_patients: int) -> Array:
    """Values (units, ...) added up over each patient's units: (patients, ...)."""
    total = np.zeros((n_patients, *values.shape[1:]))
    np.add.at(total, patients, values)
    return total


def weighted(weights: Array, tables: Array) -> Array:
    """Tables (patients, ...) added up with each row of weights (r, patients): (r, ...)."""
    flat = weights @ tables.reshape(len(tables), -1)
    return np.asarray(flat.reshape(len(weights), *tables.shape[1:]))
