"""One shape for everything that can be wrong: where, what, what is allowed, what to do.

Reports, command line errors and problem+json answers are views of :class:`Finding`. The texts come
from one catalogue in three languages, ``kg/messages/*.yaml``: a code maps to ``what``, ``allowed``
and ``advice``, each ``{en, ru, kk}`` with ``{name}`` fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any, Literal

import yaml

Texts = Mapping[str, str]
"""A text in several languages: language code to text."""

Severity = Literal["Violation", "Warning", "Info"]

Standing = Literal["new", "already there", "mended"]
"""Of a finding on a file laid upon a release: made by the file, there without it too, or done away with by it."""


class Exit(IntEnum):
    """Exit codes of the command line (docs/cli.md); 4 is only for comparing two engines."""

    CLEAN = 0
    VIOLATIONS = 1
    USAGE = 2
    UNREADABLE = 3
    ENGINES_DISAGREE = 4
    NOTHING_CHECKED = 5


@dataclass(frozen=True, slots=True)
class Where:
    """A place in the input. ``row`` is the line of a table as a spreadsheet counts (header = 1)."""

    file: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    line: int | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.sheet and self.row is not None:
            parts.append(f"sheet {self.sheet}")
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column}")
        if self.line is not None:
            parts.append(f"line {self.line}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong or doubtful, in words for a person and fields for a program."""

    code: str
    what: Texts
    allowed: Texts = field(default_factory=dict)
    advice: Texts = field(default_factory=dict)
    severity: Severity = "Violation"
    where: Where | None = None
    cell: str | None = None  # as written in the input
    entity: str | None = None  # IRI of the focus node
    entity_label: str | None = None
    path: str | None = None
    value: str | None = None
    shape: str | None = None
    component: str | None = None
    standing: Standing | None = None  # only where a file is compared with a release

    def text(self, lang: str = "en") -> str:
        """One line: what is wrong, what is allowed, what to do."""
        return " ".join(t for t in (pick(self.what, lang), pick(self.allowed, lang), pick(self.advice, lang)) if t)

    def at(self, where: Where) -> Finding:
        """The same finding at a place."""
        return replace(self, where=where)

    def as_dict(self) -> dict[str, Any]:
        """For JSON: only the fields that are there, ``where`` laid out flat."""
        out: dict[str, Any] = {"code": self.code, "severity": self.severity}
        if self.where:
            for key in ("file", "sheet", "row", "column", "line"):
                if (value := getattr(self.where, key)) is not None:
                    out[key] = value
        for key in ("cell", "path", "value", "shape", "component", "standing"):
            if (value := getattr(self, key)) is not None:
                out[key] = value
        if self.entity is not None:
            out["entity"] = {"id": self.entity, "label": self.entity_label}
        out["message"] = dict(self.what)
        if self.allowed:
            out["allowed"] = dict(self.allowed)
        if self.advice:
            out["advice"] = dict(self.advice)
        return out


class BilimError(Exception):
    """An error that is told to the user: one or more findings and an exit code; never a bug of ours."""

    def __init__(self, *findings: Finding, exit_code: Exit = Exit.UNREADABLE) -> None:
        super().__init__("\n".join(f"{f.where}: {f.text()}" if f.where else f.text() for f in findings))
        self.findings = findings
        self.exit_code = exit_code


def pick(texts: Texts, lang: str) -> str:
    """The text in the language asked for, else English, else any; empty if there is none."""
    return texts.get(lang) or texts.get("en") or next(iter(texts.values()), "")


@cache
def catalogue() -> Mapping[str, Mapping[str, Any]]:
    """All messages: code to ``{what, allowed, advice, severity}``. Read once, on first use."""
    merged: dict[str, Mapping[str, Any]] = {}
    for entry in sorted(resources.files("kg").joinpath("messages").iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".yaml"):
            for code, texts in (yaml.safe_load(entry.read_text(encoding="utf-8")) or {}).items():
                if code in merged:
                    raise ValueError(f"message code {code!r} stands twice in kg/messages")
                merged[code] = texts
    return merged


def finding(code: str, /, where: Where | None = None, severity: Severity | None = None, **values: Any) -> Finding:
    """A finding by its code in the catalogue, its texts filled with ``values``.

    Fields of :class:`Finding` (``cell``, ``entity``, ``path``, ``value``, ``shape``, ``component``)
    among the values are kept on the finding too. Raises KeyError for a code or field that is not there.
    """
    texts = catalogue()[code]
    own: dict[str, Any] = {k: str(values[k]) for k in _FIELDS if values.get(k) is not None}
    return Finding(
        code=code,
        what=_fill(texts["what"], values),
        allowed=_fill(texts.get("allowed") or {}, values),
        advice=_fill(texts.get("advice") or {}, values),
        severity=severity or texts.get("severity", "Violation"),
        where=where,
        **own,
    )


_FIELDS = ("cell", "entity", "entity_label", "path", "value", "shape", "component")


def _fill(texts: Texts, values: Mapping[str, Any]) -> Texts:
    return {lang: Formatter().vformat(text, (), values) for lang, text in texts.items()}
