"""A table in two: the rows that may come in, and those that may not, each with its reasons in a last column."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from kg.findings import Finding
from kg.imports.reports.marked import cells_of

REASON: Final = "_reason"
"""The column added to bad rows; a header that begins with ``_`` is not read."""


def split_rows(file: str, source: bytes, findings: Sequence[Finding], lang: str = "en") -> tuple[bytes, bytes] | None:
    """(good rows, bad rows) of a CSV table or workbook, in the same form; None for what has no rows.

    A row is bad if a violation stands at it. Raises :class:`kg.findings.BilimError` where the file is no table.
    """
    bad: dict[str | None, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for f in findings:
        if f.severity == "Violation" and f.standing != "mended" and f.where is not None and f.where.row is not None:
            bad[f.where.sheet][f.where.row].append(f"{f.where.column or ''}: {f.text(lang)}".lstrip(": "))
    sheets = cells_of(file, source)
    if not sheets:
        return None
    parted = {name: _parted(rows, bad.get(name, {})) for name, rows in sheets.items()}
    if file.lower().endswith(".csv"):
        [(good, wrong)] = parted.values()
        return _csv(good), _csv(wrong)
    return (
        _workbook({name or "table": good for name, (good, _) in parted.items()}),
        _workbook({name or "table": wrong for name, (_, wrong) in parted.items()}),
    )


def _parted(
    rows: Mapping[int, Sequence[str]], bad: Mapping[int, Sequence[str]]
) -> tuple[list[Sequence[str]], list[Sequence[str]]]:
    """The header and the rows without violations; the header and the rows with them."""
    good: list[Sequence[str]] = []
    wrong: list[Sequence[str]] = []
    head = min(rows, default=0)
    for number, row in rows.items():
        if number == head:
            good.append(row)
            wrong.append([*row, REASON])
        elif number in bad:
            wrong.append([*row, "; ".join(bad[number])])
        else:
            good.append(row)
    return good, wrong


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def _workbook(sheets: Mapping[str, Iterable[Sequence[str]]]) -> bytes:
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name[:31])
        for row in rows:
            sheet.append([text or None for text in row])
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()
