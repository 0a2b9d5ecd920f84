"""/openapi.json as a whole: what FastAPI finds, what we say of our own routes, tags. Remade when templates change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI

from api import (
    openapi_access,
    openapi_copies,
    openapi_coverage,
    openapi_decisions,
    openapi_imports,
    openapi_names,
    openapi_releases,
)
from api.openapi_routes import TAGS, paths, problem
from api.openapi_schemas import schemas

PARTS = (
    openapi_access,
    openapi_copies,
    openapi_coverage,
    openapi_imports,
    openapi_decisions,
    openapi_names,
    openapi_releases,
)
"""Modules that describe routes: each has ``paths()`` and ``schemas()``."""

_FASTAPI_ERRORS = ("HTTPValidationError", "ValidationError")
"""FastAPI's own form of errors, which no route of ours answers with: ours are problems (RFC 9457)."""


def complete(app: FastAPI) -> None:
    """Let ``app.openapi()`` describe the routes written by hand too, and errors as they are. After the templates."""
    found: Callable[[], dict[str, Any]] = app.openapi
    known: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        base = found()
        if known.get("base") is not base:
            known.update(base=base, whole=_whole(base))
        return known["whole"]  # type: ignore[no-any-return]

    app.openapi = openapi  # type: ignore[method-assign]


def _whole(base: Mapping[str, Any]) -> dict[str, Any]:
    ours = paths() | {path: told for part in PARTS for path, told in part.paths().items()}
    every = {**base.get("paths", {})}
    for path, operations in ours.items():
        every[path] = {**every.get(path, {}), **operations}
    every = {path: {m: _own_errors(o) for m, o in operations.items()} for path, operations in every.items()}
    components = dict(base.get("components", {}))
    named = {k: v for k, v in components.get("schemas", {}).items() if k not in _FASTAPI_ERRORS}
    ours_too = schemas() | {name: told for part in PARTS for name, told in part.schemas().items()}
    components["schemas"] = dict(sorted({**named, **ours_too}.items()))
    components["securitySchemes"] = openapi_access.security_schemes()
    used = dict.fromkeys(tag for operations in every.values() for o in operations.values() for tag in o.get("tags", ()))
    tags = [{"name": tag, "description": TAGS.get(tag, f"Questions on {tag}.")} for tag in sorted(used)]
    return {**base, "tags": tags, "paths": dict(sorted(every.items())), "components": components}


def _own_errors(operation: Mapping[str, Any]) -> dict[str, Any]:
    """An operation that FastAPI has described, with the error that we give in place of FastAPI's."""
    responses = operation.get("responses", {})
    if "HTTPValidationError" not in str(responses.get("422")):
        return dict(operation)
    return {**operation, "responses": {**responses, "422": problem(422)}}
