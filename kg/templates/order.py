"""What questions list, kept in its order: an order is computed once for a release, as a total is.

A release never changes, so what was asked of it stays true. What a page then costs is its own things only.

What is kept is text, not terms: Python's collector goes through every term of pyoxigraph that lives, again and again,
and half a million of them would hold up some answer for a fifth of a second.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.templates.shape import Cell, Row

CELLS: Final = 500_000
"""Cells kept for a release, of all questions together: about 60 MB; the question not asked for longest goes first."""


PackedCell = str | tuple[str, str, str | None] | Literal | BlankNode | Triple | None
PackedRow = tuple[PackedCell, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """The rows of a subquery that ends in ``# @page``: one for each thing, all of them, in order."""

    variables: tuple[str, ...]
    rows: tuple[str, ...]
    """Each as it stands in VALUES."""

    @property
    def cells(self) -> int:
        """What it takes to keep it."""
        return len(self.variables) * len(self.rows) + 1


@dataclass(frozen=True, slots=True)
class Listing:
    """All rows of a query without ``# @page``, those of one object together; None: too long to be read at once."""

    variables: tuple[str, ...]
    groups: tuple[tuple[PackedRow, ...], ...] | None

    @property
    def cells(self) -> int:
        """What it takes to keep it."""
        return sum(len(group) for group in self.groups or ()) * len(self.variables) + 1


def packed(row: Row) -> PackedRow:
    """The row without terms: IRIs as text, literals as value, datatype and language; what is rare stays a term."""
    return tuple([_packed(cell) for cell in row])


def unpacked(row: PackedRow) -> Row:
    """The row as it was."""
    return tuple([_unpacked(cell) for cell in row])


def _packed(cell: Cell) -> PackedCell:
    if isinstance(cell, NamedNode):
        return cell.value
    if isinstance(cell, Literal) and cell.direction is None:
        return cell.value, cell.datatype.value, cell.language
    return cell


def _unpacked(cell: PackedCell) -> Cell:
    if isinstance(cell, str):
        return NamedNode(cell)
    if isinstance(cell, tuple):
        value, datatype, language = cell
        return Literal(value, language=language) if language else Literal(value, datatype=NamedNode(datatype))
    return cell


Kept = TypeVar("Kept", Order, Listing)


class Orders:
    """The orders and listings of one release. Safe between threads."""

    def __init__(self, most: int = CELLS) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._cells = 0
        self._lock = threading.Lock()

    @property
    def cells(self) -> int:
        """How many cells are kept now."""
        return self._cells

    def get(self, key: Hashable, ask: Callable[[], Kept]) -> Kept:
        """What is kept under this key, asked for where there is none. One key is for one kind of thing."""
        with self._lock:
            known: Kept | None = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
                return known
        found = ask()  # not under the lock: others may ask other things meanwhile
        with self._lock:
            if key not in self._kept and found.cells <= self._most:
                self._kept[key] = found
                self._cells += found.cells
                while self._cells > self._most:
                    self._cells -= self._kept.popitem(last=False)[1].cells
        return found
