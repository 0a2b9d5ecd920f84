"""A thousand hostile queries against a running server while others look things up (not for CI: some three minutes).

The server is the whole application in a process of its own, over a release from data/ (or ``--home``). Two clients send
the hostile queries of tests/hostile_queries.py, in variants, with a short deadline; a third asks templates, each time
another day. Asked of it: each hostile query ends within its deadline + 0.25 s with a 4xx or 5xx (or its connection
is broken), workers stay under their memory cap, lookups keep 0.9 of their rate and their p99 1.5 times at most, the
server's process is the same at the end, and neither processes nor descriptors are left. Lookups are measured with
and without the attack in turns, in the same run. ``--json FILE`` keeps the figures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.bench_engine import build_release  # noqa: E402
from tests.bench.bench_sparql import free_port  # noqa: E402
from tests.hostile_queries import many  # noqa: E402
from tests.sparql_world import Listener  # noqa: E402

DEADLINE = 0.3
MEMORY_MB = 512
COUNT = 1000
ATTACKERS = 2
ALONE, BESIDE = 3.0, 6.0  # seconds of lookups without and beside the attack, in turns
SERVER = """
import sys
from pathlib import Path
from kg.commands.serve import _serve, listen
from kg.settings import Settings
settings = Settings(home=Path(sys.argv[1]), log_level="error", sparql_memory_mb=int(sys.argv[3]), sparql_late=0.15)
_serve(settings, listen("127.0.0.1", int(sys.argv[2])))
"""


class Connection:
    """Plain HTTP/1.1 on one connection, which is opened again where it was broken."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, head: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body; 0 where the connection broke before the end of the answer."""
        if self.writer is None or self.reader is None or self.writer.is_closing():
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            self.writer.write(head.encode() + b"Host: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            await self.writer.drain()
            headers = await self.reader.readuntil(b"\r\n\r\n")
            status = int(headers[9:12])
            length = next(
                (line for line in headers.lower().split(b"\r\n") if line.startswith(b"content-length:")), None
            )
            if length is not None:
                return status, await self.reader.readexactly(int(length[15:]))
            parts = []
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                parts.append(await self.reader.readexactly(size))
                await self.reader.readexactly(2)
            await self.reader.readexactly(2)
            return status, b"".join(parts)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.close()
            return 0, b""

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None


@asynccontextmanager
async def serving(home: Path, port: int) -> AsyncIterator[int]:
    """The pid of the server, once it answers."""
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(home), str(port), str(MEMORY_MB)], cwd=ROOT)
    try:
        connection = Connection(port)
        for _ in range(1200):  # starting takes long where the machine is full
            try:
                if (await connection.ask("GET /sparql?query=ASK%7B%7D HTTP/1.1\r\n"))[0] == 200:
                    break
            except OSError:
                await asyncio.sleep(0.1)
        yield process.pid
        assert process.poll() is None, "the server ended"
    finally:
        process.terminate()
        process.wait()


