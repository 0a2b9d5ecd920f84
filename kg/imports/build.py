"""`bilim build`: data/ and ontology/ → read, check, candidate, derive, validate, compare, project, publish.

Every file of data/ under its own graph, in one publish. All other graphs of the current release are kept
(unless ``only_data``). Any violation publishes nothing; whatever fails, the release before stays.
"""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import pyoxigraph
from pyoxigraph import NamedNode, Quad, Store

from kg.findings import Exit, Finding
from kg.imports.kept import waived
from kg.imports.ledger import open_ledger
from kg.imports.recovery import finish, recover
from kg.imports.settled import Waiver
from kg.imports.sources import Sources, decided_sources, fingerprint, read_sources
from kg.releases import candidate as candidates
from kg.releases.candidate import STORE, Delta
from kg.releases.derive import derive, derive_from
from kg.releases.difference import Difference, compare
from kg.releases.disk import over_budget
from kg.releases.hashing import GraphHash, content_hash, graph_names, hash_graphs
from kg.releases.layout import BUILT, Home, told_errors, user
from kg.releases.manifest import PROJECTION, Manifest, ValidationSummary
from kg.releases.project import project
from kg.releases.publish import Reason, make_manifest, publish
from kg.releases.reader import Release, open_release
from kg.resources import Resources
from kg.settings import Settings
from kg.terms import GRAPH_DATA, GRAPH_DERIVED, GRAPH_DOCUMENT, GRAPH_LEDGER, GRAPH_ONTOLOGY
from kg.validation import Report
from kg.validation.compiled import CompiledValidator

Progress = Callable[[str], None]
"""Told the name of each step as it begins (:data:`STEPS`) and of each point of publishing that is passed."""

STEPS = ("look", "read", "derive", "candidate", "validate", "compare", "project", "publish")

_ACYCLIC = frozenset(STEPS) - {"validate"}
"""Steps that make millions of objects and no cycles: the collector would only look through them, again and again."""

Outcome = Literal["published", "unchanged", "violations", "dry run"]


@dataclass(slots=True)
class BuildResult:
    """What a build did. ``release`` is the one now current, if any; ``steps`` are seconds."""

    outcome: Outcome
    release: str | None = None
    findings: list[Finding] = field(default_factory=list)
    difference: Difference | None = None
    validation: ValidationSummary | None = None
    manifest: Manifest | None = None
    content_hash: str | None = None
    kept: list[str] = field(default_factory=list)
    recovered: list[str] = field(default_factory=list)
    steps: dict[str, float] = field(default_factory=dict)
    exit_code: Exit = Exit.CLEAN

    def as_dict(self) -> dict[str, Any]:
        m = self.manifest
        return {
            "outcome": self.outcome,
            "release": self.release,
            "contentHash": self.content_hash,
            "quads": m.quads if m else None,
            "triples": m.triples if m else None,
            "entities": m.entities if m else None,
            "validation": self.validation.model_dump(by_alias=True) if self.validation else None,
            "findings": [f.as_dict() for f in self.findings],
            "difference": self.difference.as_dict() if self.difference else None,
            "keptGraphs": self.kept,
            "recovered": self.recovered,
            "seconds": {name: round(s, 3) for name, s in self.steps.items()},
        }


@dataclass(frozen=True, slots=True)
class Options:
    """How to build. ``strict``: warnings count as violations. ``dry_run``: all steps but the publishing."""

    only_data: bool = False
    strict: bool = False
    dry_run: bool = False
    who: str | None = None
    why: str = BUILT


def build(
    settings: Settings, resources: Resources, options: Options | None = None, progress: Progress = lambda _: None
) -> BuildResult:
    """Build and publish. Findings of the data are in the result.

    Raises :class:`BilimError` where home cannot be written, another process writes, the disk is full, or
    ontology/ is broken; in each case nothing is published and the release before stays.
    """
    options = options or Options()
    home = Home(settings.home)
    with home.lock("build"), open_ledger(home) as ledger:
        result = BuildResult("unchanged", recovered=recover(home, ledger))
        run = _Run(settings, resources, options, home, result, progress, ledger.settled.waivers())
        with run.step("look"):
            decided = [] if options.only_data else ledger.decisions.made()
            inputs = fingerprint(resources, decided)
            result.release = home.current_id()
            before = open_release(home, result.release, any_projection=True) if result.release else None
        if before and run.surely_unchanged(before, inputs):
            result.manifest, result.content_hash = before.manifest, before.manifest.content_hash
            result.validation = before.manifest.validation
            return result
        with run.step("read"):
            sources = decided_sources(read_sources(resources), decided)
            result.findings.extend(sources.findings)
        if any(f.severity == "Violation" for f in sources.findings):
            result.outcome = "violations"
            result.exit_code = Exit.UNREADABLE if sources.unreadable else Exit.VIOLATIONS
            return result
        path = home.candidate()
        try:
            with told_errors(home):
                made = run.make(path, sources, before, inputs, ledger.next_sequence(home))
                if made is not None:
                    with run.step("publish"):
                        ledger.begin(made)
                        publish(home, path, made, progress)
                        finish(ledger, made)
                    result.outcome, result.release, result.manifest = "published", made.id, made
                    result.findings.extend(filter(None, [over_budget(home, settings.disk_budget_mb)]))
        finally:
            shutil.rmtree(path, ignore_errors=True)
        return result


