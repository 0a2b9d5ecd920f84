"""The projection of a release as files one upon the other, each written once and shared with the releases after it.

``projection.sqlite`` is the base: all tables, whole. ``projection-1.sqlite``, ``projection-2.sqlite`` hold of each
table the rows that are new since, and in ``gone_{table}`` the keys of rows below that are no longer so. What is read is
the union, by views of the same names, so queries do not know of it (docs/decisions/0024).
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Final

from kg.releases.tables import TABLES, Row, Table

FILE: Final = "projection.sqlite"

TOP: Final = 4 * 2**20
"""Bytes up to which the uppermost level is written again with what a release adds; beyond, one is begun upon it."""

LEVELS: Final = 2
"""Levels above the base at most; a further one is merged with the lower ones."""

MIDDLE: Final = 32 * 2**20
"""Bytes that the levels above the base may always take; beyond this and SHARE of the base, a base is written anew."""

SHARE: Final = 0.125

_FAST: Final = "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
# The file is synced as a whole when the candidate gets its name; until then it is thrown away on a crash.


@dataclass(slots=True)
class Difference:
    """Of one table: rows that are new, and the keys of rows that are gone; a row that is told otherwise is in both."""

    rows: list[Row] = field(default_factory=list)
    gone: list[Row] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.rows or self.gone)


def difference(table: Table, before: Iterable[Row], after: Iterable[Row]) -> Difference:
    """From the rows that some things had to those that they have. The same row twice is one."""
    old, new = set(before), set(after)
    return Difference(sorted(new - old, key=repr), sorted({row[: table.keys] for row in old - new}, key=repr))


def files(directory: Path) -> list[Path]:
    """The levels of the release at ``directory``, the base first."""
    found = [directory / FILE]
    while (path := _level(directory, len(found))).exists():
        found.append(path)
    return found


def _level(directory: Path, number: int) -> Path:
    return directory / f"projection-{number}.sqlite" if number else directory / FILE


def new(path: Path) -> sqlite3.Connection:
    """A connection to an empty base in the making; :func:`finish` it."""
    db = sqlite3.connect(path)
    db.executescript(_FAST + "".join(table.create() for table in TABLES.values()))
    return db


def finish(db: sqlite3.Connection) -> None:
    db.executescript("".join(table.create_indexes() for table in TABLES.values()) + "ANALYZE;")
    db.commit()
    db.close()


def connect(paths: list[Path]) -> sqlite3.Connection:
    """Read the levels as one. They are never written to again, so no lock is taken."""
    uris = [f"{path.resolve().as_uri()}?mode=ro&immutable=1" for path in paths]
    db = sqlite3.connect(uris[0], uri=True)
    if len(uris) > 1:
        for number, uri in enumerate(uris[1:], start=1):
            db.execute(f"ATTACH DATABASE ? AS level{number}", (uri,))
        db.executescript("PRAGMA temp_store=MEMORY;" + "".join(_view(t, len(uris)) for t in TABLES.values()))
    return db


def _view(table: Table, levels: int) -> str:
    names = ", ".join(f"t.{name}" for name in table.names)
    arms = []
    for number in range(levels):
        hidden = " AND ".join(
            f"NOT EXISTS (SELECT 1 FROM level{upper}.gone_{table.name} AS g WHERE "
            + " AND ".join(f"g.{name} = t.{name}" for name in table.key)
            + ")"
            for upper in range(number + 1, levels)
        )
        place = f"level{number}" if number else "main"
        arms.append(f"SELECT {names} FROM {place}.{table.name} AS t" + (f" WHERE {hidden}" if hidden else ""))
    return f"CREATE TEMP VIEW {table.name} AS {' UNION ALL '.join(arms)};"


def too_large(directory: Path) -> bool:
    """Whether the levels of a release have grown so much beside its base that a base is to be written anew."""
    base, *upper = (path.stat().st_size for path in files(directory))
    return sum(upper) > max(MIDDLE, base * SHARE)


def lay(before: Path, directory: Path, differences: Mapping[str, Difference]) -> None:
    """Write the levels of a release into ``directory``: those of the release at ``before``, and what differs.

    The base, and what else stays as it is, is linked. sqlite3.OperationalError on a full disk.
    """
    below = files(before)
    number = len(below)
    if number > 1 and below[-1].stat().st_size <= TOP:
        number -= 1
        shutil.copyfile(below.pop(), _level(directory, number))
    else:
        _empty(_level(directory, number))
    with closing(sqlite3.connect(_level(directory, number))) as db:
        db.executescript(_FAST)
        for name, found in differences.items():
            _lay(db, TABLES[name], found)
        db.commit()
    if number > LEVELS:
        _merge(below[1:], _level(directory, number), _level(directory, 1))
        del below[1:]
    for place, path in enumerate(below):
        os.link(path, _level(directory, place))


def _empty(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        parts = (t.create() + t.create_indexes() + t.create_gone() for t in TABLES.values())
        db.executescript(_FAST + "".join(parts))


def _lay(db: sqlite3.Connection, table: Table, found: Difference) -> None:
    where = " AND ".join(f"{name} = ?" for name in table.key)
    db.executemany(f"DELETE FROM {table.name} WHERE {where}", found.gone)
    marks = ", ".join("?" * table.keys)
    db.executemany(f"INSERT OR IGNORE INTO gone_{table.name} VALUES({marks})", found.gone)
    db.executemany(table.insert(), found.rows)


def _merge(lower: list[Path], upper: Path, made: Path) -> None:
    """Make one level of several: the lowest, changed by those upon it in turn. ``upper`` is removed."""
    part = made.with_suffix(".part")
    shutil.copyfile(lower[0], part)
    with closing(sqlite3.connect(part)) as db:
        db.executescript(_FAST)
        for path in (*lower[1:], upper):
            db.execute("ATTACH DATABASE ? AS more", (str(path),))
            for table in TABLES.values():
                key = ", ".join(table.key)
                gone = f"SELECT {key} FROM more.gone_{table.name}"
                db.execute(f"DELETE FROM main.{table.name} WHERE ({key}) IN ({gone})")
                db.execute(f"INSERT OR IGNORE INTO main.gone_{table.name} {gone}")
                db.execute(f"INSERT INTO main.{table.name} SELECT * FROM more.{table.name}")
            db.commit()
            db.execute("DETACH DATABASE more")
    upper.unlink()
    os.replace(part, made)


def moved(old: list[Path], new: list[Path], table: Table) -> set[Row] | None:
    """The keys whose rows may differ between two releases; None where they have no base in common: any may."""
    shared = sum(1 for _ in takewhile(lambda pair: os.path.samefile(*pair), zip(old, new, strict=False)))
    if not shared:
        return None
    key, found = ", ".join(table.key), set[Row]()
    for path in (*old[shared:], *new[shared:]):
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            for source in (table.name, f"gone_{table.name}"):
                found.update(db.execute(f"SELECT {key} FROM {source}"))
    return found
