"""Measurements of a whole study: every site, from masks, geometry and where the levels are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import (
    SITES,
    Condition,
    Level,
    Point,
    SagittalStructure,
    SeriesRole,
    Side,
    Site,
    Structure,
)
from lss_core.errors import MeasurementError
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.standing import standing
from lss_core.imaging.volume import Volume
from lss_core.measure import grades, sagittal, shapes
from lss_core.measure.axial import Measurements, measure_axial
from lss_core.measure.planes import axial_section, sac_axis

NEAR_MM = 5.0
"""A slice shows a place when its plane passes within this distance of it."""

FORAMEN_SERIES = (SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2)
"""Where foramina are measured, the better one first."""

RATIOS = {
    "sac_area_ratio": "sac_area_mm2",
    "canal_area_ratio": "canal_area_mm2",
    "canal_ap_ratio": "canal_ap_mm",
}
"""Ratios to the patient's own normal, and what they are ratios of."""

BESIDE_MM = 18.0
"""Half the way to the next disc: as far as a level's own surroundings go."""

Centres = dict[int, NDArray[np.float64]]
"""The sac's centre, patient coordinates, by axial slice."""

SHARED_WITH_SIDES = {"canal_ap_mm", "sac_area_ratio"}
"""Sizes of the level that its recesses carry too."""


@dataclass(frozen=True, kw_only=True)
class Study:
    """What a study is measured from: volumes, their masks, and where its levels and sites are.

    axial_slices: the axial slice that shows a level, where it has been chosen already; None
    leaves it to geometry, the nearest within 5 mm of the level's point.
    """

    series: Mapping[SeriesRole, Volume]
    masks: Mapping[SeriesRole, MaskStack]
    canal_points_mm: Mapping[Level, Point]
    site_points_mm: Mapping[Site, Point] = field(default_factory=dict)
    axial_slices: Mapping[Level, int] | None = None

    def axial_slice(self, level: Level) -> int | None:
        """The axial slice that shows a level; None where there is none, or the level is not known."""
        if self.axial_slices is not None:
            return self.axial_slices.get(level)
        point = self.canal_points_mm.get(level)
        return None if point is None else near_slice(self, SeriesRole.AXIAL_T2, point)

    def has(self, role: SeriesRole) -> bool:
        """Whether a series is there with its masks."""
        return role in self.series and role in self.masks


def measure_study(study: Study) -> dict[Site, Measurements]:
    """Millimetres of all 25 sites; what cannot be measured is absent.

    Central sites carry what `measure_axial` gives for a level, `disc_bulge_mm` and
    `disc_height_mm` from the sagittal T2, and the ratios to the patient's own normal, the mean
    of the nearest unaffected levels (`sac_area_ratio`, `canal_area_ratio`, `canal_ap_ratio`).
    For the sac it is not less than the sac's area beside the very disc, within 18 mm of it:
    when all levels are narrow, the sac behind the vertebrae still shows its size. Recess sites
    carry their side's sizes and the level's `canal_ap_mm` and `sac_area_ratio`. Foraminal sites
    carry `foramen_height_mm`, `foramen_width_mm`, `foramen_area_mm2` from the sagittal T1 (T2
    where there is none), and the disc's sizes.
    """
    discs = {level: _disc(study, level) for level in study.canal_points_mm}
    slices = {level: study.axial_slice(level) for level in Level}
    centres = _sac_centres(study)
    axial = {level: _axial(study, index, centres) for level, index in slices.items() if index is not None}
    _add_ratios({level: sides[None] for level, sides in axial.items()}, _beside_discs(study, centres))
    return {site: _site(study, site, axial, discs) for site in SITES}


def near_slice(study: Study, role: SeriesRole, point: Point) -> int | None:
    """The slice of a series that passes within 5 mm of a point inside its frame, if any."""
    if not study.has(role):
        return None
    index, away = study.series[role].nearest_slice(np.asarray(point))
    return index if away <= NEAR_MM else None


def _site(
    study: Study,
    site: Site,
    axial: Mapping[Level, Mapping[Side | None, Measurements]],
    discs: Mapping[Level, Measurements],
) -> Measurements:
    level = axial.get(site.level, {})
    whole, disc = level.get(None, {}), discs.get(site.level, {})
    if site.condition is Condition.CENTRAL:
        return {**whole, **disc}
    if site.condition is Condition.LATERAL_RECESS:
        shared = {name: size for name, size in whole.items() if name in SHARED_WITH_SIDES}
        return {**shared, **level.get(site.side, {})}
    return {**_foramen(study, site), **disc}


def _axial(study: Study, slice_index: int, centres: Centres) -> dict[Side | None, Measurements]:
    volume, masks = study.series[SeriesRole.AXIAL_T2], study.masks[SeriesRole.AXIAL_T2]
    axis = _axis(centres, slice_index)
    return measure_axial(axial_section(volume, masks, slice_index, axis))


def _axis(centres: Centres, slice_index: int) -> NDArray[np.float64] | None:
    """The sac's direction at a slice; None where the slice's own plane has to do."""
    if slice_index not in centres:
        return None
    try:
        return sac_axis(np.array(list(centres.values())), centres[slice_index])
    except MeasurementError:
        return None


