"""The dural sac along the axial slices: where it runs, how large it is, what was normal for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import Point, Structure
from lss_core.errors import MeasurementError
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.measure import shapes
from lss_core.measure.planes import sac_axis

Float = NDArray[np.float64]

BEHIND_VERTEBRA_MM = (12.0, 22.0)
"""How far along the sac from a disc it lies behind the middle of the vertebra above or below."""
VERTEBRA_OVER_DISC = 1.3
"""How much larger a healthy sac is behind the middle of a vertebra than behind the disc.

Ours: the median over discs of synthetic patients drawn without disease (1.2 at L1-L2 to 1.4
at L5-S1). We know of no published figure.
"""


@dataclass(frozen=True, kw_only=True, eq=False)
class SacCourse:
    """The sac in each axial slice that shows it.

    centres: in patient coordinates, by slice. areas_mm2: perpendicular to the sac.
    """

    centres: Mapping[int, Float]
    areas_mm2: Mapping[int, float]

    @classmethod
    def of(cls, volume: Volume, masks: MaskStack) -> SacCourse:
        """The course of the sac in an axial series."""
        sac = masks.mask(Structure.DURAL_SAC)
        seen = [k for k in range(len(sac)) if sac[k].any()]
        centres = {k: volume.to_patient(k, np.array([shapes.centroid(sac[k])]))[0] for k in seen}
        areas = {}
        for k in seen:
            axis = direction_at(centres, k)
            cosine = 1.0 if axis is None else abs(float(volume.normals[k] @ axis))
            areas[k] = shapes.area_mm2(sac[k], volume.spacing_mm, cosine=cosine)
        return cls(centres=centres, areas_mm2=areas)

    def axis(self, slice_index: int) -> Float | None:
        """The sac's direction at a slice; None where the slice's own plane has to do."""
        return direction_at(self.centres, slice_index)

    def normal_mm2(self, point: Point) -> float | None:
        """What the sac's area at a disc would be without disease, from the sac behind the vertebrae.

        The largest area between 12 and 22 mm above the point, and below, their mean over 1.3;
        one of them alone where the other is not seen, None where neither is.
        """
        axis = self._axis_near(point)
        if axis is None:
            return None
        along = {k: float((centre - point) @ axis) for k, centre in self.centres.items()}
        low, high = BEHIND_VERTEBRA_MM
        largest = [
            max(areas)
            for sign in (1, -1)
            if (areas := [self.areas_mm2[k] for k, mm in along.items() if low <= sign * mm <= high])
        ]
        return sum(largest) / len(largest) / VERTEBRA_OVER_DISC if largest else None

    def _axis_near(self, point: Point) -> Float | None:
        away = {k: float(np.linalg.norm(centre - point)) for k, centre in self.centres.items()}
        return direction_at(self.centres, min(away, key=lambda k: away[k])) if away else None


def direction_at(centres: Mapping[int, Float], slice_index: int) -> Float | None:
    """The direction of the sac through one of its centres; None where too few are near."""
    if slice_index not in centres:
        return None
    try:
        return sac_axis(np.array(list(centres.values())), centres[slice_index])
    except MeasurementError:
        return None
