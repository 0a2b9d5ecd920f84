"""The ledger: which releases were made, published, given up, by whom and why (SQLite).

A release is written down as ``publishing`` before its pointer moves and as ``published`` after; so a start
after a crash knows which directory was never published. The pointer file ``current`` is the truth, the
ledger is brought to agree with it (:func:`recover`). Sequence numbers are given out here, once.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from kg.findings import BilimError, finding
from kg.releases import manifest as manifests
from kg.releases.layout import Home, sequence_of, told_errors
from kg.releases.manifest import Manifest
from kg.releases.publish import Reason

SCHEMA: Final = 1

State = Literal["publishing", "published", "abandoned"]

_TABLES: Final = """
CREATE TABLE releases(
  sequence INTEGER PRIMARY KEY, release TEXT UNIQUE, parent TEXT, content_hash TEXT,
  state TEXT NOT NULL CHECK(state IN ('publishing', 'published', 'abandoned'))
);
CREATE TABLE acts(
  number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, action TEXT NOT NULL, release TEXT, parent TEXT,
  who TEXT NOT NULL, why TEXT NOT NULL
);
"""


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
        with self._db:
            self._db.execute(
                "INSERT INTO releases VALUES(?, ?, ?, ?, 'publishing')",
                (manifest.sequence, manifest.id, manifest.parent, manifest.content_hash),
            )

    def published(self, manifest: Manifest) -> None:
        """After the pointer has moved: the row of the publication."""
        with self._db:
            self._db.execute(
                "INSERT INTO releases VALUES(?, ?, ?, ?, 'published')"
                " ON CONFLICT(sequence) DO UPDATE SET state = 'published'",
                (manifest.sequence, manifest.id, manifest.parent, manifest.content_hash),
            )
            self._act(manifest.action, manifest.id, manifest.parent, Reason(manifest.who, manifest.why))

    def abandoned(self, release_id: str, why: str) -> None:
        """A release that was never published and is no more."""
        with self._db:
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

    def _act(self, action: str, release: str | None, parent: str | None, reason: Reason) -> None:
        self._db.execute(
            "INSERT INTO acts(at, action, release, parent, who, why) VALUES(?, ?, ?, ?, ?, ?)",
            (datetime.now(UTC).isoformat(timespec="milliseconds"), action, release, parent, reason.who, reason.why),
        )


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
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA:
        raise BilimError(finding("ledger-version", path=home.ledger, version=version, known=SCHEMA))
    # A rollback journal, not WAL: one writer, few reads, and no side files that a full disk or a backup trips over.
    db.execute("PRAGMA synchronous = FULL")
    if version == 0:
        db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")


def recover(home: Home, ledger: Ledger) -> list[str]:
    """After a crash: empty tmp/, make the ledger agree with ``current``; what was done, in words.

    Only under the lock. A directory whose publication never happened is removed: it is wholly out.
    """
    done = []
    home.sweep()
    current = home.current_id()
    for release in ledger.unfinished():
        directory = home.release(release)
        if release == current:
            ledger.published(manifests.read(directory))
            done.append(f"{release} was published; its ledger entry is written now")
        else:
            with told_errors(home):
                shutil.rmtree(directory, ignore_errors=not directory.exists())
            ledger.abandoned(release, "the publication was cut short before the pointer moved")
            done.append(f"{release} was never published and is removed")
    for release in home.release_ids():
        if ledger.state(release) is None:  # a lost or older ledger: the manifests tell
            try:
                ledger.published(manifests.read(home.release(release)))
            except BilimError:  # damaged: `bilim releases verify` and `doctor` name it
                continue
            done.append(f"{release} is taken into the ledger from its manifest")
    return done
