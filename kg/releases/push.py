"""Publishing a release to a remote store: its graphs under new names, counted; one switch; the former dropped.

Readers ask the graphs that the pointer names (kg.releases.remote), so they see the release before or the one after and
never a part. Whatever stops a push, the pointer names a whole release, and the next push goes on where it ended: graphs
that hold what they must are kept, others loaded anew. What is not current any more is dropped only after a pause that
outlasts the lease and the deadline of every reader.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from kg.findings import BilimError, finding
from kg.releases.layout import Step
from kg.releases.loaders import Job, choose
from kg.releases.reader import Release
from kg.releases.remote import CURRENT, HELD, POINTER, Connection
from kg.sparql.remote_text import Scoped, merged, scope, scoped
from kg.store.probe import Capabilities, probe, probe_more
from kg.store.protocol import Solutions
from kg.store.remote import Endpoint, RemoteStore
from kg.terms import BASE, DCT

_PIECE: Final = 50_000  # triples of a request: some 8 MB


@dataclass(frozen=True, slots=True)
class Pushed:
    """What was done: graphs loaded and kept, releases dropped, seconds of loading, the loader's name."""

    release: str
    former: str | None
    loader: str
    loaded: tuple[str, ...]
    kept: tuple[str, ...]
    dropped: tuple[str, ...]
    triples: int = 0
    seconds: float = 0.0
    warnings: tuple[BilimError, ...] = field(default=())


