"""Whether the server lives, is ready, and what it counts; what the address space offers to programs."""

from __future__ import annotations

from importlib import resources
from pathlib import PurePosixPath

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.answers import interface, json_answer, pages_of, services_of
from api.metrics import CONTENT_TYPE
from api.problems import finding_problem
from kg.findings import finding

NO_STORE = {"Cache-Control": "no-store"}
STATIC_TYPES = {".css": "text/css", ".svg": "image/svg+xml", ".js": "text/javascript", ".txt": "text/plain"}


def router() -> APIRouter:
    """Routes that are never kept in the cache, and the few files that pages need."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/healthz")
    async def healthz() -> Response:
        return json_answer({"status": "alive"}, headers=NO_STORE)

    @routes.get("/readyz")
    async def readyz(request: Request) -> Response:
        """200 once a release is served; 503 before, so that a proxy sends nobody here."""
        release = services_of(request).current_id()
        if not release:
            problem = finding("no-release", home=services_of(request).settings.home.name)
            return finding_problem(request, problem, headers={**NO_STORE, "Retry-After": "5"})
        return json_answer({"status": "ready", "release": release}, headers=NO_STORE)

    @routes.get("/metrics")
    async def metrics(request: Request) -> Response:
        return Response(services_of(request).metrics.text(), headers={"Content-Type": CONTENT_TYPE, **NO_STORE})

    @routes.get("/static/{name:path}")
    async def static(name: str) -> Response:
        path = PurePosixPath(name)
        if len(path.parts) > 2 or ".." in path.parts or path.is_absolute():
            raise HTTPException(404)
        suffix = path.suffix
        file = resources.files("api").joinpath("static", *path.parts)
        if suffix not in STATIC_TYPES or not file.is_file():
            raise HTTPException(404)
        return Response(file.read_bytes(), media_type=STATIC_TYPES[suffix])

    @routes.get("/reference")
    async def reference(request: Request) -> Response:
        """All operations of /openapi.json as a page: what they take, what they give, an example to follow."""
        lang = interface(request)
        document = request.app.openapi()
        operations = [
            {"path": path, "method": method.upper(), **operation}
            for path, methods in sorted(document["paths"].items())
            for method, operation in methods.items()
        ]
        return pages_of(request).response("reference.html", lang, request=request, operations=operations)

    @routes.get("/_too-long")
    async def too_long(request: Request) -> Response:
        given = request.scope.get("bilim.url_bytes")
        if given is None:  # only the front leads here
            raise HTTPException(404)
        limit = services_of(request).settings.url_max_bytes
        return finding_problem(request, finding("url-too-long", given=given, limit=limit))

    return routes
