"""What a source of training data gives: cases, their outlined slices, their studies with grades."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import torch
from torch import Tensor

from lss_core.domain import ForamenStructure, Level, Point, SagittalStructure, SeriesRole, Site, Structure
from lss_core.errors import TrainingError
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.vision.bundle import TrainingData
from lss_core.vision.segment import Preprocessing
from lss_core.vision.train.slices import SliceSet

Series = Mapping[SeriesRole, Volume]
STRUCTURES: Mapping[str, tuple[str, ...]] = {
    "sagittal": tuple(structure.value for structure in SagittalStructure),
    "axial": tuple(structure.value for structure in Structure),
    "foramen": tuple(structure.value for structure in ForamenStructure),
}
"""The channels of each segmentation network."""


class StudyReader(Protocol):
    """Reads studies; what reads DICOM and the database lies above this package."""

    def best(self, folder: Path) -> Series:
        """Of one study's files, the series to grade for each role."""

    def volumes(self, folder: Path) -> Sequence[Volume]:
        """Every volume in a folder, whatever its role."""

    def case(self, case_id: str) -> Series:
        """The series of a case of the database."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One study of a patient, by the source's own names."""

    id: str
    patient: str


@dataclass(frozen=True, kw_only=True, eq=False)
class GradedStudy:
    """A study with grades: 0 to 3, or one of the values of `pictures` in place of a grade.

    Points, axial slices and masks are what is annotated; the networks find the others.
    """

    series: Series
    grades: Mapping[Site, int]
    masks: Mapping[SeriesRole, MaskStack] | None = None
    canal_points_mm: Mapping[Level, Point] = field(default_factory=dict)
    site_points_mm: Mapping[Site, Point] = field(default_factory=dict)
    axial_slices: Mapping[Level, int] = field(default_factory=dict)


class Source:
    """One [[data]] entry. A kind overrides what it can give.

    planes: of which it gives outlined slices. graded: whether it gives studies with grades;
    outlined: whether these come with true masks. own_figures: what it tells of its patients.
    """

    planes: tuple[str, ...] = ()
    graded = False
    outlined = False
    about: TrainingData

    def cases(self) -> Sequence[Case]:
        """All its cases, in a fixed order. Raises TrainingError when the files are not as expected."""
        raise NotImplementedError

    def slices(self, case: Case, plane: str, how: Preprocessing) -> SliceSet:
        """The outlined slices of a case in a plane it has."""
        raise NotImplementedError

    def study(self, case: Case) -> GradedStudy:
        """A case with its grades, where it is graded."""
        raise NotImplementedError

    def absent(self, plane: str) -> Callable[[Tensor], Tensor]:
        """From a slice's bits, those of structures not outlined that cannot be there: none."""
        return torch.zeros_like

    def figures(self, patients: Sequence[str]) -> Mapping[str, int]:
        """What the source tells of some patients, counted; for the card."""
        return {}


def refused(path: Path, reason: str, remedy: str) -> TrainingError:
    """A refusal that names a file of a source."""
    return TrainingError(path.name, reason=reason, remedy=remedy)


def some(path: Path, found: Sequence[Case], what: str) -> Sequence[Case]:
    """The cases found. Raises TrainingError when there are none."""
    if not found:
        raise refused(path, f"there are no {what} in it", "Check the path in [[data]]")
    return found
