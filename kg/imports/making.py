"""From a change that may be made to the current release to the release after it: one way for imports and decisions.

The candidate is a hard-linked copy with the change; it is hashed where it differs, projected, written down, published.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode, Quad, Store

from kg.findings import Severity
from kg.imports.desk import Desk
from kg.imports.judge import Judgement
from kg.imports.ledger import Ledger
from kg.imports.provenance import missing, provenance
from kg.imports.recovery import finish, recover
from kg.releases import candidate as candidates
from kg.releases.candidate import STORE, copy_of
from kg.releases.grow import grow
from kg.releases.hashing import COMPUTED, GraphHash, content_hash, hash_graphs, hash_of_sum, moved_sum
from kg.releases.layout import Home, told_errors
from kg.releases.manifest import Manifest, ValidationSummary
from kg.releases.project import project
from kg.releases.publish import Counted, Reason, make_manifest, ontology_version, publish
from kg.releases.reader import Release
from kg.store.overlay import Overlay
from kg.store.views import views
from kg.terms import GRAPH_DERIVED, GRAPH_LEDGER, GRAPH_ONTOLOGY

Progress = Callable[[str], None]
"""Told the name of each step as it begins, and of each point of publishing that is passed."""

STEPS: Final = ("candidate", "hash", "project", "publish")


@dataclass(frozen=True, slots=True)
class Change:
    """What is to change on a release, and what the shapes say of it."""

    release: Release
    overlay: Overlay
    judgement: Judgement


def make_release(
    desk: Desk,
    ledger: Ledger,
    change: Change,
    reason: Reason,
    intend: Callable[[Manifest], None],
    progress: Progress = lambda _: None,
) -> Manifest:
    """Publish the change; under the lock. ``intend`` writes down, in one transaction with the beginning of the release,
    what the publication makes of an import or a decision (kg.imports.recovery takes it back or ends it).
    """
    home, release = desk.home, change.release
    path = home.candidate()
    try:
        with told_errors(home):
            progress("candidate")
            told = _told(release.embedded.raw, ledger)
            store = copy_of(release.path, path)
            changed = _lay(store, change.overlay)
            store.extend(told)
            store.flush()  # the next release copies files: what is only in the write-ahead log would be lost to it
            del store  # as long as it is open, it compacts: files that no release would share
            progress("hash")
            store = Store.read_only(str(path / STORE))
            hashes, sums = _hashed(store, change, changed, told)
            counted = _counted(store, change, changed)
            del store
            progress("project")
            entities = _projected(change, path, content_hash(hashes), sums)
            manifest = make_manifest(
                counted,
                hashes,
                entities,
                sequence=ledger.next_sequence(home),
                parent=release.id,
                reason=reason,
                timezone=desk.settings.timezone,
                validation=_summary(release, change.judgement),
                inputs=release.manifest.inputs,  # data/ is in it as before
            )
            progress("publish")
            with ledger.together():
                ledger.begin(manifest)
                intend(manifest)
            progress("begun")
            publish(home, path, manifest, progress)
            finish(ledger, manifest)
            progress("finished")
            return manifest
    except BaseException:
        _give_up(home, ledger)
        raise
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _give_up(home: Home, ledger: Ledger) -> None:
    """After a failure: what a start after a crash would do, now; whatever hinders it is left to that start."""
    try:
        recover(home, ledger)
    except Exception:  # a disk that is full; the error that brought us here is the one to tell
        return


def _lay(store: Store, overlay: Overlay) -> set[str]:
    """Bring the copy to the overlay's state; the named graphs that changed."""
    added, removed = overlay.all_added(), overlay.all_removed()
    for quad in removed:
        store.remove(quad)
    if len(added) > candidates.FEW:
        store.bulk_extend(added)
    else:
        store.extend(added)
    names = {_name(q) for q in (*added, *removed)} - {None}
    for name in {_name(q) for q in removed} - {None}:
        graph = NamedNode(name or "")
        if next(store.quads_for_pattern(None, None, None, graph), None) is None:
            store.remove_graph(graph)
    return {name for name in names if name}


def _told(store: Store, ledger: Ledger) -> list[Quad]:
    """The ledger as data: what the store of the release before does not have yet."""
    there = store.quads_for_pattern(None, None, None, NamedNode(GRAPH_LEDGER))
    written = Store()  # in a store's own lexical forms, each once
    written.extend(missing(provenance(ledger), there))
    return [quad for quad in written if quad not in store]


def _hashed(
    store: Store, change: Change, changed: set[str], told: list[Quad]
) -> tuple[dict[str, GraphHash], dict[str, bytes]]:
    """The hashes of all graphs: again of those that changed, by what changed of those that are computed; their sums."""
    before = change.release.manifest.hashes()
    hashes = {n: h for n, h in before.items() if n not in changed} | hash_graphs(store, changed.difference(COMPUTED))
    sums = dict(change.release.projection.sums())
    overlay = change.overlay
    for name, came, went in (
        (GRAPH_DERIVED, _of(overlay.all_added(), GRAPH_DERIVED), _of(overlay.all_removed(), GRAPH_DERIVED)),
        (GRAPH_LEDGER, told, []),
    ):
        sums[name] = moved_sum(sums[name], name, came, went)
        quads = (before[name].quads if name in before else 0) + len(came) - len(went)
        hashes.pop(name, None)
        if quads:
            hashes[name] = hash_of_sum(sums[name], quads)
    return hashes, sums


def _counted(store: Store, change: Change, changed: set[str]) -> Counted:
    """What the manifest tells, by the change: counting goes through the whole store."""
    manifest, overlay = change.release.manifest, change.overlay
    ontology = ontology_version(store) if GRAPH_ONTOLOGY in changed else manifest.versions.ontology
    return Counted(manifest.triples + len(overlay.added()) - len(overlay.removed()), ontology)


def _of(quads: Iterable[Quad], graph: str) -> list[Quad]:
    return [quad for quad in quads if quad.graph_name == NamedNode(graph)]


def _projected(change: Change, path: Path, content: str, sums: Mapping[str, bytes]) -> Mapping[str, int]:
    """The projection: what differs is laid upon that of the release; where that is too much, it is written whole."""
    overlay = change.overlay
    seen = views(overlay.base, overlay.added(), overlay.removed())
    entities = grow(change.release.projection, seen, path, content, sums)
    return entities if entities is not None else project(Store.read_only(str(path / STORE)), path, content, sums)


def _name(quad: Quad) -> str | None:
    return quad.graph_name.value if isinstance(quad.graph_name, NamedNode) else None


def _summary(release: Release, judgement: Judgement) -> ValidationSummary | None:
    """What the shapes say of the new release: what they said of the base, and what the change adds and mends."""
    before = release.manifest.validation
    if before is None:
        return None
    came = Counter(f.severity for f in judgement.all if f.standing == "new")
    went = Counter(f.severity for f in judgement.mended)

    def now(count: int, severity: Severity) -> int:
        return max(0, count + came[severity] - went[severity])

    violations = now(before.violations, "Violation")
    return ValidationSummary(
        conforms=before.conforms and not violations,
        violations=violations,
        warnings=now(before.warnings, "Warning"),
        infos=now(before.infos, "Info"),
        focus_nodes=before.focus_nodes,
    )
