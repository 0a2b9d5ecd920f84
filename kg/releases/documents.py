"""The JSON document of every thing, made from one pass over the merged graph.

A document is what ``/doc/{kind}/{slug}.json`` answers under ``data`` (docs/api.md, "Answers"), with texts
in all languages (:func:`kg.releases.terms_json.localize` picks one):

- ``id, kind, slug, labels, altLabels, types``
- ``start, end`` or ``when, completed, …`` of kinds that have them: ``{edtf, earliest, latest, texts}`` or
  null; ``disputed``
- every other property under its local name: one value where the ontology says it is functional, else a list
- ``evidence`` (what supports it, ``used`` where the resolved dates rest on it), ``discrepancies``,
  ``history`` (its dated values), ``sameAs``
- ``incoming``: ``{"tenure.member": {"total": 3, "items": […]}}``: what points here, by kind and property
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson
from pyoxigraph import DefaultGraph, Literal, NamedNode, Store

from kg.kinds import KINDS
from kg.releases.labels import Labels
from kg.releases.terms_json import Json, edtf, literal, local_name, reference
from kg.terms import BKG, DCT, ORG, OWL, PROV, RDF, SKOS, shorten, split_entity_iri

Term = NamedNode | Literal
Facts = dict[str, list[Term]]

LISTED: Final = 500
"""Most things listed in one group of ``incoming`` or ``evidence``; ``total`` is always exact."""

_SUPPORTS: Final = BKG + "supports"
_CONCERNS: Final = BKG + "concerns"
_OF: Final = BKG + "of"
_TYPE: Final = RDF + "type"
_USED: Final = PROV + "wasDerivedFrom"

# Functional in our model, by vocabularies whose owners do not say so.
_SINGLE: Final = frozenset({ORG + "member", ORG + "postIn", ORG + "organization", DCT + "publisher", DCT + "language"})
_BOUNDS: Final = {"start": "Start", "end": "End", "when": "When"}
_POINTS: Final = ("start", "end", "when", "completed", "signed", "ratified")
_ELSEWHERE: Final = frozenset(
    {_TYPE, _USED, SKOS + "prefLabel", SKOS + "altLabel", DCT + "title", OWL + "sameAs", SKOS + "exactMatch"}
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
_USE: Final = (b',"used":false}', b',"used":true}')
_REGISTRIES: Final = {
    BKG + "wikidataId": "http://www.wikidata.org/entity/{}",
    BKG + "rorId": "https://ror.org/{}",
    BKG + "geonamesId": "https://sws.geonames.org/{}/",
    BKG + "osmRelationId": "https://www.openstreetmap.org/relation/{}",
}


class Part(NamedTuple):
    """A thing as it stands in the documents of others: written once, however many it stands in."""

    text: bytes  # its core as JSON
    when: tuple[str, str, str]  # first day, last possible first day, IRI; what has no date comes last
    where: tuple[str, int, str]  # of evidence: document, first character, IRI


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged graph by subject, and who points to whom."""

    about: Mapping[str, Facts]
    incoming: Mapping[str, list[tuple[str, str]]]  # object IRI -> (predicate, subject), entities only
    labels: Labels
    functional: frozenset[str]
    parts: dict[str, Part] = field(default_factory=dict)

    def entities(self) -> Iterator[tuple[str, str, str]]:
        """``(IRI, kind, slug)`` of every thing that has a type, sorted by IRI."""
        for iri in sorted(self.about):
            parts = split_entity_iri(iri)
            if parts and parts[0] in KINDS and _TYPE in self.about[iri]:
                yield iri, *parts


def read_merged(store: Store) -> Merged:
    """One pass over the default graph. Order of values is settled here, so documents are the same each time.

    Every IRI and literal is held once, however often it stands in the graph: most of the memory is theirs.
    """
    about: dict[str, Facts] = {}
    incoming: dict[str, list[tuple[str, str]]] = defaultdict(list)
    shared: dict[Term, Term] = {}
    names: dict[str, str] = {}
    things: dict[str, bool] = {}
    for s, p, o, _ in store.quads_for_pattern(None, None, None, DefaultGraph()):
        if not isinstance(s, NamedNode) or not isinstance(o, NamedNode | Literal):
            continue
        subject, predicate = names.setdefault(s.value, s.value), names.setdefault(p.value, p.value)
        if (facts := about.get(subject)) is None:
            facts = about[subject] = {}
            things[subject] = split_entity_iri(subject) is not None
        facts.setdefault(predicate, []).append(shared.setdefault(o, o))
        if isinstance(o, NamedNode) and things[subject] and predicate not in (_TYPE, _USED):
            incoming[names.setdefault(o.value, o.value)].append((predicate, subject))
    for facts in about.values():
        for values in facts.values():
            if len(values) > 1:
                values.sort(key=str)
    functional = {
        iri for iri, facts in about.items() if any(t.value == OWL + "FunctionalProperty" for t in facts.get(_TYPE, ()))
    }
    return Merged(about, incoming, Labels(about), frozenset(functional) | _SINGLE)


