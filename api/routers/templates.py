"""/api/v1/{subject}/{name}: every template is an endpoint. Its page is in templates_pages.py.

Routes look the template up at each request, so a file that changes needs no new routes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from api.answers import choose, content, json_answer, json_ld_answer, rdf_answer, services_of
from api.front.pinned import under
from api.front.variant import JSON, JSON_LD, N_TRIPLES, TURTLE
from api.problems import bad_parameters, finding_problem
from api.routers.templates_body import json_parameters
from api.routers.templates_engines import Engines
from api.routers.templates_openapi import operations
from api.routers.templates_policy import deprecation
from api.services import Services, prefix
from kg import jsonld
from kg.findings import BilimError, finding
from kg.releases.reader import Release
from kg.sparql.negotiation import Offer, by_suffix
from kg.templates import page as pages
from kg.templates import write
from kg.templates.catalogue import Catalogue
from kg.templates.declare import RESERVED_SUBJECTS
from kg.templates.fields import chosen as fields_chosen
from kg.templates.fields import columns
from kg.templates.model import Template
from kg.templates.page import NoSuchPage
from kg.templates.params import BadParameters, Values, Wrong, example_url
from kg.templates.run import Engine, Table
from kg.terms import LANGUAGES

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
GRAPH_OFFERS = (Offer(JSON_LD, "jsonld", (JSON,)), Offer(TURTLE, "ttl"), Offer(N_TRIPLES, "nt"), Offer(JSON_LD, "json"))
OWN = ("page", "page_size", "fields", "lang", "clang")
"""Parameters that every endpoint understands beside those of its template."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One request for a template, its values checked."""

    request: Request
    release: Release
    engine: Engine
    template: Template
    values: Values
    asked: pages.Asked | None
    fields: tuple[str, ...] | None
    languages: tuple[str, ...]
    media: str


