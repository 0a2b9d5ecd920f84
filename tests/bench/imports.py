"""Changes as imports make them: new things like those there, with their evidence, and some evidence corrected."""

from __future__ import annotations

import random

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from kg.releases.candidate import Delta
from kg.terms import BKG, EDTF_TYPE, GRAPH_IMPORT, RDF

_TYPE = NamedNode(RDF + "type")
_SUPPORTS = NamedNode(BKG + "supports")
_ON = NamedNode(BKG + "onProperty")
_STATES = NamedNode(BKG + "statesEdtf")
_GRAPH = NamedNode(GRAPH_IMPORT + "made")
_KINDS = ("Event", "Participation", "Outcome", "Figure", "Involvement", "Agreement")
_OWN = ("https://w3id.org/bilim/def#wikidataId", "https://w3id.org/bilim/def#website")


def import_delta(store: Store, chance: random.Random, size: int) -> Delta:
    """About ``size`` triples: nine of ten new things of six kinds with evidence, the rest other dates of tenures."""
    delta = Delta()
    pools = {kind: _subjects(store, _TYPE, NamedNode(BKG + kind)) for kind in (*_KINDS, "Tenure")}
    kinds = [kind for kind in _KINDS if pools[kind]]
    while len(delta) < size * 0.9:
        kind = chance.choice(kinds)
        _clone(store, chance.choice(pools[kind]), f"-{len(delta)}", delta)
    tenures = chance.sample(pools["Tenure"], k=min(len(pools["Tenure"]), size))
    for tenure in tenures:
        if len(delta) >= size:
            break
        for evidence in _subjects(store, _SUPPORTS, tenure):
            for old in _named(store, evidence, _STATES)[:1]:
                text = old.object.value
                if len(text) == 10:  # a day becomes its year
                    delta.removed.append(old)
                    new = Literal(text[:4], datatype=NamedNode(EDTF_TYPE))
                    delta.added.append(Quad(old.subject, old.predicate, new, old.graph_name))
    return delta


def _subjects(store: Store, p: NamedNode, o: NamedNode) -> list[NamedNode]:
    found = (q.subject for q in store.quads_for_pattern(None, p, o, DefaultGraph()))
    return sorted((s for s in found if isinstance(s, NamedNode)), key=str)


def _named(store: Store, s: NamedNode, p: NamedNode | None) -> list[Quad]:
    found = store.quads_for_pattern(s, p, None, None)
    return sorted(
        (q for q in found if isinstance(q.graph_name, NamedNode) and not q.graph_name.value.endswith("/derived")),
        key=str,
    )


def _clone(store: Store, thing: NamedNode, suffix: str, delta: Delta) -> None:
    made = NamedNode(thing.value + suffix)
    for quad in _named(store, thing, None):
        if quad.predicate.value not in _OWN:
            delta.added.append(Quad(made, quad.predicate, quad.object, _GRAPH))
    for evidence in _subjects(store, _SUPPORTS, thing):
        again = NamedNode(evidence.value + suffix)
        for quad in _named(store, evidence, None):
            value = made if quad.object == thing else quad.object
            delta.added.append(Quad(again, quad.predicate, value, _GRAPH))
