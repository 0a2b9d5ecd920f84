"""The compiled run against pySHACL, row by row: where they differ is shown, and known only where it stands here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import pyoxigraph as ox
import rdflib
from rdflib import SH

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


KNOWN: Final = (
    Known(
        "less-than-across-datatypes",
        "compiled",
        "rdflib sorts literals of different datatypes by the datatype where SPARQL's < is an error, so pySHACL takes"
        " some of them for ordered; SHACL (4.5.3) asks for a result where two values cannot be compared.",
        _across_datatypes,
    ),
)
"""Every difference that is known, with its reason; docs/validation.md shows this list."""
