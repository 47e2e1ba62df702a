"""How quick the viewer is, read in a real browser on the real app.

    python benchmarks/viewer.py [--frames 120]

Two synthetic cases of 18 x 448², 18 x 512² and 60 x 320² slices (28 MB each) in a temporary
data folder, a page of 2560 x 1440. It times the first image and the whole study from the
moment the viewer is on the page, the next case from the click, and changes of slice as
frames: the script's share, and the time from one frame to the next while every frame shows
another slice; the page's processor time, painting without a GPU included, tells what that costs
where other work on the machine spoils the rest. Exits with 1 when a figure is over its target.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.pop(1)  # this folder: it holds a statistics.py

from statistics import median

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks.running import CHROMIUM_ARGUMENTS, ROOT, find_chromium, serve
from benchmarks.studies import Seeded, full_size_study, seed
from lss_core.ui.asking import COOKIE

Figure = tuple[str, float, float | None]
"""What was timed, how long it took and how long it may take (None: shown only), in ms."""

VIEWPORTS = (("sagittal_t2", "sagittals"), ("axial_t2", "axial"))
FRAME_MS = 17.0  # a frame at 60 Hz lasts 16.7

MARK = "([name, id]) => performance.getEntriesByName(name).find(mark => mark.detail === id)?.startTime"

SCROLL = """async (root, [role, frames]) => {
    const viewport = root.lss.viewports.find(one => one.role === role);
    const nextFrame = () => new Promise(requestAnimationFrame);
    root.lss.focus(viewport);
    const scripts = [], stamps = [];
    for (let n = 0, step = 1; n < frames; n++) {
        const last = viewport.pixels.meta.slices - 1;
        if (viewport.slice === last) step = -1; else if (viewport.slice === 0) step = 1;
        viewport.scroll(step);
        stamps.push(await nextFrame());
        scripts.push(root.lss.drawMs);
    }
    return { scripts: scripts.slice(2), gaps: stamps.slice(3).map((at, n) => at - stamps[n + 2]) };
}"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--frames", type=int, default=120, help="changes of slice to time in each viewport")
    frames = parser.parse_args().frames
    chromium = find_chromium()
    if chromium is None:
        print("No Chromium on this machine: install one, or name it in LSS_CHROMIUM.")
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        seeded = seed(Path(folder), [full_size_study(1), full_size_study(2)])
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        with serve(ROOT / "app.py", seeded.environment, Path(folder) / "log") as address:
            # The first visit warms the server up; the second comes with a browser cache as empty.
            open_review(browser, address, seeded).context.close()
            page = open_review(browser, address, seeded)
            figures = loading(page, seeded.case_ids[0]) + next_case(page, seeded.case_ids[1])
            figures += [figure for role, name in VIEWPORTS for figure in scrolling(page, role, name, frames)]
        browser.close()
    return report(figures)


def open_review(browser: Browser, address: str, seeded: Seeded) -> Page:
    """The Review page of the first case in a new browser context, all its images there."""
    context = browser.new_context(viewport={"width": 2560, "height": 1440})
    context.set_default_timeout(600_000)
    context.add_cookies([{"name": COOKIE, "value": seeded.coordinator_token, "url": address}])
    page = context.new_page()
    page.goto(f"{address}/review?case={seeded.case_ids[0]}")
    when(page, "lss-complete", seeded.case_ids[0])
    return page


def when(page: Page, mark: str, case_id: str) -> float:
    """When a mark of a case was set, in ms since the page began; waits for it."""
    page.wait_for_function(MARK, arg=[mark, case_id])
    return float(page.evaluate(MARK, [mark, case_id]))


def loading(page: Page, case_id: str) -> list[Figure]:
    begun = when(page, "lss-opened", case_id)
    first, complete = when(page, "lss-first-image", case_id), when(page, "lss-complete", case_id)
    return [
        ("first image, from the viewer on the page", first - begun, 1000),
        ("whole study, from the viewer on the page", complete - begun, 3000),
    ]


def next_case(page: Page, case_id: str) -> list[Figure]:
    """From the click on Next, once the case has been fetched ahead, to its first image."""
    when(page, "lss-complete", case_id)
    button = page.get_by_role("button", name="Next", exact=True)
    button.evaluate("button => button.addEventListener('click', () => performance.mark('clicked'))")
    button.click()
    first = when(page, "lss-first-image", case_id)
    clicked = page.evaluate("performance.getEntriesByName('clicked')[0].startTime")
    return [("next case, from the click to its image", first - clicked, 700)]


def scrolling(page: Page, role: str, name: str, frames: int) -> list[Figure]:
    """Another slice in every frame: the time from frame to frame, and what each costs the processor."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = processor_ms(session)
    timed = page.locator(".lss-viewer").evaluate(SCROLL, [role, frames])
    busy = (processor_ms(session) - before) / frames
    scripts, gaps = sorted(timed["scripts"]), sorted(timed["gaps"])
    return [
        (f"slice change, {name}: script, median", median(scripts), FRAME_MS),
        (f"slice change, {name}: script, 95 %", scripts[int(0.95 * len(scripts))], FRAME_MS),
        (f"slice change, {name}: frame to frame, median", median(gaps), FRAME_MS),
        (f"slice change, {name}: processor, page's thread", busy, None),
    ]


def processor_ms(session: CDPSession) -> float:
    """Processor time of the page's main thread so far; other work on the machine does not count."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return 1000 * float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def report(figures: list[Figure]) -> int:
    """Print each figure beside its target, in ms; 1 when one is over."""
    load = os.getloadavg()[0] / (os.cpu_count() or 1)
    print(f"load of this machine while measuring: {load:.1f} per core\n")
    print(f"{'':50}{'ms':>8}{'target':>8}{'ratio':>7}")
    for name, value, target in figures:
        bound = "" if target is None else f"{target:8.1f}{value / target:7.2f}"
        print(f"{name:50}{value:8.1f}{bound}")
    return int(any(target is not None and value > target for _, value, target in figures))


if __name__ == "__main__":
    sys.exit(main())
