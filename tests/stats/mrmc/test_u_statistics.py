from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc import kernels
from lss_core.stats.mrmc.covariance import Variance
from lss_core.stats.mrmc.kernels import kernels_of
from lss_core.stats.mrmc.obuchowski_rockette import obuchowski_rockette
from lss_core.stats.mrmc.result import Fixed
from lss_core.stats.mrmc.study import Measure, Metric
from lss_core.stats.mrmc.u_statistics import REPLACED, u_statistics

AUC = Measure(metric=Metric.AUC)
SENSITIVITY = Measure(metric=Metric.SENSITIVITY, threshold=0.5)
SEED = st.integers(0, 2**31)


def imrmc(study, first: int, second: int, *, centres=(0.0, 0.0)) -> tuple[float, list[float], list[float]]:
    """Covariance, moments and their coefficients as iMRMC computes them (R function doAUCmrmc, public
    domain): sums over success and design matrices of all pairs of readers, then Gallas' 8 x 8 transform.
    `centres` are taken from each success first, which iMRMC does not do.
    """
    positive = study.truth == 1

    def matrices(modality, reader):
        scores = study.scores[modality, reader]
        x, y = scores[positive][None, :], scores[~positive][:, None]
        known = ~np.isnan(x - y)
        return np.where(known, (x > y) + (x == y) / 2, 0), known.astype(float)

    def sums(a, b):
        columns, rows = a.sum(axis=0) @ b.sum(axis=0), a.sum(axis=1) @ b.sum(axis=1)
        return np.array([(a * b).sum(), columns, rows, a.sum() * b.sum()])

    numerator, denominator = np.zeros(8), np.zeros(8)
    for j, k in itertools.product(range(len(study.readers)), repeat=2):
        (win, known), (win2, known2) = matrices(first, j), matrices(second, k)
        win, win2 = win - centres[0] * known, win2 - centres[1] * known2
        for total, one, two in ((numerator, win, win2), (denominator, known, known2)):
            found = sums(one, two)
            total[4:] += found
            if j == k:
                total[:4] += found
    within = np.array([[1, 0, 0, 0], [-1, 1, 0, 0], [-1, 0, 1, 0], [1, -1, -1, 1]])
    transform = np.block([[within, np.zeros((4, 4))], [-within, within]])
    apart, terms = transform @ numerator, transform @ denominator
    moments = np.divide(apart, terms, out=np.zeros(8), where=terms > 0)
    coefficients = terms / denominator[7]
    coefficients[7] -= 1
    return float(coefficients @ moments), moments.tolist(), coefficients.tolist()


def split(study):
    """Each half of the readers has read its own half of the patients; one score more is missing."""
    scores = study.scores.copy()
    half, own = len(study.readers) // 2, study.patients % 4 < 2
    scores[:, :half, own] = np.nan
    scores[:, half:, ~own] = np.nan
    scores[0, 0, np.flatnonzero(~own)[0]] = np.nan
    return replace(study, scores=scores)


PAIRS = ((0, 0), (1, 1), (0, 1))


@pytest.mark.parametrize("design", [lambda study: study, split])
def test_imrmcs_example_has_the_moments_of_imrmc(imrmc_example, design) -> None:
    study = design(imrmc_example)
    analysis = u_statistics(study, AUC)
    for name, pair in zip(("testA, testA", "testB, testB", "testA, testB"), PAIRS, strict=True):
        _, moments, coefficients = imrmc(study, *pair)
        for place in range(8):
            if abs(coefficients[place] + (place == 7)) > 0:
                assert analysis.components[f"M{place + 1}[{name}]"] == pytest.approx(moments[place])


@pytest.mark.parametrize(("design", "centred"), [(lambda study: study, False), (split, True)])
def test_imrmcs_example_has_the_variance_of_imrmc_centred_where_not_all_read_all(
    imrmc_example, design, centred
) -> None:
    study = design(imrmc_example)
    analysis = u_statistics(study, AUC)
    means = [one.value for one in analysis.means]
    parts = [imrmc(study, *pair, centres=[means[m] * centred for m in pair]) for pair in PAIRS]
    expected = parts[0][0] + parts[1][0] - 2 * parts[2][0]
    assert analysis.differences[0].standard_error ** 2 == pytest.approx(expected)
    assert [one.standard_error**2 for one in analysis.means] == pytest.approx([parts[0][0], parts[1][0]])


