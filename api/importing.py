"""The server's side of imports: one worker process, started when it is needed, and what it tells of its work."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import structlog
from fastapi import Request

from api.answers import services_of
from kg.findings import BilimError, finding
from kg.imports import kept
from kg.imports.desk import Desk
from kg.imports.ledger import Ledger, open_ledger
from kg.resources import Resources
from kg.settings import Settings

T = TypeVar("T")

REMEMBERED: Final = 200
"""Imports whose steps are kept for those who come late."""
LINE_MAX: Final = 256 * 2**20
"""Longest answer of the worker: the report of a file with many findings."""


@dataclass
class Importing:
    """Made by ``create_app``; :meth:`start` and :meth:`close` by the lifespan."""

    settings: Settings
    resources: Resources
    steps: OrderedDict[int, list[str]] = field(default_factory=OrderedDict)
    _process: asyncio.subprocess.Process | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _running: set[int] = field(default_factory=set)
    _asked: int = 0

    @property
    def desk(self) -> Desk:
        """For what needs no rules: receiving, looking into the ledger."""
        return Desk(self.settings, self.resources)

    async def start(self) -> None:
        """Take up what a server before left half done."""
        for number in await asyncio.to_thread(self._left):
            self.judge(number)

    def _left(self) -> list[int]:
        home = self.desk.home
        if not home.ledger.exists() or home.current_id() is None:
            return []
        try:
            with open_ledger(home) as ledger:
                return [i.number for i in ledger.imports.all(("received", "parsed"))]
        except BilimError as error:  # a home that is not writable is served all the same
            structlog.get_logger("api").warning("imports not taken up", problem=str(error))
            return []

    def judge(self, number: int) -> None:
        """Read and judge an import in the background."""
        if number in self._running:
            return
        self._running.add(number)
        self.steps[number] = []
        while len(self.steps) > REMEMBERED:
            self.steps.popitem(last=False)
        task = asyncio.create_task(self._judge(number), name=f"import {number}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _judge(self, number: int) -> None:
        try:
            await self.ask("process", number=number)
        except BilimError as error:
            structlog.get_logger("api").error("import not judged", number=number, problem=str(error))
        finally:
            self._running.discard(number)
            async with self._news:
                self._news.notify_all()

    async def watch(self, number: int) -> AsyncIterator[str]:
        """The steps of an import from the first on, as they come, until it waits for its steward."""
        told = 0
        while True:
            steps = self.steps.get(number, [])
            for step in steps[told:]:
                yield step
            told = max(told, len(steps))
            if number not in self._running and told >= len(self.steps.get(number, [])):
                return
            async with self._news:
                try:
                    await asyncio.wait_for(self._news.wait(), 15)
                except TimeoutError:
                    yield ""  # so that no one between takes the silence for an end

    async def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Have the worker do something; one thing at a time, in the order in which it is asked.

        Raises :class:`BilimError` as the worker found it, or ``import-worker-lost`` (503) where it was killed.
        """
        async with self._turn:
            self._asked += 1
            asked = self._asked
            process = await self._alive()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(json.dumps({"id": asked, "do": do, **arguments}).encode() + b"\n")
                await process.stdin.drain()
                while line := await process.stdout.readline():
                    message = json.loads(line)
                    if message["id"] != asked:
                        continue  # of one who has left
                    if "step" in message:
                        await self._stepped(arguments.get("number"), message["step"])
                    elif "findings" in message:
                        raise BilimError(*map(kept.finding_of, message["findings"]))
                    elif "bug" in message:
                        raise RuntimeError(message["bug"])
                    else:
                        done: dict[str, Any] = message["done"]
                        return done
            except (BrokenPipeError, ConnectionResetError):
                pass
            self._process = None
            raise BilimError(finding("import-worker-lost"))

    async def _stepped(self, number: int | None, step: str) -> None:
        if number is not None:
            self.steps.setdefault(number, []).append(step)
            async with self._news:
                self._news.notify_all()

    async def _alive(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            chosen = {
                "home": str(self.settings.home),
                "resources": str(self.resources.root),
                "timezone": self.settings.timezone,
                "disk_budget_mb": self.settings.disk_budget_mb,
                "nice": self.settings.imports_nice,
            }
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "kg.imports.worker", json.dumps(chosen)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LINE_MAX,
            )
        return self._process

    async def close(self) -> None:
        """End the worker: what it does is finished by the next start, or was not begun."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), 10)
        except TimeoutError:
            process.kill()
            await process.wait()


def importing_of(request: Request) -> Importing:
    """Of this app."""
    return request.app.state.importing  # type: ignore[no-any-return]


async def in_ledger(request: Request, look: Callable[[Ledger], T]) -> T:
    """What ``look`` finds in the ledger, read in a thread."""
    home = services_of(request).home

    def looked() -> T:
        with open_ledger(home) as ledger:
            return look(ledger)

    return await asyncio.to_thread(looked)
