"""Whole imports: the real study, the corpus of odd files, and batches with a bad file in them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from lss_core.dicom.batch import DicomBatch
from lss_core.dicom.export import StudyHeader, write_series
from lss_core.dicom.reading import iter_batches
from lss_core.domain import SeriesRole, Verdict
from lss_core.phantom import PhantomOptions, PhantomStudy, make_study

Import = Callable[..., DicomBatch]


@pytest.fixture(scope="module")
def real(shared_data: Path) -> DicomBatch:
    """The real study, read once."""
    (first, second) = iter_batches([shared_data / "rsna_study"], key=b"key", memory_mb=2048, seconds=60)
    return DicomBatch(verdicts=(*first.verdicts, *second.verdicts), studies=second.studies)


def test_the_real_study_is_one_case_of_three_series(real: DicomBatch) -> None:
    (study,) = real.studies
    assert {series.role: series.volume.shape for series in study.series} == {
        SeriesRole.SAGITTAL_T1: (18, 512, 512),
        SeriesRole.SAGITTAL_T2: (18, 448, 448),
        SeriesRole.AXIAL_T2: (42, 320, 320),
    }
    assert Counter(file.verdict for file in real.verdicts) == {Verdict.TAKEN: 78, Verdict.SKIPPED: 3}
    assert {Path(file.path).suffix for file in real.verdicts if file.verdict is Verdict.SKIPPED} == {".csv"}


def test_the_real_axial_series_is_five_tilted_blocks_from_head_to_feet(real: DicomBatch) -> None:
    axial = real.studies[0].best[SeriesRole.AXIAL_T2]
    assert axial.notes == ("5 blocks of 8, 8, 8, 8, 10 slices",)
    tops = [axial.volume.centres_mm[axial.volume.block == block, 2].mean() for block in range(5)]
    assert np.all(np.diff(tops) < 0)
    for block in range(5):
        heights = axial.volume.centres_mm[axial.volume.block == block, 2]
        assert np.all(np.diff(heights) < 0)


def test_the_real_sagittal_series_go_from_right_to_left(real: DicomBatch) -> None:
    for role in (SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2):
        volume = real.studies[0].best[role].volume
        assert np.all(np.diff(volume.centres_mm[:, 0]) > 0)
        assert np.diff(volume.centres_mm[:, 0]) == pytest.approx(4.48, abs=0.01)  # SpacingBetweenSlices


def test_slices_are_found_by_the_instance_number_of_their_file(real: DicomBatch, shared_data: Path) -> None:
    """train_label_coordinates.csv marks left foramina on instances whose slices lie to the left."""
    with (shared_data / "rsna_study" / "train_label_coordinates.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if "foraminal" in row["condition"]]
    volume = real.studies[0].best[SeriesRole.SAGITTAL_T1].volume
    middle = volume.centres_mm[:, 0].mean()
    assert len(rows) == 10
    for row in rows:
        k = volume.instance_numbers.index(int(row["instance_number"]))
        assert (volume.centres_mm[k, 0] > middle) == row["condition"].startswith("left")


@pytest.mark.slow
@pytest.mark.parametrize("header", ["full", "stripped"])
def test_a_synthetic_study_comes_back_from_its_files_with_its_roles(
    header: Literal["full", "stripped"], phantom: PhantomStudy, tmp_path: Path, read_all: Import
) -> None:
    for number, (role, volume) in enumerate(phantom.series.items()):
        study = StudyHeader(name="phantom")
        write_series(volume, tmp_path / role, study=study, role=role, header=header, number=number)
    (study,) = read_all(tmp_path).studies
    assert set(study.best) == set(phantom.series)
    for role, volume in phantom.series.items():
        back = study.best[role].volume
        np.testing.assert_array_equal(back.voxels, volume.voxels)
        np.testing.assert_array_equal(back.block, volume.block)
        np.testing.assert_allclose(back.positions_mm, volume.positions_mm, atol=1e-5)


@pytest.fixture(scope="module")
def phantom() -> PhantomStudy:
    """A small synthetic study."""
    options = PhantomOptions(sagittal_slices=9, sagittal_pixels=256, axial_pixels=160, sub_slices=1)
    return make_study(1, options=options)


@pytest.mark.slow
def test_the_corpus_gives_one_verdict_for_each_file(shared_data: Path, read_all: Import) -> None:
    corpus = shared_data / "dicom_corpus"
    files = sorted(str(path) for path in corpus.rglob("*") if path.is_file())
    batch = read_all(corpus, memory_mb=2048)
    assert sorted(file.path for file in batch.verdicts) == files
    assert all(file.reason for file in batch.verdicts)
    with (corpus / "index.csv").open() as index:
        modality = {str(corpus / row["path"]): row["modality"] for row in csv.DictReader(index)}
    taken = [file.path for file in batch.verdicts if file.verdict is Verdict.TAKEN]
    assert {modality[path] for path in taken} == {"MR"}
    said = {
        str(Path(file.path).relative_to(corpus)): (file.verdict.value, file.reason) for file in batch.verdicts
    }
    assert said["pydicom/MR_truncated.dcm"] == (
        "refused",
        "cut short: 8130 of the 8192 bytes of its pixels are there",
    )
    assert said["pydicom/CT_small.dcm"] == ("skipped", "CT Image Storage, not an MR image")
    assert said["pydicom/README.txt"] == ("skipped", "not a DICOM file")
    assert said["pydicom/SC_rgb_rle.dcm"][0] == "quarantined"
    assert said["wg04/JPLY/MR3_JPLY"] == (
        "refused",
        "its compression cannot be read here (JPEG Extended (Process 2 and 4))",
    )
    assert said["series/d2n-philips-enhanced/IM-0001-0170-0001.dcm"][0] == "taken"


def test_one_bad_file_never_loses_the_batch(one_file: Path, tmp_path: Path, read_all: Import) -> None:
    (tmp_path / "bad.dcm").write_bytes(one_file.read_bytes()[:-100])
    batch = read_all(tmp_path)
    assert [(file.verdict, file.reason) for file in batch.verdicts] == [
        (Verdict.REFUSED, "cut short: 8092 of the 8192 bytes of its pixels are there"),
        (Verdict.TAKEN, "an MR image"),
    ]
    assert len(batch.studies) == 1


def test_progress_grows_from_nothing_to_all(one_file: Path) -> None:
    told: list[float] = []
    for _ in iter_batches(
        [one_file], key=b"k", memory_mb=1024, seconds=60, progress=lambda share, what: told.append(share)
    ):
        pass
    assert told == sorted(told)
    assert told[-1] == 1.0
