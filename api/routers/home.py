"""The home page: what the graph holds, and a door for each kind of user."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, interface, json_answer, pages_of, services_of
from api.front.variant import HTML, PAGE_OFFERS
from kg.findings import BilimError
from kg.kinds import KINDS

DOORS = (
    ("researcher", "/sparql"),
    ("client", "/reference"),
    ("steward", "/ontology"),
    ("visitor", "/doc/organization"),
)


def router() -> APIRouter:
    """One route; without a release it says so, and stands all the same."""
    routes = APIRouter(tags=["home"])

    @routes.get("/", summary="What the graph holds")
    async def home(request: Request) -> Response:
        media, lang = choose(request, PAGE_OFFERS), interface(request)
        try:
            release = services_of(request).release()
            counts, name = release.projection.counts(), release.id
        except BilimError:
            if media != HTML:
                raise
            counts, name = {}, ""
        if media != HTML:
            links = {"self": "/", "openapi": "/openapi.json", "sparql": "/sparql", "releases": "/releases"}
            return json_answer({"data": {"counts": counts}, "release": name, "links": links})
        rows = [(kind, counts[kind.name]) for kind in KINDS.values() if counts.get(kind.name)]
        return pages_of(request).response("home.html", lang, request=request, release=name, counts=rows, doors=DOORS)

    return routes
