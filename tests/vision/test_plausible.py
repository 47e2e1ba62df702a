"""Outlines that contradict anatomy are taken away; nothing is added."""

from __future__ import annotations

import numpy as np

from lss_core.imaging.masks import MaskStack
from lss_core.vision.plausible import plausible

NAMES = ("vertebra", "sacrum", "spinal_canal", "cord")


def test_cord_outside_the_canal_is_taken_away() -> None:
    canal, cord = np.zeros((2, 40, 40), bool), np.zeros((2, 40, 40), bool)
    canal[:, 10:30, 18:24] = True
    cord[:, 12:28, 20:22] = True
    cord[0, :, 35:] = True
    kept = plausible(MaskStack.from_masks({"spinal_canal": canal, "cord": cord}, NAMES), (1.0, 1.0))
    assert kept.mask("cord")[0, 20, 20]
    assert not kept.mask("cord")[:, :, 35:].any()
    np.testing.assert_array_equal(kept.mask("spinal_canal"), canal)


def test_of_the_sacrum_the_largest_part_stays_across_slices() -> None:
    sacrum = np.zeros((3, 40, 40), bool)
    sacrum[:, 25:35, 10:20] = True
    sacrum[1, 0:12, 30:40] = True
    kept = plausible(MaskStack.from_masks({"sacrum": sacrum}, NAMES), (1.0, 1.0)).mask("sacrum")
    assert kept[:, 25:35, 10:20].all()
    assert not kept[1, 0:12].any()


def test_what_no_rule_names_stays_as_it_was() -> None:
    rng = np.random.default_rng(0)
    masks = MaskStack.from_masks({"vertebra": rng.random((2, 20, 20)) < 0.5}, NAMES)
    np.testing.assert_array_equal(plausible(masks, (1.0, 1.0)).bits, masks.bits)


def test_a_structure_whose_container_was_not_seen_is_not_seen() -> None:
    cord = np.ones((1, 20, 20), bool)
    assert not plausible(MaskStack.from_masks({"cord": cord}, NAMES), (1.0, 1.0)).mask("cord").any()
