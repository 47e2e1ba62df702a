from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lss_core.errors import StatisticsError
from lss_core.stats.agreement import Weighting, cohen, cohen_large_sample
from lss_core.stats.power_precision import (
    Clusters,
    agreement_table,
    kappa_precision,
    sensitivity_precision,
)
from lss_core.stats.rates import wilson
from lss_core.stats.tables import Tables


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.5), st.floats(0.2, 1))
@settings(deadline=None)
def test_a_sensitivity_has_the_fewest_positive_cases_whose_wilson_interval_is_narrow_enough(
    rate, width, prevalence
) -> None:
    found = sensitivity_precision(sensitivity=rate, width=width, prevalence=prevalence)
    wide = [one.high - one.low for n in (found.counting, found.counting - 1) for one in [wilson(rate * n, n)]]
    assert wide[0] == pytest.approx(found.width)
    assert wide[0] <= width + 1e-12
    assert wide[1] > width
    assert found.units == int(np.ceil(found.counting / prevalence - 1e-9))


def test_a_sensitivity_of_1_has_a_width_too() -> None:
    found = sensitivity_precision(sensitivity=1.0, width=0.1)
    assert found.width == pytest.approx(1 - wilson(found.counting, found.counting).low)


@given(st.floats(0.1, 0.95), st.sampled_from(Weighting))
@settings(deadline=None)
def test_the_planned_table_has_the_kappa_whatever_the_weights(kappa, weighting) -> None:
    table = agreement_table(kappa, (0.4, 0.3, 0.2, 0.1))
    assert table.sum() == pytest.approx(1)
    assert cohen(Tables(table[None]), weighting).value() == pytest.approx(kappa)


@given(st.floats(0.2, 0.9), st.floats(0.1, 0.4), st.sampled_from(Weighting))
@settings(deadline=None)
def test_a_kappa_has_the_width_of_its_large_sample_interval(kappa, width, weighting) -> None:
    shares = (0.5, 0.3, 0.2)
    found = kappa_precision(kappa=kappa, shares=shares, width=width, weighting=weighting)
    one = cohen_large_sample(agreement_table(kappa, shares) * found.units, weighting)
    assert found.width <= width + 1e-12
    if one.high < 1:
        assert one.high - one.low == pytest.approx(found.width, rel=1e-4)


def test_a_kappa_of_a_binary_grade_is_planned_as_written_out() -> None:
    # Unit variance of Fleiss, Cohen and Everitt for shares 0.7, 0.3 and kappa 0.6 by hand, in the form for
    # equal margins: (1 - k) ((1 - k)(1 - 2k) + k (2 - k) / (2 p q)).
    k, p, q = 0.6, 0.7, 0.3
    unit = (1 - k) * ((1 - k) * (1 - 2 * k) + k * (2 - k) / (2 * p * q))
    found = kappa_precision(kappa=k, shares=(p, q), width=0.2)
    assert found.units == int(np.ceil(unit * (2 * 1.959964 / 0.2) ** 2))


def test_sites_of_a_patient_are_worth_less_the_more_they_are_alike() -> None:
    clusters = Clusters(sites=10, correlation=0.2)
    assert clusters.design_effect == pytest.approx(2.8)
    plain = kappa_precision(kappa=0.6, shares=(0.7, 0.3), width=0.2)
    found = kappa_precision(kappa=0.6, shares=(0.7, 0.3), width=0.2, clusters=clusters)
    assert found.units == pytest.approx(2.8 * plain.units, rel=0.01)
    assert found.patients == int(np.ceil(found.units / 10))
    rate = sensitivity_precision(sensitivity=0.9, width=0.1, prevalence=0.25, clusters=clusters)
    alone = sensitivity_precision(sensitivity=0.9, width=0.1)
    assert rate.counting == pytest.approx(2.8 * alone.counting, abs=2.8)
    assert rate.patients == int(np.ceil(rate.units / 10))


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda: kappa_precision(kappa=0.6, shares=(0.7, 0.4), width=0.2), "add up to 1"),
        (lambda: kappa_precision(kappa=0.6, shares=(1.0,), width=0.2), "add up to 1"),
        (lambda: kappa_precision(kappa=1.0, shares=(0.5, 0.5), width=0.2), "cannot have a kappa of 1"),
        (lambda: kappa_precision(kappa=-0.9, shares=(0.9, 0.1), width=0.2), "cannot have a kappa of -0.9"),
        (lambda: kappa_precision(kappa=0.6, shares=(0.5, 0.5), width=2.0), "not between 0 and 2"),
        (lambda: sensitivity_precision(sensitivity=1.2, width=0.2), "1.2 is not a sensitivity"),
        (lambda: sensitivity_precision(sensitivity=0.9, width=0.2, prevalence=0), "0 is not a prevalence"),
        (lambda: sensitivity_precision(sensitivity=0.9, width=0), "a width of 0"),
        (lambda: sensitivity_precision(sensitivity=0.5, width=1e-4), "more than 1000000 positive units"),
        (
            lambda: sensitivity_precision(sensitivity=0.9, width=0.2, clusters=Clusters(sites=0)),
            "0 sites a patient with a correlation of 0",
        ),
    ],
)
def test_plans_that_cannot_be_are_refused(call, reason) -> None:
    with pytest.raises(StatisticsError, match=reason):
        call()


@pytest.mark.slow
def test_simulated_studies_are_as_precise_as_planned() -> None:
    rng = np.random.default_rng(4)
    shares, kappa = (0.6, 0.25, 0.15), 0.6
    plan = kappa_precision(kappa=kappa, shares=shares, width=0.2)
    table = agreement_table(kappa, shares)
    drawn = rng.multinomial(plan.units, table.ravel(), size=1000).reshape(1000, 3, 3)
    found = [cohen_large_sample(one.astype(float)) for one in drawn]
    assert np.mean([one.high - one.low for one in found]) == pytest.approx(0.2, abs=0.005)
    assert np.mean([one.low <= kappa <= one.high for one in found]) == pytest.approx(0.95, abs=0.02)
