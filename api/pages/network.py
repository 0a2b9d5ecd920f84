"""Networks: things and what joins them, each at a place that does not depend on chance. Pure.

The ego network of a thing comes from its document: what it names itself, and what the tenures, events, agreements and
other statements that name it name beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from typing import Any, Final

from kg.kinds import KINDS
from kg.names import pick_label

Json = Mapping[str, Any]
ACTORS: Final = ("person", "organization", "region", "country", "program", "event", "agreement", "post", "change")
"""Kinds that are nodes. The others (tenures, participations …) are what joins them."""
MOST: Final = 60
"""Things drawn around the one asked; the table has them all."""
WIDTH, HEIGHT = 720.0, 620.0
_RINGS: Final = ((16, 150.0), (24, 225.0), (MOST, 290.0))
"""How many stand on a ring, and its radius."""
_CUT: Final = 24


@dataclass(frozen=True, slots=True, order=True)
class Thing:
    """A node."""

    kind: str
    slug: str
    label: str

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.slug}"


@dataclass(frozen=True, slots=True)
class Edge:
    """What joins two things: in words, and the statement that says so where there is one."""

    source: Thing
    target: Thing
    text: str
    via: Thing | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """``centre``: what was asked about."""

    centre: tuple[Thing, ...]
    nodes: tuple[Thing, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node is drawn. ``side``: on which side of it its name stands."""

    thing: Thing
    x: float
    y: float
    label: str
    side: str  # text-anchor: start, middle, end
    centre: bool


def ego(document: Json, words: Mapping[str, str], clang: Sequence[str] | str) -> Graph:
    """The network round the thing of a document of the projection.

    ``words``: what a property or a kind of statement is called, by its key in documents.
    """
    centre = _thing(document, clang)
    nodes, edges = {centre.key: centre}, dict[tuple[str, str, str, str], Edge]()

    def join(other: Json, text: str, via: Thing | None) -> None:
        thing = _thing(other, clang)
        if thing.key != centre.key:
            node = nodes.setdefault(thing.key, thing)
            edges.setdefault((centre.key, node.key, text, via.key if via else ""), Edge(centre, node, text, via))

    for key, value in document.items():
        if key not in ("evidence", "discrepancies", "history", "incoming", "types"):
            for other in _named(value):
                join(other, words.get(key, key), None)
    for group, found in document.get("incoming", {}).items():
        for item in found["items"]:
            text = words.get(group.partition(".")[0], group)
            if item["kind"] in ACTORS:
                join(item, text, None)
            if item["kind"] in ("event", "agreement", "change") or item["kind"] not in ACTORS:
                for key, value in item.items():
                    for other in _named(value):
                        join(other, f"{text}: {words.get(key, key)}", _thing(item, clang))
    return Graph((centre,), tuple(nodes.values()), tuple(edges.values()))


def layout(graph: Graph) -> tuple[list[Place], int]:
    """Places of at most :data:`MOST` things, and how many are left out.

    By kind and slug on rings round the middle: the same release gives the same picture, and a thing more moves few.
    """
    middle = (WIDTH / 2, HEIGHT / 2)
    centres = set(graph.centre)
    around = sorted((n for n in graph.nodes if n not in centres), key=lambda n: (_order(n), n.slug))
    shown, out = around[:MOST], []
    for i, thing in enumerate(graph.centre):
        shift = (i - (len(graph.centre) - 1) / 2) * 150
        out.append(Place(thing, round(middle[0] + shift, 1), middle[1], _cut(thing.label), "middle", True))
    for start, size, radius in _filled(len(shown)):
        for i, thing in enumerate(shown[start : start + size]):
            angle = 2 * pi * (i + 0.5 * (start > 0)) / size - pi / 2
            x, y = middle[0] + radius * 1.05 * cos(angle), middle[1] + radius * 0.95 * sin(angle)
            side = "middle" if abs(cos(angle)) < 0.25 else "start" if cos(angle) > 0 else "end"
            out.append(Place(thing, round(x, 1), round(y, 1), _cut(thing.label), side, False))
    return out, len(around) - len(shown)


def drawn(graph: Graph, places: Sequence[Place]) -> list[tuple[Place, Place, str]]:
    """The edges between things that are drawn, each pair once, with all that joins them."""
    at = {place.thing: place for place in places}
    found: dict[tuple[Place, Place], list[str]] = {}
    for edge in graph.edges:
        if edge.source in at and edge.target in at:
            texts = found.setdefault((at[edge.source], at[edge.target]), [])
            if edge.text not in texts:
                texts.append(edge.text)
    return [(a, b, ", ".join(texts)) for (a, b), texts in found.items()]


def as_json(graph: Graph, places: Sequence[Place]) -> dict[str, Any]:
    """The drawing for scripts, in the order of cytoscape: nodes with their places, edges between them."""
    return {
        "nodes": [
            {"id": p.thing.key, "kind": p.thing.kind, "label": p.thing.label, "x": p.x, "y": p.y, "centre": p.centre}
            for p in places
        ],
        "edges": [{"source": a.thing.key, "target": b.thing.key, "text": text} for a, b, text in drawn(graph, places)],
    }


def _filled(count: int) -> Iterator[tuple[int, int, float]]:
    """Rings as ``(first, how many, radius)``; the last takes what is left."""
    start = 0
    for most, radius in _RINGS:
        size = min(most, count - start)
        if size <= 0:
            return
        yield start, size, radius
        start += size


def _named(value: Any) -> Iterator[Json]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, Mapping) and item.get("kind") in ACTORS and "slug" in item:
            yield item


def _thing(ref: Json, clang: Sequence[str] | str) -> Thing:
    picked = pick_label(ref.get("labels") or {}, clang)
    return Thing(ref["kind"], ref["slug"], picked.value if picked else ref["slug"])


def _order(thing: Thing) -> int:
    return list(KINDS).index(thing.kind)


def _cut(label: str) -> str:
    return label if len(label) <= _CUT else label[: _CUT - 1].rstrip() + "…"
