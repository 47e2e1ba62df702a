"""The database: how it is opened, how a transaction begins, and its migration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from lss_core.errors import StoreError

_log = structlog.get_logger(__name__)

Transaction = sa.Connection
"""An open transaction, which the query functions are handed."""

BUSY_SECONDS = 30
ACTS = "acts"
"""Where a transaction keeps what is to be logged when it is committed."""
WRITERS_LOCK = 0x4C5353  # 'LSS', PostgreSQL's advisory lock that writers queue at


class Store:
    """A database by its SQLAlchemy URL: SQLite or PostgreSQL.

    Writers queue, on both: each waits for the one before it, and only then reads what it is
    about to change. So what a use case has looked up in its transaction still holds when it
    writes, and ids grow in the order of the commits. (By SQLite's default two writers read
    first, write then, and one's work is lost.) Readers wait for nobody.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self._engine = sa.create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        except (sa.exc.ArgumentError, ImportError) as error:
            raise _unusable("the address of the database is not understood") from error
        self.dialect = self._engine.dialect.name
        if self.dialect not in ("sqlite", "postgresql"):
            raise _unusable(f"the database {self.dialect} is not supported")
        if self.dialect == "sqlite":
            sa.event.listen(self._engine, "connect", _prepare_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """A transaction that only reads: it takes no lock that a writer waits for."""
        with self._connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that writes: all of it or, when anything is raised, nothing.

        What was recorded in it (`audit.record`) is logged when it is committed.
        """
        with self._connect() as connection:
            acts = connection.info[ACTS] = []
            connection.execution_options(lss_write=True)
            with connection.begin():
                if self.dialect == "postgresql":
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(WRITERS_LOCK)))
                yield connection
            for act in acts:
                _log.info(**act)

    def migrate(self) -> None:
        """Bring the schema up to this code; several processes may try at once.

        Raises StoreError when the database is newer than the code.
        """
        config = _alembic_config()
        head = ScriptDirectory.from_config(config).get_current_head()
        with self.read() as connection:
            if MigrationContext.configure(connection).get_current_revision() == head:
                return
        with self.write() as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise StoreError(
                    "Database",
                    reason="it was made by a newer version of this program",
                    remedy="Run that version, or point LSS_DATABASE_URL at another database",
                ) from error

    def describe(self) -> str:
        """The database and its schema in a line: 'SQLite 3.45.1, schema revision 0001'."""
        query = "SELECT sqlite_version()" if self.dialect == "sqlite" else "SHOW server_version"
        name = "SQLite" if self.dialect == "sqlite" else "PostgreSQL"
        with self.read() as connection:
            version = connection.scalar(sa.text(query))
            revision = MigrationContext.configure(connection).get_current_revision()
        return f"{name} {version}, schema revision {revision or 'none'}"

    def close(self) -> None:
        """Close the connections that lie in the pool."""
        self._engine.dispose()

    @contextmanager
    def _connect(self) -> Iterator[sa.Connection]:
        try:
            connection = self._engine.connect()
        except sa.exc.OperationalError as error:
            raise _unusable("the database cannot be reached") from error
        with connection:
            yield connection


def _alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None  # sqlite3 begins nothing by itself: _begin_sqlite does
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("lss_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _unusable(reason: str) -> StoreError:
    return StoreError("Database", reason=reason, remedy="Check LSS_DATABASE_URL and LSS_DATA_DIR")
