"""`bilim import FILE` and `bilim imports …`: the steward's way of a file into a release, and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg import resources
from kg.commands.output import Json, language, print_json, settings, show_findings, stderr, stdout, table
from kg.commands.report import Reports, Split, check_suffixes, write_report_files
from kg.findings import BilimError, Exit, finding, pick
from kg.releases.layout import user
from kg.releases.publish import Reason

if TYPE_CHECKING:
    from kg.imports.accept import Done
    from kg.imports.desk import Desk
    from kg.imports.records import Import

app = typer.Typer(help="Imports: what was handed in, what became of it, and deciding on it.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(help="Number of the import.", metavar="ID")]
Why = Annotated[str, typer.Option("--reason", help="Why; kept in the ledger and in the release.")]


def command(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="RDF, a table of data/ (.csv .tsv .xlsx), a folder or zip of them.")],
    name: Annotated[
        str | None, typer.Option("--name", help="Name of the import's graph; by the file if left out.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Judge and compare; keep nothing.")] = False,
    accept_: Annotated[bool, typer.Option("--accept", help="Accept it at once, if it may be accepted.")] = False,
    reason: Why = "",
    as_json: Json = False,
) -> None:
    """Hand in a file: it is read, judged on the current release, and waits for `bilim imports accept`."""
    from kg.imports import accept, dry, flow, told
    from kg.imports.incoming import packed_folder
    from kg.imports.ledger import open_ledger

    desk = _desk()
    try:
        data, called = packed_folder(file) if file.is_dir() else (file.read_bytes(), file.name)
    except OSError as error:
        raise BilimError(finding("file-unreadable", file=file, reason=error.strerror or error)) from error
    if dry_run:
        import_, found = dry.dry_run(desk, data, called, name)
        body = told.judged(import_, found, desk.rules().labels)
        if as_json:
            print_json(body)
        else:
            show_findings((*found.judgement.all, *found.judgement.mended), language(context))
            _summary(body)
        _end(told.EXITS[found.verdict])
        return
    received = flow.receive(desk, data, called, name, _reason(reason))
    number = received.import_.number
    import_ = received.import_
    if import_.state in flow.WAITING:
        import_ = flow.process(desk, number, lambda step: None if as_json else stderr().print(step))
    with open_ledger(desk.home) as ledger:
        body = told.whole(ledger, number) | {"known": received.known, "report": told.report(ledger, number)}
        shown = _findings(ledger, number)
    if not as_json:
        show_findings(shown, language(context))
        _summary(body)
    if accept_ and import_.state == "validated":
        done = accept.accept(desk, number, _reason(reason))
        _tell(context, done, as_json)
        return
    if as_json:
        print_json(body)
    _end(told.EXITS[import_.verdict])


@app.command("list")
def list_(
    state: Annotated[list[str] | None, typer.Option("--state", help="Only of this state; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """All imports, the newest first."""
    from kg.imports.ledger import open_ledger

    with open_ledger(_desk().home) as ledger:
        rows = ledger.imports.all(state or ())
        last = {step.import_: step for step in ledger.imports.steps()}
    if as_json:
        print_json({"imports": [row.as_dict() for row in rows]})
    elif rows:
        shown = (
            (
                r.number,
                r.name,
                r.file,
                r.state,
                r.verdict,
                r.release or r.base,
                last[r.number].who,
                last[r.number].at[:19],
            )
            for r in rows
        )
        table(None, ("id", "name", "file", "state", "verdict", "release", "by", "last (UTC)"), shown)
    else:
        stdout().print("No imports yet. Run: bilim import FILE")


@app.command()
def show(
    context: typer.Context,
    number: Number,
    report: Reports = None,
    split: Split = None,
    as_json: Json = False,
) -> None:
    """One import: its steps, findings, what it would change, and what is to be settled."""
    from kg.imports import flow, kept, told
    from kg.imports.ledger import open_ledger

    check_suffixes(report or ())
    desk = _desk()
    with open_ledger(desk.home) as ledger:
        import_, data = ledger.imports.get(number), ledger.imports.kept(number, "report")
        body = told.whole(ledger, number) | {"report": told.report(ledger, number)}
        shown = _findings(ledger, number)
        if data is not None and (report or split):
            made = kept.report_of(import_.file, import_.base, data)
            source = flow.uploaded(desk.home, import_)
            write_report_files(made, import_.file, source, report or (), split, language(context))
    if as_json:
        print_json(body)
        return
    show_findings(shown, language(context))
    _summary(body)
    table(
        None,
        ("when (UTC)", "step", "by", "why"),
        ((s["at"][:19], s["step"], s["who"], s["why"]) for s in body["steps"]),
    )


@app.command()
def accept(context: typer.Context, number: Number, reason: Why = "", as_json: Json = False) -> None:
    """Publish an import: judged again on the current release, and sent back if that brings anything new."""
    from kg.imports import accept as accepting

    desk = _desk()
    progress = (lambda _: None) if as_json else (lambda step: stderr().print(step))
    _tell(context, accepting.accept(desk, number, _reason(reason), progress), as_json)


@app.command()
def reject(number: Number, reason: Why = "", as_json: Json = False) -> None:
    """Decide against an import."""
    from kg.imports import flow

    _done(flow.reject(_desk(), number, _reason(reason)), as_json)


@app.command()
def retract(context: typer.Context, number: Number, reason: Why = "", as_json: Json = False) -> None:
    """Publish a release without an import: what only it stated goes. Needs a reason."""
    from kg.imports import accept as accepting

    desk = _desk()
    _tell(context, accepting.retract(desk, number, _reason(reason)), as_json)


@app.command()
def exclude(
    number: Number,
    row: Annotated[
        list[int] | None, typer.Option("--row", help="Row as a spreadsheet counts; may be repeated.")
    ] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", help="Sheet of these rows.")] = None,
    file: Annotated[
        str | None, typer.Option("--file", help="File of these rows, in a zip; the import's if left out.")
    ] = None,
    bad: Annotated[bool, typer.Option("--bad", help="All rows at which a violation stands.")] = False,
    none: Annotated[bool, typer.Option("--none", help="Take all rows in again.")] = False,
    reason: Why = "",
    as_json: Json = False,
) -> None:
    """Leave rows out, beside those left out already, and judge again."""
    from kg.imports import flow
    from kg.imports.ledger import open_ledger
    from kg.imports.records import Row

    desk = _desk()
    with open_ledger(desk.home) as ledger:
        import_ = ledger.imports.get(number)
        chosen: set[Row] = set() if none else set(import_.excluded)
        chosen |= {(file or import_.file, sheet, n) for n in row or ()}
        if bad:
            chosen |= set(flow.bad_rows(ledger, number))
    _done(flow.exclude(desk, number, chosen, _reason(reason)), as_json)


@app.command()
def settle(
    number: Number,
    thing: Annotated[str, typer.Argument(help="The new thing: IRI, or kind/slug.")],
    candidate: Annotated[str, typer.Argument(help="What it may be: IRI, or kind/slug.")],
    same: Annotated[bool, typer.Option("--same/--not-same", help="Whether they are one.")],
    reason: Why = "",
    as_json: Json = False,
) -> None:
    """Say of a likely duplicate whether it is one; if so, the import's thing gets the name of the other."""
    from kg.imports import flow

    decision = "same" if same else "not same"
    _done(flow.settle(_desk(), number, _iri(thing), _iri(candidate), decision, _reason(reason)), as_json)  # type: ignore[arg-type]


