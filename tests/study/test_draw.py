from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lss_core.study.assignment import Drawn, draw
from lss_core.study.protocol import PANEL_ARM, Arm, ArmKind, AssignmentKind, Design, Protocol, ReferenceSource

ARMS = tuple(Arm(name=f"arm {number}", kind=ArmKind.UNAIDED) for number in range(1, 5))
TRAINING = ("C-T1", "C-T2", "C-T3")


def drawn(protocol: Protocol, readers: int, cases: int, **known) -> tuple[Drawn, ...]:
    names = [f"R-{number}" for number in range(readers)]
    of = [f"C-{number}" for number in range(cases)]
    rng = known.pop("rng", None) or np.random.default_rng(protocol.seed)
    return draw(protocol, readers=names, cases=[*of, *protocol.training_cases], rng=rng, **known)


protocols = st.builds(
    Protocol,
    arms=st.integers(1, 4).map(lambda count: ARMS[:count]),
    repeat_share=st.sampled_from((0.0, 0.1, 0.25, 1.0)),
    training_cases=st.integers(0, 3).map(lambda count: TRAINING[:count]),
    seed=st.integers(0, 1000),
)
split = st.integers(2, 3).map(lambda groups: {"design": Design.SPLIT_PLOT, "groups": groups})
sizes = st.integers(1, 6)
lengths = st.integers(1, 30)


@given(protocols, sizes, lengths)
def test_each_reader_reads_each_case_exactly_once_in_each_arm(protocol, readers, cases):
    found = [one for one in drawn(protocol, readers, cases) if one.kind is AssignmentKind.TEST]
    assert Counter((one.reader, one.case, one.arm) for one in found) == {
        (f"R-{reader}", f"C-{case}", arm.name): 1
        for reader in range(readers)
        for case in range(cases)
        for arm in protocol.arms
    }
    assert max(Counter((one.reader, one.case, one.session) for one in found).values()) == 1
    assert {one.session for one in found} == set(range(1, len(protocol.arms) + 1))


@given(protocols, sizes, lengths)
def test_at_every_place_of_a_session_its_arms_are_in_balance(protocol, readers, cases):
    found = drawn(protocol, readers, cases)
    for reader, session in {(one.reader, one.session) for one in found}:
        seen = Counter({arm.name: 0 for arm in protocol.arms})
        own = [one for one in found if (one.reader, one.session) == (reader, session)]
        assert [one.position for one in own] == list(range(1, len(own) + 1))
        for one in own:
            if one.kind is AssignmentKind.TEST:
                seen[one.arm] += 1
                assert max(seen.values()) - min(seen.values()) <= 1


@given(protocols, sizes, st.integers(4, 30))
def test_a_case_is_met_in_each_arm_by_readers_in_equal_parts(protocol, readers, cases):
    found = [one for one in drawn(protocol, readers, cases) if one.kind is AssignmentKind.TEST]
    of_case = Counter((one.case, one.session, one.arm) for one in found)
    for case, session in {(one.case, one.session) for one in found}:
        counts = [of_case[case, session, arm.name] for arm in protocol.arms]
        assert max(counts) - min(counts) <= 1


@given(protocols, sizes, lengths)
def test_training_comes_first_in_session_one_and_is_never_drawn_for_the_test(protocol, readers, cases):
    found = drawn(protocol, readers, cases)
    for reader in range(readers):
        first = [one for one in found if one.reader == f"R-{reader}" and one.session == 1]
        training = first[: len(protocol.training_cases)]
        assert tuple(one.case for one in training) == protocol.training_cases
        assert {one.kind for one in training} <= {AssignmentKind.TRAINING}
    rest = [one for one in found if one.kind is not AssignmentKind.TRAINING]
    assert not {one.case for one in rest} & set(protocol.training_cases)


