"""Outlines that contradict anatomy are taken away; nothing is added."""

from __future__ import annotations

import numpy as np

from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.vision.plausible import plausible

NAMES = ("disc", "vertebra", "sacrum", "spinal_canal", "cord")


def sagittal(slices: int, size: int) -> Volume:
    """A sagittal volume of pixels of 1 mm, rows to the feet."""
    return Volume(
        voxels=np.zeros((slices, size, size), np.int16),
        positions_mm=np.stack([np.array([4.0 * k, 0, 0]) for k in range(slices)]),
        x_axes=np.tile([0.0, 1, 0], (slices, 1)),
        y_axes=np.tile([0.0, 0, -1], (slices, 1)),
        spacing_mm=(1.0, 1.0),
        thickness_mm=4.0,
        instance_numbers=tuple(range(slices)),
        block=np.zeros(slices, np.int64),
    )


def test_cord_outside_the_canal_is_taken_away() -> None:
    canal, cord = np.zeros((2, 40, 40), bool), np.zeros((2, 40, 40), bool)
    canal[:, 10:30, 18:24] = True
    cord[:, 12:28, 20:22] = True
    cord[0, :, 35:] = True
    kept = plausible(MaskStack.from_masks({"spinal_canal": canal, "cord": cord}, NAMES), sagittal(2, 40))
    assert kept.mask("cord")[0, 20, 20]
    assert not kept.mask("cord")[:, :, 35:].any()
    np.testing.assert_array_equal(kept.mask("spinal_canal"), canal)


def test_the_sacrum_is_one_piece_below_the_vertebrae() -> None:
    vertebra, sacrum = np.zeros((3, 90, 90), bool), np.zeros((3, 90, 90), bool)
    vertebra[:, 5:50, 30:50] = True
    sacrum[:, 55:75, 40:60] = True
    sacrum[1, 0:20, 60:90] = True
    sacrum[1, 80:84, 5:10] = True
    kept = plausible(MaskStack.from_masks({"vertebra": vertebra, "sacrum": sacrum}, NAMES), sagittal(3, 90))
    expected = sacrum.copy()
    expected[1, 0:20, 60:90] = False  # beside the vertebrae
    expected[1, 80:84, 5:10] = False  # a speck
    np.testing.assert_array_equal(kept.mask("sacrum"), expected)


def test_what_no_rule_names_stays_as_it_was() -> None:
    rng = np.random.default_rng(0)
    masks = MaskStack.from_masks({"vertebra": rng.random((2, 20, 20)) < 0.5}, NAMES)
    np.testing.assert_array_equal(plausible(masks, sagittal(2, 20)).bits, masks.bits)


def test_a_structure_whose_container_was_not_seen_is_not_seen() -> None:
    cord = np.ones((1, 20, 20), bool)
    assert not plausible(MaskStack.from_masks({"cord": cord}, NAMES), sagittal(1, 20)).mask("cord").any()
