"""People: members, invitations and their end, by the page."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from benchmarks.studies import Seeded
from lss_core.usecases.cases import list_studies
from lss_core.usecases.people import invitations_of, members_of
from lss_core.usecases.users import OPERATOR
from tests.pages.conftest import press

PAGE = "people.py"


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


def test_nobody_votes_in_the_panel_unless_it_is_ticked(seeded: Seeded, page: AppTest) -> None:
    """Whoever makes the reference is none of the analysed readers: it is chosen, never by default."""
    assert [box.value for box in page.checkbox] == [False, False]
    press(page, "Make a link")
    (made, *_) = sorted(
        invitations_of(seeded.workspace, OPERATOR, study_of(seeded)), key=lambda one: one.note
    )
    assert not made.in_panel


def test_a_coordinator_does_not_take_himself_out(page: AppTest) -> None:
    next(field for field in page.text_input if field.label == "Name of an account").input("coordinator")
    press(page, "Take out of the study")
    assert "this is your own role" in text(page).lower()
