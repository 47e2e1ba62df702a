"""Bones and discs as implicit functions, and how they are painted.

Bodies and discs live in rigid frames, the posterior arch in the curved frame of the canal.
Distances are mm, negative inside, exact near the surface only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lss_core.domain import Side
from lss_core.phantom.anatomy import SIGNS, Anatomy, Disc, Vertebra
from lss_core.phantom.canvas import Canvas
from lss_core.phantom.frames import Array, Rect
from lss_core.phantom.tissue import Tissue


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """The pixels near the canal with their curved coordinates and the canal's sizes there.

    roof: distance to the canal's posterior wall, two planes that meet in the midline,
    positive behind it.
    """

    rect: Rect
    u: Array
    v: Array
    s: Array
    width: Array
    depth: Array
    alpha: Array
    roof: Array

    def part(self, low: float, high: float, left: tuple[float, float] = (-99.0, 99.0)) -> Window | None:
        """The rectangle around the pixels with s and u between bounds, None where there is none."""
        inside = (self.s > low) & (self.s < high)
        if left != (-99.0, 99.0):
            inside &= (self.u > left[0]) & (self.u < left[1])
        rows = np.flatnonzero(inside.any(1))
        if not len(rows):
            return None
        columns = np.flatnonzero(inside[rows[0] : rows[-1] + 1].any(0))
        cut = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        r, c = self.rect[0].start, self.rect[1].start
        return Window(
            rect=(slice(r + rows[0], r + rows[-1] + 1), slice(c + columns[0], c + columns[-1] + 1)),
            u=self.u[cut],
            v=self.v[cut],
            s=self.s[cut],
            width=self.width[cut],
            depth=self.depth[cut],
            alpha=self.alpha[cut],
            roof=self.roof[cut],
        )

    def side(self, sign: float, low: float, high: float, inner: float, outer: float) -> Window | None:
        """The part on one side (sign of u) between two bounds of s and of |u|."""
        return self.part(low, high, (inner, outer) if sign > 0 else (-outer, -inner))

    @property
    def wall(self) -> Array:
        """Distance to the wall of the bony canal, negative inside."""
        flat = np.sqrt((self.u / self.width) ** 2 + 1e-6)
        front = -self.v - self.depth
        side = (flat + 0.12 * np.maximum(-self.v / self.depth, -1) ** 2 - 1.06) * self.width
        result: Array = np.maximum(np.maximum(side, front), self.roof)
        return result


def ellipse(a: Array, b: Array, half_a: float, half_b: float) -> Array:
    """Approximate distance to an ellipse in two coordinates."""
    result: Array = (np.sqrt((a / half_a) ** 2 + (b / half_b) ** 2) - 1) * min(half_a, half_b)
    return result


def _outline(u: Array, v: Array, half_width: float, half_depth: float, notch: float) -> Array:
    """Radius of a body's outline, 1 on it: round in front, flat or hollow behind."""
    a = np.abs(u) / half_width
    b = (v + notch * np.maximum(1 - (a * 2) ** 2, 0) * (v > 0)) / half_depth if notch else v / half_depth
    b = b * b
    result: Array = np.sqrt(a * a * np.sqrt(np.sqrt(a)) + np.where(v > 0, b * b, b))
    return result


def paint_body(canvas: Canvas, bone: Vertebra) -> None:
    """A vertebral body: dark rim, marrow, endplates hollowed towards the discs, the basivertebral vein."""
    rect = canvas.plane.near(bone.frame.origin, float(np.hypot(bone.half_width, bone.height / 2 + 4)) + 4)
    if rect is None:
        return
    u, v, w = bone.frame.local(canvas.plane, rect)
    relative = w * (2 / bone.height)
    waist = 1 - 0.09 * np.clip(1 - relative**2, 0, 1) + bone.taper * relative
    shift = bone.half_depth * bone.taper * (relative - 1) * 0.4 if bone.sacral else 0.0
    radius = _outline(
        u / waist, (v + shift) / waist, bone.half_width, bone.half_depth, 0 if bone.sacral else 1.3
    )
    across = (radius - 1) * bone.half_depth
    hollow = bone.cavity * np.clip(1 - radius**2, 0, 1)
    along = np.abs(w) - (bone.height / 2 - bone.wedge * v - hollow)
    d = np.where(
        (across > -2) & (along > -2),
        np.hypot(np.maximum(across + 2, 0), np.maximum(along + 2, 0)) - 2,
        np.maximum(across, along),
    )
    rim = Tissue.SACRUM_CORTEX if bone.sacral else Tissue.BODY_CORTEX
    canvas.paint(rect, d, rim)
    canvas.paint(rect, d + 0.9, Tissue.SACRUM if bone.sacral else Tissue.BODY)
    if not bone.sacral:
        vein = ellipse(np.hypot(u * 0.5, w), v - bone.half_depth, 1.6, 7.0)
        canvas.paint(rect, np.maximum(vein, d + 0.5), Tissue.BODY_VEIN)


