"""/id and /doc: the thing itself, and what is known of it, in every format."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import partial

import orjson
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
    json_ld_answer,
    link_header,
    only,
    pages_of,
    rdf_answer,
    services_of,
)
from api.front.pinned import body_under
from api.front.variant import DOC_OFFERS, HTML, JSON, JSON_LD
from api.pages.kept import MARK, Kept, Written
from api.pages.render import dressed
from api.pages.thing import Reading, certainty, thing_page
from api.register import LIVE, decided
from api.services import prefix
from kg import jsonld
from kg.findings import BilimError, finding
from kg.kinds import KINDS
from kg.releases.reader import Release
from kg.releases.terms_json import Json, localize
from kg.store.protocol import Store
from kg.terms import BKG, LANGUAGES, entity_iri

MEDIA_SUFFIX = {media: suffix for suffix, media in SUFFIXES.items()}
BELOW = "/doc/"
"""What things stand below, two steps down: the front answers these addresses with no route found before."""
PARAMETERS = ("lang", "clang", "on")

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


class Things:
    """Answers /doc/{kind}/{name}; keeps what was written, for publishes that do not touch it."""

    def __init__(self) -> None:
        self._kept = Kept()

    async def by_path(self, request: Request) -> Response:
        """The same, with no route found before: for the front."""
        _, _, kind, name = request.scope["path"].split("/")
        return await self.document(request, kind, name)

    async def document(self, request: Request, kind: str, name: str) -> Response:
        """What is known of a thing, in the format of the suffix or of Accept."""
        slug, suffix = _split(name)
        release, slug_now, text = find_thing(request, kind, slug)
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
        pairs = tuple(sorted(request.query_params.multi_items()))
        asked = (prefix(), kind, slug, media, lang, clang, on, pairs)
        if media == JSON:
            only(request, *PARAMETERS)
        written = self._kept.get(asked)
        if written is None or written.document != text or not (media == JSON or written.looked_up.holds(release)):
            # a page takes milliseconds to write: in a thread, so that other answers do not wait
            write = (
                partial(_page, request, release, text, lang, clang, on)
                if media == HTML
                else partial(_json, text, clang, on)
            )
            written = await run_in_threadpool(write)
            self._kept.put(asked, written)
        body = written.body.replace(MARK, release.id)
        if media == HTML:
            return dressed(body, lang, headers=headers)
        return Response(body.encode(), media_type=JSON, headers={"Content-Language": clang, **headers})


def router(things: Things) -> APIRouter:
    """The addresses of things."""
    routes = APIRouter(tags=["things"])

    @routes.get("/id/{kind}/{slug}", summary="A thing itself: leads to its page or its data", status_code=303)
    async def identity(request: Request, kind: str, slug: str) -> Response:
        """303 to the format that Accept asks for; 301 where the thing has another address now; 410 where withdrawn."""
        _, slug_now, _ = find_thing(request, kind, slug)
        query = f"?{request.url.query}" if request.url.query else ""
        headers = {"Vary": "Accept", "Link": _links(kind, slug_now)}
        if slug_now != slug:
            return RedirectResponse(f"/id/{kind}/{slug_now}{query}", 301, headers)
        suffix = MEDIA_SUFFIX.get(choose(request, DOC_OFFERS), "")
        return RedirectResponse(f"/doc/{kind}/{slug}{suffix}{query}", 303, headers)

    @routes.get(
        "/doc/{kind}/{name}",
        summary="What is known of a thing (.json, .jsonld, .ttl, .nt; a page without)",
        openapi_extra={"parameters": [_ON, _LANG, _CLANG]},
    )
    async def document(request: Request, kind: str, name: str) -> Response:
        """``on``: the day for which the page says whether the thing was in force."""
        return await things.document(request, kind, name)

    return routes


def _split(name: str) -> tuple[str, str]:
    """``(slug, suffix)``; slugs may hold dots, so only known endings count."""
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix), suffix
    return name, ""


def find_thing(request: Request, kind: str, slug: str) -> tuple[Release, str, str]:
    """The release, the slug under which the thing stands now, and its document ("" where that is another slug).

    Raises :class:`BilimError`: unknown kind or thing (404), withdrawn (410).
    """
    if kind not in KINDS:
        raise BilimError(finding("kind-not-found", kind=kind[:40], kinds=", ".join(KINDS)))
    release = services_of(request).release()
    text = release.projection.document_text(kind, slug)
    fate = LIVE if text is not None and prefix() else request.app.state.register.fate(kind, slug)
    if fate == LIVE and text is None:
        fate = decided(release, kind, slug)
    if fate.withdrawn is not None:
        raise BilimError(finding("thing-withdrawn", kind=kind, slug=slug, reason=fate.withdrawn.rstrip(".")))
    if fate.moved_to is not None:
        return release, fate.moved_to, ""
    if text is None:
        raise BilimError(finding("thing-not-found", kind=kind, slug=slug[:80], release=release.id))
    return release, slug, text


def _page(request: Request, release: Release, text: str, lang: str, clang: str, on: date) -> Written:
    """The page, with a mark where the id of the release stands."""
    document: Json = orjson.loads(text)
    pages, address = pages_of(request), f"{services_of(request).address}/doc/{document['kind']}/{document['slug']}"
    view = thing_page(document, release, Reading(on, lang, clang, partial(pages.text, lang=lang), pages.texts, address))
    looked_up = view.pop("looked_up")
    return Written(pages.html("thing.html", lang, request, release=MARK, clang=clang, **view), text, looked_up)


def _json(text: str, clang: str, on: date) -> Written:
    """The agreed envelope; ``certainty`` says whether the thing was in force on the day (null: it has no time)."""
    document: Json = orjson.loads(text)
    kind, slug = document["kind"], document["slug"]
    links = {"self": f"/doc/{kind}/{slug}.json", "page": f"/doc/{kind}/{slug}", "id": document["id"]}
    data = {**localize(document, clang), "certainty": certainty(document, on)}
    body = {"data": data, "release": MARK, "on": on.isoformat(), "links": links}
    return Written(orjson.dumps(body_under(prefix(), body)).decode(), text, None)


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
