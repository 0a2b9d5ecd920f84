"""What differs between two releases for those who keep a copy: which things came, went, or are told otherwise.

Taken from the projections: a thing is changed where its document differs, so also where only its evidence, the dates
computed from it, or the name of something it leads to has changed. An older release whose projection is of another
layout is compared by the statements about each thing itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kg.releases import levels
from kg.releases.difference import Change, compare
from kg.releases.documents import LISTED, WHOLE
from kg.releases.manifest import PROJECTION
from kg.releases.reader import Projection, Release
from kg.releases.tables import TABLES, Row, Table
from kg.terms import GRAPH_DERIVED, entity_iri


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that differs."""

    kind: str
    slug: str
    change: Change

    @property
    def iri(self) -> str:
        return entity_iri(self.kind, self.slug)


def changes(old: Release | None, new: Release) -> tuple[Changed, ...]:
    """The things that differ, by kind and slug; all are added where there is no older release."""
    if old is None:
        rows = new.projection.rows("SELECT kind, slug FROM documents ORDER BY kind, slug")
        return tuple(Changed(kind, slug, "added") for kind, slug in rows)
    if old.id == new.id:
        return ()
    if {old.manifest.versions.projection, new.manifest.versions.projection} != {PROJECTION}:
        return tuple(sorted(_by_statements(old, new), key=lambda c: (c.kind, c.slug)))
    return tuple(sorted(by_documents(old.projection, new.projection), key=lambda c: (c.kind, c.slug)))


def by_documents(old: Projection, new: Projection) -> Iterator[Changed]:
    """The things whose documents differ: they themselves, who stands in them, or what is told of those who do."""
    things, before, after = _moved(old, new, "documents")
    told, *_ = _moved(old, new, "cores")
    stands, *_ = _moved(old, new, "members")
    moved = things | told | {row[:2] for row in stands} | _listing(new, told)
    there: dict[Row, Change] = {place: "changed" for place in moved if new.has(*place) and old.has(*place)}
    there |= dict.fromkeys(things & after - before, "added") | dict.fromkeys(things & before - after, "removed")
    for (kind, slug), change in there.items():
        yield Changed(kind, slug, change)


def _moved(old: Projection, new: Projection, name: str) -> tuple[set[Row], set[Row], set[Row]]:
    """Keys of a table whose rows differ, and of these those that are in the old and in the new one."""
    table = TABLES[name]
    keys = levels.moved(old.levels, new.levels, table)
    before, after = (_rows(projection, table, keys) for projection in (old, new))
    differ = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    return differ, differ & before.keys(), differ & after.keys()


def _rows(projection: Projection, table: Table, keys: set[Row] | None) -> dict[Row, int]:
    """Key to a hash of its row, of these keys or all."""
    if keys is None:
        sql = f"SELECT {', '.join(table.names)} FROM {table.name}"
        return {row[: table.keys]: _told(table, row) for row in projection.rows(sql)}
    return {key: _told(table, row) for key in keys for row in projection.rows(table.select_one(), key)}


def _told(table: Table, row: Row) -> int:
    """A hash of what a document shows of a row: all but how much is known of the thing."""
    return hash(tuple(value for name, value in zip(table.names, row, strict=True) if name != "weight"))


def _listing(projection: Projection, told: set[Row]) -> set[Row]:
    """The things in whose documents these are listed."""
    if not told:
        return set()
    sql = (
        "SELECT kind, slug, grp, first, second, member, n FROM members WHERE member IN (SELECT value FROM json_each(?))"
    )
    found = projection.rows(sql, (json.dumps(sorted({slug for _, slug in told})),))
    stands = [row for row in found if (row[2].partition(".")[0], row[5]) in told]
    long = set(projection.rows("SELECT kind, slug, grp FROM groups WHERE n > ?", (LISTED,)))
    return {row[:2] for row in stands if row[:3] not in long or row[2] in WHOLE or _is_listed(projection, row)}


def _is_listed(projection: Projection, row: Row) -> bool:
    sql = "SELECT COUNT(*) FROM members WHERE kind = ? AND slug = ? AND grp = ?"
    sql += " AND (first, second, member, n) < (?, ?, ?, ?)"
    return bool(projection.rows(sql, row)[0][0] < LISTED)


def _by_statements(old: Release, new: Release) -> Iterator[Changed]:
    before, after = old.manifest.hashes(), new.manifest.hashes()
    before.pop(GRAPH_DERIVED, None), after.pop(GRAPH_DERIVED, None)  # as large as all others, and not counted
    for entity in compare(old.embedded.raw, new.embedded.raw, before, after).entities:
        yield Changed(entity.kind, entity.slug, entity.change)


def counts(found: Sequence[Changed]) -> dict[str, int]:
    """How many were added, changed, removed."""
    number = Counter(c.change for c in found)
    return {"added": number["added"], "changed": number["changed"], "removed": number["removed"]}
