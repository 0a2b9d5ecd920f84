"""What each kept release changed of one thing: its documents compared, part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from markupsafe import Markup

from api.pages.markup import Writer
from kg.findings import BilimError
from kg.releases.layout import Home
from kg.releases.manifest import PROJECTION
from kg.releases.reader import Release, open_release
from kg.releases.terms_json import Json

MOST: Final = 20
"""Releases looked into, the newest."""
_NAMED: Final = frozenset({"id", "kind", "slug"})


def kept(home: Home, until: str) -> list[Release]:
    """The newest releases of this home up to one, newest first; those that cannot be read are left out."""
    found: list[Release] = []
    ids = home.release_ids()
    for release_id in reversed(ids[: ids.index(until) + 1] if until in ids else ids):
        try:
            release = open_release(home, release_id, any_projection=True)
        except BilimError:
            continue
        if release.manifest.versions.projection == PROJECTION:
            found.append(release)
        if len(found) == MOST:
            break
    return found


def story(releases: Sequence[Release], kind: str, slug: str, writer: Writer) -> list[Json]:
    """Each release, newest first, with what it changed against the one before: ``change`` and ``parts``."""
    documents = [release.projection.document(kind, slug) for release in releases]
    out: list[Json] = []
    for place, (release, now) in enumerate(zip(releases, documents, strict=True)):
        oldest = place + 1 == len(releases)
        before = None if oldest else documents[place + 1]
        row: Json = {"release": release.id, "created": release.manifest.created, "why": release.manifest.why}
        if oldest:
            row |= {"change": "first" if now else "absent", "parts": []}
        elif now == before:
            row |= {"change": "same" if now else "absent", "parts": []}
        else:
            change = "added" if before is None else "removed" if now is None else "changed"
            row |= {"change": change, "parts": parts(before or {}, now or {}, writer) if now and before else []}
        out.append(row)
    return out


def parts(before: Mapping[str, Any], now: Mapping[str, Any], writer: Writer) -> list[Json]:
    """The parts of a document that differ: ``key``, and ``before`` and ``after`` as markup."""
    out: list[Json] = []
    for key in dict.fromkeys([*before, *now]):
        old, new = before.get(key), now.get(key)
        if key in _NAMED or old == new:
            continue
        if key == "incoming":
            for name in dict.fromkeys([*(old or {}), *(new or {})]):
                gone, come = _items((old or {}).get(name)), _items((new or {}).get(name))
                if gone != come:
                    out.append({"key": name, **_sets(gone, come, writer)})
        elif key in ("evidence", "discrepancies", "history", "types"):
            out.append({"key": key, **_sets({i["id"]: i for i in old or []}, {i["id"]: i for i in new or []}, writer)})
        elif key == "labels":
            for lang in dict.fromkeys([*(old or {}), *(new or {})]):
                if (old or {}).get(lang) != (new or {}).get(lang):
                    sides = {"before": (old or {}).get(lang, ""), "after": (new or {}).get(lang, "")}
                    out.append({"key": f"names ({lang})", **{side: [text] for side, text in sides.items()}})
        elif key == "altLabels":
            names = [
                {f"{text} ({lang})" for lang, many in (side or {}).items() for text in many} for side in (old, new)
            ]
            out.append({"key": key, "before": sorted(names[0] - names[1]), "after": sorted(names[1] - names[0])})
        else:
            out.append({"key": key, "before": _values(old, writer), "after": _values(new, writer)})
    return out


def _items(group: Json | None) -> dict[str, Json]:
    return {item["id"]: item for item in (group or {"items": []})["items"]}


def _sets(old: Mapping[str, Json], new: Mapping[str, Json], writer: Writer) -> Json:
    """Of things listed, those that went, came, or are told otherwise (these on both sides)."""
    told = [iri for iri in new if iri in old and old[iri] != new[iri]]
    went = [iri for iri in old if iri not in new]
    came = [iri for iri in new if iri not in old]
    return {
        "before": [writer.link(old[iri]) for iri in [*went, *told]],
        "after": [writer.link(new[iri]) for iri in [*came, *told]],
    }


def _values(value: Any, writer: Writer) -> list[Markup]:
    return [] if value is None else writer.values(value)
