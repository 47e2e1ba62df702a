"""The canal and its content: fat, flava, disc material behind the disc, sac, roots, foramina."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lss_core.domain import Side, Structure
from lss_core.phantom.anatomy import SIGNS, Anatomy, Disc
from lss_core.phantom.bones import Window, ellipse, paint_arch, paint_bodies, paint_discs, paint_facet
from lss_core.phantom.canvas import Canvas, any_of
from lss_core.phantom.frames import Array, Rect
from lss_core.phantom.nerves import SAC, paint_exiting_roots, paint_sac
from lss_core.phantom.tissue import Tissue

Mask = NDArray[np.bool_]
REACH_ABOVE, REACH_BELOW = 24.0, 20.0


@dataclass(eq=False)
class Drawing:
    """A painted plane, and the regions that are spaces rather than tissues."""

    canvas: Canvas
    regions: dict[Structure, Mask] = field(default_factory=dict)


def draw_spine(anatomy: Anatomy, canvas: Canvas, *, roots: bool = True) -> Drawing:
    """Paint the spine over what the canvas already shows, roots in recess and foramen on demand."""
    drawing = Drawing(canvas=canvas)
    for region in (Structure.SPINAL_CANAL, Structure.NEURAL_FORAMEN, Structure.LATERAL_RECESS):
        drawing.regions[region] = np.zeros(canvas.plane.shape, np.bool_)
    rect = _near_canal(anatomy, canvas)
    if rect is None:
        paint_discs(anatomy, canvas)
        paint_bodies(anatomy, canvas)
        return drawing
    canvas.roughen(rect, 0.8, 0.35)
    curve = anatomy.curve
    k, u, v, s = curve.local(canvas.plane, rect)
    size = {name: table[k] for name, table in curve.values.items()}
    roof = (
        np.abs(u) * np.sin(curve.values["alpha"])[k] + (v - size["depth"]) * np.cos(curve.values["alpha"])[k]
    )
    window = Window(
        rect=rect, u=u, v=v, s=s, width=size["width"], depth=size["depth"], alpha=size["alpha"], roof=roof
    )
    _paint_backing(canvas, window, size["spinous"])
    levels = [
        (disc, part)
        for disc in anatomy.discs
        if (part := window.part(disc.s - REACH_BELOW, disc.s + REACH_ABOVE)) is not None
    ]
    for disc, part in levels:
        _paint_foramen_fat(drawing, part, disc)
    for bone in reversed(anatomy.vertebrae):
        paint_arch(canvas, window, bone)
    wall = window.wall
    canvas.paint(rect, wall, Tissue.EPIDURAL_FAT)
    room = -wall + 0.4
    for disc, part in levels:
        if disc.frame and not disc.s < anatomy.vertebrae[9].s:
            for side, sign in SIGNS.items():
                cut = part.side(sign, disc.s - 18, disc.s + 24, 2.0, disc.canal_width + 18)
                if cut is not None:
                    _into(np.minimum, room, window, cut, paint_facet(canvas, cut, disc, side))
            cut = part.part(disc.s - 13, disc.s + 15, (-disc.canal_width - 3, disc.canal_width + 3))
            if cut is not None:
                _into(np.minimum, room, window, cut, _paint_flavum(canvas, cut, disc))
    paint_discs(anatomy, canvas)
    stand = np.full(s.shape, 0.2, np.float32)
    for disc, part in levels:
        d, total = _paint_margin(canvas, part, disc)
        _into(np.minimum, room, window, part, d)
        _into(np.maximum, stand, window, part, total)
    paint_bodies(anatomy, canvas)
    _paint_ligament(canvas, window, anatomy, stand)
    drawing.regions[Structure.SPINAL_CANAL][rect] = (wall < 0) & any_of(
        canvas.labels[rect], (Tissue.EPIDURAL_FAT, Tissue.PERINEURAL_FAT, Tissue.PLL, Tissue.BODY_VEIN)
    )
    for disc, part in levels:
        _mark_regions(drawing, part, disc)
    sac = _sac(window, size, room)
    if roots:
        paint_exiting_roots(canvas, levels)
    paint_sac(anatomy, canvas, window, size, sac)
    drawing.regions[Structure.SPINAL_CANAL][rect] |= any_of(canvas.labels[rect], SAC)
    return drawing


def _near_canal(anatomy: Anatomy, canvas: Canvas) -> Rect | None:
    """The rectangle around all pixels within 40 mm of the canal."""
    rects = [canvas.plane.near(point, 42.0) for point in anatomy.curve.points[::60]]
    found = [rect for rect in rects if rect is not None]
    if not found:
        return None
    return (
        slice(min(r[0].start for r in found), max(r[0].stop for r in found)),
        slice(min(r[1].start for r in found), max(r[1].stop for r in found)),
    )


def _into(combine: np.ufunc, whole: Array, window: Window, part: Window, values: Array) -> None:
    """Combine the values of a part into those of the whole window, in place."""
    r, c = window.rect[0].start, window.rect[1].start
    cut = np.s_[
        part.rect[0].start - r : part.rect[0].stop - r, part.rect[1].start - c : part.rect[1].stop - c
    ]
    combine(whole[cut], values, out=whole[cut])


def _paint_backing(canvas: Canvas, window: Window, length: Array) -> None:
    """Interspinous ligaments and fat between the spinous processes."""
    behind = window.v - window.depth
    d = np.maximum(np.abs(window.u) - 2.8 - 0.05 * behind, np.maximum(behind - 0.9 * length, -3 - behind))
    canvas.paint(window.rect, d, Tissue.LIGAMENT)


def _paint_foramen_fat(drawing: Drawing, part: Window, disc: Disc) -> None:
    w, side = part.s - disc.s, np.abs(part.u)
    along = (
        np.abs(w - (disc.foramen_top + disc.foramen_bottom) / 2)
        - (disc.foramen_top - disc.foramen_bottom) / 2
        - 1
    )
    across = np.abs(side - disc.foramen_u) - 8.0
    fat = ellipse(side - disc.foramen_u - 1, part.v + 1, 10.5, disc.canal_depth + 3)
    fat = np.maximum(np.maximum(along, fat), np.maximum(3.0 - side, part.v - 6))
    drawing.canvas.paint(part.rect, fat, Tissue.PERINEURAL_FAT)
    veins = np.hypot(w - disc.foramen_bottom - 4 + 0.2 * part.v, part.v + disc.canal_depth - 3) - 0.9
    drawing.canvas.paint(part.rect, np.maximum(veins, across), Tissue.VEIN)


def _paint_flavum(canvas: Canvas, part: Window, disc: Disc) -> Array:
    w, roof, side = part.s - disc.s, part.roof, np.abs(part.u)
    thickness = np.where(part.u > 0, disc.flavum[Side.LEFT], disc.flavum[Side.RIGHT])
    fade = _plateau(w - 1, 13)
    thickness = thickness * (0.3 + 0.7 * np.clip(side / 5, 0, 1)) * fade
    thickness = thickness * (1 - 0.7 * np.clip(side / part.width - 0.5, 0, 0.6) / 0.6)
    d: Array = np.maximum(np.maximum(-roof - thickness, roof - 1.2), side - part.width - 1.5)
    d = np.maximum(d, np.abs(w - 1) - 13).astype(np.float32)
    canvas.paint(part.rect, d, Tissue.FLAVUM)
    return d


def _plateau(x: Array, half: float) -> Array:
    """1 in the middle, falling to 0 at `half`."""
    square = (x * np.float32(1 / half)) ** 2
    result: Array = np.maximum(1 - square * square, 0)
    return result


def margin(disc: Disc, u: Array, w: Array) -> tuple[Array, Array]:
    """How far the disc's margin stands behind the vertebral bodies' wall: (bulge alone, all), mm."""
    half = disc.height / 2
    fall = _plateau(w, half + 1.0 + 0.5 * disc.bulge)
    bulge = (0.4 + disc.bulge * _plateau(u, disc.canal_width + 14)) * fall
    for side, sign in SIGNS.items():
        for depth, top in (
            (disc.ridge[side], disc.ridge_top[side]),
            (disc.floor[side], disc.floor_top[side]),
        ):
            if depth > 0.3:
                out = np.exp(-(((sign * u - disc.foramen_u) / 6) ** 4))
                rise = (top - half - 1) / 2
                bulge = np.maximum(bulge, depth * out * _plateau(w - rise, rise + half + 1))
    turn = np.square(np.square(u * np.float32(1 / disc.half_width)))  # the margin turns forward at the sides
    bulge = bulge - 7.0 * turn
    total: Array = bulge
    for bump in disc.protrusions:
        shape = np.exp(-((u - bump.u) ** 2) / (2 * bump.width**2))
        shape = shape * _plateau(w - bump.up, bump.height + 2)
        add = bump.depth * shape
        total = np.maximum(total, np.where(add > 0.4, np.maximum(0.5 * bulge, 0) + add, bulge))
    return bulge, total


def _paint_margin(canvas: Canvas, part: Window, disc: Disc) -> tuple[Array, Array]:
    """Paint disc material behind the bodies' wall: the distance to it, and how far it stands."""
    w = part.s - disc.s
    bulge, total = margin(disc, part.u, w)
    lift = part.v + part.depth
    far = np.abs(part.u) - disc.half_width * 0.85
    d = np.maximum(lift - total, far)
    at_disc = np.abs(w) - np.maximum(disc.height / 2 + disc.half_depth * np.tan(disc.opening) / 2, 1.0)
    beside = np.abs(part.u) > disc.canal_width - 1  # a ridge there grows from the body's rim
    shell = np.maximum(d, -lift - 2.5 - 11 * (beside & (at_disc > 0)))
    reach = disc.height / 2 + 3 + disc.bulge + max(0, *disc.ridge_top.values(), *disc.floor_top.values())
    out = (np.abs(w) < reach).astype(np.float32)
    out *= total > 0.15 - 7.0 * np.square(np.square(part.u * np.float32(1 / disc.half_width)))
    canvas.paint(
        part.rect,
        np.where(out > 0, np.maximum(shell, np.minimum(at_disc, -lift - 12 * beside)), 9),
        Tissue.DISC,
    )
    swollen = np.where(total - bulge > 0.8, np.maximum(d, bulge - lift), 9).astype(np.float32)
    canvas.paint(part.rect, swollen, Tissue.HERNIATION)
    return np.where(out > 0, d, 9).astype(np.float32), total


