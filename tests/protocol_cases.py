"""The 20 query cases of the SPARQL 1.1 Protocol (https://www.w3.org/TR/sparql11-protocol/, 2.1), from its text:
each a request and what must come back. Used by the tests and, against other servers, by the bench.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

D = "https://example.org/data/"
D1, D2, D3 = D + "1", D + "2", D + "3"
"""Named graphs; each says ``<graph> a <Document>``, and the default graph says all three."""
DOCUMENT = D + "Document"

FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"
TABLES = ("application/sparql-results+json", "application/sparql-results+xml")
ROWS = (*TABLES, "text/csv", "text/tab-separated-values")
RDF = ("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json")


@dataclass(frozen=True)
class Case:
    """A request to the endpoint (``query`` its query string) and what is checked of the answer."""

    name: str
    method: str
    query: str
    content: bytes | None
    headers: dict[str, str]
    check: Callable[[Any], bool] = field(repr=False)


def data() -> Iterator[tuple[str, str]]:
    """(graph, N-Triples) of the data."""
    for graph in (D1, D2, D3):
        yield graph, f"<{graph}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{DOCUMENT}> .\n"


def answered(*kinds: str) -> Callable[[Any], bool]:
    """2xx in one of these media types."""
    return lambda r: 200 <= r.status_code < 300 and _kind(r) in kinds


def refused(*statuses: int) -> Callable[[Any], bool]:
    """One of these statuses, or any 4xx if none is given."""
    return lambda r: r.status_code in statuses if statuses else 400 <= r.status_code < 500


def _true(response: Any) -> bool:
    return bool(response.status_code == 200 and _kind(response) == TABLES[0] and response.json().get("boolean") is True)


def _kind(response: Any) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip()


def _default(*yes: str, no: str = "") -> str:
    """ASK: these are in the default graph, that one is not."""
    there = " ".join(f"<{iri}> a <{DOCUMENT}> ." for iri in yes)
    return f"ASK {{ {there} FILTER NOT EXISTS {{ <{no}> a <{DOCUMENT}> }} }}" if no else f"ASK {{ {there} }}"


def _named(*yes: str, no: str) -> str:
    there = " ".join(f"GRAPH ?g{i} {{ <{iri}> a <{DOCUMENT}> }}" for i, iri in enumerate(yes))
    return f"ASK {{ {there} FILTER NOT EXISTS {{ GRAPH ?g {{ <{no}> a <{DOCUMENT}> }} }} }}"


def _get(name: str, query: str, check: Callable[[Any], bool], accept: str = TABLES[0], **more: Sequence[str]) -> Case:
    return Case(name, "GET", urlencode([("query", query), *_graphs(more)]), None, {"Accept": accept}, check)


def _form(name: str, query: str, check: Callable[[Any], bool], **more: Sequence[str]) -> Case:
    body = urlencode([("query", query), *_graphs(more)]).encode()
    return Case(name, "POST", "", body, {"Accept": TABLES[0], "Content-Type": FORM}, check)


def _post(name: str, body: bytes, kind: str | None, check: Callable[[Any], bool], query: str = "") -> Case:
    headers = {"Content-Type": kind} if kind else {}
    return Case(name, "POST", query, body, {"Accept": TABLES[0], **headers}, check)


def _graphs(given: dict[str, Sequence[str]]) -> list[tuple[str, str]]:
    return [(f"{name}-graph-uri", iri) for name, iris in given.items() for iri in iris]


ASK = b"ASK {}"

CASES = (
    # 2.1.1 to 2.1.3: the three ways of asking
    _get("query via GET", "ASK {}", _true),
    _form("query via POST, form", "ASK {}", _true),
    _post("query via POST, direct", ASK, DIRECT, _true),
    # 2.1.4: the dataset, by the request
    _get("default graphs via GET", _default(D1, D2, no=D3), _true, default=(D1, D2)),
    _form("default graphs via POST, form", _default(D1, D2, no=D3), _true, default=(D1, D2)),
    _get("named graphs via GET", _named(D1, D2, no=D3), _true, named=(D1, D2)),
    _form("named graphs via POST, form", _named(D1, D2, no=D3), _true, named=(D1, D2)),
    _get(
        "default and named graphs",
        f"ASK {{ <{D3}> a <{DOCUMENT}> GRAPH ?g {{ <{D1}> a <{DOCUMENT}> }} FILTER NOT EXISTS {{ <{D1}> a ?c }} "
        f"FILTER NOT EXISTS {{ GRAPH ?h {{ <{D3}> a ?c }} }} }}",
        _true,
        default=(D3,),
        named=(D1, D2),
    ),
    _get(
        "dataset of the request over that of the query",
        _default(D1, no=D2).replace("ASK", f"ASK FROM <{D2}>", 1),
        _true,
        default=(D1,),
    ),
    # 2.1.5 and 2.1.6: status and media type by the form of the query
    _get("SELECT is answered as a table", "SELECT (1 AS ?value) {}", answered(*ROWS), ", ".join(ROWS)),
    _get("ASK is answered as a boolean", "ASK {}", answered(*TABLES), ", ".join(TABLES)),
    _get("DESCRIBE is answered as RDF", f"DESCRIBE <{D1}>", answered(*RDF), ", ".join(RDF)),
    _get("CONSTRUCT is answered as RDF", "CONSTRUCT { <s> <p> 1 } WHERE {}", answered(*RDF), ", ".join(RDF)),
    # what is no request of the protocol
    Case("another method", "PUT", "query=ASK%20%7B%7D", None, {}, refused()),
    _post("several queries", b"query=ASK%20%7B%7D&query=SELECT%20*%20%7B%7D", FORM, refused(400)),
    _post("a body of another type", ASK, "text/plain", refused()),
    _post("a form without its type", b"query=ASK%20%7B%7D", None, refused()),
    _post("a query without its type", ASK, None, refused()),
    _post("a query that is not UTF-8", "ASK {}".encode("utf-16"), f"{DIRECT}; charset=UTF-16", refused()),
    _get("a query that is no SPARQL", "ASK {", refused(400)),
)
