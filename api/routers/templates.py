"""/api/v1/{subject}/{name} and /queries: every template is an endpoint, and has a page that explains it.

Routes look the template up at each request, so a file that changes needs no new routes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from api.answers import choose, content, interface, json_answer, json_ld_answer, pages_of, rdf_answer, services_of
from api.front.variant import HTML, JSON, JSON_LD, N_TRIPLES, PAGE_OFFERS, TURTLE
from api.problems import finding_problem
from api.routers.templates_openapi import operations, title_of
from kg import jsonld
from kg.findings import BilimError, finding, pick
from kg.releases.reader import Release
from kg.sparql.negotiation import Offer, by_suffix
from kg.templates import page as pages
from kg.templates import write
from kg.templates.catalogue import Catalogue
from kg.templates.model import Broken, Template
from kg.templates.page import NoSuchPage
from kg.templates.params import BadParameters, Values
from kg.templates.run import Engine, Table

RESULTS_JSON = "application/sparql-results+json"
RESULTS_XML = "application/sparql-results+xml"
CSV = "text/csv"
TSV = "text/tab-separated-values"
SELECT_OFFERS = (
    Offer(JSON, "json"),
    Offer(RESULTS_JSON, "srj"),
    Offer(CSV, "csv"),
    Offer(TSV, "tsv"),
    Offer(RESULTS_XML, "srx"),
)
ASK_OFFERS = SELECT_OFFERS[:2]
GRAPH_OFFERS = (Offer(JSON_LD, "jsonld", (JSON,)), Offer(TURTLE, "ttl"), Offer(N_TRIPLES, "nt"))
OWN = ("page", "page_size", "lang", "clang")
"""Parameters that every endpoint understands beside those of its template."""

_ENGINES_KEPT = 3  # the release served, the one before while its requests end, and one more


class Engines:
    """One engine for each of the last releases: its counts and look-ups stay true as long as the release."""

    def __init__(self) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, release: Release) -> Engine:
        """The engine of a release."""
        with self._lock:
            engine = self._engines.get(release.id)
            if engine is None:
                engine = self._engines[release.id] = Engine(release.store, release.projection)
                while len(self._engines) > _ENGINES_KEPT:
                    self._engines.popitem(last=False)
            return engine


@dataclass(frozen=True, slots=True)
class _Call:
    """One request for a template, its values checked."""

    request: Request
    release: Release
    engine: Engine
    template: Template
    values: Values
    asked: pages.Asked | None
    languages: tuple[str, ...]
    media: str


def router(catalogue: Catalogue) -> APIRouter:
    """The endpoints and their catalogue. Include it after the routers of reserved subjects."""
    routes = APIRouter(include_in_schema=False)
    engines = Engines()

    @routes.get("/api/v1/{subject}/{name}")
    def endpoint(request: Request, subject: str, name: str) -> Response:
        return _endpoint(request, catalogue, engines, f"{subject}/{name}")

    @routes.get("/queries")
    def listing(request: Request) -> Response:
        return _listing(request, catalogue)

    @routes.get("/queries/{subject}/{name}")
    def explained(request: Request, subject: str, name: str) -> Response:
        return _explained(request, catalogue, f"{subject}/{name}")

    return routes


def describe(app: FastAPI, catalogue: Catalogue) -> None:
    """Let /openapi.json hold one operation for each template that is served now."""
    build: Callable[[], dict[str, Any]] = app.openapi
    known: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        served = catalogue.templates
        if known.get("templates") is not served:
            schema = build()
            limit = app.state.services.settings.page_size_max
            found = operations(served, limit)
            whole = {**schema, "paths": {**schema.get("paths", {}), **found.paths}}
            components = dict(schema.get("components", {}))
            components["schemas"] = {**components.get("schemas", {}), **found.schemas}
            known.update(templates=served, schema={**whole, "components": components})
        return known["schema"]  # type: ignore[no-any-return]

    app.openapi = openapi  # type: ignore[method-assign]


def _endpoint(request: Request, catalogue: Catalogue, engines: Engines, name: str) -> Response:
    name, dot, suffix = name.rpartition(".") if "." in name else (name, "", "")
    template = catalogue.get(name)
    offers = {"SELECT": SELECT_OFFERS, "ASK": ASK_OFFERS}.get(template.form, GRAPH_OFFERS)
    if dot:
        offer = by_suffix(suffix, offers)
        if offer is None:
            known = ", ".join("." + o.suffix for o in offers)
            raise BilimError(finding("suffix-unknown", suffix=suffix[:20], known=known))
        media = offer.media_type
    else:
        media = choose(request, offers)
    interface(request)  # a wrong lang= is told, though only errors are written in it
    try:
        return _answer(_call(request, engines, template, media))
    except BadParameters as error:
        return _bad_parameters(request, error)
    except NoSuchPage as error:
        return finding_problem(request, *error.findings, status=404)


def _call(request: Request, engines: Engines, template: Template, media: str) -> _Call:
    services = services_of(request)
    release = services.release()
    engine = engines.of(release)
    given: dict[str, list[str]] = {}
    for key, value in request.query_params.multi_items():
        if key not in OWN:
            given.setdefault(key, []).append(value)
    if template.page_size is None:  # no pages: asking for one is a mistake, as any unknown name
        given.update({k: [request.query_params[k]] for k in OWN[:2] if k in request.query_params})
    languages = content(request)
    values = engine.check(template, given, services.today())
    asked = None
    if template.page_size is not None:
        asked = pages.asked(
            request.query_params.get("page"),
            request.query_params.get("page_size"),
            usual=template.page_size,
            maximum=services.settings.page_size_max,
            path=template.path,
        )
    return _Call(request, release, engine, template, values, asked, languages, media)


def _answer(call: _Call) -> Response:
    template = call.template
    if template.form in ("CONSTRUCT", "DESCRIBE"):
        triples, headers = call.engine.triples(template, call.values), _headers(call, _links(call, None))
        if call.media == JSON_LD:
            return json_ld_answer(jsonld.nodes(triples, call.request.app.state.context), headers)
        return rdf_answer(triples, call.media, headers)
    if template.form == "ASK":
        answer = call.engine.boolean(template, call.values)
        links = _links(call, None)
        if call.media == RESULTS_JSON:
            return _bytes(call, write.boolean_json(answer), _headers(call, links))
        return json_answer(_envelope(call, answer, None, links), call.languages[0], _headers(call, links))
    table = call.engine.table(template, call.values, call.asked)
    links = _links(call, table)
    headers = _headers(call, links)
    if call.media == JSON:
        data = call.engine.objects(template, table, call.languages)
        return json_answer(_envelope(call, data, table, links), call.languages[0], headers)
    if call.media == CSV:
        file = f"{template.name.replace('/', '-')}-{call.release.id}.csv"
        headers["Content-Disposition"] = f'attachment; filename="{file}"'
        headers["Content-Language"] = call.languages[0]
        labels = call.engine.names(table, template)
        return _bytes(call, write.table_csv(template, table, labels, call.languages), headers)
    writer = {RESULTS_JSON: write.results_json, RESULTS_XML: write.results_xml, TSV: write.results_tsv}[call.media]
    return _bytes(call, writer(table), headers)


def _bytes(call: _Call, body: bytes, headers: Mapping[str, str]) -> Response:
    text = call.media in (CSV, TSV)
    return Response(body, headers={"Content-Type": call.media + ("; charset=utf-8" if text else ""), **headers})


def _envelope(call: _Call, data: Any, table: Table | None, links: Mapping[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {"data": data}
    if table is not None and table.page is not None:
        body["page"] = {"number": table.page.number, "size": table.page.size, "total": table.page.total}
    on = call.values.texts.get("on")
    return {**body, "links": dict(links), "release": call.release.id, "on": on[0] if on else None}


def _links(call: _Call, table: Table | None) -> dict[str, str]:
    """Addresses of this answer and its neighbours, parameters in the order of the template: one page, one address."""
    query = [(name, text) for name, texts in call.values.texts.items() for text in texts]
    asked = call.request.query_params
    query += [(name, asked[name]) for name in ("page_size", "lang", "clang") if name in asked]
    path = call.request.url.path
    if table is not None and table.page is not None:
        found = pages.links(path, query, table.page)
    else:
        found = {"self": pages.address(path, query)}
    return {**found, "page": pages.address(f"/queries/{call.template.name}", query)}


def _headers(call: _Call, links: Mapping[str, str]) -> dict[str, str]:
    neighbours = {rel: address for rel, address in links.items() if rel not in ("self", "page")}
    headers = {"Vary": "Accept, Accept-Language", "Bilim-Release": call.release.id}
    if neighbours:
        headers["Link"] = pages.link_header(neighbours)
    return headers


def _bad_parameters(request: Request, error: BadParameters) -> Response:
    """422 with what was given, what is allowed, and an address that works; all of them where several are wrong."""
    lang = interface(request)
    first = error.wrong[0]
    told = replace(first.finding, code="bad-parameter", what={k: v.rstrip(".") for k, v in first.finding.what.items()})
    errors = [
        {
            "parameter": w.parameter,
            "given": w.given,
            "code": w.finding.code,
            "detail": w.finding.text(lang),
            "example": w.example,
        }
        for w in error.wrong
    ]
    more: dict[str, Any] = {"errors": errors} if len(errors) > 1 else {}
    return finding_problem(
        request, told, status=422, parameter=first.parameter, given=first.given, example=first.example, **more
    )


def _listing(request: Request, catalogue: Catalogue) -> Response:
    media, lang = choose(request, PAGE_OFFERS), interface(request)
    release = services_of(request).current_id()
    served, broken = list(catalogue.templates.values()), catalogue.broken
    if media == HTML:
        subjects: dict[str, list[Template]] = {}
        for template in served:
            subjects.setdefault(template.subject, []).append(template)
        faults = [(b, [f"{f.where}: {f.text(lang)}" if f.where else f.text(lang) for f in b.findings]) for b in broken]
        return pages_of(request).response(
            "queries.html", lang, request=request, subjects=subjects, broken=faults, release=release
        )
    data = [_summary(t, lang) for t in served]
    return json_answer(
        {"data": data, "broken": [_fault(b) for b in broken], "release": release, "links": {"self": "/queries"}}, lang
    )


def _explained(request: Request, catalogue: Catalogue, name: str) -> Response:
    media, lang = choose(request, PAGE_OFFERS), interface(request)
    template = catalogue.get(name)
    release = services_of(request).current_id()
    given = request.query_params
    if media == HTML:
        fields = [
            {
                "name": p.name,
                "title": title_of(p, lang),
                "description": pick(p.descriptions, lang),
                "value": given.get(p.name, ""),
                "example": p.examples[0] if p.examples else p.default or "",
                "required": p.needed,
                "values": list(p.values),
                "type": p.type,
            }
            for p in template.params
        ]
        returned = [(r.name, r.type, pick(r.descriptions, lang)) for r in template.returns.values()]
        return pages_of(request).response(
            "query.html", lang, request=request, question=template, fields=fields, returned=returned, release=release
        )
    body = {"data": {**_summary(template, lang), "query": template.text}, "release": release}
    return json_answer({**body, "links": {"self": f"/queries/{name}", "answer": template.path}}, lang)


def _summary(template: Template, lang: str) -> dict[str, Any]:
    return {
        "name": template.name,
        "summary": template.summary,
        "description": template.description,
        "tags": list(template.tags),
        "form": template.form,
        "view": template.view,
        "path": template.path,
        "params": [
            {
                "name": p.name,
                "type": p.type,
                "required": p.needed,
                "list": p.many,
                "title": title_of(p, lang),
                "description": pick(p.descriptions, lang) or None,
                "default": p.default,
                "values": list(p.values) or None,
                "examples": list(p.examples),
            }
            for p in template.params
        ],
        "returns": [
            {"name": r.name, "type": r.type, "list": r.many, "description": pick(r.descriptions, lang) or None}
            for r in template.returns.values()
        ],
        "examples": [{"params": dict(e.params)} for e in template.examples],
        "findings": [f.as_dict() for f in template.findings],
    }


def _fault(broken: Broken) -> dict[str, Any]:
    return {"name": broken.name, "file": broken.file, "findings": [f.as_dict() for f in broken.findings]}
