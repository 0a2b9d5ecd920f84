"""Answers of a remote store into terms: SPARQL 1.1 Query Results JSON (https://www.w3.org/TR/sparql11-results-json/)
and RDF, each held to be whole. ``typed-literal``, as written before 2013 and by Virtuoso 7, is read as ``literal``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

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

_BOOLEAN: Final = ox.NamedNode("http://www.w3.org/2001/XMLSchema#boolean")


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
    found = table_of(data)
    if isinstance(found, ox.QueryBoolean):
        return bool(found), 1
    variables = tuple(v.value for v in found.variables)
    index = {name: i for i, name in enumerate(variables)}
    rows: list[RemoteRow] = []
    reason = None
    try:
        for row in found:
            rows.append(RemoteRow(index, tuple(map(_term, row))))
    except (SyntaxError, ValueError) as error:
        reason = str(error)
    # an error keeps the variables of its frames, wherever it is freed at last; the parser belongs to this thread
    del found
    if reason is not None:
        raise BrokenAnswer(reason)
    return Solutions(variables, iter(rows)), len(rows)


def table_of(data: bytes) -> ox.QuerySolutions | ox.QueryBoolean:
    """The answer for reading or for writing in another format; errors may show only then.

    Raises :class:`BrokenAnswer`.
    """
    try:
        return ox.parse_query_results(data, format=ox.QueryResultsFormat.JSON)
    except (SyntaxError, ValueError) as error:
        raise BrokenAnswer(str(error)) from error


def read_graph(data: bytes, media_type: str) -> list[ox.Triple]:
    """The triples of a CONSTRUCT or DESCRIBE. Raises :class:`BrokenAnswer`."""
    try:
        return [ox.Triple(q.subject, q.predicate, q.object) for q in ox.parse(data, format=GRAPHS[media_type])]
    except (SyntaxError, ValueError) as error:
        raise BrokenAnswer(str(error)) from error


def _term(term: Term | None) -> Term | None:
    """The term; booleans by their words, which Virtuoso writes as numbers."""
    if isinstance(term, ox.Literal) and term.value in ("0", "1") and term.datatype == _BOOLEAN:
        return ox.Literal(term.value == "1")
    return term
