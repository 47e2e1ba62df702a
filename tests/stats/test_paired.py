from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.contingency_tables import mcnemar as theirs
from statsmodels.stats.proportion import proportion_confint

from lss_core.errors import StatisticsError
from lss_core.stats import paired
from lss_core.stats.paired import McNemar

PAIRS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 5)), min_size=4, max_size=60)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemars_tests_are_those_of_statsmodels(b, c) -> None:
    if b + c == 0:
        return
    table = [[7, b], [c, 9]]
    exact = theirs(table, exact=True)
    assert paired.mcnemar(b, c).p == pytest.approx(exact.pvalue)
    for kind, corrected in ((McNemar.ASYMPTOTIC, False), (McNemar.CORRECTED, True)):
        if b == c and corrected:
            continue  # statsmodels does not stop the corrected difference at 0
        expected = theirs(table, exact=False, correction=corrected)
        ours = paired.mcnemar(b, c, kind)
        assert (ours.statistic, ours.p) == pytest.approx((expected.statistic, expected.pvalue))


@given(st.integers(0, 40), st.integers(0, 40))
def test_the_mid_p_is_below_the_exact_and_symmetric(b, c) -> None:
    if b + c == 0:
        return
    mid, turned = paired.mcnemar(b, c, McNemar.MID_P), paired.mcnemar(c, b, McNemar.MID_P)
    assert mid.p == pytest.approx(turned.p)
    assert 0 < mid.p <= paired.mcnemar(b, c).p


def test_the_mid_p_is_the_published_one() -> None:
    # Fagerland, Lydersen and Laake 2013, BMC Med Res Methodol 13:91, airway hyper-responsiveness before
    # and after stem cell transplantation: 1 and 7 discordant of 21: exact 0.0703, mid-p 0.0391,
    # asymptotic 0.0339, corrected 0.0771.
    expected = {McNemar.EXACT: 0.0703, McNemar.MID_P: 0.0391}
    expected |= {McNemar.ASYMPTOTIC: 0.0339, McNemar.CORRECTED: 0.0771}
    for kind, p in expected.items():
        assert paired.mcnemar(1, 7, kind).p == pytest.approx(p, abs=5e-5)


def test_raters_who_never_differ_leave_nothing_to_test() -> None:
    with pytest.raises(StatisticsError, match="differ at no unit"):
        paired.mcnemar(0, 0)


@pytest.mark.parametrize(
    ("table", "published"),
    [
        # Newcombe 1998, Stat Med 17:2635, method 10, on 50 pairs 36, 12, 2, 0.
        ([[0, 2], [12, 36]], (0.0569, 0.3404)),
    ],
)
def test_newcombes_interval_is_the_published_one(table, published) -> None:
    ours = paired.newcombe(np.array(table, float))
    assert ours.value == pytest.approx(0.2)
    assert (ours.low, ours.high) == pytest.approx(published, abs=5e-5)


def test_newcombes_interval_without_correlation_is_square_and_add() -> None:
    # All of the one, half of the other: no margin product, so phi is 0.
    ours = paired.newcombe(np.array([[0, 0], [10, 10]], float))
    low, _ = proportion_confint(20, 20, method="wilson")
    l2, u2 = proportion_confint(10, 20, method="wilson")
    assert ours.low == pytest.approx(0.5 - np.hypot(1 - low, u2 - 0.5))
    assert ours.high == pytest.approx(0.5 + (0.5 - l2))


@given(st.lists(st.integers(0, 30), min_size=4, max_size=4))
def test_newcombes_interval_turns_over_with_the_raters(cells) -> None:
    table = np.array(cells, float).reshape(2, 2)
    if table.sum() == 0:
        with pytest.raises(StatisticsError, match="no unit"):
            paired.newcombe(table)
        return
    one, other = paired.newcombe(table), paired.newcombe(table.T)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-12)
    assert -1 - 1e-12 <= one.low <= one.value + 1e-12


@given(PAIRS)
def test_obuchowskis_test_with_one_unit_a_patient_is_mcnemars_less_one_patient(units) -> None:
    one, other, _ = np.array(units, float).T
    n, b, c = len(one), int(np.sum(one > other)), int(np.sum(one < other))
    if b + c == 0:
        return
    ours = paired.clustered_difference(one, other, np.arange(n), n_patients=n)
    expected = paired.mcnemar(b, c, McNemar.ASYMPTOTIC).statistic * (n - 1) / n
    assert ours.test.statistic == pytest.approx(expected)
    assert ours.estimate.value == pytest.approx((b - c) / n)


