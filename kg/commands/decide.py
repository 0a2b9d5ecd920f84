"""`bilim decide …`: what stewards decide of statements and things, without a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg import resources
from kg.commands.output import Json, language, print_json, settings, show_findings, stdout, table
from kg.findings import BilimError, Exit, finding
from kg.releases.layout import Home, user
from kg.releases.publish import Reason
from kg.terms import LANGUAGES

if TYPE_CHECKING:
    from kg.imports.deciding import Done

app = typer.Typer(help="Decide: settle, correct, merge, withdraw, comment; each can be undone.", no_args_is_help=True)
Thing = Annotated[str, typer.Argument(help="kind/slug, or an address of ours.")]
Why = Annotated[str, typer.Option("--why", help="The reason; kept in the ledger and in the release.")]


@app.command()
def settle(
    context: typer.Context,
    discrepancy: Annotated[str, typer.Argument(help="discrepancy/slug.")],
    rank: Annotated[
        list[str], typer.Option("--rank", help="evidence/slug=preferred, =normal or =deprecated; may be repeated.")
    ],
    why: Why,
    lang: Annotated[str, typer.Option("--in", help="Language of the reason: kk, ru or en.")] = "en",
    as_json: Json = False,
) -> None:
    """Settle a discrepancy by ranks of its evidence."""
    if lang not in LANGUAGES:
        raise typer.BadParameter(f"{lang!r} is not one of {', '.join(LANGUAGES)}", param_hint="--in")
    ranks: dict[str, str] = {}
    for text in rank:
        name, sign, value = text.rpartition("=")
        if not sign:
            raise BilimError(finding("decision-bad-rank", given=text[:80]), exit_code=Exit.USAGE)
        ranks[name] = value
    _decide(context, "settle", {"discrepancy": discrepancy, "ranks": ranks, "lang": lang}, why, as_json)


@app.command()
def correct(
    context: typer.Context,
    old: Annotated[str, typer.Argument(help="The statement as it is, one line of N-Triples.")],
    why: Why,
    new: Annotated[str, typer.Option("--new", help="What is to stand in its place; nothing if left out.")] = "",
    as_json: Json = False,
) -> None:
    """Replace one statement, or take it away."""
    _decide(context, "correct", {"old": old, "new": new or None}, why, as_json)


@app.command()
def merge(
    context: typer.Context,
    thing: Thing,
    into: Annotated[str, typer.Argument(help="The thing that it is.")],
    why: Why,
    as_json: Json = False,
) -> None:
    """Two things are one: the first goes up in the second, its address leads there (301)."""
    _decide(context, "merge", {"thing": thing, "into": into}, why, as_json)


@app.command()
def unmerge(context: typer.Context, thing: Thing, why: Why, as_json: Json = False) -> None:
    """Take back the merging of a thing."""
    _decide(context, "unmerge", {"thing": thing}, why, as_json)


@app.command()
def withdraw(context: typer.Context, thing: Thing, why: Why, as_json: Json = False) -> None:
    """A thing is no more, with what was only about it; its address is 410."""
    _decide(context, "withdraw", {"thing": thing}, why, as_json)


@app.command()
def comment(context: typer.Context, thing: Thing, why: Why, as_json: Json = False) -> None:
    """Say something of a thing, in the ledger."""
    _decide(context, "comment", {"thing": thing}, why, as_json)


@app.command()
def undo(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="Number of the decision.")],
    why: Why,
    as_json: Json = False,
) -> None:
    """Take a decision back."""
    _decide(context, "undo", {"number": number}, why, as_json)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All decisions, the oldest first."""
    from kg.imports.ledger import open_ledger

    with open_ledger(Home(settings().home)) as ledger:
        rows = [decision.as_dict() for decision in ledger.decisions.all()]
    if as_json:
        print_json({"decisions": rows})
    else:
        keys = ("number", "action", "state", "thing", "who", "at", "why")
        table(None, ("", "decision", "state", "thing", "by", "at (UTC)", "why"), ([r[k] for k in keys] for r in rows))


def _decide(context: typer.Context, action: str, given: dict[str, Any], why: str, as_json: bool) -> None:
    from kg.imports.asking import decide  # here: the shapes' engine takes a second to load
    from kg.imports.desk import Desk

    chosen = settings()
    desk = Desk(chosen, resources.find(chosen.resources))
    done: Done = decide(desk, action, given, Reason(user(), why))
    decision = done.decision
    if as_json:
        print_json({**decision.as_dict(), "findings": [f.as_dict() for f in done.findings]})
        return
    show_findings(done.findings, language(context))
    stdout().print(f"Decision {decision.number} ({decision.action}) is made: release {decision.release}.")
