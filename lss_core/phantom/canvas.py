"""A canvas: structures are painted over one another with soft edges.

Each carries one image for each contrast, and the label of the tissue on top.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lss_core.phantom.frames import Array, Plane, Rect
from lss_core.phantom.tissue import Contrast, Tissue

TILE = 128


def noise_tile(rng: np.random.Generator) -> Array:
    """(TILE, TILE, TILE) smooth periodic noise of several scales, mean 0, deviation 1."""
    frequency = np.fft.fftfreq(TILE)
    last = np.fft.rfftfreq(TILE)
    size = np.sqrt(frequency[:, None, None] ** 2 + frequency[None, :, None] ** 2 + last[None, None, :] ** 2)
    shape = np.exp(-((size / 0.16) ** 2)) / (size + 0.02) ** 1.2
    white = np.fft.rfftn(rng.standard_normal((TILE,) * 3, np.float32))
    tile = np.fft.irfftn(white * shape.astype(np.float32), s=(TILE,) * 3).astype(np.float32)
    result: Array = (tile - tile.mean()) / tile.std()
    return result


class Canvas:
    """The drawing of one thin plane.

    labels: (rows, columns) uint8 of Tissue. images: (contrasts, rows, columns).
    texture: (rows, columns) noise that modulates each tissue, or None for labels only.
    """

    def __init__(self, plane: Plane, contrasts: tuple[Contrast, ...], tile: Array | None) -> None:
        self.plane = plane
        self.contrasts = contrasts
        self.labels: NDArray[np.uint8] = np.zeros(plane.shape, np.uint8)
        self.images: Array = np.zeros((len(contrasts), *plane.shape), np.float32)
        self.tile = tile
        self.texture = None if tile is None else self.noise(plane.whole, (0.6, 0.6, 0.6))

    def noise(self, rect: Rect, cell_mm: tuple[float, float, float]) -> Array:
        """Noise in space for the pixels of a rectangle; cells may be long along an axis."""
        assert self.tile is not None
        index = [
            (self.plane.along(np.zeros(3), axis, rect) * np.float32(1 / cell)).astype(np.int32) & (TILE - 1)
            for axis, cell in zip(np.eye(3), cell_mm, strict=True)
        ]
        result: Array = self.tile[index[0], index[1], index[2]]
        return result

    def paint(self, rect: Rect, d: Array, tissue: Tissue, *, signal: tuple[float, ...] | None = None) -> None:
        """Paint a tissue where the distance d (mm, negative inside) says so."""
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

    def blend(self, rect: Rect, alpha: Array, tissue: Tissue, *, signal: tuple[float, ...] | None = None) -> None:
        """Paint a tissue with the given opacity (0 to 1)."""
        np.putmask(self.labels[rect], alpha > 0.5, np.uint8(tissue))
        for n, contrast in enumerate(self.contrasts):
            value = contrast.signal[tissue] if signal is None else np.float32(signal[n])
            image = self.images[n][rect]
            shade = value if self.texture is None else value * (1 + contrast.texture[tissue] * self.texture[rect])
            image += alpha * (shade - image)