@given(SEED, st.sampled_from(Fixed), st.sampled_from([AUC, SENSITIVITY]))
@settings(max_examples=20, deadline=None)
def test_turned_scores_have_the_same_error_in_any_design(drawn, seed, fixed, measure) -> None:
    # A figure and 1 less it vary alike; uncentred products would say otherwise of a split-plot.
    study = split(drawn(seed, readers=4, patients=24))
    turned = replace(study, scores=-study.scores)
    try:
        one = u_statistics(study, replace(measure, threshold=2.5), fixed=fixed)
        other = u_statistics(turned, replace(measure, threshold=-2.5), fixed=fixed)
    except StatisticsError:
        assume(False)
    for mine, yours in zip(one.means, other.means, strict=True):
        assert (1 - mine.value, mine.standard_error) == pytest.approx((yours.value, yours.standard_error))
    assert one.differences[0].standard_error == pytest.approx(other.differences[0].standard_error)


def test_a_fully_crossed_study_has_imrmcs_degrees_of_freedom_unrounded(imrmc_example) -> None:
    # Satterthwaite over readers, negative and positive cases, from the structural components directly.
    study, positive = imrmc_example, imrmc_example.truth == 1
    x, y = study.scores[:, :, positive], study.scores[:, :, ~positive]
    wins = (x[:, :, :, None] > y[:, :, None, :]).astype(float)
    difference = wins[0] - wins[1]
    levels = [difference.mean(axis=axes) for axes in ((1, 2), (0, 2), (0, 1))]
    parts = [(np.var(one, ddof=1) / len(one), len(one) - 1) for one in levels]
    (one,) = u_statistics(study, AUC).differences
    expected = one.standard_error**4 / sum(part**2 / df for part, df in parts)
    assert one.df == pytest.approx(max(expected, 4))


@given(SEED, st.sampled_from([Fixed.NONE, Fixed.READERS, Fixed.CASES]), st.sampled_from([AUC, SENSITIVITY]))
@settings(max_examples=40, deadline=None)
def test_fully_crossed_it_is_obuchowski_and_rockettes_with_unbiased_covariances(
    drawn, seed, fixed, measure
) -> None:
    study = drawn(seed, patients=16)
    measure = replace(measure, threshold=3)
    try:
        ours = u_statistics(study, measure, fixed=fixed)
        theirs = obuchowski_rockette(study, measure, variance=Variance.UNBIASED, fixed=fixed)
    except StatisticsError:
        assume(False)
    assume(not theirs.notes)  # no max(Cov2 - Cov3, 0) at work
    (one,), (other,) = ours.differences, theirs.differences
    assert one.estimate.value == pytest.approx(other.estimate.value)
    assert one.standard_error == pytest.approx(other.standard_error)
    assert [mean.value for mean in ours.means] == pytest.approx([mean.value for mean in theirs.means])


@given(SEED, st.integers(1, 3), st.booleans())
@settings(max_examples=15, deadline=None)
def test_the_sums_are_those_of_all_quadruples_written_out(drawn, seed, sites, missing) -> None:
    study = drawn(seed, modalities=1, readers=2, patients=6, sites=sites)
    if missing:
        study = split(study)
    try:
        found = kernels_of(study, AUC, [(0, 0), (0, 1)])
    except StatisticsError:
        assume(False)
    for sums, value in ((found.won, wins), (found.weight, pairs)):
        one, other = (value(study, reader) for reader in (0, 1))
        total = np.zeros((2, 2))
        for (i, j), (k, m) in itertools.product(itertools.product(range(6), repeat=2), repeat=2):
            if not {i, j} & {k, m}:
                total[int(i != j), int(k != m)] += one[i, j] * other[k, m]
        assert sums.disjoint[:, :, 0, 1] == pytest.approx(total)


