"""Imports that are killed: a process that has the rules at hand forks one for each piece of work and kills it.

    python -m tests.killing RESOURCES

Lines of JSON in: ``{"home", "do": accept | retract | process | rollback, "number" | "release", "at": step}`` kills the
forked process (SIGKILL, by itself) as it reaches a step; ``"after": seconds`` kills it from outside at that moment;
neither lets it finish. Out: ``{"killed", "steps", "error"}``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from kg.findings import BilimError
from kg.imports import accept, flow
from kg.imports.ledger import open_ledger
from kg.imports.recovery import PUBLICATION, ROLLBACK
from kg.imports.rollback import rollback
from kg.imports.rules import Rules, load_rules
from kg.releases.candidate import default_is_union
from kg.releases.layout import Home, sequence_of
from kg.releases.reader import current
from kg.releases.verify import quick
from kg.resources import Resources
from tests.imports_world import BECAUSE, desk_of


def check(home_path: Path) -> None:
    """What must hold after every start, whatever happened before."""
    home = Home(home_path)
    release = current(home)
    assert quick(release) == []
    assert default_is_union(release.embedded.raw) == (0, 0)
    assert list(home.tmp.iterdir()) == []
    assert not (home_path / "current.new").exists()
    graphs = {name: entry.sha256 for name, entry in release.manifest.graphs.items()}
    with open_ledger(home) as ledger:
        assert ledger.unfinished() == []
        assert ledger.pending(PUBLICATION) is None
        assert ledger.pending(ROLLBACK) is None
        ids = home.release_ids()
        assert {r for r in ids if ledger.state(r) == "published"} == set(ids)
        assert len({sequence_of(r) for r in ids}) == len(ids)
        published: set[str] = set()
        for import_ in ledger.imports.all():
            assert import_.state != "accepted"
            if import_.state == "published":
                assert import_.name not in published, "two imports under one name"
                published.add(import_.name)
                assert graphs.get(import_.graph) == import_.graph_sha256
        told = {name.rsplit("/", 1)[-1] for name in graphs if "/graph/import/" in name}
        assert told == published, "a graph of no import, or an import without its graph"


def work(resources: Path, rules: Rules, asked: dict[str, Any], pipe: int) -> None:
    """In the forked process."""

    def at(step: str) -> None:
        os.write(pipe, f"{step}\n".encode())
        if step == asked.get("at"):
            os.kill(os.getpid(), signal.SIGKILL)

    desk = desk_of(resources.parent, Path(asked["home"]), rules)
    try:
        match asked["do"]:
            case "process":
                flow.process(desk, asked["number"], at)
            case "accept":
                accept.accept(desk, asked["number"], BECAUSE, at)
            case "retract":
                accept.retract(desk, asked["number"], BECAUSE, at)
            case "rollback":
                rollback(desk.home, asked["release"], BECAUSE, at)
    except BilimError as error:
        os.write(pipe, f"!{error.findings[0].code}\n".encode())


def forked(resources: Path, rules: Rules, asked: dict[str, Any]) -> dict[str, Any]:
    """Have it done by a process of its own, killed as asked."""
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        os.close(ours)
        try:
            work(resources, rules, asked, theirs)
        finally:
            os._exit(0)
    os.close(theirs)
    if "after" in asked:
        time.sleep(asked["after"])
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(ours) as lines:
        said = lines.read().split("\n")[:-1]
    errors = [line[1:] for line in said if line.startswith("!")]
    steps = [line for line in said if not line.startswith("!")]
    return {"killed": os.WIFSIGNALED(status), "steps": steps, "error": errors[0] if errors else None}


def main() -> None:
    resources = Path(sys.argv[1])
    rules = load_rules(Resources(resources))
    assert rules.incremental.plans  # made once, before any fork
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(forked(resources, rules, json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
