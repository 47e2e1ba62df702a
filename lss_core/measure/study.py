"""Measurements of a whole study: every site, from masks, geometry and where the levels are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from lss_core.domain import SITES, Condition, Level, Point, SeriesRole, Side, Site
from lss_core.errors import MeasurementError
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.measure import grades
from lss_core.measure.axial import Measurements, measure_axial
from lss_core.measure.discs import DiscView
from lss_core.measure.foramen import Foramen, foramen
from lss_core.measure.planes import SideSection, axial_section, side_section
from lss_core.measure.sac import SacCourse

NEAR_MM = 5.0
"""A slice shows a place when its plane passes within this distance of it."""

FORAMEN_SERIES = (SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2)
"""Where foramina are measured, the better one first."""

NEIGHBOUR_RATIOS = {
    "sac_neighbour_ratio": "sac_area_mm2",
    "sac_height_ratio": "sac_height_mm",
    "canal_area_ratio": "canal_area_mm2",
    "canal_ap_ratio": "canal_ap_mm",
}
"""Ratios to the mean of the nearest unaffected levels, and what they are ratios of."""

SHARED_WITH_SIDES = {"canal_ap_mm", "sac_area_ratio"}
"""Sizes of the level that its recesses carry too."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """What a study is measured from: volumes, their masks, and where its levels and sites are.

    axial_slices: the axial slice that shows a level, where it has been chosen already; None
    leaves it to geometry, the nearest within 5 mm of the level's point. foramina: by series and slice,
    the squares around a foramen that has been outlined by itself; it is measured on these alone.
    """

    series: Mapping[SeriesRole, Volume]
    masks: Mapping[SeriesRole, MaskStack]
    canal_points_mm: Mapping[Level, Point]
    site_points_mm: Mapping[Site, Point] = field(default_factory=dict)
    axial_slices: Mapping[Level, int] | None = None
    foramina: Mapping[Site, Mapping[tuple[SeriesRole, int], SideSection]] = field(default_factory=dict)

    def axial_slice(self, level: Level) -> int | None:
        """The axial slice that shows a level; None where there is none, or the level is not known."""
        if self.axial_slices is not None:
            return self.axial_slices.get(level)
        point = self.canal_points_mm.get(level)
        return None if point is None else near_slice(self, SeriesRole.AXIAL_T2, point)

    def has(self, role: SeriesRole) -> bool:
        """Whether a series is there with its masks."""
        return role in self.series and role in self.masks

    def side_section(self, role: SeriesRole, index: int, point: Point, level: Level) -> SideSection:
        """A sagittal slice, standing, with a level's place on it."""
        ends = self.canal_ends(level, point)
        return side_section(self.series[role], self.masks[role], index, point, ends)

    def canal_ends(self, level: Level, otherwise: Point) -> tuple[Point, Point]:
        """The canal's points one level up and one down; the level's own at the ends."""
        order, known = list(Level), self.canal_points_mm
        here = order.index(level)
        own = known.get(level, otherwise)
        return known.get(order[max(here - 1, 0)], own), known.get(order[min(here + 1, len(order) - 1)], own)


def measure_study(study: Study, *, step: int = 0) -> dict[Site, Measurements]:
    """Every quantity of all 25 sites (`quantities.QUANTITIES` says what each is); what cannot be
    measured is absent.

    step: so many slices aside of those that show the sites best, where there are such.

    Central sites carry what an axial slice tells of the level, the level's disc from the sagittal
    T2, and ratios to the patient's own normal. `sac_area_ratio`: the normal is that of the sac
    behind the vertebrae above and below (`sac.SacCourse.normal_mm2`), or, where the axial
    slices do not reach there, that of the nearest unaffected levels. Recess sites carry their
    side's sizes and the level's `canal_ap_mm` and `sac_area_ratio`. Foraminal sites carry the
    foramen's sizes, from the sagittal T1 (T2 where there is none), and the disc's.
    """
    discs = {level: _disc(study, level, step) for level in study.canal_points_mm}
    axial = _axial(study, step)
    return {site: _site(study, site, axial, discs, step) for site in SITES}


def near_slice(study: Study, role: SeriesRole, point: Point) -> int | None:
    """The slice of a series that passes within 5 mm of a point inside its frame, if any."""
    if not study.has(role):
        return None
    index, away = study.series[role].nearest_slice(np.asarray(point))
    return index if away <= NEAR_MM else None


def slice_beside(volume: Volume, slice_index: int, step: int) -> int | None:
    """The slice so many steps on in the same block of a volume, if there is one."""
    index = slice_index + step
    if not 0 <= index < len(volume.voxels) or volume.block[index] != volume.block[slice_index]:
        return None
    return index


def _site(
    study: Study,
    site: Site,
    axial: Mapping[Level, Mapping[Side | None, Measurements]],
    discs: Mapping[Level, Measurements],
    step: int,
) -> Measurements:
    level = axial.get(site.level, {})
    whole, disc = level.get(None, {}), discs.get(site.level, {})
    if site.condition is Condition.CENTRAL:
        return {**whole, **disc}
    if site.condition is Condition.LATERAL_RECESS:
        shared = {name: size for name, size in whole.items() if name in SHARED_WITH_SIDES}
        return {**shared, **level.get(site.side, {})}
    return {**_foramen(study, site, step), **disc}


