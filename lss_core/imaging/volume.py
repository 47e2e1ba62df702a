"""A volume: voxels and the geometry of each of its slices.

A lumbar axial series is often several blocks, each tilted to its disc. So geometry is
kept slice by slice, and a block is a run of slices that share an orientation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lss_core.errors import GeometryError

Float = NDArray[np.float64]

SAME_ORIENTATION_DEGREES = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Volume:
    """A series as voxels with geometry, in patient coordinates (LPS, mm).

    voxels: (slices, rows, columns), int16 as stored, any real type in computations.
    positions_mm: (slices, 3), the centre of the pixel in row 0, column 0.
    x_axes: (slices, 3), unit vector along which the column number grows (the first
        half of DICOM's ImageOrientationPatient).
    y_axes: (slices, 3), unit vector along which the row number grows.
    spacing_mm: (between rows, between columns), as DICOM's PixelSpacing.
    thickness_mm: slice thickness; 0 when unknown.
    instance_numbers: InstanceNumber of each slice, for people; nothing is ordered by it.
    block: (slices,), the number of the block each slice belongs to, from 0 up.

    Slices are in geometric order: sagittal from the patient's right to left, axial
    from head to feet, coronal from front to back, block after block.
    Raises GeometryError when shapes disagree or the axes are not orthonormal.
    """

    voxels: NDArray[Any]
    positions_mm: Float
    x_axes: Float
    y_axes: Float
    spacing_mm: tuple[float, float]
    thickness_mm: float
    instance_numbers: tuple[int, ...]
    block: NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.voxels)
        shapes = [self.positions_mm.shape, self.x_axes.shape, self.y_axes.shape]
        if self.voxels.ndim != 3 or shapes != [(n, 3)] * 3:
            raise _broken("voxels and geometry differ in the number of slices")
        if len(self.instance_numbers) != n or self.block.shape != (n,):
            raise _broken("instance numbers or blocks differ in the number of slices")
        units = np.stack([(self.x_axes**2).sum(1), (self.y_axes**2).sum(1)])
        skew = np.abs((self.x_axes * self.y_axes).sum(1))
        if np.abs(units - 1).max() > 1e-3 or skew.max() > 1e-3:
            raise _broken("row and column directions are not orthonormal")
        if min(self.spacing_mm) <= 0:
            raise _broken("pixel spacing is not positive")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Slices, rows, columns."""
        slices, rows, columns = self.voxels.shape
        return slices, rows, columns

    @cached_property
    def normals(self) -> Float:
        """(slices, 3) unit normals, x cross y: for axial to the head or feet as stored."""
        normals: Float = np.cross(self.x_axes, self.y_axes)
        return normals

    @cached_property
    def centres_mm(self) -> Float:
        """(slices, 3) the middle of each slice."""
        _, rows, columns = self.shape
        middle = np.array([(rows - 1) / 2, (columns - 1) / 2])
        return np.stack([self.to_patient(k, middle[None])[0] for k in range(len(self.voxels))])

    def to_patient(self, slice_index: int, row_column: Float) -> Float:
        """Patient coordinates (n, 3) of (n, 2) rows and columns, fractions allowed."""
        steps = np.asarray(row_column, float) * self.spacing_mm
        k = slice_index
        result: Float = self.positions_mm[k] + steps[:, :1] * self.y_axes[k] + steps[:, 1:] * self.x_axes[k]
        return result

    def to_pixel(self, slice_index: int, points_mm: Float) -> tuple[Float, Float]:
        """Rows and columns (n, 2) of points (n, 3), and their signed distance (n,) to the plane, mm."""
        away = np.asarray(points_mm, float) - self.positions_mm[slice_index]
        axes = np.stack([self.y_axes[slice_index], self.x_axes[slice_index]])
        return (away @ axes.T) / self.spacing_mm, away @ self.normals[slice_index]

    def distances_mm(self, point_mm: Float) -> Float:
        """(slices,) unsigned distance of a point (3,) to each slice's plane."""
        away = np.asarray(point_mm, float) - self.positions_mm
        distances: Float = np.abs((away * self.normals).sum(1))
        return distances

    def nearest_slice(self, point_mm: Float) -> tuple[int, float]:
        """The slice whose plane is nearest to a point inside its frame, and the distance in mm.

        Where no slice has the point inside its frame, the distance is infinite.
        """
        distances = self.distances_mm(point_mm)
        _, rows, columns = self.shape
        for k in range(len(distances)):
            (row, column), _ = (part[0] for part in self.to_pixel(k, np.asarray(point_mm)[None]))
            if not (-0.5 <= row <= rows - 0.5 and -0.5 <= column <= columns - 0.5):
                distances[k] = np.inf
        k = int(distances.argmin())
        return k, float(distances[k])

    def with_voxels(self, voxels: NDArray[Any]) -> Volume:
        """The same geometry around other voxels of the same shape."""
        return Volume(
            voxels=voxels,
            positions_mm=self.positions_mm,
            x_axes=self.x_axes,
            y_axes=self.y_axes,
            spacing_mm=self.spacing_mm,
            thickness_mm=self.thickness_mm,
            instance_numbers=self.instance_numbers,
            block=self.block,
        )


def _broken(reason: str) -> GeometryError:
    return GeometryError("Volume", reason=reason, remedy="Import the series again")
