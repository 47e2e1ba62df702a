from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.covariance import Resampling, Variance
from lss_core.stats.mrmc.obuchowski_rockette import TRUNCATED, MeanSquares, obuchowski_rockette
from lss_core.stats.mrmc.result import Fixed
from lss_core.stats.mrmc.study import Measure, Metric

AUC = Measure(metric=Metric.AUC)
SEED = st.integers(0, 2**31)

# Printed by OR-DBM MRMC 2.51 (Hillis, Schartz) of the Van Dyke data, trapezoidal area, jackknife: file
# inst/IowaResults/VanDyke.txt of the R package RJafroc.
IOWA_AUCS = {
    "1": (0.91964573, 0.85877617, 0.90386473, 0.97310789, 0.82979066),
    "2": (0.94782609, 0.90531401, 0.92173913, 0.99935588, 0.92995169),
}
IOWA_COMPONENTS = {
    "MS(T)": 0.00479617,
    "MS(R)": 0.00383620,
    "MS(TR)": 0.00055103,
    "Var(R)": 0.00153500,
    "Var(TR)": 0.00020040,
    "Cov1": 0.00034661,
    "Cov2": 0.00034407,
    "Cov3": 0.00023903,
    "Var(Error)": 0.00080229,
}


def test_van_dykes_components_are_those_that_or_dbm_mrmc_prints(vandyke) -> None:
    analysis = obuchowski_rockette(vandyke, AUC)
    assert analysis.components == pytest.approx(IOWA_COMPONENTS, abs=6e-9)
    for modality, values in IOWA_AUCS.items():
        found = [one.value for one in analysis.figures if one.modality == modality]
        assert found == pytest.approx(values, abs=6e-9)


@pytest.mark.parametrize(
    # RRRC, FRRC and RRFC of the same print: F or X2, df2, p; error of the difference, its interval;
    # each modality's error, df, interval.
    ("fixed", "overall", "difference", "means"),
    [
        (
            Fixed.NONE,
            (4.46, 15.26, 0.0517),
            (0.02075, -0.08796, 0.00036),
            [(0.03317360, 12.74, 0.82522360, 0.96885048), (0.02156637, 12.71, 0.89413783, 0.98753689)],
        ),
        (
            Fixed.READERS,
            (5.47595, np.inf, 0.0193),
            (0.01872, -0.08049, -0.00711),
            [(0.02428971, np.inf, 0.84943008, 0.94464399), (0.01677632, np.inf, 0.90795637, 0.97371835)],
        ),
        (
            Fixed.CASES,
            (8.70, 4, 0.0420),
            (0.01485, -0.08502, -0.00258),
            [(0.02482994, 4, 0.82809808, 0.96597599), (0.01615303, 4, 0.89598936, 0.98568536)],
        ),
    ],
)
def test_van_dykes_tests_are_those_that_or_dbm_mrmc_prints(
    vandyke, fixed, overall, difference, means
) -> None:
    analysis = obuchowski_rockette(vandyke, AUC, fixed=fixed)
    found, (one,) = analysis.overall, analysis.differences
    assert found is not None
    assert (found.value, found.df2, found.p_value) == pytest.approx(overall, abs=0.0051)
    assert found.p_value == pytest.approx(overall[2], abs=6e-5)
    assert one.estimate.value == pytest.approx(-0.04380032, abs=6e-9)
    assert (one.standard_error, one.estimate.low, one.estimate.high) == pytest.approx(difference, abs=6e-6)
    assert one.p_value == pytest.approx(found.p_value)
    for mean, value, (error, df, low, high) in zip(
        analysis.means, (0.89703704, 0.94083736), means, strict=True
    ):
        assert mean.estimate.value == pytest.approx(value, abs=6e-9)
        assert mean.df == pytest.approx(df, abs=0.0051)
        assert (mean.standard_error, mean.estimate.low, mean.estimate.high) == pytest.approx(
            (error, low, high), abs=6e-9
        )


def test_with_fixed_readers_each_reader_has_his_own_difference(vandyke) -> None:
    # Analysis 2 (d) of the same print: difference, error, p of readers 1 to 5.
    expected = [
        (-0.02818, 0.02551, 0.2693),
        (-0.04654, 0.02630, 0.0768),
        (-0.01787, 0.03121, 0.5668),
        (-0.02625, 0.01729, 0.1290),
        (-0.10016, 0.04406, 0.0230),
    ]
    analysis = obuchowski_rockette(vandyke, AUC, fixed=Fixed.READERS)
    found = [(one.estimate.value, one.standard_error, one.p_value) for one in analysis.reader_differences]
    assert [one.reader for one in analysis.reader_differences] == list("12345")
    assert found == [pytest.approx(row, abs=6e-5) for row in expected]


