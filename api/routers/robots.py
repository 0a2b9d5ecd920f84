"""robots.txt, sitemap.xml (an index, by kinds) and the page on personal data."""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from api.answers import choose, interface, json_answer, only, pages_of, services_of
from api.front.variant import HTML, PAGE_OFFERS
from kg.findings import BilimError, finding
from kg.kinds import KINDS

SITEMAP_URLS: Final = 40_000
"""Addresses in one sitemap; the protocol allows 50,000."""
_XML: Final = "application/xml"
_PAGES: Final = (
    "/",
    "/sources",
    "/coverage",
    "/queries",
    "/ontology",
    "/shapes",
    "/releases",
    "/decisions",
    "/personal-data",
    "/between",
)
_NAME: Final = re.compile(r"([a-z]+)-([1-9][0-9]{0,5})\.xml")
_SPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
PARTS: Final = ("what", "who", "how", "gone", "visit")


def router() -> APIRouter:
    """What robots read first, and what people may ask of those who keep data on them."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/robots.txt")
    async def robots(request: Request) -> Response:
        # /sparql answers anything, at a cost; /api is what the pages already hold; lists by facets are without end
        closed = ("/sparql", "/api/", "/metrics", "/desk/", "/mistake/", "/history/", "/between?", "/doc/*?", "/search")
        lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed)]
        return PlainTextResponse("\n".join([*lines, f"Sitemap: {services_of(request).address}/sitemap.xml", ""]))

    @routes.get("/sitemap.xml")
    def index(request: Request) -> Response:
        """Named kinds only: tenures, evidence and the like stand on the pages of what they join."""
        services = services_of(request)
        release = services.release()
        counted = release.projection.counts()
        names = ["pages-1"]
        for kind in KINDS.values():
            if kind.named:
                names += [f"{kind.name}-{n + 1}" for n in range(-(-counted.get(kind.name, 0) // SITEMAP_URLS))]
        day = release.manifest.created.date().isoformat()
        entries = "".join(
            f"<sitemap><loc>{services.address}/sitemaps/{name}.xml</loc><lastmod>{day}</lastmod></sitemap>"
            for name in names
        )
        return _xml(f'<sitemapindex xmlns="{_SPACE}">{entries}</sitemapindex>')

    @routes.get("/sitemaps/{name}")
    def sitemap(request: Request, name: str) -> Response:
        services, match = services_of(request), _NAME.fullmatch(name)
        release = services.release()
        paths: list[str] = []
        if match is not None and match[1] == "pages" and match[2] == "1":
            paths = [*_PAGES, *(f"/doc/{kind.name}" for kind in KINDS.values() if kind.named)]
        elif match is not None and match[1] in KINDS and KINDS[match[1]].named:
            first = (int(match[2]) - 1) * SITEMAP_URLS
            paths = [f"/doc/{match[1]}/{s}" for s in release.projection.slugs(match[1], "en", first, SITEMAP_URLS)]
        if not paths:
            raise BilimError(finding("not-found", path=request.url.path))
        day = release.manifest.created.date().isoformat()
        urls = "".join(f"<url><loc>{escape(services.address + p)}</loc><lastmod>{day}</lastmod></url>" for p in paths)
        return _xml(f'<urlset xmlns="{_SPACE}">{urls}</urlset>')

    @routes.get("/personal-data")
    def personal(request: Request) -> Response:
        media, lang = choose(request, PAGE_OFFERS), interface(request)
        release, pages = services_of(request).release(), pages_of(request)
        people = release.projection.counts().get("person", 0)
        texts = [
            (
                pages.text(f"personal.{p}.title", lang),
                pages.text(f"personal.{p}", lang, people=people, release=release.id),
            )
            for p in PARTS
        ]
        if media != HTML:
            only(request, "lang", "clang")
            return json_answer({"data": [{"title": a, "text": b} for a, b in texts], "release": release.id}, lang)
        return pages.response("personal.html", lang, request=request, release=release.id, texts=texts)

    return routes


def _xml(text: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', media_type=_XML)
