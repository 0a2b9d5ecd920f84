"""Judging a file before anything is kept: as *current release + file*, or by itself.

On a release only what the file changes is looked at (kg.validation.incremental), so the time grows with the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from kg.findings import Exit, Finding, finding
from kg.imports.sources import read_one, read_ontology
from kg.reading import Located
from kg.reading.unknown import by_kind, unknown_things
from kg.releases.candidate import STORE, Delta, apply, delta_between, replace_graph
from kg.releases.derive import derive
from kg.releases.hashing import graph_names, hash_graphs
from kg.releases.reader import Release
from kg.releases.rederive import laid
from kg.resources import Resources
from kg.store.overlay import Overlay
from kg.store.views import views
from kg.terms import GRAPH_DERIVED, GRAPH_ONTOLOGY, RDF
from kg.validation import Validator
from kg.validation.incremental import Incremental
from kg.validation.report import UNCHECKED_CODES

_COMPUTED: Final = (DefaultGraph(), NamedNode(GRAPH_DERIVED))
"""What is computed of a thing does not make it known: a tenure alone makes its holder a minister."""

Progress = Callable[[str], None]
"""Told how far a check has come that is more than the file's neighbourhood."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with a file.

    ``findings``: on things that it speaks of, each new or already there; ``elsewhere``: new ones on other things;
    ``mended``: those of the release that it does away with; ``notes``: rules that had to run over the whole graph.
    """

    findings: tuple[Finding, ...]
    elsewhere: tuple[Finding, ...]
    focus: int
    quads: int
    checked: Mapping[str, int]
    read: Literal["whole", "faulty", "not at all"] = "whole"
    mended: tuple[Finding, ...] = ()
    notes: tuple[Finding, ...] = ()

    @property
    def all(self) -> tuple[Finding, ...]:
        return (*self.findings, *self.elsewhere)

    def exit_code(self, strict: bool) -> Exit:
        """By docs/cli.md: 3 unreadable, 5 nothing (or not all) checked, 1 violations, 0 clean."""
        if self.read != "whole":
            return Exit.UNREADABLE if self.read == "not at all" else Exit.VIOLATIONS
        if not any(self.checked.values()) or any(f.code in UNCHECKED_CODES for f in self.all):
            return Exit.NOTHING_CHECKED
        bad = ("Violation", "Warning") if strict else ("Violation",)
        return Exit.VIOLATIONS if any(f.severity in bad for f in self.all) else Exit.CLEAN


def judge(
    path: Path,
    resources: Resources,
    release: Release | None,
    progress: Progress = lambda _: None,
    planned: Incremental | None = None,
) -> Judgement:
    """Validate a file on top of a release, or alone (None). Keeps nothing.

    ``planned``: the plans of the shapes of ``resources``, where a process judges more than one file (it takes a second
    to make them).
    What the reading finds (ill-formed literals, wrong cells) ends it: shapes on half of a file mislead.
    Raises :class:`kg.findings.BilimError` where the shapes or the ontology are broken.
    """
    ontology = read_ontology(resources)
    reading = read_one(path, resources, ontology)
    located = list(reading)
    if reading.faulty:
        return Judgement(tuple(reading.findings), (), 0, len(located), {}, "faulty" if located else "not at all")
    if not located:
        return Judgement((*reading.findings, finding("file-empty", file=path)), (), 0, 0, {})
    focus = focus_of(located)
    if release is None:
        report = Validator(resources).validate(_alone(located, ontology), located=located, focus=focus)
        return Judgement((*reading.findings, *report.findings), (), len(focus), len(located), report.checked)
    overlay = laid(Store.read_only(str(release.path / STORE)), lambda base: _delta(base, located, ontology, release))
    found = (planned or Incremental(Validator(resources))).check(
        views(overlay.base, overlay.added(), overlay.removed()), focus=focus, located=located, progress=progress
    )
    near = (*reading.findings, *_unknown_things(located, overlay), *found.near)
    if not any(found.checked.values()):
        near = (*near, finding("nothing-checked"))
    return Judgement(near, found.far, len(focus), len(located), found.checked, mended=found.mended, notes=found.notes)


def _delta(base: Store, located: Iterable[Located], ontology: Iterable[Quad], release: Release) -> Delta:
    """What the file changes: a graph of it replaces the release's of the same name. And the ontology, if it differs."""
    graphs: dict[str, list[Quad]] = {}
    for item in located:
        assert isinstance(item.quad.graph_name, NamedNode)  # reading gives every quad its graph
        graphs.setdefault(item.quad.graph_name.value, []).append(item.quad)
    now = Store()
    now.extend(ontology)
    if hash_graphs(now) != {GRAPH_ONTOLOGY: release.manifest.hashes().get(GRAPH_ONTOLOGY)}:
        graphs[GRAPH_ONTOLOGY] = list(now)
    return delta_between(base, graphs, keep=graph_names(base))


def _alone(located: Iterable[Located], ontology: Iterable[Quad]) -> Store:
    """The file in memory, with the ontology and what follows."""
    store = Store()
    apply(store, Delta([*ontology, *(item.quad for item in located)]))
    apply(store, replace_graph(store, GRAPH_DERIVED, derive(store)))
    return store


def _unknown_things(located: Iterable[Located], store: Overlay) -> list[Finding]:
    """Things of ours that the file names and that neither it nor the release says anything of."""

    def is_told(thing: NamedNode) -> bool:
        return any(quad.graph_name not in _COMPUTED for quad in store.quads_for_pattern(thing, None, None))

    def names() -> dict[str, set[str]]:
        typed = store.quads_for_pattern(None, NamedNode(RDF + "type"), None)
        told = (quad.subject for quad in typed if quad.graph_name not in _COMPUTED)
        return by_kind(subject.value for subject in told if isinstance(subject, NamedNode))

    return unknown_things(located, is_told, names)


def focus_of(located: Iterable[Located]) -> frozenset[str]:
    """The things a file says anything of, and what its evidence speaks of."""
    out = set()
    for item in located:
        subject, predicate, value = item.quad.subject, item.quad.predicate.value, item.quad.object
        if isinstance(subject, NamedNode):
            out.add(subject.value)
        if predicate.endswith("def#supports") and isinstance(value, NamedNode):
            out.add(value.value)
    return frozenset(out)
