"""Workers and their pool: what is asked comes back, and nothing that is asked does harm."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from kg.findings import BilimError
from kg.settings import Settings
from kg.sparql.outcomes import Outcome
from kg.sparql.pool import Pool
from kg.sparql.running import AnswerCut, Busy, Job
from kg.store.dataset import Dataset
from kg.store.errors import QueryError, StoreError
from tests.sparql_world import EX, G1, G2, Listener, Published, descriptors, differential, release

JSON = "application/sparql-results+json"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
ENDLESS_ROWS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return release(tmp_path_factory.mktemp("release"), "r1")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


class World:
    """A pool that has been started, and the outcomes that it reported."""

    def __init__(self, **settings: object) -> None:
        self.outcomes: list[Outcome] = []
        values = {"sparql_workers": 1, "sparql_nice": 0, "sparql_timeout": 30.0, "sparql_memory_mb": 512, **settings}
        self.pool = Pool(
            Settings.model_validate(values), on_outcome=lambda outcome, _seconds: self.outcomes.append(outcome)
        )

    async def ask(self, text: str, media_type: str = JSON, **more: object) -> bytes:
        async with self.pool.run(Job(text, media_type, **more)) as running:  # type: ignore[arg-type]
            return b"".join([chunk async for chunk in running.chunks()])

    async def number(self, text: str, **more: object) -> int:
        answer = json.loads(await self.ask(text, **more))  # type: ignore[arg-type]
        [row] = answer["results"]["bindings"]
        return int(row["n"]["value"])


def in_world(published: Published, test: Callable[[World], Awaitable[None]], **settings: object) -> World:
    """Run a test in a world; after it no process and no descriptor of the world may be left."""

    async def main() -> World:
        before = descriptors()
        world = World(**settings)
        seen: set[int] = set()
        await world.pool.switch(published)
        seen.update(world.pool.pids)
        try:
            await test(world)
        finally:
            seen.update(world.pool.pids)
            await world.pool.close()
        await asyncio.sleep(0)
        assert not [pid for pid in seen if alive(pid)]
        assert not descriptors() - before
        return world

    return asyncio.run(main())


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that must happen; the limit only keeps a failing test from hanging."""
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("query", "media_type", "part"),
    [
        ("SELECT ?o { ex:1 ?p ?o }", JSON, b'"value":"1"'),
        ("SELECT ?o { ex:1 ?p ?o }", "application/sparql-results+xml", b"<binding"),
        ("SELECT ?o { ex:1 ?p ?o }", "text/csv", b"o\r\n1"),
        ("SELECT ?o { ex:1 ?p ?o }", "text/tab-separated-values", b"?o\n1"),
        ("ASK { ex:1 ?p ?o }", JSON, b'"boolean":true'),
        ("CONSTRUCT WHERE { ex:1 ?p ?o }", "text/turtle", b"<https://example.org/1>"),
        ("DESCRIBE ex:1", "application/n-triples", b"<https://example.org/1> "),
        ("DESCRIBE ex:1", "application/n-quads", b"<https://example.org/1> "),
        ("DESCRIBE ex:1", "application/trig", b"<https://example.org/1> "),
        ("DESCRIBE ex:1", "application/rdf+xml", b"<rdf:RDF"),
        ("DESCRIBE ex:1", "application/ld+json", b'"@id":"https://example.org/1"'),
    ],
)
def test_forms_and_formats(published: Published, query: str, media_type: str, part: bytes) -> None:
    async def test(world: World) -> None:
        assert part in await world.ask(query, media_type, prefixes={"ex": EX})

    assert in_world(published, test).outcomes == ["ok"]


def test_long_answers_come_whole_and_in_pieces(published: Published) -> None:
    async def test(world: World) -> None:
        async with world.pool.run(Job("SELECT * { ?s ?p ?o }", JSON)) as running:
            assert running.release == "r1"
            chunks = [chunk async for chunk in running.chunks()]
        assert len(chunks) > 3
        assert len(json.loads(b"".join(chunks))["results"]["bindings"]) == 3001

    assert in_world(published, test).outcomes == ["ok"]