def test_the_clustered_difference_written_out_with_two_patients_sites() -> None:
    # Three patients with two units: differences 1, 2, -1: z = 2 / sqrt(3/2 * 6), error by hand.
    one, other = np.array([1.0, 0, 1, 1, 0, 1]), np.array([0.0, 0, 0, 0, 1, 1])
    ours = paired.clustered_difference(one, other, np.repeat([0, 1, 2], 2), n_patients=3)
    assert ours.test.statistic == pytest.approx(4 / 9)
    mean = 2 / 6
    error = np.sqrt(1.5 * ((1 - 2 * mean) ** 2 + (2 - 2 * mean) ** 2 + (-1 - 2 * mean) ** 2)) / 6
    assert ours.error == pytest.approx(error)
    assert (ours.estimate.value, ours.estimate.n) == (pytest.approx(mean), 6)


def test_the_clustered_errors_agree_with_the_bootstrap_of_patients() -> None:
    rng = np.random.default_rng(5)
    patients = np.repeat(np.arange(200), 5)
    skill = rng.normal(size=(200, 2))[patients]
    hits = (skill + rng.normal(size=(1000, 2)) > -0.5).astype(float)
    ours = paired.clustered_difference(hits[:, 0], hits[:, 1], patients, n_patients=200)
    counts = rng.multinomial(200, np.full(200, 1 / 200), size=4000)
    gaps = np.bincount(patients, hits[:, 0] - hits[:, 1])
    spread = (counts @ gaps / 1000).std()
    assert ours.error == pytest.approx(spread, rel=0.05)


def test_units_that_one_did_not_rate_are_left_out() -> None:
    one, other = np.array([1.0, np.nan, 0, 1]), np.array([0.0, 1, 1, 0])
    assert paired.clustered_difference(one, other, np.arange(4), n_patients=4).estimate.n == 3


def test_patients_who_balance_out_give_no_evidence() -> None:
    one, other = np.array([1.0, 0, 0, 1]), np.array([0.0, 1, 1, 0])
    ours = paired.clustered_difference(one, other, np.array([0, 0, 1, 1]), n_patients=2)
    assert (ours.test.statistic, ours.test.p) == (0, 1)


@pytest.mark.parametrize(
    ("one", "other", "patients", "reason"),
    [
        ([np.nan], [1.0], [0], "no unit"),
        ([1.0, 0.0], [0.0, 0.0], [0, 0], "only one patient"),
        ([1.0, 0.0], [1.0, 0.0], [0, 1], "differ at no unit"),
    ],
)
def test_a_clustered_difference_refuses_what_it_cannot_say(one, other, patients, reason) -> None:
    with pytest.raises(StatisticsError, match=reason):
        paired.clustered_difference(np.array(one), np.array(other), np.array(patients), n_patients=2)


def test_non_inferiority_is_the_lower_end_of_the_interval_against_the_margin() -> None:
    # z = (-0.02 + 0.05) / 0.015 = 2: one-sided p 0.02275; the 95 % interval is -0.0494 to 0.0094.
    ours = paired.non_inferiority(-0.02, 0.015, 0.05)
    assert ours.p == pytest.approx(0.0227501, abs=1e-7)
    assert (ours.low, ours.high) == pytest.approx((-0.0494, 0.0094), abs=1e-4)
    assert ours.shown
    assert not paired.non_inferiority(-0.02, 0.016, 0.05).shown


def test_equivalence_is_the_worse_of_two_one_sided_tests() -> None:
    ours = paired.equivalence(0.02, 0.015, 0.05)
    assert ours.p == pytest.approx(0.0227501, abs=1e-7)
    assert ours.shown
    assert ours.p == pytest.approx(paired.equivalence(-0.02, 0.015, 0.05).p)
    assert not paired.equivalence(0.04, 0.015, 0.05).shown


@given(st.floats(-0.2, 0.2), st.floats(0.001, 0.2), st.floats(0.01, 0.2))
def test_a_margin_is_met_where_the_interval_lies_above_it(value, error, margin) -> None:
    ours = paired.non_inferiority(value, error, margin)
    if abs(ours.low + margin) > 1e-9:
        assert ours.shown == (ours.low > -margin)


@pytest.mark.parametrize(("margin", "error"), [(0, 0.1), (-0.05, 0.1), (0.05, 0)])
def test_a_margin_and_an_error_are_above_0(margin, error) -> None:
    for test in (paired.non_inferiority, paired.equivalence):
        with pytest.raises(StatisticsError, match="must be above 0"):
            test(0.0, error, margin)
