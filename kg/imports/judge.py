"""Judging a file before anything is kept: as *current release + file*, or by itself.

On a release only what the file changes is looked at (kg.validation.incremental), so the time grows with the file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from kg.findings import Exit, Finding, finding
from kg.imports.decided import Decision
from kg.imports.incoming import as_decided
from kg.imports.sources import read_one, read_ontology
from kg.reading import Located, Reading
from kg.reading.unknown import by_kind, unknown_things
from kg.releases.candidate import STORE, Delta, apply, delta_between, replace_graph
from kg.releases.derive import derive
from kg.releases.hashing import graph_names, hash_graphs
from kg.releases.reader import Release
from kg.releases.rederive import laid
from kg.resources import Resources
from kg.store.overlay import Overlay
from kg.store.views import views
from kg.terms import GRAPH_DERIVED, GRAPH_LEDGER, GRAPH_ONTOLOGY, RDF
from kg.validation import Validator
from kg.validation.incremental import Incremental
from kg.validation.report import UNCHECKED_CODES

_COMPUTED: Final = (DefaultGraph(), NamedNode(GRAPH_DERIVED), NamedNode(GRAPH_LEDGER))
"""What is computed of a thing does not make it known: a tenure alone makes its holder a minister. Nor does the ledger,
which tells where it went."""

_CLASS: Final = "sh:ClassConstraintComponent"

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
    made: Iterable[Decision] = (),
) -> Judgement:
    """Validate a file on top of a release, or alone (None). Keeps nothing.

    ``planned``: the plans of the shapes of ``resources``, where a process judges more than one file (it takes a second
    to make them). ``made``: decisions in force, by which the file is read where it is judged on a release.
    What the reading finds (ill-formed literals, wrong cells) ends it: shapes on half of a file mislead. Only of tables
    upon a release the rest is judged too (:func:`judge_reading`).
    Raises :class:`kg.findings.BilimError` where the shapes or the ontology are broken.
    """
    ontology = read_ontology(resources)
    reading = read_one(path, resources, ontology)
    located = list(reading)
    if release is not None:
        make = (lambda: planned) if planned else (lambda: Incremental(Validator(resources)))
        located, told = as_decided(located, made)
        judgement = judge_reading(reading, located, release, ontology, make, path.name, progress).judgement
        return replace(judgement, findings=(*judgement.findings, *told))
    if (ended := _ended(reading, located, path.name)) is not None:
        return ended
    focus = focus_of(located)
    report = Validator(resources).validate(_alone(located, ontology), located=located, focus=focus)
    return Judgement((*reading.findings, *report.findings), (), len(focus), len(located), report.checked)


@dataclass(frozen=True, slots=True)
class Laid:
    """A judgement, and the release with the change laid on it; None where the reading ended it."""

    judgement: Judgement
    overlay: Overlay | None


def judge_reading(
    reading: Reading,
    located: Sequence[Located],
    release: Release,
    ontology: Iterable[Quad],
    planned: Callable[[], Incremental],
    file: str,
    progress: Progress = lambda _: None,
) -> Laid:
    """What a reading does to a release. ``located``: its quads, or what became of them.

    Where rows of tables are faulty, all that could be read is judged, and what the shapes say of things that these rows
    speak of is left out: half of a row misleads, the other rows are seen at once.
    """
    if (ended := _ended(reading, located, file)) is not None and not _by_row(reading, located):
        return Laid(ended, None)
    focus = focus_of(located)
    overlay = laid(Store.read_only(str(release.path / STORE)), lambda base: _delta(base, located, ontology, release))
    found = planned().check(
        views(overlay.base, overlay.added(), overlay.removed()), focus=focus, located=located, progress=progress
    )
    unknown = _unknown_things(located, overlay)
    nowhere = {f.where for f in unknown}  # what is not there is of no class either: once is enough
    seen = (f for f in found.near if f.where not in nowhere or f.component != _CLASS)
    near, far = (*unknown, *seen), found.far
    if reading.faulty:
        half = _half_read(reading, located)
        told = {f.where for f in reading.findings if f.severity == "Violation"}
        near, far = (tuple(f for f in some if f.entity not in half and f.where not in told) for some in (near, far))
    elif not any(found.checked.values()):
        near = (*near, finding("nothing-checked"))
    judgement = Judgement(
        (*reading.findings, *near),
        far,
        len(focus),
        len(located),
        found.checked,
        "faulty" if reading.faulty else "whole",
        mended=found.mended,
        notes=found.notes,
    )
    return Laid(judgement, overlay)


def lay(located: Sequence[Located], release: Release) -> Overlay:
    """A release with a file laid on it and what follows, not judged. Its ontology is known to be the release's."""
    return laid(Store.read_only(str(release.path / STORE)), lambda base: _delta(base, located, (), release))


def judge_change(release: Release, delta: Delta, planned: Incremental, progress: Progress = lambda _: None) -> Laid:
    """What a change that comes from no file does to a release: new findings wherever they are."""
    overlay = laid(Store.read_only(str(release.path / STORE)), lambda _: delta)
    found = planned.check(views(overlay.base, overlay.added(), overlay.removed()), focus=(), progress=progress)
    judgement = Judgement((), found.far, 0, len(delta), {}, mended=found.mended, notes=found.notes)
    return Laid(judgement, overlay)


def _ended(reading: Reading, located: Sequence[Located], file: str) -> Judgement | None:
    """The judgement where the reading alone tells it."""
    if reading.faulty:
        return Judgement(tuple(reading.findings), (), 0, len(located), {}, "faulty" if located else "not at all")
    if not located:
        return Judgement((*reading.findings, finding("file-empty", file=file)), (), 0, 0, {})
    return None


def _by_row(reading: Reading, located: Sequence[Located]) -> bool:
    """Whether every violation of the reading stands in a row of a table below its header, and others could be read."""
    rows = (f.where.row if f.where else None for f in reading.findings if f.severity == "Violation")
    return bool(located) and all(row is not None and row > 1 for row in rows)


def _half_read(reading: Reading, located: Iterable[Located]) -> frozenset[str]:
    """The things that faulty rows speak of."""
    rows = _places_of_rows(reading)
    out: set[str] = set()
    for item in located:
        if (item.where.file, item.where.sheet, item.where.row) in rows:
            out.update(term.value for term in (item.quad.subject, item.quad.object) if isinstance(term, NamedNode))
    return frozenset(out)


def _places_of_rows(reading: Reading) -> set[tuple[str, str | None, int | None]]:
    wheres = (f.where for f in reading.findings if f.severity == "Violation" and f.where is not None)
    return {(w.file, w.sheet, w.row) for w in wheres}


def _delta(base: Store, located: Iterable[Located], ontology: Iterable[Quad], release: Release) -> Delta:
    """What the file changes: a graph of it replaces the release's of the same name. And the ontology, if it differs.

    No ontology given: it is known to be the release's.
    """
    graphs: dict[str, list[Quad]] = {}
    for item in located:
        assert isinstance(item.quad.graph_name, NamedNode)  # reading gives every quad its graph
        graphs.setdefault(item.quad.graph_name.value, []).append(item.quad)
    now = Store()
    now.extend(ontology)
    if len(now) and hash_graphs(now) != {GRAPH_ONTOLOGY: release.manifest.hashes().get(GRAPH_ONTOLOGY)}:
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
