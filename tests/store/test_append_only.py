"""What the database refuses by itself, whatever the application asks."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lss_core.domain import SITES, Answer, Grade, RaterKind
from lss_core.store import audit, cases, reads, studies
from lss_core.store import tables as t

SITE = SITES[0]


@pytest.fixture
def read(workspace):
    """A reader's sitting with the answer 2 at one site."""
    at = workspace.now()
    with workspace.store.write() as tx:
        study = studies.add_study(tx, title="Study", synthetic=True, at=at)
        rater = studies.add_rater(tx, name="Reader", kind=RaterKind.READER)
        studies.join_study(tx, study_id=study, rater_id=rater, part=RaterKind.READER, in_panel=True)
        cases.add_case(tx, case_id="C-1", study_id=study, uid="u", digest="d", at=at, series=())
        read_id = reads.add_read(tx, case_id="C-1", rater_id=rater, arm="unaided", at=at)
        read = reads.get_read(tx, read_id)
        reads.add_answer(tx, read, Answer(site=SITE, grade=Grade(2)), key="1", at=at)
        audit.record(tx, at=at, actor="somebody", act="answer.add", subject=read_id)
    return read


def _refuses(workspace, statement, words):
    with pytest.raises(sa.exc.DBAPIError, match=words), workspace.store.write() as tx:
        tx.execute(statement)


def test_a_rating_can_be_neither_changed_nor_deleted(workspace, read):
    _refuses(workspace, sa.update(t.ratings).values(grade=3), "ratings are only ever added")
    _refuses(workspace, sa.delete(t.ratings), "ratings are only ever added")
    with workspace.store.read() as tx:
        assert reads.get_read(tx, read.id).answers[SITE.key].grade is Grade.MODERATE


def test_the_audit_trail_can_be_neither_changed_nor_deleted(workspace, read):
    _refuses(workspace, sa.update(t.audit).values(actor="x"), "audit are only ever added")
    _refuses(workspace, sa.delete(t.audit), "audit are only ever added")


def test_a_deletion_on_record_lets_the_rows_of_that_case_alone_go(workspace, read):
    with workspace.store.write() as tx:
        cases.delete_case(tx, "C-1", reason="consent withdrawn", actor="x", at=workspace.now())
    with workspace.store.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(t.ratings)) == 0
        assert cases.used_ids(tx) == {"C-1"}
    _refuses(workspace, sa.delete(t.case_deletions), "case_deletions are only ever added")


def test_no_answer_enters_a_submitted_read(workspace, read):
    with workspace.store.write() as tx:
        reads.submit_read(tx, read.id, at=workspace.now())
    with pytest.raises(sa.exc.DBAPIError, match="the read is submitted"), workspace.store.write() as tx:
        reads.add_answer(tx, read, Answer(site=SITE, grade=Grade(1)), key="2", at=workspace.now())


@pytest.mark.parametrize(
    "wrong",
    [
        {"grade": 4},
        {"grade": None},
        {"not_gradable": "poor_quality"},
        {"grade": None, "not_gradable": "bored"},
        {"site": "central:L4_L5:left"},
        {"p0": 0.5, "p1": 0.2, "p2": 0.2, "p3": 0.2},
        {"p0": 1.0},
        {"confidence": 1.5},
        {"score": 101},
        {"score": 49, "grade": 2},
        {"positive": False, "grade": 2},
        {"grade": None, "not_gradable": "other", "score": 10},
        {"origin": "guessed"},
        {"read_id": None},
    ],
)
def test_a_rating_that_makes_no_sense_is_refused(workspace, read, wrong):
    row = {
        "case_id": read.case_id,
        "rater_id": read.rater_id,
        "read_id": read.id,
        "site": SITE.key,
        "grade": 1,
        "note": "",
        "evidence": {},
        "given_at": workspace.now(),
    }
    with pytest.raises(sa.exc.IntegrityError), workspace.store.write() as tx:
        tx.execute(sa.insert(t.ratings).values({**row, **wrong}))


def _protocol(workspace, study_id, **columns):
    row = {"id": "PR-1", "study_id": study_id, "version": 1, "document": {}, "reason": "", "created_by": "x"}
    with workspace.store.write() as tx:
        tx.execute(sa.insert(t.protocols).values({**row, "created_at": workspace.now(), **columns}))


def _study_id(workspace):
    with workspace.store.read() as tx:
        return tx.scalar(sa.select(t.studies.c.id))


def test_a_draft_of_a_protocol_may_change_and_a_locked_one_never(workspace, read):
    study_id = _study_id(workspace)
    _protocol(workspace, study_id)
    with workspace.store.write() as tx:
        tx.execute(sa.update(t.protocols).values(document={"seed": 1}))
        locked = {"sha256": "0" * 64, "locked_by": "x", "locked_at": workspace.now()}
        tx.execute(sa.update(t.protocols).values(locked))
    _refuses(workspace, sa.update(t.protocols).values(document={}), "the protocol is locked")
    _refuses(workspace, sa.delete(t.protocols), "the protocol is locked")


def test_an_assignment_is_only_ever_added_until_its_case_is_deleted(workspace, read):
    _protocol(workspace, _study_id(workspace))
    with workspace.store.write() as tx:
        row = {"id": "AS-1", "protocol_id": "PR-1", "rater_id": read.rater_id, "case_id": "C-1"}
        tx.execute(sa.insert(t.assignments).values(**row, session=1, position=1, arm="unaided", kind="test"))
    _refuses(workspace, sa.update(t.assignments).values(position=2), "assignments are only ever added")
    _refuses(workspace, sa.delete(t.assignments), "assignments are only ever added")
    with workspace.store.write() as tx:
        cases.delete_case(tx, "C-1", reason="consent withdrawn", actor="x", at=workspace.now())
    with workspace.store.read() as tx:
        assert tx.scalar(sa.select(sa.func.count()).select_from(t.assignments)) == 0


def test_a_submitted_read_opens_again_only_behind_an_unlock(workspace, read):
    with workspace.store.write() as tx:
        reads.submit_read(tx, read.id, at=workspace.now())
    reopen = sa.update(t.reads).values(submitted_at=None)
    _refuses(workspace, reopen, "a submitted read needs an unlock with a reason")
    later = sa.update(t.reads).values(submitted_at=workspace.now())
    _refuses(workspace, later, "a submitted read needs an unlock with a reason")
    with workspace.store.write() as tx:
        row = {"id": "UL-1", "read_id": read.id, "reason": "wrong case", "unlocked_by": "x"}
        tx.execute(sa.insert(t.unlocks).values(**row, unlocked_at=workspace.now()))
        tx.execute(reopen)
    with workspace.store.write() as tx:
        reads.add_answer(tx, read, Answer(site=SITE, grade=Grade(1)), key="2", at=workspace.now())
        reads.submit_read(tx, read.id, at=workspace.now())
    _refuses(workspace, reopen, "a submitted read needs an unlock with a reason")


def test_a_read_keeps_reader_case_and_arm(workspace, read):
    _refuses(workspace, sa.update(t.reads).values(arm="aided"), "a read keeps what it is of")


def test_an_audit_row_that_does_not_follow_the_last_one_is_refused(workspace, read):
    row = {"at": workspace.now(), "actor": "x", "act": "y", "subject": "z", "details": {}}
    _refuses(workspace, sa.insert(t.audit).values(row), "an audit row follows the one before it")
    stray = {**row, "previous": "f" * 64, "hash": "0" * 64}
    _refuses(workspace, sa.insert(t.audit).values(stray), "an audit row follows the one before it")
