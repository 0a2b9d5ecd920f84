"""/sparql for a browser: the query in an editor, its answer as a table with names, its faults at their line and column.

A page without scripts posts the query and gets the same table. Only who prefers HTML to every format of an answer is
served so: a program is not.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.pages.terms import term_page
from api.problems import request_language, status_of
from api.services import Services
from api.sparql import asking
from api.sparql.answering import Using, WhileThere
from kg.findings import BilimError
from kg.names import pick_label
from kg.releases.reader import Release
from kg.sparql.formats import GRAPHS, RESULTS
from kg.sparql.negotiation import Offer, negotiate
from kg.sparql.running import AnswerCut, Job
from kg.store.errors import QueryError
from kg.templates.page import address
from kg.terms import LIST, PREFIXES, split_entity_iri

JobOf = Callable[[], Awaitable[tuple[str, Job]]]
"""Vets the query: its form and its job. Raises what is wrong with it."""
ROWS: Final = 1000
"""Rows that a page shows; the whole is a download."""
BYTES: Final = 4_000_000
"""Of an answer read for a page."""
LINK_MOST: Final = 8000
"""Characters of an address that browsers and proxies carry."""
_HTML: Final = Offer("text/html", "html")
_GONE: Final = 499  # for metrics and the log; nobody reads it
EXAMPLE: Final = """SELECT ?person ?name ?start WHERE {
  ?tenure bkg:post post:kz-minister-of-education ; org:member ?person ; bkg:startEdtf ?start .
  ?person skos:prefLabel ?name FILTER(LANG(?name) = "en")
}
ORDER BY ?start
LIMIT 100"""


def example(lang: str) -> str:
    """What stands in the editor at first, with names in the language of the page."""
    return EXAMPLE.replace('"en"', f'"{lang}"')


@dataclass(slots=True)
class Cell:
    """A term as it is shown. ``href``: where it leads; ``more``: its datatype or language."""

    text: str
    href: str = ""
    lang: str = ""
    more: str = ""
    title: str = ""


@dataclass(slots=True)
class Result:
    """What the page shows below the editor."""

    variables: list[str] = field(default_factory=list)
    rows: list[list[Cell | None]] = field(default_factory=list)
    boolean: bool | None = None
    graph: str | None = None
    cut: bool = False  # there is more than is shown
    faults: list[str] = field(default_factory=list)
    line: int | None = None
    column: int | None = None
    status: int = 200


def wanted(request: Request) -> bool:
    """Whether the client is a browser that wants to read the answer: HTML stands in Accept, before all formats."""
    accept = request.headers.get("accept") or ""
    if "text/html" not in accept:
        return False
    chosen = negotiate(accept, (_HTML, *RESULTS, *GRAPHS))
    return chosen is _HTML


async def answered(
    request: Request, services: Services, asked: asking.Asked, release: str, using: Using, job: JobOf
) -> Response:
    """The page with the answer. ``editor=1`` in the address: the query only, not run."""
    if request.query_params.get("editor") == "1":
        return page(request, services, asked.text, None)
    result = Result()
    try:
        form, work = await job()
        if (ran := await _run(request, using, work)) is None:
            return Response(status_code=_GONE)
        body, result.cut = ran
        held = await services.find_release(release)
        if form in ("SELECT", "ASK"):
            await run_in_threadpool(_fill, result, body, held, request_language(request))
        else:
            result.graph = body.decode("utf-8", "replace")
    except asking.Noted as noted:
        _fault(result, noted.why, request)
    except AnswerCut as cut:
        _fault(result, cut.why, request)
    except BilimError as error:
        services.pool.note("client-error")
        _fault(result, error, request)
    return page(request, services, asked.text, result)


def page(request: Request, services: Services, text: str, result: Result | None) -> Response:
    """The editor with this query; below it what came of it."""
    lang = request_language(request)
    path = request.url.path
    link = address(path, [("query", text)])
    downloads = []
    if result is not None and not result.faults and len(link) <= LINK_MOST:
        offers = GRAPHS if result.graph is not None else RESULTS
        downloads = [(o.suffix, address(path, [("query", text), ("format", o.suffix)])) for o in offers]
    questions = sorted(services.templates.templates.values(), key=lambda t: t.name)
    return request.app.state.pages.response(  # type: ignore[no-any-return]
        "sparql.html",
        lang,
        request=request,
        status_code=result.status if result else 200,
        headers={"Vary": "Accept, Accept-Language", "Cache-Control": "no-store"},
        query=text,
        result=result,
        link=link if len(link) <= LINK_MOST else "",
        downloads=downloads,
        questions=[(t.name, t.summaries.get(lang) or t.summary or t.name) for t in questions],
        formats=[("sparql.tables", RESULTS), ("sparql.graphs", GRAPHS)],
        seconds=f"{services.settings.sparql_timeout:g}",
        most=ROWS,
    )


async def _run(request: Request, using: Using, job: Job) -> tuple[bytes, bool] | None:
    """The answer, and whether it goes on; None where the client has left. Leaving it half read stops the query."""
    parts: list[bytes] = []
    size = 0
    async with WhileThere(request.receive), using() as pool, pool.run(job) as running:
        async for chunk in running.chunks():
            parts.append(chunk)
            size += len(chunk)
            if size > BYTES:
                return b"".join(parts), True
        return b"".join(parts), False
    return None


def _fill(result: Result, body: bytes, release: Release, lang: str) -> None:
    """Rows with the names of what they name."""
    data = _whole(body) if result.cut else json.loads(body)
    if "boolean" in data:
        result.boolean = bool(data["boolean"])
        return
    result.variables = list(data["head"]["vars"])
    bindings = data["results"]["bindings"]
    result.cut = result.cut or len(bindings) > ROWS
    shown = bindings[:ROWS]
    iris = {term["value"] for row in shown for term in row.values() if term["type"] == "uri"}
    labels = release.projection.labels(iris)
    result.rows = [[_cell(row.get(name), labels, lang) for name in result.variables] for row in shown]


def _whole(body: bytes) -> dict[str, Any]:
    """The rows of an answer that was left in the middle: all that came whole."""
    text = body.decode("utf-8", "ignore")
    end = text.rfind("},{")
    while end > 0:
        try:
            found: dict[str, Any] = json.loads(text[: end + 1] + "]}}")
        except ValueError:
            end = text.rfind("},{", 0, end)
        else:
            return found
    return {"head": {"vars": []}, "results": {"bindings": []}}


def _cell(term: Mapping[str, Any] | None, labels: Mapping[str, Mapping[str, str]], lang: str) -> Cell | None:
    if term is None:
        return None
    value = str(term["value"])
    if term["type"] != "uri":
        datatype = str(term.get("datatype", ""))
        return Cell(value, lang=str(term.get("xml:lang", "")), more=_short(datatype) if datatype else "")
    picked = pick_label(labels.get(value, {}), lang)
    place = split_entity_iri(value)
    href = "/doc/" + "/".join(place) if place else term_page(value) or ""
    if not href and value.startswith(LIST):
        href = "/list/" + value.removeprefix(LIST)
    short = _short(value)
    if picked:
        return Cell(picked.value, href or value, picked.lang, short, value)
    return Cell(short, href or value, title=value)


def _short(iri: str) -> str:
    """The IRI with a prefix where one of ours fits."""
    best = max((p for p in PREFIXES.items() if iri.startswith(p[1])), key=lambda p: len(p[1]), default=None)
    return f"{best[0]}:{iri[len(best[1]) :]}" if best and "/" not in iri[len(best[1]) :] else iri


def _fault(result: Result, error: BilimError, request: Request) -> None:
    lang = request_language(request)
    result.faults = [f.text(lang) for f in error.findings]
    result.status = status_of(error.findings[0].code)
    if isinstance(error, QueryError):
        result.line, result.column = error.line, error.column


def completions(release: Release, lang: str, names: Sequence[str]) -> dict[str, Any]:
    """What the editor completes: classes and properties that the release uses, with their names and how often; and of
    each class its properties. ``names``: the languages of labels, best first.
    """
    classes: dict[str, int] = {}
    properties: dict[str, int] = {}
    of: dict[str, list[str]] = {}
    for cls, prop, target, _, count in release.projection.partitions():
        if target:
            continue
        if cls and not prop:
            classes[cls] = count
        elif prop and not cls:
            properties[prop] = count
        elif prop:
            of.setdefault(cls, []).append(prop)
    labels = release.projection.labels([*classes, *properties])

    def told(terms: Mapping[str, int]) -> list[list[Any]]:
        out = []
        for iri, count in sorted(terms.items(), key=lambda item: (-item[1], item[0])):
            picked = pick_label(labels.get(iri, {}), names)
            out.append([_short(iri), picked.value if picked else "", count])
        return out

    return {
        "lang": lang,
        "classes": told(classes),
        "properties": told(properties),
        "propertiesOf": {_short(cls): [_short(p) for p in props] for cls, props in of.items()},
        "prefixes": dict(PREFIXES),
    }
