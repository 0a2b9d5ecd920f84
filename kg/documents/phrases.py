"""Where a phrase stands in a text: every place with its context, and where it is not found, what stands nearest."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from rapidfuzz import fuzz

from kg.documents.text import Text

CONTEXT: Final = 30
"""Code points shown on each side of a phrase."""
SCORE_MIN: Final = 75.0
"""Likeness (rapidfuzz, 0–100) below which nothing is suggested: other words, not another spelling."""

# Characters that look alike or are exchanged by editors; each becomes one or no character.
_ALIKE: Final = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»″＂", '"'),
        **dict.fromkeys("‘’‚‛`´ʼʹ′", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", None),
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """A span of a text with its place and what stands around it."""

    start: int
    end: int
    line: int
    column: int
    quote: str
    before: str
    after: str

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Nearest:
    """A place whose words are like the phrase. ``score``: 100 if only quotes, dashes, blanks or case differ."""

    place: Place
    score: float

    def as_dict(self) -> dict[str, Any]:
        return {"score": round(self.score, 1), **self.place.as_dict()}


def place(text: Text, start: int, end: int) -> Place:
    """The span from ``start`` to before ``end`` as a :class:`Place`."""
    before = " ".join(text.text[max(0, start - CONTEXT) : start].split("\n")[-1].split())
    after = " ".join(text.text[end : end + CONTEXT].split("\n")[0].split())
    return Place(start, end, text.line(start), text.column(start), text.text[start:end], before, after)


def find(text: Text, phrase: str) -> list[Place]:
    """Every place where exactly these characters stand, overlapping ones too; none for an empty phrase."""
    return [place(text, at, at + len(phrase)) for at in _all(text.text, phrase)]


def nearest(text: Text, phrase: str) -> list[Nearest]:
    """What may have been meant: all places that differ in quotes, dashes, blanks or case only, else the most alike."""
    if not phrase.strip():
        return []
    folded, offsets = _folded(text.text)  # offsets: the original span of each folded character
    wanted = _folded(phrase)[0].strip()
    if not wanted:
        return []
    spans = [(at, at + len(wanted), 100.0) for at in _all(folded, wanted)]
    if not spans:
        found = fuzz.partial_ratio_alignment(wanted, folded, score_cutoff=SCORE_MIN)
        if found is None or found.dest_end <= found.dest_start:
            return []
        spans = [(*_to_words(folded, found.dest_start, found.dest_end), found.score)]
    return [Nearest(place(text, offsets[a][0], offsets[b - 1][1]), score) for a, b, score in spans]


def _all(text: str, phrase: str) -> Iterator[int]:
    at = text.find(phrase) if phrase else -1
    while at >= 0:
        yield at
        at = text.find(phrase, at + 1)


def _folded(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Small letters, plain quotes and dashes, one blank for any; each character with the span that it came from."""
    out: list[str] = []
    spans: list[tuple[int, int]] = []
    for at, char in enumerate(text):
        if char.isspace():
            if out and out[-1] == " ":
                spans[-1] = (spans[-1][0], at + 1)
                continue
            made = " "
        else:
            made = unicodedata.normalize("NFKC", char.translate(_ALIKE)).casefold()
        out.extend(made)
        spans.extend([(at, at + 1)] * len(made))
    return "".join(out), spans


def _to_words(folded: str, start: int, end: int) -> tuple[int, int]:
    """Widened to whole words, without blanks at the edges."""
    while 0 < start < len(folded) and folded[start].isalnum() and folded[start - 1].isalnum():
        start -= 1
    while 0 < end < len(folded) and folded[end].isalnum() and folded[end - 1].isalnum():
        end += 1
    piece = folded[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))
