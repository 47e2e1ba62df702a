"""Neural foramina outlined by themselves, in squares around them, and the slice that shows each best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy import ndimage

from lss_core.domain import Condition, ForamenStructure, Point, SeriesRole, Site, Structure
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.measure.foramen import ROOM_REACH_MM
from lss_core.measure.planes import SideSection, side_section
from lss_core.measure.shapes import Mask
from lss_core.measure.study import FORAMEN_SERIES, Study, slice_beside
from lss_core.vision.crops import foramen_stack, nearest_role, on_slice
from lss_core.vision.foramina import met_share
from lss_core.vision.segment import AS_IT_IS, Segmenter, Variation

NETWORK = "foramen"
"""The network's name in a bundle; one without it measures foramina on the outlines of whole slices."""
STEPS = range(-3, 4)
"""The slices outlined, in steps from the one on which a foramen was found."""
MOST_STEPS = 2
"""It may be shown best by a slice so many steps on; the others are for what is beside that."""
LATERAL_MM = (9.0, 27.0)
"""How far from the canal's middle the slice that shows a foramen best may lie."""
MOST_LIGAMENT = 0.15
"""A slice on which the flavum is met in a larger share of directions lies too near to the middle."""

Key = tuple[SeriesRole, int]
"""A series and one of its slices."""


def with_foramina(study: Study, segmenter: Segmenter, *, variation: Variation = AS_IT_IS) -> Study:
    """A located study whose foramina are outlined by themselves, and drawn into its sagittal masks.

    The point of each moves to the slice that is nearest to the middle without showing the flavum: on the
    next one the canal's lateral part lies between flavum and disc.
    """
    outlined: dict[Site, dict[Key, SideSection]] = defaultdict(dict)
    masks, points = dict(study.masks), dict(study.site_points_mm)
    for role, sites in _shown(study).items():
        volume = study.series[role]
        places = [
            (site, index)
            for site, nearest in sites.items()
            for step in STEPS
            if (index := slice_beside(volume, nearest, step)) is not None
        ]
        stack = foramen_stack(volume, [(index, points[site]) for site, index in places])
        found = segmenter(stack, variation=variation)
        for number, (site, index) in enumerate(places):
            ends = study.canal_ends(site.level, points[site])
            middle = _point(volume, index, points[site])
            outlined[site][role, index] = side_section(stack, found, number, middle, ends)
        best = {
            site: _best(site, nearest, outlined[site], role, volume, study) for site, nearest in sites.items()
        }
        points |= {site: _point(volume, index, points[site]) for site, index in best.items()}
        rooms = {
            number: (index, outlined[site][role, index].room)
            for number, (site, index) in enumerate(places)
            if index == best[site]
        }
        masks[role] = _drawn(masks[role], volume, stack, rooms)
    return replace(study, masks=masks, foramina=outlined, site_points_mm=points)


def _shown(study: Study) -> Mapping[SeriesRole, dict[Site, int]]:
    """By series the foramina that are measured on it, and the slice on which each was found."""
    found: dict[SeriesRole, dict[Site, int]] = defaultdict(dict)
    for site, point in study.site_points_mm.items():
        near = nearest_role(study.series, FORAMEN_SERIES, point)
        if site.condition is Condition.FORAMINAL and near is not None:
            found[near[0]][site] = near[1]
    return found


def _best(
    site: Site,
    nearest: int,
    outlined: Mapping[Key, SideSection],
    role: SeriesRole,
    volume: Volume,
    study: Study,
) -> int:
    """The slice that shows a foramen best; where none does by its outlines the one on which it was found."""
    canal, point = study.canal_points_mm[site.level], study.site_points_mm[site]
    fit = {}
    for (_, index), section in outlined.items():
        aside = abs(on_slice(volume, index, point)[0] - canal[0])
        if (
            abs(index - nearest) <= MOST_STEPS
            and LATERAL_MM[0] <= aside <= LATERAL_MM[1]
            and met_share(section.masks[ForamenStructure.LIGAMENT], section.place, section.spacing_mm)
            <= MOST_LIGAMENT
        ):
            fit[index] = aside
    return min(fit, key=fit.__getitem__, default=nearest)


def _point(volume: Volume, index: int, point: Point) -> Point:
    """A point moved onto a slice."""
    x, y, z = on_slice(volume, index, point).tolist()
    return x, y, z


def _drawn(
    masks: MaskStack, volume: Volume, stack: Volume, rooms: Mapping[int, tuple[int, Mask]]
) -> MaskStack:
    """The masks of a series with the room of foramina, as far as it is measured, on its own grid.

    rooms: by the square's number in the stack its slice of the volume, and the room in the square.
    """
    bits, bit = masks.bits.copy(), np.uint32(1 << len(masks.structures))
    for number, (index, room) in rooms.items():
        middle = volume.to_pixel(index, stack.centres_mm[number][None])[0][0]
        reach = ROOM_REACH_MM / np.array(volume.spacing_mm)
        first = np.maximum(np.ceil(middle - reach), 0).astype(int)
        last = np.minimum(np.floor(middle + reach), np.array(volume.shape[1:]) - 1).astype(int)
        if (last < first).any():
            continue
        rows, columns = (part.ravel() for part in np.mgrid[first[0] : last[0] + 1, first[1] : last[1] + 1])
        pixels = np.stack([rows, columns], 1).astype(float)
        where, _ = stack.to_pixel(number, volume.to_patient(index, pixels))
        near = np.hypot(*((pixels - middle) * volume.spacing_mm).T) <= ROOM_REACH_MM
        marked = near & (ndimage.map_coordinates(room.astype(np.uint8), where.T, order=0) > 0)
        bits[index, rows[marked], columns[marked]] |= bit
    return MaskStack(structures=(*masks.structures, Structure.NEURAL_FORAMEN.value), bits=bits)
