"""Work that goes from one thing to the next in a real browser: reads, ties, deletions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from benchmarks.running import ROOT, serve
from benchmarks.studies import PASSWORD, Seeded, seed
from lss_core.domain import SITES, Answer, Grade, Role
from lss_core.usecases import reading, signing, users
from lss_core.usecases.cases import list_cases, list_studies
from lss_core.usecases.reference import adjudications_due
from lss_core.usecases.users import OPERATOR
from tests.browser.conftest import Enter, choose_grade
from tests.browser.viewer_case import study

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TIES = 3


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Three cases; a panel of two who disagree at three sites of the first; an adjudicator."""
    made = seed(tmp_path_factory.mktemp("data"), [study()] * 3)
    for name, role in (("second reader", Role.READER), ("adjudicator", Role.ADJUDICATOR)):
        users.add_user(made.workspace, OPERATOR, name=name, display_name=name, role=role, password=PASSWORD)
    for number, name in enumerate(("reader", "second reader")):
        grades = [Grade(number if index < TIES else 2) for index in range(len(SITES))]
        _answer(made, name, made.case_ids[0], grades)
    return made


def _answer(seeded: Seeded, name: str, case_id: str, grades: list[Grade]) -> None:
    """Answers for the first sites of a case; with all 25 the read is submitted."""
    user, _ = users.sign_in(seeded.workspace, name, PASSWORD)
    read = reading.open_read(seeded.workspace, user, case_id)
    for site, grade in zip(SITES, grades, strict=False):
        answer = Answer(site=site, grade=grade)
        reading.record_answer(seeded.workspace, user, read.read_id, answer, idempotency_key=site.key)
    if len(grades) == len(SITES):
        signing.sign_read(seeded.workspace, user, read.read_id, PASSWORD)


@pytest.fixture(scope="module")
def address(seeded: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(ROOT / "app.py", seeded.environment, tmp_path_factory.mktemp("log") / "log") as running:
        yield running


def test_a_read_that_is_submitted_gives_way_to_the_next_case(enter: Enter, seeded: Seeded) -> None:
    reader, _ = users.sign_in(seeded.workspace, "reader", PASSWORD)
    case_id = reading.next_case(seeded.workspace, reader)
    assert case_id is not None
    _answer(seeded, "reader", case_id, [Grade.NONE] * (len(SITES) - 1))
    page = enter("/read", "reader")
    expect(page.get_by_text("24 of 25 sites answered")).to_be_visible()
    page.locator(f'[data-site="{SITES[-1].key}"]').click()
    page.keyboard.press("2")
    expect(page.get_by_text("25 of 25 sites answered")).to_be_visible()
    expect(page.get_by_text("All answers saved")).to_be_visible()
    page.keyboard.press("s")
    expect(page.get_by_label("Your password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 of 3 cases submitted")).to_be_visible()
    expect(page.get_by_text("0 of 25 sites answered")).to_be_visible()
    following = reading.next_case(seeded.workspace, reader)
    assert following not in (None, case_id)
    described = page.locator(".lss-viewer").evaluate("root => root.lss.describe()")
    assert described["case_id"] == following
    page.keyboard.press("ArrowDown")  # the keyboard is the viewer's, without a click
    expect(page.locator(".cell[aria-pressed=true]")).to_have_count(1)


def test_a_tie_that_is_decided_gives_way_to_the_next_with_an_empty_form(enter: Enter, seeded: Seeded) -> None:
    page = enter("/adjudicate", "adjudicator")
    expect(page.get_by_text("0 of 3 ties decided")).to_be_visible()
    expect(page.get_by_text("of the panel not submitted yet")).to_be_visible()
    expect(page.get_by_role("heading", name=SITES[0].label)).to_be_visible()
    at_the_top = """root => new Promise((done) => {  // L1-L2, not the middle, where a series opens
        const look = () => root.lss.describe().viewports[2].slice === 0 ? done(true) : setTimeout(look, 50);
        look();
    })"""
    assert page.locator(".lss-viewer").evaluate(at_the_top)
    choose_grade(page, "2 moderate")
    page.get_by_label("Why", exact=True).fill("the sac is a slit")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("1 of 3 ties decided")).to_be_visible()
    expect(page.get_by_role("heading", name=SITES[1].label)).to_be_visible()
    expect(page.locator("input[type=radio]:checked")).to_have_count(0)
    expect(page.get_by_label("Why", exact=True)).to_have_value("")
    choose_grade(page, "not gradable")
    page.get_by_label("Why it is not gradable").click()
    page.get_by_text("Image quality too poor").click()
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("heading", name=SITES[2].label)).to_be_visible()
    choose_grade(page, "0 none")
    page.get_by_label("Why", exact=True).fill("it is round")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("3 of 3 ties decided")).to_be_visible()
    expect(page.get_by_text("Decided: 0 none. it is round")).to_be_visible()
    expect(page.get_by_label("Why", exact=True)).to_have_value("")
    study_id = list_studies(seeded.workspace, OPERATOR)[0].id
    settled = [due.settled for due in adjudications_due(seeded.workspace, OPERATOR, study_id)]
    assert [answer and answer.grade for answer in settled] == [Grade.MODERATE, None, Grade.NONE]


def test_a_deletion_leaves_nothing_chosen_for_the_next(enter: Enter, seeded: Seeded) -> None:
    study_id = list_studies(seeded.workspace, OPERATOR)[0].id
    before = [case.case_id for case in list_cases(seeded.workspace, OPERATOR, study_id)]
    page = enter("/cases", "coordinator")
    table = page.locator("canvas").first
    expect(table).to_be_visible()
    table.click(position={"x": 15, "y": 36 + 32}, force=True)  # the box before the first case
    page.get_by_role("button", name="Delete 1").click()
    page.get_by_label("Reason, kept on record").fill("imported twice")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text(f"{len(before) - 1} cases")).to_be_visible()
    expect(page.get_by_role("button", name="Delete for good")).to_have_count(0)
    expect(page.get_by_role("button", name="Delete 0")).to_be_disabled()
    left = [case.case_id for case in list_cases(seeded.workspace, OPERATOR, study_id)]
    assert left == before[1:]
