"""`bilim query` in all formats with shell completion, and `bilim queries check` of files from anywhere."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from kg.cli import run
from tests.test_cli import Bilim, bilim

__all__ = ["bilim"]  # the fixture

ASKED = ("--post", "kz-minister-of-education", "--on", "2022-06-24")
GOOD = """#+ summary: Terms
#+ pagination: 10
#+ returns:
#+   s: {type: entity, description: a tenure}
#+ examples:
#+   - params: {}
SELECT ?s WHERE { ?s a bkg:Tenure } ORDER BY ?s
"""


def test_formats(bilim: Bilim) -> None:
    _, table, _ = bilim("query", "posts/holders", *ASKED, "--format", "table")
    assert "Askhat Aimagambetov" in table
    _, as_json, _ = bilim("query", "posts/holders", *ASKED, "--format", "json")
    assert json.loads(as_json)["data"][0]["certainty"] == "certain"
    _, as_csv, _ = bilim("query", "posts/holders", *ASKED, "--format", "csv", "--fields", "person")
    assert list(csv.reader(io.StringIO(as_csv)))[1:] == [
        ["https://w3id.org/bilim/id/person/askhat-aimagambetov", "Askhat Aimagambetov"]
    ]


def test_a_format_that_cannot_be_is_told(bilim: Bilim) -> None:
    code, out, _ = bilim("query", "posts/holders", *ASKED, "--format", "ttl", "--json")
    assert code == 2
    assert json.loads(out)["findings"][0]["code"] == "unknown-format"


def test_triples_as_turtle(
    release_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.setenv("BILIM_HOME", str(release_home))
    root = Path(__file__).resolve().parent.parent
    (tmp_path / "queries/own").mkdir(parents=True)
    (tmp_path / "ontology").symlink_to(root / "ontology")
    (tmp_path / "queries/own/all.rq").write_text("CONSTRUCT { ?s a bkg:Tenure } WHERE { ?s a bkg:Tenure } LIMIT 5\n")
    monkeypatch.setenv("BILIM_RESOURCES", str(tmp_path))
    assert run(["query", "own/all", "--format", "ttl"]) == 0
    written = capfdbinary.readouterr().out
    assert written.startswith(b"@prefix")
    assert len(list(parse(written, format=RdfFormat.TURTLE))) == 5


@pytest.mark.parametrize(
    ("line", "word", "expected"),
    [
        ("bilim query posts/h", 2, {"posts/holders"}),
        ("bilim query posts/holders --p", 3, {"--post", "--param", "--page", "--page-size"}),
        ("bilim query posts/holders --post ", 4, {"kz-minister-of-education"}),
        ("bilim query discrepancies/list --status ", 4, {"open", "settled"}),
        ("bilim query discrepancies/list -p stat", 4, {"status="}),
        ("bilim query posts/holders --format ", 4, {"table", "json", "csv", "ttl"}),
    ],
)
def test_the_shell_completes(
    bilim: Bilim, monkeypatch: pytest.MonkeyPatch, line: str, word: int, expected: set[str]
) -> None:
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(word))
    monkeypatch.setenv("_BILIM_COMPLETE", "complete_bash")
    assert set(bilim()[1].split()) >= expected


def test_own_files_are_checked(bilim: Bilim, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    good, bad = folder / "good.rq", folder / "bad.rq"
    good.write_text(GOOD, encoding="utf-8")
    bad.write_text(GOOD.replace("WHERE {", "WHERE { ?s nope:x ?o ."), encoding="utf-8")
    assert bilim("queries", "check", str(good))[0] == 0
    code, out, _ = bilim("queries", "check", str(good), str(bad), "--json")
    told = json.loads(out)
    assert (code, told["templates"], told["broken"]) == (1, 1, ["mine/bad"])
    assert [(f["code"], f["file"], f["line"]) for f in told["findings"]] == [("lint-prefix", str(bad), 7)]
    assert bilim("queries", "check", str(folder / "none.rq"))[0] == 3
    bad.write_bytes(b"\xff")
    assert bilim("queries", "check", str(bad))[0] == 3
    good.write_text(GOOD.replace("#+ examples:\n#+   - params: {}\n", ""), encoding="utf-8")
    assert bilim("queries", "check", str(good))[0] == 0
    assert bilim("queries", "check", str(good), "--strict")[0] == 1
