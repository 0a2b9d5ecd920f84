"""`bilim document`: texts of documents, their phrases and offsets, and how evidence covers them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.markup import escape

from kg import resources
from kg.commands import coverage
from kg.commands.output import Json, language, print_json, settings, show_findings, stderr, stdout
from kg.documents import phrases, skeleton
from kg.documents.head import read_head
from kg.documents.noise import clean, diff
from kg.documents.text import Text, read_text
from kg.findings import BilimError, Exit, Finding, Where, finding
from kg.names import slugify
from kg.resources import Resources

ID_MAX = 48
"""Length of an id made from a headline, cut at a word."""

app = typer.Typer(help="Texts of documents: skeletons, offsets of phrases, coverage by evidence.", no_args_is_help=True)

TextFile = Annotated[Path, typer.Argument(metavar="TEXT", help="A text file in UTF-8.")]


@app.command()
def new(
    context: typer.Context,
    text: TextFile,
    id_: Annotated[
        str | None, typer.Option("--id", help="Id of the document; made from its headline if empty.")
    ] = None,
    phrase: Annotated[
        list[str] | None,
        typer.Option("--phrase", help="Words to quote as evidence, or KIND:SLUG=WORDS (person:bolat-tlep=Bolat Tlep)."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the TriG to this file, which must not exist.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make the skeleton of a document: its node with hash, language, title, date; evidence with offsets per phrase."""
    chosen = settings()
    read = read_text(text)
    wanted = [skeleton.parse_phrase(argument) for argument in phrase or ()]
    found = resources.find(chosen.resources)
    document = id_ if id_ is not None else _id(read, text, found)
    wrong = skeleton.check_wanted(document, wanted, read)
    if ("document", document) in _born(found):
        wrong.append(finding("document-id-taken", value=document))
    if out is not None and out.exists():
        wrong.append(finding("document-out-exists", file=out))
    if wrong:
        missing = all(f.code in ("phrase-not-found", "phrase-nearly") for f in wrong)
        raise BilimError(*wrong, exit_code=Exit.VIOLATIONS if missing else Exit.USAGE)
    today = datetime.now(ZoneInfo(chosen.timezone)).date()
    made = skeleton.make(document, wanted, read, today)
    made.slugs = [row for row in made.slugs if tuple(row.split(",")[:2]) not in _born(found)]
    known = _known(found, read)
    if out is not None:
        _write_new(out, made.trig)
    if as_json:
        print_json(_new_json(made, read, out) | {"findings": [f.as_dict() for f in known]})
        return
    show_findings(known, language(context))
    if out is None:
        typer.echo(made.trig, nl=False)
    _tell(made, read, out)


@app.command()
def find(
    context: typer.Context,
    text: TextFile,
    phrase: Annotated[list[str], typer.Argument(metavar="PHRASE...", help="Words to look for, letter by letter.")],
    as_json: Json = False,
) -> None:
    """Find phrases in a text: each place with its offsets, line and context; what is nearest where there is none."""
    read = read_text(text)
    wrong: list[Finding] = []
    rows: list[dict[str, Any]] = []
    for words in phrase:
        places = phrases.find(read, words)
        near = [] if places else phrases.nearest(read, words)
        wrong += skeleton.check_phrase(words, read)
        rows.append({"phrase": words, "places": [p.as_dict() for p in places], "nearest": [n.as_dict() for n in near]})
        if not as_json:
            for place in places:
                at = f"{place.start}–{place.end}  line {place.line}, column {place.column}  "
                stdout().print(f"{at}…{escape(place.before)} [bold]{escape(place.quote)}[/] {escape(place.after)}…")
    missing = [f for f in wrong if f.code != "phrase-too-long"]  # found all the same; only no quote can be made of it
    if as_json:
        found = {"text": read.name, "sha256": read.sha256, "codePoints": len(read), "phrases": rows}
        print_json(found | {"findings": [f.as_dict() for f in wrong]})
    else:
        show_findings(wrong, language(context))
    if missing:
        raise typer.Exit(Exit.USAGE if any(f.code == "phrase-empty" for f in missing) else Exit.VIOLATIONS)


