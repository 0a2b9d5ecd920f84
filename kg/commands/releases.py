"""`bilim releases list | show | verify | push`; the other commands stand in release_files and release_keeping."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from kg.commands import release_files, release_keeping
from kg.commands.output import Json, language, print_json, progress_bar, settings, show_findings, stderr, stdout, table
from kg.findings import BilimError, Exit
from kg.releases import manifest as manifests
from kg.releases.layout import Home
from kg.releases.loaders import Job
from kg.releases.push import Pusher, limits
from kg.releases.reader import current, open_release
from kg.releases.remote import endpoint_of
from kg.releases.verify import verify
from kg.store.probe import probe
from kg.store.remote_write import target_of

app = typer.Typer(help="Releases: what was published, and whether it is sound.", no_args_is_help=True)
release_files.add(app)
release_keeping.add(app)
Which = Annotated[str | None, typer.Argument(help="Release id; the current one if left out.")]
CHECKS = ("hashes", "default graph", "derived", "projection")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All releases of this home, the newest first."""
    home = Home(settings().home)
    published = home.current_id()
    rows: list[dict[str, Any]] = []
    for release_id in reversed(home.release_ids()):
        try:
            m = manifests.read(home.release(release_id))
        except BilimError as error:
            rows.append({"id": release_id, "current": release_id == published, "damaged": str(error)})
            continue
        rows.append(
            {"id": m.id, "current": m.id == published, "parent": m.parent, "created": m.created.isoformat()}
            | {"who": m.who, "why": m.why, "action": m.action, "triples": m.triples, "contentHash": m.content_hash}
        )
    if as_json:
        print_json({"current": published, "releases": rows})
    elif rows:
        shown = [
            (
                "*" if r["current"] else "",
                r["id"],
                r.get("created", "")[:19],
                r.get("triples"),
                r.get("who"),
                r.get("damaged") or r.get("why"),
            )
            for r in rows
        ]
        table(None, ("", "release", "made (UTC)", "triples", "by", "why"), shown)
    else:
        stdout().print("No releases yet. Run: bilim build")


@app.command()
def show(release: Which = None, as_json: Json = False) -> None:
    """The manifest of a release."""
    home = Home(settings().home)
    m = open_release(home, release or _current(home), any_projection=True).manifest
    if as_json:
        print_json(m.model_dump(mode="json", by_alias=True))
        return
    facts = {
        "release": m.id,
        "current": "yes" if m.id == home.current_id() else "no",
        "parent": m.parent or "–",
        "made": f"{m.created.isoformat(timespec='seconds')} by {m.who}: {m.why}",
        "content": m.content_hash,
        "triples": f"{m.triples} (in graphs: {m.quads})",
        "things": ", ".join(f"{n} {kind}" for kind, n in m.entities.items()),
        "ontology": m.versions.ontology or "–",
    }
    table(None, ("", ""), facts.items())
    table(None, ("graph", "quads", "sha256"), ((n, g.quads, g.sha256[:16]) for n, g in m.graphs.items()))


@app.command("verify")
def verify_(context: typer.Context, release: Which = None, as_json: Json = False) -> None:
    """Compute everything in a release again: hashes, default graph, derived values, projection."""
    home = Home(settings().home)
    opened = open_release(home, release or _current(home), any_projection=True)
    with progress_bar(CHECKS, as_json) as begin:
        findings = verify(opened, begin)
    if as_json:
        print_json({"release": opened.id, "sound": not findings, "findings": [f.as_dict() for f in findings]})
    else:
        show_findings(findings, language(context))
        stdout().print(f"{opened.id}: " + ("sound" if not findings else f"{len(findings)} fault(s)"))
    if findings:
        raise typer.Exit(Exit.VIOLATIONS)


@app.command("push")
def push(
    context: typer.Context,
    endpoint: Annotated[str, typer.Argument(help="Address of the store's SPARQL endpoint for queries.")],
    release: Annotated[str | None, typer.Option("--release", help="Release id; the current one if left out.")] = None,
    loader: Annotated[
        str | None,
        typer.Option("--loader", help="auto, put, insert, bulk, isql, or a plug-in's (BILIM_ENDPOINT_LOADER)."),
    ] = None,
    grace: Annotated[
        float | None,
        typer.Option("--grace", min=0, help="Seconds before the former is dropped; by lease and deadline if left out."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Publish a release to another store: load under new names, count, switch, drop the former. Repeat it at need.

    Credentials and addresses for writing come from BILIM_ENDPOINT_… ; the directory of the release must be on the
    servers that read from that store before.
    """
    chosen = settings()
    home = Home(chosen.home)
    point = endpoint_of(chosen, endpoint, told="")
    # counting a big graph takes longer than a reader would wait
    point = replace(point, timeout=max(point.timeout, 600.0), digest=point.digest or bool(point.user))
    with home.lock("push", "push.lock"):
        opened = open_release(home, release or _current(home), any_projection=True)
        found = probe(point)
        target = target_of(point, found, chosen.endpoint_update, chosen.endpoint_graph_store)
        job = Job(target, chosen.endpoint_isql, chosen.endpoint_folder)
        # a query that began in the last moment of the lease, and whose last bytes come as late as they may
        pause = chosen.endpoint_lease + 2 * chosen.endpoint_timeout + 1 if grace is None else grace
        told = None if as_json else lambda step: stderr().print(step)
        done = Pusher(point, job, loader or chosen.endpoint_loader, pause, found, told or (lambda _: None)).push(opened)
        seen, warning = limits(point, found, opened.manifest.triples)
    if as_json:
        print_json(
            {"release": done.release, "former": done.former, "store": seen.told(), "loader": done.loader}
            | {"loaded": list(done.loaded), "kept": list(done.kept), "dropped": list(done.dropped)}
            | {"triples": done.triples, "seconds": round(done.seconds, 3)}
            | {"findings": [f.as_dict() for f in warning.findings] if warning else []}
        )
        return
    if warning:
        show_findings(warning.findings, language(context))
    rate = f", {done.triples / done.seconds:,.0f} a second" if done.seconds and done.triples else ""
    stdout().print(
        f"{done.release} is current in {point.name} ({seen.told()}): {len(done.loaded)} graphs loaded "
        f"by {done.loader}, {len(done.kept)} were there; {done.triples} triples in {done.seconds:.1f} s{rate}; "
        f"dropped: {', '.join(done.dropped) or 'nothing'}."
    )


def _current(home: Home) -> str:
    return home.current_id() or current(home).id
