"""Masks come back on the volume's own pixels, however it was stored; a network learns to outline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lss_core.domain import SagittalStructure
from lss_core.errors import BundleError
from lss_core.imaging.volume import Volume
from lss_core.vision.bundle import Card, load_bundle, write_card, write_network
from lss_core.vision.networks import UNet
from lss_core.vision.running import Processor, TorchRunner
from lss_core.vision.segment import VARIATIONS, Preprocessing, Segmenter, Variation, make_segmenter
from lss_core.vision.train.augment import Augmentation, warped
from lss_core.vision.train.run import Run, Schedule
from lss_core.vision.train.segmentation import Batches, Source, balance, dice_of, loss_of
from lss_core.vision.train.slices import FINER, SliceSet, absent_in_spider, read_spider, resampled


class Bright(nn.Module):
    """Says 'yes' where the image is bright, and marks the upper left quarter of the canvas."""

    def forward(self, image: Tensor) -> Tensor:
        corner = torch.full_like(image, -1.0)
        corner[:, :, : image.shape[2] // 2, : image.shape[3] // 2] = 1.0
        return torch.cat([image - 0.5, corner], 1)


def volume_of(voxels: np.ndarray, x_axis: list[float], y_axis: list[float], spacing: float = 0.5) -> Volume:
    count = len(voxels)
    normal = np.cross(x_axis, y_axis)
    return Volume(
        voxels=voxels,
        positions_mm=np.arange(count)[:, None] * 4.0 * normal,
        x_axes=np.tile(x_axis, (count, 1)),
        y_axes=np.tile(y_axis, (count, 1)),
        spacing_mm=(spacing, spacing),
        thickness_mm=4.0,
        instance_numbers=tuple(range(count)),
        block=np.zeros(count, np.int64),
    )


def segmenter(spacing_mm: float = 0.5, largest: tuple[int, int] = (320, 320)) -> Segmenter:
    return Segmenter(
        runner=TorchRunner(network=Bright(), device=torch.device("cpu")),
        structures=("bright", "corner"),
        preprocessing=Preprocessing(spacing_mm=spacing_mm, percentiles=(0, 100), largest=largest),
    )


def blocks(shape: tuple[int, int, int] = (10, 150, 170)) -> np.ndarray:
    voxels = np.zeros(shape, np.int16)
    voxels[:, 40:80, 100:150] = 1000
    voxels[3, 100:140, 20:60] = 1000
    return voxels


def test_at_the_networks_own_spacing_a_mask_comes_back_to_the_pixel() -> None:
    voxels = blocks()
    masks = segmenter(0.5)(volume_of(voxels, [1, 0, 0], [0, 1, 0]))
    np.testing.assert_array_equal(masks.mask("bright"), voxels > 500)


@pytest.mark.parametrize("spacing_mm", [0.4, 0.65, 0.9])
def test_resampled_and_back_an_edge_moves_by_a_pixel_at_most(spacing_mm: float) -> None:
    voxels = blocks()
    found = segmenter(spacing_mm)(volume_of(voxels, [1, 0, 0], [0, 1, 0])).mask("bright", 0)
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    assert [rows[0], rows[-1], columns[0], columns[-1]] == pytest.approx([40, 79, 100, 149], abs=1)


def test_what_lies_beyond_the_largest_canvas_is_not_outlined() -> None:
    voxels = np.full((1, 200, 200), 7, np.int16)
    voxels[:, 1::2] = 1000
    found = segmenter(0.5, (160, 160))(volume_of(voxels, [1, 0, 0], [0, 1, 0])).mask("bright", 0)
    assert found[21:179, 20:180].any()
    assert not found[:20].any()
    assert not found[:, 180:].any()


@pytest.mark.parametrize(
    ("x_axis", "y_axis"),
    [([0, 1, 0], [0, 0, -1]), ([0, -1, 0], [0, 0, -1]), ([0, 0, 1], [0, 1, 0]), ([0, 0, -1], [0, 1, 0])],
)
def test_a_sagittal_slice_is_shown_to_the_network_head_up_and_front_left(
    x_axis: list[float], y_axis: list[float]
) -> None:
    volume = volume_of(np.zeros((2, 64, 96), np.int16), x_axis, y_axis)
    corner = segmenter()(volume).mask("corner", 0)
    points = volume.to_patient(0, np.argwhere(corner).astype(float))
    others = volume.to_patient(0, np.argwhere(~corner).astype(float))
    assert points[:, 1].mean() < others[:, 1].mean()  # y grows to the back
    assert points[:, 2].mean() > others[:, 2].mean()  # z grows to the head


def test_an_axial_slice_is_shown_to_the_network_front_up_and_right_side_left() -> None:
    volume = volume_of(np.zeros((1, 64, 64), np.int16), [-1, 0, 0], [0, -1, 0])
    corner = segmenter()(volume).mask("corner", 0)
    points = volume.to_patient(0, np.argwhere(corner).astype(float))
    assert points[:, 0].mean() < volume.centres_mm[0, 0]
    assert points[:, 1].mean() < volume.centres_mm[0, 1]


def test_progress_ends_at_one() -> None:
    told: list[float] = []
    segmenter()(volume_of(blocks(), [1, 0, 0], [0, 1, 0]), progress=lambda share, _: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1


def test_a_card_that_does_not_tell_the_spacing_is_refused(tmp_path: Path) -> None:
    network = UNet(inputs=1, outputs=1, base=4)
    fields = {"architecture": "unet", "inputs": 1, "outputs": ("disc",), "base": 4}
    card = Card(
        name="toy", version="1", made="", summary="", intended_use="", licence="", provenance={},
        training_data=(), networks={"sagittal": write_network(tmp_path, "sagittal", network, fields)},
    )  # fmt: skip
    write_card(tmp_path, card)
    with pytest.raises(BundleError, match="does not say how 'sagittal' wants its images"):
        make_segmenter(load_bundle(tmp_path), "sagittal", Processor(device=torch.device("cpu")))


def toy_slices(count: int = 6) -> SliceSet:
    rng = np.random.default_rng(0)
    images, bits = [], []
    for _ in range(count):
        mask = np.zeros((64, 64), np.uint32)
        row, column = rng.integers(8, 40, 2)
        mask[row : row + 16, column : column + 16] = 1
        images.append((mask * 180 + rng.integers(0, 60, mask.shape)).astype(np.uint8))
        bits.append(mask)
    return SliceSet(
        images=tuple(images),
        bits=tuple(bits),
        known=np.array([True, False]),
        patients=tuple("abcdef"[:count]),
    )


def test_a_channel_that_a_source_does_not_outline_does_not_count() -> None:
    targets = torch.zeros(1, 2, 8, 8)
    known = torch.tensor([[1.0, 0.0]])
    logits = torch.zeros(1, 2, 8, 8)
    other = logits.clone()
    other[:, 1] = 9.0
    nowhere = torch.zeros_like(targets)
    assert loss_of(logits, targets, known, nowhere) == loss_of(other, targets, known, nowhere)
    nowhere[:, 1] = 1.0  # unless it cannot be there
    assert loss_of(logits, targets, known, nowhere) < loss_of(other, targets, known, nowhere)


def test_what_spider_does_not_outline_is_known_to_be_absent_where_it_cannot_be() -> None:
    order = [name.value for name in SagittalStructure]
    bits = torch.zeros(100, 60, dtype=torch.int32)
    bits[:60, 20:30] = 1 << order.index("vertebra")
    bits[:60, 35:45] = 1 << order.index("spinal_canal")
    finer = bits.repeat_interleave(FINER, 0).repeat_interleave(FINER, 1)
    absent = absent_in_spider(finer)[::FINER, ::FINER]
    where = {name: ((absent >> number) & 1).bool() for number, name in enumerate(order)}
    assert not where["cord"][10, 40]
    assert where["cord"][10, 50]
    assert not where["spinous_process"][10, 25]
    assert where["sacrum"][10, 50]
    assert not where["sacrum"][80, 25]
    assert not where["posterior_longitudinal_ligament"][10, 33]
    assert where["posterior_longitudinal_ligament"][10, 10]
    assert not where["disc"].any()


@pytest.mark.parametrize(("rarity", "drawn"), [(10.0, True), (1.0, False)])
def test_pixels_that_are_a_rare_structures_in_four_of_ten_are_drawn_only_while_rarity_weighs(
    rarity: float, drawn: bool
) -> None:
    targets = torch.zeros(10, 1, 20, 20)
    targets[:, 0, 10, 5:15] = 1
    targets[:4, 0, 11, 5:15] = 1
    logits = torch.where(targets > 0, 6.0, -6.0)
    logits[:, 0, 11, 5:15] = 0
    logits.requires_grad_()
    loss_of(logits, targets, torch.ones(10, 1), torch.zeros_like(targets), rarity).backward()
    assert logits.grad is not None
    assert (logits.grad[:, 0, 11, 5:15].sum() < 0) == drawn


@pytest.mark.parametrize("spacing_mm", [0.45, 0.6, 0.9])
def test_resampled_for_training_a_structure_stays_where_it_was(spacing_mm: float) -> None:
    rows, columns = np.indices((120, 100))
    disc = (rows - 50.3) ** 2 + (columns - 40.7) ** 2 < 30**2
    how = Preprocessing(spacing_mm=spacing_mm, largest=(448, 448))
    image, bits = resampled(disc * 200, disc.astype(np.uint32) << np.uint32(3), (0.45, 0.45), how)
    found = (np.argwhere(bits >> np.uint32(3) & 1) + 0.5).mean(0) * spacing_mm
    np.testing.assert_allclose(found, (np.argwhere(disc) + 0.5).mean(0) * 0.45, atol=0.03)
    assert (bits > 0).sum() * spacing_mm**2 == pytest.approx(disc.sum() * 0.45**2, rel=0.02)
    assert (image > 127)[bits > 0].mean() > 0.99


def test_a_drawn_slice_has_its_image_and_its_finer_bits_in_the_same_place() -> None:
    rows, columns = np.indices((150, 120))
    disc = torch.from_numpy(((rows - 70.0) ** 2 + (columns - 50.0) ** 2 < 25**2).astype(np.float32))
    how, shape = Augmentation(scale=1.2), (64, 48)
    for seed in range(5):
        image, bits = warped(disc, disc, shape=shape, rng=np.random.default_rng(seed), how=how)
        assert image.shape == shape
        assert bits.shape == (64 * FINER, 48 * FINER)
        assert bits.sum() == pytest.approx(float(image.sum()) * FINER**2, rel=0.02)
        middle = (torch.nonzero(bits) + 0.5).mean(0) / FINER
        places = torch.stack(torch.meshgrid(*map(torch.arange, shape), indexing="ij"), -1) + 0.5
        own = (places * image[..., None]).sum((0, 1)) / image.sum()
        np.testing.assert_allclose(middle, own, atol=0.1)


def test_a_small_network_learns_to_outline_a_bright_square_and_is_balanced_after_a_shift(
    tmp_path: Path,
) -> None:
    torch.manual_seed(0)
    plain = Augmentation(rotation_degrees=0, scale=1.1, class_contrast=0, curve=0, blur=0, noise=0)
    batches = Batches(sources=[Source(slices=toy_slices(), augmentation=plain)], shape=(64, 64), size=4)
    schedule = Schedule(steps=60, peak_rate=1e-2, warm_up=5, average=0.8)
    run = Run(UNet(inputs=1, outputs=2, base=4), schedule, tmp_path / "run.pt")
    run.train(batches)
    network, names = run.averaged(), ("square", "unknown")
    assert isinstance(network, UNet)
    learned = dice_of(network, toy_slices(), names)["square"]
    assert learned > 0.7
    with torch.no_grad():
        network.head.bias -= 2  # as if squares were rare
    assert dice_of(network, toy_slices(), names)["square"] < learned
    shifts = balance(network, [toy_slices()], names)
    assert dice_of(network, toy_slices(), names)["square"] >= learned - 0.05
    assert shifts["square"] > 0
    assert shifts["unknown"] == 0


def test_the_real_slices_read_with_their_three_structures(shared_data: Path, tmp_path: Path) -> None:
    for kind in ("images", "masks"):
        (tmp_path / kind).mkdir()
        source = shared_data / "spider_sagittal" / kind / "052_062.png"
        (tmp_path / kind / source.name).write_bytes(source.read_bytes())
    names = tuple(name.value for name in SagittalStructure)
    slices = read_spider(tmp_path, names, Preprocessing(spacing_mm=0.9, largest=(448, 448)))
    assert slices.images[0].shape == (320, 256)
    assert slices.patients == ("052",)
    known = [name for name, outlined in zip(names, slices.known, strict=True) if outlined]
    assert known == ["disc", "vertebra", "spinal_canal"]
    counts = [int(((slices.bits[0] >> names.index(name)) & 1).sum()) for name in known]
    assert counts == pytest.approx([8337 / 4, 43634 / 4, 12259 / 4], rel=0.05)  # of the PNG, at half its size


@pytest.mark.parametrize("variation", VARIATIONS)
def test_a_varied_image_is_outlined_where_it_was(variation: Variation) -> None:
    voxels = blocks()
    masks = segmenter(0.5)(volume_of(voxels, [1, 0, 0], [0, 1, 0]), variation=variation)
    np.testing.assert_array_equal(masks.mask("bright"), voxels > 500)