@pytest.mark.parametrize(
    # MRMCaov 0.2 (Smith and Hillis), paper in docs/jss of its repository: Error, Cov1 to Cov3, F, df2, p.
    ("variance", "expected"),
    [
        (
            Variance.DELONG,
            (0.0007921325, 0.0003420090, 0.0003395265, 0.0002358497, 4.484854, 15.06611, 0.05123303),
        ),
        (
            Variance.UNBIASED,
            (0.0007883925, 0.0003416706, 0.0003390650, 0.0002356148, 4.489614, 15.03418, 0.0511618),
        ),
        (
            Variance.JACKKNIFE,
            (0.0008022883, 0.0003466137, 0.0003440748, 0.0002390284, 4.456319, 15.25967, 0.05166569),
        ),
    ],
)
def test_van_dykes_covariances_are_those_that_mrmcaov_prints(vandyke, variance, expected) -> None:
    analysis = obuchowski_rockette(vandyke, AUC, variance=variance)
    parts, overall = analysis.components, analysis.overall
    assert overall is not None
    found = [parts["Var(Error)"], *(parts[f"Cov{k}"] for k in (1, 2, 3))]
    assert [*found, overall.value, overall.df2, overall.p_value] == pytest.approx(expected, rel=1e-6)


def test_van_dykes_sensitivity_is_that_of_mrmcaov(vandyke) -> None:
    # The same paper, binary_sens of ratings of 3 and more.
    analysis = obuchowski_rockette(vandyke, Measure(metric=Metric.SENSITIVITY, threshold=3))
    parts, overall, (one,) = analysis.components, analysis.overall, analysis.differences
    assert overall is not None
    assert parts["Var(TR)"] == pytest.approx(0.0007828283, rel=1e-6)
    assert parts["Cov3"] == pytest.approx(0.0006604938, rel=1e-6)
    assert (overall.value, overall.df2, overall.p_value) == pytest.approx(
        (6.689493, 15.71732, 0.02008822), rel=1e-6
    )
    assert (one.estimate.low, one.estimate.high) == pytest.approx((-0.1780371, -0.0175185), rel=1e-6)
    second = analysis.means[1]
    assert (second.standard_error, second.df) == pytest.approx((0.03741657, 7.575855), rel=1e-6)
    assert (second.estimate.low, second.estimate.high) == pytest.approx((0.8328691, 1), rel=1e-6)
    assert second.estimate.n == 45


def test_the_bootstrap_comes_close_to_the_jackknife(vandyke) -> None:
    drawn = Resampling(rng=np.random.default_rng(7), resamples=2000)
    analysis = obuchowski_rockette(vandyke, AUC, variance=Variance.BOOTSTRAP, resampling=drawn)
    for name in ("Var(Error)", "Cov1", "Cov2", "Cov3"):
        assert analysis.components[name] == pytest.approx(IOWA_COMPONENTS[name], rel=0.1)
    assert analysis.variance == "bootstrap of patients, 2000 resamples"


def test_kundels_copies_are_analysed_as_by_loops_written_out(kundel) -> None:
    # An independent way, of soft and hard copies: DeLong's structural components, averages by loops.
    same = kundel.read[1].all(axis=0)
    kundel = replace(
        kundel,
        scores=kundel.scores[1:, :, same],
        truth=kundel.truth[same],
        patients=np.arange(same.sum()),
        modalities=kundel.modalities[1:],
        cases=tuple(np.array(kundel.cases)[same]),
    )
    t, r, _ = kundel.scores.shape
    positive = kundel.truth == 1
    cells = [(i, j) for i in range(t) for j in range(r)]
    figures, v10, v01 = {}, [], []
    for cell in cells:
        x, y = kundel.scores[cell][positive], kundel.scores[cell][~positive]
        figures[cell] = metrics.roc_auc_score(positive, kundel.scores[cell])
        v10.append([np.mean((a > y) + (a == y) / 2) for a in x])
        v01.append([np.mean((x > b) + (x == b) / 2) for b in y])
    covariance = np.cov(v10) / positive.sum() + np.cov(v01) / (~positive).sum()
    kinds: dict[tuple[bool, bool], list[float]] = {}
    for a, (i, j) in enumerate(cells):
        for b, (k, m) in enumerate(cells):
            kinds.setdefault((i == k, j == m), []).append(covariance[a, b])
    table = np.array([[figures[i, j] for j in range(r)] for i in range(t)])
    ratio = stats.ttest_rel(table[0], table[1]).statistic ** 2
    squares = MeanSquares.of(table)
    assert squares.modality / squares.interaction == pytest.approx(ratio)
    error = squares.interaction + r * max(np.mean(kinds[True, False]) - np.mean(kinds[False, False]), 0)
    df = error**2 / (squares.interaction**2 / (r - 1))
    analysis = obuchowski_rockette(kundel, AUC, variance=Variance.DELONG)
    assert analysis.overall is not None
    assert analysis.overall.df2 == pytest.approx(df)
    assert analysis.overall.p_value == pytest.approx(stats.f.sf(squares.modality / error, 1, df))


