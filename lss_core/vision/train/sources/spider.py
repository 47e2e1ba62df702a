"""SPIDER: as published (.mha), and as slices exported to PNG.

van der Graaf et al., Lumbar spine segmentation in MR images, Scientific Data 11, 264 (2024).
Masks: 1-25 vertebrae, numbered from L5 up (101-125 those partly visible), 100 the canal,
201-225 the discs from L5-S1 up. The sacrum and what lies within the canal are not outlined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from lss_core.domain import SagittalStructure
from lss_core.imaging.masks import MaskStack
from lss_core.vision.bundle import TrainingData
from lss_core.vision.segment import Preprocessing
from lss_core.vision.train.data_config import SpiderData, SpiderSlicesData
from lss_core.vision.train.slices import SPIDER_STRUCTURES, SliceSet, absent_in_spider, read_spider, slices_of
from lss_core.vision.train.sources.base import STRUCTURES, Case, Source, refused, some
from lss_core.vision.train.sources.labels import rows_of, wrong
from lss_core.vision.train.sources.mha import read_mha

GRADINGS = "radiological_gradings.csv"
PRESENT = {"Spondylolisthesis", "Disc herniation", "Disc narrowing", "Disc bulging"}
"""Columns of 0 and 1; Modic, the end plates and Pfirrmann have more values."""
GRADED = (*sorted(PRESENT), "Modic", "UP endplate", "LOW endplate", "Pfirrman grade")

ABOUT = TrainingData(
    name="SPIDER lumbar spine MRI",
    licence="CC BY 4.0",
    attribution=(
        "J. W. van der Graaf, M. L. van Hooff, C. F. M. Buckens, M. Rutten, J. L. C. van Susante, "
        "R. J. Kroeze, M. de Kleuver, B. van Ginneken, N. Lessmann: Lumbar spine segmentation in MR "
        "images: a dataset and a public benchmark. Scientific Data 11, 264 (2024). "
        "https://doi.org/10.1038/s41597-024-03090-w"
    ),
    use="sagittal network: disc, vertebra and canal; slices resampled",
)


class SpiderSlices(Source):
    """PNG slices, `images/PPP_SSS.png` and `masks/PPP_SSS.png` with values 1 disc, 2 vertebra, 3 canal."""

    planes = ("sagittal",)
    about = ABOUT

    def __init__(self, data: SpiderSlicesData) -> None:
        self.folder = data.folder

    def cases(self) -> Sequence[Case]:
        """A case a patient."""
        names = sorted({path.name.split("_")[0] for path in (self.folder / "images").glob("*_*.png")})
        return some(self.folder, [Case(id=name, patient=name) for name in names], "images/PPP_SSS.png")

    def slices(self, case: Case, plane: str, how: Preprocessing) -> SliceSet:
        """All slices of a patient."""
        return read_spider(self.folder, STRUCTURES[plane], how, patient=case.id)

    def absent(self, plane: str) -> Callable[[Tensor], Tensor]:
        """What SPIDER does not outline and cannot be there."""
        return absent_in_spider


class Spider(Source):
    """The published layout: `images/1_t2.mha`, `masks/1_t2.mha`, `radiological_gradings.csv`."""

    planes = ("sagittal",)
    about = ABOUT

    def __init__(self, data: SpiderData) -> None:
        self.folder, self.every = data.folder, data.every

    def cases(self) -> Sequence[Case]:
        """A case a series: `1_t1`, `1_t2`, `1_t2_SPACE` are of one patient."""
        names = sorted(path.stem for path in (self.folder / "images").glob("*_*.mha"))
        found = [Case(id=name, patient=_patient(name.split("_")[0])) for name in names]
        return some(self.folder, found, "images/PATIENT_SERIES.mha")

    def slices(self, case: Case, plane: str, how: Preprocessing) -> SliceSet:
        """Every n-th slice on which something is outlined."""
        file = Path("images") / f"{case.id}.mha"
        volume = read_mha(self.folder / file)
        labels = read_mha(self.folder / "masks" / file.name)
        if labels.shape != volume.shape:
            raise refused(
                self.folder / "masks" / file.name,
                f"its size {labels.shape} is not the image's {volume.shape}",
                "Fetch the data set again",
            )
        masks = masks_of(labels.voxels)
        told = [k for k in range(len(masks.bits)) if masks.bits[k].any()][:: self.every]
        slices = slices_of(volume, masks, case.patient, how, told)
        return _known_only(slices, STRUCTURES[plane])

    def absent(self, plane: str) -> Callable[[Tensor], Tensor]:
        """What SPIDER does not outline and cannot be there."""
        return absent_in_spider

    def figures(self, patients: Sequence[str]) -> Mapping[str, int]:
        """Discs of some patients by the radiologist's gradings: 'Pfirrman grade 4': 31."""
        wanted, counts = set(patients), Counter[str]()
        for (patient, _), found in self.gradings.items():
            if patient in wanted:
                counts["discs graded"] += 1
                counts.update(
                    name if name in PRESENT else f"{name} {value}"
                    for name, value in found.items()
                    if value or name not in PRESENT
                )
        return dict(sorted(counts.items()))

    @cached_property
    def gradings(self) -> Mapping[tuple[str, int], Mapping[str, int]]:
        """What the radiologist said of each disc, by patient and disc (1 is L5-S1); none without the file."""
        path = self.folder / GRADINGS
        if not path.is_file():
            return {}
        found = {}
        for line, row in rows_of(path, ("Patient", "IVD label", *GRADED)):
            try:
                disc = int(float(row["IVD label"]))
                told = {name: int(float(row[name])) for name in GRADED if row[name]}
            except ValueError as error:
                raise wrong(path, line, error) from error
            found[_patient(row["Patient"]), disc] = told
        return found


def masks_of(labels: NDArray[Any]) -> MaskStack:
    """SPIDER's label values as our sagittal structures."""
    named = {
        SagittalStructure.VERTEBRA: ((labels >= 1) & (labels <= 25)) | ((labels >= 101) & (labels <= 125)),
        SagittalStructure.SPINAL_CANAL: labels == 100,
        SagittalStructure.DISC: (labels >= 201) & (labels <= 225),
    }
    return MaskStack.from_masks({str(name): mask for name, mask in named.items()}, STRUCTURES["sagittal"])


def _patient(text: str) -> str:
    """A patient's number as the PNG export writes it."""
    return text.zfill(3)


def _known_only(slices: SliceSet, structures: Sequence[str]) -> SliceSet:
    known = np.isin(structures, [name.value for name in SPIDER_STRUCTURES])
    return SliceSet(images=slices.images, bits=slices.bits, known=known, patients=slices.patients)
