"""Imports in a chain: received → findings, accepted → visible, and the disk of each release.

    python tests/bench/bench_imports.py                                # ×1 (61,000 quads), 20 imports: some minutes
    python tests/bench/bench_imports.py --triples 1000000 --imports 100 --keep FOLDER

Generates a base (tests/bench/generate.py) and a release of it without shapes, then hands in imports of about 500
triples (new things of six kinds with evidence), each upon the release of the one before, as a server's worker does: the
plans of the shapes are made once. Times are of the wall: from the bytes to the kept report; from the decision to the
document of a new thing read from the release that ``current`` names. Disk: the files of a release that it shares with
no other.
Exit 1 where a p95 or the median is beyond the aims (``--aim-findings``, ``--aim-visible``, ``--aim-disk``).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from pyoxigraph import NamedNode, Quad, RdfFormat, serialize  # noqa: E402

from kg.imports import accept, flow  # noqa: E402
from kg.imports.desk import Desk  # noqa: E402
from kg.imports.ledger import open_ledger  # noqa: E402
from kg.imports.records import Import  # noqa: E402
from kg.releases.layout import Home  # noqa: E402
from kg.releases.publish import Reason  # noqa: E402
from kg.releases.reader import Current  # noqa: E402
from kg.resources import Resources  # noqa: E402
from kg.settings import Settings  # noqa: E402
from kg.terms import RDF, split_entity_iri  # noqa: E402
from tests.bench.generate import QUADS_OF_TIMES, generate  # noqa: E402
from tests.bench.imports import import_delta  # noqa: E402
from tests.bench.release import release  # noqa: E402

WHO = Reason("bench", "measuring")


def turtle(quads: Iterable[Quad]) -> bytes:
    text = serialize((q.triple for q in quads), format=RdfFormat.N_TRIPLES)
    assert text is not None
    return text


def own_bytes(directory: Path) -> int:
    """What a release takes on the disk beside what it shares by hard links."""
    stats = (Path(folder, name).stat() for folder, _, names in os.walk(directory) for name in names)
    return sum(s.st_blocks * 512 for s in stats if s.st_nlink == 1)


def without(quads: list[Quad], bad: set[str]) -> list[Quad]:
    """Without things that have violations, and what says anything of them."""
    while True:
        left = [q for q in quads if q.subject.value not in bad and getattr(q.object, "value", "") not in bad]
        lost = {q.subject.value for q in quads} - {q.subject.value for q in left}
        if len(left) == len(quads):
            return left
        quads, bad = left, bad | lost


def handed_in(desk: Desk, quads: list[Quad], number: int) -> tuple[Import, list[Quad], float]:
    """An import without violations, its likely duplicates settled; and how long its judging took."""
    for attempt in range(5):
        data = turtle(quads)
        begun = time.perf_counter()
        received = flow.receive(desk, data, f"chain-{number}.nt", f"chain-{number}", WHO)
        judged = flow.process(desk, received.import_.number)
        taken = time.perf_counter() - begun
        with open_ledger(desk.home) as ledger:
            report = ledger.imports.kept(judged.number, "report")
            matches = ledger.settled.matches(judged.number)
        found = [f for part in ("findings", "elsewhere") for f in report[part] if f["severity"] == "Violation"]
        if not found:
            for m in matches:
                flow.settle(desk, judged.number, m.thing, m.candidate, "not same", WHO)
            return judged, quads, taken
        bad = {f["entity"]["id"] for f in found if "entity" in f}
        print(f"  {number}.{attempt}: {len(bad)} things with violations left out: {found[0]['code']}", file=sys.stderr)
        flow.reject(desk, judged.number, WHO)
        quads = without(quads, bad)
    raise SystemExit("an import that stays wrong")


def chain(desk: Desk, imports: int, triples: int) -> list[dict[str, float]]:
    follower, rows = Current(desk.home), []
    for number in range(imports):
        base = follower.get()
        quads = import_delta(base.embedded.raw, random.Random(number), triples).added
        judged, quads, findings = handed_in(desk, quads, number)
        things = sorted(
            q.subject.value
            for q in quads
            if q.predicate == NamedNode(RDF + "type") and isinstance(q.subject, NamedNode)
        )
        kind, slug = split_entity_iri(things[0]) or ("", "")
        steps: dict[str, float] = {}
        marks = [("", begun := time.perf_counter())]

        def mark(step: str, marks: list[tuple[str, float]] = marks) -> None:
            marks.append((step, time.perf_counter()))

        done = accept.accept(desk, judged.number, WHO, mark)
        assert follower.get().projection.document(kind, slug) is not None
        visible = time.perf_counter() - begun
        assert done.outcome == "published"
        for (name, start), (_, end) in zip(marks, [*marks[1:], ("", begun + visible)], strict=True):
            steps[name or "begin"] = end - start
        disk = own_bytes(desk.home.release(done.release)) / 2**20
        rows.append({"triples": len(quads), "findings": findings, "visible": visible, "disk": disk, **steps})
        told = ", ".join(f"{name} {seconds * 1000:.0f}" for name, seconds in steps.items())
        print(f"{number}: {findings:.3f} s, {visible:.3f} s, {disk:.1f} MiB ({told} ms)", file=sys.stderr)
    return rows


def p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--triples", type=int, default=60_000, help="of the base")
    parser.add_argument("--size", type=int, default=500, help="triples of an import")
    parser.add_argument("--imports", type=int, default=20)
    parser.add_argument("--keep", type=Path, help="folder of the base, made unless it is there")
    parser.add_argument("--aim-findings", type=float, default=1.0, help="seconds, p95")
    parser.add_argument("--aim-visible", type=float, default=0.6, help="seconds, p95")
    parser.add_argument("--aim-disk", type=float, default=10.0, help="MiB, median")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bilim-bench-") as temporary:
        folder = chosen.keep or Path(temporary)
        home = Home(folder / "home")
        if home.current_id() is None:
            generate(folder / "base", chosen.triples / QUADS_OF_TIMES)
            release(folder / "base", home.path)
        desk = Desk(Settings(home=home.path), Resources(folder / "base"))
        assert desk.rules().incremental.plans  # a worker makes them once
        rows = chain(desk, chosen.imports, chosen.size)
    out: dict[str, Any] = {
        "findings p50": statistics.median(r["findings"] for r in rows),
        "findings p95": p95([r["findings"] for r in rows]),
        "visible p50": statistics.median(r["visible"] for r in rows),
        "visible p95": p95([r["visible"] for r in rows]),
        "disk median": statistics.median(r["disk"] for r in rows),
        **{f"step {name}": statistics.median(r.get(name, 0.0) for r in rows) for name in rows[0] if name[0].islower()},
    }
    print(json.dumps({name: round(value, 4) for name, value in out.items()}, indent=1))
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    aims = (
        ("findings p95", chosen.aim_findings),
        ("visible p95", chosen.aim_visible),
        ("disk median", chosen.aim_disk),
    )
    missed = [f"{name} {out[name]:.2f} is beyond {aim}" for name, aim in aims if out[name] > aim]
    print("\n".join(missed))
    raise SystemExit(bool(missed))


if __name__ == "__main__":
    main()
