"""Slices in a standing orientation, and sizes perpendicular to the dural sac.

An axial slice is tilted to its disc, the sac runs as it likes. A length or an area seen in
the slice is what its projection along the sac's axis makes of it: an area shrinks with the
cosine between the slice's normal and the axis, a length along a direction u with
sqrt(1 - (u . axis)^2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import ForamenStructure, Point, SagittalStructure
from lss_core.errors import MeasurementError
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.standing import standing
from lss_core.imaging.volume import Volume
from lss_core.measure.shapes import Mask, Spacing

Float = NDArray[np.float64]

AXIS_REACH_MM = 20.0
"""The sac's local direction is that of its centres within this distance."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Section:
    """One slice, standing: masks by structure, spacing, and the image where intensities count.

    spacing_mm: projected along the sac's axis, so that lengths are perpendicular to it.
    area_factor: what turns pixels times spacing into the area perpendicular to the axis.
    """

    masks: Mapping[str, Mask]
    spacing_mm: Spacing
    area_factor: float = 1.0
    image: NDArray[np.float64] | None = None


def axial_section(volume: Volume, masks: MaskStack, slice_index: int, axis: Float | None) -> Section:
    """An axial slice, standing; sizes perpendicular to `axis` (unit vector), or as in the slice."""
    turn = standing(volume, slice_index)
    stored = turn.spacing(volume.spacing_mm)
    named: dict[str, Mask] = {name: turn.forth(masks.mask(name, slice_index)) for name in masks.structures}
    image = turn.forth(volume.voxels[slice_index]).astype(float)
    if axis is None:
        return Section(masks=named, spacing_mm=stored, image=image)
    shrink = np.sqrt(
        1 - np.array([volume.y_axes[slice_index] @ axis, volume.x_axes[slice_index] @ axis]) ** 2
    )
    if turn.transpose:
        shrink = shrink[::-1]
    spacing = (stored[0] * float(shrink[0]), stored[1] * float(shrink[1]))
    cosine = abs(float(volume.normals[slice_index] @ axis))
    return Section(masks=named, spacing_mm=spacing, area_factor=cosine / float(shrink.prod()), image=image)


@dataclass(frozen=True, kw_only=True, eq=False)
class SideSection:
    """One sagittal slice, standing, and a place on it.

    place: row and column of the place. up: where the canal's head end is, (rows, columns) mm.
    """

    masks: Mapping[str, Mask]
    place: tuple[float, float]
    up: tuple[float, float]
    spacing_mm: Spacing
    image: Float

    @property
    def bone(self) -> Mask:
        """Vertebrae with all their parts, and the sacrum."""
        found: Mask = (
            self.masks[SagittalStructure.VERTEBRA]
            | self.masks[SagittalStructure.SACRUM]
            | self.masks[SagittalStructure.SPINOUS_PROCESS]
        )
        return found

    @property
    def fat(self) -> Mask | None:
        """The fat, where foramina have been outlined by themselves."""
        return self.masks.get(ForamenStructure.FAT)

    @property
    def room(self) -> Mask:
        """What is neither bone nor disc; where foramina have been outlined by themselves, fat and nerve."""
        fat = self.fat
        found: Mask = ~(self.bone | self.disc) if fat is None else fat | self.masks[ForamenStructure.NERVE]
        return found

    @property
    def disc(self) -> Mask:
        """All discs."""
        return self.masks[SagittalStructure.DISC]


def side_section(
    volume: Volume, masks: MaskStack, slice_index: int, point: Point, ends: tuple[Point, Point]
) -> SideSection:
    """A sagittal slice, standing, with a place on it; `ends` of the canal, upper and lower."""
    turn = standing(volume, slice_index)
    spacing, shape = turn.spacing(volume.spacing_mm), volume.shape[1:]
    pixels, _ = volume.to_pixel(slice_index, np.array([point, *ends]))
    place, high, low = (turn.point((float(row), float(column)), shape) for row, column in pixels)
    up = ((high[0] - low[0]) * spacing[0], (high[1] - low[1]) * spacing[1])
    return SideSection(
        masks={name: turn.forth(masks.mask(name, slice_index)) for name in masks.structures},
        place=place,
        up=up if up[0] < 0 else (-1.0, 0.0),
        spacing_mm=spacing,
        image=turn.forth(volume.voxels[slice_index]).astype(float),
    )


def sac_axis(centres_mm: Float, at_mm: Float) -> Float:
    """Unit vector (to the head) of the sac's direction at a point, from centres (n, 3) along it.

    The direction of the straight line through the centres within 20 mm that fits best.
    Raises MeasurementError when fewer than two lie there.
    """
    centres = np.asarray(centres_mm, float).reshape(-1, 3)
    near = centres[np.linalg.norm(centres - at_mm, axis=1) <= AXIS_REACH_MM]
    spread = near - near.mean(0) if len(near) else near
    if len(near) < 2 or np.linalg.norm(spread, axis=1).max() < 1:
        raise MeasurementError(
            "Sac",
            reason="it is seen in too few slices to know its direction",
            remedy="Measure in the plane of the slice instead",
        )
    direction: Float = np.linalg.svd(spread)[2][0]
    return direction if direction[2] >= 0 else -direction
