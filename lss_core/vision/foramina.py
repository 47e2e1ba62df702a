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
USUAL_LATERAL_MM = 16.5
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
                    series[role], masks[role], np.array(canal), np.array(disc_normals[level]), side
                )
                if point is not None:
                    found[Site(condition=Condition.FORAMINAL, level=level, side=side)] = point
                    break
    return found


def foramen_point(volume: Volume, masks: MaskStack, canal: Float, up: Float, side: Side) -> Point | None:
    """The middle of one foramen: of all slices, where it is bounded best, near the usual place."""
    sign = 1.0 if side is Side.LEFT else -1.0
    lateral = sign * np.array([1.0, 0, 0])
    back = np.cross(up, np.array([-1.0, 0, 0]))
    back = back if back[1] > 0 else -back
    best: tuple[float, Float] | None = None
    for k in range(len(volume.voxels)):
        aim = _on_plane(volume, k, canal + 4.0 * up - 5.0 * back)
        offset = float((aim - canal) @ lateral)
        if not LATERAL_MM[0] <= offset <= LATERAL_MM[1]:
            continue
        hit = _hole(volume, masks, k, aim, up)
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


def _hole(volume: Volume, masks: MaskStack, k: int, aim: Float, up: Float) -> tuple[float, Float] | None:
    """The roomiest place in the hole near `aim`, and in what share of directions the hole is bounded."""
    solid = (
        masks.mask(SagittalStructure.VERTEBRA, k)
        | masks.mask(SagittalStructure.DISC, k)
        | masks.mask(SagittalStructure.SACRUM, k)
    )
    room = ndimage.distance_transform_edt(~solid, sampling=volume.spacing_mm)
    pixels = np.argwhere(room > 1.0)
    if not solid.any() or not len(pixels):
        return None
    points = volume.to_patient(k, pixels.astype(float))
    far = np.linalg.norm(points - aim, axis=1)
    near = far < 9
    if not near.any():
        return None
    worth = np.minimum(room[tuple(pixels.T)], 6.0) - 0.35 * far
    choice = np.flatnonzero(near)[worth[near].argmax()]
    return _bounded(volume, solid, k, points[choice]), points[choice]


def _bounded(volume: Volume, solid: NDArray[np.bool_], k: int, point: Float) -> float:
    """The share of directions from a point in which something solid comes within the reach."""
    turned = np.deg2rad(np.arange(0, 360, 10))
    steps = np.arange(0, REACH_MM, 0.5)
    row, column = volume.to_pixel(k, point[None])[0][0]
    rows = row + np.outer(np.sin(turned), steps) / volume.spacing_mm[0]
    columns = column + np.outer(np.cos(turned), steps) / volume.spacing_mm[1]
    found = ndimage.map_coordinates(solid.astype(np.uint8), [rows, columns], order=0, mode="constant")
    return float(found.any(1).mean())
