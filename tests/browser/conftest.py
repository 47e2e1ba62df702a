"""A browser for tests, and the way into the app."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.running import CHROMIUM_ARGUMENTS, find_chromium
from benchmarks.studies import PASSWORD

SLOW_MS = 60_000
"""How long a page may take on a busy machine."""

Enter = Callable[..., Page]
"""Opens a path of the app, signed in as a name where one is given."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running Chromium. Without one: a failure under LSS_REQUIRE_BROWSER=1, else a skip.

    Kept for a module and no longer: while Playwright runs, its thread has an event loop, in which
    other tests could not start their own.
    """
    path = find_chromium()
    if path is None:
        reason = "no Chromium on this machine: install one, or name it in LSS_CHROMIUM"
        if os.environ.get("LSS_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def enter(browser: Browser, address: str) -> Iterator[Enter]:
    """Opens an address of the app in a fresh browser, signed in by the form when a name is given."""
    contexts = []

    def run(path: str = "/", name: str = "", password: str = PASSWORD) -> Page:
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(SLOW_MS)
        contexts.append(context)
        page = context.new_page()
        page.goto(address + path)
        if name:
            page.get_by_label("Name").fill(name)
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Sign in").click()
        return page

    expect.set_options(timeout=SLOW_MS)
    yield run
    expect.set_options(timeout=5000)
    for context in contexts:
        context.close()


def choose_grade(page: Page, words: str) -> None:
    """Choose one of the adjudicator's grades, once the script has ended and the tie before is gone."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    form = page.get_by_role("radiogroup", name="Your grade")
    expect(form).to_have_count(1)
    form.get_by_text(words, exact=True).click()
