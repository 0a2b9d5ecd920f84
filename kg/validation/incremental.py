"""Judging a change: the rules and focus nodes that it can affect, run by pySHACL on their neighbourhood.

The cost is by the change, not by the graph. What is affected is run before and after, so each finding is known to be
new, there already, or mended. A rule whose plan is not proven runs over the whole graph, and the outcome says so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import rdflib
from pyoxigraph import NamedNode
from rdflib import RDFS
from rdflib.term import Node

from kg.findings import Finding, Standing, finding
from kg.store.views import Edge, Term, View, Views
from kg.terms import GRAPH_ONTOLOGY
from kg.validation.convert import Converter
from kg.validation.extract import extract, spoken
from kg.validation.plan import SUBCLASS, PartPlan, Planner, Targets
from kg.validation.positions import Located, Positions
from kg.validation.queries import Unproven, ox_term
from kg.validation.reference import Validator, failed
from kg.validation.report import sort_key
from kg.validation.structure import placed
from kg.validation.telling import Row, Teller, shape_name
from kg.validation.walk import CAP, Affected, Walker, all_targets, is_target, subclasses, target_changes
from kg.validation.words import Words

BATCH: Final = 4000
"""Focus nodes (a node counts for each rule) that are run on one neighbourhood, so that memory stays bounded."""

Progress = Callable[[str], None]
Part = tuple[Node, Node]  # node shape, and the rule of it that is run
Work = dict[Part, set[Term]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change does. ``near``: findings on the things asked for; ``far``: new ones on others; ``mended``.

    ``notes``: rules that were run over the whole graph, and why. ``checked``: node shape -> nodes asked for that it
    is about. ``affected``: pairs of rule and node that the change can reach; ``seconds``: by step.
    """

    near: tuple[Finding, ...]
    far: tuple[Finding, ...]
    mended: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    checked: Mapping[str, int]
    affected: int
    triples: int
    seconds: Mapping[str, float]


@dataclass(slots=True)
class _Scope:
    """What is to be run: what the change can affect, before and after it, and all rules on the nodes asked for."""

    before: Work = field(default_factory=dict)
    after: Work = field(default_factory=dict)
    near: Work = field(default_factory=dict)
    whole: dict[Part, str] = field(default_factory=dict)  # rules of which nothing is proven, and why
    over: set[Part] = field(default_factory=set)  # rules that are run on all their nodes


