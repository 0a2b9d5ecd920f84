"""Templates over HTTP on the real release: envelope, representations, errors, pages, OpenAPI, the catalogue."""

from __future__ import annotations

import csv
import io
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from kg.templates.catalogue import Catalogue
from kg.templates.model import Template
from kg.templates.params import as_texts
from tests.test_templates_world import QUERIES

HOLDERS = "/api/v1/posts/holders"
ASKED = {"post": "kz-minister-of-education", "on": "2022-06-24"}
TEMPLATES = Catalogue(QUERIES).templates
EXAMPLES = [(name, number) for name, t in TEMPLATES.items() for number in range(len(t.examples))]


def get(client: TestClient, path: str, status: int = 200, /, **params: Any) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


def fits(got: Any, expected: Any) -> bool:
    """Whether a value is what an example says: a thing by its slug, an object by the keys named, a list by its set."""
    if isinstance(expected, dict):
        return isinstance(got, dict) and all(k in got and fits(got[k], v) for k, v in expected.items())
    if isinstance(expected, list):
        return (
            isinstance(got, list) and len(got) == len(expected) and all(any(fits(g, e) for g in got) for e in expected)
        )
    if isinstance(got, dict):
        return expected in (got.get("slug"), got.get("id"), got.get("edtf"), got.get("value"))
    return bool(got == expected)


def query_of(template: Template, number: int) -> dict[str, list[str]]:
    return {k: as_texts(v) for k, v in template.examples[number].params.items()}


@pytest.mark.parametrize(("name", "number"), EXAMPLES)
def test_examples_come_out_as_they_say(client: TestClient, name: str, number: int) -> None:
    template = TEMPLATES[name]
    example = template.examples[number]
    body = get(client, template.path, clang="en", page_size=1000, **query_of(template, number))
    rows = body["data"]
    if example.expect is not None:
        assert len(rows) == len(example.expect), rows
        assert all(any(fits(row, e) for row in rows) for e in example.expect), rows
    if example.total is not None:
        assert body["page"]["total"] == example.total
    for expected in example.includes:
        assert any(fits(row, expected) for row in rows), (expected, rows)
    if example.expect is None and not example.includes:
        assert rows, "an example shows something"


@pytest.mark.parametrize(
    ("path", "parameter", "slug", "others"),
    [
        (
            "bodies/heads",
            "body",
            "kazakh-national-womens-teacher-training-university",
            ["00kc94n51", "https://ror.org/00kc94n51", "Q13417870", "https://www.wikidata.org/wiki/Q13417870"],
        ),
        ("regions/akims", "region", "aktobe", ["KZ-15", "KZ-AKT", "region:aktobe"]),
        ("agreements/between-countries", "partner", "az", ["AZ", "country:az"]),
    ],
)
def test_a_thing_may_be_named_by_slug_iri_and_outside_ids(
    client: TestClient, path: str, parameter: str, slug: str, others: list[str]
) -> None:
    of = {"body": "organization", "partner": "country"}.get(parameter, parameter)
    whole = get(client, f"/api/v1/{path}", **{parameter: slug})["data"]
    assert whole
    for name in (f"https://w3id.org/bilim/id/{of}/{slug}", *others):
        assert get(client, f"/api/v1/{path}", **{parameter: name})["data"] == whole, name


@pytest.mark.parametrize(("name", "number"), EXAMPLES)
def test_answers_fit_their_schema(client: TestClient, name: str, number: int) -> None:
    document = get(client, "/openapi.json")
    template = TEMPLATES[name]
    operation = document["paths"][template.path]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**schema, "components": document["components"]})
    body = get(client, template.path, **query_of(template, number))
    assert [e.message for e in validator.iter_errors(body)] == []
    assert operation["operationId"] == template.operation
    assert {p["name"] for p in operation["parameters"]} >= {p.name for p in template.params}
    assert all(p["description"] for p in operation["parameters"])


def test_the_envelope(client: TestClient) -> None:
    answer = client.get(HOLDERS, params={**ASKED, "clang": "en"})
    body = answer.json()
    assert list(body) == ["data", "page", "links", "release", "on"]
    assert body["page"] == {"number": 1, "size": 50, "total": 1}
    assert body["on"] == "2022-06-24"
    assert body["data"][0]["person"]["label"] == "Askhat Aimagambetov"
    assert body["data"][0]["start"]["text"] == "11 June 2022"
    assert answer.headers["bilim-release"] == body["release"]
    assert answer.headers["content-language"] == "en"
    assert {"Accept", "Accept-Language"} <= {v.strip() for v in answer.headers["vary"].split(",")}
    assert 'rel="first"' in answer.headers["link"]
    assert body["links"]["self"] == f"{HOLDERS}?post=kz-minister-of-education&on=2022-06-24&clang=en&page=1"
    assert client.head(HOLDERS, params=ASKED).content == b""
    assert client.get(body["links"]["page"], headers={"Accept": "text/html"}).status_code == 200


def test_labels_follow_clang(client: TestClient) -> None:
    labels = {c: get(client, HOLDERS, **ASKED, clang=c)["data"][0]["person"] for c in ("kk", "ru", "en")}
    assert {c: label["labelLang"] for c, label in labels.items()} == {"kk": "kk", "ru": "ru", "en": "en"}
    assert labels["kk"]["label"] != labels["ru"]["label"]


