"""/between: what two people or bodies share, and the shortest way from one to the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, content, interface, json_answer, only, pages_of, services_of
from api.front.variant import HTML, PAGE_OFFERS
from api.questions import Questions
from api.routers.entities import split_name
from api.routers.search import TEXT_MAX, candidates
from kg.findings import BilimError, finding
from kg.releases import lookups
from kg.releases.lookups import Place
from kg.releases.reader import Release
from kg.releases.terms_json import Json, localize
from kg.terms import KIND_PREFIXES, entity_iri

ACTORS = ("person", "organization")
STEPS = 6


def router(questions: Questions) -> APIRouter:
    """The page and its JSON."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/between")
    def between(request: Request) -> Response:
        return _answer(request, questions)

    return routes


def _answer(request: Request, questions: Questions) -> Response:
    """``first`` and ``second``: ``kind/slug``, an IRI, or a name; a name that is not sure gives candidates."""
    media, lang, languages = choose(request, PAGE_OFFERS), interface(request), content(request)
    if media != HTML:
        only(request, "first", "second", "lang", "clang")
    services = services_of(request)
    release, clang = services.release(), languages[0]
    given = {name: request.query_params.get(name, "").strip()[:TEXT_MAX] for name in ("first", "second")}
    ends = {name: _actor(release, text, languages) for name, text in given.items()}
    first, second = (ends[name][0] for name in given)
    shared: list[dict[str, Any]] = []
    path: list[Json] = []
    if first and second and first != second:
        asked = {
            name: f"{KIND_PREFIXES[place[0]]}:{place[1]}" for name, place in (("first", first), ("second", second))
        }
        shared = questions.ask(release, "actors/in-common", asked, services.today(), languages)
        path = _told(release, lookups.path(release.projection, first, second, STEPS), clang)
    if media != HTML:
        if not first or not second:
            wrong = next(name for name in given if not ends[name][0])
            raise BilimError(finding("actor-unknown", name=wrong, given=given[wrong] or "—"))
        body = {"data": {"shared": shared, "path": path}, "release": release.id, "links": {"self": _self(request)}}
        return json_answer(body, clang)
    labels = release.projection.labels(entity_iri(*place) for place in (first, second) if place)
    names = {
        name: localize({"kind": p[0], "slug": p[1], "labels": labels.get(entity_iri(*p), {})}, clang) if p else None
        for name, p in (("first", first), ("second", second))
    }
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in shared:
        groups.setdefault(row["kind"], []).append(row)
    return pages_of(request).response(
        "between.html", lang, request=request, release=release.id, clang=clang, given=given, names=names,
        choices={name: found for name, (_, found) in ends.items()}, groups=groups, path_of=path, steps=STEPS,
        same=bool(first and first == second), whole=bool(first and second),
    )  # fmt: skip


def _actor(release: Release, text: str, languages: Sequence[str]) -> tuple[Place | None, list[dict[str, Any]]]:
    """Who is meant, or who may be."""
    if not text:
        return None, []
    place = split_name(text)
    if place is not None:
        return (place if release.projection.has(*place) else None), []
    found = candidates(release, text, ACTORS, 8, languages)
    sure = next(((item["kind"], item["slug"]) for item in found if item["match"]), None)
    return sure, [] if sure else found


def _told(release: Release, steps: Sequence[lookups.Step], clang: str) -> list[Json]:
    places = {place for step in steps for place in (step.start, step.end, step.via)}
    labels = release.projection.labels(entity_iri(*place) for place in places)

    def named(place: Place) -> Json:
        iri = entity_iri(*place)
        ref: Json = {"id": iri, "kind": place[0], "slug": place[1], "labels": labels.get(iri, {})}
        out: Json = localize(ref, clang, keep_labels=False)
        return out

    return [{"from": named(s.start), "to": named(s.end), "via": named(s.via)} for s in steps]


def _self(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}"
