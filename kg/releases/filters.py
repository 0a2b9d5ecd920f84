"""What lists and paths are found by: the dates of each thing, the values it can be filtered by, who meets whom where.

Four tables of the projection; rows are told thing by thing:

- ``spans(kind, slug, es, ls, ee, le, start, end, point)``: bounds and EDTF of start and end; ``point`` is the EDTF of
  what happens once (``when``, else ``signed``, else ``issued``), its first and last day then stand in ``es`` and ``le``
  where the thing has no start and end;
- ``list_facets(kind, facet, value, slug)``: each value of a list, region or country that a thing has, and its classes;
- ``edges(kind, slug, other_kind, other_slug, via_kind, via_slug)``: two things that a tenure, participation or
  involvement joins, or that one of them names itself (a party, a body above, a change), in both directions;
- ``sources(slug, evidence, things, alone)``: of each document how many pieces of evidence it gives, of how many things,
  and of how many it is the only source.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyoxigraph import NamedNode

from kg.kinds import KINDS
from kg.releases.merged import TYPE, Facts, Merged
from kg.releases.tables import Row
from kg.releases.terms_json import edtf, local_name
from kg.terms import BKG, LIST, ORG, PROV, split_entity_iri

_POINTS: Final = tuple(f"{BKG}{name}Edtf" for name in ("when", "signed", "issued"))
_BOUNDS: Final = tuple(BKG + name for name in ("earliestStart", "latestStart", "earliestEnd", "latestEnd"))
_PLACES: Final = frozenset({BKG + "inRegion", BKG + "inCountry"})
_EVERYWHERE: Final = frozenset({PROV + "Entity"})  # what says nothing of a thing
_TENURE: Final = (ORG + "member", BKG + "post", ORG + "organization")
_JOINS: Final = {
    "tenure": (_TENURE[:2], (_TENURE[0], _TENURE[2])),
    "participation": ((BKG + "participant", BKG + "event"),),
    "involvement": ((BKG + "agent", BKG + "program"),),
}
"""Things that only join others: the properties of each pair that they join."""
_NAMED: Final = {
    "agreement": (BKG + "party", BKG + "signatory"),
    "change": (BKG + "before", BKG + "after"),
    "organization": (ORG + "subOrganizationOf",),
    "post": (ORG + "postIn",),
    "event": (BKG + "partOf",),
}
"""Things that name those they have to do with themselves."""

HELD: Final = _TENURE[0]
"""Who stands in a tenure; the bodies of tenures are told of the person."""


def spans(merged: Merged, iri: str, kind: str, slug: str) -> Iterator[Row]:
    """The row of ``spans`` of a thing; none if it has no date."""
    facts = merged.facts(iri)
    es, ls, ee, le = (_first(facts, name) for name in _BOUNDS)
    start, end = (_first(facts, f"{BKG}{name}Edtf") for name in ("start", "end"))
    point = next((text for name in _POINTS if (text := _first(facts, name))), None)
    if point and not any((es, ls, ee, le)):
        hull = edtf(point)
        es, le = hull["earliest"], hull["latest"]
    if any((es, ls, ee, le, start, end, point)):
        yield kind, slug, es, ls, ee, le, start, end, point


def facets(merged: Merged, iri: str, kind: str, slug: str) -> Iterator[Row]:
    """Rows of ``list_facets``. Of a person also the bodies in which posts were held."""
    found = set()
    for predicate, values in merged.facts(iri).items():
        if predicate == TYPE:
            own = KINDS[kind].cls
            found |= {("class", v.value) for v in values if v.value != own and v.value not in _EVERYWHERE}
        elif predicate in _PLACES:
            found |= {(local_name(predicate), v.value) for v in values}
        else:
            lists = {v.value for v in values if isinstance(v, NamedNode) and v.value.startswith(LIST)}
            found |= {(local_name(predicate), value) for value in lists}
    if kind == "person":
        tenures = merged.pointing(iri, HELD)
        found |= {("organization", v.value) for t in tenures for v in merged.facts(t).get(_TENURE[2], ())}
    for facet, value in found:
        yield kind, facet, value, slug


def edges(merged: Merged, iri: str, kind: str, slug: str) -> Iterator[Row]:
    """Rows of ``edges`` that a thing joins, each pair in both directions."""
    facts = merged.facts(iri)
    for one, other in _JOINS.get(kind, ()):
        for a in _things(facts, one):
            for b in _things(facts, other):
                yield from ((*a, *b, kind, slug), (*b, *a, kind, slug))
    for predicate in _NAMED.get(kind, ()):
        for a in _things(facts, predicate):
            yield from ((*a, kind, slug, kind, slug), (kind, slug, *a, kind, slug))


def source(merged: Merged, iri: str, slug: str) -> Row:
    """The row of ``sources`` of a document: reads all its evidence."""
    given = merged.pointing(iri, BKG + "inDocument")
    things = {thing.value for piece in given for thing in merged.facts(piece).get(BKG + "supports", ())}
    return slug, len(given), len(things), len(merged.pointing(iri, BKG + "singleSource"))


def _things(facts: Facts, predicate: str) -> list[tuple[str, str]]:
    return [parts for v in facts.get(predicate, ()) if (parts := split_entity_iri(v.value)) is not None]


def _first(facts: Facts, predicate: str) -> str | None:
    values = facts.get(predicate)
    return values[0].value if values else None
