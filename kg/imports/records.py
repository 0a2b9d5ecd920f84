"""Imports in the ledger: what was handed in, how far it has come, and who did each step when and why.

Nothing here decides: the flow (kg.imports.flow, accept, retract) does, and writes what it decided by these methods.
Each is one transaction, or part of the one that is open (:meth:`kg.imports.ledger.Ledger.together`).
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Literal

from kg.findings import BilimError, Exit, finding
from kg.releases.publish import Reason
from kg.terms import GRAPH_IMPORT

State = Literal["received", "parsed", "validated", "accepted", "rejected", "published", "retracted"]
Verdict = Literal["clean", "warnings", "violations", "nothing checked", "unreadable"]
Row = tuple[str, str | None, int]
"""A row of a table that is left out: file, sheet, number as a spreadsheet counts."""

Together = Callable[[], AbstractContextManager[None]]
Clock = Callable[[], str]

_COLUMNS: Final = "number, name, file, sha256, bytes, state, verdict, base, release, graph_sha256, excluded, counts"


@dataclass(frozen=True, slots=True)
class Import:
    """One import. ``base``: the release it was judged on; ``release``: the one that it made; ``counts`` by severity."""

    number: int
    name: str
    file: str
    sha256: str
    bytes: int
    state: State
    verdict: Verdict | None
    base: str | None
    release: str | None
    graph_sha256: str | None
    excluded: tuple[Row, ...]
    counts: Mapping[str, int]

    @property
    def graph(self) -> str:
        """IRI of the graph that it makes or replaces."""
        return f"{GRAPH_IMPORT}{self.name}"

    def as_dict(self) -> dict[str, Any]:
        return {
            "id": self.number,
            "name": self.name,
            "file": self.file,
            "sha256": self.sha256,
            "bytes": self.bytes,
            "graph": self.graph,
            "state": self.state,
            "verdict": self.verdict,
            "base": self.base,
            "release": self.release,
            "excludedRows": [{"file": file, "sheet": sheet, "row": row} for file, sheet, row in self.excluded],
            "counts": dict(self.counts),
        }


@dataclass(frozen=True, slots=True)
class Step:
    """What was done to an import: by whom, when (ISO 8601, UTC), why."""

    number: int
    import_: int
    at: str
    step: str
    who: str
    why: str
    release: str | None

    def as_dict(self) -> dict[str, Any]:
        return {"step": self.step, "at": self.at, "who": self.who, "why": self.why, "release": self.release}


class Imports:
    """The imports of an open ledger."""

    def __init__(self, db: sqlite3.Connection, together: Together, clock: Clock) -> None:
        self._db = db
        self._together = together
        self._clock = clock

    def add(self, name: str, file: str, sha256: str, size: int, reason: Reason) -> Import:
        """A file that was received."""
        with self._together():
            made = self._db.execute(
                "INSERT INTO imports(name, file, sha256, bytes, state) VALUES(?, ?, ?, ?, 'received')",
                (name, file, sha256, size),
            )
            number = int(made.lastrowid or 0)
            self.step(number, "received", reason)
        return self.get(number)

    def get(self, number: int) -> Import:
        """Raises :class:`BilimError` (exit 2) where there is none."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM imports WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise BilimError(finding("no-such-import", number=number), exit_code=Exit.USAGE)
        return _import(row)

    def all(self, states: Collection[str] = (), name: str | None = None) -> list[Import]:
        """The newest first; of some states, or of one name, where these are given."""
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM imports ORDER BY number DESC")
        found = map(_import, rows)
        return [i for i in found if (not states or i.state in states) and name in (None, i.name)]

    def alike(self, sha256: str, name: str) -> list[Import]:
        """Imports of the same bytes under the same name, the newest first."""
        sql = f"SELECT {_COLUMNS} FROM imports WHERE sha256 = ? AND name = ? ORDER BY number DESC"
        return [_import(row) for row in self._db.execute(sql, (sha256, name))]

    def published(self, name: str) -> Import | None:
        """The import whose graph is in the current release under this name."""
        sql = f"SELECT {_COLUMNS} FROM imports WHERE name = ? AND state = 'published' ORDER BY number DESC LIMIT 1"
        row = self._db.execute(sql, (name,)).fetchone()
        return _import(row) if row else None

    def move(self, number: int, state: State, reason: Reason, release: str | None = None) -> None:
        """To another state; its step is written with it."""
        with self._together():
            self._db.execute("UPDATE imports SET state = ? WHERE number = ?", (state, number))
            self.step(number, state, reason, release)

    def step(self, number: int, step: str, reason: Reason, release: str | None = None) -> None:
        with self._together():
            self._db.execute(
                "INSERT INTO import_steps(import, at, step, who, why, release) VALUES(?, ?, ?, ?, ?, ?)",
                (number, self._clock(), step, reason.who, reason.why, release),
            )

    def steps(self, number: int | None = None) -> list[Step]:
        """Of one import or of all, in the order in which they were written (a clock may go back)."""
        where, values = ("WHERE import = ?", (number,)) if number is not None else ("", ())
        sql = f"SELECT number, import, at, step, who, why, release FROM import_steps {where} ORDER BY number"
        return [Step(*row) for row in self._db.execute(sql, values)]

    def judged(self, number: int, verdict: Verdict, base: str | None, counts: Mapping[str, int]) -> None:
        """What the judging said, and on which release."""
        with self._together():
            self._db.execute(
                "UPDATE imports SET verdict = ?, base = ?, counts = ? WHERE number = ?",
                (verdict, base, json.dumps(dict(counts)), number),
            )

    def made(self, number: int, release: str | None, graph_sha256: str | None) -> None:
        """The release that an import makes, and the hash of its graph there (None: it holds nothing)."""
        with self._together():
            self._db.execute(
                "UPDATE imports SET release = ?, graph_sha256 = ? WHERE number = ?", (release, graph_sha256, number)
            )

    def exclude(self, number: int, rows: Iterable[Row]) -> None:
        with self._together():
            text = json.dumps(sorted(set(rows), key=str))
            self._db.execute("UPDATE imports SET excluded = ? WHERE number = ?", (text, number))

    def keep(self, number: int, part: str, data: Any) -> None:
        """Keep what was read or found (JSON, packed) under a name."""
        with self._together():
            packed = zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 1)
            self._db.execute("INSERT OR REPLACE INTO import_parts VALUES(?, ?, ?)", (number, part, packed))

    def kept(self, number: int, part: str) -> Any:
        """What is kept under a name; None where nothing is."""
        sql = "SELECT data FROM import_parts WHERE import = ? AND part = ?"
        row = self._db.execute(sql, (number, part)).fetchone()
        return json.loads(zlib.decompress(row[0])) if row else None

    def by_key(self, key: str) -> tuple[int, str] | None:
        """The import that was made under an idempotency key, and what was asked then."""
        row = self._db.execute("SELECT import, request FROM import_keys WHERE key = ?", (key,)).fetchone()
        return (int(row[0]), str(row[1])) if row else None

    def remember(self, key: str, number: int, request: str) -> None:
        with self._together():
            self._db.execute("INSERT INTO import_keys VALUES(?, ?, ?)", (key, number, request))


def _import(row: Any) -> Import:
    number, name, file, sha256, size, state, verdict, base, release, graph_sha256, excluded, counts = row
    rows = tuple((of, sheet, int(line)) for of, sheet, line in json.loads(excluded))
    return Import(
        number, name, file, sha256, size, state, verdict, base, release, graph_sha256, rows, json.loads(counts)
    )
