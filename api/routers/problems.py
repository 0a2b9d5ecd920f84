"""/problems: what each kind of error means. The codes are those of kg/messages."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, interface, json_answer, pages_of
from api.front.variant import HTML, PAGE_OFFERS
from api.problems import status_of
from kg.findings import BilimError, catalogue, finding, pick
from kg.terms import PROBLEMS

_FIELD = re.compile(r"\{[^{}]*\}")


def router() -> APIRouter:
    """The list of problems and a page for each."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/problems")
    async def problems(request: Request) -> Response:
        return _answer(request, None)

    @routes.get("/problems/{slug}")
    async def problem(request: Request, slug: str) -> Response:
        if slug not in catalogue():
            raise BilimError(finding("not-found", path=request.url.path))
        return _answer(request, slug)

    return routes


def _answer(request: Request, slug: str | None) -> Response:
    media, lang = choose(request, PAGE_OFFERS), interface(request)
    entries = [_entry(code, lang) for code in ([slug] if slug else sorted(catalogue()))]
    if media == HTML:
        return pages_of(request).response("problems.html", lang, request=request, entries=entries)
    return json_answer({"data": entries[0] if slug else entries}, lang)


def _entry(code: str, lang: str) -> dict[str, Any]:
    texts = catalogue()[code]
    plain = {part: _FIELD.sub("…", pick(texts.get(part) or {}, lang)) for part in ("what", "allowed", "advice")}
    return {"type": PROBLEMS + code, "code": code, "status": status_of(code), **plain}
