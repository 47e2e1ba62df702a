"""Reading by a protocol: arms, questions, stages, signatures, practice, pens, times."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from lss_core.domain import SITES, Answer, Grade, NotGradable, Role
from lss_core.errors import AccessError, ConflictError, PenError, ProtocolError, SettingsError, StoreError
from lss_core.store import audit
from lss_core.store import tables as t
from lss_core.store.values import AssignmentKind, ReadNote, ReadSpan
from lss_core.study.protocol import Questions
from lss_core.usecases import importing
from lss_core.usecases.aid import show_model
from lss_core.usecases.cases import list_cases, new_study
from lss_core.usecases.corrections import unlock_read
from lss_core.usecases.due import home, reads_of
from lss_core.usecases.pens import LEASE
from lss_core.usecases.people import set_role
from lss_core.usecases.preferences import preferences_of, set_preferences
from lss_core.usecases.protocols import allow_session
from lss_core.usecases.reading import next_read, open_read, record_answer, record_note, record_remaining
from lss_core.usecases.reference import add_reference
from lss_core.usecases.seals import answers_sha256
from lss_core.usecases.signing import (
    MEANING,
    MEANING_AIDED,
    MEANING_BEFORE,
    feedback_of,
    sign_read,
)
from lss_core.usecases.sittings import drop_pen, hold_pen, record_spans
from lss_core.usecases.users import OPERATOR
from tests.usecases.conftest import PASSWORD, grades, make_batch, make_dicom_study
from tests.usecases.protocol_data import AIDED, ALONE, SEQUENTIAL, go_live

SITE = SITES[0]


@pytest.fixture
def reader(person):
    return person(Role.READER)


@pytest.fixture
def case_ids(workspace, study_id, import_studies):
    import_studies(make_dicom_study("another"), make_dicom_study("a third"))
    return [case.case_id for case in list_cases(workspace, OPERATOR, study_id)]


def _answer_all(workspace, user, read_id, value=1, **more):
    for answer in grades(value):
        given = Answer(site=answer.site, grade=answer.grade, **more)
        record_answer(workspace, user, read_id, given, idempotency_key=answer.site.key)


def _acts(workspace, subject):
    with workspace.store.read() as tx:
        return [entry.act for entry in audit.entries(tx, subject=subject)]


def _origins(workspace):
    with workspace.store.read() as tx:
        return list(tx.scalars(sa.select(t.ratings.c.origin).order_by(t.ratings.c.id)))


def test_only_what_was_assigned_is_read_and_in_its_order(workspace, reader, study_id, case_ids):
    first, second, third = case_ids
    go_live(workspace, study_id, [(reader, second, ALONE, {}), (reader, first, ALONE, {})])
    assert [read.case_id for read in reads_of(workspace, reader)] == [second, first]
    with pytest.raises(AccessError, match="not assigned"):
        open_read(workspace, reader, third)
    with pytest.raises(AccessError, match="its turn has not come"):
        open_read(workspace, reader, first)
    read = open_read(workspace, reader)
    assert read.case_id == second
    _answer_all(workspace, reader, read.read_id)
    sign_read(workspace, reader, read.read_id, PASSWORD)
    assert open_read(workspace, reader).case_id == first
    (study,) = home(workspace, reader)
    assert (study.submitted, study.cases, study.following.case_id) == (1, 2, first)
    assert [(one.number, one.cases, one.begun, one.submitted) for one in study.sessions] == [(1, 2, 2, 1)]


def test_the_same_case_in_another_session_is_another_read(workspace, reader, study_id, case_ids):
    case = case_ids[0]
    again = {"session": 2, "position": 1}
    go_live(workspace, study_id, [(reader, case, ALONE, {}), (reader, case, AIDED, again)], wash_out_days=0)
    first = open_read(workspace, reader)
    _answer_all(workspace, reader, first.read_id)
    sign_read(workspace, reader, first.read_id, PASSWORD)
    second = open_read(workspace, reader)
    assert second.read_id != first.read_id
    assert (second.case_id, dict(second.answers), second.plan.aided) == (case, {}, True)
    with workspace.store.read() as tx:
        rows = tx.execute(sa.select(t.reads).order_by(t.reads.c.opened_at)).all()
    assert [(row.arm, row.session, row.stage) for row in rows] == [("alone", 1, 1), ("with model", 2, 1)]


def test_what_was_said_in_an_earlier_session_is_not_looked_up_in_the_next(
    workspace, reader, study_id, case_ids
):
    """Else the model's grades of session 1 would be at hand before and while the case is read without it."""
    case_id = case_ids[0]
    plan = [(reader, case_id, AIDED, {}), (reader, case_id, ALONE, {"session": 2})]
    go_live(workspace, study_id, [*plan, (reader, case_ids[1], ALONE, {"session": 2})], wash_out_days=1)
    first = open_read(workspace, reader)
    _answer_all(workspace, reader, first.read_id)
    show_model(workspace, reader, first.read_id)
    sign_read(workspace, reader, first.read_id, PASSWORD)

    def cannot_look() -> None:
        for look in (
            lambda: open_read(workspace, reader, first.key),
            lambda: show_model(workspace, reader, first.read_id),
            lambda: hold_pen(workspace, reader, first.read_id, "window"),
        ):
            with pytest.raises(AccessError, match="must not be seen before the session that follows is read"):
                look()

    cannot_look()  # during the wash-out
    session = 2
    allow_session(workspace, OPERATOR, study_id, reader.rater_id, session, reason="a test")
    second = open_read(workspace, reader)
    assert (second.case_id, second.plan.aided) == (case_id, False)
    cannot_look()
    unlock_read(workspace, OPERATOR, first.read_id, reason="left and right were confused")
    assert not open_read(workspace, reader, first.key).submitted
    sign_read(workspace, reader, first.read_id, PASSWORD)
    for _ in range(2):
        read = open_read(workspace, reader)
        record_remaining(workspace, reader, read.read_id, idempotency_key="all")
        sign_read(workspace, reader, read.read_id, PASSWORD)
    assert open_read(workspace, reader, first.key).submitted  # all is read


