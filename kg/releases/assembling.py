"""Documents put together from the rows of the projection: a thing's core, and the cores of those who point to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from kg.releases.documents import LISTED, WHOLE, Listed, together

Rows = Callable[[str, Iterable[Any]], list[tuple[Any, ...]]]
"""Asks the projection: SQL and parameters to rows."""

_AT_ONCE: Final = 400
_ORDER: Final = "ORDER BY grp, first, second, member, n"  # all of them selected: levels are then merged, not sorted


def document_text(rows: Rows, kind: str, slug: str) -> str | None:
    """The JSON text of a thing's document (kg.releases.documents), None if there is no such thing."""
    place = (kind, slug)
    found = rows("SELECT about, used FROM documents WHERE kind = ? AND slug = ?", place)
    if not found:
        return None
    totals: dict[str, int] = dict(rows("SELECT grp, n FROM groups WHERE kind = ? AND slug = ?", place))
    long = sorted(name for name, n in totals.items() if n > LISTED and name not in WHOLE)
    sql = "SELECT grp, first, second, member, n FROM members WHERE kind = ? AND slug = ?"
    listed: list[tuple[Any, ...]] = []
    if len(long) < len(totals):
        marks = f" AND grp NOT IN ({','.join('?' * len(long))})" if long else ""
        listed += rows(f"{sql}{marks} {_ORDER}", (*place, *long))
    for name in long:
        listed += rows(f"{sql} AND grp = ? {_ORDER} LIMIT {LISTED}", (*place, name))
    texts = cores(rows, {place, *((name.partition(".")[0], member) for name, _, _, member, _ in listed)})
    groups: dict[str, tuple[int, list[Listed]]] = {name: (n, []) for name, n in totals.items()}
    for name, _, _, member, _ in listed:
        groups[name][1].append((member, texts[name.partition(".")[0], member]))
    about, used = found[0]
    return together(texts[place], about, used, groups)


def cores(rows: Rows, things: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """What those of these ``(kind, slug)`` that are there say of themselves, by one look-up for each 400."""
    out: dict[tuple[str, str], str] = {}
    for kind, slugs in by_kind(things):
        sql = f"SELECT slug, json FROM cores WHERE kind = ? AND slug IN ({','.join('?' * len(slugs))})"
        out.update(((kind, slug), text) for slug, text in rows(sql, (kind, *slugs)))
    return out


def by_kind(things: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """Things for look-ups by kind and slugs, at most 400 at a time: for pairs, all levels would be gone through."""
    for kind, group in groupby(sorted(set(things)), key=itemgetter(0)):
        slugs = [slug for _, slug in group]
        for start in range(0, len(slugs), _AT_ONCE):
            yield kind, slugs[start : start + _AT_ONCE]
