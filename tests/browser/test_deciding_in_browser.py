"""Deciding in a real browser: from sign-in to a settled discrepancy and back, a merge, a withdrawal, a correction.

Each with scripts and without, on a phone and dark on a wide screen; the pages on the way are sound.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESK, PHONE
from tests.browser.test_every_page import WIDER, Watched, axe
from tests.conftest import start_server, stop_server
from tests.desk_world import token_of

VIEWS: dict[str, dict[str, Any]] = {
    "phone": {"viewport": PHONE},
    "dark and wide": {"viewport": DESK, "color_scheme": "dark"},
    "no scripts": {"viewport": PHONE, "java_script_enabled": False},
}
REFUSED = ("status of 404", "status of 409", "status of 410", "status of 422")
"""What the browser says of answers that tell what is wrong."""


@pytest.fixture(scope="module")
def world(release_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server over a home of this module's own, and the token of a steward."""
    folder = tmp_path_factory.mktemp("deciding")
    shutil.copytree(release_home, folder / "home")
    token, _ = token_of(folder / "home", "Aigerim")
    process, address = start_server(folder / "home", folder / "log")
    yield address, token
    stop_server(process)


@pytest.fixture(params=list(VIEWS))
def page(chromium: Browser, world: tuple[str, str], request: pytest.FixtureRequest) -> Iterator[Page]:
    context = chromium.new_context(base_url=world[0], locale="en-GB", **VIEWS[request.param])
    context.set_default_timeout(30_000)
    watched = Watched(context, world[0])
    yield watched.page
    assert [fault for fault in watched.faults if not any(told in fault for told in REFUSED)] == []
    context.close()


def sound(page: Page) -> None:
    """Nothing cut off; no fault that axe finds, where scripts can run (it waits for timers)."""
    assert page.evaluate(WIDER) <= 0
    if page.evaluate("matchMedia('(scripting: enabled)').matches"):
        assert axe(page) == []


def enter(page: Page, world: tuple[str, str], path: str) -> None:
    """From the page of a thing by its door to the desk, and in."""
    page.goto(f"{path}?lang=en&clang=en")
    page.get_by_role("link", name="For stewards").click()
    page.get_by_label("Token").fill(world[1])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Signed in: Aigerim")).to_be_visible()


def look(page: Page, why: str) -> None:
    page.get_by_label("Reason", exact=True).fill(why)
    page.get_by_role("button", name="See what it would change").click()
    expect(page.get_by_role("heading", name="What would change")).to_be_visible()
    sound(page)


def confirm(page: Page) -> None:
    page.get_by_role("button", name="Confirm and publish").click()
    expect(page.locator("#action")).to_have_attribute("data-state", "made")
    sound(page)


def undo(page: Page) -> None:
    """The decision whose page is open."""
    number = page.url.partition("?")[0].rpartition("/")[2]
    page.get_by_role("link", name="Undo", exact=True).click()
    look(page, "It was a trial.")
    confirm(page)
    page.goto(f"/decisions/{number}?lang=en")
    expect(page.locator("#action")).to_have_attribute("data-state", "undone")


def shown(page: Page, path: str) -> str:
    """What a reader without a session sees."""
    page.goto(f"{path}?lang=en&clang=en")
    return page.locator("main").inner_text()


def test_a_discrepancy_is_settled_published_and_undone(page: Page, world: tuple[str, str]) -> None:
    enter(page, world, "/doc/discrepancy/mes-founded-1999-2002")
    sound(page)
    page.get_by_role("link", name="Settle the discrepancy").click()
    sound(page)
    sides = page.locator("fieldset")
    assert sides.count() >= 2
    for i in range(sides.count()):
        sides.nth(i).get_by_label("preferred" if i == sides.count() - 1 else "deprecated").check()
    look(page, "The register counts from 2002.")
    expect(page.get_by_role("alert")).to_contain_text("Kusherbayev")  # who was minister before: it would break a rule
    expect(page.get_by_role("button", name="Confirm and publish")).to_have_count(0)
    sides.first.get_by_label("preferred").check()
    sides.last.get_by_label("deprecated").check()
    look(page, "The encyclopaedia counts from 1999.")
    confirm(page)
    made = page.url
    assert "The encyclopaedia counts from 1999." in shown(page, "/doc/discrepancy/mes-founded-1999-2002")
    page.goto("/decisions?lang=en")
    expect(page.locator("tbody tr").first).to_contain_text("Aigerim")
    sound(page)
    page.goto(made)
    undo(page)
    assert "The encyclopaedia counts from 1999." not in shown(page, "/doc/discrepancy/mes-founded-1999-2002")


