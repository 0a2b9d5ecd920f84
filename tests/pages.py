"""Pages as a tree, for tests of what stands on them."""

from __future__ import annotations

import json
from typing import Any

from lxml import html
from starlette.testclient import TestClient

from api.pages.render import CSP


def page(client: TestClient, path: str, lang: str = "en", status: int = 200) -> html.HtmlElement:
    """The page at an address as a browser gets it; its policy and its language are checked."""
    answer = client.get(f"{path}{'&' if '?' in path else '?'}lang={lang}", headers={"Accept": "text/html"})
    assert answer.status_code == status, answer.text[:300]
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == CSP
    tree = html.document_fromstring(answer.text)
    assert tree.get("lang") == lang
    return tree


def words(tree: html.HtmlElement, path: str = "//main") -> str:
    """What stands below all elements of an XPath, with single spaces."""
    return " ".join(" ".join(text for e in tree.xpath(path) for text in e.itertext()).split())


def hrefs(tree: html.HtmlElement, path: str = "//main//a") -> list[str]:
    """Where links lead, without parameters."""
    return [e.get("href").partition("?")[0] for e in tree.xpath(path) if e.get("href")]


def structured(tree: html.HtmlElement) -> dict[str, Any]:
    """The JSON-LD of a page."""
    (script,) = tree.xpath("//script[@type='application/ld+json']")
    found: dict[str, Any] = json.loads(script.text)
    return found
