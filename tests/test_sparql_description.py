"""The endpoint as others find it: its description, graphs by their names, a release by its id; through the front."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, parse
from starlette.testclient import TestClient

from api.app import create_app
from kg.settings import Settings
from kg.sparql.description import SD
from kg.sparql.formats import GRAPHS, RESULTS
from kg.terms import GRAPH, VOID
from tests.released import publish_small

SMALL = GRAPH + "data/small"


def described(client: TestClient, accept: str = "text/turtle", path: str = "/sparql") -> list[Quad]:
    answer = client.get(path, headers={"Accept": accept})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == accept
    assert answer.headers["vary"]
    found = RdfFormat.from_media_type(accept)
    assert found is not None
    return list(parse(answer.content, format=found))


def values(quads: list[Quad], predicate: str) -> list[str]:
    return [quad.object.value for quad in quads if quad.predicate == NamedNode(predicate)]  # type: ignore[union-attr]


@pytest.mark.parametrize("offer", GRAPHS, ids=lambda offer: offer.suffix)
def test_the_service_describes_itself_in_every_format(small: TestClient, offer: object) -> None:
    quads = described(small, offer.media_type)  # type: ignore[attr-defined]
    assert values(quads, SD + "endpoint") == ["http://testserver/sparql"]
    assert values(quads, SD + "supportedLanguage") == [SD + "SPARQL11Query"]
    assert len(set(values(quads, SD + "resultFormat"))) == len(RESULTS) + len(GRAPHS)
    assert SD + "BasicFederatedQuery" not in values(quads, SD + "feature")


def test_the_graphs_of_the_description_are_those_of_the_release_with_their_counts(small: TestClient) -> None:
    quads = described(small)
    names = values(quads, SD + "name")
    assert SMALL in names
    counts = sorted(int(n) for n in values(quads, VOID + "triples"))
    query = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    rows = small.get("/sparql", params={"query": query}).json()["results"]["bindings"]
    assert sorted(names) == sorted(row["g"]["value"] for row in rows)
    whole = small.get("/sparql", params={"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"}).json()
    total = int(whole["results"]["bindings"][0]["n"]["value"])
    assert counts == sorted([total, *(int(row["n"]["value"]) for row in rows)])


def test_a_browser_gets_the_form_and_a_program_the_description(small: TestClient) -> None:
    page = small.get("/sparql", headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert "<textarea" in page.text
    assert small.get("/sparql").headers["content-type"].startswith("text/turtle")
    head = small.head("/sparql", headers={"Accept": "text/turtle"})
    assert (head.status_code, head.content) == (200, b"")


def test_head_and_304_through_the_front(small: TestClient) -> None:
    ask = {"query": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"}
    first = small.get("/sparql", params=ask)
    again = small.get("/sparql", params=ask, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = small.head("/sparql", params=ask)
    assert (head.content, head.headers["content-length"]) == (b"", str(len(first.content)))
    assert head.headers["bilim-release"] == first.headers["bilim-release"]


def test_graphs_are_read_by_the_graph_store_protocol(small: TestClient) -> None:
    ntriples = {"Accept": "application/n-triples"}
    indirect = small.get("/sparql/graph-store", params={"graph": SMALL}, headers=ntriples)
    direct = small.get("/graph/data/small", headers=ntriples)
    assert sorted(set(indirect.text.splitlines())) == sorted(direct.text.splitlines())
    assert indirect.text
    default = small.get("/sparql/graph-store?default", headers=ntriples)
    triples = set(default.text.splitlines())
    assert set(indirect.text.splitlines()) < triples
    assert len(triples) == len(default.text.splitlines())
    tagged = {**ntriples, "If-None-Match": indirect.headers["etag"]}
    assert small.get("/sparql/graph-store", params={"graph": SMALL}, headers=tagged).status_code == 304
    head = small.head("/sparql/graph-store", params={"graph": SMALL}, headers=ntriples)
    assert (head.status_code, head.content) == (200, b"")
    for offer in GRAPHS:
        answer = small.get("/sparql/graph-store", params={"graph": SMALL, "format": offer.suffix})
        assert answer.headers["content-type"].partition(";")[0] == offer.media_type


@pytest.mark.parametrize(
    ("method", "query", "status", "code"),
    [
        ("GET", "", 400, "graph-store-which"),
        ("GET", "?default&graph=x:y", 400, "graph-store-which"),
        ("GET", "?graph=x:y&graph=x:z", 400, "graph-store-which"),
        ("GET", "?graph=data/small", 400, "sparql-graph"),
        ("GET", "?graph=x:y", 404, "graph-store-unknown"),
        ("GET", "?default&format=xlsx", 406, "sparql-not-acceptable"),
        ("PUT", "?default", 405, "graph-store-reads"),
        ("POST", "?default", 405, "graph-store-reads"),
        ("DELETE", "?graph=x:y", 405, "graph-store-reads"),
        ("PATCH", "?default", 405, "graph-store-reads"),
    ],
)
def test_what_the_graph_store_refuses(small: TestClient, method: str, query: str, status: int, code: str) -> None:
    answer = small.request(method, "/sparql/graph-store" + query)
    assert answer.status_code == status, answer.text
    assert answer.json()["type"].endswith("/" + code)
    if status == 405:
        assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
        assert "/api/v1/imports" in answer.json()["detail"]


def test_an_earlier_release_is_asked_and_described_by_its_id(tmp_path: Path) -> None:
    first, second = publish_small(tmp_path, 1), publish_small(tmp_path, 2)
    name = {"query": "SELECT ?n { person:aigul-example skos:prefLabel ?n FILTER(LANG(?n) = 'en') }", "format": "csv"}
    settings = Settings(home=tmp_path, log_level="error", sparql_workers=1)
    with TestClient(create_app(settings)) as client:
        for release, expected in ((first, "Aigul 1"), (second, "Aigul 2")):
            answer = client.get(f"/releases/{release}/sparql", params=name)
            assert answer.text.split() == ["n", *expected.split()]
            assert answer.headers["bilim-release"] == release
            path = f"/releases/{release}/sparql"
            assert values(described(client, path=path), SD + "endpoint") == [f"http://testserver{path}"]
            assert f'action="{path}?lang=' in client.get(path, headers={"Accept": "text/html"}).text
        assert client.get("/sparql", params=name).text.split() == ["n", "Aigul", "2"]
        metrics = client.get("/metrics").text
        assert "bilim_sparql_pinned_releases 2.0" in metrics
        assert "bilim_sparql_kept_answers 2.0" in metrics  # the third is the second, unpinned
        for wrong in ("2020-01-01.1-abcdef", "nonsense"):
            assert client.get(f"/releases/{wrong}/sparql", params=name).status_code == 404


SPEX = "PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX void: <http://rdfs.org/ns/void#> "


def test_examples_and_void_are_graphs_of_the_endpoint(tmp_path: Path) -> None:
    publish_small(tmp_path, 1)
    settings = Settings(home=tmp_path, log_level="error", sparql_workers=1, public_url="https://example.org/kg")
    graphs = {
        "https://example.org/kg/sparql/.well-known/sparql-examples": ("?x a sh:SPARQLExecutable ; sh:select ?q", 10),
        "https://example.org/kg/.well-known/void": ("?x void:classPartition/void:class ?c", 5),
    }
    with TestClient(create_app(settings)) as client:
        count = "SELECT (COUNT(*) AS ?n) "
        for graph, (pattern, least) in graphs.items():
            for query in (
                f"{SPEX}{count}{{ GRAPH <{graph}> {{ {pattern} }} }}",
                f"{SPEX}{count}FROM <{graph}> {{ {pattern} }}",
            ):
                assert int(client.get("/sparql", params={"query": query, "format": "csv"}).text.split()[1]) >= least
            path = graph.removeprefix("https://example.org/kg")
            whole = {"query": f"CONSTRUCT {{ ?s ?p ?o }} {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}", "format": "nt"}
            served = client.get(path, headers={"Accept": "application/n-triples"})
            lines = sorted(served.text.replace("+00:00", "Z").splitlines())  # as the store writes a time
            assert sorted(client.get("/sparql", params=whole).text.splitlines()) == lines
            stored = client.get("/sparql/graph-store", params={"graph": graph, "format": "nt"})
            assert sorted(stored.text.splitlines()) == lines
            assert graph in values(described(client), SD + "name")
        # they are no part of the release: not in its default graph, not where it is asked by its id
        none = f"{SPEX}{count}{{ ?x a sh:SPARQLExecutable }}"
        assert client.get("/sparql", params={"query": none, "format": "csv"}).text.split() == ["n", "0"]
        release = client.get("/sparql", params={"query": none}).headers["bilim-release"]
        pinned = f"{count}{{ GRAPH ?g {{ ?s <{VOID}classPartition> ?o }} }}"
        answer = client.get(f"/releases/{release}/sparql", params={"query": pinned, "format": "csv"})
        assert answer.text.split() == ["n", "0"]
        publish_small(tmp_path, 2)
        while client.get("/sparql", params={"query": none}).headers["bilim-release"] == release:
            time.sleep(0.1)
        assert len(list((tmp_path / "serving").iterdir())) == 1
    assert not list((tmp_path / "serving").iterdir())
