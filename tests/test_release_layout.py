"""The home folder: one writer, durable order of steps, ids, errors a user can act on."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from kg.findings import BilimError, Exit
from kg.releases.layout import Home, make_id, sequence_of
from kg.releases.publish import day_in

HOLD = """
import sys, time
from pathlib import Path
from kg.releases.layout import Home
with Home(Path(sys.argv[1])).lock("build"):
    print("held", flush=True)
    time.sleep(60)
"""


def held_elsewhere(home: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_second_writer_is_told_who_holds_the_lock(tmp_path: Path) -> None:
    holder = held_elsewhere(tmp_path)
    try:
        with pytest.raises(BilimError) as caught, Home(tmp_path).lock("build"):
            pass
        text = caught.value.findings[0].text()
        assert caught.value.findings[0].code == "home-locked"
        assert str(holder.pid) in text
        assert "build" in text
        assert Home(tmp_path).is_locked()
    finally:
        holder.kill()
        holder.wait()


def test_the_lock_of_a_killed_writer_is_free(tmp_path: Path) -> None:
    holder = held_elsewhere(tmp_path)
    holder.kill()
    holder.wait()
    deadline = time.monotonic() + 10
    while Home(tmp_path).is_locked() and time.monotonic() < deadline:  # the kernel drops it with the process
        time.sleep(0.01)
    with Home(tmp_path).lock("build"):
        assert True


def test_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), Home(tmp_path).lock("build"):
        _ = 1 // 0
    assert not Home(tmp_path).is_locked()


@pytest.mark.parametrize("place", ["a-file/home", "a-file", "/proc/no-such-home"])
def test_home_that_cannot_be_written_is_named(tmp_path: Path, place: str) -> None:
    (tmp_path / "a-file").write_text("in the way")
    with pytest.raises(BilimError) as caught:
        Home(tmp_path / place).prepare()
    assert caught.value.findings[0].code == "home-not-writable"
    assert caught.value.exit_code == Exit.USAGE
    assert place.split("/")[-1] in caught.value.findings[0].text()


def test_home_is_made_ready_by_many_at_once(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: home.prepare(), range(2000)))
    assert list(home.tmp.iterdir()) == []


def test_steps_of_publishing_come_in_the_order_that_survives_a_crash(tmp_path: Path) -> None:
    home = Home(tmp_path)
    steps: list[tuple[str, str | None, bool]] = []
    release = "2026-11-22.1-abcdef"
    with home.lock("test"):
        candidate = home.candidate()
        (candidate / "store").mkdir(parents=True)
        (candidate / "store" / "data").write_bytes(b"x")

        def step(name: str) -> None:
            steps.append((name, home.current_id(), home.release(release).is_dir()))

        home.place(candidate, release, step)
        home.point(release, step)
    assert steps == [
        ("synced", None, False),
        ("placed", None, True),
        ("pointer written", None, True),
        ("published", release, True),
    ]
    assert (home.release(release) / "store" / "data").read_bytes() == b"x"


def test_sweep_empties_tmp_and_keeps_releases(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.lock("test"):
        (home.tmp / "candidate-1" / "store").mkdir(parents=True)
        (home.tmp / "candidate-1" / "store" / "x").touch()
        (home.tmp / "left").touch()
        (home.path / "current.new").write_text("2026-11-22.9-abcdef")
        home.release("2026-11-22.1-abcdef").mkdir()
        home.sweep()
    assert list(home.tmp.iterdir()) == []
    assert not (home.path / "current.new").exists()
    assert home.release_ids() == ["2026-11-22.1-abcdef"]


def test_release_id_holds_date_sequence_and_content() -> None:
    assert make_id(date(2026, 11, 22), 7, "3f9c2a" + "0" * 58) == "2026-11-22.7-3f9c2a"
    assert sequence_of("2026-11-22.7-3f9c2a") == 7
    with pytest.raises(ValueError, match="not a release id"):
        sequence_of("../../etc")


def test_releases_are_ordered_by_sequence_even_if_the_clock_went_back(tmp_path: Path) -> None:
    for name in ("2026-11-22.9-abcdef", "2026-11-20.10-abcdef", "2026-11-23.2-abcdef", "not-a-release"):
        (tmp_path / "releases" / name).mkdir(parents=True)
    ids = Home(tmp_path).release_ids()
    assert ids == ["2026-11-23.2-abcdef", "2026-11-22.9-abcdef", "2026-11-20.10-abcdef"]


def test_the_day_of_a_release_is_that_of_the_time_zone() -> None:
    late = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
    assert day_in(late, "Asia/Almaty") == date(2026, 11, 23)
    assert day_in(late, "UTC") == date(2026, 11, 22)
