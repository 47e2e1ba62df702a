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

from lss_core.domain import Condition, Grade, Level, Point, Side, Site, Structure
from lss_core.measure.grades import central_grade, foramen_grade, recess_grade
from lss_core.phantom.anatomy import SIGNS, Anatomy, Disc
from lss_core.phantom.canal import draw_spine, recess_root, root_path
from lss_core.phantom.canvas import Canvas
from lss_core.phantom.frames import Frame, Plane
from lss_core.phantom.labels import axial_masks
from lss_core.phantom.tissue import Tissue

GRID_MM = 0.4
FAT_LOST_MM, ROOT_KEPT = 0.6, 0.85
_SOFT = (Tissue.AIR, Tissue.EPIDURAL_FAT, Tissue.PERINEURAL_FAT, Tissue.VEIN, Tissue.ROOT, Tissue.GANGLION, Tissue.DURA,
         Tissue.CSF, Tissue.CAUDA, Tissue.CORD)

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Truth:
    """Points, measurements and grades of the 25 sites."""

    canal_points_mm: Mapping[Level, Point]
    site_points_mm: Mapping[Site, Point]
    measurements: Mapping[Site, Mapping[str, float]]
    grades: Mapping[Site, Grade]


def find_truth(anatomy: Anatomy) -> Truth:
    """Measure every site of a patient."""
    healthy = anatomy.healthy()
    canal: dict[Level, Point] = {}
    points: dict[Site, Point] = {}
    numbers: dict[Site, Mapping[str, float]] = {}
    grades: dict[Site, Grade] = {}
    for level in Level:
        site = Site(condition=Condition.CENTRAL, level=level)
        values, middle = _central(anatomy, healthy, anatomy.disc(level))
        canal[level] = points[site] = _point(middle)
        numbers[site], grades[site] = values, central_grade(1 - values["sac_area_ratio"])
        for side in Side:
            site = Site(condition=Condition.LATERAL_RECESS, level=level, side=side)
            values, middle = _recess(anatomy, anatomy.disc(level), side)
            points[site], numbers[site] = _point(middle), values
            grades[site] = recess_grade(values["recess_height_mm"])
            site = Site(condition=Condition.FORAMINAL, level=level, side=side)
            values, middle, gaps, kept = _foramen(anatomy, anatomy.disc(level), side)
            points[site], numbers[site] = _point(middle), values
            without_fat = [where for where, gap in gaps.items() if gap < FAT_LOST_MM]
            grades[site] = foramen_grade(without_fat, root_deformed=kept < ROOT_KEPT)
    return Truth(canal_points_mm=canal, site_points_mm=points, measurements=numbers, grades=grades)


def _point(vector: NDArray[np.float64]) -> Point:
    x, y, z = (float(value) for value in vector)
    return x, y, z


def _cross_section(anatomy: Anatomy, disc: Disc, offset_mm: float) -> tuple[Frame, dict[Structure, Mask], Canvas]:
    """A fine plane perpendicular to the canal: rows grow to the back, columns to the left."""
    frame = anatomy.curve.frame(disc.s + offset_mm)
    plane = Plane(
        origin=frame.point(-20, -14, 0), row_step=GRID_MM * frame.axes[1], column_step=GRID_MM * frame.axes[0],
        shape=(int(30 / GRID_MM), int(40 / GRID_MM)),
    )
    drawing = draw_spine(anatomy, Canvas(plane, (), None))
    return frame, axial_masks(drawing), drawing.canvas


