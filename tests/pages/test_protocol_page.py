"""Protocol: from a new study's draft to a live version, by its page."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from benchmarks.studies import PASSWORD, Seeded
from lss_core.domain import ALL_SITES, Condition, Level, Role
from lss_core.study.protocol import Protocol
from lss_core.usecases import accounts
from lss_core.usecases.cases import list_studies
from lss_core.usecases.due import home
from lss_core.usecases.protocol_toml import from_toml, to_toml
from lss_core.usecases.protocols import protocol_state
from lss_core.usecases.reading import open_read, record_remaining
from lss_core.usecases.signing import sign_read
from lss_core.usecases.users import OPERATOR
from tests.pages.conftest import press
from tests.usecases.protocol_data import AIDED, ALONE, go_live

PAGE = "protocol.py"


FILE = b"""
wash_out_days = 0
[[arms]]
name = "alone"
kind = "unaided"
[[arms]]
name = "helped"
kind = "aided"
"""


def upload(page: AppTest, content: bytes) -> AppTest:
    page.file_uploader[1].upload("own.toml", content, "application/toml")
    return press(page, "Take it as the draft")


def draft_of(seeded: Seeded, title: str) -> Protocol:
    """The draft of the study of a title."""
    (study,) = [own for own in list_studies(seeded.workspace, OPERATOR) if own.title == title]
    draft = protocol_state(seeded.workspace, OPERATOR, study.id).draft
    assert draft is not None
    return draft.protocol


def test_a_coordinator_saves_a_draft_and_lets_it_go_live(seeded: Seeded, page: AppTest) -> None:
    assert not page.exception
    study_id = list_studies(seeded.workspace, OPERATOR)[0].id
    press(page, "Central canal")
    next(box for box in page.checkbox if box.label == "Yes or no first").check()
    next(box for box in page.number_input if box.label.startswith("Wash-out")).set_value(14)
    press(page, "Save the draft")
    assert not page.exception
    draft = protocol_state(seeded.workspace, OPERATOR, study_id).draft
    assert draft is not None
    assert {site.condition for site in draft.protocol.sites} == {Condition.CENTRAL}
    assert (draft.protocol.questions.call, draft.protocol.wash_out_days) == (True, 14)
    next(box for box in page.checkbox if box.label.startswith("I have looked")).check().run()
    press(page, "Go live")
    assert not page.exception
    live = protocol_state(seeded.workspace, OPERATOR, study_id).live
    assert live is not None
    html = " ".join(element.proto.body for element in page.get("html"))
    assert str(live.sha256) in html
    assert 'alt="Central canal: Severe"' in html
    assert ">coordinator</td>" in html
    downloads = [button.label for button in page.get("download_button")]
    assert downloads == ["Download as TOML", "Download who reads what"]


def test_a_protocol_that_cannot_be_is_refused_with_its_reason(page: AppTest) -> None:
    for pills in page.get("button_group"):
        pills.set_value([])
    press(page, "Save the draft")
    html = " ".join(element.proto.body for element in page.get("html"))
    assert "Name each site once" in html


def test_a_coordinator_asks_for_t12_l1_too(seeded: Seeded, page: AppTest) -> None:
    press(page, "All 30, with T12-L1")
    page.get("button_group")[0].set_value(["L5-S1"])
    press(page, "Save the draft")
    assert not page.exception
    title = list_studies(seeded.workspace, OPERATOR)[0].title
    central = [site.level for site in draft_of(seeded, title).sites if site.condition is Condition.CENTRAL]
    others = [site for site in ALL_SITES if site.condition is not Condition.CENTRAL]
    assert central == [Level.L5_S1]
    assert list(draft_of(seeded, title).sites[1:]) == others


def test_a_new_study_is_made_of_a_file_with_its_title(seeded: Seeded, page: AppTest) -> None:
    page.file_uploader[0].upload("new.toml", b'title = "Of a file"' + FILE, "application/toml")
    press(page, "Make the study")
    assert not page.exception
    assert draft_of(seeded, "Of a file") == from_toml(FILE)


def test_a_toml_file_becomes_the_draft_and_can_be_had_again(seeded: Seeded, page: AppTest) -> None:
    upload(page, FILE)
    assert not page.exception
    draft = protocol_state(seeded.workspace, OPERATOR, list_studies(seeded.workspace, OPERATOR)[0].id).draft
    assert draft is not None
    assert draft.protocol == from_toml(FILE)
    assert [button.label for button in page.get("download_button")] == ["Download as TOML"]
    assert from_toml(to_toml(draft.protocol).encode()) == draft.protocol


def test_a_toml_file_that_is_wrong_is_refused_with_what_is_wrong(seeded: Seeded, page: AppTest) -> None:
    upload(page, b"wash_out = 28")
    html = " ".join(element.proto.body for element in page.get("html"))
    assert "A protocol has no such part" in html
    study_id = list_studies(seeded.workspace, OPERATOR)[0].id
    assert protocol_state(seeded.workspace, OPERATOR, study_id).draft is None


def test_a_session_is_opened_early_for_a_reason_alone(seeded: Seeded, page: AppTest) -> None:
    workspace, study_id = seeded.workspace, list_studies(seeded.workspace, OPERATOR)[0].id
    reader = next(one for one in accounts.list_users(workspace, OPERATOR) if one.role is Role.READER)
    go_live(workspace, study_id, [
        (reader, seeded.case_ids[0], ALONE, {}), (reader, seeded.case_ids[0], AIDED, {"session": 2}),
    ])  # fmt: skip
    read = open_read(workspace, reader)
    record_remaining(workspace, reader, read.read_id, idempotency_key="all")
    sign_read(workspace, reader, read.read_id, PASSWORD)
    assert not home(workspace, reader)[0].following
    page.run()
    press(page, "Open it before its wash-out is over")
    html = " ".join(element.proto.body for element in page.get("html"))
    assert "This needs one" in html
    next(field for field in page.text_input if field.label == "Reason, kept on record").input("he leaves")
    press(page, "Open it before its wash-out is over")
    assert not page.exception
    following = home(workspace, reader)[0].following
    assert following is not None
    assert following.session == 2
