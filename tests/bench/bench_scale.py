"""What a release costs as it grows: disk, start, memory, lookups, templates and ad-hoc queries over HTTP.

    python tests/bench/bench_scale.py HOME [HOME …] --json scale.json

Each HOME holds a release (tests/bench/generate.py makes one of any size). For each, one after the other: the server is
started as ``bilim serve`` starts it, and told are the seconds to its first answers, the memory of its processes
(proportional set size: what is shared is divided), documents and templates that no cache has, and queries of /sparql,
of which no answer is kept. One connection asks, so latencies are those of an idle server; things are drawn by a seed
from the release itself. The first question of each kind, which may find the disk's cache empty, is told apart. What
passes ``--seconds`` (30, as the endpoint has it) is told as its status.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kg.releases.layout import Home  # noqa: E402
from kg.releases.reader import Release, current  # noqa: E402
from tests.bench.bench_hostile import children  # noqa: E402
from tests.bench.bench_sparql import free_port  # noqa: E402

SERVER: Final = """
import sys
from pathlib import Path
from kg.commands.serve import _serve, listen
from kg.settings import Settings
settings = Settings(
    home=Path(sys.argv[1]), log_level="error", sparql_timeout=float(sys.argv[3]), sparql_nice=0, sparql_cache_mb=0
)
_serve(settings, listen("127.0.0.1", int(sys.argv[2])))
"""
TIMES: Final = 40
SLOW: Final = 5  # rounds of what takes long

QUERIES: Final = {
    "all statements of a thing": "SELECT ?p ?o { <%person> ?p ?o }",
    "tenures of a person, with body and bounds": "SELECT ?t ?b ?s { ?t org:member <%person> ; org:organization ?b "
    "OPTIONAL { ?t bkg:earliestStart ?s } }",
    "evidence of a thing": "SELECT ?e ?d ?q { ?e bkg:supports <%person> ; bkg:inDocument ?d "
    "OPTIONAL { ?e bkg:quote ?q } }",
    "who sat in a body of a region, 100 rows": "SELECT ?p ?b { ?b bkg:inRegion <%region> . ?t org:organization ?b ; "
    "org:member ?p } LIMIT 100",
    "all parts below a body": "SELECT ?x { ?x bkg:partOf+ <%organization> }",
    "names that begin with letters, 20 rows": "SELECT ?s ?n { ?s skos:prefLabel ?n "
    "FILTER(STRSTARTS(STR(?n), '%letters')) } LIMIT 20",
    "how many of each class": "SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c",
    "how many tenures began in each year": "SELECT ?y (COUNT(*) AS ?n) { ?t a bkg:Tenure ; bkg:earliestStart ?d "
    "BIND(YEAR(?d) AS ?y) } GROUP BY ?y",
    "the ten people with most tenures": "SELECT ?p (COUNT(*) AS ?n) { ?t org:member ?p } "
    "GROUP BY ?p ORDER BY DESC(?n) LIMIT 10",
    "how many triples": "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
}
TEMPLATES: Final = {
    "people/posts": "people/posts?person=%person",
    "posts/holders on a day": "posts/holders?post=%post&on=%day",
    "evidence/of": "evidence/of?thing=%tenure",
    "regions/existing": "regions/existing?country=kz&on=%day",
    "events/list, a year": "events/list?from=%year-01-01&to=%year-12-31",
}
LONG: Final = ("names", "how many", "the ten", "events/list")


@contextmanager
def serving(home: Path, seconds: float) -> Iterator[tuple[httpx.Client, int, dict[str, float]]]:
    """A client of the server, its pid, and the seconds to its first answers."""
    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", SERVER, str(home), str(port), str(seconds)], cwd=ROOT)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=seconds + 30)
    started: dict[str, float] = {}
    try:
        for name, path in (("page", "/"), ("sparql", "/sparql?query=ASK%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D")):
            while name not in started:
                try:
                    if client.get(path).status_code == 200:
                        started[name] = time.perf_counter() - began
                except httpx.HTTPError:
                    time.sleep(0.02)
                assert process.poll() is None, "the server ended"
        yield client, process.pid, started
    finally:
        client.close()
        process.terminate()
        process.wait()


def pss(pid: int) -> float:
    """Proportional set size in MB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1000


