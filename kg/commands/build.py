"""`bilim build`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kg import resources
from kg.commands.output import Json, language, print_json, progress_bar, settings, show_findings, stderr, stdout
from kg.releases.layout import BUILT
from kg.settings import Settings

if TYPE_CHECKING:
    from kg.imports.build import BuildResult


def command(
    context: typer.Context,
    only_data: Annotated[
        bool, typer.Option("--only-data", help="Start from nothing: keep no imported graphs.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as violations.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but publish.")] = False,
    why: Annotated[str, typer.Option("--why", help="The reason, kept in the release and the ledger.")] = BUILT,
    as_json: Json = False,
) -> None:
    """Build the graph from data/, validate it, and publish it as the next release."""
    result = run(settings(), quiet=as_json, only_data=only_data, strict=strict, dry_run=dry_run, why=why)
    if as_json:
        print_json(result.as_dict())
    else:
        show_findings(result.findings, language(context))
        summary(result)
    if result.exit_code:
        raise typer.Exit(result.exit_code)


def run(chosen: Settings, *, quiet: bool, **options: Any) -> BuildResult:
    """Build, by :class:`kg.imports.build.Options`, with a progress bar on a terminal."""
    from kg.imports.build import STEPS, Options, build  # here: the shapes' engine takes a second to load

    found = resources.find(chosen.resources)
    with progress_bar(STEPS, quiet) as begin:
        return build(chosen, found, Options(**options), begin)


def summary(result: BuildResult) -> None:
    """What was done, in a few lines."""
    out = stdout() if result.outcome != "violations" else stderr()
    for line in result.recovered:
        out.print(f"Recovered: {line}.")
    violations = sum(f.severity == "Violation" for f in result.findings)
    warnings = sum(f.severity == "Warning" for f in result.findings)
    seconds = f"{sum(result.steps.values()):.1f} s"
    if result.outcome == "unchanged":
        out.print(f"Nothing has changed: {result.release} stays. ({seconds})")
        return
    if result.outcome == "violations":
        stays = f" {result.release} stays." if result.release else ""
        out.print(f"Not published: {violations} violation(s), {warnings} warning(s).{stays} ({seconds})")
        return
    verb = "Would publish" if result.outcome == "dry run" else f"Published {result.release}:"
    if (m := result.manifest) is not None:
        things = ", ".join(f"{n} {kind}" for kind, n in m.entities.items())
        out.print(f"{verb} {m.triples} triples in {len(m.graphs)} graphs; {things}.")
    else:
        out.print(f"{verb} content {(result.content_hash or '')[:12]}.")
    if (d := result.difference) is not None and d.base:
        changes = "; ".join(
            f"{kind} " + ", ".join(f"{n} {what}" for what, n in by.items() if n) for kind, by in d.counts().items()
        )
        out.print(f"Quads +{d.added} −{d.removed}. Things: {changes or 'none changed'}.")
    if result.kept:
        out.print(f"Kept {len(result.kept)} graph(s) that are not in data/; --only-data would drop them.")
    steps = ", ".join(f"{name} {s:.2f}" for name, s in result.steps.items())
    out.print(f"{violations} violation(s), {warnings} warning(s). {seconds}: {steps}.")
