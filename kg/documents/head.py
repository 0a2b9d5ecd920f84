"""Title and day of publication, guessed from the head of a text; guesses are for a person to confirm."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from kg.documents.noise import HEAD_LINES, clean
from kg.documents.printed import Printed, dates_in
from kg.documents.text import Text

TITLE_MAX: Final = 200
"""Code points of a headline at most; what is longer is a paragraph."""

_SENTENCE: Final = re.compile(r"[.!?…:;]\s*$")
_EDGE: Final = re.compile(r"[\s,|–—-]*(?:\d{1,2}:\d{2})?[\s,|–—-]*")


@dataclass(frozen=True, slots=True)
class Head:
    """What the head of a text tells. Spans are of the original text; None where nothing was found.

    ``yearless``: dates without a year, anywhere: to be dated by a person, never by the year of today.
    ``impossible``: dates with a year of which there is no such day.
    """

    title: tuple[int, int] | None
    issued: Printed | None
    yearless: tuple[Printed, ...]
    impossible: tuple[Printed, ...]


def read_head(text: Text) -> Head:
    """Title: the first line of the head, noise and dates apart, that is no sentence. Day: the first full date that
    begins or ends a line of the head which is no sentence."""
    gone = {at for span in clean(text).noise for at in range(span.start, span.end)}
    title: tuple[int, int] | None = None
    issued: Printed | None = None
    body = False
    lines = [(s, e) for s, e in text.lines() if text.text[s:e].strip()][:HEAD_LINES]
    for start, end in lines:
        while start < end and (start in gone or text.text[start].isspace()):
            start += 1
        while start < end and (end - 1 in gone or text.text[end - 1].isspace()):
            end -= 1
        if start == end:
            continue
        if _SENTENCE.search(text.text[start:end]) or end - start > TITLE_MAX + 20:
            body = True  # the text has begun: no headline stands below it, a caption with the date may
            continue
        caption = any(s <= start and text.text[s:start].strip() for s, e in text.lines() if s <= start <= e)
        first, last = _edges(text, start, end)
        issued = issued or next((d for d in (first, last) if d is not None and d.edtf), None)
        if first is not None:
            start = first.end + len(_EDGE.match(text.text[first.end : end])[0])  # type: ignore[index]  # matches always
        elif last is not None:
            end = last.start
        words = text.text[start:end].strip()
        if title is None and not body and words and not caption and any(c.isalpha() for c in words):
            title = (start, start + len(words))
    everywhere = dates_in(text.text)
    return Head(
        title,
        issued,
        tuple(d for d in everywhere if d.year is None),
        tuple(d for d in everywhere if d.impossible),
    )


def _edges(text: Text, start: int, end: int) -> tuple[Printed | None, Printed | None]:
    """The date that begins the line, and the one that ends it (an hour may follow)."""
    found = dates_in(text.text, start, end)
    first = found[0] if found and found[0].start == start else None
    last = found[-1] if found and _EDGE.fullmatch(text.text[found[-1].end : end]) else None
    return first, last
