from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from lss_core.stats.roc import auc, concordance
from lss_core.stats.tables import MISSING
from lss_core.stats.units import filled, filled_scores, worst, worst_score

SCORES = st.lists(st.tuples(st.booleans(), st.floats(0, 1) | st.just(np.nan)), min_size=2)
CODES = st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3)), min_size=1, max_size=40)


def test_the_worst_grade_of_each_group_and_how_much_it_rests_on() -> None:
    codes = np.array([0, 2, MISSING, MISSING, 1, 3])
    ours = worst(codes, np.array([0, 0, 0, 1, 2, 2]), n_groups=4)
    assert ours.codes.tolist() == [2, MISSING, 3, MISSING]
    assert (ours.graded.tolist(), ours.units.tolist()) == ([2, 0, 2, 0], [3, 1, 2, 0])
    assert ours.partial == 1


def test_the_worst_score_leaves_out_what_is_missing() -> None:
    ours = worst_score(np.array([0.1, np.nan, 0.7, np.nan]), np.array([0, 0, 0, 1]), n_groups=2)
    assert ours[0] == 0.7
    assert np.isnan(ours[1])


def test_missing_ratings_become_the_reference_or_the_farthest_grade() -> None:
    truth = np.array([0, 1, 2, 3, MISSING, 2])
    rating = np.array([MISSING] * 5 + [1])
    assert filled(truth, rating, grades=4, best=True).tolist() == [0, 1, 2, 3, MISSING, 1]
    assert filled(truth, rating, grades=4, best=False).tolist() == [3, 3, 0, 0, MISSING, 1]


def test_a_wrong_grade_lies_on_the_other_side_of_the_cut_where_one_is_asked_for() -> None:
    truth, rating = np.array([0, 1, 2, 3, MISSING]), np.array([MISSING] * 5)
    assert filled(truth, rating, grades=4, best=False, positive=(1, 2, 3)).tolist() == [3, 0, 0, 0, MISSING]
    assert filled(truth, rating, grades=4, best=True, positive=(1, 2, 3)).tolist() == [0, 1, 2, 3, MISSING]


@given(CODES, st.sampled_from([(3,), (2, 3), (1, 2, 3)]), st.integers(0, 2**31))
def test_no_way_to_fill_the_missing_gives_a_rate_beyond_its_bounds(units, positive, seed) -> None:
    truth, rating = np.array(units).T
    own = np.isin(truth, positive)
    assume(own.any())
    guess = np.random.default_rng(seed).integers(0, 4, len(rating))
    rates = [
        np.mean(np.isin(whole[own], positive))
        for whole in (
            filled(truth, rating, grades=4, best=False, positive=positive),
            np.where(rating == MISSING, guess, rating),
            filled(truth, rating, grades=4, best=True, positive=positive),
        )
    ]
    assert rates == sorted(rates)


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1) | st.just(np.nan)), min_size=2), st.integers(0, 2**31)
)
def test_no_way_to_fill_missing_scores_gives_an_auc_beyond_its_bounds(units, seed) -> None:
    positive, scores = (np.array(column) for column in zip(*units, strict=True))
    assume(positive.any() and not positive.all())
    guess = np.random.default_rng(seed).random(len(scores))
    areas = [
        auc(concordance(own, positive, np.zeros(len(own), int), n_patients=1)).value()
        for own in (
            filled_scores(positive, scores, best=False),
            np.where(np.isnan(scores), guess, scores),
            filled_scores(positive, scores, best=True),
        )
    ]
    assert areas == sorted(areas)
