"""A server with nothing but /sparql, over real HTTP, and a client for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace

import httpx
import uvicorn
from fastapi import FastAPI

from api.pages.render import Pages
from api.routers import sparql
from kg import resources
from kg.findings import BilimError, finding
from kg.settings import Settings
from kg.sparql.outcomes import Outcome
from kg.sparql.pinned import Pins
from kg.sparql.pool import Pool
from kg.sparql.results import Results
from kg.templates.catalogue import Catalogue
from tests.sparql_world import Published


class Site:
    """A server with nothing but /sparql, a client, and the outcomes of its queries."""

    def __init__(
        self, client: httpx.AsyncClient, port: int, outcomes: list[Outcome], pool: Pool, pins: Pins, results: Results
    ) -> None:
        self.client = client
        self.port = port
        self.outcomes = outcomes
        self.pool = pool
        self.pins = pins
        self.results = results

    async def get(self, query: str, accept: str | None = None, **params: str) -> httpx.Response:
        headers = {"Accept": accept} if accept else {}
        return await self.client.get("/sparql", params={"query": query, **params}, headers=headers)

    async def post(self, body: bytes | str, kind: str | None, address: str = "/sparql") -> httpx.Response:
        headers = {"Content-Type": kind} if kind else {}
        return await self.client.post(address, content=body, headers=headers)

    async def raw(self, text: str) -> bytes:
        """What comes back on a plain connection until the server closes it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(text.encode())
        answer = await reader.read()
        writer.close()
        return answer


@asynccontextmanager
async def site(published: Published, *more: Published, **settings: object) -> AsyncIterator[Site]:
    """A site that answers from ``published``, and by their ids from all given."""
    made = Settings.model_validate({"sparql_workers": 1, "sparql_nice": 0, "sparql_timeout": 30.0, **settings})
    outcomes: list[Outcome] = []

    def note(outcome: Outcome, _seconds: float) -> None:
        outcomes.append(outcome)

    async def find(release_id: str) -> Published:
        for one in (published, *more):
            if one.id == release_id:
                return one
        raise BilimError(finding("no-such-release", release=release_id, home="home"))

    pool, pins, results = Pool(made, note), Pins(made, find, note), Results(made.sparql_cache_mb * 1024 * 1024)
    app = FastAPI(openapi_url=None)
    app.state.services = SimpleNamespace(
        settings=made, pool=pool, pins=pins, find_release=find, find_graphs=find, current_id=lambda: published.id,
        is_remote=lambda _: False, results=results, templates=Catalogue(resources.find().queries, watch=False),
    )  # fmt: skip
    app.state.pages = Pages()
    app.include_router(sparql.router())
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    await pool.switch(published)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        yield Site(client, port, outcomes, pool, pins, results)
    server.should_exit = True
    await serving
    await pool.close()
    await pins.close()
