"""What the page of a thing shows, worked out of its document. Pure but for the labels it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from api.pages.terms import term_page
from kg import dates
from kg.findings import Texts
from kg.kinds import KINDS
from kg.names import pick_label
from kg.releases.reader import Release
from kg.releases.terms_json import Json, local_name, localize
from kg.terms import BKG, DCT, FOAF, LANGUAGES, ORG, PROV, RDF, RDFS, SKOS

POINTS = ("start", "end", "when", "completed", "signed", "ratified")
# Keys with a place of their own on the page; all others are facts.
ELSEWHERE = frozenset(
    {"id", "kind", "slug", "labels", "label", "labelLang", "altLabels", "types", "disputed", "sameAs"}
    | {"evidence", "discrepancies", "history", "incoming"}
)
NAMESPACES = (BKG, ORG, DCT, SKOS, FOAF, PROV, RDFS, RDF)


def thing_page(
    document: Json, release: Release, on: date, lang: str, clang: str, texts: Mapping[str, Texts]
) -> dict[str, Any]:
    """Values for ``thing.html``: names, facts, timeline, related, evidence, discrepancies, ids, certainty."""
    thing = localize(document, clang)
    terms = _Terms(release, lang, texts)
    timeline, related = _lines(thing, terms)
    kind = KINDS[document["kind"]]
    return {
        "thing": thing,
        "kind": kind,
        "names": [(code, document["labels"].get(code), document["altLabels"].get(code, [])) for code in LANGUAGES],
        "facts": [
            (terms.label(key), terms.page(key), _values(value)) for key, value in thing.items() if key not in ELSEWHERE
        ],
        "types": [terms.own(t) for t in document["types"]],
        "on": on.isoformat(),
        "certainty": certainty(document, on),
        "timeline": timeline,
        "related": related,
        "evidence": [_evidence(item, terms) for item in thing["evidence"]],
        "discrepancies": thing["discrepancies"],
    }


def certainty(document: Mapping[str, Any], on: date) -> str | None:
    """``certain``, ``possible`` or ``no``: whether the thing was in force that day; None where it has no time."""
    kind = KINDS[document["kind"]]
    if "start" in kind.dated:
        start, end = document.get("start") or {}, document.get("end") or {}
        return dates.as_of(
            _day(start.get("earliest")),
            _day(start.get("latest")),
            _day(end.get("earliest")),
            _day(end.get("latest")),
            on,
        )
    when = (document.get("when") or {}).get("edtf")
    return dates.when_on(when, on) if when else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


class _Terms:
    """Names of properties and classes in the language of the interface.

    Those of vocabularies that we only reuse are not in our ontology: ``term.*`` of the page texts names them.
    """

    def __init__(self, release: Release, lang: str, texts: Mapping[str, Texts]) -> None:
        self._release = release
        self._texts = texts
        self._lang = lang
        self._made: dict[str, str] = {}
        self._pages: dict[str, str | None] = {}

    def label(self, key: str) -> str:
        """The name of the property that stands in JSON under this key."""
        if key not in self._made:
            iris = [space + name for name in (key, key + "Edtf") for space in NAMESPACES]
            labels = self._release.projection.labels(iris)
            declared = next((iri for iri in iris if iri in labels), None)
            found = labels[declared] if declared else self._texts.get(f"term.{key}")
            self._made[key] = self._pick(found) or key
            self._pages[key] = term_page(declared) if declared else None
        return self._made[key]

    def page(self, key: str) -> str | None:
        """The address of the page of that property, None where the release does not declare it."""
        self.label(key)
        return self._pages[key]

    def own(self, reference: Json) -> Json:
        """A reference with its label in the language of the interface."""
        return {**reference, "label": self._pick(reference.get("labels")) or reference.get("name") or reference["id"]}

    def group(self, name: str) -> str:
        """The heading of a group of ``incoming``: ``tenure.member``."""
        kind, _, key = name.partition(".")
        plural = KINDS[kind].plurals.get(self._lang, kind) if kind in KINDS else kind
        return f"{plural[:1].upper()}{plural[1:]} ({self.label(key)})"

    def _pick(self, labels: Mapping[str, str] | None) -> str | None:
        picked = pick_label(labels, self._lang) if labels else None
        return picked[0] if picked else None


def _lines(thing: Json, terms: _Terms) -> tuple[list[Json], list[Json]]:
    """What has a time, in its order; and what has none, by group."""
    timeline: list[Json] = []
    related: list[Json] = []
    for item in thing["history"]:
        timeline.append({**_timed(item), "group": terms.group("spell.of")})
    for name, group in thing["incoming"].items():
        rest = []
        for item in group["items"]:
            if any(item.get(point) for point in POINTS):
                timeline.append({**_timed(item), "group": terms.group(name)})
            else:
                rest.append(item)
        if rest or group["total"] > len(group["items"]):
            related.append(
                {"heading": terms.group(name), "items": rest, "shown": len(group["items"]), "total": group["total"]}
            )
    timeline.sort(key=lambda line: line["order"])
    return timeline, related


def _timed(item: Json) -> Json:
    start, end, when = item.get("start"), item.get("end"), item.get("when")
    first = start or when or {}
    return {
        "item": item,
        "start": start,
        "end": end,
        "when": when,
        "open": when is None and (not start or not end or not start.get("latest") or not end.get("earliest")),
        "order": (first.get("earliest") or first.get("latest") or "~", item["id"]),
    }


def _values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _evidence(item: Json, terms: _Terms) -> Json:
    properties = [p["id"] for p in _values(item.get("onProperty") or []) if isinstance(p, dict)]
    keys = [local_name(iri) for iri in properties]
    names = [(terms.label(key), terms.page(key)) for key in keys]
    return {**item, "properties": names, "says": _first(item.get("states")), "held": _first(item.get("attests"))}


def _first(value: Any) -> Any:
    found: Iterator[Any] = iter(_values(value)) if value is not None else iter(())
    return next(found, None)
