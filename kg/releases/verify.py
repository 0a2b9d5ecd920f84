"""Is a release what it says it is? Everything is computed again from its graphs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from pyoxigraph import NamedNode, Store

from kg.findings import Finding, finding
from kg.releases.candidate import STORE, default_is_union
from kg.releases.derive import derive
from kg.releases.hashing import content_hash, hash_graphs
from kg.releases.manifest import PROJECTION
from kg.releases.project import project
from kg.releases.reader import Projection, Release
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
    written, found = release.manifest.hashes(), hash_graphs(store)
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
        rebuilt = Projection(Path(folder) / "projection.sqlite")
        wrong = [t for t in _TABLES if rebuilt.rows(_all(t)) != release.projection.rows(_all(t))]
    if wrong:
        yield finding("release-projection", release=release.id, tables=", ".join(wrong))


_TABLES = ("meta", "documents", "labels", "names", "counts", "lists", "usage", "partitions", "coverage")


def _all(table: str) -> str:
    order = {
        "documents": "kind, slug",
        "names": "key, kind, slug, lang, name",
        "labels": "iri",
        "meta": "key",
        "counts": "kind, cls",
        "lists": "kind, lang, position",
        "usage": "term, via",
        "partitions": "cls, property, target",
        "coverage": "position",
    }[table]
    return f"SELECT * FROM {table} ORDER BY {order}"
