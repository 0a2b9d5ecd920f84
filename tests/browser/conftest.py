"""Debian's chromium under Playwright. Everything here bears the marker ``browser``, and is skipped without chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tools import assets

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
HERE = Path(__file__).parent
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="chromium is not installed: make test-browser (as root)"))


# Of a module, not of the whole run: Playwright keeps an event loop running, and other tests start their own.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser of this module's own."""
    assert assets.ready(assets.wanted()), "the scripts of others are missing: make assets"
    expect.set_options(timeout=20_000)  # what is waited for at most, on a machine with other work
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def on_phone(chromium: Browser, server: str) -> Iterator[BrowserContext]:
    """Pages of 390 px, scripts on, addresses below the server's."""
    context = chromium.new_context(base_url=server, viewport=PHONE, locale="en-GB")
    yield context
    context.close()


@pytest.fixture(scope="module")
def without_scripts(chromium: Browser, server: str) -> Iterator[BrowserContext]:
    """The same with JavaScript off."""
    context = chromium.new_context(base_url=server, viewport=PHONE, locale="en-GB", java_script_enabled=False)
    yield context
    context.close()


@pytest.fixture
def page(chromium: Browser, server: str) -> Iterator[Page]:
    """One page on a wide screen, with a memory of its own."""
    context = chromium.new_context(base_url=server, viewport=DESK, locale="en-GB")
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()
