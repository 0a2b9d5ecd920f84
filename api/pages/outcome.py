"""The rows of an answer as a page shows them: columns with headings; what a timeline, map or network draws. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.pages.network import Edge, Graph, Thing
from api.pages.timeline import Line
from kg.templates.model import Template
from kg.terms import split_entity_iri

Json = Mapping[str, Any]
SPAN, POINTS = ("start", "end"), ("when", "date", "signed", "issued", "edtf", "founded", "opened", "completed")
"""Keys of rows that hold a time: from and until; or once, the first of these that is there."""
ABOUT = ("status", "kind", "certainty", "role", "document", "documents", "statuses", "kinds", "class", "property")
"""Keys that say something of a row, and are no actor of it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table of answers; ``text`` says what is in it."""

    name: str
    heading: str
    text: str


def is_thing(value: Any) -> bool:
    """Whether a cell is a thing with a page of its own."""
    return isinstance(value, Mapping) and "slug" in value and value.get("kind") not in (None, "concept")


def things_of(row: Json) -> list[tuple[str, Json]]:
    """The things in a row, with the key each stands under."""
    found = []
    for key, value in row.items():
        for item in value if isinstance(value, list) else [value]:
            if is_thing(item):
                found.append((key, item))
    return found


def name_of(thing: Json) -> str:
    """What a thing is called: its label, or its slug where it has none."""
    return str(thing.get("label") or thing["slug"])


def lines(rows: Sequence[Json], asked: frozenset[str], tail: str) -> list[Line]:
    """A line for each row that has a time. ``asked``: IRIs of the things asked about, which are on all rows."""
    found = []
    for row in rows:
        times = {key: row[key] for key in (*SPAN, *POINTS) if isinstance(row.get(key), Mapping)}
        if not times:
            continue
        things = things_of(row)
        fresh = [t for key, t in things if t["id"] not in asked and key not in ABOUT] or [t for _, t in things]
        label = name_of(fresh[0]) if fresh else _plain(row)
        href = _page(row, fresh) + tail
        told = label + " · " + " – ".join(str(t.get("text") or t.get("edtf") or "…") for t in times.values())
        if SPAN[0] in times or SPAN[1] in times:
            bounds = (*_days(times.get("start")), *_days(times.get("end")))
            found.append(Line(label[:40], href, told, bounds=bounds))
        else:
            found.append(Line(label[:40], href, told, point=_days(next(iter(times.values())))))
    return found


def numbers_by_region(rows: Sequence[Json]) -> dict[str, Json]:
    """Region slug -> the row that tells of it."""
    found: dict[str, Json] = {}
    for row in rows:
        for _, thing in things_of(row):
            if thing["kind"] == "region":
                found.setdefault(thing["slug"], row)
                break
    return found


def graph(rows: Sequence[Json], asked: Sequence[Json], words: Mapping[str, str]) -> Graph:
    """The network of an answer: things of one row are joined, each to what was asked, or to the first of the row.

    ``words``: headings by key, for what joins them.
    """
    nodes: dict[str, Thing] = {t["id"]: Thing(t["kind"], t["slug"], name_of(t)) for t in asked}
    centre = list(nodes)
    edges: dict[Edge, None] = {}
    for row in rows:
        things = [(key, t) for key, t in things_of(row) if key not in ABOUT]
        for _, thing in things:
            nodes.setdefault(thing["id"], Thing(thing["kind"], thing["slug"], name_of(thing)))
        for key, thing in things:
            hubs = centre or [things[0][1]["id"]]
            for hub in hubs:
                if hub != thing["id"]:
                    said = row["kind"] if isinstance(row.get("kind"), str) else key
                    edges.setdefault(Edge(nodes[hub], nodes[thing["id"]], words.get(said, said)))
    return Graph(tuple(nodes[c] for c in centre), tuple(nodes.values()), tuple(edges))


def columns(template: Template, rows: Sequence[Json], headings: Mapping[str, str], lang: str) -> list[Column]:
    """The columns, in the order of the question; a heading that is not in the catalogue is the name itself."""
    keys = list(dict.fromkeys(key for row in rows for key in row)) if template.transform else list(template.returns)
    out = []
    for key in keys:
        told = template.returns.get(key)
        text = (told.descriptions.get(lang) or "") if told else ""
        out.append(Column(key, headings.get(key, key), text))
    return out


def _page(row: Json, things: Sequence[Json]) -> str:
    for key in ("tenure", "spell", "involvement"):  # what has the time is named by its IRI
        if isinstance(row.get(key), str) and (place := split_entity_iri(row[key])) is not None:
            return "/doc/" + "/".join(place)
    return f"/doc/{things[0]['kind']}/{things[0]['slug']}" if things else "#answer"


def _plain(row: Json) -> str:
    value = next((v for v in row.values() if isinstance(v, str | int)), "")
    return str(value)


def _days(time: Json | None) -> tuple[date | None, date | None]:
    if time is None:
        return None, None
    return _day(time.get("earliest")), _day(time.get("latest"))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
