"""Discs drawn with ruler and protractor: heights, bulge, wedge and slip follow from the drawing."""

from __future__ import annotations

import numpy as np
import pytest

from lss_core.errors import MeasurementError
from lss_core.measure.discs import DiscView

MM = 0.4
SIZE = 300
CANAL = np.array([60.0, 82.0])
"""The place in the canal, mm down and back: the disc's back end is 10 mm before it."""


def places(turn_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """(height, along) of each pixel in a disc's axes, turned about its middle, 30 mm before CANAL."""
    rows, columns = np.mgrid[:SIZE, :SIZE] * MM
    down, across = rows - 60.0, columns - 52.0
    turn = np.deg2rad(turn_deg)
    along = across * np.cos(turn) + down * np.sin(turn)
    height = across * np.sin(turn) - down * np.cos(turn)
    return height, along


def drawn(
    turn_deg: float = 0.0,
    front_mm: float = 10.0,
    back_mm: float = 10.0,
    bulge_mm: float = 0.0,
    slip_mm: float = 0.0,
) -> tuple[np.ndarray, np.ndarray]:
    """A disc 40 mm long between two bodies; its upper border is level, the lower one slopes."""
    height, along = places(turn_deg)
    middle = 10.0
    share = (along + 20) / 40
    bottom = middle / 2 - (front_mm + (back_mm - front_mm) * share)
    disc = (np.abs(along) <= 20) & (height <= middle / 2) & (height >= bottom)
    disc |= (along > 0) & (along <= 20 + bulge_mm) & (height <= middle / 2 - 1) & (height >= bottom + 1)
    bone = (along >= -20 - slip_mm) & (along <= 20 - slip_mm) & (height > middle / 2) & (height < 25)
    bone |= (np.abs(along) <= 20) & (height < bottom) & (height > -25)
    return disc, bone


def view(disc: np.ndarray, turn_deg: float = 0.0) -> DiscView:
    """The disc as it is seen from the canal's middle."""
    turn = np.deg2rad(turn_deg)
    away = 30 * np.array([np.sin(turn), np.cos(turn)])
    canal = (np.array([60.0, 52.0]) + away) / MM
    return DiscView.of(disc, (float(canal[0]), float(canal[1])), (MM, MM))


@pytest.mark.parametrize("turn_deg", [-35, -12, 0, 20, 35])
def test_a_disc_has_the_same_height_however_it_is_tilted(turn_deg: float) -> None:
    disc, _ = drawn(turn_deg)
    seen = view(disc, turn_deg)
    assert seen.mean_height_mm == pytest.approx(10, abs=0.35)
    assert seen.length_mm == pytest.approx(40, abs=0.9)
    assert seen.posterior_height_mm == pytest.approx(10, abs=0.4)
    assert seen.height_index == pytest.approx(10 / 40, abs=0.015)


@pytest.mark.parametrize("turn_deg", [-20, 0, 30])
def test_a_wedge_of_13_over_7_mm_on_40_mm_opens_by_the_arc_tangent(turn_deg: float) -> None:
    disc, _ = drawn(turn_deg, front_mm=13, back_mm=7)
    seen = view(disc, turn_deg)
    assert seen.wedge_deg == pytest.approx(np.degrees(np.arctan(6 / 40)), abs=0.7)
    assert seen.posterior_height_mm == pytest.approx(13 - 6 * 0.775, abs=0.4)


@pytest.mark.parametrize("turn_deg", [-25, 0, 25])
@pytest.mark.parametrize("bulge_mm", [0.0, 2.0, 5.0])
def test_a_bulge_is_what_stands_out_behind_the_bodies(bulge_mm: float, turn_deg: float) -> None:
    disc, bone = drawn(turn_deg, bulge_mm=bulge_mm)
    assert view(disc, turn_deg).bulge_mm(bone) == pytest.approx(bulge_mm, abs=0.5)


@pytest.mark.parametrize("turn_deg", [-25, 0, 25])
@pytest.mark.parametrize("slip_mm", [-4.0, 0.0, 6.0])
def test_a_slip_is_the_step_between_the_dorsal_corners(slip_mm: float, turn_deg: float) -> None:
    disc, bone = drawn(turn_deg, slip_mm=slip_mm)
    assert view(disc, turn_deg).slip_mm(bone) == pytest.approx(slip_mm, abs=0.5)


def test_an_endplate_that_rises_to_the_back_has_a_negative_fall() -> None:
    disc, _ = drawn(-30)
    assert view(disc, -30).endplate_deg(1) == pytest.approx(-30, abs=0.7)
    assert view(disc, -30).endplate_deg(-1) == pytest.approx(-30, abs=0.7)


def test_a_disc_between_bodies_that_are_not_seen_has_no_bulge() -> None:
    disc, bone = drawn()
    with pytest.raises(MeasurementError, match="dorsal corner is not seen"):
        view(disc).bulge_mm(np.zeros_like(bone))


def test_no_disc_near_the_canal_is_refused() -> None:
    disc, _ = drawn()
    with pytest.raises(MeasurementError, match="no part of it lies within 20 mm"):
        DiscView.of(disc, (290.0, 10.0), (MM, MM))
