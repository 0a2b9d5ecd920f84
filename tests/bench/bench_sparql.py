"""/sparql side by side with rdflib-endpoint, Oxigraph's own server and Virtuoso, on the same data in one run.

Tables: a small query through a worker against the same in process; the 20 query cases of the protocol
(tests/protocol_cases.py) against each server; templates' queries over HTTP as ratios, of wall time and of CPU time.
Uncached: no text is sent twice (each ends in a comment with a number of its own), because rdflib-endpoint keeps the
queries that it has parsed and Virtuoso those that it has compiled, by their text. Then the same texts again and again:
theirs with what they keep, ours with the answers it keeps. rdflib-endpoint is served as ``rdflib-endpoint serve`` does,
and once more with ``--store Oxigraph``. The other servers are installed from PyPI into an environment of the bench's
own, which is gone afterwards; without them their columns stay empty. Virtuoso 7 is Debian's (``apt-get install
virtuoso-opensource``), left out where it is not installed. Our workers run at niceness 0 here, as the other servers do.
``--home HOME`` asks a release that is there already, ``--without NAME`` leaves a server out, ``--json FILE`` keeps the
figures, ``--rounds N`` are measured after one to warm up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pyoxigraph as ox

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kg import resources  # noqa: E402
from kg.releases.layout import Home  # noqa: E402
from kg.settings import Settings  # noqa: E402
from kg.sparql.pool import Pool  # noqa: E402
from kg.sparql.running import Job  # noqa: E402
from kg.templates.loader import load_folder  # noqa: E402
from tests.bench.bench_engine import Engines, build_release, cases  # noqa: E402
from tests.protocol_cases import CASES, data  # noqa: E402
from tests.sparql_site import site  # noqa: E402
from tests.sparql_world import Published  # noqa: E402

PACKAGES = ("rdflib-endpoint==0.6.3", "oxrdflib", "oxigraph==0.5.*", "uvicorn", "httptools", "uvloop")
ROUNDS = 5
KEEPING = "ours, keeping answers"
JSON = "application/sparql-results+json"
RDFLIB = """
import sys, uvicorn
from rdflib import Dataset
from rdflib_endpoint import SparqlEndpoint
graph = Dataset(store=sys.argv[4] if len(sys.argv) > 4 else "default", default_union=len(sys.argv) > 3)
graph.parse(sys.argv[1], format="nquads")
uvicorn.run(SparqlEndpoint(path="/sparql", graph=graph), host="127.0.0.1", port=int(sys.argv[2]), log_level="critical")
"""
OURS = """
import sys
from pathlib import Path
from kg.commands.serve import _serve, listen
from kg.settings import Settings
settings = Settings(home=Path(sys.argv[1]), log_level="error", sparql_cache_mb=int(sys.argv[3]), sparql_nice=0)
_serve(settings, listen("127.0.0.1", int(sys.argv[2])))
"""


VIRTUOSO = """
[Database]
DatabaseFile = {own}/virtuoso.db
ErrorLogFile = {own}/virtuoso.log
LockFile = {own}/virtuoso.lck
TransactionFile = {own}/virtuoso.trx
xa_persistent_file = {own}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {own}/temp.db
TransactionFile = {own}/temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DirsAllowed = {own}, {load}
NumberOfBuffers = 170000
MaxDirtyBuffers = 130000
[HTTPServer]
ServerPort = 127.0.0.1:{http}
[SPARQL]
ResultSetMaxRows = 1000000
"""


def others(folder: Path) -> Path | None:
    """The folder of programs of the environment with the other servers; None where it cannot be made."""
    uv = Path(sys.executable).parent / "uv"
    env = folder / "others"
    for command in (["venv", "-q", "--python", sys.executable, env], ["pip", "install", "-q", "-p", env, *PACKAGES]):
        done = subprocess.run([str(uv), *map(str, command)], capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"the other servers are left out: {done.stderr.strip()[-300:]}", file=sys.stderr)
            return None
    return env / "bin"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: list[str], port: int, path: str) -> Iterator[tuple[str, int]]:
    """A server in a process of its own; the address of its endpoint once it answers, and its process id."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}{path}"
    try:
        for _ in range(600):
            with suppress(httpx.HTTPError):
                if httpx.get(address, params={"query": "ASK {}"}, headers={"Accept": JSON}).status_code == 200:
                    break
            if process.poll() is not None:
                sys.exit(f"{command[0]} ended at start")
            time.sleep(0.1)
        yield address, process.pid
    finally:
        process.kill()
        process.wait()


