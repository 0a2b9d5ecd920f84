"""Judging a file before anything is kept: as *current release + file*, or by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store

from kg.findings import Exit, Finding, finding
from kg.imports.sources import read_one, read_ontology
from kg.reading import Located
from kg.reading.unknown import by_kind, unknown_things
from kg.releases.candidate import STORE, Delta, apply, replace_graph
from kg.releases.derive import derive
from kg.releases.hashing import graph_names
from kg.releases.reader import Release
from kg.resources import Resources
from kg.terms import GRAPH_DERIVED, GRAPH_ONTOLOGY, RDF
from kg.validation import Report, Validator
from kg.validation.report import UNCHECKED_CODES

_COMPUTED: Final = (DefaultGraph(), NamedNode(GRAPH_DERIVED))
"""What is computed of a thing does not make it known: a tenure alone makes its holder a minister."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is wrong with a file. ``focus``: things it speaks of; ``elsewhere``: findings on other things it breaks."""

    findings: tuple[Finding, ...]
    elsewhere: tuple[Finding, ...]
    focus: int
    quads: int
    checked: Mapping[str, int]
    read: Literal["whole", "faulty", "not at all"] = "whole"

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


def judge(path: Path, resources: Resources, release: Release | None) -> Judgement:
    """Validate a file on top of a release, or alone (None). Keeps nothing.

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
    validator = Validator(resources)
    store = _together(located, ontology, release)
    unknown = _unknown_things(located, store) if release is not None else []
    focus = _focus(located)
    near = validator.validate(store, located=located, focus=focus)
    far: tuple[Finding, ...] = ()
    if release is not None:
        whole = validator.validate(store, located=located)
        before = validator.validate(Store.read_only(str(release.path / STORE)))
        far = _new(whole, before, focus)
    return Judgement((*reading.findings, *unknown, *near.findings), far, len(focus), len(located), near.checked)


def _together(located: Iterable[Located], ontology: Iterable[Quad], release: Release | None) -> Store:
    """Release and file in memory, derived anew. A graph of the file replaces the release's of the same name."""
    graphs: dict[str, list[Quad]] = {GRAPH_ONTOLOGY: list(ontology)}
    if release is not None:
        base = Store.read_only(str(release.path / STORE))
        for name in graph_names(base):
            if name != GRAPH_DERIVED:
                graphs[name] = list(base.quads_for_pattern(None, None, None, NamedNode(name)))
    fresh: dict[str, list[Quad]] = {}
    for item in located:
        assert isinstance(item.quad.graph_name, NamedNode)  # reading gives every quad its graph
        fresh.setdefault(item.quad.graph_name.value, []).append(item.quad)
    graphs.update(fresh)
    store = Store()
    apply(store, Delta([q for quads in graphs.values() for q in quads]))
    apply(store, replace_graph(store, GRAPH_DERIVED, derive(store)))
    return store


def _unknown_things(located: Iterable[Located], store: Store) -> list[Finding]:
    """Things of ours that the file names and that neither it nor the release says anything of."""

    def is_told(thing: NamedNode) -> bool:
        return any(quad.graph_name not in _COMPUTED for quad in store.quads_for_pattern(thing, None, None))

    def names() -> dict[str, set[str]]:
        typed = store.quads_for_pattern(None, NamedNode(RDF + "type"), None)
        told = (quad.subject for quad in typed if quad.graph_name not in _COMPUTED)
        return by_kind(subject.value for subject in told if isinstance(subject, NamedNode))

    return unknown_things(located, is_told, names)


def _focus(located: Iterable[Located]) -> frozenset[str]:
    """The things a file says anything of, and what its evidence speaks of."""
    out = set()
    for item in located:
        subject, predicate, value = item.quad.subject, item.quad.predicate.value, item.quad.object
        if isinstance(subject, NamedNode):
            out.add(subject.value)
        if predicate.endswith("def#supports") and isinstance(value, NamedNode):
            out.add(value.value)
    return frozenset(out)


def _new(whole: Report, before: Report, focus: frozenset[str]) -> tuple[Finding, ...]:
    """Findings on things the file does not speak of that were not there before."""

    def key(f: Finding) -> tuple[str | None, ...]:
        return f.code, f.entity, f.path, f.value, f.shape, f.component

    known = {key(f) for f in before.findings}
    return tuple(f for f in whole.findings if f.entity not in focus and key(f) not in known)
