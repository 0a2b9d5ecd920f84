"""What the evidence says of a date becomes one EDTF text with its bounds (docs/model.md, "Time").

The evidence of the best rank that is not deprecated counts. Several statements of it are intersected;
if they cannot all hold, the value is the set of them all, disputed. What held on some day (an
attestation) narrows a start to that day or before, and an end to after it; if nothing is left, the
stated value stands, disputed. The order of the evidence never matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce

from kg.dates.days import ALWAYS, ONE_DAY, Day, Range, Ranges, intersect, normalise, shift_months
from kg.dates.edtf import Extent, parse


@dataclass(frozen=True, slots=True)
class Statement:
    """One piece of evidence on a thing's date: what it states of a property, or a day it held (``attests``)."""

    evidence: str
    property: str | None
    edtf: str
    attests: bool = False
    rank: str = "normal"  # preferred, normal or deprecated


@dataclass(frozen=True, slots=True)
class Resolved:
    """The one value: text and bounds (None: unknown), whether evidence disagrees, which evidence it rests on.

    For a start, ``earliest`` is a possible day and ``latest`` a certain one; for an end the other way
    round; for a point both are possible days.
    """

    edtf: str | None = None
    earliest: Day = None
    latest: Day = None
    disputed: bool = False
    used: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Span:
    """Start and end of what held for a time."""

    start: Resolved
    end: Resolved
    disputed: bool
    used: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Known:
    """Possible days, and the days within which it surely lies (wider, where a source is in doubt)."""

    possible: Ranges
    certain: Ranges


def resolve_span(statements: Iterable[Statement]) -> Span:
    """Start and end by all evidence of one thing. Raises :class:`kg.dates.DateError` for a text that is no date."""
    live = [s for s in statements if s.rank != "deprecated"]
    start, end = _resolve(live, "start"), _resolve(live, "end")
    return Span(start, end, start.disputed or end.disputed, tuple(sorted({*start.used, *end.used})))


def resolve_point(statements: Iterable[Statement], property: str) -> Resolved:
    """The day of ``when``, ``completed`` and the like; attestations say nothing of it. Raises as resolve_span."""
    return _resolve([s for s in statements if s.rank != "deprecated"], property)


def _resolve(live: Sequence[Statement], name: str) -> Resolved:
    stated = [s for s in live if not s.attests and s.property == name]
    rank = "preferred" if any(s.rank == "preferred" for s in stated) else "normal"
    best = [s for s in stated if s.rank == rank]
    extents = [parse(text) for text in sorted({s.edtf for s in best})]
    used = {s.evidence for s in best}
    known, disputed = _combine(extents) if extents else (None, False)
    limits = _limits(live, name)
    if limits:
        limit = min(limits) if name == "start" else max(limits)
        side: Ranges = ((None, limit),) if name == "start" else ((limit, None),)
        old = known or _Known(ALWAYS, ALWAYS)
        narrowed = _Known(intersect(old.possible, side), intersect(old.certain, side))
        if not narrowed.possible:
            disputed = True
        elif narrowed != old:
            known = narrowed
            used |= {evidence for day, found in limits.items() if day == limit for evidence in found}
    if known is None:
        return Resolved()
    possible, certain = known.possible, known.certain
    others = (parse(s.edtf).ranges for s in stated if s.rank != rank)
    disputed = disputed or any(not intersect(ranges, possible) for ranges in others)
    earliest = (certain if name == "end" else possible)[0][0]
    latest = (certain if name == "start" else possible)[-1][1]
    return Resolved(_text(known, extents), earliest, latest, disputed, tuple(sorted(used)))


def _combine(extents: Sequence[Extent]) -> tuple[_Known, bool]:
    possible = reduce(intersect, (e.ranges for e in extents))
    if possible:
        return _Known(possible, reduce(intersect, (e.certain_ranges for e in extents))), False
    joined = normalise(r for e in extents for r in e.ranges)
    return _Known(joined, normalise(r for e in extents for r in e.certain_ranges)), True


def _limits(live: Iterable[Statement], name: str) -> dict[date, list[str]]:
    """Day to evidence: the latest day it can have started, or the earliest it can have ended, by attestations."""
    out: dict[date, list[str]] = {}
    for statement in live:
        if statement.attests and name in ("start", "end"):
            extent = parse(statement.edtf)
            day = extent.begun_by if name == "start" else extent.lasting_from
            if day is not None and (name == "start" or day < date.max):
                out.setdefault(day if name == "start" else day + ONE_DAY, []).append(statement.evidence)
    return out


def _text(known: _Known, extents: Sequence[Extent]) -> str:
    """A source's own words where they say the same, else the canonical text."""
    same = [e for e in extents if e.ranges == known.possible]
    exact = [e for e in same if e.certain_ranges == known.certain]
    doubtful = [e for e in same if e.qualified and known.certain != known.possible]
    if choice := exact or doubtful:
        return min((e.text for e in choice), key=lambda t: (len(t), t))
    return canonical(known.possible, known.certain)


def canonical(possible: Ranges, certain: Ranges) -> str:
    """The EDTF text of these days: a date, a set, or with doubt a date or interval with ``?``.

    A side has no ``?`` where the certain days end there too. A doubtful set whose parts are no whole
    days, months or years is widened to its hull.
    """
    low, high = possible[0][0], possible[-1][1]
    low_mark = "" if low == certain[0][0] else "?"
    high_mark = "" if high == certain[-1][1] else "?"
    units = [_unit(r) for r in possible]
    if low_mark or high_mark:
        if all(units):
            marked = [f"{unit}?" for unit in units]
            return marked[0] if len(marked) == 1 else f"[{','.join(marked)}]"
        return f"{f'{low}{low_mark}' if low else '..'}/{f'{high}{high_mark}' if high else '..'}"
    if len(units) == 1 and units[0]:
        return units[0]
    if possible == ALWAYS:
        return "../.."
    parts = [unit or f"{r[0] or ''}..{r[1] or ''}" for unit, r in zip(units, possible, strict=True)]
    return f"[{','.join(parts)}]"


def _unit(days: Range) -> str | None:
    """The range as one day, month or year."""
    low, high = days
    if low is None or high is None:
        return None
    if low == high:
        return low.isoformat()
    if low.day == 1 and high == shift_months(low, 0, to_end=True):
        return low.isoformat()[:7]
    whole_year = (low.month, low.day) == (1, 1) and high == date(low.year, 12, 31)
    return low.isoformat()[:4] if whole_year else None


def start_bounds(text: str) -> tuple[Day, Day]:
    """``(earliestStart, latestStart)`` of an EDTF text. Raises :class:`kg.dates.DateError`."""
    extent = parse(text)
    return extent.earliest, extent.certain_latest


def end_bounds(text: str) -> tuple[Day, Day]:
    """``(earliestEnd, latestEnd)`` of an EDTF text. Raises :class:`kg.dates.DateError`."""
    extent = parse(text)
    return extent.certain_earliest, extent.latest
