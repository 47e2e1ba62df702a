"""The truth of a phantom, counted on fine planes of the deformed anatomy.

Central: the lost share of the sac's area against the same patient undeformed (Lurie et al.
2008: none, up to a third, to two thirds, more). Lateral recess, after Bartynski and Lin
2003: narrowed, root touched, root flattened in an obliterated recess. Foramen, after Lee
et al. 2010: fat lost in two opposing directions, in all four, root deformed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import LEVELS, Condition, Grade, Level, Point, Side, Site, Structure
from lss_core.measure.grades import central_grade, foramen_grade, recess_grade
from lss_core.phantom.anatomy import Anatomy, Disc
from lss_core.phantom.canal import draw_spine
from lss_core.phantom.canvas import Canvas, Noise, any_of
from lss_core.phantom.foramen import GRID_MM as FORAMEN_GRID_MM
from lss_core.phantom.foramen import SOFT, fat_around_root, view_foramen
from lss_core.phantom.frames import Frame, Plane
from lss_core.phantom.labels import axial_masks
from lss_core.phantom.nerves import recess_root

GRID_MM = 0.4
OFFSETS_MM = (-3.0, 0.0, 3.0)
FAT_LOST_MM, ROOT_KEPT = 1.1, 0.65
Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Truth:
    """Points, measurements and grades of the 25 sites."""

    canal_points_mm: Mapping[Level, Point]
    site_points_mm: Mapping[Site, Point]
    measurements: Mapping[Site, Mapping[str, float]]
    grades: Mapping[Site, Grade]


def find_truth(anatomy: Anatomy, noise: Noise) -> Truth:
    """Measure every site of a patient."""
    healthy = anatomy.healthy()
    canal: dict[Level, Point] = {}
    points: dict[Site, Point] = {}
    numbers: dict[Site, Mapping[str, float]] = {}
    grades: dict[Site, Grade] = {}
    for level in LEVELS:
        disc = anatomy.disc(level)
        sections = [_cross_section(anatomy, disc, offset, noise) for offset in OFFSETS_MM]
        normal = [_cross_section(healthy, disc, offset, noise) for offset in OFFSETS_MM]
        site = Site(condition=Condition.CENTRAL, level=level)
        values, middle = _central(disc, sections, normal)
        canal[level] = points[site] = _point(middle)
        numbers[site], grades[site] = values, central_grade(1 - values["sac_area_ratio"])
        for side in Side:
            site = Site(condition=Condition.LATERAL_RECESS, level=level, side=side)
            values, middle = _recess(disc, side, sections)
            points[site], numbers[site] = _point(middle), values
            grades[site] = recess_grade(values["recess_height_mm"])
            site = Site(condition=Condition.FORAMINAL, level=level, side=side)
            values, middle, grade = _foramen(anatomy, disc, side, noise)
            points[site], numbers[site], grades[site] = _point(middle), values, grade
    return Truth(canal_points_mm=canal, site_points_mm=points, measurements=numbers, grades=grades)


def _point(vector: NDArray[np.float64]) -> Point:
    x, y, z = (float(value) for value in vector)
    return x, y, z


@dataclass(frozen=True, kw_only=True, eq=False)
class _Section:
    """A fine plane perpendicular to the canal: rows grow to the back, columns to the left."""

    frame: Frame
    masks: Mapping[Structure, Mask]
    free: Mask

    def middle(self, mask: Mask) -> NDArray[np.float64]:
        rows, columns = np.nonzero(mask)
        return self.frame.point(-20 + columns.mean() * GRID_MM, -14 + rows.mean() * GRID_MM, 0)


def _cross_section(anatomy: Anatomy, disc: Disc, offset_mm: float, noise: Noise) -> _Section:
    frame = anatomy.curve.frame(disc.s + offset_mm)
    plane = Plane(
        origin=frame.point(-20, -14, 0),
        row_step=GRID_MM * frame.axes[1],
        column_step=GRID_MM * frame.axes[0],
        shape=(int(30 / GRID_MM), int(40 / GRID_MM)),
    )
    drawing = draw_spine(anatomy, Canvas(plane, (), noise))
    return _Section(frame=frame, masks=axial_masks(drawing), free=any_of(drawing.canvas.labels, SOFT))


def _central(
    disc: Disc, sections: list[_Section], normal: list[_Section]
) -> tuple[dict[str, float], NDArray[np.float64]]:
    """Measurements where the sac has lost most, and the sac's middle at the disc."""
    areas = [float(s.masks[Structure.DURAL_SAC].sum()) * GRID_MM**2 for s in sections]
    own = [float(s.masks[Structure.DURAL_SAC].sum()) * GRID_MM**2 for s in normal]
    ratios = [area / max(whole, GRID_MM**2) for area, whole in zip(areas, own, strict=True)]
    worst = int(np.argmin(ratios))
    masks = sections[worst].masks
    sac, canal, herniation = (
        masks[key] for key in (Structure.DURAL_SAC, Structure.SPINAL_CANAL, Structure.HERNIATION)
    )
    at_disc = OFFSETS_MM.index(0.0)
    shown = sections[at_disc].masks[Structure.DURAL_SAC]
    middle = (sections if shown.any() else normal)[at_disc].middle(
        shown if shown.any() else normal[at_disc].masks[Structure.DURAL_SAC]
    )
    values = {
        "sac_area_mm2": areas[worst],
        "sac_area_ratio": min(ratios[worst], 1.0),
        "sac_width_mm": _extent(sac, 1),
        "sac_height_mm": _extent(sac, 0),
        "canal_area_mm2": float(canal.sum() * GRID_MM**2),
        "canal_width_mm": _extent(canal, 1),
        "canal_ap_mm": _extent(canal, 0),
        "flavum_thickness_mm": float(max(disc.flavum.values())),
        "disc_bulge_mm": float(disc.bulge),
        "disc_height_mm": float(disc.height),
        "herniation_depth_mm": float(max((p.depth for p in disc.protrusions), default=0.0)),
        "herniation_width_mm": _extent(herniation, 1),
        "herniation_area_mm2": float(herniation.sum() * GRID_MM**2),
    }
    return values, middle


