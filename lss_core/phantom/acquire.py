"""How a scanner acquires the anatomy: planes, slice profiles, and the artefacts of the image."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from lss_core.domain import LEVELS
from lss_core.imaging.volume import Volume
from lss_core.phantom.anatomy import Anatomy
from lss_core.phantom.frames import Array, Plane, Vector


@dataclass(frozen=True, kw_only=True, eq=False)
class Stack:
    """The planes of a series in order, with their block and slice thickness."""

    planes: tuple[Plane, ...]
    block: NDArray[np.int64]
    thickness_mm: float

    def beside(self, points_mm: Vector) -> Stack:
        """Only the planes that are one of the two nearest to one of some points (n, 3)."""
        origins = np.array([plane.origin for plane in self.planes])
        across = np.cross(self.planes[0].row_step, self.planes[0].column_step)
        away = np.abs((points_mm[:, None] - origins) @ (across / np.linalg.norm(across)))
        kept = np.unique(away.argsort(1)[:, :2])
        planes = tuple(self.planes[k] for k in kept)
        return replace(self, planes=planes, block=self.block[kept])

    def volume(self, voxels: NDArray[np.int16]) -> Volume:
        """The voxels with this geometry."""
        plane = self.planes[0]
        down, across = float(np.linalg.norm(plane.row_step)), float(np.linalg.norm(plane.column_step))
        return Volume(
            voxels=voxels,
            positions_mm=np.array([p.origin for p in self.planes]),
            x_axes=np.array([p.column_step / across for p in self.planes]),
            y_axes=np.array([p.row_step / down for p in self.planes]),
            spacing_mm=(down, across),
            thickness_mm=self.thickness_mm,
            instance_numbers=tuple(range(1, len(self.planes) + 1)),
            block=self.block,
        )


def _plane(centre: Vector, x_axis: Vector, y_axis: Vector, spacing: float, shape: tuple[int, int]) -> Plane:
    rows, columns = shape
    origin = centre - spacing * ((rows - 1) / 2 * y_axis + (columns - 1) / 2 * x_axis)
    return Plane(origin=origin, row_step=spacing * y_axis, column_step=spacing * x_axis, shape=shape)


def sagittal_stack(
    rng: np.random.Generator, anatomy: Anatomy, slices: int | None, pixels: int | None
) -> Stack:
    """Sagittal slices from the patient's right to left, head up, front on the left."""
    field_mm = float(np.clip(rng.normal(290, 25), 240, 350))
    size = pixels or int(rng.choice([320, 384, 400, 448], p=[0.25, 0.3, 0.15, 0.3]))
    count = slices or int(rng.integers(14, 19))
    thickness = float(rng.choice([3.5, 4.0, 4.0, 4.5]))
    step = thickness * float(rng.choice([1.0, 1.1, 1.12, 1.2]))
    middle = anatomy.vertebrae[6]
    centre = middle.frame.point(rng.normal(0, 2.5), rng.uniform(-20, 35), rng.uniform(-28, 5))
    yaw, roll, pitch = rng.normal(0, 0.025), rng.normal(0, 0.02), rng.normal(0, 0.02)
    x_axis = np.array([-np.sin(yaw), np.cos(yaw), np.sin(pitch)])
    x_axis /= np.linalg.norm(x_axis)
    y_axis = np.array([roll, 0.0, -1.0])
    y_axis -= (y_axis @ x_axis) * x_axis
    y_axis /= np.linalg.norm(y_axis)
    left = -np.cross(x_axis, y_axis)
    left = left if left[0] > 0 else -left
    planes = tuple(
        _plane(centre + left * (n - (count - 1) / 2) * step, x_axis, y_axis, field_mm / size, (size, size))
        for n in range(count)
    )
    return Stack(planes=planes, block=np.zeros(count, np.int64), thickness_mm=thickness)


