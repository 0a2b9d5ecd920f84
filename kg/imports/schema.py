"""The tables of ``ledger.sqlite``, by version; an older file is brought up when it is opened.

``releases`` and ``acts`` tell of publications; ``imports`` with its side tables of what was handed in: the steps with
who, when and why; what was read and found (``import_parts``); idempotency keys; likely duplicates and how they were
settled; waivers; slugs minted by accepted imports; and ``pending``, what was begun and not yet known to be done.
"""

from __future__ import annotations

import sqlite3
from typing import Final

SCHEMA: Final = 2

STATES: Final = ("received", "parsed", "validated", "accepted", "rejected", "published", "retracted")
"""Of an import, in the order of its way."""

_RELEASES: Final = """
CREATE TABLE releases(
  sequence INTEGER PRIMARY KEY, release TEXT UNIQUE, parent TEXT, content_hash TEXT,
  state TEXT NOT NULL CHECK(state IN ('publishing', 'published', 'abandoned'))
);
CREATE TABLE acts(
  number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, action TEXT NOT NULL, release TEXT, parent TEXT,
  who TEXT NOT NULL, why TEXT NOT NULL
);
"""

_IMPORTS: Final = f"""
CREATE TABLE imports(
  number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL, state TEXT NOT NULL CHECK(state IN ({", ".join(f"'{state}'" for state in STATES)})),
  verdict TEXT, base TEXT, release TEXT, graph_sha256 TEXT, excluded TEXT NOT NULL DEFAULT '[]',
  counts TEXT NOT NULL DEFAULT '{{}}'
);
CREATE INDEX imports_by_file ON imports(sha256, name);
CREATE INDEX imports_by_name ON imports(name);
CREATE TABLE import_steps(
  number INTEGER PRIMARY KEY AUTOINCREMENT, import INTEGER NOT NULL REFERENCES imports(number), at TEXT NOT NULL,
  step TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, release TEXT
);
CREATE INDEX import_steps_of ON import_steps(import);
CREATE TABLE import_parts(
  import INTEGER NOT NULL REFERENCES imports(number), part TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY(import, part)
) WITHOUT ROWID;
CREATE TABLE import_keys(
  key TEXT PRIMARY KEY, import INTEGER NOT NULL REFERENCES imports(number), request TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE import_matches(
  import INTEGER NOT NULL REFERENCES imports(number), thing TEXT NOT NULL, candidate TEXT NOT NULL,
  reason TEXT NOT NULL, score REAL NOT NULL, decision TEXT CHECK(decision IN ('same', 'not same')),
  at TEXT, who TEXT, why TEXT,
  PRIMARY KEY(import, thing, candidate)
) WITHOUT ROWID;
CREATE TABLE waivers(
  number INTEGER PRIMARY KEY AUTOINCREMENT, focus TEXT NOT NULL, shape TEXT NOT NULL, path TEXT NOT NULL,
  triples TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, import INTEGER
);
CREATE INDEX waivers_of ON waivers(focus);
CREATE TABLE slugs(
  kind TEXT NOT NULL, slug TEXT NOT NULL, since TEXT NOT NULL, import INTEGER NOT NULL REFERENCES imports(number),
  PRIMARY KEY(kind, slug)
) WITHOUT ROWID;
CREATE TABLE pending(what TEXT PRIMARY KEY, data TEXT NOT NULL) WITHOUT ROWID;
"""

_STEPS: Final = {1: _RELEASES, 2: _IMPORTS}
"""Version → what brings a ledger of the version before to it."""


def version(db: sqlite3.Connection) -> int:
    """0 for a file that holds nothing yet."""
    (found,) = db.execute("PRAGMA user_version").fetchone()
    return int(found)


def bring_up(db: sqlite3.Connection) -> None:
    """Make or mend the tables, in one transaction; nothing where they are of this version. For one opener at a time."""
    if version(db) == SCHEMA:
        return
    db.execute("BEGIN IMMEDIATE")  # another process may be at it: then this waits, and finds it done
    try:
        for number in range(version(db) + 1, SCHEMA + 1):
            for statement in _STEPS[number].split(";"):
                if statement.strip():
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {number}")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise
