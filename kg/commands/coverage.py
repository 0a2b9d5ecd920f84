"""`bilim document coverage`: the pages that say which span of a text is evidence of what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from kg import resources
from kg.commands.output import Json, language, print_json, settings, show_findings, stdout
from kg.documents.coverage import Coverage, cover
from kg.documents.leftout import read_left_out
from kg.documents.page import page
from kg.documents.passages import Described, read_passages
from kg.documents.quotes import compare
from kg.documents.text import Text, read_text
from kg.findings import BilimError, Exit, Finding, Where, finding
from kg.reading import read_rdf
from kg.resources import Resources
from kg.terms import LEFT_OUT, entity_iri

PAGES = Path("docs", "documents")


@dataclass(frozen=True, slots=True)
class Looked:
    """One document of data/documents and its coverage; None where its text was not given."""

    slug: str
    coverage: Coverage | None
    findings: tuple[Finding, ...]


def command(
    context: typer.Context,
    document: Annotated[
        list[str] | None, typer.Argument(help="Ids of documents; all of data/documents if left out.")
    ] = None,
    texts: Annotated[
        Path | None, typer.Option("--texts", help="Folder of the texts, found there by their hash (BILIM_TEXTS).")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the pages; docs/documents if empty.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; say whether the pages are up to date.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write docs/documents: for each document which spans are evidence of what, and what is left out and why."""
    chosen = settings()
    folder = texts or chosen.texts
    if folder is None:
        raise BilimError(finding("coverage-no-texts"), exit_code=Exit.USAGE)
    found = resources.find(chosen.resources)
    looked = look(found, read_texts(folder), document or ())
    pages = out or found.root / PAGES
    findings = [f for one in looked for f in one.findings]
    written: list[str] = []
    for one in looked:
        if one.coverage is not None:
            findings += _page(pages / f"{one.slug}.md", page(one.coverage), check, written)
    seen = [one.coverage for one in looked if one.coverage is not None]
    bad = any(f.severity == "Violation" for f in findings)
    code = Exit.VIOLATIONS if bad else Exit.CLEAN if seen else Exit.NOTHING_CHECKED
    if as_json:
        print_json(
            {"clean": code == Exit.CLEAN, "documents": [c.as_dict() for c in seen], "written": written}
            | {"findings": [f.as_dict() for f in findings]}
        )
    else:
        show_findings(findings, language(context))
        for c in seen:
            share = f"{c.by_evidence / len(c.text):.0%} evidence, {c.by_left_out / len(c.text):.0%} left out"
            stdout().print(f"{c.document.slug}: {share}, {len(c.uncovered)} span(s) not covered.")
        stdout().print(f"{len(seen)} of {len(looked)} document(s) looked at; {len(written)} page(s) written.")
    if code:
        raise typer.Exit(code)


def read_texts(folder: Path) -> dict[str, Text]:
    """The texts of a folder by their SHA-256. Files that are no UTF-8 text are passed over: others may lie there too.

    Raises :class:`BilimError` (exit 3) where the folder cannot be read.
    """
    try:
        files = sorted(p for p in folder.iterdir() if p.is_file())
    except OSError as error:
        raise BilimError(finding("file-unreadable", file=folder, reason=error.strerror or error)) from error
    out = {}
    for path in files:
        try:
            text = read_text(path, path.name)
        except BilimError:
            continue
        out[text.sha256] = text
    return out


def look(found: Resources, texts: dict[str, Text], only: list[str] | tuple[str, ...] = ()) -> list[Looked]:
    """Every document of data/documents (or those named) with its coverage and everything wrong with it."""
    folder = found.data / "documents"
    files = {path.stem: path for path in sorted(folder.glob("*.trig"))}
    if unknown := [slug for slug in only if slug not in files]:
        known = ", ".join(files)
        wrong = [finding("coverage-unknown-document", value=slug, known=known) for slug in unknown]
        raise BilimError(*wrong, exit_code=Exit.USAGE)
    looked = [_look(slug, path, found, texts) for slug, path in files.items() if not only or slug in only]
    for path in sorted(folder.glob("*" + LEFT_OUT)):
        slug = path.name.removesuffix(LEFT_OUT)
        if slug not in files and not only:
            orphan = finding("left-out-orphan", where=Where(_name(path, found)), document=slug)
            looked.append(Looked(slug, None, (orphan,)))
    return looked


def _look(slug: str, path: Path, found: Resources, texts: dict[str, Text]) -> Looked:
    name = _name(path, found)
    reading = read_rdf(path.read_bytes(), name)
    documents, passages = read_passages(reading)
    findings = list(reading.findings)
    listed = path.with_name(slug + LEFT_OUT)
    left_out, wrong = read_left_out(listed.read_bytes(), _name(listed, found)) if listed.exists() else ([], [])
    findings += wrong
    described = documents.get(entity_iri("document", slug)) or Described(entity_iri("document", slug))
    text = texts.get(described.sha256 or "")
    if text is None:
        sha256 = described.sha256 or "–"
        findings.append(finding("coverage-no-text", where=Where(name), document=slug, sha256=sha256))
        return Looked(slug, None, tuple(findings))
    findings += compare(documents, passages, text, name)
    covered = cover(described, passages, left_out, text)
    return Looked(slug, covered, (*findings, *covered.findings))


def _name(path: Path, found: Resources) -> str:
    return path.relative_to(found.root).as_posix()


def _page(path: Path, content: str, check: bool, written: list[str]) -> list[Finding]:
    """Write a page that has changed; with ``check`` only say that it has."""
    old = path.read_text(encoding="utf-8") if path.exists() else None
    if old == content:
        return []
    if check:
        return [finding("coverage-outdated", file=path)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8", newline="\n")
    except OSError as error:
        raise BilimError(finding("file-unwritable", file=path, reason=error.strerror or error)) from error
    written.append(str(path))
    return []
