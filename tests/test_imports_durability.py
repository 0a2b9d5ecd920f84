"""Imports under kill -9, a full disk and a clock that goes back: wholly in or wholly out, and the ledger agrees."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kg.imports import accept, flow
from kg.imports.ledger import open_ledger
from kg.imports.recovery import recover_if_free
from kg.imports.rules import Rules, load_rules
from kg.releases.layout import Home
from kg.releases.reader import current
from kg.resources import Resources
from tests.imports_world import BECAUSE, STEWARD, THIRD, copied, desk_of, make_world, state, turtle
from tests.killing import check

ROOT = Path(__file__).resolve().parent.parent
KILLS = int(os.environ.get("BILIM_KILLS", "300"))
OUT = (
    "judge",
    "compare",
    "accepted",
    "candidate",
    "hash",
    "project",
    "publish",
    "begun",
    "synced",
    "placed",
    "pointer written",
)
IN = ("published", "finished")

Killer = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def rules(world: Path) -> Rules:
    return load_rules(Resources(world / "resources"))


@pytest.fixture(scope="module")
def kill(world: Path) -> Iterator[Killer]:
    """Ask for a piece of work that is killed."""
    command = [sys.executable, "-m", "tests.killing", str(world / "resources")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        stdin, stdout = process.stdin, process.stdout

        def ask(home: Path, do: str, **how: Any) -> dict[str, Any]:
            stdin.write(json.dumps({"home": str(home), "do": do, **how}) + "\n")
            stdin.flush()
            done: dict[str, Any] = json.loads(stdout.readline())
            return done

        yield ask
        stdin.close()


@pytest.fixture(scope="module")
def waiting(world: Path, rules: Rules, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A home with an import that waits for its decision; copied before it is changed."""
    folder = tmp_path_factory.mktemp("waiting")
    home = copied(world, folder)
    desk = desk_of(world, home, rules)
    number = flow.receive(desk, turtle(THIRD), "third.ttl", None, STEWARD).import_.number
    flow.process(desk, number)
    return home, number


@pytest.fixture
def home(waiting: tuple[Path, int], tmp_path: Path) -> Path:
    shutil.copytree(waiting[0], tmp_path / "home")
    return tmp_path / "home"


def after_a_start(home: Path) -> None:
    """What a server or a command does first, and what must hold then."""
    recover_if_free(Home(home))
    check(home)


@pytest.mark.parametrize("step", [*OUT, *IN])
def test_killed_at_a_step_of_accepting(home: Path, waiting: tuple[Path, int], kill: Killer, step: str) -> None:
    number, before = waiting[1], current(Home(home)).id
    done = kill(home, "accept", number=number, at=step)
    assert done["killed"]
    assert done["steps"][-1] == step
    after_a_start(home)
    assert (current(Home(home)).id == before) == (step in OUT)
    assert state(home, number).state == ("validated" if step in OUT else "published")
    assert current(Home(home)).projection.has("person", "third") == (step in IN)
    if step in OUT:
        assert not kill(home, "accept", number=number)["killed"]
        assert state(home, number).state == "published"
        check(home)


@pytest.mark.parametrize("step", ["read", "parsed", "judged"])
def test_killed_while_judging_it_is_judged_by_the_next(home: Path, world: Path, kill: Killer, step: str) -> None:
    text = turtle(THIRD.replace("third", "fourth"))
    number = flow.receive(desk_of(world, home), text, "fourth.ttl", None, STEWARD).import_.number
    assert kill(home, "process", number=number, at=step)["killed"]
    after_a_start(home)
    assert state(home, number).state in ("received", "parsed")
    assert not kill(home, "process", number=number)["killed"]
    assert state(home, number).state == "validated"


@pytest.mark.parametrize("step", ["begun", "placed", "published", "finished"])
def test_killed_at_a_step_of_retracting(home: Path, waiting: tuple[Path, int], kill: Killer, step: str) -> None:
    number = waiting[1]
    kill(home, "accept", number=number)
    assert kill(home, "retract", number=number, at=step)["killed"]
    after_a_start(home)
    gone = step in IN
    assert state(home, number).state == ("retracted" if gone else "published")
    assert current(Home(home)).projection.has("person", "third") != gone


@pytest.mark.parametrize("step", ["begun", "pointer written", "published", "finished"])
def test_killed_at_a_step_of_rolling_back(home: Path, waiting: tuple[Path, int], kill: Killer, step: str) -> None:
    number, first = waiting[1], current(Home(home)).id
    kill(home, "accept", number=number)
    assert kill(home, "rollback", release=first, at=step)["killed"]
    after_a_start(home)
    back = step in IN
    assert (current(Home(home)).id == first) == back
    assert state(home, number).state == ("retracted" if back else "published")
    with open_ledger(Home(home)) as ledger:
        assert ("rollback" in [act.action for act in ledger.acts()]) == back


