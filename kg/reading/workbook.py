"""What a spreadsheet engine's values do not tell: formulas without a value, cells that hold an error, merged cells.

calamine gives ``''`` for all three. The places are read from the sheet's XML itself (ECMA-376 Part 1, 18.3.1), and
only where the bytes show that there are any.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree

from kg.findings import BilimError, Where, finding
from kg.reading.archive import BROKEN, TooMuchError, unpacked

_XML: Final = (".xml", ".rels", ".vml")
_DOCTYPES: Final = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
"""In whatever encoding: text of a cell cannot hold it, there the sign is escaped."""
_OVERLAP: Final = 2 * len("<!DOCTYPE")
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_REL: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_REFERENCE: Final = re.compile(r"([A-Z]{1,3})([0-9]+)")
_TROUBLE: Final = (b"<f", b'"e"', b"'e'")


@dataclass(frozen=True, slots=True)
class Trouble:
    """A cell that a reader would take as empty. ``text``: the formula or the error as it stands."""

    kind: str  # "formula" | "error"
    text: str


def check_archive(data: bytes, name: str) -> None:
    """Raises :class:`BilimError` for a workbook that unpacks beyond measure or declares XML entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member, pieces in unpacked(archive, archive.infolist()):
                is_xml = member.filename.lower().endswith(_XML)
                before = b""
                for piece in pieces:
                    if is_xml and any(mark in before + piece for mark in _DOCTYPES):
                        raise _refused(name, member.filename, "DOCTYPE")
                    before = piece[-_OVERLAP:]
    except TooMuchError as error:
        raise _refused(name, str(error), "bomb") from error
    except BROKEN as error:
        raise BilimError(finding("read-xlsx-broken", where=Where(name), reason=str(error))) from error


def _refused(name: str, member: str, reason: str) -> BilimError:
    return BilimError(finding("xlsx-refused", where=Where(name), member=member, reason=reason))


def troubles(data: bytes, sheet: str) -> dict[tuple[int, int], Trouble]:
    """(row, column), both from 1, → what stands in a cell that has no usable value."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        path = _path_of(archive, sheet)
        if path is None:
            return {}
        xml = archive.read(path)
    if not any(mark in xml for mark in _TROUBLE):
        return {}
    return dict(_found(xml))


def _found(xml: bytes) -> Iterator[tuple[tuple[int, int], Trouble]]:
    for _, element in ElementTree.iterparse(io.BytesIO(xml)):
        if element.tag != f"{_MAIN}c":
            continue
        value, formula = element.findtext(f"{_MAIN}v") or "", element.find(f"{_MAIN}f")
        if element.get("t") == "e" and value:
            yield _place(element.get("r", "A1")), Trouble("error", value)
        elif formula is not None and not value:
            yield _place(element.get("r", "A1")), Trouble("formula", f"={formula.text or ''}")
        element.clear()


def _place(reference: str) -> tuple[int, int]:
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        return 1, 1
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column


def _path_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """The member that holds a sheet, by the workbook's list of sheets and its relationships."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    wanted = next((s.get(_REL) for s in book.iter(f"{_MAIN}sheet") if s.get("name") == sheet), None)
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    for link in links:
        if link.get("Id") == wanted:
            target = link.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            return path if path in archive.namelist() else None
    return None
