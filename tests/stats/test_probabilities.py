from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.special import expit, logit
from sklearn import metrics

from lss_core.errors import StatisticsError
from lss_core.stats.probabilities import (
    brier,
    calibration,
    calibration_error,
    ranked_probability_score,
    reliability,
)
from lss_core.stats.resample import Resamples
from lss_core.stats.tables import MISSING

RNG = np.random.default_rng(6)
PATIENTS = np.repeat(np.arange(80), 5)
PROBABILITY = RNG.beta(1.2, 2, 400)
POSITIVE = RNG.random(400) < expit(1.4 * logit(PROBABILITY) + 0.3)


def test_the_ranked_probability_score_written_out() -> None:
    truth = RNG.integers(0, 4, 400)
    forecast = RNG.dirichlet(np.ones(4), 400)
    expected = np.mean(
        [sum((forecast[i, : k + 1].sum() - (truth[i] <= k)) ** 2 for k in range(3)) / 3 for i in range(400)]
    )
    ours = ranked_probability_score(truth, forecast, PATIENTS, n_patients=80)
    assert ours.value() == pytest.approx(expected)


def test_a_sure_and_right_forecast_scores_0_and_the_farthest_1() -> None:
    truth = np.array([0, 3])
    right = ranked_probability_score(truth, np.eye(4)[[0, 3]], np.arange(2), n_patients=2)
    wrong = ranked_probability_score(truth, np.eye(4)[[3, 0]], np.arange(2), n_patients=2)
    assert (right.value(), wrong.value()) == (0, 1)


def test_with_two_grades_it_is_the_brier_score_of_scikit_learn() -> None:
    forecast = np.column_stack([1 - PROBABILITY, PROBABILITY])
    expected = metrics.brier_score_loss(POSITIVE, PROBABILITY)
    ours = ranked_probability_score(POSITIVE.astype(int), forecast, PATIENTS, n_patients=80)
    assert ours.value() == pytest.approx(expected)
    assert brier(POSITIVE, PROBABILITY, PATIENTS, n_patients=80).value() == pytest.approx(expected)


def test_units_without_truth_or_forecast_are_left_out() -> None:
    truth, forecast = np.array([0, MISSING, 1]), np.array([[1.0, 0], [1, 0], [np.nan, np.nan]])
    assert ranked_probability_score(truth, forecast, np.arange(3), n_patients=3).n == 1
    with pytest.raises(StatisticsError, match="no unit with both"):
        brier(np.ones(1, bool), np.array([np.nan]), np.zeros(1, int), n_patients=1).value()


def test_the_calibration_error_written_out_and_in_a_replicate() -> None:
    def by_loop(positive, probability) -> float:
        place = np.minimum((probability * 10).astype(int), 9)
        return sum(
            abs(positive[place == b].mean() - probability[place == b].mean()) * np.mean(place == b)
            for b in np.unique(place)
        )

    ours = calibration_error(POSITIVE, PROBABILITY, PATIENTS, n_patients=80)
    assert ours.value() == pytest.approx(by_loop(POSITIVE, PROBABILITY))
    counts = Resamples.draw(80, rng=np.random.default_rng(1), resamples=5).counts
    again = counts[2].astype(int)[PATIENTS]
    assert ours.of(counts)[2] == pytest.approx(by_loop(POSITIVE.repeat(again), PROBABILITY.repeat(again)))


def test_the_reliability_bins_hold_every_unit_once() -> None:
    probability = np.append(PROBABILITY, [1.0, np.nan])
    positive, patients = np.append(POSITIVE, [True, True]), np.append(PATIENTS, [0, 0])
    bins = reliability(positive, probability, patients, n_patients=80)
    assert sum(one.n for one in bins) == 401
    first = bins[0]
    own = PROBABILITY < 0.1
    assert (first.n, first.share) == (own.sum(), pytest.approx(POSITIVE[own].mean()))
    assert first.mean_probability == pytest.approx(PROBABILITY[own].mean())
    assert first.observed.low <= first.share <= first.observed.high


def test_a_bin_of_one_patient_has_no_interval() -> None:
    (one,) = reliability(np.array([True, False]), np.array([0.5, 0.5]), np.zeros(2, int), n_patients=1)
    assert (one.share, one.observed) == (0.5, None)


def test_the_recalibration_is_that_of_statsmodels() -> None:
    odds = logit(PROBABILITY)
    family = sm.families.Binomial()
    fit = sm.GEE(POSITIVE.astype(float), sm.add_constant(odds), groups=PATIENTS, family=family).fit()
    ours = calibration(POSITIVE, PROBABILITY, PATIENTS, n_patients=80)
    assert (ours.intercept.value, ours.slope.value) == pytest.approx(tuple(fit.params), abs=1e-6)
    ends = fit.conf_int()
    assert (ours.slope.low, ours.slope.high) == pytest.approx(tuple(ends[1]), abs=1e-6)
    assert (ours.intercept.low, ours.intercept.high) == pytest.approx(tuple(ends[0]), abs=1e-6)
    alone = sm.GEE(POSITIVE.astype(float), np.ones(400), groups=PATIENTS, family=family, offset=odds).fit()
    assert ours.in_the_large.value == pytest.approx(alone.params[0], abs=1e-6)
    assert ours.in_the_large.high == pytest.approx(alone.conf_int()[0][1], abs=1e-6)


@pytest.mark.parametrize(
    ("positive", "probability", "reason"),
    [
        ([1, 1, 1], [0.2, 0.3, 0.4], "all positive or all negative"),
        ([1, 0, 1], [0.5, 0.5, 0.5], "all probabilities are alike"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], "separate positive from negative"),
    ],
)
def test_a_recalibration_without_a_finite_slope_is_refused(positive, probability, reason) -> None:
    patients = np.arange(len(positive))
    with pytest.raises(StatisticsError, match=reason):
        calibration(np.array(positive, bool), np.array(probability), patients, n_patients=len(positive))
