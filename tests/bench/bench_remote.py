"""A remote store under publishing and reading: mixed or partial answers, and what our way to it costs.

Two releases that differ in the name of one person are pushed in turns, ``--pushes`` times, while readers ask through
``ReleaseStore``: each answer must be wholly of the release that was asked, with the number of triples that it has.
Before that the same queries are asked through ``ReleaseStore`` and directly by SPARQLWrapper, in turns. ``--json FILE``
keeps the figures. Virtuoso 7 and Oxigraph's server, each left out where it is not installed; nothing leaves 127.0.0.1.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from SPARQLWrapper import JSON, POST, SPARQLWrapper

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kg.releases.layout import Home  # noqa: E402
from kg.releases.reader import Release, open_release  # noqa: E402
from kg.releases.remote import Connection  # noqa: E402
from kg.sparql.dialects import DIALECTS, standard  # noqa: E402
from kg.sparql.remote_text import Scoped  # noqa: E402
from kg.store.errors import StoreError  # noqa: E402
from tests import remote_stores  # noqa: E402
from tests.released import publish_small  # noqa: E402
from tests.remote_stores import Remote, endpoint, pusher  # noqa: E402

LEASE = 0.3
TIMEOUT = 20.0
READERS = 2
HEAD = (
    "PREFIX person: <https://w3id.org/bilim/id/person/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    "PREFIX bkg: <https://w3id.org/bilim/def#> "
)
WHOLE = (
    HEAD + "SELECT ?name ?n WHERE { { SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o } } "
    'person:aigul-example skos:prefLabel ?name FILTER(LANG(?name) = "en") }'
)
QUERIES = (
    HEAD + "SELECT ?p ?o WHERE { person:aigul-example ?p ?o }",
    HEAD + "SELECT ?c (COUNT(*) AS ?n) WHERE { ?s a ?c } GROUP BY ?c ORDER BY DESC(?n)",
    HEAD + "SELECT ?s ?label WHERE { ?s skos:prefLabel ?label } ORDER BY ?s ?label LIMIT 200",
)


def publishes(store: Remote, releases: list[Release], pushes: int) -> dict[str, Any]:
    """Push in turns under load; how many answers were right, and how many mixed or partial."""
    by_id = {release.id: (f"Aigul {number}", release) for number, release in enumerate(releases, 1)}
    stop = threading.Event()
    right = [0] * READERS
    stale, wrong, failed = [0] * READERS, [0] * READERS, [0] * READERS

    def read(number: int) -> None:
        connection = Connection(endpoint(store, timeout=TIMEOUT), LEASE)
        while not stop.is_set():
            try:
                release_id = connection.current_id()
                if release_id is None:
                    continue
                name, release = by_id[release_id]
                told = connection.store(release.manifest)
                for _ in range(20):
                    rows = [tuple(t.value for t in row) for row in told.query(WHOLE)]  # type: ignore[union-attr]
                    if rows == [(name, str(release.manifest.triples))]:
                        right[number] += 1
                    else:
                        wrong[number] += 1
            except StoreError as error:
                (stale if error.findings[0].code == "remote-stale" else failed)[number] += 1

    pusher(store).push(releases[0])
    readers = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for reader in readers:
        reader.start()
    began = time.monotonic()
    # the longest answer of this load takes well under a second; a real push waits for the whole deadline of readers
    for number in range(pushes):
        pusher(store, grace=LEASE + 1.0).push(releases[(number + 1) % 2])
    seconds = time.monotonic() - began
    stop.set()
    for reader in readers:
        reader.join()
    return {
        "pushes": pushes, "seconds": round(seconds, 1), "answers": sum(right), "mixed or partial": sum(wrong),
        "told to ask again": sum(stale), "failed": sum(failed),
    }  # fmt: skip


def latency(store: Remote, release: Release, rounds: int) -> list[dict[str, float]]:
    """Milliseconds (median) of each query through us and directly, in turns, the same text."""
    pusher(store).push(release)
    connection = Connection(endpoint(store, digest=False, user=None), 60.0)
    ours = connection.store(release.manifest)
    scoped = Scoped(release.id, release.manifest.graphs, DIALECTS.get(connection.found.kind, standard))
    out = []
    for query in QUERIES:
        text, dataset = scoped.request(query, None)
        through, direct = [], []
        for _ in range(rounds):
            start = time.perf_counter()
            rows = list(ours.query(query))  # type: ignore[arg-type]
            middle = time.perf_counter()
            wrapper = SPARQLWrapper(store.address, returnFormat=JSON, defaultGraph=dataset.default[0])
            wrapper.setMethod(POST)
            wrapper.setQuery(text)
            same = wrapper.queryAndConvert()["results"]["bindings"]  # type: ignore[index, call-overload]
            direct.append(time.perf_counter() - middle)
            through.append(middle - start)
            assert len(rows) == len(same)
        mine, theirs = statistics.median(through) * 1000, statistics.median(direct) * 1000
        out.append({"rows": len(rows), "ours_ms": mine, "direct_ms": theirs, "ratio": mine / theirs})
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--pushes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=100)
    chosen = parser.parse_args()
    stores = {"Virtuoso 7": remote_stores.VIRTUOSO, "Oxigraph's server": remote_stores.OXIGRAPH}
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        home = Home(Path(name) / "home")
        releases = [open_release(home, publish_small(home.path, number)) for number in (1, 2)]
        for title, installed in stores.items():
            if not installed:
                print(f"{title} is not installed: left out", file=sys.stderr)
                continue
            make = remote_stores.virtuoso if title.startswith("Virtuoso") else remote_stores.oxigraph
            with make(Path(name) / title.split()[0]) as store:
                found = figures[title] = {"latency": latency(store, releases[0], chosen.rounds)}
                for row in found["latency"]:
                    print(f"{title}: " + ", ".join(f"{key} {value:.3g}" for key, value in row.items()), flush=True)
                found["publishes"] = publishes(store, releases, chosen.pushes)
                print(f"{title}: {found['publishes']}", flush=True)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
