"""The neural foramen on a parasagittal slice: how large it is, and how much fat it holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lss_core.errors import MeasurementError
from lss_core.measure import shapes
from lss_core.measure.discs import UP, Direction, axes
from lss_core.measure.shapes import Mask, Spacing

Float = NDArray[np.float64]

REACH_MM = 15.0
"""No foramen reaches further from its middle."""
ROOM_REACH_MM = 8.0
"""The root and the fat around it lie within this distance of the middle."""
MIDDLE_MM = 5.0
"""A foramen's middle is sought within this distance of its point."""
LEAST_BOUNDED = 0.6
"""The share of directions in which bone or disc must bound a foramen."""
STEP_DEGREES = 5
FAT_ABOUT_MM = 25.0
"""Fat's brightness is that of the brightest soft tissue within this distance."""
WINDOW_MM = FAT_ABOUT_MM + MIDDLE_MM
"""Nothing further from a foramen's point has a part in it."""


@dataclass(frozen=True, kw_only=True)
class Foramen:
    """Sizes of a neural foramen on a parasagittal slice: of what can be seen from its middle.

    height_mm: its extent from foot to head; at most 15 mm is suspicious (Hasegawa et al., Spine
        1995;20:2633).
    width_mm: its mean width, the area over the height; 3 mm or less is suspicious (Steurer et
        al., BMC Musculoskelet Disord 2011;12:175).
    area_mm2: of what can be seen from the middle, as far as 15 mm.
    room_mm2: of that, what lies within 8 mm of the middle: root and fat (ours).
    clearance_mm: diameter of the largest circle that fits in around the middle (ours).
    fat_mm2: of the room, the fat, outlined or as bright as fat on a T1; None without either.
    """

    height_mm: float
    width_mm: float
    area_mm2: float
    room_mm2: float
    clearance_mm: float
    fat_mm2: float | None = None


OBLITERATED = Foramen(height_mm=0.0, width_mm=0.0, area_mm2=0.0, room_mm2=0.0, clearance_mm=0.0, fat_mm2=0.0)
"""Bone or disc wherever the foramen should be."""


def foramen(
    solid: Mask,
    row_column: Direction,
    spacing_mm: Spacing,
    *,
    up: Direction = UP,
    image: Float | None = None,
    dark: Mask | None = None,
    fat: Mask | None = None,
) -> Foramen:
    """Measure the foramen around a point; `solid` is what bounds it, bone and disc.

    fat: where it has been outlined. image: else a T1, if fat is to be measured; dark: what is surely not
    fat on it, the discs.
    Its middle is the roomiest place within 5 mm of the point; where there is no room at all, it
    is obliterated. Where it is open (above and behind, or where it goes on into the next) it
    ends at 15 mm. Raises MeasurementError when bone and disc bound less than 60 % of it.
    """
    window, row_column = _around(row_column, solid.shape, spacing_mm)
    solid = solid[window]
    clear = ndimage.distance_transform_edt(~solid, sampling=spacing_mm)
    middle = _roomiest(clear, row_column, spacing_mm)
    if middle is None:
        return OBLITERATED
    turned = np.deg2rad(np.arange(0, 360, STEP_DEGREES))
    head, back = axes(up)
    rays = np.cos(turned)[:, None] * head + np.sin(turned)[:, None] * back
    found = shapes.rays_mm(solid, middle, rays, spacing_mm, REACH_MM)
    if np.isfinite(found).mean() < LEAST_BOUNDED:
        raise MeasurementError(
            "Foramen", reason="bone does not bound it in this slice", remedy="Check its place on the images"
        )
    reach = np.nan_to_num(found, nan=REACH_MM)
    near = np.minimum(reach, ROOM_REACH_MM)
    area, height = _fan_mm2(reach), float(np.ptp(reach * np.cos(turned)))
    if fat is not None:
        fat = fat[window]
    elif image is not None and dark is not None:
        fat = _bright(image[window], (solid, dark[window]), middle, spacing_mm)
    share = None if fat is None else _share(fat, solid, middle, spacing_mm, head, near)
    pixel = float(np.mean(spacing_mm)) / 2
    return Foramen(
        height_mm=height,
        width_mm=area / max(height, pixel),
        area_mm2=area,
        room_mm2=_fan_mm2(near),
        clearance_mm=max(0.0, 2 * float(clear[round(middle[0]), round(middle[1])]) - pixel),
        fat_mm2=None if share is None else share * _fan_mm2(near),
    )


def _around(
    row_column: Direction, shape: tuple[int, ...], spacing_mm: Spacing
) -> tuple[tuple[slice, slice], Direction]:
    """The part of a slice that matters to a place, and the place in it."""
    starts, window = [], []
    for at, size, mm in zip(row_column, shape, spacing_mm, strict=True):
        reach = int(WINDOW_MM / mm) + 1
        starts.append(max(0, int(at) - reach))
        window.append(slice(starts[-1], min(size, int(at) + reach + 1)))
    return (window[0], window[1]), (row_column[0] - starts[0], row_column[1] - starts[1])


def _fan_mm2(reach: Float) -> float:
    """The area between rays that are evenly spread around a point."""
    return 0.5 * float((reach * np.roll(reach, -1)).sum() * np.sin(np.deg2rad(STEP_DEGREES)))


def _roomiest(clear: Float, row_column: Direction, spacing_mm: Spacing) -> Direction | None:
    """The place farthest from anything solid within 5 mm of a point; None without any room."""
    rows, columns = np.ogrid[: clear.shape[0], : clear.shape[1]]
    away = np.hypot((rows - row_column[0]) * spacing_mm[0], (columns - row_column[1]) * spacing_mm[1])
    near = (away <= MIDDLE_MM) & (clear > 0)
    if not near.any():
        return None
    worth = np.where(near, np.minimum(clear, MIDDLE_MM) - 0.1 * away, -np.inf)
    row, column = np.unravel_index(int(worth.argmax()), worth.shape)
    return float(row), float(column)


def _bright(image: Float, masks: tuple[Mask, Mask], middle: Direction, spacing_mm: Spacing) -> Mask | None:
    """What is nearer to fat's brightness than to that of what is dark; None where one is not seen."""
    solid, dark_parts = masks
    about = np.hypot(*_away(solid.shape, middle, spacing_mm)) <= FAT_ABOUT_MM
    if not (about & dark_parts).any() or not (about & ~solid).any():
        return None
    dark, bright = np.median(image[about & dark_parts]), np.percentile(image[about & ~solid], 95)
    return image > (dark + bright) / 2 if bright > dark else None


def _share(
    fat: Mask, solid: Mask, middle: Direction, spacing_mm: Spacing, head: Float, reach: Float
) -> float | None:
    """The share of fat in the room that can be seen from the middle."""
    down, across = _away(solid.shape, middle, spacing_mm)
    back = np.array([head[1], -head[0]])
    angle = np.degrees(np.arctan2(down * back[0] + across * back[1], down * head[0] + across * head[1])) % 360
    room = ~solid & (np.hypot(down, across) <= reach[np.rint(angle / STEP_DEGREES).astype(int) % len(reach)])
    return float(fat[room].mean()) if room.any() else None


def _away(shape: tuple[int, ...], middle: Direction, spacing_mm: Spacing) -> tuple[Float, Float]:
    """How far below and to the right of a place each pixel lies, mm."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return (rows - middle[0]) * spacing_mm[0], (columns - middle[1]) * spacing_mm[1]
