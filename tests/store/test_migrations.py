from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from lss_core.errors import StoreError
from lss_core.store.engine import Store
from lss_core.store.tables import metadata


def test_migrations_from_nothing_make_exactly_the_tables_of_the_code(empty_database):
    store = Store(empty_database)
    store.migrate()
    with store.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        checks = {
            table: {check["name"] for check in sa.inspect(tx).get_check_constraints(table)}
            for table in metadata.tables
        }
    wanted = {
        name: {c.name for c in table.constraints if isinstance(c, sa.CheckConstraint)}
        for name, table in metadata.tables.items()
    }
    assert {t: {n.partition("ck_")[2] for n in found} for t, found in checks.items()} == {
        t: {f"{t}_{n}".removeprefix(f"{t}_ck_") for n in names} for t, names in wanted.items()
    }
    store.close()


def test_migrating_twice_is_no_error(empty_database):
    store = Store(empty_database)
    store.migrate()
    store.migrate()
    assert "schema revision 0001" in store.describe()
    store.close()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(empty_database):
    store = Store(empty_database)
    store.migrate()
    with store.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="made by a newer version of this program"):
        store.migrate()
    with store.read() as tx:
        assert tx.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == "9999"
    store.close()
