"""What a lumbar image looks like: is the sac bright, is the fat under the skin dark?

The dural sac is a ribbon about 12 mm wide behind the vertebrae. On T2 it outshines both sides,
on T1 it does not. So the brightest ribbon that runs from head to feet at the depth of the canal
tells the weighting; its brightness is taken against the mean around it, since a surface coil
makes the back brighter than the front. Thresholds were set on rendered studies and checked on
real ones; images between them say nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lss_core.dicom.stacks import Plane
from lss_core.imaging.volume import Volume

Float = NDArray[np.float64]

PIXEL_MM = 2.0
SAC_MM = 12.0
CANAL_DEPTHS_MM = (30.0, 120.0)
FAT_DEPTHS_MM = (4.0, 12.0)
DEEP_DEPTHS_MM = (30.0, 100.0)
BACKGROUND = 0.12
"""Share of the 95th percentile below which there is air."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """sac: brightness of the sac over its surroundings (about 0 on T1, 0.3 to 2 on T2).

    fat: brightness of the fat under the skin over what lies deep (below 0.8: suppressed).
    NaN where the image does not show it.
    """

    sac: float
    fat: float


def look(volume: Volume, plane: Plane) -> Content:
    """What the middle slices of a sagittal, or all slices of an axial volume show."""
    if plane is Plane.CORONAL:
        return Content(sac=math.nan, fat=math.nan)
    count = len(volume.voxels)
    if plane is Plane.SAGITTAL:
        images = [volume.voxels[max(0, count // 2 - 1) : count // 2 + 2].mean(0)]
        upright = [_upright(volume, count // 2, images[0])]
    else:
        chosen = np.unique(np.linspace(0, count - 1, 12).round().astype(int))
        upright = [_upright(volume, k, volume.voxels[k].astype(float)) for k in chosen]
    found = [_content(image, plane) for image in upright]
    sac, fat = np.array([(one.sac, one.fat) for one in found]).T
    return Content(sac=_median(sac), fat=_median(fat))


def _median(values: Float) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else math.nan


def _upright(volume: Volume, k: int, image: Float) -> Float:
    """The slice at 2 mm pixels with the patient's back at high columns."""
    scale = [mm / PIXEL_MM for mm in volume.spacing_mm]
    smooth = ndimage.gaussian_filter(image, [0.4 / share for share in scale])
    small: Float = ndimage.zoom(smooth, scale, order=1)
    if abs(volume.y_axes[k][1]) > abs(volume.x_axes[k][1]):
        small = small.T
        back = volume.y_axes[k][1]
    else:
        back = volume.x_axes[k][1]
    return small if back > 0 else small[:, ::-1]


def _content(image: Float, plane: Plane) -> Content:
    body = ndimage.binary_opening(image > BACKGROUND * np.percentile(image, 95), iterations=2)
    columns = np.arange(image.shape[1])
    skin = np.where(body, columns, -1).max(1)
    if (skin >= 0).mean() < 0.3 or min(image.shape) < 40:
        return Content(sac=math.nan, fat=math.nan)
    depth = np.where(skin[:, None] >= 0, (skin[:, None] - columns) * PIXEL_MM, -1.0)
    rim, deep = (image[(depth > near) & (depth < far)] for near, far in (FAT_DEPTHS_MM, DEEP_DEPTHS_MM))
    if not len(rim) or not len(deep):
        return Content(sac=math.nan, fat=math.nan)
    fat = float(np.percentile(rim, 75) / max(np.percentile(deep, 90), 1.0))
    ridge = np.where((depth > CANAL_DEPTHS_MM[0]) & (depth < CANAL_DEPTHS_MM[1]), _ridges(image, plane), -1.0)
    if plane is Plane.AXIAL:
        middle = slice(int(len(ridge) * 0.3), int(len(ridge) * 0.7))
        return Content(sac=float(ridge[middle].max()), fat=fat)
    low, high = int(len(ridge) * 0.1), int(len(ridge) * 0.85)
    return Content(sac=float(np.percentile(_best_path(ridge[low:high]), 30)), fat=fat)


def _ridges(image: Float, plane: Plane) -> Float:
    """How much a sac-wide patch outshines its two sides, in units of the mean around."""
    flat = image / (ndimage.gaussian_filter(image, 24 / PIXEL_MM) + 0.1 * np.percentile(image, 98))
    wide = round(SAC_MM / PIXEL_MM)
    patch: Float = ndimage.uniform_filter(flat, (8 if plane is Plane.SAGITTAL else wide, wide))
    sides = [np.roll(patch, step, axis=1) for step in (wide, -wide)]
    if plane is Plane.AXIAL:
        sides += [np.roll(patch, step, axis=0) for step in (wide, -wide)]
    ridges: Float = patch - np.max(sides, axis=0)
    return ridges


def _best_path(ridge: Float) -> Float:
    """Values along the brightest path from the first row to the last, a column aside at most a row."""
    best = [ridge[0]]
    for row in ridge[1:]:
        last = np.pad(best[-1], 1, constant_values=-np.inf)
        best.append(row + np.max([last[:-2], last[1:-1], last[2:]], axis=0))
    column = int(best[-1].argmax())
    values = [ridge[-1, column]]
    for total, row in zip(best[-2::-1], ridge[-2::-1], strict=True):
        start = max(0, column - 1)
        column = start + int(total[start : column + 2].argmax())
        values.append(row[column])
    return np.array(values)
