"""The `bilim` command: what it prints, its exit codes, --json everywhere."""

from __future__ import annotations

import csv
import io
import json
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from kg.cli import make_app, run
from kg.commands.query import given
from kg.findings import BilimError
from kg.releases.layout import Home
from tests.graphs import HEADER, MINISTERS, write_data
from tests.test_release_layout import held_elsewhere

Bilim = Callable[..., tuple[int, str, str]]


@pytest.fixture
def bilim(release_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bilim:
    """Run one command on the release made of data/: exit code, stdout, stderr."""
    monkeypatch.setenv("BILIM_HOME", str(release_home))
    monkeypatch.setenv("BILIM_PORT", "0")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_query_answers_who_was_minister(bilim: Bilim) -> None:
    code, out, _ = bilim("query", "posts/holders", "--post", "kz-minister-of-education", "--on", "2022-06-24", "--json")
    answer = json.loads(out)
    assert code == 0
    assert [row["person"]["slug"] for row in answer["data"]] == ["askhat-aimagambetov"]
    assert answer["page"]["total"] == 1
    assert answer["params"]["on"] == "2022-06-24"


def test_query_takes_param_pairs_and_prints_a_table(bilim: Bilim) -> None:
    code, out, err = bilim("query", "posts/holders", "-p", "post=kz-minister-of-education", "-p", "on=2022-06-24")
    assert code == 0
    assert "Askhat Aimagambetov" in out
    assert "11 June 2022" in out
    assert "1 in all" in err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("query", "posts/holders", "--on", "24.06.2022"), "param-missing"),
        (("query", "posts/holders", "--post", "kz-minister-of-education", "--on", "24.06.2022"), "param-not-date"),
        (("query", "posts/holders", "--post", "kz-minister-of-education", "--nonsense", "1"), "param-unknown"),
        (("query", "no/such"), "no-template"),
        (("query", "posts/holders", "word"), "bad-param"),
        (("sparql", "/no/such/file"), "file-unreadable"),
        (("validate", "/no/such/file.ttl"), "file-unreadable"),
        (("validate", "/no/such/table.csv"), "file-unreadable"),
        (("releases", "show", "2026-01-01.1-abcdef"), "no-such-release"),
        (("releases", "verify", "../../etc"), "no-such-release"),
    ],
)
def test_wrong_input_is_told_by_code(bilim: Bilim, arguments: tuple[str, ...], code: str) -> None:
    exit_code, out, _ = bilim(*arguments, "--json")
    assert exit_code in (2, 3)
    assert code in [f["code"] for f in json.loads(out)["findings"]]


def test_errors_are_told_in_the_language_asked(bilim: Bilim) -> None:
    _, _, russian = bilim("--lang", "ru", "releases", "show", "2026-01-01.1-abcdef")
    _, _, kazakh = bilim("--lang", "kk", "releases", "show", "2026-01-01.1-abcdef")
    assert "нет выпуска" in russian
    assert "шығарылымы жоқ" in kazakh


@pytest.mark.parametrize(
    "arguments", [("--no-such",), ("no-such",), ("query",), ("build", "--port", "1"), ("--lang", "de", "doctor")]
)
def test_usage_errors_are_2(bilim: Bilim, arguments: tuple[str, ...]) -> None:
    code, _, err = bilim(*arguments)
    assert code == 2
    assert err


def test_given_reads_all_ways_of_writing_a_parameter() -> None:
    assert given(["a=1", "a=2=3"], ["--b", "x", "--c=y", "--d", "-1"]) == {
        "a": ["1", "2=3"], "b": ["x"], "c": ["y"], "d": ["-1"],
    }  # fmt: skip
    for words in (["x"], ["--a"], ["-a", "1"], ["--=1"]):
        with pytest.raises(BilimError):
            given([], words)