def test_a_read_whose_case_does_not_come_again_stays_open_until_the_next_session(
    workspace, reader, study_id, case_ids
):
    first_case, second_case, third_case = case_ids
    practice = {"kind": AssignmentKind.TRAINING}
    plan = [(reader, third_case, ALONE, practice), (reader, first_case, ALONE, {})]
    plan += [(reader, second_case, ALONE, {"session": 2})]
    go_live(workspace, study_id, plan, wash_out_days=1)
    for _ in range(2):
        read = open_read(workspace, reader)
        _answer_all(workspace, reader, read.read_id)
        sign_read(workspace, reader, read.read_id, PASSWORD)
    assert all(open_read(workspace, reader, case).submitted for case in (third_case, first_case))
    assert [read.closed for read in reads_of(workspace, reader)] == [False, False, False]


def test_a_session_opens_when_the_wash_out_is_over_or_when_a_coordinator_allows_it(
    workspace, person, reader, study_id, case_ids, clock
):
    case = case_ids[0]
    other = person(Role.READER, "other")
    again = {"session": 2, "position": 1}
    reads = [(reader, case, ALONE, {}), (reader, case, AIDED, again)]
    reads += [(other, case, ALONE, {}), (other, case, AIDED, again)]
    go_live(workspace, study_id, reads, wash_out_days=28)
    second = reads_of(workspace, reader)[1]
    with pytest.raises(AccessError, match="the session before it is not finished"):
        open_read(workspace, reader, second.key)
    for user in (reader, other):
        read = open_read(workspace, user)
        _answer_all(workspace, user, read.read_id)
        sign_read(workspace, user, read.read_id, PASSWORD)
        assert next_read(workspace, user) is None
    with pytest.raises(AccessError, match="Come back from 30 Mar 2026 09:00 UTC on"):
        open_read(workspace, reader)
    with pytest.raises(AccessError, match="its wash-out is not over"):
        open_read(workspace, reader, second.key)
    (study,) = home(workspace, reader)
    assert [one.standing.state for one in study.sessions] == ["done", "waits"]
    with workspace.store.write() as tx:
        allowed = {"id": "SO-1", "study_id": study_id, "rater_id": other.rater_id, "session": 2}
        row = {**allowed, "reason": "leave", "allowed_by": "x", "allowed_at": workspace.now()}
        tx.execute(sa.insert(t.session_overrides).values(row))
    assert open_read(workspace, other).plan.aided
    clock.turn(timedelta(days=28))
    assert open_read(workspace, reader).plan.aided


