"""The tools of researchers as they come, against our server: SPARQLWrapper, rdflib's SPARQLStore, addresses by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
import SPARQLWrapper as Sw
from rdflib import Graph, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from tests.conftest import start_server, stop_server

ROWS = "SELECT ?s ?o { ?s skos:prefLabel ?o } ORDER BY ?s ?o LIMIT 3"
TRIPLES = "CONSTRUCT { ?s a ?o } WHERE { ?s a ?o } ORDER BY ?s ?o LIMIT 3"


@pytest.fixture(scope="module")
def address(small_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process, url = start_server(small_home, tmp_path_factory.mktemp("log") / "server.log")
    yield f"{url}/sparql"
    stop_server(process)


@pytest.mark.filterwarnings("ignore")  # SPARQLWrapper has words about its own parameters
@pytest.mark.parametrize("method", [Sw.GET, Sw.POST])
@pytest.mark.parametrize("body", [Sw.URLENCODED, Sw.POSTDIRECTLY])
@pytest.mark.parametrize(
    ("query", "given", "media_type"),
    [
        (ROWS, Sw.JSON, "application/sparql-results+json"),
        (ROWS, Sw.XML, "application/sparql-results+xml"),
        (ROWS, Sw.CSV, "text/csv"),
        (ROWS, Sw.TSV, "text/tab-separated-values"),
        ("ASK {}", Sw.JSON, "application/sparql-results+json"),
        (TRIPLES, Sw.XML, "application/rdf+xml"),
        (TRIPLES, Sw.RDF, "application/rdf+xml"),
        (TRIPLES, Sw.RDFXML, "application/rdf+xml"),
        (TRIPLES, Sw.TURTLE, "text/turtle"),
        (TRIPLES, Sw.N3, "text/turtle"),
        (TRIPLES, Sw.JSONLD, "application/ld+json"),
    ],
)
def test_sparqlwrapper_as_it_comes(
    address: str, query: str, given: str, media_type: str, method: str, body: str
) -> None:
    """It names the format in Accept and in three parameters, some of them twice."""
    if (method, body) == (Sw.GET, Sw.POSTDIRECTLY):
        body = Sw.URLENCODED
    wrapper = Sw.SPARQLWrapper(address)
    wrapper.setMethod(method)
    wrapper.setRequestMethod(body)
    wrapper.setReturnFormat(given)
    wrapper.setQuery(query)
    result = wrapper.query()
    assert result.info()["content-type"].partition(";")[0] == media_type  # type: ignore[no-untyped-call]
    found: Any = result.convert()
    if isinstance(found, Graph):
        assert len(found) == 3
    elif given == Sw.JSON and query == ROWS:
        assert len(found["results"]["bindings"]) == 3


def test_rdflib_reads_us_as_a_store(address: str) -> None:
    graph = Graph(SPARQLStore(address))
    rows = list(graph.query(ROWS, initNs={"skos": "http://www.w3.org/2004/02/skos/core#"}))
    assert len(rows) == 3
    subject = rows[0][0]  # type: ignore[index]
    assert isinstance(subject, URIRef)
    assert list(graph.triples((subject, None, None)))
    assert graph.query("ASK { ?s ?p ?o }").askAnswer is True


@pytest.mark.parametrize(
    ("query", "given", "media_type"),
    [
        (ROWS, "text/csv", "text/csv"),
        (ROWS, "application/sparql-results+json", "application/sparql-results+json"),
        (ROWS, ".tsv", "text/tab-separated-values"),
        (ROWS, "turtle,xml", "application/sparql-results+xml"),  # the first is for graphs
        (TRIPLES, "json", "application/ld+json"),
        (TRIPLES, "application/n-triples; charset=utf-8", "application/n-triples"),
        (TRIPLES, "N-Quads", "application/n-quads"),
    ],
)
@pytest.mark.parametrize("plus", ["+", "%2B"])
def test_the_format_by_its_names(address: str, query: str, given: str, media_type: str, plus: str) -> None:
    asked = f"{address}?{urlencode({'query': query})}&format={given.replace('+', plus)}"
    answer = httpx.get(asked, headers={"Accept": "image/png"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].partition(";")[0] == media_type


@pytest.mark.parametrize(("query", "given"), [(ROWS, "turtle"), (TRIPLES, "csv"), (ROWS, "parquet"), (ROWS, "a,b")])
def test_a_format_that_is_not_to_be_had(address: str, query: str, given: str) -> None:
    answer = httpx.get(address, params={"query": query, "format": given})
    assert answer.status_code == 406
    assert given in json.loads(answer.content)["title"] + json.loads(answer.content)["detail"]