def _sac_centres(study: Study) -> Centres:
    """The sac's centre in each axial slice that shows it, patient coordinates."""
    role = SeriesRole.AXIAL_T2
    if not study.has(role):
        return {}
    volume, sac = study.series[role], study.masks[role].mask(Structure.DURAL_SAC)
    seen = [k for k in range(len(sac)) if sac[k].any()]
    return {k: volume.to_patient(k, np.array([shapes.centroid(sac[k])]))[0] for k in seen}


def _beside_discs(study: Study, centres: Centres) -> dict[Level, float]:
    """The largest area of the sac, perpendicular to it, within 18 mm of each level's point, mm2."""
    if not centres:
        return {}
    volume, masks = study.series[SeriesRole.AXIAL_T2], study.masks[SeriesRole.AXIAL_T2]
    sac, areas = masks.mask(Structure.DURAL_SAC), dict[int, float]()
    for k in centres:
        axis = _axis(centres, k)
        cosine = 1.0 if axis is None else abs(float(volume.normals[k] @ axis))
        areas[k] = shapes.area_mm2(sac[k], volume.spacing_mm, cosine=cosine)
    largest = {}
    for level, point in study.canal_points_mm.items():
        away = {k: float(np.linalg.norm(centre - point)) for k, centre in centres.items()}
        near = [areas[k] for k in centres if away[k] <= BESIDE_MM]
        if near:
            largest[level] = max(near)
    return largest


def _disc(study: Study, level: Level) -> Measurements:
    role, point = SeriesRole.SAGITTAL_T2, study.canal_points_mm[level]
    index = near_slice(study, role, point)
    if index is None:
        return {}
    masks, place, spacing, up = _sagittal(study, role, index, point, level)
    disc = masks[SagittalStructure.DISC]
    found = Measurements()
    sizes: dict[str, Callable[[], float]] = {
        "disc_height_mm": lambda: sagittal.disc_height_mm(disc, place, spacing, up=up),
        "disc_bulge_mm": lambda: sagittal.disc_bulge_mm(disc, _bone(masks), place, spacing, up=up),
    }
    for name, measure in sizes.items():
        try:
            found[name] = measure()
        except MeasurementError:
            continue  # absent, as the caller is told
    return found


def _foramen(study: Study, site: Site) -> Measurements:
    point = study.site_points_mm.get(site)
    if point is None:
        return {}
    for role in FORAMEN_SERIES:
        index = near_slice(study, role, point)
        if index is None:
            continue
        masks, place, spacing, up = _sagittal(study, role, index, point, site.level)
        solid = _bone(masks) | masks[SagittalStructure.DISC]
        try:
            size = sagittal.foramen(solid, place, spacing, up=up)
        except MeasurementError:
            continue  # the next series may show it
        return {
            "foramen_height_mm": size.height_mm,
            "foramen_width_mm": size.width_mm,
            "foramen_area_mm2": size.area_mm2,
        }
    return {}


def _sagittal(
    study: Study, role: SeriesRole, index: int, point: Point, level: Level
) -> tuple[dict[str, shapes.Mask], tuple[float, float], shapes.Spacing, tuple[float, float]]:
    """A standing sagittal slice: masks, where the point is, spacing, and where the canal's head end is."""
    volume, masks = study.series[role], study.masks[role]
    turn = standing(volume, index)
    shape = volume.shape[1:]
    pixels = [volume.to_pixel(index, np.array([p]))[0][0] for p in (point, *_canal_ends(study, level, point))]
    place, high, low = (turn.point((float(p[0]), float(p[1])), shape) for p in pixels)
    named = {name: turn.forth(masks.mask(name, index)) for name in masks.structures}
    spacing = turn.spacing(volume.spacing_mm)
    up = ((high[0] - low[0]) * spacing[0], (high[1] - low[1]) * spacing[1])
    return named, place, spacing, up if up[0] < 0 else sagittal.UP


def _canal_ends(study: Study, level: Level, otherwise: Point) -> tuple[Point, Point]:
    """The canal's points one level up and one down; the level's own at the ends."""
    order, known = list(Level), study.canal_points_mm
    here = order.index(level)
    own = known.get(level, otherwise)
    return known.get(order[max(here - 1, 0)], own), known.get(order[min(here + 1, len(order) - 1)], own)


def _bone(masks: Mapping[str, shapes.Mask]) -> shapes.Mask:
    bone: shapes.Mask = (
        masks[SagittalStructure.VERTEBRA]
        | masks[SagittalStructure.SACRUM]
        | masks[SagittalStructure.SPINOUS_PROCESS]
    )
    return bone


def _add_ratios(levels: Mapping[Level, Measurements], sac_beside_mm2: Mapping[Level, float]) -> None:
    for ratio, size in RATIOS.items():
        sizes = {level: found[size] for level, found in levels.items() if size in found}
        for level in sizes:
            normal = grades.own_normal(sizes, level)
            if size == "sac_area_mm2":
                normal = max(normal, sac_beside_mm2.get(level, 0.0))
            levels[level][ratio] = sizes[level] / normal