def test_a_wrong_day_is_a_problem_with_an_example_that_works(client: TestClient) -> None:
    answer = client.get(HOLDERS, params={"post": "kz-minister-of-education", "on": "24.06.2022"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "https://w3id.org/bilim/problems/bad-parameter",
        "title": "Parameter 'on' is not a date",
        "status": 422,
        "detail": "'24.06.2022' was given; a date as YYYY-MM-DD is needed.",
        "parameter": "on",
        "given": "24.06.2022",
        "example": f"{HOLDERS}?post=kz-minister-of-education&on=2022-06-24",
    }
    assert client.get(answer.json()["example"]).status_code == 200


def test_several_wrong_parameters_are_all_told(client: TestClient) -> None:
    problem = get(client, HOLDERS, 422, on="x", psot="y", lang="ru")
    assert {e["parameter"] for e in problem["errors"]} == {"post", "on", "psot"}
    assert "дата" in next(e["detail"] for e in problem["errors"] if e["parameter"] == "on")
    for error in problem["errors"]:
        assert client.get(error["example"]).status_code == 200


@pytest.mark.parametrize(
    ("given", "parameter"),
    [
        ({"page": "0"}, "page"),
        ({"page": "x"}, "page"),
        ({"page_size": "100000"}, "page_size"),
        ({"page": "9" * 50}, "page"),
    ],
)
def test_pages_that_cannot_be(client: TestClient, given: dict[str, str], parameter: str) -> None:
    assert get(client, HOLDERS, 422, **ASKED, **given)["parameter"] == parameter


def test_a_page_beyond_the_last(client: TestClient) -> None:
    assert get(client, HOLDERS, 404, **ASKED, page=2)["type"].endswith("/page-beyond")
    empty = {"post": "kz-minister-of-education-and-science", "on": "2022-06-24"}
    body = get(client, HOLDERS, **empty)
    assert (body["data"], body["page"]["total"]) == ([], 0)
    assert get(client, HOLDERS, 404, **empty, page=2)


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_walking_next_gives_the_whole_set_once(client: TestClient, name: str) -> None:
    template = TEMPLATES[name]
    given = query_of(template, len(template.examples) - 1)
    whole = get(client, template.path, page_size=1000, **given)
    address: str | None = f"{whole['links']['first']}".replace("page_size=1000", "page_size=3")
    walked: list[Any] = []
    while address:
        answer = client.get(address)
        body = answer.json()
        assert body["page"]["total"] == whole["page"]["total"]
        walked += body["data"]
        header = {rel: target for target, rel in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["link"])}
        assert header.get("next") == body["links"].get("next")
        assert header["last"] == body["links"]["last"]
        address = header.get("next")
    assert walked == whole["data"]
    assert len(walked) == whole["page"]["total"]


def test_representations(client: TestClient) -> None:
    results = client.get(HOLDERS, params=ASKED, headers={"Accept": "application/sparql-results+json"}).json()
    assert results["head"]["vars"][:2] == ["tenure", "person"]
    assert results["results"]["bindings"][0]["person"]["type"] == "uri"
    answer = client.get(HOLDERS + ".csv", params={**ASKED, "clang": "en"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["bilim-release"] in answer.headers["content-disposition"]
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert (row["personLabel"], row["certainty"], row["disputed"]) == ("Askhat Aimagambetov", "certain", "false")
    assert client.get(HOLDERS, params=ASKED, headers={"Accept": "text/tab-separated-values"}).text.startswith(
        "?tenure\t"
    )
    xml = client.get(HOLDERS, params=ASKED, headers={"Accept": "application/sparql-results+xml"})
    assert "<uri>https://w3id.org/bilim/id/person/askhat-aimagambetov</uri>" in xml.text
    browser = client.get(HOLDERS, params=ASKED, headers={"Accept": "text/html,*/*;q=0.8"})
    assert browser.headers["content-type"] == "application/json"
    assert client.get(HOLDERS + ".json", params=ASKED, headers={"Accept": "image/png"}).status_code == 200


def test_what_cannot_be_given_is_406(client: TestClient) -> None:
    answer = client.get(HOLDERS, params=ASKED, headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert "text/csv" in answer.text
    assert client.get(HOLDERS + ".ttl", params=ASKED).status_code == 404
    assert get(client, "/api/v1/posts/holderz", 404)["type"].endswith("/no-template")


def test_only_the_documents_named(client: TestClient) -> None:
    body = get(client, "/api/v1/discrepancies/list", document="seed-000", clang="en")
    assert {d["slug"] for row in body["data"] for d in row["documents"]} == {"seed-000"}
    evidence = get(
        client, "/api/v1/evidence/of", thing="o:kz-ministry-of-education", document=["seed-000"], page_size=1000
    )
    assert evidence["data"]
    assert {row["document"]["slug"] for row in evidence["data"]} == {"seed-000"}
    assert get(client, HOLDERS, 422, **ASKED, document="no-such-document")["parameter"] == "document"


def test_the_catalogue_shows_every_question(client: TestClient) -> None:
    body = client.get("/queries", headers={"Accept": "application/json"}).json()
    assert [t["name"] for t in body["data"]] == list(TEMPLATES)
    assert body["broken"] == []
    page = client.get("/queries", headers={"Accept": "text/html"}).text
    for name, template in TEMPLATES.items():
        assert f"/queries/{name}" in page
        shown = client.get(f"/queries/{name}", headers={"Accept": "text/html"})
        assert shown.status_code == 200
        assert f'action="/queries/{name}"' in shown.text
        assert template.path in shown.text
        assert all(f'name="{p.name}"' in shown.text for p in template.params)


def test_an_empty_field_of_a_form_is_not_given(client: TestClient) -> None:
    assert urlsplit(get(client, HOLDERS, **ASKED, document="")["links"]["self"]).query.count("document") == 0
