"""Answers on things that outlive a publish: what was written from the same words is not written again.

A release changes few things, and the page of a thing follows from its document and what else it looked up. So a written
page is kept with all that it was made of; after a publish it is given out again where all of that is the same, with
the id of the new release put in its place. Bounded in bytes; safe between threads.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, Final

MOST_BYTES: Final = 32 * 1024 * 1024
"""Memory for written answers with their documents: some 500 large pages or 3,000 small ones."""
MARK: Final = "release-id-stands-here"
"""Stands for the id of the release in what is kept."""


@dataclass(frozen=True, slots=True)
class Written:
    """An answer with :data:`MARK` in it, and what it was made of: its document and what else was looked up."""

    body: str
    document: str
    looked_up: Any

    @property
    def size(self) -> int:
        return len(self.body) + len(self.document)


class Kept:
    """The last written answers."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._size = 0
        self._known: OrderedDict[Hashable, Written] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Written | None:
        """What was written under this key; whether it still holds is for the caller to see."""
        with self._lock:
            if (found := self._known.get(key)) is not None:
                self._known.move_to_end(key)
            return found

    def put(self, key: Hashable, written: Written) -> None:
        """Keep it; the ones asked for least recently make room."""
        with self._lock:
            before = self._known.pop(key, None)
            self._size += written.size - (before.size if before else 0)
            self._known[key] = written
            while self._size > self._most and self._known:
                self._size -= self._known.popitem(last=False)[1].size
