"""Remote mode: releases whose graphs lie in another store, told apart by their names; one triple tells the current one.

``<https://w3id.org/bilim/> bkg:currentRelease "2026-11-22.1-44547a"`` is the only triple of ``…/releases/current``.
A reader may ask a release for ``lease`` seconds after a look that found it current, and a query of it ends within its
deadline; whoever publishes waits longer than both before dropping what was read. So no reader, however slow, asks
graphs that are being dropped, and nobody needs to know who reads. Another Bilim server as the remote store tells the
release in a header of each answer; nothing is renamed there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from kg.findings import BilimError, finding
from kg.releases.manifest import Manifest
from kg.settings import Settings
from kg.sparql.dialects import DIALECTS, standard
from kg.sparql.remote_text import Scoped
from kg.store.errors import StoreError
from kg.store.probe import Capabilities, probe
from kg.store.protocol import Solutions
from kg.store.remote import Endpoint, RemoteStore, Whole
from kg.store.remote_answers import TABLE, read_table
from kg.terms import BASE, BKG

POINTER: Final = BASE + "releases/current"
"""Graph with the one triple."""
HELD: Final = BASE + "releases/held"
"""Graph that lists the graphs of each release that is there, wholly or in part: ``release dct:hasPart graph``."""
CURRENT: Final = BKG + "currentRelease"
_ROWS_TRIED: Final = 10_000
NAME: Final = "BILIM_ENDPOINT"  # what strangers are told in place of its address


class Connection:
    """A remote store that holds releases. Safe between threads; nothing is asked before the first call."""

    def __init__(
        self,
        endpoint: Endpoint,
        lease: float,
        clock: Callable[[], float] = time.monotonic,
        found: Capabilities | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.lease = lease
        self._clock = clock
        self._found = found
        self._until: dict[str, float] = {}
        self._lock = threading.Lock()
        self._plain = RemoteStore(endpoint, "")

    @property
    def found(self) -> Capabilities:
        """What the store is, looked at once. Raises :class:`StoreError` where it cannot be asked."""
        if self._found is None:
            self._found = probe(self.endpoint)
        return self._found

    def current_id(self) -> str | None:
        """Id of the release that the store names now; its lease is renewed. None where it names none.

        Raises :class:`StoreError`. While a switch is under way the one before may still be told, never both.
        """
        began = self._clock()
        if self.found.kind == "bilim":
            self._found = probe(self.endpoint)
            told = [self._found.release] if self._found.release else []
        else:
            rows = self._plain.query(f"SELECT ?id WHERE {{ GRAPH <{POINTER}> {{ <{BASE}> <{CURRENT}> ?id }} }}")
            assert isinstance(rows, Solutions)
            told = [row[0].value for row in rows]  # type: ignore[union-attr]
        if len(told) != 1:  # none yet, or a store that shows the old and the new triple at once: the next look tells
            return None
        release_id = told[0]
        assert release_id is not None
        with self._lock:
            self._until[release_id] = began + self.lease
            for old in [r for r, until in self._until.items() if until < began]:
                del self._until[old]
        return release_id

    def hold(self, release_id: str) -> None:
        """Return if this release may be asked now. Raises :class:`StoreError` ``remote-stale`` where it may not."""
        if self._until.get(release_id, -1.0) > self._clock():
            return
        now = self.current_id()
        if now != release_id:
            raise StoreError(finding("remote-stale", release=release_id, current=now or "–"))

    def store(self, manifest: Manifest) -> RemoteStore:
        """The graphs of a release in this store."""
        return ReleaseStore(self, manifest)


class ReleaseStore(RemoteStore):
    """A release's graphs in a remote store, asked only while the release is current or its lease lasts."""

    def __init__(self, connection: Connection, manifest: Manifest) -> None:
        self._names = tuple(sorted(manifest.graphs))
        kind = connection.found.kind
        self._silent = kind == "virtuoso"
        self._sure = 0  # rows that the store is known to give
        self._most: int | None = None  # rows at which it is known to stop
        scoped = Scoped(manifest.id, self._names, DIALECTS.get(kind, standard))
        super().__init__(
            connection.endpoint,
            manifest.id,
            translation=None if kind == "bilim" else scoped,
            hold=partial(connection.hold, manifest.id),
        )

    def graphs(self) -> tuple[str, ...]:
        """See :class:`kg.store.protocol.Store`: those of the manifest, which the push has counted."""
        return self._names

    def hold_whole(self, reply: Whole, rows: int) -> None:
        """See :class:`RemoteStore`. Virtuoso 7 cuts graphs at its row limit and tells nothing: it is sought."""
        super().hold_whole(reply, rows)
        if not self._silent or reply.media_type == TABLE or rows < self._sure:
            return
        if self._most is None:
            asked = max(_ROWS_TRIED, 2 * rows)
            text = f"SELECT ?s WHERE {{ VALUES ?k {{ 1 2 3 4 5 6 7 8 }} ?s ?p ?o }} LIMIT {asked}"
            given = self.ask(text, None, table=True, read=lambda found: read_table(found.body)[1])
            if given < asked:
                self._most = given
            else:
                self._sure = asked
        if self._most is not None and rows >= self._most:
            reason = "ResultSetMaxRows"
            raise StoreError(finding("remote-truncated", endpoint=self.endpoint.name, rows=rows, reason=reason))


def connect(settings: Settings) -> Connection | None:
    """The remote store of these settings; None where releases are read from this machine."""
    if not settings.endpoint:
        return None
    return Connection(endpoint_of(settings, settings.endpoint), settings.endpoint_lease)


def endpoint_of(settings: Settings, address: str, told: str = NAME) -> Endpoint:
    """An endpoint asked as the settings say."""
    return Endpoint(
        address,
        user=settings.endpoint_user or None,
        password=settings.endpoint_password.get_secret_value() or None,
        digest=settings.endpoint_auth == "digest",
        timeout=settings.endpoint_timeout,
        tries=settings.endpoint_tries,
        max_bytes=settings.sparql_max_bytes,
        told=told,
    )


def named(connection: Connection) -> str:
    """Id of the current release of a remote store. Raises :class:`BilimError` where it names none."""
    release_id = connection.current_id()
    if release_id is None:
        raise BilimError(finding("remote-no-release", endpoint=connection.endpoint.name))
    return release_id
