"""The Results page and its views, run without a browser on a study that is made up."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lss_core.errors import StatisticsError, StoreError
from lss_core.settings import get_settings
from lss_core.store.values import ReferenceSummary
from lss_core.ui import session
from lss_core.ui.results import choices
from lss_core.ui.results.choices import ViewName
from lss_core.usecases import cases, reference, result_data
from lss_core.usecases.result_data import StudyData
from lss_core.usecases.users import OPERATOR
from tests.pages.results_data import REFERENCE, STUDY, made_up

PAGE = Path(__file__).resolve().parents[2] / "pages" / "statistician" / "results.py"


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study with a reference, of which a coordinator looks at the results."""
    monkeypatch.setenv("LSS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LSS_DATABASE_URL", "")
    get_settings.cache_clear()
    monkeypatch.setattr(session, "current_user", lambda: OPERATOR)
    monkeypatch.setattr(cases, "list_studies", lambda workspace, user, *roles: [STUDY])
    monkeypatch.setattr(reference, "list_references", lambda workspace, user, study_id: [REFERENCE])
    monkeypatch.setattr(choices, "open_reads", lambda workspace, user, study_id: 0)
    monkeypatch.setattr(result_data, "study_data", lambda *_: made_up())


def run(view: ViewName = ViewName.OVERVIEW, **address: str) -> AppTest:
    page = AppTest.from_file(str(PAGE), default_timeout=60)
    page.query_params["view"] = view.value
    for name, value in address.items():
        page.query_params[name] = value
    return page.run()


def said(page: AppTest) -> str:
    return " ".join(element.proto.body for kind in ("html", "markdown") for element in page.get(kind))


def figures(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


@pytest.mark.parametrize("view", ViewName)
def test_every_view_names_data_reference_unit_method_and_seed(view: ViewName) -> None:
    page = run(view)
    assert not page.exception
    text = said(page)
    assert "Synthetic demo data" in text
    assert "which favours them over the model" in text
    assert "3 graded sites have no word in the reference" in text
    assert "Made up, data True" not in text
    assert f"Made up, data {made_up().fingerprint[:10]}; reference Majority of the panel v1" in text
    assert "unit: the site, all levels" in text
    if view in (ViewName.OVERVIEW, ViewName.ROC, ViewName.AGREEMENT):
        assert "95% patient bootstrap, BCa" in text
        assert "6 patients, 2,000 resamples, seed 20240607" in text


def test_the_overview_has_a_sentence_for_each_condition_and_the_source_s_tables() -> None:
    page = run()
    text = said(page)
    for wanted in (
        "Central canal.",
        "Lateral recess.",
        "Foraminal.",
        "The model against the mean of 2 readers",
    ):
        assert wanted in text
    assert "Published readers" in text
    assert text.count("Readers, counts pooled") == 2
    assert "Sensitivity, weighted" in text
    assert figures(page) == 3


def test_another_condition_is_shown_when_it_is_chosen_and_kept_in_the_address() -> None:
    page = run()
    assert "30 sites in the reference" in said(page)
    page = run(condition="foraminal")
    assert "60 sites in the reference" in said(page)
    assert page.query_params["condition"] == "foraminal"


def test_a_level_and_a_unit_are_chosen_and_named() -> None:
    text = said(run(ViewName.ROC, condition="foraminal", unit="level", level="L4_L5"))
    assert "6 levels in the reference" in text
    assert "unit: the level, by its worst site, L4-L5" in text
    assert "Published readers" not in text  # these are of sites


def test_the_roc_view_has_the_calibration_of_a_model_s_probabilities_below_the_curves() -> None:
    page = run(ViewName.ROC)
    text = said(page)
    for wanted in (
        "Calibration and coverage of net 1.0",
        "Ranked probability score",
        "Calibration error, ten bins",
        "95% Wilson, effective size of Rao and Scott over patients, 6 patients",
        "Graded by the model",
    ):
        assert wanted in text
    assert figures(page) == 2
    assert "Calibration and coverage" not in said(run(ViewName.ROC, unit="patient"))


def test_the_roc_view_without_a_model_has_no_calibration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_data, "study_data", lambda *_: made_up(model=False))
    page = run(ViewName.ROC)
    assert not page.exception
    assert "Calibration" not in said(page)


def test_the_matrix_of_kappas_states_its_weights() -> None:
    page = run(ViewName.AGREEMENT, weights="linear")
    assert page.query_params["weights"] == "linear"
    assert "Kappa: four grades, linear weights" in page.selectbox(key="choose-weights").options
    assert figures(page) == 4


def test_the_comparison_says_what_is_missing_for_arms_and_times() -> None:
    text = said(run(ViewName.COMPARISON))
    assert "Obuchowski-Rockette" in text
    assert "One arm only" in text
    assert "No reading times" in text
    assert "Non-inferior, 0.05" in text


def test_a_margin_is_kept_in_the_address_and_nonsense_is_not() -> None:
    assert "Non-inferior, 0.12" in said(run(ViewName.COMPARISON, margin="0.12"))
    assert "Non-inferior, 0.05" in said(run(ViewName.COMPARISON, margin="much"))


def test_two_arms_have_slopes_a_test_and_overrides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_data, "study_data", lambda *_: made_up(arms=True))
    page = run(ViewName.COMPARISON)
    assert not page.exception
    text = said(page)
    assert "One arm only" not in text
    assert "First grade (unaided)" in text
    assert "took the model&#x27;s" in text
    assert figures(page) == 2


def test_a_study_without_a_model_still_has_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_data, "study_data", lambda *_: made_up(model=False))
    for view in ViewName:
        page = run(view)
        assert not page.exception
    assert "No model to compare" in said(run(ViewName.COMPARISON))


def test_a_disagreement_leads_to_its_case_and_site_on_review() -> None:
    text = said(run(ViewName.CASES))
    assert 'href="/review?study=ST-1&amp;case=C-' in text
    assert "site=central%3AL" in text
    assert "What the model missed" in text


def test_a_refusal_is_shown_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> StudyData:
        raise StatisticsError("Results", reason="there is one case only", remedy="Add cases")

    monkeypatch.setattr(result_data, "study_data", refuse)
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

    monkeypatch.setattr(choices, "make_majority_reference", freeze)
    monkeypatch.setattr(choices, "open_reads", lambda workspace, user, study_id: 4)
    page = run()
    assert "4 reads not submitted" in said(page)
    button = next(own for own in page.button if own.label == choices.FREEZE)
    button.click().run()
    assert "There is not one grade." in said(page)
    next(own for own in page.button if own.label == choices.FREEZE).click().run()
    assert "There is not one grade." not in said(page)
    assert page.query_params["reference"] == "REF-1"


def test_a_report_can_be_downloaded_in_a_format_and_a_language() -> None:
    page = run()
    assert next(button.proto.label for button in page.get("download_button")) == "Write and download"
    assert {"report-format", "report-language"} <= {group.key for group in page.segmented_control}
