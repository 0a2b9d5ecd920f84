"""What requests need, in one object on ``app.state.services``; and the watcher that follows ``current``."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

import structlog

from api.described import Described
from api.front.pinned import root
from api.metrics import Metrics
from kg.findings import BilimError, finding
from kg.releases.layout import Home
from kg.releases.reader import Release, open_release, published
from kg.releases.reader import current as open_current
from kg.releases.remote import Connection
from kg.resources import Resources
from kg.settings import Settings
from kg.sparql.pinned import Pins
from kg.sparql.pool import Pool
from kg.sparql.results import Results
from kg.store.fitting import triples_that_fit
from kg.templates.catalogue import Catalogue

POLL_SECONDS = 0.5
_OPEN = 8  # releases asked for by their id that stay open


@dataclass(frozen=True, slots=True)
class Pinned:
    """What one request is answered from, from its first byte to its last."""

    release: Release | None
    release_id: str  # "" where nothing is published
    today: date
    midnight: float  # epoch seconds at which ``today`` ends
    prefix: str = ""  # /releases/{id} where the release was asked for by its id


_PINNED: ContextVar[Pinned | None] = ContextVar("bilim_pinned", default=None)


def prefix() -> str:
    """What the addresses of this request's release begin with: nothing, or ``/releases/{id}``."""
    pinned = _PINNED.get()
    return pinned.prefix if pinned is not None else ""


