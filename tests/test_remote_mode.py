"""Remote mode: a server whose graphs lie in another store answers everything as one that has them, and follows it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from kg.commands.doctor import examine
from kg.releases.layout import Home
from kg.releases.reader import Release, open_release
from kg.sparql.remote_text import merged
from kg.store.probe import probe
from kg.store.remote_write import target_of
from tests import remote_stores
from tests.conftest import start_server, stop_server
from tests.released import publish_small
from tests.remote_stores import Remote, clean, endpoint, pusher, settings_for, without_store

NAME = 'SELECT ?n WHERE { person:aigul-example skos:prefLabel ?n FILTER(LANG(?n) = "en") }'
CSV = {"Accept": "text/csv"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with two releases, the second current."""
    home = tmp_path_factory.mktemp("two")
    publish_small(home, 1)
    publish_small(home, 2)
    return Home(home)


@pytest.fixture(scope="module")
def embedded(built: Home) -> Iterator[TestClient]:
    settings = settings_for_embedded(built)
    with TestClient(create_app(settings), follow_redirects=False) as client:
        yield client


def settings_for_embedded(built: Home) -> remote_stores.Settings:
    return remote_stores.Settings(home=built.path, log_level="error", sparql_workers=1)


@pytest.fixture(scope="module")
def releases(built: Home) -> list[Release]:
    return [open_release(built, release_id) for release_id in built.release_ids()]


