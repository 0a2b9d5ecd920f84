"""From a finished candidate to the current release: hashes, manifest, name, pointer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo

import pyoxigraph
from pyoxigraph import Store

from kg.releases.hashing import GraphHash, content_hash
from kg.releases.layout import Home, Step, make_id
from kg.releases.manifest import HASHING, GraphEntry, Manifest, ValidationSummary, Versions
from kg.terms import BASE, OWL


@dataclass(frozen=True, slots=True)
class Reason:
    """Who publishes what for which reason: for the manifest and the ledger, never in the content hash."""

    who: str
    why: str
    action: str = "build"


@dataclass(frozen=True, slots=True)
class Counted:
    """What a manifest tells of a store: triples of the default graph, version of the ontology."""

    triples: int
    ontology: str | None


def make_manifest(
    store: Store | Counted,
    hashes: Mapping[str, GraphHash],
    entities: Mapping[str, int],
    *,
    sequence: int,
    parent: str | None,
    reason: Reason,
    timezone: str,
    validation: ValidationSummary | None,
    inputs: str | None = None,
    now: datetime | None = None,
) -> Manifest:
    """The manifest of a candidate. ``timezone``: whose day the release is named for.

    ``store``: with its last writes, which are flushed here; or what it would be asked, where it is flushed and closed.
    """
    if isinstance(store, Store):
        store.flush()  # the next release copies files: what is only in the write-ahead log would be lost to it
        counted = Counted(len(store) - sum(h.quads for h in hashes.values()), ontology_version(store))
    else:
        counted = store
    created = now or datetime.now(UTC)
    digest = content_hash(hashes)
    quads = sum(h.quads for h in hashes.values())
    return Manifest(
        id=make_id(day_in(created, timezone), sequence, digest),
        sequence=sequence,
        parent=parent,
        created=created,
        who=reason.who,
        why=reason.why,
        action=reason.action,
        content_hash=digest,
        inputs=inputs,
        versions=Versions(
            hashing=HASHING,
            ontology=counted.ontology,
            bilim=metadata.version("bilim"),
            pyoxigraph=pyoxigraph.__version__,
        ),
        graphs={name: GraphEntry(sha256=h.sha256, quads=h.quads) for name, h in sorted(hashes.items())},
        quads=quads,
        triples=counted.triples,
        entities=dict(entities),
        validation=validation,
    )


def day_in(moment: datetime, timezone: str) -> date:
    return moment.astimezone(ZoneInfo(timezone)).date()


def ontology_version(store: Store) -> str | None:
    """owl:versionInfo of our ontology in this store."""
    rows = store.query(f"SELECT ?v WHERE {{ GRAPH ?g {{ <{BASE}def> <{OWL}versionInfo> ?v }} }} ORDER BY ?v LIMIT 1")
    return next((row["v"].value for row in rows), None)  # type: ignore[union-attr]


def publish(home: Home, candidate: Path, manifest: Manifest, step: Step = lambda _: None) -> Path:
    """Write the manifest, name the directory, move the pointer; returns the release's directory.

    Only under the lock, with no store open on the candidate. Whatever stops it, ``current`` names a whole release.
    """
    manifest.write(candidate)
    home.place(candidate, manifest.id, step)
    home.point(manifest.id, step)
    return home.release(manifest.id)
