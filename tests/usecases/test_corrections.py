"""Unlocking and withdrawing, and how a study goes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lss_core.domain import SITES, Answer, Grade, Role
from lss_core.errors import AccessError, ConflictError, ProtocolError
from lss_core.store import audit
from lss_core.study.washout import SessionState
from lss_core.texts import Language, speaking
from lss_core.usecases.accounts import choose_language
from lss_core.usecases.cases import list_cases
from lss_core.usecases.corrections import (
    CorrectionKind,
    study_corrections,
    unlock_read,
    withdraw_case,
    withdraw_read,
)
from lss_core.usecases.due import home, reads_of
from lss_core.usecases.progress import reminder, study_progress
from lss_core.usecases.reading import open_read, record_answer
from lss_core.usecases.reference import make_majority_reference
from lss_core.usecases.signing import sign_read
from lss_core.usecases.sittings import ReadSpan, record_spans
from lss_core.usecases.users import OPERATOR

from .conftest import PASSWORD, make_dicom_study
from .protocol_data import AIDED, ALONE, SEQUENTIAL, go_live


@pytest.fixture
def cases(workspace, study_id, import_studies):
    import_studies(make_dicom_study("two"))
    return [case.case_id for case in list_cases(workspace, OPERATOR, study_id)]


@pytest.fixture
def reader(person, study_id):
    return person(Role.READER, "ada")


@pytest.fixture
def coordinator(person, study_id):
    return person(Role.COORDINATOR)


def _answer(workspace, user, read_id, grade=1, sites=SITES, key=""):
    for site in sites:
        answer = Answer(site=site, grade=Grade(grade))
        record_answer(workspace, user, read_id, answer, idempotency_key=f"{key}{site.key}")


def _signed(workspace, user, case_id=None):
    read = open_read(workspace, user, case_id)
    _answer(workspace, user, read.read_id)
    sign_read(workspace, user, read.read_id, PASSWORD)
    return read.read_id


def test_an_unlocked_read_is_answered_on_and_signed_anew_with_the_old_answers_on_record(
    workspace, study_id, cases, reader, coordinator
):
    go_live(workspace, study_id, [(reader, cases[0], ALONE, {})])
    read_id = _signed(workspace, reader)
    unlock_read(workspace, coordinator, read_id, reason="left and right were confused")
    assert not open_read(workspace, reader).submitted
    _answer(workspace, reader, read_id, grade=2, sites=SITES[:1], key="again ")
    sign_read(workspace, reader, read_id, PASSWORD)
    (found,) = study_corrections(workspace, coordinator, study_id)
    assert (found.kind, found.reader, found.by) == (CorrectionKind.UNLOCKED, "Ada", "Coordinator")
    assert found.session == 1
    with workspace.store.read() as tx:
        acts = [entry.act for entry in audit.entries(tx, subject=read_id)]
    assert acts.count("read.sign") == 2
    assert acts.count("answer.add") == 26


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_correction_needs_a_reason(workspace, study_id, cases, reader, coordinator, reason):
    go_live(workspace, study_id, [(reader, cases[0], ALONE, {})])
    read_id = _signed(workspace, reader)
    for act in (unlock_read, withdraw_read):
        with pytest.raises(ProtocolError, match="this needs one"):
            act(workspace, coordinator, read_id, reason=reason)
    with pytest.raises(ProtocolError, match="this needs one"):
        withdraw_case(workspace, coordinator, cases[0], reason=reason)


def test_an_open_read_and_one_that_the_model_followed_are_not_unlocked(
    workspace, study_id, cases, reader, coordinator
):
    go_live(workspace, study_id, [(reader, cases[0], SEQUENTIAL, {})])
    read_id = _signed(workspace, reader)
    second = open_read(workspace, reader)
    with pytest.raises(ConflictError, match="the model was shown after this read was locked"):
        unlock_read(workspace, coordinator, read_id, reason="x")
    with pytest.raises(ConflictError, match="this read is not submitted"):
        unlock_read(workspace, coordinator, second.read_id, reason="x")


def test_what_is_withdrawn_once_is_not_withdrawn_twice(workspace, study_id, cases, reader, coordinator):
    go_live(workspace, study_id, [(reader, case_id, ALONE, {}) for case_id in cases])
    read_id = _signed(workspace, reader)
    withdraw_read(workspace, coordinator, read_id, reason="wrong hanging")
    withdraw_case(workspace, coordinator, cases[1], reason="consent withdrawn")
    with pytest.raises(ConflictError, match="it was withdrawn before"):
        withdraw_read(workspace, coordinator, read_id, reason="again")
    with pytest.raises(ConflictError, match="it was withdrawn before"):
        withdraw_case(workspace, coordinator, cases[1], reason="again")
    kinds = [one.kind for one in study_corrections(workspace, coordinator, study_id)]
    assert kinds == [CorrectionKind.READ_WITHDRAWN, CorrectionKind.CASE_WITHDRAWN]


def test_a_reader_corrects_nothing_and_follows_nobody(workspace, study_id, cases, reader):
    go_live(workspace, study_id, [(reader, cases[0], ALONE, {})])
    read_id = _signed(workspace, reader)
    with pytest.raises(AccessError):
        unlock_read(workspace, reader, read_id, reason="x")
    with pytest.raises(AccessError):
        study_progress(workspace, reader, study_id)


def test_progress_counts_what_is_stored(workspace, clock, study_id, cases, reader, coordinator):
    first, second = cases
    plan = [
        (reader, first, ALONE, {"session": 1}),
        (reader, second, ALONE, {"session": 1, "position": 2}),
        (reader, first, AIDED, {"session": 2}),
    ]
    go_live(workspace, study_id, plan)
    read_id = _signed(workspace, reader, first)
    spans = [ReadSpan(key="a", site=SITES[0], active_ms=90_000, idle_ms=16 * 60_000)]
    other = open_read(workspace, reader).read_id
    _answer(workspace, reader, other, sites=SITES[:5])
    record_spans(workspace, reader, other, spans)
    one, two = study_progress(workspace, coordinator, study_id).sessions
    told = (one.assigned, one.begun, one.submitted, one.missing, one.interrupted, one.minutes)
    assert told == (2, 2, 1, 20, 1, None)
    assert one.standing is not None
    assert two.standing is not None
    assert (one.standing.state, two.standing.state) == (SessionState.OPEN, SessionState.BEFORE_UNFINISHED)
    found = study_progress(workspace, coordinator, study_id)
    assert [(read.read_id, read.order) for read in found.reads] == [(read_id, 1), (other, None)]
    assert (found.submitted, found.assigned) == (1, 3)


def test_a_reminder_names_what_is_due_in_the_readers_language_or_else_the_pages(
    workspace, clock, study_id, cases, reader, coordinator
):
    go_live(workspace, study_id, [(reader, case_id, ALONE, {}) for case_id in cases])
    found = study_progress(workspace, coordinator, study_id)
    name = found.sessions[0].rater.name
    assert "2 cases wait for your reading" in reminder(found, name)
    with speaking(Language.RUSSIAN):
        assert "2 случая" in reminder(found, name)
    choose_language(workspace, reader, Language.RUSSIAN)
    found = study_progress(workspace, coordinator, study_id)
    assert "2 случая" in reminder(found, name)
    _signed(workspace, reader)
    clock.turn(timedelta(minutes=1))
    _signed(workspace, reader)
    found = study_progress(workspace, coordinator, study_id)
    assert reminder(found, name) == ""


def test_a_study_without_a_protocol_has_one_session_of_all_its_cases(
    workspace, study_id, cases, reader, coordinator
):
    (one,) = study_progress(workspace, coordinator, study_id).sessions
    assert (one.assigned, one.begun, one.submitted, one.standing) == (2, 0, 0, None)


def test_a_read_that_was_withdrawn_before_its_signature_is_asked_for_no_more(
    workspace, study_id, cases, reader, coordinator
):
    """Else it would be the next for ever, and hold its session open."""
    first, second = cases
    plan = [(reader, first, ALONE, {}), (reader, second, ALONE, {"position": 2})]
    go_live(workspace, study_id, [*plan, (reader, first, AIDED, {"session": 2})], wash_out_days=0)
    read_id = open_read(workspace, reader).read_id
    _answer(workspace, reader, read_id, sites=SITES[:3])
    withdraw_read(workspace, coordinator, read_id, reason="the wrong reader sat there")
    with pytest.raises(ConflictError, match="this read was withdrawn"):
        _answer(workspace, reader, read_id, sites=SITES[3:4])
    with pytest.raises(ConflictError, match="this read was withdrawn"):
        sign_read(workspace, reader, read_id, PASSWORD)
    assert open_read(workspace, reader).case_id == second
    _signed(workspace, reader)
    (due,) = home(workspace, reader)
    assert [(one.cases, one.submitted) for one in due.sessions] == [(1, 1), (1, 0)]
    assert open_read(workspace, reader).plan.aided
    one, _ = study_progress(workspace, coordinator, study_id).sessions
    assert (one.assigned, one.submitted, one.missing) == (1, 1, 0)


def test_a_sequential_read_whose_first_answers_were_withdrawn_gets_no_second_ones(
    workspace, study_id, cases, reader, coordinator
):
    go_live(workspace, study_id, [(reader, case_id, SEQUENTIAL, {}) for case_id in cases])
    withdraw_read(workspace, coordinator, _signed(workspace, reader), reason="he had seen the report")
    assert open_read(workspace, reader).case_id == cases[1]


def test_a_case_that_was_withdrawn_while_it_was_read_takes_no_answer(
    workspace, study_id, cases, reader, coordinator
):
    read_id = open_read(workspace, reader).read_id
    withdraw_case(workspace, coordinator, open_read(workspace, reader).case_id, reason="consent")
    with pytest.raises(ConflictError, match="this read was withdrawn"):
        _answer(workspace, reader, read_id, sites=SITES[:1])


def test_without_a_protocol_a_withdrawn_read_is_asked_for_no_more(
    workspace, study_id, cases, reader, coordinator
):
    read = open_read(workspace, reader)
    withdraw_read(workspace, coordinator, read.read_id, reason="wrong hanging")
    assert [one.case_id for one in reads_of(workspace, reader)] == [c for c in cases if c != read.case_id]
    (one,) = study_progress(workspace, coordinator, study_id).sessions
    assert (one.assigned, one.begun) == (1, 0)


@pytest.mark.parametrize("with_protocol", [True, False])
def test_the_panel_votes_without_the_reader_whose_read_was_withdrawn(
    workspace, study_id, cases, person, coordinator, with_protocol
):
    """Else the case would wait for that vote for ever, and have no reference."""
    panel = [person(Role.READER, name) for name in ("ada", "ben", "eve")]
    if with_protocol:
        go_live(workspace, study_id, [(one, cases[0], ALONE, {}) for one in panel])
    *_, last = [_signed(workspace, one, cases[0]) for one in panel]
    withdraw_read(workspace, coordinator, last, reason="he had seen the report")
    assert make_majority_reference(workspace, coordinator, study_id).grades == len(SITES)
