"""Reports on a file: every form tells the same findings, at the same cells, in three languages."""

from __future__ import annotations

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from rdflib import RDF, SH, Graph
from sarif_pydantic import Sarif

from kg.cli import run
from kg.findings import finding
from kg.imports.reports import SUFFIXES, ReportData, write_report
from kg.resources import find

REFERENCE = find().data / "reference"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the first real tenures with three mistakes, and its reports in every form."""
    base = tmp_path_factory.mktemp("reports")
    with (REFERENCE / "tenures.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for _, row in zip(range(13), csv.reader(stream), strict=False)]
    head = rows[0]
    rows[3][head.index("start")] = "2023-02-29"
    rows[5][head.index("status")] = "fulll"
    rows[7][head.index("note")] = '=HYPERLINK("http://x")'
    rows[7][head.index("confidence")] = "high"
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    (base / "tenures.csv").write_text(text.getvalue(), encoding="utf-8")
    arguments = [part for suffix in SUFFIXES for part in ("--report", str(base / f"r{suffix}"))]
    code = run(["validate", str(base / "tenures.csv"), "--alone", *arguments, "--split", str(base / "split")])
    assert code == 1
    return base


def places(folder: Path) -> set[tuple[str, str]]:
    """The (row, column) of the mistakes by the JSON report."""
    report = json.loads((folder / "r.json").read_text(encoding="utf-8"))
    return {(str(f["row"]), f["column"]) for f in report["findings"]}


def test_the_json_report_counts_all_and_groups_them(folder: Path) -> None:
    report = json.loads((folder / "r.json").read_text(encoding="utf-8"))
    assert places(folder) == {("4", "start"), ("6", "status"), ("8", "confidence")}
    assert report["counts"]["Violation"] == report["total"] == sum(g["count"] for g in report["groups"]) == 3
    assert report["conforms"] is False
    assert all({"en", "ru", "kk"} <= set(f["message"]) for f in report["findings"])


def test_the_csv_report_is_safe_to_open_and_tells_the_same(folder: Path) -> None:
    with (folder / "r.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {(r["row"], r["column"]) for r in rows} == places(folder)
    assert {r["cell"] for r in rows} == {"2023-02-29", "fulll", "high"}
    assert all(r[f"message_{lang}"] for r in rows for lang in ("kk", "ru", "en"))


def test_the_sarif_report_is_sarif_2_1_0(folder: Path) -> None:
    log = Sarif.model_validate_json((folder / "r.sarif").read_text(encoding="utf-8"))
    [single] = log.runs
    assert single.results is not None
    assert {str(r.locations[0].physical_location.region.start_line) for r in single.results} == {"4", "6", "8"}
    assert single.tool.driver.rules is not None
    assert {r.rule_id for r in single.results} == {r.id for r in single.tool.driver.rules}


def test_the_turtle_report_is_a_shacl_validation_report(folder: Path) -> None:
    graph = Graph().parse(folder / "r.ttl")
    [report] = graph.subjects(RDF.type, SH.ValidationReport)
    assert graph.value(report, SH.conforms).toPython() is False
    results = list(graph.objects(report, SH.result))
    assert len(results) == 3
    for result in results:  # SHACL 3.6.2: exactly one of each
        for needed in (SH.focusNode, SH.resultSeverity, SH.sourceConstraintComponent):
            assert len(list(graph.objects(result, needed))) == 1
        assert {m.language for m in graph.objects(result, SH.resultMessage)} == {"en", "ru", "kk"}


def test_the_workbook_shows_the_table_with_the_wrong_cells_marked(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "r.xlsx")
    sheet = book["table"]
    marked = {
        (str(c.row), sheet.cell(1, c.column).value) for row in sheet.iter_rows() for c in row if c.comment is not None
    }
    assert marked == places(folder)
    assert sheet.cell(4, 4).value == "2023-02-29"
    values = [c.value for row in sheet.iter_rows() for c in row if isinstance(c.value, str)]
    assert '\'=HYPERLINK("http://x")' in values
    assert all(c.data_type != "f" for s in book for row in s.iter_rows() for c in row)
    assert book["_findings"].max_row == 4


def test_the_page_needs_nothing_from_elsewhere_and_escapes(folder: Path) -> None:
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert " src=" not in page
    assert "2023-02-29" in page
    hostile = finding("read-required", name="<script>alert(1)</script>", cell="<b>")
    text = write_report(ReportData("<x>.csv", [hostile], {"Tenure": 1}), ".html", "kk").decode()
    assert "<script>alert" not in text
    assert "<x>" not in text
    assert 'lang="kk"' in text


def test_good_and_bad_rows_come_apart_and_read_back(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = (
        list(csv.reader((folder / "split" / n / "tenures.csv").open(encoding="utf-8"))) for n in ("good", "bad")
    )
    assert (len(good), len(bad)) == (1 + 9, 1 + 3)
    assert bad[0][-1] == "_reason"
    assert "2023-02-29" in bad[1][-1]
    # what stands apart reads back: the added column is for people
    again = folder / "again"
    again.mkdir()
    shutil.copy(folder / "split/bad/tenures.csv", again)
    wrong = {"date-no-such-day", "lexical-decimal", "read-unknown-concept-near"}

    def codes(path: Path) -> set[str]:
        run(["validate", str(path), "--alone", "--json"])
        return {f["code"] for f in json.loads(capsys.readouterr().out)["findings"]}

    # rows of one thing lean on each other's evidence, so a row taken apart may miss it
    assert codes(again / "tenures.csv") - {"read-no-evidence"} == wrong
    assert not codes(folder / "split/good/tenures.csv") & wrong


def test_a_capped_list_says_so_and_keeps_exact_counts() -> None:
    many = [finding("read-required", name=str(n)) for n in range(30)]
    many += [finding("read-blanks-around", severity="Warning") for _ in range(5)]
    data = ReportData("x.csv", many, {"Tenure": 3}, cap=10)
    report = json.loads(write_report(data, ".json"))
    assert (report["counts"], report["total"], report["cap"], report["capped"]) == (
        {"Violation": 30, "Warning": 5, "Info": 0},
        35,
        10,
        True,
    )
    assert len(report["findings"]) == 10
    assert "10 of 35" in write_report(data, ".html").decode()


def test_nothing_checked_is_never_told_as_conforming() -> None:
    empty = ReportData("x.csv", [], {"Tenure": 0})
    assert json.loads(write_report(empty, ".json"))["conforms"] is False
    assert "Nothing was checked" in write_report(empty, ".html").decode()
    assert "Conforms" in write_report(ReportData("x.csv", [], {"Tenure": 2}), ".html").decode()


def test_an_unknown_form_is_told_before_any_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", str(tmp_path / "not-there.csv"), "--report", str(tmp_path / "r.docx")]) == 2
    assert ".sarif" in capsys.readouterr().err


def test_what_a_file_mends_is_listed_and_not_counted_as_wrong() -> None:
    mended = replace(finding("read-required", name="x"), standing="mended")
    data = ReportData("x.csv", [mended], {"Tenure": 2})
    report = json.loads(write_report(data, ".json"))
    assert (report["conforms"], report["counts"]["Violation"], report["total"]) == (True, 0, 1)
    assert report["findings"][0]["standing"] == "mended"
    assert "mended" in write_report(data, ".html").decode()
    assert '"baselineState": "absent"' in write_report(data, ".sarif").decode()
