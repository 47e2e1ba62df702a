from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from lss_core.errors import StatisticsError
from lss_core.stats.resample import Interval, Resamples, Statistic, leave_one_out, mean_of, ratio

VALUES = np.random.default_rng(3).gamma(2.0, size=40)


def mean(values: np.ndarray = VALUES, name: str = "mean") -> Statistic:
    return Statistic(
        name=name,
        of=lambda weights: ratio(weights @ values, weights.sum(axis=1)),
        patients=len(values),
        n=len(values),
        undefined="there is nobody",
    )


def drawn(patients: int = 40, resamples: int = 2000, **options) -> Resamples:
    return Resamples.draw(patients, rng=np.random.default_rng(1), resamples=resamples, **options)


def test_each_replicate_draws_as_many_patients_as_there_are() -> None:
    counts = drawn().counts
    assert counts.shape == (2000, 40)
    assert np.all(counts.sum(axis=1) == 40)


def test_the_same_seed_draws_the_same_replicates() -> None:
    assert np.array_equal(drawn().counts, drawn().counts)


@pytest.mark.parametrize("interval", list(Interval))
def test_the_interval_of_a_mean_is_the_one_of_scipy(interval: Interval) -> None:
    ours = drawn(resamples=60_000).estimate(mean(), interval)
    method = "BCa" if interval is Interval.BCA else "percentile"
    theirs = stats.bootstrap(
        (VALUES,), np.mean, n_resamples=60_000, method=method, rng=np.random.default_rng(2)
    ).confidence_interval
    assert ours.value == pytest.approx(VALUES.mean())
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.02)
    assert ours.method == interval.value
    assert (ours.n, ours.level) == (40, 0.95)


def test_a_wider_coverage_gives_a_wider_interval() -> None:
    narrow, wide = (drawn(level=level).estimate(mean()) for level in (0.8, 0.99))
    assert wide.low < narrow.low < narrow.value < narrow.high < wide.high


def test_bca_without_skewness_in_the_patients_has_no_acceleration() -> None:
    level = Statistic(
        name="share of first", of=lambda w: w[:, 0] - w[:, 0].mean(), patients=5, n=5, undefined=""
    )
    constant_jackknife = Statistic(
        name="x", of=lambda w: np.where(w.sum(1) < 5, 0.0, level.of(w)), patients=5, n=5, undefined=""
    )
    estimate = drawn(5).estimate(constant_jackknife, Interval.BCA)
    assert estimate.low <= estimate.value <= estimate.high


def test_an_undefined_statistic_refuses_with_its_reason() -> None:
    nothing = Statistic(
        name="PPV", of=lambda w: np.full(len(w), np.nan), patients=3, n=0, undefined="nobody was called"
    )
    with pytest.raises(StatisticsError, match="PPV: nobody was called"):
        drawn(3).estimate(nothing)


def test_one_decisive_patient_is_too_few_for_an_interval() -> None:
    lone = Statistic(
        name="sensitivity",
        of=lambda w: ratio(w[:, 0], w[:, 0]) * w[:, 1],
        patients=20,
        n=1,
        undefined="no unit is positive",
    )
    with pytest.raises(StatisticsError, match=r"no interval: in 3\d% of the resamples no unit is positive"):
        drawn(20).estimate(lone)


def test_a_statistic_that_never_changes_has_no_interval() -> None:
    with pytest.raises(StatisticsError, match="the same in every resample"):
        drawn(10).estimate(mean(np.ones(10)))


def test_one_patient_is_too_few_to_resample() -> None:
    with pytest.raises(StatisticsError, match="two patients or more, not 1"):
        drawn(1)


def test_the_mean_rater_is_the_mean_of_the_raters_own_figures() -> None:
    both = mean_of("mean reader", [mean(), mean(VALUES * 3)])
    assert both.value() == pytest.approx(2 * VALUES.mean())
    assert both.n == 40


def test_the_mean_rater_is_undefined_where_one_of_them_is() -> None:
    nothing = Statistic(
        name="PPV", of=lambda w: np.full(len(w), np.nan), patients=40, n=0, undefined="he called nobody"
    )
    with pytest.raises(StatisticsError, match="mean reader: he called nobody"):
        mean_of("mean reader", [mean(), nothing]).value()


def test_the_mean_of_no_rater_is_refused() -> None:
    with pytest.raises(StatisticsError, match="there is no rater"):
        mean_of("mean reader", [])


def test_the_weights_that_leave_one_out_answer_as_their_matrix_does() -> None:
    weights, matrix = leave_one_out(4), 1 - np.eye(4)
    values = np.arange(8.0).reshape(4, 2)
    assert np.array_equal(weights @ values, matrix @ values)
    assert np.array_equal(np.asarray(weights), matrix)
    assert np.array_equal(weights[1:3], matrix[1:3])
    assert np.array_equal(weights.sum(axis=1), matrix.sum(axis=1))
    assert len(weights) == 4


def test_without_replicates_there_is_a_value_and_no_interval() -> None:
    with pytest.raises(StatisticsError, match="two patients"):
        Resamples.none(1).estimate(mean(np.array([2.0])))
