"""Lookups and as-of lists in process: pyoxigraph over a built release, against rdflib's engine on the same data.

Builds a release from data/ into a folder of its own, binds the query templates as the server does, sees that both
engines give the same rows, then times them in turn. rdflib is timed twice: parsing each query, and prepared
beforehand, which no server with open parameters could do. Prints a table; ``--json FILE`` keeps the figures too.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import rdflib
from rdflib.plugins.sparql import prepareQuery

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kg import resources  # noqa: E402
from kg.releases.layout import Home  # noqa: E402
from kg.store.embedded import EmbeddedStore  # noqa: E402
from kg.templates.entities import StoreEntities  # noqa: E402
from kg.templates.loader import load_folder  # noqa: E402
from kg.templates.model import Template  # noqa: E402
from kg.templates.params import check  # noqa: E402
from kg.templates.run import bound  # noqa: E402
from kg.terms import PREFIXES  # noqa: E402

ROUNDS = 7
ENOUGH = 0.15  # seconds of work in each timing, so that the clock's grain does not count
QUERIES = 12  # different values of parameters for each case
DAYS = ("2006-01-01", "2016-07-01", "2019-06-13", "2022-06-07", "2022-06-10", "2022-06-24", "2025-01-01", "2026-01-01")

Row = tuple[str | None, ...]


def build_release(home: Path) -> Path:
    """Build a release as an operator would; its store's folder."""
    command = [sys.executable, "-c", "from kg.cli import main; main()", "build"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "BILIM_HOME": str(home)}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"the release could not be built:\n{done.stdout}{done.stderr}")
    current = Home(home).current_id()
    assert current, "a build publishes"
    return Home(home).release(current) / "store"


class Engines:
    """One data set in both engines: the merged default graph of the release."""

    def __init__(self, store: Path) -> None:
        self.embedded = EmbeddedStore(store, "bench")
        self.store = self.embedded.raw
        triples = self.store.dump(format=ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph())
        assert triples is not None
        self.graph = rdflib.Graph()
        self.graph.parse(data=triples, format="nt")

    def oxigraph(self, text: str) -> list[Row]:
        result: Any = self.store.query(text)
        return [tuple(term.value if term is not None else None for term in row) for row in result]

    def rdflib(self, query: Any) -> list[Row]:
        return [tuple(str(term) if term is not None else None for term in row) for row in self.graph.query(query)]

    def slugs(self, pattern: str) -> list[str]:
        """Slugs of the things that a pattern over ``?x`` finds, in order."""
        prologue = "".join(f"PREFIX {name}: <{iri}> " for name, iri in PREFIXES.items())
        rows = self.oxigraph(f"{prologue} SELECT DISTINCT ?x WHERE {{ {pattern} }} ORDER BY ?x")
        return [str(row[0]) for row in rows]


def cases(engines: Engines, templates: dict[str, Template]) -> Iterator[tuple[str, list[str]]]:
    """What is measured: a name, and the bound query texts."""
    entities = StoreEntities(engines.embedded)

    def texts(name: str, *given: dict[str, str]) -> list[str]:
        template = templates[name]
        out = []
        for one in given[:QUERIES]:
            values = check(template, {k: [v] for k, v in one.items()}, entities=entities, today=date(2026, 11, 22))
            out.append(bound(template, values))
        return out

    people = engines.slugs("?x a foaf:Person")
    tenures = engines.slugs("?x a bkg:Tenure")
    posts = engines.slugs("?t bkg:post ?x")
    yield "lookup: all statements of a person", [f"SELECT ?p ?o WHERE {{ <{x}> ?p ?o }}" for x in people[:QUERIES]]
    yield "lookup: evidence of a tenure (evidence/of)", texts("evidence/of", *({"thing": t} for t in tenures))
    yield "lookup: posts of a person (people/posts)", texts("people/posts", *({"person": p} for p in people))
    pairs = [{"post": p, "on": d} for d in DAYS for p in posts]
    yield "as-of: holders of a post (posts/holders)", texts("posts/holders", *pairs[:: max(1, len(pairs) // QUERIES)])
    yield "as-of: regions on a day (regions/existing)", texts("regions/existing", *({"on": d} for d in DAYS))


def timed(run: Callable[[Any], object], queries: list[Any]) -> float:
    """Seconds a query, over as many passes as fill :data:`ENOUGH`."""
    passes, spent = 0, 0.0
    while spent < ENOUGH:
        start = time.perf_counter()
        for query in queries:
            run(query)
        spent += time.perf_counter() - start
        passes += 1
    return spent / (passes * len(queries))


def measure(engines: Engines, name: str, queries: list[str]) -> dict[str, Any]:
    """Times and ratios of one case. Exits where the engines differ: a ratio of different answers says nothing."""
    rows = 0
    for text in queries:
        ours, theirs = engines.oxigraph(text), engines.rdflib(text)
        if Counter(ours) != Counter(theirs):
            sys.exit(f"{name}: the engines differ ({len(ours)} and {len(theirs)} rows) on\n{text}")
        rows += len(ours)
    prepared = [prepareQuery(text) for text in queries]
    rounds = [
        (timed(engines.oxigraph, queries), timed(engines.rdflib, queries), timed(engines.rdflib, prepared))
        for _ in range(ROUNDS)
    ]
    parsing = sorted(theirs / ours for ours, theirs, _ in rounds)
    ready = sorted(theirs / ours for ours, _, theirs in rounds)
    return {
        "case": name,
        "queries": len(queries),
        "rows_per_query": round(rows / len(queries), 1),
        "pyoxigraph_ms": statistics.median(r[0] for r in rounds) * 1000,
        "rdflib_ms": statistics.median(r[1] for r in rounds) * 1000,
        "rdflib_prepared_ms": statistics.median(r[2] for r in rounds) * 1000,
        "ratio": statistics.median(parsing),
        "ratio_range": [parsing[0], parsing[-1]],
        "ratio_prepared": statistics.median(ready),
        "ratio_prepared_range": [ready[0], ready[-1]],
    }


def ratio(got: dict[str, Any], key: str) -> str:
    """``**52** (47–57)``: median, least and most; one decimal below ten."""
    middle, low, high = (f"{x:.0f}" if x >= 10 else f"{x:.1f}" for x in (got[key], *got[f"{key}_range"]))
    return f"**{middle}** ({low}–{high})"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--json", type=Path, help="keep the figures in this file")
    asked = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="bilim-bench-") as folder:
        engines = Engines(build_release(Path(folder)))
        templates, broken = load_folder(resources.find().queries)
        assert not broken, broken
        print(
            f"{len(engines.graph):,} triples; pyoxigraph {ox.__version__}, rdflib {rdflib.__version__}, "
            f"Python {platform.python_version()}, {os.cpu_count()} cores; median of {ROUNDS} rounds (least to most)\n"
        )
        print("| in process | rows | pyoxigraph | rdflib | times faster | rdflib, prepared | times faster |")
        print("|---|---|---|---|---|---|---|")
        figures = []
        for name, queries in cases(engines, templates):
            got = measure(engines, name, queries)
            figures.append(got)
            print(
                f"| {name} | {got['rows_per_query']} | {got['pyoxigraph_ms']:.3f} ms "
                f"| {got['rdflib_ms']:.2f} ms | {ratio(got, 'ratio')} "
                f"| {got['rdflib_prepared_ms']:.2f} ms | {ratio(got, 'ratio_prepared')} |",
                flush=True,
            )
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
