from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from lss_core.errors import StoreError
from lss_core.store import studies
from lss_core.store import tables as t
from lss_core.store.engine import Store

WRITERS, EACH = 4, 25


def test_concurrent_writers_that_read_first_lose_nothing(workspace):
    """Read, add one, write: SQLite's default transactions lose most of these (DESIGN, section 6)."""
    with workspace.store.write() as tx:
        studies.add_study(tx, title="0", synthetic=False, at=workspace.now())

    def count_up(_: int) -> None:
        for _ in range(EACH):
            with workspace.store.write() as tx:
                title = tx.scalar(sa.select(t.studies.c.title))
                tx.execute(sa.update(t.studies).values(title=str(int(title) + 1)))

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(count_up, range(WRITERS)))
    with workspace.store.read() as tx:
        assert tx.scalar(sa.select(t.studies.c.title)) == str(WRITERS * EACH)


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_its_work(workspace):
    with workspace.store.write() as writer:
        studies.add_study(writer, title="Half", synthetic=False, at=workspace.now())
        with workspace.store.read() as tx:
            assert studies.study_summaries(tx) == []


def test_a_writer_that_fails_leaves_nothing(workspace):
    def fail() -> None:
        with workspace.store.write() as tx:
            studies.add_study(tx, title="Never", synthetic=False, at=workspace.now())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with workspace.store.read() as tx:
        assert studies.find_study(tx, "Never") is None


def test_sqlite_syncs_each_commit_and_keeps_foreign_keys(tmp_path):
    store = Store(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with store.read() as tx:
        pragmas = {
            name: tx.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}  # 2 is FULL
    store.close()


def test_a_database_that_is_not_there_is_refused_with_what_to_check():
    store = Store("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(StoreError, match=r"cannot be reached.*LSS_DATABASE_URL"):
        store.migrate()
    with pytest.raises(StoreError, match=r"mysql is not supported|not understood"):
        Store("mysql://nobody@127.0.0.1/none")
