"""The dural sac's content and the roots that leave it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from lss_core.domain import Side
from lss_core.phantom.anatomy import SIGNS, Anatomy, Disc
from lss_core.phantom.bones import Window, ellipse
from lss_core.phantom.canvas import Canvas, any_of
from lss_core.phantom.frames import Array
from lss_core.phantom.tissue import Tissue

Node = tuple[float, float, float, float]
SAC = (Tissue.DURA, Tissue.CSF, Tissue.CORD, Tissue.CAUDA)


def root_path(disc: Disc, side: Side) -> list[Node]:
    """(u, v, w, radius) of the root that leaves under the pedicle above a disc, from sac to muscle."""
    sign, front = SIGNS[side], -disc.canal_depth
    v, height = disc.root_at.get(side, disc.usual_root)
    return [
        (sign * disc.recess_u * 0.88, front + 4.0, disc.foramen_top + 10, 1.3),
        (sign * disc.recess_u * 1.05, front + 3.6, disc.foramen_top + 1, 1.6),
        (sign * (disc.foramen_u - 2), v - 0.1, height + 0.8, disc.root_radius),
        (sign * (disc.foramen_u + 3), v + 0.1, height - 1.2, disc.root_radius),
        (sign * (disc.foramen_u + 9), v - 1.8, height - 8, 2.0),
        (sign * (disc.foramen_u + 19), v - 10.0, height - 22, 2.0),
    ]


def recess_root(disc: Disc, side: Side) -> tuple[float, float, float]:
    """(u, v, radius) of the root that passes the disc in the lateral recess."""
    return SIGNS[side] * disc.recess_u, -disc.canal_depth + 2.6, 1.5


def paint_exiting_roots(canvas: Canvas, levels: list[tuple[Disc, Window]]) -> None:
    """Roots in recess and foramen; where there is no room for them they are squeezed flat."""
    soft = (
        Tissue.EPIDURAL_FAT,
        Tissue.PERINEURAL_FAT,
        Tissue.VEIN,
        Tissue.FAT,
        Tissue.DEEP_FAT,
        Tissue.PSOAS,
        Tissue.MUSCLE,
        Tissue.LIGAMENT,
        Tissue.TRANSVERSE,
        Tissue.PLL,
    )
    for disc, whole in levels:
        for side, sign in SIGNS.items() if disc.level else ():
            part = whole.side(sign, disc.s - 26, disc.s + 30, 3.0, disc.foramen_u + 22)
            if part is None:
                continue
            w, path = part.s - disc.s, root_path(disc, side)
            free = any_of(canvas.labels[part.rect], soft)
            u, v, radius = recess_root(disc, side)
            rods = [((u, v, 4.0, 1.2), (u * 1.04, v, disc.foramen_bottom - 6, radius)), *pairwise(path)]
            least, most = float(part.u.min()) - 4, float(part.u.max()) + 4
            d = np.full(w.shape, 9, np.float32)
            for a, b in rods:
                if max(a[0], b[0]) > least and min(a[0], b[0]) < most:
                    d = np.minimum(d, _capsule(part.u, part.v, w, a, b))
            canvas.paint(part.rect, np.where(free, d, 9).astype(np.float32), Tissue.ROOT)
            knot = _capsule(part.u, part.v, w, path[2], path[3]) + 0.5
            canvas.paint(part.rect, np.where(free, knot, 9).astype(np.float32), Tissue.GANGLION)


def _capsule(u: Array, v: Array, w: Array, a: Node, b: Node) -> Array:
    """Distance to a rod with round ends between two nodes (u, v, w, radius)."""
    axis = np.array(b[:3]) - np.array(a[:3])
    x, y, z = u - np.float32(a[0]), v - np.float32(a[1]), w - np.float32(a[2])
    dx, dy, dz = (np.float32(t) for t in axis)
    t = np.clip((x * dx + y * dy + z * dz) / np.float32(axis @ axis), 0, 1)
    result: Array = np.sqrt((x - t * dx) ** 2 + (y - t * dy) ** 2 + (z - t * dz) ** 2) - (
        a[3] + t * (b[3] - a[3])
    )
    return result


def paint_sac(anatomy: Anatomy, canvas: Canvas, window: Window, size: dict[str, Array], sac: Array) -> None:
    """Dura, CSF, the cord's end and the roots of the cauda equina, crowded where the sac is narrow."""
    canvas.paint(window.rect, sac - 0.35, Tissue.DURA)
    canvas.paint(window.rect, sac, Tissue.CSF)
    near = sac < 1.0
    rows, columns = np.flatnonzero(near.any(1)), np.flatnonzero(near.any(0))
    if not len(rows):
        return
    cut = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    r, c = window.rect[0].start, window.rect[1].start
    rect = (slice(r + rows[0], r + rows[-1] + 1), slice(c + columns[0], c + columns[-1] + 1))
    u, v, s, d = window.u[cut], window.v[cut], window.s[cut], sac[cut]
    a, b, back = size["sac_width"][cut], size["sac_depth"][cut], size["sac_back"][cut]
    thick = np.clip((s - anatomy.conus_s) / 26, 0, 1) ** 0.6
    cord = ellipse(u, v - back - 0.8, 4.6, 3.9) + 3.9 * (1 - thick)
    nerves = np.full(s.shape, 9, np.float32)
    squeeze = _squeeze(anatomy, s)
    fan = np.clip((anatomy.conus_s + 12 - s) / 30, 0.25, 1)
    for n, (p, q, x, y, leaves, r0) in enumerate(anatomy.roots):
        end = anatomy.vertebrae[10].s + 12 + (anatomy.conus_s - anatomy.vertebrae[10].s - 30) * leaves**1.6
        side = np.float32((2 * p - 1) * 0.8 + 0.1 * np.sin(6 * x + n))
        turn = np.sin(s / np.float32(22 + 20 * y) + np.float32(6 * x))
        ru = a * squeeze * (side + 0.10 * turn) * (0.5 + 0.5 * fan)
        rv = back + b * (0.66 - 0.8 * np.float32(q * q) * fan * squeeze + 0.04 * turn - 0.45 * side**2)
        radius = np.float32(0.35 + 0.4 * r0)
        one = np.hypot(u - ru, v - rv) - radius
        nerves = np.minimum(nerves, np.where(s > end, one, 9))
    nerves = np.where(s > anatomy.conus_s + 25, np.maximum(nerves, 0.4), nerves)
    if canvas.texture is not None and anatomy.flow > 0.5:
        swirl = canvas.noise.at(canvas.plane, rect, (0.5, 0.5, 2.0), smooth=True)
        void = np.clip(swirl - 1.6 + anatomy.flow, 0, 0.8) * (d < -1.5)
        dark = tuple(float(c.signal[Tissue.CSF] * 0.25) for c in canvas.contrasts)
        canvas.blend(rect, np.minimum(void, 0.49), Tissue.CSF, signal=dark)
    canvas.paint(rect, np.maximum(nerves, d + 0.2).astype(np.float32), Tissue.CAUDA)
    canvas.paint(rect, np.maximum(cord, d + 0.8).astype(np.float32), Tissue.CORD)


def _squeeze(anatomy: Anatomy, s: Array) -> Array:
    """How much of its breadth the bundle of roots keeps at each s."""
    keep = np.ones_like(s)
    for disc in anatomy.discs:
        if disc.level is None:
            continue
        loss = 0.06 * (disc.bulge + max((p.depth for p in disc.protrusions), default=0))
        loss += 0.05 * (sum(disc.flavum.values()) - 5.6)
        keep -= np.float32(np.clip(loss, 0, 0.6)) * np.exp(-(((s - disc.s) / 9) ** 2))
    return keep
