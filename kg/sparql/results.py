"""Answers of queries that were asked before, bounded in bytes. A release never changes, so they stay true.

The key is (release, query, prefixes, dataset, format): the query with each run of white space and comments
as one space (:attr:`kg.sparql.vet.Vetted.normal`), so that layout does not matter and nothing else is guessed.
Not thread-safe: used on one event loop.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b
from importlib import metadata
from typing import Final

from kg.sparql.vetted import Vetted
from kg.store.dataset import Dataset

_OVERHEAD: Final = 400  # bytes of objects round an answer
_SHARE: Final = 8  # no answer may take more than this part of all


class Results:
    """Least recently used goes first. ``max_bytes`` 0 keeps nothing."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        # another version of ours or of the engine may write the same answer in another way
        self._versions = f"{metadata.version('bilim')} {metadata.version('pyoxigraph')}"

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def largest(self) -> int:
        """Bytes of the longest answer that is kept."""
        return self.max_bytes // _SHARE

    def key(self, release: str, vetted: Vetted, dataset: Dataset | None, media_type: str) -> str | None:
        """The key, which is also the entity tag; None where the answer may differ each time (NOW, RAND, UUID)."""
        if vetted.volatile:
            return None
        digest = blake2b(digest_size=15)
        told = (dataset.default, dataset.named) if dataset else None
        for part in (self._versions, release, media_type, repr(told), repr(vetted.prefixes), vetted.normal):
            digest.update(part.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()

    def get(self, key: str | None) -> bytes | None:
        """The answer, if it is kept."""
        if key is None or (body := self._kept.get(key)) is None:
            return None
        self._kept.move_to_end(key)
        return body

    def put(self, key: str | None, body: bytes) -> None:
        """Keep a whole answer, if it is not too long."""
        if key is None or len(body) > self.largest:
            return
        if (old := self._kept.pop(key, None)) is not None:
            self.bytes -= len(old) + _OVERHEAD
        self._kept[key] = body
        self.bytes += len(body) + _OVERHEAD
        while self.bytes > self.max_bytes:
            _, dropped = self._kept.popitem(last=False)
            self.bytes -= len(dropped) + _OVERHEAD
