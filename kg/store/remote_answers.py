"""Answers of a remote store into terms: SPARQL 1.1 Query Results JSON (https://www.w3.org/TR/sparql11-results-json/)
and RDF, each held to be whole. ``typed-literal``, as written before 2013 and by Virtuoso 7, is read as ``literal``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pyoxigraph as ox

from kg.store.protocol import Solutions, Term

TABLE: Final = "application/sparql-results+json"
GRAPHS: Final = {
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "text/plain": ox.RdfFormat.N_TRIPLES,  # its name before 2014
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}
CLOSED: Final = (TABLE, "application/json", "application/rdf+xml")
"""Formats that have an end of their own: a part of such an answer cannot be read as a whole one."""

ACCEPT_TABLE: Final = f"{TABLE}, application/json;q=0.5"
ACCEPT_GRAPH: Final = "application/n-triples, text/turtle;q=0.8, application/rdf+xml;q=0.6"


class BrokenAnswer(ValueError):
    """The text is no whole answer in the format that it is said to be in."""


@dataclass(frozen=True, slots=True)
class RemoteRow:
    """One solution, as :class:`kg.store.protocol.Row`."""

    index: dict[str, int]
    terms: tuple[Term | None, ...]

    def __getitem__(self, key: str | int, /) -> Term | None:
        return self.terms[key if isinstance(key, int) else self.index[key]]

    def __iter__(self) -> Iterator[Term | None]:
        return iter(self.terms)

    def __len__(self) -> int:
        return len(self.terms)


def read_table(data: bytes) -> tuple[Solutions | bool, int]:
    """The answer of a SELECT or ASK and its number of rows. Raises :class:`BrokenAnswer`."""
    try:
        found = json.loads(data)
        if "boolean" in found:
            if not isinstance(found["boolean"], bool):
                raise BrokenAnswer(f"boolean: {found['boolean']!r}")
            return found["boolean"], 1
        variables = tuple(str(name) for name in found["head"]["vars"])
        index = {name: i for i, name in enumerate(variables)}
        rows = [
            RemoteRow(index, tuple(_term(row[v]) if v in row else None for v in variables))
            for row in found["results"]["bindings"]
        ]
    except BrokenAnswer:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BrokenAnswer(f"{type(error).__name__}: {error}") from error
    return Solutions(variables, iter(rows)), len(rows)


def read_graph(data: bytes, media_type: str) -> list[ox.Triple]:
    """The triples of a CONSTRUCT or DESCRIBE. Raises :class:`BrokenAnswer`."""
    try:
        return [ox.Triple(q.subject, q.predicate, q.object) for q in ox.parse(data, format=GRAPHS[media_type])]
    except (SyntaxError, ValueError) as error:
        raise BrokenAnswer(str(error)) from error


def _term(cell: dict[str, Any]) -> Term:
    kind, value = cell["type"], cell["value"]
    if kind == "uri":
        return ox.NamedNode(value)
    if kind == "bnode":
        return ox.BlankNode(value)
    if kind in ("literal", "typed-literal"):
        if "xml:lang" in cell:
            return ox.Literal(value, language=cell["xml:lang"])
        return ox.Literal(value, datatype=ox.NamedNode(cell["datatype"])) if "datatype" in cell else ox.Literal(value)
    if kind == "triple":
        parts = [_term(value[name]) for name in ("subject", "predicate", "object")]
        return ox.Triple(*parts)  # type: ignore[arg-type]  # a TypeError tells of a literal in a wrong place
    raise BrokenAnswer(f"type: {kind!r}")
