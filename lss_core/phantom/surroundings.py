"""The body around the spine: skin, fat, muscles, vessels, kidneys, bowel, iliac bones."""

from __future__ import annotations

import numpy as np

from lss_core.phantom.anatomy import Anatomy
from lss_core.phantom.canvas import Canvas
from lss_core.phantom.frames import Array
from lss_core.phantom.tissue import Tissue


def draw_body(anatomy: Anatomy, canvas: Canvas) -> None:
    """Paint the torso, without the streaks in its muscles; x and y are taken from the spine's line."""
    rect = canvas.plane.whole
    x, y, z = (canvas.plane.along(np.zeros(3), axis, rect) for axis in np.eye(3))
    line = np.array([bone.frame.origin for bone in anatomy.vertebrae])[::-1]
    skin_line = _smooth_back(anatomy)
    cx = np.interp(z, line[:, 2], line[:, 0]).astype(np.float32)
    cy = np.interp(z, line[:, 2], line[:, 1]).astype(np.float32)
    back = np.interp(z, skin_line[:, 0], skin_line[:, 1]).astype(np.float32)
    x, y = x - cx, y - cy
    back -= cy
    size, h = anatomy.size, [float(value) for value in anatomy.habitus]
    wide, deep = (150 + 40 * h[0]) * size, (95 + 35 * h[1] + anatomy.fat_mm)
    behind = y - back - 9 * h[2] * (1 - np.exp(-((x / 22) ** 2)))  # a groove in the midline
    torso = np.maximum(
        (np.sqrt((x / wide) ** 2 + (np.minimum(y - 20, 0) / deep) ** 2) - 1) * 0.8 * deep,
        behind + np.float32(0.0022) * x**2,
    )
    canvas.paint(rect, torso, Tissue.SKIN)
    canvas.paint(rect, torso + 2.0, Tissue.FAT)
    septa = canvas.noise.at(canvas.plane, rect, (1.1, 0.5, 1.6), smooth=True)
    canvas.blend(rect, 0.45 * np.clip(1 - np.abs(septa) * 9, 0, 1) * (torso < -3), Tissue.FASCIA)
    canvas.roughen(rect, 1.8, 1.5)
    inner = torso + anatomy.fat_mm * (1 - 0.5 * np.clip(np.abs(x) / 120, 0, 1) * (y < 20))
    canvas.paint(rect, inner, Tissue.FASCIA)
    canvas.paint(rect, inner + 1.3, Tissue.DEEP_FAT)
    belly = np.maximum(inner + 6, np.maximum(y + 24, 18 - np.hypot(x, (y + 26) * 1.5)))
    canvas.paint(
        rect, np.maximum(np.maximum(inner + 2, -inner - 15), y + 40 - 0.4 * np.abs(x)), Tissue.MUSCLE
    )
    lumps = canvas.noise.at(canvas.plane, rect, (1.8, 1.8, 2.0), smooth=True)
    canvas.blend(rect, np.clip(0.3 + lumps * 2.5, 0, 1) * np.clip(-belly / 4, 0, 1), Tissue.BOWEL)
    _paint_muscles(anatomy, canvas, x, y, z, inner)
    _paint_vessels_and_kidneys(anatomy, canvas, x, y, z)


def _smooth_back(anatomy: Anatomy) -> Array:
    """(n, 2) z and y of the skin behind the spine: the tips of the spinous processes, smoothed."""
    tips = np.array(
        [anatomy.curve.point(b.s - 0.35 * b.height, 0, b.canal_depth + b.spinous) for b in anatomy.vertebrae]
    )[::-1]
    z = np.linspace(tips[0, 2] - 80, tips[-1, 2] + 60, 60)
    y = np.interp(z, tips[:, 2], tips[:, 1])
    kernel = np.exp(-(np.arange(-8, 9) ** 2) / 30.0)
    y = np.convolve(np.pad(y, 8, mode="edge"), kernel / kernel.sum(), "valid")
    y += 5 + anatomy.fat_mm
    result: Array = np.stack([z, y], 1)
    return result


