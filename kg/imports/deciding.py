"""Stewards' decisions: settle, correct, merge, withdraw, comment, and undo. Each is judged, published and written down.

A decision changes the statements of sources by rules (kg.imports.rewriting), which hold again at each build, and states
what is new in a graph of its own, ``graph/import/decisions``. A decision by which a violation would arise is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from kg.findings import BilimError, Exit, Finding, finding
from kg.imports.decided import Action, Decision
from kg.imports.desk import Desk
from kg.imports.judge import judge_change
from kg.imports.ledger import Ledger, open_ledger
from kg.imports.making import Change, make_release
from kg.imports.recovery import recover
from kg.imports.rewriting import GRAPH, SATELLITES, Rules, lines, quads_of
from kg.releases.candidate import Delta
from kg.releases.manifest import Manifest
from kg.releases.publish import Reason
from kg.releases.reader import current
from kg.terms import BKG, RDF, SKOS, concept_iri, split_entity_iri

_GRAPH: Final = NamedNode(GRAPH)
_TYPE: Final = NamedNode(RDF + "type")
_RANK: Final = NamedNode(BKG + "rank")
_STATUS: Final = NamedNode(BKG + "discrepancyStatus")
_BETWEEN: Final = NamedNode(BKG + "between")
_RESOLUTION: Final = NamedNode(BKG + "resolution")
_NAME: Final = NamedNode(SKOS + "prefLabel")
_SETTLED: Final = NamedNode(concept_iri("discrepancy-status", "settled"))

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Done:
    """What was decided, and what the shapes say of it."""

    decision: Decision
    findings: tuple[Finding, ...] = ()


@dataclass(slots=True)
class _Plan:
    """A decision to be made: what is to be read otherwise, and what is stated anew."""

    action: Action
    thing: str
    data: dict[str, Any]
    rules: Rules
    states: list[Quad]


Planner = Callable[[Store, Ledger], _Plan]


def settle(
    desk: Desk, discrepancy: str, ranks: dict[str, str], lang: str, reason: Reason, progress: Progress = lambda _: None
) -> Done:
    """Settle a discrepancy: ``ranks`` of its evidence (IRI → preferred, normal, deprecated).

    The reason, in the language ``lang``, is its resolution.
    """

    def plan(store: Store, _: Ledger) -> _Plan:
        node = _known(store, discrepancy)
        sides = {q.object for q in store.quads_for_pattern(node, _BETWEEN, None, DefaultGraph())}
        changed: list[Quad] = []
        for iri, rank in ranks.items():
            if NamedNode(iri) not in sides:
                raise _refused("decision-not-between", thing=iri, discrepancy=discrepancy)
            changed.append(Quad(NamedNode(iri), _RANK, NamedNode(concept_iri("rank", rank)), _GRAPH))
        changed.append(Quad(node, _STATUS, _SETTLED, _GRAPH))
        changed.append(Quad(node, _RESOLUTION, Literal(reason.why, language=lang), _GRAPH))
        gone = [old for q in changed for old in store.quads_for_pattern(q.subject, q.predicate, None, DefaultGraph())]
        return _Plan("settle", discrepancy, {"ranks": ranks}, _without(gone), changed)

    return _decide(desk, plan, reason, progress)


def correct(desk: Desk, old: Quad, new: Quad | None, reason: Reason, progress: Progress = lambda _: None) -> Done:
    """Replace one statement (whatever graphs hold it), or take it away. Graph names are passed over."""

    def plan(store: Store, _: Ledger) -> _Plan:
        _known(store, str(getattr(old.subject, "value", "")))
        there = Quad(old.subject, old.predicate, old.object)
        if there not in store:
            told = " ".join(str(term) for term in (old.subject, old.predicate, old.object))
            raise _refused("decision-no-statement", statement=told)
        states = [Quad(new.subject, new.predicate, new.object, _GRAPH)] if new else []
        data = {"old": lines([there]), "new": lines([Quad(new.subject, new.predicate, new.object)]) if new else None}
        return _Plan("correct", str(getattr(old.subject, "value", "")), data, _without([there]), states)

    return _decide(desk, plan, reason, progress)


def merge(desk: Desk, thing: str, into: str, reason: Reason, progress: Progress = lambda _: None) -> Done:
    """Two things are one: what is said of ``thing`` is said of ``into``, where its address leads from now on."""

    def plan(store: Store, _: Ledger) -> _Plan:
        one, other = _known(store, thing), _known(store, into)
        kinds = {(split_entity_iri(iri) or ("", ""))[0] for iri in (thing, into)}
        if one == other or len(kinds) != 1:
            raise _refused("decision-not-alike", thing=thing, into=into)
        names = list(store.quads_for_pattern(other, _NAME, None, DefaultGraph()))
        kept = frozenset((other, q.object) for q in names)
        rules = Rules(moved={one: other}, names=kept)  # type: ignore[arg-type]
        return _Plan("merge", thing, {"into": into, "names": lines(names)}, rules, [])

    return _decide(desk, plan, reason, progress)


def withdraw(desk: Desk, thing: str, reason: Reason, progress: Progress = lambda _: None) -> Done:
    """A thing is no more, nor what was only about it; its address is 410 from now on."""

    def plan(store: Store, _: Ledger) -> _Plan:
        node = _known(store, thing)
        around = {q.subject for p in SATELLITES for q in store.quads_for_pattern(None, p, node, DefaultGraph())}
        only = sorted(s.value for s in around if isinstance(s, NamedNode) and _about_only(store, s, node))
        rules = Rules(gone=frozenset({node, *map(NamedNode, only)}))
        return _Plan("withdraw", thing, {"with": only}, rules, [])

    return _decide(desk, plan, reason, progress)


def comment(desk: Desk, thing: str, reason: Reason, progress: Progress = lambda _: None) -> Done:
    """Say something of a thing, in the ledger and in its graph; nothing else changes."""

    def plan(store: Store, _: Ledger) -> _Plan:
        _known(store, thing)
        return _Plan("comment", thing, {}, Rules(), [])

    return _decide(desk, plan, reason, progress)


def undo(desk: Desk, number: int, reason: Reason, progress: Progress = lambda _: None) -> Done:
    """Take a decision back. Raises :class:`BilimError` where a later one builds on it: that one first."""
    home = desk.home
    with home.lock("undo"), open_ledger(home) as ledger:
        recover(home, ledger)
        found = {d.number: d for d in ledger.decisions.all()}
        was = found.get(number)
        if was is None or was.state != "made" or was.action == "undo":
            raise _refused("decision-not-undoable", number=number)
        things = was.things()
        for later in found.values():
            if later.number > number and later.state == "made" and later.action != "undo" and later.things() & things:
                raise _refused("decision-built-upon", number=number, later=later.number)
        delta = Delta(quads_of(was.removed), quads_of(was.added))
        return _publish(desk, ledger, _Plan("undo", was.thing, {"of": number}, Rules(), []), delta, reason, progress)


def unmerge(desk: Desk, thing: str, reason: Reason, progress: Progress = lambda _: None) -> Done:
    """Take back the merging of a thing into another."""
    with open_ledger(desk.home) as ledger:
        made = [d for d in ledger.decisions.all() if d.action == "merge" and d.thing == thing and d.state == "made"]
    if not made:
        raise _refused("decision-not-merged", thing=thing)
    return undo(desk, made[-1].number, reason, progress)


def _decide(desk: Desk, plan: Planner, reason: Reason, progress: Progress) -> Done:
    """Raises :class:`BilimError`: no reason, what is not there, (exit 1) violations that would arise."""
    if not reason.why.strip():
        raise BilimError(finding("reason-needed"), exit_code=Exit.USAGE)
    home = desk.home
    with home.lock("decide"), open_ledger(home) as ledger:
        recover(home, ledger)
        store = Store.read_only(str(current(home).path / "store"))
        planned = plan(store, ledger)
        delta = _delta(store, planned)
        del store
        return _publish(desk, ledger, planned, delta, reason, progress)


def _publish(desk: Desk, ledger: Ledger, plan: _Plan, delta: Delta, reason: Reason, progress: Progress) -> Done:
    release, rules = current(desk.home), desk.rules()
    rules.check_ontology(release)
    progress("judge")
    laid = judge_change(release, delta, rules.incremental)
    assert laid.overlay is not None
    broken = tuple(f for f in laid.judgement.all if f.severity == "Violation" and f.standing != "already there")
    if broken:
        told = finding("decision-breaks", count=len(broken), first=broken[0].text())
        raise BilimError(told, *broken, exit_code=Exit.VIOLATIONS)
    number = ledger.decisions.begin(
        plan.action, plan.thing, plan.data, reason, (lines(delta.removed), lines(delta.added))
    )
    changed = {q.graph_name.value for q in (*delta.added, *delta.removed) if isinstance(q.graph_name, NamedNode)}

    def intend(manifest: Manifest) -> None:
        for import_ in ledger.imports.all(("published",)):
            entry = manifest.graphs.get(import_.graph)
            if import_.graph in changed and entry is not None:
                ledger.decisions.rewritten(import_.number, entry.sha256)
        ledger.decisions.of_release(number, manifest.id)

    signed = Reason(reason.who, reason.why, plan.action)
    make_release(desk, ledger, Change(release, laid.overlay, laid.judgement), signed, intend, progress)
    made = next(d for d in ledger.decisions.all() if d.number == number)
    return Done(made, laid.judgement.all)


def _delta(store: Store, plan: _Plan) -> Delta:
    """What the rules do to the release as it is, and what is stated."""
    touched: dict[Quad, None] = {}
    rules = plan.rules
    for node in (*rules.moved, *rules.gone):
        for found in (store.quads_for_pattern(node, None, None), store.quads_for_pattern(None, None, node)):
            touched.update(dict.fromkeys(found))
    for s, p, o in rules.overruled:
        touched.update(dict.fromkeys(store.quads_for_pattern(s, p, o)))
    delta = Delta()
    for quad in touched:
        if not isinstance(quad.graph_name, NamedNode):
            continue
        now = rules.of(quad)
        if now != quad:
            delta.removed.append(quad)
            if now is not None and now not in store:
                delta.added.append(now)
    # of what an earlier decision stated, this one has the last word
    if rules.overruled:
        own = {q for s, p, o in rules.overruled for q in store.quads_for_pattern(s, p, o, _GRAPH)}
        delta.removed.extend(own - set(delta.removed))
    delta.added[:] = dict.fromkeys((*delta.added, *(q for q in plan.states if q not in store)))
    both = set(delta.added) & set(delta.removed)
    return Delta([q for q in delta.added if q not in both], [q for q in delta.removed if q not in both])


def _without(quads: Iterable[Quad]) -> Rules:
    return Rules(overruled=frozenset((q.subject, q.predicate, q.object) for q in quads))


def _about_only(store: Store, node: NamedNode, thing: NamedNode) -> bool:
    told = {q.object for p in SATELLITES for q in store.quads_for_pattern(node, p, None, DefaultGraph())}
    return told == {thing}


def _known(store: Store, iri: str) -> NamedNode:
    """A thing of the release. Raises :class:`BilimError` where there is none."""
    if split_entity_iri(iri) is None:
        raise _refused("decision-no-thing", thing=iri[:200])
    node = NamedNode(iri)
    if next(store.quads_for_pattern(node, _TYPE, None, DefaultGraph()), None) is None:
        raise _refused("decision-no-thing", thing=iri[:200])
    return node


def _refused(code: str, **values: object) -> BilimError:
    return BilimError(finding(code, None, None, **values), exit_code=Exit.USAGE)
