"""What of a page is not the text: menus, exchange rates, share buttons, adverts, repeated headlines, counts of views.

Noise is found as spans of the original text, which is never changed; the cleaned view leaves them out and knows the
original offset of each of its characters. Each rule is narrow: a line of the text lost is worse than a menu kept.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kg.documents.printed import dates_in
from kg.documents.text import Text

HEAD_LINES: Final = 12
"""Lines (empty ones apart) in which menus and rates are looked for."""

_MENU: Final = frozenset(
    (
        *("home", "main", "menu", "news", "all news", "latest news"),
        *("главная", "новости", "все новости", "меню"),
        *("басты бет", "негізгі бет", "жаңалықтар", "барлық жаңалықтар", "мәзір"),
    )
)
_RATE: Final = re.compile(r"(?:[$€₽₸¥]|USD|EUR|RUB|KZT|CNY)?\s*\d{1,4}[.,]\d{1,4}", re.IGNORECASE)
_SHARE: Final = re.compile(r"(?:share|поделиться|бөлісу)\s*:?", re.IGNORECASE)
_ADVERT: Final = re.compile(
    r"(?=.*(?:subscribe|подпис\w+|жазыл\w+))(?=.*(?:channel|telegram|instagram|newsletter|канал|арна|рассылк)).*",
    re.IGNORECASE,
)
_CAPTION: Final = re.compile(r"\s*(?:фото|photo|сурет|видео|video)\s*:", re.IGNORECASE)
_TIME: Final = re.compile(r"\s+\d{1,2}:\d{2}(?!\d)")
_COUNT: Final = re.compile(r"\s+(\d{1,7})\s*$")
_LETTER: Final = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Noise:
    """A span left out of the cleaned view, and why: a reason of :mod:`kg.documents.leftout`."""

    start: int
    end: int
    reason: str


def find_noise(text: Text) -> list[Noise]:
    """All noise, in order, without overlaps."""
    lines = [(start, end) for start, end in text.lines() if text.text[start:end].strip()]
    found: list[Noise] = []
    rates = _rates(text, lines[:HEAD_LINES])
    headline: str | None = None
    repeated = False
    for number, (start, end) in enumerate(lines):
        words = text.text[start:end].strip().lstrip("\ufeff")
        if not _LETTER.search(words):
            found.append(Noise(start, end, "noise-mark"))
        elif (start, end) in rates:
            found.append(Noise(start, end, "noise-rates"))
        elif headline is None and number < HEAD_LINES and words.lower() in _MENU:
            found.append(Noise(start, end, "noise-menu"))
        elif _SHARE.fullmatch(words):
            found.append(Noise(start, end, "noise-share"))
        elif _ADVERT.fullmatch(words) and number >= len(lines) - 3:
            found.append(Noise(start, end, "noise-advert"))
        elif headline is not None and not repeated and number < HEAD_LINES and _same(words, headline):
            repeated = True
            found.append(Noise(start, end, "repeated-headline"))
        else:
            found.extend(_within(text, start, end))
            if headline is None and not _CAPTION.match(words):
                headline = _undated(words) or None
    return found


def _rates(text: Text, head: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """Lines that are a decimal number and nothing else, two or more: one alone may be a figure of the text."""
    bare = {line for line in head if _RATE.fullmatch(text.text[slice(*line)].strip())}
    return bare if len(bare) > 1 else set()


def _same(words: str, headline: str) -> bool:
    return words.rstrip(". ").casefold() == headline.rstrip(". ").casefold()


def _undated(words: str) -> str:
    """Without the date that a headline stands under."""
    first = next(iter(dates_in(words)), None)
    return words[first.end :].strip() if first and first.start == 0 else words


def _within(text: Text, start: int, end: int) -> Iterator[Noise]:
    """The word before a caption, and the count of views after the date that ends a line."""
    if caption := _CAPTION.match(text.text[start:end]):
        yield Noise(start, start + caption.end(), "noise-caption")
    for printed in dates_in(text.text, start, end):
        rest = text.text[printed.end : end]
        time = _TIME.match(rest)
        count = _COUNT.match(rest, time.end() if time else 0)
        if printed.year is not None and count:
            yield Noise(printed.end + count.start(1), printed.end + count.end(1), "view-count")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text without its noise. ``offsets[i]`` is the original offset of ``text[i]``."""

    text: str
    offsets: tuple[int, ...]
    noise: tuple[Noise, ...]


def clean(text: Text) -> Cleaned:
    """The cleaned view; lines left without a letter or digit go too, but only where noise stood on them."""
    noise = find_noise(text)
    dropped: set[int] = set()
    for span in noise:
        dropped.update(range(span.start, span.end))
    starts = [start for start, _ in text.lines()]
    for (start, end), following in zip(text.lines(), [*starts[1:], len(text)], strict=True):
        if start < end and all(at in dropped or text.text[at].isspace() for at in range(start, end)):
            dropped.update(range(start, following))
    kept = [at for at in range(len(text)) if at not in dropped]
    return Cleaned("".join(text.text[at] for at in kept), tuple(kept), tuple(noise))


def diff(text: Text) -> list[str]:
    """What the cleaning took away, as a unified diff without context: only the lines that it touched."""
    before, after = text.text.splitlines(), clean(text).text.splitlines()
    return list(difflib.unified_diff(before, after, text.name, f"{text.name} (cleaned)", n=0, lineterm=""))
