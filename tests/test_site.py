"""`make site`: docs/ as a site on which nothing asks another site."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tools import site as tool

LOADS = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "link": "href",
    "source": "src",
    "video": "src",
    "object": "data",
}


class Page(HTMLParser):
    """What a page loads, and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        address = given.get(LOADS.get(tag, ""))
        if address and (tag != "link" or "canonical" not in (given.get("rel") or "")):
            self.loads.append(address)
        if tag == "a" and (address := given.get("href")):
            self.leads.append(address)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "site"
    tool.build(folder)
    return folder


def test_every_page_of_docs_is_on_the_site_and_in_its_menu(built: Path) -> None:
    start = (built / "index.html").read_text(encoding="utf-8")
    for pages in tool.NAV.values():
        for name in pages:
            address = name.replace("README.md", "index.md").removesuffix(".md") + ".html"
            assert (built / address).is_file(), name
            assert f'href="{address}"' in start.replace('href="./', 'href="'), name
    in_menu = {name for pages in tool.NAV.values() for name in pages} | {"index.md"}
    assert {path.name for path in (tool.ROOT / "docs").glob("*.md")} <= in_menu, "give it a place in tools/site.py"


def test_nothing_asks_another_site(built: Path) -> None:
    for path in built.rglob("*.html"):
        outside = [a for a in Page(path.read_text(encoding="utf-8")).loads if re.match(r"(https?:)?//", a)]
        assert not outside, path.name
    for path in built.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"url\(\s*['\"]?(https?:)?//|@import\s+['\"]?(url\()?(https?:)?//", text), path.name


def test_links_on_the_site_lead_somewhere(built: Path) -> None:
    for path in built.rglob("*.html"):
        if path.name == "404.html":
            continue
        for address in Page(path.read_text(encoding="utf-8")).leads:
            target = address.partition("#")[0]
            if target and not re.match(r"[a-z]+:|//", target):
                assert (path.parent / target).exists(), f"{path.name}: {address}"


def test_search_is_local_and_knows_the_pages(built: Path) -> None:
    index = (built / "search.json").read_text(encoding="utf-8")
    assert "proxy_http_version" in index
    assert "Suleimenova" in index


def test_notebooks_are_pages_with_what_they_show(built: Path) -> None:
    text = (built / "notebooks" / "regions-of-a-day.html").read_text(encoding="utf-8")
    assert "(17, 20)" in text
    assert "Ulytau Region" in text
