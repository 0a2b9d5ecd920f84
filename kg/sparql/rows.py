"""Counting the rows of a table of results while its bytes pass, in any piece sizes, for the four formats.

The serializer is native code and tells nothing of rows, so they are counted in what it writes. Exact for what
Oxigraph writes: JSON without spaces between tokens, ``\\r\\n`` after each row of CSV, ``\\n`` of TSV.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

Counter = Callable[[bytes], int]
"""Takes the next bytes; gives the rows that began (XML, JSON) or ended (CSV, TSV) in them."""

_XML_ROW: Final = b"<result>"


def counter(media_type: str) -> Counter | None:
    """A new counter for a media type; None where there are no rows."""
    made = _COUNTERS.get(media_type)
    return made() if made is not None else None


def _xml() -> Counter:
    tail = b""

    def count(data: bytes) -> int:
        nonlocal tail
        data = tail + data
        tail = data[1 - len(_XML_ROW) :]
        return data.count(_XML_ROW)  # "<" of a value is escaped

    return count


def _tsv() -> Counter:
    head = 1  # the names

    def count(data: bytes) -> int:
        nonlocal head
        lines = data.count(b"\n") - head  # a line break in a value is escaped
        head = max(0, -lines) if head else 0
        return max(0, lines)

    return count


def _csv() -> Counter:
    head, quoted = 1, False

    def count(data: bytes) -> int:
        nonlocal head, quoted
        pieces = data.split(b'"')  # every other one stands in quotes; "" in a value is an empty one outside
        lines = sum(piece.count(b"\n") for piece in pieces[int(quoted) :: 2]) - head
        quoted ^= len(pieces) % 2 == 0
        head = max(0, -lines) if head else 0
        return max(0, lines)

    return count


def _json() -> Counter:
    quoted, rest, before = False, b"", b""

    def count(data: bytes) -> int:
        nonlocal quoted, rest, before
        data, rest = rest + data, b""
        slashes = len(data) - len(data.rstrip(b"\\"))
        if slashes % 2:  # an escape in two pieces
            data, rest = data[:-1], data[-1:]
        pieces = data.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        bare = before + b"".join(pieces[int(quoted) :: 2])
        quoted ^= len(pieces) % 2 == 0
        before = bare[-1:]
        # what stands outside of strings: a row begins after a bracket or a comma, a binding after a colon
        return bare.count(b"[{") + bare.count(b",{")

    return count


_COUNTERS: Final[dict[str, Callable[[], Counter]]] = {
    "application/sparql-results+xml": _xml,
    "application/sparql-results+json": _json,
    "text/csv": _csv,
    "text/tab-separated-values": _tsv,
}
