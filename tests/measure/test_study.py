"""Measurements of drawn studies whose geometry is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lss_core.domain import (
    LEVELS,
    SITES,
    Condition,
    Level,
    Point,
    SagittalStructure,
    SeriesRole,
    Side,
    Site,
    Structure,
)
from lss_core.errors import MeasurementError
from lss_core.imaging.masks import MaskStack
from lss_core.imaging.volume import Volume
from lss_core.measure.planes import SideSection, sac_axis
from lss_core.measure.study import Study, measure_study

RADII_MM = {
    Level.L1_L2: 8.0,
    Level.L2_L3: 8.0,
    Level.L3_L4: 8.0,
    Level.L4_L5: 4.0,  # a quarter of the area is left
    Level.L5_S1: 8.0,
}
POINTS: dict[Level, Point] = {level: (0.0, 0.0, -35.0 * number) for number, level in enumerate(LEVELS)}
TILTED = np.deg2rad(20)


def tilted_axial(tilt: float = TILTED, offset_mm: float = 0.0) -> Volume:
    """Three slices at each of five levels, tilted about the patient's left-right axis."""
    along = np.array([0, np.cos(tilt), -np.sin(tilt)])
    left = np.array([1.0, 0, 0])
    positions = [
        np.array([0, 0, POINTS[level][2] + step + offset_mm]) - 40 * left - 40 * along
        for level in LEVELS
        for step in (4.0, 0.0, -4.0)
    ]
    n = len(positions)
    return Volume(
        voxels=np.zeros((n, 161, 161), np.int16),
        positions_mm=np.array(positions),
        x_axes=np.tile(left, (n, 1)),
        y_axes=np.tile(along, (n, 1)),
        spacing_mm=(0.5, 0.5),
        thickness_mm=4,
        instance_numbers=tuple(range(1, n + 1)),
        block=np.repeat(np.arange(5), 3),
    )


