"""Names alone in a projection: for tests and measurements of how they are found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from kg.names import fold
from kg.releases import levels, name_index
from kg.releases.tables import TABLES


def named(path: Path, names: Iterable[tuple[str, str, str, str]]) -> sqlite3.Connection:
    """A projection that holds these names ``(kind, slug, language, name)`` and what they are found by, to be read."""
    rows = [name_index.name_row(fold(name), kind, slug, lang, name, 1) for kind, slug, lang, name in names]
    db = levels.new(path)
    tables = {"names": rows, "meta": [("names", str(len(rows)))], **name_index.index(rows)}
    for table, held in tables.items():
        db.executemany(TABLES[table].insert(), sorted(held))
    levels.finish(db)
    return levels.connect([path])
