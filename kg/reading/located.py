"""Quads that know their place: what every reader hands on."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

import pyoxigraph as ox
from pyoxigraph import DefaultGraph, NamedNode, Quad

from kg.findings import Finding, Where
from kg.terms import BKG, RDF

Term = NamedNode | ox.Literal
_POSITIONS: Final = ("subject", "predicate", "object")


@dataclass(frozen=True, slots=True)
class Located:
    """A quad, the place of the input it was read from, and the cell as written (tables only)."""

    quad: Quad
    where: Where
    cell: str | None = None


class LocatedRows:
    """The quads of one table, each with its place: a sequence of :class:`Located`, held in columns.

    Terms and cells are held once, a quad is six numbers: a tenth of the memory of as many objects. Quads and places are
    made when asked for.
    """

    def __init__(self, graph: NamedNode | DefaultGraph, file: str, sheet: str | None = None) -> None:
        self._graph, self._file, self._sheet = graph, file, sheet
        self._terms: dict[Term, int] = {}
        self._texts: dict[str | None, int] = {}  # names of columns, and cells as written
        self._seen: set[int] = set()
        self._spo = (array("I"), array("I"), array("I"))
        self._rows, self._columns, self._cells = array("I"), array("I"), array("I")
        self._listed: tuple[list[Term], list[str | None]] | None = None

    def add(self, triple: tuple[NamedNode, NamedNode, Term], row: int, column: str | None, cell: str | None) -> None:
        """One triple; nothing where it is there already, at its first place."""
        terms, texts = self._terms, self._texts
        s, p, o = [terms.setdefault(term, len(terms)) for term in triple]
        key = (s << 64) | (p << 32) | o
        if key in self._seen:
            return
        self._seen.add(key)
        for column_of_numbers, number in zip(self._spo, (s, p, o), strict=True):
            column_of_numbers.append(number)
        self._rows.append(row)
        self._columns.append(texts.setdefault(column, len(texts)))
        self._cells.append(texts.setdefault(cell, len(texts)))
        self._listed = None

    def close(self) -> None:
        """Nothing more is to come: what only adding needs is let go."""
        self._seen = set()

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: int) -> Located:
        terms, texts = self._lists()
        s, p, o = (terms[column[at]] for column in self._spo)
        where = Where(self._file, sheet=self._sheet, row=self._rows[at], column=texts[self._columns[at]] or None)
        return Located(Quad(s, p, o, self._graph), where, texts[self._cells[at]])  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Located]:
        return (self[at] for at in range(len(self)))

    def quads(self) -> Iterator[Quad]:
        """The quads without their places, in order."""
        terms, _ = self._lists()
        return (Quad(terms[s], terms[p], terms[o], self._graph) for s, p, o in zip(*self._spo, strict=True))  # type: ignore[arg-type]

    def distinct(self, position: Literal["subject", "predicate", "object"]) -> list[Term]:
        """The terms that stand there, each once."""
        terms, _ = self._lists()
        return [terms[number] for number in set(self._spo[_POSITIONS.index(position)])]

    def _lists(self) -> tuple[list[Term], list[str | None]]:
        if self._listed is None:
            self._listed = list(self._terms), list(self._texts)
        return self._listed


@dataclass(frozen=True, slots=True)
class Reference:
    """A value of a table that must be an id of another table (CSVW foreign key); checked by the folder."""

    value: tuple[str, ...]
    where: Where
    resource: str  # file name of the table that is referred to
    columns: tuple[str, ...]  # its columns


LocatedQuads = list[Located] | LocatedRows
"""The quads of a graph in the order of the file: of a table in columns, of RDF one by one."""


def bare(items: LocatedQuads) -> Iterator[Quad]:
    """The quads without their places."""
    return items.quads() if isinstance(items, LocatedRows) else (item.quad for item in items)


def distinct(items: LocatedQuads, position: Literal["subject", "predicate", "object"]) -> Iterable[object]:
    """The terms that stand there; of a table each once."""
    return items.distinct(position) if isinstance(items, LocatedRows) else (getattr(i.quad, position) for i in items)


@dataclass(slots=True)
class Reading:
    """What one file says. ``graphs``: graph IRI -> its quads, each once, at its first place.

    ``keys`` and ``references`` serve the checks between tables: the values of each id column of this
    table, and the values that must be ids of other tables.
    """

    graphs: dict[str, LocatedQuads] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    keys: dict[tuple[str, ...], set[tuple[str, ...]]] = field(default_factory=dict)
    references: list[Reference] = field(default_factory=list)
    rows: int = 0  # rows of a table read, header not counted

    def __iter__(self) -> Iterator[Located]:
        for located in self.graphs.values():
            yield from located

    @property
    def documents(self) -> tuple[str, ...]:
        """IRIs of the documents (``bkg:Document``) that this file describes, sorted."""
        a, document = NamedNode(RDF + "type"), NamedNode(BKG + "Document")
        found = {
            item.quad.subject.value
            for item in self
            if item.quad.predicate == a and item.quad.object == document and isinstance(item.quad.subject, NamedNode)
        }
        return tuple(sorted(found))

    @property
    def faulty(self) -> bool:
        """Whether any finding is a Violation."""
        return any(finding.severity == "Violation" for finding in self.findings)
