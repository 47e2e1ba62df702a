"""Foramina drawn with a ruler."""

from __future__ import annotations

import numpy as np
import pytest

from lss_core.errors import MeasurementError
from lss_core.measure.foramen import FAT_ABOUT_MM, ROOM_REACH_MM, foramen

MM = 0.5
FINE = (MM, MM)


def hole(height_mm: float, width_mm: float, turn_deg: float = 0.0) -> np.ndarray:
    """Solid all around a rectangle in the middle of 200 x 200 pixels, turned to the back."""
    rows, columns = (np.mgrid[:200, :200] - 99.5) * MM
    turn = np.deg2rad(turn_deg)
    down = rows * np.cos(turn) - columns * np.sin(turn)
    across = rows * np.sin(turn) + columns * np.cos(turn)
    solid: np.ndarray = (np.abs(down) > height_mm / 2) | (np.abs(across) > width_mm / 2)
    return solid


@pytest.mark.parametrize("turn_deg", [0, 30])
def test_a_foramen_is_measured_from_bone_to_bone(turn_deg: float) -> None:
    up = (-float(np.cos(np.deg2rad(turn_deg))), float(np.sin(np.deg2rad(turn_deg))))
    size = foramen(hole(20, 10, turn_deg), (99.5, 99.5), FINE, up=up)
    assert size.height_mm == pytest.approx(20, abs=0.9)
    assert size.width_mm == pytest.approx(10, abs=0.8)
    assert size.area_mm2 == pytest.approx(200, rel=0.07)
    assert size.clearance_mm == pytest.approx(10, abs=0.6)


def test_the_room_ends_8_mm_from_the_middle() -> None:
    size = foramen(hole(26, 26), (99.5, 99.5), FINE)
    assert size.room_mm2 == pytest.approx(np.pi * ROOM_REACH_MM**2, rel=0.02)


def test_a_foramen_that_goes_on_downwards_ends_at_15_mm() -> None:
    solid = hole(20, 10)
    solid[100:, 90:110] = False
    size = foramen(solid, (99.5, 99.5), FINE)
    assert 20 < size.height_mm <= 15 + 15


def test_a_foramen_that_no_bone_bounds_is_refused() -> None:
    with pytest.raises(MeasurementError, match="bone does not bound it"):
        foramen(np.zeros((80, 80), bool), (39.5, 39.5), FINE)


def test_a_foramen_without_any_room_is_closed_and_not_refused() -> None:
    size = foramen(np.ones((80, 80), bool), (39.5, 39.5), FINE)
    assert (size.height_mm, size.area_mm2, size.room_mm2, size.clearance_mm) == (0, 0, 0, 0)


def test_fat_is_what_is_bright_in_the_room() -> None:
    solid = hole(12, 10)
    rows, columns = (np.mgrid[:200, :200] - 99.5) * MM
    root = np.hypot(rows, columns) <= 3
    image = np.where(solid, 200.0, np.where(root, 300.0, 1000.0))
    disc = solid & (rows > 6)
    size = foramen(solid, (99.5, 99.5), FINE, image=image, dark=disc)
    assert size.fat_mm2 == pytest.approx(12 * 10 - np.pi * 9, rel=0.06)
    without = foramen(solid, (99.5, 99.5), FINE, image=np.where(solid, 200.0, 300.0), dark=disc)
    assert without.fat_mm2 == pytest.approx(12 * 10, rel=0.06), "no fat near by: the brightest counts"


def test_only_what_is_near_decides_how_bright_fat_is() -> None:
    solid = hole(12, 10)
    image = np.where(solid, 200.0, 1000.0)
    far = np.hypot(*((np.mgrid[:200, :200] - 99.5) * MM)) > FAT_ABOUT_MM + 8
    solid[far], image[far] = False, 9000.0
    dark = solid.copy()
    size = foramen(solid, (99.5, 99.5), FINE, image=image, dark=dark)
    assert size.fat_mm2 == pytest.approx(120, rel=0.06)


def test_spacing_counts_row_and_column_apart() -> None:
    solid = hole(20, 10)
    size = foramen(solid, (99.5, 99.5), (MM, 2 * MM))
    assert size.width_mm == pytest.approx(20, abs=1.2)
    assert size.height_mm == pytest.approx(20, abs=0.9)


def test_fat_that_has_been_outlined_is_counted_in_the_room() -> None:
    solid = hole(12, 10)
    rows, columns = (np.mgrid[:200, :200] - 99.5) * MM
    fat = ~solid & (np.hypot(rows, columns) > 3)
    size = foramen(solid, (99.5, 99.5), FINE, fat=fat | solid)  # what lies beyond the room is not counted
    assert size.fat_mm2 == pytest.approx(120 - 9 * np.pi, rel=0.06)