def rivals(programs: Path | None, folder: Path, quads: Path, *more: str) -> list[tuple[str, list[str], int, str]]:
    """(name, command, port, path) of the other servers over a file of N-Quads."""
    if programs is None:
        return []
    store = folder / f"oxigraph-{quads.stem}"
    oxigraph = str(programs / "oxigraph")
    subprocess.run([oxigraph, "load", "-l", store, "-f", quads], check=True, capture_output=True)
    one, two, three = free_port(), free_port(), free_port()
    python = str(programs / "python")
    over = [python, "-c", RDFLIB, str(quads), str(three), *more, "Oxigraph"]
    return [
        ("rdflib-endpoint", [python, "-c", RDFLIB, str(quads), str(one), *more], one, "/sparql"),
        *([("rdflib-endpoint over Oxigraph", over, three, "/sparql")] if more else []),
        ("Oxigraph's server", [oxigraph, "serve-read-only", "-l", str(store), "-b", f"127.0.0.1:{two}"], two, "/query"),
    ]


def through_worker(store: Path, engines: Engines, texts: list[str]) -> dict[str, float]:
    """Milliseconds of a small query in process and through a worker, as JSON both; medians."""

    async def main() -> dict[str, float]:
        pool = Pool(Settings(sparql_workers=1))
        await pool.switch(Published("bench", store.parent))
        direct, worker = [], []
        for text in texts * 40:
            start = time.perf_counter()
            answer = engines.store.query(text).serialize(format=ox.QueryResultsFormat.JSON)  # type: ignore[union-attr]
            middle = time.perf_counter()
            async with pool.run(Job(text, JSON)) as running:
                same = running.whole
            worker.append(time.perf_counter() - middle)
            direct.append(middle - start)
            assert same is not None
            assert _rows(same) == _rows(answer or b"")  # in any order: the one is in memory, the other on disk
        await pool.close()
        found = {"in_process_ms": statistics.median(direct) * 1000, "worker_ms": statistics.median(worker) * 1000}
        return {**found, "added_ms": found["worker_ms"] - found["in_process_ms"]}

    return asyncio.run(main())


def _rows(answer: bytes) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in json.loads(answer)["results"]["bindings"])


def protocol(programs: Path | None, folder: Path) -> dict[str, list[str]]:
    """Server -> the names of the cases that it does not pass."""
    quads = folder / "protocol.nq"
    lines = [f"{triple.strip().removesuffix('.')} <{graph}> .\n" for graph, triple in data()]
    quads.write_text("".join(lines), encoding="utf-8")
    (folder / "protocol").mkdir()
    store = ox.Store(str(folder / "protocol" / "store"))
    store.load(path=str(quads), format=ox.RdfFormat.N_QUADS)
    store.flush()
    del store

    async def ours() -> list[str]:
        async with site(Published("protocol", folder / "protocol")) as made:
            return await _failed(made.client, "/sparql")

    async def theirs(address: str) -> list[str]:
        async with httpx.AsyncClient(timeout=20) as client:
            return await _failed(client, address)

    found = {"ours": asyncio.run(ours())}
    for name, command, port, path in rivals(programs, folder, quads):
        with serving(command, port, path) as (address, _):
            found[name] = asyncio.run(theirs(address))
    return found


async def _failed(client: httpx.AsyncClient, address: str) -> list[str]:
    failed = []
    for case in CASES:
        url = f"{address}?{case.query}" if case.query else address
        try:
            answer = await client.request(case.method, url, content=case.content, headers=case.headers)
            passed = case.check(answer)
        except (httpx.HTTPError, ValueError):
            passed = False
        if not passed:
            failed.append(case.name)
    return failed


