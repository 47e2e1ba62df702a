"""Record: exports, imports and the audit trail, by role."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.studies import Seeded
from lss_core.domain import Role
from lss_core.ui import session
from lss_core.usecases import accounts, users
from lss_core.usecases.cases import list_studies
from lss_core.usecases.reading import open_read
from lss_core.usecases.users import OPERATOR, User
from tests.pages.conftest import COORDINATORS, SECONDS

PAGE = "record.py"


def run(seeded: Seeded, role: Role, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    found: list[User] = accounts.list_users(seeded.workspace, OPERATOR)
    user = next((one for one in found if one.role is role), None) or users.add_user(
        seeded.workspace, OPERATOR, name="x", display_name="X", role=role, password="correct horse battery"
    )
    monkeypatch.setattr(session, "current_user", lambda: user)
    return AppTest.from_file(str(COORDINATORS / PAGE), default_timeout=SECONDS).run()


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


def test_the_trail_calls_people_and_reads_by_their_names_and_keeps_the_ids_in_the_details(
    seeded: Seeded, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = next(one for one in accounts.list_users(seeded.workspace, OPERATOR) if one.role is Role.READER)
    read = open_read(seeded.workspace, reader)
    shown = run(seeded, Role.COORDINATOR, monkeypatch).dataframe[0].value
    (act,) = shown[shown["Act"] == "read.open"].to_dict("records")
    assert act["Who"] == reader.name
    assert act["To what"] == f"{reader.display_name}, {read.case_id}, unaided, session 1"
    assert read.read_id in act["Details"]
    assert reader.id in act["Details"]
