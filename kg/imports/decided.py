"""Decisions in the ledger: what was decided, by whom, when, why; what it changed, so that it can be undone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Literal

from pyoxigraph import NamedNode

from kg.imports.rewriting import Rules, quads_of
from kg.releases.publish import Reason

Action = Literal["settle", "correct", "merge", "withdraw", "comment", "undo"]
State = Literal["making", "made", "undone"]

# Beside the ledger's own tables, as those of tokens are. ``removed`` and ``added`` are N-Quads.
_TABLES: Final = """
CREATE TABLE IF NOT EXISTS decisions(
  number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL,
  action TEXT NOT NULL, thing TEXT NOT NULL, data TEXT NOT NULL,
  state TEXT NOT NULL CHECK(state IN ('making', 'made', 'undone')), release TEXT NOT NULL,
  removed TEXT NOT NULL, added TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS decided_graphs(
  import INTEGER NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY(import, sha256)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """``thing``: the IRI that it is about; ``data``: what else was said; ``release``: the one that it made."""

    number: int
    at: str
    who: str
    why: str
    action: Action
    thing: str
    data: dict[str, Any]
    state: State
    release: str
    removed: str
    added: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON, without the statements."""
        names = ("number", "action", "state", "thing", "at", "who", "why", "release")
        return {**{name: getattr(self, name) for name in names}, "data": self.data}

    def things(self) -> set[str]:
        """The IRIs that it changed anything of."""
        quads = [*quads_of(self.removed), *quads_of(self.added)]
        named = (t.value for q in quads for t in (q.subject, q.object) if isinstance(t, NamedNode))
        return {self.thing, *named}

    def rules(self) -> Rules:
        """What it makes of statements that are read later on."""
        thing = NamedNode(self.thing)
        if self.action == "merge":
            into = NamedNode(self.data["into"])
            kept = (q for q in quads_of(self.data["names"]))
            return Rules(moved={thing: into}, names=frozenset((into, q.object) for q in kept))  # type: ignore[misc]
        if self.action == "withdraw":
            return Rules(gone=frozenset(NamedNode(iri) for iri in (self.thing, *self.data["with"])))
        if self.action in ("settle", "correct"):
            gone = quads_of(self.removed)
            return Rules(overruled=frozenset((q.subject, q.predicate, q.object) for q in gone))
        return Rules()


class Decisions:
    """Part of an open ledger."""

    def __init__(
        self, db: sqlite3.Connection, together: Callable[[], AbstractContextManager[None]], clock: Callable[[], str]
    ) -> None:
        self._db, self._together, self._clock = db, together, clock

    def begin(self, action: Action, thing: str, data: Any, reason: Reason, change: tuple[str, str]) -> int:
        """Before its release is made; its number. ``change``: what is removed and added, as N-Quads."""
        with self._together():
            for statement in _TABLES.split(";"):
                self._db.execute(statement)
            row = (self._clock(), reason.who, reason.why, action, thing, json.dumps(data, ensure_ascii=False))
            made = self._db.execute(
                "INSERT INTO decisions(at, who, why, action, thing, data, state, release, removed, added)"
                " VALUES(?, ?, ?, ?, ?, ?, 'making', '', ?, ?)",
                (*row, *change),
            )
            return int(made.lastrowid or 0)

    def of_release(self, number: int, release: str) -> None:
        """The release that it is about to make."""
        self._db.execute("UPDATE decisions SET release = ? WHERE number = ?", (release, number))

    def finish(self, release: str) -> None:
        """The release is published: so is what it decided."""
        if not self._there():
            return
        for decision in self.all():
            if decision.state == "making" and decision.release == release:
                self._set(decision.number, "made")
                if decision.action == "undo":
                    self._set(decision.data["of"], "undone")

    def take_back(self) -> list[int]:
        """Numbers of decisions whose publication was cut short: they were never made."""
        cut = [d.number for d in self.all() if d.state == "making"]
        for number in cut:
            self._db.execute("DELETE FROM decisions WHERE number = ?", (number,))
        return cut

    def all(self) -> list[Decision]:
        """The oldest first."""
        if not self._there():
            return []
        rows = self._db.execute(
            "SELECT number, at, who, why, action, thing, data, state, release, removed, added FROM decisions"
            " ORDER BY number"
        )
        return [_decision(*row) for row in rows]

    def made(self) -> list[Decision]:
        """Those in force."""
        return [d for d in self.all() if d.state == "made" and d.action != "undo"]

    def rewritten(self, number: int, sha256: str) -> None:
        """An import's graph is what it was handed in as, but for a decision."""
        self._db.execute("INSERT OR IGNORE INTO decided_graphs VALUES(?, ?)", (number, sha256))

    def is_graph_of(self, number: int, sha256: str) -> bool:
        """Whether an import's graph was that by a decision."""
        sql = "SELECT 1 FROM decided_graphs WHERE import = ? AND sha256 = ?"
        return self._there() and self._db.execute(sql, (number, sha256)).fetchone() is not None

    def _set(self, number: int, state: State) -> None:
        self._db.execute("UPDATE decisions SET state = ? WHERE number = ?", (state, number))

    def _there(self) -> bool:
        return self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'decisions'").fetchone() is not None


def _decision(
    number: int, at: str, who: str, why: str, action: Action, thing: str, data: str, state: State, *rest: str
) -> Decision:
    release, removed, added = rest
    return Decision(number, at, who, why, action, thing, json.loads(data), state, release, removed, added)
