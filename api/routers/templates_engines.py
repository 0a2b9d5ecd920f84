"""One engine for each of the last releases: its counts and look-ups stay true as long as the release."""

from __future__ import annotations

import threading
from collections import OrderedDict

from kg.releases.reader import Release
from kg.templates.run import Engine

_KEPT = 3  # the release served, the one before while its requests end, and one more


class Engines:
    """Safe between threads."""

    def __init__(self) -> None:
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, release: Release) -> Engine:
        """The engine of a release."""
        with self._lock:
            engine = self._engines.get(release.id)
            if engine is None:
                engine = self._engines[release.id] = Engine(release.store, release.projection)
                while len(self._engines) > _KEPT:
                    self._engines.popitem(last=False)
            return engine
