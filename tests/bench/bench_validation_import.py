"""Judging an import on releases of 10k, 100k and 1M triples: time by step, and that it is flat.

Generates each release (tests/bench/generate.py, without shapes; ``--keep FOLDER`` keeps and reuses them), lays changes
of 500 triples on it (tests/bench/imports.py: new things with evidence, some evidence corrected) and times: *derive*
(laying on and deriving again), *plan* (from the change to rules and nodes), *extract*, *validate* (pySHACL, before and
after), *tell*. ``--seeded`` makes every seeded mistake on each size, one by one, and sees that it is found; and all at
once, compared with whole runs by the compiled shapes. ``--random N`` judges N small random graphs against whole runs
of pySHACL. Exits with 1 where anything differs.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pyoxigraph import DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kg import resources  # noqa: E402
from kg.releases.candidate import STORE, Delta  # noqa: E402
from kg.releases.layout import Home  # noqa: E402
from kg.releases.rederive import laid  # noqa: E402
from kg.store.views import views  # noqa: E402
from kg.terms import GRAPH  # noqa: E402
from kg.validation import Validator  # noqa: E402
from kg.validation.compiled import CompiledValidator  # noqa: E402
from kg.validation.incremental import Incremental  # noqa: E402
from tests.bench.generate import generate, times_of  # noqa: E402
from tests.bench.imports import import_delta  # noqa: E402
from tests.bench.release import release  # noqa: E402
from tests.seeded import Seeds, base_of  # noqa: E402
from tests.small_worlds import copied, differences, disagreement  # noqa: E402

STEPS = ("derive", "plan", "extract", "validate", "tell")


def release_of(size: int, folder: Path) -> Path:
    """The directory of a release of about so many triples, made unless it is there."""
    home = Home(folder / f"home-{size}")
    if home.current_id() is None:
        generate(folder / f"data-{size}", times_of(size))
        release(folder / f"data-{size}", home.path)
    current = home.current_id()
    assert current, "a release publishes"
    return home.release(current)


def measure(store: Store, incremental: Incremental, triples: int, rounds: int) -> dict[str, Any]:
    """Medians of seconds by step over changes of so many triples; the first is not counted."""
    taken: list[dict[str, float]] = []
    sizes: list[tuple[int, int]] = []
    for seed in range(rounds + 1):
        delta = import_delta(store, random.Random(seed), triples)
        focus = {q.subject.value for q in delta.added if isinstance(q.subject, NamedNode)}
        begun, cpu = time.perf_counter(), time.process_time()
        overlay = laid(store, lambda _, delta=delta: delta)  # type: ignore[misc]
        derived = time.perf_counter() - begun
        outcome = incremental.check(views(store, overlay.added(), overlay.removed()), focus=focus)
        whole, used = time.perf_counter() - begun, time.process_time() - cpu
        taken.append({"derive": derived, **outcome.seconds, "whole": whole, "cpu": used})
        sizes.append((outcome.affected, outcome.triples))
        assert not outcome.notes, "no rule needs a whole run"
    out = {name: statistics.median(one.get(name, 0.0) for one in taken[1:]) for name in (*STEPS, "whole", "cpu")}
    affected, neighbourhood = (statistics.median(column) for column in zip(*sizes[1:], strict=True))
    return {**out, "affected": affected, "neighbourhood": neighbourhood}


def seeded(path: Path, folder: Path, incremental: Incremental, compiled: CompiledValidator) -> dict[str, Any]:
    """Every mistake by itself must be found; all together must change what two whole runs say has changed."""
    store = base_of(path, folder)
    mistakes = list(Seeds(store, random.Random(5)).all())
    missed = []
    seconds = []
    for mistake in mistakes:
        begun = time.perf_counter()
        overlay = laid(store, lambda _, delta=mistake.delta: delta)  # type: ignore[misc]
        outcome = incremental.check(views(store, overlay.added(), overlay.removed()), focus=())
        seconds.append(time.perf_counter() - begun)
        if (mistake.code, mistake.focus) not in {(f.code, f.entity) for f in outcome.far}:
            missed.append(f"{mistake.code} on {mistake.focus}")
    gone = {q: None for m in mistakes for q in m.delta.removed}
    added = {q: None for m in mistakes for q in m.delta.added if q not in gone}
    overlay = laid(store, lambda _: Delta(list(added), list(gone)))
    outcome = incremental.check(views(store, overlay.added(), overlay.removed()), focus=())
    begun = time.perf_counter()
    before = compiled.validate(store)
    full = time.perf_counter() - begun
    after = compiled.validate(copied(overlay))
    return {
        "mistakes": len(mistakes),
        "kinds": len({m.code for m in mistakes}),
        "missed": missed,
        "differences": [" ".join(map(str, row)) for row in sorted(differences(outcome, before, after), key=str)],
        "changed": len(outcome.far) + len(outcome.mended),
        "median": statistics.median(seconds),
        "full": full,
    }


def small(number: int, validator: Validator, incremental: Incremental) -> int:
    """How many of so many random graphs are judged otherwise than in full."""
    graph = NamedNode(GRAPH + "data/examples")
    store = Store()
    for file in sorted((resources.find().ontology / "examples").glob("*/*.ttl")):
        found = parse(path=str(file), format=RdfFormat.TURTLE)
        store.bulk_extend(Quad(q.subject, q.predicate, q.object, graph) for q in found)
    quads = sorted((q for q in store if q.graph_name != DefaultGraph()), key=str)
    return sum(bool(disagreement(seed, quads, validator, incremental)) for seed in range(number))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--triples", type=int, default=500, help="of a change")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seeded", action="store_true")
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a folder for the releases")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    validator = Validator(resources.find())
    begun = time.perf_counter()
    incremental = Incremental(validator)
    out: dict[str, Any] = {"plans_s": time.perf_counter() - begun, "sizes": {}}
    print(f"plans of {len(incremental.plans)} rules made in {out['plans_s']:.2f} s, once")
    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        for size in chosen.sizes:
            path = release_of(size, folder)
            store = Store.read_only(str(path / STORE))
            found = out["sizes"][size] = measure(store, incremental, chosen.triples, chosen.rounds)
            steps = " ".join(f"{name} {found[name] * 1000:.0f}" for name in (*STEPS, "whole", "cpu"))
            print(f"{size:>9,}: {steps} ms; {found['affected']:.0f} pairs, {found['neighbourhood']:.0f} triples")
            if chosen.seeded:
                told = found["seeded"] = seeded(
                    path, Path(temporary) / f"copy-{size}", incremental, CompiledValidator(shapes=validator.shapes)
                )
                failed = failed or bool(told["missed"] or told["differences"])
                print(f"           {json.dumps(told, ensure_ascii=False)}")
    if chosen.random:
        out["random"] = {"graphs": chosen.random, "differ": small(chosen.random, validator, incremental)}
        failed = failed or out["random"]["differ"] > 0
        print(f"{chosen.random} random graphs, {out['random']['differ']} judged otherwise than in full")
    if chosen.json:
        chosen.json.write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
