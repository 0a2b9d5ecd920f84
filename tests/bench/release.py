"""A release of a resources folder made with every step of a build but the shapes, each timed.

For measurements of what comes after: a million quads take minutes, not hours. Same reading, same candidate, same
derived graph, same projection and manifest as by ``bilim build``; the manifest says that nothing was validated.
"""

from __future__ import annotations

import gc
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from kg.imports.build import BuildResult, Progress
from kg.imports.ledger import open_ledger
from kg.imports.recovery import finish
from kg.imports.sources import fingerprint, read_sources
from kg.releases import candidate as candidates
from kg.releases.derive import derive_from
from kg.releases.difference import compare
from kg.releases.hashing import content_hash, hash_graphs
from kg.releases.layout import Home, user
from kg.releases.project import project
from kg.releases.publish import Reason, make_manifest, publish
from kg.resources import Resources
from kg.settings import Settings


def release(folder: Path, home_folder: Path, progress: Progress = lambda _: None) -> BuildResult:
    """Read, make and publish under ``home_folder``, from nothing. Raises ValueError where reading finds violations.

    ``progress`` is told the name of each step as it begins, as by a build.
    """
    resources, home = Resources(folder), Home(home_folder)
    result = BuildResult("unchanged")

    @contextmanager
    def step(name: str) -> Iterator[None]:
        progress(name)
        begun = time.perf_counter()
        gc.disable()  # as a build does
        yield
        gc.enable()
        result.steps[name] = time.perf_counter() - begun

    with home.lock("bench"), open_ledger(home) as ledger:
        with step("look"):
            inputs = fingerprint(resources)
        with step("read"):
            sources = read_sources(resources)
        result.findings.extend(sources.findings)
        bad = [f for f in sources.findings if f.severity == "Violation"]
        if bad:
            raise ValueError(f"{len(bad)} violations in {folder}; the first: {bad[0]}")
        path = home.candidate()
        try:
            with step("derive"):
                derived = derive_from(q for items in sources.graphs().values() for q in items)
            with step("candidate"):
                quads = (q for items in sources.graphs().values() for q in items)
                store = candidates.write_whole(path, chain(quads, derived))
                del quads, derived
                store.optimize()
                store.flush()
                hashes = hash_graphs(store)
            with step("compare"):
                result.content_hash = content_hash(hashes)
                result.difference = compare(None, store, None, hashes)
            with step("project"):
                entities = project(store, path, result.content_hash)
                made = make_manifest(
                    store,
                    hashes,
                    entities,
                    sequence=ledger.next_sequence(home),
                    parent=None,
                    reason=Reason(user(), "bench"),
                    timezone=Settings().timezone,
                    validation=None,
                    inputs=inputs,
                )
            del store
            with step("publish"):
                ledger.begin(made)
                publish(home, path, made)
                finish(ledger, made)
        finally:
            shutil.rmtree(path, ignore_errors=True)
    result.outcome, result.release, result.manifest = "published", made.id, made
    return result
