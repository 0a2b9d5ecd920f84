"""What the endpoint is and holds: SPARQL 1.1 Service Description (https://www.w3.org/TR/sparql11-service-description/)
with the counts of VoID (https://www.w3.org/TR/void/, 3 and 4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.sparql.formats import GRAPHS, RESULTS
from kg.terms import DCT, GRAPH_LEDGER, RDF, VOID, XSD

SD: Final = "http://www.w3.org/ns/sparql-service-description#"
_FORMATS: Final = "http://www.w3.org/ns/formats/"
_SIMPLE: Final = "http://www.w3.org/ns/entailment/Simple"
_FORMAT_NAMES: Final = {
    "application/sparql-results+json": "SPARQL_Results_JSON",
    "application/sparql-results+xml": "SPARQL_Results_XML",
    "text/csv": "SPARQL_Results_CSV",
    "text/tab-separated-values": "SPARQL_Results_TSV",
    "text/turtle": "Turtle",
    "application/n-triples": "N-Triples",
    "application/ld+json": "JSON-LD",
    "application/rdf+xml": "RDF_XML",
    "application/n-quads": "N-Quads",
    "application/trig": "TriG",
}
"""Media type -> name in https://www.w3.org/ns/formats/."""

PREFIXES: Final = {"sd": SD, "void": VOID, "dct": DCT, "formats": _FORMATS, "xsd": XSD}


@dataclass(frozen=True, slots=True)
class Held:
    """A release as far as it is described: triples of the default graph, and of each named graph by its IRI."""

    release: str
    triples: int
    graphs: Mapping[str, int]


def describe(endpoint: str, held: Held) -> list[Triple]:
    """The description of the service at an address."""
    return list(_describe(NamedNode(endpoint), held))


def _describe(endpoint: NamedNode, held: Held) -> Iterator[Triple]:
    service, dataset, default = BlankNode("service"), BlankNode("dataset"), BlankNode("default")
    kind = NamedNode(RDF + "type")
    yield Triple(service, kind, NamedNode(SD + "Service"))
    yield Triple(service, NamedNode(SD + "endpoint"), endpoint)
    yield Triple(service, NamedNode(SD + "supportedLanguage"), NamedNode(SD + "SPARQL11Query"))
    yield Triple(service, NamedNode(SD + "defaultEntailmentRegime"), NamedNode(_SIMPLE))
    for offer in (*RESULTS, *GRAPHS):
        yield Triple(service, NamedNode(SD + "resultFormat"), NamedNode(_FORMATS + _FORMAT_NAMES[offer.media_type]))
    if GRAPH_LEDGER not in held.graphs:  # which alone is not in the union
        yield Triple(service, NamedNode(SD + "feature"), NamedNode(SD + "UnionDefaultGraph"))
    yield Triple(service, NamedNode(SD + "defaultDataset"), dataset)
    yield Triple(dataset, kind, NamedNode(SD + "Dataset"))
    yield Triple(dataset, kind, NamedNode(VOID + "Dataset"))
    yield Triple(dataset, NamedNode(VOID + "sparqlEndpoint"), endpoint)
    yield Triple(dataset, NamedNode(DCT + "identifier"), Literal(held.release))
    for offer in GRAPHS:
        yield Triple(dataset, NamedNode(VOID + "feature"), NamedNode(_FORMATS + _FORMAT_NAMES[offer.media_type]))
    yield Triple(dataset, NamedNode(SD + "defaultGraph"), default)
    yield from _graph(default, held.triples)
    for number, (iri, triples) in enumerate(sorted(held.graphs.items())):
        named, graph = BlankNode(f"named{number}"), BlankNode(f"graph{number}")
        yield Triple(dataset, NamedNode(SD + "namedGraph"), named)
        yield Triple(named, kind, NamedNode(SD + "NamedGraph"))
        yield Triple(named, NamedNode(SD + "name"), NamedNode(iri))
        yield Triple(named, NamedNode(SD + "graph"), graph)
        yield from _graph(graph, triples)


def _graph(node: BlankNode, triples: int) -> Iterator[Triple]:
    yield Triple(node, NamedNode(RDF + "type"), NamedNode(SD + "Graph"))
    yield Triple(node, NamedNode(RDF + "type"), NamedNode(VOID + "Dataset"))
    yield Triple(node, NamedNode(VOID + "triples"), Literal(triples))
