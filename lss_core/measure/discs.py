"""The disc on a sagittal slice through the middle of the canal: heights, bulge, wedge, slip."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lss_core.errors import MeasurementError
from lss_core.measure import shapes
from lss_core.measure.shapes import Mask, Spacing

Float = NDArray[np.float64]
Direction = tuple[float, float]
"""(towards greater rows, towards greater columns), mm, on a standing sagittal slice."""

UP: Direction = (-1.0, 0.0)
DISC_WITHIN_MM = 20.0
"""A level's disc comes this near to the level's point in the canal."""
CORNER_MM = (1.0, 3.5)
"""The dorsal margin of a vertebra is sought at this distance beyond its endplate."""
ENDPLATES = (0.15, 0.85)
"""The part of a disc's length, front to back, along which its endplates are straight lines."""
FRONT, BACK = (0.15, 0.30), (0.70, 0.85)
"""The parts of its length in which its anterior and posterior height are taken."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DiscView:
    """A level's disc, in its own axes.

    along: (n,) mm of each pixel along the disc, to the back; height: to the head; origin: the
    row and column both count from, the level's point in the canal. head, back: their unit
    vectors in mm of (rows, columns). The axes are those of the disc's own shape, so that a
    disc tilted against the canal is not measured askew.
    """

    along: Float
    height: Float
    origin: Direction
    head: Float
    back: Float
    spacing_mm: Spacing

    @classmethod
    def of(cls, disc: Mask, canal: Direction, spacing_mm: Spacing, *, up: Direction = UP) -> DiscView:
        """The disc nearest to a point in the canal. Raises MeasurementError when none is near."""
        part = shapes.component_near(disc, canal, spacing_mm, DISC_WITHIN_MM)
        away = _away(part, canal, spacing_mm)
        if len(away) < 8:
            raise MeasurementError("Disc", reason="it is too small", remedy="Check the segmentation")
        head, back = axes(up)
        own = np.linalg.svd(away - away.mean(0), full_matrices=False)[2][0]
        if abs(own @ back) > abs(own @ head):
            back = own if own @ back > 0 else -own
            head = np.array([-back[1], back[0]])
        return cls(
            along=away @ back, height=away @ head, origin=canal, head=head, back=back, spacing_mm=spacing_mm
        )

    @cached_property
    def length_mm(self) -> float:
        """From its front to its back end."""
        return float(np.ptp(self.along)) + float(np.mean(self.spacing_mm))

    @property
    def mean_height_mm(self) -> float:
        """Its area over its length."""
        return len(self.along) * self.spacing_mm[0] * self.spacing_mm[1] / self.length_mm

    def height_within_mm(self, part: tuple[float, float]) -> float:
        """Mean thickness in a part of its length, 0 the front end, 1 the back end."""
        low, high = (self.along.min() + share * self.length_mm for share in part)
        pixels = int(((self.along >= low) & (self.along < high)).sum())
        return pixels * self.spacing_mm[0] * self.spacing_mm[1] / float(high - low)

    @property
    def posterior_height_mm(self) -> float:
        """Its mean height between 70 and 85 % of its length from the front."""
        return self.height_within_mm(BACK)

    @property
    def height_index(self) -> float:
        """Anterior and posterior height over twice the length (Farfan, Mechanical Disorders of
        the Low Back, 1973, doubled depth so that it is the mean height over the depth)."""
        return (self.height_within_mm(FRONT) + self.height_within_mm(BACK)) / (2 * self.length_mm)

    def endplate(self, which: int) -> tuple[float, float]:
        """The straight line of the disc's upper (1) or lower (-1) border: height = a + b along."""
        low, high = (self.along.min() + share * self.length_mm for share in ENDPLATES)
        width = float(np.mean(self.spacing_mm))
        bins = np.floor((self.along - low) / width).astype(int)
        columns = [n for n in range(int((high - low) / width)) if (bins == n).any()]
        if len(columns) < 4:
            raise MeasurementError(
                "Endplate", reason="too little of it is seen", remedy="Check the segmentation"
            )
        border = [which * (which * self.height[bins == n]).max() for n in columns]
        slope, start = np.polyfit([low + (n + 0.5) * width for n in columns], border, 1)
        return float(start) + which * width / 2, float(slope)

    @property
    def wedge_deg(self) -> float:
        """The angle between its endplates, positive where it opens to the front."""
        (_, upper), (_, lower) = self.endplate(1), self.endplate(-1)
        return float(np.degrees(np.arctan(lower) - np.arctan(upper)))

    def endplate_deg(self, which: int) -> float:
        """How far an endplate falls to the back on the standing slice: 0 is level, degrees."""
        _, slope = self.endplate(which)
        line = self.back + slope * self.head
        return float(np.degrees(np.arctan2(line[0], line[1])))

    def bulge_mm(self, bone: Mask) -> float:
        """How far it stands out behind the line between the dorsal corners of its vertebrae.

        0 where it stays in front of the line. Raises MeasurementError when a corner is not seen.
        """
        (above_h, above_a), (below_h, below_a) = self.corner(bone, 1), self.corner(bone, -1)
        slope = (above_a - below_a) / (above_h - below_h)
        line = below_a + slope * (self.height - below_h)
        return max(0.0, float(((self.along - line) / np.hypot(1, slope)).max()))

    def slip_mm(self, bone: Mask) -> float:
        """How far the upper vertebra's dorsal corner lies before the lower one's, along the lower
        endplate; negative behind it. Raises MeasurementError when a corner is not seen."""
        (above_h, above_a), (below_h, below_a) = self.corner(bone, 1), self.corner(bone, -1)
        slope = self.endplate(-1)[1]
        return float(((below_a - above_a) + slope * (below_h - above_h)) / np.hypot(1, slope))

    def corner(self, bone: Mask, which: int) -> Direction:
        """(height, along) of the dorsal end of the bone just above (1) or below (-1) the disc."""
        away = _away(bone, self.origin, self.spacing_mm)
        along, height = away @ self.back, away @ self.head
        start, slope = self.endplate(which)
        beyond = which * (height - start - slope * along)
        near = (beyond > CORNER_MM[0]) & (beyond < CORNER_MM[1]) & (along < 0) & (along > -DISC_WITHIN_MM)
        if not near.any():
            raise MeasurementError(
                "Vertebra",
                reason="its dorsal corner is not seen at the disc",
                remedy="Check the segmentation",
            )
        corner = np.flatnonzero(near)[along[near].argmax()]
        return float(height[corner]), float(along[corner])


def axes(up: Direction) -> tuple[Float, Float]:
    """Unit vectors up and back in (rows, columns); up must not point to the feet."""
    if up[0] >= 0:
        raise ValueError("up points to smaller rows on a standing slice")
    head = np.asarray(up, float) / np.hypot(*up)
    return head, np.array([head[1], -head[0]])


def _away(mask: Mask, origin: Direction, spacing_mm: Spacing) -> Float:
    """(n, 2) mm of each pixel of a mask from an origin, along rows and columns."""
    rows, columns = np.nonzero(mask)
    return np.stack([(rows - origin[0]) * spacing_mm[0], (columns - origin[1]) * spacing_mm[1]], -1)
