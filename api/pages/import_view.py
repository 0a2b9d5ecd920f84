"""What the page of an import shows: findings with the cells of their row, the difference, likely duplicates. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kg.findings import Finding, pick
from kg.names import pick_label
from kg.terms import split_entity_iri

Json = Mapping[str, Any]
FINDINGS: Final = 200
"""Findings on a page; the downloads hold them all."""
CELLS: Final = 40
"""Cells of a row shown."""
SEVERITIES: Final = ("Violation", "Warning", "Info")


@dataclass(slots=True)
class Row:
    """A finding as it is shown. ``cells``: ``(header, text, whether it is at fault)`` of its row."""

    finding: Finding
    text: str
    label: str
    href: str
    cells: list[tuple[str, str, bool]] = field(default_factory=list)


def findings(
    told: Sequence[Finding],
    severity: str,
    code: str,
    sheets: Mapping[str | None, Mapping[int, Sequence[str]]],
    lang: str,
) -> tuple[list[Row], int]:
    """The findings that the filters let through, the gravest first, and how many there are."""
    chosen = [f for f in told if (not severity or f.severity == severity) and (not code or (f.shape or f.code) == code)]
    chosen.sort(key=lambda f: SEVERITIES.index(f.severity))
    return [_row(f, sheets, lang) for f in chosen[:FINDINGS]], len(chosen)


def _row(f: Finding, sheets: Mapping[str | None, Mapping[int, Sequence[str]]], lang: str) -> Row:
    place = split_entity_iri(f.entity) if f.entity else None
    label = f.entity_label or (place[1] if place else f.entity or "")
    return Row(f, f.text(lang), label, "/doc/" + "/".join(place) if place else "", list(_cells(f, sheets)))


def _cells(f: Finding, sheets: Mapping[str | None, Mapping[int, Sequence[str]]]) -> Iterator[tuple[str, str, bool]]:
    if f.where is None or f.where.row is None:
        return
    rows = sheets.get(f.where.sheet) or {}
    row, head = rows.get(f.where.row), rows.get(min(rows, default=0), ())
    for i, text in enumerate((row or ())[:CELLS]):
        name = head[i] if i < len(head) else ""
        if text or name == f.where.column:
            yield name, text, f.where.column in (name, _letter(i))


def _letter(i: int) -> str:
    letters = ""
    i += 1
    while i:
        i, rest = divmod(i - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def things(preview: Json | None, clang: Sequence[str] | str) -> list[dict[str, Any]]:
    """The things that an import changes, each with its statements on both sides."""
    out = []
    for item in (preview or {}).get("things", {}).get("items", ()):
        sides = [(s, [_named(t, clang) for t in item[s]["items"]]) for s in SIDES if item[s]["items"]]
        out.append({**item, "label": _label(item, clang), "sides": sides})
    return out


def _named(triple: Json, clang: Sequence[str] | str) -> Json:
    """A statement whose value, where it is a thing or a term, is called by its name."""
    return {**triple, "label": _label(triple, clang)} if triple.get("labels") else triple


SIDES: Final = ("added", "removed", "computed", "noLonger")


def pairs(
    matches: Sequence[Json], preview: Json | None, documents: Mapping[tuple[str, str], Json], clang: Sequence[str] | str
) -> list[dict[str, Any]]:
    """Likely duplicates side by side: the new thing as the file states it, the old one as the release holds it."""
    new = {item["id"]: item for item in (preview or {}).get("things", {}).get("items", ())}
    out = []
    for match in matches:
        place = split_entity_iri(match["candidate"])
        document = documents.get(place) if place else None
        stated = new.get(match["thing"])
        out.append(
            {
                **match,
                "new": _label(stated, clang) if stated else match["thing"].rpartition("/")[2],
                "newFacts": [(t["property"], t["value"]) for t in stated["added"]["items"]] if stated else [],
                "old": _label(document, clang) if document else match["candidate"].rpartition("/")[2],
                "oldFacts": list(_facts(document, clang)) if document else [],
                "href": "/doc/" + "/".join(place) if place else "",
            }
        )
    return out


def _facts(document: Json, clang: Sequence[str] | str) -> Iterator[tuple[str, str]]:
    for code, name in document.get("labels", {}).items():
        yield f"prefLabel@{code}", name
    for key, value in document.items():
        if key in (
            "id",
            "kind",
            "slug",
            "labels",
            "types",
            "incoming",
            "evidence",
            "history",
            "discrepancies",
            "disputed",
        ):
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                text = item.get("edtf") or item.get("value") or (_label(item, clang) if "id" in item else "")
            else:
                text = "" if item is None else str(item)
            if text:
                yield key, str(text)


def _label(item: Json, clang: Sequence[str] | str) -> str:
    picked = pick_label(item.get("labels") or {}, clang)
    return picked.value if picked else str(item.get("slug") or item.get("id", ""))


def groups(told: Sequence[Finding], labels: Mapping[str, Any], lang: str) -> list[tuple[str, str, int]]:
    """What the findings can be narrowed to: the rule, what it is called, and how many."""
    counts: dict[str, int] = {}
    for f in told:
        counts[f.shape or f.code] = counts.get(f.shape or f.code, 0) + 1
    return [
        (key, pick(labels[key], lang) if key in labels else key.rpartition("#")[2], n)
        for key, n in sorted(counts.items())
    ]