class Pusher:
    """Pushes releases to one store. ``grace`` in seconds: how long what was current stays after the switch.

    ``step`` is told the name of each step that is done; what it raises stops the work there.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        job: Job,
        loader: str = "auto",
        grace: float = 0.0,
        found: Capabilities | None = None,
        step: Step = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.found = found or probe(endpoint)
        if self.found.kind == "bilim":
            raise BilimError(finding("push-own", endpoint=endpoint.name))
        self._store = RemoteStore(endpoint, "")
        self._connection = Connection(endpoint, 0.0, found=self.found)
        self._job = job
        self._loader_name, self._load = choose(loader, self.found.kind, job)
        self._grace = grace
        self._step = step
        self._sleep = sleep

    def push(self, release: Release) -> Pushed:
        """Publish this release there. Raises :class:`BilimError`; the pointer then names what it named before."""
        expected = self._expected(release)
        former = self._connection.current_id()
        loaded: list[str] = []
        began = time.monotonic()
        for graph, count in expected.items():
            found = self._count(graph)
            if found == count:
                continue
            if former == release.id:
                raise BilimError(finding("push-damaged", release=release.id, graph=graph, found=found, expected=count))
            if not loaded:
                self._list(release.id, expected)
            self._fill(release, graph, count, found)
            loaded.append(graph)
        seconds = time.monotonic() - began
        if former != release.id:
            self._switch(release.id)
            self._step("switched")
        dropped = self._drop_others(release.id)
        kept = tuple(graph for graph in expected if graph not in loaded)
        triples = sum(expected[graph] for graph in loaded)
        return Pushed(release.id, former, self._loader_name, tuple(loaded), kept, dropped, triples, seconds)

    def _expected(self, release: Release) -> dict[str, int]:
        """Name there -> number of triples; the merged graph last, for it is what most readers ask."""
        manifest = release.manifest
        names = {scoped(release.id, graph): entry.quads for graph, entry in sorted(manifest.graphs.items())}
        return {**names, merged(release.id): manifest.triples}

    def _fill(self, release: Release, graph: str, count: int, found: int) -> None:
        target = self._job.target
        if found:  # what a broken push has left; nobody reads it
            target.update(f"DROP SILENT GRAPH <{graph}>")
            self._step(f"cleared {graph}")
        if count:
            self._load(self._job, graph, self._pieces(release, graph))
        self._step(f"loaded {graph}")
        held = self._count(graph)
        if held != count:
            raise BilimError(finding("push-count", graph=graph, found=held, expected=count))
        self._step(f"counted {graph}")

    def _pieces(self, release: Release, graph: str) -> Iterator[bytes]:
        """The triples of a graph as N-Triples, in pieces of whole lines."""
        manifest = release.manifest
        text = Scoped(release.id, manifest.graphs)
        ours = {scoped(release.id, name): ox.NamedNode(name) for name in manifest.graphs}
        name = ours.get(graph, ox.DefaultGraph())
        part: list[ox.Quad] = []
        for quad in release.embedded.raw.quads_for_pattern(None, None, None, name):
            part.append(quad)
            if len(part) == _PIECE:
                yield text.load(_lines(part))
                part = []
        if part:
            yield text.load(_lines(part))

    def _count(self, graph: str) -> int:
        rows = self._store.query(f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
        assert isinstance(rows, Solutions)
        [row] = rows
        return int(row[0].value)  # type: ignore[union-attr]

    def _list(self, release_id: str, graphs: dict[str, int]) -> None:
        """Write down what will be there, before it is: so that it can be found and dropped whatever happens."""
        parts = " , ".join(f"<{graph}>" for graph in graphs)
        self._job.target.update(f"INSERT DATA {{ GRAPH <{HELD}> {{ <{scope(release_id)}> <{DCT}hasPart> {parts} }} }}")
        self._step("listed")

    def _switch(self, release_id: str) -> None:
        """One update of one triple: the publication."""
        subject = f"<{BASE}> <{CURRENT}>"
        if self._connection.current_id() is None:
            self._job.target.update(f'INSERT DATA {{ GRAPH <{POINTER}> {{ {subject} "{release_id}" }} }}')
        else:
            self._job.target.update(
                f"DELETE {{ GRAPH <{POINTER}> {{ {subject} ?old }} }} "
                f'INSERT {{ GRAPH <{POINTER}> {{ {subject} "{release_id}" }} }} '
                f"WHERE {{ GRAPH <{POINTER}> {{ {subject} ?old }} }}"
            )
        now = self._connection.current_id()
        if now != release_id:
            raise BilimError(finding("push-count", graph=POINTER, found=now or "–", expected=release_id))

    def _drop_others(self, release_id: str) -> tuple[str, ...]:
        """Drop the graphs of all other releases that are listed, after the pause."""
        rows = self._store.query(f"SELECT ?r ?g WHERE {{ GRAPH <{HELD}> {{ ?r <{DCT}hasPart> ?g }} }} ORDER BY ?r ?g")
        assert isinstance(rows, Solutions)
        others: dict[str, list[str]] = {}
        for row in rows:
            if row[0].value != scope(release_id):  # type: ignore[union-attr]
                others.setdefault(row[0].value, []).append(row[1].value)  # type: ignore[union-attr]
        if others:
            self._sleep(self._grace)
            self._step("waited")
        for release, graphs in others.items():
            for graph in graphs:
                self._job.target.update(f"DROP SILENT GRAPH <{graph}>")
                self._step(f"dropped {graph}")
            self._job.target.update(f"DELETE WHERE {{ GRAPH <{HELD}> {{ <{release}> <{DCT}hasPart> ?g }} }}")
            self._step(f"unlisted {release}")
        return tuple(release.removeprefix(scope("")[:-1]).strip("/") for release in others)


def limits(endpoint: Endpoint, found: Capabilities, triples: int) -> tuple[Capabilities, BilimError | None]:
    """What the store can do, looked at in full; a warning where its row limit is below what a release holds."""
    seen = probe_more(endpoint, found)
    if seen.most_rows is not None and seen.most_rows < triples:
        told = finding("remote-limit", endpoint=endpoint.name, rows=seen.most_rows, triples=triples, severity="Warning")
        return seen, BilimError(told)
    return seen, None


def _lines(quads: list[ox.Quad]) -> bytes:
    triples = (ox.Triple(q.subject, q.predicate, q.object) for q in quads)
    data = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    assert data is not None  # no file was given
    return data
