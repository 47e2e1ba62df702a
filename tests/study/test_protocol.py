from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lss_core.domain import SITES, Condition, Grade
from lss_core.errors import ProtocolError
from lss_core.study.protocol import (
    SCHEME,
    Arm,
    ArmKind,
    Design,
    Protocol,
    Questions,
    ReferenceSource,
    as_document,
    from_document,
    sha256,
)

ARMS = (
    (Arm(name="unaided", kind=ArmKind.UNAIDED),),
    (Arm(name="alone", kind=ArmKind.UNAIDED), Arm(name="with model", kind=ArmKind.AIDED)),
    (Arm(name="both", kind=ArmKind.SEQUENTIAL),),
)

protocols = st.builds(
    Protocol,
    sites=st.lists(st.sampled_from(SITES), min_size=1, unique=True).map(tuple),
    questions=st.builds(Questions),
    arms=st.sampled_from(ARMS),
    wash_out_days=st.integers(0, 3650),
    repeat_share=st.floats(0, 1),
    training_cases=st.lists(st.text(min_size=1), unique=True).map(tuple),
    reference=st.sampled_from(ReferenceSource),
    seed=st.integers(0, 2**63 - 1),
)


@given(protocols)
def test_a_protocol_comes_back_from_its_document_through_json(protocol):
    again = from_document(json.loads(json.dumps(as_document(protocol))))
    assert again == protocol
    assert sha256(again) == sha256(protocol)


@given(protocols, protocols)
def test_two_protocols_have_one_hash_only_where_they_are_equal(one, other):
    assert (sha256(one) == sha256(other)) == (as_document(one) == as_document(other))


def test_a_document_names_only_what_differs_from_the_default():
    assert from_document({}) == Protocol()
    changed = from_document({"scheme": {"central": {"3": "no fluid is seen"}}})
    assert changed.scheme[Condition.CENTRAL][Grade.SEVERE] == "no fluid is seen"
    assert changed.scheme[Condition.CENTRAL][Grade.MILD] == SCHEME[Condition.CENTRAL][Grade.MILD]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"washout": 3}, "washout: a protocol has no such part"),
        ({"wash_out_days": "a month"}, "wash_out_days: 'a month' is not understood"),
        ({"sites": ["central:L9_L10"]}, "sites: it is not understood"),
        ({"sites": []}, "sites: its value does not fit. Name each site once"),
        ({"arms": [{"name": "a", "kind": "aided"}, {"name": "A", "kind": "unaided"}]}, "its own name"),
        ({"arms": [{"name": "a"}]}, "arms: it is not understood"),
        ({"arms": [{"name": "x" * 41, "kind": "aided"}]}, "Names have 1 to 40 letters"),
        ({"design": "split_plot"}, "groups: its value does not fit"),
        ({"groups": 2}, "groups: its value does not fit"),
        ({"repeat_share": 2}, "Use a share of 0 to 1"),
        ({"questions": {"grade": True}}, "questions: it is not understood"),
        ({"questions": {"call": 1}}, "questions: it is not understood"),
    ],
)
def test_what_no_study_can_do_is_refused_with_its_part_named(document, words):
    with pytest.raises(ProtocolError, match=words):
        from_document(document)


def test_there_is_a_session_for_each_arm_and_one_of_repeats():
    two = Protocol(arms=ARMS[1])
    assert two.sessions == 2
    assert Protocol(arms=ARMS[1], repeat_share=0.2).sessions == 3
    assert Protocol(arms=ARMS[1], design=Design.SPLIT_PLOT, groups=2).sessions == 2


def test_a_sequential_arm_is_stored_as_two():
    assert ARMS[2][0].stages == ("both: before", "both: with model")
    assert Protocol(arms=ARMS[2]).arm("both").kind is ArmKind.SEQUENTIAL
    with pytest.raises(ProtocolError, match="there is no arm 'x'"):
        Protocol().arm("x")
