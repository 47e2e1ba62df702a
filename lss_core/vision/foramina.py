"""The neural foramina on lateral sagittal slices: the hole between two pedicles behind a disc."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lss_core.domain import Condition, Level, Point, SagittalStructure, SeriesRole, Side, Site
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume

Float = NDArray[np.float64]

FORAMEN_ROLES = (SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2)
"""Where foramina are sought, the better one first: as they are measured."""

LATERAL_MM = (10.0, 24.0)
"""How far from the canal's middle a foramen is sought."""
USUAL_LATERAL_MM = 17.0
USUAL_UP_BACK_MM = {
    Level.L1_L2: (7.0, -2.0),
    Level.L2_L3: (7.5, -3.0),
    Level.L3_L4: (8.0, -4.0),
    Level.L4_L5: (8.5, -6.0),
    Level.L5_S1: (9.0, -7.0),
}
"""Where its middle lies from the canal's: to the head through the disc, to the back along it."""
NEAR_MM = 8.0
"""The hole is sought this near to the usual place."""
REACH_MM = 15.0
"""No foramen reaches further from its middle."""
LEAST_BOUNDED = 0.6
"""The share of directions in which bone or disc must bound the hole."""


def foramen_points(
    series: Mapping[SeriesRole, Volume],
    masks: Mapping[SeriesRole, MaskStack],
    canal_points_mm: Mapping[Level, Point],
    disc_normals: Mapping[Level, Point],
) -> dict[Site, Point]:
    """The middle of each foramen found; a foramen that is not sure is left out."""
    found: dict[Site, Point] = {}
    for level, canal in canal_points_mm.items():
        for side in Side:
            for role in FORAMEN_ROLES:
                if role not in series or role not in masks:
                    continue
                point = foramen_point(
                    series[role], masks[role], level, side, np.array(canal), np.array(disc_normals[level])
                )
                if point is not None:
                    found[Site(condition=Condition.FORAMINAL, level=level, side=side)] = point
                    break
    return found


def foramen_point(
    volume: Volume, masks: MaskStack, level: Level, side: Side, canal: Float, up: Float
) -> Point | None:
    """The middle of one foramen: of all slices, where it is bounded best, near the usual place."""
    sign = 1.0 if side is Side.LEFT else -1.0
    lateral = sign * np.array([1.0, 0, 0])
    back = np.cross(up, np.array([-1.0, 0, 0]))
    back = back if back[1] > 0 else -back
    up_mm, back_mm = USUAL_UP_BACK_MM[level]
    best: tuple[float, Float] | None = None
    for k in range(len(volume.voxels)):
        aim = _on_plane(volume, k, canal + up_mm * up + back_mm * back)
        offset = float((aim - canal) @ lateral)
        if not LATERAL_MM[0] <= offset <= LATERAL_MM[1]:
            continue
        hit = _hole(volume, masks, k, aim)
        if hit is None:
            continue
        bounded, point = hit
        score = bounded - abs(offset - USUAL_LATERAL_MM) / 20
        if bounded >= LEAST_BOUNDED and (best is None or score > best[0]):
            best = score, point
    if best is None:
        return None
    x, y, z = (float(value) for value in best[1])
    return x, y, z


def _on_plane(volume: Volume, k: int, point: Float) -> Float:
    """A point moved along patient x onto a slice's plane."""
    normal = volume.normals[k]
    away = float((volume.positions_mm[k] - point) @ normal)
    moved: Float = point + np.array([away / normal[0], 0, 0])
    return moved


def _hole(volume: Volume, masks: MaskStack, k: int, aim: Float) -> tuple[float, Float] | None:
    """The middle of the hole near `aim`, and in what share of directions something solid bounds it."""
    solid = (
        masks.mask(SagittalStructure.VERTEBRA, k)
        | masks.mask(SagittalStructure.DISC, k)
        | masks.mask(SagittalStructure.SACRUM, k)
    )
    (row, column), _ = (part[0] for part in volume.to_pixel(k, aim[None]))
    reach = (REACH_MM + NEAR_MM) / np.array(volume.spacing_mm)
    top, left = (max(0, int(at - far)) for at, far in zip((row, column), reach, strict=True))
    part = solid[top : int(row + reach[0]) + 1, left : int(column + reach[1]) + 1]
    if not part.any() or part.all():
        return None
    room = np.minimum(ndimage.distance_transform_edt(~part, sampling=volume.spacing_mm), 5.0)
    pixels = np.argwhere(room > 0)
    points = volume.to_patient(k, pixels + np.array([top, left], float))
    worth = room[tuple(pixels.T)] * (np.linalg.norm(points - aim, axis=1) < NEAR_MM)
    if not worth.any():
        return None
    middle = (points * worth[:, None]).sum(0) / worth.sum()
    point = points[np.linalg.norm(points - middle, axis=1).argmin()]
    return _bounded(volume, solid, k, point), point


def _bounded(volume: Volume, solid: NDArray[np.bool_], k: int, point: Float) -> float:
    """The share of directions from a point in which something solid comes within the reach."""
    row, column = volume.to_pixel(k, point[None])[0][0].tolist()
    return met_share(solid, (row, column), volume.spacing_mm)


def met_share(
    mask: NDArray[np.bool_], row_column: tuple[float, float], spacing_mm: tuple[float, float]
) -> float:
    """The share of directions from a place of a slice in which a structure is met within 15 mm."""
    turned = np.deg2rad(np.arange(0, 360, 10))
    steps = np.arange(0, REACH_MM, 0.5)
    rows = row_column[0] + np.outer(np.sin(turned), steps) / spacing_mm[0]
    columns = row_column[1] + np.outer(np.cos(turned), steps) / spacing_mm[1]
    found = ndimage.map_coordinates(mask.view(np.uint8), [rows, columns], order=0, mode="constant")
    return float(found.any(1).mean())
