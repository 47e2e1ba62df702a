"""What the tests of the coordinators' pages share: a small study, and a page as its coordinator sees it."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from benchmarks.studies import SAGITTAL, Seeded, seed, stack
from lss_core.domain import Role, SeriesRole
from lss_core.settings import get_settings
from lss_core.ui import session
from lss_core.usecases import accounts
from lss_core.usecases.users import OPERATOR

COORDINATORS = Path(__file__).resolve().parents[2] / "pages" / "coordinator"
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
def page(request: pytest.FixtureRequest, seeded: Seeded, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The page that the module names as PAGE, as the study's coordinator sees it."""
    found = accounts.list_users(seeded.workspace, OPERATOR)
    user = next(one for one in found if one.role is Role.COORDINATOR)
    monkeypatch.setattr(session, "current_user", lambda: user)
    return AppTest.from_file(str(COORDINATORS / request.module.PAGE), default_timeout=SECONDS).run()


def press(page: AppTest, label: str) -> AppTest:
    """The page after a click on the button of that label."""
    return next(button for button in page.button if button.label == label).click().run()
