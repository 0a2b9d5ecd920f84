"""/on/{day}: the whole system on one day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from api.answers import choose, content, interface, json_answer, only, pages_of, services_of
from api.front.variant import HTML, PAGE_OFFERS
from api.pages import day as view
from api.pages.listing import told
from api.pages.markup import Writer
from api.questions import Questions
from kg.dates import humanize
from kg.findings import BilimError, finding

# Days that are asked for most: the changes that every list of posts and regions has to get right.
LANDMARKS = ("2022-06-07", "2022-06-08", "2022-06-10", "2022-06-11", "2018-06-19")


def router(questions: Questions) -> APIRouter:
    """The page of a day, and the way to it."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/on")
    def choosing(request: Request) -> Response:
        """Leads to the page of the day that a form names, else to that of today."""
        given = request.query_params.get("on") or services_of(request).today().isoformat()
        _day(given)
        kept = [(k, v) for k, v in request.query_params.multi_items() if k in ("lang", "clang")]
        return RedirectResponse(f"/on/{given}" + (f"?{urlencode(kept)}" if kept else ""), 303)

    @routes.get("/on/{day}")
    def one(request: Request, day: str) -> Response:
        return _answer(request, questions, _day(day))

    return routes


def _day(text: str) -> date:
    try:
        parsed = date.fromisoformat(text)
        if parsed.isoformat() == text:
            return parsed
    except ValueError:
        pass
    raise BilimError(finding("day-invalid", value=text[:40]))


def _answer(request: Request, questions: Questions, on: date) -> Response:
    media, lang, languages = choose(request, PAGE_OFFERS), interface(request), content(request)
    services = services_of(request)
    release, today, clang = services.release(), services.today(), languages[0]
    if media != HTML:
        only(request, "lang", "clang")
    tenures = questions.ask(release, "tenures/on-day", {"on": on.isoformat()}, today, languages)
    found = view.listed(release.projection, clang, on)
    state = view.state(release.projection, found, clang)
    links = {"self": f"/on/{on}", "tenures": f"/api/v1/tenures/on-day?on={on}"}
    if media != HTML:
        body = {"data": {"tenures": tenures, **state}, "release": release.id, "on": on.isoformat(), "links": links}
        return json_answer(body, clang)
    pages = pages_of(request)
    writer = Writer(lang, clang, partial(pages.text, lang=lang))
    return pages.response(
        "day.html", lang, request=request, release=release.id, clang=clang, on=on.isoformat(),
        spoken=humanize(on.isoformat(), lang), state=state,
        tenures={
            role: [(row, told(dict(row), writer)) for row in rows]
            for role, rows in view.by_role(release.projection, tenures).items()
        },
        told={kind: _told(state[kind], writer) for kind in view.TOLD}, counted=view.COUNTED,
        before=_next(on, -1), after=_next(on, 1), landmarks=LANDMARKS, today=today.isoformat(),
    )  # fmt: skip


def _told(rows: Sequence[Mapping[str, Any]], writer: Writer) -> list[tuple[Mapping[str, Any], str]]:
    return [(row, told(dict(row), writer)) for row in rows]


def _next(on: date, days: int) -> str | None:
    number = on.toordinal() + days
    return date.fromordinal(number).isoformat() if 1 <= number <= date.max.toordinal() else None