def _central(anatomy: Anatomy, healthy: Anatomy, disc: Disc) -> tuple[dict[str, float], NDArray[np.float64]]:
    best: tuple[float, float, dict[Structure, Mask], dict[Structure, Mask], Frame] | None = None
    for offset in (-3.0, 0.0, 3.0):
        frame, masks, _ = _cross_section(anatomy, disc, offset)
        _, normal, _ = _cross_section(healthy, disc, offset)
        area = masks[Structure.DURAL_SAC].sum() * GRID_MM**2
        ratio = float(area / max(normal[Structure.DURAL_SAC].sum() * GRID_MM**2, 1e-6))
        if best is None or ratio < best[0]:
            best = ratio, float(area), masks, normal, frame
    assert best is not None
    ratio, area, masks, normal, _ = best
    middle_frame, middle_masks, _ = _cross_section(anatomy, disc, 0.0)
    sac, canal = masks[Structure.DURAL_SAC], masks[Structure.SPINAL_CANAL]
    shown = middle_masks[Structure.DURAL_SAC]
    rows, columns = np.nonzero(shown if shown.any() else normal[Structure.DURAL_SAC])
    middle = middle_frame.point(-20 + columns.mean() * GRID_MM, -14 + rows.mean() * GRID_MM, 0)
    herniation = masks[Structure.HERNIATION]
    values = {
        "sac_area_mm2": area,
        "sac_area_ratio": min(ratio, 1.0),
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


def _recess(anatomy: Anatomy, disc: Disc, side: Side) -> tuple[dict[str, float], NDArray[np.float64]]:
    u, v, _ = recess_root(disc, side)
    column = int(round((u + 20) / GRID_MM))
    heights, middle = [], v
    for offset in (1.5, -1.5, -4.0):
        _, _, canvas = _cross_section(anatomy, disc, offset)
        free = np.isin(canvas.labels[:, column - 1 : column + 2], _SOFT).sum(1) >= 2
        rows = np.flatnonzero(free)
        heights.append(len(rows) * GRID_MM)
        if offset == 1.5 and len(rows):
            middle = -14 + float(rows.mean()) * GRID_MM
    values = {"recess_height_mm": float(min(heights)), "flavum_thickness_mm": float(disc.flavum[side])}
    return values, anatomy.curve.frame(disc.s).point(u, middle, 0)


def _foramen(
    anatomy: Anatomy, disc: Disc, side: Side
) -> tuple[dict[str, float], NDArray[np.float64], dict[str, float], float]:
    """Measurements, middle, fat left around the root by direction, share of the root with room."""
    frame = anatomy.curve.frame(disc.s)
    u = SIGNS[side] * disc.foramen_u
    top = disc.foramen_top + 8
    plane = Plane(
        origin=frame.point(u, -16, top), row_step=-GRID_MM * frame.axes[2], column_step=GRID_MM * frame.axes[1],
        shape=(int((top - disc.foramen_bottom + 8) / GRID_MM), int(28 / GRID_MM)),
    )
    canvas = Canvas(plane, (), None)
    drawing = draw_spine(anatomy, canvas)
    free = np.isin(canvas.labels, _SOFT)
    a, b = root_path(disc, side)[2:4]
    share = (abs(u) - abs(a[0])) / (abs(b[0]) - abs(a[0]))
    v, w = a[1] + share * (b[1] - a[1]), a[2] + share * (b[2] - a[2])
    row, column = int(round((top - w) / GRID_MM)), int(round((v + 16) / GRID_MM))
    radius = disc.root_radius
    gaps = {
        "up": _run(free[row::-1, column]) - radius,
        "down": _run(free[row:, column]) - radius,
        "front": _run(free[row, column::-1]) - radius,
        "back": _run(free[row, column:]) - radius,
    }
    rows, columns = np.ogrid[: plane.shape[0], : plane.shape[1]]
    root = (rows - row) ** 2 + (columns - column) ** 2 <= (radius / GRID_MM) ** 2
    kept = float(free[root].mean())
    space = drawing.regions[Structure.NEURAL_FORAMEN]
    values = {
        "foramen_height_mm": _extent(space, 0),
        "foramen_width_mm": _extent(space, 1),
        "foramen_area_mm2": float(space.sum() * GRID_MM**2),
    }
    where = np.argwhere(space)
    middle = where.mean(0) if len(where) else np.array([row, column])
    return values, frame.point(u, -16 + middle[1] * GRID_MM, top - middle[0] * GRID_MM), gaps, kept


def _run(free: Mask) -> float:
    """How far the free run from the first pixel reaches, mm."""
    blocked = np.flatnonzero(~free)
    return float((blocked[0] if len(blocked) else len(free)) * GRID_MM)
