"""/search, /api/v1/search, /suggest and /match: things by their names, in any spelling, with scores and why.

Search narrows by facets (:mod:`kg.releases.facets`), and counts them where it is asked to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.answers import choose, content, interface, json_answer, only, pages_of, services_of
from api.front.variant import HTML, PAGE_OFFERS
from api.routers.templates_body import json_object
from kg.findings import BilimError, finding
from kg.kinds import KINDS
from kg.names import pick_label
from kg.releases import facets
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
COUNTED: Final = 100
"""Things found by a text whose facets are counted."""
VALUES: Final = 12
"""Values told of each facet, the most frequent."""
NAMED: Final = tuple(name for name, kind in KINDS.items() if kind.named)


def router() -> APIRouter:
    """The page and the JSON endpoints."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/search")
    async def page(request: Request) -> Response:
        if choose(request, PAGE_OFFERS) != HTML:
            return await run_in_threadpool(_searched, request)
        return await run_in_threadpool(_page, request)

    @routes.get("/api/v1/search")
    def searched(request: Request) -> Response:
        return _searched(request)

    @routes.get("/api/v1/suggest")
    def suggested(request: Request) -> Response:
        only(request, "q", "kind", "limit", "lang", "clang")
        clang, release = content(request), services_of(request).release()
        kinds, limit = kinds_of(request), limit_of(request)
        hits = search(release.projection.rows, asked(request), kinds=kinds, limit=limit, typing=True)
        return _answer(request, release, shown(release, hits, clang), clang)

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


def wanted_of(request: Request) -> dict[str, str]:
    """Facet → value that things must have."""
    given = ((facet, request.query_params.get(facet, "").strip()[:TEXT_MAX]) for facet in facets.FACETS)
    return {facet: value for facet, value in given if value}


def _answer(
    request: Request, release: Release, data: Sequence[Mapping[str, Any]], clang: Sequence[str], **more: Any
) -> Response:
    body = {"data": data, **more, "links": {"self": _self(request)}, "release": release.id}
    return json_answer(body, clang[0])


def _searched(request: Request) -> Response:
    """What a text finds, or all that have the values of facets; ``facets=true`` counts the values."""
    only(request, "q", *facets.FACETS, "facets", "kind", "limit", "lang", "clang")
    clang, release = content(request), services_of(request).release()
    wanted, kinds, limit = wanted_of(request), kinds_of(request), limit_of(request)
    text = asked(request) if "q" in request.query_params else None
    count = request.query_params.get("facets", "").lower() in ("true", "1")
    found, more = _found(release, text, kinds, wanted, limit, clang, count)
    return _answer(request, release, found, clang, **more)


def _found(
    release: Release,
    text: str | None,
    kinds: Sequence[str],
    wanted: Mapping[str, str],
    limit: int,
    clang: Sequence[str],
    count: bool,
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Things; ``total`` where no text ranks them; where asked ``facets``: facet → values with label and count."""
    rows, of = release.projection.rows, tuple(kinds) or NAMED
    more: dict[str, Any] = {}
    if text is not None:
        hits = search(rows, text, kinds=kinds, wanted=wanted, limit=max(limit, COUNTED) if count else limit)
        counts = facets.counted(rows, [(hit.kind, hit.slug) for hit in hits], VALUES) if count else None
        data = shown(release, hits[:limit], clang)
    else:
        more["total"], things = facets.having(rows, wanted, of, clang[0], limit)
        data = _entities(release, things, clang)
        if not count:
            counts = None
        elif wanted:
            counts = facets.counted_having(rows, wanted, of, VALUES)
        else:
            counts = facets.totals(rows, of, VALUES)
    return data, more if counts is None else {**more, "facets": _told(release, counts, clang)}


def _entities(release: Release, things: Sequence[tuple[str, str]], clang: Sequence[str]) -> list[dict[str, Any]]:
    """Things found by no name: as :func:`shown`, without one."""
    hits = [Hit(kind, slug, "", "", 0.0, ()) for kind, slug in things]
    return [{**item, "matched": None, "score": None} for item in shown(release, hits, clang)]


def _told(
    release: Release, counts: Mapping[str, Sequence[tuple[str, int]]], clang: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    iris = {(facet, value): facets.value_iri(facet, value) for facet, values in counts.items() for value, _ in values}
    labels = release.projection.labels(iri for iri in iris.values() if iri)
    picked = {key: pick_label(labels.get(iri or "", {}), clang) for key, iri in iris.items()}
    return {
        facet: [
            {
                "value": value,
                "label": label.value if (label := picked[facet, value]) else value,
                "labelLang": label.lang if label else None,
                "count": n,
            }
            for value, n in values
        ]
        for facet, values in counts.items()
    }


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
    only(request, "q", *facets.FACETS, "facets", "kind", "limit", "lang", "clang")
    lang, clang = interface(request), content(request)
    release = services_of(request).release()
    text = request.query_params.get("q", "").strip()[:TEXT_MAX]
    kinds, wanted = kinds_of(request), wanted_of(request)
    limit = LIMIT_MAX if text or wanted else 0
    found, more = _found(release, text or None, kinds, wanted, limit, clang, True)
    return pages_of(request).response(
        "search.html",
        lang,
        request=request,
        clang=clang[0],
        text=text,
        chosen=kinds,
        kinds=[KINDS[name] for name in NAMED],
        found=[{**item, "kindOf": KINDS[item["kind"]]} for item in found],
        wanted=wanted,
        total=more.get("total", len(found)),
        facets=[(facet, _choices(request, facet, values)) for facet, values in more["facets"].items() if values],
        release=release.id,
    )


def _choices(request: Request, facet: str, values: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Values of a facet with the address that chooses each, or gives it up where it is chosen."""
    before = [(name, value) for name, value in request.query_params.multi_items() if name != facet and value]
    chosen = request.query_params.get(facet, "").strip()
    return [
        {
            **value,
            "chosen": value["value"] == chosen,
            "href": "/search?" + urlencode(before if value["value"] == chosen else [*before, (facet, value["value"])]),
        }
        for value in values
    ]


def _self(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}"
