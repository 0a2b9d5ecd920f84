"""`bilim validate FILE`, and `bilim validate --full` for a whole release."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from kg import resources
from kg.commands import validate_full
from kg.commands.output import Json, language, print_json, settings, show_findings, stderr, stdout
from kg.commands.report import Reports, Split, check_suffixes, label_paths, write_files
from kg.documents.passages import read_passages
from kg.documents.quotes import BY_SHAPES, compare
from kg.documents.text import Text, read_text
from kg.findings import BilimError, Exit, Finding, finding
from kg.imports.decided import Decision
from kg.imports.ledger import open_ledger
from kg.imports.reports import ReportData
from kg.releases.layout import Home
from kg.releases.reader import current
from kg.settings import Settings


def command(
    context: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(help="An RDF file (.ttl .trig .nt .nq .rdf .jsonld), or a table of data/ (.csv)."),
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="By itself, not on top of the current release.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as violations.")] = False,
    text: Annotated[
        Path | None, typer.Option("--text", help="Also compare the quotes of its evidence with this text.")
    ] = None,
    report: Reports = None,
    split: Split = None,
    full: Annotated[bool, typer.Option("--full", help="Check a whole release instead of a file.")] = False,
    release_id: Annotated[
        str | None, typer.Option("--release", help="With --full: the id of the release; the current one if left out.")
    ] = None,
    reference: Annotated[
        bool, typer.Option("--reference", help="With --full: run pySHACL beside, and compare row by row (slow).")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check a file as it would be if it were imported, or with --full a whole release; nothing is kept."""
    chosen = settings()
    of_file = alone or text or report or split
    if full is (file is not None) or (not full and (release_id or reference)) or (full and of_file):
        raise BilimError(finding("validate-what"), exit_code=Exit.USAGE)
    if file is None:
        release = validate_full.which(Home(chosen.home), release_id)
        found, lang = resources.find(chosen.resources), language(context)
        code = validate_full.run(release, found, strict=strict, reference=reference, as_json=as_json, lang=lang)
        if code:
            raise typer.Exit(code)
        return
    check_suffixes(report or ())
    _file(language(context), chosen, file, _Wanted(alone, strict, text, tuple(report or ()), split, as_json))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """How a file is to be judged, and what is to be written of it."""

    alone: bool
    strict: bool
    text: Path | None
    reports: tuple[Path, ...]
    split: Path | None
    as_json: bool


def _file(lang: str, chosen: Settings, file: Path, wanted: _Wanted) -> None:
    from kg.imports.judge import judge  # here: the shapes' engine takes a second to load

    home = Home(chosen.home)
    against = read_text(wanted.text) if wanted.text is not None else None
    release = None if wanted.alone or home.current_id() is None else current(home)
    made: list[Decision] = []
    if release is not None and home.ledger.is_file():  # a directory of releases alone has no ledger, and gets none
        with open_ledger(home) as ledger:
            made = ledger.decisions.made()
    found = resources.find(chosen.resources)
    try:
        judged = judge(file, found, release, lambda way: stderr().print(f"checking {way}"), made=made)
    except OSError as error:
        raise BilimError(finding("file-unreadable", file=file, reason=error.strerror or error)) from error
    if against is not None and judged.read != "not at all":
        quotes = compare_file(file, resources.find(chosen.resources), against)
        told = BY_SHAPES if judged.checked else frozenset[str]()
        judged = replace(judged, findings=(*judged.findings, *(f for f in quotes if f.code not in told)))
    code = judged.exit_code(wanted.strict)
    if wanted.reports or wanted.split:
        labels = label_paths(judged.all, resources.find(chosen.resources))
        everything = (*judged.all, *judged.mended, *judged.notes)
        data = ReportData(file.name, everything, judged.checked, release.id if release else None, labels)
        write_files(data, file, wanted.reports, wanted.split, lang)
    if wanted.as_json:
        print_json(
            {"file": str(file), "release": release.id if release else None, "clean": code == Exit.CLEAN}
            | {"quads": judged.quads, "things": judged.focus, "checked": dict(judged.checked)}
            | {"findings": [f.as_dict() for f in judged.findings], "elsewhere": [f.as_dict() for f in judged.elsewhere]}
            | {"mended": [f.as_dict() for f in judged.mended], "notes": [f.as_dict() for f in judged.notes]}
        )
    else:
        there = [f for f in judged.findings if f.standing == "already there"]
        show_findings([f for f in judged.findings if f.standing != "already there"], lang)
        for title, findings in (
            ("Elsewhere in the graph, and not before:", judged.elsewhere),
            ("Already in the release, on things of the file:", there),
            ("Mended by the file:", judged.mended),
            ("How it was checked:", judged.notes),
        ):
            if findings:
                stderr().print(title)
                show_findings(findings, lang)
        on = f"on top of {release.id}" if release else "by itself"
        counts = {s: sum(f.severity == s for f in judged.all) for s in ("Violation", "Warning")}
        looked = sum(1 for n in judged.checked.values() if n)
        stdout().print(
            f"{file}, {on}: {judged.quads} quads on {judged.focus} things, {looked} shapes looked; "
            f"{counts['Violation']} violation(s), {counts['Warning']} warning(s)."
        )
    if code:
        raise typer.Exit(code)


def compare_file(file: Path, found: resources.Resources, text: Text) -> list[Finding]:
    """The quotes of a file's evidence against the text of its document."""
    from kg.imports.sources import read_one, read_ontology

    documents, passages = read_passages(read_one(file, found, read_ontology(found)))
    return compare(documents, passages, text, file.name)
