"""Slices turned upright, whatever way the scanner stored them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lss_core.imaging.volume import Volume

T = TypeVar("T", bound=np.generic)

SAGITTAL_SHARE = 0.7
"""A slice whose normal has at least this share along patient x counts as sagittal."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How stored pixels become upright ones: transposed first, then flipped.

    Upright: axial rows grow to the back and columns to the patient's left, sagittal rows to
    the feet and columns to the back. Equal turns are equal values.
    """

    transpose: bool
    flip_rows: bool
    flip_columns: bool

    def forth(self, image: NDArray[T]) -> NDArray[T]:
        """(rows, columns) as stored -> upright, in one piece of memory."""
        turned = image.T if self.transpose else image
        return np.ascontiguousarray(turned[self._flips])

    def back(self, image: NDArray[T]) -> NDArray[T]:
        """(rows, columns) upright -> as stored."""
        turned = image[self._flips]
        return turned.T if self.transpose else turned

    def spacing(self, spacing_mm: tuple[float, float]) -> tuple[float, float]:
        """The spacing between upright rows and columns, of that between stored ones."""
        return (spacing_mm[1], spacing_mm[0]) if self.transpose else spacing_mm

    def point(self, row_column: tuple[float, float], shape: tuple[int, ...]) -> tuple[float, float]:
        """The upright row and column of a stored place, fractions allowed; `shape` is as stored."""
        row, column = row_column[::-1] if self.transpose else row_column
        rows, columns = shape[::-1] if self.transpose else shape
        return (
            rows - 1 - row if self.flip_rows else row,
            columns - 1 - column if self.flip_columns else column,
        )

    @property
    def _flips(self) -> tuple[slice, slice]:
        rows, columns = (-1 if flip else 1 for flip in (self.flip_rows, self.flip_columns))
        return slice(None, None, rows), slice(None, None, columns)


def standing(volume: Volume, slice_index: int) -> Standing:
    """How to turn a slice upright, from its directions in the patient."""
    rows, columns = volume.y_axes[slice_index], volume.x_axes[slice_index]
    sagittal = abs(volume.normals[slice_index][0]) > SAGITTAL_SHARE
    down = np.array([0.0, 0, -1] if sagittal else [0.0, 1, 0])
    across = np.array([0.0, 1, 0] if sagittal else [1.0, 0, 0])
    transpose = bool(abs(columns @ down) > abs(rows @ down))
    if transpose:
        rows, columns = columns, rows
    return Standing(
        transpose=transpose, flip_rows=bool(rows @ down < 0), flip_columns=bool(columns @ across < 0)
    )
