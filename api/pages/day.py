"""The whole system on one day: who was in which post, which regions and bodies there were, what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.pages.listing import rows
from kg.releases import lookups
from kg.releases.lookups import Listed
from kg.releases.reader import Projection
from kg.releases.terms_json import Json
from kg.terms import BKG

ROLES: Final = (
    ("ministers", BKG + "MinisterialPost"),
    ("akims", BKG + "AkimPost"),
    ("rectors", BKG + "RectorPost"),
    ("others", ""),
)
"""Groups of the people in office, by the class of their post; a post stands in the first that it has."""
COUNTED: Final = ("organization", "agreement", "program")
TOLD: Final = ("region", "change", "event")


def by_role(projection: Projection, tenures: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Tenures by group of posts, certain ones first; only groups that hold any."""
    sql = "SELECT slug, value FROM list_facets WHERE kind = 'post' AND facet = 'class'"
    classes: dict[str, set[str]] = {}
    for slug, value in projection.rows(sql):
        classes.setdefault(slug, set()).add(value)
    out: dict[str, list[Mapping[str, Any]]] = {}
    for tenure in tenures:
        has = classes.get(tenure["post"]["slug"], set()) if tenure["post"] else set()
        name = next(name for name, cls in ROLES if cls in has or not cls)
        out.setdefault(name, []).append(tenure)
    return {name: sorted(out[name], key=lambda t: t["certainty"] != "certain") for name, _ in ROLES if name in out}


def state(projection: Projection, listings: Mapping[str, Sequence[Listed]], clang: str) -> Json:
    """What there was on the day: things of the kinds told, numbers of the kinds counted."""
    told = {kind: rows(projection, kind, listings[kind], clang) for kind in TOLD}
    counted = {
        kind: {c: sum(1 for item in listings[kind] if item.certainty == c) for c in ("certain", "possible")}
        for kind in (*COUNTED, "region")
    }
    return {**told, "counts": counted}


def listed(projection: Projection, clang: str, on: Any) -> dict[str, list[Listed]]:
    """The things of each kind that a day shows or counts."""
    return {kind: lookups.listed(projection, kind, clang, {}, on) for kind in (*TOLD, *COUNTED)}
