"""Files that come in together: workbooks, folders, zips; tables saved in other encodings or with other delimiters."""

from __future__ import annotations

import csv
import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from kg.findings import Finding
from kg.imports.sources import read_one, read_ontology
from kg.reading import Reading
from kg.resources import find

RESOURCES = find()
REFERENCE = RESOURCES.data / "reference"
ONTOLOGY = read_ontology(RESOURCES)
FEW = 12


def rows_of(table: str, count: int = FEW) -> list[list[str]]:
    """The header and the first rows of a real table."""
    with (REFERENCE / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return [row for _, row in zip(range(count + 1), csv.reader(stream), strict=False)]


def as_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\n").writerows(rows)
    return out.getvalue()


def workbook(sheets: dict[str, list[list[str]]], change: Callable[[openpyxl.Workbook], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append([text or None for text in row])
    if change:
        change(book)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def read(path: Path) -> Reading:
    return read_one(path, RESOURCES, ONTOLOGY)


def told(reading: Reading) -> set[tuple[str, str, str]]:
    return {(str(i.quad.subject), str(i.quad.predicate), str(i.quad.object)) for i in reading}


def codes(reading: Reading) -> list[str]:
    return [f.code for f in reading.findings]


def only(reading: Reading, code: str) -> Finding:
    [found] = [f for f in reading.findings if f.code == code]
    return found


@pytest.fixture
def plain(tmp_path: Path) -> Reading:
    folder = tmp_path / "plain"
    folder.mkdir()
    path = folder / "persons.csv"
    path.write_text(as_csv(rows_of("persons")), encoding="utf-8")
    reading = read(path)
    assert codes(reading) == []
    return reading


@pytest.mark.parametrize(
    ("encoding", "delimiter", "said"),
    [
        ("kz1048", ",", "Windows-1251 (KZ-1048)"),
        ("kz1048", ";", "Windows-1251 (KZ-1048)"),
        ("utf-16", "\t", "UTF-16"),
        ("utf-8-sig", ";", None),
    ],
)
def test_a_table_saved_otherwise_says_the_same_and_how_it_was_read_is_told(
    tmp_path: Path, plain: Reading, encoding: str, delimiter: str, said: str | None
) -> None:
    rows = rows_of("persons")
    text = as_csv(rows, delimiter)
    kept = "".join(c for c in text if c.encode(encoding, "ignore"))  # Latin letters with marks are not in KZ-1048
    path = tmp_path / "persons.csv"
    path.write_bytes(kept.encode(encoding))
    reading = read(path)
    assert not reading.faulty, [str(f.where) + f.text() for f in reading.findings]
    if kept == text:
        assert told(reading) == told(plain)
    assert any("Аймағамбетов" in o for *_, o in told(reading)) == ("Аймағамбетов" in text)
    if said:
        assert said in only(reading, "read-encoding-found").text()
    if delimiter != ",":
        assert (delimiter if delimiter != "\t" else "tab") in only(reading, "read-delimiter-found").text()
    assert all(f.severity == "Info" for f in reading.findings)


def test_letters_that_an_encoding_lost_are_seen(tmp_path: Path) -> None:
    rows = rows_of("persons")
    text = as_csv(rows).replace("ғ", "?").replace("қ", "?").replace("ұ", "?")
    path = tmp_path / "persons.csv"
    path.write_bytes(text.encode("cp1251", "replace"))
    lost = only(read(path), "read-letters-lost")
    assert lost.severity == "Warning"
    assert "?" in (lost.cell or "")


def test_a_workbook_of_several_tables_is_read_sheet_by_sheet(tmp_path: Path, plain: Reading) -> None:
    path = tmp_path / "spring.xlsx"
    notes = [["for people"], ["anything"]]
    path.write_bytes(workbook({"persons": rows_of("persons"), "regions": rows_of("regions"), "_help": notes}))
    reading = read(path)
    assert codes(reading) == []
    assert set(reading.graphs) == {"https://w3id.org/bilim/graph/import/spring"}
    assert {item.where.sheet for item in reading} == {"persons", "regions"}
    assert told(plain) < told(reading)


def test_a_sheet_that_is_no_table_is_told_with_the_nearest(tmp_path: Path) -> None:
    path = tmp_path / "spring.xlsx"
    path.write_bytes(workbook({"persons": rows_of("persons"), "tenure": rows_of("tenures")}))
    found = only(read(path), "read-unknown-table-near")
    assert found.where is not None
    assert found.where.sheet == "tenure"
    assert "'tenures'" in found.text()


def test_formulas_without_value_and_errors_are_named_at_their_cell(tmp_path: Path) -> None:
    def spoil(book: openpyxl.Workbook) -> None:
        sheet = book["persons"]
        sheet.cell(3, 2).value = '=CONCATENATE("a","b")'
        sheet.cell(4, 2).value = "#REF!"
        sheet.cell(4, 2).data_type = "e"

    path = tmp_path / "persons.xlsx"
    path.write_bytes(workbook({"persons": rows_of("persons")}, spoil))
    reading = read(path)
    column = rows_of("persons")[0][1]
    formula, error = only(reading, "read-formula-no-value"), only(reading, "read-cell-error")
    assert formula.where is not None
    assert (formula.where.sheet, formula.where.row, formula.where.column) == ("persons", 3, column)
    assert formula.cell == '=CONCATENATE("a","b")'
    assert error.where is not None
    assert (error.where.row, error.where.column, error.cell) == (4, column, "#REF!")
    assert len(reading.findings) == 2  # the cell is not also told to be empty


def test_a_folder_and_a_zip_of_it_read_alike(tmp_path: Path) -> None:
    folder = tmp_path / "batch"
    (folder / "inner").mkdir(parents=True)
    (folder / "persons.csv").write_text(as_csv(rows_of("persons")), encoding="utf-8")
    note = '<https://w3id.org/bilim/id/person/a-b> <http://www.w3.org/2004/02/skos/core#note> "{}"@en, [] .'
    (folder / "inner/a.ttl").write_text(note.format("one"), encoding="utf-8")
    (folder / "inner/b.ttl").write_text(note.format("two"), encoding="utf-8")
    (folder / ".DS_Store").write_bytes(b"\0")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.rglob("*"):
            archive.write(path, path.relative_to(folder))
    (tmp_path / "zipped").mkdir()
    packed = tmp_path / "zipped" / "batch.zip"
    packed.write_bytes(data.getvalue())
    one, other = read(folder), read(packed)
    assert codes(one) == codes(other) == []
    blank = {o for *_, o in told(one) if "#c14n" in o}
    assert len(blank) == 2  # alike, and yet of two files
    assert len(told(one)) == len(told(other))
    assert {i.where.file for i in other} == {"batch.zip/persons.csv", "batch.zip/inner/a.ttl", "batch.zip/inner/b.ttl"}
    assert (one.graphs.keys()) == (other.graphs.keys()) == {"https://w3id.org/bilim/graph/import/batch"}


def zipped(path: Path, members: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] | None = None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if change:
                change(info)
            archive.writestr(info, content)
    return path


@pytest.mark.parametrize(
    ("member", "reason"),
    [
        ("../persons.csv", "leaves"),
        ("/etc/persons.csv", "leaves"),
        ("C:/persons.csv", "leaves"),
        ("inner/more.zip", "archive inside"),
    ],
)
def test_zips_with_tricks_in_their_names_are_refused_whole(tmp_path: Path, member: str, reason: str) -> None:
    path = zipped(tmp_path / "t.zip", {"persons.csv": as_csv(rows_of("persons")).encode(), member: b"id\n"})
    reading = read(path)
    assert reason in only(reading, "package-member-refused").text()
    assert list(reading) == []


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    def link(info: zipfile.ZipInfo) -> None:
        info.external_attr = 0o120777 << 16

    path = zipped(tmp_path / "t.zip", {"persons.csv": b"/etc/passwd"}, link)
    assert "a link" in only(read(path), "package-member-refused").text()


def test_bombs_end_early(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", {"persons.csv": b"a" * 50_000_000})
    reading = read(path)
    assert codes(reading) == ["package-too-big"]
    many = zipped(tmp_path / "m.zip", {f"{n}.ttl": b"" for n in range(501)})
    assert codes(read(many)) == ["package-too-big"]
    book = zipped(tmp_path / "persons.xlsx", {"xl/workbook.xml": b" " * 50_000_000})
    assert codes(read(book)) == ["xlsx-refused"]


def test_a_workbook_that_declares_entities_is_refused(tmp_path: Path) -> None:
    bad = zipped(tmp_path / "persons.xlsx", {"xl/workbook.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'})
    reading = read(bad)
    assert "DOCTYPE" in only(reading, "xlsx-refused").text()


def test_a_declaration_of_entities_is_found_wherever_it_hides(tmp_path: Path) -> None:
    bad = '<a/><!DOCTYPE a [<!ENTITY b "c">]>'
    for text in (f"<!-- {'x' * 200_000} -->{bad}".encode(), bad.encode("utf-16"), bad.encode("utf-16-be")):
        book = zipped(tmp_path / "persons.xlsx", {"xl/workbook.xml": text})
        assert "DOCTYPE" in only(read(book), "xlsx-refused").text()


def lying(path: Path, true: int, told: int) -> Path:
    """A zip that says of a member's size, in both places, what is not so."""
    data = path.read_bytes().replace(struct.pack("<I", true), struct.pack("<I", told))
    path.write_bytes(data)
    return path


def test_what_a_zip_says_of_its_sizes_is_not_believed(tmp_path: Path) -> None:
    size = 50_000_000
    book = lying(zipped(tmp_path / "persons.xlsx", {"xl/workbook.xml": b" " * size}), size, 100)
    with zipfile.ZipFile(book) as archive:
        assert archive.infolist()[0].file_size == 100
    assert codes(read(book)) == ["xlsx-refused"], "the engine that reads workbooks would unpack all of it"
    packed = lying(zipped(tmp_path / "t.zip", {"persons.csv": b"a" * size}), size, 100)
    assert codes(read(packed)) == ["package-too-big"]


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("persons.csv", as_csv(rows_of("persons")))
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("persons.csv", "id\n")
    reading = read(path)
    assert set(codes(reading)) == {"package-member-refused"}
    assert "twice" in reading.findings[0].text()
    assert list(reading) == []


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    path.write_bytes(b"PK\x03\x04 and then nothing of the kind")
    assert codes(read(path)) == ["package-broken"]
    (tmp_path / "x").mkdir()
    (tmp_path / "x/readme.docx").write_bytes(b"PK")
    assert codes(read(tmp_path / "x")) == ["read-unknown-format"]


PERSON = {"@id": "https://w3id.org/bilim/id/person/a-b", "skos:note": "x"}


def test_json_ld_by_our_context_is_read_and_no_other_context_is_fetched(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonld"

    def codes_of(context: object, **more: object) -> list[str]:
        path.write_text(json.dumps({"@context": context, **PERSON, **more}), encoding="utf-8")
        return codes(read(path))

    skos = {"skos": "http://www.w3.org/2004/02/skos/core#"}
    for context in ("https://w3id.org/bilim/context.jsonld", skos):
        assert codes_of(context) == []
        assert [o for *_, o in told(read(path))] == ['"x"']
    elsewhere = "http://127.0.0.1:9/"
    for context in (elsewhere, [{}, elsewhere], {"@import": elsewhere}):
        assert codes_of(context) == ["read-remote-context"]
        assert only(read(path), "read-remote-context").cell == elsewhere
    assert codes_of(skos, **{"skos:related": {"@context": elsewhere}}) == ["read-remote-context"]


def test_deep_json_ends_as_a_finding(tmp_path: Path) -> None:
    path = tmp_path / "deep.jsonld"
    for depth in (300, 100_000):
        path.write_text('{"a":' * depth + "1" + "}" * depth, encoding="utf-8")
        assert codes(read(path)) == ["read-json-deep"]
    path.write_text('{"a": \n [1,}', encoding="utf-8")
    broken = only(read(path), "read-rdf-syntax")
    assert broken.where is not None
    assert broken.where.line == 2