def _extent(mask: Mask, axis: int) -> float:
    """Extent of a mask along rows (0) or columns (1), mm."""
    lines = np.flatnonzero(mask.any(1 - axis))
    return float((lines[-1] - lines[0] + 1) * GRID_MM) if len(lines) else 0.0


def _recess(disc: Disc, side: Side, sections: list[_Section]) -> tuple[dict[str, float], NDArray[np.float64]]:
    """The least height of the recess, and its middle at the disc."""
    u, v, _ = recess_root(disc, side)
    columns = [round((u + shift + 20) / GRID_MM) for shift in (-1.6, -0.8, 0.0, 0.8, 1.6)]
    heights, middles = [], []
    for section in sections:
        runs = [_longest_run(section.free[: int(18 / GRID_MM), column]) for column in columns]
        height = float(np.median([run[0] for run in runs]))
        heights.append(height)
        middles.append(-14 + runs[2][1] if runs[2][0] else v)
    values = {"recess_height_mm": float(min(heights)), "flavum_thickness_mm": float(disc.flavum[side])}
    at_disc = OFFSETS_MM.index(0.0)
    return values, sections[at_disc].frame.point(u, middles[at_disc], 0)


def _longest_run(free: Mask) -> tuple[float, float]:
    """Length and middle of the longest run of free pixels, mm."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], free.astype(np.int8), [0]])))
    if not len(edges):
        return 0.0, 0.0
    starts, ends = edges[::2], edges[1::2]
    best = int((ends - starts).argmax())
    return float((ends - starts)[best] * GRID_MM), float((ends + starts - 1)[best] / 2 * GRID_MM)


def _foramen(
    anatomy: Anatomy, disc: Disc, side: Side, noise: Noise
) -> tuple[dict[str, float], NDArray[np.float64], Grade]:
    view = view_foramen(anatomy, disc, side, noise)
    gaps, kept = fat_around_root(view, disc, side)
    lost = [where for where, gap in gaps.items() if gap < FAT_LOST_MM]
    where = np.argwhere(view.space)
    row, column = where.mean(0) if len(where) else view.pixel(*disc.root_at[side])
    v, w = view.place(float(row), float(column))
    scale = FORAMEN_GRID_MM / GRID_MM
    values = {
        "foramen_height_mm": _extent(view.space, 0) * scale,
        "foramen_width_mm": _extent(view.space, 1) * scale,
        "foramen_area_mm2": float(view.space.sum() * FORAMEN_GRID_MM**2),
        "root_kept_ratio": kept,
        **{f"fat_{name}_mm": max(gap, 0.0) for name, gap in gaps.items()},
    }
    return values, view.frame.point(view.u, v, w), foramen_grade(lost, root_deformed=kept < ROOT_KEPT)
