from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.covariance import Variance
from lss_core.stats.mrmc.obuchowski_rockette import obuchowski_rockette
from lss_core.stats.mrmc.result import Fixed
from lss_core.stats.mrmc.roe_metz import RoeMetz
from lss_core.stats.mrmc.study import Measure, Metric, ReaderStudy
from lss_core.stats.mrmc.u_statistics import u_statistics
from lss_core.stats.power import Pilot, mrmc_cases, mrmc_power

AUC = Measure(metric=Metric.AUC)

# The Van Dyke data's components to ten digits, as MRMCaov prints them (docs/jss of its repository), and
# the difference that it prints: what RJafroc plans with in the values below.
VANDYKE = Pilot(
    var_tr=0.0002004025,
    var=0.0008022883,
    cov1=0.0003466137,
    cov2=0.0003440748,
    cov3=0.0002390284,
    cases=114,
)
EFFECT = -0.04380032


def test_the_power_is_that_of_rjafroc() -> None:
    # tests/testthat/test-sample-size.R of RJafroc: SsPowerGivenJK(dataset02, J = 6, K = 111); its book:
    # K = 112 with 23.1 degrees of freedom; J = 10 with fixed readers, K = 131, and fixed cases, K = 53.
    assert mrmc_power(VANDYKE, effect=EFFECT, readers=6, cases=111).power == pytest.approx(
        0.5526116, abs=2e-7
    )
    found = mrmc_power(VANDYKE, effect=EFFECT, readers=6, cases=112)
    assert found.power == pytest.approx(0.5555789, abs=2e-7)
    assert found.df == pytest.approx(23.1, abs=0.05)
    for fixed, cases, power in ((Fixed.READERS, 131, 0.80091813), (Fixed.CASES, 53, 0.80496663)):
        found = mrmc_power(VANDYKE, effect=EFFECT, readers=10, cases=cases, fixed=fixed)
        assert found.power == pytest.approx(power, abs=2e-7)


@pytest.mark.parametrize(
    # The table of SsPowerTable(dataset02) in Chakraborty's RJafroc book.
    ("readers", "cases"),
    [(4, 1089), (5, 344), (6, 251), (7, 211), (8, 188), (9, 173), (10, 163), (20, 126), (100, 103)],
)
def test_the_cases_needed_are_those_of_rjafrocs_table(readers, cases) -> None:
    assert mrmc_cases(VANDYKE, effect=EFFECT, readers=readers).cases == cases


def test_other_powers_and_what_is_fixed_change_the_cases_as_in_rjafroc() -> None:
    found = mrmc_cases(VANDYKE, effect=EFFECT, readers=10, power=0.9)
    assert (found.cases, found.power) == (236, pytest.approx(0.9003501, abs=2e-7))
    for fixed, cases in ((Fixed.READERS, 131), (Fixed.CASES, 53)):
        assert mrmc_cases(VANDYKE, effect=EFFECT, readers=10, fixed=fixed).cases == cases


def test_three_readers_never_have_the_power() -> None:
    # RJafroc's table: more than 2,000 cases.
    with pytest.raises(StatisticsError, match=r"3 readers have a power of 0\.\d\d even with \d+ cases"):
        mrmc_cases(VANDYKE, effect=EFFECT, readers=3)


@given(st.integers(3, 20), st.integers(50, 500), st.floats(0.005, 0.08), st.sampled_from(Fixed))
@settings(deadline=None)
def test_more_readers_cases_or_effect_give_more_power(readers, cases, effect, fixed) -> None:
    base = {"effect": effect, "readers": readers, "cases": cases, "fixed": fixed}
    power = mrmc_power(VANDYKE, **base).power
    for more in ({"cases": cases + 20}, {"effect": effect + 0.01}, {"readers": readers + 2}, {"alpha": 0.1}):
        assert mrmc_power(VANDYKE, **{**base, **more}).power > power - 1e-12
    assert mrmc_power(VANDYKE, **{**base, "effect": -effect}).power == pytest.approx(power)


def test_without_an_effect_the_power_is_alpha() -> None:
    for fixed in Fixed:
        found = mrmc_power(VANDYKE, effect=0, readers=5, cases=100, fixed=fixed)
        assert found.power == pytest.approx(0.05)


def test_the_two_sided_power_is_that_of_the_noncentral_f() -> None:
    found = mrmc_power(VANDYKE, effect=0.03, readers=6, cases=150)
    lam = (0.03 / found.standard_error) ** 2
    critical = stats.f.ppf(0.95, 1, found.df)
    assert found.power == pytest.approx(stats.ncf.sf(critical, 1, found.df, lam))


def test_non_inferiority_tests_one_side_from_the_margin() -> None:
    found = mrmc_power(VANDYKE, effect=0.0, margin=0.05, readers=6, cases=150)
    expected = stats.nct.sf(stats.t.ppf(0.975, found.df), found.df, 0.05 / found.standard_error)
    assert found.power == pytest.approx(expected)
    assert mrmc_power(VANDYKE, effect=-0.05, margin=0.05, readers=6, cases=150).power == pytest.approx(0.025)


def test_a_negative_reader_component_counts_as_none_and_readers_alike_take_z() -> None:
    negative = replace(VANDYKE, var_tr=-0.01)
    assert mrmc_power(negative, effect=0.03, readers=6, cases=150) == mrmc_power(
        replace(VANDYKE, var_tr=0.0), effect=0.03, readers=6, cases=150
    )
    alike = Pilot(var_tr=0, var=0.004, cov1=0.003, cov2=0.002, cov3=0.001, cases=100)
    assert mrmc_power(alike, effect=0.03, readers=6, cases=150).df == np.inf


