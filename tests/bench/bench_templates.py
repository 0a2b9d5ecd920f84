"""Every shipped template in process: check, bind, query, shape, as a server does on a miss, over a built release.

Four things are told:

- for each template, the first answer of many questions (questions.py) and the 99th percentile of those after;
- a point lookup over the engine parsing and planning the same text on an empty store (what no server can save);
- shaping 10,000 rows over the query that gives them;
- the release's size, since the first figure means nothing without it.

Prints tables; ``--json FILE`` keeps the figures too; ``--home FOLDER`` takes a release that is there, ``--triples N``
one of generated data. ``--cpu`` measures CPU time of the thread that answers, for a machine with other work on it. A
release is held in memory as a server would hold it (``BILIM_MEMORY_TRIPLES``); ``--memory`` and ``--disk`` decide it.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kg import resources  # noqa: E402
from kg.commands.serve import COLLECT_AFTER  # noqa: E402
from kg.releases import reader  # noqa: E402
from kg.releases.layout import Home  # noqa: E402
from kg.releases.reader import Release  # noqa: E402
from kg.settings import Settings  # noqa: E402
from kg.store.embedded import EmbeddedStore  # noqa: E402
from kg.store.fitting import triples_that_fit  # noqa: E402
from kg.templates.catalogue import Catalogue  # noqa: E402
from kg.templates.loader import Context, load  # noqa: E402
from kg.templates.model import Template  # noqa: E402
from kg.templates.page import Asked  # noqa: E402
from kg.templates.prepare import bound  # noqa: E402
from kg.templates.run import Engine  # noqa: E402
from kg.terms import PREFIXES  # noqa: E402
from tests.bench.questions import questions  # noqa: E402

TIMES = 400  # for each template: enough for a 99th percentile
CLOCKS: dict[bool, Callable[[], float]] = {False: time.perf_counter, True: time.thread_time}
TODAY = date(2026, 11, 22)
ROWS = 10_000
LOOKUP = "posts/holders"
LANGUAGES = ("en", "kk", "ru")


def build(home: Path) -> None:
    """Build a release as an operator would."""
    command = [sys.executable, "-c", "from kg.cli import main; main()", "build"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "BILIM_HOME": str(home)}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"the release could not be built:\n{done.stdout}{done.stderr}")


def generated(data: Path, home: Path, triples: int) -> None:
    """A release of generated data, made without its shapes."""
    command = [sys.executable, "tests/bench/generate.py", str(data), "--triples", str(triples), "--home", str(home)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def answer(engine: Engine, template: Template, given: dict[str, list[str]], number: int = 1) -> tuple[int, int]:
    """One whole answer but for the bytes: things in it, and pages that there are."""
    values = engine.check(template, given, TODAY)
    if template.form == "ASK":
        return int(engine.boolean(template, values)), 1
    if template.form != "SELECT":
        return sum(1 for _ in engine.triples(template, values)), 1
    asked = Asked(number, template.page_size) if template.page_size else None
    table = engine.table(template, values, asked)
    return len(engine.objects(template, table, LANGUAGES)), table.page.last if table.page else 1


def spent(run: Callable[[], object], times: int, clock: Callable[[], float]) -> list[float]:
    """Milliseconds of each call, sorted; three are not counted."""
    for _ in range(3):
        run()
    found = []
    for _ in range(times):
        start = clock()
        run()
        found.append((clock() - start) * 1000)
    return sorted(found)


def each_template(
    release: Release, templates: dict[str, Template], times: int, clock: Callable[[], float]
) -> list[dict[str, Any]]:
    """A row for each template: the first answer of each question to a release, and those after it, of any page.

    What the first leaves behind is what a server keeps of a release too: totals, and orders of what is listed.
    """
    rows = []
    chance = random.Random(1)
    for name, template in templates.items():
        engine = Engine(release.store, release.projection)
        asked = questions(template, engine, release)
        first: list[float] = []
        after: list[float] = []
        things = 0
        gc.collect()
        for given in asked:
            start = clock()
            found, pages = answer(engine, template, given)
            first.append((clock() - start) * 1000)
            things = max(things, found)
            for _ in range(max(3, times // len(asked))):
                number = chance.randint(1, pages)
                start = clock()
                answer(engine, template, given, number)
                after.append((clock() - start) * 1000)
        first.sort()
        after.sort()
        row: dict[str, Any] = {
            "template": name,
            "questions": len(asked),
            "things": things,
            "first_median_ms": statistics.median(first),
            "first_most_ms": first[-1],
            "median_ms": statistics.median(after),
            "p99_ms": after[min(len(after) - 1, int(len(after) * 0.99))],
        }
        rows.append(row)
        print("| {template} | {questions} | {things} | {first_median_ms:.1f} | {first_most_ms:.1f} | {median_ms:.2f} | "
              "{p99_ms:.2f} |".format(**row), flush=True)  # fmt: skip
    return rows


def lookup(release: Release, template: Template, clock: Callable[[], float]) -> dict[str, float]:
    """A point lookup, other days each time, over parse and plan of the same texts on an empty store."""
    engine, empty = Engine(release.store, release.projection), ox.Store()
    post = next(given["post"] for given in questions(template, engine, release))
    asked = [{"post": post, "on": [f"20{year:02}-{month:02}-15"]} for year in range(10, 26) for month in range(1, 13)]
    texts = [bound(template, engine.check(template, given, TODAY)) for given in asked]

    def timed(work: Callable[[Any], object], item: Any) -> float:
        start = clock()
        work(item)
        return (clock() - start) * 1000

    def on_empty(text: str) -> int:
        solutions: Any = empty.query(text)
        return sum(1 for _ in solutions)

    rounds = []
    for _ in range(7):
        fresh = Engine(release.store, release.projection)  # which keeps no list yet
        answer(fresh, template, {"post": post})  # but knows the post, as after the first question about it
        # in turns, so that a slow moment of the machine meets both
        pairs = [
            (timed(lambda g: answer(fresh, template, g), given), timed(on_empty, text))  # noqa: B023
            for given, text in zip(asked, texts, strict=True)
        ]
        rounds.append((statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)))
    ratios = sorted(ours / least for ours, least in rounds)
    return {
        "miss_ms": statistics.median(r[0] for r in rounds),
        "parse_and_plan_ms": statistics.median(r[1] for r in rounds),
        "ratio": statistics.median(ratios),
        "least": ratios[0],
        "most": ratios[-1],
    }


SHAPED = b"""#+ returns:
#+   tenure: {type: entity}
#+   person: {type: entity}
#+   start: {type: edtf}
#+   confidence: {type: number}
#+   name: {type: text}
SELECT ?tenure ?person ?start ?confidence ?name WHERE {
  ?tenure a bkg:Tenure ; org:member ?person ; bkg:startEdtf ?start ; bkg:confidence ?confidence ; skos:altLabel ?name .
}
LIMIT 20000"""


class Labels:
    """Labels of a generated graph, at hand: what the projection would read is measured by the templates above."""

    def labels(self, iris: Any) -> dict[str, dict[str, str]]:
        return {iri: {"en": iri.rsplit("/", 1)[-1]} for iri in iris}


def shaping(folder: Path, clock: Callable[[], float]) -> dict[str, float]:
    """Objects from 10,000 rows over the query for them: things, a date, a number and a text in each row."""
    store = ox.Store(str(folder))
    head = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
    lines = [
        f"tenure:t{n} a bkg:Tenure ; org:member person:p{n % 3000} ; bkg:confidence {n % 100 / 100} ;"
        f' bkg:startEdtf "{1990 + n % 36}-{n % 12 + 1:02}-{n % 28 + 1:02}"^^edtf:EDTF ; skos:altLabel "Name {n}"@en .'
        for n in range(ROWS)
    ]
    store.load(input=(head + "\n".join(lines)).encode(), format=ox.RdfFormat.TURTLE)
    store.flush()
    del store
    embedded = EmbeddedStore(folder, "bench")
    engine = Engine(embedded, Labels())
    template = load(SHAPED, "bench/shaped", "bench/shaped.rq", Context())
    values = engine.check(template, {}, TODAY)
    table = engine.table(template, values)
    assert len(table.rows) == ROWS, len(table.rows)
    rounds = [
        (
            spent(lambda: engine.table(template, values), 1, clock)[0],
            spent(lambda: engine.objects(template, table, LANGUAGES), 1, clock)[0],
        )
        for _ in range(7)
    ]
    ratios = sorted(shape / query for query, shape in rounds)
    return {
        "query_ms": statistics.median(r[0] for r in rounds),
        "shape_ms": statistics.median(r[1] for r in rounds),
        "ratio": statistics.median(ratios),
        "least": ratios[0],
        "most": ratios[-1],
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--home", type=Path, help="a home with a release; else one is built from data/")
    options.add_argument("--triples", type=int, help="about so many quads, generated (tests/bench/generate.py)")
    options.add_argument("--only", nargs="*", default=[], help="these templates only, and nothing else")
    options.add_argument("--times", type=int, default=TIMES, help="answers for each template")
    options.add_argument("--cpu", action="store_true", help="CPU time in place of the clock on the wall")
    where = options.add_mutually_exclusive_group()
    where.add_argument("--memory", action="store_true", help="hold the release in memory, whatever its size")
    where.add_argument("--disk", action="store_true", help="leave it on the disk")
    options.add_argument("--json", type=Path, help="keep the figures in this file")
    chosen = options.parse_args()
    clock = CLOCKS[chosen.cpu]
    with tempfile.TemporaryDirectory(prefix="bilim-bench-") as folder:
        home = chosen.home or Path(folder) / "home"
        if chosen.home is None and chosen.triples:
            generated(Path(folder) / "data", home, chosen.triples)
        elif chosen.home is None:
            build(home)
        release = reader.current(Home(home))
        templates = Catalogue(resources.find().queries).templates
        held = release.manifest.triples <= triples_that_fit(Settings().memory_triples)
        if (held or chosen.memory) and not chosen.disk:
            release.embedded.hold()
        print(f"{release.manifest.triples:,} triples {'in memory' if release.embedded.held else 'on disk'}; "
              f"{'CPU' if chosen.cpu else 'wall'} time; pyoxigraph {ox.__version__}, Python "
              f"{platform.python_version()}, {os.cpu_count()} cores; "
              f"{chosen.times} answers for each template\n", flush=True)  # fmt: skip
        print("| template | questions | things | first, median ms | first, most ms | median ms | p99 ms |")
        print("|---" * 7 + "|")
        gc.collect()
        gc.freeze()  # as `bilim serve` does
        gc.set_threshold(COLLECT_AFTER, 10, 10)
        templates = {n: t for n, t in templates.items() if not chosen.only or n in chosen.only}
        found: dict[str, Any] = {"templates": each_template(release, templates, chosen.times, clock)}
        if chosen.only:
            return
        found["lookup"] = lookup(release, templates[LOOKUP], clock)
        found["shaping"] = shaping(Path(folder) / "shaped", clock)
    print("\n| | ours | against | ratio |\n|---|---|---|---|")
    print("| point lookup, not cached / parse and plan, empty store | {miss_ms:.3f} ms | {parse_and_plan_ms:.3f} ms "
          "| **{ratio:.2f}** ({least:.2f}–{most:.2f}) |".format(**found["lookup"]))  # fmt: skip
    print("| shaping 10,000 rows / the query for them | {shape_ms:.1f} ms | {query_ms:.1f} ms "
          "| **{ratio:.2f}** ({least:.2f}–{most:.2f}) |".format(**found["shaping"]))  # fmt: skip
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
