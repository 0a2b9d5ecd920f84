"""/sparql: the SPARQL 1.1 Protocol for queries (https://www.w3.org/TR/sparql11-protocol/, section 2.1).

Statuses beside 200: 400 bad query or request, 403 update, SERVICE or LOAD, 406 no such format, 413 too long,
415 wrong body type, 422 needs too much memory, is nested too deeply, or has too large an answer, 503 all
workers busy (with Retry-After), 504 stopped at its deadline. An answer that breaks off after its first bytes
ends the connection as incomplete: it never passes for a whole one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from pyoxigraph import NamedNode
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.problems import finding_problem, request_language
from kg.findings import BilimError
from kg.sparql.formats import GRAPHS, RESULTS, offers_for
from kg.sparql.negotiation import Offer, by_suffix, negotiate
from kg.sparql.pool import AnswerCut, Busy, Job, Pool, Running
from kg.sparql.vet import Vetted, vet
from kg.store.dataset import Dataset
from kg.store.errors import QueryError
from kg.terms import GRAPH_DERIVED

PATH: Final = "/sparql"
FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
_METHODS: Final = "GET, HEAD, POST, OPTIONS"
_ESCAPED: Final = 4  # a form may write each byte as %XX, and holds names and graphs too
_MOST_FIELDS: Final = 1000
_VET_IN_THREAD: Final = 20_000  # characters; about 10 ms of work
_PAGE: Final = (Offer("text/html", "html"), Offer("application/sparql-results+json", "json"))
_EXAMPLE: Final = """SELECT ?person ?name ?start WHERE {
  ?tenure bkg:post post:kz-minister-of-education ; org:member ?person ; bkg:startEdtf ?start .
  ?person skos:prefLabel ?name FILTER(LANG(?name) = "en")
}
ORDER BY ?start
LIMIT 100"""
_CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Bilim-Release, Retry-After, Content-Language",
}
_HEADERS: Final = {**_CORS, "Vary": "Accept", "Cache-Control": "no-cache"}


def router() -> APIRouter:
    """The route. It reads ``app.state.services`` (settings, pool) and, for its page, ``app.state.pages``."""
    routes = APIRouter()
    routes.add_api_route(
        PATH,
        sparql,
        methods=["GET", "HEAD", "POST", "OPTIONS"],
        response_class=Response,
        summary="Query the graph with SPARQL 1.1",
        description="Protocol for queries: `query`, `default-graph-uri`, `named-graph-uri`; also `timeout` (seconds) "
        "and `format` (json, xml, csv, tsv; ttl, nt, nq, trig, rdf, jsonld) in place of Accept.",
        tags=["sparql"],
        include_in_schema=False,
    )
    return routes


async def sparql(request: Request) -> Response:
    """Answer one request of the protocol."""
    if request.method == "OPTIONS":
        allowed = {"Allow": _METHODS, "Access-Control-Allow-Methods": _METHODS, "Access-Control-Max-Age": "86400"}
        return Response(
            status_code=204, headers={**_CORS, **allowed, "Access-Control-Allow-Headers": "Accept, Content-Type"}
        )
    pool: Pool = request.app.state.services.pool
    try:
        asked = await _read(request)
        if asked is None:
            return _page(request)
        # reading a long query keeps the interpreter busy for a while: not on the event loop
        long = len(asked.text) > _VET_IN_THREAD
        vetted = await asyncio.to_thread(vet, asked.text) if long else vet(asked.text)
        offer = _offer(request, vetted, asked.format)
    except QueryError as error:
        pool.note("client-error")
        return _problem(request, error)
    job = Job(
        text=vetted.text,
        media_type=offer.media_type,
        prefixes=vetted.prefixes,
        # the dataset of the request stands over that of the query (2.1.4)
        dataset=asked.dataset or (vetted.dataset if _several(vetted.dataset) else None),
        timeout=asked.timeout,
    )
    return _Answer(request, pool, job)


def _several(dataset: Dataset | None) -> bool:
    """Several FROM: those are merged by us, because Oxigraph counts a triple of two graphs twice."""
    return dataset is not None and len(set(dataset.default)) > 1


@dataclass(frozen=True, slots=True)
class _Asked:
    text: str
    dataset: Dataset | None
    timeout: float | None
    format: str | None


async def _read(request: Request) -> _Asked | None:
    """What is asked; None where a browser wants the page."""
    limit: int = request.app.state.services.settings.query_max_bytes
    pairs = _pairs(request.scope["query_string"])
    direct: list[str] = []
    if request.method == "POST":
        kind, _, parameters = request.headers.get("content-type", "").partition(";")
        kind = kind.strip().lower()
        charset = parameters.lower().replace(" ", "").replace('"', "")
        if kind == UPDATE:
            raise QueryError("sparql-update", form=UPDATE)
        if kind not in (FORM, QUERY) or ("charset=" in charset and "charset=utf-8" not in charset):
            raise QueryError("sparql-media", given=request.headers.get("content-type", ""), allowed=f"{QUERY}, {FORM}")
        body = await _body(request, limit if kind == QUERY else limit * _ESCAPED, limit)
        if kind == QUERY:
            direct.append(_text(body))
        else:
            pairs += _pairs(body)
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    if "update" in fields:
        raise QueryError("sparql-update", form="'update'")
    texts = fields.get("query", []) + direct
    for name, values in {**fields, "query": texts}.items():
        if name in ("query", "timeout", "format") and len(values) > 1:
            raise QueryError("sparql-twice", parameter=name, count=len(values))
    if not texts or not texts[0].strip():
        if request.method == "POST" or not _wants_page(request):
            raise QueryError("sparql-no-query", path=PATH)
        return None
    if len(texts[0].encode()) > limit:
        raise QueryError("sparql-too-large", limit=limit)
    return _Asked(texts[0], _dataset(fields), _timeout(request, fields), _only(fields, "format"))


async def _body(request: Request, most: int, told: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise QueryError("sparql-too-large", limit=told)
        parts.append(part)
    return b"".join(parts)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise QueryError("sparql-encoding") from None


def _pairs(data: bytes) -> list[tuple[str, str]]:
    """Fields of a form or an address. Raises :class:`QueryError` for what is not UTF-8, or too many fields."""
    try:
        return parse_qsl(_text(data), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except UnicodeDecodeError:
        raise QueryError("sparql-encoding") from None
    except ValueError:
        raise QueryError("sparql-twice", parameter="*", count=_MOST_FIELDS) from None


def _only(fields: Mapping[str, list[str]], name: str) -> str | None:
    return next(iter(fields.get(name, [])), None) or None


def _dataset(fields: Mapping[str, list[str]]) -> Dataset | None:
    default = _graphs("default-graph-uri", fields)
    named = _graphs("named-graph-uri", fields)
    return Dataset(default, named) if default or named else None


def _graphs(parameter: str, fields: Mapping[str, list[str]]) -> tuple[str, ...]:
    given = fields.get(parameter, [])
    for iri in given:
        try:
            NamedNode(iri)
        except ValueError:
            raise QueryError("sparql-graph", given=iri, parameter=parameter, example=GRAPH_DERIVED) from None
    return tuple(given)


def _timeout(request: Request, fields: Mapping[str, list[str]]) -> float | None:
    text = _only(fields, "timeout")
    if text is None:
        return None
    limit: float = request.app.state.services.settings.sparql_timeout
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= limit:
        raise QueryError("sparql-timeout-parameter", given=text, limit=f"{limit:g}")
    return seconds


def _offer(request: Request, vetted: Vetted, suffix: str | None) -> Offer:
    offers = offers_for(vetted.form)
    accept = request.headers.get("accept")
    offer = by_suffix(suffix, offers) if suffix else negotiate(accept, offers)
    if offer is None:
        allowed = ", ".join(f"{o.media_type} ({o.suffix})" for o in offers)
        raise QueryError("sparql-not-acceptable", accept=suffix or accept, form=vetted.form, allowed=allowed)
    return offer


def _wants_page(request: Request) -> bool:
    offer = negotiate(request.headers.get("accept"), _PAGE[::-1])
    return offer is not None and offer.media_type == "text/html"


def _page(request: Request) -> Response:
    """A form without scripts: what it sends is a GET like any other."""
    return request.app.state.pages.response(  # type: ignore[no-any-return]
        "sparql.html",
        request_language(request),
        request=request,
        headers={"Vary": "Accept, Accept-Language"},
        example=_EXAMPLE,
        formats=[("sparql.tables", RESULTS), ("sparql.graphs", GRAPHS)],
        seconds=f"{request.app.state.services.settings.sparql_timeout:g}",
    )


def _problem(request: Request, error: BilimError) -> Response:
    headers: dict[str, str] = dict(_CORS)
    members: dict[str, Any] = {}
    if isinstance(error, Busy):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, QueryError):
        members = {"line": error.line, "column": error.column}
    return finding_problem(request, *error.findings, headers=headers, **members)


class _Answer(Response):
    """Runs the query while it is sent; a client that leaves ends the query."""

    def __init__(self, request: Request, pool: Pool, job: Job) -> None:
        super().__init__()
        self._request = request
        self._pool = pool
        self._job = job

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises :class:`AnswerCut` where the answer breaks off: the server then drops the connection."""
        work = asyncio.create_task(self._serve(scope, receive, send))
        gone = asyncio.create_task(_disconnected(receive))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                work.result()
        finally:
            for task in (work, gone):
                task.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with self._pool.run(self._job) as running:
                await self._send(running, scope, send)
        except BilimError as error:
            await _problem(self._request, error)(scope, receive, send)

    async def _send(self, running: Running, scope: Scope, send: Send) -> None:
        body = running.whole
        if body is None and scope.get("http_version") == "1.0":
            # HTTP/1.0 cannot tell a cut answer from a whole one: nothing goes out before all is there
            try:
                body = b"".join([chunk async for chunk in running.chunks()])
            except AnswerCut as cut:
                raise cut.why from None
        if body is not None:
            await send(self._start(running, [("Content-Length", str(len(body)))]))
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
            return
        await send(self._start(running, []))
        if scope["method"] != "HEAD":
            async for chunk in running.chunks():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def _start(self, running: Running, more: Iterable[tuple[str, str]]) -> dict[str, Any]:
        kind = self._job.media_type
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        headers = {"Content-Type": kind, "Bilim-Release": running.release, **_HEADERS, **dict(more)}
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        return {"type": "http.response.start", "status": 200, "headers": encoded}


async def _disconnected(receive: Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
