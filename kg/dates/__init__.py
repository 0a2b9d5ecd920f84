"""Dates as sources know them: EDTF texts, their bounds, what evidence makes of them, what they say of a day.

The whole public surface is here; the modules inside are one job each.
"""

from __future__ import annotations

from datetime import date

from kg.dates.bounds import Bounds, Certainty, as_of, clip_to_lifetime, consistent, in_order, succeed
from kg.dates.days import DateError, Day, Range, Ranges, plain
from kg.dates.edtf import Extent, parse
from kg.dates.resolve import (
    Resolved,
    Span,
    Statement,
    end_bounds,
    resolve_point,
    resolve_span,
    start_bounds,
)
from kg.dates.words import humanize, side_in_words

__all__ = [
    "Bounds",
    "Certainty",
    "DateError",
    "Day",
    "Extent",
    "Range",
    "Ranges",
    "Resolved",
    "Span",
    "Statement",
    "as_of",
    "clip_to_lifetime",
    "consistent",
    "end_bounds",
    "humanize",
    "in_order",
    "parse",
    "plain",
    "resolve_point",
    "resolve_span",
    "side_in_words",
    "start_bounds",
    "succeed",
    "when_on",
]


def when_on(edtf: str, day: date) -> Certainty:
    """Whether an event dated so was on the day: surely, possibly, or not.

    Gaps of a set count: ``[2020-10-28,2021-10-28]`` has nothing between. An interval is sure from the
    latest day it can have begun to the earliest it can have ended. Raises :class:`DateError`.
    """
    extent = parse(edtf)
    if any(first <= day <= last for first, last in extent.sure):
        return "certain"
    held = any((low is None or low <= day) and (high is None or day <= high) for low, high in extent.ranges)
    return "possible" if held else "no"
