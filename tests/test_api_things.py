"""/id and /doc: redirects, formats, languages, what is not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse
from starlette.testclient import TestClient

from api.register import Fate, read_register

TENURE = "https://w3id.org/bilim/id/tenure/aigul-kz-example"
PAGE = "/doc/tenure/aigul-kz-example"


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        ("text/html,application/xhtml+xml,*/*;q=0.8", ""),
        ("*/*", ""),
        ("application/json", ".json"),
        ("application/ld+json", ".jsonld"),
        ("text/turtle", ".ttl"),
        ("application/n-triples", ".nt"),
        ("text/turtle;q=0.5, application/n-triples;q=0.6", ".nt"),
    ],
)
def test_the_thing_itself_leads_to_what_accept_asks_for(small: TestClient, accept: str, suffix: str) -> None:
    answer = small.get("/id/tenure/aigul-kz-example?lang=ru", headers={"Accept": accept})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{PAGE}{suffix}?lang=ru"
    assert "Accept" in [part.strip() for part in answer.headers["vary"].split(",")]
    assert small.get(answer.headers["location"]).status_code == 200


def test_the_document_has_the_shape_that_was_agreed(small: TestClient) -> None:
    body = small.get(PAGE + ".json?on=2022-07-01&clang=en").json()
    assert set(body) == {"data", "release", "on", "links"}
    data = body["data"]
    assert (data["id"], data["kind"], data["slug"]) == (TENURE, "tenure", "aigul-kz-example")
    assert (data["label"], data["labelLang"]) == ("Aigul 1 – Minister of Examples", "en")
    assert data["start"] == {
        "edtf": "2022-06-11", "earliest": "2022-06-11", "latest": "2022-06-11", "text": "11 June 2022",
    }  # fmt: skip
    assert data["member"]["label"] == "Aigul 1"
    assert {e["slug"] for e in data["evidence"]} == {"example-00000001", "example-00000002"}
    assert (body["on"], data["certainty"]) == ("2022-07-01", "certain")
    assert small.get(PAGE + ".json?on=2023-01-15").json()["data"]["certainty"] == "possible"
    assert small.get("/doc/person/aigul-example.json").json()["data"]["certainty"] is None


def test_content_language_falls_back_and_says_so(small: TestClient) -> None:
    russian = small.get("/doc/post/kz-example.json?clang=ru")
    assert (russian.json()["data"]["label"], russian.json()["data"]["labelLang"]) == ("Мысалдар министрі", "kk")
    asked = small.get("/doc/post/kz-example.json", headers={"Accept-Language": "en-GB, ru;q=0.5"})
    assert asked.json()["data"]["labelLang"] == "en"
    assert asked.headers["content-language"] == "en"


@pytest.mark.parametrize(
    ("suffix", "media", "fmt"),
    [
        (".ttl", "text/turtle", RdfFormat.TURTLE),
        (".nt", "application/n-triples", RdfFormat.N_TRIPLES),
        (".jsonld", "application/ld+json", RdfFormat.JSON_LD),
    ],
)
def test_every_rdf_format_holds_the_same_statements(small: TestClient, suffix: str, media: str, fmt: RdfFormat) -> None:
    by_suffix = small.get(PAGE + suffix)
    by_accept = small.get(PAGE, headers={"Accept": media})
    assert by_suffix.headers["content-type"].startswith(media)
    assert by_suffix.content == by_accept.content
    assert by_accept.headers["content-location"] == PAGE + suffix
    found = {str(q) for q in parse(by_suffix.content, format=fmt)}
    assert found == {str(q) for q in parse(small.get(PAGE + ".nt").content, format=RdfFormat.N_TRIPLES)}
    text = small.get(PAGE + ".nt").text
    assert f"<{TENURE}> <http://www.w3.org/ns/org#member>" in text
    assert '"was appointed"' in text  # its evidence is there too


def test_links_to_the_other_formats(small: TestClient) -> None:
    link = small.get(PAGE).headers["link"]
    assert f'<{PAGE}>; rel="canonical"' in link
    for suffix, media in ((".json", "application/json"), (".ttl", "text/turtle"), (".nt", "application/n-triples")):
        assert f'<{PAGE}{suffix}>; rel="alternate"; type="{media}"' in link


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        ("/doc/person/nobody", 404, "thing-not-found"),
        ("/id/person/nobody", 404, "thing-not-found"),
        ("/doc/person/nobody.ttl", 404, "thing-not-found"),
        ("/doc/minister/nobody", 404, "kind-not-found"),
        ("/doc/minister", 404, "kind-not-found"),
        ("/doc/person/aigul-example.json?onn=2022-06-24", 422, "parameter-unknown"),
        ("/doc/person/aigul-example?on=24.06.2022", 422, "day-invalid"),
        ("/doc/person/aigul-example?on=20220624", 422, "day-invalid"),
        ("/doc/person/aigul-example?lang=de", 422, "language-unknown"),
        ("/doc/person/aigul-example.json?clang=xx", 422, "language-unknown"),
        ("/doc/person?page=2", 404, "page-not-there"),
        ("/doc/person?page=0", 404, "page-not-there"),
        ("/graph/nope", 404, "term-not-found"),
        ("/list/nope", 404, "term-not-found"),
        ("/list/rank/nope", 404, "term-not-found"),
        ("/releases/2020-01-01.1-abcdef", 404, "no-such-release"),
    ],
)
def test_what_is_wrong_is_a_problem(small: TestClient, path: str, status: int, slug: str) -> None:
    answer = small.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == f"https://w3id.org/bilim/problems/{slug}"
    assert body["status"] == status
    assert body["title"]
    assert answer.headers["bilim-release"]


def test_several_wrong_parameters_are_all_told(small: TestClient) -> None:
    body = small.get("/doc/person/aigul-example.json?a=1&b=2").json()
    assert [e["code"] for e in body["errors"]] == ["parameter-unknown"] * 2


@pytest.mark.parametrize(
    "path", [PAGE, "/", "/releases", "/list/rank", "/graph/data/small", "/def", "/id/person/aigul-example"]
)
def test_what_cannot_be_given_is_406(small: TestClient, path: str) -> None:
    answer = small.get(path, headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert answer.json()["type"].endswith("/not-acceptable")


def test_a_list_of_a_kind_walks_to_its_end(small: TestClient) -> None:
    body = small.get("/doc/evidence", headers={"Accept": "application/json"}).json()
    assert body["page"] == {"number": 1, "size": 100, "total": 2}
    assert sorted(d["slug"] for d in body["data"]) == ["example-00000001", "example-00000002"]
    empty = small.get("/doc/agreement", headers={"Accept": "application/json"})
    assert (empty.status_code, empty.json()["data"]) == (200, [])


def test_redirects_and_withdrawn_things(small: TestClient, tmp_path: Path) -> None:
    folder = tmp_path / "reference"
    folder.mkdir()
    (folder / "slugs.csv").write_text(
        "kind,slug,since,status,reason\n"
        "person,aigul-example,2026-01-01,live,\n"
        "person,old,2026-01-01,redirect:older,\n"
        "person,older,2026-01-01,redirect:aigul-example,\n"
        "person,gone,2026-01-01,withdrawn,made up\n"
        "person,a,2026-01-01,redirect:b,\n"
        "person,b,2026-01-01,redirect:a,\n",
        encoding="utf-8",
    )
    register = read_register(tmp_path)
    assert register.fate("person", "old") == register.fate("person", "older") == Fate(moved_to="aigul-example")
    assert register.fate("person", "a").moved_to in ("a", "b")  # a circle must end
    state = small.app.state  # type: ignore[attr-defined]
    before, state.register = state.register, register
    try:
        moved = small.get("/id/person/old?lang=kk")
        assert (moved.status_code, moved.headers["location"]) == (301, "/id/person/aigul-example?lang=kk")
        page = small.get("/doc/person/old.ttl")
        assert (page.status_code, page.headers["location"]) == (301, "/doc/person/aigul-example.ttl")
        gone = small.get("/id/person/gone")
        assert gone.status_code == 410
        assert "made up" in gone.json()["title"]
    finally:
        state.register = before
        small.app.cache.clear()  # type: ignore[attr-defined]


def test_named_graphs_and_vocabulary(small: TestClient) -> None:
    graph = small.get("/graph/data/small", headers={"Accept": "application/n-quads"})
    quads = list(parse(graph.content, format=RdfFormat.N_QUADS))
    assert {str(q.graph_name) for q in quads} == {"<https://w3id.org/bilim/graph/data/small>"}
    turtle = small.get("/graph/data/small", headers={"Accept": "text/turtle"})
    assert len(list(parse(turtle.content, format=RdfFormat.TURTLE))) == len(quads)
    definitions = small.get("/def", headers={"Accept": "text/turtle"})
    subjects = {str(q.subject) for q in parse(definitions.content, format=RdfFormat.TURTLE)}
    assert "<https://w3id.org/bilim/def#Tenure>" in subjects
    assert not any("/list/" in s for s in subjects)
    assert small.get("/def", headers={"Accept": "text/html"}).headers["location"] == "/ontology"
    shapes = small.get("/shapes", headers={"Accept": "text/turtle"})
    assert any("TenureShape" in str(q.subject) for q in parse(shapes.content, format=RdfFormat.TURTLE))
    concept = small.get("/list/rank/preferred", headers={"Accept": "text/turtle"})
    assert {str(q.subject) for q in parse(concept.content, format=RdfFormat.TURTLE)} == {
        "<https://w3id.org/bilim/list/rank/preferred>"
    }


def test_every_thing_of_the_release_in_every_format(client: TestClient) -> None:
    """Nothing in the real data breaks a page or a format."""
    release = client.app.state.services.release()  # type: ignore[attr-defined]
    rows = release.projection.rows("SELECT kind, slug FROM documents ORDER BY kind, slug")
    assert len(rows) > 100
    seen: dict[str, int] = {}
    for kind, slug in rows:
        seen[kind] = seen.get(kind, 0) + 1
        suffixes = ("", ".json", ".jsonld", ".ttl", ".nt") if seen[kind] <= 5 else ("", ".json")
        if seen[kind] > 25:  # of each kind enough
            continue
        for suffix in suffixes:
            answer = client.get(f"/doc/{kind}/{slug}{suffix}?lang={('kk', 'ru', 'en')[seen[kind] % 3]}")
            assert answer.status_code == 200, (kind, slug, suffix, answer.text[:300])