def test_each_study_of_a_reader_goes_its_own_way(workspace, reader, study_id, case_ids, monkeypatch):
    with workspace.store.write() as tx:
        second = new_study(tx, OPERATOR, "Second", at=workspace.now())
    made = [make_batch(make_dicom_study("elsewhere"))]
    monkeypatch.setattr(importing, "iter_batches", lambda paths, **_: iter(made))
    importing.import_paths(workspace, OPERATOR, [Path("anywhere")], study_id=second)
    (there,) = [case.case_id for case in list_cases(workspace, OPERATOR, second)]
    set_role(workspace, OPERATOR, second, reader.name, Role.READER)
    go_live(workspace, study_id, [(reader, case, ALONE, {}) for case in case_ids])
    go_live(workspace, second, [(reader, there, ALONE, {})])
    ways = {due.study.id: due.following for due in home(workspace, reader)}
    assert {way.position for way in ways.values()} == {1}
    begun = open_read(workspace, reader, ways[study_id].key)
    assert open_read(workspace, reader, ways[second].key).case_id == there
    later = [read for read in reads_of(workspace, reader) if read.study_id == study_id][1]
    with pytest.raises(AccessError, match="its turn has not come"):
        open_read(workspace, reader, later.key)
    assert next_read(workspace, reader, second).case_id == there
    assert next_read(workspace, reader, study_id).case_id == begun.case_id


def test_the_model_is_shown_in_an_aided_arm_alone_and_each_time_stands_in_the_trail(
    workspace, reader, study_id, case_id, model_run
):
    unaided = open_read(workspace, reader, case_id)
    with pytest.raises(AccessError, match="not shown in this read"):
        show_model(workspace, reader, unaided.read_id)
    go_live(workspace, study_id, [(reader, case_id, AIDED, {})])
    read = open_read(workspace, reader)
    shown = show_model(workspace, reader, read.read_id)
    assert shown[SITE.key].grade is Grade.MODERATE
    assert shown[SITE.key].probabilities == (0.1, 0.2, 0.6, 0.1)
    assert _acts(workspace, read.read_id).count("model.show") == 1
    assert "model.show" not in _acts(workspace, unaided.read_id)
    assert dict(read.answers) == {}


def test_a_sequential_read_shows_the_model_once_the_first_answers_are_locked(
    workspace, reader, study_id, case_id, model_run
):
    go_live(workspace, study_id, [(reader, case_id, SEQUENTIAL, {})])
    first = open_read(workspace, reader)
    assert (first.plan.stage, first.plan.stages, first.plan.aided) == (1, 2, False)
    with pytest.raises(AccessError, match="not shown in this read"):
        show_model(workspace, reader, first.read_id)
    _answer_all(workspace, reader, first.read_id, 1)
    assert sign_read(workspace, reader, first.read_id, PASSWORD).signature.meaning == MEANING_BEFORE
    second = open_read(workspace, reader)
    assert (second.plan.stage, second.plan.aided, dict(second.answers)) == (2, True, {})
    assert second.first[SITE.key].grade is Grade.MILD
    with pytest.raises(AccessError, match="not shown in this read"):
        show_model(workspace, reader, first.read_id)
    assert show_model(workspace, reader, second.read_id)
    with pytest.raises(ConflictError, match="submitted"):
        record_answer(workspace, reader, first.read_id, grades(3)[0], idempotency_key="late")
    record_answer(workspace, reader, second.read_id, grades(3)[0], idempotency_key="changed")
    kept = record_remaining(workspace, reader, second.read_id, idempotency_key="keep")
    assert kept.answers[SITE.key].grade is Grade.SEVERE
    assert kept.answers[SITES[1].key].grade is Grade.MILD
    assert "answer.keep_first" in _acts(workspace, second.read_id)
    assert sign_read(workspace, reader, second.read_id, PASSWORD).signature.meaning == MEANING_AIDED
    assert next_read(workspace, reader) is None
    with workspace.store.read() as tx:
        arms = list(tx.scalars(sa.select(t.reads.c.arm).order_by(t.reads.c.stage)))
    assert arms == ["one after the other: before", "one after the other: with model"]


