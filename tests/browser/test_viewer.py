"""The viewer in a real browser, over the real routes and store."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from benchmarks.running import serve
from benchmarks.studies import PASSWORD, Seeded, seed
from lss_core.domain import Grade, NotGradable, SeriesRole
from lss_core.imaging.volume import Volume
from lss_core.store import tables as t
from lss_core.ui.asking import COOKIE
from lss_core.usecases import reading, runs, users
from lss_core.usecases.users import OPERATOR
from tests.browser.viewer_case import BALL_MM, GRADED_SITE, findings, masks, study

pytestmark = pytest.mark.browser

T1, T2, AXIAL = SeriesRole.SAGITTAL_T1, SeriesRole.SAGITTAL_T2, SeriesRole.AXIAL_T2

YELLOW = (255, 211, 77)  # the line of the viewport that has the keyboard

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Two whole cases, the first with a model run, one without a sagittal T1, one of another kind."""
    volumes = study()
    other = {SeriesRole.OTHER: volumes[T1]}
    half = {role: volume for role, volume in volumes.items() if role is not T1}
    made = seed(tmp_path_factory.mktemp("data"), [volumes, volumes, half, other])
    run = runs.start_run(made.workspace, OPERATOR, made.case_ids[0], bundle="test")
    runs.save_run(made.workspace, OPERATOR, run, findings(), masks(volumes))
    return made