def _paint_ligament(canvas: Canvas, window: Window, anatomy: Anatomy, stand: Array) -> None:
    """The posterior longitudinal ligament: a thin line along bodies and disc margins."""
    lift = window.v + window.depth - stand
    d = np.maximum(np.abs(lift - 0.3) - 0.55, np.abs(window.u) - 5.5)
    canvas.paint(window.rect, np.maximum(d, anatomy.vertebrae[10].s - window.s), Tissue.PLL)


def _mark_regions(drawing: Drawing, part: Window, disc: Disc) -> None:
    """Neural foramina and lateral recesses: the free space inside their bounds."""
    if disc.level is None:
        return
    w, side = part.s - disc.s, np.abs(part.u)
    labels = drawing.canvas.labels[part.rect]
    free = any_of(labels, (Tissue.EPIDURAL_FAT, Tissue.PERINEURAL_FAT, Tissue.VEIN))
    foramen = (
        (np.abs(side - disc.foramen_u) < 5.5) & (w < disc.foramen_top + 1) & (w > disc.foramen_bottom - 1)
    )
    foramen &= (part.v > -disc.canal_depth - 3) & (part.v < 6)
    recess = (
        (side > disc.recess_u * 0.8) & (side < disc.foramen_u - 5.5) & (w < 5) & (w > disc.foramen_bottom - 6)
    )
    recess &= part.v < 1.0
    drawing.regions[Structure.NEURAL_FORAMEN][part.rect] |= foramen & free
    drawing.regions[Structure.LATERAL_RECESS][part.rect] |= recess & free


def _sac(window: Window, size: dict[str, Array], room: Array) -> Array:
    """Distance to the dural sac: its own shape, pressed in by whatever takes its room."""
    v = window.v - size["sac_back"]
    a, b = size["sac_width"], size["sac_depth"]
    own = (np.sqrt((window.u / a) ** 2 + (v / b) ** 2) - 1) * np.minimum(a, b)
    pressed = 0.7 - room
    k = np.float32(1.2)  # how round the corners stay
    h = np.clip(0.5 + 0.5 * (own - pressed) / k, 0, 1)
    result: Array = pressed + (own - pressed) * h + k * h * (1 - h)
    return result
