"""Likely duplicates: new things of an import whose name or identifier a thing of the release bears already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from pyoxigraph import DefaultGraph, Literal, NamedNode

from kg.imports.preview import new_things
from kg.imports.settled import Match
from kg.kinds import KINDS
from kg.names import fold
from kg.releases.name_index import search
from kg.releases.reader import Release
from kg.store.overlay import Overlay
from kg.terms import BKG, DCT, SKOS, entity_iri, split_entity_iri

IDENTIFIERS: Final = tuple(BKG + name for name in ("wikidataId", "rorId", "geonamesId", "osmRelationId"))
"""Properties of which a value belongs to one thing alone."""
SIMILAR: Final = frozenset({"person", "organization", "post", "program", "region", "country"})
"""Kinds of which names that are nearly the same are told too; titles of documents and events are alike by custom."""
SCORE: Final = 92.0
"""Of 100, from which on another name is nearly the same (kg.matching)."""

_NAMES: Final = (SKOS + "prefLabel", SKOS + "altLabel", DCT + "title")


def duplicates(overlay: Overlay, release: Release, apart: Iterable[tuple[str, str]] = ()) -> list[Match]:
    """Each new thing with what it may be, best first. ``apart``: pairs known not to be the same."""
    known = set(apart)
    found: dict[tuple[str, str], Match] = {}
    for thing in new_things(overlay):
        for match in (*_by_identifier(thing, overlay), *_by_name(thing, overlay, release)):
            key = (match.thing, match.candidate)
            if key not in known and (key not in found or found[key].score < match.score):
                found[key] = match
    return sorted(found.values(), key=lambda m: (m.thing, -m.score, m.candidate))


def _by_identifier(thing: str, overlay: Overlay) -> Iterator[Match]:
    kind = (split_entity_iri(thing) or ("", ""))[0]
    for name in IDENTIFIERS:
        p = NamedNode(name)
        for quad in overlay.quads_for_pattern(NamedNode(thing), p, None, DefaultGraph()):
            for other in overlay.base.quads_for_pattern(None, p, quad.object, DefaultGraph()):
                iri = str(getattr(other.subject, "value", ""))
                if iri != thing and (split_entity_iri(iri) or ("", ""))[0] == kind:
                    yield Match(thing, iri, f"identifier {name.removeprefix(BKG)} {quad.object.value}", 100.0)  # type: ignore[union-attr]


def _by_name(thing: str, overlay: Overlay, release: Release) -> Iterator[Match]:
    kind = (split_entity_iri(thing) or ("", ""))[0]
    if kind not in KINDS or not KINDS[kind].named:
        return
    for name in _names(thing, overlay):
        key = fold(name)
        if not key:
            continue
        for other_kind, slug in release.projection.named(key):
            if other_kind == kind and _stays(other := entity_iri(kind, slug), overlay) and other != thing:
                yield Match(thing, other, f"name {name}", 100.0)
        if kind in SIMILAR:
            for hit in search(release.projection.rows, name, kinds=(kind,), limit=3):
                other = entity_iri(hit.kind, hit.slug)
                if hit.score >= SCORE and other != thing and _stays(other, overlay):
                    yield Match(thing, other, f"name {name}, there {hit.name}", round(min(hit.score, 99.0), 1))


def _names(thing: str, overlay: Overlay) -> list[str]:
    found: dict[str, None] = {}
    for name in _NAMES:
        values: Any = overlay.quads_for_pattern(NamedNode(thing), NamedNode(name), None, DefaultGraph())
        found.update((q.object.value, None) for q in values if isinstance(q.object, Literal))
    return list(found)


def _stays(iri: str, overlay: Overlay) -> bool:
    """Whether something is still said of it: importing again under a name may take it away."""
    return next(iter(overlay.quads_for_pattern(NamedNode(iri), None, None, DefaultGraph())), None) is not None