def test_a_call_comes_with_the_grade_where_the_protocol_asks_and_a_score_before_the_signature(
    workspace, reader, study_id, case_id
):
    asked = Questions(call=True, score=True)
    go_live(workspace, study_id, [(reader, case_id, ALONE, {})], questions=asked, sites=SITES[:2])
    read_id = open_read(workspace, reader).read_id

    def give(site, key, **said):
        record_answer(workspace, reader, read_id, Answer(site=site, **said), idempotency_key=key)

    with pytest.raises(ProtocolError, match="the yes or no is missing"):
        give(SITE, "1", grade=Grade.SEVERE)
    with pytest.raises(ProtocolError, match="not part of the study"):
        give(SITES[5], "2", grade=Grade.SEVERE, positive=True)
    give(SITE, "3", grade=Grade.SEVERE, positive=True)
    give(SITES[1], "4", not_gradable=NotGradable.METAL)
    with pytest.raises(ConflictError, match="1 of 2 sites have no answer"):
        sign_read(workspace, reader, read_id, PASSWORD)
    give(SITE, "5", grade=Grade.SEVERE, positive=True, score=80.0)
    with pytest.raises(ProtocolError, match="a score at each site"):
        record_remaining(workspace, reader, read_id, idempotency_key="rest")
    assert sign_read(workspace, reader, read_id, PASSWORD).submitted


def test_the_remaining_sites_are_marked_as_none_once_and_are_told_apart(workspace, reader, case_id):
    read_id = open_read(workspace, reader).read_id
    record_answer(workspace, reader, read_id, grades(3)[0], idempotency_key="1")
    for _ in range(2):
        read = record_remaining(workspace, reader, read_id, idempotency_key="rest")
    assert [read.answers[site.key].grade for site in SITES] == [Grade.SEVERE] + [Grade.NONE] * 24
    assert _origins(workspace) == ["given"] + ["remaining"] * 24
    assert _acts(workspace, read_id).count("answer.remaining_none") == 1


def test_image_quality_is_asked_before_the_signature(workspace, reader, study_id, case_id):
    go_live(workspace, study_id, [(reader, case_id, ALONE, {})], questions=Questions(image_quality=True))
    read_id = open_read(workspace, reader).read_id
    _answer_all(workspace, reader, read_id)
    with pytest.raises(ConflictError, match="image quality"):
        sign_read(workspace, reader, read_id, PASSWORD)
    for _ in range(2):
        note = ReadNote(image_quality=4, comment="some motion")
        record_note(workspace, reader, read_id, note, idempotency_key="1")
    with pytest.raises(ConflictError, match="another note"):
        record_note(workspace, reader, read_id, ReadNote(image_quality=1), idempotency_key="1")
    assert open_read(workspace, reader).note == note
    assert sign_read(workspace, reader, read_id, PASSWORD).submitted


