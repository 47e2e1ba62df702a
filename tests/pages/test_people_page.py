"""People: members, invitations and their end, by the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.studies import SAGITTAL, Seeded, seed, stack
from lss_core.domain import Role, SeriesRole
from lss_core.settings import get_settings
from lss_core.ui import session
from lss_core.usecases import accounts
from lss_core.usecases.cases import list_studies
from lss_core.usecases.people import invitations_of, members_of
from lss_core.usecases.users import OPERATOR

PAGE = Path(__file__).resolve().parents[2] / "pages" / "coordinator" / "people.py"
SECONDS = 60


@pytest.fixture
def seeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seeded:
    """A study of one small case, with a reader and a coordinator."""
    monkeypatch.setenv("LSS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LSS_DATABASE_URL", "")
    get_settings.cache_clear()
    places = [(4.0 * k, 0.0, 0.0) for k in range(5)]
    return seed(tmp_path, [{SeriesRole.SAGITTAL_T2: stack(places, [SAGITTAL] * 5, size=8, spacing_mm=1.0)}])


@pytest.fixture
def page(seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page as its coordinator sees it."""
    found = accounts.list_users(seeded.workspace, OPERATOR)
    user = next(one for one in found if one.role is Role.COORDINATOR)
    monkeypatch.setattr(session, "current_user", lambda: user)
    return AppTest.from_file(str(PAGE), default_timeout=SECONDS).run()


def press(page: AppTest, label: str) -> AppTest:
    return next(button for button in page.button if button.label == label).click().run()


def text(page: AppTest) -> str:
    return " ".join(element.proto.body for element in page.get("html"))


def study_of(seeded: Seeded) -> str:
    return list_studies(seeded.workspace, OPERATOR)[0].id


def test_an_invitation_is_made_listed_and_ended(seeded: Seeded, page: AppTest) -> None:
    next(field for field in page.text_input if field.label.startswith("For whom")).input("Dr Adams")
    press(page, "Make a link")
    assert "#join=" in page.code[0].value
    page.run()
    assert not page.code  # the link is shown once
    (made,) = invitations_of(seeded.workspace, OPERATOR, study_of(seeded))
    assert made.note == "Dr Adams"
    (choice,) = [box for box in page.selectbox if box.label == "An open invitation"]
    assert choice.options[0].startswith("reader, for Dr Adams, until ")
    press(page, "End it: its link makes no account any more")
    assert not page.exception
    assert ">ended</td>" in text(page)
    assert "An open invitation" not in [box.label for box in page.selectbox]
    (made,) = invitations_of(seeded.workspace, OPERATOR, study_of(seeded))
    assert not made.open_at(seeded.workspace.now())


def test_a_reader_is_taken_out_and_his_account_disabled(seeded: Seeded, page: AppTest) -> None:
    name = next(field for field in page.text_input if field.label == "Name of an account")
    name.input("reader")
    press(page, "Disable this account")
    assert ">disabled</td>" in text(page)
    press(page, "Take out of the study")
    members = members_of(seeded.workspace, OPERATOR, study_of(seeded))
    assert [one.user.name for one in members] == ["coordinator"]


def test_a_coordinator_does_not_take_himself_out(page: AppTest) -> None:
    next(field for field in page.text_input if field.label == "Name of an account").input("coordinator")
    press(page, "Take out of the study")
    assert "this is your own role" in text(page).lower()
