"""The ASGI app: FastAPI with its routers, and the front round it. Nothing is read or started at import."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib import metadata

from fastapi import FastAPI

from api import openapi, problems
from api.auth import Limits
from api.front.asgi import Front
from api.front.direct import direct
from api.importing import Importing
from api.metrics import Metrics
from api.pages.render import Pages
from api.questions import Questions
from api.register import read_register
from api.routers import (
    between,
    changes,
    coverage,
    days,
    decided,
    deciding,
    decisions,
    desk,
    entities,
    history,
    home,
    imports,
    lists,
    mistakes,
    networks,
    reconcile,
    regions,
    release_files,
    releases,
    robots,
    search,
    sources,
    sparql,
    system,
    templates,
    templates_pages,
    things,
    tokens,
    vocabulary,
    wellknown,
)
from api.routers import problems as problem_pages
from api.routers.templates_engines import Engines
from api.services import Services
from api.session import Sessions
from kg import jsonld
from kg import resources as places
from kg.releases.remote import connect
from kg.settings import Settings
from kg.sparql.pool import Pool
from kg.sparql.remote_pool import RemotePool
from kg.templates.catalogue import Catalogue


def create_app(settings: Settings, clock: Callable[[], float] = time.time) -> Front:
    """The app of these settings; several may live in one process.

    ``clock``: seconds since the epoch, for "today". Raises :class:`BilimError` where ontology/ and queries/
    are not found. Releases and workers are opened by the lifespan, not here.
    """
    metrics = Metrics()
    found = places.find(settings.resources)
    remote = connect(settings)
    services = Services(
        settings=settings,
        resources=found,
        metrics=metrics,
        templates=Catalogue(found.queries, watch=settings.dev),
        pool=(Pool if remote is None else RemotePool)(settings, metrics.query_ended),
        remote=remote,
        clock=clock,
    )
    app = FastAPI(
        title="Bilim",
        version=metadata.version("bilim"),
        summary="Who ran education in Kazakhstan: when, where, and according to which words",
        license_info={"name": "Data: CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
        docs_url=None,  # loads a CDN; /reference is our own page
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # what we count stands in api/metrics.py
        lifespan=_lifespan,
    )
    app.state.services = services
    app.state.pages = Pages()
    app.state.context = jsonld.load(found.ontology)
    app.state.limits = Limits(settings)
    app.state.importing = Importing(settings, found)
    app.state.sessions = Sessions(clock)
    app.state.register = read_register(found.data)
    problems.add_handlers(app)
    engines = Engines()
    questions = Questions(services.templates, engines)
    for asking in (home, days, between):
        app.include_router(asking.router(questions))
    app.include_router(lists.router())
    of_things = things.Things()
    app.include_router(things.router(of_things))
    for module in (vocabulary, releases, coverage, problem_pages, system):
        app.include_router(module.router())
    for module in (history, mistakes, robots, sources):
        app.include_router(module.router())
    app.include_router(sparql.router())
    app.include_router(entities.router())
    app.include_router(changes.router())
    app.include_router(search.router())
    app.include_router(reconcile.router())
    app.include_router(tokens.router())
    app.include_router(decisions.router())
    app.include_router(imports.router())
    app.include_router(desk.router())
    app.include_router(decided.router())
    app.include_router(deciding.router())
    app.include_router(release_files.router())
    app.include_router(regions.router(services.templates, engines))
    app.include_router(networks.router())
    app.include_router(wellknown.router(services.templates, engines))
    app.router.routes[:0] = templates.routes(services.templates, engines)
    app.include_router(templates_pages.router(services.templates, engines))
    templates.describe(app, services.templates, engines)
    openapi.complete(app)
    within = {things.BELOW: direct(app, things.BELOW + "{kind}/{name}", of_things.by_path)}
    at_once = {sparql.PATH: direct(app, sparql.PATH, sparql.sparql)}
    return Front(app, services, at_once, within, lambda: templates.widest(services.templates))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the current release and start the workers; follow ``current``; at the end stop both."""
    services: Services = app.state.services
    await services.refresh()
    await app.state.importing.start()
    watcher = asyncio.create_task(services.watch(), name="watch current")
    try:
        yield
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
        await app.state.importing.close()
        await services.pool.close()
        await services.pins.close()
        services.described.close()
