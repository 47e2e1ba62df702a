"""What sagittal slices tell: the disc in the middle of the canal, the foramen beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lss_core.errors import MeasurementError
from lss_core.measure import shapes
from lss_core.measure.shapes import Mask, Spacing

Direction = tuple[float, float]
"""(towards greater rows, towards greater columns), mm, on a standing sagittal slice."""

UP: Direction = (-1.0, 0.0)
DISC_WITHIN_MM = 20.0
"""A level's disc comes this near to the level's point in the canal."""
CORNER_MM = (1.0, 8.0)
"""The dorsal margin of a vertebra is sought at this distance beyond the disc."""
FORAMEN_REACH_MM = 15.0
"""No foramen reaches further from its middle."""


@dataclass(frozen=True, kw_only=True)
class Foramen:
    """Sizes of a neural foramen on a parasagittal slice.

    height_mm: from bone to bone through its middle, up and down; at most 15 mm is suspicious
        (Hasegawa et al., Spine 1995;20:2633). width_mm: the same from front to back; 3 mm or
        less is suspicious (Steurer et al., BMC Musculoskelet Disord 2011;12:175).
    area_mm2: what can be seen from its middle, no further than 15 mm away.
    """

    height_mm: float
    width_mm: float
    area_mm2: float


def foramen(solid: Mask, row_column: Direction, spacing_mm: Spacing, *, up: Direction = UP) -> Foramen:
    """Measure the foramen around a point; `solid` is bone and disc.

    Raises MeasurementError when the point lies in bone, or no bone bounds it above, below and
    in front. Behind it may be open (the joint's gap): there it ends at 15 mm.
    """
    turned = np.deg2rad(np.arange(0, 360, 5))
    head, back = _axes(up)
    directions = np.cos(turned)[:, None] * head + np.sin(turned)[:, None] * back
    found = [
        shapes.ray_mm(solid, row_column, (float(d[0]), float(d[1])), spacing_mm, FORAMEN_REACH_MM)
        for d in directions
    ]
    above, behind, below, before = (found[at] for at in (0, 18, 36, 54))
    if above is None or below is None or before is None or min(above, below, before) == 0:
        raise MeasurementError(
            "Foramen", reason="bone does not bound it in this slice", remedy="Check its place on the images"
        )
    reach = np.array([FORAMEN_REACH_MM if one is None else one for one in found])
    area = 0.5 * float((reach * np.roll(reach, -1)).sum() * np.sin(turned[1]))
    width = before + (FORAMEN_REACH_MM if behind is None else behind)
    return Foramen(height_mm=above + below, width_mm=width, area_mm2=area)


def disc_height_mm(disc: Mask, canal: Direction, spacing_mm: Spacing, *, up: Direction = UP) -> float:
    """Mean height of the disc nearest to a point in the canal: its area over its depth, mm."""
    part = shapes.component_near(disc, canal, spacing_mm, DISC_WITHIN_MM)
    _, dorsal = _along(part, canal, spacing_mm, up)
    depth = float(np.ptp(dorsal)) + float(np.mean(spacing_mm))
    return shapes.area_mm2(part, spacing_mm) / depth


def disc_bulge_mm(
    disc: Mask, vertebra: Mask, canal: Direction, spacing_mm: Spacing, *, up: Direction = UP
) -> float:
    """How far a disc stands out behind the line between the dorsal corners of its vertebrae, mm.

    canal: the row and column of the level's point in the canal, behind the disc.
    vertebra: vertebrae and sacrum, posterior elements allowed. 0 where the disc stays in front
    of the line. Raises MeasurementError when the disc or a corner is not seen.
    """
    part = shapes.component_near(disc, canal, spacing_mm, DISC_WITHIN_MM)
    height, dorsal = _along(part, canal, spacing_mm, up)
    posterior = dorsal > np.quantile(dorsal, 0.8)
    top, bottom = height[posterior].max(), height[posterior].min()
    bone_height, bone_dorsal = _along(vertebra, canal, spacing_mm, up)
    body = (bone_dorsal < 0) & (bone_dorsal > -DISC_WITHIN_MM)
    above = _corner(bone_height - top, bone_height, bone_dorsal, body)
    below = _corner(bottom - bone_height, bone_height, bone_dorsal, body)
    slope = (above[1] - below[1]) / (above[0] - below[0])
    line = below[1] + slope * (height - below[0])
    return max(0.0, float(((dorsal - line) / np.hypot(1, slope)).max()))


def _corner(
    beyond: NDArray[np.float64], height: NDArray[np.float64], dorsal: NDArray[np.float64], body: Mask
) -> tuple[float, float]:
    """The most dorsal point of a body just beyond the disc: (height, dorsal)."""
    near = np.flatnonzero(body & (beyond > CORNER_MM[0]) & (beyond < CORNER_MM[1]))
    if not len(near):
        raise MeasurementError(
            "Vertebra", reason="its dorsal corner is not seen at the disc", remedy="Check the segmentation"
        )
    corner = near[dorsal[near].argmax()]
    return float(height[corner]), float(dorsal[corner])


def _along(
    mask: Mask, origin: Direction, spacing_mm: Spacing, up: Direction
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Height and dorsal distance from an origin of each pixel of a mask, mm."""
    rows, columns = np.nonzero(mask)
    away = np.stack([(rows - origin[0]) * spacing_mm[0], (columns - origin[1]) * spacing_mm[1]], -1)
    head, back = _axes(up)
    return away @ head, away @ back


def _axes(up: Direction) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit vectors up and back in (rows, columns); up must not point to the feet."""
    if up[0] >= 0:
        raise ValueError("up points to smaller rows on a standing slice")
    head = np.asarray(up, float) / np.hypot(*up)
    return head, np.array([head[1], -head[0]])
