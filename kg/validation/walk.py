"""From changed triples back to the focus nodes they can affect, on old ∪ new: sets of nodes, no query for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pyoxigraph import Literal, NamedNode
from rdflib.term import Node

from kg.store.views import Edge, Term, View, Views
from kg.validation.patterns import TooMany, inverse, step
from kg.validation.plan import TYPE, PartPlan, Reading, Targets

CAP: Final = 20_000
"""Nodes that one way back may come by; a change that reaches more is judged by running the rule over all its nodes."""


@dataclass(slots=True)
class Affected:
    """Rule -> nodes whose rows may differ; rules whose walk came by more than the cap."""

    nodes: dict[Node, set[Term]] = field(default_factory=dict)
    over: set[Node] = field(default_factory=set)


class Walker:
    """The readings of all plans by property, so that a changed triple meets only those that can read it."""

    def __init__(self, plans: Iterable[PartPlan], cap: int = CAP) -> None:
        self.cap = cap
        self._by: dict[NamedNode | None, list[tuple[Node, Reading]]] = {}
        for plan in plans:
            for reading in plan.readings:
                self._by.setdefault(reading.place.link.predicate, []).append((plan.node, reading))

    def affected(self, views: Views) -> Affected:
        """For each rule the nodes, targets or not, whose rows the change may add, remove or alter."""
        changed: dict[NamedNode, list[Edge]] = {}
        for edge in views.changed:
            changed.setdefault(edge[1], []).append(edge)
        out = Affected()
        for predicate, edges in changed.items():
            for node, reading in (*self._by.get(predicate, ()), *self._by.get(None, ())):
                if node in out.over:
                    continue
                try:
                    found = self._back(reading, edges, views.both)
                except TooMany:
                    out.over.add(node)
                else:
                    if found:
                        out.nodes.setdefault(node, set()).update(found)
        for node in out.over:
            out.nodes.pop(node, None)
        return out

    def _back(self, reading: Reading, edges: list[Edge], view: View) -> set[Term]:
        place, pattern = reading.place, reading.pattern
        ends = [(o, s) if place.link.inverse else (s, o) for s, _, o in edges]
        if not place.before:
            ends = [pair for pair in ends if _may(pattern.subject, pair[0])]
        if not place.after:
            ends = [pair for pair in ends if _may(pattern.object, pair[1])]
        if not ends:
            return set()
        found: dict[str, set[Any]] = {}
        for slot, i, rest in ((pattern.subject, 0, _backwards(place.before)), (pattern.object, 1, place.after)):
            if slot == reading.begin:  # both, where a pattern leads from a node to itself
                nodes: set[Any] = {pair[i] for pair in ends}
                for path in rest:
                    nodes = step(view, path, nodes, self.cap)
                found[reading.begin] = nodes & found.get(reading.begin, nodes)
        nodes = self._fit(found[reading.begin], reading.begin, reading, view)
        for hop in reading.way:
            if not nodes:
                break
            if hop.path is None:
                nodes = {Literal(node.value) for node in nodes if isinstance(node, Literal)}
            else:
                nodes = step(view, hop.path, nodes, self.cap)
            nodes = self._fit(nodes, hop.to, reading, view)
        return nodes

    @staticmethod
    def _fit(nodes: set[Any], name: str, reading: Reading, view: View) -> set[Any]:
        for predicate, allowed in reading.fixed.get(name, ()):
            nodes = {node for node in nodes if not allowed.isdisjoint(view.objects(node, predicate))}
        return nodes


def target_changes(targets: Targets, views: Views) -> set[Term]:
    """Nodes that a change may have made targets of a shape, or that may be no longer."""
    out: set[Term] = set()
    for s, p, o in views.changed:
        if (p == TYPE and o in targets.classes) or p in targets.subjects_of:
            out.add(s)
        if p in targets.objects_of:
            out.add(o)
    return out


def is_target(targets: Targets, node: Term, view: View) -> bool:
    """Whether a shape is about a node in this state of the graph."""
    return (
        node in targets.nodes
        or not targets.classes.isdisjoint(view.objects(node, TYPE))
        or any(view.objects(node, p) for p in targets.subjects_of)
        or any(view.subjects(p, node) for p in targets.objects_of)
    )


def all_targets(targets: Targets, view: View) -> set[Term]:
    """All nodes that a shape is about: reads the extent of its classes and properties."""
    out: set[Term] = set(targets.nodes)
    for cls in targets.classes:
        out.update(view.subjects(TYPE, cls))
    for p in targets.subjects_of:
        out.update(s for s, _ in view.pairs(p))
    for p in targets.objects_of:
        out.update(o for _, o in view.pairs(p))
    return out


def subclasses(pairs: Iterable[tuple[Any, Any]]) -> Mapping[Any, frozenset[Any]]:
    """Class to itself and all its subclasses, of (class, direct superclass) pairs."""
    direct: dict[Any, set[Any]] = {}
    for sub, sup in pairs:
        direct.setdefault(sup, set()).add(sub)
    out = {}
    for cls in direct:
        seen, todo = {cls}, [cls]
        while todo:
            for sub in direct.get(todo.pop(), ()):
                if sub not in seen:
                    seen.add(sub)
                    todo.append(sub)
        out[cls] = frozenset(seen)
    return out


def _may(slot: Any, term: Term) -> bool:
    if isinstance(slot, str):
        return True
    return term in slot if isinstance(slot, frozenset) else term == slot


def _backwards(paths: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(inverse(path) for path in reversed(paths))
