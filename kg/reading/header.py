"""The header of a table: which column stands where, and what does not fit the description."""

from __future__ import annotations

import difflib

from kg.findings import Finding, Where, finding
from kg.reading.cells import ASIDE, Cell
from kg.reading.metadata import ColumnSpec, TableSpec


def names_of(spec: TableSpec) -> str:
    """The columns that the table has, for messages."""
    return ", ".join(spec.by_name)


def read_header(cells: list[Cell], spec: TableSpec, findings: list[Finding]) -> list[ColumnSpec | None] | None:
    """The columns in the order of the file, None for one that is not read; None where no row can be read."""
    real = list(spec.by_name.values())
    file, sheet, line = cells[0].file, cells[0].sheet, cells[0].line
    if len(cells) == 1 and len(real) > 1 and any(mark in cells[0].text for mark in ";\t|"):
        findings.append(finding("read-delimiter", where=Where(file, row=line), delimiter=spec.delimiter))
        return None
    by_title = {title: column for column in real for title in (*column.titles, column.name)}
    found: list[ColumnSpec | None] = []
    for cell in cells:
        title = cell.text.strip()
        column = by_title.get(title)
        where = Where(file, sheet=sheet, row=line, column=title or str(cell.column))
        if column is None and title.startswith(ASIDE):
            found.append(None)
            continue
        if column is None and (title or sheet is None):  # a workbook may have empty columns
            near = difflib.get_close_matches(title, by_title, n=1)
            code = "read-unknown-column-near" if near else "read-unknown-column"
            findings.append(
                finding(code, where=where, cell=cell.text, name=title, near="".join(near), columns=names_of(spec))
            )
        elif column is not None and column in found:
            findings.append(finding("read-column-twice", where=where, cell=cell.text, name=title))
            column = None
        found.append(column)
    missing = [column.name for column in real if column not in found]
    for name in missing:
        where = Where(file, sheet=sheet, row=line, column=name)
        findings.append(finding("read-missing-column", where=where, name=name))
    return None if set(missing) & set(spec.about.variables) else found
