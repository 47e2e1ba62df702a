"""Pieces of pages that act: deleting with a reason, a failed model run, an adjudicator's decision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from lss_core.domain import Answer, Condition, Grade, Level, NotGradable, Site, Verdict
from lss_core.errors import BundleError, StoreError
from lss_core.store.values import Assignment, AssignmentKind
from lss_core.ui import adjudicate, read
from lss_core.ui import cases as pieces
from lss_core.ui.tasks import TaskQueue
from lss_core.usecases.cases import CaseSummary, RunStatus
from lss_core.usecases.due import ReadProgress
from lss_core.usecases.importing import FileVerdict, ImportReport
from lss_core.usecases.reference import Adjudication
from lss_core.usecases.users import OPERATOR

SITE = Site(condition=Condition.CENTRAL, level=Level.L4_L5)
TIE = Adjudication(case_id="C-AAAAAA", site=SITE, votes=None)
SECONDS = 30
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def said(page: AppTest) -> str:
    return " ".join(element.proto.body for kind in ("html", "markdown") for element in page.get(kind))


def delete() -> None:
    from datetime import UTC, datetime

    import streamlit as st

    from lss_core.ui.cases import delete_panel
    from lss_core.usecases.cases import CaseSummary
    from lss_core.usecases.users import OPERATOR

    name = st.session_state.get("name", "C-AAAAAA")
    case = CaseSummary(case_id=name, study_id="S", synthetic=True, imported_at=datetime.now(UTC), series=())
    delete_panel(None, OPERATOR, [case])  # type: ignore[arg-type]


def decide() -> None:
    import streamlit as st

    from lss_core.ui.adjudicate import ask
    from tests.pages.test_pieces import TIE

    answer, key = ask(TIE)
    st.session_state["asked"] = [*st.session_state.get("asked", []), (answer, key)]


SEEN = [
    CaseSummary(case_id=f"C-{letter * 6}", study_id="S", synthetic=True, imported_at=NOW, series=())
    for letter in "AB"
]


def progress() -> None:
    from lss_core.ui.cases import show_grading
    from tests.pages.test_pieces import SEEN

    show_grading(SEEN)


def test_a_case_is_deleted_with_the_reason_that_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    deleted: list[Any] = []
    monkeypatch.setattr(pieces, "delete_case", lambda *given: deleted.append(given[2:]))
    page = AppTest.from_function(delete, default_timeout=SECONDS).run()
    page.text_input[0].input("imported twice")
    page.button[0].click().run()
    assert deleted == [("C-AAAAAA", "imported twice")]


def test_a_reason_typed_for_one_case_is_not_there_for_the_next() -> None:
    page = AppTest.from_function(delete, default_timeout=SECONDS).run()
    page.text_input[0].input("imported twice").run()
    first = page.text_input[0].id
    page.session_state["name"] = "C-BBBBBB"
    page.run()
    assert page.text_input[0].value == ""
    assert page.text_input[0].id != first


def test_rows_chosen_by_their_place_are_forgotten_with_the_list_they_were_in() -> None:
    cases = [
        CaseSummary(case_id=f"C-{n}", study_id="S", synthetic=True, imported_at=NOW, series=()) for n in "AB"
    ]
    names = {pieces.list_name(given) for given in (cases, cases[:1], cases[1:], [])}
    assert len(names) == 4


@pytest.mark.parametrize(
    ("status", "graded", "words"),
    [
        (RunStatus.NONE, 0, "Not graded"),
        (RunStatus.DONE, 12, "12 of 25 sites"),
        (RunStatus.DONE, 0, "Graded, no site gradable"),
        (RunStatus.FAILED, 0, "Failed"),
    ],
)
def test_the_model_s_column_says_how_many_sites_it_graded(status: RunStatus, graded: int, words: str) -> None:
    case = CaseSummary(
        case_id="C-A",
        study_id="S",
        synthetic=True,
        imported_at=NOW,
        series=(),
        model_status=status,
        graded_sites=graded,
    )
    assert pieces.model_words(case) == words


@dataclass
class Sent:
    """A file as the browser sends it."""

    name: str

    def getbuffer(self) -> memoryview:
        return memoryview(b"bytes")


def test_verdicts_name_files_as_the_user_knows_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def verdicts(workspace: object, user: object, paths: list[Path], **_: object) -> ImportReport:
        found = sorted(path for path in paths[0].rglob("*") if path.is_file())
        inside = [f"{path}/series/1.dcm" if path.suffix == ".zip" else str(path) for path in found]
        files = [FileVerdict(path=path, verdict=Verdict.TAKEN, reason="taken") for path in inside]
        return ImportReport(study_id="S", files=tuple(files), cases=())

    monkeypatch.setattr(pieces, "import_paths", verdicts)
    workspace = SimpleNamespace(settings=SimpleNamespace(data_dir=tmp_path))
    sent = [Sent("rsna.zip"), Sent("study/t2/1.dcm"), Sent("../../a\\b.dcm"), Sent("1.dcm"), Sent("1.dcm")]
    report = pieces._import_uploads(workspace, OPERATOR, sent, None, lambda *_: None)  # type: ignore[arg-type]
    assert [file.path for file in report.files] == [
        "rsna.zip/series/1.dcm",
        "study/t2/1.dcm",
        "a/b.dcm",
        "1.dcm",
        "1.dcm",
    ]
    assert not list(tmp_path.iterdir())


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


def test_not_gradable_is_decided_with_a_reason_from_the_list() -> None:
    page = AppTest.from_function(decide, default_timeout=SECONDS).run()
    page.radio[0].set_value(adjudicate.NOT_GRADABLE).run()
    page.button[0].click().run()
    assert "A reason is needed." in [caption.value for caption in page.caption]
    page.selectbox[0].set_value(NotGradable.OTHER)
    page.button[0].click().run()
    assert "Say which other reason." in [caption.value for caption in page.caption]
    page.selectbox[0].set_value(NotGradable.POOR_QUALITY)
    page.button[0].click().run()
    answer, _ = page.session_state["asked"][-1]
    assert answer == Answer(site=SITE, not_gradable=NotGradable.POOR_QUALITY)


def test_a_decision_leaves_an_empty_form_and_a_new_key() -> None:
    page = AppTest.from_function(decide, default_timeout=SECONDS).run()
    page.radio[0].set_value(Grade.MODERATE)
    page.text_area[0].input("the sac is flat")
    page.button[0].click().run()
    page.run()
    assert (page.radio[0].value, page.text_area[0].value) == (None, "")
    (_, first), *_, (_, last) = page.session_state["asked"]
    assert first != last


def test_after_a_decision_the_next_open_tie_comes_round_from_the_start() -> None:
    word = Answer(site=SITE, grade=Grade.MILD)
    ties = [replace(TIE, case_id=f"C-{n}", settled=word if n == 2 else None) for n in range(4)]
    assert adjudicate.next_open(ties, ties[1]) == ties[3].place
    assert adjudicate.next_open(ties, ties[3]) == ties[0].place
    assert adjudicate.next_open(ties[2:3], ties[2]) is None


def test_a_decision_is_told_with_its_reason() -> None:
    graded = Answer(site=SITE, grade=Grade.NONE, note="the sac is round")
    assert adjudicate.decision_words(graded) == "0 none. the sac is round"
    refused = Answer(site=SITE, not_gradable=NotGradable.POOR_QUALITY)
    assert adjudicate.decision_words(refused) == "not gradable, image quality too poor."


def test_reads_that_are_open_are_counted_beside_the_ties() -> None:
    assert adjudicate.progress_words([TIE], 0) == "0 of 1 ties decided"
    assert adjudicate.progress_words([], 1).endswith("; 1 read of the panel not submitted yet")


def test_why_the_model_could_not_grade_is_said_until_it_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    queue: TaskQueue[Any] = TaskQueue("test")
    monkeypatch.setattr(pieces, "GRADING", queue)

    def fail(report: object) -> None:
        raise BundleError("models", reason="there is no bundle", remedy="Put one there")

    def other(report: object) -> None:
        raise BundleError("models", reason="this is another study's", remedy="Say nothing")

    queue.submit("C-AAAAAA", fail)
    queue.submit("C-BBBBBB", fail)
    queue.submit("C-OTHERS", other)
    queue._executor.submit(lambda: None).result(SECONDS)
    page = AppTest.from_function(progress, default_timeout=SECONDS).run()
    assert said(page).count("There is no bundle.") == 1
    assert "another study" not in said(page)
    page.button[0].click().run()
    assert "There is no bundle." not in said(page)


def test_an_assigned_case_is_called_by_its_place_and_no_text_shows_its_id() -> None:
    assigned = Assignment(
        id="AS-1", protocol_id="PR-1", rater_id="R-1", case_id="C-AAAAAA", session=2, position=3, arm="alone",
        kind=AssignmentKind.TEST,
    )  # fmt: skip
    known: dict[str, Any] = {"case_id": "C-AAAAAA", "study_id": "S", "answered": 0, "submitted": False}
    own = ReadProgress(read_id=None, assignment=assigned, session=2, position=3, **known)
    (text,) = read.open_to_him([own], {"S": "Study"}).values()
    assert text == "Session 2, case 3: new"
    assert read.state_words(own) == "reading session 2, case 3"
    second = replace(own, stage=2, stages=2)
    (text,) = read.open_to_him([second], {"S": "Study"}).values()
    assert text == "Session 2, case 3: second answers"
    other = replace(own, study_id="T", assignment=replace(assigned, id="AS-2"), case_id="C-BBBBBB")
    texts = read.open_to_him([own, other], {"S": "Study", "T": "Trial"})
    assert texts == {"AS-1": "Study: Session 2, case 3: new", "AS-2": "Trial: Session 2, case 3: new"}
    practice = replace(own, assignment=replace(assigned, kind=AssignmentKind.TRAINING), position=1)
    assert read.state_words(practice) == "reading practice case 1"
