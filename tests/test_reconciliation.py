"""/reconcile by the rules of the Reconciliation Service API 0.2, and asked as OpenRefine 3 asks.

The schemas below say what sections 3 to 6 of the specification demand of a service's answers.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

TEXT = {"type": "string"}
NAMED = {"type": "object", "properties": {"id": TEXT, "name": TEXT}, "required": ["id", "name"]}
WITH_ID = {"pattern": r"\{\{id\}\}", **TEXT}
PLACE = {"type": "object", "properties": {"service_url": TEXT, "service_path": TEXT}}
MANIFEST = {
    "type": "object",
    "required": ["versions", "name", "identifierSpace", "schemaSpace"],
    "properties": {
        "versions": {"type": "array", "items": TEXT, "contains": {"const": "0.2"}},
        **dict.fromkeys(("name", "identifierSpace", "schemaSpace", "documentation", "logo", "serviceVersion"), TEXT),
        "defaultTypes": {"type": "array", "uniqueItems": True, "items": NAMED},
        "view": {"type": "object", "required": ["url"], "properties": {"url": WITH_ID}},
        "preview": {
            "type": "object",
            "required": ["url", "width", "height"],
            "properties": {"url": WITH_ID, "width": {"type": "integer"}, "height": {"type": "integer"}},
        },
        "suggest": {"type": "object", "additionalProperties": PLACE},
        "extend": {
            "type": "object",
            "properties": {"propose_properties": PLACE, "property_settings": {"type": "array"}},
        },
    },
}
CANDIDATE = {
    "type": "object",
    "required": ["id", "name", "score"],
    "properties": {
        **dict.fromkeys(("id", "name", "description"), TEXT),
        "score": {"type": "number"},
        "match": {"type": "boolean"},
        "type": {"type": "array", "items": {"anyOf": [NAMED, TEXT]}},
        "features": {
            "type": "array",
            "items": {"type": "object", "properties": {"id": TEXT, "value": {"type": ["number", "boolean"]}}},
        },
    },
}
BATCH = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "required": ["result"],
        "properties": {"result": {"type": "array", "items": CANDIDATE}},
    },
}
SUGGESTED = {
    "type": "object",
    "required": ["result"],
    "properties": {
        "result": {
            "type": "array",
            "items": {
                **NAMED,
                "properties": {**NAMED["properties"], "description": TEXT, "notable": {"type": "array"}},
            },  # type: ignore[dict-item]
        }
    },
}


def only_one(**cell: Any) -> dict[str, Any]:
    return {"type": "object", "properties": cell, "required": list(cell), "additionalProperties": False}


CELL = {
    "oneOf": [
        only_one(),
        only_one(id=TEXT, name=TEXT),
        only_one(str=TEXT),
        only_one(float={"type": "number"}),
        only_one(int={"type": "integer"}),
        only_one(date={"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"}),
    ]
}
EXTENDED = {
    "type": "object",
    "required": ["rows", "meta"],
    "properties": {
        "meta": {"type": "array", "items": NAMED},
        "rows": {
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": {"type": "array", "items": CELL}},
        },
    },
}
PROPOSED = {
    "type": "object",
    "required": ["properties"],
    "properties": {"properties": {"type": "array", "items": NAMED}},
}


def valid(schema: dict[str, Any], answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    body = answer.json()
    Draft202012Validator(schema).validate(body)
    return body


def openrefine(client: TestClient, form: dict[str, Any]) -> httpx.Response:
    """A POST as OpenRefine sends it: a form in UTF-8, JSON in its fields."""
    return client.post(
        "/reconcile",
        content=urlencode({name: json.dumps(value, ensure_ascii=False) for name, value in form.items()}),
        headers={
            "Content-Type": "application/x-www-form-urlencoded;charset=UTF-8",
            "User-Agent": "OpenRefine/3.8.2 [d1b1b2a]",
            "Accept": "application/json",
        },
    )


def test_the_manifest_is_by_the_specification_and_leads_to_what_it_names(client: TestClient) -> None:
    manifest = valid(MANIFEST, client.get("/reconcile"))
    for name, place in manifest["suggest"].items():
        asked = client.get(place["service_path"], params={"prefix": "a", "cursor": "0"})
        assert valid(SUGGESTED, asked) is not None, name
    place = manifest["extend"]["propose_properties"]
    proposed = valid(PROPOSED, client.get(place["service_path"], params={"type": "person", "limit": "5"}))
    assert len(proposed["properties"]) == proposed["limit"] == 5
    assert "/preview?" in manifest["preview"]["url"]


@pytest.mark.parametrize(
    "batch",
    [
        # a guess of types before the dialog: the first cells of the column, no type
        {f"q{i}": {"query": name, "limit": 3} for i, name in enumerate(["Асхат Аймағамбетов", "Abai University", "?"])},
        # a column with a type, in batches of ten
        {f"q{i}": {"query": f"Suleimenova {i}", "type": "person", "type_strict": "should"} for i in range(10)},
        # other columns sent along, one of them reconciled before
        {
            "q0": {
                "query": "Abai University",
                "type": ["organization"],
                "type_strict": "any",
                "limit": 5,
                "properties": [
                    {"pid": "inRegion", "v": {"id": "region/almaty-city", "name": "Almaty"}},
                    {"pid": "website", "v": ["", "http://example.org"]},
                    {"pid": "nothing", "v": 5},
                ],
            }
        },
        # no text, only properties: allowed since 0.2
        {
            "q0": {"properties": [{"pid": "label", "v": "Гани Бейсембаев"}]},
            "q1": {"properties": [{"pid": "x", "v": ""}]},
        },
    ],
)
def test_batches_of_openrefine_get_candidates_for_each_key(client: TestClient, batch: dict[str, Any]) -> None:
    body = valid(BATCH, openrefine(client, {"queries": batch}))
    assert set(body) == set(batch)
    for key, query in batch.items():
        found = body[key]["result"]
        assert len(found) <= query.get("limit", 10)
        assert [c["score"] for c in found] == sorted((c["score"] for c in found), reverse=True)
        assert sum(c["match"] for c in found) <= 1
    again = client.get("/reconcile", params={"queries": json.dumps(batch)})
    assert valid(BATCH, again) == body


def test_a_query_of_properties_alone_goes_by_the_label(client: TestClient) -> None:
    batch = {"q0": {"properties": [{"pid": "label", "v": "Гани Бейсембаев"}]}}
    body = valid(BATCH, openrefine(client, {"queries": batch}))
    assert body["q0"]["result"][0]["id"] == "person/gani-beisembayev"


def test_columns_are_added_for_every_property_and_cell_kind(client: TestClient) -> None:
    """Truth values were cells that OpenRefine does not know."""
    for kind, thing in (
        ("organization", "organization/abai-university"),
        ("post", "post/akim-of-abai-region"),
        ("program", "program/zhas-maman"),
        ("agreement", "agreement/mshe-cardiff-2024"),
        ("region", "region/zhetysu"),
    ):
        known = client.get("/reconcile/properties", params={"type": kind}).json()["properties"]
        extend = {"ids": [thing, "person/nobody", "Q42"], "properties": [{"id": p["id"]} for p in known]}
        body = valid(EXTENDED, openrefine(client, {"extend": extend}))
        assert [m["id"] for m in body["meta"]] == [p["id"] for p in known]
        assert set(body["rows"]) == set(extend["ids"])
        assert any(cells for cells in body["rows"][thing].values())
        assert not any(cells for cells in body["rows"]["Q42"].values())
    post = {"ids": ["post/akim-of-abai-region"], "properties": [{"id": "singleHolder"}, {"id": "postIn"}]}
    row = valid(EXTENDED, openrefine(client, {"extend": post}))["rows"]["post/akim-of-abai-region"]
    assert row["singleHolder"] == [{"str": "true"}]
    assert row["postIn"][0]["id"] == "organization/abai-akimat"


def test_suggestions_say_who_is_meant_and_go_on(client: TestClient) -> None:
    first = valid(SUGGESTED, client.get("/reconcile/suggest/entity", params={"prefix": "Zh", "type": "person"}))
    more = valid(
        SUGGESTED, client.get("/reconcile/suggest/entity", params={"prefix": "Zh", "type": "person", "cursor": "10"})
    )
    assert first["result"]
    assert not {e["id"] for e in first["result"]} & {e["id"] for e in more["result"]}
    assert all(e["description"] and e["notable"] for e in first["result"])
    begun = valid(SUGGESTED, client.get("/reconcile/suggest/entity", params={"prefix": "Аймаг", "clang": "ru"}))
    assert begun["result"][0]["name"] == "Асхат Канатович Аймагамбетов"


def test_previews_may_be_framed_by_others_and_other_pages_not(client: TestClient) -> None:
    """OpenRefine shows previews in a frame: the policy of all pages forbade it."""
    policy = client.get("/reconcile/preview", params={"id": "person/gani-beisembayev"}).headers[
        "content-security-policy"
    ]
    assert "frame-ancestors *" in policy
    assert "script-src 'self'" in policy
    page = client.get("/doc/person/gani-beisembayev", headers={"Accept": "text/html"})
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]


def test_a_preflight_of_another_site_is_answered(client: TestClient) -> None:
    answer = client.options(
        "/reconcile",
        headers={
            "Origin": "http://127.0.0.1:3333",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert answer.status_code in (200, 204)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "content-type" in answer.headers["access-control-allow-headers"].lower()
