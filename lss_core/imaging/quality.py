"""Whether a picture can be judged at all: its noise, and the black holes that metal leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lss_core.imaging.volume import Volume

Points = NDArray[np.float64]

BLACK_SHARE = 0.05
"""Of a slice's bright end (its 95th percentile): below this nothing sends a signal."""
VOID_RADIUS_MM = 4.0
"""A hole counts from this radius of its largest inscribed circle; cortex and vessels are narrower."""
SMOOTHED_MM = 1.0
GHOST_FROM = 4
"""Percent of the image: copies nearer than this look like blur, not like ghosts."""
NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
"""Blind to planes and edges along the axes; a unit of white noise becomes 6 (Immerkaer 1996,
Comput Vis Image Underst 64:300)."""


def noise_share(image: NDArray[Any]) -> float:
    """The standard deviation of the noise over the contrast (5th to 95th percentile) of a slice's middle.

    The noise is Immerkaer's, with the median of the absolute values in place of their mean, so that
    sharp edges do not count. 1 where there is no contrast.
    """
    rows, columns = image.shape
    middle = image[rows // 5 : rows - rows // 5, columns // 5 : columns - columns // 5].astype(np.float32)
    low, high = np.percentile(middle, (5, 95))
    if high <= low:
        return 1.0
    rough = np.abs(ndimage.convolve(middle, NOISE_KERNEL))[1:-1, 1:-1]
    return float(np.median(rough) / 0.6745 / 6 / (high - low))


def ghost_share(images: NDArray[Any]) -> float:
    """How strong the strongest copy of slices (n, rows, columns) is that lies on them, moved along an axis.

    A copy of strength g, moved by s pixels, multiplies the power spectrum by |1 + 2 g cos(2 pi f s)|^2,
    both ways; the cepstrum, which is the spectrum of the spectrum's logarithm, has 2 g at s (Bogert,
    Healy and Tukey 1963). The logarithms of all slices and of all lines across are averaged: anatomy
    differs from line to line, the copy does not.
    """
    return max(_copy(images), _copy(np.swapaxes(images, 1, 2)))


def _copy(images: NDArray[Any]) -> float:
    """The strength of the strongest copy along the rows' direction (axis 1)."""
    size = images.shape[1]
    fall = np.hanning(size)[:, None] ** 0.25
    across = np.fft.rfft(images.astype(np.float32) * fall, axis=2)[:, :, 2 : max(size // 5, 3)]
    power = np.abs(np.fft.fft(across, axis=1)) ** 2
    logarithm = np.log(power + 1e-6 * power.max()).mean((0, 2))
    band = np.abs(np.fft.fftfreq(size)) <= 0.2  # beyond it there is mostly noise
    told = np.where(band, logarithm - ndimage.gaussian_filter1d(logarithm, 6, mode="wrap"), 0.0)
    cepstrum = np.abs(np.fft.ifft(told)) * size / band.sum()
    return float(cepstrum[GHOST_FROM * size // 100 : size // 2].max() / 2)


def black(volume: Volume, k: int) -> NDArray[np.bool_]:
    """(rows, columns) where a slice, smoothed, has no signal."""
    image = volume.voxels[k].astype(np.float32)
    smooth = ndimage.gaussian_filter(image, [SMOOTHED_MM / mm for mm in volume.spacing_mm])
    result: NDArray[np.bool_] = smooth < BLACK_SHARE * np.percentile(image, 95)
    return result


def voids(volume: Volume, others: Sequence[Volume], slices: Sequence[int]) -> Points:
    """(n, 3) mm, every place of a hole on some slices of a volume that is a hole on the others too.

    What is black on one weighting alone is tissue; a hole has no signal on any. Others that do not
    show a place have no say in it.
    """
    found = [np.empty((0, 3))]
    known: dict[tuple[int, int], NDArray[np.bool_]] = {}
    for k in slices:
        hole = black(volume, k)
        places = np.argwhere(hole)
        points = volume.to_patient(k, places.astype(float))
        for number, other in enumerate(others):
            if len(points):
                gone = _black_at(other, points, number, known)
                hole[tuple(places[~gone].T)] = False
                places, points = places[gone], points[gone]
        wide = _wide(hole, volume.spacing_mm)
        found.append(volume.to_patient(k, np.argwhere(wide).astype(float)))
    return np.concatenate(found)


def _black_at(
    other: Volume, points: Points, number: int, known: dict[tuple[int, int], NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    """Whether each point is black on the slice of another volume that shows it; True where none does."""
    k, away = other.nearest_slice(points.mean(0))
    if away > other.thickness_mm:
        return np.ones(len(points), bool)
    if (number, k) not in known:
        known[number, k] = black(other, k)
    mask = known[number, k]
    pixels = other.to_pixel(k, points)[0].round().astype(int)
    inside = ((pixels >= 0) & (pixels < mask.shape)).all(1)
    result = np.ones(len(points), bool)
    result[inside] = mask[tuple(pixels[inside].T)]
    return result


def _wide(hole: NDArray[np.bool_], spacing_mm: tuple[float, float]) -> NDArray[np.bool_]:
    """The holes that are wide enough somewhere, each as a whole; what reaches the border is air."""
    labels, count = ndimage.label(hole)
    if not count:
        return hole
    depth = ndimage.distance_transform_edt(np.pad(hole, 1), sampling=spacing_mm)[1:-1, 1:-1]
    most = ndimage.maximum(depth, labels, np.arange(1, count + 1))
    wide = 1 + np.flatnonzero(np.asarray(most) >= VOID_RADIUS_MM)
    border = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    result: NDArray[np.bool_] = np.isin(labels, np.setdiff1d(wide, border))
    return result