def axial_stack(rng: np.random.Generator, anatomy: Anatomy, pixels: int | None) -> Stack:
    """Axial slices from head to feet: a block a disc, tilted to it, or one long block now and then."""
    field_mm = float(np.clip(rng.normal(178, 14), 150, 210))
    size = pixels or int(rng.choice([256, 288, 320, 320]))
    thickness = float(rng.choice([3.5, 4.0, 4.0, 4.5]))
    step = thickness * float(rng.choice([1.0, 1.0, 1.1, 1.15]))
    turn = rng.normal(0, 0.03)
    groups = []
    discs = [anatomy.disc(level) for level in LEVELS]
    if rng.random() < 0.2:
        top, bottom = discs[0].frame.origin, discs[-1].frame.origin
        count = int(np.ceil(np.linalg.norm(top - bottom) / step)) + 5
        groups.append(
            (
                (top + bottom) / 2 + [0, 14, 0],
                _tilt(0.3 * (top - bottom) / np.linalg.norm(top - bottom) + [0, 0, 1], turn),
                count,
            )
        )
    else:
        count = int(rng.integers(6, 9))
        for disc in discs:
            up = disc.frame.axes[2] + rng.normal(0, 0.035, 3)
            centre = disc.frame.point(rng.normal(0, 3), 12 + rng.uniform(-8, 8), rng.normal(0, 1.0))
            groups.append((centre, _tilt(up, turn), count))
    planes, block = [], []
    for number, (centre, (x_axis, y_axis, up), count) in enumerate(groups):
        for n in range(count):
            middle = centre + up * ((count - 1) / 2 - n) * step
            planes.append(_plane(middle, x_axis, y_axis, field_mm / size, (size, size)))
            block.append(number)
    return Stack(planes=tuple(planes), block=np.array(block, np.int64), thickness_mm=thickness)


def _tilt(up: Vector, turn: float) -> tuple[Vector, Vector, Vector]:
    """Axes of an axial slice: columns to the patient's left, rows to the back."""
    up = up / np.linalg.norm(up)
    x_axis = np.array([np.cos(turn), np.sin(turn), 0.0])
    x_axis -= (x_axis @ up) * up
    x_axis /= np.linalg.norm(x_axis)
    return x_axis, np.cross(up, x_axis), up


def bias_field(rng: np.random.Generator, stack: Stack) -> list[Array]:
    """The coil's sensitivity on each plane: strong at the back, smooth, and randomly uneven."""
    coarse = rng.normal(0, rng.uniform(0.03, 0.2), (6, 6, 6))
    depth = float(rng.choice([rng.uniform(50, 90), rng.uniform(80, 250)], p=[0.4, 0.6]))
    back = np.float32(100)
    fields = []
    for plane in stack.planes:
        rows, columns = np.linspace(0, plane.shape[0] - 1, 12), np.linspace(0, plane.shape[1] - 1, 12)
        points = (
            plane.origin + rows[:, None, None] * plane.row_step + columns[None, :, None] * plane.column_step
        )
        index = np.clip((points / 90 + 2.5), 0, 4.99)
        low = index.astype(int)
        rest = index - low
        smooth = np.zeros(index.shape[:2])
        for corner in np.ndindex(2, 2, 2):
            weight = np.prod(np.where(np.array(corner), rest, 1 - rest), axis=2)
            smooth += (
                weight * coarse[low[..., 0] + corner[0], low[..., 1] + corner[1], low[..., 2] + corner[2]]
            )
        away = np.hypot(points[..., 0] * 0.4, np.maximum(back - points[..., 1], 0))
        away = np.hypot(away, points[..., 2] * 0.25)
        gain = np.exp(smooth) * (0.06 + np.exp(-away / depth) * np.exp(40 / depth))
        fields.append(
            zoom(gain, (plane.shape[0] / 12, plane.shape[1] / 12), order=1, grid_mode=False).astype(
                np.float32
            )
        )
    return fields


def finish(
    rng: np.random.Generator, images: Array, gains: list[Array], *, sagittal: bool, pixel_mm: float
) -> NDArray[np.int16]:
    """From tissue brightness (slices, rows, columns) to a scanner's int16 image, 0 to 4095."""
    blur = float(rng.uniform(0.35, 0.85))
    ghost = float(rng.choice([0, rng.uniform(0.01, 0.06)], p=[0.6, 0.4]))
    period = float(rng.uniform(0.04, 0.2))
    noise = float(np.exp(rng.uniform(np.log(0.008), np.log(0.05))))
    ringing = float(rng.choice([0.0, rng.uniform(0.1, 0.4)]))
    gamma = float(rng.uniform(0.85, 1.15))
    out = np.empty(images.shape, np.float32)
    for n, image in enumerate(images):
        shown = gaussian_filter(np.maximum(image, 0) * gains[n], blur, mode="nearest", truncate=3)
        if ringing:
            shown += ringing * (shown - gaussian_filter(shown, 1.0, mode="nearest", truncate=2))
        if ghost:
            axis = 0 if sagittal else 1
            shift = int(period * shown.shape[axis])
            shown = shown + ghost * np.roll(shown, shift, axis) + ghost * np.roll(shown, -shift, axis)
        level = noise * 0.5
        real = shown + level * rng.standard_normal(shown.shape, np.float32)
        out[n] = np.hypot(real, level * rng.standard_normal(shown.shape, np.float32))
    top = float(np.percentile(out[:, ::4, ::4], 99.7))
    peak = float(rng.uniform(500, 2500))
    result: NDArray[np.int16] = np.clip((out / top) ** gamma * peak, 0, 4095).astype(np.int16)
    return result
