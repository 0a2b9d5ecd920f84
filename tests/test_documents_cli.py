"""`bilim document` and `bilim validate --text` from the command line."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from kg.cli import run
from kg.commands.coverage import look
from kg.documents.leftout import REASONS
from kg.findings import Exit
from kg.resources import Resources
from tests.documents_world import (
    ROOT,
    WORDS,
    block,
    codes,
    graph,
    in_three,
)

# --- the command line -----------------------------------------------------------------------------------------


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    path = tmp_path / "page.txt"
    path.write_bytes("News\r\nA headline of ours\r\n24.06.2022 260\r\n\r\nThe “minister” said so.\r\n".encode())
    return path


def test_new_writes_once_and_says_what_is_open(
    page_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made.trig"
    arguments = ["document", "new", str(page_file), "--phrase", "said so", "--out", str(out)]
    assert run([*arguments, "--json"]) == Exit.CLEAN
    told = json.loads(capsys.readouterr().out)
    assert (told["document"], told["issued"], told["title"]) == (
        "a-headline-of-ours",
        "2022-06-24",
        "A headline of ours",
    )
    assert told["slugs"][0].startswith("document,a-headline-of-ours,")
    assert out.read_text(encoding="utf-8") == told["trig"]
    assert run(arguments) == Exit.USAGE
    assert "is already there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "code", "exit_code"),
    [
        (["--phrase", 'The "minister"'], "phrase-nearly", Exit.VIOLATIONS),
        (["--phrase", "zzzz qqqq xxxx"], "phrase-not-found", Exit.VIOLATIONS),
        (["--phrase", ""], "phrase-empty", Exit.USAGE),
        (["--phrase", "w" * 121], "phrase-too-long", Exit.USAGE),
        (["--id", "Not A Slug"], "document-bad-id", Exit.USAGE),
        (["--id", "seed-000"], "document-id-taken", Exit.USAGE),
    ],
)
def test_new_refuses(
    page_file: Path, more: list[str], code: str, exit_code: Exit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["document", "new", str(page_file), *more, "--json"]) == exit_code
    (wrong,) = json.loads(capsys.readouterr().out)["findings"]
    assert wrong["code"] == code
    assert set(wrong["message"]) == {"en", "ru", "kk"}


def test_find_and_clean(page_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["document", "find", str(page_file), "said so", "--json"]) == Exit.CLEAN
    told = json.loads(capsys.readouterr().out)
    (place,) = told["phrases"][0]["places"]
    assert place["start"] == page_file.read_bytes().decode().index("said so")
    assert place["line"] == 5
    assert run(["document", "find", str(page_file), 'The "minister"', "--json"]) == Exit.VIOLATIONS
    told = json.loads(capsys.readouterr().out)
    assert told["phrases"][0]["nearest"][0]["quote"] == "The “minister”"
    assert told["findings"][0]["line"] == 5
    assert run(["document", "find", str(page_file.with_name("none.txt")), "x"]) == Exit.UNREADABLE
    capsys.readouterr()
    assert run(["document", "clean", str(page_file), "--json"]) == Exit.CLEAN
    assert [n["reason"] for n in json.loads(capsys.readouterr().out)["noise"]] == ["noise-menu", "view-count"]


def test_coverage_without_texts_is_not_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["document", "coverage"]) == Exit.USAGE
    assert "BILIM_TEXTS" in capsys.readouterr().err
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    assert run(["document", "coverage", "--texts", str(tmp_path), "--check", "--json"]) == Exit.NOTHING_CHECKED
    assert {f["code"] for f in json.loads(capsys.readouterr().out)["findings"]} == {"coverage-no-text"}
    assert run(["document", "coverage", "--texts", str(tmp_path / "none")]) == Exit.UNREADABLE
    assert run(["document", "coverage", "nobody", "--texts", str(tmp_path)]) == Exit.USAGE


def test_a_list_without_its_document_is_told(tmp_path: Path) -> None:
    (tmp_path / "data/documents").mkdir(parents=True)
    (tmp_path / "data/documents/gone.left-out.csv").write_text("start,end,reason,note\n", encoding="utf-8")
    (one,) = look(Resources(tmp_path), {})
    assert codes(one.findings) == ["left-out-orphan"]
    in_three(one.findings[0])


def test_validate_compares_quotes_with_a_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "page.txt"
    text.write_text(WORDS.text, encoding="utf-8", newline="")
    file = tmp_path / "d.trig"
    file.write_bytes(graph(block("Emin Amrullayev", 0, 15), sha256=WORDS.sha256))
    assert run(["validate", str(file), "--alone", "--text", str(text), "--json"]) == Exit.VIOLATIONS
    told = [f for f in json.loads(capsys.readouterr().out)["findings"] if f["code"].startswith("quote-")]
    assert [(f["code"], f["file"], f["line"]) for f in told] == [("quote-elsewhere", "d.trig", 10)]
    file.write_bytes(graph(block("Emin Amrullayev", 26, 41), sha256=WORDS.sha256))
    run(["validate", str(file), "--alone", "--text", str(text), "--json"])
    told = [f["code"] for f in json.loads(capsys.readouterr().out)["findings"]]
    assert not [code for code in told if code.startswith(("quote-", "document-", "text-"))]
    assert run(["validate", str(file), "--alone", "--text", str(tmp_path / "none.txt")]) == Exit.UNREADABLE


def test_the_lists_are_listed_in_the_docs() -> None:
    told = (ROOT / "docs/documents.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", told, re.MULTILINE)) == REASONS
    pages = sorted(p.stem for p in (ROOT / "docs/documents").glob("*.md"))
    assert pages == sorted(p.stem for p in (ROOT / "data/documents").glob("*.trig"))
    with (ROOT / "data/reference/slugs.csv").open(encoding="utf-8", newline="") as file:
        assert {row["slug"] for row in csv.DictReader(file) if row["kind"] == "document"} >= set(pages)
