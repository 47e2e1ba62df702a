"""Where each site is best seen, or why it cannot be graded. Geometry decides, nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lss_core.domain import (
    Condition,
    Level,
    NotGradable,
    Point,
    SagittalStructure,
    SeriesRole,
    Side,
    Site,
    Structure,
)
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.measure.study import FORAMEN_SERIES, Study
from lss_core.vision.crops import nearest_role

RECESS_LATERAL_MM = 10.0
"""How far beside the canal's middle a recess lies where its own mask does not say."""
BONE_WITHIN_MM = 25.0
"""A foramen is between vertebrae: one is seen within this distance of it."""


@dataclass(frozen=True, kw_only=True)
class View:
    """The slice that shows a site, and the site's place on it."""

    role: SeriesRole
    slice_index: int
    point_mm: Point


@dataclass(frozen=True, kw_only=True)
class Obstacle:
    """Why a site cannot be graded; `note` says what is missing."""

    reason: NotGradable
    note: str


def view_of(
    site: Site,
    study: Study,
    missing: Mapping[Level, str] | None = None,
    reasons: Mapping[Level, NotGradable] | None = None,
) -> View | Obstacle:
    """The view of a site in a study whose levels are located and whose series have masks.

    missing: why a level has not been located. reasons: the same as a reason, where it is another than
    LEVEL_NOT_FOUND.
    """
    if not any(study.has(role) for role in FORAMEN_SERIES):
        return Obstacle(
            reason=NotGradable.SERIES_MISSING, note="A sagittal T1 or T2 is needed to name the levels"
        )
    if site.level not in study.canal_points_mm:
        why = (missing or {}).get(site.level)
        note = f"{site.level.label} was not found" + (f": {why}" if why else "")
        reason = (reasons or {}).get(site.level, NotGradable.LEVEL_NOT_FOUND)
        return Obstacle(reason=reason, note=note)
    if site.condition is Condition.FORAMINAL:
        return _foramen_view(site, study)
    return _axial_view(site, study)


def _axial_view(site: Site, study: Study) -> View | Obstacle:
    role = SeriesRole.AXIAL_T2
    if not study.has(role):
        return Obstacle(reason=NotGradable.SERIES_MISSING, note="There is no axial T2")
    volume, masks = study.series[role], study.masks[role]
    index = study.axial_slice(site.level)
    if index is None:
        return Obstacle(reason=NotGradable.NO_SLICE_NEAR, note="No axial slice within 5 mm of the disc")
    if not any(masks.mask(name, index).any() for name in (Structure.DURAL_SAC, Structure.SPINAL_CANAL)):
        return Obstacle(reason=NotGradable.STRUCTURE_NOT_SEEN, note="Sac and canal are not seen on the slice")
    centre = _centre(volume, masks, (Structure.DURAL_SAC, Structure.SPINAL_CANAL), index, None)
    assert centre is not None, "one of the two is seen"
    if site.side is not None:
        centre = _recess(volume, masks, index, centre, site.side)
    return View(role=role, slice_index=index, point_mm=centre)


def _foramen_view(site: Site, study: Study) -> View | Obstacle:
    point = study.site_points_mm.get(site)
    if point is None:
        return Obstacle(reason=NotGradable.LEVEL_NOT_FOUND, note=f"{site.label} was not found")
    near = nearest_role(study.series, FORAMEN_SERIES, point)
    if near is None:
        return Obstacle(reason=NotGradable.NO_SLICE_NEAR, note="No sagittal slice within 5 mm of the foramen")
    role, index = near
    if not _bone_near(study.series[role], study.masks[role], index, point):
        return Obstacle(reason=NotGradable.STRUCTURE_NOT_SEEN, note="No vertebra is seen at the foramen")
    return View(role=role, slice_index=index, point_mm=point)


def _recess(volume: Volume, masks: MaskStack, index: int, centre: Point, side: Side) -> Point:
    """The recess's own centre on the patient's side, or the place where recesses are."""
    outwards = 1.0 if side is Side.LEFT else -1.0
    own = _centre(volume, masks, (Structure.LATERAL_RECESS,), index, (centre[0], outwards))
    return own or (centre[0] + outwards * RECESS_LATERAL_MM, centre[1], centre[2])


def _centre(
    volume: Volume,
    masks: MaskStack,
    structures: tuple[Structure, ...],
    index: int,
    beside: tuple[float, float] | None,
) -> Point | None:
    """The middle of the first structure seen, all of it or what lies beside a patient x."""
    for name in structures:
        pixels = np.argwhere(masks.mask(name, index)).astype(float)
        places = volume.to_patient(index, pixels)
        if beside is not None:
            places = places[(places[:, 0] - beside[0]) * beside[1] > 0]
        if len(places):
            x, y, z = places.mean(0).tolist()
            return (x, y, z)
    return None


def _bone_near(volume: Volume, masks: MaskStack, index: int, point: Point) -> bool:
    for name in (SagittalStructure.VERTEBRA, SagittalStructure.SACRUM):
        pixels = np.argwhere(masks.mask(name, index)).astype(float)
        away = np.linalg.norm(volume.to_patient(index, pixels) - np.asarray(point), axis=1)
        if len(away) and away.min() <= BONE_WITHIN_MM:
            return True
    return False


def pictured(views: Mapping[Site, View | Obstacle]) -> dict[Site, View]:
    """The sites that can be graded."""
    return {site: view for site, view in views.items() if isinstance(view, View)}
