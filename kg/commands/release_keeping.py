"""`bilim releases cite | uncite | prune | upgrade`, `bilim backup`, `bilim restore`: what is kept, and for how long."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kg.commands.output import Json, language, print_json, progress_bar, settings, show_findings, stdout, table
from kg.findings import Exit
from kg.imports import backup as backups
from kg.imports import retention
from kg.imports.ledger import open_ledger
from kg.releases.layout import Home, user
from kg.releases.upgrade import upgrade

Which = Annotated[str, typer.Argument(help="Release id.")]
Why = Annotated[str, typer.Option("--why", help="The reason, kept in the ledger.")]


def add(app: typer.Typer) -> None:
    """Put the commands into `bilim releases`."""
    for name, function in (("cite", cite), ("uncite", uncite), ("prune", prune), ("upgrade", upgrade_)):
        app.command(name)(function)


def cite(release: Which, why: Why = "", as_json: Json = False) -> None:
    """Mark a release as cited: it is kept for good."""
    retention.cite(Home(settings().home), release, user(), why)
    _told(as_json, {"release": release, "cited": True}, f"{release} is cited and stays.")


def uncite(release: Which, why: Why = "", as_json: Json = False) -> None:
    """Take back the mark."""
    was = retention.uncite(Home(settings().home), release, user(), why)
    _told(as_json, {"release": release, "cited": False, "was": was}, f"{release} is no longer marked as cited.")


def prune(
    keep: Annotated[int, typer.Option("--keep", min=1, help="How many of the newest releases stay.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    why: Why = "retention",
    as_json: Json = False,
) -> None:
    """Remove old releases; the newest, those cited, the current one and those being read stay."""
    done = retention.prune(Home(settings().home), keep, user(), why, dry_run)
    if as_json:
        print_json({"dryRun": dry_run, **done.as_dict()})
        return
    table(None, ("release", "kept because it is"), done.kept.items())
    verb = "Would remove" if dry_run else "Removed"
    out, removed = stdout(), ", ".join(done.removed) or "nothing"
    out.print(f"{verb} {len(done.removed)}: {removed}; {done.freed / 2**20:.1f} MiB freed.")


def upgrade_(context: typer.Context, as_json: Json = False) -> None:
    """Make projections of an older version anew, so that every release can be served by this one."""
    home = Home(settings().home)
    with home.lock("upgrade"):
        ids = home.release_ids()
        with progress_bar(ids, as_json) as begin:
            done, wrong = upgrade(home, ids, begin)
        with open_ledger(home) as ledger, ledger.db:
            for release in done:
                ledger.note("upgrade", user(), "projection made anew", release)
    if as_json:
        print_json({"upgraded": done, "findings": [f.as_dict() for f in wrong]})
    else:
        show_findings(wrong, language(context))
        stdout().print(f"Made anew: {', '.join(done) or 'nothing'}; {len(ids) - len(done)} were left as they are.")
    if wrong:
        raise typer.Exit(Exit.VIOLATIONS)


def backup(
    file: Annotated[Path, typer.Argument(help="File to write: .tar, or compressed .tar.gz.")], as_json: Json = False
) -> None:
    """Write ledger, releases and uploads into one file, as they are at one moment; serving goes on."""
    with progress_bar(backups.STEPS, as_json) as begin:
        done = backups.backup(Home(settings().home), file, begin)
    told = f"{len(done['releases'])} releases, current {done['current']}: {done['bytes'] / 2**20:.1f} MiB in {file}"
    _told(as_json, done, told)


def restore(file: Annotated[Path, typer.Argument(help="A file of `bilim backup`.")], as_json: Json = False) -> None:
    """Bring a backup into an empty home."""
    home = Home(settings().home)
    done = backups.restore(home, file)
    _told(as_json, done, f"{len(done['releases'])} releases are in {home.path}; current: {done['current']}.")


def _told(as_json: bool, data: object, text: str) -> None:
    if as_json:
        print_json(data)
    else:
        stdout().print(text)
