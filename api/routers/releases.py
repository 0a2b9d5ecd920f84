"""/releases: which are kept, what each holds, which one is served."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, interface, json_answer, pages_of, services_of
from api.front.variant import HTML, PAGE_OFFERS
from kg.findings import BilimError, finding
from kg.releases import manifest
from kg.releases.layout import RELEASE_ID, Home
from kg.terms import BASE


def router() -> APIRouter:
    """The list, and one release. Not kept in the cache: it depends on the disk, not on the release served."""
    routes = APIRouter(tags=["releases"])

    @routes.get("/releases", summary="Releases that are kept, newest first")
    async def releases(request: Request) -> Response:
        media, lang = choose(request, PAGE_OFFERS), interface(request)
        home, current = services_of(request).home, services_of(request).current_id()
        found = await asyncio.to_thread(_all, home)
        rows = [{**row, "current": row["id"] == current} for row in found]
        if media == HTML:
            return pages_of(request).response("releases.html", lang, request=request, releases=rows)
        return json_answer({"data": rows, "release": current, "links": {"self": "/releases"}})

    @routes.get("/releases/{release}", summary="What a release is made of: its manifest")
    async def one(request: Request, release: str) -> Response:
        media, lang = choose(request, PAGE_OFFERS), interface(request)
        home, current = services_of(request).home, services_of(request).current_id()
        if not RELEASE_ID.fullmatch(release) or not home.release(release).is_dir():
            raise BilimError(finding("no-such-release", release=release[:80], home=home.path.name))
        found = {**await asyncio.to_thread(_one, home, release), "current": release == current}
        if media == HTML:
            return pages_of(request).response("release.html", lang, request=request, manifest=found, base=BASE)
        return json_answer({"data": found, "release": current, "links": {"self": f"/releases/{release}"}})

    return routes


def _one(home: Home, release: str) -> dict[str, Any]:
    return manifest.read(home.release(release)).model_dump(mode="json", by_alias=True)


def _all(home: Home) -> list[dict[str, Any]]:
    """Manifests without their graphs, newest first; one that cannot be read is named with what is wrong."""
    rows: list[dict[str, Any]] = []
    for release in reversed(home.release_ids()):
        try:
            row = _one(home, release)
        except BilimError as error:
            row = {"id": release, "problem": str(error)}
        rows.append({key: value for key, value in row.items() if key not in ("graphs", "inputs")})
    return rows