def test_a_signature_needs_the_password_and_keeps_its_meaning_and_the_hash_of_the_answers(
    workspace, reader, case_id
):
    read_id = open_read(workspace, reader).read_id
    _answer_all(workspace, reader, read_id)
    with pytest.raises(AccessError, match="do not match"):
        sign_read(workspace, reader, read_id, "somebody else's")
    assert not open_read(workspace, reader, case_id).submitted
    signed = sign_read(workspace, reader, read_id, PASSWORD)
    assert signed.signature is not None
    assert (signed.signature.printed_name, signed.signature.meaning) == ("Reader", MEANING)
    assert signed.signature.answers_sha256 == answers_sha256(signed.answers, signed.note)
    assert _acts(workspace, read_id)[-1] == "read.sign"
    changed = {**signed.answers, SITE.key: Answer(site=SITE, grade=Grade.SEVERE)}
    assert answers_sha256(changed, signed.note) != signed.signature.answers_sha256
    assert answers_sha256(signed.answers, ReadNote(comment="later")) != signed.signature.answers_sha256


def test_five_wrong_passwords_lock_the_signature_too(workspace, reader, case_id):
    read_id = open_read(workspace, reader).read_id
    _answer_all(workspace, reader, read_id)
    for _ in range(5):
        with pytest.raises(AccessError, match="do not match"):
            sign_read(workspace, reader, read_id, "wrong")
    with pytest.raises(AccessError, match="too many failed attempts"):
        sign_read(workspace, reader, read_id, PASSWORD)


def test_after_practice_the_reference_is_shown_and_in_no_other_read(workspace, reader, study_id, case_ids):
    practice, test = case_ids[:2]
    kinds = [(practice, {"kind": AssignmentKind.TRAINING}), (test, {})]
    go_live(
        workspace, study_id, [(reader, case, ALONE, more) for case, more in kinds], training_cases=(practice,)
    )
    truth = {case: dict.fromkeys(SITES, Grade.MODERATE) for case in case_ids}
    add_reference(workspace, OPERATOR, study_id, name="truth", grades=truth)
    for case in (practice, test):
        read_id = open_read(workspace, reader).read_id
        with pytest.raises(AccessError, match="not for readers"):
            feedback_of(workspace, reader, read_id)
        _answer_all(workspace, reader, read_id)
        sign_read(workspace, reader, read_id, PASSWORD)
        if case == practice:
            shown = feedback_of(workspace, reader, read_id)
            assert {grade.grade for grade in shown.values()} == {Grade.MODERATE}
            assert len(shown) == 25
    with pytest.raises(AccessError, match="not for readers"):
        feedback_of(workspace, reader, read_id)


def test_one_window_holds_the_pen_until_another_takes_it(workspace, reader, case_id, clock):
    read_id = open_read(workspace, reader).read_id
    hold_pen(workspace, reader, read_id, "one")
    with pytest.raises(PenError, match="open in another window"):
        hold_pen(workspace, reader, read_id, "two")
    with pytest.raises(PenError, match="open in another window"):
        record_answer(workspace, reader, read_id, grades(1)[0], idempotency_key="1", pen="two")
    record_answer(workspace, reader, read_id, grades(1)[0], idempotency_key="2", pen="one")
    taken = hold_pen(workspace, reader, read_id, "two", take=True)
    assert taken.answers[SITE.key].grade is Grade.MILD
    assert "read.take_over" in _acts(workspace, read_id)
    with pytest.raises(PenError):
        sign_read(workspace, reader, read_id, PASSWORD, pen="one")
    record_answer(workspace, reader, read_id, grades(1)[0], idempotency_key="2", pen="one")  # known already
    drop_pen(workspace, reader, read_id, "one")  # not his any more
    with pytest.raises(PenError):
        hold_pen(workspace, reader, read_id, "one")
    drop_pen(workspace, reader, read_id, "two")
    hold_pen(workspace, reader, read_id, "one")
    clock.turn(LEASE)
    hold_pen(workspace, reader, read_id, "three")


