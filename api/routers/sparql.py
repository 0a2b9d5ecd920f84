"""/sparql: the SPARQL 1.1 Protocol for queries (https://www.w3.org/TR/sparql11-protocol/, section 2.1), the same for
a release by its id, and the Graph Store Protocol for reading (https://www.w3.org/TR/sparql11-http-rdf-update/).

Statuses beside 200 and 304: 400 bad query or request, 403 update, SERVICE or LOAD, 406 no such format, 413 too
long, 415 wrong body type, 422 needs too much memory, is nested too deeply, has too large an answer or patterns
that are not joined, 503 all workers busy (with Retry-After), 504 stopped at its deadline. An answer that breaks
off after its first bytes ends the connection as incomplete: it never passes for a whole one.
"""

from __future__ import annotations

import time
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final

from fastapi import APIRouter, Request
from pyoxigraph import NamedNode
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.answers import content, interface, json_answer, rdf_answer
from api.problems import finding_problem, request_language
from api.services import Services
from api.sparql import asking, editor
from api.sparql.answering import CORS, Answer, Using, problem, ready, unchanged
from kg.findings import BilimError, finding
from kg.sparql.description import Held, describe
from kg.sparql.formats import GRAPHS, offers_for
from kg.sparql.negotiation import Offer, negotiate
from kg.sparql.pool import Pool
from kg.sparql.running import Job
from kg.sparql.vet import vet
from kg.sparql.vetted import Vetted
from kg.store.dataset import Dataset
from kg.store.errors import QueryError

PATH: Final = "/sparql"
GRAPH_STORE: Final = "/sparql/graph-store"
_ASKED: Final = ("GET", "HEAD", "POST", "OPTIONS")
_METHODS: Final = ", ".join(_ASKED)
_READING: Final = "GET, HEAD, OPTIONS"
_VET_HERE: Final = 8_000  # characters; some 2 ms of work on the event loop
_DESCRIPTIONS: Final = (*GRAPHS, Offer("text/html", "html"))
_ALL: Final = "CONSTRUCT { ?s ?p ?o } WHERE "


def router() -> APIRouter:
    """The routes. They read ``app.state.services`` (settings, pool, pins, results) and ``app.state.pages``."""
    routes = APIRouter(tags=["sparql"], include_in_schema=False)
    asked = list(_ASKED)
    routes.add_api_route(PATH, sparql, methods=asked, response_class=Response)
    routes.add_api_route("/releases/{release}" + PATH, pinned, methods=asked, response_class=Response)
    routes.add_api_route(PATH + "/completions", completions, methods=["GET"], response_class=Response)
    routes.add_api_route(
        GRAPH_STORE, graph_store, methods=["GET", "HEAD", "OPTIONS", "PUT", "POST", "DELETE", "PATCH"],
        response_class=Response,
    )  # fmt: skip
    return routes


async def sparql(request: Request) -> Response:
    """Answer one request of the protocol from the release of now. (The front calls this without a router.)"""
    if request.method not in _ASKED:
        raise HTTPException(405, headers={"Allow": _METHODS})
    services = _services(request)
    pool = services.pool

    def using() -> AbstractAsyncContextManager[Pool]:
        return nullcontext(pool)

    return await _protocol(request, services, pool.release or "", using)


async def pinned(request: Request, release: str) -> Response:
    """The same from a release by its id. An unknown one is 404."""
    services = _services(request)
    if request.method == "OPTIONS":
        return _options(_METHODS)
    try:
        found = await services.find_graphs(release)
    except BilimError as error:
        return problem(request, error)
    if services.is_remote(found.id):
        return await _protocol(request, services, found.id, lambda: nullcontext(services.pool))
    return await _protocol(request, services, found.id, lambda: services.pins.use(found.id))


async def _protocol(request: Request, services: Services, release: str, using: Using) -> Response:
    if request.method == "OPTIONS":
        return _options(_METHODS)
    pool = services.pool
    began = time.monotonic()
    try:
        asked = await asking.read(request)
        if asked is None:
            return await _described(request, services, release)
        if not asked.formats and editor.wanted(request):
            return await _shown(request, services, asked, release, using, began)
        vetted, timeout = await _vetted(pool, asked, services.settings.sparql_timeout, began)
        offer = asking.choose(request, vetted.form, asked.formats)
    except asking.Noted as noted:
        return problem(request, noted.why)
    except BilimError as error:
        pool.note("client-error")
        return problem(request, error)
    # the dataset of the request stands over that of the query (2.1.4)
    dataset = asked.dataset or (vetted.dataset if _several(vetted.dataset) else None)
    results, media_type = services.results, offer.media_type

    key = results.key(release, vetted, asked.dataset, media_type) if release else None

    def key_of(release_id: str) -> str | None:
        return key if release_id == release else results.key(release_id, vetted, asked.dataset, media_type)

    if unchanged(request, key):
        pool.note("not-modified")
        return ready(request, media_type, release, key, None)
    if (body := results.get(key)) is not None:
        pool.note("cached")
        return ready(request, media_type, release, key, body)
    job = Job(vetted.text, media_type, vetted.prefixes, dataset, timeout, vetted.services)
    return Answer(request, using, job, results, key_of)