@dataclass(slots=True)
class _Run:
    """One build under way."""

    settings: Settings
    resources: Resources
    options: Options
    home: Home
    result: BuildResult
    progress: Progress
    waivers: list[Waiver] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.progress(name)
        begun = time.perf_counter()
        paused = name in _ACYCLIC and gc.isenabled()
        if paused:
            gc.disable()
        try:
            yield
        finally:
            if paused:
                gc.enable()
            self.result.steps[name] = self.result.steps.get(name, 0.0) + time.perf_counter() - begun

    def surely_unchanged(self, before: Release, inputs: str) -> bool:
        """The same files were read by the same code, and what would be dropped or refused now is not there."""
        m = before.manifest
        foreign = any(not _own(name) for name in m.graphs)
        warned = m.validation is None or m.validation.warnings > 0
        return m.inputs == inputs and not (self.options.only_data and foreign) and not (self.options.strict and warned)

    def make(self, path: Path, sources: Sources, before: Release | None, inputs: str, sequence: int) -> Manifest | None:
        """Everything up to the publishing; None where there is nothing to publish. Closes the store on return."""
        base = Store.read_only(str(before.path / STORE)) if before else None
        store, hashes = self._candidate(path, sources, before, base)
        with self.step("validate"):
            located = (item for items in sources.located.values() for item in items)
            report = CompiledValidator(self.resources).validate(store, located=located)
            passed = waived(report.findings, self.waivers, store) if self.waivers else []
            self.result.findings.extend(f for f in report.findings if f not in passed)
            self.result.validation = _summary(report)
        with self.step("compare"):
            self.result.content_hash = content_hash(hashes)
            self.result.difference = compare(base, store, before.manifest.hashes() if before else None, hashes)
        if not self._passes(report):
            self.result.outcome = "violations"
            self.result.exit_code = Exit.NOTHING_CHECKED if report.nothing_checked else Exit.VIOLATIONS
            return None
        if self.options.dry_run:
            self.result.outcome = "dry run"
            return None
        if before and self._same(before):
            return None
        with self.step("project"):
            entities = project(store, path, self.result.content_hash)
        return make_manifest(
            store,
            hashes,
            entities,
            sequence=sequence,
            parent=before.id if before else None,
            reason=Reason(self.options.who or user(), self.options.why),
            timezone=self.settings.timezone,
            validation=self.result.validation,
            inputs=inputs,
        )

    def _candidate(
        self, path: Path, sources: Sources, before: Release | None, base: Store | None
    ) -> tuple[Store, dict[str, GraphHash]]:
        """The store with all graphs, derived too, and their hashes: a copy plus what changed, or written whole."""
        graphs = sources.graphs()
        kept: list[str] = []
        if base is not None and not self.options.only_data:
            kept = [n for n in graph_names(base) if n not in graphs and n not in (GRAPH_DERIVED, GRAPH_ONTOLOGY)]
            self.result.kept = kept
        if before is not None and base is not None and not self.options.only_data and _same_versions(before):
            with self.step("candidate"):
                delta = candidates.delta_between(base, graphs, keep={*kept, GRAPH_DERIVED})
                small = len(delta) <= candidates.DELTA_SHARE * before.manifest.quads
                if small:
                    store = candidates.copy_of(before.path, path)
                    candidates.apply(store, delta)
                    hashes = _rehashed(store, before, delta)
            if small:
                with self.step("derive"):
                    candidates.apply(store, candidates.replace_graph(store, GRAPH_DERIVED, derive(store)))
                    hashes.update(hash_graphs(store, [GRAPH_DERIVED]))
                    store.flush()
                return store, hashes

        def stated(without: str = "") -> Iterator[Quad]:
            names = [name for name in kept if name != without]
            return _chain((q for items in graphs.values() for q in items), base, names)

        with self.step("derive"):
            derived = derive_from(
                stated(without=GRAPH_LEDGER)
            )  # before the store is written: one load, and no look-ups in it
        with self.step("candidate"):
            store = candidates.write_whole(path, chain(stated(), derived))
            del derived
            store.optimize()
            store.flush()
            return store, hash_graphs(store)

    def _passes(self, report: Report) -> bool:
        bad = ("Violation", "Warning") if self.options.strict else ("Violation",)
        return not report.nothing_checked and not any(f.severity in bad for f in self.result.findings)

    def _same(self, before: Release) -> bool:
        m = before.manifest
        return m.content_hash == self.result.content_hash and m.versions.projection == PROJECTION


def _chain(quads: Iterable[Quad], base: Store | None, kept: list[str]) -> Iterator[Quad]:
    yield from quads
    for name in kept:
        if base is not None:
            yield from base.quads_for_pattern(None, None, None, NamedNode(name))


def _rehashed(store: Store, before: Release, delta: Delta) -> dict[str, GraphHash]:
    """Hashes of the manifest, computed again for the graphs that changed."""
    changed = {q.graph_name.value for q in (*delta.added, *delta.removed) if isinstance(q.graph_name, NamedNode)}
    kept = {n: h for n, h in before.manifest.hashes().items() if n not in changed and n != GRAPH_DERIVED}
    return {**kept, **hash_graphs(store, changed)}


def _same_versions(before: Release) -> bool:
    return before.manifest.versions.pyoxigraph == pyoxigraph.__version__


def _own(graph: str) -> bool:
    return graph.startswith((GRAPH_DATA, GRAPH_DOCUMENT)) or graph in (GRAPH_DERIVED, GRAPH_ONTOLOGY)


def _summary(report: Report) -> ValidationSummary:
    return ValidationSummary(
        conforms=report.conforms,
        violations=len(report.of("Violation")),
        warnings=len(report.of("Warning")),
        infos=len(report.of("Info")),
        focus_nodes=sum(report.checked.values()),
    )