@app.command("clean")
def clean_(text: TextFile, as_json: Json = False) -> None:
    """Show what of a page is not the text (menus, rates, share buttons, repeated headlines), as a diff."""
    read = read_text(text)
    if as_json:
        print_json({"text": read.name, "noise": _noise(read), "diff": diff(read)})
        return
    for line in diff(read):
        stdout().print(escape(line))


app.command("coverage")(coverage.command)


def _id(text: Text, path: Path, found: Resources) -> str:
    """Of the headline, else of the file's name; with a number where it is taken."""
    head = read_head(text)
    named = text.text[slice(*head.title)] if head.title else path.stem
    try:
        slug = slugify(named)
    except ValueError:
        slug = "document"
    slug = slug if len(slug) <= ID_MAX else slug[: ID_MAX + 1].rpartition("-")[0] or slug[:ID_MAX]
    taken = {name for kind, name in _born(found) if kind == "document"}
    return next(s for n in range(1, len(taken) + 2) if (s := slug if n == 1 else f"{slug}-{n}") not in taken)


def _born(found: Resources) -> frozenset[tuple[str, str]]:
    """(kind, slug) of all rows of slugs.csv; none where there is no such file."""
    try:
        with (found.data / "reference" / "slugs.csv").open(encoding="utf-8", newline="") as file:
            return frozenset((row["kind"], row["slug"]) for row in csv.DictReader(file))
    except FileNotFoundError:
        return frozenset()


def _known(found: Resources, text: Text) -> list[Finding]:
    """A warning for each document of data/documents that holds the hash of this text."""
    paths = sorted((found.data / "documents").glob("*.trig"))
    holding = [p for p in paths if text.sha256 in p.read_text(encoding="utf-8", errors="replace")]
    return [finding("document-text-known", where=Where(p.name), document=p.stem) for p in holding]


def _write_new(path: Path, content: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(content)
    except OSError as error:
        raise BilimError(finding("file-unwritable", file=path, reason=error.strerror or error)) from error


def _noise(text: Text) -> list[dict[str, Any]]:
    return [{"start": n.start, "end": n.end, "reason": n.reason} for n in clean(text).noise]


def _new_json(made: skeleton.Skeleton, text: Text, out: Path | None) -> dict[str, Any]:
    head = made.head
    return {
        "document": made.document,
        "text": text.name,
        "sha256": text.sha256,
        "codePoints": len(text),
        "language": made.language,
        "title": text.text[slice(*head.title)] if head.title else None,
        "issued": head.issued.edtf if head.issued else None,
        "withoutYear": _spans(head.yearless),
        "impossible": _spans(head.impossible),
        "noise": _noise(text),
        "evidence": [
            {"id": b.slug, "supports": b.phrase.subject, "onProperty": b.on or None}
            | {"place": b.place.as_dict(), "others": [p.as_dict() for p in b.others]}
            for b in made.blocks
        ],
        "slugs": made.slugs,
        "out": str(out) if out else None,
        "trig": made.trig,
    }


def _spans(dates: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"start": d.start, "end": d.end, "printed": d.printed} for d in dates]


def _tell(made: skeleton.Skeleton, text: Text, out: Path | None) -> None:
    """A summary on stderr, beside the TriG on stdout."""
    err = stderr()
    if out is not None:
        err.print(f"Wrote {out}.")
    head = made.head
    title = f"'{escape(text.shown(*head.title))}'" if head.title else "none seen"
    issued = head.issued.edtf if head.issued else "none seen"
    err.print(f"{made.document}: {len(text)} code points, language {made.language or 'not told by the letters'}.")
    err.print(f"Title: {title}. Date: {issued}.")
    for printed in head.yearless:
        err.print(f"'{printed.printed}' at {printed.start}–{printed.end} has no year; none was made up.")
    for line in diff(text):
        err.print(escape(line), style="dim")
    if made.slugs:
        err.print("Rows for data/reference/slugs.csv:")
        for row in made.slugs:
            err.print(escape(row))
