"""Facets of things that are found by name: by type, region, ministry, role and year; counted once a release.

Tables: ``facets(facet, value, kind, slug)``, one row for each value of a thing; ``facet_counts(facet, value, kind,
things)``. A value is a slug (region, ministry, role), the local name of a class (type) or a year. What a thing has
by way of others (a person's ministry by a tenure) is found along the paths below, whatever kind it is; what stands at
their end counts if it is of the kind that the facet is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from kg.kinds import KINDS
from kg.releases.assembling import by_kind
from kg.releases.merged import TYPE, Merged
from kg.releases.tables import Row
from kg.terms import BKG, ORG, entity_iri, split_entity_iri

FACETS: Final = ("type", "region", "ministry", "role", "year")

Rows = Callable[[str, Iterable[Any]], list[tuple[Any, ...]]]
Step = tuple[str, bool]  # predicate, and whether it is walked against its direction
Path = tuple[Step, ...]

DATES: Final = frozenset(
    {f"{BKG}{side}{bound}" for side in ("earliest", "latest") for bound in ("Start", "End", "When")}
    | {f"{BKG}{point}Edtf" for point in ("signed", "ratified", "completed")}
)
"""The properties that say in which years a thing stands."""


def _path(*steps: str) -> Path:
    """Steps by local name, ``^`` against the direction; ``org:`` where it is not ours."""
    made = []
    for step in steps:
        name = step.removeprefix("^")
        iri = ORG + name.removeprefix("org:") if name.startswith("org:") else BKG + name
        made.append((iri, step.startswith("^")))
    return tuple(made)


_ABOVE: Final = "org:subOrganizationOf"
PATHS: Final[Mapping[str, Sequence[Path]]] = {
    "region": (
        _path(),
        _path("inRegion"),
        _path("org:postIn", "inRegion"),
        _path("^org:member", "org:organization", "inRegion"),
        _path("party", "inRegion"),
        _path("^program", "inRegion"),
        _path("^about", "inRegion"),
        _path("before"),
        _path("after"),
    ),
    "ministry": (
        _path(),
        _path(_ABOVE),
        _path(_ABOVE, _ABOVE),
        _path("org:postIn"),
        _path("org:postIn", _ABOVE),
        _path("^org:member", "org:organization"),
        _path("^org:member", "org:organization", _ABOVE),
        _path("^event", "participant"),
        _path("party"),
        _path("^program", "agent"),
        _path("before"),
        _path("after"),
    ),
    "role": (_path(), _path("^org:member", "post"), _path("^event", "inCapacity")),
}
TARGETS: Final = {"region": BKG + "Region", "ministry": BKG + "Ministry", "role": ORG + "Post"}
DATED: Final = (_path(), _path("^org:member"))  # whose days are a thing's: its own, and those of its tenures
_BOUNDS: Final = ("Start", "End", "When")
_POINTS: Final = ("signed", "ratified", "completed")


def facets(merged: Merged, iri: str, kind: str, slug: str) -> Iterator[Row]:
    """Rows of ``facets`` of a thing that has a name of its own; one may come more than once."""
    if not KINDS[kind].named:
        return
    for cls in _values(merged, iri, TYPE):
        if cls.startswith(BKG) and cls != KINDS[kind].cls:
            yield "type", cls.removeprefix(BKG), kind, slug
    for facet, paths in PATHS.items():
        for path in paths:
            for end in _walk(merged, iri, path):
                place = split_entity_iri(end)
                if place and TARGETS[facet] in _values(merged, end, TYPE):
                    yield facet, place[1], kind, slug
    for path in DATED:
        for end in _walk(merged, iri, path):
            for year in _years(merged, end):
                yield "year", year, kind, slug


def _walk(merged: Merged, iri: str, path: Path) -> list[str]:
    ends = [iri]
    for predicate, back in path:
        if back:
            ends = [s for end in ends for s in merged.pointing(end, predicate)]
        else:
            ends = [value for end in ends for value in _values(merged, end, predicate)]
    return ends


def _values(merged: Merged, iri: str, predicate: str) -> list[str]:
    return [term.value for term in merged.facts(iri).get(predicate, ())]


def _years(merged: Merged, iri: str) -> Iterator[str]:
    """Years in which a thing began, ended or took place; two where it is one or the other; none where it is open."""
    for bound in _BOUNDS:
        earliest = [day[:4] for day in _values(merged, iri, f"{BKG}earliest{bound}")]
        latest = [day[:4] for day in _values(merged, iri, f"{BKG}latest{bound}")]
        if earliest and latest and 0 <= int(latest[0]) - int(earliest[0]) <= 1:
            yield from (earliest[0], latest[0])
    for point in _POINTS:
        for text in _values(merged, iri, f"{BKG}{point}Edtf"):
            if len(text) in (4, 7, 10) and text[:4].isdigit():
                yield text[:4]


def condition(wanted: Mapping[str, str], names: str = "names") -> tuple[str, list[str]]:
    """SQL that holds for the rows of ``names`` whose things have the values wanted, and its parameters."""
    has = (
        " AND EXISTS (SELECT 1 FROM facets AS had WHERE had.facet = ? AND had.value = ? "
        f"AND had.kind = {names}.kind AND had.slug = {names}.slug)"
    )
    return has * len(wanted), [part for pair in wanted.items() for part in pair]


def totals(rows: Rows, kinds: Sequence[str], most: int) -> dict[str, list[tuple[str, int]]]:
    """Facet → values and how many things of the kinds have each, the most frequent first; as counted at publish."""
    marks = ",".join("?" * len(kinds))
    sql = f"SELECT facet, value, SUM(things) FROM facet_counts WHERE kind IN ({marks}) GROUP BY facet, value"
    return _ordered(rows(sql, kinds), most)


def counted(rows: Rows, things: Sequence[tuple[str, str]], most: int) -> dict[str, list[tuple[str, int]]]:
    """The same, of some things: as many as a search finds."""
    if not things:
        return {facet: [] for facet in FACETS}
    counts: Counter[tuple[str, str]] = Counter()
    for kind, slugs in by_kind(things):
        marks = ",".join("?" * len(slugs))
        sql = f"SELECT facet, value, COUNT(*) FROM facets WHERE kind = ? AND slug IN ({marks}) GROUP BY facet, value"
        counts.update({(facet, value): n for facet, value, n in rows(sql, (kind, *slugs))})
    return _ordered(((*key, n) for key, n in counts.items()), most)


def counted_having(
    rows: Rows, wanted: Mapping[str, str], kinds: Sequence[str], most: int
) -> dict[str, list[tuple[str, int]]]:
    """The same, of all things of the kinds that have the values wanted."""
    marks = ",".join("?" * len(kinds))
    has, values = condition(wanted, "f")
    sql = f"SELECT facet, value, COUNT(*) FROM facets AS f WHERE kind IN ({marks}){has} GROUP BY facet, value"
    return _ordered(rows(sql, [*kinds, *values]), most)


def having(
    rows: Rows, wanted: Mapping[str, str], kinds: Sequence[str], lang: str, limit: int
) -> tuple[int, list[tuple[str, str]]]:
    """(how many, the first) things of the kinds that have the values wanted, by kind and by label in ``lang``."""
    marks = ",".join("?" * len(kinds))
    has, values = condition(wanted, "lists")
    sql = f"FROM lists WHERE lang = ? AND kind IN ({marks}){has}"
    count = rows(f"SELECT COUNT(*) {sql}", [lang, *kinds, *values])[0][0]
    found = rows(f"SELECT kind, slug, sort {sql} ORDER BY kind, sort, slug LIMIT ?", [lang, *kinds, *values, limit])
    return count, [(kind, slug) for kind, slug, _ in found]


def value_iri(facet: str, value: str) -> str | None:
    """The IRI whose labels name a value; None for a year."""
    kind = {"region": "region", "ministry": "organization", "role": "post"}.get(facet)
    return entity_iri(kind, value) if kind else BKG + value if facet == "type" else None


def _ordered(counts: Iterable[tuple[Any, ...]], most: int) -> dict[str, list[tuple[str, int]]]:
    out: dict[str, list[tuple[str, int]]] = {facet: [] for facet in FACETS}
    for facet, value, n in sorted(counts, key=lambda row: (-row[2], row[1])):
        if len(out[facet]) < most:
            out[facet].append((value, n))
    out["year"].sort(reverse=True)
    return out
