"""The graphs that tell of the endpoint itself, for queries of /sparql: the examples, and VoID."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import structlog

from kg.releases.reader import Release
from kg.releases.serving import Serving, make, sweep
from kg.releases.void import dataset
from kg.templates.catalogue import Catalogue
from kg.templates.run import Engine
from kg.templates.sib import examples

EXAMPLES = "/sparql/.well-known/sparql-examples"
VOID = "/.well-known/void"


class Described:
    """The copy of the release that is served now. Used on one event loop."""

    def __init__(self, home: Path, templates: Catalogue) -> None:
        self._home = home
        self._templates = templates
        self._swept = False
        self._now: Serving | None = None
        self._before: Serving | None = None

    def graphs(self, release_id: str) -> Mapping[str, int]:
        """Names and numbers of triples of the graphs that a release is served with, beside its own."""
        return self._now.graphs if self._now is not None and self._now.id == release_id else {}

    async def take_up(self, release: Release, address: str, today: date) -> Serving | Release:
        """What workers are to open: the copy, or the release itself where the home cannot be written."""
        try:
            made = await asyncio.to_thread(self._make, release, address, today)
        except OSError as error:
            structlog.get_logger("api").warning("examples and VoID are not in the store", reason=str(error))
            return release
        self._before, self._now = self._now, made
        return made

    def taken_up(self) -> None:
        """The workers have it: the copy before is not opened again."""
        if self._before is not None:
            self._before.remove()
            self._before = None

    def close(self) -> None:
        """Remove what is left."""
        self.taken_up()
        if self._now is not None:
            self._now.remove()
            self._now = None

    def _make(self, release: Release, address: str, today: date) -> Serving:
        if not self._swept:
            sweep(self._home)
            self._swept = True
        engine = Engine(release.store, release.projection)
        told = examples(self._templates.templates.values(), engine, today, f"{address}/sparql")
        return make(self._home, release, {address + EXAMPLES: told, address + VOID: dataset(release, address)})
