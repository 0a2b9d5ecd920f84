"""What the list of a kind shows: its things as rows, and what they can be filtered by. Looks labels up, no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from api.pages.markup import Writer
from kg.findings import BilimError, Texts, finding
from kg.names import pick_label
from kg.releases import lookups
from kg.releases.lookups import Listed
from kg.releases.reader import Projection
from kg.releases.terms_json import Json, edtf, local_name
from kg.terms import BKG, DCT, ORG, SKOS, entity_iri, split_entity_iri

VALUES_OPEN: Final = 8
"""Values of a facet that are seen without opening it."""
VALUES_MOST: Final = 60

Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet. ``href``: the list with it, or without it where it is chosen."""

    label: str
    count: int
    href: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """What things can be filtered by; values by how many have them."""

    name: str
    label: str
    values: tuple[Value, ...]
    left_out: int

    @property
    def open(self) -> bool:
        return any(v.chosen for v in self.values)


def chosen(projection: Projection, kind: str, pairs: Pairs) -> dict[str, list[str]]:
    """Facet to IRIs, of the parameters that are facets of the kind. A value is the last part of its IRI.

    Raises :class:`BilimError` (``facet-value``) for one that no thing of the kind has.
    """
    out: dict[str, list[str]] = {}
    names = set(lookups.facet_names(projection, kind))
    for name, text in pairs:
        if name not in names or not text:
            continue
        known = _values(projection, kind, name)
        if text not in known:
            raise BilimError(finding("facet-value", name=name, value=text[:80], allowed=", ".join(sorted(known)[:40])))
        out.setdefault(name, []).append(known[text])
    return out


def _values(projection: Projection, kind: str, facet: str) -> dict[str, str]:
    rows = projection.rows("SELECT DISTINCT value FROM list_facets WHERE kind = ? AND facet = ?", (kind, facet))
    return {local_name(value): value for (value,) in rows}


def facets(
    projection: Projection,
    kind: str,
    found: Sequence[Listed] | None,
    asked: Mapping[str, Sequence[str]],
    path: str,
    kept: Pairs,
    lang: str,
    clang: str,
    texts: Mapping[str, Texts],
) -> list[Facet]:
    """The facets with their counts among ``found`` (None: among all things of the kind)."""
    counted = lookups.facet_counts(projection, kind, None if found is None else [item.slug for item in found])
    labels = projection.labels([value for values in counted.values() for value in values] + _properties(counted))
    out = []
    for name, values in counted.items():
        wanted = set(asked.get(name, ()))
        if len(values) < 2 and not wanted:
            continue
        shown = [
            Value(
                _label(labels.get(iri, {}), iri, lang, clang),
                n,
                _toggled(path, kept, name, iri, iri in wanted),
                iri in wanted,
            )
            for iri, n in values.items()
        ]
        ordered = sorted(shown, key=lambda v: (not v.chosen, -v.count, v.label.casefold()))
        out.append(
            Facet(
                name, _title(name, labels, lang, texts), tuple(ordered[:VALUES_MOST]), max(0, len(shown) - VALUES_MOST)
            )
        )
    return sorted(out, key=lambda f: (not f.open, f.name != "class", f.label))


def _toggled(path: str, kept: Pairs, name: str, iri: str, on: bool) -> str:
    value = local_name(iri)
    pairs = [p for p in kept if p != (name, value)] if on else [*kept, (name, value)]
    return f"{path}?{urlencode(sorted(pairs))}"


def _label(labels: Mapping[str, str], iri: str, lang: str, clang: str) -> str:
    picked = pick_label(labels, clang if split_entity_iri(iri) else lang)
    return picked.value if picked else local_name(iri)


def _properties(names: Mapping[str, Any]) -> list[str]:
    return [space + name for name in names for space in (BKG, ORG, DCT, SKOS)]


def _title(name: str, labels: Mapping[str, Mapping[str, str]], lang: str, texts: Mapping[str, Texts]) -> str:
    if own := texts.get(f"facet.{name}"):
        return own[lang]
    found = next((labels[iri] for iri in _properties({name: None}) if iri in labels), {})
    picked = pick_label(found, lang)
    return picked.value if picked else name


def rows(projection: Projection, kind: str, found: Sequence[Listed], clang: str) -> list[Json]:
    """Things as JSON lists them: entity, its dates (null where not stated), and certainty where a day was asked for."""
    labels = projection.labels(entity_iri(kind, item.slug) for item in found)
    out = []
    for item in found:
        iri = entity_iri(kind, item.slug)
        picked = pick_label(labels.get(iri, {}), clang)
        row: Json = {"id": iri, "kind": kind, "slug": item.slug}
        row |= {"label": picked.value if picked else None, "labelLang": picked.lang if picked else None}
        span = item.span
        row["start"] = _date(span.start, span.es, span.ls, clang) if span else None
        row["end"] = _date(span.end, span.ee, span.le, clang) if span else None
        row["when"] = _date(span.point, None, None, clang) if span else None
        row["certainty"] = item.certainty
        out.append(row)
    return out


def _date(text: str | None, earliest: str | None, latest: str | None, lang: str) -> Json | None:
    if text is None:
        return None
    found = edtf(text, earliest, latest)
    texts = found.pop("texts")
    return {**found, "text": texts.get(lang) or texts.get("en")}


def told(row: Json, writer: Writer) -> str:
    """The time of a row in words of the interface; empty where none is stated."""

    def words(name: str) -> Json | None:
        found = row.get(name)
        return edtf(found["edtf"], found["earliest"], found["latest"]) if found else None

    if row.get("when"):
        return writer.date(words("when"))
    return writer.span(words("start"), words("end")) if row.get("start") or row.get("end") else ""
