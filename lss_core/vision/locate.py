"""Levels from the sagittal masks: discs found, named from the sacrum up, placed in the patient.

The network is not perfect, so discs are taken from several slices, checked against the
canal behind them and against each other, and a gap of two pitches counts as a disc that
was missed. What stays uncertain is told as such: a level that is not sure has no point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import LEVELS, Level, NotGradable, Point, SagittalStructure, SeriesRole, Site
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.vision.discs import Disc, Float, discs_of, share_at
from lss_core.vision.foramina import foramen_points

NEAR_MM = 5.0
"""A slice shows a level when its plane passes within this distance of the canal's point."""

BELOW_MIDDLE_MM = 2.5
"""The slice that is read lies this far below the disc's middle: there the recesses begin."""

SAGITTAL_ROLES = (SeriesRole.SAGITTAL_T2, SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_STIR)
"""Where levels are sought, the better one first."""

PITCH_MM = (18.0, 52.0)
"""Distance between the middles of neighbouring discs."""
BELOW_L5_MM = (40.0, 56.0)
"""Where the sacrum lies below the disc L4-L5, behind a whole vertebra."""
L5_LEANS_DEGREES = 20.0
"""How much further back than that disc's own direction the spine turns over this vertebra."""
SIXTH_LENGTH, SIXTH_HEIGHT = 0.85, 0.55
"""A disc below the last one counts as a further lumbar one from these shares of the others' length and
height on: below S1 lies a full disc where S1 is lumbar in type (O'Driscoll et al. 1996, Skeletal Radiol
25:225, type 4). A rudiment is shorter or thinner."""
MOST_LEVEL_SHARE = 0.3
"""More of a structure than this below a disc, and it counts as being there."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the levels are, in patient coordinates, mm.

    canal_points_mm: the middle of the canal at the disc. disc_points_mm: the disc's own
    middle. disc_normals: unit vectors through the disc, to the head. foramen_points_mm: of
    the foraminal sites found. missing: why a level was not found. reasons: the same as a reason,
    where it is another than LEVEL_NOT_FOUND.
    """

    canal_points_mm: Mapping[Level, Point] = field(default_factory=dict)
    disc_points_mm: Mapping[Level, Point] = field(default_factory=dict)
    disc_normals: Mapping[Level, Point] = field(default_factory=dict)
    foramen_points_mm: Mapping[Site, Point] = field(default_factory=dict)
    missing: Mapping[Level, str] = field(default_factory=dict)
    reasons: Mapping[Level, NotGradable] = field(default_factory=dict)


def locate(series: Mapping[SeriesRole, Volume], masks: Mapping[SeriesRole, MaskStack]) -> Places:
    """The places of a study's levels, from the sagittal series that shows most of them."""
    roles = [role for role in SAGITTAL_ROLES if role in series and role in masks]
    if not roles:
        return nowhere("there is no sagittal series")
    found = [levels_in(series[role], masks[role]) for role in roles]
    best = max(found, key=lambda places: len(places.canal_points_mm))
    return replace(
        best, foramen_points_mm=foramen_points(series, masks, best.canal_points_mm, best.disc_normals)
    )


def axial_slice(volume: Volume, level: Level, places: Places) -> int | None:
    """The axial slice that shows a level best: through the lower half of disc and canal.

    None where no slice within 5 mm of the canal's point has it in its frame. Where tilted
    blocks cross, the slice that lies in the disc wins.
    """
    if level not in places.canal_points_mm:
        return None
    canal, disc = (np.array(points[level]) for points in (places.canal_points_mm, places.disc_points_mm))
    down = BELOW_MIDDLE_MM * np.array(places.disc_normals[level])
    inside = np.array([_in_frame(volume, k, canal) for k in range(len(volume.voxels))])
    near = inside & (volume.distances_mm(canal) <= NEAR_MM)
    cost = volume.distances_mm(canal - down) + 0.5 * volume.distances_mm(disc - down)
    return int(np.where(near, cost, np.inf).argmin()) if near.any() else None


def _in_frame(volume: Volume, k: int, point: Float) -> bool:
    (row, column), _ = (part[0] for part in volume.to_pixel(k, point[None]))
    _, rows, columns = volume.shape
    return bool(-0.5 <= row <= rows - 0.5 and -0.5 <= column <= columns - 0.5)


def nowhere(reason: str) -> Places:
    """No level found, for one reason."""
    return Places(missing=dict.fromkeys(LEVELS, reason))