@pytest.mark.slow
def test_hundreds_of_kills_at_any_moment(home: Path, world: Path, rules: Rules, kill: Killer) -> None:
    """One home that lives through all of them: imports of several names, accepted, replaced, retracted, rolled back."""
    chance = random.Random(20)
    desk = desk_of(world, home, rules)
    whole = 0.4  # seconds that a piece of work takes about; learnt as it goes
    killed = 0
    number = 0
    for turn in range(100 * KILLS):
        if killed >= KILLS:
            break
        with open_ledger(Home(home)) as ledger:
            published = ledger.imports.all(("published",))
            validated = ledger.imports.all(("validated",))
        if turn % 3 == 0 or not validated:
            name = chance.choice(("one", "two", "three"))
            names = f'"Man {turn}"@en , "Адам {turn}"@kk , "Человек {turn}"@ru'
            text = f"person:p{turn} a foaf:Person ; skos:prefLabel {names} ."
            number = flow.receive(desk, turtle(text), f"{name}.ttl", name, STEWARD).import_.number
            work: dict[str, Any] = {"do": "process", "number": number}
        elif turn % 11 == 5 and len(Home(home).release_ids()) > 2:
            work = {"do": "rollback", "release": chance.choice(Home(home).release_ids())}
        elif published and turn % 5 == 4:
            work = {"do": "retract", "number": published[0].number}
        else:
            work = {"do": "accept", "number": validated[0].number}
        before = current(Home(home)).id
        done = kill(home, **work, after=chance.uniform(0, whole))
        killed += done["killed"]
        whole = min(5.0, whole * (1.05 if done["killed"] else 0.93))
        after_a_start(home)
        assert current(Home(home)).manifest.parent == before or before in Home(home).release_ids()
        for old in Home(home).release_ids()[:-6]:  # as pruning does: the newest and the current are kept
            if old != Home(home).current_id():
                shutil.rmtree(Home(home).release(old))
    assert killed >= KILLS


def test_a_clock_that_goes_back_breaks_no_order(
    home: Path, world: Path, rules: Rules, waiting: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = current(Home(home)).manifest

    class Earlier(datetime):
        @classmethod
        def now(cls, *_: object) -> datetime:  # type: ignore[override]
            return first.created - timedelta(days=30)

    monkeypatch.setattr("kg.releases.publish.datetime", Earlier)
    monkeypatch.setattr("kg.imports.ledger.datetime", Earlier)
    accept.accept(desk_of(world, home, rules), waiting[1], BECAUSE)
    second = current(Home(home)).manifest
    assert second.created < first.created
    assert second.sequence == first.sequence + 1
    with open_ledger(Home(home)) as ledger:
        steps = [s.step for s in ledger.imports.steps(waiting[1])]
    assert steps == ["received", "parsed", "validated", "accepted", "published"], (
        "in the order written, not of the clock"
    )
    check(home)


FULL = """
import shutil, sys
from pathlib import Path
from kg.findings import BilimError
from kg.imports import accept
from kg.releases.layout import Home
from kg.releases.reader import current
from tests.imports_world import BECAUSE, desk_of, state
from tests.killing import check

world, kept, home, number = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
shutil.copytree(kept, home, dirs_exist_ok=True)
before = current(Home(home)).id
free = shutil.disk_usage(home).free
with (home / "ballast").open("wb") as ballast:
    ballast.write(bytes(free - int(sys.argv[5])))
desk = desk_of(world, home)
try:
    accept.accept(desk, number, BECAUSE)
except BilimError as error:
    print(error.findings[0].code)
assert current(Home(home)).id == before, "the old release must stay"
(home / "ballast").unlink()
from kg.imports.recovery import recover_if_free
recover_if_free(Home(home))
check(home)
assert state(home, number).state == "validated"
print(accept.accept(desk, number, BECAUSE).outcome)
check(home)
"""


@pytest.mark.parametrize("left", [4_000, 40_000, 400_000])
def test_a_disk_that_fills_leaves_the_import_waiting(
    world: Path, waiting: tuple[Path, int], tmp_path: Path, left: int
) -> None:
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this kernel allows no mount namespace, so no small disk can be made")
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f'mount -t tmpfs -o size=24m tmpfs {disk} && exec "$@"'
    arguments = [str(world), str(waiting[0]), str(disk), str(waiting[1]), str(left)]
    command = ["unshare", "-rm", "sh", "-c", script, "sh", sys.executable, "-c", FULL, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stderr == ""
    assert done.stdout.split() == ["disk-full", "published"]


def test_a_writer_that_was_killed_leaves_no_lock(home: Path, waiting: tuple[Path, int], kill: Killer) -> None:
    kill(home, "accept", number=waiting[1], at="candidate")
    assert (home / "lock").exists()
    done = kill(home, "accept", number=waiting[1])
    assert done["error"] is None
    assert state(home, waiting[1]).state == "published"
