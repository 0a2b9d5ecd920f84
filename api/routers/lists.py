"""/doc/{kind}: the things of a kind with facets, on a day, by pages; as page, JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, content, day, interface, json_answer, link_header, only, pages_of, services_of
from api.front.variant import CSV, HTML, JSON, TABLE_OFFERS
from api.pages import listing
from api.pages.markup import Writer
from kg.findings import BilimError, finding
from kg.kinds import KINDS
from kg.reading.form import uncalculated
from kg.releases import lookups
from kg.releases.terms_json import Json

PAGE_SIZE: Final = 100
"""Things on one page of a list."""
_OWN: Final = ("page", "on", "lang", "clang")
_SUFFIXES: Final = {".csv": CSV, ".json": JSON}
_COLUMNS: Final = ("id", "kind", "slug", "label", "labelLang", "start", "end", "when", "certainty")

_PAGE: Final = {"name": "page", "in": "query", "schema": {"type": "integer", "minimum": 1}, "description": "From 1."}


def router() -> APIRouter:
    """The lists."""
    routes = APIRouter(tags=["things"])

    @routes.get("/doc/{kind}", summary="The things of a kind, by name", openapi_extra={"parameters": [_PAGE]})
    def list_(request: Request, kind: str) -> Response:
        suffix = next((s for s in _SUFFIXES if kind.endswith(s)), "")
        kind = kind.removesuffix(suffix)
        media = _SUFFIXES[suffix] if suffix else choose(request, TABLE_OFFERS)
        if kind not in KINDS:
            raise BilimError(finding("kind-not-found", kind=kind[:40], kinds=", ".join(KINDS)))
        return _answer(request, kind, media)

    return routes


def _answer(request: Request, kind: str, media: str) -> Response:
    lang, clang = interface(request), content(request)[0]
    projection, release = services_of(request).release().projection, services_of(request).release().id
    if media != HTML:
        only(request, *_OWN, *lookups.facet_names(projection, kind))
    pairs = [pair for pair in request.query_params.multi_items() if pair[1]]
    asked = listing.chosen(projection, kind, pairs)
    on = day(request) if request.query_params.get("on") else None
    found = lookups.listed(projection, kind, clang, asked, on)
    if media == CSV:
        name = {"Content-Disposition": f'attachment; filename="{kind}-{release}.csv"', "Content-Language": clang}
        table = _csv(listing.rows(projection, kind, found, clang))
        return Response(table, headers={"Content-Type": f"{CSV}; charset=utf-8", **name})
    last = max(1, -(-len(found) // PAGE_SIZE))
    page = _page(request, last)
    rows = listing.rows(projection, kind, found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE], clang)
    kept = sorted((k, v) for k, v in pairs if k != "page")
    links = {"self": page, "first": 1, "last": last}
    links |= {"prev": page - 1} if page > 1 else {}
    links |= {"next": page + 1} if page < last else {}
    addresses = {rel: f"/doc/{kind}?{urlencode([*kept, ('page', number)])}" for rel, number in links.items()}
    headers = {"Link": link_header([(address, rel, None) for rel, address in addresses.items() if rel != "self"])}
    if media == JSON:
        paging = {"number": page, "size": PAGE_SIZE, "total": len(found)}
        body = {"data": rows, "page": paging, "links": addresses, "release": release}
        return json_answer({**body, "on": on.isoformat() if on else None}, clang, headers)
    pages = pages_of(request)
    writer = Writer(lang, clang, partial(pages.text, lang=lang))
    whole = None if not asked and on is None else found
    facets = listing.facets(projection, kind, whole, asked, f"/doc/{kind}", kept, lang, clang, pages.texts)
    view: dict[str, Any] = {
        "kind": KINDS[kind],
        "things": [(row, listing.told(row, writer)) for row in rows],
        "total": len(found),
        "page": page,
        "last": last,
        "addresses": addresses,
        "facets": facets,
        "on": on.isoformat() if on else None,
        "kept": [pair for pair in kept if pair[0] not in ("on", "lang", "clang")],
        "dated": bool(KINDS[kind].dated),
        "data": {s: f"/doc/{kind}{s}" + (f"?{urlencode(kept)}" if kept else "") for s in _SUFFIXES},
    }
    return pages.response("list.html", lang, request=request, headers=headers, clang=clang, release=release, **view)


def _csv(rows: Sequence[Json]) -> bytes:
    """RFC 4180, one line for a thing; dates as EDTF."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for row in rows:
        cells = (row[name]["edtf"] if isinstance(row[name], dict) else row[name] or "" for name in _COLUMNS)
        writer.writerow([uncalculated(str(cell)) for cell in cells])
    return out.getvalue().encode()


def _page(request: Request, last: int) -> int:
    text = request.query_params.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= last):
        raise BilimError(finding("page-not-there", given=text[:40], last=last))
    return int(text)
