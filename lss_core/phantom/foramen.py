"""The neural foramen in its own sagittal plane: where the root lies and what is left around it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from lss_core.domain import Side, Structure
from lss_core.phantom.anatomy import SIGNS, Anatomy, Disc
from lss_core.phantom.canal import draw_spine
from lss_core.phantom.canvas import Canvas, Noise, any_of
from lss_core.phantom.frames import Frame, Plane
from lss_core.phantom.nerves import root_path
from lss_core.phantom.tissue import Tissue

GRID_MM = 0.35
SOFT = (
    Tissue.EPIDURAL_FAT,
    Tissue.PERINEURAL_FAT,
    Tissue.VEIN,
    Tissue.ROOT,
    Tissue.GANGLION,
    Tissue.DURA,
    Tissue.CSF,
    Tissue.CAUDA,
    Tissue.CORD,
)

Mask = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class ForamenView:
    """A plane through a foramen: rows go down, columns to the back, GRID_MM a pixel.

    free: what is neither bone, disc nor ligament. space: the foramen itself.
    """

    frame: Frame
    u: float
    top: float
    free: Mask
    space: Mask

    def pixel(self, v: float, w: float) -> tuple[int, int]:
        """Row and column of a place."""
        return round((self.top - w) / GRID_MM), round((v + 16) / GRID_MM)

    def place(self, row: float, column: float) -> tuple[float, float]:
        """v and w of a pixel."""
        return column * GRID_MM - 16, self.top - row * GRID_MM


def view_foramen(anatomy: Anatomy, disc: Disc, side: Side, noise: Noise) -> ForamenView:
    """The plane through the middle of a foramen, without roots."""
    frame = anatomy.curve.frame(disc.s)
    u, top = SIGNS[side] * disc.foramen_u, disc.foramen_top + 8
    plane = Plane(
        origin=frame.point(u, -16, top),
        row_step=-GRID_MM * frame.axes[2],
        column_step=GRID_MM * frame.axes[1],
        shape=(int((top - disc.foramen_bottom + 8) / GRID_MM), int(28 / GRID_MM)),
    )
    canvas = Canvas(plane, (), noise)
    drawing = draw_spine(anatomy, canvas, roots=False)
    return ForamenView(
        frame=frame,
        u=u,
        top=top,
        free=any_of(canvas.labels, SOFT),
        space=drawing.regions[Structure.NEURAL_FORAMEN],
    )


def settle_roots(anatomy: Anatomy, noise: Noise) -> Anatomy:
    """Each root gives way to where it has most room, near its usual place."""
    settled = []
    for disc in anatomy.discs:
        places = {}
        for side in Side if disc.level else ():
            view = view_foramen(anatomy, disc, side, noise)
            v, w = root_path(disc, side)[2][1:3]
            row, column = view.pixel(v, w)
            room = distance_transform_edt(view.free) * GRID_MM
            rows, columns = np.ogrid[: room.shape[0], : room.shape[1]]
            far = np.hypot(rows - row, columns - column) * GRID_MM
            wish = np.minimum(room, disc.root_radius + 0.7) - 0.1 * far
            wish[far > 5] = -99
            best = np.unravel_index(int(wish.argmax()), wish.shape)
            places[side] = view.place(float(best[0]), float(best[1]))
        settled.append(replace(disc, root_at=places))
    return replace(anatomy, discs=tuple(settled))


def fat_around_root(view: ForamenView, disc: Disc, side: Side) -> tuple[dict[str, float], float]:
    """Fat left around the root by direction (mm), and the share of the root's area that has room."""
    v, w = root_path(disc, side)[2][1:3]
    row, column = view.pixel(v, w - 0.8)
    row, column = (
        int(np.clip(row, 0, view.free.shape[0] - 1)),
        int(np.clip(column, 0, view.free.shape[1] - 1)),
    )
    runs = {
        "up": view.free[row::-1, column],
        "down": view.free[row:, column],
        "front": view.free[row, column::-1],
        "back": view.free[row, column:],
    }
    rows, columns = np.ogrid[: view.free.shape[0], : view.free.shape[1]]
    root = (rows - row) ** 2 + (columns - column) ** 2 <= (disc.root_radius / GRID_MM) ** 2
    return {where: _run(free) - disc.root_radius for where, free in runs.items()}, float(
        view.free[root].mean()
    )


def _run(free: Mask) -> float:
    blocked = np.flatnonzero(~free)
    return float((blocked[0] if len(blocked) else len(free)) * GRID_MM)
