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
