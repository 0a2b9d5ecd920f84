"""What became of a slug: data/reference/slugs.csv (kind, slug, since, status, reason).

``status`` is ``live``, ``redirect:{slug}`` or ``withdrawn``. A slug is never given to another thing.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Fate:
    """``moved_to``: the slug that took over; ``withdrawn``: the reason. At most one is set."""

    moved_to: str | None = None
    withdrawn: str | None = None


LIVE = Fate()


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
