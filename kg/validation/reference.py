"""The validator of record: pySHACL over rdflib's memory graph, one ``Shape.validate(focus=…)`` for each shape.

``pyshacl.validate(focus_nodes=…)`` and ``use_shapes=`` can report false conformity, so they are not used
(tests/test_validation.py shows both). ``Shape.validate`` is no public interface of pySHACL: its version is pinned
(0.40.1).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import rdflib
from pyparsing import ParseException
from pyshacl.constraints import ALL_CONSTRAINT_PARAMETERS
from pyshacl.errors import ConstraintLoadError, ReportableRuntimeError, ShapeLoadError
from pyshacl.helper.sparql_query_helper import SPARQLQueryHelper
from pyshacl.pytypes import SHACLExecutor
from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from rdflib import SH
from rdflib.term import Node

from kg.findings import BilimError, Exit, finding
from kg.resources import Resources
from kg.validation.cache import QueryCache, cached_queries
from kg.validation.convert import Converter, Quads, Triple, default_graph
from kg.validation.positions import Located, Positions
from kg.validation.report import Report, sort_key
from kg.validation.shapes import ShapeSet, covered_classes, given_shapes
from kg.validation.structure import Structure, in_triples, placed
from kg.validation.telling import Row, Teller, least, shape_name

_FAILURES: Final = (ReportableRuntimeError, ShapeLoadError, ConstraintLoadError, ParseException, NotImplementedError)


class Validator:
    """Shapes read once; validates any number of graphs. Not for two threads at once.

    Raises :class:`BilimError` with exit 5 where the shapes cannot be read.
    """

    def __init__(self, resources: Resources | None = None, *, shapes: ShapeSet | None = None) -> None:
        shapes = self.shapes = given_shapes(resources, shapes)
        self.cache = QueryCache()
        self._covered = covered_classes(shapes)
        try:
            self._shacl = ShapesGraph(shapes.graph, logger=_strict_logger())
            self._targeting = sorted(
                (s for s in self._shacl.shapes if any(any(t) for t in s.target()) and not s.deactivated),
                key=lambda s: str(s.node),
            )
        except _FAILURES as error:
            raise failed("ontology/shapes", error) from error

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
        given = converter.triples(default_graph(quads))
        wanted = None if focus is None else {rdflib.URIRef(iri) for iri in focus}
        graph = self.graph(given)
        checked: dict[str, int] = {}
        with cached_queries(graph, self.cache):
            results = {row.key(): row for row in self._all(graph, wanted, checked)}
            structure = in_triples(given, self._covered, self.shapes.declared, wanted)
            positions = Positions(located, converter) if results or structure.things() else None
            teller = Teller(self.shapes, graph, positions, label_lang)
            out = [teller.finding(self._bound(row, graph)) for row in results.values()]
            found = list(structure.findings(teller.words, label_lang))
        if positions:
            found = [placed(f, positions, graph) for f in found]
        if not any(checked.values()):
            found.append(finding("nothing-checked"))
        return Report(tuple(sorted((*out, *found), key=sort_key)), checked)

    def all_rows(self, graph: rdflib.Graph) -> Iterator[Row]:
        """The rows of all shapes over a graph (of :meth:`graph`), without the variables of queries."""
        with cached_queries(graph, self.cache):
            yield from self._all(graph, None, {})

    def _all(self, graph: rdflib.Graph, wanted: set[rdflib.URIRef] | None, checked: dict[str, int]) -> Iterator[Row]:
        for shape in self._targeting:
            nodes = self._focus_nodes(shape, graph, wanted)
            checked[shape_name(shape.node)] = len(nodes)
            if nodes:  # an empty list would mean "everything"
                yield from self._run(shape.node, self._parts(shape), graph, nodes)

    def graph(self, given: Iterable[Triple]) -> rdflib.Graph:
        """Triples together with the definitions and lists of ontology/, as the shapes see them."""
        graph = rdflib.Graph(bind_namespaces="none")
        for triple in (*self.shapes.definitions, *given):
            graph.add(triple)
        return graph

    def rows(self, graph: rdflib.Graph, parts: Mapping[Node, Collection[Node]]) -> Iterator[Row]:
        """The rows of some parts only: node shape -> those of its property shapes (or it itself) that are to be run.

        Raises :class:`BilimError` (exit 5) where one fails.
        """
        with cached_queries(graph, self.cache):
            for shape in self._targeting:
                nodes = self._focus_nodes(shape, graph, None) if shape.node in parts else []
                if nodes:
                    chosen = [self._shacl.lookup_shape_from_node(part) for part in sorted(parts[shape.node], key=str)]
                    yield from (self._bound(row, graph) for row in self._run(shape.node, chosen, graph, nodes))

    @property
    def shacl(self) -> ShapesGraph:
        """pySHACL's reading of the shapes."""
        return self._shacl

    def parts(self) -> list[tuple[Node, Node]]:
        """Node shape and what of it is run by itself: each of its property shapes, or the shape as a whole."""
        return [(shape.node, part.node) for shape in self._targeting for part in self._parts(shape)]

    def run(self, graph: rdflib.Graph, work: Iterable[tuple[Node, Node, Sequence[Node]]]) -> Iterator[tuple[Node, Row]]:
        """The rows of parts on focus nodes, which must be targets: (node shape, part, nodes) -> (part, row).

        Raises :class:`BilimError` (exit 5) where one fails.
        """
        with cached_queries(graph, self.cache):
            for shape, part, nodes in work:
                if nodes:  # an empty list would mean "everything"
                    for row in self._run(shape, [self._shacl.lookup_shape_from_node(part)], graph, nodes):
                        yield part, self._bound(row, graph)

    def structure(self, given: Iterable[Triple]) -> Structure:
        """What shapes cannot see in these triples."""
        return in_triples(given, self._covered, self.shapes.declared, None)

    def _focus_nodes(self, shape: Shape, graph: rdflib.Graph, wanted: set[rdflib.URIRef] | None) -> list[Node]:
        nodes: set[Node] = set(shape.focus_nodes(graph))  # type: ignore[no-untyped-call]
        return sorted(nodes if wanted is None else nodes & wanted, key=str)

    def _run(self, shape: Node, parts: Sequence[Shape], graph: rdflib.Graph, nodes: Sequence[Node]) -> Iterator[Row]:
        executor = SHACLExecutor(validator=None)
        try:
            for part in parts:
                conforms, rows = part.validate(executor, graph, focus=nodes)  # type: ignore[arg-type]
                if not conforms and not rows:
                    raise ReportableRuntimeError("it does not conform, and no result says why")
                for _, result, triples in rows:
                    yield _row(shape, result, triples)
        except Exception as error:  # rdflib raises it bare for an unknown prefix; whatever it is, nothing was checked
            raise failed(shape, error) from error

    def _parts(self, shape: Shape) -> list[Shape]:
        """The property shapes of a node shape that consists of nothing else, otherwise the shape itself.

        The rows are the same; but pySHACL takes up ``sh:property`` anew for each focus node (measured: 3 times slower).
        """
        parameters = set(self.shapes.graph.predicates(shape.node)) & set(ALL_CONSTRAINT_PARAMETERS)
        if parameters != {SH.property}:
            return [shape]
        parts = self.shapes.graph.objects(shape.node, SH.property)
        return [self._shacl.lookup_shape_from_node(part) for part in sorted(parts, key=str)]

    def _bound(self, row: Row, graph: rdflib.Graph) -> Row:
        """With the variables of the row behind a result: pySHACL keeps none, so its query is asked again."""
        if row.component != SH.SPARQLConstraintComponent:
            return row
        shape = self._shacl.lookup_shape_from_node(row.source)
        rows: list[dict[str, Node]] = []
        for constraint in self.shapes.graph.objects(row.source, SH.sparql):
            select = str(self.shapes.graph.value(constraint, SH.select))
            helper: Any = SPARQLQueryHelper(shape, constraint, select)  # type: ignore[no-untyped-call]
            helper.collect_prefixes()
            bindings, text = helper.pre_bind_variables(row.focus)
            answer = graph.query(helper.apply_prefixes(text), initBindings=bindings)
            rows += [{str(k): v for k, v in found.items()} for found in answer.bindings]
        same = [found for found in rows if row.value is None or found.get("value", row.value) == row.value]
        return replace(row, bindings=least(same))


