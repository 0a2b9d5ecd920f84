"""What `bilim validate` writes to files: the report in the forms asked for, good rows and bad rows apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from kg.commands.output import stderr
from kg.findings import BilimError, Exit, Finding, Texts, finding
from kg.imports.reports import SUFFIXES, ReportData, split_rows, write_report
from kg.imports.sources import property_labels, read_ontology
from kg.resources import Resources

Reports = Annotated[
    list[Path] | None,
    typer.Option("--report", help="Also write the findings: .html .ttl .json .csv .xlsx .sarif; may be repeated."),
]
Split = Annotated[
    Path | None, typer.Option("--split", help="Write the table's good and bad rows into good/ and bad/ of a folder.")
]


def check_suffixes(paths: Sequence[Path]) -> None:
    """Raises :class:`BilimError` (exit 2) before any work is done for a form that there is not."""
    for path in paths:
        if path.suffix.lower() not in SUFFIXES:
            known = " ".join(SUFFIXES)
            raise BilimError(
                finding("report-unknown-format", value=path.suffix or path.name, known=known), exit_code=Exit.USAGE
            )


def write_files(data: ReportData, file: Path, reports: Sequence[Path], split: Path | None, lang: str) -> None:
    """Write the reports, and the good and the bad rows into the folder ``split``. Raises :class:`BilimError`."""
    source = file.read_bytes() if file.is_file() else None
    write_report_files(data, file.name, source, reports, split, lang)


def write_report_files(
    data: ReportData, name: str, source: bytes | None, reports: Sequence[Path], split: Path | None, lang: str
) -> None:
    """The same of a file's name and bytes."""
    for path in reports:
        _write(path, write_report(data, path.suffix.lower(), lang, source))
    if split is None:
        return
    parts = split_rows(name, source, data.findings, lang) if source is not None else None
    if parts is None:
        raise BilimError(finding("split-no-table", file=name), exit_code=Exit.USAGE)
    split.mkdir(parents=True, exist_ok=True)
    for part_name, part in zip(("good", "bad"), parts, strict=True):
        _write(split / part_name / name, part)  # under its own name, so that the good rows can be handed in


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise BilimError(finding("output-unwritable", file=path, reason=error.strerror or error)) from error
    stderr().print(f"written: {path}")


def label_paths(findings: Sequence[Finding], resources: Resources) -> Mapping[str, Texts]:
    """The labels of the paths that findings name; nothing is read where there are none."""
    paths = {f.path for f in findings if f.path}
    return {p: t for p, t in property_labels(read_ontology(resources)).items() if p in paths} if paths else {}
