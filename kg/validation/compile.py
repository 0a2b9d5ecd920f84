"""Shapes compiled: each constraint one SPARQL query that finds every node of a graph that breaks it.

What cannot be compiled, and is therefore left to pySHACL, is told with the reason; nothing is skipped. Targets are
those of SHACL, 2.1.3: nodes, classes with their subclasses, subjects and objects of a property, implicit classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import rdflib
from rdflib import RDF, RDFS, SH
from rdflib.term import Node

from kg.validation.compile_select import SetQuery, prefixes_of, set_query
from kg.validation.compile_terms import Names, NotCompiled, Path, term_text
from kg.validation.compile_values import Values, closed_filter, is_constraint, is_true, single_number

Below = Callable[[Node], list[Node]]
"""A class and all its subclasses."""

_NAMED: Final = (
    "and class closed datatype disjoint equals hasValue in languageIn lessThan lessThanOrEquals maxCount maxExclusive "
    "maxInclusive maxLength minCount minExclusive minInclusive minLength node nodeKind not or pattern property "
    "uniqueLang xone"
)
_COMPONENT: Final[Mapping[Node, Node]] = {
    SH.sparql: SH.SPARQLConstraintComponent,
    **{SH[name]: SH[name[0].upper() + name[1:] + "ConstraintComponent"] for name in _NAMED.split()},
}


@dataclass(frozen=True, slots=True)
class Targets:
    """The focus nodes of a shape. ``classes`` holds the subclasses, too."""

    nodes: tuple[Node, ...] = ()
    classes: tuple[Node, ...] = ()
    subjects_of: tuple[Node, ...] = ()
    objects_of: tuple[Node, ...] = ()
    along: tuple[Targets, str] | None = None  # the values of a path at other targets

    def group(self, var: str = "?this") -> str:
        """A group of SPARQL that binds ``var`` to each focus node once. Raises :class:`NotCompiled`."""
        if self.along is not None:
            outer, path = self.along
            inside = f"{outer.group('?outer')} ?outer {path} {var} ."
            return f"{{ SELECT DISTINCT {var} WHERE {{ {inside} }} }}"
        if len(self.classes) == 1 and not (self.nodes or self.subjects_of or self.objects_of):
            return f"{var} a {term_text(self.classes[0])} ."
        parts = []
        if self.classes:
            listed = " ".join(map(term_text, self.classes))
            parts.append(f"{{ VALUES ?class {{ {listed} }} {var} a ?class }}")
        if self.nodes:
            parts.append(f"{{ VALUES {var} {{ {' '.join(map(term_text, self.nodes))} }} }}")
        parts += [f"{{ {var} {term_text(p)} ?any }}" for p in self.subjects_of]
        parts += [f"{{ ?any {term_text(p)} {var} }}" for p in self.objects_of]
        return f"{{ SELECT DISTINCT {var} WHERE {{ {' UNION '.join(parts)} }} }}"

    def reads(self) -> frozenset[str]:
        """The predicates whose triples decide who is a target, but for those of classes."""
        more = self.along[0].reads() if self.along else frozenset()
        return more | {str(p) for p in (*self.subjects_of, *self.objects_of)}

    def __bool__(self) -> bool:
        return bool(self.nodes or self.classes or self.subjects_of or self.objects_of or self.along)


@dataclass(frozen=True, slots=True)
class Check:
    """One constraint as a query: rows of ``?this``, and ``?value``, ``?path`` or more where it has them.

    ``sifted``: rows may be of nodes that are no targets, to be dropped. ``reads``: predicates looked at, None any.
    """

    shape: Node  # whose targets they are
    part: Node  # of the shape, that pySHACL would run in its place
    source: Node  # that has the constraint
    component: Node
    severity: Node
    path: Node | None
    targets: Targets
    query: str
    sifted: bool
    reads: frozenset[str] | None

    @property
    def name(self) -> str:
        """For measurements: the local name of shape, rule and component."""
        return _name(self.shape, self.source, self.component)


@dataclass(frozen=True, slots=True)
class Left:
    """What pySHACL must do: the part of a shape that has the constraint, and why. ``component`` None: all of it."""

    shape: Node
    part: Node
    source: Node
    component: Node | None
    reason: str

    @property
    def name(self) -> str:
        """The local name of shape, rule and component."""
        return _name(self.shape, self.source, self.component)


@dataclass(frozen=True, slots=True)
class Compiled:
    """All constraints of a shapes graph, in the order of their shapes."""

    checks: tuple[Check, ...]
    left: tuple[Left, ...]
    targets: Mapping[Node, Targets]


class Compiler:
    """Compiles the shapes of a graph; queries are read once, classes anew for each hierarchy."""

    def __init__(self, graph: rdflib.Graph) -> None:
        self._graph = graph
        self._selects: dict[tuple[Any, ...], SetQuery | NotCompiled] = {}
        self._custom = (None, RDF.type, SH.ConstraintComponent) in graph

    def compile(self, below: Below) -> Compiled:
        """The checks for a hierarchy of classes."""
        checks: list[Check] = []
        left: list[Left] = []
        targets: dict[Node, Targets] = {}
        for shape in sorted(self._shapes(), key=str):
            found = self._targets(shape, below)
            if not found or is_true(self._graph, shape, SH.deactivated):
                continue
            targets[shape] = found
            if self._custom:
                left.append(Left(shape, shape, shape, None, "there are constraint components of its author's"))
                continue
            self._shape(_Place(shape, shape, found, below, checks, left), shape, ())
        return Compiled(tuple(checks), tuple(left), targets)

    def _shapes(self) -> set[Node]:
        named = {SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf}
        found = {s for p in named for s in self._graph.subjects(p)}
        return found | {s for kind in (SH.NodeShape, SH.PropertyShape) for s in self._graph.subjects(RDF.type, kind)}

    def _targets(self, shape: Node, below: Below) -> Targets:
        graph = self._graph
        classes = set(graph.objects(shape, SH.targetClass))
        meta = {RDFS.Class, *graph.subjects(RDFS.subClassOf, RDFS.Class)}
        if meta & set(graph.objects(shape, RDF.type)):
            classes.add(shape)
        listed = {cls for top in classes for cls in below(top)}
        nodes, subjects, objects = (
            tuple(sorted(graph.objects(shape, p), key=str))
            for p in (SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
        )
        return Targets(nodes, tuple(sorted(listed, key=str)), subjects, objects)

    def _shape(self, place: _Place, source: Node, within: tuple[Node, ...]) -> None:
        """All constraints of a shape at its focus nodes."""
        if source in within:
            place.leave(source, None, "the shape refers to itself")
            return
        for parameter in sorted(set(self._graph.predicates(source)), key=str):
            if not is_constraint(parameter):
                continue
            try:
                if parameter == SH.property:
                    self._properties(place, source, (*within, source))
                else:
                    place.checks.extend(self._checks(place, source, parameter))
            except NotCompiled as reason:
                place.leave(source, _COMPONENT.get(parameter), str(reason))

    def _properties(self, place: _Place, source: Node, within: tuple[Node, ...]) -> None:
        path = self._graph.value(source, SH.path)
        targets = place.targets
        if path is not None:
            values = Values(self._graph, place.below, Names())
            targets = Targets(along=(place.targets, values.path(path).text))
        for part in sorted(self._graph.objects(source, SH.property), key=str):
            if is_true(self._graph, part, SH.deactivated):
                continue
            top = part if source == place.shape and path is None else place.part
            self._shape(_Place(place.shape, top, targets, place.below, place.checks, place.left), part, within)

    def _checks(self, place: _Place, source: Node, parameter: Node) -> Iterator[Check]:
        node = self._graph.value(source, SH.path)
        values = Values(self._graph, place.below, Names())
        path = values.path(node) if node is not None else None
        if parameter == SH.sparql:
            yield from self._sparql(place, source, node, path)
            return
        made = [*self._wrong(place, source, parameter, values, path)]
        reads = None if values.reads_all else frozenset(values.reads)
        for component, query, sifted in made:
            yield self._made(place, source, component, node, query, sifted, reads)

    def _made(
        self,
        place: _Place,
        source: Node,
        component: Node,
        path: Node | None,
        query: str,
        sifted: bool,
        reads: frozenset[str] | None,
    ) -> Check:
        severity = self._graph.value(source, SH.severity) or SH.Violation
        everything = None if reads is None else reads | place.targets.reads()
        return Check(
            place.shape, place.part, source, component, severity, path, place.targets, query, sifted, everything
        )

    def _wrong(
        self, place: _Place, source: Node, parameter: Node, values: Values, path: Path | None
    ) -> Iterator[tuple[Node, str, bool]]:
        """Component, query and whether rows are to be sifted by the targets."""
        targets = place.targets.group()
        # What breaks a constraint is rare: it is looked for first, and the targets among it afterwards.
        # A path that may be empty would start at every node, so there the targets come first.
        sifted = path is not None and not path.empty and place.targets.along is None
        first = "" if sifted else targets
        component = _COMPONENT.get(parameter)
        along = f"?this {path.text}" if path else ""
        v = "?value" if path else "?this"
        if component is None and parameter != SH.qualifiedValueShape:
            raise NotCompiled(f"{parameter.n3()} is not compiled")
        assert component is not None or parameter == SH.qualifiedValueShape
        if (held := values.value(source, parameter, v)) is not None and component is not None:
            if held != "true":
                scan = f"{along} ?value ." if path else ""
                shown = "?this ?value" if path else "?this"
                yield component, f"SELECT DISTINCT {shown} WHERE {{ {first} {scan} FILTER(!({held})) }}", sifted
        elif parameter == SH.hasValue and component is not None:
            for term in self._graph.objects(source, parameter):
                wanted = term_text(term)
                lacks = f"NOT EXISTS {{ {along} {wanted} }}" if path else f"(!sameTerm(?this, {wanted}))"
                yield component, f"SELECT ?this WHERE {{ {targets} FILTER {lacks} }}", False
        elif parameter == SH.closed and component is not None:
            if allowed := values.closed_against(source):
                if path:
                    raise NotCompiled("sh:closed on a property shape is not compiled")
                refused = f"?this ?path ?value . {closed_filter('?path', '?value', allowed)}"
                yield component, f"SELECT ?this ?path ?value WHERE {{ {targets} {refused} }}", False
        elif path is None:
            yield from self._pairs_of_node(source, parameter, values, targets)
        elif parameter in (SH.minCount, SH.maxCount) and component is not None:
            limit = single_number(self._graph, source, parameter)
            if parameter == SH.minCount:
                if limit > 0:
                    yield component, fewer(targets, f"{along} ?value", limit), False
            else:
                yield component, more(first, f"{along} ?value", limit), sifted
        elif parameter == SH.qualifiedValueShape:
            yield from self._qualified(source, values, targets, along, first, sifted)
        elif (groups := values.pairs(source, parameter, "?this", path, "?value")) is not None and component is not None:
            shown = "?this" if parameter == SH.uniqueLang else "?this ?value"
            for group in groups:
                yield component, f"SELECT DISTINCT {shown} WHERE {{ {first} {group} }}", sifted
        else:
            raise NotCompiled(f"{parameter.n3()} is not compiled")

    def _pairs_of_node(
        self, source: Node, parameter: Node, values: Values, targets: str
    ) -> Iterator[tuple[Node, str, bool]]:
        """sh:equals and sh:disjoint where the value is the focus node itself."""
        if parameter not in (SH.equals, SH.disjoint):
            raise NotCompiled(f"{parameter.n3()} is not compiled on a node shape")
        for other in (values.path(p).text for p in self._graph.objects(source, parameter)):
            same = f"?this {other} ?value . FILTER(sameTerm(?value, ?this))"
            if parameter == SH.equals:
                lacks = f"FILTER NOT EXISTS {{ ?this {other} ?this }} BIND(?this AS ?value)"
                yield _COMPONENT[parameter], f"SELECT ?this ?value WHERE {{ {targets} {lacks} }}", False
                same = f"?this {other} ?value . FILTER(!sameTerm(?value, ?this))"
            yield _COMPONENT[parameter], f"SELECT DISTINCT ?this ?value WHERE {{ {targets} {same} }}", False

    def _qualified(
        self, source: Node, values: Values, targets: str, along: str, first: str, sifted: bool
    ) -> Iterator[tuple[Node, str, bool]]:
        counted = f"{along} ?value . FILTER({values.qualified(source, '?value')})"
        if (source, SH.qualifiedMinCount, None) in self._graph:
            limit = single_number(self._graph, source, SH.qualifiedMinCount)
            if limit > 0:
                yield SH.QualifiedMinCountConstraintComponent, fewer(targets, counted, limit), False
        if (source, SH.qualifiedMaxCount, None) in self._graph:
            limit = single_number(self._graph, source, SH.qualifiedMaxCount)
            yield SH.QualifiedMaxCountConstraintComponent, more(first, counted, limit), sifted

    def _sparql(self, place: _Place, source: Node, node: Node | None, path: Path | None) -> Iterator[Check]:
        for constraint in sorted(self._graph.objects(source, SH.sparql), key=str):
            if is_true(self._graph, constraint, SH.deactivated):
                continue
            selects = list(self._graph.objects(constraint, SH.select))
            if len(selects) != 1:
                raise NotCompiled("it needs one sh:select")
            query = self._select(str(selects[0]), path, constraint)
            sifted = query.bound and place.targets.along is None
            text = query.text("" if sifted else place.targets.group())
            yield self._made(place, source, SH.SPARQLConstraintComponent, node, text, sifted, query.reads)

    def _select(self, select: str, path: Path | None, constraint: Node) -> SetQuery:
        prefixes = prefixes_of(self._graph, constraint)
        key = (select, path, tuple(sorted(prefixes.items())))
        if key not in self._selects:
            try:
                self._selects[key] = set_query(select, path, prefixes)
            except NotCompiled as reason:
                self._selects[key] = reason
        found = self._selects[key]
        if isinstance(found, NotCompiled):
            raise found
        return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the tree of shapes the compiler is: ``part`` is what pySHACL would run if something is left to it."""

    shape: Node
    part: Node
    targets: Targets
    below: Below
    checks: list[Check]
    left: list[Left]

    def leave(self, source: Node, component: Node | None, reason: str) -> None:
        self.left.append(Left(self.shape, self.part, source, component, reason))


def _name(*parts: Node | None) -> str:
    return " ".join(str(part).rpartition("#")[2] for part in parts if part).removesuffix("ConstraintComponent")


def fewer(targets: str, pattern: str, limit: int) -> str:
    """Focus nodes with fewer values of ``pattern`` (which binds ``?value``) than the limit."""
    if limit == 1:
        return f"SELECT ?this WHERE {{ {targets} FILTER NOT EXISTS {{ {pattern} }} }}"
    counted = f"{targets} OPTIONAL {{ {pattern} }}"
    return f"SELECT ?this WHERE {{ {counted} }} GROUP BY ?this HAVING (COUNT(DISTINCT ?value) < {limit})"


def more(targets: str, pattern: str, limit: int) -> str:
    """Nodes with more values of ``pattern`` than the limit."""
    if limit == 0:
        return f"SELECT DISTINCT ?this WHERE {{ {targets} {pattern} }}"
    return f"SELECT ?this WHERE {{ {targets} {pattern} }} GROUP BY ?this HAVING (COUNT(DISTINCT ?value) > {limit})"
