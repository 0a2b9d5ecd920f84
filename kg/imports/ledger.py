"""The ledger: which releases were made, published, given up, which imports were handed in, by whom and why (SQLite).

A release is written down as ``publishing`` before its pointer moves and as ``published`` after; so a start
after a crash knows which directory was never published. The pointer file ``current`` is the truth, the
ledger is brought to agree with it (kg.imports.recovery). Sequence numbers are given out here, once.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from kg.findings import BilimError, finding
from kg.imports.decided import Decisions
from kg.imports.records import Imports
from kg.imports.schema import SCHEMA, bring_up, version
from kg.imports.settled import Settled
from kg.releases.layout import Home, sequence_of, told_errors
from kg.releases.manifest import Manifest
from kg.releases.publish import Reason

State = Literal["publishing", "published", "abandoned"]


@dataclass(frozen=True, slots=True)
class Act:
    """One entry: who did what, when (ISO 8601, UTC) and why."""

    at: str
    action: str
    release: str | None
    parent: str | None
    who: str
    why: str


class Ledger:
    """The open ledger of a home. Use :func:`open_ledger`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._depth = 0
        self.imports = Imports(db, self.together, now)
        self.settled = Settled(db, self.together, now)
        self.decisions = Decisions(db, self.together, now)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is written inside is written wholly or not at all; may be nested."""
        if self._depth:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        self._depth = 1
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # a full disk ends it by itself
                self._db.execute("ROLLBACK")
            raise
        finally:
            self._depth = 0

    @property
    def db(self) -> sqlite3.Connection:
        """For the tables that others keep in the same file."""
        return self._db

    def note(self, action: str, who: str, why: str, release: str | None = None) -> None:
        """An entry of its own. To be called within the transaction of what it tells of."""
        self._act(action, release, None, Reason(who, why))

    def next_sequence(self, home: Home) -> int:
        """A number that no release of this home has or had, whatever the clock says."""
        (highest,) = self._db.execute("SELECT coalesce(max(sequence), 0) FROM releases").fetchone()
        return 1 + max([int(highest), *map(sequence_of, home.release_ids())])

    def begin(self, manifest: Manifest) -> None:
        """Before the pointer moves."""
        with self.together():
            self._db.execute(
                "INSERT INTO releases VALUES(?, ?, ?, ?, 'publishing')",
                (manifest.sequence, manifest.id, manifest.parent, manifest.content_hash),
            )

    def published(self, manifest: Manifest) -> None:
        """After the pointer has moved: the row of the publication."""
        with self.together():
            self._db.execute(
                "INSERT INTO releases VALUES(?, ?, ?, ?, 'published')"
                " ON CONFLICT(sequence) DO UPDATE SET state = 'published'",
                (manifest.sequence, manifest.id, manifest.parent, manifest.content_hash),
            )
            self._act(manifest.action, manifest.id, manifest.parent, Reason(manifest.who, manifest.why))

    def abandoned(self, release_id: str, why: str) -> None:
        """A release that was never published and is no more."""
        with self.together():
            self._db.execute("UPDATE releases SET state = 'abandoned' WHERE release = ?", (release_id,))
            self._act("abandon", release_id, None, Reason("bilim", why))

    def state(self, release_id: str) -> State | None:
        row = self._db.execute("SELECT state FROM releases WHERE release = ?", (release_id,)).fetchone()
        return row[0] if row else None

    def unfinished(self) -> list[str]:
        rows = self._db.execute("SELECT release FROM releases WHERE state = 'publishing' ORDER BY sequence")
        return [release for (release,) in rows]

    def acts(self) -> list[Act]:
        """All entries, oldest first."""
        rows = self._db.execute("SELECT at, action, release, parent, who, why FROM acts ORDER BY number")
        return [Act(*row) for row in rows]

    def act(self, action: str, release: str | None, parent: str | None, reason: Reason) -> None:
        """An entry of its own."""
        with self.together():
            self._act(action, release, parent, reason)

    def begin_pending(self, what: str, data: Any) -> None:
        """Written before something that a crash may leave undone, so that a start afterwards knows of it."""
        with self.together():
            self._db.execute("INSERT OR REPLACE INTO pending VALUES(?, ?)", (what, json.dumps(data)))

    def pending(self, what: str) -> Any:
        """What was begun; None where nothing was."""
        row = self._db.execute("SELECT data FROM pending WHERE what = ?", (what,)).fetchone()
        return json.loads(row[0]) if row else None

    def end_pending(self, what: str) -> None:
        with self.together():
            self._db.execute("DELETE FROM pending WHERE what = ?", (what,))

    def _act(self, action: str, release: str | None, parent: str | None, reason: Reason) -> None:
        self._db.execute(
            "INSERT INTO acts(at, action, release, parent, who, why) VALUES(?, ?, ?, ?, ?, ?)",
            (now(), action, release, parent, reason.who, reason.why),
        )


def now() -> str:
    """This moment (ISO 8601, UTC)."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@contextmanager
def open_ledger(home: Home) -> Iterator[Ledger]:
    """The ledger of a home, made if there is none.

    Raises :class:`BilimError` where it was written by a newer version, is damaged, or cannot be written.
    """
    with told_errors(home):
        home.path.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(home.ledger, timeout=10)
    try:
        with told_errors(home):
            _prepare(db, home)
        yield Ledger(db)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError | sqlite3.IntegrityError):
            raise
        raise BilimError(finding("ledger-damaged", path=home.ledger, reason=error)) from error
    finally:
        db.close()


def _prepare(db: sqlite3.Connection, home: Home) -> None:
    found = version(db)
    if found > SCHEMA:
        raise BilimError(finding("ledger-version", path=home.ledger, version=found, known=SCHEMA))
    # A rollback journal, not WAL: one writer, few reads, and no side files that a full disk or a backup trips over.
    db.execute("PRAGMA synchronous = FULL")
    bring_up(db)
