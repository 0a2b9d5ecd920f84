"""What the page of a thing shows, worked out of its document. Pure but for what it looks up in the projection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import orjson
from markupsafe import Markup

from api.pages import schema_org
from api.pages.markup import Text, Writer
from api.pages.relations import Relations, certainty_of, wanted_spans
from api.pages.terms import term_page
from api.pages.timeline import draw
from kg import dates
from kg.findings import Texts
from kg.kinds import KINDS
from kg.names import pick_label
from kg.releases.lookups import Span, spans
from kg.releases.reader import Release
from kg.releases.terms_json import Json, local_name
from kg.terms import BKG, DCT, FOAF, GRAPH_ONTOLOGY, LANGUAGES, ORG, PROV, RDF, RDFS, SKOS

# Keys with a place of their own on the page; all others are facts.
ELSEWHERE: Final = frozenset(
    {"id", "kind", "slug", "labels", "altLabels", "types", "disputed", "sameAs"}
    | {"evidence", "discrepancies", "history", "incoming"}
)
NAMESPACES: Final = (BKG, ORG, DCT, SKOS, FOAF, PROV, RDFS, RDF)
EVIDENCE_SHOWN: Final = 150
"""Pieces of evidence on a page, about 60 kB of HTML; the page says how many there are and where all of them stand."""
SUPPORTED_SHOWN: Final = 200
_REGISTERS: Final = (
    ("wikidata.org/entity/", "Wikidata"),
    ("ror.org/", "ROR"),
    ("geonames.org/", "GeoNames"),
    ("openstreetmap.org/", "OpenStreetMap"),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a page is to be written: for which day, in which languages, with which texts, under which address."""

    on: date
    lang: str
    clang: str
    t: Text
    texts: Mapping[str, Texts]
    address: str