def levels_in(volume: Volume, masks: MaskStack) -> Places:
    """The levels of one sagittal series, without foramina."""
    canal = _canal_points(volume, masks)
    if len(canal) < 50:
        return nowhere("the spinal canal was not found")
    discs = _in_column(discs_of(volume, masks, canal), canal)
    if not discs:
        return nowhere("no disc was found")
    discs = with_missed(discs)
    last = _lumbosacral(discs, volume, masks)
    if isinstance(last, str):
        return _unnumbered(last)
    if _sixth(discs, last):
        return _unnumbered("six discs have vertebrae of lumbar type above them")
    numbered = [*discs, *[None] * (last + 1 - len(discs))][: last + 1]
    named = {
        level: disc
        for level, disc in zip(reversed(LEVELS), reversed(numbered), strict=False)
        if disc is not None
    }
    missing = dict.fromkeys(set(LEVELS) - set(named), "its disc was not found")
    above = _above_image(named, volume)
    missing |= dict.fromkeys(above, "the image ends below it")
    points: dict[Level, Point] = {}
    for level, disc in named.items():
        point = canal_at(canal, disc)
        if point is None:
            missing[level] = "the canal was not found at its disc"
        else:
            points[level] = point
    return Places(
        canal_points_mm={level: points[level] for level in LEVELS if level in points},
        disc_points_mm={level: _point(named[level].centre) for level in points},
        disc_normals={level: _point(named[level].up) for level in points},
        missing=missing,
        reasons=dict.fromkeys(above, NotGradable.OUTSIDE_IMAGE),
    )


def _unnumbered(why: str) -> Places:
    """Discs were found, and which is which is not certain: no level has a point."""
    return replace(nowhere(why), reasons=dict.fromkeys(LEVELS, NotGradable.NUMBERING_UNCERTAIN))


def _sixth(discs: Sequence[Disc], last: int) -> bool:
    """Whether the disc below the one named L5-S1 is as long and nearly as high as the others."""
    others = [disc for disc in discs[: last + 1] if disc.weight]
    if last + 1 >= len(discs) or not others:
        return False
    below = discs[last + 1]
    length = np.median([disc.length_mm for disc in others])
    return bool(
        below.length_mm >= SIXTH_LENGTH * length
        and _height_mm(below) >= SIXTH_HEIGHT * np.median([_height_mm(disc) for disc in others])
    )


def _height_mm(disc: Disc) -> float:
    """The mean height of a disc's outlines."""
    return disc.weight / max(len(disc.slices), 1) / disc.length_mm


def _above_image(named: Mapping[Level, Disc], volume: Volume) -> set[Level]:
    """The levels above the highest found whose place, as far on as the two before, is not in the image."""
    order = [level for level in LEVELS if level in named]
    if len(order) < 2:
        return set()
    first, second = (named[level].centre for level in order[:2])
    outside = set()
    for steps, level in enumerate(reversed(LEVELS[: LEVELS.index(order[0])]), start=1):
        place = first + steps * (first - second)
        if not any(_in_frame(volume, k, place) for k in named[order[0]].slices):
            outside.add(level)
    return outside


def canal_at(canal: Float, disc: Disc) -> Point | None:
    """The middle of the canal behind a disc; where it is effaced, between what lies above and below."""
    away = canal - disc.centre
    height, back = away @ disc.up, away @ disc.back
    behind = (back > 0) & (back < 60)
    here = behind & (np.abs(height) < 3)
    if here.sum() >= 12:
        return _point(canal[here].mean(0))
    above, below = (behind & (sign * height >= 3) & (sign * height < 16) for sign in (1, -1))
    if above.sum() < 12 or below.sum() < 12:
        return None
    ends = [canal[part].mean(0) for part in (above, below)]
    high, low = ((end - disc.centre) @ disc.up for end in ends)
    return _point(ends[1] + (ends[0] - ends[1]) * (-low / (high - low)))


def _canal_points(volume: Volume, masks: MaskStack) -> Float:
    """Every pixel of the canal, (n, 3)."""
    mask = masks.mask(SagittalStructure.SPINAL_CANAL)
    found = [
        volume.to_patient(k, np.argwhere(mask[k]).astype(float)) for k in range(len(mask)) if mask[k].any()
    ]
    return np.concatenate(found) if found else np.empty((0, 3))


