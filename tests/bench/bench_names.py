"""Finding names among 100,000: recall and time of kg.releases.name_index by kind of spelling.

Names are composed (tests/bench/words.py), each in three spellings; nobody is meant. Prints a table, in time by the
clock and of the processor (which a busy machine changes less); ``--json FILE`` keeps it; ``--people N`` changes their
number.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from kg.names import fold  # noqa: E402
from kg.releases import name_index  # noqa: E402
from tests.bench import words  # noqa: E402
from tests.named import named  # noqa: E402


def typo(rng: random.Random, text: str) -> str:
    """One letter lost, added, changed or two of them exchanged, inside a word."""
    at = rng.choice([i for i in range(1, len(text) - 1) if text[i] != " " and text[i + 1] != " "])
    letter = rng.choice("aeioubdkmnrst" if text.isascii() else "аеиоубдкмнрст")
    return rng.choice(
        [
            text[:at] + text[at + 1 :],
            text[:at] + letter + text[at:],
            text[:at] + letter + text[at + 1 :],
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--asked", type=int, default=500)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rng = random.Random(1)
    people = [words.person(rng) for _ in range(options.people)]
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        spelled = (
            ("person", str(i), lang, text)
            for i, p in enumerate(people)
            for lang, text in (("en", p.en), ("ru", p.ru), ("kk", p.kk))
        )
        db = named(Path(folder) / "names.sqlite", spelled)
        filled = time.perf_counter() - begun
        size = (Path(folder) / "names.sqlite").stat().st_size / 2**20
        print(f"{options.people} people, {options.people * 3} names: index in {filled:.1f} s, file {size:.0f} MiB")
        ways: dict[str, Callable[[str], str]] = {
            "as it stands": lambda text: text,
            "other order": lambda text: " ".join(reversed(text.split())),
            "one slip": lambda text: typo(rng, text),
            "initial": lambda text: f"{text[0]}. {text.split()[1]}",
        }
        results = {}
        for way, spell in ways.items():
            taken, worked, found = [], [], 0
            for _ in range(options.asked):
                i = rng.randrange(options.people)
                text = spell(rng.choice((people[i].en, people[i].ru, people[i].kk)))
                begun, at_work = time.perf_counter(), time.process_time()
                hits = name_index.search(lambda sql, values=(): db.execute(sql, tuple(values)).fetchall(), text)
                worked.append(time.process_time() - at_work)
                taken.append(time.perf_counter() - begun)
                # people whose names are the same in a spelling cannot be told apart by it
                keys = {fold(t) for t in (people[i].en, people[i].ru, people[i].kk)}
                found += any(hit.slug == str(i) or fold(hit.name) in keys for hit in hits)
            by_clock, cpu = statistics.quantiles(taken, n=100), statistics.quantiles(worked, n=100)
            results[way] = {
                "recall": found / options.asked,
                "p50_ms": by_clock[49] * 1000,
                "p99_ms": by_clock[98] * 1000,
                "cpu_p50_ms": cpu[49] * 1000,
                "cpu_p99_ms": cpu[98] * 1000,
            }
            r = results[way]
            print(
                f"{way:<14} recall@10 {r['recall']:.3f}   p50 {r['p50_ms']:.2f} ms   p99 {r['p99_ms']:.2f} ms   "
                f"processor p50 {r['cpu_p50_ms']:.2f} ms   p99 {r['cpu_p99_ms']:.2f} ms"
            )
        if options.json:
            options.json.write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
