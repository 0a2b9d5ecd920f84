"""Datatypes of the data: how their literals are written, read, and what is said of a wrong one.

One place for tables, shapes' messages and parameters. XSD 1.1 part 2, section 3, narrowed to what the
store keeps as it is: it rewrites or silently turns into unknown literals what lies beyond, so texts
are checked before it sees them. Stricter than XSD: no blanks around, no time zone on dates, years
0001-9999, integers of 64 bits, decimals of 18 digits on either side of the point.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from kg import dates
from kg.findings import Finding, Texts, finding
from kg.terms import EDTF_TYPE, RDF, XSD


@dataclass(frozen=True, slots=True)
class LexicalType:
    """One datatype: its IRI, an example, and ``parse``, which raises ValueError for an ill-formed text."""

    iri: str
    name: str
    example: str
    parse: Callable[[str], Any]

    @property
    def allowed(self) -> Texts:
        """What may be written, in three languages."""
        return finding(f"lexical-{self.name.lower()}", value="", example=self.example).allowed

    def check(self, text: str) -> Finding | None:
        """What is wrong with the text, or None. A warning is about a well-formed text that would change."""
        try:
            self.parse(text)
        except dates.DateError as error:
            # of a datatype narrower than EDTF, only what the calendar lacks is told in EDTF's words
            if self.iri == EDTF_TYPE or error.finding.code in _CALENDAR:
                return replace(error.finding, value=text)
        except ValueError:
            pass
        else:
            if self.name == "integer" and _LEADING_ZERO.match(text):
                return finding("lexical-zeros", value=text, kept=str(int(text)))
            return None
        return finding(f"lexical-{self.name.lower()}", value=text, example=self.example)


def check(datatype: str, text: str) -> Finding | None:
    """What is wrong with a literal of this datatype (an IRI), or None.

    Raises KeyError for a datatype that the data may not use (see :data:`TYPES`).
    """
    return TYPES[datatype].check(text)


_CALENDAR: Final = {"date-no-such-day", "date-month", "date-day", "date-year", "date-other-way"}
_LEADING_ZERO: Final = re.compile(r"[+-]?0[0-9]")
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_DECIMAL: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)")
_DATE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
# what XML 1.0 has no way to write, and halves of pairs, which UTF-8 has no way to write
_NO_TEXT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BOOLEANS: Final[Mapping[str, bool]] = {"true": True, "1": True, "false": False, "0": False}


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or len(text) > 40 or not -(2**63) <= int(text) < 2**63:
        raise ValueError(text)
    return int(text)


def _decimal(text: str) -> Decimal:
    whole, _, fraction = text.lstrip("+-").partition(".")
    if not _DECIMAL.fullmatch(text) or len(whole.lstrip("0")) > 18 or len(fraction.rstrip("0")) > 18:
        raise ValueError(text)
    return Decimal(text)


def _boolean(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ValueError(text)
    return _BOOLEANS[text]


def _string(text: str) -> str:
    if _NO_TEXT.search(text):
        raise ValueError(text)
    return text


def _plain(text: str, length: int) -> date:
    """The first day of a plain date of this length."""
    found = dates.plain(text)
    if found is None or len(text) != length:
        dates.parse(text)  # says 24.06.2022 in words
        raise ValueError(text)
    return found[0]


def _date(text: str) -> date:
    return _plain(text, 10)


def _year(text: str) -> int:
    return _plain(text, 4).year


def _year_month(text: str) -> tuple[int, int]:
    first = _plain(text, 7)
    return first.year, first.month


def _date_time(text: str) -> datetime:
    if not _DATE_TIME.fullmatch(text):
        raise ValueError(text)
    dates.plain(text[:10])
    return datetime.fromisoformat(text)


_ALL: Final = (
    LexicalType(XSD + "integer", "integer", "42", _integer),
    LexicalType(XSD + "decimal", "decimal", "0.9", _decimal),
    LexicalType(XSD + "boolean", "boolean", "true", _boolean),
    LexicalType(XSD + "date", "date", "2022-06-24", _date),
    LexicalType(XSD + "gYear", "gYear", "2022", _year),
    LexicalType(XSD + "gYearMonth", "gYearMonth", "2022-06", _year_month),
    LexicalType(XSD + "dateTime", "dateTime", "2022-06-24T10:30:00+06:00", _date_time),
    LexicalType(XSD + "string", "string", "KZ-10", _string),
    LexicalType(RDF + "langString", "langString", "Абай облысы", _string),
    LexicalType(EDTF_TYPE, "edtf", "2022-06", dates.parse),
)
TYPES: Final[Mapping[str, LexicalType]] = {t.iri: t for t in _ALL}
"""Every datatype that data may use, by IRI."""
