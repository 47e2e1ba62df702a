"""SPIDER's two layouts: .mha as published, and slices as PNG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lss_core.errors import TrainingError
from lss_core.vision.segment import Preprocessing
from lss_core.vision.train.data_config import SpiderData, SpiderSlicesData
from lss_core.vision.train.sources.base import STRUCTURES, Case
from lss_core.vision.train.sources.mha import read_mha
from lss_core.vision.train.sources.spider import GRADINGS, Spider, SpiderSlices, masks_of

itk = pytest.importorskip("SimpleITK", reason="SimpleITK is not installed (requirements-train.txt)")

HOW = Preprocessing(spacing_mm=1.0, largest=(448, 448))
HEADER = (
    "Patient,IVD label,Modic,UP endplate,LOW endplate,Spondylolisthesis,"
    "Disc herniation,Disc narrowing,Disc bulging,Pfirrman grade\n"
)
FACING = {
    "slices first in the file": ((1, 0, 0, 0, 1, 0, 0, 0, 1), 0),
    "slices last in the file, from left to right": ((0, 0, -1, 1, 0, 0, 0, -1, 0), 2),
}
"""Direction cosines (a column an axis) and the axis of the file across which the slices lie."""


def labels() -> np.ndarray:
    """(left-right 4, front-back 20, foot-head 30): L5 and L4 with the disc between, and the canal."""
    values = np.zeros((4, 20, 30), np.uint8)
    values[1:3, 4:12, 2:10] = 1
    values[1:3, 4:12, 10:13] = 202
    values[1:3, 4:12, 13:22] = 2
    values[1:3, 4:12, 24:30] = 103
    values[2, 12:16] = 100
    return values


def write(path: Path, patient_axes: np.ndarray, facing: str) -> None:
    """Write an array (left-right, front-back, foot-head), grid 3 x 1 x 1 mm, in a file of an orientation."""
    directions, across = FACING[facing]
    stored = patient_axes if across == 0 else patient_axes[::-1, :, ::-1].transpose(1, 2, 0)
    image = itk.GetImageFromArray(stored.transpose(2, 1, 0))
    image.SetSpacing((3.0, 1.0, 1.0) if across == 0 else (1.0, 1.0, 3.0))
    image.SetDirection(directions)
    # origin: where the first pixel of the file lies
    image.SetOrigin((0.0, 0.0, 0.0) if across == 0 else (9.0, 0.0, 29.0))
    path.parent.mkdir(parents=True, exist_ok=True)
    itk.WriteImage(image, str(path), useCompression=True)


@pytest.fixture(params=FACING)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("1_t2", "1_t1", "12_t2_SPACE"):
        write(tmp_path / "images" / f"{name}.mha", rng.integers(0, 900, (4, 20, 30)), request.param)
        write(tmp_path / "masks" / f"{name}.mha", labels(), request.param)
    (tmp_path / GRADINGS).write_text(
        HEADER + "1,1,0,0,0,0,1,0,1,4\n1,2,1,0,0,0,0,0,0,2\n12,1,0,0,0,1,0,1,0,5\n"
    )
    return tmp_path


def test_a_volume_lies_in_the_patient_however_the_file_is_turned(folder: Path) -> None:
    volume = read_mha(folder / "masks" / "1_t2.mha")
    assert volume.shape[0] == 4
    assert volume.positions_mm[:, 0].tolist() == [0, 3, 6, 9]  # from the patient's right to left
    canal = np.argwhere(volume.voxels[2] == 100)
    places = volume.to_patient(2, canal.astype(float))
    assert places.min(0).tolist() == [6, 12, 0]
    assert places.max(0).tolist() == [6, 15, 29]


def test_slices_are_upright_with_three_structures_known(folder: Path) -> None:
    source = Spider(SpiderData(kind="spider", folder=folder))
    assert [(case.id, case.patient) for case in source.cases()] == [
        ("12_t2_SPACE", "012"), ("1_t1", "001"), ("1_t2", "001"),
    ]  # fmt: skip
    slices = source.slices(Case(id="1_t2", patient="001"), "sagittal", HOW)
    assert len(slices.images) == 2  # the two on which something is outlined
    assert slices.images[1].shape == (30, 20)
    names = STRUCTURES["sagittal"]
    assert [name for name, known in zip(names, slices.known, strict=True) if known] == [
        "disc", "vertebra", "spinal_canal",
    ]  # fmt: skip
    where = {name: np.argwhere((slices.bits[1] >> names.index(name)) & 1) for name in names}
    assert where["spinal_canal"].min(0).tolist() == [0, 12]
    assert where["disc"][:, 0].min() == 30 - 13  # the head is up
    assert where["vertebra"][:, 0].max() == 30 - 3
    assert len(where["vertebra"]) == 8 * (8 + 9 + 6)  # 101-125 are vertebrae partly visible
    assert len(where["sacrum"]) == 0


def test_gradings_are_read_by_patient_and_disc_and_counted(folder: Path) -> None:
    source = Spider(SpiderData(kind="spider", folder=folder))
    assert source.gradings["001", 1]["Pfirrman grade"] == 4
    figures = source.figures(["001"])
    assert (figures["discs graded"], figures["Disc herniation"], figures["Modic 1"]) == (2, 1, 1)
    assert "Spondylolisthesis" not in figures


def test_a_mask_of_another_size_and_a_broken_file_are_refused(folder: Path) -> None:
    source = Spider(SpiderData(kind="spider", folder=folder))
    write(folder / "masks" / "1_t2.mha", labels()[:3], "slices first in the file")
    with pytest.raises(TrainingError, match=r"1_t2\.mha: its size .* is not the image's"):
        source.slices(Case(id="1_t2", patient="001"), "sagittal", HOW)
    (folder / "images" / "1_t2.mha").write_bytes(b"no image")
    with pytest.raises(TrainingError, match=r"1_t2\.mha: it is not a MetaImage"):
        source.slices(Case(id="1_t2", patient="001"), "sagittal", HOW)


def test_gradings_with_a_word_where_a_number_belongs_are_refused_by_row(folder: Path) -> None:
    (folder / GRADINGS).write_text(HEADER + "1,1,0,0,0,0,1,0,1,bad\n")
    with pytest.raises(TrainingError, match=r"radiological_gradings\.csv, row 2"):
        _ = Spider(SpiderData(kind="spider", folder=folder)).gradings


def test_values_beyond_the_known_ranges_are_no_structure() -> None:
    assert not masks_of(np.array([[[0, 26, 99, 126, 200, 226]]])).bits.any()


def test_png_slices_are_grouped_by_patient_and_need_a_mask(tmp_path: Path) -> None:
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
    for name in ("007_049", "007_050", "011_001"):
        Image.new("L", (40, 60), 90).save(tmp_path / "images" / f"{name}.png")
        Image.new("L", (40, 60), 3).save(tmp_path / "masks" / f"{name}.png")
    source = SpiderSlices(SpiderSlicesData(kind="spider_slices", folder=tmp_path))
    assert [case.id for case in source.cases()] == ["007", "011"]
    slices = source.slices(source.cases()[0], "sagittal", HOW)
    assert slices.patients == ("007", "007")
    canal = torch.from_numpy(slices.bits[0].astype(np.int32))
    assert ((canal >> STRUCTURES["sagittal"].index("spinal_canal")) & 1).all()
    assert source.absent("sagittal")(canal).shape == canal.shape
    (tmp_path / "masks" / "011_001.png").unlink()
    with pytest.raises(TrainingError, match=r"011_001\.png: it has no mask"):
        source.slices(source.cases()[1], "sagittal", HOW)


def test_a_folder_without_slices_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"there are no images/PPP_SSS\.png in it"):
        SpiderSlices(SpiderSlicesData(kind="spider_slices", folder=tmp_path)).cases()


def test_the_shared_png_export_has_32_patients(shared_data: Path) -> None:
    source = SpiderSlices(SpiderSlicesData(kind="spider_slices", folder=shared_data / "spider_sagittal"))
    cases = source.cases()
    assert len(cases) == 32  # as its README says
    assert cases[0].id == "007"
