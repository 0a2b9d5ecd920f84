"""The compiled run against pySHACL, row by row: where they differ is shown, and known only where it stands here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import pyoxigraph as ox
import rdflib
from rdflib import RDF, SH, XSD
from rdflib.term import Node

from kg.terms import shorten
from kg.validation.compiled import CompiledValidator
from kg.validation.convert import Converter, Quads, default_graph
from kg.validation.reference import Validator
from kg.validation.telling import Row, shape_name, value_text

Side = Literal["compiled", "pySHACL"]


@dataclass(frozen=True, slots=True)
class Known:
    """A difference that is understood: which rows, found only by ``side``, and why."""

    name: str
    side: Side
    reason: str
    covers: Callable[[Row, rdflib.Graph, rdflib.Graph], bool]  # the row, the data, the shapes


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that only one of the two found. ``known``: the name of the known difference that it is."""

    side: Side
    row: Row
    known: str | None = None

    def __str__(self) -> str:
        row = self.row
        where = f"{shape_name(row.shape)} {shape_name(row.source)} {shorten(str(row.component))}"
        path = shorten(str(row.path)) if row.path is not None else "-"
        note = f" (known: {self.known})" if self.known else ""
        return f"only {self.side}: {where} {shorten(str(row.focus))} {path} {value_text(row.value)}{note}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        row = self.row
        return {
            "onlyIn": self.side,
            "known": self.known,
            "shape": shape_name(row.shape),
            "rule": shape_name(row.source),
            "component": shorten(str(row.component)),
            "focus": str(row.focus),
            "path": shorten(str(row.path)) if row.path is not None else None,
            "value": value_text(row.value),
        }


def agreement(quads: Quads, compiled: CompiledValidator, reference: Validator | None = None) -> list[Difference]:
    """What only one of the two engines finds in a graph; empty where they agree.

    Known differences are among them, marked. Raises :class:`BilimError` where a shape fails to run in either.
    """
    quads = quads if isinstance(quads, ox.Store) else [*quads]  # twice gone through
    reference = reference or Validator(shapes=compiled.shapes)
    graph = compiled.load(quads)
    ours = {row.key(): row for row in compiled.rows(graph, compiled.compiled(graph.store))}
    data = reference.graph(Converter().triples(default_graph(quads)))
    theirs = {row.key(): row for row in reference.all_rows(data)}
    return sorted(_differences(ours, theirs, data, compiled.shapes.graph), key=str)


def unknown(differences: Iterable[Difference]) -> list[Difference]:
    """Those that nobody has explained: a mistake in one of the engines, or in the compiler."""
    return [difference for difference in differences if difference.known is None]


def _differences(
    ours: dict[Any, Row], theirs: dict[Any, Row], data: rdflib.Graph, shapes: rdflib.Graph
) -> Iterator[Difference]:
    pairs: tuple[tuple[Side, dict[Any, Row], dict[Any, Row]], ...] = (
        ("compiled", ours, theirs),
        ("pySHACL", theirs, ours),
    )
    for side, here, there in pairs:
        for key in here.keys() - there.keys():
            row = here[key]
            names = (known.name for known in KNOWN if known.side == side and known.covers(row, data, shapes))
            yield Difference(side, row, next(names, None))


def _across_datatypes(row: Row, data: rdflib.Graph, shapes: rdflib.Graph) -> bool:
    """sh:lessThan and its like, where some value compared has another datatype."""
    if row.component not in (SH.LessThanConstraintComponent, SH.LessThanOrEqualsConstraintComponent):
        return False
    parameter = SH.lessThan if row.component == SH.LessThanConstraintComponent else SH.lessThanOrEquals
    others = [o for p in shapes.objects(row.source, parameter) for o in data.objects(row.focus, p)]
    return any(getattr(o, "datatype", None) != getattr(row.value, "datatype", None) for o in others)