@app.command()
def waive(
    number: Number,
    focus: Annotated[str, typer.Argument(help="The thing of the finding: IRI, or kind/slug.")],
    shape: Annotated[str, typer.Argument(help="Its shape, as the report names it.")],
    path: Annotated[str, typer.Argument(help="Its path, as the report names it.")] = "",
    reason: Why = "",
    as_json: Json = False,
) -> None:
    """Let a finding pass until something else is said of the thing. Needs a reason."""
    from kg.imports import flow

    _done(flow.waive(_desk(), number, _iri(focus), shape, path, _reason(reason)), as_json)


def rollback(
    release: Annotated[str, typer.Argument(help="Id of the release that is to be current again.")],
    reason: Why = "",
    as_json: Json = False,
) -> None:
    """Go back to an earlier release. Nothing is deleted; needs a reason, which the ledger keeps."""
    from kg.imports.rollback import rollback as go_back

    done = go_back(_desk().home, release, _reason(reason))
    if as_json:
        print_json({"release": done.id})
    else:
        stdout().print(f"{done.id} is current again.")


def _desk() -> Desk:
    from kg.imports.desk import Desk

    chosen = settings()
    return Desk(chosen, resources.find(chosen.resources))


def _reason(why: str) -> Reason:
    return Reason(user(), why)


def _iri(text: str) -> str:
    from kg.terms import ID

    return text if "://" in text else f"{ID}{text}"


def _findings(ledger: Any, number: int) -> list[Any]:
    from kg.imports import kept

    data = ledger.imports.kept(number, "report")
    return list(kept.report_of("", None, data).findings) if data else []


def _summary(body: Mapping[str, Any]) -> None:
    """What an import would do, in a few lines."""
    out = stdout()
    counts, difference = body["counts"], body["difference"]
    head = f"import {body['id']}" if body["id"] else "dry run"
    state = body["state"] if body["id"] else "nothing kept"
    out.print(
        f"{head}, {body['name']}: {state}, {body['verdict'] or 'not judged yet'} "
        f"on {body['base']}: {counts.get('Violation', 0)} violation(s), {counts.get('Warning', 0)} warning(s)."
    )
    if difference:
        for kind, n in difference["counts"].items():
            out.print(
                f"  {kind}: {n['added']} added, {n['changed']} changed, {n['removed']} removed, "
                f"{n['computed']} computed anew"
            )
        for thing in difference["things"]["items"][:20]:
            label = pick(thing["labels"], "en")
            out.print(f"  {thing['change']:<9} {thing['kind']}/{thing['slug']}  {label}", markup=False)
        if difference["things"]["total"] > 20:
            out.print(f"  … {difference['things']['total']} things in all (--json lists them)")
    for match in body["matches"]:
        decided = match["decision"] or "to be settled"
        out.print(f"  {match['thing']} may be {match['candidate']} ({match['reason']}): {decided}", markup=False)


def _tell(context: typer.Context, done: Done, as_json: bool) -> None:
    if as_json:
        told = {"outcome": done.outcome, "release": done.release, "import": done.import_.as_dict()}
        print_json(told | {"findings": [f.as_dict() for f in done.findings]})
    else:
        show_findings(done.findings, language(context))
        words = {"published": "published", "unchanged": "is there already", "back": "back to the steward"}
        stdout().print(f"import {done.import_.number}: {words[done.outcome]}; current release {done.release}.")
    if done.outcome == "back":
        raise typer.Exit(Exit.VIOLATIONS)


def _done(import_: Import, as_json: bool) -> None:
    if as_json:
        print_json(import_.as_dict())
    else:
        stdout().print(f"import {import_.number} is {import_.state}, {import_.verdict or 'not judged'}.")


def _end(code: Exit) -> None:
    if code:
        raise typer.Exit(code)
