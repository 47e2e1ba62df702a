"""Grades and points follow from the deformed anatomy, on the side that was deformed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from lss_core.domain import LEVELS, SITES, Condition, Grade, Level, Side, Site
from lss_core.measure.grades import central_grade, recess_grade
from lss_core.phantom.canvas import Noise
from lss_core.phantom.foramen import shape_foramina
from lss_core.phantom.study import PhantomOptions, make_anatomy
from lss_core.phantom.truth import Truth, find_truth

NOISE = Noise.draw(np.random.default_rng(0))
WELL = dict.fromkeys(SITES, 0.0)


def truth_of(seed: int, severities: dict[Site, float] | None = None) -> Truth:
    options = PhantomOptions(severities=severities or {})
    return find_truth(shape_foramina(make_anatomy(seed, options), NOISE), NOISE)


@pytest.fixture(scope="module")
def well() -> Truth:
    return truth_of(3, WELL)


@pytest.mark.parametrize("condition", [Condition.LATERAL_RECESS, Condition.FORAMINAL])
@pytest.mark.parametrize("side", list(Side))
def test_disease_on_one_side_worsens_that_side_alone(well: Truth, condition: Condition, side: Side) -> None:
    site = Site(condition=condition, level=Level.L4_L5, side=side)
    ill = truth_of(3, {**WELL, site: 1.0})
    name = "recess_height_mm" if condition is Condition.LATERAL_RECESS else "foramen_area_mm2"
    assert ill.measurements[site][name] < well.measurements[site][name] - 1
    assert ill.grades[site] > well.grades[site]
    assert ill.grades[site] > ill.grades[site.mirrored]


def test_central_disease_takes_area_from_the_sac(well: Truth) -> None:
    site = Site(condition=Condition.CENTRAL, level=Level.L3_L4)
    ill = truth_of(3, {**WELL, site: 1.0})
    assert well.grades[site] is Grade.NONE
    assert ill.grades[site] >= Grade.MODERATE
    assert ill.measurements[site]["sac_area_mm2"] < 0.67 * well.measurements[site]["sac_area_mm2"]


def test_a_grade_is_what_the_published_rule_makes_of_the_measurement() -> None:
    truth = truth_of(8)
    for site in SITES:
        values = truth.measurements[site]
        if site.condition is Condition.CENTRAL:
            assert truth.grades[site] is central_grade(1 - values["sac_area_ratio"])
        elif site.condition is Condition.LATERAL_RECESS:
            assert truth.grades[site] is recess_grade(values["recess_height_mm"])


def test_left_sites_lie_to_the_left_and_levels_from_head_to_feet(well: Truth) -> None:
    for level in LEVELS:
        for condition in (Condition.LATERAL_RECESS, Condition.FORAMINAL):
            left, right = (
                well.site_points_mm[Site(condition=condition, level=level, side=side)]
                for side in (Side.LEFT, Side.RIGHT)
            )
            assert left[0] - right[0] > 10
    heights = [well.canal_points_mm[level][2] for level in LEVELS]
    assert heights == sorted(heights, reverse=True)


@pytest.mark.slow
def test_all_four_grades_occur_and_most_sites_are_negative() -> None:
    counts = Counter(grade for seed in range(6) for grade in truth_of(seed).grades.values())
    share = {grade: counts[grade] / (6 * len(SITES)) for grade in Grade}
    assert 0.35 < share[Grade.NONE] < 0.8
    assert all(share[grade] > 0.02 for grade in Grade)


def test_a_severity_grades_a_foramen_alike_at_every_level() -> None:
    """0 in the middle of none, 0.64 of mild, 0.8 of moderate, 1 of severe."""
    for grade, severity in zip(Grade, (0.0, 0.64, 0.8, 1.0), strict=True):
        sites = [site for site in SITES if site.condition is Condition.FORAMINAL]
        truth = truth_of(5, {**WELL, **dict.fromkeys(sites, severity)})
        assert [truth.grades[site] for site in sites].count(grade) >= 0.8 * len(sites)