async def _shown(
    request: Request, services: Services, asked: asking.Asked, release: str, using: Using, began: float
) -> Response:
    """The answer as a page, for a browser."""

    async def job() -> tuple[str, Job]:
        vetted, timeout = await _vetted(services.pool, asked, services.settings.sparql_timeout, began)
        dataset = asked.dataset or (vetted.dataset if _several(vetted.dataset) else None)
        media = offers_for(vetted.form)[0].media_type
        return vetted.form, Job(vetted.text, media, vetted.prefixes, dataset, timeout, vetted.services)

    return await editor.answered(request, services, asked, release, using, job)


async def _vetted(pool: Pool, asked: asking.Asked, most: float, began: float) -> tuple[Vetted, float | None]:
    """The query and the seconds that are left for it. Long ones are read in a worker, within their seconds, of which
    sending them takes a part too.
    """
    if len(asked.text) <= _VET_HERE:
        return vet(asked.text, pool.services), asked.timeout

    def left() -> float:
        return max(0.001, (asked.timeout or most) - (time.monotonic() - began))

    try:
        vetted = await pool.vet(asked.text, left())
    except BilimError as error:
        raise asking.Noted(error) from error
    return vetted, left()


def _several(dataset: Dataset | None) -> bool:
    """Several FROM: those are merged by us, because Oxigraph counts a triple of two graphs twice."""
    return dataset is not None and len(set(dataset.default)) > 1


def _services(request: Request) -> Services:
    return request.app.state.services  # type: ignore[no-any-return]


def _options(methods: str) -> Response:
    allowed = {"Allow": methods, "Access-Control-Allow-Methods": methods, "Access-Control-Max-Age": "86400"}
    headers = {**CORS, **allowed, "Access-Control-Allow-Headers": "Accept, Content-Type, If-None-Match"}
    return Response(status_code=204, headers=headers)


async def _described(request: Request, services: Services, release: str) -> Response:
    """GET without a query: a description, or for a browser a form without scripts.

    Raises :class:`QueryError` (400) where neither is wanted: a query was forgotten.
    """
    accept = request.headers.get("accept")
    offer = negotiate(accept, _DESCRIPTIONS)
    if offer is None or (request.scope["query_string"] and offer.media_type != "text/html"):
        raise QueryError("sparql-no-query", path=request.url.path)
    if offer.media_type == "text/html":
        return editor.page(request, services, editor.example(interface(request)), None)
    if not release:
        raise QueryError("sparql-unavailable", reason="")
    manifest = (await services.find_release(release)).manifest
    graphs = {iri: entry.quads for iri, entry in manifest.graphs.items()}
    if request.url.path == PATH:  # a release by its id is asked as it was published
        graphs |= services.described.graphs(release)
    held = Held(release, manifest.triples, graphs)
    address = str(request.url.replace(query="", fragment=""))
    headers = {**CORS, "Vary": "Accept", "Bilim-Release": release, "Cache-Control": "no-cache"}
    return rdf_answer(describe(address, held), offer.media_type, headers)


def completions(request: Request) -> Response:
    """What the editor completes, from the release of now."""
    release = _services(request).release()
    found = editor.completions(release, request_language(request), content(request))
    return json_answer({"data": found, "release": release.id}, content(request)[0])


async def graph_store(request: Request) -> Response:
    """A graph by its name (``?graph=IRI``) or the default graph (``?default``): GET and HEAD."""
    if request.method == "OPTIONS":
        return _options(_READING)
    services = _services(request)
    if request.method not in ("GET", "HEAD"):
        headers = {**CORS, "Allow": _READING}
        return finding_problem(request, finding("graph-store-reads", method=request.method), headers=headers)
    try:
        graph, formats = _graph_asked(request)
        offer = asking.choose(request, "CONSTRUCT", formats)
        held = services.release().manifest
        known = {*held.graphs, *services.described.graphs(held.id)}
        if graph is not None and graph not in known:
            raise QueryError("graph-store-unknown", graph=graph, release=held.id, known=", ".join(sorted(known)))
    except BilimError as error:
        return problem(request, error)
    pattern = "{ ?s ?p ?o }" if graph is None else f"{{ GRAPH {NamedNode(graph)} {{ ?s ?p ?o }} }}"
    vetted = vet(_ALL + pattern)
    results, pool = services.results, services.pool

    def key_of(release_id: str) -> str | None:
        return results.key(release_id, vetted, None, offer.media_type)

    key = key_of(held.id)
    if unchanged(request, key):
        pool.note("not-modified")
        return ready(request, offer.media_type, held.id, key, None)
    return Answer(request, lambda: nullcontext(pool), Job(vetted.text, offer.media_type), results, key_of)


def _graph_asked(request: Request) -> tuple[str | None, tuple[str, ...]]:
    """The IRI (None: the default graph) and the values of ``format=``. Raises :class:`QueryError` (400)."""
    fields: dict[str, list[str]] = {}
    for name, value in asking.pairs_of(request.scope["query_string"]):
        fields.setdefault(name, []).append(value)
    graphs, default = fields.get("graph", []), "default" in fields
    if len(graphs) + default != 1:
        raise QueryError("graph-store-which", path=GRAPH_STORE)
    return (None if default else asking.graph_iri(graphs[0], "graph")), asking.formats(fields)
