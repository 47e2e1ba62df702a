"""Protocol: from a new study's draft to a live version, by its page."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.studies import SAGITTAL, Seeded, seed, stack
from lss_core.domain import Condition, Role, SeriesRole
from lss_core.settings import get_settings
from lss_core.ui import session
from lss_core.usecases import accounts
from lss_core.usecases.cases import list_studies
from lss_core.usecases.protocols import protocol_state
from lss_core.usecases.users import OPERATOR

PAGE = Path(__file__).resolve().parents[2] / "pages" / "coordinator" / "protocol.py"
SECONDS = 60


@pytest.fixture
def seeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Seeded:
    """A study of one small case."""
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


def test_a_protocol_that_cannot_be_is_refused_with_its_reason(page: AppTest) -> None:
    for pills in page.get("button_group"):
        pills.set_value([])
    press(page, "Save the draft")
    html = " ".join(element.proto.body for element in page.get("html"))
    assert "Name each site once" in html