def _longer_tag(row: Row, _data: rdflib.Graph, shapes: rdflib.Graph) -> bool:
    """sh:languageIn, where the tag goes on after a range of two parts or more."""
    tag = (getattr(row.value, "language", None) or "").lower()
    lists = shapes.objects(row.source, SH.languageIn)
    ranges = [str(item).lower() for members in lists for item in shapes.items(members)]
    within = any("-" in one and tag.startswith(one + "-") for one in ranges)
    return row.component == SH.LanguageInConstraintComponent and within


def _zoneless(row: Row, _data: rdflib.Graph, shapes: rdflib.Graph) -> bool:
    """A limit of date and time, where the value or the limit names no time zone."""
    limits = [o for parameter in _LIMITS.get(row.component, ()) for o in shapes.objects(row.source, parameter)]
    zones = {bool(_ZONE.search(str(o))) for o in (*limits, row.value) if getattr(o, "datatype", None) == XSD.dateTime}
    return len(zones) == 2


def _mistyped_near(row: Row, data: rdflib.Graph, shapes: rdflib.Graph) -> bool:
    """A SPARQL constraint, where a literal near the focus has not the datatype that a shape asks of its property."""
    if row.component != _SPARQL:
        return False
    asked: dict[Node, set[Node]] = {}
    for part, datatype in shapes.subject_objects(SH.datatype):
        for path in shapes.objects(part, SH.path):
            asked.setdefault(path, set()).add(datatype)
    literals = ((p, o) for p, o in _near(row.focus, data) if isinstance(o, rdflib.Literal) and p in asked)
    return any(o.ill_typed or _datatype(o) not in asked[p] for p, o in literals)


def _datatype(literal: rdflib.Literal) -> Node:
    return RDF.langString if literal.language else literal.datatype or XSD.string


def _years_near(row: Row, data: rdflib.Graph, _shapes: rdflib.Graph) -> bool:
    """A SPARQL constraint, where a year or a month stands near the focus."""
    years = (XSD.gYear, XSD.gYearMonth)
    return row.component == _SPARQL and any(getattr(o, "datatype", None) in years for _, o in _near(row.focus, data))


def _near(focus: Node, data: rdflib.Graph) -> Iterator[tuple[Node, Node]]:
    """Properties and values of a node, and of what it joins or is joined by."""
    around = {focus, *data.objects(focus), *data.subjects(None, focus)}
    for node in around:
        yield from data.predicate_objects(node)


_SPARQL: Final = SH.SPARQLConstraintComponent
_ZONE: Final = re.compile(r"(Z|[+-][0-9]{2}:[0-9]{2})$")
_LIMITS: Final[dict[Node, tuple[Node, ...]]] = {
    SH[f"{name}ConstraintComponent"]: (SH[name[0].lower() + name[1:]],)
    for name in ("MinInclusive", "MinExclusive", "MaxInclusive", "MaxExclusive")
}

KNOWN: Final = (
    Known(
        "less-than-across-datatypes",
        "compiled",
        "rdflib sorts literals of different datatypes by the datatype where SPARQL's < is an error, so pySHACL takes"
        " some of them for ordered; SHACL (4.5.3) asks for a result where two values cannot be compared.",
        _across_datatypes,
    ),
    Known(
        "sparql-across-datatypes",
        "pySHACL",
        "In a SPARQL constraint, too, rdflib compares literals of different datatypes and ill-formed ones, where"
        " SPARQL has an error and the filter drops the row. Both engines report the wrong datatype itself.",
        _mistyped_near,
    ),
    Known(
        "sparql-years",
        "compiled",
        "rdflib cannot compare xsd:gYear and xsd:gYearMonth in a filter and drops the row; the store compares them.",
        _years_near,
    ),
    Known(
        "language-range",
        "pySHACL",
        "pySHACL compares a tag with a range as a whole or by its first part; by langMatches, as SHACL (4.4.4) asks,"
        " the range en-GB also matches en-GB-oed.",
        _longer_tag,
    ),
    Known(
        "time-without-zone",
        "pySHACL",
        "rdflib cannot compare a time with a zone and one without; the store can where they are further apart than"
        " zones reach.",
        _zoneless,
    ),
)
"""Every difference that is known, with its reason; docs/validation.md shows this list."""
