"""What a validation found, and what it looked at: the report never says "conforms" of nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kg.findings import Exit, Finding, Severity

UNCHECKED_CODES = frozenset({"unshaped-type", "nothing-checked"})
"""Findings that say that something was not looked at: exit 5."""

_ORDER: Mapping[Severity, int] = {"Violation": 0, "Warning": 1, "Info": 2}


@dataclass(frozen=True, slots=True)
class Report:
    """Findings sorted by severity, shape, rule and entity; ``checked`` is node shape -> number of focus nodes.

    ``left``: of a compiled run, rule and component -> why pySHACL ran them.
    """

    findings: tuple[Finding, ...]
    checked: Mapping[str, int]
    left: Mapping[str, str] = field(default_factory=dict)

    @property
    def nothing_checked(self) -> bool:
        """No shape matched any node of the input."""
        return not any(self.checked.values())

    @property
    def conforms(self) -> bool:
        """Something was checked, all entities have a shape, and no finding is a violation."""
        return not self.nothing_checked and not any(f.severity == "Violation" for f in self.findings)

    @property
    def exit_code(self) -> Exit:
        """5 if something was left unchecked, else 1 with violations, else 0; warnings do not fail."""
        if self.nothing_checked or any(f.code in UNCHECKED_CODES for f in self.findings):
            return Exit.NOTHING_CHECKED
        return Exit.CLEAN if self.conforms else Exit.VIOLATIONS

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one severity."""
        return tuple(f for f in self.findings if f.severity == severity)

    def counts(self) -> dict[Severity, dict[str, int]]:
        """Severity -> rule -> number of findings: none is cut off, so the sums are the totals."""
        grouped: dict[Severity, dict[str, int]] = {}
        for (severity, code), number in sorted(Counter((f.severity, f.code) for f in self.findings).items()):
            grouped.setdefault(severity, {})[code] = number
        return {severity: grouped[severity] for severity in sorted(grouped, key=_ORDER.__getitem__)}

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "conforms": self.conforms,
            "nothingChecked": self.nothing_checked,
            "counts": self.counts(),
            "checked": dict(self.checked),
            "findings": [f.as_dict() for f in self.findings],
        }


def sort_key(f: Finding) -> tuple[int, str, str, str, str, str, str]:
    """The order of findings in a report; a total one, so that two runs agree."""
    return (
        _ORDER[f.severity],
        f.shape or "",
        f.code,
        f.entity or "",
        f.path or "",
        f.value or "",
        f.component or "",
    )
