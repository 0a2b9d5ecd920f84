"""The workbook that stewards fill in: one sheet a table, made from the same descriptions by which it is read back.

Header cells carry their help in three languages, cells offer what a column takes (concepts of its list, ids known),
and the sheets that begin with ``_`` are for people: the help again, a real row of each table, the lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

from kg.reading.cells import ASIDE
from kg.reading.metadata import ColumnSpec, Help, TableSpec
from kg.reading.uri_templates import Template
from kg.terms import ID, LANGUAGES, LIST, XSD, expand

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

ROWS: Final = 2000
"""Rows under the header that offer their lists."""
FORMULA_LEADS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What makes a spreadsheet calculate a cell (OWASP, CSV injection)."""


def uncalculated(text: str) -> str:
    """What a spreadsheet would calculate, kept as text by an apostrophe (OWASP, CSV injection)."""
    return f"'{text}" if text.startswith(FORMULA_LEADS) else text


_ALTERNATIVES: Final = re.compile(r"[a-z][a-z-]*(\|[a-z][a-z-]*)+")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the workbook. ``examples``: rows as read from data/, columns by name."""

    spec: TableSpec
    help: Mapping[str, Help]
    examples: Sequence[Mapping[str, str]] = ()


@dataclass(slots=True)
class _Lists:
    """The columns of the sheet of lists: what they hold → where."""

    concepts: Mapping[str, Sequence[str]]
    ids: Mapping[str, Sequence[str]]
    columns: dict[str, tuple[int, list[str]]] = field(default_factory=dict)

    def offer(self, column: ColumnSpec) -> tuple[str, bool] | None:
        """The range of what a column takes, and whether nothing else is right; None where it takes any text."""
        if column.separator is not None:
            return None  # a list of several cannot be chosen from one drop-down
        if column.datatype == f"{XSD}boolean":
            return self._range("boolean", ["true", "false"]), True
        limits = column.limits.replace(" | ", "|")
        if _ALTERNATIVES.fullmatch(limits):
            return self._range(limits, limits.split("|")), True
        for base, known, strict in ((LIST, self.concepts, True), (ID, self.ids, False)):
            name = _one_of(column.value, base, column.name)
            if name is not None and known.get(name):
                return self._range(name, known[name]), strict
        return None

    def _range(self, name: str, values: Sequence[str]) -> str:
        from openpyxl.utils import get_column_letter

        number, _ = self.columns.setdefault(name, (len(self.columns) + 1, list(values)))
        letter = get_column_letter(number)
        return f"{ASIDE}lists!${letter}$2:${letter}${len(values) + 1}"


def _one_of(template: Template | None, base: str, column: str) -> str | None:
    """The scheme or kind in ``{base}{name}/{column}``; None for templates of another build."""
    if template is None or template.variables != (column,):
        return None
    full = expand(template.text)
    head = full.split("{", 1)[0]
    name = head.removeprefix(base).rstrip("/")
    return name if head.startswith(base) and full == head + "{" + column + "}" and "/" not in name else None


def write_form(
    tables: Iterable[Table], concepts: Mapping[str, Sequence[str]], ids: Mapping[str, Sequence[str]]
) -> bytes:
    """The workbook's bytes (ECMA-376).

    :param concepts: scheme → local names of its concepts.
    :param ids: kind → slugs that are known; a cell may also name a new one.
    """
    import openpyxl

    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    lists = _Lists(concepts, ids)
    chosen = list(tables)
    for table in chosen:
        _sheet(book.create_sheet(table.spec.name), table, lists)
    _help(book, chosen)
    _examples(book, chosen)
    _write_lists(book, lists)
    data = BytesIO()
    book.save(data)
    return data.getvalue()


def _sheet(sheet: Worksheet, table: Table, lists: _Lists) -> None:
    from openpyxl.comments import Comment
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for number, column in enumerate(table.spec.by_name.values(), start=1):
        letter = get_column_letter(number)
        cell = sheet.cell(1, number, column.name)
        cell.font = Font(bold=True, underline="single" if column.required else None)
        cell.fill = PatternFill("solid", fgColor="E8EEF4" if column.tail else "DCE9D5")
        sheet.column_dimensions[letter].width = max(14, len(column.name) + 4)
        sheet.column_dimensions[letter].number_format = "@"  # text: 2022-06 stays 2022-06
        if (help_ := table.help.get(column.name)) is not None:
            note = "\n".join(f"{lang}: {text}" for lang in LANGUAGES if (text := _words(help_, lang)))
            cell.comment = Comment(note, "Bilim", width=380, height=170)
        offered = lists.offer(column)
        if offered is not None:
            reference, strict = offered
            check = DataValidation(type="list", formula1=reference, allow_blank=True, showErrorMessage=strict)
            check.errorTitle, check.error = column.name, "Choose from the list (sheet _lists)."
            check.add(f"{letter}2:{letter}{ROWS}")
            sheet.add_data_validation(check)
    sheet.freeze_panes = "B2"


def _words(help_: Help, lang: str) -> str:
    return ". ".join(text.rstrip(".") for text in (help_.titles.get(lang), help_.description.get(lang)) if text)


def _help(book: Workbook, tables: Sequence[Table]) -> None:
    sheet = book.create_sheet(f"{ASIDE}help")
    sheet.append(["table", "column", "required", *(f"help ({lang})" for lang in LANGUAGES)])
    for table in tables:
        for column in table.spec.by_name.values():
            help_ = table.help.get(column.name)
            words = [_words(help_, lang) if help_ else "" for lang in LANGUAGES]
            sheet.append([table.spec.name, column.name, "yes" if column.required else "", *words])
    for letter, width in zip("ABCDEF", (18, 20, 9, 60, 60, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"


def _examples(book: Workbook, tables: Sequence[Table]) -> None:
    """Real rows: a filled one of each table under its header."""
    sheet = book.create_sheet(f"{ASIDE}examples")
    for table in tables:
        sheet.append([table.spec.name])
        sheet.append(["", *table.spec.by_name])
        for row in table.examples:
            sheet.append(["", *(row.get(name, "") for name in table.spec.by_name)])
        sheet.append([])
    for cells in sheet.iter_rows():
        for cell in cells:
            _as_text(cell)


def _as_text(cell: Any) -> None:
    """A cell that a spreadsheet would calculate is kept as text."""
    if isinstance(cell.value, str) and cell.value.startswith(FORMULA_LEADS):
        cell.data_type = "s"
        cell.quotePrefix = True


def _write_lists(book: Workbook, lists: _Lists) -> None:
    sheet = book.create_sheet(f"{ASIDE}lists")
    for name, (number, values) in lists.columns.items():
        for row, text in enumerate((name, *values), start=1):
            sheet.cell(row, number, text)
    sheet.sheet_state = "hidden"
