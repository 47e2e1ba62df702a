from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from lss_core.domain import ALL_SITES, NotGradable
from lss_core.errors import StoreError
from lss_core.store import audit
from lss_core.store.engine import Store, _alembic_config
from lss_core.store.tables import members, metadata

USER = (
    "INSERT INTO users (id, name, display_name, role, rater_id, password_hash, created_at) "
    "VALUES (:id, :id, :id, :role, :rater, 'h', :at)"
)
ACT = "INSERT INTO audit (at, actor, act, subject, details) VALUES (:at, 'x', :act, 'y', :details)"
FIRST_VERSION = (
    ("INSERT INTO studies (id, title, synthetic, created_at) VALUES ('ST-1', 'S', false, :at)", {}),
    ("INSERT INTO raters (id, name, kind, traits) VALUES ('R-1', 'R', 'reader', '{}')", {}),
    ("INSERT INTO parts (study_id, rater_id, part, in_panel) VALUES ('ST-1', 'R-1', 'reader', true)", {}),
    (USER, {"id": "U-1", "role": "reader", "rater": "R-1"}),
    (USER, {"id": "U-2", "role": "coordinator", "rater": None}),
    ("INSERT INTO sign_ins (token_hash, user_id, created_at, seen_at) VALUES ('t', 'U-1', :at, :at)", {}),
    (ACT, {"act": "first", "details": '{"share": 0.1}'}),
    (ACT, {"act": "second", "details": '{"why": "слово"}'}),
)
"""What a database of the first version may hold, as the statements that put it there."""

ROWS = (
    "INSERT INTO studies (id, title, synthetic, created_at) VALUES ('S', 'Study', TRUE, '2026-01-01')",
    "INSERT INTO cases (id, study_id, uid, digest, imported_at) VALUES ('C', 'S', 'u', 'd', '2026-01-01')",
    "INSERT INTO raters (id, name, kind, traits) VALUES ('R', 'Reader', 'reader', '{}')",
    "INSERT INTO reads (id, case_id, rater_id, arm, opened_at) "
    "VALUES ('D', 'C', 'R', 'unaided', '2026-01-01')",
    "INSERT INTO reference_standards (id, study_id, name, method, version, created_at, created_by) "
    "VALUES ('F', 'S', 'Surgery', 'external', 1, '2026-01-01', 'x')",
)
RATING = (
    "INSERT INTO ratings (id, case_id, rater_id, read_id, site, not_gradable, note, evidence, given_at) "
    "VALUES ({id}, 'C', 'R', 'D', 'central:L4_L5', '{reason}', 'seen', '{{}}', '2026-01-01')"
)


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
    assert "schema revision 0006" in store.describe()
    store.close()


def test_a_database_of_the_first_version_keeps_its_people_and_gets_its_audit_trail_chained(empty_database):
    store = _older(empty_database, "0001")
    at = datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)
    with store.write() as tx:
        for statement, row in FIRST_VERSION:
            tx.execute(sa.text(statement), {"at": at, **row})
    store.migrate()
    with store.read() as tx:
        assert [(m.study_id, m.user_id, m.role) for m in tx.execute(sa.select(members))] == [
            ("ST-1", "U-1", "reader"),
            ("ST-1", "U-2", "coordinator"),
        ]
        rows = tx.execute(sa.select(audit.audit).order_by(audit.audit.c.id)).all()
    assert [row.previous for row in rows] == ["", rows[0].hash]
    for row in rows:
        told = {name: getattr(row, name) for name in ("at", "actor", "act", "subject", "details")}
        assert row.hash == audit.link(row.previous, **told)
    with store.write() as tx:
        audit.record(tx, at=at, actor="x", act="y", subject="z")
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


def _older(url: str, revision: str) -> Store:
    """A store whose database stands at an older revision."""
    store, config = Store(url), _alembic_config()
    with store.write() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, revision)
    return store


def test_answers_stay_and_the_new_reasons_are_taken(empty_database):
    store = _older(empty_database, "0002")
    with store.write() as tx:
        for row in ROWS:
            tx.exec_driver_sql(row)
        tx.exec_driver_sql(RATING.format(id=7, reason="poor_quality"))
    with pytest.raises(sa.exc.IntegrityError), store.write() as tx:
        tx.exec_driver_sql(RATING.format(id=8, reason="metal"))
    store.migrate()
    with store.write() as tx:
        for number, reason in enumerate(NotGradable):
            tx.exec_driver_sql(RATING.format(id=100 + number, reason=reason))
    with store.read() as tx:
        assert tx.exec_driver_sql("SELECT id, note FROM ratings ORDER BY id").first() == (7, "seen")
    with pytest.raises(sa.exc.DBAPIError, match="ratings are only ever added"), store.write() as tx:
        tx.exec_driver_sql("DELETE FROM ratings")
    store.close()


AT_A_SITE = (
    "INSERT INTO ratings (case_id, rater_id, read_id, site, grade, note, evidence, given_at) "
    "VALUES ('C', 'R', 'D', :site, 2, '', '{}', '2026-01-01')",
    "INSERT INTO read_spans (read_id, site, active_ms, idle_ms, idempotency_key, ended_at) "
    "VALUES ('D', :site, 1, 1, :site, '2026-01-01')",
    "INSERT INTO reference_grades (reference_id, case_id, site, grade, decision) "
    "VALUES ('F', 'C', :site, 2, 'external')",
)
"""A row at a site, of each table that has sites."""


def test_rows_at_25_sites_stay_and_those_at_t12_l1_are_taken(empty_database):
    store = _older(empty_database, "0005")
    old, new = "foraminal:L5_S1:left", "foraminal:T12_L1:left"
    with store.write() as tx:
        for row in ROWS:
            tx.exec_driver_sql(row)
        for statement in AT_A_SITE:
            tx.execute(sa.text(statement), {"site": old})
    for statement in AT_A_SITE:
        with pytest.raises(sa.exc.IntegrityError), store.write() as tx:
            tx.execute(sa.text(statement), {"site": new})
    store.migrate()
    with store.write() as tx:
        for site in ALL_SITES:
            for statement in AT_A_SITE if site.key != old else ():
                tx.execute(sa.text(statement), {"site": site.key})
    for table in ("ratings", "read_spans", "reference_grades"):
        with store.read() as tx:
            sites = tx.scalars(sa.text(f"SELECT site FROM {table}")).all()
        assert sorted(sites) == sorted(site.key for site in ALL_SITES)
        with pytest.raises(sa.exc.DBAPIError, match="only ever added"), store.write() as tx:
            tx.exec_driver_sql(f"DELETE FROM {table}")
    with pytest.raises(sa.exc.IntegrityError), store.write() as tx:
        tx.execute(sa.text(AT_A_SITE[0]), {"site": "central:T11_T12"})
    store.close()
