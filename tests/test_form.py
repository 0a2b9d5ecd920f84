"""`bilim template xlsx`: the workbook to fill in, and that what is filled in reads back."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import openpyxl
import pytest

from kg.cli import run
from kg.imports.sources import read_one, read_ontology
from kg.reading import Reading
from kg.resources import find

RESOURCES = find()
REFERENCE = RESOURCES.data / "reference"


def told(reading: Reading) -> set[tuple[str, str, str]]:
    return {(str(i.quad.subject), str(i.quad.predicate), str(i.quad.object)) for i in reading}


@pytest.fixture(scope="module")
def form(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("form") / "spring.xlsx"
    assert run(["template", "xlsx", "persons", "tenures", "organizations", "-o", str(path)]) == 0
    return path


def test_a_form_is_empty_until_filled_in(form: Path) -> None:
    reading = read_one(form, RESOURCES, read_ontology(RESOURCES))
    assert reading.findings == []
    assert list(reading) == []
    assert openpyxl.load_workbook(form).sheetnames[:3] == ["persons", "tenures", "organizations"]


def test_what_is_filled_in_says_what_the_same_csv_says(form: Path, tmp_path: Path) -> None:
    with (REFERENCE / "tenures.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))[:30]
    book = openpyxl.load_workbook(form)
    sheet = book["tenures"]
    header = [cell.value for cell in sheet[1]]
    for row in rows:
        sheet.append([row[name] or None for name in header])
    filled = tmp_path / "spring.xlsx"
    book.save(filled)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    (tmp_path / "same").mkdir()
    plain = tmp_path / "same" / "tenures.csv"
    plain.write_text(text.getvalue(), encoding="utf-8")
    ontology = read_ontology(RESOURCES)
    one, other = read_one(filled, RESOURCES, ontology), read_one(plain, RESOURCES, ontology)
    assert one.findings == other.findings == []
    assert told(one) == told(other) != set()


def test_header_cells_carry_help_in_three_languages_and_columns_offer_what_they_take(form: Path) -> None:
    book = openpyxl.load_workbook(form)
    sheet = book["tenures"]
    for cell in sheet[1]:
        assert cell.comment is not None, cell.value
        assert {line[:3] for line in cell.comment.text.split("\n")} == {"kk:", "ru:", "en:"}, cell.value
    offered = {str(v.sqref)[0]: v for v in sheet.data_validations.dataValidation}
    header = {cell.value: cell.column_letter for cell in sheet[1]}
    lists = book["_lists"]

    def taken(column: str) -> list[str]:
        reference = offered[header[column]].formula1.removeprefix("_lists!").replace("$", "")
        return [row[0].value for row in lists[reference]]

    assert taken("status") == ["acting", "full"]
    assert taken("mode") == ["asserted", "reported", "inferred"]
    assert "askhat-aimagambetov" in taken("person")
    assert offered[header["status"]].showErrorMessage
    assert not offered[header["person"]].showErrorMessage  # a new person may be named


def test_examples_are_real_rows_and_no_formulas(form: Path) -> None:
    rows = list(openpyxl.load_workbook(form)["_examples"].iter_rows(values_only=True))
    with (REFERENCE / "tenures.csv").open(encoding="utf-8", newline="") as stream:
        known = {row["id"] for row in csv.DictReader(stream)}
    at = next(i for i, row in enumerate(rows) if row[0] == "tenures")
    assert rows[at + 1][1] == "id"
    assert rows[at + 2][1] in known


def test_every_table_has_a_sheet_unless_it_is_a_register(tmp_path: Path) -> None:
    path = tmp_path / "all.xlsx"
    assert run(["template", "xlsx", "-o", str(path)]) == 0
    tables = {p.stem for p in REFERENCE.glob("*.csv")} - {"slugs"}
    assert {n for n in openpyxl.load_workbook(path).sheetnames if not n.startswith("_")} == tables


def test_mistakes_of_the_command_line(
    form: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["template", "xlsx", "tenure"]) == 2
    assert "'tenures'" in capsys.readouterr().err
    assert run(["template", "xlsx", "-o", str(form)]) == 2
    assert "--force" in capsys.readouterr().err
    assert run(["template", "xlsx", "-o", str(tmp_path / "no" / "f.xlsx")]) == 3
    assert "cannot be written" in capsys.readouterr().err
    assert list(tmp_path.glob("*.xlsx")) == []
