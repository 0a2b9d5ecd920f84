"""What every form of the report is made from: the findings, counted whole and listed up to a stated cap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from kg.findings import Finding, Severity, Texts, pick

CAP: Final = 10_000
"""Findings listed at most; counts are always of all."""

COLUMNS: Final = (
    "severity",
    "standing",
    "file",
    "sheet",
    "row",
    "column",
    "line",
    "cell",
    "entity",
    "entity_label",
    "path",
    "path_label",
    "value",
    "message_kk",
    "message_ru",
    "message_en",
    "advice_kk",
    "advice_ru",
    "advice_en",
    "code",
    "shape",
    "component",
)
"""The columns of the report as a table."""

_SEVERITIES: Final[tuple[Severity, ...]] = ("Violation", "Warning", "Info")


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one shape and component (or of one rule of the reading). ``count`` is exact."""

    severity: Severity
    shape: str | None
    component: str | None
    code: str
    count: int


@dataclass(frozen=True, slots=True)
class ReportData:
    """A report before it has a form.

    :param file: name of what was judged; ``release``: id of the release it was laid upon, None: by itself.
    :param findings: all of them, in the report's order.
    :param checked: node shape → number of focus nodes looked at; empty: nothing was checked.
    :param labels: property (as in ``Finding.path``) → label by language.
    """

    file: str
    findings: Sequence[Finding]
    checked: Mapping[str, int] = field(default_factory=dict)
    release: str | None = None
    labels: Mapping[str, Texts] = field(default_factory=dict)
    cap: int = CAP

    @property
    def listed(self) -> Sequence[Finding]:
        """The findings that are listed: the gravest first where there are more than the cap."""
        if len(self.findings) <= self.cap:
            return self.findings
        return sorted(self.findings, key=lambda f: _SEVERITIES.index(f.severity))[: self.cap]

    @property
    def capped(self) -> bool:
        return len(self.findings) > self.cap

    @property
    def nothing_checked(self) -> bool:
        return not any(self.checked.values())

    @property
    def conforms(self) -> bool:
        """Something was checked and nothing is a violation; what the file mends is none."""
        return not self.nothing_checked and not self.counts()["Violation"]

    def counts(self) -> dict[Severity, int]:
        """Severity → number of findings that stand, none left out; mended ones stand no more."""
        counted = Counter(f.severity for f in self.findings if f.standing != "mended")
        return {severity: counted[severity] for severity in _SEVERITIES}

    def groups(self) -> list[Group]:
        """The findings that stand, by severity, shape and component, the gravest and most frequent first."""
        standing = (f for f in self.findings if f.standing != "mended")
        counted = Counter((f.severity, f.shape, f.component, f.code) for f in standing)
        made = [Group(*key, count) for key, count in counted.items()]
        return sorted(made, key=lambda g: (_SEVERITIES.index(g.severity), -g.count, g.shape or "", g.code))

    def rows(self) -> Iterator[tuple[str, ...]]:
        """The listed findings as rows of :data:`COLUMNS`."""
        for f in self.listed:
            yield self.row(f)

    def row(self, f: Finding) -> tuple[str, ...]:
        """One finding as texts by :data:`COLUMNS`."""
        where = f.where
        label = pick(self.labels.get(f.path or "", {}), "en")
        place: tuple[Any, ...] = (
            (where.file, where.sheet, where.row, where.column, where.line) if where else (None,) * 5
        )
        said = [
            " ".join(t for t in (f.what.get(lang, ""), f.allowed.get(lang, "")) if t) for lang in ("kk", "ru", "en")
        ]
        told = [f.advice.get(lang, "") for lang in ("kk", "ru", "en")]
        values = (f.severity, f.standing, *place, f.cell, f.entity, f.entity_label, f.path, label, f.value)
        return tuple("" if v is None else str(v) for v in (*values, *said, *told, f.code, f.shape, f.component))
