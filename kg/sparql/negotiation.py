"""Which media type answers an Accept header (RFC 9110, 12.5.1). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_MARK: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[,;]', re.DOTALL)  # a quoted string, closed or not, or a separator
_USUAL: Final = 200  # characters of a header whose reading is kept: clients send the same one again and again


@dataclass(frozen=True, slots=True)
class Offer:
    """A media type that can be given, the names it also goes by, and the suffix that asks for it."""

    media_type: str
    suffix: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Range:
    kind: str
    subtype: str
    quality: float

    def specificity(self, media_type: str) -> int:
        """2 for this very type, 1 for ``type/*``, 0 for ``*/*``; -1 for no match."""
        kind, _, subtype = media_type.partition("/")
        if self.kind == "*":
            return 0 if self.subtype == "*" else -1
        if self.kind != kind:
            return -1
        if self.subtype == "*":
            return 1
        return 2 if self.subtype == subtype else -1


def negotiate(accept: str | None, offers: Sequence[Offer]) -> Offer | None:
    """The offer with the highest quality, the earlier of two equals; None if none is acceptable (406).

    Without a header, or with an empty one, the first. Ranges that cannot be read are passed over.
    """
    if accept is None or not accept.strip():
        return offers[0] if offers else None
    if len(accept) <= _USUAL:
        return _usual(accept, tuple(offers))
    return _best(accept, offers)


@lru_cache(maxsize=256)
def _usual(accept: str, offers: tuple[Offer, ...]) -> Offer | None:
    return _best(accept, offers)


def _best(accept: str, offers: Sequence[Offer]) -> Offer | None:
    ranges = list(_ranges(accept))
    best, best_quality = None, 0.0
    for offer in offers:
        quality = _quality(offer.media_type, ranges)
        for alias in offer.aliases:  # an alias counts only where it is named: "*/*" asks for the type itself
            quality = max(quality, _quality(alias, [r for r in ranges if r.specificity(alias) == 2]))
        if quality > best_quality:
            best, best_quality = offer, quality
    return best


def by_suffix(suffix: str, offers: Iterable[Offer]) -> Offer | None:
    """The offer for a suffix such as ``csv`` or ``.csv``; None for an unknown one."""
    wanted = suffix.removeprefix(".").lower()
    return next((offer for offer in offers if offer.suffix == wanted), None)


def _quality(media_type: str, ranges: Iterable[_Range]) -> float:
    best, quality = -1, 0.0
    for candidate in ranges:
        specificity = candidate.specificity(media_type)
        if specificity > best or (specificity == best >= 0 and candidate.quality > quality):
            best, quality = specificity, candidate.quality
    return quality


def _ranges(accept: str) -> Iterable[_Range]:
    for part in _split(accept, ","):
        media, *parameters = (piece.strip() for piece in _split(part, ";"))
        kind, slash, subtype = media.lower().partition("/")
        if not (kind and slash and subtype):
            continue
        quality = 1.0
        foreign = False
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            name, value = name.strip().lower(), value.strip().strip('"').lower()
            if name == "q":
                quality = _weight(value)
                break  # what follows q are extensions of the range, not of the type
            if name and (name, value) != ("charset", "utf-8"):
                foreign = True
        # nothing of ours has parameters other than charset=utf-8, so a range with others matches nothing
        if quality >= 0 and not foreign:
            yield _Range(kind, subtype, quality)


def _weight(text: str) -> float:
    """A qvalue; -1 for what is none."""
    try:
        value = float(text)
    except ValueError:
        return -1.0
    return value if 0.0 <= value <= 1.0 else -1.0


def _split(text: str, separator: str) -> list[str]:
    """Split outside of quoted strings, in time linear in the text."""
    if '"' not in text:
        return text.split(separator)
    parts: list[str] = []
    start = 0
    for match in _MARK.finditer(text):
        if match[0] == separator:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]
