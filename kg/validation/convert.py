"""pyoxigraph terms to rdflib terms: pySHACL is right and fast only over rdflib's own memory graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyoxigraph as ox
import rdflib
from rdflib.term import Node

Triple = tuple[Node, Node, Node]
OxTerm = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Quads = Iterable[ox.Quad] | Iterable[ox.Triple] | ox.Store


class Converter:
    """Turns terms of pyoxigraph into terms of rdflib, each once. Lexical forms are kept as they are."""

    def __init__(self) -> None:
        self._iris: dict[str, rdflib.URIRef] = {}
        self._literals: dict[ox.Literal, rdflib.Literal] = {}

    def term(self, term: OxTerm) -> Node:
        """The same term in rdflib. Raises TypeError for a quoted triple, which rdflib cannot hold."""
        if isinstance(term, ox.NamedNode):
            return self._iri(term.value)
        if isinstance(term, ox.Literal):
            literal = self._literals.get(term)
            if literal is None:
                literal = self._literals[term] = self._literal(term)
            return literal
        if isinstance(term, ox.BlankNode):
            return rdflib.BNode(term.value)
        raise TypeError("rdflib cannot hold a quoted triple")

    def triple(self, quad: ox.Quad | ox.Triple) -> Triple:
        """Subject, predicate and object in rdflib; the graph name is dropped."""
        return self.term(quad.subject), self.term(quad.predicate), self.term(quad.object)

    def triples(self, quads: Iterable[ox.Quad | ox.Triple]) -> list[Triple]:
        """All triples, in the order given."""
        return [self.triple(quad) for quad in quads]

    def edges(self, edges: Iterable[tuple[OxTerm, ox.NamedNode, OxTerm]]) -> Iterator[Triple]:
        """Triples that are tuples of terms."""
        for s, p, o in edges:
            yield self.term(s), self.term(p), self.term(o)

    def _iri(self, value: str) -> rdflib.URIRef:
        iri = self._iris.get(value)
        if iri is None:
            iri = self._iris[value] = rdflib.URIRef(value)
        return iri

    def _literal(self, term: ox.Literal) -> rdflib.Literal:
        if term.language:
            return rdflib.Literal(term.value, lang=term.language)
        datatype = self._iri(term.datatype.value)
        # rdflib keeps plain strings without a datatype; both forms are one term in RDF 1.1,
        # but not in rdflib, where patterns of queries look for the plain one.
        if datatype == rdflib.XSD.string:
            return rdflib.Literal(term.value)
        return rdflib.Literal(term.value, datatype=datatype, normalize=False)


def default_graph(quads: Quads) -> Iterable[ox.Quad | ox.Triple]:
    """The quads themselves, or those of a store's default graph."""
    if isinstance(quads, ox.Store):
        return quads.quads_for_pattern(None, None, None, ox.DefaultGraph())
    return quads