def test_an_answer_given_without_knowing_the_last_one_is_refused(workspace, reader, case_id):
    read_id = open_read(workspace, reader).read_id
    record_answer(workspace, reader, read_id, grades(1)[0], idempotency_key="1", base=0)
    with pytest.raises(ConflictError, match="answered in another window meanwhile"):
        record_answer(workspace, reader, read_id, grades(2)[0], idempotency_key="2", base=0)
    record_answer(workspace, reader, read_id, grades(1)[0], idempotency_key="1", base=0)
    record_answer(workspace, reader, read_id, grades(2)[0], idempotency_key="3", base=1)
    read = open_read(workspace, reader)
    assert (read.answers[SITE.key].grade, read.versions) == (Grade.MODERATE, {SITE.key: 2})


def test_times_are_added_up_once_a_key(workspace, reader, case_id):
    read_id = open_read(workspace, reader).read_id
    spans = [
        ReadSpan(site=SITE, active_ms=1500, idle_ms=0, key="1"),
        ReadSpan(site=None, active_ms=0, idle_ms=40_000, key="2"),
    ]
    assert record_spans(workspace, reader, read_id, spans) == 2
    more = ReadSpan(site=SITE, active_ms=500, idle_ms=0, key="3")
    assert record_spans(workspace, reader, read_id, [*spans, more]) == 1
    with workspace.store.read() as tx:
        total = tx.execute(
            sa.select(sa.func.sum(t.read_spans.c.active_ms), sa.func.sum(t.read_spans.c.idle_ms))
        ).one()
    assert tuple(total) == (2000, 40_000)
    with pytest.raises(StoreError, match="longer than a sitting"):
        record_spans(workspace, reader, read_id, [ReadSpan(site=None, active_ms=-1, idle_ms=0, key="4")])


def test_a_pen_that_is_used_is_not_lost(workspace, reader, case_id, clock):
    read_id = open_read(workspace, reader).read_id
    hold_pen(workspace, reader, read_id, "one")
    clock.turn(LEASE - timedelta(minutes=1))
    span = ReadSpan(site=None, active_ms=10, idle_ms=0, key="1")
    record_spans(workspace, reader, read_id, [span], pen="one")
    clock.turn(timedelta(minutes=2))
    with pytest.raises(PenError):
        hold_pen(workspace, reader, read_id, "two")


def test_pens_notes_and_times_of_another_reader_are_closed(workspace, person, reader, case_id):
    other = person(Role.READER, "other")
    read_id = open_read(workspace, reader).read_id
    for act in (
        lambda: hold_pen(workspace, other, read_id, "x"),
        lambda: drop_pen(workspace, other, read_id, "x"),
        lambda: record_spans(workspace, other, read_id, []),
        lambda: record_note(workspace, other, read_id, ReadNote(), idempotency_key="1"),
        lambda: record_remaining(workspace, other, read_id, idempotency_key="1"),
        lambda: show_model(workspace, other, read_id),
        lambda: feedback_of(workspace, other, read_id),
        lambda: sign_read(workspace, other, read_id, PASSWORD),
    ):
        with pytest.raises(AccessError, match="another reader's"):
            act()


def test_preferences_are_kept_and_nothing_else_is(workspace, reader):
    assert preferences_of(workspace, reader) == {}
    chosen = {"keys": {"grade0": "a"}, "switches": {"onward": True}, "windows": {"axial_t2": 2}}
    set_preferences(workspace, reader, chosen)
    assert preferences_of(workspace, reader) == chosen
    for wrong, why in (
        ({"keys": {"grade0": "Escape"}}, "this key cannot be set"),
        ({"keys": {"grade0": "a", "grade1": "a"}}, "one key is set for two things"),
        ({"keys": {"launch": "a"}}, "not understood"),
        ({"keys": []}, "not understood"),
        ({"switches": {"onward": 1}}, "not understood"),
        ({"windows": {"axial_t2": 9}}, "no such window"),
    ):
        with pytest.raises(SettingsError, match=why):
            set_preferences(workspace, reader, wrong)
    assert preferences_of(workspace, reader) == chosen
