from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from lss_core.errors import StatisticsError
from lss_core.stats import multiplicity

PVALUES = st.lists(st.floats(0, 1), min_size=1, max_size=12)


@given(PVALUES)
def test_holm_and_bonferroni_are_those_of_statsmodels(p) -> None:
    for ours, method in ((multiplicity.holm, "holm"), (multiplicity.bonferroni, "bonferroni")):
        assert ours(p) == pytest.approx(multipletests(p, method=method)[1])


def test_holms_adjusted_values_worked_by_hand() -> None:
    # 0.01 x 3, then max(0.03, 0.02 x 2), then max(0.04, 0.03).
    assert multiplicity.holm([0.02, 0.03, 0.01]) == pytest.approx((0.04, 0.04, 0.03))


def test_a_fixed_sequence_stops_at_the_first_that_is_not_shown() -> None:
    assert multiplicity.fixed_sequence([0.01, 0.2, 0.001]) == pytest.approx((0.01, 0.2, 0.2))


@given(PVALUES)
def test_serial_gates_of_one_hypothesis_are_the_fixed_sequence(p) -> None:
    gates = multiplicity.serial_gatekeeping([[each] for each in p])
    assert tuple(each for (each,) in gates) == pytest.approx(multiplicity.fixed_sequence(p))


def test_a_family_waits_for_the_whole_one_before() -> None:
    first, second = multiplicity.serial_gatekeeping([[0.01, 0.04], [0.001, 0.03]])
    assert first == pytest.approx((0.02, 0.04))
    assert second == pytest.approx((0.04, 0.04))


def test_a_parallel_gate_opens_with_the_share_of_what_is_shown() -> None:
    # Both of the first are shown at 0.04, so the second family is tested at 0.04: Holm gives 0.02, 0.03.
    # One alone is shown at 0.02, which leaves half the level: 0.02 needs 0.04.
    first, second = multiplicity.parallel_gatekeeping([0.01, 0.02], [0.01, 0.03])
    assert first == pytest.approx((0.02, 0.04))
    assert second == pytest.approx((0.04, 0.04))
    assert multiplicity.parallel_gatekeeping([0.01, 0.6], [0.01])[1] == pytest.approx((0.02,))


@given(PVALUES, PVALUES, st.floats(0.001, 0.2))
def test_a_parallel_gates_adjusted_value_is_the_least_level_that_shows_it(first, then, level) -> None:
    opened, adjusted = multiplicity.parallel_gatekeeping(first, then)
    shown = sum(each <= level for each in opened)
    within = multiplicity.holm(then)
    for own, holm in zip(adjusted, within, strict=True):
        if min(abs(own - level), *(abs(each - level) for each in opened)) > 1e-9:
            assert (own <= level) == (holm <= level * shown / len(first) and shown > 0)


@pytest.mark.parametrize("p", [[], [0.5, 1.2], [float("nan")]])
def test_only_p_values_can_be_adjusted(p) -> None:
    for method in (multiplicity.holm, multiplicity.bonferroni, multiplicity.fixed_sequence):
        with pytest.raises(StatisticsError, match="between 0 and 1"):
            method(p)
