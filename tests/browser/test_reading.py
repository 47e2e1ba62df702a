"""Reading in a real browser, on the app: what only a browser can show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from benchmarks.running import ROOT, serve
from benchmarks.studies import PASSWORD, Seeded, seed
from lss_core.domain import SITES, Answer, Condition, Grade, Level, Role, Site
from lss_core.store import tables as t
from lss_core.store.values import AssignmentKind
from lss_core.study.protocol import Questions
from lss_core.texts import Language
from lss_core.ui.asking import COOKIE
from lss_core.usecases import accounts, reading, runs, signing, users
from lss_core.usecases.cases import list_studies
from lss_core.usecases.preferences import preferences_of
from lss_core.usecases.reading import ReadState
from lss_core.usecases.reference import add_reference
from lss_core.usecases.users import OPERATOR, User
from tests.browser.conftest import SLOW_MS
from tests.browser.viewer_case import findings, study
from tests.usecases.protocol_data import AIDED, ALONE, SEQUENTIAL, go_live

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ASKED = tuple(site for site in SITES if site.level is Level.L4_L5)
CENTRAL = Site(condition=Condition.CENTRAL, level=Level.L4_L5)
READERS = (
    "sequential", "aided", "practice", "tabs", "keys", "screens", "time", "levels", "offline", "home",
    "quality", "russian",
)  # fmt: skip

Come = Callable[..., Page]


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Two cases the model has graded; the five sites of L4-L5 with call, score and image quality; each
    reader has a test of his own."""
    made = seed(tmp_path_factory.mktemp("data"), [study()] * 2)
    first, second = made.case_ids
    for case_id in made.case_ids:
        run = runs.start_run(made.workspace, OPERATOR, case_id, bundle="test")
        runs.save_run(made.workspace, OPERATOR, run, findings(), {})
    study_id = list_studies(made.workspace, OPERATOR)[0].id
    truth = {case_id: dict.fromkeys(SITES, Grade.MODERATE) for case_id in made.case_ids}
    add_reference(made.workspace, OPERATOR, study_id, name="truth", grades=truth)
    assigned: list[Any] = []
    for name in READERS:
        one = users.add_user(
            made.workspace, OPERATOR, name=name, display_name=name, role=Role.READER, password=PASSWORD
        )
        arm = {"sequential": SEQUENTIAL, "russian": SEQUENTIAL, "aided": AIDED}.get(name, ALONE)
        kind = AssignmentKind.TRAINING if name == "practice" else AssignmentKind.TEST
        assigned += [(one, first, arm, {"kind": kind, "position": 1}), (one, second, arm, {"position": 2})]
    asked = Questions(call=True, score=True, image_quality=True)
    go_live(made.workspace, study_id, assigned, sites=ASKED, questions=asked, training_cases=(first,))
    return made


