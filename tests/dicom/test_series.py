"""Slices into volumes: geometry alone orders them; doubles, gaps and blocks are named."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lss_core.dicom.batch import DicomBatch, DicomSeries
from lss_core.dicom.deidentify import hashed_uid
from lss_core.dicom.export import StudyHeader, write_series
from lss_core.dicom.guard import Guard
from lss_core.dicom.series import assemble
from lss_core.dicom.stacks import SpooledFile
from lss_core.domain import SeriesRole, Verdict
from lss_core.imaging.volume import Volume

Import = Callable[..., DicomBatch]
MakeVolume = Callable[..., Volume]

STUDY = StudyHeader(name="test")
KEY = b"key"


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., list[Path]]:
    """Writes a volume and gives its files back."""

    def write(volume: Volume, folder: str = "series", **options: object) -> list[Path]:
        role = options.pop("role", SeriesRole.SAGITTAL_T2)
        return write_series(volume, tmp_path / folder, study=STUDY, role=role, **options)  # type: ignore[arg-type]

    return write


def edit(path: Path, **attributes: object) -> None:
    dataset = pydicom.dcmread(path)
    for name, value in attributes.items():
        setattr(dataset, name, value)
    pydicom.dcmwrite(path, dataset)


def only(batch: DicomBatch) -> DicomSeries:
    (study,) = batch.studies
    (series,) = study.series
    return series


@pytest.mark.parametrize("plane", ["sagittal", "axial", "coronal"])
@pytest.mark.parametrize("header", ["full", "stripped"])
def test_a_written_series_comes_back_as_it_was(
    plane: str, header: str, volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    volume = volume_of(plane=plane, slices=4, size=(20, 24))
    batch = read_all(written(volume, header=header, window=(600.0, 1200.0))[0].parent)
    series = only(batch)
    np.testing.assert_array_equal(series.volume.voxels, volume.voxels)
    np.testing.assert_allclose(series.volume.positions_mm, volume.positions_mm, atol=1e-5)
    np.testing.assert_allclose(series.volume.x_axes, volume.x_axes, atol=1e-7)
    assert series.volume.spacing_mm == volume.spacing_mm
    assert series.volume.thickness_mm == 3.5
    assert series.volume.instance_numbers == (1, 2, 3, 4)
    assert series.window == (600, 1200)
    assert series.notes[:-1] == ()
    assert [file.verdict for file in batch.verdicts] == [Verdict.TAKEN] * 4
    assert {file.series for file in batch.verdicts} == {series.uid}


def test_negative_values_come_back(
    volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    volume = volume_of()
    volume = volume.with_voxels((volume.voxels - 2000).astype(np.int16))
    np.testing.assert_array_equal(only(read_all(written(volume)[0].parent)).volume.voxels, volume.voxels)


@pytest.fixture(scope="module")
def spooled(tmp_path_factory: pytest.TempPathFactory) -> list[SpooledFile]:
    """A read axial series of two tilted blocks of four slices."""
    folder = tmp_path_factory.mktemp("spool")
    paths = write_series(tilted_blocks(), folder / "series", study=STUDY, role=SeriesRole.AXIAL_T2)
    with Guard(memory_mb=1024, seconds=60) as guard:
        return [
            SpooledFile(record=guard.read(path, folder / str(n)), spool=folder / str(n), name=path.name)
            for n, path in enumerate(paths)
        ]


def tilted_blocks() -> Volume:
    """Two axial blocks of four slices, tilted by 10 and -15 degrees about the left-right axis."""
    rng = np.random.default_rng(3)
    positions, y_axes = [], []
    for degrees, top in ((10.0, 60.0), (-15.0, 0.0)):
        angle = np.radians(degrees)
        down, across = (
            np.array([0, np.cos(angle), np.sin(angle)]),
            np.array([0, np.sin(angle), -np.cos(angle)]),
        )
        positions += [np.array([-40.0, -30.0, top]) + 4.0 * k * across for k in range(4)]
        y_axes += [down] * 4
    return Volume(
        voxels=rng.integers(0, 1000, (8, 16, 16)).astype(np.int16),
        positions_mm=np.array(positions),
        x_axes=np.tile([1.0, 0, 0], (8, 1)),
        y_axes=np.array(y_axes),
        spacing_mm=(5.0, 5.0),
        thickness_mm=4,
        instance_numbers=(5, 6, 7, 8, 1, 2, 3, 4),
        block=np.repeat([0, 1], 4),
    )


def test_tilted_blocks_are_told_apart_and_lie_from_head_to_feet(spooled: list[SpooledFile]) -> None:
    series = only(assemble(spooled, key=KEY))
    truth = tilted_blocks()
    np.testing.assert_array_equal(series.volume.block, truth.block)
    np.testing.assert_array_equal(series.volume.voxels, truth.voxels)
    assert series.volume.instance_numbers == truth.instance_numbers
    assert series.notes[0] == "2 blocks of 4, 4 slices"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.randoms(use_true_random=False))
def test_the_order_of_files_and_their_numbers_change_nothing(
    seed: random.Random, spooled: list[SpooledFile]
) -> None:
    whole = only(assemble(spooled, key=KEY))
    shuffled = seed.sample(spooled, len(spooled))
    numbers = seed.sample(range(100), len(spooled))
    renumbered = []
    for file, number in zip(shuffled, numbers, strict=True):
        values = file.record.to_json()
        values["frames"][0]["instance_number"] = number
        record = type(file.record).from_json(values)
        renumbered.append(SpooledFile(record=record, spool=file.spool, name=file.name))
    series = only(assemble(renumbered, key=KEY))
    np.testing.assert_array_equal(series.volume.voxels, whole.volume.voxels)
    np.testing.assert_array_equal(series.volume.positions_mm, whole.volume.positions_mm)
    assert (series.uid, series.digest, series.notes, series.role) == (
        whole.uid,
        whole.digest,
        whole.notes,
        whole.role,
    )


def test_a_missing_slice_is_named(
    volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    paths = written(volume_of(slices=7))
    paths[2].unlink()
    series = only(read_all(paths[0].parent))
    assert "a gap of 8.0 mm after slice 2 (elsewhere 4.0 mm)" in series.notes


def test_a_wide_gap_in_an_axial_series_is_a_new_block(
    volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    paths = written(volume_of(slices=12, plane="axial"), role=SeriesRole.AXIAL_T2)
    for path in paths[4:8]:
        path.unlink()
    series = only(read_all(paths[0].parent))
    assert series.volume.block.tolist() == [0] * 4 + [1] * 4
    assert "2 blocks of 4, 4 slices" in series.notes


def test_a_file_that_is_there_twice_is_taken_once(
    volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    paths = written(volume_of())
    once = only(read_all(paths[0].parent))
    shutil.copy(paths[1], paths[1].with_name("copy.dcm"))
    batch = read_all(paths[0].parent)
    assert only(batch).digest == once.digest
    assert "1 image was there twice and is taken once" in only(batch).notes
    assert [
        (Path(file.path).name, file.reason) for file in batch.verdicts if file.verdict is Verdict.SKIPPED
    ] == [("copy.dcm", "the same image as another file of its series")]


def test_two_echoes_in_one_series_become_two(
    volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    first = written(volume_of())
    second = written(volume_of().with_voxels(volume_of().voxels + 1), "echo")
    for number, path in enumerate(second):
        edit(path, EchoTime=20, SOPInstanceUID=f"1.2.3.{number}")
    batch = read_all(first[0].parent, second[0].parent)
    (study,) = batch.studies
    assert sorted(series.notes[0] for series in study.series) == [
        "part of a series: EchoTime 100.0",
        "part of a series: EchoTime 20.0",
    ]
    assert len({series.uid for series in study.series}) == 2
    assert batch.count(Verdict.TAKEN) == 10


def test_different_images_of_one_place_that_nothing_tells_apart_are_refused(
    volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    first = written(volume_of())
    second = written(volume_of().with_voxels(volume_of().voxels + 1), "again")
    batch = read_all(first[0].parent, second[0].parent)
    assert batch.studies == ()
    assert {(file.verdict, file.reason) for file in batch.verdicts} == {
        (Verdict.REFUSED, "its series holds different images of the same place that nothing tells apart")
    }


def test_a_time_series_is_skipped(
    volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    for time in range(8):
        moment = volume_of(slices=2).with_voxels(volume_of(slices=2).voxels + time)
        for path in written(moment, f"time {time}"):
            edit(path, TemporalPositionIdentifier=time)
    batch = read_all(path.parent.parent)
    assert {(file.verdict, file.reason) for file in batch.verdicts} == {
        (Verdict.SKIPPED, "its series holds 8 images of each place: a time or diffusion series")
    }


def test_three_planes_in_a_series_are_a_localiser(
    volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    series_uid = hashed_uid(b"", "localiser")
    for plane in ("sagittal", "axial", "coronal"):
        for path in written(volume_of(plane=plane, slices=3), plane):
            edit(path, SeriesInstanceUID=series_uid, SOPInstanceUID=hashed_uid(b"", plane, path.name))
    (study,) = read_all(path.parent.parent).studies
    assert [series.role for series in study.series] == [SeriesRole.OTHER] * 3
    assert {series.notes[-1] for series in study.series} == {"a part of a mixed series, probably a localiser"}


def test_the_same_instance_uid_in_two_series_is_kept_apart(
    volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    for number, name in enumerate(("a", "b")):
        for path in written(
            volume_of(slices=3).with_voxels(volume_of(slices=3).voxels + number), name, number=number
        ):
            edit(path, SOPInstanceUID=f"1.2.{path.stem}", FrameOfReferenceUID=f"1.3.{number}")
    (study,) = read_all(path.parent.parent).studies
    uids = [instance.uid for series in study.series for instance in series.instances]
    assert len(study.series) == 2
    assert len(set(uids)) == 6


def test_slices_scaled_differently_are_brought_to_one_scale(
    volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    volume = volume_of(slices=3).with_voxels(np.full((3, 12, 10), 1000, np.int16))
    for slope, path in zip((1, 2, 4), written(volume), strict=True):
        edit(path, RescaleSlope=slope, RescaleIntercept=0)
    series = only(read_all(path.parent))
    assert series.volume.voxels[:, 0, 0].tolist() == pytest.approx([1023.75, 2047.5, 4095], abs=0.51)
    assert "values times 1.02375, slices were scaled differently" in series.notes


def test_values_beyond_int16_are_scaled_and_the_window_with_them(
    volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    volume = volume_of(slices=3).with_voxels(np.full((3, 12, 10), 65534, np.int32))
    series = only(read_all(written(volume, window=(65534.0, 2000.0))[0].parent))
    assert series.volume.voxels.max() == 32767  # half of 65534
    assert series.window == pytest.approx((32767, 1000))
    assert "values times 0.5" in series.notes


def test_a_picture_that_is_dark_where_it_was_bright_is_turned_over(
    volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    volume = volume_of(slices=3)
    for path in written(volume):
        edit(path, PhotometricInterpretation="MONOCHROME1")
    series = only(read_all(path.parent))
    np.testing.assert_array_equal(
        series.volume.voxels, volume.voxels.max() + volume.voxels.min() - volume.voxels
    )


def test_a_study_says_that_it_changed_and_only_then(
    volume_of: MakeVolume, written: Callable[..., list[Path]], read_all: Import
) -> None:
    paths = written(volume_of())
    first, again = read_all(paths[0].parent).studies[0], read_all(paths[0].parent).studies[0]
    assert (first.uid, first.digest) == (again.uid, again.digest)
    edit(paths[0], ImagePositionPatient=[-21, 30, 40])
    moved = read_all(paths[0].parent).studies[0]
    assert moved.uid == first.uid
    assert moved.digest != first.digest
