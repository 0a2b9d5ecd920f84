"""Which methods an address answers to (``Allow``, RFC 9110, section 10.2.1), asked of the routes."""

from __future__ import annotations

from starlette.routing import Match
from starlette.types import ASGIApp, Scope


def allowed(app: ASGIApp, scope: Scope) -> list[str]:
    """The methods of an address, OPTIONS among them; of one that is not there, those that read."""
    found = []
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
        asked = {**scope, "method": "GET" if method == "HEAD" else method}  # HEAD is answered by the front
        if any(route.matches(asked)[0] is Match.FULL for route in app.router.routes):  # type: ignore[attr-defined]
            found.append(method)
    return [*(found or ["GET", "HEAD"]), "OPTIONS"]
