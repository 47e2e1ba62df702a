"""The configuration of a training run: one TOML file; docs/train-your-own.md explains each key.

A section for a network says that it is trained; a network without one is taken from the bundle
that `start_from` names. Paths are relative to the file's folder and may hold $VARIABLES.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic import model_validator as validator

from lss_core.domain import Condition
from lss_core.errors import TrainingError
from lss_core.vision import classify, segment
from lss_core.vision.networks import REGNETS
from lss_core.vision.train.data_config import Data, Located

STAGES = ("segment", "presence", "severity", "ensemble")
_FREE = ("output", "work", "device", "threads", "workers", "tensorboard")
"""Keys that may change while a run is under way: they do not change what comes out."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Fraction = Annotated[float, Field(ge=0, lt=0.5)]


class SplitConfig(_Part):
    """Shares of the patients of each data set that are kept apart."""

    validation: Fraction = 0.1
    test: Fraction = 0.1


class TrainingSteps(_Part):
    """How long and how one network is trained.

    patience: validations without a better figure after which it stops; 0: never before `steps`.
    fresh: not from the weights of `start_from`.
    kept: the share of these weights that stays in the result.
    """

    steps: int = Field(4000, ge=1)
    batch: int = Field(8, ge=1)
    rate: float = Field(1.5e-3, gt=0)
    weight_decay: float = Field(1e-3, ge=0)
    warm_up: int = Field(50, ge=1)
    average: float = Field(0.995, ge=0, lt=1)
    validate_every: int = Field(250, ge=1)
    patience: int = Field(0, ge=0)
    checkpoint_seconds: float = Field(60.0, ge=0)
    fresh: bool = False
    kept: float = Field(0.0, ge=0, lt=1)


class OutlineConfig(TrainingSteps):
    """A U-Net: `base` is its width, `shape` the rows and columns it is trained on.

    rarity: how many times a pixel of a rare structure may weigh more than one outside it. Above 1 small
    structures are found sooner and drawn too wide; 1 at the end of a training puts the edges right.
    """

    base: int = Field(16, ge=1)
    rate: float = Field(3e-3, gt=0)
    rarity: float = Field(10.0, ge=1)
    spacing_mm: float | None = Field(None, gt=0)
    shape: tuple[int, int] | None = None
    largest: tuple[int, int] | None = None
    validation_slices: int = Field(60, ge=1)

    @validator(mode="after")
    def _multiples(self) -> OutlineConfig:
        for name, size in (("shape", self.shape), ("largest", self.largest)):
            if size and any(length <= 0 or length % segment.STRIDE for length in size):
                raise ValueError(f"{name} must be multiples of {segment.STRIDE}")
        return self


class SegmentConfig(_Part):
    """The segmentation networks; a bundle may go without that of the foramina."""

    sagittal: OutlineConfig | None = None
    axial: OutlineConfig | None = None
    foramen: OutlineConfig | None = None


class ClassifierConfig(TrainingSteps):
    """A RegNet: `batch` pictures a step."""

    architecture: str = "regnet_y_800mf"
    batch: int = Field(32, ge=1)
    weight_decay: float = Field(2e-2, ge=0)
    average: float = Field(0.99, ge=0, lt=1)

    @validator(mode="after")
    def _known(self) -> ClassifierConfig:
        if self.architecture not in REGNETS:
            raise ValueError(f"architecture '{self.architecture}' is not one of {', '.join(REGNETS)}")
        return self


class SeverityConfig(_Part):
    """Stage two: a network for each condition."""

    central: ClassifierConfig | None = None
    lateral_recess: ClassifierConfig | None = None
    foraminal: ClassifierConfig | None = None


class EnsembleConfig(_Part):
    """How many studies of the validation part fit the ensemble, and of the test part test it; 0: all."""

    fit_studies: int = Field(40, ge=0)
    test_studies: int = Field(40, ge=0)


class TrainConfig(_Part):
    """The whole file. `work` holds everything that a run keeps to go on from."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    version: str = "1"
    licence: str
    summary: str = ""
    intended_use: str = "Research on reader studies only. Not a medical device; not for diagnosis."
    output: Located
    work: Located
    start_from: Located | None = None
    seed: int = Field(0, ge=0)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    precision: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    threads: int = Field(0, ge=0)
    workers: int = Field(0, ge=0)
    tensorboard: bool = True
    split: SplitConfig = SplitConfig()
    data: tuple[Data, ...] = Field(min_length=1)
    pictures: classify.Preprocessing = classify.Preprocessing()
    segment: SegmentConfig = SegmentConfig()
    presence: ClassifierConfig | None = None
    severity: SeverityConfig = SeverityConfig()
    ensemble: EnsembleConfig | None = None

    @validator(mode="after")
    def _whole(self) -> TrainConfig:
        names = [one.name for one in self.data]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two [[data]] are called '{min(twice)}': give each its own name")
        missing = [name for name, section in self.sections().items() if section is None and name != "foramen"]
        if self.ensemble is None:
            missing.append("ensemble")
        if missing and self.start_from is None:
            raise ValueError(
                f"there is no section for {', '.join(missing)}, and no start_from to take it from"
            )
        for name, section in self.sections().items():
            if section is not None and section.kept and (self.start_from is None or section.fresh):
                raise ValueError(f"kept of {name} needs start_from, and no fresh = true")
        return self

    def sections(self) -> dict[str, OutlineConfig | ClassifierConfig | None]:
        """Each network's section, by the network's name, in the order of training."""
        severity = {classify.severity_name(c): getattr(self.severity, c.value) for c in Condition}
        return {
            "sagittal": self.segment.sagittal,
            "axial": self.segment.axial,
            "foramen": self.segment.foramen,
            classify.PRESENCE: self.presence,
            **severity,
        }

    def fixed(self) -> dict[str, Any]:
        """What a run that is under way may not have changed: all but where and how it computes."""
        kept: dict[str, Any] = self.model_dump(mode="json", exclude=set(_FREE))
        return kept


def stage_of(network: str) -> str:
    """The stage that trains a network."""
    if network in SegmentConfig.model_fields:
        return "segment"
    return network.partition("_")[0]


def load_config(path: Path) -> TrainConfig:
    """The configuration in a file. Raises TrainingError with file, key, reason and remedy."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = "it cannot be read" if isinstance(error, OSError) else "it is not UTF-8 text"
        raise TrainingError(str(path), reason=reason, remedy="Name a TOML file") from error
    try:
        values = tomllib.loads(text)
        folder = path.resolve().parent
        return TrainConfig.model_validate_json(json.dumps(values), context={"folder": folder})
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise TrainingError(
            path.name, reason=f"it is not TOML: {error}", remedy="Correct the file"
        ) from error
    except ValidationError as error:
        wrong = "; ".join(_wrong(one) for one in error.errors()[:5])
        raise TrainingError(
            path.name, reason=wrong, remedy="Correct the file; docs/train-your-own.md lists the keys"
        ) from error


def _wrong(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"])
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "there is no such key"
    return f"'{place}': {message}" if place else message
