"""Every page, run without a browser: whom it refuses and what it says where there is nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lss_core.domain import Role
from lss_core.settings import get_settings
from lss_core.store import members, studies
from lss_core.ui import session
from lss_core.ui.navigation import ENTRIES, Entry
from lss_core.usecases import users
from lss_core.usecases.users import OPERATOR, User
from lss_core.usecases.workspace import open_workspace

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation of the test's own, with nothing in it."""
    monkeypatch.setenv("LSS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LSS_DATABASE_URL", "")
    get_settings.cache_clear()


def run(entry: Entry, user: User | None, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page by itself, as a deep link may reach it, for a user."""
    monkeypatch.setattr(session, "current_user", lambda: user)
    return AppTest.from_file(str(ROOT / entry.file), default_timeout=SECONDS).run()


def said(page: AppTest) -> str:
    """All the HTML and text that the page shows."""
    return " ".join(element.proto.body for kind in ("html", "markdown") for element in page.get(kind))


def somebody(role: Role) -> User:
    """An account of a role that has no study any more."""
    workspace, name = open_workspace(), role.value
    users.add_user(
        workspace, OPERATOR, name=name, display_name=name, role=role, password="correct horse battery"
    )
    with workspace.store.write() as tx:
        record = users.known_user(tx, name)
        members.end_member(tx, study_id=studies.study_summaries(tx)[0].id, user=record)
        return users.user_in(tx, record)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.title)
def test_a_page_shows_nobody_anything_but_the_sign_in_form(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = run(entry, None, monkeypatch)
    assert not page.exception
    assert len(page.title) == 1
    assert page.title[0].value == "Reader studies of lumbar spinal stenosis"
    assert "lss-heading" not in said(page)


@pytest.mark.parametrize(
    ("entry", "role"),
    [(entry, role) for entry in ENTRIES for role in Role if role not in entry.roles],
    ids=lambda part: part.title if isinstance(part, Entry) else str(part),
)
def test_a_page_refuses_every_role_that_it_is_not_for(
    entry: Entry, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = run(entry, replace(OPERATOR, role=role), monkeypatch)
    assert not page.exception
    assert "lss-error" in said(page)
    assert "lss-heading" not in said(page)
    assert not page.button


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.title)
def test_a_page_with_nothing_to_show_says_what_to_do_next(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = next(role for role in Role if role in entry.roles and role is not Role.ADMINISTRATOR)
    page = run(entry, somebody(role), monkeypatch)
    assert not page.exception
    assert "lss-empty" in said(page)


@pytest.mark.parametrize("role", Role)
def test_every_role_has_a_page_to_begin_with(role: Role) -> None:
    assert any(role in entry.roles for entry in ENTRIES)