@pytest.fixture(scope="module")
def bare(built: Home, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same home without graphs."""
    return without_store(built.path, tmp_path_factory.mktemp("bare"))


@pytest.fixture
def remote(other_store: Remote, bare: Path, releases: list[Release]) -> Iterator[TestClient]:
    """A server over ``bare`` that reads the second release from another store."""
    clean(other_store)
    pusher(other_store).push(releases[1])
    with TestClient(create_app(settings_for(other_store, bare)), follow_redirects=False) as client:
        yield client
    clean(other_store)


SAME = (
    "/doc/person/aigul-example", "/doc/person/aigul-example.json", "/doc/person", "/", "/ontology", "/queries",
    "/api/v1/posts/holders?post=kz-example&on=2022-08-01&clang=en",
    "/api/v1/people/posts?person=aigul-example", "/api/v1/evidence/of?thing=aigul-kz-example",
    "/queries/posts/holders?post=kz-example&on=2022-08-01", "/releases", "/coverage.json", "/api/v1/changes",
)  # fmt: skip
GRAPHS = ("/doc/person/aigul-example.nt", "/graph/data/small", "/def", "/sparql/graph-store?default&format=nt")


def test_pages_templates_and_graphs_are_the_same(remote: TestClient, embedded: TestClient) -> None:
    for path in SAME:
        ours, theirs = remote.get(path), embedded.get(path)
        assert (ours.status_code, path) == (200, path)
        assert (ours.content, ours.headers.get("etag")) == (theirs.content, theirs.headers.get("etag")), path
    for path in GRAPHS:
        ours, theirs = (c.get(path, headers={"Accept": "application/n-triples"}) for c in (remote, embedded))
        assert (ours.status_code, path) == (200, path)
        assert set(canonical(ours.text)) == set(canonical(theirs.text)), path


def canonical(triples: str) -> list[str]:
    """Lines; booleans by their words, which Virtuoso writes as numbers."""
    boolean = "^^<http://www.w3.org/2001/XMLSchema#boolean>"
    return [line.replace(f'"1"{boolean}', f'"true"{boolean}') for line in triples.splitlines()]


QUERIES = (
    NAME,
    "ASK { person:aigul-example a foaf:Person }",
    "SELECT (COUNT(*) AS ?n) WHERE { GRAPH graph:derived { ?s ?p ?o } }",
    "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s bkg:quote ?o } }",
    "SELECT (COUNT(*) AS ?n) FROM <graph/derived> WHERE { ?s ?p ?o }",
    "SELECT (COUNT(*) AS ?n) FROM <http://example.org/other> WHERE { ?s ?p ?o }",
    "SELECT (COUNT(*) AS ?n) FROM NAMED graph:derived WHERE { GRAPH ?g { ?s ?p ?o } }",
    "SELECT ?g WHERE { GRAPH ?g { ?s bkg:quote ?o } FILTER(?g = <https://w3id.org/bilim/graph/data/small>) }",
    'SELECT ?g WHERE { GRAPH ?g { ?s bkg:quote ?o } FILTER(STRSTARTS(STR(?g), "https://w3id.org/bilim/graph/d")) }',
    'SELECT ?t WHERE { ?t bkg:earliestStart ?s FILTER(?s <= "2022-06-11"^^xsd:date) }',
)


@pytest.mark.parametrize("query", QUERIES)
def test_sparql_answers_the_same(remote: TestClient, embedded: TestClient, query: str) -> None:
    for accept in ("text/csv", "application/sparql-results+json", "application/sparql-results+xml"):
        ours, theirs = (
            c.get("/sparql", params={"query": query}, headers={"Accept": accept}) for c in (remote, embedded)
        )
        assert (ours.status_code, ours.headers["content-type"]) == (200, theirs.headers["content-type"])
        assert ours.headers["bilim-release"] == theirs.headers["bilim-release"]
        assert ours.content == theirs.content, accept


def test_a_long_query_is_read_and_answered(remote: TestClient) -> None:
    """Those are read by a worker, of which remote mode has others."""
    many = " ".join(f"<{'x' * 20}:{n}>" for n in range(400))
    query = f"SELECT ?n WHERE {{ VALUES ?p {{ {many} skos:prefLabel }} person:aigul-example ?p ?n }}"
    assert len(query) > 8_000
    answer = remote.post("/sparql", data={"query": query}, headers=CSV)
    assert (answer.status_code, "Aigul 2" in answer.text) == (200, True)
    refused = remote.post("/sparql", data={"query": query + " SERVICE <x:y> {}"}, headers=CSV)
    assert refused.status_code == 403


def test_sparql_refuses_and_describes_as_ever(remote: TestClient, releases: list[Release]) -> None:
    def status(query: str, **params: str) -> int:
        return remote.get("/sparql", params={"query": query, **params}, headers=CSV).status_code

    wrong = remote.get("/sparql", params={"query": "SELECT *\n{ ?s ?p"})
    assert (wrong.status_code, wrong.json()["line"]) == (400, 2)
    assert status("INSERT DATA { <x:a> <x:b> <x:c> }") == 403
    assert status("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }") == 403
    # functions and pragmas of other stores never get there
    assert status("SELECT (<bif:sys_stat>('st_dbms_name') AS ?x) {}") == 400
    assert status("PREFIX sql: <sql:> SELECT (sql:rdf_geo_fill() AS ?x) {}") == 400
    assert status('DEFINE get:soft "soft" SELECT * { ?s ?p ?o }') == 400
    assert status(NAME, timeout="0") == 400
    assert status("ASK {}", **{"default-graph-uri": "not an iri"}) == 400
    described = remote.get("/sparql", headers={"Accept": "application/n-triples"})
    assert releases[1].id in described.text
    assert (
        remote.get(f"/releases/{releases[1].id}/sparql", params={"query": NAME}, headers=CSV).text == "n\r\nAigul 2\r\n"
    )
    former = remote.get(f"/releases/{releases[0].id}/sparql", params={"query": NAME}, headers=CSV)
    assert (former.status_code, former.json()["type"].rpartition("/")[2]) == (404, "release-no-store")


def test_the_server_follows_the_store(remote: TestClient, other_store: Remote, releases: list[Release]) -> None:
    def told() -> tuple[str, str]:
        answer = remote.get("/sparql", params={"query": NAME}, headers=CSV)
        return answer.headers["bilim-release"], answer.text.split()[2]

    assert told() == (releases[1].id, "2")
    pusher(other_store).push(releases[0])  # a rollback is a push of the release before
    until = time.monotonic() + 20
    while remote.get("/readyz").json()["release"] != releases[0].id and time.monotonic() < until:
        time.sleep(0.05)
    assert told() == (releases[0].id, "1")
    assert remote.get("/doc/person/aigul-example.json?clang=en").json()["data"]["label"] == "Aigul 1"


def test_a_release_that_was_not_copied_is_not_served(
    other_store: Remote, releases: list[Release], tmp_path: Path
) -> None:
    clean(other_store)
    pusher(other_store).push(releases[1])
    with TestClient(create_app(settings_for(other_store, tmp_path))) as client:
        assert client.get("/readyz").status_code == 503
        assert client.get("/sparql", params={"query": NAME}).status_code == 503
    [check] = [c for c in examine(settings_for(other_store, tmp_path)) if c.name == "remote store"]
    assert [f.code for f in check.findings] == ["remote-not-copied"]


def test_doctor_tells_of_the_store(
    remote: TestClient, other_store: Remote, bare: Path, releases: list[Release]
) -> None:
    assert remote.get("/readyz").status_code == 200
    settings = settings_for(other_store, bare)
    [check] = [c for c in examine(settings) if c.name == "remote store"]
    assert check.findings == ()
    assert releases[1].id in check.seen
    assert "direct post" in check.seen
    target = target_of(endpoint(other_store), probe(endpoint(other_store)))
    target.update(f"DELETE WHERE {{ GRAPH <{merged(releases[1].id)}> {{ ?s a ?o }} }}")
    [check] = [c for c in examine(settings) if c.name == "remote store"]
    assert [f.code for f in check.findings] == ["push-damaged"]


def test_a_store_that_is_away_is_an_error_and_its_address_no_news(bare: Path) -> None:
    away = remote_stores.Settings(home=bare, endpoint="http://127.0.0.1:9/sparql", log_level="error")
    with TestClient(create_app(away)) as client:
        answer = client.get("/sparql", params={"query": NAME})
        assert answer.status_code == 503
        assert "127.0.0.1" not in answer.text
    [check] = [c for c in examine(away) if c.name == "remote store"]
    assert [f.code for f in check.findings] == ["remote-unreachable"]


def test_our_own_server_can_be_the_remote_store(built: Home, bare: Path, embedded: TestClient, tmp_path: Path) -> None:
    process, address = start_server(built.path, tmp_path / "log")
    try:
        settings = settings_for(Remote(f"{address}/sparql", process), bare)  # type: ignore[arg-type]
        with TestClient(create_app(settings), follow_redirects=False) as client:
            for path in SAME:
                assert client.get(path).content == embedded.get(path).content, path
            for query in QUERIES:
                ours, theirs = (c.get("/sparql", params={"query": query}, headers=CSV) for c in (client, embedded))
                assert (ours.status_code, ours.content) == (200, theirs.content), query
            publish_small(built.path, 3)
            until = time.monotonic() + 20
            status = 200
            while status == 200 and time.monotonic() < until:  # its new release was not copied: nothing of it is told
                answer = client.get(
                    "/sparql",
                    params={"query": f"{NAME} LIMIT {int(time.monotonic() * 1000)}", "timeout": "5"},
                    headers=CSV,
                )
                assert answer.status_code != 200 or answer.text == "n\r\nAigul 2\r\n"
                status = answer.status_code
                time.sleep(0.05)
            assert status == 503
    finally:
        stop_server(process)
