"""What is logged: acts once they are committed, by opaque id, never what people wrote."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from lss_core.logs import configure_logs
from lss_core.settings import Settings
from lss_core.store import audit
from lss_core.store.engine import Store

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    configure_logs(Settings(log_level="INFO"))
    store = Store(f"sqlite:///{tmp_path / 'lss.sqlite'}")
    store.migrate()
    return store


def _broken_off(store: Store) -> None:
    with store.write() as tx:
        audit.record(tx, at=NOW, actor="R-1", act="case.delete", subject="C-1")
        raise RuntimeError("the disk is full")


def test_an_act_is_logged_when_it_is_committed_without_free_text(store: Store) -> None:
    with capture_logs() as logged, store.write() as tx:
        audit.record(tx, at=NOW, actor="R-1", act="case.delete", subject="C-1", reason="Mrs Smith left")
        assert logged == []
    assert logged == [{"event": "case.delete", "actor": "R-1", "subject": "C-1", "log_level": "info"}]


def test_an_act_that_was_rolled_back_is_not_logged(store: Store) -> None:
    with capture_logs() as logged:
        with pytest.raises(RuntimeError):
            _broken_off(store)
        with store.write() as tx:
            audit.record(tx, at=NOW, actor="R-1", act="case.import", subject="C-2", series=3)
    assert [line["event"] for line in logged] == ["case.import"]
