"""Tables as a stream of cells: CSV and XLSX feed the same reader.

A cell's ``line`` is the row as a spreadsheet counts it (header = 1), ``column`` its number from 1.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Final, NamedTuple

from kg.findings import BilimError, Where, finding
from kg.reading.workbook import Trouble, check_archive, troubles

ASIDE: Final = "_"
"""Sheets and columns whose name begins so are for people: help, examples, lists, reasons."""


class Cell(NamedTuple):
    """One cell of a table, its text as written."""

    file: str
    sheet: str | None
    line: int
    column: int
    text: str
    trouble: Trouble | None = None  # why the text is empty, where the cell is not


def csv_cells(text: str, name: str, delimiter: str = ",") -> Iterator[Cell]:
    """The cells of a CSV text (RFC 4180), row by row; blank lines count and have no cells.

    Raises :class:`BilimError` at the place where the text is not CSV; the rows before it have been given.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    row = 0
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            where = Where(name, row=row + 1, line=reader.line_num)
            raise BilimError(finding("read-csv-broken", where=where, reason=str(error))) from error
        row += 1
        for number, field in enumerate(fields, start=1):
            yield Cell(name, None, row, number, field)


def xlsx_cells(data: bytes, name: str, sheet: str | None = None) -> Iterator[Cell]:
    """The cells of one sheet of a workbook: the one named, else the first.

    Numbers and dates come as the text that the same table in CSV would hold. Raises :class:`BilimError` where the
    file is no workbook, has no such sheet, or is made to do harm.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    check_archive(data, name)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = workbook.sheet_names
        chosen = sheet if sheet in names else names[0]
        rows = workbook.get_sheet_by_name(chosen).to_python(skip_empty_area=False)
    except (CalamineError, OSError, IndexError) as error:
        raise BilimError(finding("read-xlsx-broken", where=Where(name), reason=str(error))) from error
    found = troubles(data, chosen)
    for line, row in enumerate(rows, start=1):
        if any(value != "" for value in row):
            for number, value in enumerate(row, start=1):
                yield Cell(name, chosen, line, number, _text(value), found.get((line, number)) if found else None)


def sheet_names(data: bytes, name: str) -> list[str]:
    """The names of a workbook's sheets, hidden ones too. Raises :class:`BilimError` where it is no workbook."""
    from python_calamine import CalamineError, CalamineWorkbook

    check_archive(data, name)
    try:
        return list(CalamineWorkbook.from_filelike(io.BytesIO(data)).sheet_names)
    except (CalamineError, OSError) as error:
        raise BilimError(finding("read-xlsx-broken", where=Where(name), reason=str(error))) from error


def _text(value: Any) -> str:
    """A spreadsheet's value as text: 2022.0 is 2022, a day without a time is a date."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)
