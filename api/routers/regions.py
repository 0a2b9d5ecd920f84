"""/regions: the regions of a day as a map of tiles, with how much the graph holds of each. HTML, JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, content, day, interface, json_answer, only, pages_of, services_of
from api.front.variant import CSV, HTML, TABLE_OFFERS
from api.pages.tiles import Map, Mark, Rings, read_outlines, tile_map
from api.routers.templates_engines import Engines
from kg.findings import BilimError, finding
from kg.templates.catalogue import Catalogue
from kg.templates.page import Asked

SELF: Final = "/regions"
EXISTING, NUMBERS = "regions/existing", "statistics/by-region"
"""The questions that this page asks."""
COUNTED: Final = ("bodies", "universities", "schools", "events", "figures", "programs")
_ALL: Final = Asked(1, 1000)


def router(catalogue: Catalogue, engines: Engines) -> APIRouter:
    """One route and its suffixes."""
    routes = APIRouter(tags=["regions"], include_in_schema=False)

    @routes.get(SELF)
    def page(request: Request) -> Response:
        return _answer(request, catalogue, engines, choose(request, TABLE_OFFERS))

    @routes.get(SELF + ".csv")
    def table(request: Request) -> Response:
        return _answer(request, catalogue, engines, CSV)

    return routes


def marks_of(rows: Mapping[str, Mapping[str, Any]], tail: str) -> list[Mark]:
    """What the map of an answer shows: each row's region, with the first number of the row."""
    marks = []
    for slug, row in rows.items():
        thing = next(v for v in row.values() if isinstance(v, Mapping) and v.get("kind") == "region")
        numbers = [v for v in row.values() if isinstance(v, int | float) and not isinstance(v, bool)]
        number = float(numbers[0]) if numbers else None
        told = row.get("certainty") if isinstance(row.get("certainty"), str) else None
        label = str(thing.get("label") or slug)
        marks.append(Mark(slug, label, f"/doc/region/{slug}{tail}", number, told or "", told != "possible"))
    return marks


def region_map(request: Request, marks: Sequence[Mark]) -> Map:
    """The map of these regions, with the operator's outlines where he has given some."""
    path = services_of(request).settings.regions_geojson
    return tile_map(marks, _outlines(path) if path is not None else None)


@lru_cache(maxsize=4)
def _outlines(path: Path) -> dict[str, Rings]:
    return read_outlines(path)


def _answer(request: Request, catalogue: Catalogue, engines: Engines, media: str) -> Response:
    only(request, "on", "count", "lang", "clang")
    lang, clang, on = interface(request), content(request), day(request)
    counted = request.query_params.get("count", COUNTED[0])
    if counted not in COUNTED:
        raise BilimError(finding("count-unknown", value=counted[:40], known=", ".join(COUNTED)))
    release = services_of(request).release()
    engine = engines.of(release)

    def ask(name: str, given: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
        template = engine.resolved(catalogue.get(name))
        values = engine.check(template, given, services_of(request).today())
        asked = _ALL if template.page_size is not None else None
        return engine.objects(template, engine.table(template, values, asked), clang)

    numbers = {row["region"]["slug"]: row for row in ask(NUMBERS, {})}
    rows = []
    for row in ask(EXISTING, {"on": [on.isoformat()]}):
        known = numbers.get(row["region"]["slug"], {})
        rows.append({**row, **{name: known.get(name) or 0 for name in COUNTED}})
    rows.sort(key=lambda row: str(row["region"].get("label") or row["region"]["slug"]))
    links = {"self": f"{SELF}?on={on}&count={counted}", "csv": f"{SELF}.csv?on={on}", "page": f"{SELF}?on={on}"}
    if media == CSV:
        return _csv(rows, release.id, on.isoformat(), clang[0])
    if media != HTML:
        body = {"data": rows, "release": release.id, "on": on.isoformat(), "links": links}
        return json_answer(body, clang[0])
    tail = f"?on={on}&lang={lang}&clang={clang[0]}"
    marks = [
        Mark(
            row["region"]["slug"], str(row["region"].get("label") or row["region"]["slug"]),
            f"/doc/region/{row['region']['slug']}{tail}", float(row[counted]), "", row["certainty"] == "certain",
        )
        for row in rows
    ]  # fmt: skip
    return pages_of(request).response(
        "regions.html", lang, request=request, release=release.id, clang=clang[0], on=on.isoformat(), rows=rows,
        count=counted, counted=COUNTED, map=region_map(request, marks), links=links,
    )  # fmt: skip


def _csv(rows: Sequence[Mapping[str, Any]], release: str, on: str, clang: str) -> Response:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["region", "label", "kind", "certainty", *COUNTED])
    for row in rows:
        thing = row["region"]
        writer.writerow([thing["slug"], thing.get("label"), row["kind"], row["certainty"], *(row[c] for c in COUNTED)])
    headers = {
        "Content-Type": f"{CSV}; charset=utf-8",
        "Content-Disposition": f'attachment; filename="regions-{on}-{release}.csv"',
        "Content-Language": clang,
    }
    return Response(out.getvalue().encode(), headers=headers)
