"""/coverage: how well each kind and class is covered, the thinnest first; read from the projection, never counted."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, content, interface, json_answer, only, pages_of, services_of
from api.front.variant import CSV, HTML, TABLE_OFFERS
from kg.kinds import KINDS
from kg.releases.coverage import percent
from kg.releases.terms_json import localize

SELF: Final = "/coverage"
_GROUPS: Final = ("names", "dates", "identifiers")
_HEADS: Final = (
    ("names.kk", "coverage.name.kk"),
    ("names.ru", "coverage.name.ru"),
    ("names.en", "coverage.name.en"),
    ("dates.day", "coverage.date.day"),
    ("dates.month", "coverage.date.month"),
    ("dates.year", "coverage.date.year"),
    ("dates.wider", "coverage.date.wider"),
    ("dates.unknown", "coverage.date.unknown"),
    ("evidence", "coverage.evidence"),
    ("identifiers.any", "coverage.identifiers"),
    ("secondaryOnly", "coverage.secondary"),
    ("openDiscrepancies", "coverage.open"),
    ("disputed", "coverage.disputed"),
)
_REGISTERS: Final = {"wikidata": "Wikidata", "ror": "ROR", "iso": "ISO 3166", "geonames": "GeoNames", "osm": "OSM"}
_SECONDARY: Final = "/queries/statistics/secondary-only"
_OPEN: Final = "/queries/discrepancies/list"


def router() -> APIRouter:
    """The page, and the same as JSON and CSV, by Accept or suffix."""
    routes = APIRouter(tags=["releases"])

    @routes.get(SELF, summary="How well each kind of things is covered, the thinnest first")
    async def coverage(request: Request) -> Response:
        media, lang = choose(request, TABLE_OFFERS), interface(request)
        if media != HTML:
            return _data(request, csv_wanted=media == CSV)
        release = services_of(request).release()
        rows = localize(release.projection.coverage(), lang)
        shown = [{"row": row, "kind": KINDS[row["kind"]], "cells": list(_cells(row))} for row in rows]
        heads = [key for _, key in _HEADS]
        return pages_of(request).response(
            "coverage.html", lang, request=request, rows=shown, heads=heads, release=release.id, percent=percent
        )

    @routes.get(SELF + ".json", summary="The same as JSON")
    async def as_json(request: Request) -> Response:
        return _data(request, csv_wanted=False)

    @routes.get(SELF + ".csv", summary="The same as CSV")
    async def as_csv(request: Request) -> Response:
        return _data(request, csv_wanted=True)

    return routes


def _data(request: Request, *, csv_wanted: bool) -> Response:
    only(request, "lang", "clang")
    clang = content(request)[0]
    release = services_of(request).release()
    rows = localize(release.projection.coverage(), clang)
    if csv_wanted:
        name = f'attachment; filename="coverage-{release.id}.csv"'
        headers = {"Content-Type": f"{CSV}; charset=utf-8", "Content-Disposition": name, "Content-Language": clang}
        return Response(table_csv(rows), headers=headers)
    links = {
        "self": f"{SELF}.json",
        "page": SELF,
        "csv": f"{SELF}.csv",
        "secondaryOnly": "/api/v1/statistics/secondary-only?whole=true",
        "openDiscrepancies": "/api/v1/discrepancies/list?status=open",
    }
    return json_answer({"data": rows, "release": release.id, "links": links}, clang)


def table_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """RFC 4180: one line for a row; of each measure its number and its share, empty where it does not apply."""
    lines = [dict(_flat(row)) for row in rows]
    # every measure applies to some kind, so all columns are found; in the order of the first row that has them
    columns = dict.fromkeys(name for line in sorted(lines, key=len, reverse=True) for name in line)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(columns), restval="")
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode()


def _flat(row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from (("kind", row["kind"]), ("class", row["class"]["id"]), ("label", row["class"]["label"] or ""))
    yield from (("whole", str(row["whole"]).lower()), ("count", row["count"]), ("completeness", row["completeness"]))
    for name in (*_GROUPS, "evidence", "secondaryOnly", "openDiscrepancies", "disputed"):
        found = row[name]
        measures = {f"{name}.{part}": m for part, m in found.items()} if name in _GROUPS and found else {name: found}
        for column, measure in measures.items():
            if isinstance(measure, Mapping):
                yield from ((column, measure["count"]), (f"{column}.share", measure["share"]))
            elif measure is not None:
                yield column, measure


def _cells(row: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """What the page shows of each measure: share, or number where a number says more; where it leads to."""
    for path, key in _HEADS:
        found: Any = row
        for part in path.split("."):
            found = found[part] if found is not None else None
        number = found["count"] if isinstance(found, Mapping) else found
        by_number = path in ("secondaryOnly", "openDiscrepancies", "disputed")
        text = "–" if number is None else str(number) if by_number else percent(found["share"])
        cell = {"key": key, "text": text, "more": "", "href": ""}
        if path == "identifiers.any" and number:
            told = ((name, row["identifiers"][code]["count"]) for code, name in _REGISTERS.items())
            cell["more"] = ", ".join(f"{name} {n}" for name, n in told if n)
        if path == "secondaryOnly" and number and row["whole"]:
            cell["href"] = f"{_SECONDARY}?kind={row['kind']}&whole=true"
        if path == "openDiscrepancies" and number and row["whole"]:
            cell["href"] = f"{_OPEN}?status=open"
        yield cell