def test_two_are_merged_and_two_again(page: Page, world: tuple[str, str]) -> None:
    enter(page, world, "/doc/person/bolat-tlep")
    page.get_by_role("link", name="Merge into another").click()
    page.locator("#into").fill("nobody of this name")
    page.get_by_label("Reason", exact=True).fill("One person.")
    page.get_by_role("button", name="See what it would change").click()
    expect(page.locator("#wrong-into")).to_be_visible()
    sound(page)
    page.locator("#into").fill("person/gani-beisembayev")
    look(page, "One person.")
    expect(page.locator("table.compared thead")).to_contain_text("Beisembayev")
    confirm(page)
    made = page.url
    moved = page.request.get(f"{world[0]}/id/person/bolat-tlep", max_redirects=0)
    assert (moved.status, moved.headers["location"]) == (301, "/id/person/gani-beisembayev")
    page.goto(made)
    undo(page)
    assert page.request.get(f"{world[0]}/doc/person/bolat-tlep.json").status == 200


def test_a_thing_is_withdrawn_and_comes_back(page: Page, world: tuple[str, str]) -> None:
    place = "figure/" + page.request.get(f"{world[0]}/doc/figure.json").json()["data"][0]["slug"]
    enter(page, world, f"/doc/{place}")
    page.get_by_role("link", name="Withdraw").click()
    look(page, "Counted twice.")
    confirm(page)
    made = page.url
    assert page.goto(f"/doc/{place}?lang=en").status == 410  # type: ignore[union-attr]
    expect(page.locator("main")).to_contain_text("Counted twice.")
    sound(page)
    page.goto(made)
    undo(page)
    assert page.goto(f"/doc/{place}").status == 200  # type: ignore[union-attr]


def test_a_statement_is_corrected(page: Page, world: tuple[str, str]) -> None:
    enter(page, world, "/doc/person/askhat-aimagambetov")
    page.get_by_role("link", name="Correct: other name – Askhat Aymagambetov").click()
    sound(page)
    page.get_by_role("textbox", name="Value").fill("")
    page.get_by_label("Reason", exact=True).fill("As he writes himself.")
    page.get_by_role("button", name="See what it would change").click()
    expect(page.locator("#wrong-value")).to_be_visible()
    page.get_by_role("textbox", name="Value").fill("Askhat Aimagambet")
    look(page, "As he writes himself.")
    confirm(page)
    made = page.url
    assert "Askhat Aimagambet" in shown(page, "/doc/person/askhat-aimagambetov")
    page.goto(made)
    undo(page)
    assert "Askhat Aymagambetov" in shown(page, "/doc/person/askhat-aimagambetov")


def test_the_other_is_found_under_typing(chromium: Browser, world: tuple[str, str]) -> None:
    context = chromium.new_context(base_url=world[0], viewport=DESK, locale="en-GB")
    page = context.new_page()
    enter(page, world, "/doc/person/bolat-tlep")
    page.get_by_role("link", name="Merge into another").click()
    field = page.get_by_role("combobox", name="The other, which stays")
    field.press_sequentially("Бейсембаев")
    expect(page.locator(".suggestions:not([hidden]) li").first).to_contain_text("gani-beisembayev")
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("gani-beisembayev")
    page.goto("/desk/mistakes?lang=en")
    sound(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()
    context.close()