def thing_page(document: Json, release: Release, how: Reading) -> dict[str, Any]:
    """Values for ``thing.html``."""
    writer = Writer(how.lang, how.clang, how.t)
    terms = Terms(release, how.lang, how.texts, [key for key in document if key not in ELSEWHERE])
    wanted = frozenset(wanted_spans(document))
    found = spans(release.projection, wanted)
    foreign = _foreign_evidence(document)
    texts = {slug: release.projection.document_text("evidence", slug) for slug in sorted(foreign)}
    looked_up = LookedUp(found, wanted, texts, model_of(release))
    relations = Relations(document, writer, found, how.on, how.texts)
    own = relations.line(document, str(writer.name(document).striptags())) if KINDS[document["kind"]].dated else None
    lines = [own] if own is not None else []
    drawing = draw([line for _, line in [*lines, *sorted(relations.lines)]], how.on)
    kind = KINDS[document["kind"]]
    told = [item for group in relations.groups for item in group.items if item.certainty]
    return {
        "thing": document,
        "kind": kind,
        "title": writer.name(document),
        "plain_title": str(writer.name(document).striptags()),
        "names": [(code, document["labels"].get(code), document["altLabels"].get(code, [])) for code in LANGUAGES],
        "classes": _classes(document, writer),
        "facts": [
            (terms.link(key), writer.values(value))
            for key, value in document.items()
            if key not in ELSEWHERE and not (key in ("start", "end") and _without_time(document))
        ],
        "on": how.on.isoformat(),
        "certainty": certainty(document, how.on),
        "in_force": {c: [item for item in told if item.certainty == c] for c in ("certain", "possible")},
        "drawing": drawing if drawing is not None and relations.lines else None,
        "groups": relations.groups,
        "alone": relations.alone,
        "evidence": [_evidence(item, writer, terms) for item in document["evidence"][:EVIDENCE_SHOWN]],
        "evidence_total": len(document["evidence"]),
        **_supported(document, writer, terms),
        "discrepancies": _discrepancies(document, texts, writer, terms),
        "registers": [(_register(address), address) for address in document["sameAs"]],
        "structured": schema_org.about(document, how.address, how.clang),
        "writer": writer,
        "looked_up": looked_up,
    }


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What a page was made of beside its document: dates of events, evidence of others, texts of the model."""

    spans: Mapping[tuple[str, str], Span]
    wanted: frozenset[tuple[str, str]]
    evidence: Mapping[str, str | None]
    model: str

    def holds(self, release: Release) -> bool:
        """Whether a release says the same."""
        projection = release.projection
        return (
            self.model == model_of(release)
            and (not self.wanted or spans(projection, self.wanted) == self.spans)
            and all(projection.document_text("evidence", slug) == text for slug, text in self.evidence.items())
        )


def model_of(release: Release) -> str:
    """What tells whether the model and its labels are the same."""
    found = release.manifest.graphs.get(GRAPH_ONTOLOGY)
    return found.sha256 if found is not None else ""


def certainty(document: Mapping[str, Any], on: date) -> str | None:
    """``certain``, ``possible`` or ``no``: whether the thing was in force that day; None where it has no time."""
    kind = KINDS[document["kind"]]
    if "start" in kind.dated:
        start, end = document.get("start") or {}, document.get("end") or {}
        if _without_time(document):
            return None
        days = (start.get("earliest"), start.get("latest"), end.get("earliest"), end.get("latest"))
        return certainty_of(Span(*days, None, None, None), on) or dates.as_of(None, None, None, None, on)
    when = (document.get("when") or {}).get("edtf")
    return dates.when_on(when, on) if when else None


def _without_time(document: Mapping[str, Any]) -> bool:
    """Only acts are in force for a time; of a page or a report a missing start is no statement."""
    return bool(document["kind"] == "document" and not document.get("start") and not document.get("end"))


class Terms:
    """Names of properties in the language of the interface, all asked for at once.

    Those of vocabularies that we only reuse are not in our ontology: ``term.*`` of the page texts names them.
    """

    def __init__(self, release: Release, lang: str, texts: Mapping[str, Texts], keys: list[str]) -> None:
        self._release = release
        self._texts = texts
        self._lang = lang
        self._links: dict[str, Markup] = {}
        self._known: dict[str, dict[str, str]] = {}
        self._asked: set[str] = set()
        self._ask(keys)

    def _ask(self, keys: list[str]) -> None:
        new = [key for key in keys if key not in self._asked]
        self._asked.update(new)
        self._known |= self._release.projection.labels(iri for key in new for iri in _iris(key))

    def link(self, key: str) -> Markup:
        """The name of the property that stands in JSON under this key, with its page where the model declares it."""
        if key not in self._links:
            self._ask([key])
            declared = next((iri for iri in _iris(key) if iri in self._known), None)
            labels = self._known[declared] if declared else self._texts.get(f"term.{key}")
            picked = pick_label(labels, self._lang) if labels else None
            text = picked.value if picked else key
            page = term_page(declared) if declared else None
            form = '<a href="{1}?lang={2}">{0}</a>' if page else "{0}"
            self._links[key] = Markup(form).format(text, page, self._lang)
        return self._links[key]


def _iris(key: str) -> list[str]:
    return [space + name for name in (key, key + "Edtf") for space in NAMESPACES]


def _classes(document: Json, writer: Writer) -> list[Markup]:
    """The classes beside that of the kind itself."""
    own = {KINDS[document["kind"]].cls, PROV + "Entity"}
    classes = [t for t in document["types"] if t["id"] not in own] or document["types"]
    return [
        Markup('<a class="chip" href="{}?lang={}">{}</a>').format(page, writer.lang, writer.word(t))
        if (page := term_page(t["id"])) and t.get("labels")
        else Markup('<span class="chip">{}</span>').format(writer.word(t))
        for t in classes
    ]


def _evidence(item: Json, writer: Writer, terms: Terms) -> Json:
    """One piece of evidence: its source, the words, where they stand, what it says and how sure it is."""
    start = item.get("charStart")
    place = writer.t("thing.evidence.characters", start=start, end=item.get("charEnd")) if start is not None else ""
    if not place and item.get("locator"):
        place = str(writer.text(item["locator"]).striptags())
    held, states = _first(item.get("attests")), _first(item.get("states"))
    properties = [terms.link(local_name(p["id"])) for p in item.get("onProperty") or []]
    if held:
        says: Markup | str = writer.t("thing.evidence.attests", day=writer.date(held))
    elif properties:
        says = writer.joined(properties)
        says = Markup("{}: {}").format(says, writer.date(states)) if states else says
    else:
        says = writer.t("thing.evidence.whole")
    return {
        "slug": item["slug"],
        "source": writer.link(item["inDocument"], cut=120) if item.get("inDocument") else "",
        "words": _first(item.get("quote")),
        "notes": [writer.text([n]) for n in _many(item.get("note"))],
        "place": place,
        "says": says,
        "reported": writer.joined(map(writer.link, _many(item.get("attributedTo")))),
        "mode": writer.word(item["assertionMode"]) if item.get("assertionMode") else "",
        "confidence": item.get("confidence"),
        "rank": writer.word(item["rank"]) if isinstance(item.get("rank"), dict) else "",
        "used": bool(item.get("used")),
    }


def _supported(document: Json, writer: Writer, terms: Terms) -> Json:
    """Of a document, and of one who is quoted: what is known by them, in the order of the text."""
    out: Json = {}
    for name, key in (("supports", "evidence.inDocument"), ("quoted", "evidence.attributedTo")):
        group = document["incoming"].get(key) or {"items": [], "total": 0}
        items = sorted(group["items"], key=lambda i: (i.get("charStart") is None, i.get("charStart") or 0, i["slug"]))
        rows = []
        for item in items[:SUPPORTED_SHOWN]:
            things = writer.joined(writer.link(thing, cut=120) for thing in _many(item.get("supports")))
            row = {**_evidence(item, writer, terms), "things": things}
            rows.append({**row, "reported": ""} if name == "quoted" else row)
        out[name], out[f"{name}_total"] = rows, group["total"]
    return out


def _foreign_evidence(document: Json) -> set[str]:
    """Evidence of discrepancies that supports other things, and so stands in documents of its own."""
    items = [document] if document["kind"] == "discrepancy" else document["discrepancies"]
    return {e["slug"] for item in items for e in _many(item.get("between"))} - {e["slug"] for e in document["evidence"]}


def _discrepancies(document: Json, texts: Mapping[str, str | None], writer: Writer, terms: Terms) -> list[Json]:
    """Each disagreement with its sides beside one another, and how it was settled."""
    items = [document] if document["kind"] == "discrepancy" else document["discrepancies"]
    known = {slug: orjson.loads(text) for slug, text in texts.items() if text is not None}
    known |= {e["slug"]: e for e in document["evidence"]}
    out = []
    for item in items:
        sides = [known[e["slug"]] for e in _many(item.get("between")) if e["slug"] in known]
        out.append(
            {
                "link": writer.link(item),
                "kind": writer.word(item["discrepancyKind"]) if item.get("discrepancyKind") else "",
                "status": writer.word(item["discrepancyStatus"]) if item.get("discrepancyStatus") else "",
                "settled": (item.get("discrepancyStatus") or {}).get("slug") == "settled",
                "resolution": writer.text(item["resolution"]) if item.get("resolution") else "",
                "sides": [_evidence(side, writer, terms) for side in sides],
            }
        )
    return out


def _register(address: str) -> str:
    return next((name for part, name in _REGISTERS if part in address), address.split("/")[2])


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _first(value: Any) -> Any:
    return next(iter(_many(value)), None)
