"""Sizes of one structure in one slice: a mask and its pixel spacing in, millimetres out.

A mask is (rows, columns) of bool in a standing orientation (see `planes`): on axial
slices rows grow to the back and columns to the patient's left; on sagittal slices rows
grow to the feet and columns to the back. `spacing_mm` is (between rows, between
columns). An empty mask has no size: MeasurementError, never 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lss_core.errors import MeasurementError

Mask = NDArray[np.bool_]
Spacing = tuple[float, float]

MIDDLE_BAND_MM = 3.0
"""A diameter 'in the middle' is the mean over a band this wide."""


def area_mm2(mask: Mask, spacing_mm: Spacing, *, cosine: float = 1.0) -> float:
    """Cross-sectional area, mm². `cosine` is that of the angle between the slice's normal and
    the structure's axis: the area perpendicular to the axis is the slice's area times it."""
    return float(_seen(mask).sum()) * spacing_mm[0] * spacing_mm[1] * cosine


def width_mm(mask: Mask, spacing_mm: Spacing) -> float:
    """Largest extent along the columns' direction, mm: transverse on an axial slice."""
    columns = np.flatnonzero(_seen(mask).any(0))
    return float(columns[-1] - columns[0] + 1) * spacing_mm[1]


def height_mm(mask: Mask, spacing_mm: Spacing) -> float:
    """Largest extent along the rows' direction, mm: ventral to dorsal on an axial slice."""
    rows = np.flatnonzero(_seen(mask).any(1))
    return float(rows[-1] - rows[0] + 1) * spacing_mm[0]


def middle_depth_mm(mask: Mask, spacing_mm: Spacing) -> float:
    """Thickness along the rows' direction through the centroid, mm; the mean over a band of
    3 mm. The ventral-dorsal diameter of a canal or a sac."""
    _, centre = centroid(mask)
    offsets = np.abs(np.arange(mask.shape[1]) - centre) * spacing_mm[1]
    band = (offsets <= max(MIDDLE_BAND_MM / 2, spacing_mm[1])) & mask.any(0)
    if not band.any():  # a mask in two parts with nothing between them
        return median_depth_mm(mask, spacing_mm)
    return float(mask[:, band].sum(0).mean()) * spacing_mm[0]


def median_depth_mm(mask: Mask, spacing_mm: Spacing) -> float:
    """Median over the columns of the thickness along the rows' direction, mm."""
    depths = _seen(mask).sum(0)
    return float(np.median(depths[depths > 0])) * spacing_mm[0]


def greatest_depth_mm(mask: Mask, spacing_mm: Spacing) -> float:
    """Greatest thickness along the rows' direction, mm."""
    return float(_seen(mask).sum(0).max()) * spacing_mm[0]


def inscribed_diameter_mm(mask: Mask, spacing_mm: Spacing) -> float:
    """Diameter of the largest circle inside the mask, mm: the thickness of an oblique band."""
    box = ndimage.find_objects(_seen(mask).view(np.uint8))[0]
    padded = np.pad(mask[box], 1)
    to_outside = ndimage.distance_transform_edt(padded, sampling=spacing_mm)
    half_pixel = float(np.mean(spacing_mm)) / 2  # an odd and an even number of pixels differ by this
    return float(2 * to_outside.max()) - half_pixel


def centroid(mask: Mask) -> tuple[float, float]:
    """Mean row and column."""
    rows, columns = np.nonzero(_seen(mask))
    return float(rows.mean()), float(columns.mean())


def asymmetry_ratio(mask: Mask, midline_column: float) -> float:
    """(left - right) / (left + right) of the areas on each side of a midline, on an axial slice.

    -1 to 1; 0 is symmetric, positive when the patient's left part is the larger.
    """
    columns = np.nonzero(_seen(mask))[1]
    left, right = int((columns > midline_column).sum()), int((columns < midline_column).sum())
    return (left - right) / (left + right) if left + right else 0.0


def component_near(
    mask: Mask, row_column: tuple[float, float], spacing_mm: Spacing, within_mm: float
) -> Mask:
    """The connected part of a mask that is nearest to a point.

    Raises MeasurementError when none comes within `within_mm` of it.
    """
    rows, columns = np.nonzero(_seen(mask))
    away = np.hypot((rows - row_column[0]) * spacing_mm[0], (columns - row_column[1]) * spacing_mm[1])
    nearest = int(away.argmin())
    if away[nearest] > within_mm:
        raise MeasurementError(
            "Structure",
            reason=f"no part of it lies within {within_mm:g} mm of its place",
            remedy="Check the segmentation and the level on the images",
        )
    labels, _ = ndimage.label(mask)
    part: Mask = labels == labels[rows[nearest], columns[nearest]]
    return part


def rays_mm(
    solid: Mask,
    row_column: tuple[float, float],
    directions: NDArray[np.float64],
    spacing_mm: Spacing,
    reach_mm: float,
) -> NDArray[np.float64]:
    """(n,) how far rays run from a point before they meet a solid pixel, mm; nan where one meets none.

    directions: (n, 2) (towards greater rows, towards greater columns) in mm, of any length.
    """
    units = directions / np.hypot(*directions.T)[:, None]
    steps = np.arange(0, reach_mm, min(spacing_mm) / 8)
    paths = np.rint(np.asarray(row_column) + steps[:, None] * units[:, None] / spacing_mm).astype(int)
    inside = ((paths >= 0) & (paths < solid.shape)).all(2)
    met = np.zeros(inside.shape, bool)
    met[inside] = solid[tuple(paths[inside].T)]
    found: NDArray[np.float64] = np.where(met.any(1), steps[met.argmax(1)], np.nan)
    return found


def _seen(mask: Mask) -> Mask:
    if not mask.any():
        raise MeasurementError(
            "Structure",
            reason="it is not seen in this slice",
            remedy="Check the segmentation on the images",
        )
    return mask
