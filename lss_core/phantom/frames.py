"""Planes that are imaged, rigid frames of bones, and the curved frame of the canal.

Coordinates are patient coordinates (x left, y back, z head, mm); in a local frame they
are u (left), v (back) and w or s (up).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator

Array = NDArray[np.floating[Any]]
Vector = NDArray[np.float64]
Rect = tuple[slice, slice]

STEP_MM = 0.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Plane:
    """A pixel grid in space: the centre of pixel (0, 0), a step a row, a step a column."""

    origin: Vector
    row_step: Vector
    column_step: Vector
    shape: tuple[int, int]

    @cached_property
    def pixel_mm(self) -> float:
        """The mean pixel size."""
        return float((np.linalg.norm(self.row_step) + np.linalg.norm(self.column_step)) / 2)

    @cached_property
    def normal(self) -> Vector:
        """Unit normal, columns' direction cross rows' direction."""
        cross = np.cross(self.column_step, self.row_step)
        unit: Vector = cross / np.linalg.norm(cross)
        return unit

    @property
    def whole(self) -> Rect:
        """The rectangle of all pixels."""
        return slice(0, self.shape[0]), slice(0, self.shape[1])

    def moved(self, millimetres: float) -> Plane:
        """The same grid, moved along its normal."""
        return Plane(
            origin=self.origin + millimetres * self.normal,
            row_step=self.row_step,
            column_step=self.column_step,
            shape=self.shape,
        )

    def along(self, origin: Vector, axis: Vector, rect: Rect) -> Array:
        """(rows, columns) of a rectangle: the coordinate along an axis from an origin, mm."""
        rows = np.arange(rect[0].start, rect[0].stop, dtype=np.float32)
        columns = np.arange(rect[1].start, rect[1].stop, dtype=np.float32)
        start = np.float32((self.origin - origin) @ axis)
        by_row = rows * np.float32(self.row_step @ axis) + start
        by_column = columns * np.float32(self.column_step @ axis)
        result: Array = by_row[:, None] + by_column[None, :]
        return result

    def near(self, centre: Vector, radius_mm: float) -> Rect | None:
        """The rectangle of pixels that a ball may touch, None where it touches none."""
        away = centre - self.origin
        distance = float(away @ self.normal)
        if abs(distance) >= radius_mm:
            return None
        reach = float(np.sqrt(radius_mm**2 - distance**2))
        sides = []
        for step, count in ((self.row_step, self.shape[0]), (self.column_step, self.shape[1])):
            size = float(np.linalg.norm(step))
            middle = float(away @ step) / size**2
            low = max(0, int(np.floor(middle - reach / size)))
            high = min(count, int(np.ceil(middle + reach / size)) + 1)
            if low >= high:
                return None
            sides.append(slice(low, high))
        return sides[0], sides[1]


@dataclass(frozen=True, kw_only=True, eq=False)
class Frame:
    """A rigid frame: origin and the unit axes left, back, up as rows."""

    origin: Vector
    axes: Vector

    def local(self, plane: Plane, rect: Rect) -> tuple[Array, Array, Array]:
        """u, v and w of the pixels of a rectangle."""
        u, v, w = (plane.along(self.origin, axis, rect) for axis in self.axes)
        return u, v, w

    def point(self, u: float, v: float, w: float) -> Vector:
        """The patient coordinates of a local point."""
        result: Vector = self.origin + np.array([u, v, w]) @ self.axes
        return result


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """The curved frame of the spinal canal: points, axes and sizes every STEP_MM along it.

    s runs from the sacrum up; `values` holds sizes of the canal that change along it.
    """

    s0: float
    points: Vector
    axes: Vector
    bend: Vector
    values: Mapping[str, Array]
    _by_z: tuple[float, NDArray[np.int32]]

    @classmethod
    def through(cls, s: Vector, points: Vector, values: Mapping[str, Vector]) -> Curve:
        """The curve through points at s (ascending), with the canal's sizes there."""
        grid = np.arange(s[0], s[-1], STEP_MM)
        line = CubicSpline(s, points)
        tangent = line(grid, 1)
        tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
        left = np.array([1.0, 0.0, 0.0]) - tangent[:, :1] * tangent
        left /= np.linalg.norm(left, axis=1, keepdims=True)
        back = np.cross(tangent, left)
        bend = (np.gradient(tangent, STEP_MM, axis=0) * back).sum(1)
        z = line(grid)[:, 2]
        steps = np.searchsorted(z, np.arange(z[0], z[-1], 0.5)).astype(np.int32)
        sizes = {name: PchipInterpolator(s, v)(grid).astype(np.float32) for name, v in values.items()}
        return cls(
            s0=float(grid[0]),
            points=line(grid),
            axes=np.stack([left, back, tangent], 1),
            bend=bend,
            values=sizes,
            _by_z=(float(z[0]), steps),
        )

    def index(self, s: float) -> int:
        """The number of the table's row at s."""
        return int(np.clip(round((s - self.s0) / STEP_MM), 0, len(self.points) - 1))

    def frame(self, s: float) -> Frame:
        """The rigid frame at s."""
        k = self.index(s)
        return Frame(origin=self.points[k], axes=self.axes[k])

    def value(self, name: str, s: float) -> float:
        """A size of the canal at s."""
        return float(self.values[name][self.index(s)])

    def point(self, s: float, u: float, v: float) -> Vector:
        """The patient coordinates of a point of the curved frame."""
        return self.frame(s).point(u, v, 0.0)

    @cached_property
    def _columns(self) -> tuple[list[Array], list[list[Array]], Array]:
        """Points, axes and bend as contiguous columns, quick to gather from."""
        points = [np.ascontiguousarray(self.points[:, i], np.float32) for i in range(3)]
        axes = [[np.ascontiguousarray(self.axes[:, a, i], np.float32) for i in range(3)] for a in range(3)]
        return points, axes, self.bend.astype(np.float32)

    def local(self, plane: Plane, rect: Rect) -> tuple[NDArray[np.int32], Array, Array, Array]:
        """Row of the table, u, v and s of the pixels of a rectangle.

        Newton's method on every fourth pixel finds the row; the pixels between follow by
        the curve's bend.
        """
        points, axes, bend = self._columns
        last = len(self.points) - 1

        def along(axis: int, p: list[Array], k: NDArray[np.int32]) -> Array:
            total: Array = sum((p[i] - points[i][k]) * axes[axis][i][k] for i in range(3))  # type: ignore[assignment]
            return total

        full = [plane.along(np.zeros(3), axis, rect) for axis in np.eye(3)]
        rough = [a[::4, ::4] for a in full]
        z0, table = self._by_z
        k = table[np.clip((rough[2] - z0) * 2, 0, len(table) - 1).astype(np.int32)]
        for _ in range(4):
            step = along(2, rough, k) / np.maximum(1 - bend[k] * along(1, rough, k), 0.3)
            k = np.clip(k + np.rint(step / STEP_MM).astype(np.int32), 0, last)
        k = np.repeat(np.repeat(k, 4, 0), 4, 1)[: full[0].shape[0], : full[0].shape[1]]
        v = along(1, full, k)
        off = along(2, full, k)
        v = np.where(np.abs(off) > 6, 99, v)  # beyond the ends, or past the bend's centre
        shift = off / np.maximum(1 - bend[k] * v, 0.3)
        s = k.astype(np.float32) * np.float32(STEP_MM) + np.float32(self.s0) + shift
        k = np.clip(k + np.rint(shift / STEP_MM).astype(np.int32), 0, last)
        return k, along(0, full, k), v, s
