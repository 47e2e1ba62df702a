from __future__ import annotations

import pytest

from lss_core.domain import SITES, Grade
from lss_core.study.reference import Outcome, majority, majority_of_sites

G = Grade


def test_more_than_half_of_the_panel_makes_the_reference() -> None:
    vote = majority([G.MILD] * 4 + [G.NONE] * 2 + [G.SEVERE], panel=7)
    assert vote.outcome is Outcome.GRADED
    assert vote.grade is G.MILD
    assert vote.votes == {G.MILD: 4, G.NONE: 2, G.SEVERE: 1}


def test_a_plurality_without_a_majority_goes_to_the_adjudicator() -> None:
    vote = majority([G.MILD] * 3 + [G.NONE] * 2 + [G.SEVERE] * 2, panel=7)
    assert vote.outcome is Outcome.ADJUDICATION_DUE
    assert vote.grade is None


def test_a_tie_goes_to_the_adjudicator() -> None:
    assert majority([G.NONE, G.MILD], panel=2).outcome is Outcome.ADJUDICATION_DUE


def test_readers_who_could_not_grade_do_not_stop_the_others_majority() -> None:
    vote = majority([G.SEVERE] * 3 + [G.MILD] + [None] * 3, panel=7)
    assert vote.grade is G.SEVERE


def test_a_panel_that_mostly_could_not_grade_says_not_gradable() -> None:
    vote = majority([None] * 4 + [G.SEVERE] * 3, panel=7)
    assert vote.outcome is Outcome.NOT_GRADABLE
    assert vote.grade is None


def test_half_not_gradable_and_the_rest_split_goes_to_the_adjudicator() -> None:
    assert majority([None, None, G.NONE, G.MILD], panel=4).outcome is Outcome.ADJUDICATION_DUE


def test_the_vote_is_pending_until_each_reader_has_answered() -> None:
    assert majority([G.NONE] * 6, panel=7).outcome is Outcome.PENDING


def test_more_answers_than_readers_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="3 answers from a panel of 2"):
        majority([G.NONE] * 3, panel=2)


def test_a_site_that_one_reader_has_not_answered_is_pending_and_the_rest_are_not() -> None:
    first, second = SITES[:2]
    votes = majority_of_sites([{first: G.NONE, second: G.MILD}, {first: G.NONE}])
    assert votes[first].grade is G.NONE
    assert votes[second].outcome is Outcome.PENDING
