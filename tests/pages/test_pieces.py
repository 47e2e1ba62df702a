"""Pieces of pages that act: deleting with a reason, a failed model run, an adjudicator's decision."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lss_core.domain import Answer, Condition, Grade, Level, Site
from lss_core.errors import BundleError, StoreError
from lss_core.ui import cases as pieces
from lss_core.ui.tasks import TaskQueue
from lss_core.usecases.reference import Adjudication

SITE = Site(condition=Condition.CENTRAL, level=Level.L4_L5)
TIE = Adjudication(case_id="C-AAAAAA", site=SITE, votes=None)
SECONDS = 30


def said(page: AppTest) -> str:
    return " ".join(element.proto.body for kind in ("html", "markdown") for element in page.get(kind))


def delete() -> None:
    from datetime import UTC, datetime

    from lss_core.ui.cases import delete_panel
    from lss_core.usecases.cases import CaseSummary
    from lss_core.usecases.users import OPERATOR

    case = CaseSummary(
        case_id="C-AAAAAA", study_id="S", synthetic=True, imported_at=datetime.now(UTC), series=()
    )
    delete_panel(None, OPERATOR, [case])  # type: ignore[arg-type]


def decide() -> None:
    import streamlit as st

    from lss_core.ui.adjudicate import ask
    from tests.pages.test_pieces import TIE

    answer, key = ask(TIE)
    st.session_state["asked"] = [*st.session_state.get("asked", []), (answer, key)]


def progress() -> None:
    from lss_core.ui.cases import show_grading

    show_grading()


def test_a_case_is_deleted_with_the_reason_that_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    deleted: list[Any] = []
    monkeypatch.setattr(pieces, "delete_case", lambda *given: deleted.append(given[2:]))
    page = AppTest.from_function(delete, default_timeout=SECONDS).run()
    page.text_input[0].input("imported twice")
    page.button[0].click().run()
    assert deleted == [("C-AAAAAA", "imported twice")]


def test_a_refused_deletion_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*given: object) -> None:
        raise StoreError("Case C-AAAAAA", reason="no reason was given", remedy="Say why it is deleted")

    monkeypatch.setattr(pieces, "delete_case", refuse)
    page = AppTest.from_function(delete, default_timeout=SECONDS).run()
    page.button[0].click().run()
    assert not page.exception
    assert "No reason was given" in said(page)


def test_nothing_is_preselected_and_a_decision_needs_a_grade_and_a_reason() -> None:
    page = AppTest.from_function(decide, default_timeout=SECONDS).run()
    assert page.radio[0].value is None
    page.button[0].click().run()
    assert "A grade and a reason are needed." in [caption.value for caption in page.caption]
    page.radio[0].set_value(Grade.MODERATE)
    page.text_area[0].input("  the sac is flat  ")
    page.button[0].click().run()
    *before, (answer, key) = page.session_state["asked"]
    assert answer == Answer(site=SITE, grade=Grade.MODERATE, note="the sac is flat")
    assert [given for given, _ in before] == [None, None]
    assert {one for _, one in before} == {key}


def test_why_the_model_could_not_grade_is_said_until_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    queue: TaskQueue[Any] = TaskQueue("test")
    monkeypatch.setattr(pieces, "GRADING", queue)

    def fail(report: object) -> None:
        raise BundleError("models", reason="there is no bundle", remedy="Put one there")

    queue.submit("C-AAAAAA", fail)
    queue.submit("C-BBBBBB", fail)
    queue._executor.submit(lambda: None).result(SECONDS)
    page = AppTest.from_function(progress, default_timeout=SECONDS).run()
    assert said(page).count("There is no bundle.") == 1
    page.button[0].click().run()
    assert "There is no bundle." not in said(page)