def timed(connection: HTTPConnection, address: str, texts: list[str]) -> tuple[float, list[int]]:
    """Milliseconds a query until its last byte, and the rows of each. The client does as little as it can."""
    path = urlsplit(address).path + ("?" + urlsplit(address).query if urlsplit(address).query else "")
    headers = {"Accept": JSON, "Content-Type": "application/x-www-form-urlencoded"}
    bodies = [urlencode({"query": text}).encode() for text in texts]
    answers = []
    connection.close()  # a server may have closed it while the others were asked
    connection.connect()
    start = time.perf_counter()
    for body in bodies:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answers.append((answer.status, answer.read()))
    took = time.perf_counter() - start
    for status, body in answers:
        if status != 200:
            sys.exit(f"{address} answers {status}: {body[:300]!r}")
    return took / len(texts) * 1000, [len(json.loads(body)["results"]["bindings"]) for _, body in answers]


@contextmanager
def virtuoso(folder: Path, triples: Path) -> Iterator[tuple[str, int]]:
    """Debian's Virtuoso with these N-Triples in one graph; the address at which that graph is asked, its process id."""
    if not shutil.which("virtuoso-t"):
        yield "", 0
        return
    own, http_port, sql_port = folder / "virtuoso", free_port(), free_port()
    own.mkdir()
    (own / "virtuoso.ini").write_text(
        VIRTUOSO.format(own=own, sql=sql_port, http=http_port, load=triples.parent), encoding="utf-8"
    )
    process = subprocess.Popen(
        ["virtuoso-t", "+foreground", "+configfile", str(own / "virtuoso.ini")],
        cwd=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    graph = "https://example.org/default"
    address = f"http://127.0.0.1:{http_port}/sparql?{urlencode({'default-graph-uri': graph})}"
    try:
        for _ in range(600):
            with suppress(httpx.HTTPError):
                if httpx.get(address, params={"query": "ASK {}"}).status_code < 500:
                    break
            time.sleep(0.1)
        load = f"ld_dir('{triples.parent}', '{triples.name}', '{graph}'); rdf_loader_run(); checkpoint;"
        subprocess.run(
            ["isql-vt", f"127.0.0.1:{sql_port}", "dba", "dba", f"exec={load}"], check=True, capture_output=True
        )
        yield address, process.pid
    finally:
        process.kill()
        process.wait()


def spent(pid: int) -> float:
    """Milliseconds of CPU that a process and those that come from it have taken so far, in steps of ten."""
    total, todo = 0, [pid]
    while todo:
        folder = Path(f"/proc/{todo.pop()}")
        with suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
            for thread in (folder / "task").iterdir():
                todo += map(int, (thread / "children").read_text().split())
    return total * 1000 / os.sysconf("SC_CLK_TCK")


def over_http(
    programs: Path | None, folder: Path, home: Path, engines: Engines, without: list[str], rounds: int
) -> dict[str, list[dict[str, Any]]]:
    """Each case on each server in turns: ms of the median round, "new" with texts never asked before, "again" with
    the same; "cpu": the mean of the new ones over all rounds. The default graph of the release is the data.
    """
    quads = folder / "default.nq"
    triples = engines.store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph())
    quads.write_bytes(triples or b"")
    one, two = free_port(), free_port()
    command = [sys.executable, "-c", OURS, str(home)]
    ours = [("ours", [*command, str(one), "0"], one, "/sparql"), (KEEPING, [*command, str(two), "32"], two, "/sparql")]
    templates, _ = load_folder(resources.find().queries)
    todo = list(cases(engines, templates))
    kinds = ("new", "again", "cpu")
    times: dict[str, dict[str, dict[str, list[float]]]] = {kind: {name: {} for name, _ in todo} for kind in kinds}
    rows: dict[str, list[int]] = {}
    wrong: dict[str, set[str]] = {}
    number = 0
    load = folder / "load" / "default.nt"
    load.parent.mkdir()
    load.write_bytes(quads.read_bytes())
    servers = [s for s in (*ours, *rivals(programs, folder, quads, "union")) if s[0] not in without]
    with _all(servers) as addresses, virtuoso(folder, load) as ninth:
        asked = addresses | ({"Virtuoso": ninth} if ninth[0] and "Virtuoso" not in without else {})
        connections = {s: HTTPConnection(urlsplit(a).netloc, timeout=120) for s, (a, _) in asked.items()}
        for turn in range(rounds + 1):
            for name, texts in todo:
                for server, (address, pid) in asked.items():
                    for kind in ("again",) if server == KEEPING else ("new", "again"):
                        number += 1
                        sent = texts if kind == "again" else [f"{text}\n# {number}" for text in texts]
                        before = spent(pid)
                        took, found = timed(connections[server], address, sent)
                        cpu = (spent(pid) - before) / len(texts)
                        if rows.setdefault(name, found) != found:
                            if server != "Virtuoso":
                                sys.exit(f"{name}: {server} gives {found} rows, ours {rows[name]}")
                            told = f"{server} gives {sum(found)} rows, ours {sum(rows[name])}"
                            wrong.setdefault(name, set()).add(told)
                        if turn:  # the first is for warming up
                            times[kind][name].setdefault(server, []).append(took)
                            if kind == "new":
                                times["cpu"][name].setdefault(server, []).append(cpu)
    for name, all_ in wrong.items():
        print(f"{name}: {'; '.join(all_)}", file=sys.stderr)
    middle = {"new": statistics.median, "again": statistics.median, "cpu": statistics.mean}
    return {
        kind: [{"case": n, **{s: middle[kind](all_) for s, all_ in found[n].items()}} for n, _ in todo]
        for kind, found in times.items()
    }


