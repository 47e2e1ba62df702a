from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lss_core.errors import StatisticsError
from lss_core.stats.binormal import categorise, fit_binormal

NORMAL, ABNORMAL = np.array([33.0, 6, 6, 11, 2]), np.array([3.0, 2, 2, 11, 33])
"""Hanley and McNeil 1982, Radiology 143:29, table I: 109 CT images read on five categories."""


def test_the_fit_of_hanley_and_mcneils_readings_is_the_published_one() -> None:
    # Stata's manual, rocfit on the same data: intercept 1.656782, slope 0.713002, AUC 0.911331,
    # log likelihood -123.64855. Its errors 0.310456, 0.215882 and 0.0295 come from the observed
    # information, ours from the expected.
    fit = fit_binormal(NORMAL, ABNORMAL)
    assert (fit.a, fit.b) == pytest.approx((1.656782, 0.713002), abs=1e-6)
    assert fit.auc().value == pytest.approx(0.911331, abs=1e-6)
    assert fit.log_likelihood == pytest.approx(-123.64855, abs=1e-5)
    assert np.sqrt(np.diag(fit.covariance))[:2] == pytest.approx([0.310456, 0.215882], rel=0.01)
    assert fit.auc_error() == pytest.approx(0.0295, abs=2e-4)
    assert fit.n == 109


def test_the_fit_finds_the_curve_that_made_the_data() -> None:
    rng = np.random.default_rng(2)
    positive = rng.random(40_000) < 0.5
    scores = np.where(positive, rng.normal(1.5 / 0.8, 1 / 0.8, 40_000), rng.normal(size=40_000))
    fit = fit_binormal(*categorise(scores, positive, categories=12))
    assert (fit.a, fit.b) == pytest.approx((1.5, 0.8), abs=0.04)
    expected = stats.norm.cdf(1.5 / np.sqrt(1.64))
    auc = fit.auc()
    assert auc.low < expected < auc.high
    assert auc.value == pytest.approx(expected, abs=0.005)


def test_the_fit_is_at_the_maximum_to_the_last_digits() -> None:
    # The score of a category's share is counts / share, so at the maximum no small step gains anything.
    fit, counts = fit_binormal(NORMAL, ABNORMAL), np.stack([NORMAL, ABNORMAL])

    def likelihood(a: float, b: float, cuts: np.ndarray) -> float:
        below = stats.norm.cdf(np.stack([cuts, b * cuts - a]))
        return float(np.sum(counts * np.log(np.diff(below, axis=1, prepend=0, append=1))))

    step = 1e-4
    for move in step * np.eye(2 + len(fit.cuts)):
        up, down = (
            likelihood(fit.a + sign * move[0], fit.b + sign * move[1], fit.cuts + sign * move[2:])
            for sign in (1, -1)
        )
        assert (up - down) / (2 * step) == pytest.approx(0, abs=1e-5)
    assert likelihood(fit.a, fit.b, fit.cuts) == pytest.approx(fit.log_likelihood, abs=1e-12)


def test_the_errors_are_the_spread_of_fits_to_fresh_data() -> None:
    rng = np.random.default_rng(3)
    cuts = np.array([-np.inf, -0.5, 0.3, 0.9, 1.6, np.inf])
    shares = [np.diff(stats.norm.cdf(cuts)), np.diff(stats.norm.cdf(0.8 * cuts - 1.2))]
    fits = [fit_binormal(*(rng.multinomial(300, own).astype(float) for own in shares)) for _ in range(150)]
    errors = np.array([np.sqrt(np.diag(fit.covariance))[:2] for fit in fits]).mean(axis=0)
    spread = np.array([(fit.a, fit.b) for fit in fits]).std(axis=0)
    assert errors == pytest.approx(spread, rel=0.2)


def test_a_point_on_the_fitted_curve_has_an_interval() -> None:
    fit = fit_binormal(NORMAL, ABNORMAL)
    point = fit.sensitivity_at(0.1)
    assert point.value == pytest.approx(stats.norm.cdf(1.656782 + 0.713002 * stats.norm.ppf(0.1)), abs=1e-6)
    assert 0.6 < point.low < point.value < point.high < 0.95
    with pytest.raises(StatisticsError, match="not between 0 and 1"):
        fit.sensitivity_at(1)


def test_a_category_that_nobody_used_changes_nothing() -> None:
    one = fit_binormal(NORMAL, ABNORMAL)
    other = fit_binormal(np.insert(NORMAL, 2, 0), np.insert(ABNORMAL, 2, 0))
    assert (one.a, one.b) == pytest.approx((other.a, other.b))


@pytest.mark.parametrize(
    ("negatives", "positives", "reason"),
    [
        ([0, 0, 0], [1, 2, 3], "no unit is negative"),
        ([3, 2, 1], [0, 0, 0], "no unit is positive"),
        ([3, 2, 0], [1, 5, 0], "fewer than three categories"),
        ([20, 0, 0, 0], [0, 5, 5, 5], "degenerate"),
        ([10, 0, 10], [0, 20, 0], "degenerate"),
    ],
)
def test_data_without_a_curve_are_refused(negatives, positives, reason) -> None:
    with pytest.raises(StatisticsError, match=reason):
        fit_binormal(np.array(negatives, float), np.array(positives, float))


def test_equal_scores_stay_in_one_category_and_missing_ones_are_left_out() -> None:
    scores = np.array([0.0, 0, 0, 0, 1, 2, np.nan])
    negatives, positives = categorise(scores, np.array([0, 0, 0, 1, 1, 1, 1], bool), categories=3)
    assert negatives.sum() + positives.sum() == 6
    assert negatives.tolist()[0] == 0 or negatives.max() == 3
