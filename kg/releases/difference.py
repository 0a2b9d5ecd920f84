"""What differs between two states of the graph: by quad, by graph, by thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pyoxigraph import NamedNode, Store

from kg.releases.candidate import Delta
from kg.releases.hashing import GraphHash
from kg.terms import GRAPH_DERIVED, GRAPH_LEDGER, GRAPH_ONTOLOGY, RDF, split_entity_iri

Change = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class EntityChange:
    """One thing that differs: ``added`` and ``removed`` count its triples, derived ones not among them."""

    iri: str
    kind: str
    slug: str
    change: Change
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Old against new. ``graphs``: IRI to (quads added, quads removed); only graphs that differ."""

    delta: Delta
    graphs: Mapping[str, tuple[int, int]]
    entities: tuple[EntityChange, ...]
    base: bool  # whether there was an old state

    @property
    def empty(self) -> bool:
        return not self.graphs

    def counts(self) -> dict[str, dict[str, int]]:
        """Kind to number of things added, removed, changed."""
        out: dict[str, dict[str, int]] = {}
        for entity in self.entities:
            out.setdefault(entity.kind, {"added": 0, "removed": 0, "changed": 0})[entity.change] += 1
        return dict(sorted(out.items()))

    def as_dict(self, limit: int = 1000) -> dict[str, Any]:
        """For JSON. At most ``limit`` things are listed; ``total`` is exact."""
        return {
            "quads": {"added": len(self.delta.added), "removed": len(self.delta.removed)},
            "graphs": {name: {"added": a, "removed": r} for name, (a, r) in self.graphs.items()},
            "counts": self.counts(),
            "entities": {
                "total": len(self.entities),
                "listed": min(limit, len(self.entities)),
                "items": [
                    {"id": e.iri, "kind": e.kind, "slug": e.slug, "change": e.change}
                    | {"added": e.added, "removed": e.removed}
                    for e in self.entities[:limit]
                ],
            },
        }


def compare(
    old: Store | None,
    new: Store,
    old_hashes: Mapping[str, GraphHash] | None = None,
    new_hashes: Mapping[str, GraphHash] | None = None,
) -> Difference:
    """The difference between two stores (``old`` None: everything is new), the ledger left out.

    With the hashes of both, graphs that are equal are not read.
    """
    names = _names(old) | _names(new)
    if old_hashes is not None and new_hashes is not None:
        names = {n for n in names if old_hashes.get(n) != new_hashes.get(n)}
    delta = Delta()
    for name in sorted(names - {GRAPH_LEDGER}):
        graph = NamedNode(name)
        before = set(old.quads_for_pattern(None, None, None, graph)) if old else set()
        after = set(new.quads_for_pattern(None, None, None, graph))
        delta.added.extend(after - before)
        delta.removed.extend(before - after)
    return group(delta, old, new)


def group(delta: Delta, old: Store | None, new: Store) -> Difference:
    """A delta by graph and by thing. A thing is added or removed by having a stated type or not."""
    graphs: dict[str, list[int]] = {}
    added: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    for index, (quads, counter) in enumerate(((delta.added, added), (delta.removed, removed))):
        for quad in quads:
            name = quad.graph_name.value if isinstance(quad.graph_name, NamedNode) else ""
            graphs.setdefault(name, [0, 0])[index] += 1
            if name not in (GRAPH_DERIVED, GRAPH_ONTOLOGY) and isinstance(quad.subject, NamedNode):
                counter[quad.subject.value] += 1
    entities = []
    for iri in sorted(set(added) | set(removed)):
        if (parts := split_entity_iri(iri)) is not None:
            change: Change = "added" if not _there(old, iri) else "removed" if not _there(new, iri) else "changed"
            entities.append(EntityChange(iri, *parts, change, added[iri], removed[iri]))
    return Difference(delta, {n: (a, r) for n, (a, r) in sorted(graphs.items())}, tuple(entities), old is not None)


def _there(store: Store | None, iri: str) -> bool:
    if store is None:
        return False
    types = store.quads_for_pattern(NamedNode(iri), _TYPE, None, None)
    return any(isinstance(q.graph_name, NamedNode) and q.graph_name.value != GRAPH_DERIVED for q in types)


def _names(store: Store | None) -> set[str]:
    return {g.value for g in store.named_graphs() if isinstance(g, NamedNode)} if store else set()


_TYPE = NamedNode(RDF + "type")
