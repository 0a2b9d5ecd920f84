"""A route of the application as an ASGI app of its own: what FastAPI does with its errors, without finding it first.

Going through the list of routes, and through FastAPI's dependencies, costs more than a short query of /sparql.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from fastapi import FastAPI, Request
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Direct = Mapping[str, ASGIApp]
NONE: Direct = {}


@dataclass(frozen=True, slots=True)
class Named:
    """What metrics and the log want of a route."""

    path: str


def direct(app: FastAPI, path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> ASGIApp:
    """``endpoint`` with the exception handlers that ``app`` has by now; it must see to the methods itself."""
    named = Named(path)

    handlers = dict(app.exception_handlers)
    bug = handlers.pop(Exception, None)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"], scope["route"] = app, named
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            response = await endpoint(Request(scope, receive, send))
            await response(scope, receive, noting)
        except Exception as error:
            if begun:  # nothing can be told any more
                raise
            await ServerErrorMiddleware(ExceptionMiddleware(_raising(error), handlers), bug)(scope, receive, send)

    return answer


def _raising(error: Exception) -> ASGIApp:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    return app


def inside(folders: Direct, path: str, otherwise: ASGIApp) -> ASGIApp:
    """The app of the folder, ``/doc/``, in which an address is two steps down; else ``otherwise``."""
    return folders.get(path[: path.find("/", 1) + 1], otherwise) if path.count("/") == 3 else otherwise
