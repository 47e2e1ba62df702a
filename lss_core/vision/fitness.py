"""Whether the pictures can be judged: noise on the slice of a site, ghosts in its series, metal beside it.

Limits are such that no clean phantom and no real picture we have is refused (docs/model.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from lss_core.domain import NotGradable, SagittalStructure, SeriesRole, Site
from lss_core.imaging.quality import Points, ghost_share, noise_share, voids
from lss_core.imaging.volume import Volume
from lss_core.measure.study import Study
from lss_core.vision.sites import Obstacle, View

MOST_NOISE = 0.12
"""Of the contrast: noise above this hides what has to be measured."""
MOST_GHOST = 0.2
"""Of the picture's own signal: a copy stronger than this cannot be told from anatomy."""
BESIDE_CANAL_MM = 30.0
"""Metal is sought this near to the canal; bowel gas and the air before the skin lie further away."""
LEAST_CANAL_PIXELS = 200
METAL_WITHIN_MM = 15.0
"""Metal this near to a site hides or bends it."""
LEAST_METAL_MM2 = 60.0
"""A hole in the spine's neighbourhood that is smaller than this is not called metal."""
SAGITTAL = (SeriesRole.SAGITTAL_T2, SeriesRole.SAGITTAL_T1)
AT_ONCE = 2
"""So many series are looked at together."""
LOST = (NotGradable.LEVEL_NOT_FOUND, NotGradable.NUMBERING_UNCERTAIN, NotGradable.STRUCTURE_NOT_SEEN)


def judged(views: Mapping[Site, View | Obstacle], study: Study) -> dict[Site, View | Obstacle]:
    """The views, with an obstacle in place of each whose picture cannot be judged.

    Where a level or a structure was not found on pictures like these, they are the reason; metal, where it
    lies near enough to the canal: the great vessels before the spine are black on all weightings too.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        searched = pool.submit(metal_points, study)
        shares = pool.map(ghost_share, (volume.voxels for volume in study.series.values()))
        metal, ghosts = searched.result(), dict(zip(study.series, shares, strict=True))
    hiding = metal[_beside(metal, _canal(study), METAL_WITHIN_MM)] if len(metal) else metal
    noise: dict[tuple[SeriesRole, int], float] = {}
    noisy = _noisy_sagittal(study)
    found: dict[Site, View | Obstacle] = {}
    for site, view in views.items():
        if isinstance(view, Obstacle):
            lost = view.reason in LOST
            found[site] = _instead(view, noisy, hiding) if lost else view
            continue
        key = (view.role, view.slice_index)
        if key not in noise:
            noise[key] = noise_share(study.series[view.role].voxels[view.slice_index])
        away = np.linalg.norm(metal - np.array(view.point_mm), axis=1)
        if noise[key] > MOST_NOISE:
            found[site] = _too_noisy(noise[key])
        elif ghosts[view.role] > MOST_GHOST:
            note = f"A moved copy of the picture, {100 * ghosts[view.role]:.0f} % as bright, lies on it"
            found[site] = Obstacle(reason=NotGradable.POOR_QUALITY, note=note)
        elif len(away) and away.min() <= METAL_WITHIN_MM:
            note = f"A hole without signal, as metal makes it, {away.min():.0f} mm from the place"
            found[site] = Obstacle(reason=NotGradable.METAL, note=note)
        else:
            found[site] = view
    return found


def metal_points(study: Study) -> Points:
    """(n, 3) mm: holes beside the canal that no sagittal series shows a signal in; none where too small."""
    roles = [role for role in SAGITTAL if study.has(role)]
    nothing, canal = np.empty((0, 3)), _canal(study)
    if len(canal) < LEAST_CANAL_PIXELS:
        return nothing
    volume, middle = study.series[roles[0]], np.median(canal, axis=0)
    near = [k for k in range(len(volume.voxels)) if _off(volume, k, middle) <= BESIDE_CANAL_MM]
    points = voids(volume, [study.series[role] for role in roles[1:]], near)
    points = points[_beside(points, canal, BESIDE_CANAL_MM)]
    pixel_mm2 = volume.spacing_mm[0] * volume.spacing_mm[1]
    return points if len(points) * pixel_mm2 >= LEAST_METAL_MM2 else nothing


def _canal(study: Study) -> Points:
    """(n, 3) mm: the canal's outline on the better sagittal series; empty where there is none."""
    role = next((role for role in SAGITTAL if study.has(role)), None)
    if role is None:
        return np.empty((0, 3))
    volume, mask = study.series[role], study.masks[role].mask(SagittalStructure.SPINAL_CANAL)
    places = [np.argwhere(part).astype(float) for part in mask]
    parts = [volume.to_patient(k, pixels) for k, pixels in enumerate(places) if len(pixels)]
    return np.concatenate([np.empty((0, 3)), *parts])


def _beside(points: Points, canal: Points, within_mm: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each point lies at the canal's height and this near to its course, seen from the side."""
    order = np.argsort(canal[:, 2])
    heights, backs = canal[order, 2], canal[order, 1]
    bins = np.digitize(heights, np.arange(heights[0], heights[-1] + 5, 5.0))
    course = np.array([[heights[bins == b].mean(), backs[bins == b].mean()] for b in np.unique(bins)])
    back = np.interp(points[:, 2], course[:, 0], course[:, 1])
    inside = (points[:, 2] >= course[0, 0]) & (points[:, 2] <= course[-1, 0])
    near = np.abs(points[:, 1] - back) <= within_mm
    result: np.ndarray[tuple[int], np.dtype[np.bool_]] = inside & near
    return result


def _off(volume: Volume, k: int, middle: Points) -> float:
    return float(abs((middle - volume.positions_mm[k]) @ volume.normals[k]))


def _noisy_sagittal(study: Study) -> float | None:
    """The noise of the sagittal series' middle slices where every one of them is too noisy."""
    shares = [
        noise_share(study.series[role].voxels[len(study.series[role].voxels) // 2])
        for role in SAGITTAL
        if study.has(role)
    ]
    return min(shares) if shares and min(shares) > MOST_NOISE else None


def _instead(lost: Obstacle, noise: float | None, metal: Points) -> Obstacle:
    if noise is not None:
        return _too_noisy(noise)
    if len(metal):
        note = f"A hole without signal, as metal makes it, beside the canal ({lost.note})"
        return Obstacle(reason=NotGradable.METAL, note=note)
    return lost


def _too_noisy(share: float) -> Obstacle:
    note = f"The noise is {100 * share:.0f} % of the contrast (at most {100 * MOST_NOISE:.0f} %)"
    return Obstacle(reason=NotGradable.POOR_QUALITY, note=note)