def document(merged: Merged, iri: str) -> str:
    """The whole document of a thing, as JSON."""
    facts = merged.about[iri]
    used = {t.value for t in facts.get(_USED, ())}
    groups: dict[str, list[str]] = defaultdict(list)
    for predicate, subject in merged.incoming.get(iri, ()):
        kind = split_entity_iri(subject)
        if kind and subject != iri:
            groups[_group(kind[0], predicate)].append(subject)
    evidence = sorted((part(merged, e) for e in groups.pop("evidence.supports", ())), key=_place)
    discrepancies = (part(merged, d).text for d in sorted(set(groups.pop("discrepancy.concerns", ()))))
    history = _listed(merged, groups.pop("spell.of", ()), None)
    about = {"types": types(merged, iri), "altLabels": alt_labels(merged, iri), "sameAs": _same_as(facts)}
    incoming = (
        b'%s:{"total":%d,"items":%s}' % (dump(name), len(subjects), _listed(merged, subjects, LISTED))
        for name, subjects in sorted(groups.items())
    )
    return b"".join(
        (
            *(part(merged, iri).text[:-1], b",", dump(about)[1:-1]),
            *(b',"evidence":', _array(e.text[:-1] + _USE[e.where[2] in used] for e in evidence)),
            *(b',"discrepancies":', _array(discrepancies)),
            *(b',"history":', history),
            *(b',"incoming":{', b",".join(incoming), b"}}"),
        )
    ).decode()


def types(merged: Merged, iri: str) -> list[Json]:
    """The classes of a thing: ``{id, name, labels}``."""
    classes = [t.value for t in merged.about[iri].get(_TYPE, ())]
    return [{"id": cls, "name": shorten(cls), "labels": merged.labels.of(cls)} for cls in classes]


def dump(value: Any) -> bytes:
    """JSON as the projection holds it."""
    return orjson.dumps(value)


def part(merged: Merged, iri: str) -> Part:
    """:func:`core` of a thing as JSON, with what lists of such are sorted by; made once."""
    if (made := merged.parts.get(iri)) is not None:
        return made
    item = core(merged, iri)
    when = item.get("start") or item.get("when") or {}
    days = (when.get("earliest") or when.get("latest") or "~", when.get("latest") or "~", iri)
    source = item["inDocument"]["id"] if item.get("inDocument") else ""
    text = bytes(memoryview(dump(item)))  # a copy: orjson leaves much room behind what it returns
    return merged.parts.setdefault(iri, Part(text, days, (source, item.get("charStart") or 0, iri)))


def core(merged: Merged, iri: str) -> Json:
    """A thing and its own properties, without what points to it."""
    facts = merged.about.get(iri, {})
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


def _group(kind: str, predicate: str) -> str:
    return f"{kind}.{local_name(predicate)}"


def _listed(merged: Merged, subjects: Iterable[str], limit: int | None) -> bytes:
    items = sorted((part(merged, s) for s in subjects), key=_days)
    return _array(item.text for item in items[:limit])


def _days(item: Part) -> tuple[str, str, str]:
    return item.when


def _place(item: Part) -> tuple[str, int, str]:
    return item.where


def _array(items: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


def alt_labels(merged: Merged, iri: str) -> dict[str, list[str]]:
    """Language to other names of a thing."""
    out: dict[str, list[str]] = defaultdict(list)
    for value in merged.about[iri].get(SKOS + "altLabel", ()):
        if isinstance(value, Literal):
            out[value.language or "und"].append(value.value)
    return dict(out)


def _same_as(facts: Facts) -> list[str]:
    links = {t.value for p in (OWL + "sameAs", SKOS + "exactMatch") for t in facts.get(p, ())}
    links |= {form.format(t.value) for p, form in _REGISTRIES.items() for t in facts.get(p, ())}
    return sorted(links)
