"""The network of an actor: the same edges as a table, places that do not change between visits."""

from __future__ import annotations

import html
import json
import re

import pytest
from starlette.testclient import TestClient

from api.pages.network import HEIGHT, MOST, WIDTH, Edge, Graph, Thing, layout

HTML = {"Accept": "text/html"}
ACTORS = [
    "organization/abai-university",
    "person/askhat-aimagambetov",
    "region/abai",
    "organization/kz-ministry-of-education",
]


@pytest.mark.parametrize("actor", ACTORS)
def test_the_table_holds_every_edge_of_the_drawing(client: TestClient, actor: str) -> None:
    text = client.get(f"/network/{actor}?lang=en&clang=en", headers=HTML).text
    data = json.loads(re.findall(r'<script type="application/json">(.*?)</script>', text, re.S)[0])
    joined = {edge["target"] for edge in data["edges"]}
    assert joined == {node["id"] for node in data["nodes"] if not node["centre"]}
    assert all(edge["source"] == actor for edge in data["edges"])
    listed = set(re.findall(r'<td data-label="With"><a href="/doc/([\w/-]+)\?', text))
    assert joined <= listed
    assert len(listed - joined) <= max(0, len(listed) - MOST)
    assert {f"/doc/{slug}?lang=en" for slug in joined} <= {
        html.unescape(a) for a in re.findall(r'href="([^"]+)"', text)
    }


def test_what_is_joined_and_by_what(client: TestClient) -> None:
    data = client.get(
        "/network/person/marat-suleimenov?lang=en&clang=en", headers={"Accept": "application/json"}
    ).json()["data"]
    texts = {edge["target"]: edge["text"] for edge in data["edges"]}
    assert texts["event/abai-zhetysu-meeting-2024"] == "participation: event"


def test_places_are_the_same_at_every_visit(client: TestClient) -> None:
    first = client.get("/network/organization/abai-university?clang=en", headers=HTML)
    again = client.get("/network/organization/abai-university?clang=en&lang=en", headers=HTML)
    assert re.findall(r"<circle[^>]*>", first.text) == re.findall(r"<circle[^>]*>", again.text)
    assert first.text.count("<circle") > 5


def test_many_things_are_placed_apart_and_inside() -> None:
    centre = Thing("organization", "middle", "Middle")
    for count in (1, 2, 16, 17, 40, 41, 60, 200):
        others = [Thing("person", f"p{i:03}", f"Person {i}") for i in range(count)]
        places, left = layout(Graph((centre,), (centre, *others), tuple(Edge(centre, o, "x") for o in others)))
        spots = {(place.x, place.y) for place in places}
        assert len(spots) == len(places) == min(count, MOST) + 1
        assert left == max(0, count - MOST)
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in spots)
        shuffled, _ = layout(Graph((centre,), (*reversed(others), centre), ()))
        assert shuffled == places


def test_addresses_that_lead_nowhere(client: TestClient) -> None:
    assert client.get("/network/person/nobody").status_code == 404
    assert client.get("/network/evidence/x").json()["type"].endswith("/kind-not-found")
