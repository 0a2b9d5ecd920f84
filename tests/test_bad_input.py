"""What a steward can get wrong in data/: each fault stops the build and is told with file, row, column and advice.

Every case is `bilim build` over a copy of data/ with one change (faults that only the whole graph shows: one copy
with one change for each).
"""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kg import resources
from kg.cli import run

Rows = list[dict[str, str]]
Change = Callable[[Rows], int]
"""Changes rows in place; gives the number of the changed row as a spreadsheet counts."""

ROOT = resources.find()


def copy_of_data(folder: Path) -> Path:
    """Resources of their own: data/ copied, the rest linked."""
    shutil.copytree(ROOT.data, folder / "data")
    for part in (ROOT.ontology, ROOT.queries):
        (folder / part.name).symlink_to(part)
    return folder


def edit(folder: Path, table: str, change: Change) -> int:
    path = folder / "data" / "reference" / f"{table}.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    number = change(rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8")
    return number


def cell(column: str, text: str, /, **where: str) -> Change:
    """Write a cell of the first row that has these values (and something in the cell, if it is to be emptied)."""

    def change(rows: Rows) -> int:
        for number, row in enumerate(rows, start=2):
            if all(row[k] == v for k, v in where.items()) and (text or row[column]):
                row[column] = text
                return number
        raise AssertionError(f"no such row: {where}")

    return change


def added(**values: str) -> Change:
    def change(rows: Rows) -> int:
        rows.append(dict.fromkeys(rows[0], "") | values)
        return len(rows) + 1

    return change


def again(**where: str) -> Change:
    def change(rows: Rows) -> int:
        rows.append(dict(next(r for r in rows if all(r[k] == v for k, v in where.items()))))
        return len(rows) + 1

    return change


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    monkeypatch.setenv("BILIM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BILIM_RESOURCES", str(copy_of_data(tmp_path / "resources")))

    def call() -> tuple[int, list[dict[str, Any]]]:
        code = run(["build", "--json"])
        return code, json.loads(capsys.readouterr().out)["findings"]

    call.folder = tmp_path / "resources"  # type: ignore[attr-defined]
    yield call
    assert not list((tmp_path / "home" / "releases").glob("*"))  # nothing was published


AIMAGAMBETOV = {"person": "askhat-aimagambetov"}
# name, table, change, code, column, what the message must name
CELLS: list[tuple[str, str, Change, str, str, str]] = [
    ("unknown id", "tenures", cell("person", "askhat-x", **AIMAGAMBETOV), "read-unknown-id", "person", "nearest"),
    ("unknown source", "tenures", cell("source", "nowhere", **AIMAGAMBETOV), "read-unknown-id", "source", "add"),
    (
        "unknown region",
        "organizations",
        cell("region", "aktubinsk", region="aktobe"),
        "read-unknown",
        "region",
        "aktobe",
    ),
    ("unknown event", "agreements", cell("signed_at", "no-such-forum"), "read-unknown-id", "signed_at", "event"),
    ("no address", "sources", cell("url", ""), "read-required", "url", "Fill it"),
    ("no such day", "tenures", cell("start", "2023-02-29"), "date-no-such-day", "start", "28 days"),
    ("order of day and month", "tenures", cell("start", "24.06.2022"), "date-", "start", "write 2022-06-24"),
    ("unknown word", "tenures", cell("status", "actng"), "read-unknown-concept", "status", "acting, full"),
    ("unknown agreement status", "agreements", cell("status", "sined"), "read-unknown-concept", "status", "signed"),
    ("required cell", "tenures", cell("post", ""), "read-required", "post", "Fill it"),
    ("confidence as text", "tenures", cell("confidence", "high"), "lexical-decimal", "confidence", "0.9"),
    ("confidence over one", "tenures", cell("confidence", "1.5"), "read-not-allowed", "confidence", "≤ 1"),
    ("unknown mode", "tenures", cell("mode", "guessed"), "read-not-allowed", "mode", "inferred"),
    ("inferred, no note", "tenures", cell("note", "", mode="inferred"), "read-inferred", "note", "note"),
    ("ill-formed Wikidata id", "persons", cell("wikidata", "65129668"), "read-not-allowed", "wikidata", "Q[1-9]"),
    ("ill-formed ROR id", "organizations", cell("ror", "ror.org/1"), "read-not-allowed", "ror", "ror"),
    (
        "ill-formed slug",
        "persons",
        added(id="Askhat_A", name_en="A", source="newtimes-121336", confidence="0.8"),
        "read-",
        "id",
        "small Latin",
    ),
    ("id of another kind", "changes", cell("before", "body/abc"), "read-bad-id", "before", "kinds are"),
    ("same key twice", "tenures", again(**AIMAGAMBETOV), "read-duplicate-key", "id", "merge the rows"),
]


