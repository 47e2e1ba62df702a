"""How the lumbar discs stand to each other: lordosis in the sagittal, Cobb angle in the coronal plane."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lss_core.domain import Condition, Level, Point, SagittalStructure, SeriesRole, Site
from lss_core.errors import MeasurementError
from lss_core.imaging.volume import Volume
from lss_core.measure import shapes
from lss_core.measure.axial import Measurements
from lss_core.measure.discs import DISC_WITHIN_MM, DiscView
from lss_core.measure.shapes import Mask
from lss_core.measure.study import Study, measure_study, near_slice, slice_beside

ROLE = SeriesRole.SAGITTAL_T2
ASIDE_MM = 16.0
"""A disc's coronal tilt is that of its middle on slices within this distance of the canal's."""
LEAST_WIDTH_MM = 12.0
"""Over less than this a tilt cannot be told."""


def measure_whole(study: Study, *, step: int = 0) -> dict[Site, Measurements]:
    """What `measure_study` says of the sites, and what `measure_spine` does, with every central one."""
    spine = measure_spine(study, step=step)
    return {
        site: found | spine if site.condition is Condition.CENTRAL else found
        for site, found in measure_study(study, step=step).items()
    }


def measure_spine(study: Study, *, step: int = 0) -> Measurements:
    """`lordosis_deg` and `cobb_deg` of a study (see `quantities`); what cannot be measured is absent.

    step: so many slices aside; the Cobb angle, which is of all slices at once, is absent there.
    """
    if not study.has(ROLE):
        return {}
    found = Measurements()
    points = _with_t12_l1(study.canal_points_mm)
    first = _endplate_deg(study, points.get(Level.T12_L1), Level.L1_L2, step)
    last = _endplate_deg(study, points.get(Level.L5_S1), Level.L5_S1, step)
    if first is not None and last is not None:
        found["lordosis_deg"] = first - last
    if step:
        return found
    tilts = [tilt for point in points.values() if (tilt := coronal_tilt_deg(study, point)) is not None]
    if len(tilts) > 1:
        found["cobb_deg"] = max(tilts) - min(tilts)
    return found


def coronal_tilt_deg(study: Study, point: Point) -> float | None:
    """How far a disc rises to the patient's left, degrees; None where too few slices show it."""
    volume, disc = study.series[ROLE], study.masks[ROLE].mask(SagittalStructure.DISC)
    middles = []
    for k in np.flatnonzero(volume.distances_mm(np.asarray(point)) <= ASIDE_MM):
        middle = _middle(volume, disc[k], int(k), point)
        if middle is not None:
            middles.append(middle)
    across = [middle[0] for middle in middles]
    if len(middles) < 3 or np.ptp(across) < LEAST_WIDTH_MM:
        return None
    slope = np.polyfit(across, [middle[2] for middle in middles], 1)[0]
    return float(np.degrees(np.arctan(slope)))


def _middle(volume: Volume, disc: Mask, k: int, point: Point) -> Point | None:
    """The middle of the disc near a point, on one slice."""
    row, column = volume.to_pixel(k, np.array([point]))[0][0]
    try:
        part = shapes.component_near(disc, (float(row), float(column)), volume.spacing_mm, DISC_WITHIN_MM)
    except MeasurementError:
        return None
    x, y, z = volume.to_patient(k, np.array([shapes.centroid(part)]))[0].tolist()
    return x, y, z


def _endplate_deg(study: Study, point: Point | None, level: Level, step: int) -> float | None:
    """How far the endplate below a disc falls to the back, degrees."""
    shown = None if point is None else near_slice(study, ROLE, point)
    index = None if shown is None else slice_beside(study.series[ROLE], shown, step)
    if point is None or index is None:
        return None
    section = study.side_section(ROLE, index, point, level)
    try:
        disc = DiscView.of(section.disc, section.place, section.spacing_mm, up=section.up)
        return disc.endplate_deg(-1)
    except MeasurementError:
        return None


def _with_t12_l1(points: Mapping[Level, Point]) -> dict[Level, Point]:
    """The levels' points with that of T12-L1: as far above L1-L2 as that is above L2-L3."""
    known = dict(points)
    if Level.L1_L2 in points and Level.L2_L3 in points:
        first, second = np.array(points[Level.L1_L2]), np.array(points[Level.L2_L3])
        x, y, z = (2 * first - second).tolist()
        known[Level.T12_L1] = (x, y, z)
    return known
