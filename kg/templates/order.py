"""Things that questions list, kept in their order: an order is computed once for a release, as a total is.

A release never changes, so what was asked of it stays true. What a page then costs is its own things only.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

from kg.templates.shape import Row

CELLS: Final = 500_000
"""Cells kept for a release, of all questions together: about 80 MB; the question not asked for longest goes first."""


@dataclass(frozen=True, slots=True)
class Order:
    """The rows of a subquery that ends in ``# @page``: one for each thing, all of them, in order."""

    variables: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def cells(self) -> int:
        """What it takes to keep it."""
        return len(self.variables) * len(self.rows) + 1


class Orders:
    """The orders of one release. Safe between threads."""

    def __init__(self, most: int = CELLS) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Order] = OrderedDict()
        self._cells = 0
        self._lock = threading.Lock()

    @property
    def cells(self) -> int:
        """How many cells are kept now."""
        return self._cells

    def get(self, key: Hashable, ask: Callable[[], Order]) -> Order:
        """The order kept under this key, asked for where there is none."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        found = ask()  # not under the lock: others may ask other things meanwhile
        with self._lock:
            if key not in self._kept and found.cells <= self._most:
                self._kept[key] = found
                self._cells += found.cells
                while self._cells > self._most:
                    self._cells -= self._kept.popitem(last=False)[1].cells
        return found
