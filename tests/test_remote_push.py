"""`bilim releases push`: a release in another store, whole or not at all, whatever stops it; with every loader."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kg.findings import BilimError
from kg.releases.layout import Home
from kg.releases.reader import Release, open_release
from kg.releases.remote import Connection
from kg.sparql.remote_text import merged, scope
from kg.store.errors import StoreError
from kg.store.probe import probe, probe_more
from kg.store.protocol import Solutions
from kg.store.remote import RemoteStore
from kg.store.remote_write import target_of
from kg.terms import BKG
from tests import remote_stores
from tests.released import publish_small
from tests.remote_stores import Remote, clean, endpoint, pusher


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, Release, Release]:
    """Three releases that differ in the name of their one person."""
    home = Home(tmp_path_factory.mktemp("three"))
    ids = [publish_small(home.path, number) for number in (1, 2, 3)]
    one, two, three = (open_release(home, release_id) for release_id in ids)
    return one, two, three


@pytest.fixture
def store(other_store: Remote) -> Iterator[Remote]:
    """A store that holds no release."""
    clean(other_store)
    yield other_store
    clean(other_store)


def current(store: Remote) -> str | None:
    return Connection(endpoint(store), 10.0).current_id()


def name_told(store: Remote, release: Release) -> list[str]:
    """What a reader who asks now is told of the one person."""
    text = 'SELECT ?n WHERE { person:aigul-example skos:prefLabel ?n FILTER(LANG(?n) = "en") }'
    head = "PREFIX person: <https://w3id.org/bilim/id/person/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    found = Connection(endpoint(store), 10.0).store(release.manifest).query(head + text)
    assert isinstance(found, Solutions)
    return [row[0].value for row in found]  # type: ignore[union-attr]


def graphs(store: Remote) -> set[str]:
    """Names of the releases that any graph belongs to."""
    found = RemoteStore(endpoint(store), "").query("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
    assert isinstance(found, Solutions)
    names = [row[0].value for row in found]  # type: ignore[union-attr]
    inside = [name.removeprefix(scope("")[:-1]) for name in names if name.startswith(scope("")[:-1])]
    return {name.split("/")[0] for name in inside if "/" in name}


def test_a_release_is_published_the_next_one_takes_its_place(
    store: Remote, releases: tuple[Release, Release, Release]
) -> None:
    one, two, _ = releases
    done = pusher(store).push(one)
    assert (current(store), done.former, done.dropped) == (one.id, None, ())
    assert len(done.loaded) == len(one.manifest.graphs) + 1
    assert name_told(store, one) == ["Aigul 1"]
    done = pusher(store).push(two)
    assert (current(store), done.former, done.dropped) == (two.id, one.id, (one.id,))
    assert (name_told(store, two), graphs(store)) == (["Aigul 2"], {two.id})
    with pytest.raises(StoreError) as raised:
        name_told(store, one)
    assert raised.value.findings[0].code == "remote-stale"
    again = pusher(store).push(two)
    assert (again.loaded, again.dropped, len(again.kept)) == ((), (), len(two.manifest.graphs) + 1)


@pytest.mark.parametrize("loader", ["put", "insert"])
def test_loaders_of_the_protocol_bring_the_same_triples(
    store: Remote, releases: tuple[Release, Release, Release], loader: str
) -> None:
    hold_same(store, releases[0], loader)


def test_the_bulk_loader_brings_the_same_triples(oxigraph: Remote, releases: tuple[Release, Release, Release]) -> None:
    clean(oxigraph)
    hold_same(oxigraph, releases[0], "bulk")


@pytest.mark.virtuoso
def test_virtuosos_own_loader_brings_the_same_triples(
    virtuoso: Remote, releases: tuple[Release, Release, Release]
) -> None:
    clean(virtuoso)
    hold_same(virtuoso, releases[0], "isql")
    assert virtuoso.load is not None
    assert list(virtuoso.load.glob("bilim-*")) == []


def hold_same(store: Remote, release: Release, loader: str) -> None:
    assert pusher(store, loader).push(release).loader == loader
    remote = Connection(endpoint(store), 10.0).store(release.manifest)
    text = "SELECT ?s ?p ?o WHERE { ?s ?p ?o }"
    assert rows(remote.query(text)) == rows(release.store.query(text))
    for graph in release.manifest.graphs:
        assert remote.count(graph) == release.store.count(graph) == release.manifest.graphs[graph].quads
    assert remote.graphs() == release.store.graphs()


def rows(found: Solutions | bool) -> list[str]:
    assert isinstance(found, Solutions)
    return sorted(str(tuple(row)) for row in found)


class Stopped(Exception):
    """What a test raises in place of a power cut."""


def steps_of(store: Remote, release: Release) -> list[str]:
    told: list[str] = []
    pusher(store, step=told.append).push(release)
    return told


def test_a_push_that_is_stopped_at_any_step_is_finished_by_the_next(
    store: Remote, releases: tuple[Release, Release, Release]
) -> None:
    one, two, _ = releases
    pusher(store).push(one)
    steps = steps_of(store, two)
    assert {"listed", "switched", "waited"} <= set(steps)
    kinds = {step.split()[0]: step for step in steps if "/data/" not in step or "data/small" in step}
    assert list(kinds) == ["listed", "loaded", "counted", "switched", "waited", "dropped", "unlisted"]
    for stop in kinds.values():
        clean(store)
        pusher(store).push(one)
        with pytest.raises(Stopped):
            pusher(store, step=stopping_at(stop)).push(two)
        named = current(store)
        after = steps.index(stop) >= steps.index("switched")
        assert named == (two.id if after else one.id), stop
        assert name_told(store, two if after else one) == ["Aigul 2" if after else "Aigul 1"], stop
        pusher(store).push(two)
        assert (current(store), graphs(store), name_told(store, two)) == (two.id, {two.id}, ["Aigul 2"]), stop


def stopping_at(name: str) -> Callable[[str], None]:
    def step(done: str) -> None:
        if done == name:
            raise Stopped(name)

    return step


def test_a_half_loaded_graph_is_loaded_anew(store: Remote, releases: tuple[Release, Release, Release]) -> None:
    one, two, _ = releases
    pusher(store).push(one)
    target = target_of(endpoint(store), probe(endpoint(store)))
    target.update(f"INSERT DATA {{ GRAPH <{merged(two.id)}> {{ <x:half> <x:a> <x:graph> }} }}")
    assert merged(two.id) in pusher(store).push(two).loaded
    remote = Connection(endpoint(store), 10.0).store(two.manifest)
    assert remote.query("ASK { <x:half> ?p ?o }") is False


def test_what_is_read_is_never_mended_in_place(store: Remote, releases: tuple[Release, Release, Release]) -> None:
    one, two, _ = releases
    pusher(store).push(one)
    target = target_of(endpoint(store), probe(endpoint(store)))
    target.update(f"DELETE WHERE {{ GRAPH <{merged(one.id)}> {{ ?s <{BKG}quote> ?o }} }}")
    with pytest.raises(BilimError) as raised:
        pusher(store).push(one)
    assert raised.value.findings[0].code == "push-damaged"
    pusher(store).push(two)
    assert name_told(store, two) == ["Aigul 2"]


def test_a_loader_that_drops_triples_never_leads_to_a_switch(
    store: Remote, releases: tuple[Release, Release, Release]
) -> None:
    one, two, _ = releases
    pusher(store).push(one)
    lossy = pusher(store)
    whole = lossy._load
    lossy._load = lambda job, graph, pieces: whole(job, graph, (b"".join(p.splitlines(True)[1:]) for p in pieces))
    with pytest.raises(BilimError) as raised:
        lossy.push(two)
    assert raised.value.findings[0].code == "push-count"
    assert (current(store), name_told(store, one)) == (one.id, ["Aigul 1"])


def test_the_former_stays_for_the_pause_and_longer_for_nobody(
    store: Remote, releases: tuple[Release, Release, Release]
) -> None:
    one, two, _ = releases
    pusher(store).push(one)
    reader = Connection(endpoint(store), 60.0)
    held = reader.store(one.manifest)
    assert held.count(None) == one.manifest.triples
    seen: list[object] = []

    def sleep(seconds: float) -> None:
        seen.append((seconds, current(store), held.count(None)))  # its lease lasts, and the graphs are there

    pusher(store, grace=7.5, sleep=sleep).push(two)
    assert seen == [(7.5, two.id, one.manifest.triples)]


PUSH = """
import os, signal, sys
from pathlib import Path
from kg.releases.layout import Home
from kg.releases.reader import open_release
from tests.remote_stores import Remote, pusher
address, user, password, sql, load, home, release, stop = sys.argv[1:]
store = Remote(address, None, user, password, int(sql), Path(load) if load else None)
def step(done):
    if done.startswith(stop):
        os.kill(os.getpid(), signal.SIGKILL)
