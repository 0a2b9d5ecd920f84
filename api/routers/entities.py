"""/api/v1/entities: up to a hundred things at once, from the projection."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.answers import content, day, interface, json_answer, only, services_of
from api.pages.thing import certainty
from api.routers.templates_body import json_parameters
from kg.findings import BilimError, Finding, finding
from kg.kinds import KINDS
from kg.releases.terms_json import localize
from kg.templates.page import address
from kg.terms import entity_iri, expand, split_entity_iri

MOST = 100
"""Things in one request: about 3 MB of JSON where much is known of each."""

NAMING = ("id", "kind", "slug")
"""Members that come whatever ``fields`` says: by them an answer is put beside what was asked."""

_PATH = re.compile(r"([a-z]+)/([A-Za-z0-9._-]+)")


def router() -> APIRouter:
    """GET and, for those who prefer a body, POST."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/api/v1/entities")
    def entities(request: Request) -> Response:
        return _answer(request)

    @routes.post("/api/v1/entities")
    async def posted(request: Request) -> Response:
        asked = await json_parameters(request)
        return await run_in_threadpool(_answer, asked)

    return routes


def _answer(request: Request) -> Response:
    """Documents in the order asked; ``missing`` names those that are not there, ``moved`` those that have a new name.

    Raises :class:`BilimError`: ``entities-none``, ``entities-too-many``, ``fields-unknown`` (422).
    """
    only(request, "id", "on", "fields", "lang", "clang")
    lang, clang, on = interface(request), content(request)[0], day(request)
    given = request.query_params.getlist("id")
    asked = list(dict.fromkeys(part.strip() for text in given for part in text.split(",") if part.strip()))
    if not asked:
        raise BilimError(finding("entities-none"))
    if len(asked) > MOST:
        raise BilimError(finding("entities-too-many", count=len(asked), maximum=MOST))
    release = services_of(request).release()
    places: dict[str, tuple[str, str]] = {}
    missing: dict[str, Finding] = {}
    moved: dict[str, str] = {}
    for text in asked:
        place = split_name(text)
        if place is None:
            missing[text] = finding("entity-name", given=text[:80])
            continue
        fate = request.app.state.register.fate(*place)
        if fate.withdrawn is not None:
            missing[text] = finding("thing-withdrawn", kind=place[0], slug=place[1], reason=fate.withdrawn)
            continue
        if fate.moved_to is not None:
            place = place[0], fate.moved_to
            moved[text] = entity_iri(*place)
        places[text] = place
    documents = release.projection.documents(places.values())
    data: dict[tuple[str, str], Any] = {}
    for text, place in places.items():
        if (document := documents.get(place)) is not None:
            data[place] = {**localize(document, clang), "certainty": certainty(document, on)}
        else:
            missing[text] = finding("thing-not-found", kind=place[0], slug=place[1][:80], release=release.id)
    body = {
        "data": _chosen(list(data.values()), request.query_params.getlist("fields")),
        "missing": [
            {"id": text, "code": missing[text].code, "detail": missing[text].text(lang)}
            for text in asked
            if text in missing
        ],
        "moved": moved,
        "links": {"self": address(request.url.path, request.query_params.multi_items())},
        "release": release.id,
        "on": on.isoformat(),
    }
    return json_answer(body, clang, {"Vary": "Accept-Language"})


def _chosen(documents: list[dict[str, Any]], texts: list[str]) -> list[dict[str, Any]]:
    """The members asked for, and always those that name a thing. One that none of the things has is told as wrong."""
    asked = list(dict.fromkeys(part.strip() for text in texts for part in text.split(",") if part.strip()))
    if not asked:
        return documents
    known = dict.fromkeys(key for document in documents for key in document)
    wrong = [name for name in asked if name not in known]
    if documents and wrong:
        raise BilimError(
            finding("fields-unknown", name="fields", given=wrong[0][:80], allowed=", ".join(sorted(known)))
        )
    wanted = {*NAMING, *asked}
    return [{key: value for key, value in document.items() if key in wanted} for document in documents]


def split_name(text: str) -> tuple[str, str] | None:
    """``(kind, slug)`` of ``kind/slug``, an IRI of ours or a prefixed name (``person:…``); None for anything else."""
    if (match := _PATH.fullmatch(text)) is not None and match[1] in KINDS:
        return match[1], match[2]
    found = split_entity_iri(expand(text))
    return found if found is not None and found[0] in KINDS else None
