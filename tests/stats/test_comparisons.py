from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from lss_core.errors import StatisticsError
from lss_core.stats.agreement import cohen
from lss_core.stats.comparisons import bootstrap_test, jackknife_test, paired_auc_test, unpaired_auc_test
from lss_core.stats.curves import (
    at_threshold,
    band,
    curve_tables,
    partial_auc,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)
from lss_core.stats.paired import mcnemar
from lss_core.stats.rates import accuracy, sensitivity, specificity
from lss_core.stats.resample import Resamples, difference
from lss_core.stats.roc import concordance
from lss_core.stats.tables import Tables, confusion_tables

RNG = np.random.default_rng(11)
POSITIVE = RNG.random(300) < 0.4
SCORES = np.round(RNG.normal(POSITIVE[None] * [[1.2], [0.7]], 1), 1)
ALONE = np.arange(300)


def pairs_of(scores, positive=POSITIVE, patients=ALONE):
    return concordance(scores, positive, patients, n_patients=int(patients.max()) + 1)


def delong_z(scores, positive) -> float:
    """DeLong's z written out with placements, one by one."""
    v10 = np.array(
        [[np.mean((x > s[~positive]) + (x == s[~positive]) / 2) for x in s[positive]] for s in scores]
    )
    v01 = np.array(
        [[np.mean((s[positive] > y) + (s[positive] == y) / 2) for y in s[~positive]] for s in scores]
    )
    covariance = np.cov(v10) / v10.shape[1] + np.cov(v01) / v01.shape[1]
    contrast = np.array([1, -1])
    return float(contrast @ v10.mean(axis=1) / np.sqrt(contrast @ covariance @ contrast))


def test_the_paired_test_is_delongs_written_out() -> None:
    ours = paired_auc_test(pairs_of(SCORES[0]), pairs_of(SCORES[1]))
    assert ours.test.statistic == pytest.approx(delong_z(SCORES, POSITIVE))
    assert ours.test.method == "DeLong 1988"
    gap = metrics.roc_auc_score(POSITIVE, SCORES[0]) - metrics.roc_auc_score(POSITIVE, SCORES[1])
    assert ours.estimate.value == pytest.approx(gap)
    assert ours.estimate.low == pytest.approx(gap - 1.959964 * ours.error, abs=1e-6)


def test_the_clustered_test_agrees_with_the_bootstrap_and_has_its_name() -> None:
    patients = np.repeat(np.arange(100), 3)
    one, other = (pairs_of(scores, patients=patients) for scores in SCORES)
    ours = paired_auc_test(one, other)
    counts = Resamples.draw(100, rng=np.random.default_rng(3), resamples=3000).counts
    spread = (one.auc(counts) - other.auc(counts)).std()
    assert ours.error == pytest.approx(spread, rel=0.07)
    assert ours.test.method == "Obuchowski 1997"


def test_different_patients_add_their_variances() -> None:
    half = np.arange(150)
    one = pairs_of(SCORES[0, :150], POSITIVE[:150], half)
    other = pairs_of(SCORES[0, 150:], POSITIVE[150:], half)
    ours = unpaired_auc_test(one, other)
    alone = [
        paired_auc_test(own, pairs_of(np.zeros(150), own_truth, half)).error
        for own, own_truth in ((one, POSITIVE[:150]), (other, POSITIVE[150:]))
    ]  # a constant score has no variance
    assert ours.error == pytest.approx(np.hypot(*alone))
    assert ours.estimate.n == 300


def test_scores_in_the_same_order_leave_nothing_to_test() -> None:
    with pytest.raises(StatisticsError, match="order the units alike"):
        paired_auc_test(pairs_of(SCORES[0]), pairs_of(np.exp(SCORES[0])))


def accuracies():
    return [
        accuracy(
            confusion_tables(
                POSITIVE.astype(int), (scores > 0.5).astype(int), ALONE, grades=2, n_patients=300
            )
        )
        for scores in SCORES
    ]


def test_the_jackknife_test_of_two_accuracies_is_close_to_mcnemars() -> None:
    right = (SCORES > 0.5) == POSITIVE
    b, c = int(np.sum(right[0] & ~right[1])), int(np.sum(~right[0] & right[1]))
    ours = jackknife_test(*accuracies())
    n = 300
    error = np.sqrt((b + c - (b - c) ** 2 / n) / (n * (n - 1)))
    assert ours.error == pytest.approx(error)
    assert ours.estimate.value == pytest.approx((b - c) / n)
    assert ours.test.p == pytest.approx(mcnemar(b, c).p, abs=0.05)


def test_the_bootstrap_test_pairs_the_replicates() -> None:
    resamples = Resamples.draw(300, rng=np.random.default_rng(3), resamples=2000)
    ours = bootstrap_test(*accuracies(), resamples)
    assert ours.error == pytest.approx(jackknife_test(*accuracies()).error, rel=0.06)
    assert ours.estimate.low < ours.estimate.value < ours.estimate.high


def test_a_statistic_against_itself_is_refused() -> None:
    one, _ = accuracies()
    with pytest.raises(StatisticsError, match="same value"):
        jackknife_test(one, one)


def test_a_difference_needs_the_same_patients_and_two_defined_figures() -> None:
    one, _ = accuracies()
    few = accuracy(Tables(np.ones((3, 2, 2))))
    with pytest.raises(StatisticsError, match="300 patients cannot be paired with 3"):
        difference("difference", one, few)
    nobody = sensitivity(Tables(np.zeros((3, 2, 2))))
    for pair in ((few, nobody), (nobody, few)):
        with pytest.raises(StatisticsError, match="no unit is positive"):
            difference("difference", *pair).value()


