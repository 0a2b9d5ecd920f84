"""From a result row to a finding: one telling for both engines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import rdflib
from rdflib import SH
from rdflib.term import Node

from kg.findings import Finding
from kg.terms import SHAPES, shorten
from kg.validation.positions import Positions
from kg.validation.shapes import ShapeSet, path_text, severity_of
from kg.validation.words import Words


@dataclass(frozen=True, slots=True)
class Row:
    """One result (SHACL, 3.6.2). ``shape``: the node shape whose target the focus is; ``source``: the broken shape.

    ``bindings``: the variables of the query's row, where a SPARQL constraint found it.
    """

    shape: Node
    source: Node
    component: Node
    severity: Node
    focus: Node
    path: Node | None = None
    value: Node | None = None
    bindings: Mapping[str, Node] = field(default_factory=dict)

    def key(self) -> tuple[Any, ...]:
        """What makes a row; the same mistake found by way of two node shapes is told once for each."""
        return self.shape, self.source, self.component, self.focus, self.path, self.value


class Teller:
    """Findings in three languages, with labels from ``graph`` and places from ``positions``."""

    def __init__(self, shapes: ShapeSet, graph: rdflib.Graph, positions: Positions | None, lang: str) -> None:
        self.words = Words(graph)
        self._shapes = shapes
        self._graph = graph
        self._positions = positions
        self._lang = lang

    def finding(self, row: Row) -> Finding:
        """The finding of a row."""
        rule = self._shapes.rule(row.source)
        values = {"this": row.focus}
        values |= {k: v for k, v in (("value", row.value), ("path", row.path)) if v is not None}
        if row.component == SH.SPARQLConstraintComponent:
            values = {**row.bindings, **values}
        place = self._positions.find(self._graph, row.focus, row.path, row.value) if self._positions else None
        return Finding(
            code=rule.name if rule else str(row.source),
            what=self.words.fill(rule.what, values) if rule else {},
            advice=self.words.fill(rule.advice, values) if rule else {},
            severity=severity_of(row.severity),
            where=place[0] if place else None,
            cell=place[1] if place else None,
            entity=str(row.focus),
            entity_label=self.words.label(row.focus, self._lang),
            path=path_text(self._shapes.graph, row.path) if row.path is not None else None,
            value=value_text(row.value),
            shape=shape_name(row.shape),
            component=shorten(str(row.component)),
        )


def shape_name(shape: Node) -> str:
    """``bkg-sh:TenureShape``."""
    return f"bkg-sh:{str(shape).removeprefix(SHAPES)}"


def value_text(value: Node | None) -> str | None:
    """A value as findings show it: an IRI short, a literal as written."""
    if value is None:
        return None
    return shorten(str(value)) if isinstance(value, rdflib.URIRef) else str(value)


def least(rows: list[dict[str, Node]]) -> dict[str, Node]:
    """Of several query rows behind one result the one that is told: the least, so that runs and engines agree."""
    return min(rows, key=lambda row: sorted((k, str(v)) for k, v in row.items()), default={})
