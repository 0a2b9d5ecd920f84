"""Quads that know their place: what every reader hands on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pyoxigraph import NamedNode, Quad

from kg.findings import Finding, Where
from kg.terms import BKG, RDF


@dataclass(frozen=True, slots=True)
class Located:
    """A quad, the place of the input it was read from, and the cell as written (tables only)."""

    quad: Quad
    where: Where
    cell: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A value of a table that must be an id of another table (CSVW foreign key); checked by the folder."""

    value: tuple[str, ...]
    where: Where
    resource: str  # file name of the table that is referred to
    columns: tuple[str, ...]  # its columns


@dataclass(slots=True)
class Reading:
    """What one file says. ``graphs``: graph IRI -> its quads, each once, at its first place.

    ``keys`` and ``references`` serve the checks between tables: the values of each id column of this
    table, and the values that must be ids of other tables.
    """

    graphs: dict[str, list[Located]] = field(default_factory=dict)
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
