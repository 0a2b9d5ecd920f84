"""Strangers' queries in remote mode: the same interface as :class:`kg.sparql.pool.Pool`, answered by another store.

A query is first read by a worker over an empty store: what Oxigraph does not take as SPARQL 1.1 (the functions and
pragmas of other stores, some of which read files or call out) never gets there, and errors have their line and column.
Then it is sent, a few at a time, and its answer is read whole, held to be whole, and written in the format asked for.
A client that leaves breaks the request off.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import pyoxigraph as ox

from kg.findings import BilimError, Finding
from kg.settings import Settings
from kg.sparql.forward import Limits, answer
from kg.sparql.outcomes import Outcome
from kg.sparql.pool import Pool, Served
from kg.sparql.running import Busy, Job
from kg.sparql.vetted import Vetted
from kg.store.errors import QueryError
from kg.store.protocol import Store
from kg.store.remote import RemoteStore
from kg.store.remote_http import Abort

_READING_SECONDS: Final = 5.0
_OUTCOMES: Final[dict[str, Outcome]] = {
    "remote-timeout": "timeout",
    "remote-too-large": "too-large",
    "sparql-answer-too-large": "too-large",
    "sparql-too-many-rows": "too-large",
    "remote-query": "client-error",
    "remote-dataset": "client-error",
    "sparql-wrong-form": "client-error",
}


class ServedRemotely(Served, Protocol):
    """A release whose graphs are in a remote store."""

    @property
    def store(self) -> Store: ...


@dataclass(frozen=True, slots=True)
class _Empty:
    id: str
    path: Path


class Answered:
    """A query that was answered, as :class:`kg.sparql.pool.Running`: all of it is there."""

    def __init__(self, release: str, whole: bytes) -> None:
        self.release = release
        self.whole: bytes | None = whole
        self.outcome: Outcome = "ok"

    async def chunks(self) -> AsyncIterator[bytes]:
        """The answer, in one piece."""
        assert self.whole is not None
        yield self.whole


class RemotePool(Pool):
    """Asks the remote store; ``on_outcome`` as for :class:`Pool`."""

    def __init__(self, settings: Settings, on_outcome: Callable[[Outcome, float], None] | None = None) -> None:
        super().__init__(settings, on_outcome)
        small = {"sparql_workers": 1, "sparql_timeout": _READING_SECONDS, "sparql_max_bytes": 10_000_000}
        self._reader = Pool(settings.model_copy(update=small))
        self._folder: Path | None = None
        self._served: ServedRemotely | None = None
        self._running = 0
        self._places: deque[asyncio.Future[None]] = deque()

    @property
    def release(self) -> str | None:
        """Id of the release that new queries are answered from."""
        return self._served.id if self._served is not None else None

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers that read queries."""
        return self._reader.pids

    @property
    def waiting(self) -> int:
        """Queries that wait for a place."""
        return sum(not place.done() for place in self._places)

    def wall(self) -> Finding | None:
        """See :meth:`Pool.wall`."""
        return self._reader.wall()

    async def switch(self, release: Served) -> None:
        """Answer from this release from now on. Raises :class:`StoreError`; all stays as it was then."""
        store = getattr(release, "store", None)
        assert isinstance(store, RemoteStore), "a release of remote mode"
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="bilim-empty-"))
            ox.Store(str(self._folder / "store")).flush()
            await self._reader.switch(_Empty("empty", self._folder))
        self._served = release  # type: ignore[assignment]

    @asynccontextmanager
    async def run(self, job: Job) -> AsyncIterator[Answered]:  # type: ignore[override]
        """Answer a query. Raises :class:`Busy`, :class:`QueryError` or :class:`StoreError`."""
        served = self._served
        began = time.monotonic()
        seconds = min(job.timeout or self._settings.sparql_timeout, self._settings.sparql_timeout)
        outcome: Outcome = "rejected"
        try:
            if served is None or self._closed:
                raise QueryError("sparql-unavailable", reason="")
            await self._take_place(seconds)
            try:
                outcome = "client-error"
                async with self._reader.run(Job(job.text, job.media_type, job.prefixes)) as read:
                    async for _ in read.chunks():
                        pass
                outcome = "gone"
                whole = await self._ask(served, job, began + seconds)
                outcome = "ok"
                yield Answered(served.id, whole)
            finally:
                self._give_place()
        except BilimError as error:
            if outcome == "gone":
                outcome = _OUTCOMES.get(error.findings[0].code, "failed")
            raise
        finally:
            self._on_outcome(outcome, time.monotonic() - began)

    async def vet(self, text: str, timeout: float | None = None) -> Vetted:
        """See :meth:`Pool.vet`: by the worker that reads queries."""
        if self._served is None:
            raise QueryError("sparql-unavailable", reason="")
        began = time.monotonic()
        try:
            return await self._reader.vet(text, timeout)
        except BilimError as error:
            self._on_outcome("rejected" if isinstance(error, Busy) else "client-error", time.monotonic() - began)
            raise

    async def close(self) -> None:
        """End the workers and let nobody in any more."""
        self._closed = True
        for place in self._places:
            if not place.done():
                place.set_exception(QueryError("sparql-unavailable", reason=""))
        await self._reader.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    async def _take_place(self, seconds: float) -> None:
        if self._running < self._settings.sparql_workers:
            self._running += 1
            return
        if self.waiting >= self._settings.sparql_queue:
            raise Busy(self.waiting, self._retry_after())
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._places.append(place)
        try:
            await asyncio.wait_for(asyncio.shield(place), seconds)
        except (TimeoutError, asyncio.CancelledError) as error:
            if place.done() and not place.cancelled() and place.exception() is None:
                self._give_place()  # handed over in the very moment
            place.cancel()
            if isinstance(error, TimeoutError):
                raise Busy(self.waiting, self._retry_after()) from None
            raise

    def _give_place(self) -> None:
        while self._places:
            place = self._places.popleft()
            if not place.done():
                place.set_result(None)  # the number of those that run stays
                return
        self._running -= 1

    async def _ask(self, served: ServedRemotely, job: Job, until: float) -> bytes:
        abort = Abort()
        asking = asyncio.create_task(asyncio.to_thread(self._answer, served, job, until, abort))
        try:
            return await asyncio.shield(asking)
        except asyncio.CancelledError:
            abort()
            await asyncio.gather(asking, return_exceptions=True)  # at once: its socket is shut
            raise

    def _answer(self, served: ServedRemotely, job: Job, until: float, abort: Abort) -> bytes:
        store = served.store
        assert isinstance(store, RemoteStore)
        limits = Limits(self._settings.sparql_max_bytes, self._settings.sparql_max_rows)
        return answer(store, job, limits, abort, max(0.001, until - time.monotonic()))
