"""The JSON document of every thing: what it says of itself and who points to it, kept apart, put together when read.

A document is what ``/doc/{kind}/{slug}.json`` answers under ``data`` (docs/api.md, "Answers"), with texts
in all languages (:func:`kg.releases.terms_json.localize` picks one):

- ``id, kind, slug, labels, altLabels, types``
- ``start, end`` or ``when, completed, …`` of kinds that have them: ``{edtf, earliest, latest, texts}`` or
  null; ``disputed``
- every other property under its local name: one value where the ontology says it is functional, else a list
- ``evidence`` (what supports it, ``used`` where the resolved dates rest on it), ``discrepancies``,
  ``history`` (its dated values), ``sameAs``
- ``incoming``: ``{"tenure.member": {"total": 3, "items": […]}}``: what points here, by kind and property

In the projection a thing is written once (``cores``), however many documents it stands in, and who stands in which
document is a row of its own (``members``): a new thing adds its rows, and the documents of what it names stay as they
are. What ``core`` and ``own`` give of a thing rests on its own statements and on the labels of what it names.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import orjson
from pyoxigraph import Literal, NamedNode

from kg.kinds import KINDS
from kg.releases.merged import TYPE, Facts, Merged, Term
from kg.releases.tables import Row
from kg.releases.terms_json import Json, edtf, literal, local_name, reference
from kg.terms import BKG, DCT, OWL, PROV, SKOS, entity_iri, shorten, split_entity_iri

LISTED: Final = 500
"""Most things listed in one group of ``incoming``; ``total`` is always exact."""

EVIDENCE: Final = "evidence.supports"
DISCREPANCIES: Final = "discrepancy.concerns"
HISTORY: Final = "spell.of"
"""The groups that a document shows under names of their own."""

WHOLE: Final = frozenset({EVIDENCE, DISCREPANCIES, HISTORY})
"""Those: all of them are listed."""

Listed = tuple[str, str]
"""Slug and core of a thing that stands in a document."""

_USED: Final = PROV + "wasDerivedFrom"
_BOUNDS: Final = {"start": "Start", "end": "End", "when": "When"}
_POINTS: Final = ("start", "end", "when", "completed", "signed", "ratified")
_ELSEWHERE: Final = frozenset(
    {TYPE, _USED, SKOS + "prefLabel", SKOS + "altLabel", DCT + "title", OWL + "sameAs", SKOS + "exactMatch"}
    | {
        BKG + name
        for name in (
            *("disputed", "singleSource", "singleSourced", "secondaryOnly", "whollySecondary", "lacksName"),
            "partyCountry",
        )
    }
    | {f"{BKG}{name}Edtf" for name in _POINTS}
    | {f"{BKG}{side}{bound}" for side in ("earliest", "latest") for bound in _BOUNDS.values()}
)
_REGISTRIES: Final = {
    BKG + "wikidataId": "http://www.wikidata.org/entity/{}",
    BKG + "rorId": "https://ror.org/{}",
    BKG + "geonamesId": "https://sws.geonames.org/{}/",
    BKG + "osmRelationId": "https://www.openstreetmap.org/relation/{}",
}


def rows(merged: Merged, iri: str) -> Iterator[tuple[str, Row]]:
    """The rows of ``cores`` and ``members`` of a name of ours, and of ``documents`` if it is a thing: (table, row)."""
    parts = split_entity_iri(iri)
    if parts is None or not merged.facts(iri):
        return
    item = core(merged, iri)
    yield "cores", (*parts, dump(item).decode())
    for row in _memberships(merged, iri, item):
        yield "members", row
    if merged.thing(iri) is not None:
        facts = merged.facts(iri)
        used = dump(sorted(t.value for t in facts.get(_USED, ()))).decode()
        weight = sum(map(len, facts.values()))
        yield "documents", (*parts, iri, weight, dump(own(merged, iri)).decode(), used)


def own(merged: Merged, iri: str) -> Json:
    """``types``, ``altLabels`` and ``sameAs`` of a thing."""
    about = {"types": types(merged, iri), "altLabels": alt_labels(merged, iri)}
    return {**about, "sameAs": _same_as(merged.facts(iri))}


def _memberships(merged: Merged, iri: str, item: Json) -> Iterator[Row]:
    """In which documents a thing stands: ``(kind, slug, group, order, order, own slug, number)``."""
    parts = split_entity_iri(iri)
    assert parts is not None
    kind, slug = parts
    when = item.get("start") or item.get("when") or {}
    days = (when.get("earliest") or when.get("latest") or "~", when.get("latest") or "~")
    document, begin = _one(item.get("inDocument")), _one(item.get("charStart"))
    place = (document["id"] if isinstance(document, dict) else "", begin if isinstance(begin, int) else 0)
    seen: Counter[tuple[str, str]] = Counter()  # two vocabularies may have a property of one name
    for predicate, values in merged.facts(iri).items():
        if predicate in (TYPE, _USED):
            continue
        group = f"{kind}.{local_name(predicate)}"
        order: tuple[Any, Any] = {EVIDENCE: place, DISCREPANCIES: ("", "")}.get(group, days)
        for value in values:
            target = split_entity_iri(value.value) if isinstance(value, NamedNode) and value.value != iri else None
            if target is not None:
                yield *target, group, *order, slug, seen[group, value.value]
                seen[group, value.value] += 1


def _one(value: Any) -> Any:
    return (value[0] if value else None) if isinstance(value, list) else value


def together(core_: str, about: str, used: str, groups: Mapping[str, tuple[int, list[Listed]]]) -> str:
    """The text of a document from its parts. ``groups``: name to how many there are, and those listed."""
    by = set(orjson.loads(used))
    left = dict(groups)
    _, evidence = left.pop(EVIDENCE, (0, []))
    _, discrepancies = left.pop(DISCREPANCIES, (0, []))
    _, history = left.pop(HISTORY, (0, []))
    told = (
        f'{text[:-1]},"used":{"true" if entity_iri("evidence", slug) in by else "false"}}}' for slug, text in evidence
    )
    incoming = (
        f'{dump(name).decode()}:{{"total":{total},"items":{_listed(items)}}}'
        for name, (total, items) in sorted(left.items())
    )
    return "".join(
        (
            *(core_[:-1], ",", about[1:-1], ',"evidence":', _array(told)),
            *(',"discrepancies":', _listed(discrepancies), ',"history":', _listed(history)),
            *(',"incoming":{', ",".join(incoming), "}}"),
        )
    )


def types(merged: Merged, iri: str) -> list[Json]:
    """The classes of a thing: ``{id, name, labels}``."""
    classes = [t.value for t in merged.facts(iri).get(TYPE, ())]
    return [{"id": cls, "name": shorten(cls), "labels": merged.labels.of(cls)} for cls in classes]


def dump(value: Any) -> bytes:
    """JSON as the projection holds it."""
    return orjson.dumps(value)


def core(merged: Merged, iri: str) -> Json:
    """A thing and its own properties, without what points to it."""
    facts = merged.facts(iri)
    out = reference(iri, merged.labels.of(iri))
    dated = KINDS[out["kind"]].dated if out.get("kind") in KINDS else ()
    for name in dated:
        out[name] = _dated(facts, name)
    if dated:
        out["disputed"] = bool(facts.get(BKG + "disputed"))
    for predicate in sorted(facts):
        if predicate not in _ELSEWHERE:
            values = [json_value(merged, v) for v in facts[predicate]]
            key = local_name(predicate)
            key = key.removesuffix("Edtf") if predicate.startswith(BKG) else key
            out[key] = values[0] if predicate in merged.functional and len(values) == 1 else values
    return out


def json_value(merged: Merged, term: Term) -> Any:
    """A value of a property as JSON: a reference with its labels, or a literal by its datatype."""
    return reference(term.value, merged.labels.of(term.value)) if isinstance(term, NamedNode) else literal(term)


def _dated(facts: Facts, name: str) -> Json | None:
    text = _first(facts, f"{BKG}{name}Edtf")
    bound = _BOUNDS.get(name)
    days = [_first(facts, f"{BKG}{side}{bound}") if bound else None for side in ("earliest", "latest")]
    return edtf(text, *days) if text or any(days) else None


def _first(facts: Facts, predicate: str) -> str | None:
    values = facts.get(predicate)
    return values[0].value if values else None


def _listed(items: Iterable[Listed]) -> str:
    return _array(text for _, text in items)


def _array(items: Iterable[str]) -> str:
    return f"[{','.join(items)}]"


def alt_labels(merged: Merged, iri: str) -> dict[str, list[str]]:
    """Language to other names of a thing."""
    out: dict[str, list[str]] = defaultdict(list)
    for value in merged.facts(iri).get(SKOS + "altLabel", ()):
        if isinstance(value, Literal):
            out[value.language or "und"].append(value.value)
    return dict(out)


def _same_as(facts: Facts) -> list[str]:
    links = {t.value for p in (OWL + "sameAs", SKOS + "exactMatch") for t in facts.get(p, ())}
    links |= {form.format(t.value) for p, form in _REGISTRIES.items() for t in facts.get(p, ())}
    return sorted(links)