@given(protocols, sizes, lengths)
def test_repeats_are_the_wanted_share_in_a_last_session_in_the_arm_met_first(protocol, readers, cases):
    found = drawn(protocol, readers, cases)
    first = {(one.reader, one.case): one.arm for one in found if one.session == 1}
    repeats = [one for one in found if one.kind is AssignmentKind.REPEAT]
    wanted = {0.0: 0, 0.1: -(-cases // 10), 0.25: -(-cases // 4), 1.0: cases}[protocol.repeat_share]
    assert set(Counter(one.reader for one in repeats).values()) <= {wanted}
    assert len(repeats) == wanted * readers
    assert {one.session for one in repeats} <= {len(protocol.arms) + 1}
    assert len({one.case for one in repeats}) == wanted
    assert all(one.arm == first[one.reader, one.case] for one in repeats)


@given(protocols, sizes, lengths, st.randoms())
def test_the_order_in_which_cases_are_named_does_not_matter(protocol, readers, cases, random):
    names = [f"C-{number}" for number in range(cases)]
    mixed = random.sample(names, k=cases)
    who = [f"R-{number}" for number in range(readers)]
    one, other = (
        draw(protocol, readers=order, cases=given_cases, rng=np.random.default_rng(1))
        for order, given_cases in ((who, names), (who[::-1], mixed))
    )
    assert one == other


@given(protocols, sizes, st.integers(8, 30))
def test_one_seed_draws_one_order_and_another_seed_another(protocol, readers, cases):
    assert drawn(protocol, readers, cases) == drawn(protocol, readers, cases)
    other = drawn(replace(protocol, seed=protocol.seed + 1), readers, cases)
    assert drawn(protocol, readers, cases) != other


@given(protocols, split, sizes, lengths)
def test_in_a_split_plot_design_groups_of_readers_read_groups_of_cases(protocol, design, readers, cases):
    found = drawn(replace(protocol, **design), readers, cases)
    test = [one for one in found if one.kind is AssignmentKind.TEST]
    own = {}
    for one in test:
        own.setdefault(one.reader, set()).add(one.case)
    groups = {frozenset(of_reader) for of_reader in own.values()}
    assert sum(len(group) for group in groups) == len(frozenset().union(*groups)) if groups else True
    assert max(map(len, groups), default=0) - min(map(len, groups), default=0) <= 1


def test_a_panel_reads_all_cases_unaided_in_one_session():
    protocol = Protocol(
        arms=ARMS[:2], reference=ReferenceSource.PANEL, training_cases=TRAINING, repeat_share=0.5
    )
    found = [one for one in drawn(protocol, 2, 9, panel=["R-P"]) if one.reader == "R-P"]
    assert sorted(one.case for one in found) == [f"C-{number}" for number in range(9)]
    assert {(one.arm, one.session, one.kind) for one in found} == {(PANEL_ARM.name, 1, AssignmentKind.TEST)}
    assert protocol.arm(found[0].arm).kind is ArmKind.UNAIDED


@pytest.mark.parametrize("source", [ReferenceSource.READERS, ReferenceSource.EXTERNAL])
def test_without_a_panel_reference_nothing_is_drawn_for_a_panel(source):
    assert not [one for one in drawn(Protocol(reference=source), 1, 3, panel=["R-P"]) if one.reader == "R-P"]


@given(protocols, st.one_of(st.just({}), split), sizes, lengths, st.integers(0, 12), st.integers(0, 5))
def test_a_new_draw_leaves_what_is_begun_and_completes_it(protocol, design, readers, cases, begun, added):
    protocol = replace(protocol, **design)
    first = drawn(protocol, readers, cases)
    kept = [one for one in first if one.position <= begun and one.session == 1]
    again = drawn(protocol, readers + 1, cases + added, kept=kept, rng=np.random.default_rng([1, 2]))
    total = [*kept, *again]
    test = [one for one in total if one.kind is AssignmentKind.TEST]
    once = Counter((one.reader, one.case, one.arm) for one in test)
    assert set(once.values()) <= {1}
    assert max(Counter((one.reader, one.case, one.session) for one in test).values(), default=1) == 1
    pairs = {(one.reader, one.case) for one in test}
    assert len(once) == len(pairs) * len(protocol.arms)
    if not design:
        assert len(pairs) == (readers + 1) * (cases + added)
    training = [one for one in total if one.kind is AssignmentKind.TRAINING]
    assert len(training) == (readers + 1) * len(protocol.training_cases)


def test_repeats_that_are_begun_count_towards_the_share():
    protocol = Protocol(arms=ARMS[:2], repeat_share=0.3)
    first = drawn(protocol, 1, 10)
    kept = [one for one in first if one.session < 3]
    kept += [one for one in first if one.session == 3][:1]
    again = drawn(protocol, 1, 10, kept=kept)
    assert [one.kind for one in again] == [AssignmentKind.REPEAT] * 2
    assert not {one.case for one in again} & {one.case for one in kept if one.session == 3}
