"""What the pages of decisions show: the statements of a thing, two things side by side, what a decision changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from markupsafe import Markup
from pyoxigraph import Literal, NamedNode, Quad

from api.decision_form import At, rank_of, sides_of
from api.pages import import_view
from api.pages.markup import Writer
from api.pages.rules import Shape
from api.pages.terms import Model
from api.pages.thing import Reading, Terms, thing_page
from kg.imports.decided import Decision
from kg.imports.rewriting import quads_of
from kg.imports.statements import Statement
from kg.kinds import KINDS
from kg.names import pick_label
from kg.releases.reader import Release
from kg.releases.terms_json import Json, local_name
from kg.terms import GRAPH, LIST, RDF, expand, shorten, split_entity_iri

SHOWN: Final = 100
"""Statements of one side of a thing shown, as in the preview of an import."""
_LANG_STRING: Final = RDF + "langString"
_SIDES: Final = ("removed", "added")


@dataclass(frozen=True)
class Sight:
    """A release seen in two languages."""

    release: Release
    how: Reading

    @cached_property
    def writer(self) -> Writer:
        return Writer(self.how.lang, self.how.clang, self.how.t)

    def terms(self, iris: Iterable[str]) -> Terms:
        return Terms(self.release, self.how.lang, self.how.texts, [local_name(iri) for iri in iris])

    def refs(self, iris: Iterable[str]) -> dict[str, Json]:
        """IRIs as documents refer to things: with labels, and kind and slug where they are ours."""
        wanted = sorted(set(iris))
        labels = self.release.projection.labels(wanted)
        return {iri: _ref(iri, labels.get(iri, {}), self.how.clang) for iri in wanted}

    def names(self, properties: Iterable[str]) -> dict[str, str]:
        """Properties by their short names → what a reader calls them."""
        short = sorted(set(properties))
        terms = self.terms(map(expand, short))
        return {name: str(terms.link(local_name(expand(name))).striptags()) for name in short}


def statements(sight: Sight, found: Sequence[Statement]) -> list[dict[str, Any]]:
    """Rows for a table: property, value, the graphs that say so, and the key."""
    terms = sight.terms(s.quad.predicate.value for s in found)
    refs = sight.refs(s.quad.object.value for s in found if isinstance(s.quad.object, NamedNode))
    return [
        {
            "key": s.key,
            "property": terms.link(local_name(s.quad.predicate.value)),
            "value": _value(sight, s.quad.object, refs),
            "graphs": [graph.removeprefix(GRAPH) for graph in s.graphs],
        }
        for s in found
    ]


def choices(sight: Sight, model: Model, shapes: Sequence[Shape], at: At, chosen: Statement) -> dict[str, Any]:
    """For the form of a correction: the properties that take such a value, and the values where they are listed."""
    old, sort = chosen.quad.object, chosen.sort
    iri = str(getattr(old, "value", ""))
    properties = dict.fromkeys([chosen.quad.predicate.value, *_alike(shapes, at.document, chosen)])
    names = sight.names(map(shorten, properties))
    options: list[tuple[str, str]] = []
    if sort == "concept":
        scheme = iri.removeprefix(LIST).partition("/")[0]
        concepts = model.concepts.get(scheme, {}).values()
        options = [(c.iri, _called(c.labels, sight.how.lang, c.slug)) for c in concepts]
    elif sort == "class":
        own = KINDS[at.kind].cls
        classes = (t for t in model.terms.values() if t.kind == "class" and own in model.above(t.iri))
        options = [(t.iri, _called(t.labels, sight.how.lang, t.name)) for t in classes]
    place = split_entity_iri(iri)
    return {
        "sort": sort,
        "line": chosen.line,
        "text": "/".join(place) if place else iri,
        "language": old.language or "" if isinstance(old, Literal) else "",
        "datatype": shorten(old.datatype.value) if isinstance(old, Literal) else "",
        "kinds": place[0] if place else "",
        "properties": sorted(((p, names[shorten(p)]) for p in properties), key=lambda pair: pair[1].casefold()),
        "property": chosen.quad.predicate.value,
        "options": sorted(options, key=lambda pair: pair[1].casefold()),
    }


def _alike(shapes: Sequence[Shape], document: Json, chosen: Statement) -> list[str]:
    """The properties that the shapes let this thing have with a value of the same sort."""
    types = {t["id"] for t in document["types"]}
    out: list[str] = []
    for shape in shapes:
        if types.isdisjoint(shape.classes):
            continue
        for rule in shape.rules:
            if len(rule.properties) == 1 and shorten(next(iter(rule.properties))) == rule.path and _takes(rule, chosen):
                out += rule.properties
    return out


def _takes(rule: Any, chosen: Statement) -> bool:
    demands = rule.constraints
    if demands.get("maxCount") == 0:
        return False
    old = chosen.quad.object
    if isinstance(old, Literal):
        datatypes = demands.get("datatype") or []
        wanted = _LANG_STRING if old.language else old.datatype.value
        return wanted in (datatypes if isinstance(datatypes, list) else [datatypes])
    if chosen.sort == "concept":
        return bool(rule.scheme) and str(old).startswith(f"<{LIST}{rule.scheme}/")
    place = split_entity_iri(str(getattr(old, "value", "")))
    classes = demands.get("class") or []
    return bool(place) and KINDS[place[0]].cls in (classes if isinstance(classes, list) else [classes])  # type: ignore[index]


def sides(sight: Sight, at: At) -> list[dict[str, Any]]:
    """The sides of a discrepancy, each with its rank now."""
    shown = thing_page(at.document, at.release, sight.how)["discrepancies"]
    told = {side["slug"]: side for item in shown for side in item["sides"]}
    refs = sight.refs(ref["id"] for side in sides_of(at) for ref in _many(side.get("supports")))
    return [
        {
            **told[side["slug"]],
            "code": rank_of(side),
            "things": [sight.writer.link(refs[ref["id"]], cut=120) for ref in _many(side.get("supports"))],
        }
        for side in sides_of(at)
    ]


def compare(sight: Sight, left: Json, right: Json) -> list[tuple[Any, list[Any], list[Any]]]:
    """Two things side by side: what is called what, facts, and how much is said of each."""
    pages = [thing_page(document, sight.release, sight.how) for document in (left, right)]
    rows: dict[Any, list[list[Any]]] = {}

    def put(key: Any, side: int, values: list[Any]) -> None:
        rows.setdefault(key, [[], []])[side] += values

    for side, page in enumerate(pages):
        for code, name, others in page["names"]:
            put(sight.how.t("desk.name-in." + code), side, [v for v in (name, *others) if v])
        for key, values in page["facts"]:
            put(key, side, values)
        for address in page["thing"]["sameAs"]:
            put(sight.how.t("thing.ids"), side, [sight.writer.address(address)])
        for group in page["groups"]:
            put(group.heading, side, [group.total])
        put(sight.how.t("thing.evidence"), side, [page["evidence_total"]])
    return [(key, left_values, right_values) for key, (left_values, right_values) in rows.items()]


def foreseen(sight: Sight, told: Json, about: str) -> dict[str, Any]:
    """What a decision would change, with properties and values as a reader calls them: the thing that it is ``about``
    (kind/slug) first, evidence last."""
    things = import_view.things(told["preview"], sight.how.clang)
    things.sort(key=lambda thing: _place_in_list(thing, about))
    properties = {item["property"] for thing in things for _, items in thing["sides"] for item in items}
    return {"things": things, "names": sight.names(properties), "quads": told["preview"]["quads"]}


def changed(sight: Sight, decision: Decision) -> dict[str, Any]:
    """What a decision changed, in the same form."""
    quads = dict(zip(_SIDES, (quads_of(decision.removed), quads_of(decision.added)), strict=True))
    subjects = sorted({q.subject.value for side in quads.values() for q in side if isinstance(q.subject, NamedNode)})
    values = {q.object.value for side in quads.values() for q in side if isinstance(q.object, NamedNode)}
    refs = sight.refs({*subjects, *values})
    things = []
    for iri in subjects:
        place = split_entity_iri(iri) or ("", iri)
        told = {side: [_item(q, refs) for q in quads[side] if _is(q, iri)][:SHOWN] for side in _SIDES}
        things.append(
            {
                "kind": place[0],
                "slug": place[1],
                "change": _became(told),
                "label": refs[iri].get("label", place[1]),
                "sides": [(side, items) for side in reversed(_SIDES) if (items := told[side])],
            }
        )
    about = "/".join(split_entity_iri(decision.thing) or ("", ""))
    things.sort(key=lambda thing: _place_in_list(thing, about))
    properties = {shorten(q.predicate.value) for side in quads.values() for q in side}
    counts = {side: len(found) for side, found in quads.items()}
    return {"things": things, "names": sight.names(properties), "quads": counts}


def _place_in_list(thing: Mapping[str, Any], about: str) -> tuple[bool, bool]:
    """The thing that a decision is about first, evidence last."""
    return f"{thing['kind']}/{thing['slug']}" != about, thing["kind"] == "evidence"


def _became(told: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Whether a thing came or went with its class, or only changed."""
    went, came = (any(item["property"] == "rdf:type" for item in told[side]) for side in _SIDES)
    return "changed" if went == came else "removed" if went else "added"


