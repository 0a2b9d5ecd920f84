"""How well each kind and class of things is covered: names, dates, evidence, identifiers, doubtful sources.

Counted when a release is projected, never written by hand and never counted when asked (docs/coverage.md says what each
measure means). Each thing tells its own traits, so a change changes the numbers by what its things told and tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from kg.kinds import KINDS, Kind
from kg.releases.documents import core
from kg.releases.merged import TYPE, Merged
from kg.releases.terms_json import Json
from kg.terms import BKG, DCT, LANGUAGES, RDFS, SKOS, concept_iri, shorten

PRECISIONS: Final = ("day", "month", "year", "wider", "unknown")
_WITHIN: Final = (("day", 1), ("month", 31), ("year", 366))  # days from the earliest to the latest, both counted
_DATES: Final = ("start", "when", "signed", "issued")
"""Properties that say since when a thing is there, or when it was; of several the most precise one counts."""

IDENTIFIERS: Final[Mapping[str, tuple[str, ...]]] = {
    "wikidata": (BKG + "wikidataId",),
    "ror": (BKG + "rorId",),
    "iso": (BKG + "alpha2", BKG + "iso31662"),
    "geonames": (BKG + "geonamesId",),
    "osm": (BKG + "osmRelationId",),
}
_REGISTERED: Final = frozenset({"person", "organization", "region", "country"})
"""Kinds that registers list, so that a missing identifier is a gap."""
_SAID: Final = frozenset({"evidence", "discrepancy"})
"""Kinds that are themselves what is said of other things: nothing supports them."""
_SOURCE: Final = "document"
"""A source has a title in its own language and need not be spoken of by another."""


@dataclass(frozen=True, slots=True)
class Row:
    """A kind (``cls`` is its class) or one of its classes; a measure that is not expected there is None.

    ``names`` by language, ``dates`` by precision, ``identifiers`` by register (``any``: at least one): numbers of
    things. ``open``: open discrepancies that concern them. ``completeness``: mean of the expected shares, from 0 to 1.
    """

    kind: str
    cls: str
    count: int
    names: Mapping[str, int] | None
    dates: Mapping[str, int] | None
    evidence: int | None
    identifiers: Mapping[str, int] | None
    secondary: int | None
    open: int
    disputed: int | None
    completeness: Fraction | None

    @property
    def whole(self) -> bool:
        """Whether it is the row of the kind itself."""
        return self.cls == KINDS[self.kind].cls

    def as_json(self, labels: Mapping[str, str]) -> Json:
        """As stored and answered; ``labels`` are those of the class. Shares are of ``count``, null where it is 0."""

        def measure(n: int | None) -> Json | None:
            return None if n is None else {"count": n, "share": round(n / self.count, 4) if self.count else None}

        def group(numbers: Mapping[str, int] | None) -> Json | None:
            return None if numbers is None else {name: measure(n) for name, n in numbers.items()}

        known = None if self.completeness is None else round(float(self.completeness), 4)
        return {
            "kind": self.kind,
            "class": {"id": self.cls, "name": shorten(self.cls), "labels": dict(labels)},
            "whole": self.whole,
            "count": self.count,
            "completeness": known,
            "names": group(self.names),
            "dates": group(self.dates),
            "evidence": measure(self.evidence),
            "identifiers": group(self.identifiers),
            "secondaryOnly": measure(self.secondary),
            "openDiscrepancies": self.open,
            "disputed": measure(self.disputed),
        }


Numbers = Mapping[tuple[str, str], Counter[str]]
"""Kind and class to the number of things with each trait, ``open``: of open discrepancies that concern them."""


def coverage(numbers: Numbers) -> Iterator[Row]:
    """Rows in the order in which they are shown: the thinnest kind first, under it its classes, thinnest first.

    Thin is what has a small ``completeness``; what has none comes last, and of equals the order of the kinds, then
    the class, decides. A kind of which there is nothing is the thinnest of all. Classes that every thing of a kind has
    by definition are left out: they would say the same again.
    """
    by_kind: dict[str, list[Row]] = {name: [] for name in KINDS}
    for (kind, cls), counted in numbers.items():
        if counted["count"]:
            by_kind[kind].append(_row(KINDS[kind], cls, counted))
    found = []
    for kind, rows in by_kind.items():
        whole = next((r for r in rows if r.whole), None) or _row(KINDS[kind], KINDS[kind].cls, Counter())
        found.append((whole, sorted((r for r in rows if not r.whole), key=_thin)))
    for whole, classes in sorted(found, key=lambda pair: (*_thin(pair[0])[:2], list(KINDS).index(pair[0].kind))):
        yield whole
        yield from classes


def _thin(row: Row) -> tuple[bool, Fraction, str]:
    return row.completeness is None, row.completeness or Fraction(0), row.cls


@dataclass(frozen=True, slots=True)
class Teller:
    """What things of a graph add to the numbers. ``above``: kind to the superclasses of its class."""

    merged: Merged
    above: Mapping[str, frozenset[str]]

    def thing(self, iri: str) -> Iterator[tuple[str, str, str]]:
        """``(kind, class, trait)`` of a thing."""
        if (place := self.merged.thing(iri)) is not None:
            traits = self._traits(iri, place[0])
            for kind, cls in self._places(iri):
                for trait in traits:
                    yield kind, cls, trait

    def discrepancy(self, iri: str) -> Iterator[tuple[str, str, str]]:
        """The same of a discrepancy that is not settled: once for each class of things that it concerns."""
        facts = self.merged.facts(iri)
        settled = concept_iri("discrepancy-status", "settled")
        if all(s.value != settled for s in facts.get(BKG + "discrepancyStatus", ())):
            for kind, cls in {p for thing in facts.get(BKG + "concerns", ()) for p in self._places(thing.value)}:
                yield kind, cls, "open"

    def _places(self, iri: str) -> set[tuple[str, str]]:
        place = self.merged.thing(iri)
        if place is None:
            return set()
        kind = place[0]
        classes = {KINDS[kind].cls, *(t.value for t in self.merged.facts(iri)[TYPE])} - self.above[kind]
        return {(kind, cls) for cls in classes}

    def _traits(self, iri: str, kind: str) -> list[str]:
        traits = _traits(self.merged, iri, kind)
        if (firm := _firm(self.merged, iri)) is not None:
            traits += ["evidence"] if firm else ["evidence", "secondary"]
        facts, dated = self.merged.facts(iri), _dated(self.merged, iri)
        has = [r for r, ps in IDENTIFIERS.items() if not facts.keys().isdisjoint(ps) or not dated.isdisjoint(ps)]
        return [*traits, *(["id.any"] if has else []), *(f"id.{r}" for r in has)]


def teller(merged: Merged) -> Teller:
    return Teller(merged, {name: frozenset(_above(merged, kind.cls)) for name, kind in KINDS.items()})


def count(merged: Merged) -> dict[tuple[str, str], Counter[str]]:
    """The numbers of a whole graph."""
    out: dict[tuple[str, str], Counter[str]] = {}
    tell = teller(merged)
    for iri in merged.about:
        for kind, cls, trait in (*tell.thing(iri), *tell.discrepancy(iri)):
            out.setdefault((kind, cls), Counter())[trait] += 1
    return out


def _traits(merged: Merged, iri: str, kind: str) -> list[str]:
    """What can be told of a thing by its own statements."""
    facts = merged.facts(iri)
    names = facts.get(DCT + "title" if kind == _SOURCE else SKOS + "prefLabel", ())
    spoken = {getattr(name, "language", None) for name in names}
    traits = ["count", *(f"name.{lang}" for lang in LANGUAGES if lang in spoken)]
    if dated := _dates_of(KINDS[kind]):
        known = core(merged, iri)
        traits.append("date." + min((precision(known.get(name)) for name in dated), key=PRECISIONS.index))
    if facts.get(BKG + "disputed"):
        traits.append("disputed")
    return traits


def precision(value: Any) -> str:
    """How precisely a resolved date (``{edtf, earliest, latest}``, a list of them, or None) is known.

    ``day``, ``month`` or ``year``: its bounds lie within 1, 31 or 366 days; ``wider``: further apart, or a source
    states a date that is open on one side; ``unknown``: no source states it and one bound at least is missing.
    """
    if isinstance(value, list):
        return min(map(precision, value), key=PRECISIONS.index, default="unknown")
    if not isinstance(value, dict):
        return "unknown"
    if value.get("earliest") and value.get("latest"):
        days = (date.fromisoformat(value["latest"]) - date.fromisoformat(value["earliest"])).days + 1
        return next((name for name, most in _WITHIN if days <= most), "wider")
    return "wider" if value.get("edtf") else "unknown"


def _dates_of(kind: Kind) -> tuple[str, ...]:
    return ("issued",) if kind.name == _SOURCE else tuple(name for name in _DATES if name in kind.dated)


def _firm(merged: Merged, iri: str) -> bool | None:
    """Whether evidence in force supports a thing in a document that is not secondary; None where there is none."""
    secondary, deprecated = concept_iri("tier", "secondary"), concept_iri("rank", "deprecated")
    found: bool | None = None
    for evidence in merged.pointing(iri, BKG + "supports"):
        facts = merged.facts(evidence)
        if any(r.value == deprecated for r in facts.get(BKG + "rank", ())):
            continue
        tiers = [
            any(t.value == secondary for t in merged.facts(d.value).get(BKG + "tier", ()))
            for d in facts.get(BKG + "inDocument", ())
        ]
        if not (tiers and all(tiers)):
            return True
        found = False
    return found


def _dated(merged: Merged, iri: str) -> set[str]:
    """Properties of which a thing has dated values: codes of regions change."""
    spells = merged.pointing(iri, BKG + "of")
    return {p.value for spell in spells for p in merged.facts(spell).get(BKG + "property", ())}


def _above(merged: Merged, cls: str) -> set[str]:
    """All superclasses of a class, by the ontology of the release."""
    seen: set[str] = set()
    todo = [cls]
    while todo:
        for above in merged.facts(todo.pop()).get(RDFS + "subClassOf", ()):
            if above.value not in seen and above.value != cls:
                seen.add(above.value)
                todo.append(above.value)
    return seen


def _row(kind: Kind, cls: str, n: Counter[str]) -> Row:
    total, supported = n["count"], kind.name not in _SAID
    names = {lang: n[f"name.{lang}"] for lang in LANGUAGES} if kind.named else None
    dates = {name: n[f"date.{name}"] for name in PRECISIONS} if _dates_of(kind) else None
    identifiers = {name: n[f"id.{name}"] for name in ("any", *IDENTIFIERS)} if kind.named else None
    expected: list[Fraction | int] = []  # for each measure that is expected here, how many things have it
    if names is not None and kind.name != _SOURCE:
        expected.append(Fraction(sum(names.values()), len(LANGUAGES)))
    if dates is not None:
        expected.append(total - dates["unknown"])
    if supported and kind.name != _SOURCE:
        expected += [n["evidence"], n["evidence"] - n["secondary"]]
    if identifiers is not None and kind.name in _REGISTERED:
        expected.append(identifiers["any"])
    return Row(
        kind=kind.name,
        cls=cls,
        count=total,
        names=names,
        dates=dates,
        evidence=n["evidence"] if supported else None,
        identifiers=identifiers,
        secondary=n["secondary"] if supported else None,
        open=n["open"],
        disputed=n["disputed"] if kind.dated else None,
        completeness=Fraction(sum(expected), len(expected) * (total or 1)) if expected else None,
    )


def percent(share: float | None) -> str:
    """A share in whole per cent for people; what is not quite all is never 100 %, what is something never 0 %."""
    if share is None:
        return "–"
    return f"{min(max(round(share * 100), 1 if share else 0), 99 if share < 1 else 100)} %"
