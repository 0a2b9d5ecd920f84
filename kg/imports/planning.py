"""What a steward's decision is to change, planned on the release as it is. Reads; changes nothing.

A decision changes the statements of sources by rules (kg.imports.rewriting), which hold again at each build, and states
what is new in a graph of its own, ``graph/import/decisions``. Each function gives a planner: it is asked again wherever
a decision is looked at or made, for the release may have changed between. Planners raise :class:`BilimError` (exit 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad, Store

from kg.findings import BilimError, Exit, finding
from kg.imports.decided import Action
from kg.imports.ledger import Ledger
from kg.imports.rewriting import GRAPH, SATELLITES, Rules, lines, quads_of
from kg.releases.candidate import Delta
from kg.terms import BKG, RDF, SKOS, concept_iri, split_entity_iri

_GRAPH: Final = NamedNode(GRAPH)
_TYPE: Final = NamedNode(RDF + "type")
_RANK: Final = NamedNode(BKG + "rank")
_STATUS: Final = NamedNode(BKG + "discrepancyStatus")
_BETWEEN: Final = NamedNode(BKG + "between")
_RESOLUTION: Final = NamedNode(BKG + "resolution")
_NAME: Final = NamedNode(SKOS + "prefLabel")
_SETTLED: Final = NamedNode(concept_iri("discrepancy-status", "settled"))


@dataclass(frozen=True, slots=True)
class Plan:
    """A decision to be made: what is to be read otherwise, and what is stated anew.

    ``back``: of an undoing, the change that takes the other decision back; then there are no rules.
    """

    action: Action
    thing: str
    data: dict[str, Any]
    rules: Rules = field(default_factory=Rules)
    states: tuple[Quad, ...] = ()
    back: Delta | None = None

    def delta(self, store: Store) -> Delta:
        """What it does to the release of this store."""
        return _delta(store, self.rules, self.states) if self.back is None else self.back


Planner = Callable[[Store, Ledger], Plan]


def settle(discrepancy: str, ranks: Mapping[str, str], why: str, lang: str) -> Planner:
    """Settle a discrepancy: ``ranks`` of its evidence (IRI → preferred, normal, deprecated).

    The reason ``why``, in the language ``lang``, is its resolution.
    """

    def plan(store: Store, _: Ledger) -> Plan:
        node = _known(store, discrepancy)
        sides = {q.object for q in store.quads_for_pattern(node, _BETWEEN, None, DefaultGraph())}
        changed: list[Quad] = []
        for iri, rank in ranks.items():
            if NamedNode(iri) not in sides:
                raise _refused("decision-not-between", thing=iri, discrepancy=discrepancy)
            changed.append(Quad(NamedNode(iri), _RANK, NamedNode(concept_iri("rank", rank)), _GRAPH))
        changed.append(Quad(node, _STATUS, _SETTLED, _GRAPH))
        changed.append(Quad(node, _RESOLUTION, Literal(why, language=lang), _GRAPH))
        gone = [old for q in changed for old in store.quads_for_pattern(q.subject, q.predicate, None, DefaultGraph())]
        return Plan("settle", discrepancy, {"ranks": dict(ranks)}, _without(gone), tuple(changed))

    return plan


def correct(old: Quad, new: Quad | None) -> Planner:
    """Replace one statement (whatever graphs hold it), or take it away. Graph names are passed over."""

    def plan(store: Store, _: Ledger) -> Plan:
        thing = str(getattr(old.subject, "value", ""))
        _known(store, thing)
        there = Quad(old.subject, old.predicate, old.object)
        if there not in store:
            told = " ".join(str(term) for term in (old.subject, old.predicate, old.object))
            raise _refused("decision-no-statement", statement=told)
        states = (Quad(new.subject, new.predicate, new.object, _GRAPH),) if new else ()
        data = {"old": lines([there]), "new": lines([Quad(new.subject, new.predicate, new.object)]) if new else None}
        return Plan("correct", thing, data, _without([there]), states)

    return plan


def merge(thing: str, into: str) -> Planner:
    """Two things are one: what is said of ``thing`` is said of ``into``, where its address leads from now on."""

    def plan(store: Store, _: Ledger) -> Plan:
        one, other = _known(store, thing), _known(store, into)
        kinds = {(split_entity_iri(iri) or ("", ""))[0] for iri in (thing, into)}
        if one == other or len(kinds) != 1:
            raise _refused("decision-not-alike", thing=thing, into=into)
        names = list(store.quads_for_pattern(other, _NAME, None, DefaultGraph()))
        kept = frozenset((other, q.object) for q in names)
        rules = Rules(moved={one: other}, names=kept)  # type: ignore[arg-type]
        return Plan("merge", thing, {"into": into, "names": lines(names)}, rules)

    return plan


def withdraw(thing: str) -> Planner:
    """A thing is no more, nor what was only about it; its address is 410 from now on."""

    def plan(store: Store, _: Ledger) -> Plan:
        node = _known(store, thing)
        around = {q.subject for p in SATELLITES for q in store.quads_for_pattern(None, p, node, DefaultGraph())}
        only = sorted(s.value for s in around if isinstance(s, NamedNode) and _about_only(store, s, node))
        rules = Rules(gone=frozenset({node, *map(NamedNode, only)}))
        return Plan("withdraw", thing, {"with": only}, rules)

    return plan


def comment(thing: str) -> Planner:
    """Say something of a thing, in the ledger and in its graph; nothing else changes."""

    def plan(store: Store, _: Ledger) -> Plan:
        _known(store, thing)
        return Plan("comment", thing, {})

    return plan


def undo(number: int) -> Planner:
    """Take a decision back; refused where a later one builds on it: that one first."""

    def plan(_: Store, ledger: Ledger) -> Plan:
        found = {d.number: d for d in ledger.decisions.all()}
        was = found.get(number)
        if was is None or was.state != "made" or was.action == "undo":
            raise _refused("decision-not-undoable", number=number)
        things = was.things()
        for later in found.values():
            if later.number > number and later.state == "made" and later.action != "undo" and later.things() & things:
                raise _refused("decision-built-upon", number=number, later=later.number)
        return Plan("undo", was.thing, {"of": number}, back=Delta(quads_of(was.removed), quads_of(was.added)))

    return plan


def unmerge(thing: str) -> Planner:
    """Take back the merging of a thing into another."""

    def plan(store: Store, ledger: Ledger) -> Plan:
        made = [d for d in ledger.decisions.all() if d.action == "merge" and d.thing == thing and d.state == "made"]
        if not made:
            raise _refused("decision-not-merged", thing=thing)
        return undo(made[-1].number)(store, ledger)

    return plan


def _delta(store: Store, rules: Rules, states: Iterable[Quad]) -> Delta:
    """What the rules do to the release as it is, and what is stated."""
    touched: dict[Quad, None] = {}
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
    delta.added[:] = dict.fromkeys((*delta.added, *(q for q in states if q not in store)))
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
