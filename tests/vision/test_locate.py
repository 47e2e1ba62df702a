"""Levels are named from the sacrum up, placed in the patient, and met by the right axial slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from lss_core.domain import LEVELS, Condition, Level, NotGradable, SagittalStructure, SeriesRole, Site
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.phantom import PhantomOptions, make_study
from lss_core.vision.locate import Places, axial_slice, locate

DEPTH, HEIGHT, DISC, CANAL = 34.0, 27.0, 9.0, 14.0
"""Sizes of the drawn spine in mm: body from front to back, body and disc height, canal."""


@dataclass(frozen=True, kw_only=True)
class Bone:
    """A box in the sagittal plane: its middle (y, z), and its unit vectors back and up."""

    middle: NDArray[np.float64]
    back: NDArray[np.float64]
    up: NDArray[np.float64]
    name: str


def bones_of(rng: np.random.Generator) -> list[Bone]:
    """T12 to S2, stacked along a lordosis."""
    names = ["T12", "L1", "L2", "L3", "L4", "L5", "S1", "S2"]
    pitch = np.radians(np.array([15, 14, 11, 4, -6, -20, -38, -42]) * rng.uniform(0.6, 1.3))
    middle = np.array([0.0, 105.0])
    bones = []
    for number, name in enumerate(names):
        up = np.array([np.sin(pitch[number]), np.cos(pitch[number])])
        if number:
            middle = middle - up * (HEIGHT + (DISC if name != "S2" else 2.0)) / 2
        bones.append(Bone(middle=middle, back=np.array([up[1], -up[0]]), up=up, name=name))
        middle = middle - up * (HEIGHT + (DISC if name not in ("S1", "S2") else 2.0)) / 2
    return bones


def drawn(
    rng: np.random.Generator, *, s1_s2_mm: float = 0.0
) -> tuple[Volume, dict[str, NDArray[np.bool_]], dict[Level, NDArray[np.float64]]]:
    """A sagittal volume of 13 slices, its masks, and the canal's point (x, y, z) at each disc.

    s1_s2_mm: the height of a disc below S1.
    """
    bones, size, spacing = bones_of(rng), 250, 1.1
    volume = Volume(
        voxels=np.zeros((13, size, size), np.int16),
        positions_mm=np.stack([np.array([x, -150.0, 130.0]) for x in np.arange(-24, 25, 4.0)]),
        x_axes=np.tile([0.0, 1, 0], (13, 1)),
        y_axes=np.tile([0.0, 0, -1], (13, 1)),
        spacing_mm=(spacing, spacing),
        thickness_mm=4.0,
        instance_numbers=tuple(range(1, 14)),
        block=np.zeros(13, np.int64),
    )
    row, column = np.mgrid[:size, :size] * spacing
    plane = np.stack([column - 150.0, 130.0 - row], -1)
    masks = {name.value: np.zeros(volume.shape, bool) for name in SagittalStructure}
    points: dict[Level, NDArray[np.float64]] = {}
    for bone, below in zip(bones, [*bones[1:], None], strict=True):
        away = plane - bone.middle
        back, up = away @ bone.back, away @ bone.up
        body = (np.abs(back) < DEPTH / 2) & (np.abs(up) < HEIGHT / 2)
        masks["sacrum" if bone.name.startswith("S") else "vertebra"][:] |= body
        canal = (back > DEPTH / 2 + 1) & (back < DEPTH / 2 + 1 + CANAL) & (np.abs(up) < HEIGHT / 2 + DISC)
        masks["spinal_canal"][4:9] |= canal & (bone.name != "S2")
        arch = (np.abs(back - DEPTH / 2 - 10) < 11) & (up > -HEIGHT / 4) & (up < HEIGHT / 3)
        arch |= (np.abs(back - DEPTH / 2 - 20) < 5) & (np.abs(up) < HEIGHT / 2 + DISC / 2)
        masks["sacrum" if bone.name.startswith("S") else "vertebra"][[1, 2, 10, 11]] |= arch
        height = s1_s2_mm if bone.name == "S1" else DISC
        if below is None or not height:
            continue
        upright = bone.up + below.up
        upright /= np.linalg.norm(upright)
        along = np.array([upright[1], -upright[0]])
        middle = (bone.middle - bone.up * HEIGHT / 2 + below.middle + below.up * HEIGHT / 2) / 2
        away = plane - middle
        masks["disc"][1:12] |= (np.abs(away @ along) < DEPTH / 2) & (np.abs(away @ upright) < height / 2)
        if bone.name.startswith("L"):
            y, z = middle + along * (DEPTH / 2 + 1 + CANAL / 2)
            points[LEVELS[int(bone.name[1]) - 1]] = np.array([0.0, y, z])
    return volume, masks, points


def located(volume: Volume, masks: dict[str, NDArray[np.bool_]]) -> Places:
    stack = MaskStack.from_masks(masks, [name.value for name in SagittalStructure])
    return locate({SeriesRole.SAGITTAL_T2: volume}, {SeriesRole.SAGITTAL_T2: stack})


def disc_box(volume: Volume, point: NDArray[np.float64], reach_mm: float) -> tuple[slice, ...]:
    """The pixels of all slices around the disc in front of a canal point."""
    row, column = volume.to_pixel(6, point[None])[0][0]
    rows = int(reach_mm / volume.spacing_mm[0])
    return slice(None), slice(int(row) - rows, int(row) + rows), slice(int(column) - 50, int(column) + 2)


@pytest.mark.parametrize("seed", range(8))
def test_every_level_is_named_and_its_canal_point_lies_within_3_mm(seed: int) -> None:
    volume, masks, points = drawn(np.random.default_rng(seed))
    places = located(volume, masks)
    assert not places.missing
    for level, point in points.items():
        assert np.linalg.norm(np.array(places.canal_points_mm[level]) - point) < 3
        assert places.disc_normals[level][2] > 0.7


@pytest.mark.parametrize("seed", range(4))
def test_foramina_lie_on_their_own_side_behind_the_disc(seed: int) -> None:
    volume, masks, points = drawn(np.random.default_rng(seed))
    found = located(volume, masks).foramen_points_mm
    assert len(found) == 10
    for site, point in found.items():
        sign = 1 if site.side == "left" else -1
        assert 10 <= sign * point[0] <= 24
        assert abs(point[2] - points[site.level][2]) < 16


def test_a_disc_that_was_missed_does_not_shift_the_names() -> None:
    volume, masks, points = drawn(np.random.default_rng(3))
    masks["disc"][disc_box(volume, points[Level.L3_L4], 12)] = False
    places = located(volume, masks)
    for level, point in points.items():
        assert np.linalg.norm(np.array(places.canal_points_mm[level]) - point) < 5


def test_a_canal_that_is_effaced_at_a_disc_is_bridged() -> None:
    volume, masks, points = drawn(np.random.default_rng(4))
    row, column = (int(part) for part in volume.to_pixel(6, points[Level.L4_L5][None])[0][0])
    masks["spinal_canal"][:, row - 4 : row + 5, column - 20 : column + 20] = False
    point = located(volume, masks).canal_points_mm[Level.L4_L5]
    assert np.linalg.norm(np.array(point) - points[Level.L4_L5]) < 3


def test_specks_far_from_the_spine_are_not_discs() -> None:
    volume, masks, points = drawn(np.random.default_rng(5))
    masks["disc"][3:10, 150:160, 20:50] = True
    masks["disc"][3:10, 235:242, 60:95] = True
    places = located(volume, masks)
    assert np.linalg.norm(np.array(places.canal_points_mm[Level.L5_S1]) - points[Level.L5_S1]) < 3


def test_without_a_sacrum_mask_the_last_vertebra_still_tells_the_lowest_level() -> None:
    volume, masks, points = drawn(np.random.default_rng(6))
    masks["sacrum"][:] = False
    places = located(volume, masks)
    assert np.linalg.norm(np.array(places.canal_points_mm[Level.L5_S1]) - points[Level.L5_S1]) < 3


def test_an_image_that_ends_above_the_sacrum_names_no_level_and_says_why() -> None:
    volume, masks, points = drawn(np.random.default_rng(7))
    row = int(volume.to_pixel(6, points[Level.L4_L5][None])[0][0][0]) + 8
    cut = {name: mask[:, :row] for name, mask in masks.items()}
    short = Volume(**{**vars_of(volume), "voxels": volume.voxels[:, :row]})
    places = located(short, cut)
    assert not places.canal_points_mm
    assert set(places.missing) == set(LEVELS)
    assert "image ends" in places.missing[Level.L5_S1]
    assert set(places.reasons.values()) == {NotGradable.NUMBERING_UNCERTAIN}


def test_a_full_disc_below_s1_leaves_the_numbering_uncertain_and_no_level_is_named() -> None:
    volume, masks, _ = drawn(np.random.default_rng(9), s1_s2_mm=0.8 * DISC)
    places = located(volume, masks)
    assert not places.canal_points_mm
    assert places.missing[Level.L3_L4] == "six discs have vertebrae of lumbar type above them"
    assert places.reasons == dict.fromkeys(LEVELS, NotGradable.NUMBERING_UNCERTAIN)


def test_the_rudiment_of_a_disc_below_s1_leaves_the_numbering_as_it_is() -> None:
    volume, masks, points = drawn(np.random.default_rng(9), s1_s2_mm=0.35 * DISC)
    places = located(volume, masks)
    assert np.linalg.norm(np.array(places.canal_points_mm[Level.L5_S1]) - points[Level.L5_S1]) < 3


def test_a_level_above_the_image_is_outside_it_and_a_missed_one_inside_is_not_found() -> None:
    volume, masks, points = drawn(np.random.default_rng(7))
    row = int(volume.to_pixel(6, points[Level.L1_L2][None])[0][0][0]) + 12
    positions = volume.positions_mm + row * volume.spacing_mm[0] * volume.y_axes
    short = Volume(**{**vars_of(volume), "voxels": volume.voxels[:, row:], "positions_mm": positions})
    places = located(short, {name: mask[:, row:] for name, mask in masks.items()})
    assert places.missing == {Level.L1_L2: "the image ends below it"}
    assert places.reasons == {Level.L1_L2: NotGradable.OUTSIDE_IMAGE}
    masks["disc"][disc_box(volume, points[Level.L1_L2], 60)] = False
    assert located(volume, masks).reasons == {}


def test_when_the_lowest_disc_was_missed_the_others_keep_their_names() -> None:
    volume, masks, points = drawn(np.random.default_rng(8))
    masks["disc"][disc_box(volume, points[Level.L5_S1], 25)] = False
    places = located(volume, masks)
    assert places.missing == {Level.L5_S1: "its disc was not found"}
    assert np.linalg.norm(np.array(places.canal_points_mm[Level.L4_L5]) - points[Level.L4_L5]) < 3


def test_a_vertebra_below_the_lowest_disc_and_no_sacrum_leave_all_levels_without_a_name() -> None:
    volume, masks, points = drawn(np.random.default_rng(8))
    masks["disc"][disc_box(volume, points[Level.L5_S1], 25)] = False
    masks["sacrum"][:] = False
    places = located(volume, masks)
    assert not places.canal_points_mm
    assert "another vertebra below it" in places.missing[Level.L4_L5]


def test_an_image_of_nothing_has_no_canal() -> None:
    volume, masks, _ = drawn(np.random.default_rng(0))
    places = located(volume, {name: np.zeros_like(mask) for name, mask in masks.items()})
    assert set(places.missing.values()) == {"the spinal canal was not found"}


def test_a_case_without_sagittal_series_says_so() -> None:
    assert set(locate({}, {}).missing.values()) == {"there is no sagittal series"}


def vars_of(volume: Volume) -> dict[str, object]:
    return {name: getattr(volume, name) for name in Volume.__dataclass_fields__}


def tilted_blocks(centres: list[NDArray[np.float64]], degrees: list[float]) -> Volume:
    """Axial blocks of five slices 4 mm apart, each tilted about x around its own centre."""
    positions, x_axes, y_axes, block = [], [], [], []
    for number, (centre, angle) in enumerate(zip(centres, np.radians(degrees), strict=True)):
        y_axis = np.array([0.0, np.cos(angle), np.sin(angle)])
        normal = np.cross([1.0, 0, 0], y_axis)
        for step in (8, 4, 0, -4, -8):
            positions.append(centre + step * normal - 80 * np.array([1.0, 0, 0]) - 80 * y_axis)
            x_axes.append([1.0, 0, 0])
            y_axes.append(y_axis)
            block.append(number)
    count = len(positions)
    return Volume(
        voxels=np.zeros((count, 160, 160), np.int16),
        positions_mm=np.array(positions),
        x_axes=np.array(x_axes),
        y_axes=np.array(y_axes),
        spacing_mm=(1.0, 1.0),
        thickness_mm=4.0,
        instance_numbers=tuple(range(1, count + 1)),
        block=np.array(block),
    )


def at(level: Level, z: float, degrees: float) -> Places:
    """A level whose canal lies at (0, 0, z) behind a disc tilted by an angle."""
    angle = np.radians(degrees)
    up = (0.0, -float(np.sin(angle)), float(np.cos(angle)))
    disc = (0.0, -25 * float(np.cos(angle)), z - 25 * float(np.sin(angle)))
    return Places(
        canal_points_mm={level: (0.0, 0.0, z)}, disc_points_mm={level: disc}, disc_normals={level: up}
    )


@pytest.mark.parametrize("degrees", [-20.0, 0.0, 15.0, 35.0])
def test_the_axial_slice_is_the_one_through_disc_and_canal(degrees: float) -> None:
    volume = tilted_blocks([np.array([0, 0, 40.0]), np.array([0.0, 0, 0])], [0, degrees])
    k = axial_slice(volume, Level.L4_L5, at(Level.L4_L5, 2.0, degrees))
    assert k == 7  # the middle of the second block: 2.5 mm below the canal's point, within half a step


def test_where_blocks_cross_the_one_that_lies_in_the_disc_is_taken() -> None:
    centre = np.array([0.0, 0, 0])
    volume = tilted_blocks([centre, centre], [0, 30])
    k = axial_slice(volume, Level.L5_S1, at(Level.L5_S1, 2.5, 30))
    assert k is not None
    assert volume.block[k] == 1


def test_no_axial_slice_within_5_mm_gives_none() -> None:
    volume = tilted_blocks([np.array([0.0, 0, 0])], [0])
    assert axial_slice(volume, Level.L1_L2, at(Level.L1_L2, 12.9, 0)) is not None
    assert axial_slice(volume, Level.L1_L2, at(Level.L1_L2, 13.1, 0)) is None


def test_a_point_outside_the_frame_of_every_slice_gives_none() -> None:
    volume = tilted_blocks([np.array([100.0, 0, 0])], [0])
    assert axial_slice(volume, Level.L1_L2, at(Level.L1_L2, 0.0, 0)) is None


def test_a_level_that_was_not_found_has_no_slice() -> None:
    volume = tilted_blocks([np.array([0.0, 0, 0])], [0])
    assert axial_slice(volume, Level.L1_L2, at(Level.L5_S1, 0.0, 0)) is None


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12])
def test_on_the_true_masks_of_a_phantom_every_place_is_found(seed: int) -> None:
    study = make_study(seed, options=PhantomOptions(sub_slices=1, axial_pixels=192))
    places = locate(study.series, study.masks)
    assert not places.missing
    for level, point in study.canal_points_mm.items():
        assert np.linalg.norm(np.array(places.canal_points_mm[level]) - point) < 3
        slice_index = axial_slice(study.series[SeriesRole.AXIAL_T2], level, places)
        assert slice_index is not None
        assert study.series[SeriesRole.AXIAL_T2].distances_mm(np.array(point))[slice_index] < 5
    for site, point in study.site_points_mm.items():
        if site.condition is Condition.FORAMINAL and site in places.foramen_points_mm:
            assert np.linalg.norm(np.array(places.foramen_points_mm[site]) - point) < 6
    assert len(places.foramen_points_mm) >= 8
    assert all(isinstance(site, Site) for site in places.foramen_points_mm)
