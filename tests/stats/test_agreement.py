from __future__ import annotations

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from lss_core.errors import StatisticsError
from lss_core.stats.agreement import (
    Metric,
    Weighting,
    alpha,
    band,
    cohen,
    cohen_large_sample,
    fleiss,
)
from lss_core.stats.resample import Resamples
from lss_core.stats.tables import (
    Tables,
    coincidence_tables,
    confusion_tables,
    dichotomised,
    encode,
    vote_counts,
)

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60)
PANELS = st.lists(
    st.lists(st.sampled_from([0, 1, 2, 3, np.nan]), min_size=4, max_size=4), min_size=3, max_size=30
)

WINNIPEG = [[38, 5, 0, 1], [33, 11, 3, 0], [10, 14, 5, 6], [3, 7, 3, 10]]
NEW_ORLEANS = [[5, 3, 0, 0], [3, 11, 4, 0], [2, 13, 3, 4], [1, 2, 4, 14]]
ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
SEXUAL_FUN = [[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]]


def table_of(pairs) -> Tables:
    one, other = np.array(pairs).T
    return confusion_tables(one, other, np.zeros(len(pairs), int), grades=4, n_patients=1)


def votes_of(ratings, scale) -> np.ndarray:
    return vote_counts(encode(ratings, scale), grades=len(scale))


def fleiss_of(votes) -> float:
    return fleiss(votes, np.arange(len(votes)), n_patients=len(votes)).value()


def alpha_of(votes, metric) -> float:
    tables = coincidence_tables(votes, np.arange(len(votes)), n_patients=len(votes))
    return alpha(tables, metric).value()


def read(shared_data, name: str) -> np.ndarray:
    return np.genfromtxt(shared_data / "stats" / name, delimiter=",", skip_header=1)


@pytest.mark.parametrize(
    ("table", "weighting", "kappa", "error"),
    [
        # irrCAC's vignette (Gwet 2014, abstractors' data): kappa2.table, quadratic.weights.
        (ABSTRACTORS, Weighting.PLAIN, 0.7964094, 0.05891072),
        (ABSTRACTORS, Weighting.QUADRATIC, 0.8921569, None),
        # Landis and Koch 1977, Biometrics 33:159, multiple sclerosis: 0.208 and 0.297; the errors
        # and the weighted kappas from vcd's Kappa(MSPatients).
        (WINNIPEG, Weighting.PLAIN, 0.2079, 0.05046),
        (WINNIPEG, Weighting.LINEAR, 0.3797, 0.05167),
        (NEW_ORLEANS, Weighting.PLAIN, 0.2965, 0.07850),
        (NEW_ORLEANS, Weighting.LINEAR, 0.4773, 0.07303),
        # Agresti's wives and husbands: vcd's Kappa(SexualFun).
        (SEXUAL_FUN, Weighting.PLAIN, 0.1293, 0.0686),
        (SEXUAL_FUN, Weighting.LINEAR, 0.2374, 0.07832),
    ],
)
def test_cohens_kappa_and_its_error_are_the_published_ones(table, weighting, kappa, error) -> None:
    ours = cohen_large_sample(np.array(table, float), weighting)
    assert ours.value == pytest.approx(kappa, abs=6e-5)
    if error is not None:
        assert (ours.high - ours.low) / (2 * 1.959964) == pytest.approx(error, abs=6e-6)
    assert ours.n == np.sum(table)


@given(PAIRS, st.sampled_from(Weighting))
def test_cohens_kappa_is_that_of_scikit_learn(pairs, weighting) -> None:
    one, other = np.array(pairs).T
    assume(len(set(one) | set(other)) > 1)
    name = None if weighting is Weighting.PLAIN else weighting.value
    expected = cohen_kappa_score(one, other, labels=range(4), weights=name)
    assert cohen(table_of(pairs), weighting).value() == pytest.approx(expected)


