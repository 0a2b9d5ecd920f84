"""The fork server of a release as its parent sees it: starting it, having workers forked, hearing of their ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import kg
from kg.findings import finding
from kg.sparql.outside import Limits
from kg.store.errors import StoreError

_MESSAGE: Final = 65_536
_LAST_WORDS: Final = 4096


@dataclass(frozen=True, slots=True)
class Start:
    """What workers are started with. ``memory`` in bytes beyond what it has at start; ``late`` in seconds.

    ``stores`` may be asked by SERVICE, each request and answer within ``limits``. A release of at most ``quads``
    quads is held in memory.
    """

    store: Path
    release: str
    memory: int
    nice: int
    late: float
    stores: tuple[str, ...] = ()
    limits: Limits = field(default_factory=lambda: Limits(10, 10_000_000))
    quads: int = 0


@dataclass(slots=True)
class Forked:
    """A process that was forked for us: its id, a descriptor of it, and its exit code once it has ended."""

    pid: int
    descriptor: int
    code: asyncio.Future[int]

    def kill(self) -> None:
        """By its descriptor, so that no other process of that id can be meant."""
        if self.descriptor >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self.descriptor, signal.SIGKILL)

    def close(self) -> None:
        """Give the descriptor back."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class ForkServer:
    """A started fork server. Its workers end with it, so it stays until the last of a release has gone."""

    def __init__(self, start: Start, process: asyncio.subprocess.Process, control: socket.socket, log: int) -> None:
        self.start = start
        self.held = False  # whether the release is in memory
        self._process = process
        self._control = control
        self._log = log
        self._asked: deque[asyncio.Future[Forked]] = deque()
        self._children: dict[int, Forked] = {}
        self._hello: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._open = True
        self._ended: asyncio.Task[None] | None = None
        control.setblocking(False)
        asyncio.get_running_loop().add_reader(control.fileno(), self._read)

    @property
    def alive(self) -> bool:
        return self._open and self._ended is None

    @classmethod
    async def spawn(cls, start: Start) -> ForkServer:
        """Start it and hear its hello. Raises :class:`StoreError` where it cannot read the store."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings = {
            "store": str(start.store),
            "parent": os.getpid(),
            "control": theirs.fileno(),
            "quads": start.quads,
            "memory": start.memory,
            "nice": start.nice,
            "late": start.late,
        }
        log = os.memfd_create("bilim-forkserver")
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "kg.sparql.forkserver",
                json.dumps(settings),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                pass_fds=[theirs.fileno()],
            )
        except BaseException:
            os.close(log)
            ours.close()
            raise
        finally:
            theirs.close()
        server = cls(start, process, ours, log)
        try:
            hello = await server._hello
            if "error" in hello:
                raise StoreError(finding("store-unreadable", path=start.store, reason=hello["error"]))
        except BaseException:
            await server.end()
            raise
        server.held = hello["held"]
        return server

    async def fork(self, descriptors: list[int]) -> Forked:
        """A new worker with these descriptors, which stay ours to close too. Raises OSError where there is none."""
        if not self.alive:
            raise OSError("the fork server has ended")
        asked: asyncio.Future[Forked] = asyncio.get_running_loop().create_future()
        socket.send_fds(self._control, [b"{}"], descriptors)
        self._asked.append(asked)
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            asked.add_done_callback(_unwanted)
            raise

    def gone(self, child: Forked) -> None:
        """Forget a worker that has ended."""
        child.close()
        self._children.pop(child.pid, None)

    @property
    def empty(self) -> bool:
        """Whether no worker of it runs or starts."""
        return not self._children and not self._asked

    async def end(self) -> None:
        """End it and all that were forked by it; any number of times."""
        if self._ended is None:
            self._ended = asyncio.create_task(self._end())
        await asyncio.shield(self._ended)

    async def _end(self) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        self._close("")
        os.close(self._log)

    def _read(self) -> None:
        while self._open:
            try:
                message, given, _, _ = socket.recv_fds(self._control, _MESSAGE, 1)
            except BlockingIOError:
                return
            except OSError:
                message, given = b"", []
            if not message:
                self._close(self._last_words() or "the fork server has ended")
                return
            self._heard(json.loads(message), given)

    def _heard(self, told: dict[str, Any], given: list[int]) -> None:
        if not self._hello.done():
            self._hello.set_result(told)
        elif "ended" in told:
            child = self._children.pop(told["ended"], None)
            if child is not None and not child.code.done():
                child.code.set_result(told["code"])
        elif "error" in told:
            self._asked.popleft().set_exception(OSError(told["error"]))
        else:
            child = Forked(told["pid"], given[0], asyncio.get_running_loop().create_future())
            self._children[child.pid] = child
            self._asked.popleft().set_result(child)

    def _close(self, reason: str) -> None:
        """The other end is shut: what was asked fails, and who was forked is killed by the kernel."""
        if not self._open:
            return
        self._open = False
        asyncio.get_running_loop().remove_reader(self._control.fileno())
        self._control.close()
        if not self._hello.done():
            self._hello.set_result({"error": reason})
        for asked in self._asked:
            if not asked.done():
                asked.set_exception(OSError(reason))
        self._asked.clear()
        for child in self._children.values():
            if not child.code.done():
                child.code.set_result(-signal.SIGKILL)
        self._children.clear()

    def _last_words(self) -> str:
        size = os.fstat(self._log).st_size
        return os.pread(self._log, _LAST_WORDS, max(0, size - _LAST_WORDS)).decode("utf-8", "replace").strip()


def _unwanted(asked: asyncio.Future[Forked]) -> None:
    """The one who asked has left: nobody will end this worker."""
    if asked.cancelled() or asked.exception() is not None:
        return
    asked.result().kill()
    asked.result().close()


def _environment() -> dict[str, str]:
    """The least that Python needs, and where we import from: a worker has no use for the secrets of its parent."""
    places = [str(Path(kg.__file__).resolve().parent.parent), *(place for place in sys.path if place)]
    keep = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")
    return {
        **{name: os.environ[name] for name in keep if name in os.environ},
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(places)),
    }