def show(title: str, rows: list[dict[str, Any]], ours: str) -> dict[str, float]:
    """One table; the geometric means of the others over ours."""
    others = [key for key in rows[0] if key not in ("case", "ours", KEEPING)]
    print("\n| " + " | ".join([title, "ours", *others, *(f"over {s}" for s in others)]) + " |")
    print("|---" * (2 + 2 * len(others)) + "|")
    for row in rows:
        ratios = [f"**{row[s] / row[ours]:.1f}**" for s in others]
        print(f"| {row['case']} | " + " | ".join([*(f"{row[s]:.2f} ms" for s in (ours, *others)), *ratios]) + " |")
    means = {s: statistics.geometric_mean([max(row[s], 0.001) / row[ours] for row in rows]) for s in others}
    print("\ngeometric means: " + ", ".join(f"{s} {mean:.2f}" for s, mean in means.items()))
    return means


@contextmanager
def _all(servers: list[tuple[str, list[str], int, str]]) -> Iterator[dict[str, tuple[str, int]]]:
    if not servers:
        yield {}
        return
    (name, command, port, path), *rest = servers
    with serving(command, port, path) as address, _all(rest) as more:
        yield {name: address, **more}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--json", type=Path, help="keep the figures in this file")
    arguments.add_argument("--home", type=Path, help="a home with a release; without it, one is built")
    arguments.add_argument("--without", action="append", default=[], help="a server that is not asked")
    arguments.add_argument("--rounds", type=int, default=ROUNDS)
    arguments.add_argument("--no-protocol", action="store_true", help="leave the protocol's cases out")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="bilim-bench-") as name:
        folder = Path(name)
        programs = others(folder)
        home = asked.home or folder / "home"
        store = home / "releases" / str(Home(home).current_id()) / "store" if asked.home else build_release(home)
        engines = Engines(store)
        people = engines.slugs("?x a foaf:Person")[:12]
        worker = through_worker(store, engines, [f"SELECT ?p ?o WHERE {{ <{x}> ?p ?o }}" for x in people])
        print("| small query | in process | through a worker | added |\n|---|---|---|---|")
        print("| all statements of a person | " + " | ".join(f"{ms:.3f} ms" for ms in worker.values()) + " |\n")
        failed = {} if asked.no_protocol else protocol(programs, folder)
        if failed:
            print("| protocol, 20 query cases | passed | not passed |\n|---|---|---|")
        for server, cases_ in failed.items():
            print(f"| {server} | {len(CASES) - len(cases_)} | {'; '.join(cases_) or '—'} |")
        times = over_http(programs, folder, home, engines, asked.without, asked.rounds)
        if asked.json:
            asked.json.write_text(json.dumps(times, indent=1) + "\n", encoding="utf-8")
        means = {
            "new": show("over HTTP, each text new", times["new"], "ours"),
            "cpu": show("CPU of the server's processes, each text new", times["cpu"], "ours"),
            "again": show("over HTTP, the same texts again", times["again"], KEEPING),
        }
    if asked.json:
        figures = {"worker": worker, "protocol": failed, "http": times, "means": means, "cpus": os.cpu_count()}
        asked.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
