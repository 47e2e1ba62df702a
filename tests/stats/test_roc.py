from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics

from lss_core.errors import StatisticsError
from lss_core.stats.rates import balanced_accuracy
from lss_core.stats.resample import Resamples, leave_one_out
from lss_core.stats.roc import auc, concordance, obuchowski, obuchowski_interval, roc_curve, weighted_auc
from lss_core.stats.tables import MISSING, confusion_tables, encode

SCORED = st.lists(st.tuples(st.booleans(), st.integers(0, 9), st.integers(0, 4)), min_size=4, max_size=60)


def split(units) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    positive, scores, patients = (np.array(column) for column in zip(*units, strict=True))
    assume(positive.any() and not positive.all())
    return positive, scores.astype(float), patients


def pairs_of(positive, scores, patients, n_patients=5):
    return concordance(scores, positive, patients, n_patients=n_patients)


def delong(scores: np.ndarray, positive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """AUCs and covariance written out as DeLong, DeLong and Clarke-Pearson (1988) do, by loops."""
    v10 = np.array(
        [[np.mean((x > s[~positive]) + (x == s[~positive]) / 2) for x in s[positive]] for s in scores]
    )
    v01 = np.array(
        [[np.mean((s[positive] > y) + (s[positive] == y) / 2) for y in s[~positive]] for s in scores]
    )
    return v10.mean(axis=1), np.cov(v10) / v10.shape[1] + np.cov(v01) / v01.shape[1]


@given(SCORED)
def test_the_auc_is_that_of_scikit_learn(units) -> None:
    positive, scores, patients = split(units)
    assert auc(pairs_of(positive, scores, patients)).value() == pytest.approx(
        metrics.roc_auc_score(positive, scores)
    )


@given(SCORED, st.integers(0, 2**31))
def test_a_replicate_is_the_auc_of_the_patients_written_out(units, seed) -> None:
    positive, scores, patients = split(units)
    counts = np.random.default_rng(seed).multinomial(5, np.full(5, 0.2), size=1)
    repeat = counts[0][patients]
    again = np.repeat(positive, repeat)
    assume(again.any() and not again.all())
    expected = metrics.roc_auc_score(again, np.repeat(scores, repeat))
    assert pairs_of(positive, scores, patients).auc(counts.astype(float)) == pytest.approx(expected)


@given(SCORED)
def test_reversed_scores_turn_the_auc_over(units) -> None:
    positive, scores, patients = split(units)
    forward, backward = (auc(pairs_of(positive, s, patients)).value() for s in (scores, -scores))
    assert forward + backward == pytest.approx(1)


@given(SCORED)
def test_a_rising_transformation_of_the_scores_changes_nothing(units) -> None:
    positive, scores, patients = split(units)
    once, twice = (auc(pairs_of(positive, s, patients)).value() for s in (scores, np.exp(scores)))
    assert once == twice


@given(SCORED)
def test_the_auc_of_a_hard_label_is_the_mean_of_sensitivity_and_specificity(units) -> None:
    positive, scores, patients = split(units)
    label = (scores > 4).astype(int)
    table = confusion_tables(positive.astype(int), label, patients, grades=2, n_patients=5)
    assert auc(pairs_of(positive, label.astype(float), patients)).value() == pytest.approx(
        balanced_accuracy(table).value()
    )


def test_few_and_many_distinct_scores_take_two_ways_to_the_same_auc() -> None:
    rng = np.random.default_rng(1)
    patients = np.repeat(np.arange(30), 5)
    positive = rng.random(150) < 0.4
    scores = np.round(rng.normal(positive, 1), 1)
    counts = Resamples.draw(30, rng=rng, resamples=50).counts
    pairs = pairs_of(positive, scores, patients, 30)
    won = ((counts @ pairs.positives) * (counts @ pairs.beaten)).sum(axis=1)
    expected = won / ((counts @ pairs.positives.sum(axis=1)) * (counts @ pairs.negatives))
    assert 2 * pairs.positives.shape[1] > 30
    assert pairs.auc(counts) == pytest.approx(expected)
    hard = pairs_of(positive, (scores > 0.5).astype(float), patients, 30)
    assert hard.auc(counts) == pytest.approx(
        ((counts @ hard.wins) * counts).sum(1)
        / ((counts @ hard.positives.sum(1)) * (counts @ hard.negatives))
    )


def test_a_unit_without_a_score_is_left_out() -> None:
    scores = np.array([0.1, 0.9, np.nan, 0.2])
    positive = np.array([False, True, True, False])
    statistic = auc(pairs_of(positive, scores, np.arange(4)))
    assert (statistic.value(), statistic.n) == (1, 3)
    assert roc_curve(scores, positive).thresholds.tolist() == [np.inf, 0.9, 0.2, 0.1]


@pytest.mark.parametrize(
    ("positive", "reason"), [(True, "no unit is negative"), (False, "no unit is positive")]
)
def test_an_auc_of_one_class_is_refused(positive, reason) -> None:
    truth = np.full(3, positive)
    with pytest.raises(StatisticsError, match=reason):
        auc(pairs_of(truth, np.arange(3.0), np.arange(3))).value()
    with pytest.raises(StatisticsError, match=reason):
        roc_curve(np.arange(3.0), truth)


def test_the_weighted_auc_is_that_of_scikit_learn(shared_data) -> None:
    path = shared_data / "stats" / "multiclass_wine_2feat_cvprob.csv"
    data = np.genfromtxt(path, delimiter=",", skip_header=1)
    truth, probabilities = data[:, 0].astype(int), data[:, 2:]
    expected = metrics.roc_auc_score(
        truth, probabilities / probabilities.sum(1, keepdims=True), multi_class="ovr", average="weighted"
    )
    ours = weighted_auc(truth, probabilities, np.arange(len(truth)), n_patients=len(truth))
    assert ours.value() == pytest.approx(expected, abs=1e-4)
    assert ours.n == 178


def test_a_grade_that_does_not_occur_weighs_nothing() -> None:
    truth = np.array([0, 0, 1, 1, MISSING])
    scores = np.array([[0.9, 0.1, 0], [0.8, 0.2, 0], [0.4, 0.6, 0], [0.85, 0.15, 0], [0, 1, 0]])
    ours = weighted_auc(truth, scores, np.arange(5), n_patients=5)
    assert ours.value() == pytest.approx(metrics.roc_auc_score(truth[:4], scores[:4, 1]))
    assert ours.n == 4


def test_a_weighted_auc_of_one_grade_is_refused() -> None:
    ours = weighted_auc(np.zeros(3, int), np.eye(3), np.arange(3), n_patients=3)
    with pytest.raises(StatisticsError, match="one grade only"):
        ours.value()


def van_dyke(shared_data, treatment: int):
    data = np.genfromtxt(
        shared_data / "stats" / "vandyke.csv", delimiter=",", skip_header=1, converters={0: _int, 1: _int}
    )
    table = np.array([[row[0], row[1], row[2], row[5], row[6]] for row in data.tolist()], float)
    table = table[table[:, 1] == treatment]
    readers = [table[table[:, 0] == reader] for reader in range(1, 6)]
    readers = [rows[np.argsort(rows[:, 2])] for rows in readers]
    return readers[0][:, 3] == 1, np.array([rows[:, 4] for rows in readers])


def _int(text) -> int:
    return int((text.decode() if isinstance(text, bytes) else text).strip('"'))


@pytest.mark.parametrize(
    ("treatment", "published"),
    [
        (1, (0.91964573, 0.85877617, 0.90386473, 0.97310789, 0.82979066)),
        (2, (0.94782609, 0.90531401, 0.92173913, 0.99935588, 0.92995169)),
    ],
)
def test_the_aucs_of_van_dykes_readers_are_the_published_ones(shared_data, treatment, published) -> None:
    # VanDyke et al. 1993; empirical AUCs as printed by Chakraborty, The RJafroc Quick Start Book,
    # and by MRMCaov's mrmc(empirical_auc(truth, rating), ...).
    positive, scores = van_dyke(shared_data, treatment)
    cases = np.arange(len(positive))
    pairs = [pairs_of(positive, reader, cases, len(cases)) for reader in scores]
    areas, covariance = obuchowski(pairs)
    expected, expected_covariance = delong(scores, positive)
    assert areas == pytest.approx(np.array(published), abs=5e-9)
    assert areas == pytest.approx(expected)
    assert covariance == pytest.approx(expected_covariance)


def test_one_unit_a_patient_makes_obuchowskis_interval_delongs() -> None:
    rng = np.random.default_rng(1)
    positive = rng.random(80) < 0.4
    scores = rng.normal(positive, 1)
    (value,), variance = delong(scores[None].repeat(2, 0)[:1], positive)
    half = 1.959963985 * np.sqrt(variance)
    ours = obuchowski_interval(pairs_of(positive, scores, np.arange(80), 80))
    assert (ours.value, ours.low, ours.high) == pytest.approx((value, value - half, value + half))
    assert (ours.n, ours.method) == (80, "Obuchowski 1997")


def test_writing_each_patients_unit_twice_adds_no_information() -> None:
    rng = np.random.default_rng(1)
    positive = rng.random(60) < 0.4
    scores = rng.normal(positive, 1)
    once = obuchowski([pairs_of(positive, scores, np.arange(60), 60)])
    twice = obuchowski([pairs_of(positive.repeat(2), scores.repeat(2), np.arange(60).repeat(2), 60)])
    assert twice[0] == pytest.approx(once[0])
    assert twice[1] == pytest.approx(once[1])


def test_the_clustered_variance_agrees_with_the_bootstrap_of_patients() -> None:
    rng = np.random.default_rng(4)
    patients = np.repeat(np.arange(300), 6)
    patient_effect = rng.normal(0, 1, 300)[patients]
    positive = rng.random(1800) < np.where(rng.random(300) < 0.5, 0.6, 0.1)[patients]
    scores = positive + patient_effect + rng.normal(0, 0.7, 1800)
    pairs = pairs_of(positive, scores, patients, 300)
    bootstrap = pairs.auc(Resamples.draw(300, rng=rng, resamples=3000).counts).std()
    clustered = float(np.sqrt(obuchowski([pairs])[1][0, 0]))
    independent = float(np.sqrt(obuchowski([pairs_of(positive, scores, np.arange(1800), 1800)])[1][0, 0]))
    assert clustered == pytest.approx(bootstrap, rel=0.06)
    assert independent < 0.8 * bootstrap


def test_a_perfect_rater_keeps_his_interval_within_one() -> None:
    positive = np.array([False, False, False, True, True, True])
    scores = np.array([0.1, 0.2, 0.5, 0.5, 0.8, 0.9])
    assert obuchowski_interval(pairs_of(positive, scores, np.arange(6), 6)).high == 1


def test_one_patient_with_positive_units_is_too_few_for_a_variance() -> None:
    positive = np.array([False, False, True])
    with pytest.raises(StatisticsError, match="fewer than two patients"):
        obuchowski_interval(pairs_of(positive, np.arange(3.0), np.arange(3)))


def test_raters_of_different_units_have_no_covariance_here() -> None:
    positive, cases = np.array([False, False, True, True]), np.arange(4)
    whole = pairs_of(positive, np.arange(4.0), cases)
    partial = pairs_of(positive, np.array([0, np.nan, 2, 3]), cases)
    with pytest.raises(StatisticsError, match="did not rate the same units"):
        obuchowski([whole, partial])


@given(SCORED)
def test_the_curve_is_that_of_scikit_learn_and_its_area_the_auc(units) -> None:
    positive, scores, patients = split(units)
    curve = roc_curve(scores, positive)
    x, y, thresholds = metrics.roc_curve(positive, scores, drop_intermediate=False)
    assert curve.false_positive_rates == pytest.approx(x)
    assert curve.sensitivities == pytest.approx(y)
    assert np.array_equal(curve.thresholds, thresholds)
    area = np.trapezoid(curve.sensitivities, curve.false_positive_rates)
    assert area == pytest.approx(auc(pairs_of(positive, scores, patients)).value())


def test_codes_serve_as_ordinal_scores() -> None:
    scores = encode([0, 1, 2, 3], range(4)).astype(float)
    assert auc(pairs_of(scores > 1, scores, np.arange(4))).value() == 1


def test_many_patients_and_scores_take_a_third_way_to_the_same_auc(monkeypatch) -> None:
    rng = np.random.default_rng(1)
    patients = np.repeat(np.arange(30), 5)
    positive = rng.random(150) < 0.4
    scores = np.round(rng.normal(positive, 1), 1)
    counts = Resamples.draw(30, rng=rng, resamples=150).counts
    expected = pairs_of(positive, scores, patients, 30).auc(counts)
    monkeypatch.setattr("lss_core.stats.roc.FEW_PATIENTS", 0)
    monkeypatch.setattr("lss_core.stats.roc.FEW_SCORES", 0)
    assert pairs_of(positive, scores, patients, 30).auc(counts) == pytest.approx(expected, abs=1e-13)


@given(SCORED)
def test_leaving_out_each_patient_is_the_auc_of_the_others(units) -> None:
    positive, scores, patients = split(units)
    pairs = pairs_of(positive, scores, patients)
    fast = pairs.auc(leave_one_out(5))
    assert fast == pytest.approx(pairs.auc(np.asarray(1 - np.eye(5))), nan_ok=True)
    assert pairs.wins.sum(axis=1) == pytest.approx(pairs.won)
    assert pairs.wins.sum(axis=0) == pytest.approx(pairs.lost)
    assert np.diag(pairs.wins) == pytest.approx(pairs.within)
