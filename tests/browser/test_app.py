"""The whole application in a real browser: signing in, who may go where, import, reading."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.running import ROOT, serve
from benchmarks.studies import PASSWORD, Seeded, seed
from lss_core.dicom.export import StudyHeader, write_series
from lss_core.domain import Answer, Condition, Grade, RaterKind, Role, Site, Verdict
from lss_core.usecases import people, reading, runs, users
from lss_core.usecases.cases import list_cases, list_studies
from lss_core.usecases.reference import add_reference
from lss_core.usecases.results import StudyResults, study_results
from lss_core.usecases.users import OPERATOR
from tests.browser.conftest import SLOW_MS, Enter
from tests.browser.viewer_case import GRADED_SITE, findings, masks, study

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Two cases, the first graded by a model; a reader, a coordinator and a statistician."""
    volumes = study()
    made = seed(tmp_path_factory.mktemp("data"), [volumes, volumes])
    run = runs.start_run(made.workspace, OPERATOR, made.case_ids[0], bundle="test")
    runs.save_run(made.workspace, OPERATOR, run, findings(), masks(volumes))
    return made


@pytest.fixture(scope="module")
def address(seeded: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(ROOT / "app.py", seeded.environment, tmp_path_factory.mktemp("log") / "log") as running:
        yield running


def heading(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


def test_a_wrong_password_is_refused_in_words(enter: Enter) -> None:
    page = enter("/", "coordinator", "not the password")
    expect(page.get_by_role("alert")).to_contain_text("password")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_sign_in_survives_a_refresh_and_ends_with_sign_out(enter: Enter) -> None:
    page = enter("/", "coordinator")
    heading(page, "Cases")
    page.reload()
    heading(page, "Cases")
    page.get_by_role("button", name="coordinator").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_after_signing_in_a_deep_link_leads_where_it_says(enter: Enter, seeded: Seeded) -> None:
    page = enter(f"/review?case={seeded.case_ids[1]}")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    assert page.locator(".lss-viewer").count() == 0
    page.get_by_label("Name").fill("coordinator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    heading(page, "Review")
    expect(page.get_by_role("combobox", name="Case")).to_have_value(seeded.case_ids[1])


@pytest.mark.parametrize("path", ["/cases", "/review", "/results", "/adjudicate"])
def test_a_reader_is_refused_elsewhere_by_address(enter: Enter, path: str) -> None:
    page = enter(path, "reader")
    expect(page.get_by_role("alert")).to_contain_text("role of")
    assert page.locator(".lss-viewer").count() == 0
    expect(page.get_by_role("heading")).to_have_count(0)


def test_every_page_says_research_use_only_and_comes_up_dark(enter: Enter) -> None:
    page = enter()
    expect(page.get_by_text("Research use only, not a medical device")).to_be_visible()
    background = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    assert page.evaluate(background) == "rgb(14, 17, 22)"


def test_light_is_chosen_in_the_menu_and_kept(enter: Enter) -> None:
    page = enter("/", "coordinator")
    page.get_by_role("button", name="coordinator").click()
    page.get_by_role("button", name="Light look").click()
    background = "getComputedStyle(document.querySelector('.stApp')).backgroundColor"
    heading(page, "Cases")
    page.wait_for_function(f"{background} === 'rgb(255, 255, 255)'")
    page.goto(page.url.replace("/cases", "/review"))
    heading(page, "Review")
    assert page.evaluate(background) == "rgb(255, 255, 255)"


def test_importing_a_zip_gives_a_verdict_for_every_file(enter: Enter, seeded: Seeded, tmp_path: Path) -> None:
    header = StudyHeader(name="a study for the browser")
    slices = 0
    for number, (role, volume) in enumerate(study().items(), start=1):
        slices += len(write_series(volume, tmp_path / role, study=header, role=role, number=number))
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
        for file in sorted(tmp_path.rglob("*.dcm")):
            archive.write(file, file.relative_to(tmp_path))
        archive.writestr("notes.txt", "no image")
    page = enter("/cases", "coordinator")
    page.get_by_text("Import DICOM").click()
    page.locator("input[type=file]").first.set_input_files(tmp_path / "study.zip")
    expect(page.get_by_text("study.zip")).to_be_visible()
    page.get_by_role("button", name="Import the files").click()
    expect(page.get_by_text("Import done.")).to_be_visible()
    expect(page.get_by_text(re.compile("new 1"))).to_be_visible()
    expect(page.get_by_text(f"{Verdict.TAKEN.capitalize()} {slices}", exact=True)).to_be_visible()
    expect(page.get_by_text(f"{Verdict.SKIPPED.capitalize()} 1", exact=True)).to_be_visible()
    page.get_by_text(f"{Verdict.SKIPPED.capitalize()} 1", exact=True).click()
    expect(page.locator("canvas").first).to_be_visible()
    studies = list_studies(seeded.workspace, OPERATOR)
    assert len(list_cases(seeded.workspace, OPERATOR, studies[0].id)) == 3
    assert not list(seeded.workspace.settings.data_dir.glob("incoming-*"))


def test_the_model_s_grades_and_what_they_rest_on_are_on_review(enter: Enter, seeded: Seeded) -> None:
    page = enter(f"/review?case={seeded.case_ids[0]}", "coordinator")
    page.locator('[data-site="central:L4_L5"]').click()
    expect(page.get_by_role("heading", name="L4-L5 central canal")).to_be_visible()
    expect(page.get_by_text("Together")).to_be_visible()
    expect(page.get_by_text("Axial T2, image")).to_be_visible()


def test_a_grade_given_on_read_is_there_after_a_refresh_and_the_model_is_not(enter: Enter) -> None:
    page = enter("/", "reader")
    heading(page, "My reading")
    page.get_by_role("button", name="Begin to read").click()
    heading(page, "Read")
    page.locator('[data-site="central:L3_L4"]').click()
    page.keyboard.press("2")
    expect(page.get_by_text("All answers saved")).to_be_visible()
    page.reload()
    expect(page.locator('[data-site="central:L3_L4"]')).to_have_accessible_name(
        re.compile("2 Moderate"), timeout=SLOW_MS
    )
    assert page.locator(".cell.given").count() == 1


def test_a_grade_given_on_read_is_counted_on_results(enter: Enter, seeded: Seeded) -> None:
    reader = users.user_of(seeded.workspace, seeded.reader_token)
    assert reader is not None
    study_id = list_studies(seeded.workspace, OPERATOR)[0].id
    site = Site.parse("central:L5_S1")
    truth = {case_id: {GRADED_SITE: Grade.MODERATE, site: Grade.SEVERE} for case_id in seeded.case_ids}
    add_reference(seeded.workspace, OPERATOR, study_id, name="Surgery", grades=truth)
    for case_id, grade in zip(seeded.case_ids, (Grade.NONE, Grade.MODERATE), strict=True):
        read = reading.open_read(seeded.workspace, reader, case_id)
        answer = Answer(site=GRADED_SITE, grade=grade)
        reading.record_answer(
            seeded.workspace, reader, read.read_id, answer, idempotency_key=f"results-{case_id}"
        )
    answered = _central_sites_of(study_results(seeded.workspace, OPERATOR, study_id, resamples=50))
    page = enter(f"/read?case={seeded.case_ids[1]}", "reader")
    page.locator(f'[data-site="{site.key}"]').click()
    page.keyboard.press("3")
    expect(page.get_by_text("All answers saved")).to_be_visible()
    page = enter("/results", "coordinator")
    expect(page.get_by_text("sites in the reference")).to_contain_text("2 cases, 4 sites")
    counted = _central_sites_of(study_results(seeded.workspace, OPERATOR, study_id, resamples=50))
    assert (answered, counted) == (2, 3)  # the read is not submitted


def _central_sites_of(results: StudyResults) -> int:
    """At how many central sites of the reference the one reader has given a grade."""
    central = next(one for one in results.conditions if one.condition is Condition.CENTRAL)
    return next(rater.n for rater in central.raters if rater.kind is RaterKind.READER and not rater.is_mean)


def test_nothing_of_a_case_leaves_the_server_without_a_sign_in(enter: Enter, seeded: Seeded) -> None:
    page = enter()
    for what in ("thumbnail", "manifest"):
        answer = page.request.get(f"{page.url.rstrip('/')}/pixels/{seeded.case_ids[0]}/{what}")
        assert answer.status == 401


def test_a_statistician_comes_to_the_results(enter: Enter, seeded: Seeded) -> None:
    users.add_user(
        seeded.workspace,
        OPERATOR,
        name="statistician",
        display_name="statistician",
        role=Role.STATISTICIAN,
        password=PASSWORD,
    )
    page = enter("/", "statistician")
    page.wait_for_url("**/results*")


def test_an_invitation_becomes_an_account_that_is_signed_in(enter: Enter, seeded: Seeded) -> None:
    study_id = list_studies(seeded.workspace, OPERATOR)[0].id
    made = people.invite(seeded.workspace, OPERATOR, study_id, Role.AUDITOR)
    page = enter(f"/#join={made.token}")
    expect(page.get_by_text("You are invited to a reader study.")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("zoe")
    page.get_by_label("Password, 10 characters at least").fill(PASSWORD)
    page.get_by_label("Shown to others as").fill("Dr Zoe")
    page.get_by_role("button", name="Accept the invitation").click()
    heading(page, "Record")
    expect(page.get_by_role("button", name="Dr Zoe")).to_be_visible()
    assert "join" not in page.url