@pytest.mark.parametrize(
    ("pilot", "numbers", "reason"),
    [
        ({}, {"readers": 1}, "1 readers are fewer than 2"),
        ({}, {"readers": 0, "fixed": Fixed.READERS}, "0 readers are fewer than 1"),
        ({}, {"cases": 0}, "0 cases are none"),
        ({"cases": 0}, {}, "the pilot's 0 cases are none"),
        ({}, {"margin": -0.1}, "a margin of -0.1 is below 0"),
        ({}, {"alpha": 0.0}, "an alpha of 0 is not between 0 and 1"),
        ({"cov1": 0.1}, {}, "these components leave the difference no variance"),
    ],
)
def test_numbers_that_make_no_study_are_refused(pilot, numbers, reason) -> None:
    with pytest.raises(StatisticsError, match=reason):
        mrmc_power(replace(VANDYKE, **pilot), **{"effect": 0.05, "readers": 5, "cases": 100, **numbers})


def test_variances_of_a_simulation_beyond_1_are_refused() -> None:
    model = RoeMetz(aucs=(0.8,), var_c=0.9)
    with pytest.raises(StatisticsError, match="add up to 1 at most"):
        model.draw(np.random.default_rng(1), readers=2, negatives=3, positives=3)


def test_simulated_studies_have_the_aucs_they_are_made_with() -> None:
    model = RoeMetz(aucs=(0.7, 0.9))
    study = model.draw(np.random.default_rng(3), readers=400, negatives=300, positives=300)
    x, y = study.scores[:, :, 300:], study.scores[:, :, :300]
    wins = (x > np.roll(y, 1, axis=2)).mean(axis=(1, 2))
    assert wins == pytest.approx([0.7, 0.9], abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize(
    "analyse",
    [
        lambda study: obuchowski_rockette(study, AUC, variance=Variance.DELONG),
        lambda study: u_statistics(study, AUC),
    ],
)
def test_simulated_studies_without_a_difference_are_called_different_in_5_of_100(analyse) -> None:
    # 600 studies of the Roe-Metz model: 5 % has a standard error of 0.9 points.
    model, rng = RoeMetz(aucs=(0.85, 0.85), var_r=0.02, var_tr=0.02), np.random.default_rng(20)
    found = [
        analyse(model.draw(rng, readers=5, negatives=40, positives=40)).differences[0].p_value < 0.05
        for _ in range(600)
    ]
    assert np.mean(found) == pytest.approx(0.05, abs=0.027)


@pytest.mark.slow
def test_the_planned_power_is_what_simulated_studies_have() -> None:
    model, rng = RoeMetz(aucs=(0.88, 0.80), var_r=0.01, var_tr=0.01), np.random.default_rng(21)
    plain = {"Var(TR)": 0.0, "Var(Error)": 0.0, "Cov1": 0.0, "Cov2": 0.0, "Cov3": 0.0}
    shown = []
    for _ in range(400):
        analysis = obuchowski_rockette(
            model.draw(rng, readers=5, negatives=50, positives=50), AUC, variance=Variance.UNBIASED
        )
        shown.append(analysis.differences[0].p_value < 0.05)
        for name in plain:
            plain[name] += analysis.components[name] / 400
    pilot = Pilot(
        var_tr=plain["Var(TR)"],
        var=plain["Var(Error)"],
        cov1=plain["Cov1"],
        cov2=plain["Cov2"],
        cov3=plain["Cov3"],
        cases=100,
    )
    planned = mrmc_power(pilot, effect=0.08, readers=5, cases=100)
    assert 0.3 < planned.power < 0.95
    assert np.mean(shown) == pytest.approx(planned.power, abs=0.07)


@pytest.mark.slow
@pytest.mark.parametrize(
    "analyse",
    [
        lambda study: obuchowski_rockette(study, AUC, variance=Variance.DELONG),
        lambda study: obuchowski_rockette(study, AUC),
        lambda study: u_statistics(study, AUC),
    ],
)
def test_several_sites_a_patient_do_not_make_differences_of_nothing(analyse) -> None:
    # 400 studies of 40 patients with 5 sites each, half of the scores' variance shared by a patient's
    # sites: 5 % has a standard error of 1.1 points. (1,500 studies give 5.3 % and 4.7 %: docs/mrmc.md.)
    rng, found = np.random.default_rng(5), []
    owner = np.repeat(np.arange(40), 5)
    for _ in range(400):
        truth = (rng.random(200) < 0.4).astype(float)
        shared = rng.normal(0, 0.5, (1, 1, 40)) + rng.normal(0, 0.7, (2, 1, 40))
        scores = 1.5 * truth + shared[:, :, owner] + rng.normal(0, 0.2, (2, 5, 1)) * truth
        study = ReaderStudy(
            scores=scores + rng.normal(0, 0.6, (2, 1, 200)) + rng.normal(0, 0.6, (2, 5, 200)),
            truth=truth,
            patients=owner,
            modalities=("A", "B"),
            readers=tuple("12345"),
            cases=tuple(str(n) for n in range(200)),
        )
        found.append(analyse(study).differences[0].p_value < 0.05)
    assert np.mean(found) == pytest.approx(0.05, abs=0.033)
