"""Readers while releases are published: how many requests fail, and how much longer they take.

    python tests/bench/bench_publish.py                 # 100 publishes at nice 10 beside 4 readers, of data/
    python tests/bench/bench_publish.py HOME            # of a copy of HOME

A server of its own serves the release. Readers ask things, lists, questions and /sparql
without a pause: first with nothing else going on, then while another process publishes. Exit 1 where a request fails
or the 99th percentile is more than three times the one before.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kg import resources  # noqa: E402
from kg.imports.build import build  # noqa: E402
from kg.releases.layout import Home  # noqa: E402
from kg.releases.upgrade import upgrade  # noqa: E402
from kg.settings import Settings  # noqa: E402
from tests.conftest import start_server, stop_server  # noqa: E402
from tests.loaded import publish_beside, readers  # noqa: E402

PATHS = (
    "/doc/person/askhat-aimagambetov.json",
    "/doc/person/askhat-aimagambetov",
    "/doc/organization?page=2",
    "/api/v1/posts/holders?post=kz-minister-of-education&on=2022-06-24",
    "/api/v1/people/posts?person=askhat-aimagambetov",
    "/api/v1/search?q=aimagambetov",
    "/sparql?query=SELECT%20%3Fs%20%7B%3Fs%20a%20bkg:Tenure%7D%20LIMIT%2010",
)


def _check(path: str, answer: httpx.Response) -> str | None:
    return None if answer.status_code == 200 else f"{path}: {answer.status_code} {answer.text[:200]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path, nargs="?")
    parser.add_argument("--publishes", type=int, default=100)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--nice", type=int, default=10)
    parser.add_argument("--quiet", type=float, default=20.0, help="Seconds measured before publishing.")
    parser.add_argument("--limit", type=float, default=3.0)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        if asked.home is None:
            build(Settings(home=home), resources.find())
        else:
            shutil.copytree(asked.home, home)
        with Home(home).lock("bench"):
            upgrade(Home(home), [str(Home(home).current_id())])
        process, address = start_server(home, Path(folder) / "server.log")
        try:
            with readers(address, PATHS, asked.readers, _check) as found:
                time.sleep(3)
                found.phase = "quiet"
                time.sleep(asked.quiet)
                found.phase = "publishing"
                began = time.perf_counter()
                made = sum(1 for _ in publish_beside(home, asked.publishes, asked.nice))
                seconds = time.perf_counter() - began
                found.phase = "after"
        finally:
            stop_server(process)
    told = {
        "publishes": made,
        "seconds": round(seconds, 1),
        "failures": len(found.failures),
        "first": found.failures[:3],
        "releasesSeen": len(found.releases),
    }
    for phase in ("quiet", "publishing"):
        times = found.seconds[phase]
        told[phase] = {"requests": len(times)} | {
            f"p{int(p * 100)}Ms": round(found.quantile(phase, p) * 1000, 2) for p in (0.5, 0.95, 0.99)
        }
    ratio = found.quantile("publishing", 0.99) / found.quantile("quiet", 0.99)
    told["p99Ratio"] = round(ratio, 2)
    print(json.dumps(told, indent=1))
    if asked.json:
        asked.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 1 if found.failures or ratio > asked.limit else 0


if __name__ == "__main__":
    sys.exit(main())