@pytest.fixture(scope="module")
def address(seeded: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    script = Path(__file__).with_name("viewer_page.py")
    with serve(script, seeded.environment, tmp_path_factory.mktemp("log") / "log") as running:
        yield running


@pytest.fixture
def open_page(browser: Browser, address: str, seeded: Seeded) -> Iterator[Open]:
    """Opens the page as a role with a case (by its place) and waits until the images are there."""
    contexts = []

    def run(mode: str = "look", *, role: str = "coordinator", case: int = 0, complete: bool = True) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        contexts.append(context)
        token = {"reader": seeded.reader_token, "coordinator": seeded.coordinator_token, "": ""}[role]
        context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        page = context.new_page()
        names = seeded.case_ids
        page.goto(f"{address}/?mode={mode}&case={names[case]}&next={names[(case + 1) % len(names)]}")
        if complete:
            page.wait_for_function("performance.getEntriesByName('lss-complete').length > 0")
            settle(page)
        return page

    yield run
    for context in contexts:
        context.close()
    with seeded.workspace.store.write() as tx:  # a browser that is closed so says no goodbye
        tx.execute(sa.delete(t.read_pens))


def settle(page: Page) -> None:
    """Until what was asked for has been drawn: two frames."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def describe(page: Page) -> dict[str, Any]:
    settle(page)
    described: dict[str, Any] = page.locator(".lss-viewer").evaluate("root => root.lss.describe()")
    return described


def viewport(page: Page, role: SeriesRole) -> dict[str, Any]:
    return next(one for one in describe(page)["viewports"] if one["role"] == role.value)


def go_to(page: Page, point: tuple[float, float, float], *, mark: bool = False) -> None:
    order = {"point_mm": point, "mark": mark}
    page.locator(".lss-viewer").evaluate("(root, order) => root.lss.goTo(order)", order)
    settle(page)


def on_canvas(page: Page, role: SeriesRole, point: tuple[float, float, float]) -> tuple[float, float]:
    """Where a patient point is drawn, by the view that the viewport reports."""
    view = viewport(page, role)["view"]
    size = page.locator(f"[data-role={role.value}] canvas").evaluate("c => [c.width, c.height]")
    away = np.array(point) - view["centre"]
    return (
        size[0] / 2 + view["scale"] * float(away @ view["right"]),
        size[1] / 2 + view["scale"] * float(away @ view["down"]),
    )


def colours(page: Page, role: SeriesRole, at: tuple[float, float], reach: int = 1) -> list[tuple[int, ...]]:
    """The colours of the canvas in a small square."""
    script = """(canvas, [x, y, reach]) => [...canvas.getContext("2d")
        .getImageData(Math.round(x) - reach, Math.round(y) - reach, 2 * reach + 1, 2 * reach + 1).data]"""
    canvas = page.locator(f"[data-role={role.value}] canvas")
    flat = canvas.evaluate(script, [at[0], at[1], reach])
    return [tuple(flat[i : i + 3]) for i in range(0, len(flat), 4)]


def letters(page: Page, role: SeriesRole) -> list[str]:
    places = ("left", "right", "top", "bottom")
    return [page.locator(f"[data-role={role.value}] .label.{place}").inner_text() for place in places]


def looks_like(colour: tuple[int, ...], wanted: tuple[int, ...], tolerance: int = 40) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(colour, wanted, strict=True))


def test_every_series_is_the_right_way_up_however_it_was_stored(open_page: Open) -> None:
    page = open_page()
    go_to(page, BALL_MM)
    assert letters(page, T1) == letters(page, T2) == ["A", "P", "H", "F"]
    # the first block is tilted by 15 degrees, less than the 20 from which a second letter shows
    assert letters(page, AXIAL) == ["R", "L", "A", "P"]
    page.keyboard.press("i")
    for role in (T1, T2, AXIAL):
        size = page.locator(f"[data-role={role.value}] canvas").evaluate("c => [c.width, c.height]")
        x, y = on_canvas(page, role, BALL_MM)
        right_of_centre = role is AXIAL  # the ball is to the patient's left and in front
        assert (x > size[0] / 2) == right_of_centre
        assert min(colours(page, role, (x, y)))[0] > 200
        assert max(colours(page, role, (size[0] - x, y)))[0] < 60
        if role is not AXIAL:
            assert y < size[1] / 2


def test_a_tilt_of_twenty_degrees_shows_in_the_letters(open_page: Open) -> None:
    page = open_page()
    go_to(page, (0.0, 0.0, -40.0))
    assert letters(page, AXIAL) == ["R", "L", "AH", "PF"]
    assert "block 2 of 2" in page.locator(f"[data-role={AXIAL.value}] .place").inner_text()


@pytest.mark.parametrize("height_mm", [24.0, -40.0])
def test_a_line_lies_where_the_planes_meet(open_page: Open, height_mm: float) -> None:
    """On sagittal x = X the axial plane through p with normal n runs through z = pz - ny (y - py) / nz."""
    page = open_page()
    go_to(page, (0.0, 0.0, height_mm))
    page.locator(f"[data-role={AXIAL.value}] canvas").hover()
    page.keyboard.press("v")
    page.keyboard.press("v")
    axial = viewport(page, AXIAL)["view"]["plane"]
    normal, origin = np.array(axial["normal"]), np.array(axial["origin"])
    for role in (T1, T2):
        x = viewport(page, role)["view"]["plane"]["origin"][0]
        for y in (-60.0, 10.0, 60.0):
            z = origin[2] - (normal[0] * (x - origin[0]) + normal[1] * (y - origin[1])) / normal[2]
            found = colours(page, role, on_canvas(page, role, (x, y, float(z))))
            assert any(looks_like(colour, YELLOW) for colour in found)
    page.keyboard.press("i")
    found = colours(page, T1, on_canvas(page, T1, (x, 10.0, float(z))), reach=3)
    assert not any(looks_like(colour, YELLOW) for colour in found)


def test_the_sagittal_slice_is_a_line_on_the_axial_picture(open_page: Open) -> None:
    page = open_page()
    go_to(page, (20.0, 0.0, 24.0))
    for y in (-50.0, 40.0):
        found = colours(page, AXIAL, on_canvas(page, AXIAL, (20.0, y, 24.0 + y * np.tan(np.radians(15)))))
        assert any(looks_like(colour, YELLOW) for colour in found)


def test_a_change_of_slice_asks_the_server_nothing_and_the_sagittals_go_together(open_page: Open) -> None:
    page = open_page()
    page.wait_for_load_state("networkidle")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    before = viewport(page, T1)["slice"]
    page.locator(f"[data-role={T1.value}] canvas").hover()
    for _ in range(3):
        page.mouse.wheel(0, 120)
    assert viewport(page, T1)["slice"] == before + 3
    assert viewport(page, T2)["slice"] == before + 3
    page.keyboard.press("PageUp")
    assert viewport(page, T1)["slice"] == before + 2
    assert requests == []


def test_a_click_marks_the_point_and_the_others_go_there(open_page: Open) -> None:
    page = open_page()
    go_to(page, BALL_MM)
    box = page.locator(f"[data-role={AXIAL.value}] canvas").bounding_box()
    assert box is not None
    axial = viewport(page, AXIAL)
    point = [-30.0, 10.0, 0.0]
    plane = axial["view"]["plane"]
    point[2] = plane["origin"][2] - plane["normal"][1] * (point[1] - plane["origin"][1]) / plane["normal"][2]
    x, y = on_canvas(page, AXIAL, (point[0], point[1], point[2]))
    page.mouse.click(box["x"] + x, box["y"] + y)
    mark = describe(page)["mark"]
    assert mark == pytest.approx(point, abs=1.0)  # a screen pixel is about 0.5 mm here
    assert viewport(page, T1)["view"]["plane"]["origin"][0] == -30.0
    reported = page.get_by_text(re.compile(r"mark=\[")).inner_text()
    said = json.loads(re.findall(r"mark=(\[.*?\])", reported)[0])
    assert said == pytest.approx(mark, abs=0.01)


def test_zoom_keeps_the_point_under_the_mouse_and_home_resets(open_page: Open) -> None:
    page = open_page()
    canvas = page.locator(f"[data-role={AXIAL.value}] canvas")
    box = canvas.bounding_box()
    assert box is not None
    mouse = (round(box["x"] + box["width"] * 0.7), round(box["y"] + box["height"] * 0.6))
    at = (mouse[0] - box["x"], mouse[1] - box["y"])
    page.mouse.move(*mouse)
    to_patient = "(root, [x, y]) => root.lss.viewports[2].toPatient(x, y)"
    before = page.locator(".lss-viewer").evaluate(to_patient, at)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    zoomed = viewport(page, AXIAL)
    assert zoomed["scale"] > zoomed["view"]["fit"] * 1.4
    assert page.locator(".lss-viewer").evaluate(to_patient, at) == pytest.approx(before, abs=0.01)
    page.keyboard.press("Home")
    assert viewport(page, AXIAL)["scale"] is None


def test_a_right_drag_sets_the_window_and_a_preset_brings_it_back(open_page: Open) -> None:
    page = open_page()
    label = page.locator(f"[data-role={T2.value}] .window")
    stored = label.inner_text()
    page.locator(f"[data-role={T2.value}] canvas").hover()
    page.mouse.down(button="right")
    page.mouse.move(700, 400, steps=4)
    page.mouse.up(button="right")
    settle(page)
    assert label.inner_text() != stored
    page.keyboard.press("Shift+Digit1")
    settle(page)
    assert label.inner_text() == stored


def test_keys_stay_in_the_viewer_and_a_question_mark_shows_them_all(open_page: Open) -> None:
    page = open_page()
    page.locator(f"[data-role={T1.value}] canvas").click()
    expect(page.get_by_text("runs=2")).to_be_visible()  # the mark was reported
    for key in ("c", "r", "v"):
        page.keyboard.press(key)
    page.keyboard.press("?")
    expect(page.get_by_text("previous, next slice").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("previous, next slice").first).to_be_hidden()
    expect(page.get_by_text("runs=2")).to_be_visible()
    assert page.get_by_role("dialog").count() == 0


def test_a_rerun_leaves_the_view_alone(open_page: Open) -> None:
    page = open_page()
    page.locator(f"[data-role={T1.value}] canvas").hover()
    page.mouse.wheel(0, 120)
    page.keyboard.press("+")
    before = describe(page)["viewports"]
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_text("runs=2")).to_be_visible()
    assert describe(page)["viewports"] == before


def test_the_next_case_is_there_before_it_is_asked_for(open_page: Open, seeded: Seeded) -> None:
    page = open_page()
    page.wait_for_load_state("networkidle")
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text(f"case={seeded.case_ids[1]}")).to_be_visible()
    page.wait_for_function(
        "id => performance.getEntriesByName('lss-first-image').some(mark => mark.detail === id)",
        arg=seeded.case_ids[1],
    )
    assert describe(page)["case_id"] == seeded.case_ids[1]
    assert not [url for url in requests if seeded.case_ids[1] in url and "/pixels/" in url]


def test_a_missing_series_is_named(open_page: Open) -> None:
    page = open_page(case=2)
    expect(page.get_by_text("No sagittal T1 in this case")).to_be_visible()
    assert viewport(page, AXIAL)["slice"] == 4


def test_a_series_of_another_kind_is_chosen_from_a_list_in_which_nothing_is_chosen(open_page: Open) -> None:
    page = open_page(case=3)
    choice = page.get_by_label("Series in sagittal T2")
    expect(choice).to_have_value("")
    assert choice.locator("option").all_inner_texts() == ["Choose a series", "Other, sagittal, 9 slices"]
    choice.select_option(label="Other, sagittal, 9 slices")
    assert viewport(page, T2)["series"] is not None
    assert page.locator(f"[data-role={T2.value}] .label.name").inner_text() == "Other"
    assert choice.locator("option").all_inner_texts() == ["Other, sagittal, 9 slices"]
    assert viewport(page, T1)["series"] is None


def test_somebody_signed_out_is_told_so(open_page: Open) -> None:
    page = open_page(role="", complete=False)
    expect(page.get_by_text("You are signed out. Sign in again to see the images.").first).to_be_visible()


# Read


def answers(seeded: Seeded, case: int) -> dict[str, Any]:
    """What the database has of the reader's answers."""
    reader = users.user_of(seeded.workspace, seeded.reader_token)
    assert reader is not None
    return dict(reading.open_read(seeded.workspace, reader, seeded.case_ids[case]).answers)


def test_a_reader_grades_by_keys_and_finds_it_again_after_a_refresh(open_page: Open, seeded: Seeded) -> None:
    page = open_page("read", role="reader")
    assert page.locator(".cell.given").count() == 0
    assert page.locator(".grade[aria-pressed=true]").count() == 0
    page.locator('[data-site="foraminal:L1_L2:right"]').click()
    for key in ("2", "ArrowRight", "n", "1", "ArrowRight", "0", "3"):
        page.keyboard.press(key)
    expect(page.get_by_text("All answers saved")).to_be_visible()
    expect(page.get_by_text("3 of 25 sites answered")).to_be_visible()
    given = answers(seeded, 0)
    assert given["foraminal:L1_L2:right"].grade is Grade.MODERATE
    assert given["lateral_recess:L1_L2:right"].not_gradable is NotGradable.POOR_QUALITY
    assert given["central:L1_L2"].grade is Grade.SEVERE
    expect(page.get_by_text("runs=1")).to_be_visible()
    page.reload()
    expect(page.locator('[data-site="central:L1_L2"]')).to_have_accessible_name(
        "L1-L2 central canal: 3 Severe"
    )
    assert page.locator(".cell.given").count() == 3


def test_columns_run_from_the_patients_right_to_his_left(open_page: Open) -> None:
    page = open_page("read", role="reader")
    row = page.locator(".sites tbody tr").first.locator("button")
    keys = [row.nth(n).get_attribute("data-site") for n in range(5)]
    assert keys == [
        "foraminal:L1_L2:right",
        "lateral_recess:L1_L2:right",
        "central:L1_L2",
        "lateral_recess:L1_L2:left",
        "foraminal:L1_L2:left",
    ]
    sides = page.locator(".side")
    assert [sides.nth(n).inner_text() for n in range(2)] == ["Patient's right", "Patient's left"]


def test_without_a_connection_answers_are_kept_and_sent_later(open_page: Open, seeded: Seeded) -> None:
    page = open_page("read", role="reader", case=1)
    page.context.set_offline(True)
    page.locator('[data-site="central:L2_L3"]').click()
    page.keyboard.press("1")
    page.keyboard.press("2")
    expect(page.get_by_text("No connection: 2 answers are kept here and tried again.")).to_be_visible()
    assert "central:L2_L3" not in answers(seeded, 1)
    page.context.set_offline(False)
    expect(page.get_by_text("All answers saved")).to_be_visible(timeout=20_000)
    assert answers(seeded, 1)["central:L2_L3"].grade is Grade.MODERATE


def test_an_answer_sent_twice_carries_the_same_key(open_page: Open) -> None:
    page = open_page("read", role="reader", case=1)
    keys: list[str] = []

    def fail_once(route: Any, request: Any) -> None:
        keys.append(request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fulfill(status=503)
        else:
            route.continue_()

    page.route("**/answers/**", fail_once)
    page.locator('[data-site="central:L3_L4"]').click()
    page.keyboard.press("1")
    expect(page.get_by_text("All answers saved")).to_be_visible(timeout=20_000)
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_answers_not_yet_sent_survive_a_refresh(open_page: Open, seeded: Seeded) -> None:
    page = open_page("read", role="reader", case=1)
    page.on("dialog", lambda dialog: dialog.accept())
    page.route("**/answers/**", lambda route: route.fulfill(status=503))
    page.locator('[data-site="central:L5_S1"]').click()
    page.keyboard.press("3")
    expect(page.get_by_text("1 answer is kept here")).to_be_visible()
    page.unroute("**/answers/**")
    page.reload()
    expect(page.get_by_text("All answers saved")).to_be_visible(timeout=20_000)
    assert answers(seeded, 1)["central:L5_S1"].grade is Grade.SEVERE


def test_a_refused_answer_is_taken_back_and_the_reason_shown(open_page: Open) -> None:
    page = open_page("read", role="reader", case=1)
    page.route("**/answers/**", lambda route: route.fulfill(status=409, body="The read is submitted."))
    page.locator('[data-site="foraminal:L5_S1:left"]').click()
    page.keyboard.press("3")
    expect(page.get_by_text("The read is submitted.")).to_be_visible()
    expect(page.locator('[data-site="foraminal:L5_S1:left"].given')).to_have_count(0)


def test_a_read_of_30_sites_has_t12_l1_above_and_looks_for_it_one_step_higher(open_page: Open) -> None:
    page = open_page("read&sites=all", role="reader")
    expect(page.locator(".cell")).to_have_count(30)
    expect(page.locator("table.sites tbody th")).to_have_text(
        ["T12-L1", "L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1"]
    )
    page.locator("[data-site='central:L1_L2']").click()
    page.keyboard.press("ArrowUp")
    assert describe(page)["selected"] == "central:T12_L1"
    viewer = page.locator(".lss-viewer")
    viewer.evaluate("root => root.lss.levels.set('L1_L2', [0, -4, 20])")
    found = viewer.evaluate("root => root.lss.placeOf('central:T12_L1')")
    assert found == {"point_mm": pytest.approx([0, -4, 56]), "marked": False}


def test_a_site_that_the_model_does_not_grade_is_looked_for_by_geometry_in_review(open_page: Open) -> None:
    page = open_page("review")
    assert page.locator("[data-site='central:T12_L1']").count() == 0
    before = viewport(page, AXIAL)["slice"]
    page.locator(".lss-viewer").evaluate("root => root.lss.obey({ seq: 9, site: 'central:T12_L1' })")
    assert (describe(page)["selected"], before) == (None, 4)
    assert viewport(page, AXIAL)["slice"] == 0


def test_a_read_can_be_submitted_when_all_25_sites_are_answered(open_page: Open, seeded: Seeded) -> None:
    page = open_page("read", role="reader", case=2)
    submit = page.get_by_role("button", name="Submit read")
    expect(submit).to_be_disabled()
    page.keyboard.press("ArrowDown")
    for _ in range(25):
        page.keyboard.press("1")
        page.keyboard.press("Enter")
    expect(page.get_by_text("25 of 25 sites answered")).to_be_visible()
    submit.click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_text(re.compile("submitted=(?!None)"))).to_be_visible()
    assert len(answers(seeded, 2)) == 25


def test_a_read_is_submitted_by_keys_alone(open_page: Open, seeded: Seeded) -> None:
    page = open_page("read", role="reader", case=3, complete=False)
    expect(page.get_by_text("0 of 25 sites answered")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("s")  # not before every site has an answer
    expect(page.get_by_text("Sign to submit this read")).to_have_count(0)
    for _ in range(25):
        page.keyboard.press("1")
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Submit read (S)")).to_be_enabled()
    page.keyboard.press("s")
    confirm = page.get_by_label("Your password")
    expect(confirm).to_be_focused()
    page.keyboard.press("Escape")
    expect(confirm).to_have_count(0)
    page.keyboard.press("s")
    expect(confirm).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("submitted=(?!None)"))).to_be_visible()
    assert len(answers(seeded, 3)) == 25


