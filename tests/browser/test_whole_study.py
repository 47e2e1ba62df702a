"""A whole small study in a real browser, from the protocol to the verified record, by the pages alone."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from benchmarks.running import ROOT, serve
from benchmarks.studies import PASSWORD, Seeded, seed
from lss_core.domain import Condition, Grade, Level, Role, Side, Site
from lss_core.errors import AccessError
from lss_core.store import audit, references
from lss_core.texts import moment
from lss_core.usecases import runs, users
from lss_core.usecases.cases import list_studies
from lss_core.usecases.due import home, reads_of
from lss_core.usecases.protocols import protocol_state
from lss_core.usecases.reading import ReadState, open_read
from lss_core.usecases.reference import Decision, list_references
from lss_core.usecases.users import OPERATOR, User
from tests.browser.conftest import Enter, choose_grade
from tests.browser.viewer_case import findings, study

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CENTRAL = Site(condition=Condition.CENTRAL, level=Level.L4_L5)
LEFT = Site(condition=Condition.FORAMINAL, level=Level.L4_L5, side=Side.LEFT)
RIGHT = Site(condition=Condition.FORAMINAL, level=Level.L4_L5, side=Side.RIGHT)
ASKED = (CENTRAL, LEFT, RIGHT)

GRADES = {
    "reader": {CENTRAL: Grade.MODERATE, LEFT: Grade.MILD, RIGHT: Grade.NONE},
    "anna": {CENTRAL: Grade.MODERATE, LEFT: Grade.MILD, RIGHT: Grade.MILD},
    "boris": {CENTRAL: Grade.MODERATE, LEFT: Grade.SEVERE, RIGHT: Grade.MODERATE},
}
"""What each reader sees in both cases: all agree at the first site, two at the second, none at the third."""

TOML = f"""
sites = {[site.key for site in ASKED]}
wash_out_days = 28
reference = "readers"
seed = 5

[[arms]]
name = "alone"
kind = "unaided"

[[arms]]
name = "with model"
kind = "aided"
"""

REASONS = {name: f"{name} leaves for a year" for name in GRADES}


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Two cases that the model has graded, three readers, a coordinator, an adjudicator."""
    made = seed(tmp_path_factory.mktemp("data"), [study()] * 2)
    for case_id in made.case_ids:
        run = runs.start_run(made.workspace, OPERATOR, case_id, bundle="test")
        runs.save_run(made.workspace, OPERATOR, run, findings(), {})
    others = [(name, Role.READER) for name in GRADES if name != "reader"]
    for name, role in (*others, ("adjudicator", Role.ADJUDICATOR)):
        users.add_user(made.workspace, OPERATOR, name=name, display_name=name, role=role, password=PASSWORD)
    return made


