"""The audit trail's chain, and what it shows of later changes."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from lss_core.store import audit
from lss_core.store import tables as t


@pytest.fixture
def trail(workspace):
    with workspace.store.write() as tx:
        for number in range(5):
            audit.record(
                tx, at=workspace.now(), actor=f"U-{number}", act="act", subject="S", number=number, why="да"
            )
    return workspace


def _tamper(workspace, *statements):
    """What somebody does who has the database in his hands: triggers away, then the change."""
    with workspace.store.write() as tx:
        for act in ("update", "delete"):
            where = "" if workspace.store.dialect == "sqlite" else " ON audit"
            tx.exec_driver_sql(f"DROP TRIGGER audit_no_{act}{where}")
        for statement in statements:
            tx.execute(statement)


def _restore_triggers(workspace):
    with workspace.store.write() as tx:
        for act in ("update", "delete"):
            if workspace.store.dialect == "sqlite":
                tx.exec_driver_sql(
                    f"CREATE TRIGGER audit_no_{act} BEFORE {act.upper()} ON audit WHEN 1 = 1 "
                    "BEGIN SELECT RAISE(ABORT, 'rows of audit are only ever added'); END"
                )
            else:
                tx.exec_driver_sql(
                    f"CREATE TRIGGER audit_no_{act} BEFORE {act.upper()} ON audit "
                    f"FOR EACH ROW EXECUTE FUNCTION audit_no_{act}()"
                )


@pytest.fixture
def tamper(trail):
    yield lambda *statements: _tamper(trail, *statements)
    _restore_triggers(trail)


def _verify(workspace):
    with workspace.store.read() as tx:
        return audit.verify(tx)


def _ids(workspace):
    with workspace.store.read() as tx:
        return [entry.id for entry in audit.entries(tx)]


def test_a_trail_that_nobody_touched_is_sound_to_its_head(trail):
    found = _verify(trail)
    assert (found.rows, found.broken, len(found.head)) == (5, None, 64)
    with trail.store.read() as tx:
        assert audit.holds(tx, found.head)
        assert not audit.holds(tx, "0" * 64)


@pytest.mark.parametrize(
    "change", [{"actor": "U-9"}, {"act": "other"}, {"subject": "T"}, {"details": {"number": 9}}]
)
def test_a_row_that_was_changed_is_named(trail, tamper, change):
    third = _ids(trail)[2]
    tamper(sa.update(t.audit).where(t.audit.c.id == third).values(change))
    found = _verify(trail)
    assert (found.broken, found.rows, found.reason) == (third, 2, "it was changed after it was written")


def test_a_row_whose_hash_was_made_anew_breaks_the_next_one(trail, tamper):
    ids = _ids(trail)
    with trail.store.read() as tx:
        entry = audit.entries(tx)[2]
    told = {"at": entry.at, "actor": "U-9", "act": entry.act, "subject": entry.subject}
    forged = audit.link(entry.previous, **told, details=entry.details)
    tamper(sa.update(t.audit).where(t.audit.c.id == ids[2]).values(actor="U-9", hash=forged))
    assert _verify(trail).broken == ids[3]


def test_a_row_that_was_taken_away_breaks_the_next_one(trail, tamper):
    ids = _ids(trail)
    tamper(sa.delete(t.audit).where(t.audit.c.id == ids[1]))
    found = _verify(trail)
    assert found.broken == ids[2]
    assert "was taken away" in found.reason


def test_rows_cut_off_at_the_end_are_missed_by_the_head_that_was_noted(trail, tamper):
    head = _verify(trail).head
    tamper(sa.delete(t.audit).where(t.audit.c.id == _ids(trail)[-1]))
    assert _verify(trail).broken is None
    with trail.store.read() as tx:
        assert not audit.holds(tx, head)


def test_entries_are_found_by_their_subjects(trail):
    with trail.store.write() as tx:
        audit.record(tx, at=trail.now(), actor="x", act="y", subject="other")
        assert [entry.act for entry in audit.entries(tx, subjects={"other"})] == ["y"]
        assert len(audit.entries(tx, subject="S")) == 5
