"""Answers of the endpoint: run, kept, or not modified; a client that leaves ends its query."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.problems import finding_problem
from kg.findings import BilimError
from kg.sparql.pool import Pool
from kg.sparql.results import Results
from kg.sparql.running import AnswerCut, Busy, Job, Running
from kg.store.errors import QueryError

CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Link, Bilim-Release, Content-Language, Retry-After",
}
KEPT: Final = "no-cache"  # a browser may keep it and must ask: the release may be another
VOLATILE: Final = "no-store"
_PATIENCE: Final = 0.02  # seconds after which it is watched whether the client is still there

Using = Callable[[], AbstractAsyncContextManager[Pool]]
"""Gives the pool of the release that is asked, held open for the time of the answer."""
KeyOf = Callable[[str], str | None]
"""Release id -> the key of this query's answer; None where it must not be kept."""


def headers_of(media_type: str, release: str, key: str | None) -> dict[str, str]:
    """The headers of a 200 and of a 304."""
    kind = f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type
    # weak: rows without ORDER BY may come in another order another time
    kept = {"ETag": f'W/"{key}"', "Cache-Control": KEPT} if key else {"Cache-Control": VOLATILE}
    return {"Content-Type": kind, "Bilim-Release": release, "Vary": "Accept", **CORS, **kept}


def unchanged(request: Request, key: str | None) -> bool:
    """Whether the client has this very answer: If-None-Match of a GET or HEAD (RFC 9110, 13.1.2)."""
    asked = request.headers.get("if-none-match")
    if key is None or asked is None or request.method == "POST":
        return False
    return f'"{key}"' in [tag.strip().removeprefix("W/") for tag in asked.split(",")]


def ready(request: Request, media_type: str, release: str, key: str | None, body: bytes | None) -> Response:
    """An answer that is there already; None for its body: 304."""
    headers = headers_of(media_type, release, key)
    if body is None:
        headers.pop("Content-Type")
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(len(body))
    return Response(b"" if request.method == "HEAD" else body, headers=headers)


def problem(request: Request, error: BilimError) -> Response:
    """The error as problem+json, with line and column where these are known."""
    headers: dict[str, str] = dict(CORS)
    members: dict[str, Any] = {}
    if isinstance(error, Busy):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, QueryError):
        members = {"line": error.line, "column": error.column}
    return finding_problem(request, *error.findings, headers=headers, **members)


class Answer(Response):
    """Runs the query while it is sent, and keeps the answer if it is short enough."""

    def __init__(self, request: Request, using: Using, job: Job, results: Results, key_of: KeyOf) -> None:
        super().__init__()
        self._request = request
        self._using = using
        self._job = job
        self._results = results
        self._key_of = key_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Raises :class:`AnswerCut` where the answer breaks off: the server then drops the connection."""
        async with WhileThere(receive):
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with self._using() as pool, pool.run(self._job) as running:
                await self._send(running, scope, send)
        except BilimError as error:
            await problem(self._request, error)(scope, receive, send)

    async def _send(self, running: Running, scope: Scope, send: Send) -> None:
        key = self._key_of(running.release)
        body = running.whole
        if body is None and scope.get("http_version") == "1.0":
            # HTTP/1.0 cannot tell a cut answer from a whole one: nothing goes out before all is there
            try:
                body = b"".join([chunk async for chunk in running.chunks()])
            except AnswerCut as cut:
                raise cut.why from None
        head = scope["method"] == "HEAD"
        if body is not None:
            self._results.put(key, body)
            await send(self._start(running, key, [("Content-Length", str(len(body)))]))
            await send({"type": "http.response.body", "body": b"" if head else body})
            return
        await send(self._start(running, key, []))
        if not head:
            parts: list[bytes] = []
            room = self._results.largest if key else 0
            async for chunk in running.chunks():
                room -= len(chunk)
                if room >= 0:
                    parts.append(chunk)
                else:
                    parts.clear()
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if room >= 0:
                self._results.put(key, b"".join(parts))
        await send({"type": "http.response.body", "body": b""})

    def _start(self, running: Running, key: str | None, more: Iterable[tuple[str, str]]) -> dict[str, Any]:
        headers = {**headers_of(self._job.media_type, running.release, key), **dict(more)}
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        return {"type": "http.response.start", "status": 200, "headers": encoded}


class WhileThere:
    """Stops what runs inside, without an error, when the client leaves. Who is answered at once is not watched."""

    __slots__ = ("_cancelled", "_receive", "_task", "_timer", "_watcher")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._cancelled = 0
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._timer = asyncio.get_running_loop().call_later(_PATIENCE, self._begin)

    async def __aexit__(self, kind: type[BaseException] | None, *_error: object) -> bool:
        self._timer.cancel()
        if self._watcher is not None:
            self._watcher.cancel()
        if kind is None or not issubclass(kind, asyncio.CancelledError):
            return False
        for _ in range(self._cancelled):
            self._task.uncancel()
        return bool(self._cancelled) and not self._task.cancelling()  # else somebody else wants this to end

    def _begin(self) -> None:
        self._watcher = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        while True:  # waiting for a worker may end in the moment of the first one, and pass over it
            self._cancelled += 1
            self._task.cancel()
            await asyncio.sleep(_PATIENCE)
