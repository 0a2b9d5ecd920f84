"""What other tools look for: SPARQL examples of the SIB, and VoID. RDF by Accept, Turtle by default."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import choose, only, rdf_answer, services_of
from api.described import EXAMPLES, VOID
from api.front.variant import TOOL_OFFERS
from api.routers.templates_engines import Engines
from kg.releases.void import dataset
from kg.templates.catalogue import Catalogue
from kg.templates.sib import examples


def router(catalogue: Catalogue, engines: Engines) -> APIRouter:
    """The two graphs, made of the release served and of the templates."""
    routes = APIRouter(include_in_schema=False)

    @routes.get(EXAMPLES)
    def sparql_examples(request: Request) -> Response:
        only(request)
        media, services = choose(request, TOOL_OFFERS), services_of(request)
        engine = engines.of(services.release())
        found = examples(catalogue.templates.values(), engine, services.today(), f"{services.address}/sparql")
        return rdf_answer(found, media, {"Vary": "Accept"})

    @routes.get(VOID)
    def void(request: Request) -> Response:
        only(request)
        media, services = choose(request, TOOL_OFFERS), services_of(request)
        return rdf_answer(dataset(services.release(), services.address), media, {"Vary": "Accept"})

    return routes
