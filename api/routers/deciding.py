"""/desk/{kind}/{slug}: a thing as stewards see it, and deciding on it: settle, correct, merge, withdraw, comment.

A form is answered by what its decision would change; only then it is confirmed, and only upon the release that was
looked at. Nothing here needs scripts. Decisions are made by the process of imports, which has the shapes ready.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import content, interface, pages_of, services_of
from api.auth import who
from api.decision_form import READERS, At, Read, alike, read, statement_of
from api.importing import importing_of
from api.pages import decision_view as view
from api.pages.decision_view import Sight
from api.pages.thing import Reading, thing_page
from api.routers.decisions import all_decisions
from api.routers.things import find_thing
from api.routers.vocabulary import vocabulary_of
from api.signed import BASE, Signed, desk_page, door, signed_form, signed_in, to
from kg.findings import BilimError, Finding, finding
from kg.imports import kept, mistakes
from kg.imports.asking import RANKS
from kg.releases.reader import Release
from kg.terms import LANGUAGES

THING: Final = "/desk/{kind}/{slug}"
ONLY: Final[Mapping[str, str]] = {"settle": "discrepancy"}
"""What can be decided of one kind alone."""
_AT_FIELD: Final = {"reason-needed": "why", "decision-not-alike": "into", "decision-bad-rank": "ranks"}
_NO_FIELDS: Final = ("csrf", "step", "base")


def router() -> APIRouter:
    """The pages and their forms."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/desk")
    async def desk(request: Request) -> Response:
        return to(request, BASE)

    @routes.get(THING)
    async def thing(request: Request, kind: str, slug: str) -> Response:
        signed = await signed_in(request)
        if signed is None:
            return door(request)
        at = await asyncio.to_thread(_at, request, kind, slug)
        return await _thing(request, signed, at) if isinstance(at, At) else to(request, f"/desk/{kind}/{at}")

    @routes.get(THING + "/{action}")
    async def form(request: Request, kind: str, slug: str, action: str) -> Response:
        signed = await signed_in(request)
        if signed is None:
            return door(request)
        at = await asyncio.to_thread(_at, request, kind, slug)
        if not isinstance(at, At):
            return to(request, f"/desk/{kind}/{at}")
        _known(request, at, action)
        given = dict(request.query_params)
        if action == "correct" and await asyncio.to_thread(statement_of, at, given.get("statement", "")) is None:
            return to(request, f"/desk/{at.place}", "#statements")  # which one, is chosen there
        return await _form(request, signed, at, action, given, Read())

    @routes.post(THING + "/{action}")
    async def decided(request: Request, kind: str, slug: str, action: str) -> Response:
        signed, sent = await signed_form(request)
        at = await asyncio.to_thread(_at, request, kind, slug)
        if not isinstance(at, At):
            return to(request, f"/desk/{kind}/{at}")
        _known(request, at, action)
        given = {name: str(value) for name, value in sent.items() if name not in _NO_FIELDS}
        found = await asyncio.to_thread(read, action, at, given)
        step, base = str(sent.get("step", "")), str(sent.get("base", ""))
        seen = await made_or_seen(request, signed, action, found, given.get("why", ""), step, base)
        if isinstance(seen, Response):
            return seen
        return await _form(request, signed, at, action, given, found, seen)

    return routes


async def made_or_seen(
    request: Request, signed: Signed, action: str, found: Read, why: str, step: str, base: str
) -> Response | dict[str, Any] | None:
    """Make a decision that is confirmed, and lead to it; else what it would change; None where that cannot be told.

    What is wrong is put among the errors of ``found``: at its field, or under "" where it has none.
    """
    if found.errors:
        return None
    importing = importing_of(request)
    asked = {"action": action, "given": found.given, "who": who(signed.token), "reason": why.strip()}
    try:
        if step == "make" and (action == "comment" or base == services_of(request).current_id()):
            done = await importing.ask("decide", **asked)
            await services_of(request).refresh()
            return to(request, f"/decisions/{done['number']}", published=True)
        seen = await importing.ask("foresee", **asked)
    except BilimError as error:
        for told in error.findings:
            found.wrong(_AT_FIELD.get(told.code, ""), told)
        return None
    if step == "make":
        found.wrong("", finding("decision-moved", release=seen["release"]))
    return seen


def sight_of(request: Request, release: Release) -> Sight:
    """A release in the languages of a request."""
    lang, pages, services = interface(request), pages_of(request), services_of(request)
    how = Reading(services.today(), lang, content(request)[0], partial(pages.text, lang=lang), pages.texts, "")
    return Sight(release, how)


