"""/decisions: what stewards decided, by whom, when and why, for everybody; undoing, for those who are signed in.

And /desk/mistakes: what visitors reported, which only stewards see.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import only, services_of
from api.auth import who
from api.decision_form import Read, why_of
from api.pages import decision_view as view
from api.routers.deciding import form_page, made_or_seen, seen_values, sight_of
from api.routers.decisions import all_decisions, decision_of
from api.signed import desk_page, door, signed_form, signed_in, to
from kg.findings import BilimError, Finding, finding
from kg.imports import mistakes
from kg.imports.decided import Decision
from kg.terms import entity_iri, split_entity_iri

SIZE: Final = 50
"""Decisions on a page."""


def router() -> APIRouter:
    """The pages and their forms."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/decisions")
    async def listing(request: Request) -> Response:
        only(request, "lang", "clang", "page")
        signed = await signed_in(request)
        found = (await all_decisions(request))[::-1]
        number, last = _page(request, len(found))
        part = found[(number - 1) * SIZE : number * SIZE]

        def look() -> dict[str, Any]:
            sight = sight_of(request, services_of(request).release())
            return {"rows": view.decisions(sight, part), "clang": sight.how.clang}

        addresses = {"prev": number - 1 if number > 1 else 0, "next": number + 1 if number < last else 0}
        links = {name: f"/decisions?{_query(request)}page={n}" for name, n in addresses.items() if n}
        values = {"number": number, "last": last, "links": links, **await asyncio.to_thread(look)}
        return desk_page(request, "decisions.html", signed, **values)

    @routes.get("/decisions/{number}")
    async def one(request: Request, number: int) -> Response:
        only(request, "lang", "clang")
        decision = await decision_of(request, number)
        values = await asyncio.to_thread(_told, request, decision)
        return desk_page(request, "decision.html", await signed_in(request), **values)

    @routes.get("/decisions/{number}/undo")
    async def form(request: Request, number: int) -> Response:
        signed = await signed_in(request)
        decision = await decision_of(request, number)
        if signed is None:
            return door(request)
        values = await asyncio.to_thread(_told, request, decision)
        return form_page(request, signed, "undo", f"/decisions/{number}", {}, Read(), seen=None, **values)

    @routes.post("/decisions/{number}/undo")
    async def undo(request: Request, number: int) -> Response:
        signed, sent = await signed_form(request)
        decision = await decision_of(request, number)
        given = {"why": str(sent.get("why", ""))}
        found = Read({"number": number})
        why_of(given, found)
        step, base = str(sent.get("step", "")), str(sent.get("base", ""))
        seen = await made_or_seen(request, signed, "undo", found, given["why"], step, base)
        if isinstance(seen, Response):
            return seen

        def look() -> dict[str, Any]:
            sight = sight_of(request, services_of(request).release())
            told = _told(request, decision)
            return {**told, **seen_values(sight, seen, told["place"])}

        values = await asyncio.to_thread(look)
        return form_page(request, signed, "undo", f"/decisions/{number}", given, found, **values)

    @routes.get("/desk/mistakes")
    async def reports(request: Request) -> Response:
        signed = await signed_in(request)
        if signed is None:
            return door(request)
        return desk_page(request, "reports.html", signed, **await asyncio.to_thread(_reports, request))

    @routes.post("/desk/mistakes/{number}")
    async def close(request: Request, number: int) -> Response:
        signed, sent = await signed_form(request)
        answer = str(sent.get("answer", "")).strip()
        wrong: tuple[Finding, ...] = () if answer else (finding("reason-needed"),)
        if answer:
            try:
                await asyncio.to_thread(mistakes.close, services_of(request).home, number, who(signed.token), answer)
                return to(request, "/desk/mistakes")
            except BilimError as error:
                wrong = error.findings
        return desk_page(request, "reports.html", signed, *wrong, **await asyncio.to_thread(_reports, request))

    return routes


def _told(request: Request, decision: Decision) -> dict[str, Any]:
    """For a template: a decision with names in place of IRIs, and what it changed."""
    sight = sight_of(request, services_of(request).release())
    ranks = decision.data.get("ranks") or {}
    refs = sight.refs(ranks)
    return {
        "row": view.decisions(sight, [decision])[0],
        "ranks": [(sight.writer.link(refs[iri]), rank) for iri, rank in ranks.items()],
        "changed": view.changed(sight, decision),
        "place": "/".join(split_entity_iri(decision.thing) or ("", decision.thing)),
        "clang": sight.how.clang,
    }


def _reports(request: Request) -> dict[str, Any]:
    services = services_of(request)
    sight = sight_of(request, services.release())
    found = mistakes.reports(services.home, closed=True)[::-1]
    refs = sight.refs(entity_iri(m.kind, m.slug) for m in found)
    rows = [(m, sight.writer.link(refs[entity_iri(m.kind, m.slug)])) for m in found]
    return {"reports": [r for r in rows if not r[0].closed], "closed": [r for r in rows if r[0].closed][:SIZE]}


def _page(request: Request, total: int) -> tuple[int, int]:
    """``(page, last page)``. Raises :class:`BilimError` (``page-missing``, 404) beyond the last."""
    last = max(1, -(-total // SIZE))
    text = request.query_params.get("page") or "1"
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= last:
        raise BilimError(finding("not-found", path=f"{request.url.path}?page={text[:20]}"))
    return int(text), last


def _query(request: Request) -> str:
    return "".join(
        f"{name}={request.query_params[name]}&" for name in ("lang", "clang") if name in request.query_params
    )