def _axial(study: Study, step: int) -> dict[Level, dict[Side | None, Measurements]]:
    """What the axial slices tell of each level that one shows."""
    role = SeriesRole.AXIAL_T2
    if not study.has(role):
        return {}
    volume, masks = study.series[role], study.masks[role]
    course = SacCourse.of(volume, masks)
    levels = {}
    for level in Level:
        shown = study.axial_slice(level)
        index = None if shown is None else slice_beside(volume, shown, step)
        if index is not None:
            levels[level] = measure_axial(axial_section(volume, masks, index, course.axis(index)))
            _add_least(levels[level][None], course, volume, index)
    normals = {level: course.normal_mm2(point) for level, point in study.canal_points_mm.items()}
    _add_ratios({level: sides[None] for level, sides in levels.items()}, normals)
    return levels


def _add_least(level: Measurements, course: SacCourse, volume: Volume, index: int) -> None:
    """The least area of the sac on the slice and its two neighbours."""
    beside = [slice_beside(volume, index, step) for step in (-1, 0, 1)]
    areas = [course.areas_mm2[k] for k in beside if k is not None and k in course.areas_mm2]
    if areas and "sac_area_mm2" in level:
        level["sac_least_area_mm2"] = min(areas)


def _add_ratios(levels: Mapping[Level, Measurements], normals_mm2: Mapping[Level, float | None]) -> None:
    for ratio, size in NEIGHBOUR_RATIOS.items():
        sizes = {level: found[size] for level, found in levels.items() if size in found}
        for level in sizes:
            levels[level][ratio] = sizes[level] / grades.own_normal(sizes, level)
    for level, found in levels.items():
        if "sac_neighbour_ratio" in found:
            normal = normals_mm2.get(level)
            own = found["sac_neighbour_ratio"] if normal is None else found["sac_area_mm2"] / normal
            found["sac_area_ratio"] = own


def _disc(study: Study, level: Level, step: int) -> Measurements:
    role, point = SeriesRole.SAGITTAL_T2, study.canal_points_mm[level]
    shown = near_slice(study, role, point)
    index = None if shown is None else slice_beside(study.series[role], shown, step)
    if index is None:
        return {}
    section = study.side_section(role, index, point, level)
    try:
        disc = DiscView.of(section.disc, section.place, section.spacing_mm, up=section.up)
    except MeasurementError:
        return {}  # absent, as the caller is told
    found, bone = Measurements(), section.bone
    sizes: dict[str, Callable[[], float]] = {
        "disc_height_mm": lambda: disc.mean_height_mm,
        "posterior_disc_height_mm": lambda: disc.posterior_height_mm,
        "disc_height_ratio": lambda: disc.height_index,
        "disc_wedge_deg": lambda: disc.wedge_deg,
        "disc_bulge_mm": lambda: disc.bulge_mm(bone),
        "listhesis_mm": lambda: disc.slip_mm(bone),
    }
    for name, measure in sizes.items():
        try:
            found[name] = measure()
        except MeasurementError:
            continue  # absent too
    return found


def _foramen(study: Study, site: Site, step: int) -> Measurements:
    """The foramen's sizes where it is shown; its room, the least of the slices on both sides of it."""
    point = study.site_points_mm.get(site)
    if point is None:
        return {}
    for role in FORAMEN_SERIES:
        index = near_slice(study, role, point)
        index = None if index is None else slice_beside(study.series[role], index, step)
        shown = None if index is None else _foramen_at(study, site, role, index, point)
        if index is None or shown is None:
            continue  # the next series may show it
        across = _across(study.series[role], index, point, study.canal_points_mm.get(site.level, point))
        other = None if across is None else _foramen_at(study, site, role, across, point)
        return _sizes(shown, other or shown)
    return {}


def _across(volume: Volume, index: int, point: Point, canal: Point) -> int | None:
    """The next slice on the other side of a point, if its plane is within 5 mm; where the point lies on a
    slice, the next one towards the canal.
    """
    away, canal_away = (volume.distances_mm(np.asarray(place)) for place in (point, canal))
    beside = [k for k in (index - 1, index + 1) if 0 <= k < len(away) and away[k] <= NEAR_MM]
    return min(beside, key=lambda k: (round(float(away[k]), 1), float(canal_away[k])), default=None)


def _foramen_at(study: Study, site: Site, role: SeriesRole, index: int, point: Point) -> Foramen | None:
    own = study.foramina.get(site)
    section = study.side_section(role, index, point, site.level) if own is None else own.get((role, index))
    if section is None:
        return None
    image = section.image if role is SeriesRole.SAGITTAL_T1 else None
    try:
        return foramen(
            ~section.room,
            section.place,
            section.spacing_mm,
            up=section.up,
            image=image,
            dark=section.disc,
            fat=section.fat,
        )
    except MeasurementError:
        return None


def _sizes(shown: Foramen, other: Foramen) -> Measurements:
    narrow = min(shown, other, key=lambda one: one.room_mm2)
    found = {
        "foramen_room_mm2": narrow.room_mm2,
        "foramen_clearance_mm": min(shown.clearance_mm, other.clearance_mm),
        "foramen_height_mm": shown.height_mm,
        "foramen_width_mm": shown.width_mm,
        "foramen_area_mm2": shown.area_mm2,
    }
    if narrow.fat_mm2 is not None:
        found["foramen_fat_mm2"] = narrow.fat_mm2
    return found
