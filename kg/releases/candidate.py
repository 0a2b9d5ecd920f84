"""A release in the making: a store with named graphs and, merged without duplicates, their default graph.

Two ways, one result: written whole (bulk load, then compacted), or a hard-linked copy of the current
release plus what changed. The default graph holds a triple if and only if some named graph but the
ledger does (docs/architecture.md, "The default graph").
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from kg.releases.hashing import graph_names
from kg.store.overlay import Overlay
from kg.terms import GRAPH_LEDGER

STORE = "store"
"""Name of the store's folder in a release directory."""

LEDGER = NamedNode(GRAPH_LEDGER)
DEFAULT = DefaultGraph()

DELTA_SHARE = 0.2
"""A copy plus a delta is taken up to this share of the base; beyond it a bulk load is quicker and smaller."""

MANY = 100_000
"""Quads that are loaded in bulk at one time: the loader holds about 1 kB for each."""

FEW = 5_000
"""Up to so many are written one by one: cheaper than files of their own."""


@dataclass(frozen=True, slots=True)
class Delta:
    """Quads of named graphs that come and go."""

    added: list[Quad] = field(default_factory=list)
    removed: list[Quad] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.added) + len(self.removed)

    def __add__(self, other: Delta) -> Delta:
        return Delta(self.added + other.added, self.removed + other.removed)


def write_whole(directory: Path, quads: Iterable[Quad]) -> Store:
    """A new store under ``directory/store`` with these quads and the merged default graph."""
    directory.mkdir(parents=True, exist_ok=True)
    store = Store(str(directory / STORE))
    _load(store, quads)
    return store


def copy_of(base: Path, directory: Path) -> Store:
    """A store under ``directory/store`` that shares the files of the release at ``base`` by hard links.

    The base is only read: its files never change once written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    Store.read_only(str(base / STORE)).backup(str(directory / STORE))
    return Store(str(directory / STORE))


def apply(store: Store | Overlay, delta: Delta) -> None:
    """Bring a store of our own to the new state, its default graph with it."""
    for quad in delta.removed:
        store.remove(quad)
    for quad in delta.removed:
        if not _stated(store, quad):
            store.remove(Quad(quad.subject, quad.predicate, quad.object))
    if isinstance(store, Store) and len(delta.added) > FEW:
        _load(store, delta.added)
    else:
        store.extend(delta.added)
        store.extend(_merged(delta.added))
    for name in {q.graph_name for q in delta.removed if isinstance(q.graph_name, NamedNode)}:
        if next(store.quads_for_pattern(None, None, None, name), None) is None:
            store.remove_graph(name)


def delta_between(base: Store, graphs: Mapping[str, Iterable[Quad]], keep: Container[str] = ()) -> Delta:
    """What must change in ``base`` so that its graphs are exactly these and those to ``keep``; others go.

    Quads are compared in the store's lexical forms (it writes ``"007"^^xsd:integer`` as ``7``).
    """
    delta = Delta()
    for name in sorted(set(graphs) | {n for n in graph_names(base) if n not in keep}):
        graph = NamedNode(name)
        new = Store()
        new.bulk_extend(graphs.get(name, ()))
        before = set(base.quads_for_pattern(None, None, None, graph))
        after = set(new.quads_for_pattern(None, None, None, graph))
        delta.added.extend(after - before)
        delta.removed.extend(before - after)
    return delta


def replace_graph(store: Store | Overlay, graph: str, quads: Iterable[Quad]) -> Delta:
    """The delta that makes this graph hold exactly these quads."""
    before = set(store.quads_for_pattern(None, None, None, NamedNode(graph)))
    after = set(quads)
    return Delta(list(after - before), list(before - after))


def default_is_union(store: Store) -> tuple[int, int]:
    """``(missing, surplus)``: triples of named graphs that the default graph lacks, and the other way round.

    ``(0, 0)`` for a sound release. Reads the store once.
    """
    merged = set(store.quads_for_pattern(None, None, None, DEFAULT))
    seen: set[Quad] = set()
    missing = 0
    for quad in _merged(store.quads_for_pattern(None, None, None, None)):
        if quad in seen:
            continue
        seen.add(quad)
        missing += quad not in merged
    return missing, len(merged) - (len(seen) - missing)


def _load(store: Store, quads: Iterable[Quad]) -> None:
    """Quads and their triples of the default graph, which the store keeps once; in parts that bound the memory."""
    rest = iter(quads)
    while part := list(islice(rest, MANY)):
        store.bulk_extend(chain(part, _merged(part)))


def _merged(quads: Iterable[Quad]) -> Iterator[Quad]:
    for q in quads:
        if q.graph_name != DEFAULT and q.graph_name != LEDGER:
            yield Quad(q.subject, q.predicate, q.object)


def _stated(store: Store | Overlay, quad: Quad) -> bool:
    held = store.quads_for_pattern(quad.subject, quad.predicate, quad.object, None)
    return any(q.graph_name != DEFAULT and q.graph_name != LEDGER for q in held)
