"""Training as a command asks for it: what reads DICOM and the database, handed to the networks' trainer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lss_core.dicom.batch import DicomStudy
from lss_core.dicom.reading import read_studies
from lss_core.domain import Progress, SeriesRole, silent
from lss_core.errors import TrainingError
from lss_core.imaging.volume import Volume
from lss_core.settings import Settings
from lss_core.usecases import runs
from lss_core.usecases.workspace import open_workspace


@dataclass(frozen=True, kw_only=True)
class TrainedBundle:
    """A finished bundle: its folder and label; without one the networks or stages still to do."""

    folder: Path | None
    label: str
    to_do: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Studies for training, from folders or from the database of the settings."""

    settings: Settings

    def best(self, folder: Path) -> Mapping[SeriesRole, Volume]:
        """The series to grade of the one study in a folder."""
        studies = [study for study in self._studies(folder) if study.best]
        if len(studies) != 1:
            raise TrainingError(
                folder.name,
                reason=f"it holds {len(studies)} studies that can be graded, not one",
                remedy="Give each case a folder of its own with sagittal T1 or T2 and axial T2 series",
            )
        return {role: series.volume for role, series in studies[0].best.items()}

    def volumes(self, folder: Path) -> Sequence[Volume]:
        """Every volume in a folder."""
        return [series.volume for study in self._studies(folder) for series in study.series]

    def case(self, case_id: str) -> Mapping[SeriesRole, Volume]:
        """The series to grade of a case of the database."""
        return runs.case_volumes(open_workspace(self.settings), case_id)

    def _studies(self, folder: Path) -> Sequence[DicomStudy]:
        return read_studies(
            [folder],
            key=secrets.token_bytes(32),
            memory_mb=self.settings.decode_memory_mb,
            seconds=self.settings.decode_seconds,
        ).studies


def train_bundle(
    settings: Settings, path: Path, *, stages: Sequence[str] = (), progress: Progress = silent
) -> TrainedBundle:
    """Train what a configuration asks for, or go on where the last call was broken off. Raises LssError."""
    # torch takes seconds to import: not before something is to be trained
    from lss_core.usecases.reliability import draw_reliability
    from lss_core.vision.train.config import load_config
    from lss_core.vision.train.stages import train

    outcome = train(load_config(path), Reader(settings=settings), stages=stages, progress=progress)
    made = outcome.bundle
    if made is not None:
        draw_reliability(made)
    return TrainedBundle(
        folder=None if made is None else made.folder,
        label="" if made is None else made.label,
        to_do=outcome.to_do,
    )
