"""The build as the base grows: each step's time and memory at several sizes of synthetic data, and how it grows.

    python tests/bench/bench_build.py                                  # ×1 and ×10, with shapes at ×1: three minutes
    python tests/bench/bench_build.py --sizes 1 10 100 --shapes 1 3    # the figures of docs/benchmarks.md
    python tests/bench/bench_build.py --sizes 1 10 100 --whole         # `bilim build` with shapes at every size

Each size is generated (tests/bench/generate.py), then built in a process of its own: without shapes by
tests/bench/release.py, or wholly by the build that `bilim build` is. Of each step: CPU seconds, wall seconds, peak of
resident memory. Beside them two controls on the same quads in the same process, which tell what the machine itself
does as data outgrows its caches: *set*, every quad put into a set and grouped by its subject; *bulk_load*, Oxigraph's
own load of the finished release from N-Quads, compacted. Exit 1 where a step's CPU time for each quad grows from one
size to the next by more than ``--limit`` times what its control grows by; steps of less than a second are not judged.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from typing import Any

from pyoxigraph import DefaultGraph, RdfFormat, Store, serialize

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kg.releases.candidate import STORE  # noqa: E402
from kg.releases.layout import Home  # noqa: E402
from tests.bench.generate import generate  # noqa: E402

STEPS = ("look", "read", "derive", "candidate", "validate", "compare", "project", "publish")
CONTROLS = ("set", "bulk_load")
CONTROL_OF = {"candidate": "bulk_load"}
"""The steps that store; all others work in memory."""
JUDGED = 1.0
"""CPU seconds from which on a step's growth is told from noise."""

Costs = dict[str, dict[str, float]]


class Meter:
    """Told the name of each step as it begins; what each cost: ``cpu`` and ``wall`` seconds, ``peak`` in MB."""

    def __init__(self) -> None:
        self.costs: Costs = {}
        self._step = ""
        self._begun = (0.0, 0.0)

    def __call__(self, name: str) -> None:
        now = (_cpu(), time.perf_counter())
        if self._step in STEPS + CONTROLS:
            cost = self.costs.setdefault(self._step, {"cpu": 0.0, "wall": 0.0, "peak": 0.0})
            cost["cpu"] += now[0] - self._begun[0]
            cost["wall"] += now[1] - self._begun[1]
            cost["peak"] = max(cost["peak"], _peak())
        if name in STEPS + CONTROLS or not name:  # points of publishing are part of it
            self._step = name
            self._begun = now
            Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024


def _build(folder: Path, home: Path, shapes: bool, results: Any) -> None:
    """In a process of its own."""
    from kg.imports.build import Options, build
    from kg.resources import Resources
    from kg.settings import Settings
    from tests.bench.release import release

    meter = Meter()
    if shapes:
        result = build(Settings(home=home), Resources(folder), Options(only_data=True), meter)
    else:
        result = release(folder, home, meter)
    meter("")
    _controls(home, folder, meter)
    assert result.manifest is not None, [f.code for f in result.findings[:3]]
    whole = max(
        meter.costs[step]["peak"] for step in STEPS if step in meter.costs
    )  # ru_maxrss begins anew with each step too
    told = {"quads": result.manifest.quads, "steps": meter.costs, "peak": whole, "hash": result.content_hash}
    results.put(told)


def _controls(home: Path, folder: Path, meter: Meter) -> None:
    """The release that lies in ``home`` once more, by nothing of ours."""
    gc.disable()  # as a build does
    stored = Store.read_only(str(Home(home).release(Home(home).current_id() or "") / STORE))
    quads = [q for q in stored if q.graph_name != DefaultGraph()]
    meter("set")
    once, groups = set(quads), defaultdict(list)
    for quad in once:
        groups[quad.subject].append(quad)
    meter("")
    del once, groups, quads
    dump = folder / "release.nq"
    serialize(stored, str(dump), RdfFormat.N_QUADS)
    del stored
    meter("bulk_load")
    loaded = Store(str(folder / "loaded"))
    loaded.bulk_load(path=str(dump), format=RdfFormat.N_QUADS)
    loaded.optimize()
    loaded.flush()
    meter("")


def measure(times: float, shapes: bool, seed: int, folder: Path) -> dict[str, Any]:
    """Generate and build one size; the folder is gone afterwards."""
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    try:
        generate(folder, times, seed)
        process = spawn.Process(target=_build, args=(folder, folder / "home", shapes, results))
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(f"×{times:g} was not built")
        return {"times": times, "shapes": shapes, **results.get()}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def growth(small: dict[str, Any], large: dict[str, Any]) -> dict[str, float]:
    """Step to how its CPU time for each quad grows between two sizes; 1 is as the data."""
    data = large["quads"] / small["quads"]
    pairs = ((s, small["steps"].get(s), large["steps"].get(s)) for s in STEPS + CONTROLS)
    grown = {s: b["cpu"] / a["cpu"] / data for s, a, b in pairs if a and b}
    return {s: g for s, g in grown.items() if s in CONTROLS or large["steps"][s]["cpu"] >= JUDGED}


def show(found: list[dict[str, Any]], limit: float) -> list[str]:
    """The table; the steps that grow faster than the data come back."""
    heads = [f"×{m['times']:g}{' with shapes' if m['shapes'] else ''}: {m['quads']:,} quads" for m in found]
    print("| step | " + " | ".join(heads) + " |\n|---|" + "---|" * len(found))
    for step in STEPS + CONTROLS:
        cells = (m["steps"].get(step) for m in found)
        print(f"| {step} | " + " | ".join(f"{c['cpu']:.2f} s, {c['peak']:,.0f} MB" if c else "–" for c in cells) + " |")
    totals = (
        f"{sum(m['steps'][s]['cpu'] for s in STEPS if s in m['steps']):.1f} s, {m['peak']:,.0f} MB" for m in found
    )
    print("| all | " + " | ".join(totals) + " |\n\nGrowth of the time for each quad (1: as the data):")
    faster = []
    for shapes in (False, True):
        series = sorted((m for m in found if m["shapes"] == shapes), key=lambda m: m["quads"])
        for small, large in pairwise(series):
            grown = growth(small, large)
            print(f"×{small['times']:g} → ×{large['times']:g}: " + ", ".join(f"{s} {g:.2f}" for s, g in grown.items()))
            against = {s: g / max(1.0, grown[CONTROL_OF.get(s, "set")]) for s, g in grown.items() if s in STEPS}
            print("  beside its control: " + ", ".join(f"{s} {g:.2f}" for s, g in against.items()))
            faster += [f"{s} grows faster than the data: {g:.2f}" for s, g in against.items() if g > limit]
    return faster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=float, nargs="*", default=[1, 10], help="times the real base, without shapes")
    parser.add_argument("--shapes", type=float, nargs="*", default=[1], help="times the real base, with shapes")
    parser.add_argument("--whole", action="store_true", help="with shapes at all sizes")
    parser.add_argument("--limit", type=float, default=1.3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    plan = [(t, chosen.whole) for t in chosen.sizes]
    plan += [(t, True) for t in chosen.shapes if not chosen.whole]
    with tempfile.TemporaryDirectory(prefix="bilim-bench-") as folder:
        found = [measure(times, shapes, chosen.seed, Path(folder) / "base") for times, shapes in plan]
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    faster = show(found, chosen.limit)
    print("\n".join(faster))
    raise SystemExit(bool(faster))


if __name__ == "__main__":
    main()