@pytest.fixture(scope="module")
def address(seeded: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(ROOT / "app.py", seeded.environment, tmp_path_factory.mktemp("log") / "log") as running:
        yield running


@pytest.fixture
def come(browser: Browser, address: str, seeded: Seeded) -> Iterator[Come]:
    """Opens a page as a reader at 1280 x 800; the same `context` is the same browser."""
    contexts = []

    def run(name: str, path: str = "/read", *, context: Any = None) -> Page:
        if context is None:
            context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
            context.set_default_timeout(SLOW_MS)
            contexts.append(context)
            _, token = users.sign_in(seeded.workspace, name, PASSWORD)
            context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        page: Page = context.new_page()
        page.goto(address + path)
        if path == "/read":
            expect(page.locator(".cell").first).to_be_visible()
            page.wait_for_function("performance.getEntriesByName('lss-first-image').length > 0")
        return page

    expect.set_options(timeout=SLOW_MS)
    yield run
    expect.set_options(timeout=5000)
    for context in contexts:
        context.close()
    with seeded.workspace.store.write() as tx:  # a browser that is closed so says no goodbye
        tx.execute(sa.delete(t.read_pens))


def who(seeded: Seeded, name: str) -> User:
    return users.sign_in(seeded.workspace, name, PASSWORD)[0]


def state(seeded: Seeded, name: str) -> ReadState:
    """The read he is at, as the database has it."""
    return reading.open_read(seeded.workspace, who(seeded, name))


def saved(page: Page) -> None:
    expect(page.get_by_text("All answers saved")).to_be_visible()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def answer_by_keys(page: Page, call: str, grade: str, score: str) -> None:
    """Call, grade, score and Enter, and on to the next open site."""
    press(page, call, grade)
    expect(page.locator("[name=score]")).to_be_focused()
    page.keyboard.type(score)
    press(page, "Enter", "Enter")


def sign_by_keys(page: Page) -> None:
    expect(page.get_by_role("button", name="Submit read (S)")).to_be_enabled()
    page.keyboard.press("s")
    expect(page.get_by_label("Your password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")


def shown(page: Page) -> dict[str, Any]:
    described: dict[str, Any] = page.locator(".lss-viewer").first.evaluate("root => root.lss.describe()")
    return described


def test_a_sequential_read_by_keys_alone_shows_the_model_after_the_first_signature(
    come: Come, seeded: Seeded
) -> None:
    page = come("sequential")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    first = state(seeded, "sequential")
    page.keyboard.press("ArrowDown")
    for _ in ASKED:
        answer_by_keys(page, "a", "1", "20")
    expect(page.get_by_text("5 of 5 sites answered")).to_be_visible()
    press(page, "q", "4")
    sign_by_keys(page)
    expect(page.get_by_text("Second answers: the model is shown")).to_be_visible()
    assert any(url.endswith("/model") for url in sent)
    assert not any(f"/sittings/{first.read_id}/model" in url for url in sent)
    expect(page.get_by_text("0 of 5 sites answered")).to_be_visible()
    assert page.locator(".cell.given").count() == 0
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text("Your first answer: 1 Mild")).to_be_visible()
    expect(page.locator(".beside", has_text="Model:")).to_be_visible()
    answer_by_keys(page, "p", "3", "90")
    page.keyboard.press("k")
    expect(page.get_by_text("2 of 5 sites answered")).to_be_visible()
    saved(page)
    page.keyboard.press("r")
    expect(page.get_by_text("Keep your first answers at 3 remaining sites?")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("5 of 5 sites answered")).to_be_visible()
    press(page, "q", "4")
    sign_by_keys(page)
    expect(page.get_by_text("1 of 2 cases submitted")).to_be_visible()
    expect(page.get_by_text("First without the model.")).to_be_visible()
    with seeded.workspace.store.read() as tx:
        rows = tx.execute(
            sa.select(t.ratings.c.origin, t.ratings.c.grade)
            .join(t.reads, t.reads.c.id == t.ratings.c.read_id)
            .where(t.reads.c.stage == 2)
            .order_by(t.ratings.c.id)
        ).all()
    assert [row.origin for row in rows][-3:] == ["remaining"] * 3
    assert {row.grade for row in rows} == {1, 3}


def test_a_grade_that_contradicts_the_call_cannot_be_given(come: Come, seeded: Seeded) -> None:
    page = come("aided")
    cell = page.locator(f'[data-site="{CENTRAL.key}"]')
    cell.click()
    expect(cell).to_contain_text("M ")
    page.keyboard.press("2")  # the call comes first
    expect(page.get_by_text("0 of 5 sites answered")).to_be_visible()
    page.keyboard.press("p")
    expect(page.locator("[data-grade='1']")).to_be_disabled()
    press(page, "1", "2")
    page.keyboard.type("30")  # not with 'present'
    page.keyboard.press("Enter")
    expect(page.locator("[name=score]")).to_be_focused()
    page.locator("[name=score]").fill("80")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 5 sites answered")).to_be_visible()
    press(page, "m")
    page.keyboard.type("a, p and 2 are letters here")
    page.keyboard.press("Escape")
    page.locator('[data-site="foraminal:L4_L5:left"]').click()
    saved(page)
    given = Answer(
        site=CENTRAL, grade=Grade.MODERATE, positive=True, score=80, note="a, p and 2 are letters here"
    )
    assert state(seeded, "aided").answers[CENTRAL.key] == given
    page.reload()
    expect(cell).to_have_accessible_name("L4-L5 central canal: 2 Moderate; model 3 Severe")


def test_after_practice_the_reference_stands_beside_the_answers(come: Come, seeded: Seeded) -> None:
    page = come("practice")
    expect(page.get_by_text("Practice: it is not analysed")).to_be_visible()
    page.keyboard.press("ArrowDown")
    answer_by_keys(page, "p", "2", "70")
    for _ in ASKED[1:]:
        answer_by_keys(page, "a", "0", "5")
    page.locator("[data-quality='5']").click()
    assert "R 2" not in page.locator(".sites").inner_text()
    sign_by_keys(page)
    expect(page.get_by_text("Signed by practice,")).to_be_visible()
    expect(page.locator(".cell.given").first).to_contain_text("= R 2")
    expect(page.locator(".cell.given").last).to_contain_text("≠ R 2")
    page.get_by_role("button", name="Next case").click()
    expect(page.get_by_text("0 of 5 sites answered")).to_be_visible()


def test_the_second_tab_is_told_and_takes_over_only_when_asked_to(come: Come, seeded: Seeded) -> None:
    one = come("tabs")
    cell = f'[data-site="{CENTRAL.key}"]'
    one.locator(cell).click()
    press(one, "p", "3")
    saved(one)
    two = come("tabs", context=one.context)
    expect(two.get_by_text("This read is open in another window")).to_be_visible()
    two.locator(cell).click()
    press(two, "a", "0")
    assert state(seeded, "tabs").answers[CENTRAL.key].grade is Grade.SEVERE
    two.get_by_role("button", name="Answer here instead").click()
    expect(two.get_by_text("This read is open in another window")).to_have_count(0)
    expect(one.get_by_text("This read is open in another window")).to_be_visible()
    two.locator(cell).click()
    press(two, "a", "0")
    saved(two)
    assert state(seeded, "tabs").answers[CENTRAL.key].grade is Grade.NONE
    one.locator(cell).click()
    press(one, "p", "2")
    assert state(seeded, "tabs").answers[CENTRAL.key].grade is Grade.NONE
    two.close(run_before_unload=False)
    one.get_by_role("button", name="Answer here instead").click()
    expect(one.locator(cell)).to_have_accessible_name("L4-L5 central canal: 0 None")  # what the other gave


def test_what_was_not_sent_when_the_tab_was_closed_is_sent_by_the_next(come: Come, seeded: Seeded) -> None:
    page = come("offline")
    page.context.route("**/answers/**", lambda route: route.abort())
    page.locator(f'[data-site="{CENTRAL.key}"]').click()
    press(page, "p", "3")
    expect(page.get_by_text("No connection: 1 answer is kept here and tried again.")).to_be_visible()
    context = page.context
    page.close()
    context.unroute("**/answers/**")
    assert state(seeded, "offline").answers == {}
    again = come("offline", context=context)
    expect(again.locator(f'[data-site="{CENTRAL.key}"]')).to_contain_text("3")
    saved(again)
    assert state(seeded, "offline").answers[CENTRAL.key].grade is Grade.SEVERE


def test_the_image_quality_is_kept_and_tried_again_like_an_answer(come: Come, seeded: Seeded) -> None:
    page = come("quality")
    page.context.route("**/note", lambda route: route.abort())
    page.locator("[data-quality='4']").click()
    expect(page.get_by_text("No connection: 1 answer is kept here and tried again.")).to_be_visible()
    page.reload()
    expect(page.locator("[data-quality='4']")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_text("1 answer is kept here")).to_be_visible()
    assert state(seeded, "quality").note.image_quality is None
    page.context.unroute("**/note")
    saved(page)
    assert state(seeded, "quality").note.image_quality == 4


def test_an_answer_is_kept_while_somebody_else_is_signed_in_in_the_same_browser(
    come: Come, seeded: Seeded
) -> None:
    page = come("quality")
    context = page.context
    own = next(one for one in context.cookies() if one["name"] == COOKIE)
    _, other = users.sign_in(seeded.workspace, "home", PASSWORD)
    context.add_cookies([{"name": COOKIE, "value": other, "url": page.url}])
    page.locator(f'[data-site="{CENTRAL.key}"]').click()
    press(page, "p", "3")
    expect(
        page.get_by_text("Who is signed in now may not answer here: 1 answer is kept here")
    ).to_be_visible()
    assert state(seeded, "quality").answers == {}
    context.add_cookies([{"name": COOKIE, "value": own["value"], "url": page.url}])
    saved(page)
    assert state(seeded, "quality").answers[CENTRAL.key].grade is Grade.SEVERE


def test_a_case_is_named_by_its_place_and_not_by_an_id_that_is_known_again(
    come: Come, seeded: Seeded
) -> None:
    page = come("quality")
    expect(page.get_by_text("reading session 1, case 1")).to_be_visible()
    for case_id in seeded.case_ids:
        expect(page.get_by_text(case_id)).to_have_count(0)


def test_an_old_answer_is_not_laid_over_a_newer_one_from_elsewhere(come: Come, seeded: Seeded) -> None:
    page = come("offline")
    saved(page)
    page.context.route("**/answers/**", lambda route: route.abort())
    page.locator(f'[data-site="{CENTRAL.key}"]').click()
    press(page, "p", "2")
    expect(page.get_by_text("1 answer is kept here")).to_be_visible()
    read = state(seeded, "offline")
    newer = Answer(site=CENTRAL, grade=Grade.NONE, positive=False)
    reading.record_answer(
        seeded.workspace, who(seeded, "offline"), read.read_id, newer, idempotency_key="elsewhere"
    )
    page.context.unroute("**/answers/**")
    expect(page.get_by_text("was answered in another window meanwhile", exact=False)).to_be_visible()
    expect(page.locator(f'[data-site="{CENTRAL.key}"]')).to_have_accessible_name(
        "L4-L5 central canal: 0 None"
    )
    assert state(seeded, "offline").answers[CENTRAL.key].grade is Grade.NONE


def test_a_key_that_is_changed_is_kept_on_the_server(come: Come, seeded: Seeded) -> None:
    page = come("keys")
    page.locator(f'[data-site="{CENTRAL.key}"]').click()
    page.keyboard.press("?")
    page.locator("[data-action=present]").click()
    expect(page.locator("[data-action=present]")).to_have_text("Press a key")
    page.keyboard.press("2")
    expect(page.get_by_text("This key is taken: grade 2.")).to_be_visible()
    with page.expect_response("**/preferences"):
        page.keyboard.press("y")
        expect(page.locator("[data-action=present]")).to_have_text("Y")
        page.keyboard.press("Escape")
    assert preferences_of(seeded.workspace, who(seeded, "keys"))["keys"] == {"present": "y"}
    page.reload()
    page.locator(f'[data-site="{CENTRAL.key}"]').click()
    press(page, "p", "2")  # no longer
    expect(page.get_by_text("0 of 5 sites answered")).to_be_visible()
    press(page, "y", "2")
    saved(page)
    assert state(seeded, "keys").answers[CENTRAL.key].positive is True
    page.keyboard.press("Escape")  # out of the score's field
    with page.expect_response("**/preferences"):
        page.keyboard.press("Shift+Digit3")
    assert preferences_of(seeded.workspace, who(seeded, "keys"))["windows"] != {}


def test_everything_is_on_a_screen_of_1280_by_800(come: Come) -> None:
    page = come("keys")
    page.locator(f'[data-site="{CENTRAL.key}"]').click()
    for part in (".sites", ".grades", "[name=comment]", "[data-act=submit]", "[data-act=remaining]"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= 1280
        assert box["y"] + box["height"] <= 800
    assert page.locator("[data-role=axial_t2] canvas").bounding_box()["height"] > 250  # type: ignore[index]


def test_second_answers_are_on_that_screen_in_russian_too(come: Come, seeded: Seeded) -> None:
    """The fullest page there is: call, score, first answers, the model, image quality."""
    user, first = who(seeded, "russian"), state(seeded, "russian")
    accounts.choose_language(seeded.workspace, user, Language.RUSSIAN)
    for site in ASKED:
        given = Answer(site=site, grade=Grade.SEVERE, positive=True, score=80)
        reading.record_answer(seeded.workspace, user, first.read_id, given, idempotency_key=site.key)
    note = reading.ReadNote(image_quality=4)
    reading.record_note(seeded.workspace, user, first.read_id, note, idempotency_key="note")
    signing.sign_read(seeded.workspace, user, first.read_id, PASSWORD)
    page = come("russian")
    page.locator(f'[data-site="{CENTRAL.key}"]').click()
    press(page, "p", "3")
    page.keyboard.type("70")
    press(page, "Enter")
    expect(page.get_by_text("Все ответы сохранены")).to_be_visible()
    for part in (".sites", ".box.answer", "[data-quality='5']", "[data-act=remaining]", ".check"):
        box = page.locator(part).bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 1250, part  # within the box, whose edge is at 1260
        assert box["y"] + box["height"] <= 800, part
    expect(page.get_by_text("нет согласия")).to_have_count(0)  # a kappa is poor in other words than an image
    expect(page.locator("[data-quality='2']")).to_contain_text("плохое")


def test_the_pictures_move_to_a_window_of_their_own_and_come_back(come: Come, seeded: Seeded) -> None:
    page = come("screens")
    page.locator(f'[data-site="{CENTRAL.key}"]').click()
    with page.context.expect_page() as opening:
        page.keyboard.press("w")
    pictures = opening.value
    expect(pictures.locator("canvas")).to_have_count(3)
    expect(page.locator(".viewport")).to_have_count(0)
    pictures.bring_to_front()
    pictures.locator("[data-role=axial_t2] canvas").hover()
    pictures.keyboard.press("PageDown")
    press(pictures, "p", "3")
    saved(page)
    assert state(seeded, "screens").answers[CENTRAL.key].grade is Grade.SEVERE
    pictures.close(run_before_unload=True)
    expect(page.locator(".viewport canvas")).to_have_count(3)


def test_the_grid_takes_the_pictures_to_the_level_and_the_side(come: Come) -> None:
    """The lower of the two blocks is taken for L5-S1, the upper for L4-L5; foramina lie 18 mm aside."""
    page = come("levels")
    places = "root => root.lss.viewports.map(one => one.plane.origin)"
    viewer = page.locator(".lss-viewer")
    for side, x in (("left", 20), ("right", -20)):
        page.locator(f'[data-site="foraminal:L4_L5:{side}"]').click()
        origins = viewer.evaluate(places)
        assert [origin[0] for origin in origins[:2]] == [x, x]  # slices are 10 mm apart
        assert shown(page)["focused"] == "sagittal_t1"
    page.locator(f'[data-site="{CENTRAL.key}"]').click()
    assert shown(page)["focused"] == "axial_t2"
    assert shown(page)["viewports"][2]["slice"] in (1, 2)  # the upper block's middle
    expect(page.get_by_text("at a place estimated from the slices")).to_be_visible()
    canvas = page.locator("[data-role=sagittal_t2] canvas")
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.75)
    page.keyboard.press("l")
    expect(page.get_by_text("at the disc that you marked")).to_be_visible()
    assert shown(page)["viewports"][2]["slice"] in range(4, 8)  # the lower block
    page.reload()
    page.wait_for_function("performance.getEntriesByName('lss-first-image').length > 0")
    page.locator(f'[data-site="{CENTRAL.key}"]').click()
    expect(page.get_by_text("at the disc that you marked")).to_be_visible()


def test_time_is_kept_by_site_active_and_idle_apart(come: Come, seeded: Seeded) -> None:
    page = come("time")
    turn = """(root, ms) => { const { clock } = root.lss.grid.sitting;
        root.lss.testTime = (root.lss.testTime ?? clock.last) + ms; clock.now = () => root.lss.testTime; }"""
    viewer = page.locator(".lss-viewer")
    viewer.evaluate(turn, 0)
    page.locator(f'[data-site="{CENTRAL.key}"]').click()
    viewer.evaluate(turn, 5_000)
    page.keyboard.press("p")  # active for 5 s
    viewer.evaluate(turn, 100_000)  # 30 s of it active, the rest idle
    press(page, "2")
    with page.expect_response("**/spans"):
        page.locator('[data-site="foraminal:L4_L5:left"]').click()
        viewer.evaluate("root => root.lss.grid.sitting.clock.send()")
    read = state(seeded, "time")
    with seeded.workspace.store.read() as tx:
        rows = tx.execute(sa.select(t.read_spans).where(t.read_spans.c.read_id == read.read_id)).all()
    at_site = [row for row in rows if row.site == CENTRAL.key]
    assert sum(row.active_ms for row in at_site) == pytest.approx(35_000, abs=50)
    assert sum(row.idle_ms for row in at_site) == pytest.approx(70_000, abs=50)


def test_home_leads_on_to_the_case_that_is_due(come: Come, seeded: Seeded) -> None:
    given = Answer(site=CENTRAL, grade=Grade.SEVERE, positive=True)
    read = state(seeded, "home")
    reading.record_answer(seeded.workspace, who(seeded, "home"), read.read_id, given, idempotency_key="1")
    page = come("home", "/")
    expect(page.get_by_role("heading", name="My reading")).to_be_visible()
    expect(page.get_by_text("0 of 2 submitted")).to_be_visible()
    page.get_by_role("button", name="Go on reading").click()
    expect(page.locator(f'[data-site="{CENTRAL.key}"]')).to_contain_text("3")