class _Strict(logging.Handler):
    """pySHACL skips a constraint that it cannot load and only logs it: here that is an error."""

    def emit(self, record: logging.LogRecord) -> None:
        raise ReportableRuntimeError(record.getMessage())


def _strict_logger() -> logging.Logger:
    logger = logging.Logger("kg.validation.pyshacl", level=logging.WARNING)  # of its own, not in the tree of loggers
    logger.addHandler(_Strict())
    return logger


def _row(shape: Node, result: Node, parts: Iterable[tuple[Node, Node, Any]]) -> Row:
    """One result of pySHACL, read from the triples that it would put into its report."""
    # A value is a node, or a pair of the graph it is from and the node. Among the parts are those of the rows
    # nested by sh:detail, too.
    values = {p: o[1] if isinstance(o, tuple) else o for s, p, o in parts if s == result}
    return Row(
        shape,
        values[SH.sourceShape],
        values[SH.sourceConstraintComponent],
        values[SH.resultSeverity],
        values[SH.focusNode],
        values.get(SH.resultPath),
        values.get(SH.value),
    )


def failed(shape: Node | str, error: Exception) -> BilimError:
    """What to raise where a shape could not be run (exit 5): a failure is never conformity."""
    shape = shape_name(shape) if isinstance(shape, Node) else shape
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return BilimError(finding("shapes-failed", shape=shape, reason=reason), exit_code=Exit.NOTHING_CHECKED)
