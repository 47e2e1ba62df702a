"""What the statistics need to know of the ratings, patient by patient, so that it adds up.

Ratings come as codes: positions on a grade scale that the caller names, MISSING where there is no
grade. Patients come as indices 0 ... n_patients - 1, one a unit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lss_core.errors import StatisticsError
from lss_core.stats.resample import Array, Remembered

Codes = NDArray[np.int64]

MISSING = -1
"""The code of a unit without a grade."""


@dataclass(frozen=True, eq=False)
class Tables:
    """What adds up over patients: `per_patient` (patients, ...)."""

    per_patient: Array

    @property
    def patients(self) -> int:
        """The number of patients, with and without units."""
        return len(self.per_patient)

    @property
    def total(self) -> Array:
        """The table of all patients together."""
        return np.asarray(self.per_patient.sum(axis=0))

    @cached_property
    def under(self) -> Remembered:
        """The tables added up under weights (r, patients): (r, ...)."""

        def added(weights: Array) -> Array:
            flat = weights @ self.per_patient.reshape(self.patients, -1)
            return np.asarray(flat.reshape(len(weights), *self.per_patient.shape[1:]))

        return Remembered(added)


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


def confusion_tables(truth: Codes, rating: Codes, patients: Codes, *, grades: int, n_patients: int) -> Tables:
    """Per patient, how often each grade was given where each is true: (patients, truth, rating).

    A unit where either is missing is not counted. The three arrays are (units,).
    """
    kept = (truth != MISSING) & (rating != MISSING)
    place = (patients[kept] * grades + truth[kept]) * grades + rating[kept]
    counts = np.bincount(place, minlength=n_patients * grades * grades)
    return Tables(counts.reshape(n_patients, grades, grades).astype(np.float64))


def dichotomised(tables: Tables, positive: Sequence[int]) -> Tables:
    """Tables (patients, k, k) as (patients, 2, 2): 1 for the grades with codes in `positive`."""
    fold = np.zeros((tables.per_patient.shape[-1], 2))
    chosen = np.isin(np.arange(len(fold)), positive)
    fold[chosen, 1] = fold[~chosen, 0] = 1
    return Tables(np.asarray(fold.T @ tables.per_patient @ fold))


def vote_counts(ratings: Codes, *, grades: int) -> Array:
    """How many raters gave each grade to each unit: codes (units, raters) -> (units, grades)."""
    return np.stack([(ratings == grade).sum(axis=1) for grade in range(grades)], axis=1).astype(np.float64)


def coincidence_tables(votes: Array, patients: Codes, *, n_patients: int) -> Tables:
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


def summed(values: Array, patients: Codes, *, n_patients: int) -> Tables:
    """Values (units, ...) added up over each patient's units."""
    total = np.zeros((n_patients, *values.shape[1:]))
    np.add.at(total, patients, values)
    return Tables(total)
