from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics
from statsmodels.stats.proportion import proportion_confint

from lss_core.errors import StatisticsError
from lss_core.stats import rates
from lss_core.stats.resample import Resamples
from lss_core.stats.tables import Tables, confusion_tables, dichotomised

UNITS = st.lists(st.tuples(*[st.integers(0, 3)] * 2, st.integers(0, 4)), min_size=8, max_size=60)


def tables_of(units) -> tuple[np.ndarray, np.ndarray, Tables]:
    truth, rating, patients = np.array(units).T
    return truth, rating, confusion_tables(truth, rating, patients, grades=4, n_patients=5)


def binary(true_positive, false_negative, false_positive, true_negative) -> Tables:
    return Tables(np.array([[[true_negative, false_positive], [false_negative, true_positive]]], float))


def test_binary_rates_of_a_table_worked_by_hand() -> None:
    # 90 of 100 diseased and 160 of 200 healthy found: 0.9, 0.8, 90/130, 160/170, 250/300.
    table = binary(90, 10, 40, 160)
    assert rates.sensitivity(table).value() == pytest.approx(0.9)
    assert rates.specificity(table).value() == pytest.approx(0.8)
    assert rates.positive_predictive_value(table).value() == pytest.approx(90 / 130)
    assert rates.negative_predictive_value(table).value() == pytest.approx(160 / 170)
    assert rates.accuracy(table).value() == pytest.approx(250 / 300)
    assert rates.balanced_accuracy(table).value() == pytest.approx(0.85)


def test_each_rate_counts_its_own_units() -> None:
    table = binary(90, 10, 40, 160)
    counted = [
        statistic(table).n
        for statistic in (
            rates.sensitivity,
            rates.specificity,
            rates.positive_predictive_value,
            rates.negative_predictive_value,
            rates.accuracy,
        )
    ]
    assert counted == [100, 200, 130, 170, 300]


@pytest.mark.parametrize(
    ("statistic", "table", "reason"),
    [
        (rates.sensitivity, binary(0, 0, 3, 4), "no unit is positive in the reference"),
        (rates.specificity, binary(3, 4, 0, 0), "no unit is negative in the reference"),
        (rates.positive_predictive_value, binary(0, 3, 0, 4), "the rater called no unit positive"),
        (rates.negative_predictive_value, binary(3, 0, 4, 0), "the rater called no unit negative"),
        (rates.accuracy, binary(0, 0, 0, 0), "there is no unit with both a rating and a reference"),
        (rates.balanced_accuracy, binary(0, 0, 3, 4), "no unit is positive in the reference"),
        (rates.balanced_accuracy, binary(3, 4, 0, 0), "no unit is negative in the reference"),
        (rates.weighted_sensitivity, Tables(np.zeros((1, 4, 4))), "there is no unit with both"),
        (rates.weighted_specificity, Tables(np.zeros((1, 4, 4))), "there is no unit with both"),
        (rates.weighted_specificity, binary(3, 4, 0, 0), "the reference has one grade only"),
    ],
)
def test_an_undefined_rate_says_why(statistic, table, reason) -> None:
    with pytest.raises(StatisticsError, match=reason):
        statistic(table).value()


@given(UNITS)
def test_weighted_rates_are_those_of_scikit_learn(units) -> None:
    truth, rating, tables = tables_of(units)
    assume(len(set(truth)) > 1)
    grades, support = np.unique(truth, return_counts=True)
    recall = metrics.recall_score(truth, rating, labels=grades, average="weighted", zero_division=0)
    per_grade = [metrics.recall_score(truth != grade, rating != grade) for grade in grades]
    assert rates.weighted_sensitivity(tables).value() == pytest.approx(recall)
    assert rates.weighted_specificity(tables).value() == pytest.approx(np.average(per_grade, weights=support))


@given(UNITS)
def test_the_weighted_sensitivity_is_the_accuracy(units) -> None:
    *_, tables = tables_of(units)
    assert rates.weighted_sensitivity(tables).value() == pytest.approx(rates.accuracy(tables).value())


@given(UNITS)
def test_swapping_positive_and_negative_swaps_sensitivity_and_specificity(units) -> None:
    *_, tables = tables_of(units)
    one, other = dichotomised(tables, (2, 3)), dichotomised(tables, (0, 1))
    weights = np.ones((1, 5))
    assert np.array_equal(
        rates.sensitivity(one).of(weights), rates.specificity(other).of(weights), equal_nan=True
    )


@given(st.integers(1, 400), st.floats(0, 1), st.sampled_from([0.8, 0.95, 0.99]))
def test_wilsons_interval_is_that_of_statsmodels(n, share, level) -> None:
    successes = round(n * share)
    ours = rates.wilson(successes, n, level=level)
    low, high = proportion_confint(successes, n, alpha=1 - level, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((low, high), abs=1e-12)
    assert ours.low <= ours.value <= ours.high


def test_wilsons_interval_is_the_published_one() -> None:
    # Newcombe 1998, Stat Med 17:857, table I, method 3 (score): 81 of 263: 0.2553 to 0.3662;
    # 15 of 148: 0.0624 to 0.1605; 0 of 20: 0 to 0.1611; 1 of 29: 0.0061 to 0.1718.
    published = {(81, 263): (0.2553, 0.3662), (15, 148): (0.0624, 0.1605)}
    published |= {(0, 20): (0.0, 0.1611), (1, 29): (0.0061, 0.1718)}
    for (successes, n), interval in published.items():
        ours = rates.wilson(successes, n)
        assert (ours.low, ours.high) == pytest.approx(interval, abs=5e-5)


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(StatisticsError, match="no unit"):
        rates.wilson(0, 0)


def test_patients_whose_sites_stand_or_fall_together_widen_the_interval() -> None:
    rng = np.random.default_rng(1)
    hit = np.repeat(rng.random(100) < 0.8, 10)
    truth = np.ones(1000, int)
    apart, together = (
        Resamples.draw(patients.max() + 1, rng=np.random.default_rng(1)).estimate(
            rates.sensitivity(
                confusion_tables(
                    truth, hit.astype(int), patients, grades=2, n_patients=int(patients.max()) + 1
                )
            )
        )
        for patients in (np.arange(1000), np.repeat(np.arange(100), 10))
    )
    wilson = rates.wilson(int(hit.sum()), 1000)
    assert apart.high - apart.low == pytest.approx(wilson.high - wilson.low, rel=0.1)
    assert together.high - together.low == pytest.approx(np.sqrt(10) * (apart.high - apart.low), rel=0.15)


def test_a_rate_of_one_gets_wilsons_interval_over_its_patients() -> None:
    # Ten positive units, all found, in four of five patients: Wilson for 4 of 4, not for 10 of 10.
    tables = np.zeros((5, 2, 2))
    tables[:4, 1, 1] = [1, 2, 3, 4]
    tables[4, 0, 0] = 1
    ours = rates.all_or_none(rates.sensitivity(Tables(tables)))
    assert (ours.low, ours.high) == (rates.wilson(4, 4).low, 1)
    assert (ours.n, ours.method) == (10, "Wilson over patients")
