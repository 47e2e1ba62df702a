"""Grades by the published definitions."""

from __future__ import annotations

import pytest

from lss_core.domain import Grade, Level
from lss_core.errors import MeasurementError
from lss_core.measure import grades


@pytest.mark.parametrize(
    ("lost", "grade"), [(0, 0), (0.05, 0), (0.2, 1), (0.33, 1), (0.34, 2), (0.66, 2), (0.67, 3), (1, 3)]
)
def test_central_stenosis_is_graded_in_lurie_thirds(lost: float, grade: int) -> None:
    assert grades.central_grade(lost) is Grade(grade)


@pytest.mark.parametrize(("height", "grade"), [(6, 0), (5, 0), (4, 1), (3, 2), (2.5, 2), (2, 3), (0, 3)])
def test_a_recess_is_graded_by_the_heights_of_ciric_and_strojnik(height: float, grade: int) -> None:
    assert grades.recess_grade(height) is Grade(grade)


def test_an_obliterated_recess_is_severe_whatever_its_height() -> None:
    assert grades.recess_grade(6, obliterated=True) is Grade.SEVERE


@pytest.mark.parametrize(
    ("lost", "grade"),
    [
        ("", 0),
        ("up", 0),
        ("up front", 0),  # two that do not oppose
        ("up down", 1),
        ("front back", 1),
        ("up down front", 1),
        ("up down front back", 2),
    ],
)
def test_a_foramen_is_graded_by_lee_from_the_fat_that_is_gone(lost: str, grade: int) -> None:
    assert grades.foramen_grade(lost.split()) is Grade(grade)
    assert grades.foramen_grade(lost.split(), root_deformed=True) is Grade.SEVERE


def test_the_normal_size_is_that_of_the_nearest_unaffected_levels() -> None:
    sizes = {Level.L1_L2: 200.0, Level.L2_L3: 190.0, Level.L3_L4: 90.0, Level.L4_L5: 40.0, Level.L5_S1: 170.0}
    assert grades.own_normal(sizes, Level.L4_L5) == (190 + 170) / 2
    assert grades.own_normal(sizes, Level.L5_S1) == 190
    assert grades.own_normal(sizes, Level.L2_L3) == (200 + 170) / 2
    assert grades.lost_share(40, 180) == pytest.approx(140 / 180)
    assert grades.lost_share(200, 180) == 0


def test_a_level_alone_is_its_own_normal() -> None:
    assert grades.own_normal({Level.L4_L5: 120.0}, Level.L4_L5) == 120


def test_a_level_that_was_not_measured_has_no_normal() -> None:
    with pytest.raises(MeasurementError, match="L4-L5: it was not measured"):
        grades.own_normal({Level.L1_L2: 120.0}, Level.L4_L5)


def test_a_side_that_a_root_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="sides of a root are up, down, front, back"):
        grades.foramen_grade(["left"])
