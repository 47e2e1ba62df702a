"""The Results page, run without a browser on results that are made up."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lss_core.domain import SITES, Grade, RaterKind
from lss_core.errors import StatisticsError, StoreError
from lss_core.settings import get_settings
from lss_core.stats.resample import Interval, Resamples
from lss_core.store.values import ReferenceMethod, ReferenceSummary, StudySummary
from lss_core.study.simulate import draw_readers, simulate_reads
from lss_core.ui import results as ui
from lss_core.ui import session
from lss_core.usecases import cases, reference, results
from lss_core.usecases.analysis import RaterColumn, RatingTable, analyse
from lss_core.usecases.results import StudyResults
from lss_core.usecases.users import OPERATOR

PAGE = Path(__file__).resolve().parents[2] / "pages" / "statistician" / "results.py"
STUDY = StudySummary(id="ST-1", title="Made up", synthetic=True, cases=6)
REFERENCE = ReferenceSummary(
    id="REF-1",
    study_id="ST-1",
    name="Majority of the panel",
    method=ReferenceMethod.MAJORITY,
    version=1,
    created_at=datetime(2026, 3, 2, tzinfo=UTC),
    created_by="somebody",
    grades=150,
)


def made_up() -> StudyResults:
    rng = np.random.default_rng(1)
    truth = {f"C-{case}": {site: Grade(int(rng.integers(4))) for site in SITES} for case in range(6)}
    reads = simulate_reads(truth, draw_readers(2, rng=rng), rng=rng)
    grades = {
        name: np.array(
            [np.nan if a.grade is None else a.grade for answers in cases.values() for a in answers]
        )
        for name, cases in reads.items()
    }
    table = RatingTable(
        patients=np.repeat(np.arange(6), 25),
        n_patients=6,
        conditions=[site.condition for site in SITES] * 6,
        truth=np.array([grade for sites in truth.values() for grade in sites.values()], float),
        refused=np.zeros(150, bool),
        raters=tuple(
            RaterColumn(name=name, kind=RaterKind.READER, grades=own, refused=np.isnan(own))
            for name, own in grades.items()
        ),
    )
    return StudyResults(
        study=STUDY,
        reference=REFERENCE,
        readers_make_reference=True,
        unreferenced=3,
        resamples=50,
        seed=7,
        level=0.95,
        interval=Interval.BCA.value,
        conditions=analyse(table, Resamples.draw(6, rng=rng, resamples=50)),
    )


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study with a reference, of which a statistician looks at the results."""
    monkeypatch.setenv("LSS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LSS_DATABASE_URL", "")
    get_settings.cache_clear()
    monkeypatch.setattr(session, "current_user", lambda: OPERATOR)
    monkeypatch.setattr(cases, "list_studies", lambda workspace, user: [STUDY])
    monkeypatch.setattr(reference, "list_references", lambda workspace, user, study_id: [REFERENCE])


def run() -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=60).run()


def said(page: AppTest) -> str:
    return " ".join(element.proto.body for kind in ("html", "markdown") for element in page.get(kind))


def test_the_page_names_data_reference_unit_method_and_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "study_results", lambda *_, **__: made_up())
    page = run()
    assert not page.exception
    text = said(page)
    for wanted in (
        "Synthetic demo data",
        "Reference: Majority of the panel v1 (majority, 02 Mar 2026)",
        "Unit: the site",
        "95% patient bootstrap, BCa, 6 patients, 50 resamples, seed 7",
        "which favours them over the model",
        "3 graded sites have no word in the reference",
        "Mean reader",
        "Published readers",
    ):
        assert wanted in text


def test_another_condition_is_shown_when_it_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "study_results", lambda *_, **__: made_up())
    page = run()
    assert "30 sites in the reference" in said(page)
    page.session_state["condition"] = "foraminal"
    page.run()
    assert "60 sites in the reference" in said(page)
    assert page.query_params["condition"] == "foraminal"


def test_a_refusal_is_shown_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> StudyResults:
        raise StatisticsError("Results", reason="there is one case only", remedy="Add cases")

    monkeypatch.setattr(results, "study_results", refuse)
    assert "There is one case only." in said(run())


def test_a_study_without_a_reference_says_how_to_come_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "list_references", lambda workspace, user, study_id: [])
    assert "No results yet" in said(run())


def test_a_coordinator_freezes_the_majority_or_hears_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[str] = []

    def freeze(workspace: object, user: object, study_id: str) -> ReferenceSummary:
        if not frozen:
            frozen.append(study_id)
            raise StoreError(
                "Reference standard", reason="there is not one grade", remedy="Let the panel read"
            )
        return REFERENCE

    monkeypatch.setattr(results, "study_results", lambda *_, **__: made_up())
    monkeypatch.setattr(ui, "make_majority_reference", freeze)
    page = run()
    button = next(own for own in page.button if own.label == ui.FREEZE)
    button.click().run()
    assert "There is not one grade." in said(page)
    next(own for own in page.button if own.label == ui.FREEZE).click().run()
    assert "There is not one grade." not in said(page)
    assert page.query_params["reference"] == "REF-1"
