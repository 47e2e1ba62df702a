from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.covariance import Variance
from lss_core.stats.mrmc.result import Fixed
from lss_core.stats.mrmc.standalone import TRUNCATED, standalone, standalone_u_statistics
from lss_core.stats.mrmc.study import Measure, Metric

AUC = Measure(metric=Metric.AUC)


def with_model(study, scores):
    """The study and a modality 'model' that one more reader has read."""
    t, r, n = study.scores.shape
    wider = np.full((t + 1, r + 1, n), np.nan)
    wider[:t, :r], wider[t, r] = study.scores, scores
    return replace(
        study, scores=wider, modalities=(*study.modalities, "model"), readers=(*study.readers, "network")
    )


@pytest.mark.parametrize(
    # A model without error is a fixed value, and the test that of a single modality's mean: error, df and
    # interval of modality 1 as OR-DBM MRMC 2.51 prints them (RJafroc, inst/IowaResults/VanDyke1T.txt).
    ("fixed", "error", "df", "low", "high"),
    [
        (Fixed.NONE, 0.03317360, 12.74, 0.82522360, 0.96885048),
        (Fixed.READERS, 0.02428971, np.inf, 0.84943008, 0.94464399),
        (Fixed.CASES, 0.02482994, 4, 0.82809808, 0.96597599),
    ],
)
def test_a_perfect_model_leaves_the_test_of_the_panels_mean_against_1(
    vandyke, fixed, error, df, low, high
) -> None:
    study = with_model(vandyke, vandyke.truth)
    one = standalone(study, AUC, "model", fixed=fixed).differences[0]
    assert (one.first, one.second) == ("model", "1")
    assert one.standard_error == pytest.approx(error, abs=6e-9)
    assert one.df == pytest.approx(df, abs=0.0051)
    assert (1 - one.estimate.high, 1 - one.estimate.low) == pytest.approx((low, high), abs=6e-9)


def test_the_models_own_error_enters_as_that_of_the_differences(drawn) -> None:
    # Hillis' single-modality test of psi(j) = figure(j) - figure(model), its jackknife by hand.
    study = with_model(drawn(3, modalities=1, patients=30), drawn(4, modalities=1, patients=30).scores[0, 0])
    analysis = standalone(study, AUC, "model")
    (one,) = analysis.differences
    keep = [np.delete(np.arange(30), k) for k in range(30)]

    def psi(cases):
        part = replace(
            study,
            scores=study.scores[:, :, cases],
            truth=study.truth[cases],
            patients=np.arange(len(cases)),
            cases=tuple(np.array(study.cases)[cases]),
        )
        values = [one.value for one in standalone(part, AUC, "model", fixed=Fixed.CASES).figures]
        return np.array(values[1:]) - values[0]

    without = np.array([psi(cases) for cases in keep])
    covariance = np.cov(without.T) * 29**2 / 30
    cov2 = (covariance.sum() - np.trace(covariance)) / 6
    total = np.var(psi(np.arange(30)), ddof=1) + 3 * max(cov2, 0)
    assert one.estimate.value == pytest.approx(-psi(np.arange(30)).mean())
    assert one.standard_error == pytest.approx(np.sqrt(total / 3))
    assert one.df == pytest.approx(2 * (total / np.var(psi(np.arange(30)), ddof=1)) ** 2)
    assert analysis.components["Cov2[A]"] == pytest.approx(cov2)
    assert analysis.readers == 3
    assert [(f.modality, f.reader) for f in analysis.figures][:2] == [("model", "network"), ("A", "r0")]


@given(st.integers(0, 2**31), st.sampled_from(Fixed), st.integers(1, 2))
@settings(max_examples=25, deadline=None)
def test_u_statistics_agree_where_all_have_read_all(drawn, seed, fixed, sites) -> None:
    study = drawn(seed, readers=3, patients=16, sites=sites)
    study = with_model(study, drawn(seed + 1, patients=16, sites=sites).scores[0, 0])
    try:
        ours = standalone(study, AUC, "model", fixed=fixed, variance=Variance.UNBIASED)
        theirs = standalone_u_statistics(study, AUC, "model", fixed=fixed)
    except StatisticsError:
        assume(False)
    for one, other in zip(ours.differences, theirs.differences, strict=True):
        assert one.estimate.value == pytest.approx(other.estimate.value)
        if fixed is not Fixed.NONE or ours.components[f"Cov2[{one.second}]"] > 0:
            # With several sites a patient the two differ by where terms are centred: reader or panel.
            assert one.standard_error == pytest.approx(other.standard_error, rel=1e-6 if sites == 1 else 0.02)
    assert [one.value for one in ours.figures] == pytest.approx([one.value for one in theirs.figures])


def test_every_other_modality_is_a_panel(vandyke) -> None:
    study = with_model(vandyke, vandyke.scores[0, 3])
    analysis = standalone(study, AUC, "model", variance=Variance.DELONG)
    assert [(one.first, one.second) for one in analysis.differences] == [("model", "1"), ("model", "2")]
    assert len(analysis.figures) == 11


def test_one_fixed_reader_is_compared_by_the_cases_alone(drawn) -> None:
    study = with_model(drawn(3, modalities=1, readers=1, patients=30), drawn(5, patients=30).scores[0, 0])
    (one,) = standalone(study, AUC, "model", fixed=Fixed.READERS).differences
    assert one.df == np.inf
    with pytest.raises(StatisticsError, match="there is one reader, and random readers need two"):
        standalone(study, AUC, "model")


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("1", "modality 1: a standalone modality has one reader, the model, not 5"),
        ("3", "modality 3: there is no such modality among 1, 2"),
    ],
)
def test_a_model_that_is_none_is_refused(vandyke, model, reason) -> None:
    for analyse in (standalone, standalone_u_statistics):
        with pytest.raises(StatisticsError, match=reason):
            analyse(vandyke, AUC, model)


def test_a_model_without_a_panel_is_refused(drawn) -> None:
    study = replace(drawn(1, modalities=1, readers=1), modalities=("model",))
    with pytest.raises(StatisticsError, match="there is no other modality to compare it with"):
        standalone(study, AUC, "model")


def test_a_panel_with_a_gap_is_refused_with_its_name(vandyke) -> None:
    study = with_model(vandyke, vandyke.truth)
    study.scores[1, 2, 7] = np.nan
    with pytest.raises(StatisticsError, match=r"reader 3, case 8, modality 2 is missing"):
        standalone(study, AUC, "model")
    assert len(standalone_u_statistics(study, AUC, "model").differences) == 2


def test_a_negative_covariance_counts_as_none_and_is_told(drawn) -> None:
    for seed in range(200):
        study = with_model(drawn(seed, modalities=1, patients=8), drawn(seed + 900, patients=8).scores[0, 0])
        try:
            analysis = standalone(study, AUC, "model")
        except StatisticsError:
            continue
        if analysis.notes:
            break
    assert analysis.notes == (f"A: {TRUNCATED}",)
    assert analysis.differences[0].df == pytest.approx(2)