class _Endpoint(Route):
    """The address of templates. Reserved subjects are other routes' business."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        if match is not Match.NONE and child["path_params"]["subject"] in RESERVED_SUBJECTS:
            return Match.NONE, {}
        return match, child


def routes(catalogue: Catalogue, engines: Engines) -> list[Route]:
    """The endpoints, as plain routes of Starlette to stand before all others: nearly every request is for them, and
    FastAPI's way to a route (of 50) and into it takes a third of the time of a lookup.
    """
    path = "/api/v1/{subject}/{name}"

    def endpoint(request: Request) -> Response:
        return _endpoint(request, catalogue, engines, "{subject}/{name}".format(**request.path_params))

    async def posted(request: Request) -> Response:
        """The same parameters as the members of a JSON object: for lists that are too long for an address."""
        asked = await json_parameters(request)
        return await run_in_threadpool(endpoint, asked)

    return [_Endpoint(path, endpoint, methods=["GET"]), _Endpoint(path, posted, methods=["POST"])]


def widest(catalogue: Catalogue) -> list[str]:
    """Addresses of the lists of all there is: choosing and ordering them costs most, and is done once for a release."""
    return [t.path for t in catalogue.templates.values() if t.page_size and not any(p.needed for p in t.params)]


def describe(app: FastAPI, catalogue: Catalogue, engines: Engines) -> None:
    """Let /openapi.json hold one operation for each template that is served now, with the values of this release."""
    build: Callable[[], dict[str, Any]] = app.openapi
    known: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        served, services = catalogue.templates, app.state.services
        release = services.current_id()
        if known.get("templates") is not served or known.get("release") != release:
            schema = build()
            found = operations(resolved(served, services, engines), services.settings.page_size_max)
            whole = {**schema, "paths": {**schema.get("paths", {}), **found.paths}}
            components = dict(schema.get("components", {}))
            components["schemas"] = {**components.get("schemas", {}), **found.schemas}
            known.update(templates=served, release=release, schema={**whole, "components": components})
        return known["schema"]  # type: ignore[no-any-return]

    app.openapi = openapi  # type: ignore[method-assign]


def resolved(served: Mapping[str, Template], services: Services, engines: Engines) -> Mapping[str, Template]:
    """The templates with the values that their parameters can have in the release; as they are where there is none."""
    if not services.current_id():
        return served
    engine = engines.of(services.release())
    return {name: engine.resolved(template) for name, template in served.items()}


def _endpoint(request: Request, catalogue: Catalogue, engines: Engines, name: str) -> Response:
    name, dot, suffix = name.rpartition(".") if "." in name else (name, "", "")
    template = catalogue.get(name)
    answer = _negotiated(request, engines, template, suffix if dot else None)
    if template.deprecated:
        for key, value in deprecation(template).items():
            there = answer.headers.get(key)
            answer.headers[key] = f"{there}, {value}" if there else value
    return answer


def _negotiated(request: Request, engines: Engines, template: Template, suffix: str | None) -> Response:
    offers = {"SELECT": SELECT_OFFERS, "ASK": ASK_OFFERS}.get(template.form, GRAPH_OFFERS)
    if suffix is not None:
        offer = by_suffix(suffix, offers)
        if offer is None:
            known = ", ".join("." + o.suffix for o in offers)
            raise BilimError(finding("suffix-unknown", suffix=suffix[:20], known=known))
        media = offer.media_type
    else:
        media = choose(request, offers)
    try:
        return _answer(_call(request, engines, template, media))
    except BadParameters as error:
        return bad_parameters(request, error)
    except NoSuchPage as error:
        return finding_problem(request, *error.findings, status=404)


def _call(request: Request, engines: Engines, template: Template, media: str) -> _Call:
    services = services_of(request)
    release = services.release()
    engine = engines.of(release)
    template = engine.resolved(template)
    given: dict[str, list[str]] = {}
    for key, value in request.query_params.multi_items():
        if key not in OWN:
            given.setdefault(key, []).append(value)
    if template.page_size is None:  # no pages: asking for one is a mistake, as any unknown name
        given.update({k: [request.query_params[k]] for k in OWN[:2] if k in request.query_params})
    fields = request.query_params.getlist("fields")
    if template.form != "SELECT" and fields:
        given["fields"] = fields
    wrong: list[Wrong] = []
    values, asked, chosen = None, None, None
    try:
        values = engine.check(template, given, services.today())
    except BadParameters as error:
        wrong += error.wrong
    base = example_url(template, "", values.texts if values is not None else {})
    try:
        if template.page_size is not None:
            numbers = request.query_params.get("page"), request.query_params.get("page_size")
            limit = services.settings.page_size_max
            asked = pages.asked(*numbers, usual=template.page_size, maximum=limit, path=template.path)
    except BadParameters as error:
        wrong += (_with_example(one, base) for one in error.wrong)
    try:
        chosen = fields_chosen(template, fields, table=media != JSON)
    except BadParameters as error:
        wrong += (_with_example(one, base) for one in error.wrong)
    for name in ("lang", "clang"):  # lang too, though only errors are written in it
        if (code := request.query_params.get(name)) and code not in LANGUAGES:
            told = finding("language-unknown", value=code[:40], parameter=name)
            wrong.append(_with_example(Wrong(name, code[:80], told, f"?{name}={LANGUAGES[0]}"), base))
    if wrong or values is None:
        raise BadParameters(wrong)
    languages = content(request)
    return _Call(request, release, engine, template, values, asked, chosen, languages, media)


def _with_example(wrong: Wrong, base: str) -> Wrong:
    """The example of a parameter that every endpoint has, with what this one needs beside it."""
    tail = wrong.example.partition("?")[2]
    return replace(wrong, example=f"{base}{'&' if '?' in base else '?'}{tail}" if tail else base)


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
        data = call.engine.objects(template, table, call.languages, call.fields)
        return json_answer(_envelope(call, data, table, links), call.languages[0], headers)
    table = columns(table, call.fields)
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
    query += [("fields", ",".join(call.fields))] if call.fields else []
    query += [(name, asked[name]) for name in ("page_size", "lang", "clang") if name in asked]
    path = call.request.url.path
    if table is not None and table.page is not None:
        found = pages.links(path, query, table.page)
    else:
        found = {"self": pages.address(path, query)}
    found["page"] = under(prefix(), pages.address(f"/queries/{call.template.name}", query))
    limit = services_of(call.request).settings.url_max_bytes
    # after a POST: an address that the server would refuse is no link
    return {rel: address for rel, address in found.items() if len(address) < limit}


def _headers(call: _Call, links: Mapping[str, str]) -> dict[str, str]:
    neighbours = {rel: address for rel, address in links.items() if rel not in ("self", "page")}
    headers = {"Vary": "Accept, Accept-Language", "Bilim-Release": call.release.id}
    if neighbours:
        headers["Link"] = pages.link_header(neighbours)
    return headers