def test_errors_of_a_query_are_its_own_and_the_worker_lives(published: Published) -> None:
    async def test(world: World) -> None:
        pids = world.pool.pids
        with pytest.raises(QueryError) as raised:
            await world.ask("SELECT *\n{ ?s ?p")
        assert (raised.value.code, raised.value.line, raised.value.column) == ("sparql-syntax", 2, 8)
        with pytest.raises(QueryError, match="not supported"):
            await world.ask("SELECT (<https://example.org/f>(1) AS ?x) {}")
        with pytest.raises(QueryError, match="no format"):
            await world.ask("ASK {}", "text/turtle")
        assert world.pool.pids == pids

    assert in_world(published, test).outcomes == ["client-error"] * 3


HOSTILE = {
    "product": ENDLESS,
    "product sorted": "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f LIMIT 1",
    "regex over a product": 'ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(REGEX(STR(?a), CONCAT(STR(?f), "(x|x)*!"))) }',
    "unbounded path": "SELECT (COUNT(*) AS ?n) { ?a (!ex:x|^!ex:x)* ?b . ?b (!ex:y)* ?c . ?d (!ex:z)+ ?e }",
    "group_concat": "SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?d), STR(?g))) AS ?x) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
    "nested groups": "SELECT * " + "{" * 50_000 + "}" * 50_000,
    "nested brackets": "SELECT (" + "(" * 50_000 + "1" + ")" * 50_000 + " AS ?x) {}",
    "many unions": "SELECT (COUNT(*) AS ?n) {" + " UNION ".join(["{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"] * 50) + "}",
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_queries_end_and_others_go_on(published: Published, name: str) -> None:
    async def test(world: World) -> None:
        with pytest.raises(QueryError) as raised:
            await world.ask(HOSTILE[name], prefixes={"ex": EX}, timeout=0.5)
        assert raised.value.code in ("sparql-timeout", "sparql-memory", "sparql-crashed", "sparql-syntax")
        assert await world.number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == 3001

    in_world(published, test)


def test_a_deadline_kills_and_another_worker_comes(published: Published) -> None:
    async def test(world: World) -> None:
        [first] = world.pool.pids
        with pytest.raises(QueryError) as raised:
            await world.ask(ENDLESS, timeout=0.3)
        assert raised.value.code == "sparql-timeout"
        assert "0.3 seconds" in str(raised.value)
        await until(lambda: not alive(first))
        assert await world.number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == 3001
        assert first not in world.pool.pids

    assert in_world(published, test).outcomes == ["timeout", "ok"]


def test_memory_is_bounded(published: Published) -> None:
    async def test(world: World) -> None:
        doubled = "".join(f" BIND(CONCAT(?v{n}, ?v{n}) AS ?v{n + 1})" for n in range(28))
        with pytest.raises(QueryError, match="256 MB"):
            await world.ask(f'SELECT ?v28 {{ BIND("12345678" AS ?v0) {doubled} }}')
        assert await world.number("SELECT (COUNT(*) AS ?n) {}") == 1

    assert in_world(published, test, sparql_memory_mb=256).outcomes == ["memory", "ok"]


def test_what_is_cut_after_the_first_chunk_is_no_answer(published: Published) -> None:
    async def test(world: World) -> None:
        async with world.pool.run(Job(ENDLESS_ROWS, JSON, timeout=0.5)) as running:
            chunks = running.chunks()
            got = len(await anext(chunks))

            async def rest() -> None:
                async for _ in chunks:
                    pass

            with pytest.raises(AnswerCut) as raised:
                await rest()
        assert got > 0
        assert "0.5 seconds" in str(raised.value.why)

    assert in_world(published, test).outcomes == ["cut"]


def test_the_size_of_an_answer_is_bounded(published: Published) -> None:
    async def test(world: World) -> None:
        with pytest.raises(QueryError, match="2000 bytes"):  # before the first chunk: a whole error
            await world.ask("SELECT * { ?s ?p ?o } LIMIT 100")
        assert await world.number("SELECT (COUNT(*) AS ?n) {}") == 1

    in_world(published, test, sparql_max_bytes=2000)

    async def late(world: World) -> None:
        with pytest.raises(AnswerCut, match="size"):
            await world.ask("SELECT * { ?s ?p ?o }")
        assert await world.number("SELECT (COUNT(*) AS ?n) {}") == 1

    assert in_world(published, late, sparql_max_bytes=150_000).outcomes == ["cut", "ok"]


def test_who_leaves_ends_the_query(published: Published) -> None:
    async def test(world: World) -> None:
        [pid] = world.pool.pids
        task = asyncio.create_task(world.ask(ENDLESS))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: not alive(pid))
        async with world.pool.run(Job(ENDLESS_ROWS, JSON)):
            [pid] = world.pool.pids
        await until(lambda: not alive(pid))

    assert in_world(published, test).outcomes == ["gone", "gone"]


