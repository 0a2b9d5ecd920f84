"""EDTF texts to possible days (ISO 8601-2:2019 annex A; https://www.loc.gov/standards/datetime/, levels 0-2).

Dates, unspecified digits, trailing ``? ~ %``, sets and intervals are taken apart here, over
``datetime.date``; the ``edtf`` package parses what is left (seasons, marks on one component, times,
significant digits). Its own bounds are never used: it pads them by years, takes 2023-02-29 and gives
no usable reason. It is also kept from sets and unspecified months, for which it needs up to 40 ms,
or crashes with a print to stdout (``2022-1X``, ``2022-XX/2023`` in 5.0.2).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import product
from typing import Any, Final, Literal

from kg.dates.days import (
    ALWAYS,
    ONE_DAY,
    SEASONS,
    DateError,
    Day,
    Range,
    Ranges,
    normalise,
    plain,
    problem,
    refuse_other_ways,
    shift_months,
)

_MARKS: Final = ("?", "~", "%")
_MOST_RANGES: Final = 1500  # 20XX-XX-01 needs 1,200; XXXX-XX-01 would need 120,000

MASK: Final = re.compile(r"([0-9X]{4})(?:-([0-9X]{2})(?:-([0-9X]{2}))?)?")


@dataclass(frozen=True, slots=True)
class Extent:
    """The days that an EDTF text can mean.

    ``ranges`` are the possible days, sorted, apart from each other, gaps kept; ``certain_ranges`` the
    days that it vouches for: the same without ``?~%``, else everything (an interval may vouch for one
    side). ``sure`` are the days surely in it when it tells the time of an event. ``begun_by`` and
    ``lasting_from`` read it as a time something held: the latest possible first day and the earliest
    possible last day; None where doubtful or open.
    """

    text: str
    ranges: Ranges
    certain_ranges: Ranges
    sure: tuple[tuple[date, date], ...] = ()
    begun_by: Day = None
    lasting_from: Day = None
    uncertain: bool = False
    approximate: bool = False
    months: int = 0  # the unit of the stated precision: so many months, or one day if 0

    @property
    def earliest(self) -> Day:
        return self.ranges[0][0]

    @property
    def latest(self) -> Day:
        return self.ranges[-1][1]

    @property
    def certain_earliest(self) -> Day:
        return self.certain_ranges[0][0]

    @property
    def certain_latest(self) -> Day:
        return self.certain_ranges[-1][1]

    @property
    def qualified(self) -> bool:
        return self.uncertain or self.approximate


@dataclass(frozen=True, slots=True)
class Pieces:
    """An EDTF text taken apart. Items are (from, to): equal for one date, None for an open side."""

    kind: Literal["atom", "interval", "one", "all"]
    items: tuple[tuple[str | None, str | None], ...]


@lru_cache(maxsize=65536)
def parse(text: str) -> Extent:
    """The extent of an EDTF text. Raises :class:`DateError`, whose finding has ``value`` = the text."""
    try:
        if bounds := plain(text):
            return _plain(text, bounds)
        pieces = take_apart(text)
        if pieces.kind == "atom":
            return _atom(text)
        sides = [(_side(low), _side(high)) for low, high in pieces.items]
        return _interval(text, *sides[0]) if pieces.kind == "interval" else _set(text, pieces, sides)
    except DateError as error:
        if error.finding.code == "date-form":  # told of the whole, with the part that cannot be read
            raise problem("date-form", text, part=error.finding.value or text) from None
        raise DateError(replace(error.finding, value=text)) from None


def take_apart(text: str) -> Pieces:
    """The structure of an EDTF text; its dates are not looked at. Raises :class:`DateError`."""
    if not text:
        raise problem("date-empty", text)
    refuse_other_ways(text)
    if any(c.isspace() for c in text):
        raise problem("date-blank", text)
    if text[0] in "[{" or text[-1] in "]}":
        if text[0] + text[-1] not in ("[]", "{}"):
            raise problem("date-form", text, part=text)
        return Pieces("one" if text[0] == "[" else "all", tuple(_elements(text)))
    if "/" in text:
        low, _, high = text.partition("/")
        if "/" in high or not (low or high):
            raise problem("date-form", text, part=text)
        return Pieces("interval", ((_open(low), _open(high)),))
    return Pieces("atom", ((text, text),))


def _open(side: str) -> str | None:
    return None if side in ("", "..") else side


def _elements(text: str) -> Iterable[tuple[str | None, str | None]]:
    parts = text[1:-1].split(",")
    for place, part in enumerate(parts):
        low, dots, high = part.partition("..")
        # an open side stands only at the ends of the list
        wrong = (not low and place > 0) or (dots and not high and place < len(parts) - 1)
        if wrong or not (low or high):
            raise problem("date-form", part, part=part)
        yield (low or None, (high or None) if dots else low)


def _side(text: str | None) -> Extent | None:
    return None if text is None else _atom(text)


def _ordered(text: str, low: Extent, high: Extent) -> None:
    if low.earliest and high.latest and low.earliest > high.latest:
        raise problem("date-order", text, first=low.text, last=high.text)


def _interval(text: str, low: Extent | None, high: Extent | None) -> Extent:
    if low and high:
        _ordered(text, low, high)
    low_ok, high_ok = bool(low and not low.qualified), bool(high and not high.qualified)
    begun = low.latest if low and low_ok else high.latest if high and high_ok else None
    lasting = high.earliest if high and high_ok else low.earliest if low and low_ok else None
    both = low_ok and high_ok and begun is not None and lasting is not None and begun <= lasting
    return Extent(
        text,
        ((low.earliest if low else None, high.latest if high else None),),
        ((low.earliest if low and low_ok else None, high.latest if high and high_ok else None),),
        ((begun, lasting),) if both and begun and lasting else (),
        begun,
        lasting,
        any(side.uncertain for side in (low, high) if side),
        any(side.approximate for side in (low, high) if side),
    )


def _set(text: str, pieces: Pieces, sides: Sequence[tuple[Extent | None, Extent | None]]) -> Extent:
    ranges: list[Range] = []
    sure: list[tuple[date, date]] = []
    begun: list[date] = []
    lasting: list[date] = []
    for (low_text, high_text), (low, high) in zip(pieces.items, sides, strict=True):
        if low and low_text == high_text:
            ranges += low.ranges
            sure += low.sure
        else:
            if low and high:
                _ordered(text, low, high)
                if low.sure and high.sure:  # day..day: in a list of all, each day between
                    sure.append((low.sure[0][0], high.sure[0][0]))
            ranges.append((low.earliest if low else None, high.latest if high else None))
        first, last = low or high, high or low
        begun += [first.begun_by] if first and first.begun_by else []
        lasting += [last.lasting_from] if last and last.lasting_from else []
    members = [side for pair in sides for side in pair if side]
    whole = normalise(ranges)
    qualified = any(side.qualified for side in members)
    if pieces.kind == "one":
        days = whole[0] if len(whole) == 1 and not qualified else (None, None)
        sure = [(days[0], days[0])] if days[0] and days[0] == days[1] else []
        # one of the days: all must lie on the safe side
        begun = [whole[-1][1]] if whole[-1][1] and not qualified else []
        lasting = [whole[0][0]] if whole[0][0] and not qualified else []
    return Extent(
        text,
        whole,
        ALWAYS if qualified else whole,
        tuple(sorted(sure)),
        min(begun, default=None),
        max(lasting, default=None),
        any(side.uncertain for side in members),
        any(side.approximate for side in members),
    )


def _sound(text: str, ranges: Ranges, months: int) -> Extent:
    """The extent of one date without a mark."""
    low, high = ranges[0][0], ranges[-1][1]
    sure = ((low, high),) if low and low == high else ()
    return Extent(text, ranges, ranges, sure, high, low, months=months)


def _plain(text: str, bounds: tuple[date, date]) -> Extent:
    return _sound(text, (bounds,), {4: 12, 7: 1, 10: 0}[len(text)])


def _atom(text: str) -> Extent:
    if bounds := plain(text):
        return _plain(text, bounds)
    if text[-1:] in _MARKS:
        if len(text) < 5 or text[-2] in _MARKS:
            raise problem("date-form", text, part=text)
        base = _atom(text[:-1])
        return _mark(replace(base, text=text), text[-1], base.months)
    match = MASK.fullmatch(text)
    if match and "X" in text:
        return _unspecified(text, match[1], match[2], match[3])
    return _by_package(text)


def _mark(base: Extent, mark: str, months: int) -> Extent:
    """The date with ``?``, ``~`` or ``%``; ``months`` is the unit by which ``~`` moves the outer bounds."""
    ranges = base.ranges
    if mark != "?":
        ranges = normalise(_wider(low, high, months) for low, high in ranges)
    return replace(
        base,
        ranges=ranges,
        certain_ranges=ALWAYS,
        sure=(),
        begun_by=None,
        lasting_from=None,
        uncertain=base.uncertain or mark != "~",
        approximate=base.approximate or mark != "?",
    )


def _wider(low: Day, high: Day, months: int) -> Range:
    if low is None or high is None:  # no atom has an open side
        return low, high
    if not months:
        return (max(low, date.min + ONE_DAY) - ONE_DAY, min(high, date.max - ONE_DAY) + ONE_DAY)
    whole = low.day == 1 and (high == date.max or (high + ONE_DAY).day == 1)
    return shift_months(low, -months), shift_months(high, months, to_end=whole)


def _numbers(mask: str, first: int, last: int) -> list[int]:
    options = [("0123456789" if c == "X" else c) for c in mask]
    return [n for digits in product(*options) if first <= (n := int("".join(digits))) <= last]


def _unspecified(text: str, year: str, month: str | None, day: str | None) -> Extent:
    years = _numbers(year, 1, 9999)
    months = _numbers(month or "XX", 1, 12)
    days = _numbers(day or "XX", 1, 31)
    if len(years) * len(months) * len(days) > 100_000 and not (len(months) == 12 and len(days) == 31):
        raise problem("date-vague", text)
    ranges: list[Range] = []
    if len(months) == 12 and len(days) == 31:
        ranges = [(date(y, 1, 1), date(y, 12, 31)) for y in years]
    elif len(days) == 31:
        ranges = [(date(y, m, 1), date(y, m, monthrange(y, m)[1])) for y in years for m in months]
    else:
        all_days = [date(y, m, d) for y in years for m in months for d in days if d <= monthrange(y, m)[1]]
        ranges = [(d, d) for d in all_days]
    found = normalise(ranges)
    if not found:
        raise problem("date-mask", text)
    if len(found) > _MOST_RANGES:
        raise problem("date-vague", text)
    if day and day != "XX":
        unit = 0
    elif month and month != "XX":
        unit = 1
    else:
        unit = 12 * 10 ** (len(year) - len(year.rstrip("X")))
    return _sound(text, found, unit)


def _by_package(text: str) -> Extent:
    if "X" in text or "^" in text:
        raise problem("date-form", text, part=text)
    from edtf import parse_edtf  # builds its grammar on import: 0.2 s that most runs never need
    from edtf.parser import edtf_exceptions
    from edtf.parser import parser_classes as tree

    try:
        node = parse_edtf(text)
    except edtf_exceptions.EDTFParseException:
        raise problem("date-form", text, part=text) from None
    if isinstance(node, tree.LongYear) or text.startswith("-"):
        raise problem("date-year", text)
    if isinstance(node, tree.Season):
        return _season(text, int(node.year), int(node.season))
    if isinstance(node, tree.DateAndTime):
        return replace(_atom(str(node.date)), text=text)
    if isinstance(node, tree.PartialUncertainOrApproximate):
        return _marked_parts(text, node)
    if isinstance(node, tree.Date) and node.significant_digits:
        return _significant(text, str(node.year), int(node.significant_digits))
    raise problem("date-form", text, part=text)


def _season(text: str, year: int, number: int) -> Extent:
    if year == 0:
        raise problem("date-year", text)
    first, length = SEASONS[number]
    start = date(year, first, 1)
    ranges: list[Range] = [(start, shift_months(start, length - 1, to_end=True))]
    if first == 12:  # "winter 2022" may have begun or ended in 2022
        ranges.append((date(year, 1, 1), shift_months(date(year, 2, 1), 0, to_end=True)))
    return _sound(text, normalise(ranges), length)


def _significant(text: str, year: str, digits: int) -> Extent:
    """``1950S2``: about 1950, of which two digits are known."""
    mask = year[:digits] + "X" * (4 - digits)
    return replace(_unspecified(mask, mask, None, None) if "X" in mask else _atom(year), text=text)


def _marked_parts(text: str, node: Any) -> Extent:
    """Marks on components: ``2022-?06-11``, ``2022~-06``. ``~`` moves by the coarsest part it marks."""
    base = _atom("-".join(part for part in (node.year, node.month, node.day) if part))
    marks = (
        # a mark right of the month is also one on the year, as that of a month within its year
        (12, node.year_ua or node.year_ua_b),
        (1, node.month_ua or node.year_month_ua),
        (0, node.day_ua),
    )
    for months, mark in marks:
        if mark:
            base = _mark(base, str(mark), months)
    return replace(base, text=text)
