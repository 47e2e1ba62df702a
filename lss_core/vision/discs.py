"""Discs as bodies in the patient, put together from their outlines on several sagittal slices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lss_core.domain import SagittalStructure
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume

Float = NDArray[np.float64]

MIDDLE_MM = 14.0
"""Discs are sought on slices this near to the canal's middle."""
LEAST_AREA_MM2 = 45.0
LENGTH_MM = (14.0, 62.0)
SAME_DISC_MM = 11.0
"""Outlines on two slices whose middles are nearer than this in the plane are of one disc."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Disc:
    """A disc, in patient coordinates.

    centre: its middle. up, back: unit vectors through it to the head, along it to the back.
    length_mm: from front to back. weight: outlined area over all slices, mm2; 0 where its
    place follows from its neighbours. slices: where it was seen.
    """

    centre: Float
    up: Float
    back: Float
    length_mm: float
    weight: float
    slices: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Outline:
    slice_index: int
    centre: Float
    back: Float
    length_mm: float
    area_mm2: float


def discs_of(volume: Volume, masks: MaskStack, canal: Float) -> list[Disc]:
    """The discs of a sagittal series near the canal's points (n, 3), in no order."""
    middle = np.median(canal, axis=0)
    mask = masks.mask(SagittalStructure.DISC)
    near = [k for k in range(len(mask)) if _off_middle(volume, k, canal, middle) <= MIDDLE_MM]
    outlines = sorted(
        (outline for k in near for outline in _outlines(volume, mask[k], k)), key=lambda one: -one.area_mm2
    )
    groups: list[list[_Outline]] = []
    for outline in outlines:
        for group in groups:
            apart = (group[0].centre - outline.centre)[1:]
            if np.linalg.norm(apart) < SAME_DISC_MM:
                group.append(outline)
                break
        else:
            groups.append([outline])
    least = 2 if len(near) > 3 else 1
    return [_joined(group) for group in groups if len({one.slice_index for one in group}) >= least]


def _off_middle(volume: Volume, k: int, canal: Float, middle: Float) -> float:
    """How far a slice's plane is from the middle of the canal, mm."""
    return float(abs((middle - volume.positions_mm[k]) @ volume.normals[k]))


def _outlines(volume: Volume, mask: NDArray[np.bool_], k: int) -> list[_Outline]:
    labels, _ = ndimage.label(mask)
    pixel_mm2 = volume.spacing_mm[0] * volume.spacing_mm[1]
    found = []
    for number, box in enumerate(ndimage.find_objects(labels), 1):
        inside = np.argwhere(labels[box] == number) + [part.start for part in box]
        if len(inside) * pixel_mm2 < LEAST_AREA_MM2:
            continue
        points = volume.to_patient(k, inside.astype(float))
        centre = points.mean(0)
        back = np.linalg.svd(points - centre, full_matrices=False)[2][0]
        back = back if back[1] >= 0 else -back
        low, high = np.quantile((points - centre) @ back, [0.01, 0.99])
        if LENGTH_MM[0] <= high - low <= LENGTH_MM[1] and back[1] > 0.35:
            middle = centre + back * (low + high) / 2
            found.append(
                _Outline(
                    slice_index=k,
                    centre=middle,
                    back=back,
                    length_mm=float(high - low),
                    area_mm2=len(inside) * pixel_mm2,
                )
            )
    return found


def _joined(group: list[_Outline]) -> Disc:
    areas = np.array([outline.area_mm2 for outline in group])
    centre = np.average([outline.centre for outline in group], axis=0, weights=areas)
    back = np.average([outline.back for outline in group], axis=0, weights=areas)
    back /= np.linalg.norm(back)
    up = np.cross(np.array([1.0, 0, 0]), back)
    up /= np.linalg.norm(up)
    return Disc(
        centre=centre,
        up=up if up[2] >= 0 else -up,
        back=back,
        length_mm=float(np.median([outline.length_mm for outline in group])),
        weight=float(areas.sum()),
        slices=tuple(sorted({outline.slice_index for outline in group})),
    )


def share_at(
    volume: Volume, mask: NDArray[np.bool_], disc: Disc, *, down_mm: tuple[float, float], sign: float = 1
) -> float:
    """The share of a mask in a box below a disc, 16 mm from front to back; sign -1: above it.

    nan where half of the box lies outside the image.
    """
    down, back = np.meshgrid(np.arange(*down_mm, 1.0), np.arange(-8, 9, 2.0))
    points = disc.centre - sign * down.reshape(-1, 1) * disc.up + back.reshape(-1, 1) * disc.back
    _, rows, columns = volume.shape
    values, outside = [], 0
    for k in disc.slices:
        pixels = volume.to_pixel(k, points)[0].round().astype(int)
        inside = ((pixels >= 0) & (pixels < (rows, columns))).all(1)
        outside += int((~inside).sum())
        values.append(mask[k][tuple(pixels[inside].T)])
    if outside > 0.5 * len(points) * len(disc.slices):
        return float("nan")
    return float(np.concatenate(values).mean())