def test_a_kappas_difference_is_the_difference_of_the_kappas() -> None:
    tables = [Tables(RNG.integers(0, 5, (20, 2, 2)).astype(float)) for _ in range(2)]
    one, other = (cohen(table) for table in tables)
    assert difference("d", one, other).value() == pytest.approx(one.value() - other.value())


CURVE = curve_tables(SCORES[0], POSITIVE, ALONE, n_patients=300)


@pytest.mark.parametrize("most", [0.05, 0.2, 0.5, 1.0])
def test_the_partial_auc_is_that_of_scikit_learn(most) -> None:
    expected = metrics.roc_auc_score(POSITIVE, SCORES[0], max_fpr=most)
    assert partial_auc(CURVE, 0, most, standardised=most < 1).value() == pytest.approx(expected)


def test_parts_of_the_area_add_up_to_the_whole() -> None:
    parts = [
        partial_auc(CURVE, *ends, standardised=False).value() for ends in ((0, 0.13), (0.13, 0.6), (0.6, 1))
    ]
    assert sum(parts) == pytest.approx(metrics.roc_auc_score(POSITIVE, SCORES[0]))


@pytest.mark.parametrize("ends", [(0.2, 0.2), (-0.1, 0.5), (0.5, 1.1)])
def test_a_part_of_the_area_lies_between_0_and_1(ends) -> None:
    with pytest.raises(StatisticsError, match="no part of 0 to 1"):
        partial_auc(CURVE, *ends)


def test_a_replicate_of_the_partial_area_is_that_of_the_patients_written_out() -> None:
    counts = Resamples.draw(300, rng=np.random.default_rng(3), resamples=300).counts
    own = partial_auc(CURVE, 0, 0.3).of(counts)
    for row in (0, 150, 299):
        again = counts[row].astype(int)
        expected = metrics.roc_auc_score(POSITIVE.repeat(again), SCORES[0].repeat(again), max_fpr=0.3)
        assert own[row] == pytest.approx(expected)


@pytest.mark.parametrize("specificity_wanted", [0.0, 0.5, 0.8, 0.93, 1.0])
def test_an_operating_point_lies_on_the_curve(specificity_wanted) -> None:
    x, y, _ = metrics.roc_curve(POSITIVE, SCORES[0], drop_intermediate=False)
    at = 1 - specificity_wanted
    top = y[x <= at + 1e-12].max()
    after = x > at + 1e-12
    expected = top
    if after.any():
        first, base = np.argmax(after), np.argmax(after) - 1
        expected = y[base] + (at - x[base]) / (x[first] - x[base]) * (y[first] - y[base])
    assert sensitivity_at_specificity(CURVE, specificity_wanted).value() == pytest.approx(expected)


def test_specificity_at_a_sensitivity_is_the_same_curve_read_the_other_way() -> None:
    mirrored = curve_tables(-SCORES[0], ~POSITIVE, ALONE, n_patients=300)
    for share in (0.3, 0.77, 0.95):
        ours = specificity_at_sensitivity(CURVE, share).value()
        assert ours == pytest.approx(sensitivity_at_specificity(mirrored, share).value())


def test_an_operating_point_has_an_interval() -> None:
    resamples = Resamples.draw(300, rng=np.random.default_rng(3), resamples=500)
    ours = resamples.estimate(sensitivity_at_specificity(CURVE, 0.9))
    assert ours.low < ours.value < ours.high


@pytest.mark.parametrize("point", [sensitivity_at_specificity, specificity_at_sensitivity])
def test_an_operating_point_is_asked_for_between_0_and_1(point) -> None:
    with pytest.raises(StatisticsError, match=r"1\.2 is not between"):
        point(CURVE, 1.2)


def test_a_threshold_gives_a_table_of_two_by_two() -> None:
    table = at_threshold(CURVE, 0.5)
    called = SCORES[0] >= 0.5
    assert sensitivity(table).value() == pytest.approx(metrics.recall_score(POSITIVE, called))
    assert specificity(table).value() == pytest.approx(metrics.recall_score(~POSITIVE, ~called))


def test_the_band_holds_the_curve_between_its_ends() -> None:
    resamples = Resamples.draw(300, rng=np.random.default_rng(3), resamples=300)
    estimates = band(CURVE, np.array([0.1, 0.4]), resamples)
    assert estimates[0].value == pytest.approx(sensitivity_at_specificity(CURVE, 0.9).value())
    assert all(one.low <= one.value <= one.high for one in estimates)


@pytest.mark.parametrize(
    ("positive", "reason"), [(np.ones(4, bool), "is negative"), (np.zeros(4, bool), "is positive")]
)
def test_a_curve_of_one_class_is_refused(positive, reason) -> None:
    curve = curve_tables(np.arange(4.0), positive, np.arange(4), n_patients=4)
    with pytest.raises(StatisticsError, match=reason):
        partial_auc(curve, 0, 0.5).value()


def test_a_curve_of_no_unit_at_all_is_refused() -> None:
    curve = curve_tables(np.full(4, np.nan), np.ones(4, bool), np.arange(4), n_patients=4)
    with pytest.raises(StatisticsError, match="no unit is positive"):
        sensitivity_at_specificity(curve, 0.9).value()