def drawn_axial(volume: Volume, left_recess_mm: float = 6, right_recess_mm: float = 2) -> MaskStack:
    """An upright sac of known radius, a canal of 12 mm radius, recesses of known height."""
    masks = {name: np.zeros(volume.shape, bool) for name in Structure}
    rows, columns = np.mgrid[: volume.shape[1], : volume.shape[2]]
    pixels = np.stack([rows.ravel(), columns.ravel()], 1)
    for k in range(volume.shape[0]):
        x, y, _ = volume.to_patient(k, pixels).T.reshape(3, *rows.shape)
        radius = RADII_MM[LEVELS[k // 3]]
        masks[Structure.DURAL_SAC][k] = np.hypot(x, y) <= radius
        masks[Structure.SPINAL_CANAL][k] = np.hypot(x, y) <= 12
        masks[Structure.LATERAL_RECESS][k] = (np.abs(y) <= left_recess_mm / 2) & (x > 9) & (x < 14)
        masks[Structure.LATERAL_RECESS][k] |= (np.abs(y) <= right_recess_mm / 2) & (x < -9) & (x > -14)
        masks[Structure.FACET_JOINT][k] = (np.abs(x) > 15) & (np.abs(x) < 20) & (np.abs(y - 10) < 5)
        masks[Structure.DISC][k] = (np.abs(x) < 20) & (y < -13) & (y > -30)
        masks[Structure.LIGAMENTUM_FLAVUM][k] = (np.abs(x) < 10) & (np.abs(x) > 2) & (y > 12) & (y < 15)
    return MaskStack.from_masks(masks, tuple(Structure))


def drawn_study(volume: Volume, masks: MaskStack) -> Study:
    role = SeriesRole.AXIAL_T2
    return Study(series={role: volume}, masks={role: masks}, canal_points_mm=POINTS)


def central(found: Mapping[Site, Mapping[str, float]], level: Level) -> Mapping[str, float]:
    return found[Site(condition=Condition.CENTRAL, level=level)]


def recess(found: Mapping[Site, Mapping[str, float]], level: Level, side: Side) -> Mapping[str, float]:
    return found[Site(condition=Condition.LATERAL_RECESS, level=level, side=side)]


@pytest.fixture(scope="module")
def measured() -> dict[Site, dict[str, float]]:
    volume = tilted_axial()
    return measure_study(drawn_study(volume, drawn_axial(volume)))


def test_a_tilted_slice_gives_the_area_perpendicular_to_the_sac(
    measured: dict[Site, dict[str, float]],
) -> None:
    at = central(measured, Level.L3_L4)
    assert at["sac_area_mm2"] == pytest.approx(np.pi * 8**2, rel=0.02)
    assert at["sac_height_mm"] == pytest.approx(16, abs=0.6)
    assert at["sac_width_mm"] == pytest.approx(16, abs=0.6)
    assert at["canal_ap_mm"] == pytest.approx(24, abs=0.6)


def test_the_canal_that_is_measured_is_the_one_around_the_sac(
    measured: dict[Site, dict[str, float]],
) -> None:
    volume = tilted_axial()
    masks = drawn_axial(volume)
    canal = np.uint32(1 << masks.structures.index(Structure.SPINAL_CANAL))
    masks.bits[:, :50, :50] |= canal  # larger than the canal, and somewhere else
    found = measure_study(drawn_study(volume, masks))
    assert central(found, Level.L3_L4) == central(measured, Level.L3_L4)


def test_a_narrow_level_is_compared_with_its_unaffected_neighbours(
    measured: dict[Site, dict[str, float]],
) -> None:
    assert central(measured, Level.L4_L5)["sac_area_ratio"] == pytest.approx(0.25, abs=0.02)
    assert central(measured, Level.L2_L3)["sac_area_ratio"] == pytest.approx(1, abs=0.02)
    assert central(measured, Level.L4_L5)["canal_ap_ratio"] == pytest.approx(1, abs=0.02)


def test_each_recess_is_measured_on_its_own_side(measured: dict[Site, dict[str, float]]) -> None:
    assert recess(measured, Level.L4_L5, Side.LEFT)["recess_height_mm"] == pytest.approx(6, abs=0.6)
    assert recess(measured, Level.L4_L5, Side.RIGHT)["recess_height_mm"] == pytest.approx(2, abs=0.6)
    assert recess(measured, Level.L4_L5, Side.RIGHT)["flavum_thickness_mm"] == pytest.approx(3, abs=0.6)


@settings(max_examples=4, deadline=None)
@given(st.floats(1.5, 6), st.floats(1.5, 6))
def test_an_image_stored_the_other_way_round_gives_the_same_sides(left: float, right: float) -> None:
    volume = tilted_axial()
    masks = drawn_axial(volume, left, right)
    turned = replace(
        volume,
        voxels=volume.voxels[:, ::-1, ::-1],
        positions_mm=volume.positions_mm + 80 * volume.x_axes + 80 * volume.y_axes,
        x_axes=-volume.x_axes,
        y_axes=-volume.y_axes,
    )
    same = measure_study(
        drawn_study(turned, MaskStack(structures=masks.structures, bits=masks.bits[:, ::-1, ::-1]))
    )
    original = measure_study(drawn_study(volume, masks))
    for site in SITES:
        assert same[site] == pytest.approx(original[site], abs=1e-9)


@settings(max_examples=4, deadline=None)
@given(st.floats(1.5, 6), st.floats(1.5, 6))
def test_a_mirrored_patient_has_the_sides_swapped(left: float, right: float) -> None:
    volume = tilted_axial()
    there = measure_study(drawn_study(volume, drawn_axial(volume, left, right)))
    mirrored = measure_study(drawn_study(volume, drawn_axial(volume, right, left)))
    for site in SITES:
        assert mirrored[site.mirrored] == pytest.approx(there[site], abs=1e-9)


def test_a_recess_that_is_gone_beside_a_facet_that_is_seen_has_no_height() -> None:
    volume = tilted_axial()
    found = measure_study(drawn_study(volume, drawn_axial(volume, right_recess_mm=-1)))
    assert recess(found, Level.L1_L2, Side.RIGHT)["recess_height_mm"] == 0


def test_a_level_without_a_slice_within_5_mm_is_not_measured() -> None:
    volume = tilted_axial(offset_mm=12)
    found = measure_study(drawn_study(volume, drawn_axial(volume)))
    assert not central(found, Level.L1_L2)


def test_a_sac_seen_once_has_no_direction() -> None:
    with pytest.raises(MeasurementError, match="too few slices to know its direction"):
        sac_axis(np.zeros((1, 3)), np.zeros(3))


def drawn_disc(bulge_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """A disc 10 mm high between two bodies, at 0.5 mm, standing out by a bulge."""
    disc, bone = np.zeros((140, 140), bool), np.zeros((140, 140), bool)
    bone[10:58, 20:80] = bone[82:130, 20:80] = True
    disc[60:80, 20 : 80 + round(bulge_mm / 0.5)] = True
    return disc, bone


@pytest.mark.parametrize(("x_mm", "clearance_mm"), [(8, 4), (9.5, 4), (10.5, 4), (12, 4), (13.5, 6), (16, 6)])
def test_the_room_of_a_foramen_is_the_lesser_of_two_slices(x_mm: float, clearance_mm: float) -> None:
    role, site = (
        SeriesRole.SAGITTAL_T1,
        Site(condition=Condition.FORAMINAL, level=Level.L4_L5, side=Side.LEFT),
    )
    volume = Volume(
        voxels=np.zeros((3, 100, 100), np.int16),
        positions_mm=np.array([[x, -25, 25] for x in (8.0, 12.0, 16.0)]),
        x_axes=np.array([[0.0, 1, 0]] * 3),
        y_axes=np.array([[0.0, 0, -1]] * 3),
        spacing_mm=(0.5, 0.5),
        thickness_mm=4,
        instance_numbers=(1, 2, 3),
        block=np.zeros(3, int),
    )
    study = Study(
        series={role: volume},
        masks={role: MaskStack.from_masks({"disc": np.zeros((3, 100, 100), bool)}, tuple(SagittalStructure))},
        canal_points_mm={Level.L4_L5: (0.0, 0.0, 0.0)},
        site_points_mm={site: (x_mm, 0.0, 0.0)},
        foramina={site: {(role, k): round_hole(radius) for k, radius in enumerate((2.0, 4.0, 3.0))}},
    )
    found = measure_study(study)[site]
    assert found["foramen_clearance_mm"] == pytest.approx(clearance_mm, abs=0.5)
    assert found["foramen_room_mm2"] == pytest.approx(np.pi * clearance_mm**2 / 4, rel=0.12)


def round_hole(radius_mm: float) -> SideSection:
    """A foramen outlined by itself: a round hole full of fat in bone."""
    rows, columns = (np.mgrid[:192, :192] - 95.5) * 0.25
    nothing = np.zeros((192, 192), bool)
    fat = np.hypot(rows, columns) <= radius_mm
    return SideSection(
        masks={"fat": fat, "nerve": nothing, "disc": nothing},
        place=(95.5, 95.5),
        up=(-1.0, 0.0),
        spacing_mm=(0.25, 0.25),
        image=np.zeros((192, 192)),
    )


def test_a_sagittal_series_adds_the_disc_and_the_foramina() -> None:
    disc, bone = drawn_disc(3)
    bone[:60, 80:100] = bone[80:, 80:100] = True  # pedicles
    bone[:, 100:] = True  # joints behind
    role, site = (
        SeriesRole.SAGITTAL_T2,
        Site(condition=Condition.FORAMINAL, level=Level.L4_L5, side=Side.LEFT),
    )
    volume = Volume(
        voxels=np.zeros((1, 140, 140), np.int16),
        positions_mm=np.array([[0.0, -35, 35]]),
        x_axes=np.array([[0.0, 1, 0]]),
        y_axes=np.array([[0.0, 0, -1]]),
        spacing_mm=(0.5, 0.5),
        thickness_mm=4,
        instance_numbers=(1,),
        block=np.zeros(1, int),
    )
    masks = MaskStack.from_masks(
        {SagittalStructure.DISC: disc[None], SagittalStructure.VERTEBRA: bone[None]}, tuple(SagittalStructure)
    )
    study = Study(
        series={role: volume},
        masks={role: masks},
        canal_points_mm={Level.L4_L5: (0.0, 12.0, 0.0)},
        site_points_mm={site: (0.0, 9.0, 0.0)},
    )
    found = measure_study(study)[site]
    assert found["foramen_height_mm"] == pytest.approx(10, abs=0.6)
    assert found["foramen_width_mm"] == pytest.approx((100 - 86) * 0.5, abs=0.6)
    assert found["disc_height_mm"] == pytest.approx(10, abs=0.3)
