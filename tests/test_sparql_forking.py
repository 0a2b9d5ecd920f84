"""Workers are forked from a process that holds the release: the same answers, nothing shared, nothing left over."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from kg.sparql.running import Job
from kg.store.dataset import Dataset
from kg.store.errors import QueryError
from tests.sparql_world import EX, G1, G2, Published, release
from tests.test_sparql_workers import JSON, World, alive, in_world, until


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return release(tmp_path_factory.mktemp("release"), "r1")


@pytest.mark.parametrize("quads", [0, 500_000])
def test_on_disk_and_in_memory_the_answers_are_the_same(published: Published, quads: int) -> None:
    async def test(world: World) -> None:
        assert world.pool.held == (quads > 0)
        assert await world.number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == 3001
        assert await world.number(f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{G1}> {{ ?s ?p ?o }} }}") == 10
        asked = await world.ask(f"SELECT ?s ?o {{ ?s <{EX}p> ?o FILTER(?o >= 2990) }} ORDER BY ?o", "text/csv")
        assert asked.splitlines()[1] == f"{EX}2990,2990".encode()
        both = Dataset((G1, G2))
        assert await world.number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", dataset=both) == 10

    in_world(published, test, sparql_held_quads=quads)


def test_a_release_above_the_limit_stays_on_disk(published: Published) -> None:
    async def test(world: World) -> None:
        assert not world.pool.held
        assert await world.number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == 3001

    in_world(published, test, sparql_held_quads=3015)  # one less than it has


def test_workers_of_one_fork_server_do_not_share_their_chance(published: Published) -> None:
    async def test(world: World) -> None:
        asked = "SELECT (UUID() AS ?u) (RAND() AS ?r) (STR(BNODE()) AS ?b) {}"
        told = await asyncio.gather(*(world.ask(asked, "text/csv") for _ in range(3)))
        values = [value for answer in told for value in answer.splitlines()[1].split(b",")[:2]]
        assert len(set(values)) == len(values)

    in_world(published, test, sparql_workers=3)


def test_another_fork_server_comes_when_it_ends(published: Published) -> None:
    async def test(world: World) -> None:
        [pid] = world.pool.pids
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        assert parent != os.getpid()
        os.kill(parent, 9)
        await until(lambda: not alive(pid))  # nobody is left over
        async with asyncio.timeout(20):
            while True:
                try:
                    assert await world.number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == 3001
                    break
                except QueryError:
                    await asyncio.sleep(0.05)
        assert pid not in world.pool.pids

    in_world(published, test)


def test_the_fork_server_of_a_former_release_ends_with_its_last_query(published: Published, tmp_path: Path) -> None:
    async def test(world: World) -> None:
        [pid] = world.pool.pids
        parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        async with world.pool.run(Job("SELECT * { ?s ?p ?o }", JSON)) as running:
            await world.pool.switch(release(tmp_path, "r2"))
            assert alive(parent)
            rest = b"".join([chunk async for chunk in running.chunks()])
            assert len(json.loads(rest)["results"]["bindings"]) == 3001
        await until(lambda: not alive(parent))
        assert await world.number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == 3001

    in_world(published, test)
