"""The desk in a real browser: from an upload to a published release and back, with its pages sound on the way."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from kg.imports.tokens import open_tokens
from kg.releases.layout import Home
from tests.browser.conftest import PHONE
from tests.browser.test_every_page import WIDER, Watched, axe
from tests.conftest import start_server, stop_server

TABLE = """id,name_en,name_ru,name_kk,alt_en,alt_ru,alt_kk,wikidata,source,locator,property,mode,confidence,rank,note
seeded-a,Zheken Qobyzkhan,Жекен Кобызхан,Жекен Қобызхан,,,,,ror-00kc94n51,,,,0.8,,
seeded-b,Sabyrbek Qobyzkhan,Сабырбек Кобызхан,Сабырбек Қобызхан,,,,,ror-00kc94n51,,,,often,,
seeded-c,Askhat Aimagambetov,Асхат Аймагамбетов,Асхат Аймағамбетов,,,,,ror-00kc94n51,,,,0.8,,
"""


@pytest.fixture(scope="module")
def world(release_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server over a home of this module's own, and the token of a steward."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(release_home, folder / "home")
    with open_tokens(Home(folder / "home")) as tokens:
        token, _ = tokens.create("steward", "Aigerim", None, "test")
    process, address = start_server(folder / "home", folder / "log")
    yield address, token
    stop_server(process)


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def signed(chromium: Browser, world: tuple[str, str], request: pytest.FixtureRequest) -> Iterator[Page]:
    address, token = world
    context = chromium.new_context(base_url=address, viewport=PHONE, java_script_enabled=request.param)
    context.set_default_timeout(60_000)
    watched = Watched(context, address)
    page = watched.page
    page.goto("/imports?lang=en")
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Signed in: Aigerim")).to_be_visible()
    yield page
    assert [fault for fault in watched.faults if "404" not in fault] == []
    context.close()


def upload(page: Page, name: str, text: str) -> None:
    page.goto("/imports?lang=en")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": "persons.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_label("Name of the import").fill(name)
    page.get_by_role("button", name="Hand in").click()
    expect(page.locator("#state")).to_have_attribute("data-state", "validated", timeout=90_000)


def button(page: Page, name: str, why: str) -> None:
    form = page.locator(f"form.decision:has(button:text-is('{name}'))")
    form.get_by_label("Reason").fill(why)
    form.get_by_role("button").click()


def test_from_an_upload_to_a_release_and_back(
    signed: Page, world: tuple[str, str], request: pytest.FixtureRequest
) -> None:
    scripts = "no scripts" not in request.node.name
    page, (address, _) = signed, world
    slug = "seeded-a" if scripts else "seeded-plain"
    upload(page, "browser" if scripts else "plain", TABLE.replace("seeded-a", slug).replace("seeded-c", f"{slug}-c"))
    expect(page.locator("mark")).to_have_text("often")
    expect(page.locator(".pair")).to_have_count(1)
    expect(page.locator(".pair")).to_contain_text("Aimagambetov")
    assert page.evaluate(WIDER) <= 0
    if scripts:
        assert axe(page) == []
        page.locator(".pair").focus()
        page.keyboard.press("n")
    else:
        page.get_by_role("button", name="Not the same").click()
    expect(page.locator(".pair strong")).to_have_text("Not the same")
    assert page.request.get(f"{address}/doc/person/{slug}.json").status == 404
    button(page, "Leave out the bad rows", "asked the source")
    expect(page.locator("mark")).to_have_count(0)
    button(page, "Accept and publish", "checked")
    expect(page.locator("#state")).to_have_attribute("data-state", "published")
    assert page.request.get(f"{address}/doc/person/{slug}.json").status == 200
    button(page, "Retract", "a mistake")
    expect(page.locator("#state")).to_have_attribute("data-state", "retracted")
    assert page.request.get(f"{address}/doc/person/{slug}.json").status == 404
    page.goto("/imports?lang=en")
    expect(page.locator("tbody tr").first).to_contain_text("retracted")
    if scripts:
        assert axe(page) == []
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()
