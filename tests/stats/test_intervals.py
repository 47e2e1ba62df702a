from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from lss_core.errors import StatisticsError
from lss_core.stats import intervals, rates
from lss_core.stats.resample import Statistic, ratio
from lss_core.stats.tables import Tables, confusion_tables

COUNTS = st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def clustered(seed: int = 3, patients: int = 60, sites: int = 5):
    """Sites of a patient alike: hits (units,), patient (units,), and the sensitivity as a Rate."""
    rng = np.random.default_rng(seed)
    own = rng.beta(4, 2, patients)
    owners = np.repeat(np.arange(patients), rng.integers(1, sites + 1, patients))
    hits = (rng.random(len(owners)) < own[owners]).astype(int)
    tables = confusion_tables(np.ones_like(hits), hits, owners, grades=2, n_patients=patients)
    return hits, owners, rates.sensitivity(tables)


def rate_of(hits, base) -> object:
    tables = np.zeros((len(hits), 2, 2))
    tables[:, 1, 1], tables[:, 1, 0] = hits, np.subtract(base, hits)
    return rates.sensitivity(Tables(tables))


@given(COUNTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_exact_interval_is_that_of_statsmodels(counts, level) -> None:
    ours = intervals.clopper_pearson(*counts, level=level)
    assert (ours.low, ours.high) == pytest.approx(
        proportion_confint(*counts, alpha=1 - level, method="beta"), abs=1e-10
    )


@given(COUNTS)
def test_jeffreys_interval_is_that_of_statsmodels_inside_and_closed_at_the_ends(counts) -> None:
    successes, n = counts
    ours = intervals.jeffreys(*counts)
    low, high = proportion_confint(*counts, method="jeffreys")
    assert ours.low == pytest.approx(low if successes else 0, abs=1e-10)
    assert ours.high == pytest.approx(high if successes < n else 1, abs=1e-10)


def test_the_exact_interval_is_the_published_one() -> None:
    # Newcombe 1998, Stat Med 17:857, table I, method 5 (Clopper-Pearson): 81 of 263: 0.2527 to 0.3676;
    # 15 of 148: 0.0578 to 0.1617; 0 of 20: 0 to 0.1684; 1 of 29: 0.0009 to 0.1776.
    published = {(81, 263): (0.2527, 0.3676), (15, 148): (0.0578, 0.1617)}
    published |= {(0, 20): (0.0, 0.1684), (1, 29): (0.0009, 0.1776)}
    for counts, ends in published.items():
        ours = intervals.clopper_pearson(*counts)
        assert (ours.low, ours.high) == pytest.approx(ends, abs=5e-5)


def test_the_logit_interval_is_that_of_a_logistic_regression_on_a_constant() -> None:
    fit = sm.Logit(np.repeat([1, 0], [81, 182]), np.ones(263)).fit(disp=0, tol=1e-12)
    ours = intervals.logit(81, 263)
    ends = 1 / (1 + np.exp(-fit.conf_int()[0]))
    assert (ours.low, ours.high) == pytest.approx(tuple(ends), abs=1e-8)


@pytest.mark.parametrize("successes", [0, 7])
def test_the_logit_interval_refuses_a_share_of_0_or_1(successes) -> None:
    with pytest.raises(StatisticsError, match="0 or 1, where the logit has no error"):
        intervals.logit(successes, 7)


@pytest.mark.parametrize("interval", [intervals.clopper_pearson, intervals.jeffreys, intervals.logit])
def test_a_share_of_nothing_is_refused(interval) -> None:
    with pytest.raises(StatisticsError, match="no unit"):
        interval(0, 0)


def test_the_design_effect_is_that_of_clustered_errors_in_statsmodels() -> None:
    hits, owners, rate = clustered()
    fit = sm.OLS(hits, np.ones(len(hits))).fit(
        cov_type="cluster", cov_kwds={"groups": owners, "use_correction": False}
    )
    patients = len(np.unique(owners))
    p = hits.mean()
    theirs = fit.bse[0] ** 2 * patients / (patients - 1) / (p * (1 - p) / len(hits))
    assert intervals.design_effect(rate) == pytest.approx(theirs)
    assert theirs > 1.2


def test_raoscotts_interval_is_wilsons_of_the_effective_size() -> None:
    hits, _, rate = clustered()
    ours = intervals.rao_scott(rate)
    n = len(hits) / intervals.design_effect(rate)
    low, high = proportion_confint(hits.mean() * n, n, method="wilson")
    assert (ours.low, ours.high) == pytest.approx((low, high))
    assert ours.n == len(hits)


@given(st.lists(st.booleans(), min_size=3, max_size=40))
def test_with_one_unit_a_patient_the_design_effect_is_m_over_m_less_1(hits) -> None:
    rate = rate_of(np.array(hits, float), np.ones(len(hits)))
    if 0 < sum(hits) < len(hits):
        assert intervals.design_effect(rate) == pytest.approx(len(hits) / (len(hits) - 1))
    else:
        assert intervals.rao_scott(rate).method == "Wilson over patients"


def test_the_gee_interval_is_that_of_statsmodels() -> None:
    hits, owners, rate = clustered()
    fit = sm.GEE(hits, np.ones(len(hits)), groups=owners, family=sm.families.Binomial()).fit()
    ends = 1 / (1 + np.exp(-fit.conf_int()[0]))
    ours = intervals.gee_logit(rate)
    assert (ours.low, ours.high) == pytest.approx(tuple(ends), abs=1e-7)


@pytest.mark.parametrize("interval", [intervals.rao_scott, intervals.gee_logit])
def test_a_clustered_interval_needs_two_patients(interval) -> None:
    with pytest.raises(StatisticsError, match="fewer than two patients"):
        interval(rate_of([3.0, 0.0], [5.0, 0.0]))


def test_alike_patients_have_no_design_effect() -> None:
    with pytest.raises(StatisticsError, match="all patients have the same share"):
        intervals.rao_scott(rate_of([1.0, 2.0], [2.0, 4.0]))


def test_the_gee_interval_refuses_a_share_of_1() -> None:
    with pytest.raises(StatisticsError, match="0 or 1"):
        intervals.gee_logit(rate_of([2.0, 4.0], [2.0, 4.0]))


def mean_of(values) -> Statistic:
    return Statistic(
        name="mean",
        of=lambda w: ratio(w @ values, w.sum(axis=1)),
        patients=len(values),
        n=len(values),
        undefined="there is nobody",
    )


def test_the_jackknifes_error_of_a_mean_is_the_standard_error() -> None:
    values = np.random.default_rng(1).normal(size=20)
    ours = intervals.jackknife(mean_of(values))
    error = values.std(ddof=1) / np.sqrt(20)
    assert intervals.jackknife_error(mean_of(values)) == pytest.approx(error)
    assert ours.high - ours.low == pytest.approx(2 * 1.959964 * error, rel=1e-6)


def test_the_jackknife_keeps_to_the_bounds() -> None:
    values = np.array([0.0, 1, 1, 1, 1])
    assert intervals.jackknife(mean_of(values), bounds=(0, 1)).high == 1


def test_the_jackknife_refuses_what_never_changes_and_what_one_patient_decides() -> None:
    with pytest.raises(StatisticsError, match="the same without any one"):
        intervals.jackknife(mean_of(np.ones(4)))
    lone = Statistic(
        name="x", of=lambda w: ratio(w[:, 0], w[:, 0]), patients=3, n=1, undefined="nobody counts"
    )
    with pytest.raises(StatisticsError, match="without one of the patients nobody counts"):
        intervals.jackknife_error(lone)