def _in_column(discs: Sequence[Disc], canal: Float) -> list[Disc]:
    """Discs at the usual distance before the canal, from head to feet, none too close to another."""
    order = np.argsort(canal[:, 2])
    heights, backs = canal[order, 2], canal[order, 1]
    bins = np.arange(heights[0], heights[-1] + 4, 4.0)
    which = np.digitize(heights, bins)
    line = np.array([[heights[which == b].mean(), backs[which == b].mean()] for b in np.unique(which)])
    gaps = np.array([np.interp(disc.centre[2] - 4, *line.T) - disc.centre[1] for disc in discs])
    beyond = [disc.centre[2] < heights[0] - 5 for disc in discs]
    usual = float(np.median(gaps)) if len(gaps) else 0.0
    kept: list[Disc] = []
    for disc, gap, out in sorted(zip(discs, gaps, beyond, strict=True), key=lambda item: -item[0].centre[2]):
        if not out and abs(gap - usual) > 16:
            continue
        if kept and np.linalg.norm(kept[-1].centre - disc.centre) < PITCH_MM[0]:
            kept[-1] = max(kept[-1], disc, key=lambda one: one.weight)
            continue
        kept.append(disc)
    return kept


def with_missed(discs: Sequence[Disc]) -> list[Disc]:
    """The discs with one put in where two neighbours are two pitches apart and bone lies between."""
    centres = np.array([disc.centre for disc in discs])
    steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    usual = float(np.median(steps[steps < PITCH_MM[1]])) if (steps < PITCH_MM[1]).any() else 34.0
    result = [discs[0]]
    for disc, step in zip(discs[1:], steps, strict=True):
        if 1.6 * usual < step < 2.5 * usual:
            result.append(_between(result[-1], disc))
        elif step >= 2.5 * usual:
            result = []  # what lies above such a gap cannot be counted
        result.append(disc)
    return result


def _between(above: Disc, below: Disc) -> Disc:
    up = above.up + below.up
    back = above.back + below.back
    return Disc(
        centre=(above.centre + below.centre) / 2,
        up=up / np.linalg.norm(up),
        back=back / np.linalg.norm(back),
        length_mm=(above.length_mm + below.length_mm) / 2,
        weight=0.0,
        slices=above.slices,
    )


def _lumbosacral(discs: Sequence[Disc], volume: Volume, masks: MaskStack) -> int | str:
    """The number of the disc that is L5-S1, or why that cannot be said.

    It is the lowest disc with a vertebra above; below it lies the sacrum, or at least no
    further vertebra where the image goes on. One more than the last disc has when its own
    disc was missed, but the sacrum lies one vertebra below the last.
    """
    usual = float(np.median([disc.length_mm for disc in discs if disc.weight]))
    for number in range(len(discs) - 1, -1, -1):
        disc = discs[number]
        if (
            disc.length_mm < 0.6 * usual
            or _below(disc, SagittalStructure.VERTEBRA, volume, masks, -1) < MOST_LEVEL_SHARE
        ):
            continue
        sacrum = _below(disc, SagittalStructure.SACRUM, volume, masks)
        vertebra = _below(disc, SagittalStructure.VERTEBRA, volume, masks)
        if np.isnan(vertebra):
            return "the image ends below the lowest disc, so the sacrum cannot be seen"
        if sacrum >= vertebra or vertebra < MOST_LEVEL_SHARE:
            return number
        leaning = replace(disc, up=_turned(disc.up, -disc.back), back=_turned(disc.back, disc.up))
        sacral = masks.mask(SagittalStructure.SACRUM)
        if share_at(volume, sacral, leaning, down_mm=BELOW_L5_MM) >= MOST_LEVEL_SHARE:
            return number + 1  # the vertebra below it is L5
        return "the lowest disc has another vertebra below it, and no sacrum was found below that"
    return "no disc between a vertebra and the sacrum was found"


def _turned(axis: Float, towards: Float) -> Float:
    angle = np.radians(L5_LEANS_DEGREES)
    turned: Float = np.cos(angle) * axis + np.sin(angle) * towards
    return turned


def _below(
    disc: Disc, structure: SagittalStructure, volume: Volume, masks: MaskStack, sign: float = 1
) -> float:
    """The share of a structure in a box below a disc (above it with sign -1); nan outside the image."""
    return share_at(volume, masks.mask(structure), disc, down_mm=(5, 18), sign=sign)


def _point(values: NDArray[np.float64]) -> Point:
    x, y, z = (float(value) for value in values)
    return x, y, z
