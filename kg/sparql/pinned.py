"""Queries against a release by its id, the current one or not: one worker for each, few at a time.

A pinned release costs a process (about 30 MB and what its queries take), so their number is bounded; one that
nobody asks is closed after a while. All of it belongs to one event loop.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from kg.settings import Settings
from kg.sparql.outcomes import Outcome
from kg.sparql.pool import Pool, Served
from kg.sparql.running import Busy

_RETRY_SECONDS: Final = 5

Find = Callable[[str], Awaitable[Served]]
"""Release id -> the release. Raises :class:`kg.findings.BilimError` where there is none."""


@dataclass(slots=True)
class _Pin:
    pool: Pool
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    served: Served | None = None  # kept: whoever holds a release keeps it from being removed
    timer: asyncio.TimerHandle | None = None


class Pins:
    """The pools of pinned releases. ``on_outcome`` as for :class:`kg.sparql.pool.Pool`."""

    def __init__(self, settings: Settings, find: Find, on_outcome: Callable[[Outcome, float], None]) -> None:
        self._settings = settings
        # read from the disk: it must be there soon, and is seldom asked much
        self._one_worker = settings.model_copy(update={"sparql_workers": 1, "sparql_held_quads": 0})
        self._find = find
        self._on_outcome = on_outcome
        self._pins: OrderedDict[str, _Pin] = OrderedDict()  # the one used longest ago first
        self._ending: set[asyncio.Task[Any]] = set()

    @property
    def open(self) -> tuple[str, ...]:
        """Ids of the releases that have a worker."""
        return tuple(self._pins)

    @asynccontextmanager
    async def use(self, release_id: str) -> AsyncIterator[Pool]:
        """The pool of a release, open as long as the block runs.

        Raises :class:`Busy` where as many releases as allowed are being asked, and what ``find`` raises.
        """
        found = None if release_id in self._pins else await self._find(release_id)
        pin = self._pins.get(release_id)
        if pin is None:
            self._make_room()
            pin = self._pins[release_id] = _Pin(Pool(self._one_worker, self._on_outcome))
        self._pins.move_to_end(release_id)
        pin.users += 1
        if pin.timer is not None:
            pin.timer.cancel()
        try:
            async with pin.opening:  # who comes second waits for the one who opens
                if pin.pool.release is None:
                    pin.served = found or await self._find(release_id)
                    await pin.pool.switch(pin.served)
            yield pin.pool
        finally:
            pin.users -= 1
            if pin.users == 0 and self._pins.get(release_id) is pin:
                if pin.pool.release is None:  # it could not be opened
                    self._close(release_id)
                else:
                    loop = asyncio.get_running_loop()
                    pin.timer = loop.call_later(self._settings.sparql_pinned_idle, self._close, release_id)

    async def close(self) -> None:
        """End all workers."""
        for release_id in tuple(self._pins):
            self._close(release_id)
        await asyncio.gather(*self._ending)

    def _make_room(self) -> None:
        if len(self._pins) < self._settings.sparql_pinned:
            return
        idle = next((release_id for release_id, pin in self._pins.items() if pin.users == 0), None)
        if idle is None:
            self._on_outcome("rejected", 0.0)
            raise Busy(sum(pin.pool.waiting for pin in self._pins.values()), _RETRY_SECONDS)
        self._close(idle)

    def _close(self, release_id: str) -> None:
        pin = self._pins.pop(release_id)
        if pin.timer is not None:
            pin.timer.cancel()
        task = asyncio.get_running_loop().create_task(pin.pool.close())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
