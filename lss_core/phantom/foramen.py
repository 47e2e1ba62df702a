"""The neural foramen in its own sagittal plane: where the root lies and what is left around it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from lss_core.domain import Side, Structure
from lss_core.phantom.anatomy import SIGNS, Anatomy, Disc
from lss_core.phantom.canal import draw_spine
from lss_core.phantom.canvas import Canvas, Noise, any_of
from lss_core.phantom.frames import Frame, Plane
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


def shape_foramina(anatomy: Anatomy, noise: Noise) -> Anatomy:
    """Each root gets its place, and bone and disc grow until it has the room its disease leaves.

    In front grows a ridge, behind it the tip of the facet, below it a floor of disc and ridge; each
    until the fat measured on that side is what it shall be. A root keeps to the middle of what is left.
    """
    for number, disc in enumerate(anatomy.discs):
        for side in Side if disc.level else ():
            shaped = _shaped(anatomy, number, side, noise)
            discs = (*anatomy.discs[:number], shaped, *anatomy.discs[number + 1 :])
            anatomy = replace(anatomy, discs=discs)
    return anatomy


def _shaped(anatomy: Anatomy, number: int, side: Side, noise: Noise) -> Disc:
    disc, discs = anatomy.discs[number], list(anatomy.discs)
    want, radius = disc.foramen_room[side], disc.root_radius

    def fat(disc: Disc) -> dict[str, float]:
        discs[number] = disc
        view = view_foramen(replace(anatomy, discs=tuple(discs)), disc, side, noise)
        return fat_around_root(view, disc, side)[0]

    v, w = _roomiest(view_foramen(anatomy, disc, side, noise), disc)
    left = fat(_with(disc, side, root_at=(v, w)))
    taken = left["front"] + left["back"] - 2 * want.beside
    if taken > 0:
        v += float(np.clip(want.front * taken - left["front"] + want.beside, -1.5, 1.5))
    w += max(left["up"] - max(want.above, 0), 0)
    disc = _with(disc, side, root_at=(v, w))
    if taken > 0:
        disc = _with(disc, side, ridge_top=min(w + 0.7 * radius, disc.foramen_top))
        disc = _grown(disc, side, "ridge", (0, 14), lambda disc: fat(disc)["front"] > want.beside)
        disc = _grown(disc, side, "facet_tip", (0, 14), lambda disc: fat(disc)["back"] > want.beside)
    if left["down"] > want.above:
        reach = v + disc.canal_depth + 7 * (disc.foramen_u / disc.half_width) ** 4 + radius
        squeezed = want.above + min(want.above, 0)  # what the pedicle cannot take, the floor does
        low = disc.height / 2 + 1
        high = max(w + 2 * radius, low)
        disc = _with(disc, side, floor=reach)
        disc = _grown(disc, side, "floor_top", (low, high), lambda disc: fat(disc)["down"] > squeezed)
    return disc


def _with(disc: Disc, side: Side, **values: Any) -> Disc:
    """The disc with other values on one side."""
    changed: dict[str, Any] = {name: {**getattr(disc, name), side: value} for name, value in values.items()}
    return replace(disc, **changed)


def _grown(
    disc: Disc, side: Side, growth: str, bounds: tuple[float, float], too_much: Callable[[Disc], bool]
) -> Disc:
    """The least growth that leaves no room too much, within bounds (mm), found by halving."""
    low, high = bounds
    if not too_much(disc):
        return disc
    for _ in range(6):
        middle = (low + high) / 2
        if too_much(_with(disc, side, **{growth: middle})):
            low = middle
        else:
            high = middle
    return _with(disc, side, **{growth: high})


def _roomiest(view: ForamenView, disc: Disc) -> tuple[float, float]:
    """Where a root has most room, near its usual place."""
    row, column = view.pixel(*disc.usual_root)
    room = distance_transform_edt(view.free) * GRID_MM
    rows, columns = np.ogrid[: room.shape[0], : room.shape[1]]
    far = np.hypot(rows - row, columns - column) * GRID_MM
    wish = np.minimum(room, disc.root_radius + 2.2) - 0.1 * far
    wish[far > 5] = -99
    best = np.unravel_index(int(wish.argmax()), wish.shape)
    return view.place(float(best[0]), float(best[1]))


def fat_around_root(view: ForamenView, disc: Disc, side: Side) -> tuple[dict[str, float], float]:
    """Fat left around the root by direction (mm; below 0 it is squeezed), the median over the
    middle half of the root's breadth, and the share of the root's area that has room.
    """
    v, w = disc.root_at.get(side, disc.usual_root)
    last = np.array(view.free.shape) - 1
    row, column = (int(place) for place in np.clip(view.pixel(v, w), 0, last))
    half = round(disc.root_radius / 2 / GRID_MM)
    gaps: dict[str, list[float]] = {"up": [], "down": [], "front": [], "back": []}
    for beside in range(-half, half + 1):
        own = np.sqrt(disc.root_radius**2 - (beside * GRID_MM) ** 2)
        r, c = int(np.clip(row + beside, 0, last[0])), int(np.clip(column + beside, 0, last[1]))
        gaps["up"].append(_run(view.free[row::-1, c]) - own)
        gaps["down"].append(_run(view.free[row:, c]) - own)
        gaps["front"].append(_run(view.free[r, column::-1]) - own)
        gaps["back"].append(_run(view.free[r, column:]) - own)
    rows, columns = np.ogrid[: view.free.shape[0], : view.free.shape[1]]
    root = (rows - row) ** 2 + (columns - column) ** 2 <= (disc.root_radius / GRID_MM) ** 2
    return {where: float(np.median(found)) for where, found in gaps.items()}, float(view.free[root].mean())


def _run(free: Mask) -> float:
    blocked = np.flatnonzero(~free)
    return float((blocked[0] if len(blocked) else len(free)) * GRID_MM)
