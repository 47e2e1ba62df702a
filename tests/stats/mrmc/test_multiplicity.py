from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from lss_core.errors import StatisticsError
from lss_core.stats.mrmc.multiplicity import gatekeeping, holm

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=8)


@given(P_VALUES)
def test_holms_values_are_those_of_statsmodels(p_values) -> None:
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1], abs=1e-12)


@given(P_VALUES, st.floats(0.001, 0.2))
def test_a_gate_stays_shut_behind_the_first_that_fails(p_values, alpha) -> None:
    opened = [adjusted <= alpha for adjusted in gatekeeping(p_values)]
    expected = [all(p <= alpha for p in p_values[: place + 1]) for place in range(len(p_values))]
    assert opened == expected


@pytest.mark.parametrize("p_values", [[], [0.2, 1.2], [float("nan")]])
def test_what_is_no_p_value_is_refused(p_values) -> None:
    for adjust in (holm, gatekeeping):
        with pytest.raises(StatisticsError, match="p-values are numbers from 0 to 1"):
            adjust(p_values)