def test_sparql_select_as_csv_and_json(bilim: Bilim, tmp_path: Path) -> None:
    query = tmp_path / "q.rq"
    query.write_text("SELECT ?p WHERE { ?p a bkg:RepublicanCity } ORDER BY ?p")
    code, out, _ = bilim("sparql", str(query), "--format", "csv")
    assert code == 0
    rows = list(csv.reader(io.StringIO(out)))
    assert rows[0] == ["p"]
    assert [r[0].rsplit("/", 1)[1] for r in rows[1:]] == ["almaty-city", "astana", "shymkent"]
    code, out, _ = bilim("sparql", str(query), "--json")
    assert len(json.loads(out)["results"]["bindings"]) == 3


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("ASK { person:askhat-aimagambetov a bkg:Minister }", "true"),
        ("DESCRIBE person:askhat-aimagambetov", "Асхат Канатович Аймагамбетов"),
        ("CONSTRUCT { ?s a ?c } WHERE { ?s a ?c ; a bkg:RepublicanCity }", "id/region/astana"),
    ],
)
def test_sparql_other_forms(bilim: Bilim, tmp_path: Path, text: str, part: str) -> None:
    (tmp_path / "q.rq").write_text(text)
    code, out, _ = bilim("sparql", str(tmp_path / "q.rq"))
    assert code == 0
    assert part in out


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "sparql-service"),
        ("DROP ALL", "sparql-update"),
        ("SELECT * WHERE { ?s ?p }", "sparql-syntax"),
    ],
)
def test_sparql_refuses_what_the_endpoint_refuses(bilim: Bilim, tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "q.rq").write_text(text)
    exit_code, out, _ = bilim("sparql", str(tmp_path / "q.rq"), "--json")
    assert exit_code == 2
    assert [f["code"] for f in json.loads(out)["findings"]] == [code]


def test_sparql_unknown_format(bilim: Bilim, tmp_path: Path) -> None:
    (tmp_path / "q.rq").write_text("ASK {}")
    assert bilim("sparql", str(tmp_path / "q.rq"), "--format", "ttl")[0] == 2


def test_queries_list_and_check(bilim: Bilim) -> None:
    code, out, _ = bilim("queries", "list", "--json")
    assert code == 0
    assert "posts/holders" in [q["name"] for q in json.loads(out)["queries"]]
    code, out, _ = bilim("queries", "check", "--json")
    assert code == 0
    assert json.loads(out)["broken"] == []


