"""SERVICE in a world of its own: run by tests/test_sparql_service.py in new user, network and mount namespaces.

There ``lo`` also has a public address, where a real store listens, and names are resolved by a hosts file of ours:
so what the guard takes for the Internet can be reached, and nothing else is there. Prints what came of each query.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pyoxigraph as ox

from kg.findings import BilimError
from kg.settings import Settings
from kg.sparql.pool import Pool
from kg.sparql.running import Job
from kg.sparql.vet import vet
from tests.sparql_world import EX, Listener, differential, release

PUBLIC = "11.22.33.44"
JSON = "application/sparql-results+json"
HOSTS = f"{PUBLIC} store.example\n127.0.0.1 inner.example\n{PUBLIC} mixed.example\n127.0.0.1 mixed.example\n"


def world(folder: Path) -> None:
    """Bring up ``lo`` with a public address beside its own, and our hosts file."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        fcntl.ioctl(made, 0x8914, struct.pack("16sH22x", b"lo", 0x41))  # SIOCSIFFLAGS: up
        address = struct.pack("16sHH4s16x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(PUBLIC))
        fcntl.ioctl(made, 0x8916, address)  # SIOCSIFADDR
    hosts = folder / "hosts"
    hosts.write_text(HOSTS + "127.0.0.1 localhost\n", encoding="utf-8")
    subprocess.run(["mount", "--bind", str(hosts), "/etc/hosts"], check=True)


class Store(BaseHTTPRequestHandler):
    """A store by the protocol, and bad ones at other paths."""

    data = ox.Store()
    asked: list[str] = []  # noqa: RUF012  # of this process
    inner = ""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        Store.asked.append(self.path)
        if self.path == "/redirect":
            self.send_response(307)
            self.send_header("Location", Store.inner)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.path == "/slow":
            time.sleep(3)
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Type", JSON)
        if self.path == "/endless":
            self.end_headers()
            with suppress(OSError):
                while True:
                    self.wfile.write(b" " * 10_000)
            return
        found = self.data.query(parse_qs(body)["query"][0])
        answer: Any = found.serialize(format=ox.QueryResultsFormat.JSON)  # type: ignore[union-attr]
        self.send_header("Content-Length", str(len(answer) + (10 if self.path == "/cut" else 0)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: Any) -> None:
        pass


async def tried(pool: Pool, text: str, guarded: bool = True) -> str:
    """The value found, or the code of the error."""
    try:
        if guarded:
            found = vet(text, pool.services)
            job = Job(text, JSON, found.prefixes, services=found.services)
        else:
            job = Job(text, JSON)
        async with pool.run(job) as running:
            rows = json.loads(b"".join([chunk async for chunk in running.chunks()])).get("results", {"bindings": []})[
                "bindings"
            ]
            return ",".join(sorted(row["v"]["value"] for row in rows if "v" in row))
    except BilimError as error:
        return f"{error.findings[0].code}: {error}"


async def main(folder: Path) -> dict[str, Any]:
    """Ask everything once."""
    Store.data.add(ox.Quad(ox.NamedNode(EX + "1"), ox.NamedNode(EX + "told"), ox.Literal("from outside")))
    server = ThreadingHTTPServer((PUBLIC, 0), Store)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    listener = Listener()
    Store.inner = listener.url
    at, inner = server.server_port, listener.url.rsplit(":", 1)[1].rstrip("/")
    stores = {
        "address": f"http://{PUBLIC}:{at}/sparql",
        "name": f"http://store.example:{at}/sparql?x=1",
        **{path: f"http://{PUBLIC}:{at}/{path}" for path in ("redirect", "slow", "broken", "endless", "cut")},
        "closed": f"http://{PUBLIC}:9/",
        "loopback": listener.url,
        "number": f"http://2130706433:{inner}/",
        "short": f"http://127.1:{inner}/",
        "zero": f"http://0.0.0.0:{inner}/",
        "six": f"http://[::1]:{inner}/",
        "mapped": f"http://[::ffff:127.0.0.1]:{inner}/",
        "localhost": f"http://localhost:{inner}/",
        "private name": f"http://inner.example:{inner}/",
        "mixed name": f"http://mixed.example:{inner}/",
        "no name": "http://nobody.example/",
    }
    settings = Settings(
        sparql_workers=1,
        sparql_nice=0,
        sparql_services=stores,
        sparql_service_timeout=1.0,
        sparql_service_max_bytes=100_000,
    )
    pool = Pool(settings)
    await pool.switch(release(folder, "r1"))
    said: dict[str, Any] = {"walled": pool.wall() is None, "open": len(pool.services)}
    pattern = f"{{ <{EX}1> <{EX}told> ?v }}"
    for name, store in stores.items():
        said[name] = await tried(pool, f"SELECT * {{ SERVICE <{store}> {pattern} }}")
    said["silent"] = await tried(pool, f"SELECT * {{ <{EX}1> <{EX}p> ?v SERVICE SILENT <{stores['redirect']}> {{}} }}")
    two = f"SELECT * {{ {{ SERVICE <{stores['address']}> {pattern} }} UNION {{ SERVICE<{stores['name']}>{pattern} }} }}"
    said["two"] = await tried(pool, two)
    said["joined"] = await tried(pool, f"SELECT * {{ <{EX}1> ?p ?o . SERVICE silent <{stores['address']}> {pattern} }}")
    said["variable"] = await tried(pool, f"SELECT * {{ VALUES ?s {{ <{stores['address']}> }} SERVICE ?s {pattern} }}")
    said["not allowed"] = await tried(pool, f"SELECT * {{ SERVICE <http://{PUBLIC}:{at}/other> {pattern} }}")
    asked = len(Store.asked)
    for name, text in differential(f"http://{PUBLIC}:{at}/stolen").items():
        said[f"disguise {name}"] = await tried(pool, text)
        await tried(pool, text, guarded=False)  # what the guard should overlook one day meets the wall
    said["asked in disguise"] = len(Store.asked) - asked
    said["inner calls"] = listener.calls
    said["paths"] = sorted(set(Store.asked))
    await pool.close()
    return said


if __name__ == "__main__":
    world(Path(sys.argv[1]))
    print(json.dumps(asyncio.run(main(Path(sys.argv[1])))))