def brief(analysis):
    return [
        (one.estimate.value, one.standard_error, one.df, one.estimate.low) for one in analysis.differences
    ]


def analysed(study, **options):
    try:
        return obuchowski_rockette(study, AUC, **options)
    except StatisticsError:
        assume(False)


@given(
    SEED, st.sampled_from([Variance.DELONG, Variance.JACKKNIFE, Variance.UNBIASED]), st.sampled_from(Fixed)
)
@settings(max_examples=30, deadline=None)
def test_the_order_of_readers_and_cases_does_not_matter(drawn, seed, variance, fixed) -> None:
    study = drawn(seed, sites=2, patients=8)
    rng = np.random.default_rng(seed)
    readers, cases = rng.permutation(3), rng.permutation(16)
    other = replace(
        study,
        scores=study.scores[:, readers][:, :, cases],
        truth=study.truth[cases],
        patients=study.patients[cases],
    )
    first = analysed(study, variance=variance, fixed=fixed)
    assert brief(analysed(other, variance=variance, fixed=fixed)) == [
        pytest.approx(row) for row in brief(first)
    ]


@given(SEED, st.sampled_from(Fixed))
@settings(max_examples=20, deadline=None)
def test_swapped_modalities_turn_the_sign(drawn, seed, fixed) -> None:
    study = drawn(seed)
    other = analysed(replace(study, scores=study.scores[::-1]), fixed=fixed).differences[0]
    one = analysed(study, fixed=fixed).differences[0]
    assert other.estimate.value == pytest.approx(-one.estimate.value)
    assert (other.estimate.low, other.df) == pytest.approx((-one.estimate.high, one.df))
    assert other.p_value == pytest.approx(one.p_value)


@given(SEED, st.sampled_from(list(Metric)[:3]))
@settings(max_examples=20, deadline=None)
def test_every_case_twice_in_its_patient_changes_nothing_but_n(drawn, seed, metric) -> None:
    study, measure = drawn(seed), Measure(metric=metric, threshold=3)
    twice = replace(
        study,
        scores=np.repeat(study.scores, 2, axis=2),
        truth=np.repeat(study.truth, 2),
        patients=np.repeat(study.patients, 2),
        cases=tuple(f"{name}{half}" for name in study.cases for half in "ab"),
    )
    try:
        first, second = (obuchowski_rockette(one, measure) for one in (study, twice))
    except StatisticsError:
        assume(False)
    assert brief(second) == [pytest.approx(row) for row in brief(first)]
    assert second.differences[0].estimate.n == 2 * first.differences[0].estimate.n


@given(SEED)
@settings(max_examples=20, deadline=None)
def test_a_rising_transformation_of_the_scores_leaves_the_auc(drawn, seed) -> None:
    study = drawn(seed)
    other = replace(study, scores=np.exp(study.scores))
    assert brief(analysed(other)) == [pytest.approx(row) for row in brief(analysed(study))]


@given(SEED, st.sampled_from(Fixed))
@settings(max_examples=20, deadline=None)
def test_specificity_is_the_sensitivity_for_the_turned_truth(drawn, seed, fixed) -> None:
    study = drawn(seed)
    turned = replace(study, scores=-study.scores, truth=1 - study.truth)
    try:
        one = obuchowski_rockette(study, Measure(metric=Metric.SPECIFICITY, threshold=2.5), fixed=fixed)
        other = obuchowski_rockette(turned, Measure(metric=Metric.SENSITIVITY, threshold=-2.5), fixed=fixed)
    except StatisticsError:
        assume(False)
    assert brief(other) == [pytest.approx(row) for row in brief(one)]


def test_the_clustered_delong_is_near_the_jackknife_over_patients(drawn) -> None:
    study = drawn(5, readers=4, patients=60, sites=5)
    one = obuchowski_rockette(study, AUC, variance=Variance.DELONG)
    other = obuchowski_rockette(study, AUC, variance=Variance.JACKKNIFE)
    third = obuchowski_rockette(study, AUC, variance=Variance.UNBIASED)
    assert one.variance == "delong, clustered (Obuchowski 1997)"
    for name in ("Var(Error)", "Cov1", "Cov2", "Cov3"):
        assert one.components[name] == pytest.approx(other.components[name], rel=0.1)
        assert third.components[name] == pytest.approx(other.components[name], rel=0.1)


