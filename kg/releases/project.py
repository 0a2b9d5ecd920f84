"""The projection: what lookups need, computed once a release, in SQLite files; here whole, from the merged graph.

Its tables are those of :mod:`kg.releases.tables`. Each thing tells its own rows (:func:`of_thing`), so that the release
after a change needs those of the things that it affects (kg.releases.grow).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any, Final

from pyoxigraph import Store

from kg.names import pick_label
from kg.releases import coverage, documents, facets, filters, name_index
from kg.releases.documents import dump
from kg.releases.hashing import COMPUTED, set_sum
from kg.releases.levels import FILE, finish, new
from kg.releases.manifest import PROJECTION
from kg.releases.merged import TYPE, Merged, read_merged
from kg.releases.partitions import partitions
from kg.releases.tables import TABLES, Row
from kg.releases.usage import usage
from kg.terms import LANGUAGES

OF_THING: Final = ("cores", "members", "documents", "names", "lists", "facets", "spans", "list_facets", "edges")
"""The tables whose rows each thing tells of itself."""


def project(
    store: Store, directory: Path, content_hash: str, sums: Mapping[str, bytes] | None = None
) -> dict[str, int]:
    """Write ``directory/projection.sqlite`` from the merged graph; returns kind → number of things.

    ``sums``: of the computed graphs, where they are known. Nothing in it depends on the time or on the release's id.
    sqlite3.OperationalError on a full disk.
    """
    if sums is None:
        sums = {name: set_sum(store, name)[0] for name in COMPUTED}
    merged = read_merged(store)
    db = new(directory / FILE)
    counts: Counter[str] = Counter()
    classes: Counter[tuple[str, str]] = Counter()
    kept: dict[str, list[Row]] = {name: [] for name in OF_THING if not TABLES[name].wide}
    groups: Counter[Row] = Counter()

    def cores() -> Iterator[Row]:
        for iri in sorted(merged.about):
            if (place := merged.thing(iri)) is not None:
                counts[place[0]] += 1
                classes.update((place[0], t.value) for t in merged.facts(iri)[TYPE])
            for table, row in of_thing(merged, iri):
                if table == "cores":
                    yield row
                else:
                    kept[table].append(row)
                if table == "members":
                    groups[row[:3]] += 1

    def insert(name: str, rows: Iterator[Row] | list[Row]) -> None:
        db.executemany(TABLES[name].insert(), rows)

    try:
        insert("cores", cores())
        meta = {"projection": str(PROJECTION), "contentHash": content_hash, "names": str(len(kept["names"]))}
        facet_counts = Counter(row[:3] for row in set(kept["facets"]))
        numbers = coverage.count(merged)
        tables: dict[str, Any] = {
            **kept,
            "meta": meta.items(),
            "sums": sums.items(),
            "groups": ((*key, n) for key, n in groups.items()),
            "labels": (told for iri in merged.about if (told := label(merged, iri))),
            "counts": chain(((kind, "", n) for kind, n in counts.items()), ((*key, n) for key, n in classes.items())),
            **name_index.index(kept["names"]),
            "facet_counts": ((*key, n) for key, n in facet_counts.items()),
            "sources": (filters.source(merged, iri, s) for iri, kind, s in merged.entities() if kind == "document"),
            "usage": usage(merged),
            "partitions": partitions(merged),
            "coverage_numbers": ((*key, trait, n) for key, told in numbers.items() for trait, n in told.items()),
            "coverage": coverage_rows(merged, numbers),
        }
        for name, rows in tables.items():
            insert(name, sorted(set(rows), key=lambda row: row[: TABLES[name].keys]))
            kept.pop(name, None)
        finish(db)
    finally:
        db.close()
    return dict(sorted(counts.items()))


def of_thing(merged: Merged, iri: str) -> Iterator[tuple[str, Row]]:
    """``(table, row)`` of what one name of ours tells of itself; a row may come more than once."""
    yield from documents.rows(merged, iri)
    if (place := merged.thing(iri)) is None:
        return
    kind, slug = place
    for table, rows in (
        ("names", name_index.names),
        ("facets", facets.facets),
        ("spans", filters.spans),
        ("list_facets", filters.facets),
        ("edges", filters.edges),
    ):
        for row in rows(merged, iri, kind, slug):
            yield table, row
    labels = merged.labels.of(iri)
    for lang in LANGUAGES:
        picked = pick_label(labels, lang)
        yield "lists", (kind, lang, picked[0].casefold() if picked else "", slug)


def label(merged: Merged, iri: str) -> Row | None:
    """The row of ``labels`` of any IRI that has one."""
    labels = merged.labels.of(iri) if merged.facts(iri) else None
    return (iri, dump(labels).decode()) if labels else None


def coverage_rows(merged: Merged, numbers: coverage.Numbers) -> Iterator[Row]:
    """The rows of ``coverage``."""
    for position, row in enumerate(coverage.coverage(numbers)):
        yield position, row.kind, row.cls, dump(row.as_json(merged.labels.of(row.cls))).decode()
