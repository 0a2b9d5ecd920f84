"""What became of a slug: data/reference/slugs.csv (kind, slug, since, status, reason).

``status`` is ``live``, ``redirect:{slug}`` or ``withdrawn``. A slug is never given to another thing.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kg.releases.reader import Release
from kg.terms import DCT, GRAPH_LEDGER, OWL, RDFS, entity_iri, split_entity_iri


@dataclass(frozen=True, slots=True)
class Fate:
    """``moved_to``: the slug that took over; ``withdrawn``: the reason. At most one is set."""

    moved_to: str | None = None
    withdrawn: str | None = None


LIVE = Fate()
ENTITY_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Register:
    """The slugs that are not simply live."""

    fates: Mapping[tuple[str, str], Fate] = field(default_factory=lambda: MappingProxyType({}))

    def fate(self, kind: str, slug: str) -> Fate:
        """What became of it. Redirects are followed to their end; a circle ends where it closes."""
        seen = {slug}
        fate = self.fates.get((kind, slug), LIVE)
        while fate.moved_to is not None and fate.moved_to not in seen:
            seen.add(fate.moved_to)
            further = self.fates.get((kind, fate.moved_to), LIVE)
            if further == LIVE:
                break
            fate = further
        return fate


def decided(release: Release, kind: str, slug: str) -> Fate:
    """What a steward's decision made of a thing that a release does not hold: merged into another, or withdrawn.

    It is told in the graph of the ledger, where no shape asks for more.
    """
    iri = entity_iri(kind, slug)
    if ENTITY_NAME.fullmatch(slug) is None:
        return LIVE
    replaced = f"<{DCT}isReplacedBy>"
    to = f"<{iri}> {replaced}+ ?found FILTER NOT EXISTS {{ ?found {replaced} ?on }}"
    if (moved := split_entity_iri(_first(release, to))) is not None:
        return Fate(moved_to=moved[1])
    why = _first(release, f"<{iri}> <{OWL}deprecated> true ; <{RDFS}comment> ?found")
    return Fate(withdrawn=why) if why else LIVE


def _first(release: Release, pattern: str) -> str:
    text = f"SELECT ?found WHERE {{ GRAPH <{GRAPH_LEDGER}> {{ {pattern} }} }} ORDER BY ?found LIMIT 1"
    rows: Any = release.store.query(text)
    return next((str(row["found"].value) for row in rows), "")


def read_register(data: Path) -> Register:
    """The register below a data folder; empty where the file is missing (a home served without its data)."""
    path = data / "reference" / "slugs.csv"
    if not path.is_file():
        return Register()
    fates: dict[tuple[str, str], Fate] = {}
    with path.open(encoding="utf-8", newline="") as handle:
        for row in csv.DictReader(handle):
            status = (row.get("status") or "live").strip()
            if status.startswith("redirect:"):
                fates[row["kind"], row["slug"]] = Fate(moved_to=status.removeprefix("redirect:"))
            elif status == "withdrawn":
                fates[row["kind"], row["slug"]] = Fate(withdrawn=(row.get("reason") or "").strip() or "—")
    return Register(MappingProxyType(fates))