def wins(study, reader) -> np.ndarray:
    table = np.zeros((study.n_patients, study.n_patients))
    for a, b in itertools.product(np.flatnonzero(study.truth == 1), np.flatnonzero(study.truth == 0)):
        x, y = study.scores[0, reader, a], study.scores[0, reader, b]
        table[study.patients[a], study.patients[b]] += (x > y) + (x == y) / 2
    return table


def pairs(study, reader) -> np.ndarray:
    flat = replace(study, scores=np.where(np.isnan(study.scores), np.nan, 0))
    return 2 * wins(flat, reader)


def test_blocks_of_rows_add_up_to_the_same_sums(drawn, monkeypatch) -> None:
    study = drawn(4, patients=12, sites=3)
    cells = [(0, 0), (1, 2)]
    whole = kernels_of(study, AUC, cells).covariance
    monkeypatch.setattr(kernels, "BLOCK", 24)
    assert kernels_of(study, AUC, cells).covariance == pytest.approx(whole)


def test_the_variance_is_unbiased_over_all_samples_there_are(make) -> None:
    # Complete enumeration: two readers, two positive and two negative cases, each of one of two kinds
    # with chance 1/2; a score is a number of modality, reader's kind and case's kind.
    table = np.random.default_rng(8).normal(0, 1, (2, 2, 2, 2)) + np.array([0, 0.7])[:, None]
    values, estimates = [], []
    for r1, r2, *kinds in itertools.product((0, 1), repeat=6):
        truth = [1, 1, 0, 0]
        scores = [
            [[table[m, r, t, k] for t, k in zip(truth, kinds, strict=True)] for r in (r1, r2)] for m in (0, 1)
        ]
        study = make(scores, truth)
        found = kernels_of(study, AUC, [(0, 0), (0, 1), (1, 0), (1, 1)])
        contrast = np.array([1, 1, -1, -1]) / 2
        values.append(contrast @ found.figures)
        apart = np.array([[0, 1, 0, 1], [1, 0, 1, 0]] * 2, dtype=bool)
        means = [
            [found.apart(np.array(rows), np.array(columns), apart[np.ix_([r % 2 for r in rows], columns)])
             for columns in ([0, 1], [2, 3])]
            for rows in ([0, 1], [2, 3])
        ]  # fmt: skip
        expected = means[0][0] + means[1][1] - 2 * means[0][1]
        estimates.append(values[-1] ** 2 - expected)
    assert np.mean(estimates) == pytest.approx(np.var(values))


def test_a_split_plot_is_unbiased_over_all_samples_there_are(make) -> None:
    # Readers 0 and 1 judge patients 0 and 1, readers 2 and 3 patients 2 and 3; sensitivity.
    hit = np.array([[1, 0], [0, 1]])
    other = np.array([[1, 1], [0, 1]])
    values, estimates = [], []
    for *readers, a, b, c, d in itertools.product((0, 1), repeat=8):
        scores = np.full((2, 4, 5), np.nan)
        for j, kind in enumerate(readers):
            for place, case in enumerate((a, b, c, d)):
                if place // 2 == j // 2:
                    scores[:, j, place] = hit[kind, case], other[kind, case]
        study = make(scores, [1, 1, 1, 1, 0])
        scores[:, :, 4] = 0
        means = [np.nanmean(scores[m, :, :4]) for m in (0, 1)]
        values.append(means[0] - means[1])
        found = kernels_of(study, SENSITIVITY, [(m, j) for m in (0, 1) for j in range(4)])
        groups = np.arange(4), np.arange(4, 8)
        apart = ~np.eye(4, dtype=bool)
        expected = sum(
            sign * found.apart(groups[m], groups[k], apart)
            for m, k, sign in ((0, 0, 1), (1, 1, 1), (0, 1, -2))
        )
        estimates.append(values[-1] ** 2 - expected)
    assert np.mean(estimates) == pytest.approx(np.var(values))


def test_a_split_plot_of_several_sites_a_patient_has_an_answer(drawn) -> None:
    study = split(drawn(12, readers=6, patients=40, sites=4))
    analysis = u_statistics(study, AUC)
    assert analysis.components == {}
    assert analysis.readers == 6
    one = analysis.differences[0]
    assert 0 < one.p_value < 1
    assert u_statistics(study, AUC, fixed=Fixed.READERS).differences[0].df == np.inf


