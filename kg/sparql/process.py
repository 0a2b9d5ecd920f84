"""One worker as its parent sees it: a forked process, a socket, and what it said when it died."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from contextlib import suppress
from typing import Any, Final, Literal

import orjson
import structlog

from kg.findings import finding
from kg.sparql.forking import Forked, ForkServer, Start
from kg.sparql.frames import DATA, HEADER, HELLO, QUERY, frame
from kg.sparql.outside import OutsideError, ask
from kg.store.errors import StoreError

_READ_AHEAD: Final = 262_144
_LAST_WORDS: Final = 4096
_HELLO_SECONDS: Final = 30.0
"""Starting takes a few milliseconds; a disk that must be woken, or a machine that is full, may take seconds."""

Death = Literal["timeout", "memory", "crashed"]


class WorkerDied(Exception):
    """The pipe ended in the middle of an answer."""


class _Link(asyncio.Protocol):
    """What comes from a worker, and one who waits for it."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.ended = False
        self.transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._paused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if len(self.buffer) > _READ_AHEAD and not self._paused:  # the worker waits for a client that reads slowly
            self._paused = True
            assert self.transport is not None
            self.transport.pause_reading()
        self._wake()

    def connection_lost(self, _exc: Exception | None) -> None:
        self.end()

    def end(self) -> None:
        """Nothing more is waited for."""
        self.ended = True
        self._wake()

    async def more(self) -> None:
        """Wait until more is there than now. Raises :class:`WorkerDied` where nothing will come."""
        if self.ended:
            raise WorkerDied
        if self._paused:
            self._paused = False
            assert self.transport is not None
            self.transport.resume_reading()
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class WorkerProcess:
    """A started worker. ``walled``: it cannot reach any network; if not, ``reason`` says why.

    ``door``: its SERVICE may ask ``start.stores``, by us.
    """

    def __init__(self, server: ForkServer, forked: Forked, link: _Link, log: int, door: socket.socket | None) -> None:
        self.start: Start = server.start
        self.walled = False
        self.reason = ""
        self.killed_for_time = False
        self.door = False
        self.server = server
        self._forked = forked
        self._link = link
        self._log = log
        self._ended: asyncio.Task[int] | None = None
        self._outside = asyncio.create_task(_answer_outside(door, self.start)) if door is not None else None

    @property
    def pid(self) -> int:
        return self._forked.pid

    @property
    def alive(self) -> bool:
        return not self._link.ended and not self._forked.code.done() and not self.killed_for_time

    @classmethod
    async def spawn(cls, server: ForkServer) -> WorkerProcess:
        """Have a worker forked and hear its hello. Raises :class:`StoreError` where it cannot open the store."""
        ours, theirs = socket.socketpair()
        door, its_door = socket.socketpair() if server.start.stores else (None, None)
        log = os.memfd_create("bilim-worker")
        try:
            forked = await server.fork([theirs.fileno(), log, *([its_door.fileno()] if its_door else [])])
        except BaseException:
            os.close(log)
            ours.close()
            if door:
                door.close()
            raise
        finally:
            theirs.close()
            if its_door:
                its_door.close()
        worker = cls(server, forked, _Link(), log, door)
        ours.setblocking(False)
        try:
            await asyncio.get_running_loop().create_unix_connection(lambda: worker._link, sock=ours)
            await asyncio.wait_for(worker._hear_hello(), _HELLO_SECONDS)
        except BaseException:
            await worker.end()
            raise
        return worker

    async def _hear_hello(self) -> None:
        try:
            kind, payload = await self.read()
        except WorkerDied:
            await asyncio.shield(self._forked.code)
            raise StoreError(finding("store-unreadable", path=self.start.store, reason=self.last_words())) from None
        hello: dict[str, Any] = json.loads(payload) if kind == HELLO else {"error": "no hello"}
        if "error" in hello:
            raise StoreError(finding("store-unreadable", path=self.start.store, reason=hello["error"]))
        self.walled, self.reason, self.door = hello["walled"], hello["reason"], hello["door"]
        if self.start.stores and not self.door:
            structlog.get_logger("sparql").warning("SERVICE stays shut", reason=hello["shut"])

    def ask(self, job: dict[str, Any]) -> None:
        """Send a query."""
        if self._link.ended:
            raise WorkerDied
        assert self._link.transport is not None
        self._link.transport.write(frame(QUERY, orjson.dumps(job)))

    async def read(self) -> tuple[bytes, bytes]:
        """The next frame: letter and payload. Raises :class:`WorkerDied` at the end of the pipe."""
        buffer = self._link.buffer
        while len(buffer) < HEADER.size:
            await self._link.more()
        kind, length = HEADER.unpack_from(buffer)
        end = HEADER.size + length
        while len(buffer) < end:
            await self._link.more()
        payload = bytes(buffer[HEADER.size : end])
        del buffer[:end]
        return kind, payload

    def kill(self, for_time: bool = False) -> None:
        """End it at once, whatever it does. Nobody waits until it has ended: niceness may delay that."""
        self.killed_for_time = self.killed_for_time or for_time
        self._forked.kill()
        self._link.end()

    async def death(self) -> Death:
        """Why it died; waits until it has, if that was not its deadline."""
        if self.killed_for_time:
            return "timeout"
        code = await asyncio.shield(self._forked.code)
        if self.killed_for_time:
            return "timeout"
        words = self.last_words()
        # an allocation beyond the limit aborts with these words; the kernel's own killer uses SIGKILL
        return "memory" if "memory allocation" in words or "MemoryError" in words or code == -9 else "crashed"

    def last_words(self) -> str:
        """The end of what it wrote to stderr."""
        try:
            size = os.fstat(self._log).st_size
            return os.pread(self._log, _LAST_WORDS, max(0, size - _LAST_WORDS)).decode("utf-8", "replace").strip()
        except OSError:
            return ""

    async def end(self) -> None:
        """Kill, wait, and give back all descriptors; any number of times."""
        if self._ended is None:
            self._ended = asyncio.create_task(self._end())
        await asyncio.shield(self._ended)

    async def _end(self) -> int:
        self.kill()
        if self._outside is not None:
            self._outside.cancel()
            await asyncio.gather(self._outside, return_exceptions=True)
        if self._link.transport is not None:
            self._link.transport.abort()
        code = await self._forked.code
        self.server.gone(self._forked)
        os.close(self._log)
        self._log = -1
        return code


async def _answer_outside(door: socket.socket, start: Start) -> None:
    """Ask stores for a worker until it ends (:mod:`kg.sparql.door` is its side)."""
    reader, writer = await asyncio.open_connection(sock=door)
    try:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                _, length = HEADER.unpack(await reader.readexactly(HEADER.size))
                asked = json.loads(await reader.readexactly(length))
                told, body = await _ask_outside(start, asked)
                writer.write(frame(QUERY, json.dumps(told).encode()) + frame(DATA, body))
                await writer.drain()
    finally:
        writer.close()


async def _ask_outside(start: Start, asked: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    number = asked["store"]
    if not 0 <= number < len(start.stores):
        return {"error": "no such store"}, b""
    try:
        told = await ask(start.stores[number], asked["query"], asked["accept"], start.limits)
    except OutsideError as error:
        structlog.get_logger("sparql").warning("SERVICE failed", store=start.stores[number], reason=str(error))
        return {"error": f"{start.stores[number]}: {error}"}, b""
    return {"type": told.media_type}, told.body
