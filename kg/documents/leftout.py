"""The spans of a text that no evidence covers, each with the reason: ``data/documents/{document}.left-out.csv``.

A table of four columns: ``start``, ``end`` (offsets, half-open), ``reason`` (one of :data:`REASONS`), ``note``. The
words themselves are not in it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from kg.findings import Finding, Where, finding

COLUMNS: Final = ("start", "end", "reason", "note")

REASONS: Final[dict[str, str]] = {
    "noise-menu": "words of the site's menu",
    "noise-rates": "exchange rates at the head of the page",
    "noise-share": "a button to share the page",
    "noise-advert": "an advertisement or invitation to a channel",
    "noise-caption": "the word before a photo credit",
    "noise-mark": "a mark without words",
    "view-count": "a number after the date, taken for a count of views",
    "repeated-headline": "the headline once more",
    "time-of-day": "the hour of publication; dates of the model are days",
    "connective": "words that join statements and state nothing",
    "attribution": "who says or does it; held by the evidence beside it as bkg:attributedTo, actor or participant",
    "restated": "said again; the evidence that the note names covers it",
    "in-description": "detail that the description of the outcome or event beside it holds",
    "no-fact": "an opinion, a wish or a phrase that tells nothing of an actor, post, programme or figure",
    "not-modelled": "a statement that the graph does not hold yet; a task for stewards",
}
"""Reason → what it means. ``not-modelled`` is reported as a warning."""

NOTE_NEEDED: Final = frozenset({"restated", "not-modelled"})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One row: a span, why no evidence covers it, and its place in the table."""

    start: int
    end: int
    reason: str
    note: str
    where: Where


def read_left_out(data: bytes, name: str) -> tuple[list[LeftOut], list[Finding]]:
    """The rows in the order of their offsets, and everything wrong with the table; faulty rows are left out."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = f"0x{data[error.start]:02X}"
        return [], [finding("text-not-utf8", where=Where(name, line=line), byte=byte, at=error.start)]
    rows = csv.reader(io.StringIO(text, newline=""))
    header = tuple(cell.strip() for cell in next(rows, []))
    if header != COLUMNS:
        read = ",".join(header)
        where = Where(name, row=1)
        return [], [finding("left-out-header", where=where, value=read, cell=read, columns=",".join(COLUMNS))]
    found: list[LeftOut] = []
    findings: list[Finding] = []
    for row, cells in enumerate(rows, start=2):
        if not any(cell.strip() for cell in cells):
            continue
        made = _row([cell.strip() for cell in cells], Where(name, row=row))
        if isinstance(made, LeftOut):
            found.append(made)
        else:
            findings.append(made)
    found.sort(key=lambda span: (span.start, span.end))
    return found, [*findings, *_overlaps(found)]


def _row(cells: list[str], where: Where) -> LeftOut | Finding:
    if len(cells) != len(COLUMNS):
        return finding("left-out-cells", where=where, count=len(cells), columns=",".join(COLUMNS))
    start, end, reason, note = cells
    for column, cell in (("start", start), ("end", end)):
        if not (cell.isascii() and cell.isdigit()):
            return finding("left-out-offset", where=_column(where, column), cell=cell, value=cell)
    if int(start) >= int(end):
        return finding("left-out-order", where=_column(where, "end"), cell=end, start=start, end=end)
    if reason not in REASONS:
        known = ", ".join(REASONS)
        return finding("left-out-reason", where=_column(where, "reason"), cell=reason, value=reason, known=known)
    if reason in NOTE_NEEDED and not note:
        return finding(
            "left-out-note", where=_column(where, "note"), value=reason, needed=", ".join(sorted(NOTE_NEEDED))
        )
    if len(note) > 300:
        return finding("left-out-note-long", where=_column(where, "note"), length=len(note))
    return LeftOut(int(start), int(end), reason, note, where)


def _column(where: Where, column: str) -> Where:
    return Where(where.file, row=where.row, column=column)


def _overlaps(found: list[LeftOut]) -> Iterator[Finding]:
    for one, other in pairwise(found):
        if other.start < one.end:
            yield finding(
                "left-out-overlap", where=other.where, start=other.start, end=other.end, row=one.where.row or 0
            )