def _paint_muscles(anatomy: Anatomy, canvas: Canvas, x: Array, y: Array, z: Array, inner: Array) -> None:
    rect, size, h = canvas.plane.whole, anatomy.size, [float(value) for value in anatomy.habitus]
    side = np.abs(x)
    l3, l5 = (float(anatomy.vertebrae[i].frame.origin[2]) for i in (6, 8))
    low = np.clip((l3 - z) / (l3 - l5), -2, 1.6)
    wing = side - (64 - 0.55 * (y - 12)) * size - 10 * np.clip(1.2 - low, -1, 1)
    ilium = np.maximum(np.abs(wing) - 6, np.abs(y - 18) - 34)
    ilium = np.maximum(np.maximum(ilium, (0.75 - low) * 25), inner + 5)
    canvas.paint(rect, ilium, Tissue.CORTEX)
    canvas.paint(rect, ilium + 1.3, Tissue.ILIUM)
    half = 30 + 4 * h[3]
    reach = half * size * (1 - 0.25 * np.clip(low - 0.6, 0, 1))
    middle = 45 + 6 * np.clip(low, -1, 1)
    erector = (np.sqrt(((side - 6 - reach) / reach) ** 2 + ((y - middle) / (24 * size)) ** 2) - 1) * 24
    erector = np.maximum(erector, np.maximum(inner + 1.5, 4 - side))
    quadratus = (np.sqrt(((side - 68 * size) / 16) ** 2 + ((y - 22) / 11) ** 2) - 1) * 11
    quadratus = np.maximum(quadratus, (low - 0.8) * 30)
    psoas_size = (12 + 5.5 * np.clip(low + 1, 0, 2)) * size * (0.85 + 0.3 * h[4])
    px = 26 * size + 0.75 * psoas_size + 4 * np.clip(low, 0, 2)
    psoas = (
        np.sqrt(
            ((side - px) / (0.85 * psoas_size)) ** 2
            + ((y + 2 + 8 * np.clip(low, 0, 2)) / (1.15 * psoas_size)) ** 2
        )
        - 1
    ) * psoas_size
    psoas = np.maximum(psoas, (-1.9 - low) * 30)
    for d, tissue in ((quadratus, Tissue.MUSCLE), (erector, Tissue.MUSCLE), (psoas, Tissue.PSOAS)):
        canvas.paint(rect, d, Tissue.FASCIA if tissue is Tissue.MUSCLE else tissue)
        canvas.paint(rect, d + 0.8, tissue)


def marble(anatomy: Anatomy, canvas: Canvas) -> None:
    """Fat between and inside the muscles, in streaks along the fibres."""
    rect, fat = canvas.plane.whole, anatomy.muscle_fat
    fine = canvas.noise.at(canvas.plane, rect, (0.35, 0.7, 3.0))
    planes = np.clip(1 - np.abs(canvas.noise.at(canvas.plane, rect, (0.7, 1.2, 4.0), smooth=True)) * 7, 0, 1)
    planes += np.clip(1 - np.abs(canvas.noise.at(canvas.plane, rect, (1.5, 0.8, 4.0), smooth=True)) * 9, 0, 1)
    dense = 0.6 * fine + planes * (0.9 + 1.2 * fat) - (1.9 - 1.9 * fat)
    dense[canvas.labels == Tissue.PSOAS] -= 1.0
    muscle = (canvas.labels == Tissue.MUSCLE) | (canvas.labels == Tissue.PSOAS)
    labels = canvas.labels.copy()  # a muscle's mask is its outline, with the fat inside
    canvas.blend(rect, np.clip(dense, 0, 0.95) * muscle, Tissue.FAT)
    canvas.labels[:] = labels


def _paint_vessels_and_kidneys(anatomy: Anatomy, canvas: Canvas, x: Array, y: Array, z: Array) -> None:
    rect, size, h = canvas.plane.whole, anatomy.size, [float(value) for value in anatomy.habitus]
    split = float(anatomy.vertebrae[7].frame.origin[2]) + (h[5] - 0.6) * 24
    fork = np.clip((split - z) / 60, 0, 2)
    front = -(18.5 * size + 8)
    for tissue, middle, radius in (
        (Tissue.AORTA, 6 + 8 * h[6], (7.5 + 3 * h[7]) * size),
        (Tissue.CAVA, -15 - 6 * h[8], (8 + 4 * h[9]) * size),
    ):
        flat = 1.0 if tissue is Tissue.AORTA else 0.65 + 0.4 * h[10]
        d = np.full(x.shape, 99, np.float32)
        for sign in (-1, 1):
            place = middle * (1 - np.clip(fork, 0, 1)) + sign * (4 + 26 * fork) * (fork > 0)
            back = front + 14 * np.clip(fork - 0.4, 0, 2) + (4 if tissue is Tissue.CAVA else 0)
            r = radius * np.where(fork > 0.15, 0.68, 1.0)
            d = np.minimum(d, (np.sqrt(((x - place) / r) ** 2 + ((y - back) / (r * flat)) ** 2) - 1) * r)
        canvas.paint(rect, d - 0.9, Tissue.FASCIA)
        canvas.paint(rect, d, tissue)
    top = float(anatomy.vertebrae[4].frame.origin[2])
    for sign in (-1, 1):
        w = z - (top - 12 - 10 * h[11] * (sign < 0))
        kx, ky = sign * x - (62 + 10 * h[12]) * size + 0.25 * w, y - 8 - 12 * h[13] + 0.15 * w
        kidney = (np.sqrt((kx / 26) ** 2 + (ky / 24) ** 2 + (w / 52) ** 2) - 1) * 25
        canvas.paint(rect, kidney, Tissue.KIDNEY)
        sinus = (np.sqrt(((kx + 12) / 14) ** 2 + (ky / 8) ** 2 + (w / 24) ** 2) - 1) * 9
        canvas.paint(rect, sinus, Tissue.KIDNEY_SINUS)
    liver = (np.sqrt(((x + 105) / 70) ** 2 + ((y + 45) / 65) ** 2 + ((z - top - 60) / 70) ** 2) - 1) * 60
    canvas.paint(rect, liver, Tissue.LIVER)
