"""The projection: what lookups need, computed once a release, in one SQLite file.

Tables: ``meta(key, value)``; ``documents(kind, slug, iri, json)``; ``labels(iri, json)`` for everything that
has one (terms and concepts too); ``names(key, name, lang, preferred, kind, slug)`` by folding key;
``counts(kind, cls, n)`` (``cls`` '' = the whole kind); ``lists(kind, lang, position, slug)``, sorted by label;
``usage(term, via, things, statements, example)`` of classes, properties and concepts (kg.releases.usage);
``partitions(cls, property, target, is_class, n)`` for VoID (kg.releases.partitions);
``coverage(position, kind, cls, json)``, thinnest first (kg.releases.coverage); ``spans``, ``list_facets``, ``edges``
and ``sources`` for lists and paths (kg.releases.filters); the index of names' words (kg.releases.name_index); facets
of what is found by name (kg.releases.facets).
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pyoxigraph import Store

from kg.names import fold, pick_label
from kg.releases import facets, filters, name_index
from kg.releases.coverage import coverage
from kg.releases.documents import Merged, alt_labels, document, dump, read_merged, types
from kg.releases.manifest import PROJECTION
from kg.releases.partitions import partitions
from kg.releases.usage import usage
from kg.terms import LANGUAGES

FILE: Final = "projection.sqlite"

_SCHEMA: Final = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents(kind TEXT, slug TEXT, iri TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY(kind, slug));
CREATE TABLE labels(iri TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE names(key TEXT, kind TEXT, slug TEXT, lang TEXT, name TEXT, preferred INTEGER);
CREATE TABLE counts(kind TEXT, cls TEXT, n INTEGER NOT NULL, PRIMARY KEY(kind, cls)) WITHOUT ROWID;
CREATE TABLE lists(kind TEXT, lang TEXT, position INTEGER, slug TEXT NOT NULL, PRIMARY KEY(kind, lang, position))
  WITHOUT ROWID;
CREATE TABLE usage(term TEXT, via TEXT, things INTEGER NOT NULL, statements INTEGER NOT NULL, example TEXT NOT NULL,
  PRIMARY KEY(term, via)) WITHOUT ROWID;
CREATE TABLE partitions(cls TEXT, property TEXT, target TEXT, is_class INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY(cls, property, target)) WITHOUT ROWID;
CREATE TABLE coverage(position INTEGER PRIMARY KEY, kind TEXT NOT NULL, cls TEXT NOT NULL, json TEXT NOT NULL);
"""
_INDEXES: Final = "CREATE INDEX names_by_key ON names(key, kind, slug); ANALYZE;"


def project(store: Store, directory: Path, content_hash: str) -> dict[str, int]:
    """Write ``directory/projection.sqlite`` from the merged graph; returns kind → number of things.

    Nothing in it depends on the time or on the release's id. sqlite3.OperationalError on a full disk.
    """
    merged = read_merged(store)
    db = sqlite3.connect(directory / FILE)
    try:
        # The file is synced as a whole when the candidate gets its name; until then it is thrown away on a crash.
        db.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            + _SCHEMA
            + filters.SCHEMA
            + name_index.SCHEMA
            + facets.SCHEMA
        )
        counts = _fill(db, merged, content_hash)
        db.executescript(_INDEXES)
        db.commit()
    finally:
        db.close()
    return counts


def _fill(db: sqlite3.Connection, merged: Merged, content_hash: str) -> dict[str, int]:
    meta = {"projection": str(PROJECTION), "contentHash": content_hash}
    db.executemany("INSERT INTO meta VALUES(?, ?)", sorted(meta.items()))
    things = list(merged.entities())
    db.executemany(
        "INSERT INTO documents VALUES(?, ?, ?, ?)",
        ((kind, slug, iri, document(merged, iri)) for iri, kind, slug in things),
    )
    db.executemany(
        "INSERT INTO labels VALUES(?, ?)",
        ((iri, _dump(labels)) for iri in sorted(merged.about) if (labels := merged.labels.of(iri))),
    )
    db.executemany("INSERT INTO names VALUES(?, ?, ?, ?, ?, ?)", sorted(_names(merged, things)))
    name_index.fill(db)
    facets.fill(db, merged)
    kinds = Counter(kind for _, kind, _ in things)
    classes = Counter((kind, t["id"]) for iri, kind, _ in things for t in types(merged, iri))
    rows = [(kind, "", n) for kind, n in kinds.items()] + [(kind, cls, n) for (kind, cls), n in classes.items()]
    db.executemany("INSERT INTO counts VALUES(?, ?, ?)", sorted(rows))
    db.executemany("INSERT INTO lists VALUES(?, ?, ?, ?)", _lists(merged, things))
    rows_of_use = ((*row, _dump(example)) for *row, example in usage(merged))
    db.executemany("INSERT INTO usage VALUES(?, ?, ?, ?, ?)", rows_of_use)
    db.executemany("INSERT INTO partitions VALUES(?, ?, ?, ?, ?)", partitions(merged))
    covered = (
        (position, row.kind, row.cls, _dump(row.as_json(merged.labels.of(row.cls))))
        for position, row in enumerate(coverage(merged))
    )
    db.executemany("INSERT INTO coverage VALUES(?, ?, ?, ?)", covered)
    db.executemany("INSERT INTO spans VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", filters.spans(merged))
    db.executemany("INSERT INTO list_facets VALUES(?, ?, ?, ?)", filters.facets(merged))
    db.executemany("INSERT INTO edges VALUES(?, ?, ?, ?, ?, ?)", filters.edges(merged))
    db.executemany("INSERT INTO sources VALUES(?, ?, ?, ?)", filters.sources(merged))
    return dict(sorted(kinds.items()))


def _names(merged: Merged, things: list[tuple[str, str, str]]) -> Iterator[tuple[str, str, str, str, str, int]]:
    for iri, kind, slug in things:
        names = {(lang, name, True) for lang, name in merged.labels.of(iri).items()}
        names |= {(lang, name, False) for lang, many in alt_labels(merged, iri).items() for name in many}
        for lang, name, preferred in names:
            if key := fold(name):
                yield key, kind, slug, lang, name, int(preferred)


def _lists(merged: Merged, things: list[tuple[str, str, str]]) -> Iterator[tuple[str, str, int, str]]:
    for lang in LANGUAGES:
        order = sorted((kind, _sort_key(merged, iri, lang), slug) for iri, kind, slug in things)
        position: Counter[str] = Counter()
        for kind, _, slug in order:
            yield kind, lang, position[kind], slug
            position[kind] += 1


def _sort_key(merged: Merged, iri: str, lang: str) -> str:
    picked = pick_label(merged.labels.of(iri), lang)
    return picked[0].casefold() if picked else ""


def _dump(value: Any) -> str:
    return dump(value).decode()
