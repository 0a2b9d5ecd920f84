"""RDF terms as JSON values: dates with bounds and words, numbers as numbers, things as references.

In the projection texts stand in all languages (``labels``, ``texts``); :func:`localize` picks one language
when an answer is made, so one projection serves every language.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from pyoxigraph import Literal

from kg.dates import DateError, humanize, parse
from kg.names import pick_label
from kg.terms import EDTF_TYPE, LANGUAGES, LIST, XSD, split_entity_iri

Json = dict[str, Any]
_NUMBERS = {XSD + "integer": int, XSD + "decimal": float, XSD + "gYear": int}


def edtf(text: str | None, earliest: date | str | None = None, latest: date | str | None = None) -> Json:
    """``{edtf, earliest, latest, texts}``. Bounds given stand; without any they are read from the text."""
    if text is not None and earliest is None and latest is None:
        earliest, latest = _hull(text)
    return {"edtf": text, "earliest": _iso(earliest), "latest": _iso(latest), "texts": _texts(text)}


def reference(iri: str, labels: Mapping[str, str]) -> Json:
    """An entity, a concept of a list, or another IRI: ``{id, kind, slug, labels}``."""
    if (parts := split_entity_iri(iri)) is not None:
        return {"id": iri, "kind": parts[0], "slug": parts[1], "labels": dict(labels)}
    if iri.startswith(LIST):
        scheme, _, slug = iri.removeprefix(LIST).partition("/")
        return {"id": iri, "kind": "concept", "scheme": scheme, "slug": slug, "labels": dict(labels)}
    return {"id": iri, "labels": dict(labels)} if labels else {"id": iri}


def literal(value: Literal) -> Any:
    """A literal by its datatype: number, boolean, ``{value, lang}``, EDTF, else its text."""
    datatype = value.datatype.value
    if value.language:
        return {"value": value.value, "lang": value.language}
    if datatype == EDTF_TYPE:
        return edtf(value.value)
    if datatype == XSD + "boolean":
        return value.value in ("true", "1")
    if datatype in _NUMBERS:
        return _NUMBERS[datatype](value.value)
    return value.value


def local_name(iri: str) -> str:
    """The key of a property in JSON: what follows the last ``#`` or ``/``."""
    return iri.rsplit("#", 1)[-1].rsplit("/", 1)[-1]


def localize(data: Any, lang: str, *, keep_labels: bool = True) -> Any:
    """A copy for one content language: ``labels`` → ``label`` and ``labelLang``, ``texts`` → ``text``.

    Only the outermost object keeps ``labels``. A missing language falls back kk → ru → en.
    """
    if isinstance(data, list):
        return [localize(item, lang, keep_labels=False) for item in data]
    if not isinstance(data, dict):
        return data
    out: Json = {}
    for key, value in data.items():
        if key == "labels" and isinstance(value, dict):
            if keep_labels:
                out["labels"] = value
            picked = pick_label(value, lang)
            out["label"], out["labelLang"] = picked if picked else (None, None)
        elif key == "texts" and isinstance(value, dict):
            out["text"] = value.get(lang) or value.get("en")
        else:
            out[key] = localize(value, lang, keep_labels=False)
    return out


@lru_cache(maxsize=50_000)
def _hull(text: str) -> tuple[date | None, date | None]:
    try:
        extent = parse(text)
    except DateError:
        return None, None
    return extent.earliest, extent.latest


@lru_cache(maxsize=50_000)
def _texts(text: str | None) -> Mapping[str, str]:
    if text is None:
        return {}
    try:
        return {lang: humanize(text, lang) for lang in LANGUAGES}
    except DateError:
        return dict.fromkeys(LANGUAGES, text)


def _iso(day: date | str | None) -> str | None:
    return day.isoformat() if isinstance(day, date) else day
