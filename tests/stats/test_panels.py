from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lss_core.errors import StatisticsError
from lss_core.stats.agreement import Metric, Weighting, alpha, cohen, fleiss
from lss_core.stats.comparisons import jackknife_test
from lss_core.stats.intervals import jackknife_error
from lss_core.stats.panels import Coefficient, panel_agreement, panel_large_sample
from lss_core.stats.ranks import kendall_w, kendall_w_test
from lss_core.stats.resample import Resamples
from lss_core.stats.tables import coincidence_tables, confusion_tables, encode, vote_counts

PANELS = st.lists(
    st.lists(st.sampled_from([0, 1, 2, 3, np.nan]), min_size=4, max_size=4), min_size=3, max_size=30
)
COMPLETE = st.lists(st.lists(st.integers(0, 3), min_size=3, max_size=3), min_size=3, max_size=30)
NO_ALPHA = [one for one in Coefficient if one is not Coefficient.ALPHA]


def votes_of(ratings, scale) -> np.ndarray:
    return vote_counts(encode(ratings, scale), grades=len(scale))


def read(shared_data, name: str) -> np.ndarray:
    return np.genfromtxt(shared_data / "stats" / name, delimiter=",", skip_header=1)


def half_width(estimate, n: int) -> float:
    """The standard error back from an upper end that 1 has not cut, or a lower that -1 has not."""
    from scipy.stats import t

    return (estimate.value - estimate.low) / t.ppf(0.975, n - 1)


@pytest.mark.parametrize(
    ("coefficient", "value", "error"),
    [
        # irrCAC's README (Gwet 2014), cac.raw4raters, the same data as Krippendorff's example.
        (Coefficient.FLEISS, 0.76117, 0.15302),
        (Coefficient.GWET, 0.77544, 0.14295),
        (Coefficient.ALPHA, 0.74342, 0.14548),
        (Coefficient.PERCENT, 0.8181818, None),
    ],
)
def test_panel_agreement_with_missing_values_is_the_published_one(
    shared_data, coefficient, value, error
) -> None:
    votes = votes_of(read(shared_data, "krippendorff_4x12.csv")[:, 1:], range(1, 6))
    ours = panel_large_sample(votes, coefficient)
    assert ours.value == pytest.approx(value, abs=5.1e-6)
    assert ours.n == 11
    if error is not None:
        assert half_width(ours, 12) == pytest.approx(error, abs=5.1e-6)


def test_gwets_interval_is_the_published_one(shared_data) -> None:
    # irrCAC's README: AC1 of cac.raw4raters, (0.461, 1).
    votes = votes_of(read(shared_data, "krippendorff_4x12.csv")[:, 1:], range(1, 6))
    ours = panel_large_sample(votes, Coefficient.GWET)
    assert (ours.low, ours.high) == (pytest.approx(0.461, abs=5e-4), 1)


@pytest.mark.parametrize(
    ("coefficient", "value", "error"),
    # irrCAC's README, distrib.6raters: the first 15 of Fleiss' 30 patients.
    [(Coefficient.GWET, 0.4448007, 0.08418757), (Coefficient.FLEISS, 0.4139265, 0.08119291)],
)
def test_panel_agreement_of_fleiss_patients_is_the_published_one(
    shared_data, coefficient, value, error
) -> None:
    votes = read(shared_data, "fleiss1971_counts.csv")[:15]
    ours = panel_large_sample(votes, coefficient)
    assert ours.value == pytest.approx(value, abs=5.1e-8)
    assert half_width(ours, 15) == pytest.approx(error, abs=5.1e-9)


@pytest.mark.parametrize(
    ("coefficient", "value"),
    # irrCAC's vignette "overview": cont3x3abstractors.
    [
        (Coefficient.GWET, 0.8493305),
        (Coefficient.BRENNAN_PREDIGER, 0.835),
        (Coefficient.FLEISS, 0.7962397),  # of two raters it is Scott's pi
        (Coefficient.ALPHA, 0.7972585),
        (Coefficient.PERCENT, 0.89),
    ],
)
def test_agreement_of_two_raters_is_the_published_one(coefficient, value) -> None:
    table = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    rows, columns = np.nonzero(table)
    pairs = np.repeat(np.column_stack([rows, columns]), table[rows, columns], axis=0)
    ours = panel_large_sample(vote_counts(pairs, grades=3), coefficient)
    assert ours.value == pytest.approx(value, abs=5.1e-8)


@given(PANELS, st.sampled_from(NO_ALPHA), st.sampled_from(Weighting))
def test_the_large_sample_value_is_the_statistics_own(ratings, coefficient, weighting) -> None:
    votes = votes_of(ratings, range(4))
    assume((votes.sum(axis=1) >= 2).any() and np.count_nonzero(votes.sum(axis=0)) > 1)
    assume((votes.sum(axis=1) >= 1).sum() >= 2)
    own = panel_agreement(votes, np.arange(len(votes)), coefficient, weighting, n_patients=len(votes))
    assert panel_large_sample(votes, coefficient, weighting).value == pytest.approx(own.value())


