"""A canvas: structures are painted over one another with soft edges.

Each carries one image for each contrast, and the label of the tissue on top.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lss_core.phantom.frames import Array, Plane, Rect
from lss_core.phantom.tissue import Contrast, Tissue

TILE = 128


@dataclass(frozen=True, kw_only=True, eq=False)
class Noise:
    """Periodic noise in space, mean 0 and deviation 1: `fine` of several scales, `smooth` of one."""

    fine: Array
    smooth: Array

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Noise:
        """Two cubes of TILE cells a side."""
        f, last = np.fft.fftfreq(TILE).astype(np.float32), np.fft.rfftfreq(TILE).astype(np.float32)
        size = np.sqrt(f[:, None, None] ** 2 + f[None, :, None] ** 2 + last[None, None, :] ** 2)
        white = np.fft.rfftn(rng.standard_normal((TILE,) * 3, np.float32))
        shapes = (np.exp(-((size / 0.16) ** 2)) / (size + 0.02) ** 1.2, np.exp(-((size / 0.06) ** 2)))
        cubes = []
        for shape in shapes:
            cube = np.fft.irfftn(white * shape, s=(TILE,) * 3, axes=(0, 1, 2)).astype(np.float32)
            cubes.append((cube - cube.mean()) / cube.std())
        return cls(fine=cubes[0], smooth=cubes[1])

    def at(
        self, plane: Plane, rect: Rect, cell_mm: tuple[float, float, float], *, smooth: bool = False
    ) -> Array:
        """(rows, columns) of noise at the pixels of a rectangle; cells may be long along an axis."""
        cube = self.smooth if smooth else self.fine
        index = [
            (plane.along(np.zeros(3), axis, rect) * np.float32(1 / cell)).astype(np.int32) & (TILE - 1)
            for axis, cell in zip(np.eye(3), cell_mm, strict=True)
        ]
        result: Array = cube.ravel()[(index[0] * TILE + index[1]) * TILE + index[2]]
        return result


def any_of(labels: NDArray[np.uint8], tissues: tuple[Tissue, ...]) -> NDArray[np.bool_]:
    """Where the labels are one of some tissues."""
    table = np.zeros(len(Tissue), np.bool_)
    table[list(tissues)] = True
    result: NDArray[np.bool_] = table[labels]
    return result


class Canvas:
    """The drawing of one thin plane.

    labels: (rows, columns) uint8 of Tissue. images: (contrasts, rows, columns).
    texture: (rows, columns) noise that modulates each tissue; wobble: mm by which surfaces
    are uneven. Both are None until they are set.
    """

    def __init__(self, plane: Plane, contrasts: tuple[Contrast, ...], noise: Noise) -> None:
        self.plane = plane
        self.contrasts = contrasts
        self.noise = noise
        self.labels: NDArray[np.uint8] = np.zeros(plane.shape, np.uint8)
        self.images: Array = np.zeros((len(contrasts), *plane.shape), np.float32)
        self.texture: Array | None = None
        self.wobble: Array | None = None

    def roughen(self, rect: Rect, cell_mm: float, amplitude_mm: float) -> None:
        """Make the surfaces painted from now on uneven inside a rectangle."""
        self.wobble = np.zeros(self.plane.shape, np.float32)
        cells = (cell_mm, cell_mm, cell_mm)
        self.wobble[rect] = amplitude_mm * self.noise.at(self.plane, rect, cells, smooth=True)

    def paint(self, rect: Rect, d: Array, tissue: Tissue, *, signal: tuple[float, ...] | None = None) -> None:
        """Paint a tissue where the distance d (mm, negative inside) says so."""
        if self.wobble is not None:
            d = d + self.wobble[rect]
        inside = d < 0.5 * self.plane.pixel_mm
        rows = np.flatnonzero(inside.any(1))
        if not len(rows):
            return
        columns = np.flatnonzero(inside[rows[0] : rows[-1] + 1].any(0))
        r, c = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        alpha = np.clip(0.5 - d[r, c] * np.float32(1 / self.plane.pixel_mm), 0, 1)
        top, left = rect[0].start, rect[1].start
        tight = (slice(top + r.start, top + r.stop), slice(left + c.start, left + c.stop))
        self.blend(tight, alpha, tissue, signal=signal)

    def blend(
        self, rect: Rect, alpha: Array, tissue: Tissue, *, signal: tuple[float, ...] | None = None
    ) -> None:
        """Paint a tissue with the given opacity (0 to 1)."""
        np.putmask(self.labels[rect], alpha > 0.5, np.uint8(tissue))
        for n, contrast in enumerate(self.contrasts):
            value = contrast.signal[tissue] if signal is None else np.float32(signal[n])
            image = self.images[n][rect]
            shade = (
                value if self.texture is None else value * (1 + contrast.texture[tissue] * self.texture[rect])
            )
            image += alpha * (shade - image)
