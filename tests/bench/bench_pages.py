"""Pages over HTTP: what each type of page costs to send, and what the page of a thing costs first after a publish.

- bytes: of each type of page, as it is and with gzip, and of what it loads beside itself;
- first after a publish: pages that were read before are read once after ``current`` has moved to another release
  (a copy under another number), so no ready answer is left. CPU seconds of the server process for each,
  beside those of a route of constant bytes of the same length in the same process (1 = as cheap). ``never read``: the
  same for a day never asked for. Half a second after the publish, in which a server computes again what was read
  before it; ``--renewed 0`` leaves that out.

``--home HOME`` takes a home that ``bilim build`` made (it is copied); else one is built. ``--json FILE`` keeps the
figures.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kg.releases import manifest as manifests  # noqa: E402
from kg.releases.layout import Home, make_id  # noqa: E402
from kg.releases.reader import open_release  # noqa: E402
from tests.bench.bench_http import SERVER, wait_until_ready  # noqa: E402

TYPES = (
    ("home", "/"),
    ("list", "/doc/organization"),
    ("person", "/doc/person/askhat-aimagambetov"),
    ("body", "/doc/organization/kz-ministry-of-education"),
    ("region", "/doc/region/abai"),
    ("programme", "/doc/program/comfortable-school"),
    ("agreement", "/doc/agreement/abai-zhetysu-memorandum-2024"),
    ("event", "/doc/event/aimagambetov-aktobe-visit"),
    ("document", "/doc/document/seed-001"),
    ("evidence", "/doc/evidence/seed-001-2acd8e3187cb"),
    ("a day", "/on/2022-06-11"),
    ("between two", "/between?first=person/askhat-aimagambetov&second=person/gani-beisembayev"),
    ("sources", "/sources"),
    ("search", "/search?q=Aimagambetov"),
    ("changes of a thing", "/history/person/askhat-aimagambetov"),
    ("style sheet", "/static/bilim.css"),
)
PAGES = 100
ROUNDS = 5


def second_release(home: Home) -> tuple[str, str]:
    """The release of the home, and a copy of it under the next number."""
    first = home.current_id()
    assert first is not None
    manifest = manifests.read(home.release(first))
    number = manifest.sequence + 1
    name = make_id(manifest.created.date(), number, manifest.content_hash)
    shutil.copytree(home.release(first), home.release(name), copy_function=os.link)
    copy = manifest.model_copy(update={"id": name, "sequence": number, "parent": first})
    (home.release(name) / manifests.FILE).unlink()
    copy.write(home.release(name))
    return first, name


class Asking:
    """One connection to the server, and the CPU time that it takes."""

    def __init__(self, port: int, pid: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._pid = pid

    def get(self, path: str, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        self._connection.request("GET", path, headers=headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}

    def cpu(self) -> float:
        """Seconds that all threads of the server have run (proc(5), schedstat)."""
        threads = Path(f"/proc/{self._pid}/task").iterdir()
        return sum(int((t / "schedstat").read_text().split()[0]) for t in threads) / 1e9

    def cost(self, paths: Sequence[str]) -> float:
        """CPU seconds of the server for each of these, asked one after another."""
        before = self.cpu()
        for path in paths:
            status, _, _ = self.get(path, Accept="text/html" if not path.endswith(".json") else "*/*")
            assert status == 200, path
        return (self.cpu() - before) / len(paths)


def sizes(ask: Asking) -> list[dict[str, Any]]:
    rows = []
    for name, path in TYPES:
        status, plain, _ = ask.get(path, Accept="text/html" if "." not in path else "*/*")
        _, packed, headers = ask.get(
            path, **{"Accept": "text/html" if "." not in path else "*/*", "Accept-Encoding": "gzip"}
        )
        assert status == 200, path
        rows.append(
            {"page": name, "bytes": len(plain), "gzip": len(packed), "encoding": headers.get("content-encoding")}
        )
        print(f"{name:22} {len(plain):8} {len(packed):8}", flush=True)
    return rows


def first_after(ask: Asking, home: Home, releases: tuple[str, str], things: Sequence[str]) -> list[dict[str, Any]]:
    """Ratios of the constant route's CPU time to that of each case; medians over rounds."""

    def publish(number: int) -> None:
        home.point(releases[number % 2])
        while json.loads(ask.get("/readyz")[1])["release"] != releases[number % 2]:
            time.sleep(0.1)
        time.sleep(0.5)

    def timed(suffix: str, more: Callable[[int], str]) -> dict[str, Any]:
        paths = [f"/doc/{thing}{suffix}?lang=en&clang=en" for thing in things]
        ask.cost(paths), ask.cost(paths)
        length = round(statistics.mean(len(ask.get(p, Accept="*/*" if suffix else "text/html")[1]) for p in paths))
        constant, warm, first, never = [], [], [], []
        for number in range(1, ROUNDS + 1):
            publish(number)
            first.append(ask.cost(paths))
            warm.append(ask.cost(paths))
            constant.append(ask.cost([f"/constant?{length}"] * len(paths)))
            never.append(ask.cost([f"{p}&on={more(number)}" for p in paths]))
        pairs = {"warm": warm, "first after a publish": first, "never read": never}
        return {
            "case": "JSON" if suffix else "page",
            "bytes": length,
            "constantMicroseconds": round(statistics.median(constant) * 1e6, 1),
            **{
                name: round(statistics.median(c / v for c, v in zip(constant, values, strict=True)), 3)
                for name, values in pairs.items()
            },
            **{f"{name}, µs": round(statistics.median(values) * 1e6) for name, values in pairs.items()},
        }

    rows = [timed(suffix, lambda n: f"200{n}-01-0{n}") for suffix in ("", ".json")]
    for row in rows:
        print(row, flush=True)
    return rows


def main() -> None:
    """Build (or take ``--home``), serve, ask, tell."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--home", type=Path, help="a home with a release; else one is built from data/")
    options.add_argument("--json", type=Path, help="keep the figures here too")
    options.add_argument("--renewed", type=int, default=1000, help="answers renewed after a publish (0: none)")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "home"
        if chosen.home is None:
            command = [sys.executable, "-c", "from kg.cli import main; main()", "build"]
            subprocess.run(command, cwd=ROOT, env={**os.environ, "BILIM_HOME": str(place)}, check=True)
        else:
            shutil.copytree(chosen.home, place)
        home = Home(place)
        releases = second_release(home)
        slugs = open_release(home, releases[0]).projection.slugs("person", "en", 0, PAGES)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        renewed = {"BILIM_RENEWED_ANSWERS": str(chosen.renewed)}
        command = [sys.executable, "-c", SERVER, str(place), str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **renewed})
        try:
            wait_until_ready(port, process)
            ask = Asking(port, process.pid)
            found = {"sizes": sizes(ask), "first": first_after(ask, home, releases, [f"person/{s}" for s in slugs])}
        finally:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(30)
        if chosen.json:
            chosen.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
