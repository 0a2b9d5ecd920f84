"""What stewards settled, in the ledger: likely duplicates, waivers of findings, slugs minted by accepted imports."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

from kg.releases.publish import Reason

Decision = Literal["same", "not same"]


@dataclass(frozen=True, slots=True)
class Match:
    """A new thing of an import that may be one already there (IRIs). ``score`` 0 to 100; ``reason``: what is alike."""

    thing: str
    candidate: str
    reason: str
    score: float
    decision: Decision | None = None
    at: str | None = None
    who: str | None = None
    why: str | None = None

    def as_dict(self) -> dict[str, Any]:
        settled = {"decision": self.decision, "at": self.at, "who": self.who, "why": self.why}
        return {"thing": self.thing, "candidate": self.candidate, "reason": self.reason, "score": self.score, **settled}


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding that is let pass as long as the triples of its focus node (their hash) stay as they are."""

    focus: str
    shape: str
    path: str
    triples: str
    at: str
    who: str
    why: str

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("focus", "shape", "path", "at", "who", "why")}


@dataclass(frozen=True, slots=True)
class Minted:
    """A slug that an accepted import brought into the world."""

    kind: str
    slug: str
    since: str
    import_: int


class Settled:
    """Part of an open ledger."""

    def __init__(
        self, db: sqlite3.Connection, together: Callable[[], AbstractContextManager[None]], clock: Callable[[], str]
    ) -> None:
        self._db = db
        self._together = together
        self._clock = clock

    def found(self, number: int, matches: Iterable[Match]) -> None:
        """The likely duplicates of an import as now judged; what was decided of them stays."""
        with self._together():
            before = {(m.thing, m.candidate): m for m in self.matches(number)}
            self._db.execute("DELETE FROM import_matches WHERE import = ? AND decision IS NULL", (number,))
            for match in matches:
                if (match.thing, match.candidate) not in before or before[
                    match.thing, match.candidate
                ].decision is None:
                    self._db.execute(
                        "INSERT INTO import_matches(import, thing, candidate, reason, score) VALUES(?, ?, ?, ?, ?)",
                        (number, match.thing, match.candidate, match.reason, match.score),
                    )

    def matches(self, number: int) -> list[Match]:
        sql = (
            "SELECT thing, candidate, reason, score, decision, at, who, why FROM import_matches WHERE import = ?"
            " ORDER BY thing, score DESC, candidate"
        )
        return [Match(*row) for row in self._db.execute(sql, (number,))]

    def settle(self, number: int, thing: str, candidate: str, decision: Decision, reason: Reason) -> bool:
        """Whether there was such a match."""
        with self._together():
            changed = self._db.execute(
                "UPDATE import_matches SET decision = ?, at = ?, who = ?, why = ?"
                " WHERE import = ? AND thing = ? AND candidate = ?",
                (decision, self._clock(), reason.who, reason.why, number, thing, candidate),
            )
        return changed.rowcount > 0

    def apart(self) -> set[tuple[str, str]]:
        """Pairs of things that a steward said not to be the same, whatever the import."""
        sql = "SELECT thing, candidate FROM import_matches WHERE decision = 'not same'"
        return {(thing, candidate) for thing, candidate in self._db.execute(sql)}

    def waive(self, focus: str, shape: str, path: str, triples: str, reason: Reason, number: int | None) -> None:
        with self._together():
            self._db.execute(
                "INSERT INTO waivers(focus, shape, path, triples, at, who, why, import) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                (focus, shape, path, triples, self._clock(), reason.who, reason.why, number),
            )

    def waivers(self) -> list[Waiver]:
        """All, the oldest first."""
        sql = "SELECT focus, shape, path, triples, at, who, why FROM waivers ORDER BY number"
        return [Waiver(*row) for row in self._db.execute(sql)]

    def mint(self, number: int, things: Iterable[tuple[str, str]]) -> None:
        """``(kind, slug)`` that an import brings; one that another import brought before stays its."""
        with self._together():
            self._db.executemany(
                "INSERT OR IGNORE INTO slugs VALUES(?, ?, ?, ?)",
                [(kind, slug, self._clock(), number) for kind, slug in things],
            )

    def unmint(self, number: int) -> None:
        """An import that was not published after all: nobody has seen its slugs."""
        with self._together():
            self._db.execute("DELETE FROM slugs WHERE import = ?", (number,))

    def minted(self) -> list[Minted]:
        rows = self._db.execute("SELECT kind, slug, since, import FROM slugs ORDER BY kind, slug")
        return [Minted(*row) for row in rows]
