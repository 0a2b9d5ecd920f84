"""Is a release what it says it is? Everything is computed again from its graphs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pyoxigraph import NamedNode, Store

from kg.findings import Finding, finding
from kg.releases.candidate import STORE, default_is_union
from kg.releases.derive import derive
from kg.releases.hashing import COMPUTED, content_hash, hash_graphs
from kg.releases.levels import FILE
from kg.releases.manifest import HASHING, PROJECTION
from kg.releases.project import project
from kg.releases.reader import Projection, Release
from kg.releases.tables import TABLES, Row
from kg.terms import GRAPH_DERIVED

Progress = Callable[[str], None]


def verify(release: Release, progress: Progress = lambda _: None) -> list[Finding]:
    """What is wrong with a release: empty if it is sound. Reads all of it; the release is not changed.

    Checked: the hash of each graph, the content hash and the id; the default graph is the union of the
    graphs; graph/derived follows from the others; the projection follows from the merged graph.
    """
    store = Store.read_only(str(release.path / STORE))
    findings: list[Finding] = []
    for name, check in (("hashes", _hashes), ("default graph", _union), ("derived", _derived)):
        progress(name)
        findings.extend(check(store, release))
    progress("projection")
    findings.extend(_projection(store, release))
    return findings


def quick(release: Release) -> list[Finding]:
    """What can be seen without reading the graphs: manifest, store opens, versions agree."""
    findings = []
    if not release.manifest.agrees():
        findings.append(finding("release-content-hash", release=release.id, written=release.manifest.content_hash))
    meta = release.projection.meta()
    if meta.get("projection") != str(PROJECTION) or meta.get("contentHash") != release.manifest.content_hash:
        findings.append(finding("release-projection", release=release.id, tables="meta"))
    Store.read_only(str(release.path / STORE))
    return findings


def _hashes(store: Store, release: Release) -> Iterator[Finding]:
    sets = COMPUTED if release.manifest.versions.hashing >= HASHING else ()
    written, found = release.manifest.hashes(), hash_graphs(store, sets=sets)
    for name in sorted(written.keys() | found.keys()):
        if written.get(name) != found.get(name):
            w, f = written.get(name), found.get(name)
            yield finding(
                "release-graph-hash",
                release=release.id,
                graph=name,
                written=f"{w.sha256[:12]} ({w.quads})" if w else "–",
                found=f"{f.sha256[:12]} ({f.quads})" if f else "–",
            )
    if content_hash(found) != release.manifest.content_hash or not release.manifest.agrees():
        yield finding("release-content-hash", release=release.id, written=release.manifest.content_hash)


def _union(store: Store, release: Release) -> Iterator[Finding]:
    missing, surplus = default_is_union(store)
    if missing or surplus:
        yield finding("release-default-graph", release=release.id, missing=missing, surplus=surplus)


def _derived(store: Store, release: Release) -> Iterator[Finding]:
    rebuilt = set(derive(store))
    written = set(store.quads_for_pattern(None, None, None, NamedNode(GRAPH_DERIVED)))
    if rebuilt != written:
        yield finding(
            "release-derived", release=release.id, missing=len(rebuilt - written), surplus=len(written - rebuilt)
        )


def _projection(store: Store, release: Release) -> Iterator[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        project(store, Path(folder), release.manifest.content_hash)
        rebuilt = Projection(Path(folder) / FILE)
        wrong = [name for name in TABLES if _rows(rebuilt, name) != _rows(release.projection, name)]
    if wrong:
        yield finding("release-projection", release=release.id, tables=", ".join(wrong))


def _rows(projection: Projection, name: str) -> dict[Row, int]:
    """Key to a hash of its row: the rows themselves are as much as the release."""
    table = TABLES[name]
    rows = projection.rows(f"SELECT {', '.join(table.names)} FROM {name}")
    found = {row[: table.keys]: hash(row) for row in rows}
    if len(found) != len(rows):  # a row that should be hidden by another
        found[("twice", name)] = len(rows)
    return found
