"""What shapes cannot see: things without a type, types without a shape, terms that are not declared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pyoxigraph as ox
import rdflib
from rdflib import RDF
from rdflib.term import Node

from kg.findings import Finding, finding
from kg.terms import BKG, ID, shorten
from kg.validation.convert import Converter, Triple
from kg.validation.positions import Positions
from kg.validation.words import Words


@dataclass(slots=True)
class Structure:
    """Things of ours (IRIs) that are wrong: untyped ones, and one for each type or term that is."""

    untyped: set[Node] = field(default_factory=set)
    unshaped: dict[Node, Node] = field(default_factory=dict)  # type -> the least thing of it
    unknown: dict[Node, Node] = field(default_factory=dict)  # term -> the least thing that uses it

    def things(self) -> set[Node]:
        """All things that a finding will name."""
        return {*self.untyped, *self.unshaped.values(), *self.unknown.values()}

    def findings(self, words: Words, lang: str) -> Iterator[Finding]:
        """One finding each."""
        for entity in sorted(self.untyped, key=str):
            yield _told("untyped-entity", entity, None, words, lang)
        for kind, entity in sorted(self.unshaped.items(), key=str):
            yield _told("unshaped-type", entity, kind, words, lang)
        for term, entity in sorted(self.unknown.items(), key=str):
            yield _told("unknown-term", entity, term, words, lang)


def in_triples(
    given: Iterable[Triple], covered: Collection[str], declared: Collection[str], wanted: set[rdflib.URIRef] | None
) -> Structure:
    """What is wrong among triples. ``covered``: classes that shapes target; ``declared``: terms that there are."""
    out = Structure()
    types: dict[Node, list[Node]] = {}
    for s, p, o in given:
        if not str(s).startswith(ID) or (wanted is not None and s not in wanted):
            continue
        kinds = types.setdefault(s, [])
        if p == RDF.type:
            kinds.append(o)
        for term in (p, o) if p == RDF.type else (p,):
            if str(term).startswith(BKG) and str(term) not in declared:
                _least(out.unknown, term, s)
    for entity, kinds in types.items():
        if not kinds:
            out.untyped.add(entity)
        elif not any(str(kind) in covered for kind in kinds):
            _least(out.unshaped, min(kinds, key=str), entity)
    return out


def in_store(store: ox.Store, covered: Collection[str], declared: Collection[str]) -> Structure:
    """The same in the default graph of a store, by queries over all of it."""
    out = Structure()
    term = Converter().term
    bare = "SELECT ?s { { SELECT DISTINCT ?s { ?s ?p ?o } } FILTER NOT EXISTS { ?s a ?type } }"
    out.untyped = {term(s) for s in _column(store, bare) if _ours(s)}
    predicates = {p for p in _column(store, "SELECT DISTINCT ?p { ?s ?p ?o }") if isinstance(p, ox.NamedNode)}
    classes = _column(store, "SELECT DISTINCT ?type { ?s a ?type }")
    kind = ox.NamedNode(str(RDF.type))
    for wrong in predicates:
        if not _undeclared(wrong, declared):
            continue
        for quad in store.quads_for_pattern(None, wrong, None):
            if _ours(quad.subject):
                _least(out.unknown, term(wrong), term(quad.subject))
    for cls in classes:
        if str(getattr(cls, "value", "")) in covered and not _undeclared(cls, declared):
            continue
        for quad in store.quads_for_pattern(None, kind, cls):
            if not _ours(quad.subject):
                continue
            if _undeclared(cls, declared):
                _least(out.unknown, term(cls), term(quad.subject))
            kinds = [term(other.object) for other in store.quads_for_pattern(quad.subject, kind, None)]
            if not any(str(one) in covered for one in kinds):
                _least(out.unshaped, min(kinds, key=str), term(quad.subject))
    return out


def placed(f: Finding, positions: Positions, graph: rdflib.Graph) -> Finding:
    """The finding at its place, if that is known."""
    with suppress(TypeError):
        place = positions.find(graph, rdflib.URIRef(f.entity or ""), RDF.type if f.path else None, None)
        return f.at(place[0]) if place else f
    return f


def _told(code: str, entity: Node, value: Node | None, words: Words, lang: str) -> Finding:
    return finding(
        code,
        entity=str(entity),
        entity_label=words.label(entity, lang),
        value=shorten(str(value)) if value is not None else None,
        path="rdf:type" if code != "unknown-term" else None,
    )


def _least(found: dict[Node, Node], key: Node, entity: Node) -> None:
    found[key] = min(found.get(key, entity), entity, key=str)


def _column(store: ox.Store, query: str) -> list[ox.NamedNode | ox.BlankNode | ox.Literal]:
    return [row[0] for row in store.query(query)]  # type: ignore[union-attr]


def _ours(term: object) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.startswith(ID)


def _undeclared(term: object, declared: Collection[str]) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.startswith(BKG) and term.value not in declared