pusher(store, step=step).push(open_release(Home(Path(home)), release))
"""


@pytest.mark.parametrize("stop", ["listed", "loaded", "switched", "dropped"])
def test_a_killed_push_is_finished_by_the_next(
    store: Remote, releases: tuple[Release, Release, Release], stop: str
) -> None:
    one, two, _ = releases
    pusher(store).push(one)
    told = [store.address, store.user, store.password, str(store.sql_port), str(store.load or "")]
    command = [sys.executable, "-c", PUSH, *told, str(two.path.parent.parent), two.id, stop]
    done = subprocess.run(command, capture_output=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]
    assert current(store) == (two.id if stop in ("switched", "dropped") else one.id)
    pusher(store).push(two)
    assert (current(store), graphs(store), name_told(store, two)) == (two.id, {two.id}, ["Aigul 2"])


def test_the_command_publishes_and_tells(store: Remote, releases: tuple[Release, Release, Release]) -> None:
    home = releases[0].path.parent.parent
    env = {**os.environ, "BILIM_HOME": str(home), "BILIM_ENDPOINT_USER": store.user}
    env["BILIM_ENDPOINT_PASSWORD"] = store.password
    command = [sys.executable, "-c", "from kg.cli import main; main()", "releases", "push", store.address]
    done = subprocess.run([*command, "--grace", "0", "--json"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    assert (told["release"], told["former"], current(store)) == (releases[2].id, None, releases[2].id)
    wrong = subprocess.run(
        [*command, "--loader", "carrier-pigeon"], env=env, capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert "put, insert, bulk, isql" in wrong.stderr


@pytest.mark.virtuoso
def test_a_row_limit_is_found_and_a_cut_answer_is_an_error(
    tmp_path: Path, releases: tuple[Release, Release, Release]
) -> None:
    if remote_stores.VIRTUOSO is None:
        pytest.skip("virtuoso-t is not installed")
    one = releases[0]
    with remote_stores.virtuoso(tmp_path / "db", rows=100) as small:
        found = probe_more(endpoint(small), probe(endpoint(small)))
        assert (found.kind, found.most_rows, found.direct_post) == ("virtuoso", 100, False)
        pusher(small).push(one)
        remote = Connection(endpoint(small), 10.0).store(one.manifest)
        assert remote.count(None) == one.manifest.triples > 100
        for ask in (
            lambda: remote.query("SELECT ?s WHERE { ?s ?p ?o }"),
            lambda: remote.construct("CONSTRUCT WHERE { ?s ?p ?o }"),
        ):
            with pytest.raises(StoreError) as raised:
                ask()
            assert raised.value.findings[0].code == "remote-truncated"


@pytest.mark.virtuoso
def test_wrong_credentials_are_told(virtuoso: Remote) -> None:
    wrong = Remote(virtuoso.address, virtuoso.process, "dba", "no", virtuoso.sql_port)
    target = target_of(endpoint(wrong), probe(endpoint(virtuoso)))
    with pytest.raises(StoreError) as raised:
        target.update("INSERT DATA { GRAPH <x:g> { <x:a> <x:b> <x:c> } }")
    assert raised.value.findings[0].code == "remote-refused"