def paint_disc(canvas: Canvas, disc: Disc, number: int) -> None:
    """The disc between its endplates: annulus and nucleus. The margin's bulge is the canal's."""
    rect = canvas.plane.near(disc.frame.origin, disc.half_width + 8)
    if rect is None:
        return
    u, v, w = disc.frame.local(canvas.plane, rect)
    swell = 1 + 0.02 * disc.degeneration + 0.02
    radius = _outline(u / swell, v, disc.half_width, disc.half_depth, 0.8)
    hollow = (disc.cavity + 0.8) * np.clip(1 - radius**2, 0, 1)
    half = np.maximum(disc.height / 2 + v * (np.tan(disc.opening) / 2), 0.8) + hollow
    d = np.maximum((radius - 1) * disc.half_depth, np.abs(w) - half - 0.4)
    canvas.paint(rect, d, Tissue.DISC)
    inner = _outline(u, v + 1, disc.half_width * 0.72, disc.half_depth * 0.68, 0.0)
    thick = half * (0.85 - 0.25 * disc.degeneration)
    depth = np.maximum((inner - 1) * 10, (np.abs(w) - thick) * 2)
    opacity = np.clip(0.5 - depth / 3.0, 0, 1) * (d < -0.5)
    cleft = 1 - 0.35 * (1 - disc.degeneration) * np.exp(-((w / 0.9) ** 2))
    signal = tuple(float(c.nucleus[number]) for c in canvas.contrasts)
    canvas.blend(rect, opacity * cleft, Tissue.NUCLEUS, signal=signal)


def paint_arch(canvas: Canvas, window: Window, bone: Vertebra) -> None:
    """Pedicles, transverse processes, laminae and the spinous process of a vertebra."""
    low, high = bone.s - 0.85 * bone.height, bone.s + 0.6 * bone.height
    for sign in (1.0, -1.0):
        if (part := window.side(sign, low, high, 0.0, 52.0)) is not None:
            _paint_half_arch(canvas, part, bone, sign)
    if (part := window.part(low - 12, high, (-7.0, 7.0))) is not None:
        _paint_spinous(canvas, part, bone)


def _paint_half_arch(canvas: Canvas, part: Window, bone: Vertebra, sign: float) -> None:
    rect, side, height, w = part.rect, sign * part.u, bone.height, part.s - bone.s
    if bone.sacral:
        _paint_ala(canvas, part, bone, side, w)
    else:
        reach = np.maximum(side - (part.width + 26), part.width - side)
        across = np.hypot(part.v - 3.5 - 0.05 * side, w - 0.12 * height) - 5.5 + 0.06 * side
        d = np.maximum(across, reach)
        canvas.paint(rect, d, Tissue.ARCH_CORTEX)
        canvas.paint(rect, d + 0.9, Tissue.TRANSVERSE)
    lamina = np.maximum(np.abs(part.roof - 3.0 + 0.16 * (w + 0.2 * height)) - 3.0, side - part.width - 4)
    lamina = np.maximum(lamina, np.abs(w + 0.27 * height) - 0.47 * height + 0.5 * np.abs(part.roof - 3))
    canvas.paint(rect, lamina, Tissue.ARCH_CORTEX)
    canvas.paint(rect, lamina + 0.9, Tissue.LAMINA)
    pedicle = ellipse(side - part.width - bone.pedicle, w - 0.19 * height, bone.pedicle, 0.27 * height)
    pedicle = np.maximum(pedicle, np.maximum(-part.v - part.depth - 7, part.v - 5))
    canvas.paint(rect, pedicle, Tissue.ARCH_CORTEX)
    canvas.paint(rect, pedicle + 1.0, Tissue.PEDICLE)


