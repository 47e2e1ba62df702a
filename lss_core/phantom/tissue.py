"""Tissues, and how bright each is in a series: drawn anew for every study."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, auto

import numpy as np
from numpy.typing import NDArray

from lss_core.phantom.frames import Array, Vector


class Tissue(IntEnum):
    """What a pixel shows; the number is its label in a drawing."""

    AIR = 0
    SKIN = auto()
    FAT = auto()
    DEEP_FAT = auto()
    FASCIA = auto()
    MUSCLE = auto()
    PSOAS = auto()
    BOWEL = auto()
    KIDNEY = auto()
    KIDNEY_SINUS = auto()
    LIVER = auto()
    AORTA = auto()
    CAVA = auto()
    ILIUM = auto()
    PERINEURAL_FAT = auto()
    EPIDURAL_FAT = auto()
    LIGAMENT = auto()
    CORTEX = auto()
    BODY = auto()
    BODY_VEIN = auto()
    SACRUM = auto()
    PEDICLE = auto()
    LAMINA = auto()
    TRANSVERSE = auto()
    SPINOUS = auto()
    ARTICULAR = auto()
    JOINT = auto()
    FLAVUM = auto()
    DISC = auto()
    NUCLEUS = auto()
    HERNIATION = auto()
    PLL = auto()
    DURA = auto()
    CSF = auto()
    CORD = auto()
    CAUDA = auto()
    ROOT = auto()
    GANGLION = auto()
    VEIN = auto()
    BODY_CORTEX = auto()
    SACRUM_CORTEX = auto()
    SPINOUS_CORTEX = auto()
    ARCH_CORTEX = auto()
    ARTICULAR_CORTEX = auto()


# Relative signal: T2, T2 with fat suppressed, T1.
_SIGNAL: dict[Tissue, tuple[float, float, float]] = {
    Tissue.AIR: (0.004, 0.004, 0.004),
    Tissue.SKIN: (0.30, 0.30, 0.45),
    Tissue.FAT: (0.74, 0.13, 1.0),
    Tissue.DEEP_FAT: (0.60, 0.12, 0.88),
    Tissue.FASCIA: (0.07, 0.07, 0.12),
    Tissue.MUSCLE: (0.15, 0.26, 0.32),
    Tissue.PSOAS: (0.13, 0.24, 0.31),
    Tissue.BOWEL: (0.35, 0.30, 0.40),
    Tissue.KIDNEY: (0.40, 0.55, 0.38),
    Tissue.KIDNEY_SINUS: (0.65, 0.35, 0.75),
    Tissue.LIVER: (0.20, 0.28, 0.45),
    Tissue.AORTA: (0.05, 0.06, 0.08),
    Tissue.CAVA: (0.08, 0.10, 0.12),
    Tissue.ILIUM: (0.45, 0.16, 0.65),
    Tissue.PERINEURAL_FAT: (0.64, 0.14, 0.92),
    Tissue.EPIDURAL_FAT: (0.66, 0.14, 0.95),
    Tissue.LIGAMENT: (0.22, 0.18, 0.35),
    Tissue.CORTEX: (0.06, 0.06, 0.10),
    Tissue.BODY: (0.36, 0.15, 0.55),
    Tissue.BODY_VEIN: (0.60, 0.45, 0.45),
    Tissue.SACRUM: (0.38, 0.15, 0.60),
    Tissue.PEDICLE: (0.38, 0.15, 0.57),
    Tissue.LAMINA: (0.36, 0.15, 0.57),
    Tissue.TRANSVERSE: (0.36, 0.15, 0.55),
    Tissue.SPINOUS: (0.38, 0.16, 0.58),
    Tissue.ARTICULAR: (0.28, 0.13, 0.45),
    Tissue.JOINT: (0.48, 0.55, 0.32),
    Tissue.FLAVUM: (0.13, 0.12, 0.30),
    Tissue.DISC: (0.09, 0.09, 0.26),
    Tissue.NUCLEUS: (0.55, 0.60, 0.33),
    Tissue.HERNIATION: (0.14, 0.14, 0.28),
    Tissue.PLL: (0.06, 0.06, 0.12),
    Tissue.DURA: (0.20, 0.20, 0.20),
    Tissue.CSF: (1.0, 1.15, 0.16),
    Tissue.CORD: (0.36, 0.40, 0.40),
    Tissue.CAUDA: (0.30, 0.36, 0.36),
    Tissue.ROOT: (0.30, 0.38, 0.33),
    Tissue.GANGLION: (0.38, 0.62, 0.36),
    Tissue.VEIN: (0.40, 0.75, 0.30),
    Tissue.BODY_CORTEX: (0.06, 0.06, 0.10),
    Tissue.SACRUM_CORTEX: (0.06, 0.06, 0.10),
    Tissue.SPINOUS_CORTEX: (0.06, 0.06, 0.10),
    Tissue.ARCH_CORTEX: (0.06, 0.06, 0.10),
    Tissue.ARTICULAR_CORTEX: (0.10, 0.08, 0.15),
}

_MARROW = (
    Tissue.BODY,
    Tissue.SACRUM,
    Tissue.PEDICLE,
    Tissue.LAMINA,
    Tissue.TRANSVERSE,
    Tissue.SPINOUS,
    Tissue.ARTICULAR,
    Tissue.ILIUM,
)
_FATTY = (Tissue.FAT, Tissue.DEEP_FAT, Tissue.PERINEURAL_FAT, Tissue.EPIDURAL_FAT)
_BLOOD = (Tissue.AORTA, Tissue.CAVA, Tissue.VEIN)


@dataclass(frozen=True, kw_only=True, eq=False)
class Contrast:
    """Signal of each tissue in one series, and how strongly each tissue's texture shows.

    signal, texture: (tissues,). nucleus: (discs,) signal of the nucleus of each disc.
    """

    signal: Array
    texture: Array
    nucleus: Array


WEIGHTINGS = ("t2", "t2_fat_suppressed", "t1")


def draw_contrast(rng: np.random.Generator, weighting: str, degeneration: Vector) -> Contrast:
    """The brightness of each tissue in one series; nuclei darken as discs degenerate."""
    column = WEIGHTINGS.index(weighting)
    signal = np.array([_SIGNAL[tissue][column] for tissue in Tissue])
    spread = np.full(len(Tissue), 0.16)
    spread[list(_FATTY)] = 0.07
    signal = signal * np.exp(rng.normal(0, 1, len(Tissue)) * spread)
    for family, width in ((_MARROW, 0.25), (_FATTY, 0.2), (_BLOOD, 0.3)):
        signal[list(family)] *= np.exp(rng.normal(0, width))
    if weighting == "t2" and rng.random() < 0.2:  # marrow replaced by fat, or heavy weighting
        signal[list(_MARROW)] *= rng.uniform(0.5, 1.5)
    rims = (
        Tissue.CORTEX,
        Tissue.BODY_CORTEX,
        Tissue.SACRUM_CORTEX,
        Tissue.SPINOUS_CORTEX,
        Tissue.ARCH_CORTEX,
        Tissue.ARTICULAR_CORTEX,
    )
    signal[Tissue.PERINEURAL_FAT] = signal[Tissue.DEEP_FAT] * rng.uniform(0.95, 1.15)
    signal[Tissue.JOINT] *= rng.uniform(0.5, 1.6)
    signal[list(rims)] *= rng.uniform(0.6, 2.2)
    signal[Tissue.LIGAMENT] *= rng.uniform(0.6, 2.2)
    if weighting != "t1" and rng.random() < 0.75:  # heavily weighted: nothing soft is as bright as CSF
        signal[Tissue.CSF] = signal[list(_FATTY)].max() * rng.uniform(1.15, 1.9)
    if rng.random() < 0.35:
        signal[Tissue.CAVA] = rng.uniform(0.05, 0.6)
    if rng.random() < 0.15:
        signal[Tissue.AORTA] = rng.uniform(0.05, 0.5)
    fresh, old = signal[Tissue.NUCLEUS], signal[Tissue.DISC]
    fading = np.clip(1.15 * degeneration + rng.normal(0, 0.08, len(degeneration)), 0, 1)
    nucleus = fresh + (1.1 * old - fresh) * (fading if weighting != "t1" else 0.5 * fading)
    texture = np.full(len(Tissue), 0.10) * rng.uniform(0.5, 1.5)
    texture[list(_MARROW)] = rng.uniform(0.06, 0.28)
    texture[[Tissue.BOWEL]] = rng.uniform(0.1, 0.4)
    texture[[Tissue.FAT, Tissue.DEEP_FAT]] = rng.uniform(0.04, 0.15)
    texture[[Tissue.AORTA, Tissue.CAVA]] = 0.4
    texture[[Tissue.EPIDURAL_FAT, Tissue.PERINEURAL_FAT]] = rng.uniform(0.05, 0.2)
    texture[[Tissue.LIGAMENT]] = rng.uniform(0.2, 0.6)
    texture[[Tissue.MUSCLE, Tissue.PSOAS]] = rng.uniform(0.1, 0.3)
    texture[[Tissue.DISC, Tissue.NUCLEUS, Tissue.HERNIATION]] = rng.uniform(0.05, 0.25)
    texture[Tissue.CSF] = rng.uniform(0.0, 0.15)
    return Contrast(
        signal=signal.astype(np.float32),
        texture=texture.astype(np.float32),
        nucleus=nucleus.astype(np.float32),
    )


def fat_share(labels: NDArray[np.uint8]) -> Array:
    """The share of each pixel's signal that is fat's, which the chemical shift moves."""
    table = np.zeros(len(Tissue), np.float32)
    table[[*_FATTY, Tissue.SKIN]] = 1.0
    table[list(_MARROW)] = 0.5
    return table[labels]
