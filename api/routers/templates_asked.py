"""The answer on the page of a question: the form's fields, what is wrong at each, and the rows as they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Request

from api.answers import content, pages_of, rdf_answer, services_of
from api.front.variant import TURTLE
from api.pages import network, outcome, ways
from api.pages.tiles import Map
from api.pages.timeline import Drawing, draw
from api.routers.regions import marks_of, region_map
from api.routers.templates_openapi import title_of
from kg.findings import pick
from kg.kinds import KINDS
from kg.templates import page as pages
from kg.templates.model import Param, Template
from kg.templates.page import Asked, NoSuchPage
from kg.templates.params import BadParameters, Values
from kg.templates.prepare import bound, first_page
from kg.templates.run import Engine
from kg.terms import split_entity_iri

OWN: Final = ("lang", "clang", "page", "page_size")
DRAWN: Final = 500
"""Rows that a timeline, map or network takes; a table holds those of its page."""
TEXT_MOST: Final = 60_000
"""Characters of Turtle shown; the whole is a download."""


@dataclass(slots=True)
class Field:
    """One field of the form. ``control``: select, date, number, thing or text."""

    name: str
    title: str
    description: str
    control: str
    value: str
    values: tuple[str, ...]
    example: str
    required: bool
    kinds: str = ""  # of things to suggest, by commas
    minimum: str = ""
    maximum: str = ""
    errors: list[str] = field(default_factory=list)
    chosen: list[dict[str, Any]] = field(default_factory=list)  # the things that were named


@dataclass(slots=True)
class Shown:
    """What the page shows below the form. ``found`` is None where nothing was asked yet, or wrongly."""

    fields: list[Field]
    asked: bool  # whether anything was given; without, a default that this release lacks is no fault of the client
    faults: list[str] = field(default_factory=list)  # what belongs to no field
    rows: list[dict[str, Any]] | None = None
    columns: list[outcome.Column] = field(default_factory=list)
    boolean: bool | None = None
    turtle: str | None = None
    page: pages.Page | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    downloads: list[tuple[str, str]] = field(default_factory=list)
    ways: list[ways.Way] = field(default_factory=list)
    sparql: str = ""
    timeline: Drawing | None = None
    map: Map | None = None
    network: dict[str, Any] | None = None

    @property
    def wrong(self) -> bool:
        return bool(self.faults) or any(f.errors for f in self.fields)

    @property
    def answered(self) -> bool:
        return self.rows is not None or self.boolean is not None or self.turtle is not None


def show(request: Request, engine: Engine | None, template: Template, lang: str) -> Shown:
    """Ask the question where its parameters are given, and lay the answer out. Without a release: the form only."""
    given: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name not in OWN and value.strip():
            given.setdefault(name, []).append(value)
    shown = Shown([_field(p, given, lang) for p in template.params], bool(given or request.query_params.get("page")))
    if engine is None or (not given and any(p.needed for p in template.params)):
        return shown
    services = services_of(request)
    try:
        values = engine.check(template, given, services.today())
        asked = None
        if template.page_size is not None:
            number, size = request.query_params.get("page"), request.query_params.get("page_size")
            limit = services.settings.page_size_max
            asked = pages.asked(number, size, usual=template.page_size, maximum=limit, path=f"/queries/{template.name}")
        _answer(request, engine, template, values, asked, shown, lang)
    except BadParameters as error:
        _tell(shown, error, lang)
    except NoSuchPage as error:
        shown.faults = [f.text(lang) for f in error.findings]
    return shown


def _answer(
    request: Request, engine: Engine, template: Template, values: Values, asked: Asked | None, shown: Shown, lang: str
) -> None:
    services, clang = services_of(request), content(request)
    query = [(name, text) for name, texts in values.texts.items() for text in texts]
    tail = [(name, request.query_params[name]) for name in ("lang", "clang") if name in request.query_params]
    shown.sparql = first_page(template, values) if template.page_size is not None else bound(template, values)
    shown.ways = ways.ways(services.address, template.path, query, template.form)
    named = _named(request, template, values, shown.fields)
    if template.form in ("CONSTRUCT", "DESCRIBE"):
        body = bytes(rdf_answer(engine.triples(template, values), TURTLE).body).decode()
        shown.turtle = body[:TEXT_MOST]
        shown.downloads = [
            (suffix, pages.address(f"{template.path}.{suffix}", query)) for suffix in ("ttl", "nt", "jsonld")
        ]
        return
    if template.form == "ASK":
        shown.boolean = engine.boolean(template, values)
        shown.downloads = [("json", pages.address(f"{template.path}.json", query))]
        return
    table = engine.table(template, values, asked)
    shown.page = table.page
    rows = shown.rows = engine.objects(template, table, clang)
    if table.page is not None:
        size = [("page_size", request.query_params["page_size"])] if "page_size" in request.query_params else []
        shown.links = pages.links(request.url.path, [*query, *size, *tail], table.page)
        query = [*query, *size, ("page", str(table.page.number))]
    shown.downloads = [(s, pages.address(f"{template.path}.{s}", query)) for s in ("csv", "tsv", "json", "srj", "srx")]
    texts = pages_of(request).texts
    keys = _keys(template, rows)
    headings = {key: pick(texts[f"column.{key}"], lang) for key in keys if f"column.{key}" in texts}
    shared = {row["kind"] for row in rows if isinstance(row.get("kind"), str)}
    headings |= {key: pick(texts[f"value.{key}"], lang) for key in shared if f"value.{key}" in texts}
    shown.columns = outcome.columns(template, rows, headings, lang)
    _draw(request, template, named, headings, shown)


def _draw(
    request: Request,
    template: Template,
    named: list[dict[str, Any]],
    headings: Mapping[str, str],
    shown: Shown,
) -> None:
    rows = (shown.rows or [])[:DRAWN]
    tail = pages.address("", [(n, request.query_params[n]) for n in ("lang", "clang") if n in request.query_params])
    if template.view == "timeline":
        lines = outcome.lines(rows, frozenset(t["id"] for t in named), tail)
        shown.timeline = draw(lines, services_of(request).today())
    elif template.view == "map":
        shown.map = region_map(request, marks_of(outcome.numbers_by_region(rows), tail))
    elif template.view == "network" and rows:
        graph = outcome.graph(rows, named, headings)
        places, left = network.layout(graph)
        if len(places) > 1:
            shown.network = {
                "places": places,
                "drawn": network.drawn(graph, places),
                "left": left,
                "json": network.as_json(graph, places),
            }


def _named(request: Request, template: Template, values: Values, fields: Sequence[Field]) -> list[dict[str, Any]]:
    """The things that were asked about (not documents and countries, which only narrow); told at their fields."""
    labels = services_of(request).release().projection.labels
    clang, about = content(request), []
    for param, shown in zip(template.params, fields, strict=True):
        shown.value = ",".join(values.texts.get(param.name, ())) or shown.value
        if param.type != "entity":
            continue
        for term in values.terms.get(param.name, ()):
            iri = str(getattr(term, "value", term))
            if (place := split_entity_iri(iri)) is None:
                continue
            found = labels([iri]).get(iri, {})
            best = next((found[code] for code in clang if code in found), None)
            thing = {"id": iri, "kind": place[0], "slug": place[1], "label": best}
            shown.chosen.append(thing)
            if place[0] not in ("document", "country") or len(template.params) == 1:
                about.append(thing)
    return about


def _field(param: Param, given: Mapping[str, Sequence[str]], lang: str) -> Field:
    value = ",".join(given.get(param.name, ()))
    control = {"date": "date", "integer": "number", "number": "number", "entity": "thing"}.get(param.type, "text")
    values = tuple(param.values) or (("true", "false") if param.type == "boolean" else ())
    if values and not param.many:
        control = "select"
    if param.many and control in ("date", "number"):
        control = "text"
    kinds = [k.name for k in KINDS.values() if k.named and param.of in (None, k.cls)] if param.type == "entity" else []
    if param.of is not None and not kinds:  # a narrower class: its kind is not known here
        kinds = [k.name for k in KINDS.values() if k.named]
    low, high = ("" if number is None else f"{number:g}" for number in (param.minimum, param.maximum))
    example = param.examples[0] if param.examples else ""
    return Field(
        param.name, title_of(param, lang), pick(param.descriptions, lang), control, value, values, example,
        param.needed, ",".join(kinds), low, high,
    )  # fmt: skip


def _tell(shown: Shown, error: BadParameters, lang: str) -> None:
    fields = {f.name: f for f in shown.fields}
    for wrong in error.wrong:
        text = wrong.finding.text(lang)
        if wrong.parameter in fields:
            fields[wrong.parameter].errors.append(text)
        else:
            shown.faults.append(text)


def _keys(template: Template, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    return {*template.returns, *(key for row in rows for key in _all_keys(row))}


def _all_keys(value: Any) -> set[str]:
    if isinstance(value, list):
        return {key for item in value for key in _all_keys(item)}
    if isinstance(value, Mapping):
        return {*value, *(key for item in value.values() for key in _all_keys(item))}
    return set()
