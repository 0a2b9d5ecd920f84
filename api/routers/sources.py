"""/sources: the documents, by how much rests on each; page, JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, content, interface, json_answer, only, pages_of, services_of
from api.front.variant import CSV, HTML, TABLE_OFFERS
from api.pages import listing
from kg.findings import BilimError, finding
from kg.names import pick_label
from kg.reading.form import uncalculated
from kg.releases import lookups
from kg.releases.reader import Projection
from kg.releases.terms_json import Json, local_name
from kg.terms import entity_iri

PAGE_SIZE: Final = 100
_COLUMNS: Final = ("id", "slug", "label", "publisher", "issued", "tier", "evidence", "things", "only")
_SQL: Final = "SELECT slug, evidence, things, alone FROM sources"
_OF_TIER: Final = (
    " WHERE slug IN (SELECT slug FROM list_facets WHERE kind = 'document' AND facet = 'tier' AND value = ?)"
)
_ORDER: Final = " ORDER BY evidence DESC, slug LIMIT ? OFFSET ?"


def router() -> APIRouter:
    """By Accept, or by suffix."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/sources")
    def by_accept(request: Request) -> Response:
        return _answer(request, choose(request, TABLE_OFFERS))

    @routes.get("/sources.json")
    def as_json(request: Request) -> Response:
        return _answer(request, "application/json")

    @routes.get("/sources.csv")
    def as_csv(request: Request) -> Response:
        return _answer(request, CSV)

    return routes


def _answer(request: Request, media: str) -> Response:
    """``tier``: only documents of that tier. CSV has all, the others pages of 100."""
    lang, clang = interface(request), content(request)[0]
    if media != HTML:
        only(request, "tier", "page", "lang", "clang")
    release = services_of(request).release()
    projection = release.projection
    asked = listing.chosen(projection, "document", [("tier", request.query_params.get("tier", ""))])
    tier = asked.get("tier", [""])[0]
    total = _total(projection, tier)
    if media == CSV:
        headers = {"Content-Type": f"{CSV}; charset=utf-8", "Content-Language": clang}
        headers["Content-Disposition"] = f'attachment; filename="sources-{release.id}.csv"'
        return Response(_csv(_rows(projection, tier, total, 0, lang, clang)), headers=headers)
    last = max(1, -(-total // PAGE_SIZE))
    text = request.query_params.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= last):
        raise BilimError(finding("page-not-there", given=text[:40], last=last))
    page = int(text)
    rows = _rows(projection, tier, PAGE_SIZE, (page - 1) * PAGE_SIZE, lang, clang)
    kept = sorted((k, v) for k, v in request.query_params.multi_items() if k != "page")
    numbers = {"self": page, "first": 1, "last": last} | ({"prev": page - 1} if page > 1 else {})
    numbers |= {"next": page + 1} if page < last else {}
    addresses = {rel: f"/sources?{urlencode([*kept, ('page', n)])}" for rel, n in numbers.items()}
    if media != HTML:
        paging = {"number": page, "size": PAGE_SIZE, "total": total}
        return json_answer({"data": rows, "page": paging, "links": addresses, "release": release.id}, clang)
    pages = pages_of(request)
    found = listing.facets(
        projection, "document", None, asked, "/sources", [p for p in kept if p[1]], lang, clang, pages.texts
    )
    return pages.response(
        "sources.html", lang, request=request, release=release.id, clang=clang, rows=rows, page=page, last=last,
        addresses=addresses, total=total, facets=[f for f in found if f.name == "tier"],
    )  # fmt: skip


def _total(projection: Projection, tier: str) -> int:
    if not tier:
        return int(projection.rows("SELECT COUNT(*) FROM sources")[0][0])
    sql = "SELECT COUNT(*) FROM list_facets WHERE kind = 'document' AND facet = 'tier' AND value = ?"
    return int(projection.rows(sql, (tier,))[0][0])


def _rows(projection: Projection, tier: str, limit: int, offset: int, lang: str, clang: str) -> list[Json]:
    found = projection.rows(_SQL + _OF_TIER * bool(tier) + _ORDER, [*([tier] if tier else []), limit, offset])
    places = [("document", row[0]) for row in found]
    cores = {place[1]: orjson.loads(text) for place, text in projection.cores(places).items()}
    spans = lookups.spans(projection, places)
    tiers = {slug: _first(core.get("tier")) for slug, core in cores.items()}
    labels = projection.labels([*(entity_iri(*place) for place in places), *filter(None, tiers.values())])
    out: list[Json] = []
    for slug, evidence, things, alone in found:
        core, level, span = cores[slug], tiers[slug], spans.get(("document", slug))
        publisher, url, issued = core.get("publisherName"), core.get("url"), span.point if span else None
        iri = entity_iri("document", slug)
        picked, word = pick_label(labels.get(iri, {}), clang), pick_label(labels.get(level or "", {}), lang)
        row: Json = {"id": iri, "kind": "document", "slug": slug, "label": picked.value if picked else None}
        row |= {"labelLang": picked.lang if picked else None, "publisher": publisher, "issued": issued, "url": url}
        row |= {
            "tier": {"id": level, "slug": local_name(level), "label": word.value if word else None} if level else None
        }
        out.append({**row, "evidence": evidence, "things": things, "only": alone})
    return out


def _first(tier: Json | list[Json] | None) -> str | None:
    found = tier[0] if isinstance(tier, list) else tier
    return found["id"] if found else None


def _csv(rows: Sequence[Json]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    for row in rows:
        cells: list[Any] = [row[name]["slug"] if isinstance(row[name], dict) else row[name] for name in _COLUMNS]
        writer.writerow([c if isinstance(c, int) else uncalculated(str(c or "")) for c in cells])
    return out.getvalue().encode()
