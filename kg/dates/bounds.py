"""Bounds of a time something held, and what they say of a day and of each other.

Times are half-open: ``end`` is the first day it no longer holds, and there is at least one day on
which it did. Everything here is a pure function of bounds and only ever narrows them; what
contradicts itself is left as it is, for the shapes to report.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kg.dates.days import ONE_DAY, Day

Certainty = Literal["certain", "possible", "no"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Earliest and latest start, earliest and latest end; None is unknown."""

    es: Day = None
    ls: Day = None
    ee: Day = None
    le: Day = None


def as_of(es: Day, ls: Day, ee: Day, le: Day, day: date) -> Certainty:
    """Whether it held on the day: on every, on some or on no reading of its bounds."""
    if ls is not None and ee is not None and ls <= day < ee:
        return "certain"
    return "possible" if (es is None or es <= day) and (le is None or day < le) else "no"


def consistent(bounds: Bounds) -> bool:
    """Whether some start and some later end fit the bounds."""
    first = bounds.es or date.min
    last = bounds.le or date.max
    return not (_above(bounds.es, bounds.ls) or _above(bounds.ee, bounds.le)) and first < last


def in_order(bounds: Bounds) -> Bounds:
    """The same with what follows from start < end; unchanged where nothing fits."""
    if not consistent(bounds):
        return bounds
    # consistent, so neither step can pass the ends of the calendar
    ls = bounds.ls if bounds.le is None else _least(bounds.ls, bounds.le - ONE_DAY)
    ee = bounds.ee if bounds.es is None else _most(bounds.ee, bounds.es + ONE_DAY)
    return Bounds(bounds.es, ls, ee, bounds.le)


def clip_to_lifetime(bounds: Bounds, life: Bounds) -> Bounds:
    """The bounds of what held only while something else existed; unchanged where they contradict it."""
    clipped = Bounds(_most(bounds.es, life.es), bounds.ls, bounds.ee, _least(bounds.le, life.le))
    return in_order(clipped) if consistent(bounds) and consistent(life) and consistent(clipped) else bounds


def succeed(tenures: Iterable[tuple[str, Bounds]]) -> dict[str, Bounds]:
    """Bounds of times of which no two overlap, as those in a post with a single holder, by key.

    One that must start before another can have ended lies wholly before it. Applied until nothing
    moves, so the order of the tenures does not matter. Tenures that surely overlap, or that contradict
    themselves, keep their bounds and move no other; where the rest contradicts itself, all stay.
    """
    given = dict(tenures)
    ordered = {key: in_order(b) for key, b in sorted(given.items()) if consistent(b)}
    clashing = {
        key
        for a, b in _pairs(ordered)
        for key in (a, b)
        if _before(ordered[a], ordered[b]) and _before(ordered[b], ordered[a])
    }
    settled = _settle({key: b for key, b in ordered.items() if key not in clashing})
    return {key: settled.get(key, b) for key, b in given.items()} if settled is not None else given


def _settle(now: dict[str, Bounds]) -> dict[str, Bounds] | None:
    """The fixpoint, or None if there is a contradiction: then some chain of ``before`` comes back to itself."""
    # A bound passes on along a chain at most once a round; more rounds than tenures mean a circle, unless
    # a round has found a new pair in order.
    known = 0
    patience = len(now) + 1
    while patience:
        changed = False
        pairs = 0
        for a, b in _pairs(now):
            for first, second in ((a, b), (b, a)):
                one, two = now[first], now[second]
                if not _before(one, two):
                    continue
                pairs += 1
                new_one = in_order(Bounds(one.es, one.ls, one.ee, _least(one.le, two.ls)))
                new_two = in_order(Bounds(_most(two.es, one.ee), two.ls, two.ee, two.le))
                if not (consistent(new_one) and consistent(new_two)):
                    return None
                if (new_one, new_two) != (one, two):
                    now[first], now[second] = new_one, new_two
                    changed = True
        if not changed:
            return now
        patience = len(now) + 1 if pairs > known else patience - 1
        known = max(known, pairs)
    return None


def _before(one: Bounds, two: Bounds) -> bool:
    """Whether ``one`` must start before ``two`` can have ended."""
    return one.ls is not None and two.ee is not None and one.ls < two.ee


def _pairs(bounds: Mapping[str, Bounds]) -> Iterable[tuple[str, str]]:
    keys = sorted(bounds)
    return ((a, b) for i, a in enumerate(keys) for b in keys[i + 1 :])


def _above(low: Day, high: Day) -> bool:
    return low is not None and high is not None and low > high


def _most(left: Day, right: Day) -> Day:
    return right if left is None else left if right is None else max(left, right)


def _least(left: Day, right: Day) -> Day:
    return right if left is None else left if right is None else min(left, right)