def test_a_broken_question_is_named_and_the_others_serve(
    bilim: Bilim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_data(tmp_path, MINISTERS)
    real = (folder / "queries").resolve()
    (folder / "queries").unlink()
    shutil.copytree(real, folder / "queries")
    (folder / "queries" / "posts" / "broken.rq").write_text("#+ summary: [\nSELECT * { ?s ?p ?o }")
    monkeypatch.setenv("BILIM_RESOURCES", str(folder))
    code, out, _ = bilim("queries", "check", "--json")
    assert code == 1
    assert json.loads(out)["broken"] == ["posts/broken"]
    assert bilim("query", "posts/broken")[0] == 3
    assert bilim("query", "posts/holders", "--post", "kz-minister-of-education")[0] == 0
    assert bilim("doctor")[0] == 1


def test_releases_list_show_verify(bilim: Bilim, release_home: Path) -> None:
    published = Home(release_home).current_id()
    code, out, _ = bilim("releases", "list", "--json")
    assert code == 0
    assert json.loads(out)["current"] == published
    assert published in bilim("releases", "list")[1]
    shown = json.loads(bilim("releases", "show", "--json")[1])
    assert shown["id"] == published
    assert published in bilim("releases", "show")[1]
    code, out, _ = bilim("releases", "verify", "--json")
    assert (code, json.loads(out)["sound"]) == (0, True)


def test_doctor_finds_this_machine_well(bilim: Bilim) -> None:
    code, out, _ = bilim("doctor", "--json")
    report = json.loads(out)
    assert code == 0, report
    assert {"Python", "packages", "home", "disk", "release", "questions", "port", "locale"} <= {
        c["check"] for c in report["checks"]
    }
    assert "All is well" in bilim("doctor")[1]


def test_doctor_says_how_to_mend(bilim: Bilim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("BILIM_HOME", str(tmp_path / "file" / "home"))
    code, out, _ = bilim("doctor")
    assert code == 1
    assert "BILIM_HOME" in out


def test_doctor_names_a_question_that_is_not_served(
    bilim: Bilim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = Path(__file__).resolve().parent.parent
    (tmp_path / "queries/own").mkdir(parents=True)
    (tmp_path / "ontology").symlink_to(root / "ontology")
    (tmp_path / "queries/own/good.rq").write_text("ASK { ?s ?p ?o }")
    (tmp_path / "queries/own/bad.rq").write_text("#+ summary: one\nASK { ?s nope:x ?o }")
    monkeypatch.setenv("BILIM_RESOURCES", str(tmp_path))
    code, out, _ = bilim("doctor", "--json")
    [told] = [c for c in json.loads(out)["checks"] if c["check"] == "questions"]
    assert (code, told["seen"]) == (1, "1 serve, 1 broken")
    assert [(f["file"].endswith("own/bad.rq"), f["line"]) for f in told["findings"]] == [(True, 2)]


def test_a_wrong_setting_is_named(bilim: Bilim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILIM_PORT", "eighty")
    code, _, err = bilim("doctor")
    assert code == 2
    assert "BILIM_PORT" in err
    assert "eighty" in err


# -- build and validate, on a small folder ------------------------------------------------------------------------


@pytest.fixture
def small_folder(tmp_path: Path, bilim: Bilim, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of resources with MINISTERS, and an empty home; the environment names both."""
    assert bilim  # its environment is made first, and changed here
    write_data(tmp_path / "resources", MINISTERS)
    monkeypatch.setenv("BILIM_RESOURCES", str(tmp_path / "resources"))
    monkeypatch.setenv("BILIM_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.mark.usefixtures("small_folder")
def test_build_publishes_then_says_that_nothing_changed(bilim: Bilim) -> None:
    code, out, err = bilim("build")
    assert code == 0
    assert "Published" in out
    assert "\x1b" not in out + err  # no progress bar and no colours where there is no terminal
    code, out, _ = bilim("build")
    assert code == 0
    assert "Nothing has changed" in out
    assert json.loads(bilim("build", "--json")[1])["outcome"] == "unchanged"


def test_build_with_a_violation_is_1_and_tells_the_line(bilim: Bilim, small_folder: Path) -> None:
    write_data(
        small_folder / "resources", MINISTERS.replace("a bkg:Ministry ; bkg:inCountry country:kz", "a bkg:Ministry", 1)
    )
    code, _, err = bilim("build")
    assert code == 1
    assert "paper.trig, line" in err
    assert "Old Ministry" in err
    assert "Not published" in err


def test_build_of_a_file_that_cannot_be_read_is_3(bilim: Bilim, small_folder: Path) -> None:
    (small_folder / "resources" / "data" / "documents" / "broken.trig").write_text("PREFIX a: <urn:b:>\n a:x a:y")
    code, _, err = bilim("build")
    assert code == 3
    assert "broken.trig, line 2" in err


def test_build_beside_another_writer_is_told(bilim: Bilim, small_folder: Path) -> None:
    holder = held_elsewhere(small_folder / "home")
    try:
        code, out, _ = bilim("build", "--json")
    finally:
        holder.kill()
        holder.wait()
    assert code == 3
    assert [f["code"] for f in json.loads(out)["findings"]] == ["home-locked"]


def test_before_the_first_build_commands_say_what_to_run(bilim: Bilim, small_folder: Path) -> None:
    for arguments in (("query", "posts/holders", "--post", "old"), ("releases", "show"), ("releases", "verify")):
        code, _, err = bilim(*arguments)
        assert code == 3
        assert "bilim build" in err
    assert bilim("releases", "list")[0] == 0
    assert not (small_folder / "home").exists()  # looking makes nothing


@pytest.mark.parametrize(
    ("body", "code", "part"),
    [
        ('person:x a foaf:Person ; skos:prefLabel "X"@en .', 0, "0 violation(s)"),
        ("tenure:x a bkg:Tenure ; org:member person:first .", 1, "line"),
        ('evidence:x bkg:statesEdtf "24.06.2022"^^edtf:EDTF .', 1, "2022-06-24"),
        ("person:x a foaf:Person", 3, "line"),
        ("<https://example.org/x> a <https://example.org/Y> .", 5, ""),
        ("", 5, "nothing was checked"),
    ],
)
def test_validate_alone(bilim: Bilim, small_folder: Path, body: str, code: int, part: str) -> None:
    file = small_folder / "input.ttl"
    file.write_text(HEADER + body)
    found, out, err = bilim("validate", str(file), "--alone")
    assert found == code, out + err
    assert part in out + err


def test_validate_on_top_of_the_release_reports_what_it_breaks_elsewhere(bilim: Bilim, small_folder: Path) -> None:
    assert bilim("build")[0] == 0
    file = small_folder / "ends.ttl"
    file.write_text(
        HEADER
        + "evidence:x a bkg:Evidence ; bkg:supports post:old ; bkg:inDocument doc:paper ; bkg:onProperty bkg:end ;"
        'bkg:statesEdtf "2018-01-01"^^edtf:EDTF ; bkg:assertionMode am:asserted ; bkg:confidence 0.9 .'
    )
    code, out, _ = bilim("validate", str(file), "--json")
    report: dict[str, Any] = json.loads(out)
    assert code == 1
    assert {f["entity"]["id"].rsplit("/", 2)[1] for f in report["elsewhere"]} == {"tenure"}
    assert {f["standing"] for f in report["elsewhere"]} == {"new"}
    assert report["mended"] == report["notes"] == []
    assert report["release"] == Home(small_folder / "home").current_id()
    assert bilim("build", "--json")[1].count('"unchanged"') == 1  # nothing was kept


def test_validate_names_the_row_of_a_thing_that_nobody_knows(bilim: Bilim, tmp_path: Path) -> None:
    """A regression: what derive says of the unknown person (a minister) once made it known."""
    file = tmp_path / "tenures.csv"
    file.write_text(
        "id,person,post,start,end,observed_on,status,source,locator,property,mode,confidence,rank,note\n"
        "x-kz-minister-of-education,gani-beisembaev,kz-minister-of-education,2024,,,full,finance-kz-2022-06-13,,,asserted,0.9,,\n"
    )
    code, out, _ = bilim("validate", str(file), "--json")
    assert code == 1
    (unknown,) = (f for f in json.loads(out)["findings"] if f["code"] == "read-unknown-id-near")
    assert (unknown["row"], unknown["column"], unknown["cell"]) == (2, "person", "gani-beisembaev")
    assert "gani-beisembayev" in unknown["message"]["en"]


# -- serve ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Spring list (2) <x>.nt", "Көктем.nt", "…"])
def test_a_file_may_be_called_as_it_likes(
    bilim: Bilim, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ministry = "<https://w3id.org/bilim/id/organization/kz-ministry-of-education>"
    file = tmp_path / name / "a.nt" if name == "…" else tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f'{ministry} <http://www.w3.org/2004/02/skos/core#altLabel> "M"@en .', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for path in (name, "."):
        code, out, err = bilim("validate", path)
        assert (code, "0 violation(s)" in out) == (0, True), err


def test_serve_on_a_port_in_use_is_one_clear_line(bilim: Bilim) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, _, err = bilim("serve", "--port", port)
    assert code == 2
    assert len(err.strip().splitlines()) == 1
    assert port in err


def test_serve_in_an_empty_folder_builds_first_and_serves(small_folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "kg.cli", "serve", "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parent.parent,
    )
    try:
        assert process.stdout is not None
        lines = []
        while not lines or lines[-1] != "}\n":
            line = process.stdout.readline()
            assert line, process.stderr.read() if process.stderr else ""
            lines.append(line)
        told = json.loads("".join(lines))
        answer = httpx.get(f"{told['address']}/doc/person/first.json", timeout=30)
        assert answer.status_code == 200
        assert answer.json()["release"] == told["release"] == Home(small_folder / "home").current_id()
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert process.returncode in (0, -signal.SIGTERM)


def test_every_command_takes_json() -> None:
    import typer

    def commands(group: Any, path: str = "") -> list[tuple[str, Any]]:
        found = []
        for name, command in group.commands.items():
            found += commands(command, f"{path}{name} ") if hasattr(command, "commands") else [(path + name, command)]
        return found

    every = commands(typer.main.get_command(make_app()))
    assert {"build", "serve", "query", "queries list", "releases verify", "doctor"} <= {name for name, _ in every}
    assert [name for name, c in every if not any("--json" in p.opts for p in c.params)] == []