def decisions(sight: Sight, found: Sequence[Decision]) -> list[dict[str, Any]]:
    """Rows of a list of decisions; the thing by name, or what is left of it where the release has it no more."""
    refs = sight.refs({iri for d in found for iri in (d.thing, *_into(d))})
    return [
        {
            "decision": d,
            "thing": sight.writer.link(refs[d.thing]),
            "into": [sight.writer.link(refs[iri]) for iri in _into(d)],
            "undoable": d.state == "made" and d.action != "undo",
        }
        for d in found
    ]


def about(found: Iterable[Decision], iri: str) -> list[Decision]:
    """The decisions that are about a thing, or made another go up in it; the newest first."""
    return [d for d in found if iri in (d.thing, *_into(d))][::-1]


def _into(decision: Decision) -> list[str]:
    return [decision.data["into"]] if decision.action == "merge" else []


def _item(quad: Quad, refs: Mapping[str, Json]) -> dict[str, Any]:
    value = getattr(quad.object, "value", str(quad.object))
    out = {"property": shorten(quad.predicate.value), "value": value}
    language = quad.object.language if isinstance(quad.object, Literal) else None
    label = None
    if isinstance(quad.object, NamedNode):  # of what was withdrawn only its place is left
        place = split_entity_iri(value)
        label = refs[value].get("label") or ("/".join(place) if place else None)
    return {**out, **({"lang": language} if language else {}), **({"label": label} if label else {})}


def _is(quad: Quad, iri: str) -> bool:
    return isinstance(quad.subject, NamedNode) and quad.subject.value == iri


def _value(sight: Sight, term: Any, refs: Mapping[str, Json]) -> Markup | str:
    if isinstance(term, NamedNode):
        return sight.writer.link(refs[term.value], cut=160)
    if isinstance(term, Literal) and term.language:
        return Markup('<span lang="{0}">{1}</span> <span class="quiet">{0}</span>').format(term.language, term.value)
    return str(term.value)


def _ref(iri: str, labels: Mapping[str, str], clang: str) -> Json:
    out: Json = {"id": iri, "labels": labels}
    if picked := pick_label(labels, clang):
        out["label"] = picked.value
    if (place := split_entity_iri(iri)) is not None:
        return {**out, "kind": place[0], "slug": place[1]}
    if iri.startswith(LIST) and "/" in iri.removeprefix(LIST):
        scheme, _, slug = iri.removeprefix(LIST).partition("/")
        return {**out, "kind": "concept", "scheme": scheme, "slug": slug}
    return out


def _called(labels: Mapping[str, str], lang: str, otherwise: str) -> str:
    picked = pick_label(labels, lang)
    return picked.value if picked else otherwise


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
