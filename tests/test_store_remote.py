"""A release in another store: the same answers as embedded, and never a part of an answer for the whole."""

from __future__ import annotations

import base64
import gc
import json
import socket
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pyoxigraph as ox
import pytest

from kg.releases.layout import Home
from kg.releases.reader import current
from kg.store.dataset import Dataset
from kg.store.embedded import EmbeddedStore
from kg.store.errors import QueryError, StoreError
from kg.store.protocol import Solutions, Store
from kg.store.remote import Endpoint, RemoteStore
from kg.store.remote_answers import BrokenAnswer, read_table
from kg.terms import GRAPH, GRAPH_DERIVED
from tests.conftest import start_server, stop_server

TABLE = "application/sparql-results+json"
SMALL = GRAPH + "data/small"
XSD = "http://www.w3.org/2001/XMLSchema#"


@pytest.fixture(scope="module")
def pair(small_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[EmbeddedStore, RemoteStore]]:
    """One release, embedded and over HTTP: our own server, really started."""
    process, address = start_server(small_home, tmp_path_factory.mktemp("log") / "server.log")
    release = current(Home(small_home))
    yield release.store, RemoteStore(Endpoint(f"{address}/sparql"), release.id)
    stop_server(process)


QUERIES = (
    "SELECT ?s ?p ?o WHERE { ?s ?p ?o FILTER(!ISBLANK(?s) && !ISBLANK(?o)) }",
    f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{SMALL}> {{ ?s ?p ?o }} }}",
    "SELECT ?a ?b WHERE { VALUES (?a ?b) { (1 UNDEF) ('x'@en 2.5) (<x:y> true) ('INSERT DATA { }' 'SELECT') } }",
    "SELECT * WHERE { FILTER(false) }",
    "ASK { ?s ?p ?o }",
    "ASK { FILTER(false) }",
)


def rows(store: Store, text: str, dataset: Dataset | None = None) -> object:
    found = store.query(text, dataset)
    if isinstance(found, bool):
        return found
    return found.variables, sorted(map(str, (tuple(row) for row in found)))


@pytest.mark.parametrize("text", QUERIES)
def test_both_stores_answer_alike(pair: tuple[EmbeddedStore, RemoteStore], text: str) -> None:
    embedded, remote = pair
    assert rows(remote, text) == rows(embedded, text)


def test_the_whole_protocol_is_alike(pair: tuple[EmbeddedStore, RemoteStore]) -> None:
    embedded, remote = pair
    own = [
        graph for graph in remote.graphs() if "/.well-known/" not in graph
    ]  # those tell of the endpoint (decision 13)
    assert own == list(embedded.graphs())
    for graph in (None, SMALL, GRAPH_DERIVED, "x:nowhere"):
        assert remote.count(graph) == embedded.count(graph)
    text = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{SMALL}> {{ ?s ?p ?o }} }}"
    assert set(remote.construct(text)) == set(embedded.construct(text))
    assert list(remote.construct("CONSTRUCT { <x:a> <x:b> ?z } WHERE {}")) == []
    assert remote.release_id() == embedded.release_id()
    text = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"
    for dataset in (Dataset((SMALL,)), Dataset((), (SMALL,)), Dataset((SMALL,), (GRAPH_DERIVED,))):
        assert rows(remote, text, dataset) == rows(embedded, text, dataset)
    merged = RemoteStore(Endpoint(remote.endpoint.address, graph=SMALL), remote.release_id())
    assert merged.count(None) == embedded.count(SMALL)
    with pytest.raises(QueryError, match="2 default graphs"):
        remote.query(text, Dataset((SMALL, GRAPH_DERIVED)))
    [row] = remote.query("SELECT (1 AS ?one) ?two WHERE {}")  # type: ignore[misc]
    assert (str(row["one"]), row["two"], row[1], len(row)) == (str(ox.Literal(1)), None, None, 2)


def test_errors_of_the_query_are_told_as_such(pair: tuple[EmbeddedStore, RemoteStore]) -> None:
    _, remote = pair
    with pytest.raises(QueryError) as raised:
        remote.query("SELECT *\n{ ?s ?p")
    assert raised.value.code == "remote-query"
    assert "not SPARQL 1.1" in str(raised.value)
    for call, text in ((remote.query, "CONSTRUCT WHERE { ?s ?p ?o }"), (remote.construct, "ASK {}")):
        with pytest.raises(QueryError) as raised:
            call(text)
        assert raised.value.code == "sparql-wrong-form"


