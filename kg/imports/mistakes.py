"""What visitors report as wrong: kept in the ledger, beside what stewards have decided; never part of a release.

A table of its own in ledger.sqlite, made on first use. The way to reach a visitor is deleted when the report is closed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from kg.findings import BilimError, finding
from kg.releases.layout import Home, told_errors

TEXT_MAX: Final = 4000
LINE_MAX: Final = 300
A_DAY: Final = 500
"""Reports taken in 24 hours: more is no reader, and must not fill the disk."""

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS mistakes(
  number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, release TEXT NOT NULL, kind TEXT NOT NULL,
  slug TEXT NOT NULL, text TEXT NOT NULL, source TEXT NOT NULL, contact TEXT NOT NULL,
  closed TEXT, who TEXT, answer TEXT
)
"""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One report. ``at`` and ``closed``: ISO 8601, UTC; the last three are None while it is open."""

    number: int
    at: str
    release: str
    kind: str
    slug: str
    text: str
    source: str
    contact: str
    closed: str | None = None
    who: str | None = None
    answer: str | None = None


def report(home: Home, release: str, kind: str, slug: str, text: str, source: str = "", contact: str = "") -> int:
    """Keep a report; returns its number.

    Raises :class:`BilimError`: ``mistake-empty``, ``mistake-long`` (422), ``mistake-many`` (429).
    """
    text, source, contact = text.strip(), source.strip(), contact.strip()
    if not text:
        raise BilimError(finding("mistake-empty"))
    for value, most in ((text, TEXT_MAX), (source, LINE_MAX), (contact, LINE_MAX)):
        if len(value) > most:
            raise BilimError(finding("mistake-long", count=len(value), maximum=most))
    now = datetime.now(UTC)
    with _opened(home) as db, db:
        since = (now - timedelta(days=1)).isoformat(timespec="seconds")
        if db.execute("SELECT COUNT(*) FROM mistakes WHERE at > ?", (since,)).fetchone()[0] >= A_DAY:
            raise BilimError(finding("mistake-many"))
        sql = "INSERT INTO mistakes(at, release, kind, slug, text, source, contact) VALUES(?, ?, ?, ?, ?, ?, ?)"
        values = (now.isoformat(timespec="seconds"), release, kind, slug, text, source, contact)
        return int(db.execute(sql, values).lastrowid or 0)


def reports(home: Home, *, closed: bool = False) -> list[Mistake]:
    """The open reports, oldest first; with ``closed`` all of them."""
    where = "" if closed else " WHERE closed IS NULL"
    with _opened(home) as db:
        return [Mistake(*row) for row in db.execute(f"SELECT * FROM mistakes{where} ORDER BY number")]


def close(home: Home, number: int, who: str, answer: str) -> Mistake:
    """Close a report with what came of it; the way to reach its writer is deleted.

    Raises :class:`BilimError` (``mistake-not-open``) where there is no open report of this number.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with _opened(home) as db, db:
        sql = "UPDATE mistakes SET closed = ?, who = ?, answer = ?, contact = '' WHERE number = ? AND closed IS NULL"
        if db.execute(sql, (now, who, answer, number)).rowcount != 1:
            raise BilimError(finding("mistake-not-open", number=number))
        return Mistake(*db.execute("SELECT * FROM mistakes WHERE number = ?", (number,)).fetchone())


@contextmanager
def _opened(home: Home) -> Iterator[sqlite3.Connection]:
    with told_errors(home):
        home.path.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(home.ledger, timeout=10)
        try:
            db.execute(_TABLE)
            yield db
        finally:
            db.close()