def test_kundels_modalities_of_different_cases_are_compared(kundel) -> None:
    # Screen-film has cases of its own, which vary by themselves: its covariance with the others is that
    # of the readers only.
    analysis = u_statistics(kundel, AUC)
    names = [(one.first, one.second) for one in analysis.differences]
    assert names == [("1", "2"), ("1", "3"), ("2", "3")]
    fixed = u_statistics(kundel, AUC, fixed=Fixed.READERS)
    errors = [one.standard_error for one in fixed.means]
    assert fixed.differences[0].standard_error == pytest.approx(np.hypot(errors[0], errors[1]))


@pytest.mark.parametrize(
    ("change", "measure", "reason"),
    [
        (lambda s: s, Measure(metric=Metric.KAPPA, scale=(0, 1)), "kappa is not an average over cases"),
        (lambda s: replace(s, scores=np.where(s.truth == 1, np.nan, s.scores)), AUC, "not read a positive"),
        (
            lambda s: replace(s, scores=np.where(s.truth == 1, np.nan, s.scores)),
            SENSITIVITY,
            "reader r0, modality A: has not read a positive case",
        ),
        (
            lambda s: replace(s, scores=np.where(s.truth == 0, np.nan, s.scores)),
            Measure(metric=Metric.SPECIFICITY),
            "has not read a negative case",
        ),
        (
            lambda s: replace(s, scores=s.scores * np.array([1, np.nan])[:, None, None]),
            AUC,
            "modality B: it has no score",
        ),
        (
            lambda s: replace(s, scores=s.scores[:, :1], readers=("r0",)),
            AUC,
            "modality A: it has one reader, and random readers need two",
        ),
        (
            lambda s: replace(s, patients=np.zeros(len(s.cases), dtype=int)),
            AUC,
            "too few readers or patients",
        ),
    ],
)
def test_what_has_no_answer_is_refused(drawn, change, measure, reason) -> None:
    with pytest.raises(StatisticsError, match=reason):
        u_statistics(change(drawn(1)), measure)


def test_modalities_of_two_readers_who_share_none_are_compared_by_their_cases_alone(drawn) -> None:
    study = drawn(6, readers=4, patients=30)
    scores = study.scores.copy()
    scores[0, :2], scores[1, 2:] = np.nan, np.nan
    (one,) = u_statistics(replace(study, scores=scores), AUC).differences
    assert one.estimate.value != 0


def test_two_modalities_of_one_and_the_same_reader_are_told_to_take_him_as_fixed(drawn) -> None:
    study = drawn(6, readers=3)
    scores = study.scores.copy()
    scores[1, 1:] = np.nan
    with pytest.raises(StatisticsError, match="modality B: it has one reader"):
        u_statistics(replace(study, scores=scores), AUC)


def test_a_mean_of_readers_who_do_not_vary_has_no_interval_and_two_of_them_no_test(make) -> None:
    truth = [0, 0, 0, 1, 1, 1]
    alone = make(np.tile(truth, (1, 3, 1)), truth)
    for fixed in Fixed:
        for analyse in (u_statistics, obuchowski_rockette):
            (mean,) = analyse(alone, AUC, fixed=fixed).means
            assert (mean.value, mean.standard_error, mean.estimate) == (1, 0, None)
        with pytest.raises(StatisticsError, match="A - B: the variance of the difference is estimated as"):
            u_statistics(make(np.tile(truth, (2, 3, 1)), truth), AUC, fixed=fixed)


@pytest.mark.parametrize("fixed", [Fixed.NONE, Fixed.READERS])
def test_a_variance_that_comes_out_below_0_gives_way_to_the_sum_of_its_parts(drawn, fixed) -> None:
    for seed in range(300):
        study = drawn(seed, patients=8, sites=2, gain=3)
        try:
            analysis = u_statistics(study, AUC, fixed=fixed)
        except StatisticsError:
            continue
        if analysis.notes:
            break
    assert analysis.notes[0].endswith(REPLACED)
    assert all(one.standard_error > 0 for one in (*analysis.means, *analysis.differences))
