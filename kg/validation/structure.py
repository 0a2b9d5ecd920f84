"""What shapes cannot see: things without a type, types without a shape, terms that are not declared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

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
    # MINUS makes two sets; NOT EXISTS would look up the type of every triple
    bare = _rows(store, "SELECT ?s { { SELECT DISTINCT ?s { ?s ?p ?o } } MINUS { ?s a ?type } }")
    out.untyped = {term(s) for (s,) in bare if _ours(s)}
    used = [p for (p,) in _rows(store, "SELECT DISTINCT ?p { ?s ?p ?o }") if _undeclared(p, declared)]
    classes = [cls for (cls,) in _rows(store, "SELECT DISTINCT ?type { ?s a ?type }")]
    for wrong in used:
        _least_of(out.unknown, term(wrong), _rows(store, f"SELECT ?s {{ ?s {wrong} ?o }}"))
    for wrong in (cls for cls in classes if _undeclared(cls, declared)):
        _least_of(out.unknown, term(wrong), _rows(store, f"SELECT ?s {{ ?s a {wrong} }}"))
    # a class that no shape targets is mostly beside one that some shape does
    seen = " ".join(str(cls) for cls in classes if isinstance(cls, ox.NamedNode) and cls.value in covered)
    kinds: dict[Node, list[Node]] = {}
    for cls in classes:
        if not isinstance(cls, ox.NamedNode) or cls.value in covered:
            continue
        beside = f"FILTER NOT EXISTS {{ ?s a ?other . VALUES ?other {{ {seen} }} }}"
        for (thing,) in _rows(store, f"SELECT ?s {{ ?s a {cls} {beside} }}"):
            if _ours(thing):
                kinds.setdefault(term(thing), []).append(term(cls))
    for entity, given in kinds.items():
        _least(out.unshaped, min(given, key=str), entity)
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


def _least_of(found: dict[Node, Node], key: Node, things: Iterable[Sequence[object]]) -> None:
    ours = [thing.value for (thing,) in things if isinstance(thing, ox.NamedNode) and _ours(thing)]
    if ours:
        found[key] = rdflib.URIRef(min(ours))


def _rows(store: ox.Store, query: str) -> Iterable[Sequence[ox.NamedNode | ox.BlankNode | ox.Literal]]:
    return cast(Iterable[Any], store.query(query))


def _ours(term: object) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.startswith(ID)


def _undeclared(term: object, declared: Collection[str]) -> bool:
    return isinstance(term, ox.NamedNode) and term.value.startswith(BKG) and term.value not in declared
