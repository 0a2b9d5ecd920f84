"""A release with a change laid on it, in memory: read like a store, at a cost by the change and not by the release."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

DEFAULT: Final = DefaultGraph()


class Overlay:
    """The graphs of ``base`` (which is only read) with quads added and removed.

    Takes part of pyoxigraph's ``Store``: what changes a candidate (kg.releases.candidate.apply) changes an overlay.
    """

    def __init__(self, base: Store) -> None:
        self.base = base
        self._added = Store()
        self._removed: set[Quad] = set()

    def __contains__(self, quad: Quad) -> bool:
        return quad in self._added or (quad in self.base and quad not in self._removed)

    def add(self, quad: Quad) -> None:
        if quad in self._removed:
            self._removed.discard(quad)
        elif quad not in self.base:
            self._added.add(quad)

    def extend(self, quads: Iterable[Quad]) -> None:
        for quad in quads:
            self.add(quad)

    def remove(self, quad: Quad) -> None:
        if quad in self._added:
            self._added.remove(quad)
        elif quad in self.base:
            self._removed.add(quad)

    def remove_graph(self, graph: NamedNode) -> None:
        """Remove what is in the graph."""
        for quad in list(self.quads_for_pattern(None, None, None, graph)):
            self.remove(quad)

    def quads_for_pattern(self, s: Any, p: Any, o: Any, graph: Any = None) -> Iterator[Quad]:
        """As of a store: None stands for any term; without a graph all graphs, the default one among them."""
        for quad in self.base.quads_for_pattern(s, p, o, graph):
            if quad not in self._removed:
                yield quad
        yield from self._added.quads_for_pattern(s, p, o, graph)

    def added(self) -> list[Quad]:
        """What the merged default graph holds beyond the base's."""
        return list(self._added.quads_for_pattern(None, None, None, DEFAULT))

    def removed(self) -> list[Quad]:
        """What the merged default graph of the base holds and this one does not."""
        return [quad for quad in self._removed if quad.graph_name == DEFAULT]

    def all_added(self) -> list[Quad]:
        """The quads that it holds and the base does not, of all graphs."""
        return list(self._added)

    def all_removed(self) -> list[Quad]:
        """The quads that the base holds and it does not, of all graphs."""
        return list(self._removed)
