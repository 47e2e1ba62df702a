"""Small MR files made on the spot, and readers of them with tight limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest

from lss_core.dicom.batch import DicomBatch
from lss_core.dicom.export import StudyHeader, write_series
from lss_core.dicom.guard import Guard
from lss_core.dicom.reading import read_studies
from lss_core.dicom.records import FileRecord, NotTakenError
from lss_core.domain import SeriesRole
from lss_core.imaging.volume import Volume

KEY = b"the key of one installation"

Import = Callable[..., DicomBatch]
Change = Callable[..., Path]


def make_volume(
    *, slices: int = 5, plane: str = "sagittal", size: tuple[int, int] = (12, 10), step_mm: float = 4.0
) -> Volume:
    """A volume of random values: sagittal from right to left or axial from head to feet."""
    rng = np.random.default_rng(slices)
    x_axis, y_axis, along = {
        "sagittal": ((0, 1, 0), (0, 0, -1), (1, 0, 0)),
        "axial": ((1, 0, 0), (0, 1, 0), (0, 0, -1)),
        "coronal": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    }[plane]
    return Volume(
        voxels=rng.integers(0, 4096, (slices, *size)).astype(np.int16),
        positions_mm=np.arange(slices)[:, None] * np.array(along) * step_mm + [-20.0, 30.0, 40.0],
        x_axes=np.tile(np.array(x_axis, float), (slices, 1)),
        y_axes=np.tile(np.array(y_axis, float), (slices, 1)),
        spacing_mm=(0.75, 0.5),
        thickness_mm=3.5,
        instance_numbers=tuple(range(1, slices + 1)),
        block=np.zeros(slices, np.int64),
    )


@pytest.fixture
def volume_of() -> Callable[..., Volume]:
    return make_volume


@pytest.fixture
def one_file(tmp_path: Path) -> Path:
    """A good sagittal T2 file."""
    header = StudyHeader(name="one")
    folder = tmp_path / "one"
    return write_series(
        make_volume(slices=1, size=(64, 64)), folder, study=header, role=SeriesRole.SAGITTAL_T2
    )[0]


@pytest.fixture
def changed(one_file: Path) -> Change:
    """The good file with some attributes set, or taken out where the value is None."""

    def change(**attributes: object) -> Path:
        dataset = pydicom.dcmread(one_file)
        for name, value in attributes.items():
            if value is None:
                del dataset[name]
            else:
                setattr(dataset, name, value)
        pydicom.dcmwrite(one_file, dataset)
        return one_file

    return change


@pytest.fixture
def read_all() -> Import:
    """read_studies with the limits of a test."""

    def read(*paths: Path, key: bytes = KEY, memory_mb: int = 1024, seconds: float = 60) -> DicomBatch:
        return read_studies(paths, key=key, memory_mb=memory_mb, seconds=seconds)

    return read


@pytest.fixture(scope="session")
def guard() -> Iterator[Guard]:
    with Guard(memory_mb=1024, seconds=60) as one:
        yield one


@pytest.fixture
def outcome(guard: Guard, tmp_path: Path) -> Callable[[Path], FileRecord | str]:
    """The record of a file, or 'verdict: reason'."""

    def read(path: Path) -> FileRecord | str:
        try:
            return guard.read(path, tmp_path / "spool")
        except NotTakenError as refusal:
            return f"{refusal.verdict}: {refusal.reason}"

    return read
