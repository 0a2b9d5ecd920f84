"""The workbook of a report: the findings as a sheet, and the tables themselves with the wrong cells marked."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from kg.findings import BilimError, Finding, pick
from kg.imports.reports.data import COLUMNS, ReportData
from kg.reading.cells import ASIDE, Cell, csv_cells, sheet_names, xlsx_cells
from kg.reading.delimited import WORKBOOKS, opened
from kg.reading.form import uncalculated

if TYPE_CHECKING:
    from openpyxl import Workbook

_FILLS: Final = {"Violation": "F4B6B6", "Warning": "FBE3A6", "Info": "CFE3F5"}
_SHEET: Final = "_findings"
_TITLE_MAX: Final = 31  # Excel's limit of a sheet's name


def marked_workbook(data: ReportData, source: bytes | None = None) -> bytes:
    """The bytes of the workbook.

    :param source: the file that was judged; a table or workbook is shown cell by cell, others are not.
    """
    import openpyxl
    from openpyxl.styles import Font

    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    by_sheet: dict[str | None, dict[tuple[int, str | None], list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for f in data.listed:
        if f.where is not None and f.where.row is not None:
            by_sheet[f.where.sheet][f.where.row, f.where.column].append(f)
    try:
        tables = cells_of(data.file, source) if source is not None else {}
    except BilimError:
        tables = {}  # what is broken is told by the findings
    for sheet, found in by_sheet.items():
        _table(book, sheet, tables.get(sheet, {}), found)
    listing = book.create_sheet(_SHEET)
    listing.append(list(COLUMNS))
    for row in data.rows():
        listing.append([uncalculated(text) for text in row])
    for cell in listing[1]:
        cell.font = Font(bold=True)
    if data.capped:
        listing.append([f"{len(data.findings)} findings in all; {data.cap} are listed."])
    listing.freeze_panes = "A2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def cells_of(file: str, source: bytes) -> dict[str | None, dict[int, list[str]]]:
    """Sheet (None: a CSV file) → row number → the texts of its cells; empty for what is no table.

    Raises :class:`BilimError` where the file is not what its name says.
    """
    sheets: dict[str | None, Iterable[Cell]] = {}
    if file.lower().endswith(WORKBOOKS):
        for name in sheet_names(source, file):
            if not name.startswith(ASIDE):
                sheets[name] = xlsx_cells(source, file, name)
    elif file.lower().endswith(".csv"):
        text, delimiter = opened(source, file)
        sheets[None] = csv_cells(text, file, delimiter)
    out: dict[str | None, dict[int, list[str]]] = {}
    for sheet, cells in sheets.items():
        rows = out.setdefault(sheet, {})
        for cell in cells:
            rows.setdefault(cell.line, []).append(cell.trouble.text if cell.trouble else cell.text)
    return out


def _table(
    book: Workbook,
    sheet: str | None,
    rows: Mapping[int, list[str]],
    found: Mapping[tuple[int, str | None], list[Finding]],
) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import PatternFill

    made = book.create_sheet((sheet or "table")[:_TITLE_MAX])
    head = rows.get(min(rows, default=0), [])
    columns = {text.strip(): number for number, text in enumerate(head, start=1)}
    for line, texts in rows.items():
        for number, text in enumerate(texts, start=1):
            made.cell(line, number).value = uncalculated(text) or None
    for (row, column), findings in found.items():
        at: Any = made.cell(row, columns.get(column or "", 1))
        worst = min(findings, key=lambda f: list(_FILLS).index(f.severity))
        at.fill = PatternFill("solid", fgColor=_FILLS[worst.severity])
        said = [f"{lang}: {f.text(lang)}" for f in findings[:5] for lang in ("kk", "ru", "en") if pick(f.what, lang)]
        at.comment = Comment("\n".join(said)[:8000], "Bilim", width=420, height=220)
    made.freeze_panes = "A2"
