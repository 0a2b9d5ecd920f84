"""Other stores for tests and benches, really started on free ports of 127.0.0.1 and ended again: Virtuoso 7 from Debian
(``apt-get install --no-install-recommends virtuoso-opensource``) and Oxigraph's server (PyPI: oxigraph).
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from kg.releases.loaders import Job
from kg.releases.push import Pusher
from kg.settings import Settings
from kg.store.probe import probe
from kg.store.remote import Endpoint, RemoteStore
from kg.store.remote_write import target_of
from kg.terms import BASE

VIRTUOSO: Final = shutil.which("virtuoso-t")
ISQL: Final = shutil.which("isql-vt") or "isql-vt"
OXIGRAPH: Final = shutil.which("oxigraph", path=str(Path(sys.executable).parent))
PASSWORD: Final = "dba"  # of a new database, which listens on loopback for the time of a test

_INI: Final = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
ErrorLogLevel = 7
FileExtend = 200
MaxCheckpointRemap = 2000
Striping = 0
TempStorage = TempDatabase
[TempDatabase]
DatabaseFile = {folder}/virtuoso-temp.db
TransactionFile = {folder}/virtuoso-temp.trx
MaxCheckpointRemap = 2000
Striping = 0
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
MaxClientConnections = 20
CheckpointInterval = 0
CaseMode = 2
AllowOSCalls = 0
SchedulerInterval = 10
DirsAllowed = {load}
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
MaxQueryMem = 500M
ThreadsPerQuery = 2
AsyncQueueMaxThreads = 4
[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = {folder}
MaxClientConnections = 20
ServerThreads = 20
MaxKeepAlives = 10
KeepAliveTimeout = 10
EnabledGzipContent = 1
[SPARQL]
ResultSetMaxRows = {rows}
MaxQueryExecutionTime = 60
"""


@dataclass(frozen=True, slots=True)
class Remote:
    """A store that runs: the address of its endpoint for queries; the port of isql and the load folder of Virtuoso."""

    address: str
    process: subprocess.Popen[bytes]
    user: str = ""
    password: str = ""
    sql_port: int = 0
    load: Path | None = None


def free_ports(number: int) -> list[int]:
    """Ports that nobody listens on now, all different."""
    probes = [socket.socket() for _ in range(number)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@contextmanager
def virtuoso(folder: Path, rows: int = 1_000_000, buffers: int = 10_000) -> Iterator[Remote]:
    """A new Virtuoso 7 under ``folder``. ``rows``: its limit of rows in an answer; ``buffers`` of 8 kB."""
    assert VIRTUOSO, "virtuoso-opensource is not installed"
    load = folder / "load"
    load.mkdir(parents=True)
    sql, http = free_ports(2)
    settings = _INI.format(
        folder=folder, load=load, sql=sql, http=http, rows=rows, buffers=buffers, dirty=buffers * 3 // 4
    )
    (folder / "virtuoso.ini").write_text(settings, encoding="utf-8")
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [VIRTUOSO, "+foreground", "+configfile", str(folder / "virtuoso.ini")], cwd=folder, stdout=out, stderr=out
        )
    made = Remote(f"http://127.0.0.1:{http}/sparql", process, "dba", PASSWORD, sql, load)
    try:
        _await(made, folder / "virtuoso.log")
        yield made
    finally:
        _end(process)


@contextmanager
def oxigraph(folder: Path) -> Iterator[Remote]:
    """A new server of Oxigraph under ``folder``, which anybody may write to."""
    assert OXIGRAPH, "oxigraph is not installed"
    folder.mkdir(parents=True, exist_ok=True)
    [port] = free_ports(1)
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [OXIGRAPH, "serve", "-l", str(folder / "store"), "-b", f"127.0.0.1:{port}"], stdout=out, stderr=out
        )
    made = Remote(f"http://127.0.0.1:{port}/query", process)
    try:
        _await(made, folder / "out")
        yield made
    finally:
        _end(process)


def _await(made: Remote, log: Path) -> None:
    """Wait until it answers queries."""
    until = time.monotonic() + 120
    while True:
        with suppress(httpx.HTTPError):
            if httpx.get(made.address, params={"query": "ASK {}"}, timeout=10).status_code == 200:
                return
        if made.process.poll() is not None or time.monotonic() > until:
            said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
            raise RuntimeError(f"{made.process.args!r} did not start:\n{said}")
        time.sleep(0.1)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()  # the folder is thrown away, so nothing needs a last checkpoint
    process.wait(30)


def endpoint(store: Remote, **more: object) -> Endpoint:
    """The store as we ask it, with the rights to write."""
    told = {"user": store.user or None, "password": store.password or None, "digest": bool(store.user)}
    return Endpoint(store.address, **{"timeout": 60.0, **told, **more})  # type: ignore[arg-type]


def pusher(store: Remote, loader: str = "auto", **more: object) -> Pusher:
    """What publishes to the store; nothing waits for readers unless told."""
    point = endpoint(store)
    found = probe(point)
    isql = f"127.0.0.1:{store.sql_port}" if store.sql_port else ""
    job = Job(target_of(point, found), isql, store.load)
    return Pusher(point, job, loader, found=found, **more)  # type: ignore[arg-type]


def clean(store: Remote) -> None:
    """Drop all that belongs to any release, listed or not."""
    target = target_of(endpoint(store), probe(endpoint(store)))
    text = f'SELECT DISTINCT ?g WHERE {{ GRAPH ?g {{ ?s ?p ?o }} FILTER(STRSTARTS(STR(?g), "{BASE}releases/")) }}'
    for (graph,) in RemoteStore(endpoint(store), "").query(text):  # type: ignore[union-attr, misc]
        target.update(f"DROP SILENT GRAPH {graph}")


def without_store(home: Path, copy: Path) -> Path:
    """A home as a server in remote mode has it: manifests and projections of all releases, no graphs."""
    for release in (home / "releases").iterdir():
        shutil.copytree(release, copy / "releases" / release.name, ignore=shutil.ignore_patterns("store"))
    return copy


def settings_for(store: Remote, home: Path, **more: object) -> Settings:
    """Settings of a server that reads from the store."""
    told = {"home": home, "endpoint": store.address, "endpoint_poll": 0.1, "log_level": "error", "sparql_workers": 2}
    return Settings.model_validate({**told, **more})