class Incremental:
    """Plans of a validator's shapes, made once; judges any number of changes. Not for two threads at once.

    Raises :class:`kg.findings.BilimError` (exit 5) where the query of a shape cannot be read.
    """

    def __init__(self, validator: Validator, cap: int = CAP) -> None:
        self._validator = validator
        pairs = {(s, o) for s, p, o in validator.shapes.definitions if p == RDFS.subClassOf}
        self._hierarchy = {(ox_term(s), ox_term(o)) for s, o in pairs}
        below = subclasses(pairs)
        self._plain = dict(rdflib.Graph(bind_namespaces="none").namespaces())
        planner = Planner(
            validator.shacl,
            lambda cls: frozenset(NamedNode(str(sub)) for sub in below.get(cls, {cls})),
            lambda text: validator.cache.prepare(text, self._plain, None),
        )
        self._parts = validator.parts()
        self.plans: dict[Node, PartPlan] = {}
        for shape, part in self._parts:
            try:
                self.plans[part] = planner.part(part)
            except Exception as error:  # rdflib raises it bare for an unknown prefix
                raise failed(shape, error) from error
        self._targets: dict[Node, Targets | str] = {}
        for shape, _ in self._parts:
            try:
                self._targets[shape] = planner.targets(shape)
            except Unproven as error:
                self._targets[shape] = str(error)
        self._walker = Walker(self.plans.values(), cap)
        self._graph = validator.graph(())
        self._converter = Converter()

    def check(
        self,
        views: Views,
        *,
        focus: Collection[str],
        located: Iterable[Located] = (),
        label_lang: str = "en",
        progress: Progress = lambda _: None,
    ) -> Outcome:
        """Judge a change. ``focus`` (IRIs): things that are checked by all rules, affected or not.

        Raises :class:`kg.findings.BilimError` (exit 5) where a shape fails to run.
        """
        clock = _Clock()
        with clock.step("plan"):
            wanted = {NamedNode(iri) for iri in focus}
            scope = self._scope(views, wanted)
        before, _ = self._rows(views.old, scope, scope.before, clock, progress)
        everything = {part: scope.after.get(part, set()) | nodes for part, nodes in scope.near.items()}
        after, triples = self._rows(views.new, scope, everything, clock, progress)
        with clock.step("tell"):
            reached = {(part, self._term(node)) for part, nodes in scope.after.items() for node in nodes}
            asked = {self._term(node) for node in wanted}
            standing: dict[Any, Standing] = {}
            for key, (part, row) in after.items():
                fresh = key not in before and (part is None or (part, row.focus) in reached)
                if fresh or row.focus in asked:
                    standing[key] = "new" if fresh else "already there"
            gone = [row for key, (_, row) in before.items() if key not in after]
            told = self._tell(views.new, [after[key][1] for key in standing], located, label_lang)
            found = [replace(f, standing=how) for f, how in zip(told, standing.values(), strict=True)]
            found += self._structure(views, wanted, located, label_lang)
            lost = [replace(f, standing="mended") for f in self._tell(views.old, gone, (), label_lang)]
        return Outcome(
            near=_sorted(f for f in found if f.entity in focus and f.standing != "mended"),
            far=_sorted(f for f in found if f.entity not in focus and f.standing == "new"),
            mended=_sorted([*lost, *(f for f in found if f.standing == "mended")]),
            notes=self._notes(scope),
            checked=self._checked(scope),
            affected=sum(map(len, scope.after.values())),
            triples=len(triples),
            seconds=clock.seconds,
        )

    def affected(self, views: Views) -> Affected:
        """Rule -> nodes whose rows a change can affect, whether or not they are its targets."""
        return self._walker.affected(views)

    def _scope(self, views: Views, wanted: set[NamedNode]) -> _Scope:
        scope = _Scope()
        moved = self._moved_hierarchy(views)
        found = self._walker.affected(views) if not moved else Affected()
        for node in wanted:
            views.new.about(node)  # all rules ask of it: read it at once
        for shape in dict.fromkeys(shape for shape, _ in self._parts):
            targets = self._targets[shape]
            parts = [part for part in self._parts if part[0] == shape]
            if isinstance(targets, str):
                scope.whole |= dict.fromkeys(parts, targets)
                continue
            changed = target_changes(targets, views)
            reach = changed.union(*(found.nodes.get(part, ()) for _, part in parts))
            was = {node for node in reach if is_target(targets, node, views.old)}
            now = {node for node in reach if is_target(targets, node, views.new)}
            turned = changed & (was ^ now)
            asked: set[Term] = {node for node in wanted if node in now or is_target(targets, node, views.new)}
            for part in parts:
                if why := moved or self.plans[part[1]].why:
                    scope.whole[part] = why
                elif part[1] in found.over:
                    scope.over.add(part)
                    scope.before[part] = all_targets(targets, views.old)
                    scope.after[part] = all_targets(targets, views.new)
                else:
                    nodes = turned | found.nodes.get(part[1], set())
                    scope.before[part] = nodes & was
                    scope.after[part] = nodes & now
                scope.near[part] = asked
        return scope

    def _moved_hierarchy(self, views: Views) -> str | None:
        """Why nothing is proven: classes under each other that the definitions do not have."""
        pairs = set(views.both.pairs(SUBCLASS))
        strange = {pair for pair in pairs - self._hierarchy if not _skolem(pair[0]) and not _skolem(pair[1])}
        return "rdfs:subClassOf" if strange else None

    def _rows(
        self, view: View, scope: _Scope, work: Work, clock: _Clock, progress: Progress
    ) -> tuple[dict[Any, tuple[Part | None, Row]], set[Edge]]:
        """Rows by key, each with the rule that was run (None for those of whole runs); the last batch's triples."""
        out: dict[Any, tuple[Part | None, Row]] = {}
        triples: set[Edge] = set()
        batches = list(_batches({part: nodes for part, nodes in work.items() if part not in scope.whole}))
        for number, batch in enumerate(batches, 1):
            if len(batches) > 1:
                progress(f"{number}/{len(batches)}")
            with clock.step("extract"):
                triples = set()
                jobs = []
                for (shape, part), nodes in batch:
                    left = extract(view, self.plans[part], nodes, triples)
                    jobs.append((shape, part, sorted(map(self._term, left), key=str)))
            with clock.step("validate"), self._laid(triples):
                for part, row in self._validator.run(self._graph, jobs):
                    out.setdefault(row.key(), ((row.shape, part), row))
        if scope.whole:
            progress("whole")
            with clock.step("whole"):
                chosen: dict[Node, list[Node]] = {}
                for shape, part in scope.whole:
                    chosen.setdefault(shape, []).append(part)
                graph = self._validator.graph(self._converter.edges(view.all()))
                for row in self._validator.rows(graph, chosen):
                    out.setdefault(row.key(), (None, row))
        return out, triples

    def _term(self, node: Term) -> Node:
        return self._converter.term(node)

    @contextmanager
    def _laid(self, triples: Iterable[Edge]) -> Iterator[None]:
        """The definitions with these triples beside them, taken away afterwards."""
        graph = self._graph
        laid = [triple for triple in self._converter.edges(triples) if triple not in graph]
        for triple in laid:
            graph.add(triple)
        try:
            yield
        finally:
            for triple in laid:
                graph.remove(triple)

    def _tell(self, view: View, rows: Sequence[Row], located: Iterable[Located], lang: str) -> list[Finding]:
        if not rows:
            return []
        nodes = {n for row in rows for n in (row.focus, row.value, row.path, *row.bindings.values()) if n is not None}
        triples: set[Edge] = set()
        spoken(view, {ox_term(node) for node in nodes}, triples)
        with self._laid(triples):
            positions = Positions(located, self._converter)
            teller = Teller(self._validator.shapes, self._graph, positions, lang)
            return [teller.finding(row) for row in rows]

    def _structure(self, views: Views, wanted: set[NamedNode], located: Iterable[Located], lang: str) -> list[Finding]:
        """Findings beside the shapes on the things asked for and on those of which something is said or unsaid."""
        things = {*wanted, *(s for s, _, _ in views.changed)}
        new, old = (self._stated(view, things, located, lang) for view in (views.new, views.old))
        out = [replace(f, standing="already there" if key in old else "new") for key, f in new.items()]
        return out + [replace(f, standing="mended") for key, f in old.items() if key not in new]

    def _stated(
        self, view: View, things: Iterable[Term], located: Iterable[Located], lang: str
    ) -> dict[tuple[str, str | None, str | None], Finding]:
        edges = ((s, p, o) for s in things for p, found in view.about(s).items() for o in found)
        structure = self._validator.structure(self._converter.edges(edges))
        triples: set[Edge] = set()
        spoken(view, {ox_term(thing) for thing in structure.things()}, triples)
        with self._laid(triples):
            found = list(structure.findings(Words(self._graph), lang))
            if found:
                positions = Positions(located, self._converter)
                found = [placed(f, positions, self._graph) for f in found]
        return {(f.code, f.entity, f.value): f for f in found}

    def _checked(self, scope: _Scope) -> dict[str, int]:
        out: dict[str, int] = {}
        for (shape, _), nodes in scope.near.items():
            out[shape_name(shape)] = len(nodes)
        return out

    def _notes(self, scope: _Scope) -> tuple[Finding, ...]:
        notes = [finding("validation-whole", shape=_rule(part), reason=why) for part, why in scope.whole.items()]
        notes += [
            finding("validation-over", shape=_rule(part), number=len(scope.after[part]), cap=self._walker.cap)
            for part in scope.over
        ]
        return _sorted(notes)


@dataclass(slots=True)
class _Clock:
    """Seconds by step."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun


def _batches(work: Work) -> Iterator[list[tuple[Part, list[Term]]]]:
    batch: list[tuple[Part, list[Term]]] = []
    room = BATCH
    for part, nodes in work.items():
        todo = list(nodes)
        while todo:
            taken, todo = todo[:room], todo[room:]
            batch.append((part, taken))
            room -= len(taken)
            if not room:
                yield batch
                batch, room = [], BATCH
    if batch:
        yield batch


def _rule(part: Part) -> str:
    return shape_name(part[1])


def _skolem(term: Term) -> bool:
    return isinstance(term, NamedNode) and term.value.startswith(f"{GRAPH_ONTOLOGY}#")


def _sorted(found: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=sort_key))
