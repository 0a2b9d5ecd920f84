"""From a change that may be made to the current release to the release after it: one way for imports and decisions.

The candidate is a hard-linked copy with the change; it is hashed where it differs, projected, written down, published.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pyoxigraph import NamedNode, Quad, Store

from kg.findings import Severity
from kg.imports.desk import Desk
from kg.imports.judge import Judgement
from kg.imports.ledger import Ledger
from kg.imports.provenance import missing, provenance
from kg.imports.recovery import finish, recover
from kg.releases import candidate as candidates
from kg.releases.candidate import copy_of
from kg.releases.hashing import content_hash, hash_graphs
from kg.releases.layout import Home, told_errors
from kg.releases.manifest import Manifest, ValidationSummary
from kg.releases.project import project
from kg.releases.publish import Reason, make_manifest, publish
from kg.releases.reader import Release
from kg.store.overlay import Overlay
from kg.terms import GRAPH_LEDGER

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
            store = copy_of(release.path, path)
            changed = _lay(store, change.overlay)
            _tell(store, ledger)
            progress("hash")
            hashes = {n: h for n, h in release.manifest.hashes().items() if n not in changed}
            hashes |= hash_graphs(store, {*changed, GRAPH_LEDGER})
            progress("project")
            entities = project(store, path, content_hash(hashes))
            manifest = make_manifest(
                store,
                hashes,
                entities,
                sequence=ledger.next_sequence(home),
                parent=release.id,
                reason=reason,
                timezone=desk.settings.timezone,
                validation=_summary(release, change.judgement),
                inputs=release.manifest.inputs,  # data/ is in it as before
            )
            del store
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


def _tell(store: Store, ledger: Ledger) -> None:
    """The ledger as data. In a function of its own: an iterator that is left over would hold the store open."""
    there = store.quads_for_pattern(None, None, None, NamedNode(GRAPH_LEDGER))
    store.extend(missing(provenance(ledger), there))


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
