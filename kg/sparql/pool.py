"""Warm workers for strangers' queries: a bounded queue, deadlines by SIGKILL, a new release without a pause.

Use: ``pool = Pool(settings)``, ``await pool.switch(release)``, then for each query
``async with pool.run(job) as running: async for chunk in running.chunks(): …`` and at last ``await pool.close()``.
All of it belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

import orjson
import structlog

from kg.findings import BilimError, Finding, finding
from kg.settings import Settings
from kg.sparql.failures import Words
from kg.sparql.forking import ForkServer, Start
from kg.sparql.outcomes import Outcome
from kg.sparql.outside import Limits
from kg.sparql.process import WorkerProcess
from kg.sparql.running import Busy, Job, Running
from kg.sparql.vet import from_worker
from kg.sparql.vetted import Vetted
from kg.store.dataset import Dataset
from kg.store.errors import QueryError

_RETRY_SECONDS: Final = 1.0
_RETRY_LONGEST: Final = 30.0


class Served(Protocol):
    """A release: its id, and the directory that holds ``store/``."""

    @property
    def id(self) -> str: ...
    @property
    def path(self) -> Path: ...


class Pool:
    """The workers. ``on_outcome(outcome, seconds)`` is called once for each query."""

    def __init__(self, settings: Settings, on_outcome: Callable[[Outcome, float], None] | None = None) -> None:
        self._settings = settings
        self._on_outcome = on_outcome or (lambda _outcome, _seconds: None)
        self._start: Start | None = None
        self._server: ForkServer | None = None  # of the release of now
        self._serving = asyncio.Lock()  # while a fork server is started
        self._idle: list[WorkerProcess] = []
        self._workers: set[WorkerProcess] = set()  # all that run, of any release
        self._waiting: deque[asyncio.Future[WorkerProcess]] = deque()
        self._starting: set[asyncio.Task[None]] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._stores = tuple(settings.sparql_services.values())
        self._spawning = 0
        self._closed = False

    @property
    def release(self) -> str | None:
        """Id of the release that new queries are answered from."""
        return self._start.release if self._start else None

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of all workers, for those who watch the machine."""
        return tuple(worker.pid for worker in self._workers)

    @property
    def held(self) -> bool:
        """Whether the release is held in memory."""
        return self._server is not None and self._server.held

    @property
    def waiting(self) -> int:
        """Queries that wait for a worker."""
        return sum(not waiter.done() for waiter in self._waiting)

    def note(self, outcome: Outcome) -> None:
        """Count a query that was answered or refused before it came here."""
        self._on_outcome(outcome, 0.0)

    @property
    def services(self) -> frozenset[str]:
        """IRIs of the stores that SERVICE may name: none where a worker runs without its wall."""
        if self._start is None or not self._workers or not all(worker.door for worker in self._workers):
            return frozenset()
        return frozenset(self._start.stores)

    def wall(self) -> Finding | None:
        """A warning if workers are not walled off from the network; None if they are, or none runs."""
        for worker in self._workers:
            if not worker.walled:
                return finding("sparql-no-wall", reason=worker.reason)
        return None

    async def switch(self, release: Served) -> None:
        """Answer from this release from now on; queries that run finish on theirs.

        Raises :class:`StoreError` where it cannot be opened; all stays as it was then.
        """
        start = Start(
            release.path / "store",
            release.id,
            self._settings.sparql_memory_mb * 1_000_000,
            self._settings.sparql_nice,
            self._settings.sparql_late,
            self._stores,
            Limits(self._settings.sparql_service_timeout, self._settings.sparql_service_max_bytes),
            self._settings.sparql_held_quads,
        )
        server = await ForkServer.spawn(start)
        made = await asyncio.gather(
            *(WorkerProcess.spawn(server) for _ in range(self._settings.sparql_workers)), return_exceptions=True
        )
        workers = [worker for worker in made if isinstance(worker, WorkerProcess)]
        failed = [error for error in made if isinstance(error, BaseException)]
        if failed or self._closed:
            await asyncio.gather(*(worker.end() for worker in workers))
            await server.end()
            raise failed[0] if failed else QueryError("sparql-unavailable", reason="")
        old, self._idle, self._start = self._idle, [], start
        before, self._server = self._server, server
        self._workers.update(workers)
        for worker in old:
            self._retire(worker)
        if before is not None:
            _keep(self._ending, self._tidy(before))
        for worker in workers:
            self._free(worker)
        if (warning := self.wall()) is not None:
            structlog.get_logger("sparql").warning("workers are not walled", reason=warning.text())

    def run(self, job: Job) -> AbstractAsyncContextManager[Running]:
        """Run a query on the next free worker. Its seconds count from now, waiting for a worker included.

        Raises :class:`Busy`, :class:`QueryError` or :class:`StoreError` while nothing was given out.
        Leaving the block before the answer has ended stops the query.
        """
        return self._asked(self._message(job), job.timeout)

    async def vet(self, text: str, timeout: float | None = None) -> Vetted:
        """:func:`kg.sparql.vet.vet` in a worker: a megabyte would hold up all others here. Raises as ``run``."""
        async with self._asked({"examine": text, "allow": sorted(self.services)}, timeout) as running:
            found = orjson.loads(b"".join([chunk async for chunk in running.chunks()]))
        return from_worker(text, found)

    @asynccontextmanager
    async def _asked(self, message: dict[str, Any], timeout: float | None) -> AsyncIterator[Running]:
        seconds = min(timeout or self._settings.sparql_timeout, self._settings.sparql_timeout)
        began = time.monotonic()
        outcome: Outcome = "rejected"
        try:
            worker = await self._acquire(seconds)
            running = Running(worker, Words(seconds, self._settings.sparql_memory_mb))
            left = max(0.0, seconds - (time.monotonic() - began))
            loop = asyncio.get_running_loop()
            deadline = loop.call_later(left, self._time_is_up, worker)
            try:
                await running.begin(message)
                yield running
            finally:
                deadline.cancel()
                outcome = running.outcome
                if running.reusable:
                    self._free(worker)
                else:
                    self._retire(worker)
        except asyncio.CancelledError:
            outcome = "gone" if outcome == "rejected" else outcome
            raise
        finally:
            if "examine" not in message or outcome != "ok":  # of which the query itself is still to come
                self._on_outcome(outcome, time.monotonic() - began)

    async def close(self) -> None:
        """End all workers at once; queries that wait or run fail. No process and no descriptor stays."""
        self._closed = True
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(QueryError("sparql-unavailable", reason=""))
        self._waiting.clear()
        for task in tuple(self._starting):
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(worker.end() for worker in self._workers), *self._ending)
        if self._server is not None:
            await self._server.end()
        self._workers.clear()
        self._idle.clear()

    def _message(self, job: Job) -> dict[str, Any]:
        dataset = job.dataset or Dataset()
        return {
            "text": job.text,
            "media_type": job.media_type,
            "prefixes": job.prefixes,
            "dataset": job.dataset is not None,
            "default": dataset.default,
            "named": dataset.named,
            "max_bytes": self._settings.sparql_max_bytes,
            "max_rows": self._settings.sparql_max_rows,
            "merge_limit": self._settings.sparql_merge_quads,
            "services": [(start, end, self._stores.index(iri)) for start, end, iri in job.services],
        }

    async def _acquire(self, seconds: float) -> WorkerProcess:
        if self._start is None or self._closed:
            raise QueryError("sparql-unavailable", reason="")
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            self._retire(worker)  # it died while it waited
        if self.waiting >= self._settings.sparql_queue:
            raise Busy(self.waiting, self._retry_after())
        waiter: asyncio.Future[WorkerProcess] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        try:
            return await asyncio.wait_for(asyncio.shield(waiter), seconds)
        except (TimeoutError, asyncio.CancelledError) as error:
            late = waiter.done() and not waiter.cancelled() and waiter.exception() is None
            waiter.cancel()
            with suppress(ValueError):
                self._waiting.remove(waiter)
            if isinstance(error, TimeoutError):
                if late:
                    return waiter.result()
                raise Busy(self.waiting, self._retry_after()) from None
            if late:  # handed over in the very moment in which the asker left
                self._free(waiter.result())
            raise

    def _retry_after(self) -> int:
        """Seconds after which a place is likely: the queue over the workers, a second each, at most the deadline."""
        return max(1, min(int(self._settings.sparql_timeout), 1 + self.waiting // self._settings.sparql_workers))

    def _time_is_up(self, worker: WorkerProcess) -> None:
        worker.kill(for_time=True)
        self._retire(worker)  # at once: a client that reads slowly must not keep the place empty

    def _free(self, worker: WorkerProcess) -> None:
        """Give a worker to who waits longest, else let it wait itself."""
        if self._closed or worker.start is not self._start or not worker.alive:
            self._retire(worker)
            return
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(worker)
                return
        self._idle.append(worker)

    def _retire(self, worker: WorkerProcess) -> None:
        """End a worker, and start another if the release of now has too few."""
        if worker not in self._workers:
            return
        self._workers.discard(worker)
        _keep(self._ending, self._bury(worker))
        self._refill()

    async def _bury(self, worker: WorkerProcess) -> None:
        await worker.end()
        await self._tidy(worker.server)

    async def _tidy(self, server: ForkServer) -> None:
        """End the fork server of a former release once none of its workers is left."""
        if server is not self._server and server.empty:
            await server.end()

    async def _forker(self, start: Start) -> ForkServer:
        """The fork server of a release, another one where it has ended."""
        async with self._serving:
            if self._server is None or (self._server.start is start and not self._server.alive):
                before, self._server = self._server, await ForkServer.spawn(start)
                if before is not None:
                    await before.end()
            return self._server

    def _refill(self) -> None:
        if self._start is None or self._closed:
            return
        have = sum(worker.start is self._start for worker in self._workers) + self._spawning
        for _ in range(self._settings.sparql_workers - have):
            self._spawning += 1
            _keep(self._starting, self._spawn(self._start))

    async def _spawn(self, start: Start) -> None:
        """One more worker for a release, tried until it starts or the release is no longer served."""
        pause = _RETRY_SECONDS
        try:
            while start is self._start and not self._closed:
                try:
                    server = await self._forker(start)
                    if server.start is not start:  # another release has come meanwhile
                        return
                    worker = await WorkerProcess.spawn(server)
                except (BilimError, OSError, TimeoutError) as error:
                    structlog.get_logger("sparql").error(
                        "worker did not start", release=start.release, error=str(error)
                    )
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, _RETRY_LONGEST)
                    continue
                self._workers.add(worker)
                self._free(worker)
                return
        finally:
            self._spawning -= 1
            if start is not self._start:
                self._refill()


def _keep(tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
    """Run in the background; the set keeps the task until it has ended."""
    task = asyncio.get_running_loop().create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)