class Scripted(ThreadingHTTPServer):
    """A real server that answers as told, one reply after the other, the last again and again."""

    def __init__(self, *replies: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies = list(replies)
        self.seen: list[tuple[dict[str, str], dict[str, list[str]]]] = []
        self.pauses: list[float] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def store(self, **more: object) -> RemoteStore:
        address = f"http://127.0.0.1:{self.server_port}/sparql"
        return RemoteStore(Endpoint(address, **{"timeout": 5.0, **more}), "r", self.pauses.append)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: Scripted

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((dict(self.headers), parse_qs(body.decode())))
        reply = self.server.replies.pop(0) if len(self.server.replies) > 1 else self.server.replies[0]
        self.wfile.write(reply)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


def reply(body: bytes, *headers: str, status: str = "200 OK", kind: str = TABLE, length: bool = True) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def table(*values: dict[str, object]) -> bytes:
    return json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": [{"x": value} for value in values]}}).encode()


ONE = table({"type": "literal", "value": "1"})


@pytest.fixture
def scripted() -> Iterator[type[Scripted]]:
    made: list[Scripted] = []

    class Kept(Scripted):
        def __init__(self, *replies: bytes) -> None:
            super().__init__(*replies)
            made.append(self)

    yield Kept
    for server in made:
        server.shutdown()
        server.server_close()


def test_an_error_of_one_thread_may_be_freed_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error keeps the variables of its frames, and the parser of an answer must be freed where it was made."""
    told: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: told.append(unraisable.exc_value))
    failed: list[BrokenAnswer] = []

    def read() -> None:
        try:
            read_table(table({"type": "literal", "value": "1"})[:-5])
        except BrokenAnswer as error:
            failed.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert len(failed) == 1
    failed.clear()
    gc.collect()
    assert told == []


def test_answers_from_before_2013_are_read(scripted: type[Scripted]) -> None:
    integer = {"type": "typed-literal", "datatype": XSD + "integer", "value": "5"}
    server = scripted(reply(table(integer, {"type": "literal", "xml:lang": "kk", "value": "ә"})))
    found = server.store().query("SELECT ?x {}")
    assert isinstance(found, Solutions)
    assert [row[0] for row in found] == [ox.Literal(5), ox.Literal("ә", language="kk")]


def test_terms_that_are_triples_are_read() -> None:
    result = ox.Store().query("SELECT (<<( <x:a> <x:b> 'c'@ru )>> AS ?t) WHERE {}")
    assert isinstance(result, ox.QuerySolutions)
    data = result.serialize(format=ox.QueryResultsFormat.JSON)
    assert data is not None
    found, count = read_table(data)
    assert isinstance(found, Solutions)
    triple = ox.Triple(ox.NamedNode("x:a"), ox.NamedNode("x:b"), ox.Literal("c", language="ru"))
    assert ([row[0] for row in found], count) == ([triple], 1)


LINE = b"<x:a> <x:b> <x:c> .\n"
CHUNKED = "Transfer-Encoding: chunked"
BAD = {
    "cut by its length": (reply(ONE)[:-5], "remote-broken"),
    "cut between chunks": (reply(b"5\r\n" + ONE[:5] + b"\r\n", CHUNKED, length=False), "remote-broken"),
    "status 200 and broken JSON": (reply(ONE[:-5]), "remote-broken"),
    "an error text in the JSON": (reply(ONE[:-2] + b"Timeout"), "remote-broken"),
    "cut without any length": (reply(ONE[:-5], length=False), "remote-broken"),
    "a page": (reply(b"<html>", kind="text/html"), "remote-broken"),
    "an unknown type of term": (reply(table({"type": "thing", "value": "1"})), "remote-broken"),
    "a term without value": (reply(table({"type": "literal"})), "remote-broken"),
    "an IRI that is none": (reply(table({"type": "uri", "value": "no iri"})), "remote-broken"),
    "no bindings": (reply(b'{"head": {"vars": []}}'), "remote-broken"),
    "nothing": (b"", "remote-broken"),
    "rows left out": (
        reply(table(*[{"type": "literal", "value": "1"}] * 3), "X-SPARQL-MaxRows: 3"),
        "remote-truncated",
    ),
    "stopped on the way": (reply(ONE, "X-SQL-State: S1TAT"), "remote-truncated"),
    "too large": (reply(table({"type": "literal", "value": "x" * 5000})), "remote-too-large"),
    "an inner error": (reply(b"Virtuoso 42000", status="500 Oops"), "remote-failed"),
    "no such address": (reply(b"", status="404 Not Found"), "remote-failed"),
    "busy": (reply(b"later", status="503 Busy"), "remote-failed"),
    "no credentials": (reply(b"", "WWW-Authenticate: Basic realm=x", status="401 No"), "remote-refused"),
    "forbidden": (reply(b"", status="403 No"), "remote-refused"),
    "its deadline": (reply(b"", status="504 Gateway Timeout"), "remote-timeout"),
}


@pytest.mark.parametrize("name", list(BAD))
def test_no_part_and_no_error_is_taken_for_an_answer(scripted: type[Scripted], name: str) -> None:
    sent, code = BAD[name]
    with pytest.raises(StoreError) as raised:
        scripted(sent).store(max_bytes=4000).query("SELECT ?x {}")
    assert [f.code for f in raised.value.findings] == [code]


@pytest.mark.parametrize(
    "sent",
    [
        reply(LINE * 3, kind="application/n-triples")[: -len(LINE)],
        reply(LINE, kind="application/n-triples", length=False),  # where it ends, nobody can tell
        reply(b"14\r\n" + LINE + b"\r\n", CHUNKED, kind="application/n-triples", length=False),
        reply(LINE[:-5], kind="text/turtle"),
        reply(LINE, "X-SPARQL-MaxRows: 1", kind="application/n-triples"),
    ],
    ids=["by its length", "without length", "between chunks", "in a triple", "rows left out"],
)
def test_no_part_of_a_graph_is_taken_for_the_whole(scripted: type[Scripted], sent: bytes) -> None:
    with pytest.raises(StoreError):
        scripted(sent).store().construct("CONSTRUCT WHERE { ?s ?p ?o }")


def test_whole_graphs_are_read(scripted: type[Scripted]) -> None:
    chunked = reply(b"14\r\n" + LINE + b"\r\n0\r\n\r\n", CHUNKED, kind="text/plain; charset=utf-8", length=False)
    server = scripted(reply(LINE, kind="text/turtle"), chunked)
    for _ in range(2):
        assert len(list(server.store().construct("CONSTRUCT WHERE { ?s ?p ?o }"))) == 1


def test_what_fails_on_the_way_is_tried_again_with_growing_pauses(scripted: type[Scripted]) -> None:
    server = scripted(reply(ONE)[:-5], b"", reply(ONE))
    assert isinstance(server.store().query("SELECT ?x {}"), Solutions)
    assert (len(server.seen), server.pauses) == (3, [0.2, 0.4])
    server = scripted(reply(b"", "Retry-After: 1", status="503 Busy"), reply(ONE))
    assert isinstance(server.store().query("SELECT ?x {}"), Solutions)
    assert server.pauses == [1.0]
    server = scripted(b"")
    with pytest.raises(StoreError):
        server.store(tries=2).query("SELECT ?x {}")
    assert len(server.seen) == 2
    server = scripted(reply(b"no", status="400 Bad Request"))
    with pytest.raises(QueryError):
        server.store().query("SELECT ?x {}")
    assert (len(server.seen), server.pauses) == (1, [])


def test_credentials_and_the_query_are_sent(scripted: type[Scripted]) -> None:
    server = scripted(reply(ONE))
    text = "SELECT ?x { ?s ?p 'INSERT DATA { }', 'ə & ?' } # DELETE WHERE { }"
    server.store(user="reader", password="geheim", graph="x:merged").query(text)
    [(headers, fields)] = server.seen
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"reader:geheim").decode()
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert fields == {"query": [text], "default-graph-uri": ["x:merged"]}


def test_a_store_that_is_not_there_or_says_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(StoreError) as raised:
            RemoteStore(Endpoint(address, timeout=0.3), "r").query("ASK {}")
        assert raised.value.findings[0].code == "remote-timeout"
    pauses: list[float] = []
    with pytest.raises(StoreError) as raised:
        RemoteStore(Endpoint(address), "r", pauses.append).query("ASK {}")
    assert raised.value.findings[0].code == "remote-unreachable"
    assert len(pauses) == 2
