"""What spoils an image: noise, ghosts, metal. Put into finished volumes, to test what must notice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import Point
from lss_core.imaging.volume import Volume
from lss_core.phantom.study import PhantomStudy

RIM_MM = 2.5
"""Around the hole that metal leaves the signal piles up over this distance."""


def noisy(volume: Volume, rng: np.random.Generator, share: float) -> Volume:
    """Rician noise whose standard deviation is a share of the contrast (5th to 95th percentile)."""
    low, high = np.percentile(volume.voxels, (5, 95))
    level = share * float(high - low)
    real, imaginary = (level * rng.standard_normal(volume.shape, np.float32) for _ in range(2))
    return _with(volume, np.hypot(volume.voxels + real, imaginary))


def ghosted(volume: Volume, strength: float, shift: float, axis: int) -> Volume:
    """Two copies of each slice, moved by a share of its rows (axis 0) or columns (axis 1) both ways."""
    step = round(shift * volume.shape[axis + 1])
    voxels = volume.voxels.astype(np.float32)
    copies = np.roll(voxels, step, axis + 1) + np.roll(voxels, -step, axis + 1)
    return _with(volume, voxels + strength * copies)


def with_metal(study: PhantomStudy, point_mm: Point, radius_mm: float, half_length_mm: float) -> PhantomStudy:
    """The study with a screw at a point, lying from right to left, on all its series.

    Its hole is larger than any screw, as blooming makes it, without a signal, in a bright rim.
    """
    made = {
        role: _screwed(volume, point_mm, radius_mm, half_length_mm) for role, volume in study.series.items()
    }
    return replace(study, series=made)


def _screwed(volume: Volume, point_mm: Point, radius_mm: float, half_length_mm: float) -> Volume:
    _, rows, columns = volume.shape
    grid = np.stack(np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"), -1).reshape(-1, 2)
    voxels = volume.voxels.astype(np.float32)
    bright = float(np.percentile(voxels, 98))
    for k in range(len(voxels)):
        away = (volume.to_patient(k, grid.astype(float)) - np.array(point_mm)).reshape(rows, columns, 3)
        along = np.maximum(np.abs(away[..., 0]) - half_length_mm, 0)
        depth = np.hypot(np.hypot(away[..., 1], away[..., 2]), along) - radius_mm
        voxels[k][(depth >= 0) & (depth < RIM_MM)] = bright
        voxels[k][depth < 0] = 0
    return _with(volume, voxels)


def _with(volume: Volume, voxels: NDArray[Any]) -> Volume:
    return volume.with_voxels(np.clip(voxels, 0, 4095).astype(np.int16))