def _paint_spinous(canvas: Canvas, part: Window, bone: Vertebra) -> None:
    behind, height = part.v - part.depth, bone.height
    w = part.s - bone.s + 0.30 * height + 0.10 * behind
    swell = np.clip(behind / bone.spinous, 0, 1)
    half = (0.25 + 0.10 * swell) * height
    across = np.abs(part.u - 0.06 * bone.tilt * behind) - 2.2 - 2.0 * swell
    end = np.hypot(w / half, np.maximum((behind - bone.spinous + 7) / 7, 0)) - 1
    d = np.maximum(np.maximum(across, end * 7), 1.5 - behind)
    canvas.paint(part.rect, d, Tissue.SPINOUS_CORTEX)
    canvas.paint(part.rect, d + 0.9, Tissue.SPINOUS)


def _paint_ala(canvas: Canvas, part: Window, bone: Vertebra, side: Array, w: Array) -> None:
    reach = (24.0 if bone.name == "S1" else 20.0) * bone.half_width / 22
    d = np.maximum(side - part.width - reach, part.width * 0.9 - side)
    d = np.maximum(d, ellipse(side, part.v + 5 - 0.15 * side, 1.25 * (reach + 14), 13.0))
    d = np.maximum(np.maximum(d, np.abs(w) - bone.height / 2 - 1), part.v - 4)
    canvas.paint(part.rect, d, Tissue.SACRUM_CORTEX)
    canvas.paint(part.rect, d + 1.0, Tissue.SACRUM)


def facet_centre(disc: Disc, side: Side) -> tuple[float, float]:
    """(|u|, v) of the facet joint's middle at the height of the disc."""
    edge = disc.canal_width * 0.97
    roof = disc.canal_depth - edge * np.tan(disc.alpha)
    return float(edge + 7 * np.sin(disc.beta)), float(roof + 7 * np.cos(disc.beta) + 1.0)


def paint_facet(canvas: Canvas, part: Window, disc: Disc, side: Side) -> Array:
    """A facet joint; the distance to its articular processes, for the canal."""
    w, growth, tip = part.s - disc.s, disc.facet[side], disc.facet_tip[side]
    cu, cv = facet_centre(disc, side)
    x, y = SIGNS[side] * part.u - cu, part.v - cv
    sin, cos = float(np.sin(disc.beta)), float(np.cos(disc.beta))
    p, q = x * cos - y * sin, x * sin + y * cos  # across the joint (to the front), along it
    curl = p - 0.018 * q * q
    lower = ellipse(curl - 0.2, q + 1.0 * growth, 6.0 + 0.5 * growth, 8.2 + 0.7 * growth)
    forward = ellipse(x, y + 3.0 + 0.45 * tip, 5.5, 5.0)  # the tip of the superior process
    above = w - (0.5 * disc.height + 1.0 + tip)
    point = np.maximum(above + 5, 0) * 0.7  # it ends in a point
    lower = np.maximum(np.minimum(lower, forward + 0.6 * max(0.0, 3 - tip)) + point, -curl - 0.2)
    lower = np.maximum(lower, np.maximum(above, disc.foramen_bottom - 4 - w))
    upper = np.maximum(ellipse(curl, q - 1.0, 6.8 + 0.4 * growth, 8.0 + 0.4 * growth), curl + 0.2)
    isthmus = ellipse(x + 1.5, y - 0.3 + 0.3 * x, 7.5, 5.7)
    upper = np.where(above > 0, np.maximum(isthmus, -2 - above), upper)
    upper = np.maximum(upper, np.maximum(-11 - w, w - disc.foramen_top - 4))
    for d in (upper, lower):
        canvas.paint(part.rect, d, Tissue.ARTICULAR_CORTEX)
        canvas.paint(part.rect, d + 1.4, Tissue.ARTICULAR)
    joint = np.maximum(np.abs(curl) - 0.8, np.abs(q) - 7.0)
    canvas.paint(part.rect, np.maximum(joint, np.maximum(above + 1, -9 - w)), Tissue.JOINT)
    room: Array = np.minimum(upper, lower)
    return room


def paint_discs(anatomy: Anatomy, canvas: Canvas) -> None:
    """All discs; bodies come over them."""
    for number, disc in enumerate(anatomy.discs):
        paint_disc(canvas, disc, number)


def paint_bodies(anatomy: Anatomy, canvas: Canvas) -> None:
    """All vertebral bodies."""
    for bone in anatomy.vertebrae:
        paint_body(canvas, bone)