def test_the_queue_is_bounded_and_served_in_turn(published: Published) -> None:
    async def test(world: World) -> None:
        blocking = asyncio.create_task(world.ask(ENDLESS, timeout=1.0))
        await asyncio.sleep(0.05)
        waiting = asyncio.create_task(world.number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"))
        left = asyncio.create_task(world.number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"))
        await until(lambda: world.pool.waiting == 2)
        with pytest.raises(Busy) as raised:
            await world.ask("ASK {}")
        assert raised.value.retry_after >= 1
        left.cancel()
        await until(lambda: world.pool.waiting == 1)
        with pytest.raises(Busy):  # waits no longer than its own deadline
            await world.ask("ASK {}", timeout=0.1)
        with pytest.raises(QueryError):
            await blocking
        assert await waiting == 3001

    outcomes = in_world(published, test, sparql_queue=2).outcomes
    assert sorted(outcomes) == sorted(["rejected", "gone", "rejected", "timeout", "ok"])


def test_a_worker_that_dies_while_idle_is_replaced(published: Published) -> None:
    async def test(world: World) -> None:
        [pid] = world.pool.pids
        os.kill(pid, 9)
        await asyncio.sleep(0.1)
        assert await world.number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == 3001
        assert pid not in world.pool.pids

    in_world(published, test)


def test_a_new_release_is_taken_up_while_a_query_of_the_old_one_ends(published: Published, tmp_path: Path) -> None:
    newer = release(tmp_path, "r2", things=10)

    async def test(world: World) -> None:
        async with world.pool.run(Job("SELECT * { ?s ?p ?o }", JSON)) as old:
            await world.pool.switch(newer)
            assert world.pool.release == "r2"
            assert await world.number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == 11
            rows = json.loads(b"".join([chunk async for chunk in old.chunks()]))["results"]["bindings"]
        assert (old.release, len(rows)) == ("r1", 3001)
        await until(lambda: len(world.pool.pids) == 1)
        with pytest.raises(StoreError):
            await world.pool.switch(Published("r3", tmp_path / "nowhere"))
        assert await world.number("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == 11

    in_world(published, test)


def test_datasets_of_several_graphs_count_each_triple_once(published: Published) -> None:
    text = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"

    async def test(world: World) -> None:
        assert await world.number(text, dataset=Dataset(default=(G1,))) == 10
        assert await world.number(text, dataset=Dataset(default=(G1, G2))) == 10
        assert await world.number(text, dataset=Dataset(named=(G1,))) == 0
        named = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
        assert await world.number(named) == 15
        assert await world.number(named, dataset=Dataset(default=(G1, G2), named=(G2,))) == 5

    in_world(published, test)

    async def too_large(world: World) -> None:
        with pytest.raises(QueryError, match="14 quads"):
            await world.number(text, dataset=Dataset(default=(G1, G2)))

    in_world(published, too_large, sparql_merge_quads=14)


def test_no_release_and_a_closed_pool_are_told() -> None:
    async def main() -> None:
        world = World()
        with pytest.raises(QueryError, match="No release"):
            await world.ask("ASK {}")
        await world.pool.close()
        with pytest.raises(BilimError):
            await world.ask("ASK {}")

    asyncio.run(main())


def test_closing_ends_what_runs_and_what_waits(published: Published) -> None:
    async def test(world: World) -> None:
        running = asyncio.create_task(world.ask(ENDLESS))
        await asyncio.sleep(0.05)
        waiting = asyncio.create_task(world.ask("ASK {}"))
        await until(lambda: world.pool.waiting == 1)
        await world.pool.close()
        for task in (running, waiting):
            with pytest.raises(QueryError):
                await task

    in_world(published, test)


def test_the_wall_holds_without_the_vet(published: Published) -> None:
    """Every disguised SERVICE, handed to the worker as it is: nobody is called."""
    listener = Listener()

    async def test(world: World) -> None:
        warning = world.pool.wall()
        if warning is not None:
            pytest.skip(f"this kernel allows no wall, as doctor and log say: {warning.text()}")
        for query in differential(listener.url).values():
            try:
                await world.ask(query, "text/turtle" if query.startswith(("CONSTRUCT", "DESCRIBE")) else JSON)
            except BilimError:
                continue

    in_world(published, test)
    listener.close()
    assert listener.calls == 0