def test_kappa_takes_its_scale_and_its_jackknife(make) -> None:
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 4, 60)
    scores = np.clip(truth + rng.integers(-1, 2, (2, 3, 60)), 0, 3)
    study = make(scores, truth)
    measure = Measure(metric=Metric.KAPPA, scale=(0, 1, 2, 3))
    analysis = obuchowski_rockette(study, measure)
    expected = [metrics.cohen_kappa_score(truth, scores[i, j]) for i in range(2) for j in range(3)]
    assert [one.value for one in analysis.figures] == pytest.approx(expected)
    assert measure.label == "Cohen's kappa, unweighted"
    without = [metrics.cohen_kappa_score(np.delete(truth, k), np.delete(scores[0, 0], k)) for k in range(60)]
    assert analysis.figures[0].standard_error == pytest.approx(np.sqrt(59**2 / 60 * np.var(without, ddof=1)))


def test_three_modalities_are_compared_pair_by_pair(drawn) -> None:
    analysis = obuchowski_rockette(drawn(3, modalities=3), AUC)
    assert [(one.first, one.second) for one in analysis.differences] == [("A", "B"), ("A", "C"), ("B", "C")]
    assert analysis.overall is not None
    assert analysis.overall.df1 == 2
    assert len({one.standard_error for one in analysis.differences}) == 1


def test_one_modality_has_a_mean_and_no_test(vandyke) -> None:
    alone = replace(vandyke, scores=vandyke.scores[:1], modalities=("1",))
    analysis = obuchowski_rockette(alone, AUC)
    # RJafroc's inst/IowaResults/VanDyke1T.txt: error 0.03317360, df 12.74, interval.
    assert analysis.means[0].standard_error == pytest.approx(0.03317360, abs=6e-9)
    assert analysis.overall is None
    assert analysis.differences == ()
    assert "MS(T)" not in analysis.components


def test_one_fixed_reader_is_compared_with_himself(vandyke) -> None:
    alone = replace(vandyke, scores=vandyke.scores[:, :1], readers=("1",))
    (one,) = obuchowski_rockette(alone, AUC, fixed=Fixed.READERS).differences
    assert one.p_value == pytest.approx(0.26933885, rel=1e-6)  # MRMCaov, reader 1
    with pytest.raises(StatisticsError, match=r"there is one reader.*take them as fixed"):
        obuchowski_rockette(alone, AUC)


def test_a_negative_excess_counts_as_none_and_is_told(drawn) -> None:
    found = next(
        analysis
        for seed in range(50)
        if (analysis := obuchowski_rockette(drawn(seed), AUC)).components["Cov2"]
        < analysis.components["Cov3"]
    )
    assert found.notes == (TRUNCATED,)
    assert found.differences[0].df == pytest.approx(2)
    assert found.differences[0].standard_error == pytest.approx(np.sqrt(2 / 3 * found.components["MS(TR)"]))


def test_readers_who_differ_alike_leave_a_normal_test(make) -> None:
    # Each reader gains the same: MS(TR) is 0, so the error rests on the patients alone.
    truth = np.array([0] * 6 + [1] * 6)
    once = np.array([0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 7, 8.0])
    again = np.array([0, 1, 2, 3, 4, 5, 5, 2, 7, 4, 9, 8.0])
    study = make([[once, once, once], [again, again, again]], truth)
    (one,) = obuchowski_rockette(study, AUC).differences
    assert one.df == np.inf
    assert one.estimate.method == "z"


def test_modalities_that_never_differ_have_no_test(make) -> None:
    truth = np.array([0, 0, 0, 1, 1, 1])
    scores = np.array([0, 2, 3, 1, 4, 5.0])
    study = make([[scores, scores], [scores, scores]], truth)
    with pytest.raises(StatisticsError, match="A - B: the variance of the difference is estimated as"):
        obuchowski_rockette(study, AUC, fixed=Fixed.READERS)


def test_a_reader_who_does_not_vary_has_no_interval_of_his_own(make) -> None:
    truth = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    scores = np.array([0, 2, 3, 2, 1, 4, 5, 5.0])
    study = make([[truth, scores], [truth, scores[[1, 2, 0, 3, 7, 5, 4, 6]]]], truth)
    analysis = obuchowski_rockette(study, AUC, fixed=Fixed.READERS)
    assert [one.estimate is None for one in analysis.figures] == [True, False, True, False]
    assert [one.reader for one in analysis.reader_differences] == ["r1"]
