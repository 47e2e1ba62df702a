"""The classification stream and the ensemble."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lss_core.domain import Condition, Grade, Probabilities, check_probabilities
from lss_core.vision.classify import composed
from lss_core.vision.ensemble import (
    CLASSIFICATION,
    FEATURES,
    MEASUREMENT,
    Combination,
    Ordinal,
    Pooling,
    median_grade,
    tuple_of,
)

SHARES = st.floats(0, 1)


def ordinal(weight: float = -1.0, cuts: tuple[float, float, float] = (-1.0, 0.0, 1.0)) -> Ordinal:
    return Ordinal(features=("sac_area_ratio",), means=(0.5,), scales=(0.2,), weights=(weight,), cuts=cuts)


@given(SHARES, st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_both_stages_compose_to_probabilities_that_add_up_to_one(
    present: float, severity: list[float]
) -> None:
    probabilities = composed(present, np.array(severity))
    check_probabilities(probabilities)
    assert probabilities[0] == 1 - present
    # P(k) = p q_k
    assert probabilities[2] == pytest.approx(present * severity[1] / sum(severity))


@given(st.lists(SHARES, min_size=3, max_size=3))
def test_four_probabilities_come_of_any_three_of_at_least(at_least: list[float]) -> None:
    check_probabilities(tuple_of(np.array(at_least)))


def test_a_smaller_share_of_the_sac_means_a_higher_grade() -> None:
    grades = []
    for ratio in (1.0, 0.6, 0.45, 0.1):
        probabilities = ordinal().probabilities({"sac_area_ratio": ratio})
        assert probabilities is not None
        grades.append(median_grade(probabilities))
    assert grades == [Grade.NONE, Grade.MILD, Grade.MODERATE, Grade.SEVERE]


def test_without_its_main_measurement_the_stream_says_nothing() -> None:
    assert ordinal().probabilities({"sac_area_mm2": 100.0}) is None


def pooling(shifts: tuple[float, float, float] = (0.0, 0.0, 0.0), **weights: float) -> Pooling:
    return Pooling(weights=weights, shifts=shifts)


def test_the_ensemble_adds_the_weighted_log_odds_of_the_streams() -> None:
    combination = Combination(
        measurement=ordinal(),
        both=pooling(measurement=1.0, classification=2.0),
        alone={CLASSIFICATION: pooling(classification=1.0)},
    )
    half, likely = (0.5, 0.5, 0.0, 0.0), (0.25, 0.75, 0.0, 0.0)  # odds of 'mild or worse': 1 and 3
    both = combination.combined({MEASUREMENT: half, CLASSIFICATION: likely})
    assert both is not None
    assert both[0] == pytest.approx(0.1)  # odds 1 * 3 * 3 = 9
    alone = combination.combined({CLASSIFICATION: likely})
    assert alone == pytest.approx(likely, abs=0.003)  # no stream is surer than SURE
    assert combination.combined({}) is None


def test_a_shift_makes_a_grade_likelier() -> None:
    streams: dict[str, Probabilities] = {CLASSIFICATION: (0.5, 0.3, 0.15, 0.05)}
    plain = pooling(classification=1.0).pooled(streams)
    shifted = pooling((1.0, 1.0, 1.0), classification=1.0).pooled(streams)
    assert plain == pytest.approx(streams[CLASSIFICATION])
    assert sum(shifted[2:]) > sum(plain[2:])


@given(st.lists(st.floats(0.001, 1), min_size=4, max_size=4))
def test_a_grade_is_positive_just_when_moderate_and_severe_are_more_likely_than_not(
    weights: list[float],
) -> None:
    none, mild, moderate, severe = (weight / sum(weights) for weight in weights)
    if abs(moderate + severe - 0.5) > 1e-6:
        assert median_grade((none, mild, moderate, severe)).positive == (moderate + severe > 0.5)


def test_every_condition_has_its_measurements() -> None:
    assert set(FEATURES) == set(Condition)
