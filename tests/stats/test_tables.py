from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from lss_core.errors import StatisticsError
from lss_core.stats.tables import (
    MISSING,
    Tables,
    coincidence_tables,
    confusion_tables,
    dichotomised,
    encode,
    vote_counts,
)

UNITS = st.lists(st.tuples(*[st.integers(0, 3)] * 2, st.integers(0, 4)), min_size=1, max_size=60)


def test_ratings_become_positions_on_the_scale_that_is_named() -> None:
    codes = encode([[5, 10], [np.nan, 5]], scale=(10, 5, 0))
    assert codes.tolist() == [[1, 0], [MISSING, 1]]


def test_a_rating_off_the_scale_is_refused_by_name() -> None:
    with pytest.raises(StatisticsError, match="4 is not on the scale 0, 1, 2, 3"):
        encode([0, 4], scale=range(4))


@pytest.mark.parametrize("scale", [(1,), (1, 1, 2)])
def test_a_scale_needs_two_different_grades(scale) -> None:
    with pytest.raises(StatisticsError, match="two grades or more, each once"):
        encode([1], scale=scale)


@given(UNITS)
def test_tables_added_over_patients_are_the_confusion_matrix_of_scikit_learn(units) -> None:
    truth, rating, patients = np.array(units).T
    tables = confusion_tables(truth, rating, patients, grades=4, n_patients=5)
    assert tables.per_patient.shape == (5, 4, 4)
    assert np.array_equal(tables.total, confusion_matrix(truth, rating, labels=range(4)))


@given(UNITS, st.integers(0, 2**31))
def test_a_replicate_is_the_table_of_the_patients_written_out(units, seed) -> None:
    truth, rating, patients = np.array(units).T
    tables = confusion_tables(truth, rating, patients, grades=4, n_patients=5)
    counts = np.random.default_rng(seed).multinomial(5, np.full(5, 0.2), size=1)
    repeat = counts[0][patients]
    assume(repeat.any())
    expected = confusion_matrix(np.repeat(truth, repeat), np.repeat(rating, repeat), labels=range(4))
    assert np.array_equal(tables.under(counts.astype(float))[0], expected)


def test_a_unit_without_truth_or_rating_is_not_counted() -> None:
    tables = confusion_tables(
        np.array([0, MISSING, 1]), np.array([MISSING, 1, 1]), np.zeros(3, int), grades=2, n_patients=1
    )
    assert tables.per_patient.tolist() == [[[0, 0], [0, 1]]]


def test_grades_fold_into_positive_and_negative() -> None:
    table = Tables(np.arange(16.0).reshape(1, 4, 4))
    assert dichotomised(table, positive=(2, 3)).total.tolist() == [[10, 18], [42, 50]]


def test_votes_count_the_raters_and_leave_out_the_missing() -> None:
    ratings = np.array([[0, 1, 1], [2, MISSING, 2]])
    assert vote_counts(ratings, grades=3).tolist() == [[1, 2, 0], [0, 0, 2]]


def test_the_coincidences_are_those_krippendorff_prints(shared_data) -> None:
    # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: the matrix of the
    # four observers' example; 40 pairable values.
    path = shared_data / "stats" / "krippendorff_4x12.csv"
    ratings = np.genfromtxt(path, delimiter=",", skip_header=1)[:, 1:]
    votes = vote_counts(encode(ratings, range(1, 6)), grades=5)
    table = coincidence_tables(votes, np.zeros(len(votes), int), n_patients=1).total
    third = 1 / 3
    expected = [
        [7, 4 * third, third, third, 0],
        [4 * third, 10, 4 * third, third, 0],
        [third, 4 * third, 8, third, 0],
        [third, third, third, 4, 0],
        [0, 0, 0, 0, 3],
    ]
    assert table == pytest.approx(np.array(expected))
    assert table.sum() == pytest.approx(40)
