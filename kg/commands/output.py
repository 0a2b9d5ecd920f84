"""How commands speak: results to stdout, findings and progress to stderr; with --json one JSON object to stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from kg.findings import BilimError, Exit, Finding, finding, pick
from kg.settings import Settings

Json = Annotated[bool, typer.Option("--json", help="Answer with one JSON object on stdout.")]

_COLOURS = {"Violation": "red", "Warning": "yellow", "Info": "cyan"}
SHOWN = 200
"""Most findings printed on a terminal; the number of all is told, and --json has them all."""


def settings() -> Settings:
    """The settings of this run. Raises :class:`BilimError` (exit 2) naming the variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        raise BilimError(
            *(
                finding(
                    "bad-setting",
                    name=f"BILIM_{'_'.join(map(str, e['loc'])).upper()}",
                    given=e["input"],
                    reason=e["msg"],
                )
                for e in error.errors()
            ),
            exit_code=Exit.USAGE,
        ) from error


def print_json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")
    sys.stdout.flush()  # `serve` writes its address and goes on


def language(context: typer.Context) -> str:
    """The language of messages: --lang of `bilim` itself."""
    return str((context.find_root().obj or {}).get("lang", "en"))


def stderr() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def stdout() -> Console:
    # into a pipe or file nothing is cut or wrapped
    return Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else 1000)


def show_findings(findings: Iterable[Finding], lang: str) -> None:
    """Findings on stderr: place, severity, thing, what, what is allowed, what to do."""
    console = stderr()
    everything = list(findings)
    for f in everything[:SHOWN]:
        place = f"{f.where}: " if f.where else ""
        thing = f" ({f.entity_label})" if f.entity_label else ""
        console.print(f"[{_COLOURS[f.severity]}]{f.severity}[/] {escape(place + f.text(lang) + thing)}")
    if len(everything) > SHOWN:
        console.print(pick(finding("more-findings", more=len(everything) - SHOWN, total=len(everything)).what, lang))


def table(title: str | None, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """A table on stdout."""
    made = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for row in rows:
        made.add_row(*("" if cell is None else escape(str(cell)) for cell in row))
    stdout().print(made)


@contextmanager
def progress_bar(steps: Iterable[str], quiet: bool) -> Iterator[Callable[[str], None]]:
    """A callback that takes step names; it moves a bar, on a terminal only."""
    names = list(steps)
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=stderr(), transient=True) as bar:
        task = bar.add_task("", total=len(names))

        def begin(name: str) -> None:
            if name in names:
                bar.update(task, description=name, completed=names.index(name))

        yield begin
