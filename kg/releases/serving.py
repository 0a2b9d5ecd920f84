"""A release as /sparql asks it: its store, and beside its graphs those that depend on where it is served.

The examples and the VoID of an endpoint name its address, so they are no part of a release and of its content hash.
They are written into a copy of its store (hard links: some 50 ms, nearly no disk) in ``serving/`` of the home, as named
graphs outside of the default graph. A copy lives as long as the process that serves it; a crash's are swept at start.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pyoxigraph import NamedNode, Quad, Store, Triple

from kg.releases.candidate import STORE
from kg.releases.reader import Release

FOLDER: Final = "serving"


@dataclass(frozen=True, slots=True)
class Serving:
    """What :class:`kg.sparql.pool.Pool` wants of a release. ``graphs``: triples of each graph that was added."""

    id: str
    path: Path
    graphs: Mapping[str, int]

    def remove(self) -> None:
        """Take the copy away. Workers that still read it read to the end."""
        shutil.rmtree(self.path, ignore_errors=True)


def make(home: Path, release: Release, graphs: Mapping[str, Iterable[Triple]]) -> Serving:
    """The copy with these graphs. Raises OSError where the home cannot be written."""
    path = home / FOLDER / f"{os.getpid()}-{id(release):x}-{release.id}"
    path.mkdir(parents=True)
    Store.read_only(str(release.path / STORE)).backup(str(path / STORE))
    store = Store(str(path / STORE))
    counts = {}
    for name, triples in graphs.items():
        quads = {Quad(t.subject, t.predicate, t.object, NamedNode(name)) for t in triples}
        store.extend(quads)
        counts[name] = len(quads)
    store.flush()
    return Serving(release.id, path, counts)


def sweep(home: Path) -> None:
    """Remove the copies of processes that are gone."""
    for path in (home / FOLDER).glob("*-*"):
        pid = path.name.partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(path, ignore_errors=True)
