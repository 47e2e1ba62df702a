from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.dbm import TRUNCATED, dorfman_berbaum_metz
from lss_core.stats.mrmc.obuchowski_rockette import obuchowski_rockette
from lss_core.stats.mrmc.result import Fixed
from lss_core.stats.mrmc.study import Measure, Metric

AUC = Measure(metric=Metric.AUC)
SENSITIVITY = Measure(metric=Metric.SENSITIVITY, threshold=3)

# Printed by RJafroc 1.2.0 of its dataset02, the Van Dyke data:
# tests/testthat/goodValues361/OutputReport/dataset02WilcoxonDBMH.txt.
RJAFROC = {
    "MS(T)": 0.54676344,
    "MS(R)": 0.43732680,
    "MS(C)": 0.39686988,
    "MS(TR)": 0.06281749,
    "MS(TC)": 0.09984808,
    "MS(RC)": 0.06450106,
    "MS(TRC)": 0.03997160,
    "Var(R)": 0.00153500,
    "Var(C)": 0.02724923,
    "Var(TR)": 0.00020040,
    "Var(TC)": 0.01197530,
    "Var(RC)": 0.01226473,
    "Var(TRC) + Var(Error)": 0.03997160,
}


def test_van_dykes_mean_squares_and_components_are_those_of_rjafroc(vandyke) -> None:
    assert dorfman_berbaum_metz(vandyke, AUC).components == pytest.approx(RJAFROC, abs=6e-9)


@pytest.mark.parametrize(
    # The same print: F, df2, p; interval of the difference; error, df and interval of the first mean.
    ("fixed", "overall", "difference", "mean"),
    [
        (Fixed.NONE, (4.46, 15.26, 0.0517), (-0.08796, 0.00036), (0.03317360, 12.74, 0.82522360)),
        (Fixed.READERS, (5.48, 113, 0.0210), (-0.08088, -0.00672), (0.02428971, 113, 0.84891474)),
        (Fixed.CASES, (8.70, 4, 0.0420), (-0.08502, -0.00258), (0.02482994, 4, 0.82809808)),
    ],
)
def test_van_dykes_tests_are_those_of_rjafroc(vandyke, fixed, overall, difference, mean) -> None:
    analysis = dorfman_berbaum_metz(vandyke, AUC, fixed=fixed)
    found, (one,), first = analysis.overall, analysis.differences, analysis.means[0]
    assert found is not None
    assert (found.value, found.df2) == pytest.approx(overall[:2], abs=0.0051)
    assert found.p_value == pytest.approx(overall[2], abs=6e-5)
    assert (one.estimate.low, one.estimate.high) == pytest.approx(difference, abs=6e-6)
    assert (first.standard_error, first.estimate.low) == pytest.approx((mean[0], mean[2]), abs=6e-9)
    assert first.df == pytest.approx(mean[1], abs=0.0051)


def test_with_fixed_readers_each_reader_has_his_own_table(vandyke) -> None:
    # Analysis 2 (d) of the same print: p of readers 0 to 4 with 113 df.
    analysis = dorfman_berbaum_metz(vandyke, AUC, fixed=Fixed.READERS)
    found = [one.p_value for one in analysis.reader_differences]
    assert found == pytest.approx([0.2717, 0.0795, 0.5680, 0.1318, 0.0249], abs=6e-5)


@given(
    st.integers(0, 2**31),
    st.sampled_from([Fixed.NONE, Fixed.CASES]),
    st.sampled_from([AUC, SENSITIVITY]),
    st.integers(1, 2),
)
@settings(max_examples=40, deadline=None)
def test_it_is_obuchowski_and_rockettes_with_the_jackknife(drawn, seed, fixed, measure, sites) -> None:
    study = drawn(seed, modalities=3, sites=sites)
    try:
        ours, theirs = (
            one(study, measure, fixed=fixed) for one in (dorfman_berbaum_metz, obuchowski_rockette)
        )
    except StatisticsError:
        assume(False)
    for one, other in zip(ours.differences, theirs.differences, strict=True):
        assert (one.estimate.value, one.standard_error, one.p_value) == pytest.approx(
            (other.estimate.value, other.standard_error, other.p_value)
        )
        assert one.df == pytest.approx(other.df, rel=1e-6)
    for mine, their in zip(ours.means, theirs.means, strict=True):
        assert mine.standard_error == pytest.approx(their.standard_error, rel=1e-6, abs=1e-9)
        assert (mine.estimate is None) == (their.estimate is None)
        if mine.estimate is not None:
            assert mine.df == pytest.approx(their.df, rel=1e-6)
    if fixed is Fixed.NONE:
        parts = theirs.components
        assert ours.components["Var(R)"] == pytest.approx(parts["Var(R)"], abs=1e-9)
        uncut = parts["Var(TR)"] + min(parts["Cov2"] - parts["Cov3"], 0)
        assert ours.components["Var(TR)"] == pytest.approx(uncut, abs=1e-9)


def test_readers_who_are_all_alike_in_a_modality_have_no_error_there_but_for_rounding(drawn) -> None:
    # All three have 4 of 6 positives right: the pseudovalues leave 3e-18 of a variance.
    study = drawn(6753, modalities=3)
    for analysis in (one(study, SENSITIVITY) for one in (dorfman_berbaum_metz, obuchowski_rockette)):
        alike = analysis.means[1]
        assert (alike.value, alike.standard_error, alike.estimate) == (pytest.approx(4 / 6), 0, None)


def test_a_negative_component_counts_as_none_and_is_told(drawn) -> None:
    found = next(
        analysis
        for seed in range(50)
        if (analysis := dorfman_berbaum_metz(drawn(seed), AUC)).components["Var(TC)"] < 0
    )
    assert found.notes == (TRUNCATED,)
    assert found.differences[0].df == pytest.approx(2)


def test_one_modality_has_a_mean_and_no_test(drawn) -> None:
    analysis = dorfman_berbaum_metz(drawn(1, modalities=1), AUC)
    assert (analysis.overall, analysis.differences, len(analysis.means)) == (None, (), 1)
    assert "MS(TR)" not in analysis.components


def test_a_reader_who_does_not_vary_has_no_difference_of_his_own(make) -> None:
    truth = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    scores = np.array([0, 2, 3, 2, 1, 4, 5, 5.0])
    study = make([[truth, scores], [truth, scores[[1, 2, 0, 3, 7, 5, 4, 6]]]], truth)
    analysis = dorfman_berbaum_metz(study, AUC, fixed=Fixed.READERS)
    assert [one.reader for one in analysis.reader_differences] == ["r1"]
