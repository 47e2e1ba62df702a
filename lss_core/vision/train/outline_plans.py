"""What the segmentation networks are like, a configuration's wishes filled in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from lss_core.errors import TrainingError
from lss_core.vision.segment import Preprocessing
from lss_core.vision.train.augment import Augmentation
from lss_core.vision.train.config import OutlineConfig, TrainConfig
from lss_core.vision.train.sources.base import STRUCTURES


@dataclass(frozen=True, kw_only=True)
class OutlinePlan:
    """One network: its channels, how images come to it, what it is trained on."""

    structures: tuple[str, ...]
    preprocessing: Preprocessing
    shape: tuple[int, int]
    augmentation: Augmentation


DEFAULTS = {
    "sagittal": OutlinePlan(
        structures=STRUCTURES["sagittal"],
        preprocessing=Preprocessing(spacing_mm=0.9, largest=(448, 448)),
        shape=(240, 192),
        augmentation=Augmentation(),
    ),
    "axial": OutlinePlan(
        structures=STRUCTURES["axial"],
        preprocessing=Preprocessing(spacing_mm=0.65, largest=(320, 320)),
        shape=(176, 176),
        augmentation=Augmentation(rotation_degrees=16, scale=1.3, shift=0.06, flip=0.0, class_contrast=0.4),
    ),
    "foramen": OutlinePlan(
        structures=STRUCTURES["foramen"],
        preprocessing=Preprocessing(spacing_mm=0.5, largest=(96, 96)),
        shape=(96, 96),
        augmentation=Augmentation(scale=1.2, shift=0.05, class_contrast=0.3),
    ),
}


def outline_section(config: TrainConfig, plane: str) -> OutlineConfig:
    """The section of a plane's network. Raises TrainingError where there is none."""
    section: OutlineConfig | None = getattr(config.segment, plane)
    if section is None:
        raise TrainingError(
            f"segment.{plane}", reason="the configuration has no such section", remedy="Write one"
        )
    return section


def outline_plan(config: TrainConfig, plane: str) -> OutlinePlan:
    """The plan of a plane's network."""
    default, asked = DEFAULTS[plane], outline_section(config, plane)
    return replace(
        default,
        shape=asked.shape or default.shape,
        preprocessing=Preprocessing(
            spacing_mm=asked.spacing_mm or default.preprocessing.spacing_mm,
            percentiles=default.preprocessing.percentiles,
            largest=asked.largest or default.preprocessing.largest,
        ),
    )
