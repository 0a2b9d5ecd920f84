"""Reading what lists and paths are found by, as :mod:`kg.releases.filters` wrote it; for one release, by SQL only."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from kg.dates import Certainty, as_of, when_on
from kg.releases.assembling import by_kind
from kg.releases.reader import Projection

Place = tuple[str, str]
"""``(kind, slug)``."""

_EXPLORED: Final = 20_000
"""Things looked at for one path: some 0.3 s; beyond that two things have nothing to do with each other."""


class Span(NamedTuple):
    """Bounds (ISO days) of a start and an end; their EDTF; the EDTF of what happens once."""

    es: str | None
    ls: str | None
    ee: str | None
    le: str | None
    start: str | None
    end: str | None
    point: str | None

    def on(self, day: date) -> Certainty:
        """Whether it was in force, or happened, on the day."""
        if self.point is not None and self.start is None and self.end is None:
            return when_on(self.point, day)
        es, ls, ee, le = (date.fromisoformat(text) if text else None for text in self[:4])
        return as_of(es, ls, ee, le, day)


@dataclass(frozen=True, slots=True)
class Listed:
    """One thing of a list. ``certainty``: only where a day was asked for."""

    slug: str
    span: Span | None
    certainty: Certainty | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path: from a thing to another, by way of a third that joins or is one of them."""

    start: Place
    end: Place
    via: Place


def spans(projection: Projection, places: Iterable[Place]) -> dict[Place, Span]:
    """The dates of those of these things that have any."""
    out: dict[Place, Span] = {}
    for kind, slugs in by_kind(places):
        sql = f"SELECT * FROM spans WHERE kind = ? AND slug IN ({','.join('?' * len(slugs))})"
        rows = projection.rows(sql, (kind, *slugs))
        out.update(((place, slug), Span(*rest)) for place, slug, *rest in rows)
    return out


def listed(
    projection: Projection, kind: str, lang: str, chosen: Mapping[str, Sequence[str]], on: date | None = None
) -> list[Listed]:
    """All things of a kind that have the values chosen (of one facet any, of several all), sorted by label.

    ``on``: only those that were, or may have been, in force or happening that day; what has no date is left out.
    """
    dated: dict[str, Span] = {}
    sql, values = "SELECT slug, es, ls, ee, le, start, end, point FROM spans WHERE kind = ?", [kind]
    if on is not None:
        sql += " AND (es IS NULL OR es <= ?)"
        # an end is the first day it no longer holds; of what happens once, the last day it can have been
        sql += " AND (le IS NULL OR le > ? OR (point IS NOT NULL AND le = ?))"
        values += [on.isoformat()] * 3
    for slug, *rest in projection.rows(sql, values):
        dated[slug] = Span(*rest)
    sql, values = "SELECT slug, sort FROM lists WHERE kind = ? AND lang = ?", [kind, lang]
    for facet, wanted in chosen.items():
        marks = ",".join("?" * len(wanted))
        sql += f" AND slug IN (SELECT slug FROM list_facets WHERE kind = ? AND facet = ? AND value IN ({marks}))"
        values += [kind, facet, *wanted]
    out = []
    for slug, _ in projection.rows(sql + " ORDER BY sort, slug", values):
        span = dated.get(slug)
        certainty = span.on(on) if span is not None and on is not None else None
        if on is None or certainty in ("certain", "possible"):
            out.append(Listed(slug, span, certainty))
    return out


def facet_names(projection: Projection, kind: str) -> list[str]:
    """What things of a kind can be filtered by."""
    sql = "SELECT DISTINCT facet FROM list_facets WHERE kind = ? ORDER BY 1"
    return [name for (name,) in projection.rows(sql, (kind,))]


def facet_counts(projection: Projection, kind: str, slugs: Sequence[str] | None) -> dict[str, dict[str, int]]:
    """Facet to value to number of things, of all or of these; the most frequent first."""
    sql, values = "SELECT facet, value, COUNT(*) FROM list_facets WHERE kind = ?", [kind]
    if slugs is not None:
        sql += " AND slug IN (SELECT value FROM json_each(?))"
        values.append(json.dumps(list(slugs)))
    out: dict[str, dict[str, int]] = {}
    for facet, value, n in projection.rows(sql + " GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2", values):
        out.setdefault(facet, {})[value] = n
    return out


def path(projection: Projection, first: Place, second: Place, most: int = 6) -> list[Step]:
    """A shortest chain of posts, events, agreements, programmes and bodies from one thing to another; [] if none.

    Of chains of one length the same is found each time. ``most``: steps.
    """
    if first == second:
        return []
    came: dict[Place, Step | None] = {first: None}
    far = {first: 0}
    todo = deque([first])
    while todo and len(came) < _EXPLORED:
        here = todo.popleft()
        if far[here] == most:
            break
        for other, via in _neighbours(projection, here):
            if other not in came:
                came[other], far[other] = Step(here, other, via), far[here] + 1
                if other == second:
                    return _traced(came, second)
                todo.append(other)
    return []


def _neighbours(projection: Projection, here: Place) -> list[tuple[Place, Place]]:
    sql = "SELECT other_kind, other_slug, via_kind, via_slug FROM edges WHERE kind = ? AND slug = ? ORDER BY 1, 2, 3, 4"
    return [((k, s), (vk, vs)) for k, s, vk, vs in projection.rows(sql, here)]


def _traced(came: Mapping[Place, Step | None], end: Place) -> list[Step]:
    out: list[Step] = []
    step = came[end]
    while step is not None:
        out.append(step)
        step = came[step.start]
    return out[::-1]
