"""Facets of search: type, region, ministry, role and year, counted once a release; over HTTP and on the page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

MINISTER = "kz-minister-of-education-and-science"


def searched(client: TestClient, **parameters: str) -> dict[str, Any]:
    answer = client.get("/api/v1/search", params=parameters)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def names(body: dict[str, Any]) -> list[str]:
    return [f"{hit['kind']}/{hit['slug']}" for hit in body["data"]]


@pytest.mark.parametrize(
    ("facet", "value", "kind", "thing"),
    [
        ("type", "University", "organization", "organization/abai-university"),
        ("region", "zhetysu", "organization", "organization/zhetysu-university"),
        ("region", "aktobe", "person", "person/ondasyn-orazalin"),
        ("ministry", "kz-ministry-of-education", "person", "person/gani-beisembayev"),
        ("ministry", "kz-ministry-of-science-and-higher-education", "agreement", "agreement/mshe-cardiff-2024"),
        ("role", MINISTER, "person", "person/askhat-aimagambetov"),
        ("year", "2022", "person", "person/askhat-aimagambetov"),
        ("year", "2022", "region", "region/zhetysu"),
    ],
)
def test_things_have_what_is_told_of_them_directly_or_by_a_tenure(
    client: TestClient, facet: str, value: str, kind: str, thing: str
) -> None:
    body = searched(client, kind=kind, limit="50", facets="true", clang="en", **{facet: value})
    assert thing in names(body)
    [counted] = [v["count"] for v in body["facets"][facet] if v["value"] == value]
    assert counted == body["total"] >= len(body["data"])
    assert {hit["kind"] for hit in body["data"]} == {kind}
    assert all(hit["score"] is None and hit["why"] == [] for hit in body["data"])


def test_a_text_is_narrowed_and_its_facets_counted(client: TestClient) -> None:
    every = searched(client, q="Suleimenova", facets="true", clang="en")
    assert {"person/zhuldyz-suleimenova", "person/marat-suleimenov"} <= set(names(every))
    assert "kz-minister-of-education" in [v["value"] for v in every["facets"]["role"]]
    [zhetysu] = [v for v in every["facets"]["region"] if v["value"] == "zhetysu"]
    assert (zhetysu["label"], zhetysu["labelLang"]) == ("Zhetysu Region", "en")
    one = searched(client, q="Suleimenova", role="kz-minister-of-education")
    assert names(one)[0] == "person/zhuldyz-suleimenova"
    assert "person/marat-suleimenov" not in names(one)
    assert "facets" not in one
    both = searched(client, q="Suleimenova", role="kz-minister-of-education", region="zhetysu")
    assert both["data"] == []


def test_roles_of_ministers_are_those_of_the_questions(client: TestClient) -> None:
    """The facet says what /api/v1/posts/holders says."""
    days = ("2012-01-01", "2017-06-01", "2018-06-01", "2019-05-01", "2021-01-01")
    answers = [client.get("/api/v1/posts/holders", params={"post": MINISTER, "on": day}).json()["data"] for day in days]
    asked = {f"person/{row['person']['slug']}" for rows in answers for row in rows}
    assert len(asked) > 2
    assert asked <= set(names(searched(client, kind="person", role=MINISTER, limit="50")))


def test_unknown_values_find_nothing_and_nothing_asked_finds_all(client: TestClient) -> None:
    for value in ("nowhere", "' OR 1=1 --", "\x00", "%"):
        assert searched(client, region=value)["data"] == []
    everything = searched(client, facets="true")
    assert everything["total"] > len(everything["data"]) > 0
    assert everything["facets"]
    assert searched(client)["total"] == everything["total"]
    assert client.get("/api/v1/search", params={"q": " "}).status_code == 422
    assert client.get("/api/v1/suggest", params={"q": "a", "region": "zhetysu"}).status_code == 422


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_the_page_narrows_by_links_and_gives_up_again(client: TestClient, lang: str) -> None:
    def page(address: str) -> str:
        return client.get(address, headers={"Accept": "text/html"}).text

    text = page(f"/search?lang={lang}")
    links = re.findall(r'href="(/search\?[^"]*type=University[^"]*)"', text)
    assert links
    chosen = page(links[0].replace("&amp;", "&"))
    assert 'aria-current="true"' in chosen
    assert re.search(r'href="/doc/organization/[^"]+"', chosen)
    assert 'name="type" value="University"' in chosen
    [back] = re.findall(r'<a href="(/search\?[^"]*)" aria-current="true"', chosen)
    assert "University" not in back
