"""What compiled constraints are made of: terms and property paths as SPARQL writes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox
import rdflib
from rdflib import RDF, SH
from rdflib.collection import Collection
from rdflib.term import Node


class NotCompiled(Exception):
    """This constraint is left to pySHACL; the text says why."""


@dataclass(frozen=True, slots=True)
class Path:
    """A SHACL property path (SHACL, 2.3.1). ``empty``: it may lead from a node to itself without any triple."""

    text: str
    predicates: frozenset[str]
    empty: bool = False
    plain: bool = False  # one predicate


class Names:
    """Fresh variables for one query: ``?x1``, ``?x2`` and so on."""

    def __init__(self) -> None:
        self._last = 0

    def new(self) -> str:
        self._last += 1
        return f"?x{self._last}"


_REPEATED: Final = ((SH.zeroOrMorePath, "*", True), (SH.oneOrMorePath, "+", False), (SH.zeroOrOnePath, "?", True))


def read_path(graph: rdflib.Graph, node: Node) -> Path:
    """The path that starts at a node of the shapes graph. Raises :class:`NotCompiled` where it is none."""
    if isinstance(node, rdflib.URIRef):
        return Path(node.n3(), frozenset({str(node)}), plain=True)
    if (inverse := graph.value(node, SH.inversePath)) is not None:
        inner = read_path(graph, inverse)
        return Path(f"^{_closed(inner)}", inner.predicates, inner.empty)
    if (options := graph.value(node, SH.alternativePath)) is not None:
        parts = [read_path(graph, option) for option in Collection(graph, options)]
        return _joined(parts, "|", any(part.empty for part in parts))
    for property_, mark, empty in _REPEATED:
        if (repeated := graph.value(node, property_)) is not None:
            inner = read_path(graph, repeated)
            return Path(f"{_closed(inner)}{mark}", inner.predicates, empty or inner.empty)
    if (node, RDF.first, None) in graph:
        parts = [read_path(graph, step) for step in Collection(graph, node)]
        return _joined(parts, "/", all(part.empty for part in parts))
    raise NotCompiled("its path is none that SHACL knows")


def term_text(term: Node) -> str:
    """A term of the shapes graph in a query.

    Raises :class:`NotCompiled` for blank nodes, which no query can name, and for literals that the store writes in
    another way than pySHACL compares them.
    """
    if isinstance(term, rdflib.BNode) or not isinstance(term, rdflib.URIRef | rdflib.Literal):
        raise NotCompiled("it names a blank node")
    if isinstance(term, rdflib.Literal) and not is_kept(as_ox(term)):
        raise NotCompiled(f"the store writes the literal {term.n3()} in another way")
    return term.n3()


def as_ox(literal: rdflib.Literal) -> ox.Literal:
    """The same literal in pyoxigraph, its lexical form as it is."""
    if literal.language:
        return ox.Literal(str(literal), language=literal.language)
    if literal.datatype is None:
        return ox.Literal(str(literal))
    return ox.Literal(str(literal), datatype=ox.NamedNode(str(literal.datatype)))


def is_kept(literal: ox.Literal) -> bool:
    """Whether the store keeps a literal as it is written (it writes ``"007"^^xsd:integer`` as ``7``)."""
    return not rewritten([literal])


def rewritten(literals: list[ox.Literal]) -> set[ox.Literal]:
    """Those of the literals that the store writes in another way."""
    store, here = ox.Store(), ox.NamedNode("urn:x")
    store.extend(ox.Quad(here, here, literal) for literal in literals)
    return set(literals) - {quad.object for quad in store}


def _closed(path: Path) -> str:
    return path.text if path.plain else f"({path.text})"


def _joined(parts: list[Path], mark: str, empty: bool) -> Path:
    if len(parts) < 2:
        raise NotCompiled("a path of this kind needs two steps")
    return Path(f"({mark.join(_part(parts))})", frozenset[str]().union(*(p.predicates for p in parts)), empty)


def _part(parts: list[Path]) -> Iterator[str]:
    # a mark binds closer than | and /, so only what begins with ^ needs brackets of its own in a sequence
    yield from (f"({part.text})" if part.text.startswith("^") else part.text for part in parts)
