"""What a lumbar image looks like: is the sac bright, is the fat under the skin dark?

The dural sac is a ribbon about 12 mm wide behind the vertebrae. On T2 it outshines both sides,
on T1 it does not. So the brightest ribbon that runs from head to feet at the depth of the canal
tells the weighting; its brightness is taken against the mean around it, since a surface coil
makes the back brighter than the front. Thresholds were set on six rendered studies
and one real one; images between them say nothing.
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
FRONT_MM = np.array([0.0, -22.0, 0.0])
"""From the middle of the sac into the disc or vertebra in front of it."""
SMALLEST_PIXELS = 40
LEAST_BODY = 0.3
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
    """What the middle of a volume shows; across the sac, fat misleads, so axial says nothing of it."""
    k = len(volume.voxels) // 2
    if plane is Plane.CORONAL:
        return Content(sac=math.nan, fat=math.nan)
    near = slice(max(0, k - 1), k + 2) if plane is Plane.SAGITTAL else slice(k, k + 1)
    return _content(_upright(volume, k, volume.voxels[near].mean(0)), plane)


def _upright(volume: Volume, k: int, image: Float) -> Float:
    """The slice at 2 mm pixels with the patient's back at high columns."""
    scale = [mm / PIXEL_MM for mm in volume.spacing_mm]
    smooth = ndimage.gaussian_filter(image, [0.4 / share for share in scale])
    small: Float = ndimage.zoom(smooth, scale, order=1)
    turned, flipped = _turn(volume, k)
    small = small.T if turned else small
    return small[:, ::-1] if flipped else small


def _turn(volume: Volume, k: int) -> tuple[bool, bool]:
    """Whether rows run from front to back and not columns, and whether from back to front."""
    turned = bool(abs(volume.y_axes[k][1]) > abs(volume.x_axes[k][1]))
    return turned, bool((volume.y_axes if turned else volume.x_axes)[k][1] < 0)


def sac_points(volume: Volume) -> Float:
    """(n, 3) points along the sac of a sagittal T2, mm, from its middle slice."""
    k = len(volume.voxels) // 2
    image = _upright(volume, k, volume.voxels[max(0, k - 1) : k + 2].mean(0))
    ridge, low, high = _canal_ridge(image, _depths(image))
    columns = _best_columns(ridge[low:high])
    turned, flipped = _turn(volume, k)
    across = image.shape[1] - 1 - columns if flipped else columns
    down = np.arange(low, high)
    shape = np.array(image.shape[::-1] if turned else image.shape)
    places = np.stack([across, down] if turned else [down, across], axis=1)
    size = np.array(volume.shape[1:])
    return volume.to_patient(k, places * (size - 1) / (shape - 1))


def sac_over_front(axial: Volume, points: Float) -> float:
    """Brightness of the sac on axial slices over that of the disc or vertebra in front of it.

    points: (n, 3) along the sac, mm. The median over slices; NaN when no slice is crossed.
    """
    ratios = []
    for k in range(len(axial.voxels)):
        pixels, away = axial.to_pixel(k, points)
        nearest = int(np.abs(away).argmin())
        centre = pixels[nearest] * axial.spacing_mm
        rows, columns = (np.arange(n) * mm for n, mm in zip(axial.shape[1:], axial.spacing_mm, strict=True))
        front = axial.to_pixel(k, points[nearest][None] + FRONT_MM)[0][0] * axial.spacing_mm
        sac, bone = (
            axial.voxels[k][np.hypot(rows[:, None] - y, columns - x) < SAC_MM / 3] for y, x in (centre, front)
        )
        if abs(away[nearest]) < PIXEL_MM and len(sac) and len(bone):
            ratios.append(float(np.percentile(sac, 75)) / max(float(np.median(bone)), 1.0))
    return float(np.median(ratios)) if ratios else math.nan


def _depths(image: Float) -> Float:
    """Depth of each pixel under the skin of the back, mm; negative where no body is."""
    body = ndimage.binary_opening(image > BACKGROUND * np.percentile(image, 95), iterations=2)
    columns = np.arange(image.shape[1])
    skin = np.where(body, columns, -1).max(1)
    return np.where(skin[:, None] >= 0, (skin[:, None] - columns) * PIXEL_MM, -1.0)


def _content(image: Float, plane: Plane) -> Content:
    depth = _depths(image)
    rim, deep = (image[(depth > near) & (depth < far)] for near, far in (FAT_DEPTHS_MM, DEEP_DEPTHS_MM))
    if min(image.shape) < SMALLEST_PIXELS or not len(rim) or (depth.max(1) >= 0).mean() < LEAST_BODY:
        return Content(sac=math.nan, fat=math.nan)
    fat = float(np.percentile(rim, 75) / max(np.percentile(deep, 90), 1.0)) if len(deep) else math.nan
    if plane is Plane.AXIAL:
        return Content(sac=math.nan, fat=fat)
    ridge, low, high = _canal_ridge(image, depth)
    ridge = ridge[low:high]
    along = ridge[np.arange(len(ridge)), _best_columns(ridge)]
    return Content(sac=float(np.percentile(along, 30)), fat=fat)


def _canal_ridge(image: Float, depth: Float) -> tuple[Float, int, int]:
    """How much sac-wide patches at the canal's depth outshine both sides, and the rows that count."""
    near, far = CANAL_DEPTHS_MM
    ridge = np.where((depth > near) & (depth < far), _ridges(image), -1.0)
    return ridge, int(len(ridge) * 0.1), int(len(ridge) * 0.85)


def _ridges(image: Float) -> Float:
    """Patches against the brighter of their two sides, in units of the mean around."""
    flat = image / (ndimage.gaussian_filter(image, 24 / PIXEL_MM) + 0.1 * np.percentile(image, 98) + 1e-6)
    wide = round(SAC_MM / PIXEL_MM)
    patch: Float = ndimage.uniform_filter(flat, (8, wide))
    ridges: Float = patch - np.maximum(np.roll(patch, wide, axis=1), np.roll(patch, -wide, axis=1))
    return ridges


def _best_columns(ridge: Float) -> NDArray[np.int64]:
    """Columns of the brightest path from the first row to the last, a column aside at most a row."""
    best = [ridge[0]]
    for row in ridge[1:]:
        last = np.pad(best[-1], 1, constant_values=-np.inf)
        best.append(row + np.max([last[:-2], last[1:-1], last[2:]], axis=0))
    columns = [int(best[-1].argmax())]
    for total in best[-2::-1]:
        start = max(0, columns[-1] - 1)
        columns.append(start + int(total[start : columns[-1] + 2].argmax()))
    return np.array(columns[::-1])
