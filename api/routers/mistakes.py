"""/mistake/{kind}/{slug}: a form by which a visitor reports what is wrong; it goes to the stewards.

Kept by kg.imports.mistakes, in the ledger.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.answers import content, interface, only, pages_of, services_of
from kg.findings import BilimError, finding
from kg.imports import mistakes
from kg.kinds import KINDS
from kg.names import pick_label
from kg.releases.reader import Release
from kg.terms import entity_iri

FORM = "application/x-www-form-urlencoded"
FIELDS = ("text", "source", "contact")
TRAP = "homepage"
"""A field that people do not see; what fills it in is no person, and is thanked without being kept."""


def router() -> APIRouter:
    """The form, and what it sends."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/mistake/{kind}/{slug}")
    def form(request: Request, kind: str, slug: str) -> Response:
        return _page(request, kind, slug)

    @routes.post("/mistake/{kind}/{slug}")
    async def sent(request: Request, kind: str, slug: str) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise BilimError(finding("mistake-media", allowed=FORM))
        text = (await request.body()).decode("utf-8", "replace")
        given = {name: values[0] for name, values in parse_qs(text, max_num_fields=20).items()}
        return await run_in_threadpool(_kept, request, kind, slug, given)

    return routes


def _release(request: Request, kind: str, slug: str) -> Release:
    release = services_of(request).release()
    if kind not in KINDS or not release.projection.has(kind, slug):
        raise BilimError(finding("thing-not-found", kind=kind[:40], slug=slug[:80], release=release.id))
    return release


def _kept(request: Request, kind: str, slug: str, given: dict[str, str]) -> Response:
    release = _release(request, kind, slug)
    if given.get(TRAP):
        return _page(request, kind, slug, number=0)
    home = services_of(request).home
    try:
        number = mistakes.report(home, release.id, kind, slug, *(given.get(name, "") for name in FIELDS))
    except BilimError as error:
        return _page(request, kind, slug, given=given, wrong=error)
    return _page(request, kind, slug, number=number)


def _page(
    request: Request,
    kind: str,
    slug: str,
    *,
    number: int | None = None,
    given: dict[str, str] | None = None,
    wrong: BilimError | None = None,
) -> Response:
    only(request, "lang", "clang")
    lang, clang = interface(request), content(request)[0]
    release = _release(request, kind, slug)
    iri = entity_iri(kind, slug)
    label = pick_label(release.projection.labels([iri]).get(iri, {}), clang)
    status = 200 if wrong is None else 429 if wrong.findings[0].code == "mistake-many" else 422
    values: dict[str, Any] = {
        "kind": kind,
        "slug": slug,
        "name": label.value if label else slug,
        "number": number,
        "given": given or {},
        "wrong": wrong.findings[0].text(lang) if wrong else "",
        "limits": {"text": mistakes.TEXT_MAX, "line": mistakes.LINE_MAX},
        "trap": TRAP,
    }
    return pages_of(request).response(
        "mistake.html", lang, request=request, status_code=status, headers={"Cache-Control": "no-store"},
        release=release.id, clang=clang, **values,
    )  # fmt: skip