@given(PAIRS, st.sampled_from(Weighting))
def test_the_large_sample_error_is_that_of_statsmodels(pairs, weighting) -> None:
    one, other = np.array(pairs).T
    assume(len(set(one)) > 1 and len(set(other)) > 1)
    table = table_of(pairs).total
    weights = None if weighting is Weighting.PLAIN else weighting.disagreement(4)
    theirs = cohens_kappa(table, weights=weights)
    ours = cohen_large_sample(table, weighting)
    low = max(theirs.kappa - 1.959964 * np.sqrt(max(theirs.var_kappa, 0)), -1)
    assert ours.value == pytest.approx(theirs.kappa, abs=1e-9)
    assert ours.low == pytest.approx(low, abs=1e-5)


@given(PAIRS, st.sampled_from(Weighting))
def test_kappa_does_not_care_who_is_called_first(pairs, weighting) -> None:
    table = table_of(pairs)
    weights = np.ones((1, 1))
    one, other = (
        cohen(table, weighting).of(weights),
        cohen(Tables(table.per_patient.swapaxes(1, 2)), weighting).of(weights),
    )
    assert one == pytest.approx(other, nan_ok=True)


@given(PAIRS)
def test_all_weightings_agree_on_two_grades(pairs) -> None:
    table = dichotomised(table_of(pairs), (2, 3))
    values = [cohen(table, weighting).of(np.ones((1, 1)))[0] for weighting in Weighting]
    assert values == pytest.approx([values[0]] * 3, nan_ok=True)


def test_a_grade_that_nobody_gave_still_has_its_place_on_the_scale() -> None:
    # Grades 0 and 3 only: on the scale of four they are three steps apart, as one step of two is.
    far = table_of([(0, 0), (0, 3), (3, 3)])
    near = Tables(table_of([(0, 0), (0, 1), (1, 1)]).per_patient[:, :2, :2])
    assert cohen(far, Weighting.LINEAR).value() == cohen(near, Weighting.LINEAR).value()


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (np.diag([5.0, 0, 0])[None], "one and the same grade"),
        (np.zeros((1, 3, 3)), "no unit with both"),
    ],
)
def test_an_undefined_kappa_says_why(table, reason) -> None:
    with pytest.raises(StatisticsError, match=reason):
        cohen(Tables(table)).value()


def test_fleiss_kappa_of_his_psychiatrists_is_the_published_one(shared_data) -> None:
    # Fleiss 1971, Psychol Bull 76:378: six psychiatrists, 30 patients, kappa 0.430.
    assert fleiss_of(read(shared_data, "fleiss1971_counts.csv")) == pytest.approx(0.430, abs=5e-4)


def test_fleiss_kappa_of_the_encyclopedias_example_is_the_published_one(shared_data) -> None:
    # Wikipedia, Fleiss' kappa, worked example: 0.210.
    assert fleiss_of(read(shared_data, "fleiss_wikipedia_counts.csv")) == pytest.approx(0.210, abs=5e-4)


def test_fleiss_kappa_of_raters_no_better_than_chance_is_the_published_one(shared_data) -> None:
    # R's irr, kappam.fleiss(anxiety): -0.0411.
    votes = votes_of(read(shared_data, "irr_anxiety.csv"), range(1, 7))
    assert fleiss_of(votes) == pytest.approx(-0.0411, abs=5e-5)


def test_fleiss_kappa_with_missing_values_is_gwets(shared_data) -> None:
    # irrCAC's vignette, fleiss.kappa.raw(cac.raw4raters): 0.76117; the same data as Krippendorff's.
    votes = votes_of(read(shared_data, "krippendorff_4x12.csv")[:, 1:], range(1, 6))
    statistic = fleiss(votes, np.arange(12), n_patients=12)
    assert statistic.value() == pytest.approx(0.76117, abs=5e-6)
    assert statistic.n == 11


@given(st.lists(st.lists(st.integers(0, 3), min_size=4, max_size=4), min_size=3, max_size=30))
def test_fleiss_kappa_without_missing_values_is_that_of_statsmodels(ratings) -> None:
    votes = votes_of(ratings, range(4))
    assume(np.count_nonzero(votes.sum(axis=0)) > 1)
    assert fleiss_of(votes) == pytest.approx(fleiss_kappa(votes), abs=1e-9)