@pytest.mark.parametrize(
    ("table", "change", "code", "column", "part"), [pytest.param(*c[1:], id=c[0].replace(" ", "-")) for c in CELLS]
)
def test_a_faulty_cell_is_a_violation_with_its_place(
    build: Any, table: str, change: Change, code: str, column: str, part: str
) -> None:
    row = edit(build.folder, table, change)
    exit_code, findings = build()
    assert exit_code == 1
    (found, *_) = [f for f in findings if f.get("row") == row and f["severity"] == "Violation"]
    assert found["code"].startswith(code)
    assert (found.get("file"), found.get("column")) == (f"{table}.csv", column)
    told = " ".join(str(found[key]["en"]) for key in ("message", "allowed", "advice") if found.get(key))
    assert part in told
    assert found["advice"]["ru"]
    assert found["advice"]["kk"]
    assert all(f.get("file") == f"{table}.csv" for f in findings if f["severity"] == "Violation")


@pytest.mark.parametrize(
    ("change", "code", "part"),
    [
        pytest.param(
            lambda b: b.replace(b"observed_on", b"observed", 1), "read-unknown-column", "nearest", id="column"
        ),
        pytest.param(lambda b: b.decode().encode("cp1251", "ignore"), "read-not-utf8", "Windows-1251", id="encoding"),
        pytest.param(lambda b: b.replace(b",", b";"), "read-delimiter", "not divided by ','", id="semicolons"),
        pytest.param(lambda b: b + b"a,b\n", "read-ragged-row", "comma", id="ragged"),
        pytest.param(lambda b: b + b'"open,' + b"\n", "read-", "quote", id="open-quote"),
    ],
)
def test_a_faulty_file_is_named_and_nothing_else(build: Any, change: Any, code: str, part: str) -> None:
    path = (
        build.folder / "data" / "reference" / "persons.csv"
        if code == "read-not-utf8"
        else (build.folder / "data" / "reference" / "tenures.csv")
    )
    path.write_bytes(change(path.read_bytes()))
    exit_code, findings = build()
    assert exit_code in (1, 3)
    broken = [f for f in findings if f["severity"] == "Violation"]
    assert broken[0]["code"].startswith(code)
    assert {f.get("file") for f in broken} == {path.name}
    assert part in json.dumps(broken, ensure_ascii=False)


def test_faults_of_the_whole_graph_are_violations_with_their_place(build: Any) -> None:
    """Dates out of order, and one identifier for two things, of each sort of identifier."""
    changes: list[tuple[str, str, str | None, Change]] = [
        ("Dated-", "tenures", "start", cell("start", "2030-01-01", id="orazalin-akim-of-aktobe-region")),
        ("Identified-wikidataId-unique", "persons", "wikidata", cell("wikidata", "Q65129668", wikidata="Q4250192")),
        ("Identified-rorId-unique", "organizations", "ror", self_copy("ror")),
        ("Identified-geonamesId-unique", "regions", "geonames", self_copy("geonames")),
        ("Identified-osmRelationId-unique", "regions", "osm", self_copy("osm")),
        ("Spell-iso-form", "spells", "value", cell("value", "KZ11", value="KZ-11", source="iso3166-2-1.8.4")),
        ("Spell-iso-unique", "spells", "value", cell("value", "KZ-15", value="KZ-19", source="iso3166-2-1.8.4")),
        ("Document-url-form", "sources", "url", cell("url", "www.example.kz", id="newtimes-121171")),
        (
            "Agreement-status-signed",
            "agreements",
            None,
            cell("status", "discussed", signed="2021-11-08"),
        ),
    ]
    places = []
    for code, table, column, change in changes:
        places.append((code, f"{table}.csv", edit(build.folder, table, change), column))
    unborn = edit(
        build.folder, "persons", added(id="new-person", name_en="New", source="newtimes-121336", confidence="0.8")
    )
    exit_code, findings = build()
    assert exit_code == 1
    told = {(f["code"], f.get("file"), f.get("row"), f.get("column")): f for f in findings}
    slug = told["read-unregistered", "persons.csv", unborn, "id"]  # a Warning: the line to add is written out
    assert slug["severity"] == "Warning"
    assert "person,new-person," in slug["advice"]["en"]
    for code, file, row, column in places:
        hits = [
            f
            for (c, where_file, where_row, where_column), f in told.items()
            if c.startswith(code) and where_file == file and (where_row == row or column is None)
        ]
        assert hits, (code, file, row, column)
        assert hits[0]["severity"] == "Violation"
        assert hits[0]["advice"]["en"]
        if column is not None:
            assert column in {f.get("column") for f in hits}, (code, hits[0])


def self_copy(column: str) -> Change:
    """Give the second thing with an identifier that of the first."""

    def change(rows: Rows) -> int:
        first, second = [(n, r) for n, r in enumerate(rows, start=2) if r[column]][:2]
        second[1][column] = first[1][column]
        return second[0]

    return change
