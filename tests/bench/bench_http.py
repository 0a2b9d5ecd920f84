"""Answers over HTTP as ratios to a route of constant bytes in the same server.

One uvicorn process serves the app and, before it, ``/constant``: raw ASGI that sends ready bytes as long as those it
is compared with. A load process keeps a bounded number of connections on 127.0.0.1 busy, one request in flight on
each. Case and constant route take turns, so that a slow moment of the machine meets both. Two ratios are told:

- throughput: requests a second of the case over those of the constant route (1 = as fast);
- CPU: CPU seconds of the server process for a request of the constant route over those for one of the case,
  which does not flatter where the load process is the slower of the two.

Both are told a second time against a constant route that sends the very headers of the case too ("same headers"): what
is left then is what finding an answer costs, without what the server takes to check and write each header.

Prints a table; ``--json FILE`` keeps the figures too.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import platform
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

CONNECTIONS = 8
SECONDS = 1.0  # each timing
ROUNDS = 5
POST = "/api/v1/posts/holders?post=kz-minister-of-education&on="
THING = "/doc/organization/kz-ministry-of-education"

SERVER = """
import base64
import json
import sys
import uvicorn
from pathlib import Path
from api.app import create_app
from api.front.protocol import serving
from kg.log import configure
from kg.settings import Settings

settings = Settings(home=Path(sys.argv[1]), log_level="warning", log_format="json", sparql_workers=1)
configure(settings)
app = create_app(settings)
bodies = {}

async def serve(scope, receive, send):
    if scope["type"] == "http" and scope["path"] == "/constant":
        head, body = bodies.get(scope["query_string"]) or make(scope["query_string"])
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": body})
        return
    await app(scope, receive, send)

def make(query):
    size, _, told = query.partition(b"&")
    headers = [(b"content-type", b"application/json"), (b"content-length", size)]
    if told:
        headers = [(n.encode(), v.encode()) for n, v in json.loads(base64.urlsafe_b64decode(told))]
    bodies[query] = headers, b"x" * int(size)
    return bodies[query]

