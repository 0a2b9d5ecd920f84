"""`bilim sparql FILE|-`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Annotated

import pyoxigraph as ox
import typer

from kg.commands.output import Json, settings, table
from kg.findings import BilimError, Exit, finding
from kg.releases.layout import Home
from kg.releases.reader import Release, current
from kg.releases.remote import connect
from kg.sparql.formats import offers_for
from kg.sparql.forward import Limits, answer
from kg.sparql.negotiation import by_suffix
from kg.sparql.running import Job
from kg.sparql.vet import vet
from kg.sparql.vetted import Vetted
from kg.store.dataset import MERGE_LIMIT, DatasetTooLarge, view
from kg.store.errors import QueryError, syntax_error
from kg.store.remote import RemoteStore
from kg.store.remote_answers import TABLE as JSON
from kg.store.remote_answers import table_of
from kg.terms import BASE, shorten


def command(
    file: Annotated[str, typer.Argument(help="A file with a SPARQL query; - reads it from stdin.")],
    form: Annotated[
        str | None,
        typer.Option(
            "--format", "-f", help="json, xml, csv, tsv; of CONSTRUCT and DESCRIBE ttl, nt, jsonld, rdf, nq, trig."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a SPARQL query (SELECT, ASK, CONSTRUCT, DESCRIBE) on the current release. No time limit; Ctrl+C ends it."""
    vetted = vet(read_text(file))
    chosen = settings()
    release = current(Home(chosen.home), connect(chosen))
    if form is None and not as_json and sys.stdout.isatty() and vetted.form == "SELECT":
        _print_table(_ask(release, vetted) if release.remote is None else table_of(_forward(release, vetted, JSON)))
        return
    offers = offers_for(vetted.form)
    wanted = form or (("json" if vetted.form in ("SELECT", "ASK") else "jsonld") if as_json else offers[0].suffix)
    offer = by_suffix(wanted, offers)
    if offer is None:
        allowed = ", ".join(o.suffix for o in offers)
        raise BilimError(finding("unknown-format", given=wanted, allowed=allowed), exit_code=Exit.USAGE)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # evaluation is native code: Python would answer only at its end
    if release.remote is not None:
        sys.stdout.buffer.write(_forward(release, vetted, offer.media_type) + (b"\n" if wanted == "json" else b""))
        sys.stdout.flush()
        return
    result = _ask(release, vetted)
    if isinstance(result, ox.QueryTriples):
        result.serialize(sys.stdout.buffer, ox.RdfFormat.from_media_type(offer.media_type))
    else:
        result.serialize(sys.stdout.buffer, ox.QueryResultsFormat.from_media_type(offer.media_type))
        if wanted == "json":
            sys.stdout.write("\n")
    sys.stdout.flush()


def read_text(file: str) -> str:
    """The text of a file or of stdin. Raises :class:`BilimError` (exit 3) where it cannot be read as UTF-8."""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise BilimError(finding("file-unreadable", file=file, reason=reason)) from error


def _forward(release: Release, vetted: Vetted, media_type: str) -> bytes:
    """The answer of the remote store, in whole."""
    chosen = settings()
    store = release.store
    assert isinstance(store, RemoteStore)  # a release of remote mode
    limits = Limits(chosen.sparql_max_bytes, chosen.sparql_max_rows)
    return answer(store, Job(vetted.text, media_type, vetted.prefixes), limits)


def _ask(release: Release, vetted: Vetted) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    try:
        seen = view(release.embedded.raw, vetted.dataset, MERGE_LIMIT)
        return seen.store.query(
            vetted.text,
            base_iri=BASE,
            prefixes=vetted.prefixes,
            default_graph=seen.default_graph,
            named_graphs=seen.named_graphs,
        )
    except SyntaxError as error:
        raise syntax_error(str(error)) from error
    except DatasetTooLarge as error:
        raise QueryError("sparql-dataset-too-large", limit=error.limit) from error
    except RuntimeError as error:
        raise QueryError("sparql-evaluation", reason=error) from error


def _print_table(result: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples) -> None:
    assert isinstance(result, ox.QuerySolutions)  # the vet knows the form
    names = [v.value for v in result.variables]
    table(None, names, ([_short(row[n]) for n in names] for row in result))


def _short(term: object) -> str:
    if isinstance(term, ox.NamedNode):
        return shorten(term.value)
    return term.value if isinstance(term, ox.Literal) else "" if term is None else str(term)