def memory(pid: int) -> dict[str, float]:
    return {"server": pss(pid), "workers": sum(pss(child) for child in children(pid))}


def disk(release: Release) -> dict[str, float]:
    """MB of the graphs, and of all else."""
    sizes = {True: 0, False: 0}
    for path in release.path.rglob("*"):
        if path.is_file():
            sizes["store" in path.relative_to(release.path).parts] += path.stat().st_size
    return {"graphs": sizes[True] / 1e6, "projection": sizes[False] / 1e6}


class Things:
    """Values for what is asked, by a seed."""

    def __init__(self, release: Release) -> None:
        self.chance = random.Random(3)
        ask = release.projection.rows
        kinds = ("person", "post", "tenure", "region", "organization")
        self.iris = {
            k: [iri for (iri,) in ask("SELECT iri FROM documents WHERE kind = ? ORDER BY slug", (k,))] for k in kinds
        }

    def put(self, text: str, slugs: bool = False) -> str:
        for kind, iris in self.iris.items():
            if f"%{kind}" in text:
                iri = self.chance.choice(iris)
                text = text.replace(f"%{kind}", iri.rpartition("/")[2] if slugs else iri)
        year = self.chance.randint(1995, 2025)
        letters = self.chance.choice("ABDEKMNOST") + self.chance.choice("aeiou")
        return text.replace("%day", f"{year}-06-15").replace("%year", str(year)).replace("%letters", letters)


def timed(client: httpx.Client, addresses: list[str]) -> dict[str, Any]:
    """Milliseconds of the first and of the others, and other statuses than 200."""
    found, statuses = [], set()
    for address in addresses:
        start = time.perf_counter()
        answer = client.get(address)
        found.append((time.perf_counter() - start) * 1000)
        statuses.add(answer.status_code)
    after = sorted(found[1:])
    return {
        "first_ms": found[0], "p50_ms": statistics.median(after), "p95_ms": after[int(len(after) * 0.95)],
        "statuses": sorted(statuses - {200}),
    }  # fmt: skip


def measure(home: Path, seconds: float) -> dict[str, Any]:
    release = current(Home(home))
    things = Things(release)
    told: dict[str, Any] = {"quads": release.manifest.triples, "disk_mb": disk(release), "asked": {}}
    asked = told["asked"]
    with serving(home, seconds) as (client, pid, started):
        told["start_s"], told["memory_mb"] = started, memory(pid)
        iris = [things.put("%person", slugs=True) for _ in range(TIMES + 1)]
        asked["document of a person (JSON)"] = timed(
            client, [f"/doc/person/{slug}.json" for slug in dict.fromkeys(iris)]
        )
        for name, text in TEMPLATES.items():
            times = SLOW if name.startswith(LONG) else TIMES
            paths = dict.fromkeys(f"/api/v1/{things.put(text, slugs=True)}" for _ in range(times + 1))
            asked[name] = timed(client, list(paths))
        for name, text in QUERIES.items():
            times = SLOW if name.startswith(LONG) else TIMES
            texts = [f"{things.put(text)} # {number}" for number in range(times + 1)]
            asked[f"/sparql: {name}"] = timed(client, [f"/sparql?format=json&query={quote(text)}" for text in texts])
        told["memory_after_mb"] = memory(pid)
    return told


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("homes", type=Path, nargs="+")
    arguments.add_argument("--seconds", type=float, default=30.0, help="the deadline of /sparql")
    arguments.add_argument("--json", type=Path)
    chosen = arguments.parse_args()
    found = []
    for home in chosen.homes:
        found.append(measure(home, chosen.seconds))
        print(json.dumps({k: v for k, v in found[-1].items() if k != "asked"}), flush=True)
        for name, row in found[-1]["asked"].items():
            print(
                f"| {name} | {row['first_ms']:.1f} | {row['p50_ms']:.1f} | {row['p95_ms']:.1f} | {row['statuses']} |",
                flush=True,
            )
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
