"""Ways of asking a template over HTTP: fields, POST bodies, enumerations of the graph, deprecation, development."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from kg.log import configure
from kg.settings import Settings
from tests.released import publish_small
from tests.test_templates_api import ASKED, HOLDERS, TEMPLATES, get

ROOT = Path(__file__).resolve().parent.parent
SMALL = "/api/v1/own/tenures"
TEXT = """#+ summary: {en: Tenures, ru: Сроки}
#+ description: "**Bold** <script>alert(1)</script> [x](javascript:alert(1)) ![i](https://example.org/i.png)"
#+ deprecated: {since: 2026-01-01, sunset: 2027-01-01, use: own/other}
#+ pagination: 2
#+ enumerate:
#+   - post
#+ params:
#+   person: {type: entity, of: foaf:Person}
#+ returns:
#+   tenure: {type: entity, description: the tenure}
#+   post: {type: entity, description: the post}
#+ examples:
#+   - params: {post: kz-example}
SELECT ?tenure ?post WHERE {
  # @if ?__person_multi_iri
  VALUES ?__person_multi_iri { }
  ?tenure org:member ?__person_multi_iri .
  # @end
  # @if ?__note
  FILTER(STRLEN(?__note) > 0)
  # @end
  ?tenure a bkg:Tenure ; bkg:post ?_post_iri .
  ?tenure bkg:post ?post .
} ORDER BY ?tenure
"""
OTHER = "#+ summary: One\nSELECT ?s WHERE { ?s a bkg:Tenure } ORDER BY ?s LIMIT 1\n"
GRAPH = "#+ summary: All of it\nCONSTRUCT { ?s a ?c } WHERE { ?s a ?c } LIMIT 9\n"
ASK = "#+ summary: Any\nASK { ?s a bkg:Tenure }\n"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[TestClient, Path]]:
    """The app over a small release and a folder of questions of its own, in development."""
    root = tmp_path / "resources"
    (root / "queries/own").mkdir(parents=True)
    for name in ("ontology", "data"):
        (root / name).symlink_to(ROOT / name)
    for name, text in (("tenures", TEXT), ("other", OTHER), ("graph", GRAPH), ("any", ASK)):
        (root / f"queries/own/{name}.rq").write_text(text, encoding="utf-8")
    publish_small(tmp_path / "home")
    settings = Settings(home=tmp_path / "home", resources=root, dev=True, url_max_bytes=256, log_level="error")
    configure(settings)
    with TestClient(create_app(settings), follow_redirects=False) as made:
        yield made, root / "queries/own"


# --- fields ---------------------------------------------------------------------------------------


def test_fields_choose_keys_and_columns(client: TestClient) -> None:
    body = get(client, HOLDERS, **ASKED, fields="person,certainty")
    assert [list(row) for row in body["data"]] == [["person", "certainty"]]
    assert "fields=person%2Ccertainty" in body["links"]["self"]
    assert client.get(body["links"]["self"]).json() == body
    answer = client.get(HOLDERS + ".csv", params={**ASKED, "fields": ["certainty", "person"]})
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert {**row, "person": "", "personLabel": row["personLabel"] != ""} == {
        "person": "",
        "personLabel": True,
        "certainty": "certain",
    }
    results = client.get(HOLDERS + ".srj", params={**ASKED, "fields": "start"}).json()
    assert results["head"]["vars"] == ["start"]


@pytest.mark.parametrize("name", [n for n, t in TEMPLATES.items() if t.examples])
def test_a_choice_of_fields_merges_no_objects(client: TestClient, name: str) -> None:
    template = TEMPLATES[name]
    given = dict(template.examples[0].params)
    whole = get(client, template.path, **given, page_size=100)
    for key in whole["data"][0] if whole["data"] else ():
        part = get(client, template.path, **given, page_size=100, fields=key)
        assert part["data"] == [{k: v for k, v in row.items() if k == key} for row in whole["data"]]
        assert part["page"] == whole["page"]


def test_a_field_that_is_not_there_is_told(client: TestClient) -> None:
    problem = get(client, HOLDERS, 422, **ASKED, fields="person,nobody")
    assert (problem["parameter"], problem["given"]) == ("fields", "nobody")
    assert "certainty" in problem["detail"]


# --- POST -----------------------------------------------------------------------------------------


def test_all_that_is_wrong_is_told_at_once_with_examples_that_work(client: TestClient) -> None:
    given = {
        "on": "2022-02-30",
        "foo": "1",
        "page": "0",
        "page_size": "99999",
        "fields": "nope",
        "lang": "xx",
        "clang": "de",
    }
    answer = client.get(HOLDERS, params=given)
    assert answer.status_code == 422
    told = {error["parameter"]: error for error in answer.json()["errors"]}
    assert told.keys() == {"post", *given}
    for name, error in told.items():
        assert error["given"] == given.get(name)
        assert client.get(error["example"]).status_code == 200, error
    alone = client.get(HOLDERS, params={"post": "kz-minister-of-education", "clang": "de"}).json()
    assert alone["parameter"] == "clang"
    assert client.get(alone["example"]).status_code == 200
    assert alone["type"].endswith("/bad-parameter")


@pytest.mark.parametrize(
    ("body", "said"), [(b"[]", "array"), (b"null", "null"), (b"1", "number"), (b'{"post": {}}', "object")]
)
def test_bodies_are_told_in_the_words_of_json(client: TestClient, body: bytes, said: str) -> None:
    answer = client.post(HOLDERS, content=body, headers={"Content-Type": "application/json"})
    assert said in answer.json()["title"]


def test_a_body_asks_the_same_as_an_address(client: TestClient) -> None:
    asked = {**ASKED, "clang": "en", "page_size": 10, "document": ["seed-000"]}
    answer = client.post(HOLDERS, json=asked)
    assert answer.status_code == 200
    assert answer.json() == client.get(HOLDERS, params=asked).json()
    assert client.post(HOLDERS + ".csv", json=asked).headers["content-type"].startswith("text/csv")
    assert client.post(HOLDERS, json={**ASKED, "document": None}).json()["data"]


def test_a_list_too_long_for_an_address_goes_into_a_body(client: TestClient) -> None:
    documents = ["https://w3id.org/bilim/id/document/seed-000"] * 400
    assert client.get(HOLDERS, params={**ASKED, "document": documents}).status_code == 414
    body = client.post(HOLDERS, json={**ASKED, "document": documents}).json()
    assert body["links"]["self"].count("document=") == 1, "the same value counts once"
    problem = client.post(HOLDERS, json={**ASKED, "document": ["seed-000"] * 1001}).json()
    assert (problem["status"], problem["parameter"]) == (422, "document")


def test_no_link_is_longer_than_the_server_takes(own: tuple[TestClient, Path]) -> None:
    client, _ = own
    body = client.post(SMALL, json={"post": "kz-example", "note": "x" * 300}).json()
    assert body["page"]["total"] == 1
    assert body["links"] == {}
    assert client.post(SMALL, json={"post": "kz-example"}).json()["links"]["self"]


@pytest.mark.parametrize(
    ("content", "media", "status", "code"),
    [
        (b"{}", "text/plain", 415, "body-media"),
        (b"{", "application/json", 400, "body-unreadable"),
        (b"[]", "application/json", 400, "body-unreadable"),
        (b'{"post": {"a": 1}}', "application/json", 422, "body-value"),
        (b'{"post": [[1]]}', "application/json", 422, "body-value"),
        (b'{"post": "\\ud800"}', "application/json", 400, "body-unreadable"),
        (b'{"post": NaN}', "application/json", 400, "body-unreadable"),
        (b"[" * 100_000, "application/json", 400, "body-unreadable"),
        (b"\xff", "application/json", 400, "body-unreadable"),
        (b'{"post": "kz-minister-of-education", "on": "x"}', "application/json", 422, "bad-parameter"),
        (b'{"psot": 1}', "application/json", 422, "bad-parameter"),
        (b'"' + b"x" * 4_000_001, "application/json", 413, "body-too-large"),
    ],
)
def test_wrong_bodies_are_told(client: TestClient, content: bytes, media: str, status: int, code: str) -> None:
    answer = client.post(HOLDERS, content=content, headers={"Content-Type": media})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, code)


def test_an_address_in_the_query_and_in_the_body_is_given_twice(client: TestClient) -> None:
    problem = client.post(HOLDERS, params={"post": "a"}, json={"post": "b"}).json()
    assert problem["status"] == 422
    assert problem["parameter"] == "post"


def test_a_thing_named_twice_counts_once(own: tuple[TestClient, Path]) -> None:
    client, _ = own
    names = ["https://w3id.org/bilim/id/person/aigul-example", "person:aigul-example", "aigul-example"]
    body = client.post(SMALL, json={"person": names, "post": "kz-example"}).json()
    assert body["page"]["total"] == len(body["data"]) == 1


# --- enumerations of the graph --------------------------------------------------------------------


def test_an_enumeration_holds_what_the_graph_has_and_is_enforced(own: tuple[TestClient, Path]) -> None:
    client, _ = own
    assert get(client, SMALL, post="kz-example")["page"]["total"] == 1
    assert get(client, SMALL, post="post:kz-example") == {**get(client, SMALL, post="kz-example"), "links": ANY}
    problem = get(client, SMALL, 422, post="nobody")
    assert problem["parameter"] == "post"
    assert "kz-example" in problem["detail"]
    (said,) = (p for p in get(client, "/openapi.json")["paths"][SMALL]["get"]["parameters"] if p["name"] == "post")
    assert said["schema"]["enum"] == ["kz-example"]
    assert (
        '<option value="kz-example">kz-example</option>'
        in client.get("/queries/own/tenures", headers={"Accept": "text/html"}).text
    )


def test_an_enumeration_without_a_triple_is_told(own: tuple[TestClient, Path]) -> None:
    client, folder = own
    (folder / "bad.rq").write_text(
        "#+ params:\n#+   a: {enum: graph}\nSELECT ?s WHERE { ?s a bkg:Tenure . FILTER(STR(?s) = ?_a) } LIMIT 1\n"
    )
    broken = client.get("/queries", headers={"Accept": "application/json"}).json()["broken"]
    assert [b["findings"][0]["code"] for b in broken] == ["param-enum-no-pattern"]


class _Any:
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


ANY = _Any()


# --- what will go ---------------------------------------------------------------------------------


def test_a_deprecated_template_says_so_in_every_answer(own: tuple[TestClient, Path]) -> None:
    client, _ = own
    for path in (f"{SMALL}?post=kz-example", f"{SMALL}.csv?post=kz-example", f"{SMALL}?post=nobody"):
        answer = client.get(path)
        assert answer.headers["deprecation"] == "@1767225600"  # 2026-01-01T00:00:00Z
        assert answer.headers["sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
        assert '</api/v1/own/other>; rel="successor-version"' in answer.headers["link"]
        assert '</queries/own/tenures>; rel="deprecation"' in answer.headers["link"]
    assert 'rel="first"' in client.get(f"{SMALL}?post=kz-example").headers["link"]
    assert "deprecation" not in client.get("/api/v1/own/other").headers
    assert get(client, "/openapi.json")["paths"][SMALL]["get"]["deprecated"] is True
    said = client.get("/queries/own/tenures", headers={"Accept": "application/json"}).json()["data"]
    assert said["deprecated"] == {"since": "2026-01-01", "sunset": "2027-01-01", "use": "own/other"}


# --- pages, suffixes, methods, development --------------------------------------------------------


def test_descriptions_are_markdown_without_html(own: tuple[TestClient, Path]) -> None:
    client, _ = own
    page = client.get("/queries/own/tenures", headers={"Accept": "text/html", "Accept-Language": "ru"}).text
    assert "<strong>Bold</strong>" in page
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
    assert "<img" not in page
    assert "<h1>Сроки</h1>" in page


@pytest.mark.parametrize(
    ("path", "media"),
    [
        ("own/other.json", "application/json"),
        ("own/other.csv", "text/csv; charset=utf-8"),
        ("own/other.tsv", "text/tab-separated-values; charset=utf-8"),
        ("own/other.srj", "application/sparql-results+json"),
        ("own/other.srx", "application/sparql-results+xml"),
        ("own/any.json", "application/json"),
        ("own/any.srj", "application/sparql-results+json"),
        ("own/graph.json", "application/ld+json"),
        ("own/graph.jsonld", "application/ld+json"),
        ("own/graph.ttl", "text/turtle; charset=utf-8"),
        ("own/graph.nt", "application/n-triples"),
    ],
)
def test_suffixes(own: tuple[TestClient, Path], path: str, media: str) -> None:
    answer = own[0].get(f"/api/v1/{path}", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, media)


def test_head_options_and_cors(client: TestClient) -> None:
    whole, head = client.get(HOLDERS, params=ASKED), client.head(HOLDERS, params=ASKED)
    assert head.content == b""
    assert head.status_code == 200
    same = ("etag", "content-type", "content-length", "link", "bilim-release", "vary", "access-control-allow-origin")
    assert [head.headers[h] for h in same] == [whole.headers[h] for h in same]
    assert "Deprecation" in whole.headers["access-control-expose-headers"]
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    preflight = client.options(HOLDERS, headers=asked)
    assert (preflight.status_code, preflight.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    assert preflight.headers["access-control-allow-methods"] == "GET, HEAD, POST, OPTIONS"
    assert "Content-Type" in preflight.headers["access-control-allow-headers"]
    assert client.options("/doc/country/kz").headers["allow"] == "GET, HEAD, OPTIONS"
    refused = client.put(HOLDERS, json={})
    assert refused.status_code == 405


def test_in_development_a_changed_file_answers_at_once(own: tuple[TestClient, Path]) -> None:
    client, folder = own
    before = client.get("/api/v1/own/other")
    assert len(before.json()["data"]) == 1
    (folder / "other.rq").write_text(OTHER.replace("bkg:Tenure", "bkg:NoSuchClass").replace("One", "None"))
    after = client.get("/api/v1/own/other", headers={"If-None-Match": before.headers.get("etag", '"x"')})
    assert after.status_code == 200
    assert after.json()["data"] == []
    assert "None" in client.get("/queries", headers={"Accept": "text/html"}).text
    assert get(client, "/openapi.json")["paths"]["/api/v1/own/other"]["get"]["summary"] == "None"
    (folder / "other.rq").unlink()
    assert client.get("/api/v1/own/other").status_code == 404


def test_bodies_are_described(client: TestClient) -> None:
    document: dict[str, Any] = get(client, "/openapi.json")
    posted = document["paths"][HOLDERS]["post"]
    schema = posted["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["post"]
    assert schema["properties"]["document"]["type"] == "array"
    assert {"400", "413", "415", "422"} <= set(posted["responses"])
    for example in posted["requestBody"]["content"]["application/json"]["examples"].values():
        assert client.post(HOLDERS, content=json.dumps(example["value"]), headers=JSON).status_code == 200


JSON = {"Content-Type": "application/json"}
