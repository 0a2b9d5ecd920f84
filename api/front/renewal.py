"""After a publish: what was read under the former release is answered again before it is asked for.

A publish makes every ready answer void, though few have changed. The requests that were answered from the cache are
put to the application once more, one after another, the latest first, with a pause as long as each took, so that
readers keep most of the server. What is asked for before its turn is computed then, as ever. So are the addresses that
stand for each release: the lists of all there is, whose choosing and ordering costs most.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import quote

import structlog
from starlette.types import Message, Scope

from api.front.cache import VARYING, RawKey


class Renewal:
    """One run at a time: the next publish ends the last, and takes over what it had not come to.

    ``ask`` puts one request to the application, and keeps the answer; ``most`` requests are renewed.
    """

    def __init__(self, ask: Callable[[RawKey], Awaitable[None]], most: int) -> None:
        self._ask = ask
        self._most = most
        self._due: dict[RawKey, None] = {}  # in their order
        self._task: asyncio.Task[None] | None = None

    def begin(self, wanted: Iterable[RawKey]) -> None:
        """Renew these, the first first, then what is left of the last run. Call on the event loop."""
        self.stop()
        due = dict.fromkeys((*wanted, *self._due))
        self._due = dict.fromkeys(list(due)[: self._most])
        if self._due:
            self._task = asyncio.create_task(self._run(), name="renew answers")

    @property
    def due(self) -> int:
        """How many requests are still to be renewed, or are being renewed now."""
        return len(self._due)

    def stop(self) -> None:
        """End the run, if there is one."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        while self._due:
            raw = next(iter(self._due))
            started = time.perf_counter()
            try:
                await self._ask(raw)
            except Exception as error:  # the next may succeed; who asks for this one is told what is wrong
                structlog.get_logger("api").warning("answer not renewed", path=raw[0], problem=str(error))
            del self._due[raw]
            await asyncio.sleep(time.perf_counter() - started)


def request_of(raw: RawKey) -> Scope:
    """A GET (ASGI scope) that is written so."""
    path, query, *values = raw
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": query,
        "root_path": "",
        "headers": [(name, value) for name, value in zip(VARYING, values, strict=True) if value is not None],
        "client": None,
        "server": None,
        "state": {},
    }


async def nothing() -> Message:
    """``receive`` of a request without a body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def away(message: Message) -> None:
    """``send`` to nobody."""
