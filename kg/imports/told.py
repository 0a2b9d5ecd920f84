"""An import as JSON, for the command line and the API alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kg.findings import Exit
from kg.imports import flow, kept
from kg.imports.ledger import Ledger
from kg.imports.records import Import, Verdict
from kg.imports.reports.formats import as_json

EXITS: Final[Mapping[Verdict | None, Exit]] = {
    None: Exit.CLEAN,
    "clean": Exit.CLEAN,
    "warnings": Exit.CLEAN,
    "violations": Exit.VIOLATIONS,
    "unreadable": Exit.UNREADABLE,
    "nothing checked": Exit.NOTHING_CHECKED,
}
"""Verdict → exit code (docs/cli.md)."""


def whole(ledger: Ledger, number: int) -> dict[str, Any]:
    """All that is known of an import but the findings: its steps, what it would change, what is to be settled."""
    import_ = ledger.imports.get(number)
    return {
        **import_.as_dict(),
        "steps": [step.as_dict() for step in ledger.imports.steps(number)],
        "difference": ledger.imports.kept(number, "preview"),
        "matches": [match.as_dict() for match in ledger.settled.matches(number)],
    }


def report(ledger: Ledger, number: int) -> dict[str, Any] | None:
    """The report in its JSON form; None before the import was judged."""
    import_, data = ledger.imports.get(number), ledger.imports.kept(number, "report")
    return as_json(kept.report_of(import_.file, import_.base, data)) if data else None


def judged(import_: Import, found: flow.Judged, labels: Mapping[str, Any]) -> dict[str, Any]:
    """What a dry run found."""
    data = kept.to_kept(found.judgement, labels, found.waived)
    return {
        **import_.as_dict(),
        "id": None,
        "verdict": found.verdict,
        "counts": kept.counts_of(found.judgement.all),
        "report": as_json(kept.report_of(import_.file, import_.base, data)),
        "difference": found.preview,
        "matches": [match.as_dict() for match in found.matches],
    }
