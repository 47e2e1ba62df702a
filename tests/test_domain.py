"""The words of the product as types."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from lss_core.domain import (
    SITES,
    Answer,
    Condition,
    Grade,
    Level,
    NotGradable,
    Side,
    Site,
    SiteFinding,
    StudyFindings,
)
from lss_core.errors import DicomError

CENTRAL = Site(condition=Condition.CENTRAL, level=Level.L4_L5)


def test_a_study_has_5_central_10_recess_and_10_foraminal_sites() -> None:
    counts = {c: sum(site.condition is c for site in SITES) for c in Condition}
    assert counts == {Condition.CENTRAL: 5, Condition.LATERAL_RECESS: 10, Condition.FORAMINAL: 10}
    assert len(set(SITES)) == 25


@pytest.mark.parametrize("site", SITES, ids=lambda site: site.key)
def test_a_sites_key_names_it(site: Site) -> None:
    assert Site.parse(site.key) == site


@pytest.mark.parametrize("key", ["central", "central:L4_L5:left", "foraminal:L4_L5", "x:L4_L5", ""])
def test_a_key_that_names_no_site_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Site.parse(key)


def test_a_mirrored_site_is_on_the_other_side_and_comes_back() -> None:
    left = Site(condition=Condition.FORAMINAL, level=Level.L5_S1, side=Side.LEFT)
    assert left.mirrored.side is Side.RIGHT
    assert left.mirrored.mirrored == left
    assert CENTRAL.mirrored == CENTRAL


def test_moderate_and_severe_are_positive() -> None:
    assert [grade.positive for grade in Grade] == [False, False, True, True]


def test_an_answer_is_a_grade_or_a_reason_and_never_both_or_neither() -> None:
    with pytest.raises(ValueError, match="either a grade or a reason"):
        Answer(site=CENTRAL)
    with pytest.raises(ValueError, match="either a grade or a reason"):
        Answer(site=CENTRAL, grade=Grade.MILD, not_gradable=NotGradable.OTHER)


@pytest.mark.parametrize("wrong", [(0.5, 0.5, 0.5, 0.5), (1.2, -0.2, 0, 0), (1.0, 0.0, 0.0)])
def test_probabilities_that_are_none_are_refused(wrong: tuple[float, float, float, float]) -> None:
    with pytest.raises(ValueError, match="probabilities"):
        Answer(site=CENTRAL, grade=Grade.MILD, probabilities=wrong)


def test_a_confidence_outside_0_to_1_is_refused() -> None:
    with pytest.raises(ValueError, match="confidence"):
        Answer(site=CENTRAL, grade=Grade.MILD, confidence=1.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"grade": Grade(2), "positive": False},
        {"grade": Grade(1), "positive": True},
        {"grade": Grade(2), "score": 49.9},
        {"grade": Grade(1), "score": 50},
        {"grade": Grade(1), "score": -1},
        {"not_gradable": NotGradable.OTHER, "score": 10},
    ],
)
def test_a_call_or_a_score_that_contradicts_the_grade_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"score|call"):
        Answer(site=CENTRAL, **wrong)


def test_a_call_and_a_score_may_go_with_a_grade() -> None:
    assert Answer(site=CENTRAL, grade=Grade(2), positive=True, score=50).score == 50


def test_findings_cover_the_25_sites_in_order() -> None:
    sites = tuple(SiteFinding(site=site, not_gradable=NotGradable.SERIES_MISSING) for site in SITES)
    assert StudyFindings(levels={}, sites=sites, bundle="b", seconds=1).sites[0].answer.grade is None
    with pytest.raises(ValueError, match="25 sites"):
        StudyFindings(levels={}, sites=sites[::-1], bundle="b", seconds=1)


def test_a_refusal_says_what_why_and_what_to_do_and_crosses_processes() -> None:
    error = DicomError("slice 7", reason="it is truncated", remedy="Export it again")
    assert str(error) == "slice 7: it is truncated. Export it again"
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (DicomError, str(error))
