"""Bytes to a text that knows its hash and its lines."""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path

from kg.findings import BilimError, Where, finding

QUOTE_MAX = 120
"""Code points of a quote at most: a name, a title, a short phrase. Texts of others are not republished."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it is. ``name``: of its file, for messages; ``sha256``: of its bytes, 64 hex digits."""

    name: str
    text: str
    sha256: str
    _starts: tuple[int, ...] = field(repr=False)  # offset of each line's first character

    def __len__(self) -> int:
        return len(self.text)

    def line(self, offset: int) -> int:
        """The line (from 1) in which the character at ``offset`` stands."""
        return bisect_right(self._starts, offset)

    def column(self, offset: int) -> int:
        """The place within its line, from 1, in code points."""
        return offset - self._starts[self.line(offset) - 1] + 1

    def where(self, offset: int) -> Where:
        """The place of an offset, for findings."""
        return Where(self.name, line=self.line(offset))

    def lines(self) -> list[tuple[int, int]]:
        """(start, end) of each line without what ends it."""
        ends = (*self._starts[1:], len(self.text))
        found = []
        for start, end in zip(self._starts, ends, strict=True):
            found.append((start, start + len(self.text[start:end].rstrip("\r\n"))))
        return found

    def shown(self, start: int, end: int) -> str:
        """The words of a span for a message: on one line, at most :data:`QUOTE_MAX` code points."""
        words = " ".join(self.text[start:end].split())
        return words if len(words) <= QUOTE_MAX else words[: QUOTE_MAX - 1] + "…"


def read_text(source: Path | bytes, name: str | None = None) -> Text:
    """The text of a file or of bytes, which must be UTF-8. Nothing is changed, so that offsets stay true.

    Raises :class:`BilimError` (exit 3) where it cannot be read, is not UTF-8 (with line and byte), or holds no letter.
    """
    if isinstance(source, Path):
        name = name or str(source)
        try:
            source = source.read_bytes()
        except OSError as error:
            raise BilimError(finding("file-unreadable", file=name, reason=error.strerror or error)) from error
    name = name or "text"
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        byte = f"0x{source[error.start]:02X}"
        raise BilimError(finding("text-not-utf8", where=Where(name, line=line), byte=byte, at=error.start)) from error
    if not any(c.isalnum() for c in text):
        raise BilimError(finding("text-empty", where=Where(name), count=len(text)))
    return Text(name, text, hashlib.sha256(source).hexdigest(), tuple(_starts(text)))


def _starts(text: str) -> list[int]:
    """Lines end with LF, CRLF or a lone CR; other characters that Python takes for line ends do not count."""
    starts = [0]
    for at, char in enumerate(text):
        if char == "\n" or (char == "\r" and text[at + 1 : at + 2] != "\n"):
            starts.append(at + 1)
    return starts
