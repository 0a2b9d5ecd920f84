"""SARIF 2.1.0 (OASIS), so that code hosts and editors show the findings beside the file.

A cell of a table has its row as line (3.30.5); a workbook has no lines, so its cell is a logical location (3.33).
"""

from __future__ import annotations

from importlib import metadata
from typing import Any, Final
from urllib.parse import quote

from kg.findings import Finding, Texts, Where, pick
from kg.imports.reports.data import ReportData

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {"Violation": "error", "Warning": "warning", "Info": "note"}
_BASELINE: Final = {"new": "new", "already there": "unchanged", "mended": "absent"}


def as_sarif(data: ReportData) -> dict[str, Any]:
    """The log as JSON: one run, a rule for each code, a result for each finding listed."""
    rules: dict[str, int] = {}
    described: list[dict[str, Any]] = []
    results = []
    for f in data.listed:
        if f.code not in rules:
            rules[f.code] = len(rules)
            described.append(
                {"id": f.code} | ({"help": {"text": pick(f.advice, "en")}} if pick(f.advice, "en") else {})
            )
        results.append(_result(f, rules[f.code]))
    driver = {
        "name": "Bilim",
        "informationUri": "https://w3id.org/bilim/",
        "version": metadata.version("bilim"),
        "rules": described,
    }
    properties = {"release": data.release, "conforms": data.conforms, "total": len(data.findings), "cap": data.cap}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results, "properties": properties}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _result(f: Finding, rule: int) -> dict[str, Any]:
    out: dict[str, Any] = {
        "ruleId": f.code,
        "ruleIndex": rule,
        "level": _LEVELS[f.severity],
        "message": {"text": _message(f, "en")},
        "properties": {
            "messages": {lang: _message(f, lang) for lang in ("kk", "ru", "en")},
            **{
                key: value
                for key, value in (
                    ("focusNode", f.entity),
                    ("path", f.path),
                    ("value", f.value),
                    ("shape", f.shape),
                    ("component", f.component),
                    ("cell", f.cell),
                )
                if value is not None
            },
        },
    }
    if f.standing is not None:
        out["baselineState"] = _BASELINE[f.standing]
    if f.where is not None:
        out["locations"] = [_location(f.where)]
    return out


def _message(f: Finding, lang: str) -> str:
    texts: tuple[Texts, ...] = (f.what, f.allowed, f.advice)
    return " ".join(text for part in texts if (text := pick(part, lang))) or f.code


def _location(where: Where) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": quote(where.file)}}
    line = where.line or (where.row if where.sheet is None else None)
    if line is not None:
        physical["region"] = {"startLine": line}
    out: dict[str, Any] = {"physicalLocation": physical}
    if where.row is not None:
        name = "!".join(part for part in (where.sheet, f"{where.column or ''}{where.row}") if part)
        out["logicalLocations"] = [{"name": where.column or str(where.row), "fullyQualifiedName": name}]
    return out
