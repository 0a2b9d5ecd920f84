"""Tables as others save them: the encoding and the delimiter found out, and said.

Only for what is handed in: files of data/ are UTF-8 with commas, so that they are read alike everywhere.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Final

from charset_normalizer import from_bytes

from kg.findings import BilimError, Finding, Where, finding
from kg.reading.cells import Cell, csv_cells, xlsx_cells
from kg.reading.encoding import decode
from kg.reading.metadata import TableSpec

WORKBOOKS: Final = (".xlsx", ".xlsm", ".ods", ".xls")
DELIMITERS: Final = (",", ";", "\t", "|")
_CANDIDATES: Final = ["utf_16", "cp1251", "koi8_r", "cp1252"]
# KZ-1048 is Windows-1251 with Kazakh letters in place of the Serbian, Macedonian and Belarusian ones.
_REFINED: Final = {"cp1251": ("kz1048", "Windows-1251 (KZ-1048)"), "utf_16": ("utf_16", "UTF-16")}
_LOST: Final = re.compile(r"(?<=[А-Яа-яЁё])\?+(?=[А-Яа-яЁё])")


def open_table(
    data: bytes, name: str, spec: TableSpec, sheet: str | None, detect: bool
) -> tuple[Iterator[Cell], list[Finding]] | Finding:
    """The cells of a table in a file of any kind, and what was found out about it; or the finding that ends it.

    ``detect``: another encoding or delimiter than the declared one is found out and told, not refused.
    """
    if name.lower().endswith(WORKBOOKS):
        return xlsx_cells(data, name, sheet or spec.name), []
    if detect:
        opened = open_text(data, name, spec)
        if isinstance(opened, Finding):
            return opened
        text, delimiter, told = opened
        return csv_cells(text, name, delimiter), told
    decoded = decode(data, name)
    return decoded if isinstance(decoded, Finding) else (csv_cells(decoded, name, spec.delimiter), [])


def open_text(data: bytes, name: str, spec: TableSpec) -> tuple[str, str, list[Finding]] | Finding:
    """The text, its delimiter, and what was found out about them; or the finding that ends the reading."""
    text = decode(data, name)
    told: list[Finding] = []
    if isinstance(text, Finding):
        guessed = _guessed(data)
        if guessed is None:
            return text
        text, encoding = guessed
        told.append(finding("read-encoding-found", where=Where(name), encoding=encoding))
        if lost := _LOST.search(text):
            line = text.count("\n", 0, lost.start()) + 1
            around = text[max(0, lost.start() - 10) : lost.end() + 10].strip()
            told.append(finding("read-letters-lost", where=Where(name, line=line), cell=around, around=around))
    delimiter = delimiter_of(text, spec)
    if delimiter != spec.delimiter:
        shown = {"\t": "tab"}.get(delimiter, delimiter)
        told.append(finding("read-delimiter-found", where=Where(name), delimiter=shown))
    return text, delimiter, told


def opened(data: bytes, name: str) -> tuple[str, str]:
    """The text of a delimited file of any encoding and its delimiter, to show it. Raises :class:`BilimError`."""
    text = decode(data, name)
    if isinstance(text, Finding):
        guessed = _guessed(data)
        if guessed is None:
            raise BilimError(text)
        text = guessed[0]
    head = text.split("\n", 1)[0]
    return text, max(DELIMITERS, key=head.count)


def _guessed(data: bytes) -> tuple[str, str] | None:
    best = from_bytes(data, cp_isolation=list(_CANDIDATES)).best()
    if best is None:
        return None
    codec, shown = _REFINED.get(best.encoding, (best.encoding, best.encoding.upper().replace("_", "-")))
    try:
        return data.decode(codec), shown
    except UnicodeDecodeError:
        return None


def delimiter_of(text: str, spec: TableSpec) -> str:
    """The delimiter by which the first line names the most columns of the table; the declared one if none does."""
    head = text.lstrip("\ufeff").split("\n", 1)[0].rstrip("\r")
    known = {title for column in spec.by_name.values() for title in (*column.titles, column.name)}

    def named(delimiter: str) -> int:
        try:
            fields = next(csv.reader([head], delimiter=delimiter), [])
        except csv.Error:
            return 0
        return sum(field.strip() in known for field in fields)

    return max((spec.delimiter, *DELIMITERS), key=named)
