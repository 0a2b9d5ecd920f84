"""What the ontology's axioms infer over data, and whether that can be true (OWL 2 RL, by ``reasonable``).

SHACL checks what is written; this checks the axioms themselves: a domain or range that does not always hold
makes a person of an organization without anybody noticing. Found are: a thing in two disjoint classes or in
owl:Nothing, two values of a functional property, and an inferred class that the data does not have after
deriving (superclasses and defined classes are in ``graph/derived``, so the reasoner should have nothing to add).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import rdflib
import reasonable  # type: ignore[import-untyped]
from rdflib import OWL, RDF
from rdflib.term import Node

from kg.kinds import KINDS
from kg.terms import BKG, shorten, split_entity_iri
from kg.validation.convert import Triple


@dataclass(frozen=True, slots=True)
class Fault:
    """A thing and what is wrong with its classes, for a person to read."""

    thing: str
    what: str

    def __str__(self) -> str:
        return f"{shorten(self.thing)}: {self.what}"


def close(triples: Iterable[Triple]) -> set[Triple]:
    """All triples that follow by OWL 2 RL, the given ones among them. About 0.2 s for 10,000 triples."""
    graph = rdflib.Graph(bind_namespaces="none")
    for triple in triples:
        graph.add(triple)
    reasoner = reasonable.PyReasoner()
    reasoner.from_graph(graph)
    return set(reasoner.reason())


def check(triples: Iterable[Triple]) -> list[Fault]:
    """The faults of ontology and data together, sorted; empty is consistent and nothing surprising inferred.

    ``triples``: ontology/def and the default graph of a release, which holds the derived classes too.
    """
    given = set(triples)
    closed = close(given)
    stated, inferred = _types(given), _types(closed)
    apart = {(s, o) for s, p, o in closed if p == OWL.disjointWith}
    apart |= {(o, s) for s, o in apart}
    kinds: dict[Node, str] = {rdflib.URIRef(kind.cls): kind.name for kind in KINDS.values()}
    # names are unique with us: axioms that make two of them one thing say that a functional property has two values
    faults = {Fault(str(s), f"axioms make it the same as {o}") for s, p, o in closed if p == OWL.sameAs and s != o}
    for thing, classes in inferred.items():
        found = split_entity_iri(str(thing))
        if OWL.Nothing in classes:
            faults.add(Fault(str(thing), "is in owl:Nothing, where nothing can be"))
        for one, other in apart:
            if one in classes and other in classes and str(one) < str(other):
                faults.add(
                    Fault(str(thing), f"is in {shorten(str(one))} and {shorten(str(other))}, which are disjoint")
                )
        if found is None:
            continue
        for cls in classes & kinds.keys():
            if kinds[cls] != found[0]:
                faults.add(Fault(str(thing), f"is a {found[0]}, but axioms make it {shorten(str(cls))}"))
        for cls in classes - stated.get(thing, set()):
            if str(cls).startswith(BKG) and cls not in kinds:
                faults.add(Fault(str(thing), f"axioms make it {shorten(str(cls))}, which the release does not say"))
    return sorted(faults, key=str)


def _types(triples: Iterable[Triple]) -> Mapping[Node, set[Node]]:
    out: dict[Node, set[Node]] = defaultdict(set)
    for s, p, o in triples:
        if p == RDF.type:
            out[s].add(o)
    return out
