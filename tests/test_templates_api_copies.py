"""For those who keep a copy: /api/v1/entities, /api/v1/changes; for tools: SPARQL examples and VoID."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store, parse
from starlette.testclient import TestClient

from api.app import create_app
from kg.log import configure
from kg.releases.layout import Home
from kg.releases.manifest import read
from kg.settings import Settings
from kg.sparql.tokens import tokenize
from kg.sparql.vet import vet
from kg.terms import BKG, PREFIXES, RDF
from tests.released import publish_small
from tests.test_templates_api import TEMPLATES

ATOM = "{http://www.w3.org/2005/Atom}"
MORE = 'person:bolat-example a foaf:Person ; skos:prefLabel "Bolat"@en .'


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TestClient, list[str]]]:
    """The app over three releases: a name changes; then a person comes and nothing else."""
    home = tmp_path_factory.mktemp("home")
    ids = [publish_small(home, 1), publish_small(home, 2), publish_small(home, 2, MORE)]
    settings = Settings(home=home, log_level="error", public_url="https://example.org/bilim/", sparql_workers=1)
    configure(settings)
    with TestClient(create_app(settings), follow_redirects=False) as made:
        yield made, ids


def get(client: TestClient, path: str, status: int = 200, /, **params: Any) -> Any:
    answer = client.get(path, params=params or None, headers={"Accept": "application/json"})
    assert answer.status_code == status, answer.text
    return answer.json()


# --- entities -------------------------------------------------------------------------------------


def test_entities_come_in_the_order_asked_and_missing_ones_are_named(two: tuple[TestClient, list[str]]) -> None:
    client, ids = two
    asked = ["post/kz-example", "person:aigul-example", "person/nobody", "https://example.org/x", "nonsense/a"]
    body = get(client, "/api/v1/entities", id=[*asked, "post/kz-example"], clang="ru")
    assert [d["slug"] for d in body["data"]] == ["kz-example", "aigul-example"]
    assert body["data"][1]["label"] == "Айгуль 2"
    assert [(m["id"], m["code"]) for m in body["missing"]] == [
        ("person/nobody", "thing-not-found"),
        ("https://example.org/x", "entity-name"),
        ("nonsense/a", "entity-name"),
    ]
    assert body["release"] == ids[-1]


def test_an_entity_is_what_its_document_says(two: tuple[TestClient, list[str]]) -> None:
    client, _ = two
    one = get(client, "/doc/tenure/aigul-kz-example.json", on="2022-07-01")["data"]
    (same,) = get(client, "/api/v1/entities", id="tenure/aigul-kz-example", on="2022-07-01")["data"]
    assert same == one
    assert same["certainty"] == "certain"


def test_of_entities_only_the_members_asked_for_come_and_what_names_them(two: tuple[TestClient, list[str]]) -> None:
    client, _ = two
    asked = {"id": "person/aigul-example", "fields": "label,altLabels", "clang": "en"}
    (thing,) = get(client, "/api/v1/entities", **asked)["data"]
    assert thing == {
        "id": "https://w3id.org/bilim/id/person/aigul-example",
        "kind": "person",
        "slug": "aigul-example",
        "label": "Aigul 2",
        "altLabels": {"en": ["Aygul"]},
    }
    told = get(client, "/api/v1/entities", 422, id="person/aigul-example", fields="labels,lable")
    assert "'lable'" in told["detail"]
    assert "label" in told["detail"]
    whole = get(client, "/api/v1/entities", **asked)
    assert client.get(whole["links"]["self"]).json() == whole
    sent = client.post("/api/v1/entities", json={"id": ["person/aigul-example"], "fields": ["slug"]})
    assert set(sent.json()["data"][0]) == {"id", "kind", "slug"}


def test_a_wrong_page_of_changes_is_named_with_one_that_works(two: tuple[TestClient, list[str]]) -> None:
    client, _ = two
    told = get(client, "/api/v1/changes", 422, page="0")
    assert (told["parameter"], told["given"]) == ("page", "0")
    assert client.get(told["example"]).status_code == 200


def test_a_method_that_is_not_there_is_told_all_that_are(two: tuple[TestClient, list[str]]) -> None:
    client, _ = two
    for path in ("/api/v1/entities", "/api/v1/statistics/things"):
        answer = client.delete(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")
        assert answer.headers["allow"] in answer.json()["detail"]
    assert client.post("/api/v1/changes").headers["allow"] == "GET, HEAD, OPTIONS"


def test_entities_may_be_asked_by_post_and_are_a_hundred_at_most(two: tuple[TestClient, list[str]]) -> None:
    client, _ = two
    names = [f"person/p{n}" for n in range(99)]
    body = client.post("/api/v1/entities", json={"id": [*names, "post/kz-example"]}).json()
    assert (len(body["missing"]), len(body["data"])) == (99, 1)
    assert get(client, "/api/v1/entities", 422, id=[*names, "person/a", "person/b"])["type"].endswith("too-many")
    assert get(client, "/api/v1/entities", 422)["type"].endswith("/entities-none")
    assert get(client, "/api/v1/entities", 422, ids="person/a")["type"].endswith("/parameter-unknown")
    assert client.options("/api/v1/entities").headers["allow"] == "GET, HEAD, POST, OPTIONS"


# --- changes --------------------------------------------------------------------------------------


def test_changes_since_a_release(two: tuple[TestClient, list[str]]) -> None:
    client, ids = two
    last = get(client, "/api/v1/changes")
    assert (last["since"], last["release"]) == (ids[1], ids[2])
    assert [(r["kind"], r["slug"], r["change"], r["label"]) for r in last["data"]] == [
        ("person", "bolat-example", "added", "Bolat")
    ]
    whole = get(client, "/api/v1/changes", since=ids[0])
    changed = {f"{r['kind']}/{r['slug']}": r["change"] for r in whole["data"]}
    assert changed["person/bolat-example"] == "added"
    assert changed["person/aigul-example"] == "changed"
    assert changed["tenure/aigul-kz-example"] == "changed", "it is called by the person's name"
    assert "document/example-paper" not in changed or changed["document/example-paper"] == "changed"
    assert whole["counts"] == {"added": 1, "changed": len(changed) - 1, "removed": 0}
    assert get(client, "/api/v1/changes", since=ids[2])["data"] == []


def test_what_went_is_told_by_its_old_name(tmp_path: Path) -> None:
    ids = [publish_small(tmp_path, 1, MORE), publish_small(tmp_path, 1)]
    settings = Settings(home=tmp_path, log_level="error", sparql_workers=1)
    with TestClient(create_app(settings)) as client:
        (gone,) = get(client, "/api/v1/changes", since=ids[0])["data"]
        assert (gone["slug"], gone["change"], gone["label"]) == ("bolat-example", "removed", "Bolat")
        # a release whose projection has another layout is compared by its statements
        file = Home(tmp_path).release(ids[0]) / "manifest.json"
        before = read(file.parent)
        versions = before.versions.model_copy(update={"projection": before.versions.projection - 1})
        before.model_copy(update={"versions": versions}).write(file.parent)
    with TestClient(create_app(settings)) as client:
        (gone,) = get(client, "/api/v1/changes", since=ids[0])["data"]
        assert (gone["slug"], gone["change"]) == ("bolat-example", "removed")


def test_changes_have_pages(two: tuple[TestClient, list[str]]) -> None:
    client, ids = two
    whole = get(client, "/api/v1/changes", since=ids[0])
    address, walked = f"/api/v1/changes?since={ids[0]}&page_size=1", []
    while address:
        body = get(client, address)
        walked += body["data"]
        address = body["links"].get("next")
    assert walked == whole["data"]
    assert get(client, "/api/v1/changes", 404, since=ids[0], page=99)["type"].endswith("/page-beyond")
    assert get(client, "/api/v1/changes", 404, since="2020-01-01.1-abcdef")["type"].endswith("/no-such-release")
    assert get(client, "/api/v1/changes", 404, since="../../etc")["type"].endswith("/no-such-release")


def test_changes_as_atom(two: tuple[TestClient, list[str]]) -> None:
    client, ids = two
    answer = client.get("/api/v1/changes.atom", params={"since": ids[0]})
    assert answer.headers["content-type"] == "application/atom+xml"
    assert client.get("/api/v1/changes", headers={"Accept": "application/atom+xml"}).text.startswith("<?xml")
    feed = ElementTree.fromstring(answer.content)
    for parent in (feed, *feed.iter(ATOM + "entry")):  # RFC 4287, sections 4.1.1 and 4.1.2
        assert {ATOM + n for n in ("id", "title", "updated")} <= {child.tag for child in parent}
    assert feed.find(f"{ATOM}author/{ATOM}name") is not None
    entries = list(feed.iter(ATOM + "entry"))
    assert len({e.findtext(ATOM + "id") for e in entries}) == len(entries) > 1
    links = {link.get("rel"): link.get("href", "") for link in feed.findall(ATOM + "link")}
    assert links["self"].startswith("https://example.org/bilim/api/v1/changes.atom?since=")


# --- examples and VoID ----------------------------------------------------------------------------

SH = PREFIXES["sh"]
FORMS = ("http://www.w3.org/ns/shacl#select", SH + "ask", SH + "construct",
         "https://purl.expasy.org/sparql-examples/ontology#describe")  # fmt: skip


def graph_of(client: TestClient, path: str, accept: str | None = None) -> Store:
    answer = client.get(path, headers={"Accept": accept} if accept else {"Accept": "*/*"})
    assert answer.status_code == 200
    media = answer.headers["content-type"].partition(";")[0]
    assert media == (accept or "text/turtle")
    store = Store()
    store.extend(parse(answer.content, format=RdfFormat.from_media_type(media)))
    return store


def test_every_template_is_a_sparql_example(client: TestClient) -> None:
    store = graph_of(client, "/sparql/.well-known/sparql-examples")
    found = [
        q.subject for q in store.quads_for_pattern(None, NamedNode(RDF + "type"), NamedNode(SH + "SPARQLExecutable"))
    ]
    assert {str(s.value).partition("#")[2] for s in found} == {t.operation for t in TEMPLATES.values()}
    endpoint = client.get("/.well-known/void")
    assert endpoint.status_code == 200
    for node in found:
        texts = [q.object.value for f in FORMS for q in store.quads_for_pattern(node, NamedNode(f), None)]
        assert len(texts) == 1, "exactly one of the four"
        vet(texts[0])  # raises for what our endpoint would refuse
        left = {t.text for t in tokenize(texts[0]) if t.text.startswith("?_")}
        assert all(f"VALUES {name} {{ <" in texts[0] for name in left), "every parameter has its value"
        assert "# @" not in texts[0]
        for needed in (SH + "prefixes", PREFIXES["rdfs"] + "comment", "https://schema.org/target"):
            assert list(store.quads_for_pattern(node, NamedNode(needed), None))
    for name in ("posts.holders", "people.posts"):
        node = next(s for s in found if s.value.endswith("#" + name))
        (text,) = (q.object.value for q in store.quads_for_pattern(node, NamedNode(FORMS[0]), None))
        rows = client.get("/sparql", params={"query": text}, headers={"Accept": "application/sparql-results+json"})
        assert rows.json()["results"]["bindings"], name


@pytest.mark.parametrize("media", ["application/n-triples", "application/ld+json", "application/rdf+xml"])
@pytest.mark.parametrize("path", ["/sparql/.well-known/sparql-examples", "/.well-known/void"])
def test_other_formats_say_the_same(client: TestClient, path: str, media: str) -> None:
    assert set(graph_of(client, path, media)) == set(graph_of(client, path))
    assert client.get(path, headers={"Accept": "image/png"}).status_code == 406


def test_void_counts_what_the_graph_holds(two: tuple[TestClient, list[str]]) -> None:
    client, ids = two
    store = graph_of(client, "/.well-known/void")
    release = Store.read_only(str(client.app.state.services.home.release(ids[-1]) / "store"))  # type: ignore[attr-defined]
    void = PREFIXES["void"]

    def rows(query: str, of: Store = store) -> list[tuple[str, ...]]:
        head = "".join(f"PREFIX {p}: <{n}>\n" for p, n in PREFIXES.items())
        return sorted(tuple(cell.value for cell in row) for row in of.query(head + query))  # type: ignore[union-attr]

    told = rows("SELECT ?c (STR(?n) AS ?m) { ?d void:classPartition ?p . ?p void:class ?c ; void:entities ?n }")
    assert told == rows("SELECT ?c (STR(COUNT(*)) AS ?n) { ?s a ?c } GROUP BY ?c", release)
    properties = rows(
        "SELECT ?c ?q (STR(?n) AS ?m) { ?p void:class ?c ; void:propertyPartition ?i . ?i void:property ?q ; "
        "void:triples ?n }"
    )
    assert properties == rows("SELECT ?c ?q (STR(COUNT(*)) AS ?n) { ?s a ?c ; ?q ?o } GROUP BY ?c ?q", release)
    values = rows(
        "SELECT ?o (STR(?n) AS ?m) { ?p void:class bkg:Tenure ; void:propertyPartition ?i . "
        "?i void:property org:member ; void:classPartition ?v . ?v void:class ?o ; void:triples ?n }"
    )
    assert (PREFIXES["foaf"] + "Person", "1") in values
    whole = Counter(q.predicate.value for q in release.quads_for_pattern(None, None, None, None) if _merged(q))
    own = rows(
        "SELECT ?q (STR(?n) AS ?m) { ?d a void:Dataset ; void:propertyPartition ?i . "
        "?i void:property ?q ; void:triples ?n }"
    )
    assert own == sorted((p, str(n)) for p, n in whole.items())
    assert rows("SELECT ?e { ?d void:sparqlEndpoint ?e }") == [("https://example.org/bilim/sparql",)]
    assert void + "Dataset" in {q.object.value for q in store if q.predicate.value == RDF + "type"}
    assert any(q.object.value == BKG + "Tenure" for q in store)


def _merged(quad: Any) -> bool:
    return str(quad.graph_name) == "DEFAULT"
