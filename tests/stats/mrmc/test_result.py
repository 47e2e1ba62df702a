from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.obuchowski_rockette import obuchowski_rockette
from lss_core.stats.mrmc.result import Fixed, difference, f_test, satterthwaite
from lss_core.stats.mrmc.study import Measure, Metric

VALUE, ERROR = st.floats(-0.3, 0.3), st.floats(0.005, 0.2)
DF, MARGIN = st.sampled_from([2.5, 14.0, np.inf]), st.floats(0.01, 0.3)


def made(value, error, df):
    return difference("A", "B", value, error**2, df, level=0.95, n=50)


@given(VALUE, ERROR, DF)
def test_the_p_value_is_that_of_scipy_and_agrees_with_the_interval(value, error, df) -> None:
    one = made(value, error, df)
    t = stats.norm if np.isinf(df) else stats.t(df)
    assert one.p_value == pytest.approx(2 * t.sf(abs(value) / error), abs=1e-12)
    assert (one.p_value < 0.05) == (one.estimate.low > 0 or one.estimate.high < 0)


@given(VALUE, ERROR, DF, MARGIN)
def test_a_margin_is_kept_where_the_interval_keeps_it(value, error, df, margin) -> None:
    one = made(value, error, df)
    worse, alike = one.noninferiority(margin), one.equivalence(margin)
    assert worse.shown == (one.estimate.low > -margin)
    assert alike.shown == (one.estimate.low > -margin and one.estimate.high < margin)
    assert alike.p_value >= worse.p_value
    assert one.noninferiority(margin + 0.1).p_value <= worse.p_value


def test_van_dykes_cine_mri_is_not_shown_to_be_no_worse_by_5_points(vandyke) -> None:
    (one,) = obuchowski_rockette(vandyke, Measure(metric=Metric.AUC)).differences
    found = one.noninferiority(0.05)
    # t = (0.05 - 0.04380032) / 0.02074862 with 15.2597 df (OR-DBM MRMC 2.51's figures).
    assert found.p_value == pytest.approx(stats.t(15.2597).sf(0.00619968 / 0.02074862), rel=1e-4)
    assert not found.shown
    assert one.noninferiority(0.09).shown


@pytest.mark.parametrize("margin", [0, -0.1, float("nan")])
def test_a_margin_that_is_not_above_0_is_refused(margin) -> None:
    with pytest.raises(StatisticsError, match="is not above 0"):
        made(0.1, 0.1, 5).noninferiority(margin)


@given(st.floats(0.01, 10), st.integers(1, 4), st.sampled_from([3.3, 20.0, np.inf]))
def test_f_and_chi_square_are_those_of_scipy(value, df1, df2) -> None:
    found = f_test(value, df1, df2)
    expected = stats.chi2(df1).sf(value * df1) if np.isinf(df2) else stats.f(df1, df2).sf(value)
    assert found.p_value == pytest.approx(expected, abs=1e-12)
    assert found.name == ("chi-square" if np.isinf(df2) else "F")


def test_degrees_of_freedom_are_infinite_where_nothing_is_estimated_of_readers() -> None:
    assert satterthwaite(0.5, 0.0, 4) == np.inf
    assert satterthwaite(0.5, 0.5, 4) == 4


def test_every_choice_has_words() -> None:
    assert [one.label for one in Fixed] == [
        "random readers and random cases",
        "fixed readers and random cases",
        "random readers and fixed cases",
    ]
