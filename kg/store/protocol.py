"""What everything above asks of a place where graphs live. Embedded now, remote behind the same seam."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.store.dataset import Dataset

Term = NamedNode | BlankNode | Literal | Triple


class Row(Protocol):
    """One solution: terms by variable name (without ``?``) or position; None where unbound."""

    def __getitem__(self, key: str | int, /) -> Term | None: ...
    def __iter__(self) -> Iterator[Term | None]: ...
    def __len__(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Solutions:
    """The answer of a SELECT: variable names in order, and rows that can be read once."""

    variables: tuple[str, ...]
    rows: Iterator[Row]

    def __iter__(self) -> Iterator[Row]:
        return self.rows


class Store(Protocol):
    """A release's graphs for reading. The default graph is already merged and free of duplicates.

    All methods raise :class:`kg.store.errors.StoreError` (or its subclass for a bad query).
    """

    def query(self, text: str, dataset: Dataset | None = None) -> Solutions | bool:
        """Answer of a SELECT or an ASK (SPARQL 1.1). Rows may raise while they are read."""
        ...

    def construct(self, text: str, dataset: Dataset | None = None) -> Iterator[Triple]:
        """Triples of a CONSTRUCT or DESCRIBE; may hold a triple more than once."""
        ...

    def graphs(self) -> tuple[str, ...]:
        """IRIs of the named graphs, sorted."""
        ...

    def count(self, graph: str | None) -> int:
        """Triples in a named graph, or in the default graph (None); 0 for a graph that is not there."""
        ...

    def release_id(self) -> str:
        """The id of the release that is read."""
        ...
