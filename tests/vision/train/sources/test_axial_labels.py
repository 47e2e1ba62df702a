"""Axial label images: what they do not outline is ignored, not absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lss_core.errors import TrainingError
from lss_core.vision.segment import Preprocessing
from lss_core.vision.train.arithmetic import Arithmetic
from lss_core.vision.train.data_config import AxialLabelsData
from lss_core.vision.train.segmentation import Batches, Source
from lss_core.vision.train.sources.axial_labels import AxialLabels
from lss_core.vision.train.sources.base import STRUCTURES

HOW = Preprocessing(spacing_mm=1.0, largest=(320, 320))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for kind in ("images", "labels"):
        (tmp_path / kind).mkdir()
    labels = np.full((40, 40), 250, np.uint8)
    labels[5:15, 10:30] = 50
    labels[16:20, 15:25] = 150
    labels[21:24, 15:25] = 200
    labels[25:35, 10:30] = 100
    for name in ("0001_D3", "0001_D4", "0002_D4"):
        Image.fromarray(labels).save(tmp_path / "labels" / f"{name}.png")
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8)).save(
            tmp_path / "images" / f"{name}.png"
        )
    return tmp_path


def source_in(folder: Path, **more: int) -> AxialLabels:
    return AxialLabels(
        AxialLabelsData(
            kind="axial_labels", images=folder / "images", labels=folder / "labels", spacing_mm=0.5, **more
        )
    )


def test_disc_and_sac_are_known_and_nothing_else_is(folder: Path) -> None:
    source = source_in(folder)
    assert [case.patient for case in source.cases()] == ["0001", "0001", "0002"]
    slices = source.slices(source.cases()[0], "axial", HOW)
    names = STRUCTURES["axial"]
    known = [name for name, told in zip(names, slices.known, strict=True) if told]
    assert known == ["disc", "dural_sac"]
    counts = [int(((slices.bits[0] >> names.index(name)) & 1).sum()) for name in known]
    assert counts == pytest.approx([5 * 10, 2 * 5], rel=0.2)  # at half the pixels in each direction
    assert not (slices.bits[0] & ~np.uint32(0b11)).any()


def test_a_channel_they_lack_has_no_part_in_the_loss(folder: Path) -> None:
    source = source_in(folder)
    slices = source.slices(source.cases()[0], "axial", HOW)
    task = Batches(sources=[Source(slices=slices, absent=source.absent("axial"))], shape=(16, 16), size=1)
    batch = task.draw(np.random.default_rng(0))
    logits = torch.nn.Parameter(torch.zeros(1, 17, 16, 16))

    class Fixed(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return logits

    task.loss(Fixed(), batch, Arithmetic()).backward()
    assert logits.grad is not None
    touched = logits.grad.abs().sum((0, 2, 3)) > 0
    assert [name for name, yes in zip(STRUCTURES["axial"], touched, strict=True) if yes] == [
        "disc",
        "dural_sac",
    ]


def test_a_value_nobody_knows_a_missing_label_and_a_colour_are_refused(folder: Path) -> None:
    source = source_in(folder)
    first, second, third = source.cases()
    Image.new("L", (40, 40), 77).save(folder / "labels" / f"{first.id}.png")
    with pytest.raises(TrainingError, match=r"0001_D3\.png: it has the value 77"):
        source.slices(first, "axial", HOW)
    (folder / "labels" / f"{second.id}.png").unlink()
    with pytest.raises(TrainingError, match=r"0001_D4\.png: the file is not there"):
        source.slices(second, "axial", HOW)
    Image.new("RGB", (40, 40)).save(folder / "images" / f"{third.id}.png")
    with pytest.raises(TrainingError, match=r"0002_D4\.png: it is in colour.*channel"):
        source.slices(third, "axial", HOW)
    assert source_in(folder, channel=1).slices(third, "axial", HOW).patients == ("0002",)


def test_an_image_without_a_number_is_refused(folder: Path) -> None:
    Image.new("L", (4, 4)).save(folder / "images" / "nameless.png")
    with pytest.raises(TrainingError, match="holds no patient's number"):
        source_in(folder).cases()
