from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lss_core.errors import StatisticsError
from lss_core.stats.tables import MISSING
from lss_core.stats.units import filled, rate_bounds, worst, worst_score

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


@given(CODES)
def test_the_bounds_hold_the_rate_of_every_way_to_fill_the_missing(units) -> None:
    truth, rating = np.array(units).T
    if not (truth >= 2).any():
        with pytest.raises(StatisticsError, match="no unit of that class"):
            rate_bounds(truth, rating, positive=(2, 3), grades=4, of=1)
        return
    ours = rate_bounds(truth, rating, positive=(2, 3), grades=4, of=1)
    for best, expected in ((False, ours.worst), (True, ours.best)):
        whole = filled(truth, rating, grades=4, best=best)
        assert np.mean(whole[truth >= 2] >= 2) == pytest.approx(expected)
    assert ours.missing == np.sum((truth >= 2) & (rating == MISSING))


def test_the_bounds_of_the_specificity_leave_out_units_without_truth() -> None:
    truth, rating = np.array([0, 1, 0, MISSING]), np.array([0, 2, MISSING, MISSING])
    ours = rate_bounds(truth, rating, positive=(2, 3), grades=4, of=0)
    assert (ours.worst, ours.best, ours.missing) == (pytest.approx(1 / 3), pytest.approx(2 / 3), 1)
