"""A timeline as geometry: one row for each thing, what is sure, what is possible, and where an end is open. Pure.

The page draws it as SVG (timeline.html) and says the same in a table; nothing here knows of markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from math import ceil, floor
from typing import Any, Final

WIDTH, LABELS, RIGHT = 760.0, 262.0, 738.0
"""Of the drawing: its width, where the labels end, where time ends."""
ROW, TOP = 27.0, 26.0
MOST: Final = 40
"""Rows drawn; the table has them all."""
_STEPS: Final = (1, 2, 5, 10, 20, 50, 100)
_TICKS: Final = 8
_LEAST: Final = 4.0
"""Width below which a bar would not be seen."""

Day = date | None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing in time. ``es, ls, ee, le``: bounds of start and end; ``point``: the days of what was once."""

    label: str
    href: str
    told: str
    bounds: tuple[Day, Day, Day, Day] = (None, None, None, None)
    point: tuple[Day, Day] | None = None


@dataclass(slots=True)
class Row:
    """Where a line is drawn. Bars are ``(x, width, class)``, open ends ``(x1, x2)``; ``points``: ``(x, class)``."""

    y: float
    label: str
    href: str
    told: str
    bars: list[tuple[float, float, str]] = field(default_factory=list)
    open: list[tuple[float, float]] = field(default_factory=list)
    points: list[tuple[float, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The whole. ``ticks``: ``(x, year)``; ``day``: where the day asked for is, None where it is out of sight."""

    width: float
    height: float
    labels: float
    rows: tuple[Row, ...]
    ticks: tuple[tuple[float, int], ...]
    day: float | None
    left_out: int


def draw(lines: Sequence[Line], on: date) -> Drawing | None:
    """The drawing; None where no line has a day that is known."""
    known = [d for line in lines for d in _days(line) if d is not None]
    if not known:
        return None
    open_end = any(line.point is None and line.bounds[3] is None for line in lines)
    first, last = _year(min(known)), _year(max([*known, on] if open_end and on >= min(known) else known))
    room = max(1.0, (last - first) * 0.06)
    low, high = floor(first - room / 2), ceil(last + room)

    def x(day: date) -> float:
        return round(LABELS + (RIGHT - LABELS) * (_year(day) - low) / (high - low), 1)

    shown = lines[:MOST]
    rows = tuple(_row(line, TOP + i * ROW, x) for i, line in enumerate(shown))
    step = next((s for s in _STEPS if (high - low) / s <= _TICKS), _STEPS[-1])
    years = range(ceil(low / step) * step, high + 1, step)
    ticks = tuple((x(date(year, 1, 1)), year) for year in years if 1 <= year <= 9998)
    at = x(on) if low <= _year(on) <= high else None
    return Drawing(WIDTH, TOP + len(rows) * ROW + 6, LABELS, rows, ticks, at, len(lines) - len(shown))


def _row(line: Line, y: float, x: Any) -> Row:
    row = Row(y, line.label, line.href, line.told)
    if line.point is not None:
        first, last = line.point
        if first is None or last is None:
            if (day := first or last) is not None:
                edge = LABELS if first is None else RIGHT
                row.open.append((min(x(day), edge), max(x(day), edge)))
        elif x(last) - x(first) > _LEAST:
            row.bars.append((x(first), round(x(last) - x(first), 1), "maybe"))
        else:
            row.points.append((x(first), "point"))
        return row
    es, ls, ee, le = line.bounds
    start, end = ls or es, ee or le
    sure = ls is not None and ee is not None
    if start is not None and end is not None and start < end:  # where not both are sure, what lies between is possible
        _bar(row, x(start), x(end), "sure" if sure else "maybe")
    if es is not None and ls is not None and es < ls:
        _bar(row, x(es), x(ls), "maybe")
    if ee is not None and le is not None and ee < le:
        _bar(row, x(ee), x(le), "maybe")
    if start is None and end is None:
        return row
    if es is None and (to := ls or end) is not None:
        row.open.append((LABELS, x(to)))
    if le is None and (since := ee or start) is not None:
        row.open.append((x(since), RIGHT))
    return row


def _bar(row: Row, left: float, right: float, name: str) -> None:
    row.bars.append((left, round(max(right - left, _LEAST), 1), name))


def _days(line: Line) -> Iterable[Day]:
    return line.point if line.point is not None else line.bounds


def _year(day: date) -> float:
    return day.year + (day.timetuple().tm_yday - 1) / 366
