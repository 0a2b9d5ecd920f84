"""`bilim mistakes list | close`: what visitors reported as wrong."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from kg.commands.output import Json, print_json, settings, stdout, table
from kg.imports import mistakes
from kg.releases.layout import Home

app = typer.Typer(help="Mistakes that visitors have reported from the pages of things.", no_args_is_help=True)


@app.command("list")
def list_(
    closed: Annotated[bool, typer.Option("--closed", help="Those that are closed too.")] = False, as_json: Json = False
) -> None:
    """The open reports, the oldest first."""
    found = mistakes.reports(Home(settings().home), closed=closed)
    if as_json:
        print_json({"data": [asdict(one) for one in found]})
        return
    if not found:
        stdout().print("No open reports.")
        return
    rows = [(m.number, m.at[:16], f"{m.kind}/{m.slug}", m.text, m.source, m.contact, m.answer or "") for m in found]
    table(None, ("", "reported (UTC)", "about", "what", "source", "contact", "closed with"), rows)


@app.command()
def close(
    number: Annotated[int, typer.Argument(help="Number of the report.")],
    answer: Annotated[str, typer.Option("--answer", help="What came of it, and why; kept in the ledger.")],
    who: Annotated[str, typer.Option("--who", help="Who closes it.")] = "steward",
    as_json: Json = False,
) -> None:
    """Close a report; the way to reach its writer is deleted."""
    done = mistakes.close(Home(settings().home), number, who, answer)
    if as_json:
        print_json({"data": asdict(done)})
    else:
        stdout().print(f"Report {number} on {done.kind}/{done.slug} is closed.")
