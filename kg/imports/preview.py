"""What an import would change, for a person: by thing, with labels, each triple that comes or goes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pyoxigraph import DefaultGraph, Literal, NamedNode, Quad

from kg.kinds import KINDS
from kg.releases.labels import Labels
from kg.store.overlay import Overlay
from kg.terms import GRAPH_DERIVED, GRAPH_LEDGER, GRAPH_ONTOLOGY, RDF, shorten, split_entity_iri

LISTED: Final = 1000
"""Things listed at most; the counts are of all."""
TRIPLES: Final = 100
"""Triples listed of one thing at most."""

_TYPE: Final = NamedNode(RDF + "type")
_NOT_STATED: Final = frozenset({GRAPH_DERIVED, GRAPH_LEDGER})


class About(Mapping[str, Mapping[str, list[Any]]]):
    """Subject IRI → property → values of a merged default graph, read when asked for."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._known: dict[str, dict[str, list[Any]]] = {}

    def __getitem__(self, iri: str) -> Mapping[str, list[Any]]:
        found = self._known.get(iri)
        if found is None:
            found = {}
            for q in self._store.quads_for_pattern(NamedNode(iri), None, None, DefaultGraph()):
                found.setdefault(q.predicate.value, []).append(q.object)
            for values in found.values():
                values.sort(key=str)
            self._known[iri] = found
        if not found:
            raise KeyError(iri)
        return found

    def __iter__(self) -> Iterator[str]:
        seen = {q.subject.value for q in self._store.quads_for_pattern(None, None, None, DefaultGraph())}
        return iter(sorted(seen))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def preview(overlay: Overlay) -> dict[str, Any]:
    """For JSON: ``quads``, ``graphs``, ``counts`` by kind, ``things`` (at most :data:`LISTED`), ``minted``.

    A thing is added or removed by having a stated type or not; of a thing that only has other computed values, these
    are told. ``minted``: things that no graph of the release speaks of as subject.
    """
    now, before = Labels(About(overlay)), Labels(About(overlay.base))
    stated: dict[str, tuple[list[Quad], list[Quad]]] = defaultdict(lambda: ([], []))
    computed: dict[str, tuple[list[Quad], list[Quad]]] = defaultdict(lambda: ([], []))
    graphs: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for side, quads in enumerate((overlay.all_added(), overlay.all_removed())):
        for q in quads:
            if not isinstance(q.graph_name, NamedNode) or q.graph_name.value in (GRAPH_LEDGER, GRAPH_ONTOLOGY):
                continue
            graphs[q.graph_name.value][side] += 1
            part = computed if q.graph_name.value == GRAPH_DERIVED else stated
            if isinstance(q.subject, NamedNode):
                part[q.subject.value][side].append(q)
    things = sorted(iri for iri in {*stated, *computed} if split_entity_iri(iri))
    counts: dict[str, dict[str, int]] = {}
    listed: list[dict[str, Any]] = []
    for iri in things:
        kind, slug = split_entity_iri(iri) or ("", "")
        change = _change(iri, overlay)
        if change == "computed" and iri in stated:
            change = "changed"
        counts.setdefault(kind, dict.fromkeys(("added", "removed", "changed", "computed"), 0))[change] += 1
        if len(listed) < LISTED:
            labels = dict((before if change == "removed" else now).of(iri))
            told = {
                "id": iri, "kind": kind, "slug": slug, "change": change, "labels": labels,
                **{name: _told(part.get(iri, ((), ()))[side], labeler)
                   for name, part, side, labeler in (
                       ("added", stated, 0, now), ("removed", stated, 1, before),
                       ("computed", computed, 0, now), ("noLonger", computed, 1, before))},
            }  # fmt: skip
            listed.append(told)
    minted = [
        {"id": t, "kind": k, "slug": s}
        for t in things
        if (p := split_entity_iri(t))
        for k, s in [p]
        if is_new(t, overlay)
    ]
    return {
        "quads": {"added": sum(a for a, _ in graphs.values()), "removed": sum(r for _, r in graphs.values())},
        "graphs": {name: {"added": a, "removed": r} for name, (a, r) in sorted(graphs.items())},
        "counts": counts,
        "things": {"total": len(things), "listed": len(listed), "items": listed},
        "minted": minted,
    }


def is_new(iri: str, overlay: Overlay) -> bool:
    """Whether a thing of a kind of ours is stated now, and was not by any graph of the release."""
    parts = split_entity_iri(iri)
    return bool(parts and parts[0] in KINDS and _typed(overlay, iri) and not _typed(overlay.base, iri))


def new_things(overlay: Overlay) -> list[str]:
    """The things that come, sorted."""
    subjects = {
        q.subject.value for q in overlay.all_added() if q.predicate == _TYPE and isinstance(q.subject, NamedNode)
    }
    return sorted(iri for iri in subjects if is_new(iri, overlay))


def changes_of(kept: Mapping[str, Any]) -> set[tuple[Any, ...]]:
    """What a kept preview says is to change, so that two can be compared."""
    out: set[tuple[Any, ...]] = {("graph", name, n["added"], n["removed"]) for name, n in kept["graphs"].items()}
    for thing in kept["things"]["items"]:
        for side in ("added", "removed", "computed", "noLonger"):
            out |= {(thing["id"], thing["change"], side, t["property"], t["value"]) for t in thing[side]["items"]}
    return out


def _change(iri: str, overlay: Overlay) -> str:
    was, is_ = _typed(overlay.base, iri), _typed(overlay, iri)
    return "added" if is_ and not was else "removed" if was and not is_ else "computed"


def _typed(store: Any, iri: str) -> bool:
    types = store.quads_for_pattern(NamedNode(iri), _TYPE, None, None)
    return any(isinstance(q.graph_name, NamedNode) and q.graph_name.value not in _NOT_STATED for q in types)


def _told(quads: Any, labels: Labels) -> dict[str, Any]:
    found = sorted(quads, key=lambda q: (q.predicate.value, str(q.object)))
    return {"total": len(found), "items": [_triple(q, labels) for q in found[:TRIPLES]]}


def _triple(q: Quad, labels: Labels) -> dict[str, Any]:
    out: dict[str, Any] = {"property": shorten(q.predicate.value)}
    if isinstance(q.object, NamedNode):
        return out | {"value": q.object.value, "labels": dict(labels.of(q.object.value))}
    if isinstance(q.object, Literal):
        out["value"] = q.object.value
        return out | (
            {"lang": q.object.language} if q.object.language else {"datatype": shorten(q.object.datatype.value)}
        )
    return out | {"value": str(q.object)}
