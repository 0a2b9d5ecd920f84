"""One worker as its parent sees it: a subprocess, two pipes, and what it said when it died."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import orjson
import structlog

import kg
from kg.findings import finding
from kg.sparql.frames import DATA, HEADER, HELLO, QUERY, frame
from kg.sparql.outside import Limits, OutsideError, ask
from kg.store.errors import StoreError

_READ_AHEAD: Final = 262_144
_LAST_WORDS: Final = 4096
_HELLO_SECONDS: Final = 30.0
"""Starting takes 30–100 ms; a disk that must be woken, or a machine that is full, may take seconds."""

Death = Literal["timeout", "memory", "crashed"]


class WorkerDied(Exception):
    """The pipe ended in the middle of an answer."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a worker is started with. ``memory`` in bytes beyond what it has at start; ``late`` in seconds.

    ``stores`` may be asked by SERVICE, each request and answer within ``limits``.
    """

    store: Path
    release: str
    memory: int
    nice: int
    late: float
    stores: tuple[str, ...] = ()
    limits: Limits = field(default_factory=lambda: Limits(10, 10_000_000))


class WorkerProcess:
    """A started worker. ``walled``: it cannot reach any network; if not, ``reason`` says why.

    ``door``: its SERVICE may ask ``start.stores``, by us.
    """

    def __init__(self, start: Start, process: asyncio.subprocess.Process, log: int, door: socket.socket | None) -> None:
        self.start = start
        self.walled = False
        self.reason = ""
        self.killed_for_time = False
        self._process = process
        self._log = log
        self._ended: asyncio.Task[int] | None = None
        self._buffer = bytearray()
        self.deadline: float | None = None  # of the query that runs, by the clock of the event loop
        self.door = False
        self._outside = asyncio.create_task(_answer_outside(door, start)) if door is not None else None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.returncode is None and not self.killed_for_time

    @classmethod
    async def spawn(cls, start: Start) -> WorkerProcess:
        """Start a worker and hear its hello. Raises :class:`StoreError` where it cannot open the store."""
        settings = {
            "store": str(start.store),
            "parent": os.getpid(),
            "memory": start.memory,
            "late": start.late,
            "door": None,
        }
        ours, theirs = socket.socketpair() if start.stores else (None, None)
        log = os.memfd_create("bilim-worker")
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "kg.sparql.worker",
                json.dumps(settings | ({"door": theirs.fileno()} if theirs else {})),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=_environment(),
                pass_fds=[theirs.fileno()] if theirs else [],
                limit=_READ_AHEAD,
            )
        except BaseException:
            os.close(log)
            if ours:
                ours.close()
            raise
        finally:
            if theirs:
                theirs.close()
        with suppress(ProcessLookupError):  # from its first moment: starting Python takes longer than most queries
            nice = os.getpriority(os.PRIO_PROCESS, 0) + start.nice
            os.setpriority(os.PRIO_PROCESS, process.pid, min(19, nice))
        worker = cls(start, process, log, ours)
        try:
            await asyncio.wait_for(worker._hear_hello(), _HELLO_SECONDS)
        except BaseException:
            await worker.end()
            raise
        return worker

    async def _hear_hello(self) -> None:
        try:
            kind, payload = await self.read()
        except WorkerDied:
            await self._process.wait()
            raise StoreError(finding("store-unreadable", path=self.start.store, reason=self.last_words())) from None
        hello: dict[str, Any] = json.loads(payload) if kind == HELLO else {"error": "no hello"}
        if "error" in hello:
            raise StoreError(finding("store-unreadable", path=self.start.store, reason=hello["error"]))
        self.walled, self.reason, self.door = hello["walled"], hello["reason"], hello["door"]
        if self.start.stores and not self.door:
            structlog.get_logger("sparql").warning("SERVICE stays shut", reason=hello["shut"])

    async def ask(self, job: dict[str, Any]) -> None:
        """Send a query."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(frame(QUERY, orjson.dumps(job)))
            await self._process.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise WorkerDied from error

    async def read(self) -> tuple[bytes, bytes]:
        """The next frame: letter and payload. Raises :class:`WorkerDied` at the end of the pipe."""
        await self._buffered(HEADER.size)
        kind, length = HEADER.unpack_from(self._buffer)
        end = HEADER.size + length
        await self._buffered(end)
        payload = bytes(self._buffer[HEADER.size : end])
        del self._buffer[:end]
        return kind, payload

    async def _buffered(self, size: int) -> None:
        """Read until that much is there: a short answer comes in one piece, so there is one wait for it."""
        assert self._process.stdout is not None
        while len(self._buffer) < size:
            try:
                async with asyncio.timeout_at(self.deadline):
                    more = await self._process.stdout.read(_READ_AHEAD)
            except TimeoutError:
                # not waited for: a process that is killed must still run to its end, which niceness may delay
                self.kill(for_time=True)
                raise WorkerDied from None
            except (ConnectionResetError, RuntimeError) as error:  # RuntimeError: ended, and read to its end elsewhere
                raise WorkerDied from error
            if not more:
                raise WorkerDied
            self._buffer += more

    def kill(self, for_time: bool = False) -> None:
        """End it at once, whatever it does."""
        self.killed_for_time = self.killed_for_time or for_time
        with suppress(ProcessLookupError):
            self._process.kill()

    async def death(self) -> Death:
        """Why it died; waits until it has, if that was not its deadline."""
        if self.killed_for_time:
            return "timeout"
        code = await self._process.wait()
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
        assert self._process.stdin is not None
        self._process.stdin.close()
        with suppress(BrokenPipeError, ConnectionResetError):
            await self._process.stdin.wait_closed()
        await self._drain()
        code = await self._process.wait()
        os.close(self._log)
        self._log = -1
        return code

    async def _drain(self) -> None:
        """Read what is left, or the pipe of an answer that nobody reads would stay open."""
        assert self._process.stdout is not None
        with suppress(RuntimeError, ConnectionResetError):  # RuntimeError: someone reads, and will come to the end
            while await self._process.stdout.read(_READ_AHEAD):
                pass


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


def _environment() -> dict[str, str]:
    """The least that Python needs, and where we import from: a worker has no use for the secrets of its parent."""
    places = [str(Path(kg.__file__).resolve().parent.parent), *(place for place in sys.path if place)]
    keep = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")
    return {
        **{name: os.environ[name] for name in keep if name in os.environ},
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(places)),
    }
