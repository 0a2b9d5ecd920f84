"""What differs between two states of the graph: by quad, by graph, by thing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pyoxigraph import NamedNode, RdfFormat, Store

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

    graphs: Mapping[str, tuple[int, int]]
    entities: tuple[EntityChange, ...]
    base: bool  # whether there was an old state

    @property
    def added(self) -> int:
        """Quads."""
        return sum(added for added, _ in self.graphs.values())

    @property
    def removed(self) -> int:
        """Quads."""
        return sum(removed for _, removed in self.graphs.values())

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
            "quads": {"added": self.added, "removed": self.removed},
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
    graphs: dict[str, tuple[int, int]] = {}
    added: Counter[str] = Counter()
    removed: Counter[str] = Counter()
    for name in sorted(names - {GRAPH_LEDGER}):
        came, went = _came_and_went(old, new, name)
        if came or went:
            graphs[name] = came.total(), went.total()
            if name not in (GRAPH_DERIVED, GRAPH_ONTOLOGY):
                added.update(came)
                removed.update(went)
    return Difference(graphs, tuple(_entities(added, removed, old, new)), old is not None)


def _came_and_went(old: Store | None, new: Store, graph: str) -> tuple[Counter[str], Counter[str]]:
    """Subject to number of triples, of those that are in the new state of a graph alone, and in the old alone.

    A graph that is in one of them alone is counted where it lies; of two states only what differs is kept.
    """
    if old is None or not _holds(old, graph):
        return _by_subject(new, graph), Counter()
    if not _holds(new, graph):
        return Counter(), _by_subject(old, graph)
    before, after = _lines(old, graph), _lines(new, graph)
    return _subjects(after - before), _subjects(before - after)


def _holds(store: Store, graph: str) -> bool:
    return store.contains_named_graph(NamedNode(graph))


def _by_subject(store: Store, graph: str) -> Counter[str]:
    rows = store.query(f"SELECT ?s (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }} GROUP BY ?s")
    return Counter({row["s"].value: int(row["n"].value) for row in rows})  # type: ignore[union-attr]


def _lines(store: Store, graph: str) -> set[bytes]:
    return set((store.dump(format=RdfFormat.N_TRIPLES, from_graph=NamedNode(graph)) or b"").splitlines())


def _subjects(lines: Iterable[bytes]) -> Counter[str]:
    return Counter(line.split(b" ", 1)[0].strip(b"<>").decode() for line in lines)


def _entities(
    added: Mapping[str, int], removed: Mapping[str, int], old: Store | None, new: Store
) -> Iterator[EntityChange]:
    """The things among the subjects. A thing is added or removed by having a stated type or not."""
    for iri in sorted(set(added) | set(removed)):
        if (parts := split_entity_iri(iri)) is not None:
            change: Change = "added" if not _there(old, iri) else "removed" if not _there(new, iri) else "changed"
            yield EntityChange(iri, *parts, change, added.get(iri, 0), removed.get(iri, 0))


def _there(store: Store | None, iri: str) -> bool:
    if store is None:
        return False
    types = store.quads_for_pattern(NamedNode(iri), _TYPE, None, None)
    return any(isinstance(q.graph_name, NamedNode) and q.graph_name.value != GRAPH_DERIVED for q in types)


def _names(store: Store | None) -> set[str]:
    return {g.value for g in store.named_graphs() if isinstance(g, NamedNode)} if store else set()


_TYPE = NamedNode(RDF + "type")
