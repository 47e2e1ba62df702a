"""A browser for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from benchmarks.running import CHROMIUM_ARGUMENTS, find_chromium


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