@pytest.mark.parametrize(
    ("votes", "reason"),
    [([[3, 0], [3, 0]], "one and the same grade"), ([[1, 0], [0, 1], [0, 0]], "no unit was graded by two")],
)
def test_an_undefined_panel_agreement_says_why(votes, reason) -> None:
    for statistic in (
        fleiss_of,
        lambda v: alpha_of(v, Metric.NOMINAL),
        lambda v: alpha_of(v, Metric.ORDINAL),
    ):
        with pytest.raises(StatisticsError, match=reason):
            statistic(np.array(votes, float))


@pytest.mark.parametrize(("metric", "published"), [(Metric.NOMINAL, 0.743), (Metric.ORDINAL, 0.815)])
def test_alpha_of_krippendorffs_example_is_the_published_one(shared_data, metric, published) -> None:
    # Krippendorff 2011, Computing Krippendorff's Alpha-Reliability, sections C and D.
    votes = votes_of(read(shared_data, "krippendorff_4x12.csv")[:, 1:], range(1, 6))
    assert alpha_of(votes, metric) == pytest.approx(published, abs=6e-4)


def test_alpha_of_the_encyclopedias_example_is_the_published_one(shared_data) -> None:
    # Wikipedia, Krippendorff's alpha, worked example of three coders and 15 units: nominal 0.691.
    votes = votes_of(read(shared_data, "krippendorff_wikipedia_15x3.csv"), range(1, 5))
    assert alpha_of(votes, Metric.NOMINAL) == pytest.approx(0.691, abs=5e-4)


@given(PANELS, st.sampled_from(Metric))
def test_alpha_is_that_of_the_package(ratings, metric) -> None:
    votes = votes_of(ratings, range(4))
    paired = votes[votes.sum(axis=1) >= 2]
    assume(np.count_nonzero(paired.sum(axis=0)) > 1)
    expected = krippendorff.alpha(value_counts=votes, level_of_measurement=metric.value)
    assert alpha_of(votes, metric) == pytest.approx(expected)


@given(PANELS)
def test_ordinal_alpha_is_the_same_on_the_scale_upside_down(ratings) -> None:
    votes = votes_of(ratings, range(4))
    tables = [coincidence_tables(v, np.zeros(len(v), int), n_patients=1) for v in (votes, votes[:, ::-1])]
    one, other = (alpha(table, Metric.ORDINAL).of(np.ones((1, 1))) for table in tables)
    assert one == pytest.approx(other, nan_ok=True)


def test_a_replicate_of_alpha_and_fleiss_is_that_of_the_patients_written_out() -> None:
    rng = np.random.default_rng(5)
    patients = np.repeat(np.arange(6), 4)
    votes = votes_of(np.where(rng.random((24, 5)) < 0.1, np.nan, rng.integers(0, 4, (24, 5))), range(4))
    counts = Resamples.draw(6, rng=rng, resamples=20).counts
    tables = coincidence_tables(votes, patients, n_patients=6)
    replicates = [alpha(tables, metric).of(counts) for metric in Metric]
    fleiss_replicates = fleiss(votes, patients, n_patients=6).of(counts)
    for row, count in enumerate(counts.astype(int)):
        again = votes.repeat(count[patients], axis=0)
        assert fleiss_replicates[row] == pytest.approx(fleiss_of(again))
        for replicate, metric in zip(replicates, Metric, strict=True):
            assert replicate[row] == pytest.approx(
                krippendorff.alpha(value_counts=again, level_of_measurement=metric.value)
            )


@pytest.mark.parametrize(
    ("kappa", "name"),
    [
        (-0.001, "poor"),
        (0.0, "slight"),
        (0.204, "slight"),
        (0.206, "fair"),
        (0.40, "fair"),
        (0.41, "moderate"),
        (0.61, "substantial"),
        (0.80, "substantial"),
        (0.81, "almost perfect"),
        (1.0, "almost perfect"),
    ],
)
def test_the_bands_are_those_of_landis_and_koch(kappa, name) -> None:
    assert band(kappa) == name
