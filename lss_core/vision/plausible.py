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
    bits = masks.bits.copy()
    if {SagittalStructure.SACRUM, SagittalStructure.VERTEBRA} <= set(masks.structures):
        low = masks.mask(SagittalStructure.SACRUM) & _below_spine(masks, volume)
        _keep(bits, masks, SagittalStructure.SACRUM, _largest(low))
    for name, rule in RULES.items():
        others = [other for other in rule.others if other in masks.structures]
        if name in masks.structures and others:
            around = np.any(
                [(bits >> np.uint32(masks.structures.index(other))) & 1 for other in others], axis=0
            )
            _keep(bits, masks, name, _within(around, rule.reach_mm, volume.spacing_mm))
    return MaskStack(structures=masks.structures, bits=bits)


def _keep(bits: NDArray[np.uint32], masks: MaskStack, name: str, where: NDArray[np.bool_]) -> None:
    bits &= ~(np.uint32(1 << masks.structures.index(name)) * (~where).astype(np.uint32))


def _below_spine(masks: MaskStack, volume: Volume) -> NDArray[np.bool_]:
    """Where the sacrum may be: around and below the lower end of the largest piece of vertebrae."""
    spine = _largest(masks.mask(SagittalStructure.VERTEBRA) | masks.mask(SagittalStructure.DISC))
    if not spine.any():
        return np.ones(spine.shape, bool)
    _, rows, columns = volume.shape
    row, column = np.mgrid[:rows, :columns]
    grid = np.stack([row.ravel(), column.ravel()], 1).astype(float)
    places = np.stack([volume.to_patient(k, grid)[:, 1:] for k in range(len(spine))]).reshape(*spine.shape, 2)
    ends = places[spine]
    lowest = ends[ends[:, 1] <= np.quantile(ends[:, 1], 0.02)].mean(0)
    away = places - lowest
    back, up = away[..., 0], away[..., 1]
    near = np.linalg.norm(away, axis=-1) < SACRUM_REACH_MM
    where: NDArray[np.bool_] = near & (up < SACRUM_ABOVE_MM) & (back > -SACRUM_BEFORE_MM)
    return where


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
    largest: NDArray[np.bool_] = (
        labels == 1 + int(np.bincount(labels.ravel())[1:].argmax()) if count else mask
    )
    return largest


def _within(mask: NDArray[np.bool_], reach_mm: float, spacing_mm: tuple[float, float]) -> NDArray[np.bool_]:
    """Pixels within a distance of a mask on the same slice, as a box around it."""
    rows, columns = (2 * math.ceil(reach_mm / mm) + 1 for mm in spacing_mm)
    near: NDArray[np.bool_] = ndimage.maximum_filter(mask.astype(np.uint8), (1, rows, columns)) > 0
    return near
