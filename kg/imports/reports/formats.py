"""One report, six forms. Each is a pure function of :class:`ReportData` (and, for the workbook, of the file judged)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from kg.findings import BilimError, Exit, Finding, finding
from kg.imports.reports.data import COLUMNS, ReportData
from kg.imports.reports.marked import marked_workbook
from kg.imports.reports.page import as_html
from kg.imports.reports.sarif import as_sarif
from kg.imports.reports.shacl import as_turtle
from kg.reading.form import uncalculated

SUFFIXES: Final = (".html", ".ttl", ".json", ".csv", ".xlsx", ".sarif")
BINARY: Final = (".xlsx",)
MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".ttl": "text/turtle; charset=utf-8",
    ".json": "application/json",
    ".csv": "text/csv; charset=utf-8; header=present",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".sarif": "application/sarif+json",
}


def write_report(data: ReportData, suffix: str, lang: str = "en", source: bytes | None = None) -> bytes:
    """The report in the form of a file name extension (:data:`SUFFIXES`).

    :param lang: language of the page's own words; all three stand in every other form.
    :param source: the bytes of the file judged: the workbook then shows its cells, the wrong ones marked.

    Raises :class:`BilimError` (exit 2) for another extension.
    """
    if suffix == ".xlsx":
        return marked_workbook(data, source)
    makers: Mapping[str, Callable[[], str]] = {
        ".html": lambda: as_html(data, lang),
        ".ttl": lambda: as_turtle(data),
        ".json": lambda: json.dumps(as_json(data), ensure_ascii=False, indent=1) + "\n",
        ".csv": lambda: as_csv(data),
        ".sarif": lambda: json.dumps(as_sarif(data), ensure_ascii=False, indent=1) + "\n",
    }
    if suffix not in makers:
        raise BilimError(finding("report-unknown-format", value=suffix, known=" ".join(SUFFIXES)), exit_code=Exit.USAGE)
    return makers[suffix]().encode()


def as_json(data: ReportData) -> dict[str, Any]:
    """Counts of all, groups, and the findings up to the cap."""
    return {
        "file": data.file,
        "release": data.release,
        "conforms": data.conforms,
        "nothingChecked": data.nothing_checked,
        "checked": dict(data.checked),
        "counts": data.counts(),
        "groups": [
            {"severity": g.severity, "shape": g.shape, "component": g.component, "code": g.code, "count": g.count}
            for g in data.groups()
        ],
        "total": len(data.findings),
        "cap": data.cap,
        "capped": data.capped,
        "findings": [_with_path_label(f, data) for f in data.listed],
    }


def _with_path_label(f: Finding, data: ReportData) -> dict[str, Any]:
    label = data.labels.get(f.path or "")
    return f.as_dict() | ({"pathLabel": dict(label)} if label else {})


def as_csv(data: ReportData) -> str:
    """A row a finding (RFC 4180); what a spreadsheet would calculate is kept as text by an apostrophe (OWASP)."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in data.rows():
        writer.writerow([uncalculated(text) for text in row])
    return out.getvalue()
