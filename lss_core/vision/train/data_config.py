"""The kinds of data a training run reads, as [[data]] of its configuration."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic import model_validator as validator

Use = Literal["segment", "classify", "ensemble"]
Part = Literal["train", "validation", "test"]


def _located(path: Path, info: ValidationInfo) -> Path:
    expanded = os.path.expandvars(path)
    if missing := re.search(r"\$\{?\w+\}?", expanded):
        raise ValueError(f"the environment variable {missing[0]} is not set")
    return Path(os.path.normpath(Path((info.context or {}).get("folder", ".")) / expanded))


Located = Annotated[Path, AfterValidator(_located)]
"""A path relative to the configuration's folder; $VARIABLES are filled in."""


class _Data(BaseModel):
    """What all kinds share.

    name: of this entry, its kind if not given. data_set: entries of one data set split its
    patients alike. use: what for; all it is fit for if not given. share: how often drawn,
    relative to the others. part: puts all its patients into one part. test_patients,
    validation_patients: named rather than drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    data_set: str = ""
    use: tuple[Use, ...] = ("segment", "classify", "ensemble")
    share: float = Field(1.0, gt=0)
    part: Part | None = None
    test_patients: tuple[str, ...] = ()
    validation_patients: tuple[str, ...] = ()
    licence: str = ""
    attribution: str = ""

    @validator(mode="before")
    @classmethod
    def _named(cls, values: Any) -> Any:
        return {**values, "name": values.get("name") or values.get("kind", "")}


class PhantomData(_Data):
    """Synthetic studies, a seed each; `folder` keeps their volumes, else each is made when needed.

    severity_scale: how much worse than usual their disease is. only_foramina: foramina and nothing else,
    made in a third of the time; for classifying them and for their outlines.
    """

    kind: Literal["phantom"]
    count: int = Field(ge=1)
    first_seed: int = Field(0, ge=0)
    folder: Located | None = None
    slices_each: int = Field(6, ge=1)
    sub_slices: int = Field(3, ge=1)
    sagittal_slices: int | None = Field(None, ge=3)
    sagittal_pixels: int | None = Field(None, ge=32)
    axial_pixels: int | None = Field(None, ge=32)
    severity_scale: float = Field(1.0, gt=0)
    only_foramina: bool = False

    @validator(mode="after")
    def _fit(self) -> PhantomData:
        if self.only_foramina and ("ensemble" in self.use or self.folder is not None):
            raise ValueError('only_foramina goes with use = ["segment", "classify"] and without a folder')
        return self


class SpiderSlicesData(_Data):
    """Sagittal slices of SPIDER as PNG: `images` and `masks` of the same names PPP_SSS.png."""

    kind: Literal["spider_slices"]
    folder: Located


class SpiderData(_Data):
    """SPIDER as published: `images` and `masks` of .mha, `radiological_gradings.csv`."""

    kind: Literal["spider"]
    folder: Located
    every: int = Field(1, ge=1, description="Every n-th slice that shows the canal or a disc.")


class AxialLabelsData(_Data):
    """Axial label images (Sudirman, Al-Kafri): PNGs of the same names in two folders.

    channel: which channel of a colour picture is the T2. The pixel spacing is not in a PNG.
    """

    kind: Literal["axial_labels"]
    images: Located
    labels: Located
    spacing_mm: float = Field(gt=0)
    channel: int | None = Field(None, ge=0, le=2)


class RsnaData(_Data):
    """RSNA 2024 LSDC: train.csv, train_series_descriptions.csv, train_label_coordinates.csv, DICOM."""

    kind: Literal["rsna"]
    folder: Located


class GradesData(_Data):
    """A CSV of grades beside DICOM: `dicom`/<case> are the studies; without `dicom` the database's.

    column: where the grade is (reference_grade, then grade, if not given). rater: whose rows.
    """

    kind: Literal["grades"]
    csv: Located
    dicom: Located | None = None
    column: str = ""
    rater: str = ""
    licence: str = Field(min_length=1)


Data = Annotated[
    PhantomData | SpiderSlicesData | SpiderData | AxialLabelsData | RsnaData | GradesData,
    Field(discriminator="kind"),
]