def seen_values(sight: Sight, seen: dict[str, Any] | None, about: str) -> dict[str, Any]:
    """For a template: what a decision would change, and what the shapes say of that."""
    if seen is None:
        return {"seen": None}
    lang = sight.how.lang
    told = {part: [kept.finding_of(f).text(lang) for f in seen[part]] for part in ("broken", "findings")}
    return {"seen": {**view.foreseen(sight, seen, about), **told, "base": seen["release"]}}


def _at(request: Request, kind: str, slug: str) -> At | str:
    """The thing; its slug now where it has another. Raises :class:`BilimError`: unknown (404), withdrawn (410)."""
    release, now, text = find_thing(request, kind, slug)
    return At(release, orjson.loads(text), content(request)) if text else now


def _known(request: Request, at: At, action: str) -> None:
    if action not in READERS or ONLY.get(action, at.kind) != at.kind:
        raise BilimError(finding("not-found", path=request.url.path))


async def _thing(request: Request, signed: Signed, at: At) -> Response:
    made = await all_decisions(request)

    def look() -> dict[str, Any]:
        sight = sight_of(request, at.release)
        page = thing_page(at.document, at.release, sight.how)
        reports = [m for m in mistakes.reports(services_of(request).home) if (m.kind, m.slug) == (at.kind, at.slug)]
        return {
            "title": page["title"],
            "plain_title": page["plain_title"],
            "statements": view.statements(sight, at.statements()),
            "discrepancies": list(zip(page["discrepancies"], _slugs(at), strict=True)),
            "evidence": page["evidence"],
            "evidence_total": page["evidence_total"],
            "decisions": view.decisions(sight, view.about(made, at.iri)),
            "reports": reports,
            "clang": sight.how.clang,
        }

    return desk_page(request, "desk_thing.html", signed, at=at, **await asyncio.to_thread(look))


def _slugs(at: At) -> list[str]:
    """Of the discrepancies on the page of a thing, in its order."""
    return [at.slug] if at.kind == "discrepancy" else [item["slug"] for item in at.document["discrepancies"]]


async def _form(
    request: Request,
    signed: Signed,
    at: At,
    action: str,
    given: Mapping[str, str],
    found: Read,
    seen: dict[str, Any] | None = None,
) -> Response:
    def look() -> dict[str, Any]:
        sight = sight_of(request, at.release)
        name = str(sight.writer.name(at.document).striptags())
        return {
            "name": name,
            "clang": sight.how.clang,
            **_parts(request, sight, at, action, given, found),
        } | seen_values(sight, seen, at.place)

    return form_page(request, signed, action, f"/desk/{at.place}", given, found, at=at, **await asyncio.to_thread(look))


def form_page(
    request: Request, signed: Signed, action: str, back: str, given: Mapping[str, str], found: Read, **values: Any
) -> Response:
    """The form of a decision with what was wrong in it, each at its field."""
    lang = interface(request)
    told: tuple[Finding, ...] = tuple(f for findings in found.errors.values() for f in findings)
    general = found.errors.get("", [])
    errors = {name: [f.text(lang) for f in findings] for name, findings in found.errors.items() if name}
    values |= {"action": action, "back": back, "given": given, "errors": errors, "choices": found.choices}
    values |= {"send": request.url.path, "languages_of_data": LANGUAGES}
    answer = desk_page(request, "decide.html", signed, *general, **values)
    if told and answer.status_code == 200:
        answer.status_code = 422
    return answer


def _parts(
    request: Request, sight: Sight, at: At, action: str, given: Mapping[str, str], found: Read
) -> dict[str, Any]:
    """What the form of one action shows beside its fields."""
    if action == "settle":
        concepts = vocabulary_of(request).model(at.release).concepts.get("rank", {})
        ranks = [(code, concepts[code]) for code in RANKS if code in concepts]
        return {"sides": view.sides(sight, at), "ranks": ranks}
    if action == "correct":
        chosen = statement_of(at, given.get("statement", ""))
        if chosen is None:
            return {"chosen": None}
        vocabulary = vocabulary_of(request)
        shown = view.choices(sight, vocabulary.model(at.release), vocabulary.shapes(), at, chosen)
        return {"chosen": chosen, "shown": shown, "row": view.statements(sight, [chosen])[0]}
    if action == "merge":
        kind, _, slug = str(found.given.get("into", "")).partition("/")
        other = at.release.projection.document(kind, slug)
        if other is None:
            return {"compared": None, "alike": alike(at)}
        return {"compared": view.compare(sight, at.document, other), "into": sight.writer.link(other), "alike": []}
    return {}
