"""What differs between two releases for those who keep a copy: which things came, went, or are told otherwise.

Taken from the projections: a thing is changed where its document differs, so also where only its evidence, the dates
computed from it, or the name of something it leads to has changed. An older release whose projection is of another
layout is compared by the statements about each thing itself.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kg.releases.difference import Change, compare
from kg.releases.manifest import PROJECTION
from kg.releases.reader import Release
from kg.terms import GRAPH_DERIVED, entity_iri

_SQL = """
SELECT n.kind, n.slug, 'added' FROM documents n LEFT JOIN old.documents o USING (kind, slug) WHERE o.kind IS NULL
UNION ALL
SELECT n.kind, n.slug, 'changed' FROM documents n JOIN old.documents o USING (kind, slug) WHERE n.json IS NOT o.json
UNION ALL
SELECT o.kind, o.slug, 'removed' FROM old.documents o LEFT JOIN documents n USING (kind, slug) WHERE n.kind IS NULL
ORDER BY 1, 2
"""


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
    db = sqlite3.connect(new.projection.uri, uri=True)
    try:
        db.execute("ATTACH DATABASE ? AS old", (old.projection.uri,))
        return tuple(Changed(*row) for row in db.execute(_SQL))
    finally:
        db.close()


def _by_statements(old: Release, new: Release) -> Iterator[Changed]:
    before, after = old.manifest.hashes(), new.manifest.hashes()
    before.pop(GRAPH_DERIVED, None), after.pop(GRAPH_DERIVED, None)  # as large as all others, and not counted
    for entity in compare(old.embedded.raw, new.embedded.raw, before, after).entities:
        yield Changed(entity.kind, entity.slug, entity.change)


def counts(found: Sequence[Changed]) -> dict[str, int]:
    """How many were added, changed, removed."""
    number = Counter(c.change for c in found)
    return {"added": number["added"], "changed": number["changed"], "removed": number["removed"]}