def children(pid: int) -> list[int]:
    """The processes of the server: what workers are forked from, and workers."""
    try:
        found = [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:  # gone meanwhile
        return []
    return [*found, *(grandchild for child in found for grandchild in children(child))]


def memory(pid: int) -> float:
    """Resident memory of a process in MB; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except (OSError, ValueError, IndexError):
        return 0.0


async def lookups(port: int, seconds: float, day: date, slow: list[float]) -> tuple[float, date]:
    """Lookups a second; each takes another day, so that none is answered from a cache."""
    connection = Connection(port)
    done, began = 0, time.perf_counter()
    while (start := time.perf_counter()) - began < seconds:
        day += timedelta(days=1)
        status, body = await connection.ask(
            f"GET /api/v1/posts/holders?post=kz-minister-of-education&on={day} HTTP/1.1\r\n"
        )
        assert status == 200, body
        slow.append(time.perf_counter() - start)
        done += 1
    connection.close()
    return done / (time.perf_counter() - began), day


def attack(port: int, todo: list[tuple[str, str]], running: Event, told: Queue[dict[str, Any]]) -> None:
    """In a process of its own: send queries, one after the other, while the turn lasts."""
    os.nice(19)  # as if it were another machine
    bodies = [(kind, query[:100], urlencode({"query": query, "timeout": DEADLINE}).encode()) for kind, query in todo]

    async def send() -> None:
        connection = Connection(port)
        for kind, query, body in bodies:
            await asyncio.to_thread(running.wait)
            began = time.perf_counter()
            status, _ = await connection.ask(
                "POST /sparql HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n", body
            )
            told.put({"kind": kind, "status": status, "seconds": time.perf_counter() - began, "query": query})

    asyncio.run(send())


async def watch(pid: int, most: dict[str, float]) -> None:
    """The most memory that a worker takes."""
    while True:
        for child in children(pid):
            most["worker_mb"] = max(most["worker_mb"], memory(child))
        most["server_mb"] = max(most["server_mb"], memory(pid))
        await asyncio.sleep(0.02)


async def measure(home: Path, count: int) -> dict[str, Any]:
    port = free_port()
    listener = Listener()
    todo = list(many(listener.url, count))
    async with serving(home, port) as pid:
        alone: list[float] = []
        beside: list[float] = []
        rates: dict[str, list[float]] = {"alone": [], "beside": []}
        told: list[dict[str, Any]] = []
        day = date(1950, 1, 1)
        _, day = await lookups(port, 2.0, day, [])  # warm
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        workers = len(children(pid))
        start_mb = max(memory(child) for child in children(pid))
        most = {"worker_mb": 0.0, "server_mb": 0.0}
        context = get_context("spawn")
        running, queue = context.Event(), context.Queue()
        watching = asyncio.create_task(watch(pid, most))
        shares = [todo[n::ATTACKERS] for n in range(ATTACKERS)]
        attackers = [context.Process(target=attack, args=(port, share, running, queue)) for share in shares]
        for attacker in attackers:
            attacker.start()
        await asyncio.sleep(5)  # they prepare
        while len(told) < count:
            rate, day = await lookups(port, ALONE, day, alone)
            rates["alone"].append(rate)
            running.set()
            rate, day = await lookups(port, BESIDE, day, beside)
            rates["beside"].append(rate)
            running.clear()
            await asyncio.sleep(DEADLINE + 0.5)  # what runs still ends
            while not queue.empty():
                told.append(queue.get())
        for attacker in attackers:
            attacker.join()
        watching.cancel()
        await asyncio.sleep(2)
        left = {
            "descriptors": len(os.listdir(f"/proc/{pid}/fd")) - descriptors,
            "workers": len(children(pid)) - workers,
        }
    listener.close()
    late = [one for one in told if one["seconds"] > DEADLINE + 0.25]
    return {
        "queries": len(told),
        "statuses": dict(Counter(one["status"] for one in told)),
        "not an error": [one for one in told if one["status"] and not 400 <= one["status"] < 600],
        "late": sorted(late, key=lambda one: -one["seconds"])[:20],
        "late_count": len(late),
        "longest_s": max(one["seconds"] for one in told),
        "longest_by_kind": {k: max(o["seconds"] for o in told if o["kind"] == k) for k in {o["kind"] for o in told}},
        "rate": {name: statistics.median(all_) for name, all_ in rates.items()},
        "kept": statistics.median(b / a for a, b in zip(rates["alone"], rates["beside"], strict=True)),
        "p99_ms": {"alone": _p99(alone), "beside": _p99(beside)},
        "p99_times": _p99(beside) / _p99(alone),
        "longest_lookup_ms": {"alone": max(alone) * 1000, "beside": max(beside) * 1000},
        "memory_mb": {**most, "worker_at_start_mb": start_mb},
        "left": left,
        "calls to the listener": listener.calls,
    }  # fmt: skip


def _p99(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98] * 1000


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--home", type=Path, help="a home with a release; without it, one is built")
    arguments.add_argument("--count", type=int, default=COUNT)
    arguments.add_argument("--json", type=Path, help="keep the figures in this file")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="bilim-bench-") as name:
        home = asked.home or Path(name)
        if asked.home is None:
            build_release(home)
        found = asyncio.run(measure(home, asked.count))
    print(json.dumps(found, indent=1, ensure_ascii=False))
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
