"""A graph before and after a change, and both together: look-ups by one term, each read once from the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

Term = NamedNode | BlankNode | Literal
Edge = tuple[Term, NamedNode, Term]
_DEFAULT: Final = DefaultGraph()


class _Base:
    """What was read of the store's default graph, kept."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._objects: dict[tuple[Any, Any], tuple[Any, ...]] = {}
        self._subjects: dict[tuple[Any, Any], tuple[Any, ...]] = {}
        self._about: dict[Any, dict[Any, tuple[Any, ...]]] = {}

    def objects(self, s: Any, p: Any) -> tuple[Any, ...]:
        if (whole := self._about.get(s)) is not None:
            return whole.get(p, ())
        key = (s, p)
        found = self._objects.get(key)
        if found is None:
            found = self._objects[key] = tuple(q.object for q in self.store.quads_for_pattern(s, p, None, _DEFAULT))
        return found

    def subjects(self, p: Any, o: Any) -> tuple[Any, ...]:
        key = (p, o)
        found = self._subjects.get(key)
        if found is None:
            found = self._subjects[key] = tuple(q.subject for q in self.store.quads_for_pattern(None, p, o, _DEFAULT))
        return found

    def about(self, s: Any) -> dict[Any, tuple[Any, ...]]:
        found = self._about.get(s)
        if found is None:
            found = {}
            for q in self.store.quads_for_pattern(s, None, None, _DEFAULT):
                found[q.predicate] = (*found.get(q.predicate, ()), q.object)
            self._about[s] = found
        return found


class _Index:
    """Triples in memory, by subject and by object."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self.objects: dict[tuple[Any, Any], list[Any]] = {}
        self.subjects: dict[tuple[Any, Any], list[Any]] = {}
        self.about: dict[Any, dict[Any, list[Any]]] = {}
        self.edges = set(edges)
        for s, p, o in self.edges:
            self.objects.setdefault((s, p), []).append(o)
            self.subjects.setdefault((p, o), []).append(s)
            self.about.setdefault(s, {}).setdefault(p, []).append(o)


class View:
    """The merged default graph in one state. Look-ups are by subject and property, or property and object."""

    def __init__(self, base: _Base, added: _Index, removed: _Index) -> None:
        self._base, self._added, self._removed = base, added, removed

    def objects(self, s: Any, p: Any) -> tuple[Any, ...]:
        """Objects of a subject's property; none for a literal, which is no subject."""
        if isinstance(s, Literal):
            return ()
        found = self._base.objects(s, p)
        if less := self._removed.objects.get((s, p)):
            found = tuple(o for o in found if o not in less)
        if more := self._added.objects.get((s, p)):
            found = (*found, *more)
        return found

    def subjects(self, p: Any, o: Any) -> tuple[Any, ...]:
        """Subjects whose property has this object."""
        found = self._base.subjects(p, o)
        if less := self._removed.subjects.get((p, o)):
            found = tuple(s for s in found if s not in less)
        if more := self._added.subjects.get((p, o)):
            found = (*found, *more)
        return found

    def about(self, s: Any) -> dict[Any, tuple[Any, ...]]:
        """Property to objects, all that is said of a subject; what was asked of it later is answered from this."""
        if isinstance(s, Literal):
            return {}
        whole = self._base.about(s)
        if s not in self._removed.about and s not in self._added.about:
            return whole
        properties = {*whole, *self._added.about.get(s, ())}
        return {p: found for p in properties if (found := self.objects(s, p))}

    def naming(self, o: Any) -> Iterator[Edge]:
        """The triples with this object, whatever the property."""
        for q in self._base.store.quads_for_pattern(None, None, o, _DEFAULT):
            if (edge := _edge(q)) not in self._removed.edges:
                yield edge
        yield from (edge for edge in self._added.edges if edge[2] == o)

    def pairs(self, p: NamedNode) -> Iterator[tuple[Term, Term]]:
        """All subjects and objects of a property: reads the property's whole extent."""
        for q in self._base.store.quads_for_pattern(None, p, None, _DEFAULT):
            if (edge := _edge(q)) not in self._removed.edges:
                yield edge[0], edge[2]
        yield from ((s, o) for s, added, o in self._added.edges if added == p)

    def all(self) -> Iterator[Edge]:
        """Every triple: reads the whole graph."""
        for q in self._base.store.quads_for_pattern(None, None, None, _DEFAULT):
            if (edge := _edge(q)) not in self._removed.edges:
                yield edge
        yield from self._added.edges


@dataclass(frozen=True, slots=True)
class Views:
    """Before, after, and old ∪ new, with the triples that came and went."""

    old: View
    new: View
    both: View
    added: frozenset[Edge]
    removed: frozenset[Edge]

    @property
    def changed(self) -> frozenset[Edge]:
        return self.added | self.removed


def views(store: Store, added: Iterable[Quad], removed: Iterable[Quad]) -> Views:
    """Views of a store's default graph with these triples added and removed (of the default graph, without overlap)."""
    base, none = _Base(store), _Index(())
    more, less = _Index(map(_edge, added)), _Index(map(_edge, removed))
    return Views(
        View(base, none, none),
        View(base, more, less),
        View(base, more, none),
        frozenset(more.edges),
        frozenset(less.edges),
    )


def _edge(quad: Quad) -> Edge:
    return quad.subject, quad.predicate, quad.object  # type: ignore[return-value]
