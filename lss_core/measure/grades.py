"""Grades that follow from measurements, by the published definitions."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lss_core.domain import Grade, Level
from lss_core.errors import MeasurementError

LURIE_LOST_SHARES = (0.10, 1 / 3, 2 / 3)
"""Lost share of the sac's normal area above which central stenosis is mild, moderate, severe.

Lurie et al., Spine 2008;33:1605: mild up to a third, moderate a third to two thirds, severe
more. A loss of up to a tenth is within what neighbouring healthy levels differ and what a
pixel's width makes of an area: it counts as none (our choice; the paper gives no number).
"""

RECESS_HEIGHTS_MM = (5.0, 3.0, 2.0)
"""Height of the lateral recess below which it is mildly, at which moderately, severely narrow.

Ciric et al., J Neurosurg 1980;53:433 and Strojnik, Eur Spine J 2001;10:331: 5 mm and more is
normal, 3 mm and less highly indicative of stenosis, 2 mm and less diagnostic. They stand here
for Bartynski and Lin, AJNR 2003;24:348: 0 normal, 1 narrow without contact of the root,
2 root flattened with some room left, 3 root compressed and the recess obliterated.
"""

UNAFFECTED_SHARE = 0.75
"""A level with at least this share of the patient's largest area counts as unaffected."""


def central_grade(lost_share: float) -> Grade:
    """Lurie's grade from the lost share of the sac's normal area (0 none lost, 1 all lost)."""
    return Grade(sum(lost_share > limit for limit in LURIE_LOST_SHARES))


def recess_grade(recess_height_mm: float, *, obliterated: bool = False) -> Grade:
    """Bartynski's grade from the height of the lateral recess, or from its being gone."""
    mild, moderate, severe = RECESS_HEIGHTS_MM
    if obliterated or recess_height_mm <= severe:
        return Grade.SEVERE
    if recess_height_mm <= moderate:
        return Grade.MODERATE
    return Grade.MILD if recess_height_mm < mild else Grade.NONE


def foramen_grade(without_fat: Collection[str], *, root_deformed: bool = False) -> Grade:
    """Lee's grade from the sides of the root that have lost their fat ('up', 'down', 'front',
    'back'), and whether the root is collapsed or deformed.

    Lee et al., AJR 2010;194:1095: mild, the fat is gone in two opposing directions; moderate,
    in all four; severe, the root has changed its form.
    """
    lost = set(without_fat)
    if lost - {"up", "down", "front", "back"}:
        raise ValueError("the sides of a root are up, down, front, back")
    if root_deformed:
        return Grade.SEVERE
    opposing = [{"up", "down"} <= lost, {"front", "back"} <= lost]
    return Grade.MODERATE if all(opposing) else Grade.MILD if any(opposing) else Grade.NONE


def own_normal(sizes: Mapping[Level, float], level: Level) -> float:
    """A size's normal value at a level: the mean of the nearest unaffected level above and below.

    sizes: the same quantity at the levels where it could be measured. Unaffected are levels
    with at least 75 % of the largest. Where no other level is unaffected, the level's own size.
    Raises MeasurementError when the level was not measured.
    """
    if level not in sizes:
        raise MeasurementError(level.label, reason="it was not measured", remedy="Check the segmentation")
    order = list(Level)
    here = order.index(level)
    limit = UNAFFECTED_SHARE * max(sizes.values())
    unaffected = [order.index(other) for other, size in sizes.items() if size >= limit and other != level]
    above = max((index for index in unaffected if index < here), default=None)
    below = min((index for index in unaffected if index > here), default=None)
    neighbours = [sizes[order[index]] for index in (above, below) if index is not None]
    return sum(neighbours) / len(neighbours) if neighbours else sizes[level]


def lost_share(size: float, normal: float) -> float:
    """The share of a normal size that is lost, 0 to 1; a size above normal has lost nothing."""
    if normal <= 0:
        raise MeasurementError("Normal size", reason="it is not positive", remedy="Check the segmentation")
    return min(1.0, max(0.0, 1 - size / normal))
