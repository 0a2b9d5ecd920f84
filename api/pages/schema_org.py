"""A thing in the words of schema.org, for search engines: what they take up, no more. Pure.

Dates are given only where they are known to the day, month or year; who may be in office is not claimed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import orjson
from markupsafe import Markup

from kg.names import pick_label
from kg.releases.terms_json import Json
from kg.terms import BKG

_CLASSES: Final = (
    (BKG + "University", "CollegeOrUniversity"),
    (BKG + "School", "School"),
    (BKG + "EducationalInstitution", "EducationalOrganization"),
    (BKG + "GovernmentBody", "GovernmentOrganization"),
    (BKG + "Ministry", "GovernmentOrganization"),
)
_KINDS: Final = {
    "person": "Person",
    "organization": "Organization",
    "region": "AdministrativeArea",
    "country": "Country",
    "event": "Event",
    "document": "CreativeWork",
    "program": "GovernmentService",
}
_PLAIN: Final = re.compile(r"\d{4}(-\d\d){0,2}")


def about(document: Json, address: str, clang: str) -> Markup:
    """JSON-LD to stand in a script element of the page at this address; empty for kinds that schema.org has not."""
    kind = document["kind"]
    if kind not in _KINDS:
        return Markup("")
    classes = {t["id"] for t in document["types"]}
    out: Json = {
        "@context": "https://schema.org",
        "@type": next((name for cls, name in _CLASSES if cls in classes), _KINDS[kind]),
        "@id": document["id"],
        "url": address,
    }
    label = pick_label(document["labels"], clang)
    names = [*document["labels"].values(), *(n for many in document["altLabels"].values() for n in many)]
    out["name"] = label.value if label else document["slug"]
    if others := sorted({n for n in names if n != out["name"]}):
        out["alternateName"] = others
    if document["sameAs"]:
        out["sameAs"] = document["sameAs"]
    if isinstance(document.get("website"), str):
        out["sameAs"] = [*out.get("sameAs", []), document["website"]]
    days = {
        "organization": (("foundingDate", "start"), ("dissolutionDate", "end")),
        "event": (("startDate", "when"),),
        "document": (("datePublished", "issued"),),
    }
    for name, key in days.get(kind, ()):
        if day := _plain(document.get(key)):
            out[name] = day
    if kind == "person":
        posts = _labels((i.get("post") for i in _items(document, "tenure.member")), clang)
        bodies = [
            _named(b, "Organization", clang)
            for b in _unique(i.get("organization") for i in _items(document, "tenure.member"))
        ]
        out |= {"hasOccupation": [{"@type": "Occupation", "name": n} for n in posts]} if posts else {}
        out |= {"affiliation": bodies} if bodies else {}
    if isinstance(parent := _one(document.get("subOrganizationOf")), dict):
        out["parentOrganization"] = _named(parent, "Organization", clang)
    if isinstance(region := _one(document.get("inRegion")), dict):
        out["location" if kind == "event" else "areaServed"] = _named(region, "AdministrativeArea", clang)
    if kind == "document":
        out |= (
            {"publisher": {"@type": "Organization", "name": document["publisherName"]}}
            if document.get("publisherName")
            else {}
        )
        out |= {"inLanguage": document["language"]} if isinstance(document.get("language"), str) else {}
    return script(out)


def script(value: Any) -> Markup:
    """JSON that may stand in a script element: nothing in it can end the element."""
    text = orjson.dumps(value).decode()
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _items(document: Json, group: str) -> list[Json]:
    return document["incoming"].get(group, {}).get("items", [])  # type: ignore[no-any-return]


def _unique(refs: Iterable[Json | None]) -> list[Json]:
    return list({ref["id"]: ref for ref in refs if ref}.values())


def _labels(refs: Iterable[Json | None], clang: str) -> list[str]:
    return [label.value for ref in _unique(refs) if (label := pick_label(ref.get("labels") or {}, clang))]


def _named(ref: Json, kind: str, clang: str) -> Json:
    label = pick_label(ref.get("labels") or {}, clang)
    return {"@type": kind, "@id": ref["id"], "name": label.value if label else ref.get("slug")}


def _one(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _plain(value: Any) -> str | None:
    text = (value or {}).get("edtf") if isinstance(value, dict) else None
    return text if text and _PLAIN.fullmatch(text) else None
