"""Ways to bring a graph into a remote store. Each loads N-Triples into a graph that nobody reads yet.

A loader is a callable ``(job, graph, pieces)``; packages add theirs as entry points of the group ``bilim.loaders``. It
may fail half-way: who called it counts what is there, and loads the graph again from nothing the next time.
"""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

from kg.findings import BilimError, Exit, finding
from kg.store.errors import StoreError
from kg.store.probe import Kind
from kg.store.remote_write import Target

GROUP: Final = "bilim.loaders"
_BATCH: Final = 2_000  # triples of an INSERT DATA at first; Virtuoso 7 refuses 20,000
_BATCH_LEAST: Final = 10


@dataclass(frozen=True, slots=True)
class Job:
    """Where to: the store, and what the loader ``isql`` needs."""

    target: Target
    isql: str = ""
    folder: Path | None = None


Loader = Callable[[Job, str, Iterator[bytes]], None]
"""Loads pieces of N-Triples, whole lines each, into a graph. Raises :class:`BilimError`."""


def put(job: Job, graph: str, pieces: Iterator[bytes]) -> None:
    """The Graph Store Protocol: PUT of the first piece, POST of the others."""
    for number, piece in enumerate(pieces):
        job.target.put(graph, piece, append=number > 0)


def bulk(job: Job, graph: str, pieces: Iterator[bytes]) -> None:
    """The bulk loader of Oxigraph's server, piece by piece."""
    for piece in pieces:
        job.target.bulk(graph, piece)


def insert(job: Job, graph: str, pieces: Iterator[bytes]) -> None:
    """INSERT DATA in batches; one that the store refuses is halved, and so are those after it."""
    size = _BATCH
    for piece in pieces:
        todo = piece.splitlines(keepends=True)
        while todo:
            try:
                job.target.update(f"INSERT DATA {{ GRAPH <{graph}> {{\n{b''.join(todo[:size]).decode()}}} }}")
            except StoreError as error:
                if error.findings[0].code != "remote-failed" or size <= _BATCH_LEAST:
                    raise
                size //= 2
                continue
            todo = todo[size:]


def isql(job: Job, graph: str, pieces: Iterator[bytes]) -> None:
    """Virtuoso's own loader, from a folder that it may read on this machine; by far the fastest."""
    if not job.isql or job.folder is None:
        raise BilimError(
            finding("push-load-failed", graph=graph, reason="BILIM_ENDPOINT_ISQL, BILIM_ENDPOINT_FOLDER"),
            exit_code=Exit.USAGE,
        )
    folder = job.folder.resolve()
    file = folder / f"bilim-{uuid.uuid4().hex}.nt"
    try:
        with file.open("wb") as handle:
            handle.writelines(pieces)
        file.chmod(0o644)  # Virtuoso may run as another user
        name = file.name
        # an autocommitting load that logs nothing; the checkpoint makes it lasting
        _sql(job, graph, f"ld_dir('{folder}', '{name}', '{graph}'); rdf_loader_run(); checkpoint;")
        _sql(job, graph, f"delete from DB.DBA.load_list where ll_file = '{folder}/{name}';")
    finally:
        file.unlink(missing_ok=True)


def _sql(job: Job, graph: str, text: str) -> None:
    point = job.target.endpoint
    command = ["isql-vt", job.isql, point.user or "dba", point.password or "", "ERRORS=STDOUT", "VERBOSE=OFF"]
    try:
        done = subprocess.run([*command, f"EXEC={text}"], capture_output=True, text=True, timeout=3600, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BilimError(finding("push-load-failed", graph=graph, reason=f"isql-vt: {type(error).__name__}")) from None
    if done.returncode or "*** Error" in done.stdout:
        reason = " ".join((done.stdout + done.stderr).split())[:300]
        raise BilimError(finding("push-load-failed", graph=graph, reason=reason))


LOADERS: Final[dict[str, Loader]] = {"put": put, "insert": insert, "bulk": bulk, "isql": isql}


def names() -> tuple[str, ...]:
    """Names of all loaders, ours and those of plug-ins."""
    return (*LOADERS, *sorted(entry.name for entry in metadata.entry_points(group=GROUP)))


def choose(name: str, kind: Kind, job: Job) -> tuple[str, Loader]:
    """The loader of this name; of ``auto`` the fitting one. Raises :class:`BilimError` for an unknown name."""
    if name == "auto":
        if kind == "virtuoso" and job.isql and job.folder is not None:
            name = "isql"
        elif kind == "oxigraph":
            name = "bulk"
        else:
            name = "put" if job.target.graph_store else "insert"
    if name in LOADERS:
        return name, LOADERS[name]
    for entry in metadata.entry_points(group=GROUP, name=name):
        return name, entry.load()
    raise BilimError(finding("push-loader", given=name, allowed=", ".join(names())), exit_code=Exit.USAGE)
