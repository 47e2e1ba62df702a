"""Anatomy that no outline may contradict: what must lie within or near something else, and what is one.

A small network sees a structure here and there in the background. These rules take that away;
they never add a pixel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lss_core.domain import SagittalStructure, Structure
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume

Box = tuple[slice, slice, slice]
_EVERYWHERE: Box = (slice(None), slice(None), slice(None))


@dataclass(frozen=True, kw_only=True)
class Near:
    """A structure lies on the same slice within `reach_mm` of one of the `others`."""

    others: Sequence[str]
    reach_mm: float


RULES: dict[str, Near] = {
    SagittalStructure.CORD: Near(others=(SagittalStructure.SPINAL_CANAL,), reach_mm=0.5),
    SagittalStructure.POSTERIOR_LONGITUDINAL_LIGAMENT: Near(
        others=(SagittalStructure.SPINAL_CANAL,), reach_mm=8.0
    ),
    SagittalStructure.SPINOUS_PROCESS: Near(
        others=(SagittalStructure.VERTEBRA, SagittalStructure.SACRUM), reach_mm=1.0
    ),
    Structure.NERVE: Near(others=(Structure.DURAL_SAC,), reach_mm=0.5),
    Structure.HERNIATION: Near(others=(Structure.DISC, Structure.SPINAL_CANAL), reach_mm=2.0),
    Structure.LATERAL_RECESS: Near(others=(Structure.SPINAL_CANAL,), reach_mm=8.0),
}


SACRUM_ABOVE_MM = 22.0
SACRUM_BEFORE_MM = 12.0
SACRUM_REACH_MM = 75.0
"""From the lower front end of the spine the sacrum reaches so far up, to the front, and at all."""


def plausible(masks: MaskStack, volume: Volume) -> MaskStack:
    """The masks of a volume without what contradicts RULES; the sacrum is one piece below the spine."""
    found = MaskStack(structures=masks.structures, bits=masks.bits.copy())
    if {SagittalStructure.SACRUM, SagittalStructure.VERTEBRA} <= set(masks.structures):
        sacrum = masks.mask(SagittalStructure.SACRUM)
        _keep(found, SagittalStructure.SACRUM, _largest(_below_spine(sacrum, masks, volume)), _box(sacrum))
    for name, rule in RULES.items():
        others = [other for other in rule.others if other in masks.structures]
        if name in masks.structures and others:
            _keep_near(found, name, others, rule.reach_mm, volume.spacing_mm)
    return found


def _keep(masks: MaskStack, name: str, where: NDArray[np.bool_], box: Box) -> None:
    """Take a structure away, inside a box that holds it, where `where` is false."""
    others = ~np.uint32(1 << masks.structures.index(name))
    part = masks.bits[box]
    np.bitwise_and(part, others, out=part, where=~where[box])


def _keep_near(
    masks: MaskStack, name: str, others: Sequence[str], reach_mm: float, spacing_mm: tuple[float, float]
) -> None:
    """Take a structure away where none of the others is on the same slice within a distance."""
    reach = [math.ceil(reach_mm / mm) for mm in spacing_mm]
    box = _box(masks.mask(name), (0, *reach))
    wanted = np.uint32(sum(1 << masks.structures.index(other) for other in others))
    around = ((masks.bits[box] & wanted) != 0).astype(np.uint8)
    near = ndimage.maximum_filter(around, (1, *(2 * pixels + 1 for pixels in reach))) > 0
    _keep(MaskStack(structures=masks.structures, bits=masks.bits[box]), name, near, _EVERYWHERE)


def _below_spine(sacrum: NDArray[np.bool_], masks: MaskStack, volume: Volume) -> NDArray[np.bool_]:
    """The sacrum around and below the lower end of the largest piece of vertebrae."""
    spine = _largest(masks.mask(SagittalStructure.VERTEBRA) | masks.mask(SagittalStructure.DISC))
    if not spine.any():
        return sacrum
    ends = np.concatenate([_places(volume, k, spine[k]) for k in range(len(spine))])
    lowest = ends[ends[:, 1] <= np.quantile(ends[:, 1], 0.02)].mean(0)
    where = np.zeros_like(sacrum)
    for k in range(len(sacrum)):
        away = _places(volume, k, sacrum[k]) - lowest
        back, up = away.T
        near = np.hypot(back, up) < SACRUM_REACH_MM
        where[k][sacrum[k]] = near & (up < SACRUM_ABOVE_MM) & (back > -SACRUM_BEFORE_MM)
    return where


def _places(volume: Volume, slice_index: int, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n, 2) of a mask's pixels on a slice: to the back and to the head, mm."""
    return volume.to_patient(slice_index, np.argwhere(mask).astype(float))[:, 1:]


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest piece of a mask, pieces touching by a corner at least."""
    box = _box(mask)
    labels, count = ndimage.label(mask[box], np.ones((3, 3, 3)))
    largest = np.zeros_like(mask)
    if count:
        largest[box] = labels == 1 + int(np.bincount(labels.ravel())[1:].argmax())
    return largest


def _box(mask: NDArray[np.bool_], margins: tuple[int, ...] = (0, 0, 0)) -> Box:
    """The box around a mask, wider by so many pixels on each side; without any where the mask has none."""
    found = ndimage.find_objects(mask.view(np.uint8)) or [(slice(0, 0),) * 3]
    slices, rows, columns = (
        slice(max(0, part.start - margin), part.stop + margin)
        for part, margin in zip(found[0], margins, strict=True)
    )
    return slices, rows, columns
