"""`bilim import` and `bilim imports …`: what they print, keep, and end with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kg.cli import run
from kg.releases.layout import Home
from kg.releases.reader import current
from tests.imports_world import THIRD, copied, make_world, turtle

Bilim = Callable[..., Any]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture
def home(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BILIM_HOME", str(copied(world, tmp_path)))
    monkeypatch.setenv("BILIM_RESOURCES", str(world / "resources"))
    return tmp_path / "home"


@pytest.fixture
def bilim(home: Path, capfd: pytest.CaptureFixture[str]) -> Bilim:
    """Run a command with --json; what it answered."""
    assert home.is_dir()

    def ask(*arguments: str, code: int = 0) -> Any:
        assert run([*arguments, "--json"]) == code, capfd.readouterr()
        return json.loads(capfd.readouterr().out)

    return ask


@pytest.fixture
def third(tmp_path: Path) -> Path:
    path = tmp_path / "third.ttl"
    path.write_bytes(turtle(THIRD))
    return path


def test_import_accept_show_retract(bilim: Bilim, home: Path, third: Path, tmp_path: Path) -> None:
    before = current(Home(home)).id
    made = bilim("import", str(third))
    assert (made["state"], made["verdict"], made["base"], made["known"]) == ("validated", "clean", before, False)
    person = next(t for t in made["difference"]["things"]["items"] if t["kind"] == "person")
    assert (person["change"], person["labels"]["en"]) == ("added", "Third Person")
    assert {m["slug"] for m in made["difference"]["minted"]} == {"third", "c", "c-start"}
    assert bilim("import", str(third))["known"] is True
    number = str(made["id"])
    done = bilim("imports", "accept", number, "--reason", "agreed")
    assert (done["outcome"], done["release"]) == ("published", current(Home(home)).id)
    page = tmp_path / "report.html"
    shown = bilim("imports", "show", number, "--report", str(page))
    assert [s["step"] for s in shown["steps"]] == ["received", "parsed", "validated", "accepted", "published"]
    assert "<html" in page.read_text()
    assert [i["id"] for i in bilim("imports", "list", "--state", "published")["imports"]] == [made["id"]]
    bilim("imports", "retract", number, "--reason", "withdrawn by its source")
    assert not current(Home(home)).projection.has("person", "third")


def test_dry_run_keeps_nothing(bilim: Bilim, home: Path, third: Path) -> None:
    uploads = list((home / "uploads").iterdir())
    told = bilim("import", str(third), "--dry-run")
    assert (told["verdict"], told["id"]) == ("clean", None)
    assert told["difference"]["counts"]["person"]["added"] == 1
    assert bilim("imports", "list")["imports"] == []
    assert list((home / "uploads").iterdir()) == uploads
    kept = bilim("import", str(third))
    assert kept["difference"] == told["difference"]
    assert kept["report"]["findings"] == told["report"]["findings"]


def test_a_folder_and_its_zip_are_imports_too(bilim: Bilim, tmp_path: Path) -> None:
    folder = tmp_path / "two"
    folder.mkdir()
    first, second = THIRD.split("tenure:c", 1)
    (folder / "person.ttl").write_bytes(turtle(first))
    (folder / "tenure.ttl").write_bytes(turtle("tenure:c" + second))
    made = bilim("import", str(folder))
    assert (made["file"], made["name"], made["verdict"]) == ("two.zip", "two", "clean")
    assert bilim("import", str(folder))["known"] is True, "the same folder is the same zip"


@pytest.mark.parametrize(
    ("name", "text", "code", "state"),
    [
        ("bad.ttl", turtle(THIRD.replace(" ; bkg:confidence 0.9", "")), 1, "validated"),
        ("broken.ttl", b"a b c", 3, "rejected"),
        ("strange.ttl", turtle('<http://example.org/x> skos:note "nothing of ours" .'), 5, "validated"),
    ],
)
def test_exit_codes(bilim: Bilim, tmp_path: Path, name: str, text: bytes, code: int, state: str) -> None:
    (tmp_path / name).write_bytes(text)
    made = bilim("import", str(tmp_path / name), code=code)
    assert made["state"] == state
    if state == "validated":
        refused = bilim("imports", "accept", str(made["id"]), "--reason", "please", code=code)
        assert refused["error"] is True


def test_what_cannot_be_asked_is_told(bilim: Bilim, third: Path, tmp_path: Path) -> None:
    assert bilim("import", str(tmp_path / "none.ttl"), code=3)["findings"][0]["code"] == "file-unreadable"
    assert bilim("import", str(third), "--name", "No Name", code=2)["findings"][0]["code"] == "import-bad-name"
    assert bilim("imports", "show", "99", code=2)["findings"][0]["code"] == "no-such-import"
    number = str(bilim("import", str(third))["id"])
    assert bilim("imports", "retract", number, "--reason", "x", code=2)["findings"][0]["code"] == "import-state"
    bilim("imports", "reject", number, "--reason", "not needed")
    assert bilim("imports", "accept", number, code=2)["findings"][0]["code"] == "import-state"


def test_rolling_back_needs_a_reason(bilim: Bilim, home: Path, third: Path) -> None:
    before = current(Home(home)).id
    bilim("import", str(third), "--accept", "--reason", "agreed")
    assert current(Home(home)).id != before
    assert bilim("releases", "rollback", before, code=2)["findings"][0]["code"] == "reason-needed"
    assert bilim("releases", "rollback", before, "--reason", "too early")["release"] == before
    assert current(Home(home)).id == before
