"""Realistic synthetic data of any size, deterministic by seed, for measurements (not for CI, and nobody's facts).

    python tests/bench/generate.py FOLDER --times 10          # ten times the real base of 61,000 quads
    python tests/bench/generate.py FOLDER --triples 1000000   # about so many quads when built
    python tests/bench/generate.py FOLDER --triples 1000000 --home HOME   # and a release of it, without shapes

FOLDER becomes a resources folder: ``data/`` (CSV with the metadata of our data/reference, documents, decisions) beside
links to our ontology/ and queries/. So ``BILIM_RESOURCES=FOLDER BILIM_HOME=HOME bilim build`` builds it, and
``… bilim serve`` serves what was built. ``--home`` makes the release without the shapes, which is much quicker and is
what benches of queries need. The same from Python::

    from tests.bench.generate import generate, release
    generate(Path("folder"), times=16, seed=1)
    from tests.bench.release import release
    made = release(Path("folder"), Path("home"))     # BuildResult: release, manifest, seconds of each step

Rows are written as they are made: memory does not grow with the size. ``FOLDER/generated.json`` has the counts.
What the rows are like: tests/bench/synthetic.py; the shapes find nothing wrong with them.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.activities import Activities  # noqa: E402
from tests.bench.facts import Row  # noqa: E402
from tests.bench.synthetic import UNITS  # noqa: E402

QUADS_OF_TIMES = 55_400
"""Quads to each time of the base, without the ontology, which does not grow (the real base has 58,100)."""
QUADS_OF_ONTOLOGY = 3_400


def generate(folder: Path, times: float = 1.0, seed: int = 1) -> dict[str, int]:
    """Write data of ``times`` the real base into a resources folder; rows by table come back.

    What was in ``folder/data`` is replaced.
    """
    reference = folder / "data" / "reference"
    shutil.rmtree(folder / "data", ignore_errors=True)
    for name in ("reference", "documents", "decisions"):
        (folder / "data" / name).mkdir(parents=True)
    for name in ("ontology", "queries"):
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    ours = ROOT / "data" / "reference"
    for path in (*ours.glob("*.csv-metadata.json"), ours / "_columns.json"):
        shutil.copy(path, reference / path.name)
    headers = {path.stem: _header(path) for path in ours.glob("*.csv")}
    headers["identities"] = _header(ROOT / "data" / "decisions" / "identities.csv")
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        writers: dict[str, Any] = {}
        for table, columns in headers.items():
            where = reference if table != "identities" else folder / "data" / "decisions"
            handle = stack.enter_context((where / f"{table}.csv").open("w", encoding="utf-8", newline=""))
            writers[table] = csv.DictWriter(handle, columns, restval="", lineterminator="\n")
            writers[table].writeheader()

        def write(table: str, row: Row) -> None:
            counts[table] += 1
            writers[table].writerow(row)

        def document(stem: str, text: str) -> None:
            counts["documents"] += 1
            (folder / "data" / "documents" / f"{stem}.trig").write_text(text, encoding="utf-8")

        units = max(1, round(times * UNITS))
        maker = Activities(units, seed, write, document)
        for _ in range(units):
            maker.unit()
    told = {"times": times, "seed": seed, "rows": dict(sorted(counts.items()))}
    (folder / "generated.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    return dict(counts)


def _header(path: Path) -> list[str]:
    with path.open(encoding="utf-8", newline="") as handle:
        return next(csv.reader(handle))


def times_of(triples: int) -> float:
    """How many times the real base has about so many quads, the ontology among them."""
    return max(0.05, (triples - QUADS_OF_ONTOLOGY) / QUADS_OF_TIMES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--times", type=float, default=1.0, help="times the real base")
    size.add_argument("--triples", type=int, help="about so many quads when built")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--home", type=Path, help="make a release there, without shapes")
    chosen = parser.parse_args()
    times = chosen.times if chosen.triples is None else times_of(chosen.triples)
    print(json.dumps(generate(chosen.folder, times, chosen.seed)))
    if chosen.home:
        from tests.bench.release import release

        made = release(chosen.folder, chosen.home)
        told = made.as_dict()
        print(json.dumps({name: told[name] for name in ("release", "quads", "triples", "entities", "seconds")}))


if __name__ == "__main__":
    main()
