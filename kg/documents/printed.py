"""Dates as they are printed in news: day first always, a number after a date is no year, no year is made up.

Forms: ``24.06.2022``, ``2022-06-24``, ``March 14, 2024``, ``18 january, 2023``, ``28 октября 2021 года``, ``2021 жылғы
28 қазан``, and each of those with a month in words without its year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

_MONTHS: Final[tuple[tuple[str, ...], ...]] = (
    ("january", "jan", "января", "январь", "қаңтар"),
    ("february", "feb", "февраля", "февраль", "ақпан"),
    ("march", "mar", "марта", "март", "наурыз"),
    ("april", "apr", "апреля", "апрель", "сәуір"),
    ("may", "мая", "май", "мамыр"),
    ("june", "jun", "июня", "июнь", "маусым"),
    ("july", "jul", "июля", "июль", "шілде"),
    ("august", "aug", "августа", "август", "тамыз"),
    ("september", "sept", "sep", "сентября", "сентябрь", "қыркүйек"),
    ("october", "oct", "октября", "октябрь", "қазан"),
    ("november", "nov", "ноября", "ноябрь", "қараша"),
    ("december", "dec", "декабря", "декабрь", "желтоқсан"),
)
_NUMBER: Final = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
_MONTH: Final = r"(?P<month>" + "|".join(sorted(_NUMBER, key=len, reverse=True)) + r")\.?(?![^\W\d_])"
_YEAR: Final = r"(?P<year>(?:1[89]|20)\d\d)(?!\d)"
_DAY: Final = r"(?<![\d.,])(?P<day>\d{1,2})"

_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?<![\d.])(?P<day>\d{1,2})[./](?P<month>\d{1,2})[./](?P<year>\d{4})(?!\d)",
        r"(?<![\d-])(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?!\d)",
        rf"(?<!\d){_YEAR}\s+жыл\w*\s+(?P<day>\d{{1,2}})\s+{_MONTH}",
        rf"(?<![^\W\d_]){_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+{_YEAR})?",
        rf"{_DAY}(?:st|nd|rd|th)?(?:\s+of)?\s+{_MONTH}(?:,?\s+{_YEAR})?",
    )
)


@dataclass(frozen=True, slots=True)
class Printed:
    """A date in a text: its span, what stands there, and the day; ``edtf`` is None without a year, or if impossible."""

    start: int
    end: int
    printed: str
    day: int
    month: int
    year: int | None
    edtf: str | None

    @property
    def impossible(self) -> bool:
        """A year is printed, and there is no such day."""
        return self.year is not None and self.edtf is None


def dates_in(text: str, start: int = 0, end: int | None = None) -> list[Printed]:
    """All dates printed between two offsets, in their order. A month alone, or a bare year, is no date here."""
    end = len(text) if end is None else end
    taken: list[Printed] = []
    for form in _FORMS:  # those with a year first, so that a shorter form does not take a part of one
        for found in _matches(form, text, start, end):
            if not any(found.start < other.end and other.start < found.end for other in taken):
                taken.append(found)
    return sorted(taken, key=lambda d: d.start)


def _matches(form: re.Pattern[str], text: str, start: int, end: int) -> Iterator[Printed]:
    for match in form.finditer(text, start, end):
        month = match["month"]
        if match["year"] is None and month.isascii() and month[0].islower():
            continue  # "may 12 pupils", "march 5 km": without a year only a capital makes a month of it
        number = int(month) if month.isdigit() else _NUMBER[month.lower()]
        day, year = int(match["day"]), int(match["year"]) if match["year"] else None
        yield Printed(match.start(), match.end(), match[0], day, number, year, _edtf(year, number, day))


def _edtf(year: int | None, month: int, day: int) -> str | None:
    if year is None:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
