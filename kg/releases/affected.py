"""Which things of a release a change affects, so that only their rows of the projection are told anew.

From each changed triple to the things whose rows may differ, by walks over old ∪ new: by how a thing is called, what
its document names, which facets it has by way of others, what evidence and discrepancies say of it. More than
necessary does no harm: their rows come out the same (kg.releases.grow compares).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from pyoxigraph import NamedNode

from kg.releases import facets, filters
from kg.releases.labels import DEPTH, NAMING
from kg.releases.merged import FUNCTIONAL, TYPE, Merged
from kg.store.views import Edge, View, Views
from kg.terms import BKG, ORG, RDFS, split_entity_iri

MOST: Final = 3_000
"""Things told anew at most; the whole projection is written where a change affects more."""

_SUPPORTS: Final = NamedNode(BKG + "supports")
_IN_DOCUMENT: Final = NamedNode(BKG + "inDocument")
_CONCERNS: Final = NamedNode(BKG + "concerns")
_OF: Final = NamedNode(BKG + "of")
_HELD: Final = NamedNode(filters.HELD)
_NAMING: Final = tuple(NamedNode(name) for name in sorted(NAMING))


@dataclass(slots=True)
class Affected:
    """By IRI. ``changed``: subjects of changed triples; ``retyped``: those whose classes changed; ``called``: whose
    name may have changed; ``things``: of which all rows are told anew; ``faceted``, ``people``: only their facets, only
    the filters of lists; ``covered``, ``disputes``: things and discrepancies by which coverage is counted.
    """

    changed: set[str] = field(default_factory=set)
    retyped: set[str] = field(default_factory=set)
    called: set[str] = field(default_factory=set)
    things: set[str] = field(default_factory=set)
    faceted: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    covered: set[str] = field(default_factory=set)
    disputes: set[str] = field(default_factory=set)


class TooMuch(Exception):
    """The change affects so much that the whole projection is told anew. The text says what."""


def affected(seen: Views, old: Merged, new: Merged) -> Affected:
    """What a change affects; ``old`` and ``new`` are the graphs of ``seen``. Raises :class:`TooMuch`."""
    edges = [edge for edge in seen.changed if isinstance(edge[0], NamedNode)]
    for _, p, o in edges:
        if p.value == RDFS + "subClassOf" or (p.value == TYPE and getattr(o, "value", None) == FUNCTIONAL):
            raise TooMuch("classes or functional properties")
    found = Affected(changed={s.value for s, _, _ in edges})
    _within(found.changed, "things")
    types = {s.value for s, p, _ in edges if p.value == TYPE}
    found.retyped = {iri for iri in types if old.facts(iri).get(TYPE) != new.facts(iri).get(TYPE)}
    found.called = found.changed | set(_called(seen.both, edges, old, new))
    found.things = set(_ours(found.changed))
    for iri in found.called:
        if _is_called_otherwise(iri, old, new):
            for s, _, _ in seen.both.naming(NamedNode(iri)):
                if isinstance(s, NamedNode) and split_entity_iri(s.value):
                    found.things.add(s.value)
                    _within(found.things, f"the label of {iri}")
    found.faceted = set(_ours(_faceted(seen.both, edges))) - found.things
    found.people = set(_ours(_people(seen.both, edges))) - found.things
    found.covered = set(_ours({*found.changed, *_covered(seen.both, edges)}))
    found.disputes = {s.value for s, p, _ in edges if p.value in (BKG + "concerns", BKG + "discrepancyStatus")}
    for iri in found.retyped:
        found.disputes.update(s.value for s in seen.both.subjects(_CONCERNS, NamedNode(iri)))
    return found


def _within(found: set[str], what: str) -> None:
    if len(found) > MOST:
        raise TooMuch(what)


def _ours(iris: Iterable[str]) -> Iterator[str]:
    return (iri for iri in iris if split_entity_iri(iri) is not None)


def _is_called_otherwise(iri: str, old: Merged, new: Merged) -> bool:
    return any(old.labels.of(iri, depth) != new.labels.of(iri, depth) for depth in range(DEPTH + 1))


def _called(view: View, edges: Iterable[Edge], old: Merged, new: Merged) -> Iterator[str]:
    """What may be called otherwise: a tenure is called by its person, a discrepancy by the tenure."""
    seen: set[str] = set()
    todo = {s.value for s, p, _ in edges if p.value in NAMING}
    while todo:
        iri = todo.pop()
        seen.add(iri)
        _within(seen, "labels")
        if _is_called_otherwise(iri, old, new):
            yield iri
            for p in _NAMING:
                todo |= {s.value for s in view.subjects(p, NamedNode(iri)) if isinstance(s, NamedNode)} - seen


def _faceted(view: View, edges: Iterable[Edge]) -> Iterator[str]:
    """The things from which a path of a facet leads over a changed triple."""
    steps: dict[tuple[str, bool], list[facets.Path]] = defaultdict(list)  # what is walked before each step
    for path in (*facets.DATED, *(path for paths in facets.PATHS.values() for path in paths)):
        for number, step in enumerate(path):
            steps[step].append(path[:number])
    for s, p, o in edges:
        for prefix in steps.get((p.value, False), ()):
            yield from _before(view, s, prefix)
        for prefix in steps.get((p.value, True), ()):
            yield from _before(view, o, prefix)
        if p.value == TYPE:
            for facet, target in facets.TARGETS.items():
                for path in facets.PATHS[facet] if getattr(o, "value", None) == target else ():
                    yield from _before(view, s, path)
        elif p.value in facets.DATES:
            for path in facets.DATED:
                yield from _before(view, s, path)


def _before(view: View, end: Any, path: facets.Path) -> Iterator[str]:
    """From where a path leads to a node."""
    ends = {end}
    for predicate, back in reversed(path):
        p = NamedNode(predicate)
        ends = {n for node in ends for n in (view.objects(node, p) if back else view.subjects(p, node))}
    return (node.value for node in ends if isinstance(node, NamedNode))


def _people(view: View, edges: Iterable[Edge]) -> Iterator[str]:
    for s, p, o in edges:
        if p == _HELD and isinstance(o, NamedNode):
            yield o.value
        elif p.value == ORG + "organization":
            yield from (person.value for person in view.objects(s, _HELD))


def _covered(view: View, edges: Iterable[Edge]) -> Iterator[str]:
    """The things of which evidence or dated values say something else."""
    for s, p, o in edges:
        things: Iterable[Any] = ()
        if p in (_SUPPORTS, _OF):
            things = (o,)
        elif p.value in (BKG + "rank", BKG + "inDocument"):
            things = view.objects(s, _SUPPORTS)
        elif p.value == BKG + "property":
            things = view.objects(s, _OF)
        elif p.value == BKG + "tier":
            things = [t for evidence in view.subjects(_IN_DOCUMENT, s) for t in view.objects(evidence, _SUPPORTS)]
        yield from (thing.value for thing in things)
