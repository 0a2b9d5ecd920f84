"""Random changes to a store: what is said is taken away, said of another, or given another value."""

from __future__ import annotations

import random
from collections.abc import Sequence

from pyoxigraph import NamedNode, Quad, Store

from kg.releases.candidate import Delta
from kg.terms import GRAPH_DERIVED, GRAPH_LEDGER, GRAPH_ONTOLOGY

_NOT = (GRAPH_DERIVED, GRAPH_LEDGER, GRAPH_ONTOLOGY)


def stated(store: Store) -> list[Quad]:
    """The quads that sources have stated, in order."""
    quads = (q for q in store if isinstance(q.graph_name, NamedNode) and q.graph_name.value not in _NOT)
    return sorted(quads, key=str)


def random_delta(quads: Sequence[Quad], chance: random.Random, size: int) -> Delta:
    """About ``size`` changes among stated quads: single ones, whole things, objects swapped, things said twice."""
    by_predicate: dict[str, list[Quad]] = {}
    by_subject: dict[str, list[Quad]] = {}
    for quad in quads:
        by_predicate.setdefault(quad.predicate.value, []).append(quad)
        by_subject.setdefault(str(quad.subject), []).append(quad)
    predicates, subjects = sorted(by_predicate), sorted(by_subject)
    added: dict[Quad, None] = {}
    removed: dict[Quad, None] = {}
    while len(added) + len(removed) < size:
        alike = by_predicate[chance.choice(predicates)]  # rare properties as often as common ones
        one, other = chance.choice(alike), chance.choice(alike)
        match chance.randrange(6):
            case 0 | 1:
                removed[one] = None
            case 2:
                removed.update(dict.fromkeys(by_subject[chance.choice(subjects)]))
            case 3:
                removed[one] = None
                added[Quad(one.subject, one.predicate, other.object, one.graph_name)] = None
            case 4:
                added[Quad(one.subject, one.predicate, other.object, one.graph_name)] = None
            case _:
                added[Quad(one.subject, one.predicate, one.object, other.graph_name)] = None
    known = set(quads)
    return Delta([q for q in added if q not in known], [q for q in removed if q not in added])
