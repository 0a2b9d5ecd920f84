"""What is kept: citing, pruning, backup and restore while serving, upgrading an older home, the budget of the disk."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from kg.cli import run
from kg.findings import BilimError
from kg.imports import backup as backups
from kg.imports.ledger import open_ledger
from kg.imports.recovery import recover
from kg.imports.retention import cite, prune
from kg.releases import manifest as manifests
from kg.releases.layout import Home
from kg.releases.reader import current, open_release
from kg.releases.verify import verify
from tests.released import publish_small


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Five releases, the ledger knowing them."""
    folder = tmp_path / "home"
    for number in range(5):
        publish_small(folder, number)
    made = Home(folder)
    with made.lock("test"), open_ledger(made) as ledger:
        recover(made, ledger)
    monkeypatch.setenv("BILIM_HOME", str(folder))
    return made


@pytest.fixture
def bilim(capfd: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    def ask(*arguments: str, code: int = 0) -> Any:
        capfd.readouterr()
        assert run([*arguments, "--json"]) == code
        return json.loads(capfd.readouterr().out)

    return ask


def test_the_newest_the_cited_and_what_is_read_stay(home: Home, bilim: Callable[..., Any]) -> None:
    ids = home.release_ids()
    bilim("releases", "cite", ids[0], "--why", "a paper")
    reader = open_release(home, ids[1])
    told = bilim("releases", "prune", "--keep", "1", "--dry-run")
    assert home.release_ids() == ids, "a dry run removes nothing"
    done = bilim("releases", "prune", "--keep", "1")
    assert done["removed"] == told["removed"] == [ids[2], ids[3]]
    assert done["kept"] == {ids[0]: "cited", ids[1]: "in use", ids[4]: "current"}
    assert home.release_ids() == [ids[0], ids[1], ids[4]]
    assert reader.projection.counts()["person"] == 1
    with open_ledger(home) as ledger:
        assert [(a.action, a.release) for a in ledger.acts()[-2:]] == [("prune", ids[2]), ("prune", ids[3])]
    assert verify(current(home)) == [], "files that were shared by hard links are whole"
    del reader
    bilim("releases", "uncite", ids[0])
    assert bilim("releases", "prune", "--keep", "1")["removed"] == [ids[0], ids[1]]


def test_what_is_current_stays_though_newer_ones_are_kept(home: Home) -> None:
    first = home.release_ids()[0]
    with home.lock("test"):
        home.point(first)
    assert prune(home, 2, "test", "").kept[first] == "current"
    assert current(home).id == first


def test_a_release_that_is_damaged_can_be_pruned(home: Home) -> None:
    first = home.release_ids()[0]
    (home.release(first) / "manifest.json").unlink()
    assert first in prune(home, 1, "test", "").removed


def test_a_release_that_is_being_removed_is_not_opened(home: Home) -> None:
    from kg.releases.holding import alone

    first = home.release_ids()[0]
    with alone(home.release(first)) as free:
        assert free
        with pytest.raises(BilimError) as told:
            open_release(home, first)
    assert told.value.findings[0].code == "no-such-release"
    assert open_release(home, first).id == first


def test_only_what_is_there_is_cited(home: Home, bilim: Callable[..., Any]) -> None:
    for wrong in ("2020-01-01.9-aaaaaa", "../releases"):
        assert bilim("releases", "cite", wrong, code=2)["findings"][0]["code"] == "no-such-release"
    cite(home, home.release_ids()[0], "test", "")


@pytest.mark.parametrize("name", ["home.tar", "home.tar.gz"])
def test_a_backup_brings_everything_back(
    name: str, home: Home, tmp_path: Path, bilim: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (home.uploads / ("a" * 64)).write_bytes(b"an upload")
    bilim("token", "create", "--role", "admin")
    bilim("backup", str(tmp_path / name))
    monkeypatch.setenv("BILIM_HOME", str(tmp_path / "other"))
    bilim("restore", str(tmp_path / name))
    other = Home(tmp_path / "other")
    assert (other.release_ids(), other.current_id()) == (home.release_ids(), home.current_id())
    for release in other.release_ids():
        assert verify(open_release(other, release)) == []
    assert (other.uploads / ("a" * 64)).read_bytes() == b"an upload"
    assert [t["role"] for t in bilim("token", "list")["tokens"]] == ["admin"]
    assert bilim("restore", str(tmp_path / name), code=2)["findings"][0]["code"] == "restore-not-empty"
    assert not list(home.path.joinpath("snapshots").iterdir())


def test_files_that_releases_share_are_in_a_backup_once(home: Home, tmp_path: Path) -> None:
    (home.uploads / "one").write_bytes(b"x" * 3_000_000)
    (home.uploads / "two").hardlink_to(home.uploads / "one")
    backups.backup(home, tmp_path / "home.tar")
    with tarfile.open(tmp_path / "home.tar") as tar:
        kinds = {m.name: m.islnk() for m in tar if m.name.startswith("uploads/")}
    assert sorted(kinds.values()) == [False, True]


@contextmanager
def unless_locked() -> Iterator[None]:
    """What another writer keeps from being done is passed over; any other error is not."""
    try:
        yield
    except BilimError as error:
        if error.findings[0].code != "home-locked":
            raise


def test_a_backup_during_publishing_is_of_one_moment(home: Home, tmp_path: Path) -> None:
    """Its pointer, its releases and its ledger agree, whatever was published meanwhile."""
    stop = threading.Event()

    def publishing() -> None:
        number = 10
        while not stop.is_set():
            with unless_locked():  # the backup has the lock for its moment
                publish_small(home.path, number)
            number += 1

    writer = threading.Thread(target=publishing)
    writer.start()
    try:
        made = 0
        while made < 3:
            with unless_locked():
                backups.backup(home, tmp_path / f"{made}.tar")
                made += 1
    finally:
        stop.set()
        writer.join()
    for number in range(3):
        other = Home(tmp_path / f"restored{number}")
        about = backups.restore(other, tmp_path / f"{number}.tar")
        assert other.current_id() == about["current"] == other.release_ids()[-1]
        assert verify(current(other)) == []


def test_a_backup_that_is_cut_or_changed_brings_nothing_in(home: Home, tmp_path: Path) -> None:
    whole, cut, changed = (tmp_path / f"{name}.tar" for name in ("whole", "cut", "changed"))
    backups.backup(home, whole)
    data = bytearray(whole.read_bytes())
    cut.write_bytes(data[: len(data) * 2 // 3])
    place = data.index(b'"contentHash"')
    data[place + 20] ^= 1
    changed.write_bytes(data)
    (tmp_path / "text.tar").write_text("no archive", encoding="utf-8")
    for file in (cut, changed, tmp_path / "text.tar"):
        other = Home(tmp_path / "other")
        with pytest.raises(BilimError) as told:
            backups.restore(other, file)
        assert told.value.findings[0].code == "backup-damaged"
        assert other.current_id() is None
        assert other.release_ids() == []


def test_a_backup_with_a_way_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "evil.tar"
    with tarfile.open(file, "w") as tar:
        (tmp_path / "x").write_text("x", encoding="utf-8")
        tar.add(tmp_path / "x", "../outside")
    with pytest.raises(BilimError):
        backups.restore(Home(tmp_path / "a" / "home"), file)
    assert not (tmp_path / "a" / "outside").exists()


def test_a_backup_is_never_written_over(home: Home, tmp_path: Path, bilim: Callable[..., Any]) -> None:
    (tmp_path / "there.tar").write_text("mine", encoding="utf-8")
    assert bilim("backup", str(tmp_path / "there.tar"), code=2)["findings"][0]["code"] == "backup-exists", home
    assert (tmp_path / "there.tar").read_text(encoding="utf-8") == "mine"


def older(home: Home, release: str, **versions: int) -> None:
    """Make a release what another version of the code would have written."""
    path = home.release(release) / "manifest.json"
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["versions"].update(versions)
    path.write_text(json.dumps(raw), encoding="utf-8")


def test_projections_of_an_older_version_are_made_anew(home: Home, bilim: Callable[..., Any]) -> None:
    ids = home.release_ids()
    for release in ids[:2]:
        older(home, release, projection=1)
        file = home.release(release) / "projection.sqlite"
        file.unlink()
        sqlite3.connect(file).close()
    with pytest.raises(BilimError, match="projection"):
        open_release(home, ids[0])
    assert bilim("releases", "upgrade")["upgraded"] == ids[:2]
    for release in ids:
        assert verify(open_release(home, release)) == []
    assert bilim("releases", "upgrade")["upgraded"] == []


def test_serving_begins_with_the_current_release_though_another_version_wrote_it(home: Home) -> None:
    older(home, str(home.current_id()), projection=1)
    command = [sys.executable, "-m", "kg.cli", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
            deadline = time.monotonic() + 240
            status = 0
            while status != 200 and time.monotonic() < deadline:
                with suppress(httpx.HTTPError):
                    status = httpx.get(f"{told['address']}/readyz", timeout=30).status_code
                time.sleep(0.2)
            assert status == 200
        finally:
            process.terminate()
    assert verify(current(home)) == []


def test_another_format_is_an_error_that_names_the_command(home: Home, bilim: Callable[..., Any]) -> None:
    ids = home.release_ids()
    older(home, ids[0], format=manifests.FORMAT + 1)
    (told,) = bilim("releases", "upgrade", code=1)["findings"]
    assert told["code"] == "release-format"
    assert "bilim build --only-data" in told["advice"]["en"]


def test_a_home_beyond_its_budget_is_told(
    home: Home, bilim: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILIM_DISK_BUDGET_MB", "1")
    (home.uploads / "big").write_bytes(b"x" * 2_000_000)
    (disk,) = [c for c in bilim("doctor")["checks"] if c["check"] == "disk"]
    assert [f["code"] for f in disk["findings"] if f["code"] != "disk-low"] == ["disk-budget"]
    monkeypatch.setenv("BILIM_DISK_BUDGET_MB", "0")
    (disk,) = [c for c in bilim("doctor")["checks"] if c["check"] == "disk"]
    assert "disk-budget" not in [f["code"] for f in disk["findings"]]