uvicorn.run(serve, host="127.0.0.1", port=int(sys.argv[2]), **serving(app.ready))  # as `bilim serve` does
"""


@dataclass(frozen=True)
class Case:
    """``addresses`` gives the next address to ask for; ``status`` is what must come back."""

    name: str
    addresses: Callable[[], Iterator[str]]
    headers: dict[str, str]
    status: int = 200


def always(address: str) -> Callable[[], Iterator[str]]:
    def addresses() -> Iterator[str]:
        while True:
            yield address

    return addresses


_DAYS = count()


def each_day(before: str) -> Callable[[], Iterator[str]]:
    """Another day each time, so that no answer was kept."""

    def addresses() -> Iterator[str]:
        while True:
            yield before + (date(1900, 1, 1) + timedelta(days=next(_DAYS) % 70_000)).isoformat()

    return addresses


CASES = (
    Case("cached lookup (template)", always(POST + "2022-06-24"), {}),
    Case("cached entity document (JSON)", always(THING + ".json?on=2022-06-24"), {}),
    Case("cached page (HTML, gzip)", always(THING + "?on=2022-06-24"), {"Accept-Encoding": "gzip"}),
    Case("not modified (304)", always(THING + ".json?on=2022-06-24"), {"If-None-Match": "*"}, 304),
    Case("entity document, not cached (JSON)", each_day(THING + ".json?on="), {}),
    Case("miss: lookup by a template", each_day(POST), {}),
    Case("entity document, not cached (Turtle)", each_day(THING + ".ttl?on="), {}),
    Case("page, not cached (HTML)", each_day(THING + "?on="), {}),
)


class Load:
    """One load: connections kept busy for a time. Runs in the load process."""

    def __init__(self, port: int) -> None:
        self._port = port

    def run(self, addresses: Iterator[str], headers: dict[str, str], status: int, seconds: float) -> int:
        """Whole answers in ``seconds``; every status is checked."""
        tail = "".join(f"{name}: {value}\r\n" for name, value in {"Accept": "*/*", **headers}.items())
        wanted = f"HTTP/1.1 {status} ".encode()
        selector = selectors.DefaultSelector()
        sockets = []
        for _ in range(CONNECTIONS):
            made = socket.create_connection(("127.0.0.1", self._port))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(made, selectors.EVENT_READ, bytearray())
            sockets.append(made)

        def ask(to: socket.socket) -> None:
            to.sendall(f"GET {next(addresses)} HTTP/1.1\r\nHost: bench\r\n{tail}\r\n".encode())

        answers = 0
        for each in sockets:
            ask(each)
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            for key, _ in selector.select(0.2):
                ready, buffer = key.fileobj, key.data
                assert isinstance(ready, socket.socket)
                data = ready.recv(262_144)
                if not data:
                    raise SystemExit("the server closed a connection")
                buffer += data
                if not _whole(buffer, status):
                    continue
                if not buffer.startswith(wanted):
                    raise SystemExit(f"not {status}: {bytes(buffer[:400])!r}")
                buffer.clear()
                answers += 1
                ask(ready)
        for each in sockets:
            each.close()
        selector.close()
        return answers


def _whole(buffer: bytearray, status: int) -> bool:
    head = buffer.find(b"\r\n\r\n")
    if head < 0:
        return False
    if status == 304:
        return True
    start = buffer.find(b"content-length: ", 0, head)
    if start < 0:
        raise SystemExit("an answer without its length")
    return len(buffer) >= head + 4 + int(buffer[start + 16 : buffer.find(b"\r\n", start)])


def load_process(pipe: Connection, port: int) -> None:
    """Runs cases by number (None: the constant route of a size) until told to end."""
    load = Load(port)
    while (order := pipe.recv()) is not None:
        number, size, seconds = order
        if number is None:
            pipe.send(load.run(always(f"/constant?{size}")(), {}, 200, seconds))  # size, or size and headers
        else:
            case = CASES[number]
            pipe.send(load.run(case.addresses(), case.headers, case.status, seconds))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far (proc(5), stat, fields 14 and 15)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def answer_of(port: int, case: Case) -> tuple[int, str]:
    """Bytes of the body that a case gets, and its headers as the constant route takes them."""
    with socket.create_connection(("127.0.0.1", port)) as made:
        tail = "".join(f"{n}: {v}\r\n" for n, v in {"Accept": "*/*", **case.headers}.items())
        made.sendall(f"GET {next(case.addresses())} HTTP/1.1\r\nHost: bench\r\n{tail}\r\n".encode())
        buffer = bytearray()
        while not _whole(buffer, case.status):
            data = made.recv(262_144)
            if not data:
                sys.exit(f"{case.name}: the connection was closed")
            buffer += data
    if not buffer.startswith(f"HTTP/1.1 {case.status} ".encode()):
        sys.exit(f"{case.name}: {bytes(buffer[:600]).decode(errors='replace')}")
    head, _, body = bytes(buffer).partition(b"\r\n\r\n")
    lines = [line.partition(": ") for line in head.decode("latin-1").split("\r\n")[1:]]
    headers = [(name, value) for name, _, value in lines if name not in ("date", "server")]  # which the server adds
    return len(body), base64.urlsafe_b64encode(json.dumps(headers).encode()).decode()


def measure(pipe: Connection, pid: int, port: int, seconds: float) -> list[dict[str, Any]]:
    """A row for each case: medians over the rounds."""

    def timed(number: int | None, size: int | str) -> tuple[float, float]:
        before, begun = cpu_seconds(pid), time.perf_counter()
        pipe.send((number, size, seconds))
        answers = pipe.recv()
        return answers / (time.perf_counter() - begun), (cpu_seconds(pid) - before) / answers

    rows = []
    for number, case in enumerate(CASES):
        size, headers = answer_of(port, case)
        same = f"{size}&{headers}" if case.status == 200 else size
        timed(None, size), timed(None, same), timed(number, size)  # warm
        rounds = [(timed(None, size), timed(number, size), timed(None, same)) for _ in range(ROUNDS)]
        pairs = [(constant, asked) for constant, asked, _ in rounds]
        rows.append(
            {
                "case": case.name,
                "bytes": size,
                "constantPerSecond": round(statistics.median(c[0] for c, _ in pairs)),
                "perSecond": round(statistics.median(a[0] for _, a in pairs)),
                "throughput": round(statistics.median(a[0] / c[0] for c, a in pairs), 3),
                "sameHeaders": round(statistics.median(a[0] / c[0] for _, a, c in rounds), 3),
                "sameHeadersCpu": round(statistics.median(c[1] / a[1] for _, a, c in rounds), 3),
                "cpu": round(statistics.median(c[1] / a[1] for c, a in pairs), 3),
                "cpuMicroseconds": round(statistics.median(a[1] for _, a in pairs) * 1e6, 1),
            }
        )
        line = "{case:38} {bytes:7} {constantPerSecond:9} {perSecond:9} {throughput:11.2f} {cpu:6.2f} "
        print((line + "{sameHeaders:9.2f} {sameHeadersCpu:6.2f} {cpuMicroseconds:9.0f}").format(**rows[-1]), flush=True)
    return rows


def wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    """Until a release is served."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port)) as made:
                made.sendall(b"GET /readyz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")
                if made.recv(100).startswith(b"HTTP/1.1 200 "):
                    return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit("the server did not start; is there a release in the home folder?")


def main() -> None:
    """Build (or take ``--home``), serve, load, tell."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--home", type=Path, help="a home with a release; else one is built from data/")
    options.add_argument("--json", type=Path, help="keep the figures here too")
    options.add_argument("--seconds", type=float, default=SECONDS, help="length of each timing")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = chosen.home or Path(folder)
        if chosen.home is None:
            command = [sys.executable, "-c", "from kg.cli import main; main()", "build"]
            done = subprocess.run(command, cwd=ROOT, env={**os.environ, "BILIM_HOME": str(home)}, check=False)
            if done.returncode:
                sys.exit("the release could not be built")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        process = subprocess.Popen([sys.executable, "-c", SERVER, str(home), str(port)], cwd=ROOT)
        here, there = get_context("spawn").Pipe()
        load = get_context("spawn").Process(target=load_process, args=(there, port), daemon=True)
        try:
            wait_until_ready(port, process)
            load.start()
            print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
                  f"{CONNECTIONS} connections, {ROUNDS} rounds of {chosen.seconds:g} s")  # fmt: skip
            print(
                f"{'case':38} {'bytes':>7} {'const/s':>9} {'case/s':>9} {'throughput':>11} {'CPU':>6} "
                f"{'same head':>9} {'CPU':>6} {'µs CPU':>9}"
            )
            rows = measure(here, process.pid, port, chosen.seconds)
            here.send(None)
        finally:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(20)
            if load.is_alive():
                load.join(5)
                load.terminate()
        if chosen.json:
            chosen.json.write_text(json.dumps({"http": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
