"""A workbook of 1,000 rows with 40 mistakes of 15 kinds, brought in as a new steward would: by command line and by API.

Every mistake is reported at its cell, nothing else is; mended, it is accepted.
"""

from __future__ import annotations

import csv
import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from kg import resources
from kg.cli import run
from kg.imports.tokens import open_tokens
from kg.log import configure
from kg.releases.layout import Home
from kg.releases.reader import current
from kg.settings import Settings
from tests.seeded_workbook import SOURCE, TABLES, mistakes, workbook

NAMES = {"en": "Zheken Qobyzkhan", "ru": "Жекен Кобызхан", "kk": "Жекен Қобызхан"}

Places = set[tuple[str, int, str, str]]
SEEDED: Places = {place for mistake in mistakes() for place in mistake.places}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook with its mistakes and, in another folder, mended."""
    folder = tmp_path_factory.mktemp("files")
    assert run(["template", "xlsx", *TABLES, "-o", str(folder / "form.xlsx")]) == 0
    form = (folder / "form.xlsx").read_bytes()
    for name, wrong in (("wrong", True), ("mended", False)):
        (folder / name).mkdir()
        (folder / name / "spring.xlsx").write_bytes(workbook(form, wrong))
    return folder


@pytest.fixture
def home(release_home: Path, tmp_path: Path) -> Path:
    shutil.copytree(release_home, tmp_path / "home")
    return tmp_path / "home"


def places(report: dict[str, Any]) -> list[tuple[str, int, str, str]]:
    return [(f.get("sheet"), f.get("row"), f.get("column"), f["code"]) for f in report["findings"]]


def is_in(home: Path) -> None:
    """All that the workbook tells is in the current release."""
    projection = current(Home(home)).projection
    for kind, slug in (
        ("person", "seeded-person-299"),
        ("tenure", "seeded-tenure-149"),
        ("event", "seeded-opening-99"),
    ):
        assert projection.has(kind, slug)
    tenure = projection.document("tenure", "seeded-tenure-59")  # whose start was a day that there is not
    assert tenure is not None
    assert tenure["start"]["edtf"] == "2018-08-20"


def test_the_seeds_are_what_is_claimed() -> None:
    assert len(mistakes()) == 40
    assert len({m.kind for m in mistakes()}) == 15
    assert len({(m.sheet, m.row) for m in mistakes()}) == 40, "each in a row of its own"


def test_by_command_line(
    files: Path, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("BILIM_HOME", str(home))

    def bilim(*arguments: str, code: int = 0) -> Any:
        assert run([*arguments, "--json"]) == code
        return json.loads(capfd.readouterr().out)

    made = bilim("import", str(files / "wrong" / "spring.xlsx"), code=1)
    found = places(made["report"])
    assert set(found) == SEEDED
    assert len(found) == len(SEEDED), "each told once"
    assert all(f["standing"] == "new" for f in made["report"]["findings"] if "standing" in f)
    marked = tmp_path / "marked.xlsx"
    bilim("imports", "show", str(made["id"]), "--report", str(marked))
    book = openpyxl.load_workbook(marked)
    for mistake in mistakes():
        heads = [cell.value for cell in book[mistake.sheet][1]]
        cell = book[mistake.sheet].cell(mistake.row, heads.index(mistake.column) + 1)
        assert cell.comment is not None, mistake
    mended = bilim("import", str(files / "mended" / "spring.xlsx"))
    assert (mended["verdict"], mended["name"], mended["matches"]) == ("clean", "spring", [])
    assert mended["report"]["findings"] == []
    assert bilim("imports", "accept", str(mended["id"]), "--reason", "agreed")["outcome"] == "published"
    is_in(home)


@pytest.fixture
def served(home: Path) -> Iterator[TestClient]:
    settings = Settings(home=home, log_level="error", sparql_workers=1, sparql_nice=0, imports_nice=0)
    configure(settings)
    with TestClient(create_app(settings)) as made:
        yield made


def test_by_api(files: Path, home: Path, served: TestClient) -> None:
    with open_tokens(Home(home)) as tokens:
        text, _ = tokens.create("steward", "Aigerim", None, "test")
    headers = {"Authorization": f"Bearer {text}"}

    def judged(folder: str) -> dict[str, Any]:
        upload = {"file": ("spring.xlsx", (files / folder / "spring.xlsx").read_bytes())}
        location = served.post("/api/v1/imports", files=upload, headers=headers).headers["location"]
        assert "event: done" in served.get(f"{location}/events", headers=headers).text
        for _ in range(600):
            data: dict[str, Any] = served.get(location, headers=headers).json()["data"]
            if data["state"] == "validated":
                return data
            time.sleep(0.5)
        raise AssertionError("it was never judged")

    wrong = judged("wrong")
    report = served.get(f"/api/v1/imports/{wrong['id']}/report.json", headers=headers).json()
    assert sorted(places(report)) == sorted(SEEDED)
    mended = judged("mended")
    assert mended["verdict"] == "clean"
    done = served.post(f"/api/v1/imports/{mended['id']}/accept", json={"reason": "agreed"}, headers=headers)
    assert done.json()["data"]["outcome"] == "published"
    is_in(home)


def test_rows_are_left_out_and_taken_in_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("BILIM_HOME", str(home))
    table = tmp_path / "persons.csv"
    with (resources.find().data / "reference" / "persons.csv").open(encoding="utf-8", newline="") as stream:
        head = next(csv.reader(stream))
    with table.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, head)
        writer.writeheader()
        for x, confidence in zip("abc", ("0.8", "often", "0.7"), strict=True):
            names = {f"name_{lang}": f"{name} {x}" for lang, name in NAMES.items()}
            writer.writerow({"id": f"seeded-{x}", **names, "source": SOURCE, "confidence": confidence})

    def bilim(*arguments: str, code: int = 0) -> Any:
        assert run([*arguments, "--json"]) == code
        return json.loads(capfd.readouterr().out)

    number = str(bilim("import", str(table), "--name", "few", code=1)["id"])
    left = bilim("imports", "exclude", number, "--bad", "--reason", "asked the source")
    assert (left["verdict"], [r["row"] for r in left["excludedRows"]]) == ("clean", [3])
    assert bilim("imports", "exclude", number, "--none")["verdict"] == "violations"
    assert bilim("imports", "exclude", number, "--row", "3")["verdict"] == "clean"
    bilim("imports", "accept", number, "--reason", "the rest will follow")
    projection = current(Home(home)).projection
    assert [projection.has("person", f"seeded-{x}") for x in "abc"] == [True, False, True]