@dataclass
class Services:
    """Made by ``create_app``; started and stopped by the lifespan."""

    settings: Settings
    resources: Resources
    metrics: Metrics
    templates: Catalogue
    pool: Pool
    remote: Connection | None = None  # where the graphs are, if not on this machine
    clock: Callable[[], float] = time.time
    pins: Pins = field(init=False)
    results: Results = field(init=False)
    described: Described = field(init=False)
    _current: Release | None = None
    _opened: dict[str, tuple[Release, float]] = field(default_factory=dict)  # by id, and when last asked for
    _seen: tuple[int, int, int] | str | None = None
    _told: str = ""
    _listeners: list[Callable[[], None]] = field(default_factory=list)
    _day: Pinned | None = None

    def __post_init__(self) -> None:
        self.pins = Pins(self.settings, self.find_release, self.metrics.query_ended)
        self.results = Results(self.settings.sparql_cache_mb * 1024 * 1024)
        self.described = Described(self.settings.home, self.templates)
        self.metrics.results = lambda: (len(self.results), self.results.bytes)
        self.metrics.pinned = lambda: len(self.pins.open)

    async def find_release(self, release_id: str) -> Release:
        """A release by its id, for its graphs. Raises :class:`BilimError` (404) where there is none."""
        if self._current is not None and self._current.id == release_id:
            return self._current
        return await asyncio.to_thread(open_release, self.home, release_id, any_projection=True)

    async def open_pinned(self, release_id: str) -> Release:
        """A release by its id, to answer any address from; the last few stay open for a while.

        Raises :class:`BilimError`: there is none (404), or its projection is of another version.
        """
        if self._current is not None and self._current.id == release_id:
            return self._current
        release = self._opened[release_id][0] if release_id in self._opened else None
        if release is None:
            if not self.home.release(release_id).is_dir():
                raise BilimError(finding("no-such-release", release=release_id, home=self.home.path.name))
            release = await asyncio.to_thread(open_release, self.home, release_id)
        self._opened[release_id] = release, time.monotonic()
        while len(self._opened) > _OPEN:
            del self._opened[min(self._opened, key=lambda one: self._opened[one][1])]
        return release

    def forget_idle(self) -> None:
        """Close the releases that nobody has asked for a while: what is open is not pruned."""
        oldest = time.monotonic() - self.settings.sparql_pinned_idle
        self._opened = {name: one for name, one in self._opened.items() if one[1] >= oldest}

    async def find_graphs(self, release_id: str) -> Release:
        """A release by its id whose graphs can be asked: the current one, or one that is kept on this machine.

        Raises :class:`BilimError` (404) for others: in remote mode only the current one is in the remote store.
        """
        release = await self.find_release(release_id)
        if self.remote is not None and release is not self._current and not release.has_store:
            raise BilimError(finding("release-no-store", release=release.id))
        return release

    def is_remote(self, release_id: str) -> bool:
        """Whether queries of this release go to the remote store."""
        return self.remote is not None and release_id == self.current_id()

    @property
    def home(self) -> Home:
        return Home(self.settings.home)

    @property
    def address(self) -> str:
        """Where the service is reached, without a slash at its end. Never by the Host header: answers are kept."""
        settings = self.settings
        return settings.public_url.rstrip("/") or f"http://{settings.host}:{settings.port}"

    def release(self) -> Release:
        """The release of this request; outside of a request, the current one.

        Raises :class:`BilimError` (``no-release``, 503) where nothing is published yet.
        """
        pinned = _PINNED.get()
        release = pinned.release if pinned is not None else self._current
        if release is None:
            raise BilimError(finding("no-release", home=self.settings.home.name))
        return release

    def current_id(self) -> str:
        """Id of the release that new requests get; "" where there is none."""
        return self._current.id if self._current is not None else ""

    def current(self) -> Release | None:
        """The release that new requests get; None where nothing is published yet."""
        return self._current

    def today(self) -> date:
        """The day in ``settings.timezone``; the same during the whole of a request."""
        pinned = _PINNED.get()
        return pinned.today if pinned is not None else self._now().today

    @contextmanager
    def pin(self, release: Release | None = None) -> Iterator[Pinned]:
        """Hold release and day for the request that runs inside; with ``release`` that one, asked for by its id."""
        pinned = self._now()
        if release is not None:
            pinned = replace(pinned, release=release, release_id=release.id, prefix=root(release.id))
        token = _PINNED.set(pinned)
        try:
            yield pinned
        finally:
            _PINNED.reset(token)

    def _now(self) -> Pinned:
        day = self._day
        now = self.clock()
        if day is None or day.release is not self._current or not now < day.midnight or now < day.midnight - 90_000:
            zone = ZoneInfo(self.settings.timezone)
            today = datetime.fromtimestamp(now, zone).date()
            midnight = datetime.combine(today + timedelta(days=1), time_of_day(), zone).timestamp()
            day = self._day = Pinned(self._current, self.current_id(), today, midnight)
        return day

    def on_swap(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` (on the event loop) whenever another release is taken up."""
        self._listeners.append(listener)

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            stat = self.home.current_file.stat()
        except FileNotFoundError:
            return None
        return stat.st_mtime_ns, stat.st_ino, stat.st_size

    async def refresh(self) -> bool:
        """Take up the release that ``current`` names, if that has changed. True where it was another.

        A release that cannot be opened is logged and tried again; the old one is served on.
        """
        try:
            # in remote mode each look renews the lease of the release that is served
            seen = self._stat() if self.remote is None else await asyncio.to_thread(self.remote.current_id)
            if seen is None or seen == self._seen:
                return False
            release = await asyncio.to_thread(_open, self.home, self.remote, seen)
            if release.id != self.current_id():
                served = await self.described.take_up(release, self.address, self._now().today)
                await self.pool.switch(served)  # first, so that a query of the new release finds workers
                self.described.taken_up()
        except BilimError as error:
            self.metrics.swap_failures.inc()
            if self.remote is None or str(error) != self._told:  # a remote store is looked at often: tell it once
                structlog.get_logger("api").error("release not taken up", problem=str(error), served=self.current_id())
            self._told = str(error)
            return False
        self._seen, self._told = seen, ""
        if release.id == self.current_id():
            return False
        self._current = release
        self.metrics.serving(release.id)
        self.metrics.swaps.inc()
        for listener in self._listeners:
            listener()
        structlog.get_logger("api").info("serving release", release=release.id)
        if self.remote is None and release.manifest.triples <= triples_that_fit(self.settings.memory_triples):
            # a thread that nobody waits for: until it has ended, the disk answers
            threading.Thread(target=_hold, args=(release,), name="hold release", daemon=True).start()
        return True

    async def watch(self) -> None:
        """Follow ``current``, or what the remote store names, until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS if self.remote is None else self.settings.endpoint_poll)
            self.forget_idle()
            try:
                await self.refresh()
            except Exception as error:  # the watcher must outlive whatever a broken disk brings
                self.metrics.swap_failures.inc()
                structlog.get_logger("api").error("watching failed", exc_info=error)


def _open(home: Home, remote: Connection | None, seen: object) -> Release:
    """The current release, its store and projection opened: what is damaged must show before it is served."""
    release = open_current(home) if remote is None else published(home, str(seen), remote)
    release.store.graphs()
    release.projection.meta()
    return release


def _hold(release: Release) -> None:
    try:
        release.embedded.hold()
    except OSError as error:  # no room for its file: the disk goes on answering
        structlog.get_logger("api").warning("release not held in memory", release=release.id, problem=str(error))
