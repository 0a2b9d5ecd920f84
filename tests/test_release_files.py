"""A release as files: what is in them, whether the sums hold, and that the same release gives the same bytes."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store, parse

from kg.cli import run
from kg.releases.layout import Home
from kg.releases.reader import current
from kg.terms import GRAPH_DERIVED, GRAPH_LEDGER
from tests.released import publish_small

FORMULA = 'person:formula-example a foaf:Person ; skos:prefLabel "=1+1"@en , "Plain"@ru .'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    publish_small(folder, 1)
    publish_small(folder, 2, more=FORMULA)
    return folder


@pytest.fixture(scope="module")
def files(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BILIM_HOME", str(home))
        patch.setenv("BILIM_PUBLIC_URL", "https://bilim.example")
        assert run(["releases", "export", "--to", str(folder), "--json"]) == 0
    return folder


def graph_lines(files: Path, home: Path) -> dict[str, list[bytes]]:
    packed = next(files.glob("*.nq.gz")).read_bytes()
    lines: dict[str, list[bytes]] = {}
    for line in gzip.decompress(packed).splitlines(keepends=True):
        graph = line.rsplit(b" <", 1)[1].removesuffix(b"> .\n").decode()
        lines.setdefault(graph, []).append(line)
    assert lines, home
    return lines


def test_the_graphs_have_the_sums_of_the_manifest(files: Path, home: Path) -> None:
    manifest = current(Home(home)).manifest
    found = {g: published_sum(g, lines) for g, lines in graph_lines(files, home).items()}
    assert found == {name: entry.sha256 for name, entry in manifest.graphs.items()}


def published_sum(graph: str, lines: list[bytes]) -> str:
    """By what docs/api.md tells those who have the files alone."""
    if graph not in (GRAPH_DERIVED, GRAPH_LEDGER):
        return hashlib.sha256(b"".join(lines)).hexdigest()
    total = sum(int.from_bytes(hashlib.shake_128(line).digest(512), "little") for line in lines)
    return hashlib.sha256((total % 2**4096).to_bytes(512, "little")).hexdigest()


def test_trig_holds_the_same_quads(files: Path, home: Path) -> None:
    one, other = Store(), Store()
    one.extend(parse(gzip.decompress(next(files.glob("*.nq.gz")).read_bytes()), RdfFormat.N_QUADS))
    other.extend(parse(gzip.decompress(next(files.glob("*.trig.gz")).read_bytes()), RdfFormat.TRIG))
    assert set(one) == set(other), home


def test_the_sums_hold_for_a_tool_of_others(files: Path) -> None:
    tool = shutil.which("sha256sum")
    if tool is None:
        pytest.skip("sha256sum is not installed")
    done = subprocess.run([tool, "-c", "SHA256SUMS"], cwd=files, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = {line.split(": ")[0] for line in done.stdout.splitlines()}
    assert told == {p.relative_to(files).as_posix() for p in files.rglob("*") if p.is_file()} - {"SHA256SUMS"}


def test_the_index_tells_each_file_and_how_to_cite(files: Path, home: Path) -> None:
    index = json.loads((files / "index.json").read_text(encoding="utf-8"))
    for told in index["files"]:
        data = (files / told["name"]).read_bytes()
        assert (told["bytes"], told["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    manifest = current(Home(home)).manifest
    assert manifest.id in index["citation"]
    assert manifest.content_hash in index["citation"]
    assert "https://bilim.example/releases/" in index["citation"]
    assert (files / "CITATION.txt").read_text(encoding="utf-8").strip() == index["citation"]


def test_a_table_has_a_row_for_each_thing_and_no_formula(files: Path) -> None:
    with (files / "csv" / "person.csv").open(encoding="utf-8", newline="") as handle:
        rows = {row["id"].rsplit("/", 1)[1]: row for row in csv.DictReader(handle)}
    assert rows["formula-example"]["skos:prefLabel@en"] == "'=1+1", "a spreadsheet would calculate it"
    assert rows["formula-example"]["skos:prefLabel@ru"] == "Plain"
    assert rows["aigul-example"]["skos:altLabel@en"] == "Aygul"
    with (files / "csv" / "tenure.csv").open(encoding="utf-8", newline="") as handle:
        (tenure,) = csv.DictReader(handle)
    assert tenure["bkg:startEdtf"] == "2022-06-11", "resolved dates are there"


def test_the_description_is_dcat_with_void(files: Path) -> None:
    store = Store()
    store.extend(parse((files / "description.ttl").read_bytes(), RdfFormat.TURTLE))
    query = """PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX spdx: <http://spdx.org/rdf/terms#>
    SELECT ?url ?size ?sum WHERE { ?d a dcat:Dataset ; dcat:distribution ?f . ?f dcat:downloadURL ?url ;
      dcat:byteSize ?size ; dcat:mediaType ?m ; spdx:checksum [ spdx:checksumValue ?sum ] }"""
    rows: Any = store.query(query)
    found = {row["url"].value.split("/dump/")[1]: (int(row["size"].value), row["sum"].value) for row in rows}
    told = json.loads((files / "index.json").read_text(encoding="utf-8"))["files"]
    wanted = {f["name"]: (f["bytes"], f["sha256"]) for f in told if f["name"] != "description.ttl"}
    assert found == wanted
    void = NamedNode("http://rdfs.org/ns/void#Dataset")
    assert any(store.quads_for_pattern(None, None, void, None))


def test_the_same_release_gives_the_same_bytes(files: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILIM_HOME", str(home))
    monkeypatch.setenv("BILIM_PUBLIC_URL", "https://bilim.example")
    again = files.parent / "again"
    assert run(["releases", "export", "--to", str(again)]) == 0
    assert (again / "SHA256SUMS").read_bytes() == (files / "SHA256SUMS").read_bytes()


def test_a_folder_that_holds_something_is_not_written_into(
    files: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILIM_HOME", str(home))
    before = {p: p.stat().st_mtime_ns for p in files.rglob("*")}
    assert run(["releases", "export", "--to", str(files)]) == 2
    assert {p: p.stat().st_mtime_ns for p in files.rglob("*")} == before


def test_any_two_releases_are_compared(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BILIM_HOME", str(home))
    one, two = Home(home).release_ids()
    assert run(["releases", "diff", one, two, "--json"]) == 0
    there = json.loads(capfd.readouterr().out)
    assert {(e["slug"], e["change"]) for e in there["entities"]["items"]} == {
        ("formula-example", "added"),
        ("aigul-example", "changed"),
    }
    assert run(["releases", "diff", two, one, "--json"]) == 0
    back = json.loads(capfd.readouterr().out)
    assert back["quads"] == {"added": there["quads"]["removed"], "removed": there["quads"]["added"]}
    assert run(["releases", "diff", two, two, "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["quads"] == {"added": 0, "removed": 0}