@given(PANELS, st.sampled_from([Weighting.PLAIN, Weighting.QUADRATIC]))
def test_the_large_sample_alpha_is_that_of_the_package(ratings, weighting) -> None:
    votes = votes_of(ratings, range(4))
    kept = votes[votes.sum(axis=1) >= 2]
    assume(len(kept) > 1 and np.count_nonzero(kept.sum(axis=0)) > 1)
    metric = "nominal" if weighting is Weighting.PLAIN else "interval"
    expected = krippendorff.alpha(
        value_counts=votes, value_domain=np.arange(4.0), level_of_measurement=metric
    )
    assert panel_large_sample(votes, Coefficient.ALPHA, weighting).value == pytest.approx(expected)


@pytest.mark.parametrize("metric", list(Metric))
@pytest.mark.parametrize("scale", [(0.0, 1.0, 2.0, 3.0), (1.0, 2.0, 5.0, 10.0)])
def test_alpha_of_each_level_of_measurement_is_that_of_the_package(metric, scale) -> None:
    rng = np.random.default_rng(7)
    values = np.array(scale)[rng.integers(0, 4, (40, 4))]
    values[rng.random((40, 4)) < 0.2] = np.nan
    votes = votes_of(values, scale)
    tables = coincidence_tables(votes, np.arange(40), n_patients=40)
    expected = krippendorff.alpha(values.T, level_of_measurement=metric.value, value_domain=scale)
    assert alpha(tables, metric, scale).value() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("metric", "published"), [(Metric.INTERVAL, 0.849), (Metric.RATIO, 0.797), (Metric.ORDINAL, 0.815)]
)
def test_alpha_of_krippendorffs_example_is_the_published_one(shared_data, metric, published) -> None:
    # Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, section E.
    votes = votes_of(read(shared_data, "krippendorff_4x12.csv")[:, 1:], range(1, 6))
    tables = coincidence_tables(votes, np.arange(12), n_patients=12)
    assert alpha(tables, metric, (1, 2, 3, 4, 5)).value() == pytest.approx(published, abs=6e-4)


def test_a_ratio_scale_has_no_values_below_0_and_one_for_each_grade() -> None:
    tables = coincidence_tables(np.ones((2, 2)), np.arange(2), n_patients=2)
    with pytest.raises(StatisticsError, match="no values below 0"):
        alpha(tables, Metric.RATIO, (-1, 1))
    with pytest.raises(StatisticsError, match="3 values were given for 2 grades"):
        alpha(tables, Metric.INTERVAL, (0, 1, 2))


@given(COMPLETE)
def test_pabak_of_two_grades_is_twice_the_agreement_less_1(ratings) -> None:
    codes = (np.array(ratings) >= 2).astype(int)[:, :2]
    votes = vote_counts(codes, grades=2)
    own = panel_agreement(votes, np.arange(len(votes)), Coefficient.BRENNAN_PREDIGER, n_patients=len(votes))
    assert own.value() == pytest.approx(2 * np.mean(codes[:, 0] == codes[:, 1]) - 1)


@given(COMPLETE)
def test_plain_fleiss_is_the_one_of_the_module_agreement(ratings) -> None:
    votes = votes_of(ratings, range(4))
    weights = np.ones((1, len(votes)))
    one = panel_agreement(votes, np.arange(len(votes)), Coefficient.FLEISS, n_patients=len(votes))
    other = fleiss(votes, np.arange(len(votes)), n_patients=len(votes))
    assert one.of(weights) == pytest.approx(other.of(weights), nan_ok=True)


def test_a_replicate_is_the_coefficient_of_the_patients_written_out() -> None:
    rng = np.random.default_rng(5)
    patients = np.repeat(np.arange(6), 4)
    votes = votes_of(np.where(rng.random((24, 5)) < 0.1, np.nan, rng.integers(0, 4, (24, 5))), range(4))
    counts = Resamples.draw(6, rng=rng, resamples=10).counts
    for coefficient in NO_ALPHA:
        own = panel_agreement(votes, patients, coefficient, Weighting.LINEAR, n_patients=6)
        for row, count in enumerate(counts.astype(int)):
            again = votes.repeat(count[patients], axis=0)
            expected = panel_large_sample(again, coefficient, Weighting.LINEAR).value
            assert own.of(counts)[row] == pytest.approx(expected)


@pytest.mark.parametrize("coefficient", [one for one in NO_ALPHA if one is not Coefficient.PERCENT])
def test_the_proper_error_is_close_to_the_jackknifes(coefficient) -> None:
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 4, 400)
    ratings = np.clip(truth[:, None] + rng.integers(-1, 2, (400, 5)), 0, 3)
    votes = vote_counts(ratings, grades=4)
    own = panel_agreement(votes, np.arange(400), coefficient, n_patients=400)
    ours = panel_large_sample(votes, coefficient)
    assert half_width(ours, 400) == pytest.approx(jackknife_error(own), rel=0.01)