def test_a_reader_is_sent_no_masks_and_no_findings(open_page: Open) -> None:
    requests: list[str] = []
    page = open_page("read", role="reader", complete=False)
    page.on("request", lambda request: requests.append(request.url))
    page.wait_for_function("performance.getEntriesByName('lss-complete').length > 0")
    page.wait_for_load_state("networkidle")
    assert not [url for url in requests if "masks" in url]
    assert page.locator(".legend").count() == 0
    data = page.locator(".lss-viewer").evaluate("root => root.lss.data")
    assert data["findings"] is None
    assert data["targets"] is None


# Review


def test_review_shows_the_models_grades_and_goes_to_the_chosen_site(open_page: Open) -> None:
    page = open_page("review")
    site = page.locator(f'[data-site="{GRADED_SITE.key}"]')
    number = [found.site for found in findings().sites].index(GRADED_SITE)
    shown = [str(number % 4), "80" if number % 4 >= 2 else "20", "%"]  # of grade 2 or 3
    assert site.inner_text().split() == shown
    site.click()
    expect(page.get_by_text(f"site={GRADED_SITE.key}")).to_be_visible()
    assert viewport(page, AXIAL)["slice"] == 2
    assert viewport(page, T1)["view"]["plane"]["origin"][0] == BALL_MM[0]
    assert describe(page)["mark"] == list(BALL_MM)
    assert describe(page)["focused"] == AXIAL.value
    page.keyboard.press("2")  # read only
    assert site.inner_text().split() == shown


