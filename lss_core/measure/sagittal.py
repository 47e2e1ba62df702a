"""What sagittal slices tell: the disc in the middle of the canal, the foramen beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

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
FORAMEN_MIDDLE_MM = 5.0
"""A foramen's middle is sought within this distance of its point."""


@dataclass(frozen=True, kw_only=True)
class Foramen:
    """Sizes of a neural foramen on a parasagittal slice: of what can be seen from its middle.

    height_mm: its extent from foot to head; at most 15 mm is suspicious (Hasegawa et al., Spine
        1995;20:2633). width_mm: its mean width, the area over the height; 3 mm or less is
        suspicious (Steurer et al., BMC Musculoskelet Disord 2011;12:175). area_mm2: see above.
    """

    height_mm: float
    width_mm: float
    area_mm2: float


def foramen(solid: Mask, row_column: Direction, spacing_mm: Spacing, *, up: Direction = UP) -> Foramen:
    """Measure the foramen around a point; `solid` is bone and disc.

    Its middle is the roomiest place within 5 mm of the point. Raises MeasurementError when
    there is no room, or no bone bounds it above, below and in front within 15 mm. Behind it may
    be open (the joint's gap): there it ends at 15 mm.
    """
    middle = _roomiest(solid, row_column, spacing_mm)
    turned = np.deg2rad(np.arange(0, 360, 5))
    head, back = _axes(up)
    directions = np.cos(turned)[:, None] * head + np.sin(turned)[:, None] * back
    found = [
        shapes.ray_mm(solid, middle, (float(d[0]), float(d[1])), spacing_mm, FORAMEN_REACH_MM)
        for d in directions
    ]
    if any(found[at] is None for at in (0, 36, 54)):  # above, below, in front
        raise _no_foramen("bone does not bound it in this slice")
    reach = np.array([FORAMEN_REACH_MM if one is None else one for one in found])
    area = 0.5 * float((reach * np.roll(reach, -1)).sum() * np.sin(turned[1]))
    height = float(np.ptp(reach * np.cos(turned)))
    return Foramen(height_mm=height, width_mm=area / height, area_mm2=area)


def _roomiest(solid: Mask, row_column: Direction, spacing_mm: Spacing) -> Direction:
    """The place farthest from anything solid within 5 mm of a point."""
    room = ndimage.distance_transform_edt(~solid, sampling=spacing_mm)
    rows, columns = np.ogrid[: solid.shape[0], : solid.shape[1]]
    away = np.hypot((rows - row_column[0]) * spacing_mm[0], (columns - row_column[1]) * spacing_mm[1])
    worth = np.where(away <= FORAMEN_MIDDLE_MM, np.minimum(room, FORAMEN_MIDDLE_MM) - 0.1 * away, -np.inf)
    row, column = np.unravel_index(int(worth.argmax()), worth.shape)
    if not room[row, column] > 0 or not np.isfinite(worth[row, column]):
        raise _no_foramen("there is no room around its place")
    return float(row), float(column)


def _no_foramen(reason: str) -> MeasurementError:
    return MeasurementError("Foramen", reason=reason, remedy="Check its place on the images")


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
