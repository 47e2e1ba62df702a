from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.covariance import Resampling, Variance
from lss_core.stats.mrmc.obuchowski_rockette import obuchowski_rockette
from lss_core.stats.mrmc.study import Measure, Metric

AUC = Measure(metric=Metric.AUC)


def test_shapes_that_do_not_fit_are_a_mistake_of_the_caller(drawn) -> None:
    with pytest.raises(ValueError, match="scores are"):
        replace(drawn(1), readers=("one",))


def test_the_first_gap_is_named_and_the_others_are_counted(drawn) -> None:
    study = drawn(1)
    study.scores[0, 1, 3] = study.scores[1, 2, 5] = np.nan
    reason = "the score of reader r1, case c3, modality A and 1 more are missing, and a fully crossed design"
    with pytest.raises(StatisticsError, match=reason):
        obuchowski_rockette(study, AUC)


@pytest.mark.parametrize(
    ("truth", "reason"),
    [
        (np.zeros(12), "no unit is positive"),
        (np.ones(12), "no unit is negative"),
        (np.arange(12.0), "case c2: its truth is 2, neither 0 nor 1"),
    ],
)
def test_a_truth_that_gives_no_figure_is_refused(drawn, truth, reason) -> None:
    with pytest.raises(StatisticsError, match=reason):
        obuchowski_rockette(replace(drawn(1), truth=truth), AUC)


@pytest.mark.parametrize(
    ("change", "measure", "variance", "reason"),
    [
        ({}, Measure(metric=Metric.SENSITIVITY), Variance.DELONG, "DeLong's covariance is one of AUCs"),
        ({"patients": np.zeros(12, dtype=int)}, AUC, Variance.JACKKNIFE, "fewer than two patients"),
        (
            {"truth": np.eye(12)[0]},
            Measure(metric=Metric.SENSITIVITY),
            Variance.JACKKNIFE,
            "fewer than two patients have cases that count",
        ),
        (
            {"truth": np.eye(12)[0]},
            AUC,
            Variance.JACKKNIFE,
            "with one patient left out, the AUC of a reader is undefined",
        ),
        ({"truth": np.eye(12)[0]}, AUC, Variance.BOOTSTRAP, "of the resamples a figure is undefined"),
    ],
)
def test_a_covariance_that_is_undefined_is_refused(drawn, change, measure, variance, reason) -> None:
    study = replace(drawn(1), **change)
    drawn_from = Resampling(rng=np.random.default_rng(1), resamples=200)
    with pytest.raises(StatisticsError, match=reason):
        obuchowski_rockette(study, measure, variance=variance, resampling=drawn_from)


def test_a_bootstrap_without_random_numbers_is_a_mistake_of_the_caller(drawn) -> None:
    with pytest.raises(ValueError, match="needs its random numbers"):
        obuchowski_rockette(drawn(1), AUC, variance=Variance.BOOTSTRAP)


def test_figures_are_named_with_what_they_need() -> None:
    assert AUC.label == "empirical AUC"
    assert Measure(metric=Metric.SPECIFICITY, threshold=3).label == "specificity at a threshold of 3"
    assert Measure(metric=Metric.KAPPA, scale=(0, 1)).lowest == -1
