"""The validator of record: pySHACL over rdflib's memory graph, one ``Shape.validate(focus=…)`` for each shape.

``pyshacl.validate(focus_nodes=…)`` and ``use_shapes=`` can report false conformity, so they are not used
(tests/test_validation.py shows both). ``Shape.validate`` is no public interface of pySHACL: its version is pinned
(0.40.1).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

import pyoxigraph as ox
import rdflib
from pyparsing import ParseException
from pyshacl.constraints import ALL_CONSTRAINT_PARAMETERS
from pyshacl.errors import ConstraintLoadError, ReportableRuntimeError, ShapeLoadError
from pyshacl.helper.sparql_query_helper import SPARQLQueryHelper
from pyshacl.pytypes import SHACLExecutor
from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from rdflib import RDF, SH
from rdflib.term import Node

from kg.findings import BilimError, Exit, Finding, finding
from kg.resources import Resources
from kg.terms import BKG, ID, SHAPES, shorten
from kg.validation.cache import QueryCache, cached_queries
from kg.validation.convert import Converter, Triple
from kg.validation.positions import Located, Positions
from kg.validation.report import Report, sort_key
from kg.validation.shapes import ShapeSet, covered_classes, load_shapes, path_text, severity_of
from kg.validation.words import Words

_FAILURES: Final = (ReportableRuntimeError, ShapeLoadError, ConstraintLoadError, ParseException, NotImplementedError)
Quads = Iterable[ox.Quad] | Iterable[ox.Triple] | ox.Store


class Validator:
    """Shapes read once; validates any number of graphs. Not for two threads at once.

    Raises :class:`BilimError` with exit 5 where the shapes cannot be read.
    """

    def __init__(self, resources: Resources | None = None, *, shapes: ShapeSet | None = None) -> None:
        if shapes is None:
            if resources is None:
                raise ValueError("resources or shapes are needed")
            shapes = load_shapes(resources)
        self.shapes = shapes
        self.cache = QueryCache()
        self._covered = covered_classes(shapes)
        try:
            self._shacl = ShapesGraph(shapes.graph, logger=_strict_logger())
            self._targeting = sorted(
                (s for s in self._shacl.shapes if any(any(t) for t in s.target()) and not s.deactivated),
                key=lambda s: str(s.node),
            )
        except _FAILURES as error:
            raise _failed("ontology/shapes", error) from error

    def validate(
        self,
        quads: Quads,
        *,
        located: Iterable[Located] = (),
        focus: Collection[str] | None = None,
        label_lang: str = "en",
    ) -> Report:
        """Checks the default graph given as quads (or a store's): data, derived and lists merged.

        ``located`` gives findings their file, row and column. ``focus`` (IRIs) limits the check to those nodes, and
        to shapes that target them; None means all. Definitions and lists of ontology/ are always added.
        Raises :class:`BilimError` (exit 5) where a shape fails to run: a failure is never conformity.
        """
        converter = Converter()
        given = converter.triples(_default_graph(quads))
        graph = rdflib.Graph(bind_namespaces="none")
        for triple in (*self.shapes.definitions, *given):
            graph.add(triple)
        wanted = None if focus is None else {rdflib.URIRef(iri) for iri in focus}
        checked: dict[str, int] = {}
        results: dict[tuple[Any, ...], _Result] = {}
        with cached_queries(graph, self.cache):
            for shape in self._targeting:
                nodes = self._focus_nodes(shape, graph, wanted)
                checked[_short(shape)] = len(nodes)
                if nodes:  # an empty list would mean "everything"
                    for result in self._run(shape, graph, nodes):
                        results.setdefault(result.key(), result)
            words = Words(graph)
            found = self._structure(given, wanted, words, label_lang)
            positions = Positions(located, converter) if results or found else None
            out = [self._finding(result, graph, words, positions, label_lang) for result in results.values()]
        if positions:
            found = [_placed(f, positions, graph) for f in found]
        if not any(checked.values()):
            found.append(finding("nothing-checked"))
        return Report(tuple(sorted((*out, *found), key=sort_key)), checked)

    def _focus_nodes(self, shape: Shape, graph: rdflib.Graph, wanted: set[rdflib.URIRef] | None) -> list[Node]:
        nodes: set[Node] = set(shape.focus_nodes(graph))  # type: ignore[no-untyped-call]
        return sorted(nodes if wanted is None else nodes & wanted, key=str)

    def _run(self, shape: Shape, graph: rdflib.Graph, nodes: Sequence[Node]) -> Iterable[_Result]:
        executor = SHACLExecutor(validator=None)
        try:
            for part in self._parts(shape):
                conforms, rows = part.validate(executor, graph, focus=nodes)  # type: ignore[arg-type]
                if not conforms and not rows:
                    raise ReportableRuntimeError("it does not conform, and no result says why")
                for _, row, triples in rows:
                    yield _Result(_short(shape), row, triples)
        except _FAILURES as error:
            raise _failed(_short(shape), error) from error

    def _parts(self, shape: Shape) -> list[Shape]:
        """The property shapes of a node shape that consists of nothing else, otherwise the shape itself.

        The rows are the same; but pySHACL takes up ``sh:property`` anew for each focus node (measured: 3 times slower).
        """
        parameters = set(self.shapes.graph.predicates(shape.node)) & set(ALL_CONSTRAINT_PARAMETERS)
        if parameters != {SH.property}:
            return [shape]
        parts = self.shapes.graph.objects(shape.node, SH.property)
        return [self._shacl.lookup_shape_from_node(part) for part in sorted(parts, key=str)]

    def _finding(
        self, result: _Result, graph: rdflib.Graph, words: Words, positions: Positions | None, lang: str
    ) -> Finding:
        rule = self.shapes.rule(result.source)
        values = {"this": result.focus}
        values |= {k: v for k, v in (("value", result.value), ("path", result.path)) if v is not None}
        if result.component == SH.SPARQLConstraintComponent:
            values = self._bindings(result, graph) | values
        place = positions.find(graph, result.focus, result.path, result.value) if positions else None
        return Finding(
            code=rule.name if rule else str(result.source),
            what=words.fill(rule.what, values) if rule else {},
            advice=words.fill(rule.advice, values) if rule else {},
            severity=severity_of(result.severity),
            where=place[0] if place else None,
            cell=place[1] if place else None,
            entity=str(result.focus),
            entity_label=words.label(result.focus, lang),
            path=path_text(self.shapes.graph, result.path) if result.path is not None else None,
            value=_value(result.value),
            shape=result.shape,
            component=shorten(str(result.component)),
        )

    def _bindings(self, result: _Result, graph: rdflib.Graph) -> dict[str, Node]:
        """The variables of the row behind a result: pySHACL keeps none, so its query is asked again for this node."""
        shape = self._shacl.lookup_shape_from_node(result.source)
        rows: list[dict[str, Node]] = []
        for constraint in self.shapes.graph.objects(result.source, SH.sparql):
            select = str(self.shapes.graph.value(constraint, SH.select))
            helper: Any = SPARQLQueryHelper(shape, constraint, select)  # type: ignore[no-untyped-call]
            helper.collect_prefixes()
            bindings, text = helper.pre_bind_variables(result.focus)
            answer = graph.query(helper.apply_prefixes(text), initBindings=bindings)
            rows += [{str(k): v for k, v in row.items()} for row in answer.bindings]
        # Several rows may stand behind one (focus, path, value): the least is told, so that runs agree.
        same = [row for row in rows if result.value is None or row.get("value", result.value) == result.value]
        return min(same, key=lambda row: sorted((k, str(v)) for k, v in row.items()), default={})

    def _structure(
        self, given: Sequence[Triple], wanted: set[rdflib.URIRef] | None, words: Words, lang: str
    ) -> list[Finding]:
        """What shapes cannot see: things without a type, types without a shape, terms that are not declared."""
        types: dict[Node, list[Node]] = {}
        unknown: dict[Node, Node] = {}
        for s, p, o in given:
            if not str(s).startswith(ID) or (wanted is not None and s not in wanted):
                continue
            kinds = types.setdefault(s, [])
            if p == RDF.type:
                kinds.append(o)
            for term in (p, o) if p == RDF.type else (p,):
                if str(term).startswith(BKG) and str(term) not in self.shapes.declared:
                    unknown.setdefault(term, s)
        unshaped: dict[Node, Node] = {}
        found = []
        for entity, kinds in types.items():
            if not kinds:
                found.append(_structural("untyped-entity", entity, None, words, lang))
            elif not any(str(kind) in self._covered for kind in kinds):
                unshaped.setdefault(kinds[0], entity)
        found += [_structural("unshaped-type", entity, kind, words, lang) for kind, entity in unshaped.items()]
        found += [_structural("unknown-term", entity, term, words, lang) for term, entity in unknown.items()]
        return found


class _Result:
    """One result row of pySHACL, read from the triples that it would put into its report."""

    def __init__(self, shape: str, row: Node, parts: Iterable[tuple[Node, Node, Any]]) -> None:
        # A value is a node, or a pair of the graph it is from and the node. Among the parts are those of the rows
        # nested by sh:detail, too.
        values = {p: o[1] if isinstance(o, tuple) else o for s, p, o in parts if s == row}
        self.shape = shape
        self.source: Node = values[SH.sourceShape]
        self.focus: Node = values[SH.focusNode]
        self.component: Node = values[SH.sourceConstraintComponent]
        self.severity: Node = values[SH.resultSeverity]
        self.path: Node | None = values.get(SH.resultPath)
        self.value: Node | None = values.get(SH.value)

    def key(self) -> tuple[Any, ...]:
        """What makes a row; the same mistake found by way of two node shapes is told once for each."""
        return self.shape, self.source, self.component, self.focus, self.path, self.value


class _Strict(logging.Handler):
    """pySHACL skips a constraint that it cannot load and only logs it: here that is an error."""

    def emit(self, record: logging.LogRecord) -> None:
        raise ReportableRuntimeError(record.getMessage())


def _strict_logger() -> logging.Logger:
    logger = logging.Logger("kg.validation.pyshacl", level=logging.WARNING)  # of its own, not in the tree of loggers
    logger.addHandler(_Strict())
    return logger


def _default_graph(quads: Quads) -> Iterable[ox.Quad | ox.Triple]:
    if isinstance(quads, ox.Store):
        return quads.quads_for_pattern(None, None, None, ox.DefaultGraph())
    return quads


def _short(shape: Shape) -> str:
    return f"bkg-sh:{str(shape.node).removeprefix(SHAPES)}"


def _value(value: Node | None) -> str | None:
    if value is None:
        return None
    return shorten(str(value)) if isinstance(value, rdflib.URIRef) else str(value)


def _structural(code: str, entity: Node, value: Node | None, words: Words, lang: str) -> Finding:
    return finding(
        code,
        entity=str(entity),
        entity_label=words.label(entity, lang),
        value=shorten(str(value)) if value is not None else None,
        path="rdf:type" if code != "unknown-term" else None,
    )


def _placed(f: Finding, positions: Positions, graph: rdflib.Graph) -> Finding:
    with suppress(TypeError):
        place = positions.find(graph, rdflib.URIRef(f.entity or ""), RDF.type if f.path else None, None)
        return f.at(place[0]) if place else f
    return f


def _failed(shape: str, error: Exception) -> BilimError:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return BilimError(finding("shapes-failed", shape=shape, reason=reason), exit_code=Exit.NOTHING_CHECKED)
