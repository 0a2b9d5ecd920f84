"""A judgement as the ledger keeps it, and back; what it says in one word; the report made of it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Protocol

from pyoxigraph import DefaultGraph, NamedNode, Quad

from kg.findings import Finding, Texts, Where
from kg.imports.judge import Judgement
from kg.imports.records import Verdict
from kg.imports.reports import ReportData
from kg.imports.settled import Waiver
from kg.terms import SHAPES
from kg.validation.report import UNCHECKED_CODES

_PLACE = ("file", "sheet", "row", "column", "line")
_TEXTS = ("cell", "path", "value", "shape", "component", "standing")


class Quads(Protocol):
    """A store or an overlay."""

    def quads_for_pattern(self, s: Any, p: Any, o: Any, graph: Any = None) -> Iterable[Quad]: ...


def finding_of(data: Mapping[str, Any]) -> Finding:
    """The finding that :meth:`Finding.as_dict` told."""
    entity = data.get("entity") or {}
    return Finding(
        code=data["code"],
        what=data["message"],
        allowed=data.get("allowed", {}),
        advice=data.get("advice", {}),
        severity=data["severity"],
        where=Where(**{key: data[key] for key in _PLACE if key in data}) if "file" in data else None,
        entity=entity.get("id"),
        entity_label=entity.get("label"),
        **{key: data[key] for key in _TEXTS if key in data},
    )


def to_kept(
    judgement: Judgement, labels: Mapping[str, Texts], waived: Collection[Finding] = (), mark: str = ""
) -> dict[str, Any]:
    """For JSON. ``labels``: of the properties that findings name; ``mark``: of the rules it was judged by."""
    paths = {f.path for f in (*judgement.all, *judgement.mended) if f.path}
    return {
        "findings": [f.as_dict() for f in judgement.findings],
        "elsewhere": [f.as_dict() for f in judgement.elsewhere],
        "mended": [f.as_dict() for f in judgement.mended],
        "notes": [f.as_dict() for f in judgement.notes],
        "waived": [f.as_dict() for f in waived],
        "checked": dict(judgement.checked),
        "focus": judgement.focus,
        "quads": judgement.quads,
        "read": judgement.read,
        "mark": mark,
        "labels": {path: dict(labels[path]) for path in sorted(paths) if path in labels},
    }


def from_kept(kept: Mapping[str, Any]) -> Judgement:
    """The judgement that was kept."""
    told = {part: tuple(map(finding_of, kept[part])) for part in ("findings", "elsewhere", "mended", "notes")}
    return Judgement(
        told["findings"],
        told["elsewhere"],
        kept["focus"],
        kept["quads"],
        kept["checked"],
        kept["read"],
        mended=told["mended"],
        notes=told["notes"],
    )


def report_of(file: str, release: str | None, kept: Mapping[str, Any]) -> ReportData:
    """The report of what was kept. What is waived is not in it."""
    told = [finding_of(f) for part in ("findings", "elsewhere", "mended", "notes") for f in kept[part]]
    return ReportData(file, told, kept["checked"], release, kept["labels"])


def verdict_of(judgement: Judgement) -> Verdict:
    """What a judgement without what is waived says in one word."""
    if judgement.read == "not at all":
        return "unreadable"
    severities = {f.severity for f in judgement.all}
    if judgement.read == "faulty" or "Violation" in severities:
        return "violations" if not _unchecked(judgement) else "nothing checked"
    if not any(judgement.checked.values()) or _unchecked(judgement):
        return "nothing checked"
    return (
        "warnings" if any(f.severity == "Warning" and f.standing != "already there" for f in judgement.all) else "clean"
    )


def _unchecked(judgement: Judgement) -> bool:
    return any(f.code in UNCHECKED_CODES for f in judgement.all)


def counts_of(findings: Iterable[Finding]) -> dict[str, int]:
    """Severity → number, of findings that stand."""
    counted = Counter(f.severity for f in findings if f.standing != "mended")
    return {severity: counted[severity] for severity in ("Violation", "Warning", "Info")}


def key_of(f: Finding) -> tuple[Any, ...]:
    """By what a finding is the same on another release."""
    return f.code, f.severity, f.where, f.entity, f.path, f.value, f.shape, f.component


def triples_of(store: Quads, iri: str) -> str:
    """SHA-256 (hex) of the merged triples of a thing: as long as it is the same, a waiver holds."""
    found = store.quads_for_pattern(NamedNode(iri), None, None, DefaultGraph())
    lines = sorted(f"{q.predicate} {q.object}" for q in found)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def shape_of(f: Finding) -> str:
    """The shape of a finding by its short name; for rules beside the shapes their code."""
    return (f.shape or f.code).removeprefix(SHAPES)


def waived(findings: Iterable[Finding], waivers: Iterable[Waiver], store: Quads) -> list[Finding]:
    """Those that a waiver lets pass: same focus, shape and path, and the focus node's triples as they were."""
    by_key: dict[tuple[str, str, str], set[str]] = {}
    for waiver in waivers:
        by_key.setdefault((waiver.focus, waiver.shape, waiver.path), set()).add(waiver.triples)
    out = []
    for f in findings:
        if f.entity is None:
            continue
        held = by_key.get((f.entity, shape_of(f), f.path or ""))
        if held and triples_of(store, f.entity) in held:
            out.append(f)
    return out
