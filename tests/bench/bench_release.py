"""What a release costs beyond its quads: the bulk build against a plain bulk load, and the disk after pruning a chain.

    python tests/bench/bench_release.py                   # of data/
    python tests/bench/bench_release.py HOME              # of the current release of HOME
    python tests/bench/bench_release.py HOME --chain 100 --size 500

First: the named graphs of the release as one N-Quads file; `bulk_load` of it into an empty store, against the bulk
build of the same file: read, named graphs and merged default graph, compaction, hashes. CPU and wall seconds, alone
each. Then: so many changes one after the other, each a hard-linked copy with its own default graph and hashes, as
accepted imports make them (without projection); disk of the chain, and of what `bilim releases prune --keep 1` leaves,
against one compacted release of the same content. Exit 1 beyond 2.5 times the load, or twice the disk.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyoxigraph import NamedNode, RdfFormat, Store, parse

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kg import resources  # noqa: E402
from kg.imports.build import build as build_release  # noqa: E402
from kg.releases import candidate  # noqa: E402
from kg.releases.disk import taken  # noqa: E402
from kg.releases.hashing import canonical, content_hash, graph_names, hash_graphs  # noqa: E402
from kg.releases.layout import Home  # noqa: E402
from kg.releases.reader import open_release  # noqa: E402
from kg.releases.rederive import laid  # noqa: E402
from kg.settings import Settings  # noqa: E402
from tests.bench.imports import import_delta  # noqa: E402


def load(file: Path, folder: Path) -> None:
    """What the store does alone."""
    store = Store(str(folder / "plain"))
    store.bulk_load(path=str(file), format=RdfFormat.N_QUADS)
    store.flush()


def build(file: Path, folder: Path) -> None:
    """What a release does with the same file."""
    with file.open("rb") as handle:
        store = candidate.write_whole(folder / "release", parse(handle, format=RdfFormat.N_QUADS))
    store.optimize()
    store.flush()
    content_hash(hash_graphs(store))


def alone(job: Callable[[Path, Path], None], file: Path, folder: Path) -> dict[str, float]:
    """CPU and wall seconds of a job in a process of its own."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=_measured, args=(job, file, folder, send))
    process.start()
    told: dict[str, float] = receive.recv()
    process.join()
    return told


def _measured(job: Callable[[Path, Path], None], file: Path, folder: Path, send: Any) -> None:
    began, used = time.perf_counter(), _cpu()
    job(file, folder)
    send.send({"cpu": round(_cpu() - used, 2), "wall": round(time.perf_counter() - began, 2)})


def _cpu() -> float:
    found = resource.getrusage(resource.RUSAGE_SELF)
    return found.ru_utime + found.ru_stime


def chain(base: Path, folder: Path, count: int, size: int) -> dict[str, Any]:
    """Disk of a chain of changes, of its end alone, and of the same content compacted; bytes."""
    chance, here = random.Random(1), folder / "0"
    here.mkdir(parents=True)
    Store.read_only(str(base / candidate.STORE)).backup(str(here / candidate.STORE))
    each = []
    for number in range(1, count + 1):
        former, here = here, folder / str(number)
        overlay = laid(Store.read_only(str(former / candidate.STORE)), lambda store: import_delta(store, chance, size))
        before = taken(folder)
        store = candidate.copy_of(former, here)
        for quad in overlay.all_removed():
            store.remove(quad)
        store.extend(overlay.all_added())
        hash_graphs(store, {q.graph_name.value for q in overlay.all_added() if isinstance(q.graph_name, NamedNode)})
        store.flush()
        del store, overlay
        each.append(taken(folder) - before)
    end = taken(here)
    whole = Store(str(folder / "whole"))
    whole.bulk_extend(Store.read_only(str(here / candidate.STORE)))
    whole.optimize()
    whole.flush()
    del whole
    best = taken(folder / "whole")
    shutil.rmtree(folder / "whole")
    return {"chain": taken(folder), "median": statistics.median(each), "pruned": end, "compacted": best}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path, nargs="?")
    parser.add_argument("--chain", type=int, default=0)
    parser.add_argument("--size", type=int, default=500)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = Home(asked.home or folder / "home")
        if asked.home is None:
            build_release(Settings(home=home.path), resources.find())
        release = open_release(home, str(home.current_id()), any_projection=True)
        told: dict[str, Any] = {"release": release.id, "quads": release.manifest.quads}
        store = Store.read_only(str(release.path / candidate.STORE))
        with (folder / "all.nq").open("wb") as out:
            for graph in graph_names(store):
                out.writelines(canonical(store, graph))
        del store
        told["load"], told["build"] = (alone(job, folder / "all.nq", folder) for job in (load, build))
        told["cpuRatio"] = round(told["build"]["cpu"] / told["load"]["cpu"], 2)
        told["wallRatio"] = round(told["build"]["wall"] / told["load"]["wall"], 2)
        for left in ("plain", "release", "all.nq"):
            path = folder / left
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if asked.chain:
            disk = chain(release.path, folder / "chain", asked.chain, asked.size)
            told["diskMiB"] = {key: round(value / 2**20, 1) for key, value in disk.items()}
            told["diskRatio"] = round(disk["pruned"] / disk["compacted"], 2)
    print(json.dumps(told, indent=1))
    return 1 if told["cpuRatio"] > 2.5 or told.get("diskRatio", 0) > 2 else 0


if __name__ == "__main__":
    sys.exit(main())
