"""Pages ask templates too: one call from a name and texts to objects, so that no page has a query of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from api.routers.templates_engines import Engines
from kg.releases.reader import Release
from kg.templates.catalogue import Catalogue
from kg.templates.page import Asked

MOST = 1000
"""Rows that a page takes of one question."""


class Questions:
    """Asks the templates of a catalogue."""

    def __init__(self, catalogue: Catalogue, engines: Engines) -> None:
        self._catalogue = catalogue
        self._engines = engines

    def ask(
        self, release: Release, name: str, given: Mapping[str, str], today: date, languages: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Objects as ``/api/v1/{name}`` answers them under ``data``, at most :data:`MOST`.

        Raises :class:`kg.templates.params.BadParameters` for values that the template refuses.
        """
        template = self._catalogue.get(name)
        engine = self._engines.of(release)
        values = engine.check(template, {key: [text] for key, text in given.items()}, today)
        asked = Asked(1, MOST) if template.page_size is not None else None
        table = engine.table(engine.resolved(template), values, asked)
        return engine.objects(engine.resolved(template), table, languages)
