"""/api/v1/tokens/self: what the token that was sent may do. Tokens are made by `bilim token create` only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.answers import json_answer, services_of
from api.auth import require
from kg.imports.tokens import Token


def router() -> APIRouter:
    """The one route: for clients that want to know before they try."""
    routes = APIRouter(tags=["access"], include_in_schema=False)

    @routes.get("/api/v1/tokens/self")
    async def own(request: Request, token: Annotated[Token, Depends(require("steward"))]) -> Response:
        body = {"data": token.as_dict(datetime.now(UTC)), "release": services_of(request).current_id()}
        return json_answer(body, headers={"Cache-Control": "no-store"})

    return routes
