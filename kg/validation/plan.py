"""The plan: for each rule the triple patterns that it can read, and the way back from each to its focus nodes.

Built once from the shapes. A rule of which that cannot be proven keeps the reason (``why``) and is run over the whole
graph instead. The class hierarchy is taken as it stands in the definitions: a change of it is no matter for a plan.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import rdflib
from pyoxigraph import NamedNode
from pyshacl.constraints import ALL_CONSTRAINT_PARAMETERS
from pyshacl.errors import ReportableRuntimeError, ValidationFailure
from pyshacl.helper.sparql_query_helper import SPARQLQueryHelper
from pyshacl.shapes_graph import ShapesGraph
from rdflib import RDF, RDFS, SH
from rdflib.collection import Collection
from rdflib.plugins.sparql.sparql import Query
from rdflib.term import Node

from kg.terms import RDF as RDF_NS
from kg.terms import RDFS as RDFS_NS
from kg.validation.patterns import THIS, Alt, Group, Link, Path, Pattern, Place, Seq, inverse, places
from kg.validation.queries import Unproven, read_query, repeated

TYPE: Final = NamedNode(RDF_NS + "type")
SUBCLASS: Final = NamedNode(RDFS_NS + "subClassOf")

_PAIRS: Final = (SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals)
_VALUES_ONLY: Final = frozenset(
    SH[name]
    for name in [
        "datatype",
        "nodeKind",
        "minCount",
        "maxCount",
        "minExclusive",
        "minInclusive",
        "maxExclusive",
        "maxInclusive",
        "minLength",
        "maxLength",
        "pattern",
        "flags",
        "languageIn",
        "uniqueLang",
        "hasValue",
        "in",
        "ignoredProperties",
        "qualifiedMinCount",
        "qualifiedMaxCount",
        "qualifiedValueShapesDisjoint",
    ]
)
_SHAPES: Final = (SH.node, SH.property, SH["not"], SH.qualifiedValueShape)
_SHAPE_LISTS: Final = (SH["and"], SH["or"], SH.xone)
_READ: Final = _VALUES_ONLY.union(_PAIRS, _SHAPES, _SHAPE_LISTS, (SH["class"], SH.closed, SH.sparql))

Prepare = Callable[[str], Query]


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a way back: along a path to a variable, or from a tagged text to its plain string (no path)."""

    path: Path | None
    to: str


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A link of a pattern that a changed triple may match, and the way from there to the focus nodes."""

    pattern: Pattern
    place: Place
    begin: str  # the variable of the pattern with which the way begins
    way: tuple[Hop, ...]
    fixed: dict[str, tuple[tuple[NamedNode, frozenset[Any]], ...]]  # variable -> properties with a value it must have


@dataclass(frozen=True, slots=True, eq=False)
class PartPlan:
    """What one rule reads. ``why`` is set where that is not proven, and then there are no readings.

    ``only_queries``: the rule has no other constraints, so the groups in ``group`` are those of its queries.
    """

    node: Node
    group: Group
    readings: tuple[Reading, ...]
    why: str | None = None
    only_queries: bool = False


@dataclass(frozen=True, slots=True)
class Targets:
    """Which nodes a shape is about: of a class (subclasses told), subjects or objects of a property, by name."""

    classes: frozenset[NamedNode]
    subjects_of: tuple[NamedNode, ...]
    objects_of: tuple[NamedNode, ...]
    nodes: frozenset[NamedNode]


class Planner:
    """Makes plans over one shapes graph.

    ``below``: class to itself and its subclasses. ``prepare``: parses a query, as pySHACL will ask it.
    """

    def __init__(
        self, shacl: ShapesGraph, below: Callable[[Node], frozenset[NamedNode]], prepare: Callable[[str], Query]
    ) -> None:
        self._shacl = shacl
        self._graph: rdflib.Graph = shacl.graph
        self._below = below
        self._prepare = prepare
        self._numbers = itertools.count(1)
        self._own_components = (None, RDF.type, SH.ConstraintComponent) in self._graph

    def targets(self, node: Node) -> Targets:
        """The targets of a node shape. Raises :class:`Unproven` for targets of SHACL-AF."""
        if (node, SH.target, None) in self._graph:
            raise Unproven("sh:target")
        classes = set(self._graph.objects(node, SH.targetClass))
        if (node, RDF.type, RDFS.Class) in self._graph:
            classes.add(node)

        def named(property_: Node) -> tuple[NamedNode, ...]:
            return tuple(sorted(NamedNode(str(o)) for o in self._graph.objects(node, property_)))

        return Targets(
            frozenset(sub for cls in classes for sub in self._below(cls)),
            named(SH.targetSubjectsOf),
            named(SH.targetObjectsOf),
            frozenset(named(SH.targetNode)),
        )

    def part(self, node: Node) -> PartPlan:
        """The plan of a shape as it is run: a property shape, or a node shape with all it holds."""
        group = Group()
        try:
            self._shape(node, THIS, group, ())
            readings = tuple(_readings(group))
        except Unproven as error:
            return PartPlan(node, group, (), str(error))
        parameters = set(self._graph.predicates(node)) & _READ
        return PartPlan(node, group, readings, only_queries=parameters == {SH.sparql})

    def _shape(self, node: Node, focus: str, around: Group, above: tuple[Node, ...]) -> None:
        if node in above:
            raise Unproven("a shape that holds itself")
        parameters = set(self._graph.predicates(node)) & {*ALL_CONSTRAINT_PARAMETERS, SH.expression, SH.js, SH.rule}
        if self._own_components or (unread := parameters - _READ):
            raise Unproven(
                "sh:ConstraintComponent" if self._own_components else f"sh:{min(map(str, unread)).split('#')[1]}"
            )
        group, value = around, focus
        if (path := self._graph.value(node, SH.path)) is not None:
            value = self._fresh()
            if parameters - {SH.sparql}:
                group = around.child()
                group.patterns.append(Pattern(focus, self._path(path), value))
        for cls in self._graph.objects(node, SH["class"]):
            group.child().patterns.append(Pattern(value, Link(TYPE), self._below(cls)))
        for parameter in _PAIRS:
            for other in self._graph.objects(node, parameter):
                around.child().patterns.append(Pattern(focus, Link(NamedNode(str(other))), self._fresh()))
        if (node, SH.closed, None) in self._graph:
            group.child().patterns.append(Pattern(value, Link(None), self._fresh()))
        for inner in self._inner(node):
            self._shape(inner, value, group.child(), (*above, node))
        for constraint in self._graph.objects(node, SH.sparql):
            self._query(node, constraint, around.child(), focus)

    def _inner(self, node: Node) -> Iterator[Node]:
        for parameter in _SHAPES:
            yield from self._graph.objects(node, parameter)
        for parameter in _SHAPE_LISTS:
            for items in self._graph.objects(node, parameter):
                yield from Collection(self._graph, items)
        if (node, SH.qualifiedValueShapesDisjoint, None) in self._graph:
            for parent in self._graph.subjects(SH.property, node):
                for sibling in self._graph.objects(parent, SH.property):
                    yield from self._graph.objects(sibling, SH.qualifiedValueShape)

    def _query(self, node: Node, constraint: Node, group: Group, focus: str) -> None:
        shape = self._shacl.lookup_shape_from_node(node)
        select = str(self._graph.value(constraint, SH.select))
        helper: Any = SPARQLQueryHelper(shape, constraint, select)  # type: ignore[no-untyped-call]
        helper.collect_prefixes()
        try:
            _, text = helper.pre_bind_variables(node)
            prepared = self._prepare(helper.apply_prefixes(text))
        except (ReportableRuntimeError, ValidationFailure, NotImplementedError) as error:
            raise Unproven(str(error)) from error  # running it will fail, and say so
        read_query(prepared.algebra, group, focus)

    def _path(self, path: Node) -> Path:
        if isinstance(path, rdflib.URIRef):
            return Link(NamedNode(str(path)))
        if (back := self._graph.value(path, SH.inversePath)) is not None:
            return inverse(self._path(back))
        if (options := self._graph.value(path, SH.alternativePath)) is not None:
            return Alt(tuple(self._path(option) for option in Collection(self._graph, options)))
        for property_, mark in ((SH.zeroOrMorePath, "*"), (SH.oneOrMorePath, "+"), (SH.zeroOrOnePath, "?")):
            if (part := self._graph.value(path, property_)) is not None:
                return repeated(self._path(part), mark)
        return Seq(tuple(self._path(part) for part in Collection(self._graph, path)))

    def _fresh(self) -> str:
        return f"#{next(self._numbers)}"


def _readings(root: Group) -> Iterator[Reading]:
    """Every link of every pattern with its way back. Raises :class:`Unproven` where a pattern has none."""
    for group in root.all():
        usable = [pattern for around in group.outwards() for pattern in around.patterns]
        tags = [tag for around in group.outwards() for tag in around.tags]
        ways: dict[str, list[Hop]] = {}
        for p in usable:
            if isinstance(p.subject, str) and isinstance(p.object, str):
                ways.setdefault(p.subject, []).append(Hop(p.path, p.object))
                ways.setdefault(p.object, []).append(Hop(inverse(p.path), p.subject))
        for tag in tags:
            ways.setdefault(tag.name, []).append(Hop(None, tag.text))
        for pattern in group.patterns:
            begin, way = _way(pattern, ways)
            fixed = _fixed([other for other in usable if other is not pattern])
            for place in places(pattern.path):
                if place.link.predicate != SUBCLASS:
                    yield Reading(pattern, place, begin, way, fixed)


def _way(pattern: Pattern, ways: dict[str, list[Hop]]) -> tuple[str, tuple[Hop, ...]]:
    """The shortest way from a variable of the pattern to the focus node."""
    todo: list[tuple[str, str, tuple[Hop, ...]]] = [(name, name, ()) for name in pattern.variables()]
    seen = {name for name, _, _ in todo}
    for begin, name, way in todo:  # grows while it is read
        if name == THIS:
            return begin, way
        for hop in ways.get(name, ()):
            if hop.to not in seen:
                seen.add(hop.to)
                todo.append((begin, hop.to, (*way, hop)))
    raise Unproven("a pattern that does not hang together with $this")


def _fixed(patterns: list[Pattern]) -> dict[str, tuple[tuple[NamedNode, frozenset[Any]], ...]]:
    out: dict[str, tuple[tuple[NamedNode, frozenset[Any]], ...]] = {}
    for p in patterns:
        if not isinstance(p.subject, str) or isinstance(p.object, str):
            continue
        if isinstance(p.path, Link) and p.path.predicate is not None and not p.path.inverse:
            allowed = p.object if isinstance(p.object, frozenset) else frozenset([p.object])
            out[p.subject] = (*out.get(p.subject, ()), (p.path.predicate, allowed))
    return out
