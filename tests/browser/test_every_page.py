"""Every page there is: no fault found by axe, nothing in the console, nothing asked elsewhere, nothing cut off at
390 px, the same content with JavaScript off, and letters that the fonts have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.addresses import Held, routes
from tests.browser.conftest import PHONE
from tools import assets

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
WIDER = "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
WORDS = """[...document.querySelectorAll("main *:not(.CodeMirror *)")].filter(e => e.checkVisibility())
    .flatMap(e => [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data)).join(" ")"""
"""What is shown, but in the editor: there it is the text of the field."""
LETTERS = "ӘәҒғҚқҢңӨөҰұҮүҺһІіЁёЫыЭэЪъЩщ–—«»…→"


@pytest.fixture(scope="module")
def held(server: str) -> Iterator[Held]:
    made = Held(server)
    yield made
    made.close()


class Watched:
    """A page of which is remembered what it wrote to the console and asked elsewhere."""

    def __init__(self, context: BrowserContext, server: str) -> None:
        self.page = context.new_page()
        self.faults: list[str] = []
        self._server = server
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not self._own_404(message):
            self.faults.append(f"console: {message.text} {message.location.get('url', '')}")

    def _own_404(self, message: ConsoleMessage) -> bool:
        """The browser says of the page of an error that it is one."""
        return "status of 404" in message.text and message.location.get("url") == self.page.url

    def _asked(self, url: str) -> None:
        if not url.startswith((self._server + "/", "data:", "blob:")):
            self.faults.append(f"asked elsewhere: {url}")

    def open(self, path: str) -> None:
        self.faults.clear()
        self.page.goto(path, wait_until="load")


@pytest.fixture(scope="module")
def watched(on_phone: BrowserContext, server: str) -> Watched:
    return Watched(on_phone, server)


def axe(page: Page) -> list[str]:
    """The faults that axe finds, each with the elements it is found at."""
    page.evaluate((assets.MODULES / assets.TESTED).read_text(encoding="utf-8") + "; null")
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, rules)", RULES)
    assert len(found["passes"]) > 10, "axe looked at nothing"
    return [f"{v['id']}: {v['help']} at {[n['target'] for n in v['nodes']][:4]}" for v in found["violations"]]


def faults_of(watched: Watched, path: str) -> list[str]:
    watched.open(path)
    found = axe(watched.page)
    if (pixels := watched.page.evaluate(WIDER)) > 0:
        found.append(f"{pixels} px wider than the screen")
    return found + watched.faults


@pytest.mark.parametrize("route", routes())
def test_a_page_is_sound_on_a_phone(route: str, watched: Watched, held: Held) -> None:
    faults = {path: found for path in held.pages(route) if (found := faults_of(watched, path))}
    assert faults == {}


def test_the_page_of_an_error_is_sound(watched: Watched) -> None:
    for path in ("/nope", "/doc/person/nobody", "/queries/no/such"):
        assert faults_of(watched, path) == []


@pytest.mark.parametrize("route", routes())
def test_a_page_holds_its_content_without_scripts(
    route: str, watched: Watched, without_scripts: BrowserContext, held: Held
) -> None:
    page = without_scripts.new_page()
    for path in held.pages(route):
        page.goto(path)
        assert page.locator("h1").count() == 1, path
        plain = set(page.locator("main").inner_text().split())
        watched.open(path)
        # what scripts add are controls, not content: the words of the page are there before
        shown = set(watched.page.evaluate(WORDS).split())
        assert len(shown - plain) <= 40, (path, sorted(shown - plain))
        assert page.evaluate(WIDER) <= 0, path
    page.close()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/doc/person/askhat-aimagambetov",
        "/queries/posts/holders?post=kz-minister-of-education",
        "/regions",
        "/sparql",
        "/coverage",
        "/sources",
        "/decisions",
        "/between?first=person/askhat-aimagambetov&second=person/gani-beisembayev",
        "/nope",
    ],
)
@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_dark_and_wide_in_each_language(chromium: Browser, server: str, path: str, lang: str) -> None:
    with chromium.new_context(base_url=server, viewport={"width": 1440, "height": 900}, color_scheme="dark") as context:
        watched = Watched(context, server)
        assert faults_of(watched, f"{path}{'&' if '?' in path else '?'}lang={lang}") == []
        assert watched.page.locator("html").get_attribute("lang") == lang
        assert watched.page.evaluate("document.characterSet") == "UTF-8"


def test_the_fonts_have_the_letters_of_kazakh_and_russian(chromium: Browser, server: str) -> None:
    with chromium.new_context(base_url=server, viewport=PHONE) as context:
        page = context.new_page()
        page.goto("/?lang=kk")
        missing = page.evaluate(
            """letters => {
                const canvas = document.createElement("canvas");
                const pen = canvas.getContext("2d", { willReadFrequently: true });
                pen.font = getComputedStyle(document.body).font;
                const drawn = letter => {
                    pen.clearRect(0, 0, canvas.width, canvas.height);
                    pen.fillText(letter, 20, 40);
                    return pen.getImageData(0, 0, canvas.width, canvas.height).data.join();
                };
                const box = drawn("\\u{10fffd}"), nothing = drawn(" ");
                return [...letters].filter(letter => [box, nothing].includes(drawn(letter)));
            }""",
            LETTERS,
        )
        assert missing == []
