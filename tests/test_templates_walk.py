"""Walking ``next`` from the first page to the last gives the whole set once: every paged template, on the real data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from kg.templates.catalogue import Catalogue
from kg.templates.model import Template
from kg.templates.params import as_texts
from tests.asgi import ask
from tests.test_templates_world import QUERIES

PAGED = {name: t for name, t in Catalogue(QUERIES).templates.items() if t.page_size is not None}

PAGES = 9  # at most, for each walk


def widest(template: Template) -> list[tuple[str, str]]:
    """Only what must be given: the longest list of the template."""
    first = template.examples[0].params
    return [(p.name, as_texts(first[p.name])[0] if p.name in first else p.examples[0])
            for p in template.params if p.needed]  # fmt: skip


def walk(client: TestClient, template: Template, given: list[tuple[str, str]], size: int) -> tuple[list[Any], int, int]:
    """Things of all pages, pages, and the total that every page told."""
    answer = ask(client, template.path, [*given, ("page_size", str(size))])
    things, pages, total = [], 0, None
    while True:
        assert answer.status == 200, answer.body
        body = answer.json()
        pages += 1
        assert total in (None, body["page"]["total"])
        total = body["page"]["total"]
        assert body["page"]["number"] == pages
        assert ("prev" in body["links"]) == (pages > 1)
        things += body["data"]
        if "next" not in body["links"]:
            assert body["links"]["self"] == body["links"]["last"]
            return things, pages, total
        assert len(body["data"]) == size, "only the last page may be short"
        answer = ask(client, body["links"]["next"])


@pytest.mark.parametrize("name", list(PAGED))
@pytest.mark.parametrize("size", [1, 7])
def test_the_whole_set_once(client: TestClient, name: str, size: int) -> None:
    template = PAGED[name]
    given = widest(template)
    whole, pages, total = walk(client, template, given, 1000)
    assert len(whole) == total
    assert len({json.dumps(thing, sort_keys=True) for thing in whole}) == total, "nothing stands twice"
    size = max(size, -(-total // PAGES))  # a long list in larger steps
    walked, pages, told = walk(client, template, given, size)
    assert walked == whole
    assert (told, pages) == (total, max(1, -(-total // size)))


def test_some_lists_are_long_enough_to_be_walked(client: TestClient) -> None:
    totals = [ask(client, t.path, widest(t)).json()["page"]["total"] for t in PAGED.values()]
    assert sum(total > 7 for total in totals) > len(totals) / 2
