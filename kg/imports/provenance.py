"""The ledger as data: PROV of imports and decisions for ``graph/ledger`` of a release (W3C PROV-O).

An import is an activity that used an upload and generated an import graph; each step of it is an activity of its own,
with its agent, time and reason; so are publications and rollbacks. The graph is no part of the content hash nor of the
merged default graph, and it only grows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Quad

from kg.imports.ledger import Ledger
from kg.imports.records import Import, Step
from kg.terms import BASE, BKG, DCT, GRAPH_LEDGER, OWL, PROV, RDF, RDFS, XSD

TOLD: Final = frozenset({"build", "import", "retract", "rollback"})
"""Acts of the ledger that are told beside imports."""

_GRAPH: Final = NamedNode(GRAPH_LEDGER)
_TYPE: Final = NamedNode(RDF + "type")


def provenance(ledger: Ledger) -> Iterator[Quad]:
    """All that the ledger knows of imports and publications."""
    imports = {i.number: i for i in ledger.imports.all()}
    for import_ in imports.values():
        yield from _import(import_)
    for step in ledger.imports.steps():
        yield from _step(step)
    for decision in ledger.decisions.all():
        node = _node("decisions", decision.number)
        yield from _activity(node, decision.action, decision.at, decision.who, decision.why)
        yield _quad(node, PROV + "used", NamedNode(decision.thing))
        if decision.action == "merge":
            yield _quad(NamedNode(decision.thing), DCT + "isReplacedBy", NamedNode(decision.data["into"]))
        if decision.action == "withdraw":
            yield _quad(NamedNode(decision.thing), OWL + "deprecated", Literal(True))
            yield _quad(NamedNode(decision.thing), RDFS + "comment", Literal(decision.why))
        if decision.action == "undo":
            yield _quad(node, PROV + "wasInformedBy", _node("decisions", decision.data["of"]))
    for number, act in enumerate(ledger.acts(), start=1):
        if act.action not in TOLD:
            continue  # who holds a token, what was pruned: the operator's affair
        node = _node("acts", number)
        yield from _activity(node, act.action, act.at, act.who, act.why)
        if act.release:
            yield _quad(node, PROV + "generated", _release(act.release))


def _import(import_: Import) -> Iterator[Quad]:
    node, upload, graph = _node("imports", import_.number), _upload(import_), NamedNode(import_.graph)
    yield _quad(node, _TYPE, NamedNode(PROV + "Activity"))
    yield _quad(node, RDFS + "label", Literal(f"import {import_.number} of {import_.file}", language="en"))
    yield _quad(node, PROV + "used", upload)
    yield _quad(upload, _TYPE, NamedNode(PROV + "Entity"))
    yield _quad(upload, DCT + "title", Literal(import_.file))
    yield _quad(upload, BKG + "sha256", Literal(import_.sha256))
    if import_.state in ("accepted", "published", "retracted"):
        yield _quad(graph, _TYPE, NamedNode(BKG + "ImportGraph"))
        yield _quad(graph, PROV + "wasGeneratedBy", node)
        yield _quad(graph, PROV + "wasDerivedFrom", upload)


def _step(step: Step) -> Iterator[Quad]:
    node = _node("steps", step.number)
    yield from _activity(node, step.step, step.at, step.who, step.why)
    yield _quad(node, PROV + "wasInformedBy", _node("imports", step.import_))
    if step.release:
        yield _quad(node, PROV + "generated" if step.step == "published" else PROV + "used", _release(step.release))


def _activity(node: NamedNode, name: str, at: str, who: str, why: str) -> Iterator[Quad]:
    agent = NamedNode(f"{GRAPH_LEDGER}/agents/{quote(who, safe='')}")
    yield _quad(node, _TYPE, NamedNode(PROV + "Activity"))
    yield _quad(node, DCT + "type", Literal(name))
    yield _quad(node, PROV + "endedAtTime", Literal(at, datatype=NamedNode(XSD + "dateTime")))
    yield _quad(node, PROV + "wasAssociatedWith", agent)
    yield _quad(agent, _TYPE, NamedNode(PROV + "Agent"))
    yield _quad(agent, RDFS + "label", Literal(who))
    if why:
        yield _quad(node, RDFS + "comment", Literal(why))


def missing(quads: Iterable[Quad], there: Iterable[Quad]) -> list[Quad]:
    """Those that are not there yet, each once."""
    held = set(there)
    return [quad for quad in dict.fromkeys(quads) if quad not in held]


def _node(of: str, number: int) -> NamedNode:
    return NamedNode(f"{GRAPH_LEDGER}/{of}/{number}")


def _upload(import_: Import) -> NamedNode:
    return NamedNode(f"{GRAPH_LEDGER}/uploads/{import_.sha256}")


def _release(release: str) -> NamedNode:
    return NamedNode(f"{BASE}releases/{release}")


def _quad(s: NamedNode, p: NamedNode | str, o: NamedNode | Literal) -> Quad:
    return Quad(s, NamedNode(p) if isinstance(p, str) else p, o, _GRAPH)
