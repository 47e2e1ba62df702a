"""Whoever changes the tables behind the program's back is found out by the trail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from lss_core.domain import SITES, Answer, Grade, Role
from lss_core.store import audit, reads
from lss_core.store import tables as t
from lss_core.store.sealed import Given
from lss_core.usecases.auditing import verify_audit
from lss_core.usecases.cases import delete_case
from lss_core.usecases.corrections import unlock_read, withdraw_case, withdraw_read
from lss_core.usecases.demo_reading import go_live, simulate_panel
from lss_core.usecases.importing_ratings import import_ratings
from lss_core.usecases.reading import ReadNote, open_read, record_answer, record_note, record_remaining
from lss_core.usecases.reference import adjudicate, make_majority_reference
from lss_core.usecases.seals import GIVEN, altered, given_sha256
from lss_core.usecases.signing import sign_read
from lss_core.usecases.users import OPERATOR
from tests.usecases.conftest import PASSWORD, without_triggers


@pytest.fixture
def record(workspace, person, study_id, case_id, model_run):
    """A signed read, another that was signed twice and withdrawn, imported ratings, a run, a reference."""
    for name in ("ada", "bo"):
        reader = person(Role.READER, name)
        read = open_read(workspace, reader, case_id)
        for site in SITES:
            answer = Answer(site=site, grade=Grade.MILD, note="слово")
            record_answer(workspace, reader, read.read_id, answer, idempotency_key=site.key)
        sign_read(workspace, reader, read.read_id, PASSWORD)
    unlock_read(workspace, OPERATOR, read.read_id, reason="he asked for it")
    changed = Answer(site=SITES[0], grade=Grade.SEVERE)
    record_answer(workspace, reader, read.read_id, changed, idempotency_key="again")
    sign_read(workspace, reader, read.read_id, PASSWORD)
    content = f"case,site,rater,grade,score\n{case_id},central:L4_L5,Cy,2,62.5\n".encode()
    import_ratings(workspace, OPERATOR, study_id, content, name="reads.csv")
    make_majority_reference(workspace, OPERATOR, study_id)
    withdraw_read(workspace, OPERATOR, read.read_id, reason="the wrong patient")
    return read.read_id


def _found(workspace):
    found = verify_audit(workspace, OPERATOR)
    assert found.broken is None
    return found.altered


def _ids(workspace, query):
    with workspace.store.read() as tx:
        return list(tx.scalars(query))


def test_a_record_that_nobody_touched_is_sound(workspace, record):
    assert _found(workspace) == ()
    assert verify_audit(workspace, OPERATOR).sound


SIGNED = sa.select(t.signatures.c.read_id)
IMPORTED = sa.select(t.ratings.c.read_id).where(t.ratings.c.origin == "imported")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            sa.update(t.ratings).where(t.ratings.c.read_id.in_(SIGNED)).values(grade=0),
            "those that were signed",
        ),
        (
            sa.update(t.ratings).where(t.ratings.c.read_id.in_(SIGNED)).values(note=""),
            "those that were signed",
        ),
        (sa.delete(t.ratings).where(t.ratings.c.read_id.in_(SIGNED)), "those that were signed"),
        (
            sa.update(t.ratings).where(t.ratings.c.read_id.in_(IMPORTED)).values(score=90),
            "signed or imported",
        ),
        (
            sa.update(t.ratings).where(t.ratings.c.p0.is_not(None)).values(p0=0.0, p1=1.0, p2=0.0, p3=0.0),
            "gave",
        ),
        (sa.update(t.reference_grades).values(grade=3), "the one that was frozen"),
        (sa.delete(t.reference_grades), "the one that was frozen"),
        (sa.update(t.reads).where(t.reads.c.id.in_(SIGNED)).values(submitted_at=None), "open without having"),
        (sa.update(t.signatures).values(answers_sha256="0" * 64), "a signature that nobody gave"),
        (sa.delete(t.withdrawals), "a correction (read.withdraw) was taken away"),
        (sa.delete(t.unlocks), "a correction (read.unlock) was taken away"),
    ],
)
def test_what_was_changed_behind_the_trail_is_named(workspace, record, change, words):
    with without_triggers(workspace) as tx:
        tx.execute(change)
    found = _found(workspace)
    assert any(words in one for one in found), found


def test_a_withdrawal_that_nobody_made_is_named(workspace, record, case_id):
    row = {
        "id": "WD-x",
        "case_id": case_id,
        "reason": "x",
        "withdrawn_by": "x",
        "withdrawn_at": workspace.now(),
    }
    with workspace.store.write() as tx:
        tx.execute(sa.insert(t.withdrawals).values(row))
    assert _found(workspace) == (f"{case_id}: a correction (case.withdraw) is there that nobody made",)


def test_a_case_that_is_deleted_takes_its_part_with_it_and_nothing_is_missed(workspace, record, case_id):
    withdraw_case(workspace, OPERATOR, case_id, reason="the wrong patient")
    delete_case(workspace, OPERATOR, case_id, "the wrong patient")
    assert _found(workspace) == ()


def _take_away(workspace, read_id):
    with without_triggers(workspace) as tx:
        for table in (t.signatures, t.ratings, t.read_spans, t.read_notes, t.read_pens):
            tx.execute(sa.delete(table).where(table.c.read_id == read_id))
        tx.execute(sa.delete(t.reads).where(t.reads.c.id == read_id))


def test_a_read_that_is_gone_without_its_case_is_missed(workspace, record):
    (other,) = set(_ids(workspace, SIGNED)) - {record}
    _take_away(workspace, other)
    assert _found(workspace) == (f"{other}: the trail tells of it, and it is not there",)


@pytest.fixture
def drafts(workspace, person, study_id, case_id, model_run):
    """A read that is begun, changed and filled, with two notes; an adjudication; simulated reads."""
    reader = person(Role.READER, "ada")
    read = open_read(workspace, reader, case_id)
    for key, grade in (("one", Grade.MODERATE), ("two", Grade.SEVERE)):
        answer = Answer(site=SITES[0], grade=grade, score=62.5)
        record_answer(workspace, reader, read.read_id, answer, idempotency_key=key)
    record_remaining(workspace, reader, read.read_id, idempotency_key="rest")
    for quality in (2, 3):
        note = ReadNote(image_quality=quality, comment="слово")
        record_note(workspace, reader, read.read_id, note, idempotency_key=str(quality))
    answer = Answer(site=SITES[0], grade=Grade.MILD, note="fat is lost")
    adjudicator = person(Role.ADJUDICATOR, "bo")
    adjudicate(workspace, adjudicator, study_id, case_id, answer, idempotency_key="tie")
    truth = {case_id: dict.fromkeys(SITES, Grade.MILD)}
    go_live(workspace, study_id)
    simulate_panel(workspace, study_id, truth)
    return read.read_id


FIRST = t.ratings.c.idempotency_key == "one"
SIMULATED = t.ratings.c.idempotency_key.is_(None) & t.ratings.c.read_id.is_not(None) & (t.ratings.c.grade < 3)
ADJUDICATED = t.ratings.c.idempotency_key == "tie"


def test_drafts_adjudications_and_simulated_reads_that_nobody_touched_are_sound(workspace, drafts):
    assert _found(workspace) == ()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (sa.update(t.ratings).where(FIRST).values(grade=3), "those that were given"),
        (sa.update(t.ratings).where(FIRST).values(score=63.5), "those that were given"),
        (
            sa.update(t.ratings).where(FIRST).values(given_at=datetime(2026, 1, 1, tzinfo=UTC)),
            "those that were given",
        ),
        (sa.delete(t.ratings).where(FIRST), "those that were given"),
        (
            sa.update(t.ratings).where(t.ratings.c.origin == "remaining").values(grade=3),
            "those that were given",
        ),
        (sa.update(t.read_notes).values(image_quality=5), "those that were given"),
        (sa.delete(t.read_notes), "those that were given"),
        (sa.update(t.ratings).where(ADJUDICATED).values(grade=2), "those that were given"),
        (sa.update(t.ratings).where(ADJUDICATED).values(note="another reason"), "those that were given"),
        (sa.update(t.ratings).where(SIMULATED).values(grade=3), "signed or imported"),
    ],
)
def test_what_was_changed_before_any_signature_is_named(workspace, drafts, change, words):
    with without_triggers(workspace) as tx:
        tx.execute(change)
    found = _found(workspace)
    assert any(words in one for one in found), found


def test_a_draft_that_is_gone_is_missed(workspace, drafts):
    _take_away(workspace, drafts)
    assert _found(workspace) == (f"{drafts}: the trail tells of it, and it is not there",)


def test_a_read_that_nobody_opened_is_named(workspace, drafts, case_id):
    with workspace.store.write() as tx:
        rater_id = tx.scalar(sa.select(t.reads.c.rater_id).where(t.reads.c.id == drafts))
        made = reads.add_read(tx, case_id=case_id, rater_id=rater_id, arm="unaided", at=workspace.now())
    assert _found(workspace) == (f"{made}: a read that nobody opened",)


def test_acts_of_before_hashes_were_kept_count_what_they_gave(workspace, drafts, study_id):
    with workspace.store.read() as tx:
        trail = [
            replace(entry, details={k: v for k, v in entry.details.items() if k != GIVEN})
            for entry in audit.entries(tx)
        ]
        assert altered(tx, [study_id], trail) == []
    with without_triggers(workspace) as tx:
        tx.execute(sa.update(t.ratings).where(FIRST).values(grade=3))
        assert altered(tx, [study_id], trail) == []
        tx.execute(sa.delete(t.ratings).where(FIRST))
        assert altered(tx, [study_id], trail) != []


def test_no_grade_can_be_guessed_from_the_hash_of_its_act():
    """Of four grades each hash could be made by whoever knows the act: the key, known to nobody, is in it."""
    answer, at = Answer(site=SITES[0], grade=Grade.MILD), datetime(2026, 1, 1, tzinfo=UTC)
    one, two = (given_sha256([Given(said=answer, key=key, at=at)]) for key in ("one", "two"))
    assert one != two
