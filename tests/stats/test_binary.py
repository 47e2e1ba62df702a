from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn import metrics
from statsmodels.stats.contingency_tables import Table2x2

from lss_core.errors import StatisticsError
from lss_core.stats import binary, graded, rates
from lss_core.stats.agreement import cohen
from lss_core.stats.tables import Tables, confusion_tables, dichotomised

UNITS = st.lists(st.tuples(*[st.integers(0, 3)] * 2, st.integers(0, 4)), min_size=8, max_size=60)


def table(true_positive, false_negative, false_positive, true_negative) -> Tables:
    return Tables(np.array([[[true_negative, false_positive], [false_negative, true_positive]]], float))


def graded_tables(units) -> tuple[np.ndarray, np.ndarray, Tables]:
    truth, rating, patients = np.array(units).T
    return truth, rating, confusion_tables(truth, rating, patients, grades=4, n_patients=5)


@given(UNITS)
def test_likelihood_ratios_are_those_of_scikit_learn(units) -> None:
    truth, rating, tables = graded_tables(units)
    positive, called = truth >= 2, rating >= 2
    assume(positive.any() and not positive.all())
    assume(called[~positive].any() and not called[~positive].all())
    plus, minus = metrics.class_likelihood_ratios(positive, called)
    folded = dichotomised(tables, (2, 3))
    assert binary.positive_likelihood_ratio(folded).value() == pytest.approx(plus)
    assert binary.negative_likelihood_ratio(folded).value() == pytest.approx(minus)
    assert binary.youden(folded).value() == pytest.approx(
        2 * metrics.balanced_accuracy_score(positive, called) - 1
    )


def test_the_interval_of_a_likelihood_ratio_is_the_one_of_a_relative_risk_in_statsmodels() -> None:
    counts = table(90, 10, 40, 160).total
    risk = Table2x2([[90, 10], [40, 160]])
    ours = binary.likelihood_ratio_interval(counts)
    assert ours.value == pytest.approx(risk.riskratio)
    assert (ours.low, ours.high) == pytest.approx(risk.riskratio_confint(), rel=1e-6)
    negative = binary.likelihood_ratio_interval(counts, positive=False)
    other = Table2x2([[10, 90], [160, 40]])
    assert (negative.low, negative.high) == pytest.approx(other.riskratio_confint(), rel=1e-6)


@pytest.mark.parametrize(
    ("statistic", "counts", "reason"),
    [
        (binary.positive_likelihood_ratio, (3, 1, 0, 4), "specificity is 1"),
        (binary.negative_likelihood_ratio, (3, 1, 4, 0), "specificity is 0"),
        (binary.positive_likelihood_ratio, (0, 0, 2, 2), "no unit is positive"),
        (binary.positive_likelihood_ratio, (2, 2, 0, 0), "no unit is negative"),
        (binary.youden, (0, 0, 0, 0), "no unit with both"),
        (binary.youden, (1, 1, 0, 0), "no unit is negative"),
        (binary.prevalence, (0, 0, 0, 0), "no unit with both"),
    ],
)
def test_an_undefined_figure_says_why(statistic, counts, reason) -> None:
    with pytest.raises(StatisticsError, match=reason):
        statistic(table(*counts)).value()


def test_a_likelihood_ratio_of_0_has_no_log_interval() -> None:
    with pytest.raises(StatisticsError, match="its logarithm has no error"):
        binary.likelihood_ratio_interval(table(0, 5, 3, 4).total)


def test_prevalence_and_bias_explain_kappa_as_byrt_says() -> None:
    # Byrt, Bishop and Carlin 1993: kappa = (PABAK - PI^2 + BI^2) / (1 - PI^2 + BI^2).
    counts = table(40, 5, 15, 140)
    prevalence, bias = binary.prevalence_index(counts).value(), binary.bias_index(counts).value()
    assert (prevalence, bias) == pytest.approx((0.5, 0.05))
    pabak = 2 * 180 / 200 - 1
    expected = (pabak - prevalence**2 + bias**2) / (1 - prevalence**2 + bias**2)
    assert cohen(counts).value() == pytest.approx(expected)
    assert binary.prevalence(counts).value() == pytest.approx(45 / 200)


@given(UNITS)
def test_macro_and_micro_are_those_of_scikit_learn(units) -> None:
    truth, rating, tables = graded_tables(units)
    assume(len(set(truth)) > 1)
    grades = np.unique(truth)
    macro = metrics.recall_score(truth, rating, labels=grades, average="macro", zero_division=0)
    assert graded.macro_sensitivity(tables).value() == pytest.approx(macro)
    per_grade = [metrics.recall_score(truth != grade, rating != grade) for grade in grades]
    assert graded.macro_specificity(tables).value() == pytest.approx(np.mean(per_grade))
    assert graded.micro_sensitivity(tables).value() == pytest.approx(metrics.accuracy_score(truth, rating))
    matrices = metrics.multilabel_confusion_matrix(truth, rating, labels=range(4)).sum(axis=0)
    assert graded.micro_specificity(tables).value() == pytest.approx(matrices[0, 0] / matrices[0].sum())


@given(UNITS)
def test_distances_on_the_scale_are_those_of_scikit_learn(units) -> None:
    truth, rating, tables = graded_tables(units)
    assert graded.mean_absolute_error(tables).value() == pytest.approx(
        metrics.mean_absolute_error(truth, rating)
    )
    assert graded.mean_error(tables).value() == pytest.approx(np.mean(rating - truth))
    assert graded.agreement_within(tables, 0).value() == pytest.approx(metrics.accuracy_score(truth, rating))
    assert graded.agreement_within(tables, 1).value() == pytest.approx(np.mean(np.abs(truth - rating) <= 1))
    assert graded.agreement_within(tables, 3).value() == 1


@given(UNITS, st.integers(0, 3))
def test_one_grade_against_the_rest_is_its_recall(units, grade) -> None:
    truth, rating, tables = graded_tables(units)
    assume((truth == grade).any())
    ours = rates.sensitivity(graded.one_vs_rest(tables, grade)).value()
    assert ours == pytest.approx(metrics.recall_score(truth == grade, rating == grade))


def test_pooled_counts_are_not_the_mean_of_the_readers() -> None:
    few, many = table(1, 1, 0, 1), table(90, 10, 0, 1)
    assert rates.sensitivity(graded.pooled([few, many])).value() == pytest.approx(91 / 102)
    with pytest.raises(StatisticsError, match="there is no rater"):
        graded.pooled([])


@pytest.mark.parametrize(
    ("statistic", "reason"),
    [
        (graded.macro_sensitivity, "no unit with both"),
        (graded.macro_specificity, "no unit with both"),
        (graded.micro_specificity, "no unit with both"),
        (graded.mean_absolute_error, "no unit with both"),
        (graded.mean_error, "no unit with both"),
    ],
)
def test_graded_figures_of_nothing_say_why(statistic, reason) -> None:
    with pytest.raises(StatisticsError, match=reason):
        statistic(Tables(np.zeros((2, 4, 4)))).value()


def test_one_grade_in_the_reference_leaves_no_specificity() -> None:
    with pytest.raises(StatisticsError, match="one grade only"):
        graded.macro_specificity(table(3, 4, 0, 0)).value()
