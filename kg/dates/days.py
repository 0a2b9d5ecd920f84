"""Days and ranges of days: plain dates with exact messages, and the algebra of sets of days."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Final

from babel.dates import get_month_names

from kg.findings import Finding, finding
from kg.terms import LANGUAGES

Day = date | None
Range = tuple[Day, Day]
"""First and last day, both inclusive; None is an open or unknown side."""
Ranges = tuple[Range, ...]

ALWAYS: Final[Ranges] = ((None, None),)
ONE_DAY: Final = timedelta(days=1)

PLAIN: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?", re.ASCII)
_DAY_FIRST: Final = re.compile(r"\s*(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?!\d).*", re.ASCII | re.DOTALL)
_YEAR_FIRST: Final = re.compile(
    r"\s*(\d{4})[./-](\d{1,2})[./-](\d{1,2})(?![\dX]).*|(\d{4})(\d\d)(\d\d)", re.ASCII | re.DOTALL
)

# Season number -> (first month, months). 21-24 are read as northern, like 25-28: the graph is about
# Kazakhstan. A winter is December of the year and January and February on either side of it.
SEASONS: Final[dict[int, tuple[int, int]]] = {
    **{n: m for first in (21, 25) for n, m in enumerate(((3, 3), (6, 3), (9, 3), (12, 3)), first)},
    **dict(enumerate(((9, 3), (12, 3), (3, 3), (6, 3)), 29)),
    **{33 + i: (1 + 3 * i, 3) for i in range(4)},
    **{37 + i: (1 + 4 * i, 4) for i in range(3)},
    **{40 + i: (1 + 6 * i, 6) for i in range(2)},
}


class DateError(ValueError):
    """A text that is no EDTF date; ``finding`` says what is wrong and what to write."""

    def __init__(self, found: Finding) -> None:
        super().__init__(found.text())
        self.finding = found


def problem(code: str, text: str, **values: Any) -> DateError:
    """The error with this code of kg/messages/dates.yaml about this text."""
    return DateError(finding(code, value=text, **values))


def plain(text: str) -> tuple[date, date] | None:
    """First and last day of ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``; None if the text has another form.

    Raises :class:`DateError` for a month, a day or a year that does not exist.
    """
    match = PLAIN.fullmatch(text)
    if not match or (match[2] and not match[3] and int(match[2]) in SEASONS):
        return None
    year = int(match[1])
    if year == 0:
        raise problem("date-year", text)
    if not match[2]:
        return date(year, 1, 1), date(year, 12, 31)
    month = int(match[2])
    if not 1 <= month <= 12:
        raise problem("date-month", text, given=match[2])
    days = monthrange(year, month)[1]
    if not match[3]:
        return date(year, month, 1), date(year, month, days)
    day = int(match[3])
    if not 1 <= day <= 31:
        raise problem("date-day", text, given=match[3])
    if day > days:
        names = {lang: month_name(month, lang) for lang in LANGUAGES}
        raise problem("date-no-such-day", text, year=year, days=days, month=names)
    the_day = date(year, month, day)
    return the_day, the_day


def normalise(ranges: Iterable[Range]) -> Ranges:
    """The same days as sorted ranges that neither overlap nor touch."""
    out: list[Range] = []
    for low, high in sorted(ranges, key=lambda r: (r[0] or date.min, r[1] or date.max)):
        if out and touches(out[-1][1], low):
            last = out[-1]
            out[-1] = (last[0], None if last[1] is None or high is None else max(last[1], high))
        else:
            out.append((low, high))
    return tuple(out)


def touches(high: Day, low: Day) -> bool:
    """Whether a range that ends on ``high`` leaves no gap before one that begins on ``low``."""
    return high is None or low is None or high == date.max or low <= high + ONE_DAY


def intersect(left: Ranges, right: Ranges) -> Ranges:
    """The days in both; empty if there are none."""
    out: list[Range] = []
    i = j = 0
    while i < len(left) and j < len(right):
        (a, b), (c, d) = left[i], right[j]
        low = c if a is None else a if c is None else max(a, c)
        high = d if b is None else b if d is None else min(b, d)
        if low is None or high is None or low <= high:
            out.append((low, high))
        if d is None or (b is not None and b <= d):
            i += 1
        else:
            j += 1
    return tuple(out)


def shift_months(day: date, months: int, *, to_end: bool = False) -> date:
    """The day so many months on, or the last day of that month; stays within the years 0001-9999."""
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    if year < 1:
        return date.min
    if year > 9999:
        return date.max
    length = monthrange(year, month)[1]
    return date(year, month, length if to_end else min(day.day, length))


def refuse_other_ways(text: str) -> None:
    """24.06.2022 and its like: never guessed at, but the finding says what to write."""
    for pattern, order in ((_DAY_FIRST, (3, 2, 1)), (_YEAR_FIRST, (1, 2, 3)), (_YEAR_FIRST, (4, 5, 6))):
        match = pattern.fullmatch(text)
        if match and match[order[0]]:
            try:
                better = date(*(int(match[i]) for i in order)).isoformat()
            except ValueError:
                continue
            if not text.startswith(better):
                raise problem("date-other-way", text, better=better)


def month_name(month: int, lang: str, case: str = "stand-alone") -> str:
    """The name of the month by CLDR; ``case`` is ``stand-alone`` or ``format`` (in Russian the genitive)."""
    name = str(get_month_names("wide", "format" if case == "format" else "stand-alone", lang)[month])
    return name if lang == "en" else name.lower()
