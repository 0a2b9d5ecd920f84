"""/id and /doc: the thing itself, and what is known of it, in every format."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from pyoxigraph import NamedNode, Triple
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from api.answers import (
    SUFFIXES,
    choose,
    content,
    day,
    interface,
    json_answer,
    json_ld_answer,
    link_header,
    only,
    pages_of,
    rdf_answer,
    services_of,
)
from api.front.variant import DOC_OFFERS, HTML, JSON, JSON_LD, PAGE_OFFERS
from api.pages.thing import certainty, thing_page
from kg import jsonld
from kg.findings import BilimError, finding
from kg.kinds import KINDS
from kg.releases.reader import Release
from kg.releases.terms_json import Json, localize
from kg.store.protocol import Store
from kg.terms import BKG, LANGUAGES, entity_iri

MEDIA_SUFFIX = {media: suffix for suffix, media in SUFFIXES.items()}
PARAMETERS = ("lang", "clang", "on")
PAGE_SIZE = 100  # things on one page of a list

_LANGUAGE = {"type": "string", "enum": list(LANGUAGES)}
_LANG = {"name": "lang", "in": "query", "schema": _LANGUAGE, "description": "Language of pages and messages."}
_CLANG = {
    "name": "clang",
    "in": "query",
    "schema": _LANGUAGE,
    "description": "Language of labels; where a label is missing, Accept-Language, then kk, ru, en.",
}
_ON = {
    "name": "on",
    "in": "query",
    "schema": {"type": "string", "format": "date"},
    "description": "The day for which `certainty` says whether the thing was in force; today if absent.",
}
_PAGE = {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}, "description": "From 1."}


def router() -> APIRouter:
    """The addresses of things."""
    routes = APIRouter(tags=["things"])

    @routes.get("/id/{kind}/{slug}", summary="A thing itself: leads to its page or its data", status_code=303)
    async def identity(request: Request, kind: str, slug: str) -> Response:
        """303 to the format that Accept asks for; 301 where the thing has another address now; 410 where withdrawn."""
        _, slug_now = _find(request, kind, slug)
        query = f"?{request.url.query}" if request.url.query else ""
        headers = {"Vary": "Accept", "Link": _links(kind, slug_now)}
        if slug_now != slug:
            return RedirectResponse(f"/id/{kind}/{slug_now}{query}", 301, headers)
        suffix = MEDIA_SUFFIX.get(choose(request, DOC_OFFERS), "")
        return RedirectResponse(f"/doc/{kind}/{slug}{suffix}{query}", 303, headers)

    @routes.get(
        "/doc/{kind}", summary="The things of a kind, by name", openapi_extra={"parameters": [_PAGE, _LANG, _CLANG]}
    )
    async def listing(request: Request, kind: str) -> Response:
        media, lang, clang = choose(request, PAGE_OFFERS), interface(request), content(request)[0]
        if kind not in KINDS:
            raise BilimError(finding("kind-not-found", kind=kind[:40], kinds=", ".join(KINDS)))
        release = services_of(request).release()
        total = release.projection.counts().get(kind, 0)
        last = max(1, -(-total // PAGE_SIZE))
        page = _page(request, last)
        slugs = release.projection.slugs(kind, clang, (page - 1) * PAGE_SIZE, PAGE_SIZE)
        labels = release.projection.labels(entity_iri(kind, slug) for slug in slugs)
        things = [
            {"id": (i := entity_iri(kind, s)), "kind": kind, "slug": s, "labels": labels.get(i, {})} for s in slugs
        ]
        data = localize(things, clang)
        links = {"self": page, "first": 1, "last": last}
        links |= {"prev": page - 1} if page > 1 else {}
        links |= {"next": page + 1} if page < last else {}
        kept = sorted((k, v) for k, v in request.query_params.multi_items() if k != "page")
        addresses = {rel: f"/doc/{kind}?{urlencode([*kept, ('page', number)])}" for rel, number in links.items()}
        headers = {"Link": link_header([(address, rel, None) for rel, address in addresses.items() if rel != "self"])}
        if media == HTML:
            return pages_of(request).response(
                "list.html", lang, request=request, headers=headers, kind=KINDS[kind], things=data, total=total,
                page=page, last=last, addresses=addresses, release=release.id, clang=clang,
            )  # fmt: skip
        only(request, *PARAMETERS, "page")
        paging = {"number": page, "size": PAGE_SIZE, "total": total}
        return json_answer({"data": data, "page": paging, "links": addresses, "release": release.id}, clang, headers)

    @routes.get(
        "/doc/{kind}/{name}",
        summary="What is known of a thing (.json, .jsonld, .ttl, .nt; a page without)",
        openapi_extra={"parameters": [_ON, _LANG, _CLANG]},
    )
    async def document(request: Request, kind: str, name: str) -> Response:
        """``on``: the day for which the page says whether the thing was in force."""
        slug, suffix = _split(name)
        release, slug_now = _find(request, kind, slug)
        if slug_now != slug:
            query = f"?{request.url.query}" if request.url.query else ""
            return RedirectResponse(f"/doc/{kind}/{slug_now}{suffix}{query}", 301)
        media = SUFFIXES[suffix] if suffix else choose(request, DOC_OFFERS)
        lang, clang, on = interface(request), content(request)[0], day(request)
        headers = {"Link": _links(kind, slug)}
        if not suffix and media != HTML:
            headers["Content-Location"] = f"/doc/{kind}/{slug}{MEDIA_SUFFIX[media]}"
        if media not in (HTML, JSON):
            only(request, *PARAMETERS)
            iri = entity_iri(kind, slug)
            if media == JSON_LD:
                context = request.app.state.context
                tree = await run_in_threadpool(lambda: jsonld.about(_about(release.store, iri), iri, context))
                return json_ld_answer(tree, headers)
            return await run_in_threadpool(lambda: rdf_answer(_about(release.store, iri), media, headers))
        if media == JSON:
            only(request, *PARAMETERS)
            return json_answer(_body(_document(release, kind, slug), release, clang, on), clang, headers)

        def page() -> Response:
            view = thing_page(_document(release, kind, slug), release, on, lang, clang, pages_of(request).texts)
            return pages_of(request).response(
                "thing.html", lang, request=request, headers=headers, release=release.id, clang=clang, **view
            )

        return await run_in_threadpool(page)

    return routes


def _page(request: Request, last: int) -> int:
    text = request.query_params.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= last):
        raise BilimError(finding("page-not-there", given=text[:40], last=last))
    return int(text)


def _split(name: str) -> tuple[str, str]:
    """``(slug, suffix)``; slugs may hold dots, so only known endings count."""
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix), suffix
    return name, ""


def _find(request: Request, kind: str, slug: str) -> tuple[Release, str]:
    """The release, and the slug under which the thing stands now.

    Raises :class:`BilimError`: unknown kind or thing (404), withdrawn (410).
    """
    if kind not in KINDS:
        raise BilimError(finding("kind-not-found", kind=kind[:40], kinds=", ".join(KINDS)))
    release = services_of(request).release()
    fate = request.app.state.register.fate(kind, slug)
    if fate.withdrawn is not None:
        raise BilimError(finding("thing-withdrawn", kind=kind, slug=slug, reason=fate.withdrawn))
    if fate.moved_to is not None:
        return release, fate.moved_to
    if not release.projection.has(kind, slug):
        raise BilimError(finding("thing-not-found", kind=kind, slug=slug[:80], release=release.id))
    return release, slug


def _document(release: Release, kind: str, slug: str) -> Json:
    found = release.projection.document(kind, slug)
    assert found is not None  # _find has seen it in the same release
    return found


def _body(document: Json, release: Release, clang: str, on: date) -> Json:
    """The agreed envelope; ``certainty`` says whether the thing was in force on the day (null: it has no time)."""
    kind, slug = document["kind"], document["slug"]
    links = {"self": f"/doc/{kind}/{slug}.json", "page": f"/doc/{kind}/{slug}", "id": document["id"]}
    data = {**localize(document, clang), "certainty": certainty(document, on)}
    return {"data": data, "release": release.id, "on": on.isoformat(), "links": links}


def _links(kind: str, slug: str) -> str:
    page = f"/doc/{kind}/{slug}"
    alternates: list[tuple[str, str, str | None]] = [(page + s, "alternate", m) for s, m in SUFFIXES.items()]
    return link_header([(page, "canonical", None), (page, "alternate", HTML), *alternates])


def _about(store: Store, iri: str) -> Iterator[Triple]:
    """The thing's own statements, and those of its evidence, discrepancies and dated values."""
    thing = NamedNode(iri)
    pointing = " ".join(str(NamedNode(BKG + name)) for name in ("supports", "concerns", "of"))
    return store.construct(
        f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ {{ VALUES ?s {{ {thing} }} ?s ?p ?o }} UNION "
        f"{{ VALUES ?points {{ {pointing} }} ?s ?points {thing} . ?s ?p ?o }} }}"
    )