@pytest.fixture(scope="module")
def address(seeded: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(ROOT / "app.py", seeded.environment, tmp_path_factory.mktemp("log") / "log") as running:
        yield running


def who(seeded: Seeded, name: str) -> User:
    return users.sign_in(seeded.workspace, name, PASSWORD)[0]


def state(seeded: Seeded, name: str) -> ReadState:
    """The read he is at, as the database has it."""
    return open_read(seeded.workspace, who(seeded, name))


def orders(seeded: Seeded) -> list[tuple[tuple[int, str, str], ...]]:
    """Session, case and arm of each reader's reads, in his order."""
    own = [reads_of(seeded.workspace, who(seeded, name)) for name in GRADES]
    return [tuple((read.session, read.case_id, read.arm) for read in reads) for reads in own]


def go(page: Page, path: str, title: str) -> None:
    """On to another page of the same signed-in browser."""
    page.goto(re.sub(r"(https?://[^/]+).*", r"\1", page.url) + path)
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


def define_protocol(page: Page, seeded: Seeded, study_id: str) -> None:
    """The draft comes as a file; it is looked at and goes live."""
    page.get_by_role("tab", name="Versions").click()
    file = {"name": "protocol.toml", "mimeType": "application/toml", "buffer": TOML.encode()}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    expect(page.get_by_text("protocol.toml")).to_be_visible()
    page.get_by_role("button", name="Take it as the draft").click()
    expect(page.get_by_text("version 1 is a draft")).to_be_visible()
    page.get_by_role("tab", name="Going live").click()
    page.get_by_text("I have looked at it and lock it").click()
    page.get_by_role("button", name="Go live").click()
    expect(page.get_by_text("version 1 is live")).to_be_visible()
    live = protocol_state(seeded.workspace, OPERATOR, study_id).live
    assert live is not None
    assert set(live.protocol.sites) == set(ASKED)
    assert [arm.name for arm in live.protocol.arms] == ["alone", "with model"]


def wait_for_images(page: Page) -> None:
    expect(page.locator(".cell").first).to_be_visible()
    page.wait_for_function("performance.getEntriesByName('lss-first-image').length > 0")


def chosen(page: Page) -> str:
    """The site that has the keyboard."""
    return str(page.locator(".cell[aria-pressed=true]").get_attribute("data-site"))


def grade_by_keys(page: Page, name: str) -> None:
    """All sites from the first, never the mouse: a digit, and Enter on to the next open one."""
    page.keyboard.press("ArrowDown")
    for number in range(1, len(ASKED) + 1):
        expect(page.locator(".cell[aria-pressed=true]")).to_have_count(1)
        site = next(one for one in ASKED if one.key == chosen(page))
        page.keyboard.press(str(int(GRADES[name][site])))
        expect(page.get_by_text(f"{number} of 3 sites answered")).to_be_visible()
        page.keyboard.press("Enter")


def grade_by_mouse(page: Page, name: str, *sites: Site) -> None:
    for site in sites:
        page.locator(f'[data-site="{site.key}"]').click()
        page.locator(f"[data-grade='{int(GRADES[name][site])}']").click()


def sign(page: Page, submitted: int) -> None:
    """Sign by the keyboard what is answered, and be led on."""
    expect(page.get_by_text("3 of 3 sites answered")).to_be_visible()
    expect(page.get_by_text("All answers saved")).to_be_visible()
    expect(page.get_by_role("button", name="Submit read (S)")).to_be_enabled()
    page.keyboard.press("s")
    expect(page.get_by_label("Your password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"{submitted} of 4 cases submitted")).to_be_visible()


def at_new_case(page: Page, seeded: Seeded, name: str) -> None:
    """A case without an answer, with the model's grades beside the sites in the aided arm alone."""
    expect(page.get_by_text("0 of 3 sites answered")).to_be_visible()
    shown = len(ASKED) if state(seeded, name).plan.aided else 0
    expect(page.locator(".cell", has_text=re.compile(r"M \d"))).to_have_count(shown)


def lose_connection(page: Page, seeded: Seeded, name: str) -> None:
    """Two of three answers are given without a connection; they are kept and arrive when it is back."""
    grade_by_mouse(page, name, CENTRAL)
    expect(page.get_by_text("All answers saved")).to_be_visible()
    page.context.set_offline(True)
    grade_by_mouse(page, name, LEFT, RIGHT)
    expect(page.get_by_text("No connection: 2 answers are kept here and tried again.")).to_be_visible()
    assert set(state(seeded, name).answers) == {CENTRAL.key}
    page.context.set_offline(False)
    expect(page.get_by_text("All answers saved")).to_be_visible()
    assert set(state(seeded, name).answers) == {site.key for site in ASKED}


def refresh(page: Page, seeded: Seeded, name: str) -> None:
    """A refresh after the second of three answers loses none."""
    grade_by_mouse(page, name, CENTRAL, LEFT)
    expect(page.get_by_text("All answers saved")).to_be_visible()
    before = state(seeded, name)
    page.reload()
    wait_for_images(page)
    expect(page.get_by_text("2 of 3 sites answered")).to_be_visible()
    assert state(seeded, name) == before
    grade_by_mouse(page, name, RIGHT)


def read_session(page: Page, seeded: Seeded, name: str, session: int) -> None:
    """A reader's two cases of a session, each signed; what goes wrong does in the first of session 1."""
    first, second = 2 * session - 1, 2 * session
    go(page, "/", "My reading")
    page.get_by_role("button", name="Begin to read" if session == 1 else "Go on reading").press("Enter")
    wait_for_images(page)
    at_new_case(page, seeded, name)
    if name == "reader":
        grade_by_keys(page, name)
    elif session == 1:
        (lose_connection if name == "anna" else refresh)(page, seeded, name)
    else:
        grade_by_mouse(page, name, *ASKED)
    sign(page, first)
    at_new_case(page, seeded, name)
    grade_by_keys(page, name) if name == "reader" else grade_by_mouse(page, name, *ASKED)
    sign(page, second)


def is_refused(page: Page, seeded: Seeded, name: str) -> None:
    """Home says from when the second session is open, and neither it nor the address leads there."""
    user = who(seeded, name)
    standing = home(seeded.workspace, user)[0].sessions[1].standing
    assert standing is not None
    assert standing.opens_at is not None
    go(page, "/", "My reading")
    expect(page.get_by_text(f"opens on {moment(standing.opens_at)}: the wash-out")).to_be_visible()
    expect(page.get_by_text("Nothing is due now.")).to_be_visible()
    expect(page.get_by_role("button", name="Go on reading")).to_have_count(0)
    second = next(read for read in reads_of(seeded.workspace, user) if read.session == 2)
    go(page, f"/read?case={second.key}", "Read")
    expect(page.get_by_text("Nothing to read now")).to_be_visible()
    expect(page.get_by_text("until it is read, your answers stay closed")).to_be_visible()
    with pytest.raises(AccessError):
        open_read(seeded.workspace, user, second.key)
    assert not any(read.begun for read in reads_of(seeded.workspace, user) if read.session == 2)


def let_in(page: Page, name: str) -> None:
    """The coordinator opens a reader's second session early, with a reason."""
    go(page, "/protocol", "Protocol")
    page.get_by_role("tab", name="Sessions").click()
    page.get_by_role("combobox", name="Session").click()
    page.get_by_role("option", name=f"{name}, session 2").click()
    page.get_by_label("Reason, kept on record").fill(REASONS[name])
    page.get_by_role("button", name="Open it before its wash-out is over").click()
    row = page.get_by_role("row", name=re.compile(f"{name} 2 "))
    expect(row.get_by_role("cell", name="open, early")).to_be_visible()


def settle_ties(page: Page) -> None:
    expect(page.get_by_text("0 of 2 ties decided")).to_be_visible()
    for done in (1, 2):
        expect(page.get_by_role("heading", name=RIGHT.label)).to_be_visible()
        choose_grade(page, "1 mild")
        page.get_by_label("Why", exact=True).fill("fat is lost above and below")
        page.get_by_role("button", name="Decide").click()
        expect(page.get_by_text(f"{done} of 2 ties decided")).to_be_visible()


def freeze(page: Page, seeded: Seeded, study_id: str) -> None:
    """The majority becomes version 1 of the reference, with the adjudicator's word at both ties."""
    go(page, "/results", "Results")
    page.get_by_role("button", name="Freeze the majority").click()
    expect(page.get_by_role("button", name="Freeze the majority")).to_be_visible()
    expect(page.get_by_text("No results yet")).to_have_count(0)
    found = list_references(seeded.workspace, OPERATOR, study_id)
    assert [reference.version for reference in found] == [1]
    with seeded.workspace.store.read() as tx:
        grades = references.reference_grades(tx, found[0].id)
    said = {(grade.site, grade.grade, grade.decision) for grade in grades}
    assert said == {
        (CENTRAL, Grade.MODERATE, Decision.MAJORITY),
        (LEFT, Grade.MILD, Decision.MAJORITY),
        (RIGHT, Grade.MILD, Decision.ADJUDICATED),
    }
    assert len(grades) == 2 * len(ASKED)


def take_export(page: Page, study_id: str) -> None:
    """The long table holds each answer once, in its arm and session, beside the frozen reference."""
    go(page, "/record", "Record")
    with page.expect_download() as taken:
        page.locator(f'a[href="/export/{study_id}/ratings.csv"]').click()
    with taken.value.path().open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["arm"] in ("alone", "with model")]
    assert len(rows) == len(GRADES) * 2 * 2 * len(ASKED)
    assert len({(row["rater"], row["case"], row["arm"]) for row in rows}) == len(GRADES) * 2 * 2
    for row in rows:
        site = next(
            one for one in ASKED if (one.condition.value, one.side or "") == (row["condition"], row["side"])
        )
        assert row["grade"] == str(int(GRADES[row["rater"]][site]))
        assert row["submitted_at"]
        assert row["reference_grade"] == ("2" if site == CENTRAL else "1")


def verify_record(page: Page, seeded: Seeded) -> None:
    go(page, "/record", "Record")
    page.get_by_role("tab", name="Audit trail").click()
    page.get_by_role("button", name="Verify the audit trail").click()
    expect(page.get_by_text(re.compile(r"Sound: \d+ rows, as they were written"))).to_be_visible()
    with seeded.workspace.store.read() as tx:
        trail = audit.entries(tx)
    acts = [entry.act for entry in trail]
    assert acts.count("protocol.lock") == 1
    assert acts.count("reference.freeze") == 1
    reasons = {entry.details["reason"] for entry in trail if entry.act == "session.allow"}
    assert reasons == set(REASONS.values())


def test_a_whole_study_is_played_from_its_protocol_to_the_verified_record(
    enter: Enter, seeded: Seeded
) -> None:
    study_id = list_studies(seeded.workspace, OPERATOR)[0].id
    coordinator = enter("/protocol", "coordinator")
    define_protocol(coordinator, seeded, study_id)
    drawn = orders(seeded)
    assert len(set(drawn)) > 1
    pages = {name: enter("/", name) for name in GRADES}
    for name, page in pages.items():
        expect(page.get_by_role("heading", name="My reading")).to_be_visible()
        read_session(page, seeded, name, 1)
        is_refused(page, seeded, name)
        let_in(coordinator, name)
        read_session(page, seeded, name, 2)
        go(page, "/", "My reading")
        expect(page.get_by_text("Thank you: you are done with this study.")).to_be_visible()
    assert orders(seeded) == drawn
    go(coordinator, "/progress", "Progress")
    coordinator.get_by_role("tab", name="Deviations").click()
    for reason in REASONS.values():
        expect(coordinator.get_by_text(reason)).to_be_visible()
    settle_ties(enter("/adjudicate", "adjudicator"))
    freeze(coordinator, seeded, study_id)
    take_export(coordinator, study_id)
    verify_record(coordinator, seeded)
