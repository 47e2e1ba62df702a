"""Record: exports, imports and the audit trail, by role."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.studies import SAGITTAL, Seeded, seed, stack
from lss_core.domain import Role, SeriesRole
from lss_core.settings import get_settings
from lss_core.ui import session
from lss_core.usecases import accounts, users
from lss_core.usecases.cases import list_studies
from lss_core.usecases.users import OPERATOR, User

PAGE = Path(__file__).resolve().parents[2] / "pages" / "coordinator" / "record.py"
SECONDS = 60


@pytest.fixture
def seeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seeded:
    """A study of one small case."""
    monkeypatch.setenv("LSS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LSS_DATABASE_URL", "")
    get_settings.cache_clear()
    places = [(4.0 * k, 0.0, 0.0) for k in range(5)]
    return seed(tmp_path, [{SeriesRole.SAGITTAL_T2: stack(places, [SAGITTAL] * 5, size=8, spacing_mm=1.0)}])


def run(seeded: Seeded, role: Role, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    found: list[User] = accounts.list_users(seeded.workspace, OPERATOR)
    user = next((one for one in found if one.role is role), None) or users.add_user(
        seeded.workspace, OPERATOR, name="x", display_name="X", role=role, password="correct horse battery"
    )
    monkeypatch.setattr(session, "current_user", lambda: user)
    return AppTest.from_file(str(PAGE), default_timeout=SECONDS).run()


def test_a_coordinator_finds_the_exports_and_verifies_the_trail(
    seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = run(seeded, Role.COORDINATOR, monkeypatch)
    assert not page.exception
    assert [tab.label for tab in page.tabs] == ["Export", "Import", "Audit trail"]
    html = " ".join(element.proto.body for element in page.get("html"))
    study_id = list_studies(seeded.workspace, OPERATOR)[0].id
    assert f'href="/export/{study_id}/ratings.csv" download' in html
    next(button for button in page.button if button.label == "Verify the audit trail").click().run()
    assert page.success[0].value.startswith("Sound: ")
    assert len(page.code[0].value) == 64


def test_a_head_that_is_nowhere_in_the_trail_is_said_to_be_missing(
    seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = run(seeded, Role.COORDINATOR, monkeypatch)
    page.text_input(key="noted-head").input("0" * 64).run()
    next(button for button in page.button if button.label == "Verify the audit trail").click().run()
    assert not page.success
    assert "It has no row of the hash" in " ".join(e.proto.body for e in page.get("html"))


def test_a_statistician_takes_data_away_and_nothing_else(
    seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = run(seeded, Role.STATISTICIAN, monkeypatch)
    assert not page.exception
    assert [tab.label for tab in page.tabs] == ["Export"]