def test_the_overlay_colours_a_structure_until_it_is_switched_off(open_page: Open) -> None:
    page = open_page("review")
    disc = page.locator(".chip", has_text="disc").first
    expect(disc).to_be_visible()
    page.keyboard.press("i")
    go_to(page, BALL_MM)

    def tint() -> int:
        red, _, blue = colours(page, T1, on_canvas(page, T1, BALL_MM))[4]
        return red - blue

    assert tint() > 40  # the disc's orange
    disc.click()
    settle(page)
    assert abs(tint()) < 10
    disc.click()
    page.keyboard.press("o")
    settle(page)
    assert abs(tint()) < 10


def test_the_legend_is_of_all_pictures_whichever_has_the_keyboard(open_page: Open) -> None:
    page = open_page("review")
    assert describe(page)["focused"] == T1.value
    legend = page.locator(".legend")
    for name in ("Sagittal", "vertebra", "Axial", "dural sac"):
        expect(legend.get_by_text(name, exact=True)).to_be_visible()
    page.keyboard.press(" ")  # the sagittal T1 alone
    expect(legend.get_by_text("dural sac")).to_have_count(0)
    expect(legend.get_by_text("vertebra")).to_be_visible()


def test_evidence_has_the_height_of_its_neighbour_and_the_grade_is_explained(open_page: Open) -> None:
    page = open_page("review")
    page.locator(f'[data-site="{GRADED_SITE.key}"]').click()
    expect(page.get_by_text("Grade: the middle of the four probabilities.")).to_be_visible()
    finding, evidence = (page.locator(".panel .box").nth(n).bounding_box() for n in range(2))
    assert finding is not None
    assert evidence is not None
    assert evidence["height"] == pytest.approx(finding["height"], abs=2)
    assert evidence["width"] > finding["width"]


