"""The compiled run: a whole release against all shapes, each constraint one query over a store in memory.

It gives the rows that pySHACL gives (kg/validation/agreement.py compares them; docs/validation.md lists where the two
may differ). What is not compiled is run by pySHACL in the same call, so nothing goes unchecked.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, cast

import pyoxigraph as ox
import rdflib
from rdflib import ORG, PROV, RDFS, SH
from rdflib.term import Node

from kg.findings import BilimError, Exit, finding
from kg.resources import Resources
from kg.terms import BKG
from kg.validation.compile import Check, Compiled, Compiler, Left, Targets
from kg.validation.compile_terms import rewritten
from kg.validation.compile_values import MATCHES, WELL_TYPED
from kg.validation.convert import Converter, Quads, Triple, default_graph
from kg.validation.positions import Located, Positions
from kg.validation.report import Report, sort_key
from kg.validation.shapes import ShapeSet, covered_classes, given_shapes
from kg.validation.structure import Structure, in_store, placed
from kg.validation.telling import Row, Teller, least, shape_name

Measure = Callable[[str, float, int], None]
"""Told of each step: its name, its seconds, its rows."""

SIFT_BY_SET: Final = 200
"""From so many rows on the targets are fetched as a set; below, each row's node is looked at."""

_TYPE: Final = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")
_BELOW: Final = ox.NamedNode(str(RDFS.subClassOf))
_NEAR: Final = frozenset(  # what labels and places of findings look at, one step away
    {str(PROV.wasDerivedFrom), str(ORG.member)}
    | {BKG + name for name in ("participant", "agent", "post", "event", "program", "of", "about", "supports")}
    | {BKG + name for name in ("concerns", "inDocument")}
)
_SPARQL: Final = SH.SPARQLConstraintComponent


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph to be judged, with ontology/def and ontology/lists: in a store, and as it was given.

    ``changed``: predicates of literals that the store writes in another way than they were given.
    """

    store: ox.Store
    given: Quads
    changed: frozenset[str]


class CompiledValidator:
    """Shapes compiled once; validates any number of whole graphs. Not for two threads at once.

    Raises :class:`BilimError` with exit 5 where the shapes cannot be read.
    """

    def __init__(self, resources: Resources | None = None, *, shapes: ShapeSet | None = None) -> None:
        shapes = self.shapes = given_shapes(resources, shapes)
        self._definitions = tuple(_quads(shapes.definitions))  # the same for each graph
        self._compiler = Compiler(shapes.graph)
        self._covered = covered_classes(shapes)
        self._compiled: dict[frozenset[tuple[str, str]], Compiled] = {}

    def validate(
        self,
        quads: Quads,
        *,
        located: Iterable[Located] = (),
        label_lang: str = "en",
        measure: Measure = lambda *_: None,
    ) -> Report:
        """Checks the default graph given as quads (or a store's) against all shapes: the report of ``Validator``.

        Raises :class:`BilimError` (exit 5) where a constraint fails to run: a failure is never conformity.
        """
        with _Timed(measure, "load"):
            graph = self.load(quads)
        compiled = self.compiled(graph.store)
        rows = self.rows(graph, compiled, measure)
        checked = {}
        for shape, targets in compiled.targets.items():
            with _Timed(measure, f"{shape_name(shape)} targets") as timed:
                checked[shape_name(shape)] = timed.rows = _count(graph.store, targets)
        with _Timed(measure, "structure"):
            structure = in_store(graph.store, self._covered, self.shapes.declared)
        with _Timed(measure, "telling", len(rows)):
            findings = [*self._told(graph, rows, structure, located, label_lang)]
        if not any(checked.values()):
            findings.append(finding("nothing-checked"))
        left = {item.name: item.reason for item in _divided(compiled, graph.changed)[1]}
        return Report(tuple(sorted(findings, key=sort_key)), checked, left)

    def load(self, quads: Quads) -> Graph:
        """The graph in a memory store, where queries are about four times faster than on disk."""
        store, changed = ox.Store(), frozenset[str]()
        if isinstance(quads, ox.Store):
            store.bulk_extend(quads.quads_for_pattern(None, None, None, ox.DefaultGraph()))
        else:
            quads = list(quads)
            store.bulk_extend(ox.Quad(q.subject, q.predicate, q.object) for q in quads)
            changed = _changed(quads)
        store.extend(self._definitions)
        return Graph(store, quads, changed)

    def compiled(self, store: ox.Store) -> Compiled:
        """The constraints compiled for the classes of a graph."""
        pairs = frozenset(
            (q.subject.value, q.object.value)
            for q in store.quads_for_pattern(None, _BELOW, None)
            if isinstance(q.subject, ox.NamedNode) and isinstance(q.object, ox.NamedNode)
        )
        if pairs not in self._compiled:
            self._compiled = {pairs: self._compiler.compile(_hierarchy(pairs))}
        return self._compiled[pairs]

    def rows(self, graph: Graph, compiled: Compiled, measure: Measure = lambda *_: None) -> list[Row]:
        """All results, each once: of the compiled constraints, and of those that are left to pySHACL."""
        ready, left = _divided(compiled, graph.changed)
        found: dict[tuple[Any, ...], Row] = {}
        answers: dict[str, list[dict[str, Node]]] = {}
        run = _Run(graph.store)
        for check in ready:
            with _Timed(measure, check.name) as timed:
                if check.query not in answers:
                    answers[check.query] = run.ask(check)
                for row in run.rows(check, answers[check.query]):
                    found.setdefault(row.key(), row)
                    timed.rows += 1
        if left:
            with _Timed(measure, "left to pySHACL") as timed:
                for row in self._by_reference(graph, left):
                    found.setdefault(row.key(), row)
                    timed.rows += 1
        return list(found.values())

    def left(self, graph: Graph) -> tuple[Left, ...]:
        """What pySHACL has to run for a graph, with reasons."""
        return tuple(_divided(self.compiled(graph.store), graph.changed)[1])

    def _by_reference(self, graph: Graph, left: Collection[Left]) -> Iterator[Row]:
        from kg.validation.reference import Validator  # here: seldom needed, and pySHACL takes a while to load

        reference = Validator(shapes=self.shapes)
        parts: dict[Node, set[Node]] = {}
        for item in left:
            parts.setdefault(item.shape, set()).add(item.part)
        wanted = {(item.shape, item.source, item.component) for item in left}
        whole = {(item.shape, item.part) for item in left if item.component in (None, SH.PropertyConstraintComponent)}
        triples = Converter().triples(default_graph(graph.given))
        for row in reference.rows(reference.graph(triples), parts):
            if (row.shape, row.source, row.component) in wanted or any(row.shape == shape for shape, _ in whole):
                yield row

    def _told(
        self, graph: Graph, rows: list[Row], structure: Structure, located: Iterable[Located], lang: str
    ) -> Iterator[Any]:
        things = structure.things()
        if not rows and not things:
            return
        nodes = {node for row in rows for node in (row.focus, row.path, row.value, *row.bindings.values())} | things
        near = _neighbourhood(graph.store, {node for node in nodes if isinstance(node, rdflib.URIRef)})
        positions = Positions(located, Converter())
        teller = Teller(self.shapes, near, positions, lang)
        yield from map(teller.finding, rows)
        yield from (placed(f, positions, near) for f in structure.findings(teller.words, lang))


class _Run:
    """One store and the answers of queries over it."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self._converter = Converter()
        self._members: dict[Targets, frozenset[Node]] = {}

    def ask(self, check: Check) -> list[dict[str, Node]]:
        """The solutions of a check's query. Raises :class:`BilimError` (exit 5) where it fails."""
        try:
            answer = self._store.query(check.query, custom_functions=_FUNCTIONS)
            assert isinstance(answer, ox.QuerySolutions)
            names = [variable.value for variable in answer.variables]
            term = self._converter.term
            return [
                {name: term(value) for name, value in zip(names, row, strict=True) if value is not None}
                for row in answer
            ]
        except (SyntaxError, ValueError, OSError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[0]
            raise BilimError(
                finding("shapes-failed", shape=shape_name(check.source), reason=reason),
                exit_code=Exit.NOTHING_CHECKED,
            ) from error

    def rows(self, check: Check, solutions: list[dict[str, Node]]) -> Iterator[Row]:
        """The results of a check: solutions at its targets, several with the same focus, path and value as one."""
        if check.sifted:
            solutions = self._sifted(check.targets, solutions)
        grouped: dict[tuple[Node, Node | None, Node | None], list[dict[str, Node]]] = {}
        for solution in solutions:
            focus = solution["this"]
            path = solution.get("path", check.path)
            value = solution.get("value")
            if value is None and check.path is None and check.component not in _VALUELESS:
                value = focus  # of a node shape the value is the focus node itself
            grouped.setdefault((focus, path, value), []).append(solution)
        for (focus, path, value), same in grouped.items():
            bindings = least(same) if check.component == _SPARQL else {}
            yield Row(check.shape, check.source, check.component, check.severity, focus, path, value, bindings)

    def _sifted(self, targets: Targets, solutions: list[dict[str, Node]]) -> list[dict[str, Node]]:
        if len(solutions) < SIFT_BY_SET and targets not in self._members:
            return [solution for solution in solutions if _is_target(self._store, targets, solution["this"])]
        if targets not in self._members:
            answer = cast(ox.QuerySolutions, self._store.query(f"SELECT ?this {{ {targets.group()} }}"))
            self._members[targets] = frozenset(self._converter.term(row[0]) for row in answer)
        return [solution for solution in solutions if solution["this"] in self._members[targets]]


class _Timed:
    """Tells the seconds and rows of a step."""

    def __init__(self, measure: Measure, name: str, rows: int = 0) -> None:
        self._measure, self._name, self.rows = measure, name, rows

    def __enter__(self) -> _Timed:
        self._begun = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self._measure(self._name, time.perf_counter() - self._begun, self.rows)


_VALUELESS: Final = frozenset({SH.HasValueConstraintComponent})


def _divided(compiled: Compiled, changed: frozenset[str]) -> tuple[list[Check], list[Left]]:
    """The checks that say the same over the store, and what pySHACL must do."""
    ready, left = [], list(compiled.left)
    for check in compiled.checks:
        if changed and (check.reads is None or check.reads & changed):
            why = "the graph holds literals that the store writes in another way"
            left.append(Left(check.shape, check.part, check.source, check.component, why))
        else:
            ready.append(check)
    return ready, left


def _changed(quads: Iterable[ox.Quad | ox.Triple]) -> frozenset[str]:
    typed: dict[ox.Literal, set[str]] = {}
    for quad in quads:
        if isinstance(quad.object, ox.Literal) and not quad.object.language:
            typed.setdefault(quad.object, set()).add(quad.predicate.value)
    return frozenset(p for literal in rewritten(list(typed)) for p in typed[literal])


def _hierarchy(pairs: frozenset[tuple[str, str]]) -> Callable[[Node], list[Node]]:
    children: dict[str, list[str]] = {}
    for child, parent in sorted(pairs):
        children.setdefault(parent, []).append(child)

    @cache
    def below(cls: Node) -> list[Node]:
        seen, todo = {str(cls)}, [str(cls)]
        while todo:
            for child in children.get(todo.pop(), ()):
                if child not in seen:
                    seen.add(child)
                    todo.append(child)
        return [rdflib.URIRef(iri) for iri in sorted(seen)]

    return below


def _count(store: ox.Store, targets: Targets) -> int:
    answer = cast(ox.QuerySolutions, store.query(f"SELECT (COUNT(*) AS ?n) {{ {targets.group()} }}"))
    return int(cast(ox.Literal, next(answer)["n"]).value)


def _is_target(store: ox.Store, targets: Targets, node: Node) -> bool:
    if node in targets.nodes:
        return True
    term = _as_ox(node)
    if any(next(store.quads_for_pattern(None, ox.NamedNode(str(p)), term), None) for p in targets.objects_of):
        return True
    if isinstance(term, ox.Literal):
        return False
    if any(next(store.quads_for_pattern(term, ox.NamedNode(str(p)), None), None) for p in targets.subjects_of):
        return True
    classes = {str(cls) for cls in targets.classes}
    return any(getattr(q.object, "value", "") in classes for q in store.quads_for_pattern(term, _TYPE, None))


def _neighbourhood(store: ox.Store, nodes: Iterable[Node]) -> rdflib.Graph:
    """What labels and places of these nodes are found by: their triples, and those of what they join."""
    converter, out = Converter(), rdflib.Graph(bind_namespaces="none")
    seen: set[str] = set()

    def take(node: ox.NamedNode, further: bool) -> None:
        if node.value in seen:
            return
        if not further:
            seen.add(node.value)
        for quad in store.quads_for_pattern(node, None, None):
            out.add(converter.triple(quad))
            if further and quad.predicate.value in _NEAR and isinstance(quad.object, ox.NamedNode):
                take(quad.object, False)

    for node in nodes:
        take(ox.NamedNode(str(node)), True)
    return out


def _quads(triples: Iterable[Triple]) -> Iterator[ox.Quad]:
    for s, p, o in triples:
        yield ox.Quad(cast(ox.NamedNode, _as_ox(s)), ox.NamedNode(str(p)), _as_ox(o))


def _as_ox(node: Node) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    if isinstance(node, rdflib.Literal):
        if node.language:
            return ox.Literal(str(node), language=node.language)
        return (
            ox.Literal(str(node), datatype=ox.NamedNode(str(node.datatype))) if node.datatype else ox.Literal(str(node))
        )
    return ox.BlankNode(str(node)) if isinstance(node, rdflib.BNode) else ox.NamedNode(str(node))


@lru_cache(maxsize=4096)
def _well_typed(literal: ox.Literal) -> ox.Literal:
    converted = Converter().term(literal)
    assert isinstance(converted, rdflib.Literal)
    return ox.Literal(converted.ill_typed is not True)


@lru_cache(maxsize=256)
def _pattern(pattern: str, flags: str) -> re.Pattern[str]:
    return re.compile(pattern, (re.I if "i" in flags else 0) | (re.M if "m" in flags else 0))


def _matches(text: ox.Literal, pattern: ox.Literal, flags: ox.Literal) -> ox.Literal:
    return ox.Literal(bool(_pattern(pattern.value, flags.value).search(text.value)))


_FUNCTIONS: Final[dict[ox.NamedNode, Callable[..., ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None]]] = {
    ox.NamedNode(WELL_TYPED): _well_typed,
    ox.NamedNode(MATCHES): _matches,
}