@pytest.mark.parametrize(
    ("votes", "coefficient", "reason"),
    [
        ([[3, 0], [3, 0]], Coefficient.FLEISS, "one and the same grade"),
        ([[3, 0], [3, 0]], Coefficient.ALPHA, "one and the same grade"),
        ([[1, 0], [0, 1]], Coefficient.GWET, "graded by two"),
        ([[2, 1], [0, 0]], Coefficient.GWET, "one unit alone"),
    ],
)
def test_an_undefined_panel_agreement_says_why(votes, coefficient, reason) -> None:
    with pytest.raises(StatisticsError, match=reason):
        panel_large_sample(np.array(votes, float), coefficient)


def test_an_undefined_statistic_of_a_panel_says_why() -> None:
    for votes, reason in (([[3.0, 0], [3, 0]], "one and the same grade"), ([[1.0, 0], [0, 1]], "two raters")):
        with pytest.raises(StatisticsError, match=reason):
            panel_agreement(np.array(votes), np.arange(2), Coefficient.FLEISS, n_patients=2).value()


def test_alpha_is_asked_of_its_own_function() -> None:
    with pytest.raises(StatisticsError, match=r"Use agreement\.alpha"):
        panel_agreement(np.ones((2, 2)), np.arange(2), Coefficient.ALPHA, n_patients=2)


def test_coefficients_have_their_usual_names() -> None:
    assert Coefficient.GWET.titled(Weighting.PLAIN) == "Gwet's AC1"
    assert Coefficient.GWET.titled(Weighting.QUADRATIC) == "Gwet's AC2, quadratic"
    assert Coefficient.FLEISS.titled(Weighting.LINEAR) == "Fleiss' kappa, linear"
    assert Coefficient.FLEISS.titled(Weighting.PLAIN) == "Fleiss' kappa"


def test_kendalls_w_with_ties_is_the_published_one(shared_data) -> None:
    # R's irr, kendall(anxiety, TRUE): Wt = 0.54, chi-squared(19) = 30.8, p = 0.0429.
    codes = encode(read(shared_data, "irr_anxiety.csv"), range(1, 7))
    w = kendall_w(codes, np.arange(20), grades=6, n_patients=20).value()
    test = kendall_w_test(w, raters=3, units=20)
    assert w == pytest.approx(0.54, abs=5e-3)
    assert (test.statistic, test.df) == (pytest.approx(30.8, abs=0.05), 19)
    assert test.p == pytest.approx(0.0429, abs=5e-5)


@given(COMPLETE)
def test_kendalls_w_is_friedmans_statistic_of_scipy(ratings) -> None:
    from scipy.stats import friedmanchisquare

    codes = np.array(ratings)
    units = len(codes)
    assume(all(np.ptp(codes[:, rater]) for rater in range(3)))
    w = kendall_w(codes, np.arange(units), grades=4, n_patients=units).value()
    expected = friedmanchisquare(*codes)  # rows of scipy's table are our raters
    assert kendall_w_test(w, raters=3, units=units).statistic == pytest.approx(expected.statistic)


def test_raters_in_one_order_have_a_w_of_1_and_a_replicate_has_its_own_ranks() -> None:
    codes = np.column_stack([[0, 1, 2, 3, 1], [0, 1, 2, 3, 1]])
    own = kendall_w(codes, np.arange(5), grades=4, n_patients=5)
    counts = np.array([[2.0, 1, 1, 1, 0], [1, 1, 1, 1, 1]])
    assert own.of(counts) == pytest.approx([1, 1])


def test_an_undefined_w_says_why() -> None:
    for codes, reason in (
        ([[1, -1], [-1, 1]], "graded by all"),
        ([[1, 1], [1, 1]], "one and the same grade"),
    ):
        with pytest.raises(StatisticsError, match=reason):
            kendall_w(np.array(codes), np.arange(2), grades=2, n_patients=2).value()


def test_two_dependent_kappas_of_fees_differ_as_the_delta_method_says(shared_data) -> None:
    # The delta method written out: kappa's influence of each unit, summed over a patient.
    data = np.genfromtxt(shared_data / "stats" / "fees.csv", delimiter=",", skip_header=1)
    _, patients = np.unique(data[:, 0], return_inverse=True)
    n = int(patients.max()) + 1
    kappas = []
    for columns in ((3, 4), (7, 8)):
        codes = encode(data[:, columns], range(4))
        kappas.append(cohen(confusion_tables(codes[:, 0], codes[:, 1], patients, grades=4, n_patients=n)))
    ours = jackknife_test(*kappas)
    step = 1e-6
    weights = 1 + step * np.eye(n)
    influence = [(kappa.of(weights) - kappa.value()) / step for kappa in kappas]
    delta = np.sqrt(np.sum((influence[0] - influence[1]) ** 2))
    assert ours.error == pytest.approx(delta, rel=0.25)
    assert ours.estimate.value == pytest.approx(kappas[0].value() - kappas[1].value())
