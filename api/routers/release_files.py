"""/releases/{id}/dump…, /releases/{id}/difference: a release to take away, and what it changed."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from api.answers import choose, interface, json_answer, link_header, only, pages_of, services_of
from api.front.entries import matches
from api.front.variant import HTML, PAGE_OFFERS
from kg.findings import BilimError, finding
from kg.releases.dcat import place
from kg.releases.difference import compare
from kg.releases.export import CITATION, DESCRIPTION, INDEX, SUMS, exported
from kg.releases.layout import RELEASE_ID
from kg.releases.reader import Release, open_release

_LISTED = 1000  # things of a difference; the number of all is told

Json = dict[str, Any]


def router() -> APIRouter:
    """Never kept in the cache of the front: files are large, and the home keeps them."""
    routes = APIRouter(include_in_schema=False)
    making: dict[str, asyncio.Lock] = {}  # release -> who makes its files; others wait for them

    async def files_of(request: Request, release: str) -> Path:
        services = services_of(request)
        opened = await asyncio.to_thread(_opened, request, release)
        async with making.setdefault(opened.id, asyncio.Lock()):
            address = place(services.settings.public_url)
            return await asyncio.to_thread(exported, services.home, opened, address)

    @routes.get("/releases/{release}/dump")
    async def dump(request: Request, release: str) -> Response:
        only(request, "lang")
        media, lang = choose(request, PAGE_OFFERS), interface(request)
        folder = await files_of(request, release)
        index: Json = json.loads((folder / INDEX).read_bytes())
        links = {"self": f"/releases/{release}/dump", "release": f"/releases/{release}"}
        headers = {"Link": _link(request, release)}
        if media == HTML:
            return pages_of(request).response("dump.html", lang, request=request, headers=headers, index=index)
        index.pop("manifest")
        for file in index["files"]:
            file["url"] = f"/releases/{release}/dump/{file['name']}"
        return json_answer({"data": index, "release": release, "links": links}, headers=headers)

    @routes.get("/releases/{release}/dump/{name:path}")
    async def file(request: Request, release: str, name: str) -> Response:
        folder = await files_of(request, release)
        sums = _sums(folder)
        if name not in sums and name != SUMS:  # only what the sums name: no way out of the folder
            told = finding("file-not-exported", release=release, name=name[:80], files=", ".join([*sums, SUMS]))
            raise BilimError(told)
        media = "text/plain" if name == SUMS else _media(folder, name)
        headers = {"Link": _link(request, release)}
        if digest := sums.get(name):
            headers["ETag"] = f'"{digest}"'
            headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"  # RFC 9530
            if matches(request.headers.get("if-none-match", "").encode("latin-1"), headers["ETag"].encode()):
                return Response(status_code=304, headers=headers)
        return FileResponse(folder / name, media_type=media, filename=Path(name).name, headers=headers)

    @routes.get("/releases/{release}/difference")
    async def difference(request: Request, release: str) -> Response:
        only(request, "since", "lang")
        interface(request)
        return json_answer(await asyncio.to_thread(_difference, request, release))

    return routes


def _opened(request: Request, release: str) -> Release:
    """Raises :class:`BilimError` (404) where there is none, whose text names no folder."""
    home = services_of(request).home
    if not RELEASE_ID.fullmatch(release) or not home.release(release).is_dir():
        raise BilimError(finding("no-such-release", release=release[:80], home=home.path.name))
    return open_release(home, release, any_projection=True)


def _difference(request: Request, release: str) -> Json:
    """Against ``since``, else against the release before; where that is gone, everything is new."""
    new = _opened(request, release)
    since = request.query_params.get("since") or None
    if since is None and new.manifest.parent is not None:
        there = services_of(request).home.release(new.manifest.parent).is_dir()
        since = new.manifest.parent if there else None
    old = _opened(request, since) if since else None
    found = compare(
        old.embedded.raw if old else None,
        new.embedded.raw,
        old.manifest.hashes() if old else None,
        new.manifest.hashes(),
    )
    links = {"self": f"/releases/{release}/difference" + (f"?since={old.id}" if old else "")}
    return {"data": found.as_dict(_LISTED), "since": old.id if old else None, "release": new.id, "links": links}


def _sums(folder: Path) -> dict[str, str]:
    lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def _media(folder: Path, name: str) -> str:
    if name == INDEX:
        return "application/json"
    told: Json = next(f for f in json.loads((folder / INDEX).read_bytes())["files"] if f["name"] == name)
    return "application/gzip" if "compression" in told else str(told["mediaType"])


def _link(request: Request, release: str) -> str:
    """How to cite it (RFC 8574), what describes it, under which licence it is."""
    here = f"/releases/{release}"
    address = place(services_of(request).settings.public_url)
    return link_header(
        [
            (f"{address}{here}", "cite-as", None),
            (f"{here}/dump/{DESCRIPTION}", "describedby", "text/turtle"),
            (f"{here}/dump/{CITATION}", "author", "text/plain"),
            ("https://creativecommons.org/licenses/by/4.0/", "license", None),
        ]
    )
