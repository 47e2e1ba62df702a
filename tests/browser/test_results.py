"""Results in a real browser: downloads of a figure and a table, and the way from a point to its case."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from benchmarks.running import ROOT, serve
from benchmarks.studies import PASSWORD, Seeded, seed
from lss_core.domain import SITES, Answer, Grade
from lss_core.usecases import reading, runs, users
from lss_core.usecases.cases import list_studies
from lss_core.usecases.reference import add_reference
from lss_core.usecases.users import OPERATOR
from tests.browser.viewer_case import findings, masks, study

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SLOW_MS = 60_000
CASES = 4


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Four cases with a model, a reader who errs at each central L4-L5, and a reference from outside."""
    volumes = study()
    made = seed(tmp_path_factory.mktemp("data"), [volumes] * CASES)
    reader = users.user_of(made.workspace, made.reader_token)
    assert reader is not None
    truth = {}
    for number, case_id in enumerate(made.case_ids):
        run = runs.start_run(made.workspace, OPERATOR, case_id, bundle="test")
        runs.save_run(made.workspace, OPERATOR, run, findings(), masks(volumes))
        truth[case_id] = {site: Grade((number + place) % 4) for place, site in enumerate(SITES)}
        read = reading.open_read(made.workspace, reader, case_id)
        for site, grade in truth[case_id].items():
            given = Grade(3 - grade) if site.key == "central:L4_L5" else grade
            answer = Answer(site=site, grade=given)
            reading.record_answer(made.workspace, reader, read.read_id, answer, idempotency_key=site.key)
    study_id = list_studies(made.workspace, OPERATOR)[0].id
    add_reference(made.workspace, OPERATOR, study_id, name="Surgery", grades=truth)
    return made


@pytest.fixture(scope="module")
def roc(browser: Browser, seeded: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The ROC view, signed in as the coordinator."""
    with serve(ROOT / "app.py", seeded.environment, tmp_path_factory.mktemp("log") / "log") as address:
        context = browser.new_context(viewport={"width": 1280, "height": 800}, accept_downloads=True)
        context.set_default_timeout(SLOW_MS)
        page = context.new_page()
        page.goto(f"{address}/results?view=roc")
        page.get_by_label("Name").fill("coordinator")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.locator(".js-plotly-plot .scatterlayer").first.wait_for()
        yield page
        context.close()


def saved(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as begun:
        page.get_by_role("button", name=button).click()
    path = folder / begun.value.suggested_filename
    begun.value.save_as(path)
    return path


def test_a_figure_downloads_as_svg_with_its_title_legend_and_what_it_rests_on(
    roc: Page, tmp_path: Path
) -> None:
    path = saved(roc, "Download SVG of ROC, central canal", tmp_path)
    assert path.name == "roc.svg"
    svg = ET.parse(path).getroot()
    text = " ".join(svg.itertext())
    for wanted in (
        "ROC, central canal",
        "Sensitivity",
        "Mean reader",
        "reference Surgery v1",
        "seed 20240607",
    ):
        assert wanted in text
    ground = next(node for node in svg if node.tag.endswith("rect"))
    assert ground.get("fill") == "rgb(14, 17, 22)"
    assert len(list(svg.iter("{http://www.w3.org/2000/svg}path"))) > 10


def test_the_png_has_three_times_the_size_of_the_svg_and_is_drawn(roc: Page, tmp_path: Path) -> None:
    svg = ET.parse(saved(roc, "Download SVG of ROC", tmp_path)).getroot()
    picture = Image.open(saved(roc, "Download PNG of ROC", tmp_path))
    size = [round(3 * float(svg.get(side, "0"))) for side in ("width", "height")]
    assert picture.size == pytest.approx(size, abs=1)
    assert picture.convert("RGB").getpixel((5, picture.height // 2)) == (14, 17, 22)
    assert len(picture.convert("RGB").getcolors(1 << 24)) > 50


def test_a_table_downloads_as_csv_in_full_precision(roc: Page, tmp_path: Path) -> None:
    with saved(roc, "Download CSV of Sensitivity", tmp_path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {"rater", "statistic", "value", "reference", "unit", "method", "data_sha256"} <= rows[0].keys()
    assert {row["reference"] for row in rows} == {"Surgery v1"}


def test_a_click_on_a_reader_s_point_leads_to_the_case_that_he_got_wrong(roc: Page, seeded: Seeded) -> None:
    # The last point drawn is the one reader's.
    roc.locator(".st-key-lss-figure-roc .scatterlayer .trace").last.locator(".point").click(force=True)
    picked = roc.locator(".st-key-lss-picked-roc")
    expect(picked.get_by_role("heading")).to_have_text(
        re.compile("reader and reference fall on different sides of grade 2: 4"), timeout=SLOW_MS
    )
    link = picked.get_by_role("link").first
    case_id = link.inner_text()
    assert case_id in seeded.case_ids
    link.click()
    expect(roc.get_by_role("heading", name="Review", exact=True)).to_be_visible(timeout=SLOW_MS)
    expect(roc.get_by_role("combobox", name="Case")).to_have_value(case_id)
    expect(roc.get_by_role("heading", name="L4-L5 central canal")).to_be_visible(timeout=SLOW_MS)
    roc.go_back()
    roc.wait_for_url("**/results*view=roc*")
    roc.locator(".js-plotly-plot .scatterlayer").first.wait_for()


def test_the_calibration_below_the_curves_downloads_as_picture_and_as_numbers(
    roc: Page, tmp_path: Path
) -> None:
    svg = ET.parse(saved(roc, "Download SVG of Reliability", tmp_path)).getroot()
    text = " ".join(svg.itertext())
    for wanted in ("Probability of grade 2 or 3", "reference Surgery v1", "Rao and Scott"):
        assert wanted in text
    with saved(roc, "Download CSV of Reliability", tmp_path).open(newline="") as file:
        bins = list(csv.DictReader(file))
    with saved(roc, "Download CSV of Coverage", tmp_path).open(newline="") as file:
        covered = {row["sites"]: int(row["n"]) for row in csv.DictReader(file)}
    assert sum(int(row["n"]) for row in bins) == covered["graded"] <= covered["all"] == CASES * 5
