"""Shapes whose sizes are known by arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lss_core.errors import MeasurementError
from lss_core.measure import shapes

FINE = (0.25, 0.25)


def ellipse(rows: int, columns: int, half_height: float, half_width: float) -> np.ndarray:
    y, x = np.mgrid[:rows, :columns] - np.array([(rows - 1) / 2, (columns - 1) / 2])[:, None, None]
    inside: np.ndarray = (y / half_height) ** 2 + (x / half_width) ** 2 <= 1
    return inside


def test_an_ellipse_has_the_area_and_extents_of_its_formula() -> None:
    mask = ellipse(100, 160, 32, 48)  # half axes 8 mm and 12 mm at 0.25 mm
    assert shapes.area_mm2(mask, FINE) == pytest.approx(np.pi * 8 * 12, rel=0.01)
    assert shapes.width_mm(mask, FINE) == pytest.approx(24, abs=0.3)
    assert shapes.height_mm(mask, FINE) == pytest.approx(16, abs=0.3)
    assert shapes.middle_depth_mm(mask, FINE) == pytest.approx(16, abs=0.3)
    assert shapes.inscribed_diameter_mm(mask, FINE) == pytest.approx(16, abs=0.4)


def test_spacing_counts_row_and_column_apart() -> None:
    mask = np.zeros((20, 20), bool)
    mask[5:9, 3:13] = True  # 4 rows, 10 columns
    assert shapes.height_mm(mask, (2.0, 0.5)) == 8
    assert shapes.width_mm(mask, (2.0, 0.5)) == 5
    assert shapes.area_mm2(mask, (2.0, 0.5)) == 40
    assert shapes.greatest_depth_mm(mask, (2.0, 0.5)) == 8


def test_the_cosine_turns_a_tilted_cut_of_a_cylinder_into_its_cross_section() -> None:
    radius, tilt = 8.0, np.deg2rad(25)
    cut = ellipse(120, 100, radius / np.cos(tilt) / 0.25, radius / 0.25)
    area = shapes.area_mm2(cut, FINE, cosine=float(np.cos(tilt)))
    assert area == pytest.approx(np.pi * radius**2, rel=0.01)


@given(st.integers(0, 30), st.integers(1, 30), st.integers(0, 2**31))
def test_a_mirrored_mask_has_the_opposite_asymmetry_and_the_same_sizes(
    shift: int, size: int, seed: int
) -> None:
    mask = np.zeros((40, 61), bool)
    mask[5 : 5 + size, shift : shift + size] = np.random.default_rng(seed).random((size, size)) > 0.4
    mask[20, 30 - shift // 2] = True
    flipped = mask[:, ::-1]
    assert shapes.asymmetry_ratio(flipped, 30) == -shapes.asymmetry_ratio(mask, 30)
    assert shapes.area_mm2(flipped, FINE) == shapes.area_mm2(mask, FINE)
    assert shapes.median_depth_mm(flipped, FINE) == shapes.median_depth_mm(mask, FINE)


def test_a_part_on_the_patients_left_alone_is_wholly_asymmetric() -> None:
    mask = np.zeros((10, 21), bool)
    mask[3:6, 12:18] = True
    assert shapes.asymmetry_ratio(mask, 10) == 1


def test_the_part_nearest_to_a_point_is_taken_and_none_far_away() -> None:
    mask = np.zeros((50, 50), bool)
    mask[5:8, 5:8] = mask[40:43, 40:43] = True
    near = shapes.component_near(mask, (38.0, 38.0), (1.0, 1.0), within_mm=5)
    assert near.sum() == 9
    assert near[41, 41]
    with pytest.raises(MeasurementError, match="no part of it lies within 5 mm"):
        shapes.component_near(mask, (25.0, 25.0), (1.0, 1.0), within_mm=5)


def test_each_ray_meets_the_wall_where_it_stands() -> None:
    solid = np.zeros((40, 40), bool)
    solid[:, 30:] = True
    directions = np.array([(0.0, 1.0), (0.0, -1.0)])
    towards, away = shapes.rays_mm(solid, (20.0, 10.0), directions, (1.0, 0.5), 50)
    assert towards == pytest.approx(20 * 0.5, abs=0.3)
    assert np.isnan(away)


@pytest.mark.parametrize(
    "measure", [shapes.area_mm2, shapes.width_mm, shapes.height_mm, shapes.middle_depth_mm]
)
def test_an_empty_mask_is_refused_and_is_not_zero(measure) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(MeasurementError, match="not seen in this slice"):
        measure(np.zeros((5, 5), bool), FINE)
