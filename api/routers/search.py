"""/search, /api/v1/search, /suggest and /match: things by their names, in any spelling, with scores and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.answers import choose, content, interface, json_answer, only, pages_of, services_of
from api.front.variant import HTML, PAGE_OFFERS
from api.routers.templates_body import json_object
from kg.findings import BilimError, finding
from kg.kinds import KINDS
from kg.names import pick_label
from kg.releases.name_index import Hit, search
from kg.releases.reader import Release
from kg.terms import entity_iri

TEXT_MAX: Final = 200
"""Characters of a text searched for."""
LIMIT, LIMIT_MAX = 10, 50
BATCH_MAX: Final = 50
"""Texts matched by one POST."""
SURE, AHEAD = 95.0, 5.0
"""A match: so high a score, and so far before the next of its kind."""
NAMED: Final = tuple(name for name, kind in KINDS.items() if kind.named)


def router() -> APIRouter:
    """The page and the JSON endpoints."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/search")
    async def page(request: Request) -> Response:
        if choose(request, PAGE_OFFERS) != HTML:
            return await run_in_threadpool(_list, request, False)
        return await run_in_threadpool(_page, request)

    @routes.get("/api/v1/search")
    def searched(request: Request) -> Response:
        return _list(request, False)

    @routes.get("/api/v1/suggest")
    def suggested(request: Request) -> Response:
        return _list(request, True)

    @routes.get("/api/v1/match")
    def matched(request: Request) -> Response:
        only(request, "q", "kind", "limit", "lang", "clang")
        release = services_of(request).release()
        found = candidates(release, asked(request), kinds_of(request), limit_of(request), content(request))
        links = {"self": _self(request)}
        return json_answer({"data": found, "links": links, "release": release.id}, content(request)[0])

    @routes.post("/api/v1/match")
    async def matched_all(request: Request) -> Response:
        only(request, "lang", "clang")
        body = await json_object(request)
        return await run_in_threadpool(_batch, request, body)

    return routes


def asked(request: Request) -> str:
    """``q``. Raises :class:`BilimError` where it is missing, empty or too long."""
    return checked(request.query_params.get("q"))


def checked(text: object) -> str:
    """A text to search for. Raises :class:`BilimError` (``search-no-text``, ``search-text-long``)."""
    if not isinstance(text, str) or not text.strip():
        raise BilimError(finding("search-no-text"))
    if len(text) > TEXT_MAX:
        raise BilimError(finding("search-text-long", count=len(text), maximum=TEXT_MAX))
    return text


def kinds_of(request: Request) -> tuple[str, ...]:
    """``kind``, several by commas or repeated; empty: all. Raises :class:`BilimError` (``search-kind``)."""
    given = [part.strip() for text in request.query_params.getlist("kind") for part in text.split(",") if part.strip()]
    return checked_kinds(given)


def checked_kinds(given: Sequence[str]) -> tuple[str, ...]:
    """Kinds of things with names of their own. Raises :class:`BilimError` (``search-kind``)."""
    for kind in given:
        if kind not in NAMED:
            raise BilimError(finding("search-kind", value=kind[:40], known=", ".join(NAMED)))
    return tuple(dict.fromkeys(given))


def limit_of(request: Request) -> int:
    """``limit``, 10 if absent. Raises :class:`BilimError` (``search-limit``)."""
    value = request.query_params.get("limit", str(LIMIT))
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= LIMIT_MAX):
        raise BilimError(finding("search-limit", value=value[:40], maximum=LIMIT_MAX))
    return int(value)


def shown(release: Release, hits: Sequence[Hit], clang: Sequence[str]) -> list[dict[str, Any]]:
    """Hits as entities, each with the name that answered, its score and why."""
    labels = release.projection.labels(entity_iri(hit.kind, hit.slug) for hit in hits)
    out = []
    for hit in hits:
        iri = entity_iri(hit.kind, hit.slug)
        label = pick_label(labels.get(iri, {}), clang)
        out.append(
            {
                "id": iri,
                "kind": hit.kind,
                "slug": hit.slug,
                "label": label.value if label else None,
                "labelLang": label.lang if label else None,
                "matched": {"value": hit.name, "lang": hit.lang},
                "score": round(max(hit.score, 0.0), 1),
                "why": [
                    {"asked": w.asked, "found": w.found, "kind": w.kind, "weight": round(w.weight, 2)} for w in hit.why
                ],
            }
        )
    return out


def candidates(
    release: Release, text: str, kinds: Sequence[str], limit: int, clang: Sequence[str]
) -> list[dict[str, Any]]:
    """Candidates for a name; ``match`` is true for at most one: sure by itself and well before the next."""
    found = shown(release, search(release.projection.rows, text, kinds=kinds, limit=max(limit, 2)), clang)
    for position, item in enumerate(found):
        rest = [other["score"] for other in found[1:]]
        sure = item["score"] >= SURE and (not rest or item["score"] - max(rest) >= AHEAD)
        item["match"] = position == 0 and sure
    return found[:limit]


def _list(request: Request, typing: bool) -> Response:
    only(request, "q", "kind", "limit", "lang", "clang")
    clang = content(request)
    release = services_of(request).release()
    kinds, limit = kinds_of(request), limit_of(request)
    hits = search(release.projection.rows, asked(request), kinds=kinds, limit=limit, typing=typing)
    body = {"data": shown(release, hits, clang), "links": {"self": _self(request)}, "release": release.id}
    return json_answer(body, clang[0])


def _batch(request: Request, body: Mapping[str, Any]) -> Response:
    """``{"queries": [{"q": …, "kind": […], "limit": …}, …]}`` to one list of candidates for each, in order."""
    queries = body.get("queries")
    if not isinstance(queries, list) or not all(isinstance(q, dict) for q in queries):
        raise BilimError(finding("match-queries"))
    if len(queries) > BATCH_MAX:
        raise BilimError(finding("match-too-many", count=len(queries), maximum=BATCH_MAX))
    release, clang = services_of(request).release(), content(request)
    data = []
    for query in queries:
        given = query.get("kind") or []
        kinds = checked_kinds([given] if isinstance(given, str) else [str(kind) for kind in given])
        limit = query.get("limit", LIMIT)
        if not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= LIMIT_MAX:
            raise BilimError(finding("search-limit", value=str(limit)[:40], maximum=LIMIT_MAX))
        data.append(candidates(release, checked(query.get("q")), kinds, limit, clang))
    return json_answer({"data": data, "links": {"self": request.url.path}, "release": release.id}, clang[0])


def _page(request: Request) -> Response:
    """The page: a form, and what was found."""
    only(request, "q", "kind", "limit", "lang", "clang")
    lang, clang = interface(request), content(request)
    release = services_of(request).release()
    text = request.query_params.get("q", "").strip()[:TEXT_MAX]
    kinds = kinds_of(request)
    hits = search(release.projection.rows, text, kinds=kinds, limit=LIMIT_MAX) if text else []
    return pages_of(request).response(
        "search.html",
        lang,
        request=request,
        clang=clang[0],
        text=text,
        chosen=kinds,
        kinds=[KINDS[name] for name in NAMED],
        found=[{**item, "kindOf": KINDS[item["kind"]]} for item in shown(release, hits, clang)],
        release=release.id,
    )


def _self(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}"