def test_an_order_from_the_page_is_obeyed_once(open_page: Open) -> None:
    page = open_page("review")
    page.get_by_role("button", name="Order").click()
    expect(page.locator('[data-site="central:L4_L5"]')).to_have_attribute("aria-pressed", "true")
    page.locator('[data-site="central:L1_L2"]').click()
    expect(page.get_by_text("site=central:L1_L2")).to_be_visible()
    page.get_by_role("button", name="Again").click()
    expect(page.get_by_text("runs=4")).to_be_visible()
    assert describe(page)["selected"] == "central:L1_L2"


def test_geometry_in_the_browser_is_that_of_the_volumes(open_page: Open) -> None:
    """toPixel and toPatient of the script against Volume's, on the tilted axial series."""
    page = open_page()
    volume: Volume = study()[AXIAL]
    point = (13.0, -7.0, 20.0)
    (row, column), away = (part[0] for part in volume.to_pixel(1, np.array([point])))
    script = """root => { const one = root.lss.viewports[2]; one.slice = 1;
        const { plane, right, down } = one.view;
        return [plane.rows, plane.rowMm, plane.origin, right, down]; }"""
    rows, row_mm, origin, right, down = page.locator(".lss-viewer").evaluate(script)
    assert (rows, row_mm) == (96, 2.0)
    assert origin == pytest.approx(volume.positions_mm[1].tolist())
    assert right == pytest.approx((-volume.x_axes[1]).tolist())  # stored from the patient's left
    assert down == pytest.approx((-volume.y_axes[1]).tolist())
    found = np.array(origin) + row * row_mm * -np.array(down) + column * row_mm * -np.array(right)
    assert found + away * volume.normals[1] == pytest.approx(point)
