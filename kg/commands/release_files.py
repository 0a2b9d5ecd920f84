"""`bilim releases diff | export`: what differs between two releases, and a release as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kg.commands.output import Json, print_json, progress_bar, settings, stdout, table
from kg.findings import BilimError, Exit, finding
from kg.releases.dcat import citation, place
from kg.releases.difference import compare
from kg.releases.export import STEPS, export, exported
from kg.releases.layout import Home
from kg.releases.reader import current, open_release

SHOWN = 40


def add(app: typer.Typer) -> None:
    """Put the commands into `bilim releases`."""
    app.command("diff")(diff)
    app.command("export")(export_)


def diff(
    old: Annotated[str, typer.Argument(help="Release id of the older state.")],
    new: Annotated[str | None, typer.Argument(help="Release id of the newer one; the current one if left out.")] = None,
    as_json: Json = False,
) -> None:
    """What differs between two releases: by graph, by kind, by thing."""
    home = Home(settings().home)
    before = open_release(home, old, any_projection=True)
    after = open_release(home, new or current(home).id, any_projection=True)
    found = compare(before.embedded.raw, after.embedded.raw, before.manifest.hashes(), after.manifest.hashes())
    if as_json:
        print_json({"old": before.id, "new": after.id, **found.as_dict(limit=2**62)})
        return
    out = stdout()
    out.print(f"{before.id} → {after.id}: quads +{found.added} −{found.removed}" + (", equal" if found.empty else ""))
    if found.graphs:
        table(None, ("graph", "added", "removed"), ((g, a, r) for g, (a, r) in found.graphs.items()))
    if found.entities:
        rows = ((e.change, e.kind, e.slug, e.added, e.removed) for e in found.entities[:SHOWN])
        table(None, ("change", "kind", "thing", "triples added", "removed"), rows)
    if len(found.entities) > SHOWN:
        out.print(f"… {SHOWN} of {len(found.entities)} things; --json has all.")


def export_(
    release: Annotated[str | None, typer.Argument(help="Release id; the current one if left out.")] = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder to make; exports/ of the home, as served, if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a release as files: N-Quads, TriG, a table for each kind, DCAT and VoID, sums, citation."""
    chosen = settings()
    home, address = Home(chosen.home), place(chosen.public_url)
    opened = open_release(home, release) if release else current(home)
    if to is not None and to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise BilimError(finding("backup-exists", file=to), exit_code=Exit.USAGE)
    with progress_bar(STEPS, as_json) as begin:
        if to is None:
            folder = exported(home, opened, address, begin)
        else:
            export(opened, to, address, begin)
            folder = to
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    told = citation(opened.manifest, address)
    if as_json:
        print_json({"release": opened.id, "folder": str(folder), "files": names, "citation": told})
    else:
        stdout().print(f"{opened.id}: {len(names)} files in {folder}\n{told}")
