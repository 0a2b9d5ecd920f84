"""The SPARQL 1.1 Protocol case by case, formats by q-values, kept answers, pinned releases, limits of rows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

import pyoxigraph as ox
import pytest

from tests.protocol_cases import CASES, D1, D2, Case, data
from tests.sparql_site import Site, site
from tests.sparql_world import EX, Published, release

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
JSON = "application/sparql-results+json"


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The data of the protocol's cases."""
    path = tmp_path_factory.mktemp("documents")
    store = ox.Store(str(path / "store"))
    for graph, triples in data():
        store.load(triples.encode(), format=ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(graph))
        store.load(triples.encode(), format=ox.RdfFormat.N_TRIPLES)
    store.flush()
    return Published("documents", path)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return release(tmp_path_factory.mktemp("release"), "r1")


def on_site(
    published: Published, test: Callable[[Site], Awaitable[None]], *more: Published, **settings: object
) -> None:
    async def main() -> None:
        async with site(published, *more, **settings) as made:
            await test(made)

    asyncio.run(main())


def number(body: bytes) -> int:
    return int(json.loads(body)["results"]["bindings"][0]["n"]["value"])


def test_the_twenty_cases_of_the_protocol(documents: Published) -> None:
    failed: list[str] = []

    async def test(site: Site) -> None:
        async def one(case: Case) -> None:
            address = "/sparql" + (f"?{case.query}" if case.query else "")
            answer = await site.client.request(case.method, address, content=case.content, headers=case.headers)
            if not case.check(answer):
                failed.append(f"{case.name}: {answer.status_code} {answer.text[:200]}")

        for case in CASES:
            await one(case)

    assert len(CASES) == len({case.name for case in CASES}) == 20
    on_site(documents, test)
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize(
    ("query", "accept", "given"),
    [
        ("ASK {}", "text/csv;q=0.5, application/sparql-results+xml;q=0.9", "application/sparql-results+xml"),
        ("ASK {}", "text/*;q=0.9, text/csv;q=0.1, application/json;q=0.3", "text/tab-separated-values"),
        ("ASK {}", "*/*;q=0.5, application/sparql-results+json;q=0", "application/sparql-results+xml"),
        ("ASK {}", "application/json", JSON),
        ("ASK {}", "text/turtle, text/csv;q=0.01", "text/csv"),
        (f"DESCRIBE <{D1}>", "application/json;q=0.9, text/turtle;q=0.8", "application/ld+json"),
        (f"DESCRIBE <{D1}>", "application/*", "application/n-triples"),
        (f"DESCRIBE <{D1}>", "*/*", "text/turtle"),
        (f"DESCRIBE <{D1}>", "application/trig, application/n-quads;q=0.9", "application/trig"),
        (f"DESCRIBE <{D1}>", f"{JSON}, */*;q=0", None),
        ("ASK {}", "text/csv;q=0", None),
    ],
)
def test_formats_by_quality_and_specificity(documents: Published, query: str, accept: str, given: str | None) -> None:
    async def test(site: Site) -> None:
        answer = await site.get(query, accept=accept)
        if given is None:
            assert answer.status_code == 406
        else:
            assert answer.headers["content-type"].partition(";")[0] == given

    on_site(documents, test)


def test_kept_answers_are_told_by_their_release_query_dataset_and_format(documents: Published) -> None:
    async def test(site: Site) -> None:
        first = await site.get(COUNT, accept=JSON)
        tag = first.headers["etag"]
        assert tag.startswith('W/"')
        again = await site.get("SELECT (COUNT(*) AS ?n) # the same\n{\t?s ?p ?o }", accept=JSON)
        assert (again.content, again.headers["etag"]) == (first.content, tag)
        assert again.headers["content-type"] == first.headers["content-type"]
        others = [
            await site.get(COUNT, accept="text/csv"),
            await site.get(COUNT, accept=JSON, **{"default-graph-uri": D1}),
            await site.get(COUNT, accept=JSON, **{"named-graph-uri": D1}),
            await site.get(COUNT.replace("?n", "?m"), accept=JSON),
            await site.get('SELECT ("a  b" AS ?x) {}'),
            await site.get('SELECT ("a b" AS ?x) {}'),
        ]
        assert len({tag, *(other.headers["etag"] for other in others)}) == 7
        assert number(others[1].content) == 1
        posted = await site.post(COUNT, "application/sparql-query")
        assert posted.content == first.content
        head = await site.client.head("/sparql", params={"query": COUNT})
        assert (head.content, head.headers["content-length"]) == (b"", str(len(first.content)))
        assert site.outcomes == ["ok", "cached", *["ok"] * 6, "cached", "cached"]

    on_site(documents, test)


def test_an_answer_that_the_client_has_is_not_sent_again(documents: Published) -> None:
    async def test(site: Site) -> None:
        tag = (await site.get(COUNT)).headers["etag"]
        for given in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
            answer = await site.client.get("/sparql", params={"query": COUNT}, headers={"If-None-Match": given})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == tag
            assert answer.headers["bilim-release"] == "documents"
        for given in ('"other"', "*"):
            answer = await site.client.get("/sparql", params={"query": COUNT}, headers={"If-None-Match": given})
            assert number(answer.content) == 3
        posted = await site.client.post(
            "/sparql", content=COUNT, headers={"If-None-Match": tag, "Content-Type": "application/sparql-query"}
        )
        assert posted.status_code == 200
        assert site.outcomes.count("not-modified") == 3

    on_site(documents, test)


@pytest.mark.parametrize("call", ["NOW()", "RAND()", "UUID()", "STRUUID()", "rand()"])
def test_what_differs_each_time_is_not_kept(documents: Published, call: str) -> None:
    async def test(site: Site) -> None:
        query = f"SELECT ({call} AS ?x) {{}}"
        first, second = await site.get(query), await site.get(query)
        assert "etag" not in first.headers
        assert first.headers["cache-control"] == "no-store"
        assert first.content != second.content

    on_site(documents, test)


def test_kept_answers_are_bounded_in_bytes(published: Published) -> None:
    async def test(site: Site) -> None:
        results = site.results
        whole = await site.get("SELECT * { ?s ?p ?o }")
        assert len(whole.content) > results.largest
        assert len(results) == 0  # larger than its share, and none of its pieces either
        for n in range(40):
            await site.get(f"SELECT * {{ ?s ?p ?o }} LIMIT {200 + n}")
        assert 0 < results.bytes <= results.max_bytes
        assert 0 < len(results) < 40
        pieces = await site.get("SELECT * { ?s ?p ?o } LIMIT 500")  # comes in more than one chunk
        assert len(pieces.content) > 65_536
        assert (await site.get("SELECT * { ?s ?p ?o } LIMIT 500")).content == pieces.content
        assert site.outcomes[-2:] == ["ok", "cached"]

    on_site(published, test, sparql_cache_mb=1)

    async def none(site: Site) -> None:
        await site.get(COUNT)
        await site.get(COUNT)
        assert site.outcomes == ["ok", "ok"]

    on_site(published, none, sparql_cache_mb=0)


def test_another_release_has_other_answers(published: Published, tmp_path: Path) -> None:
    newer = release(tmp_path, "r2", things=10)

    async def test(site: Site) -> None:
        old = await site.get(COUNT)
        await site.pool.switch(newer)
        tag = {"If-None-Match": old.headers["etag"]}
        new = await site.client.get("/sparql", params={"query": COUNT}, headers=tag)
        assert (number(old.content), number(new.content)) == (3001, 11)
        assert (old.headers["bilim-release"], new.headers["bilim-release"]) == ("r1", "r2")

    on_site(published, test)


@pytest.mark.parametrize("accept", [JSON, "application/sparql-results+xml", "text/csv", "text/tab-separated-values"])
def test_rows_are_capped(published: Published, accept: str) -> None:
    async def test(site: Site) -> None:
        assert (await site.get("SELECT ?s { ?s ?p ?o } LIMIT 50", accept=accept)).status_code == 200
        more = await site.get("SELECT ?s { ?s ?p ?o } LIMIT 51", accept=accept)
        assert more.status_code == 422
        assert more.json()["type"].endswith("sparql-too-many-rows")
        described = await site.get(f"CONSTRUCT {{ <{EX}1> <{EX}p> ?o }} WHERE {{ ?s ?p ?o }}")
        assert described.status_code == 200
        assert site.outcomes == ["ok", "too-large", "ok"]

    on_site(published, test, sparql_max_rows=50)


def test_a_release_is_asked_by_its_id(published: Published, tmp_path: Path) -> None:
    older, oldest = release(tmp_path, "r0", things=10), release(tmp_path, "r00", things=1)

    async def test(site: Site) -> None:
        async def count(release_id: str) -> int:
            answer = await site.client.get(f"/releases/{release_id}/sparql", params={"query": COUNT})
            assert answer.headers["bilim-release"] == release_id
            return number(answer.content)

        assert [await count("r1"), await count("r0"), number((await site.get(COUNT)).content)] == [3001, 11, 3001]
        assert site.pins.open == ("r1", "r0")
        assert await count("r00") == 2
        assert site.pins.open == ("r0", "r00")  # the one asked longest ago had to go
        assert await count("r1") == 3001  # kept from before: needs no worker
        assert site.pins.open == ("r0", "r00")
        together = await asyncio.gather(
            *(site.client.get("/releases/r00/sparql", params={"query": f"{COUNT} LIMIT {n + 1}"}) for n in range(6))
        )
        assert {number(answer.content) for answer in together} == {2}
        posted = await site.post(COUNT + " LIMIT 9", "application/sparql-query", "/releases/r0/sparql")
        assert number(posted.content) == 11
        unknown = await site.client.get("/releases/r7/sparql", params={"query": COUNT})
        assert (unknown.status_code, unknown.json()["type"].split("/")[-1]) == (404, "no-such-release")
        assert (await site.client.options("/releases/r0/sparql")).status_code == 204

    on_site(published, test, older, oldest, sparql_pinned=2)


def test_pinned_releases_are_few_and_leave_when_idle(published: Published, tmp_path: Path) -> None:
    older = release(tmp_path, "r0", things=10)
    endless = quote("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }")

    async def test(site: Site) -> None:
        running = asyncio.create_task(site.client.get(f"/releases/r1/sparql?timeout=1&query={endless}"))
        async with asyncio.timeout(10):
            while site.pins.open != ("r1",):
                await asyncio.sleep(0.01)
        busy = await site.client.get("/releases/r0/sparql", params={"query": COUNT})
        assert busy.status_code == 503
        assert int(busy.headers["retry-after"]) >= 1
        assert (await running).status_code == 504
        answer = await site.client.get("/releases/r0/sparql", params={"query": COUNT})
        assert number(answer.content) == 11
        async with asyncio.timeout(10):
            while site.pins.open:
                await asyncio.sleep(0.01)

    on_site(published, test, older, sparql_pinned=1, sparql_pinned_idle=0.2)


def test_a_pinned_release_that_cannot_be_opened_is_told(published: Published, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        broken = await site.client.get("/releases/r9/sparql", params={"query": COUNT})
        assert broken.status_code >= 400
        assert broken.json()["type"].endswith("store-unreadable")
        assert site.pins.open == ()

    on_site(published, test, Published("r9", tmp_path))


def test_several_default_graphs_count_each_triple_once(documents: Published) -> None:
    async def test(site: Site) -> None:
        both = {"default-graph-uri": [D1, D2, D1], "query": COUNT}
        assert number((await site.client.get("/sparql", params=both)).content) == 2

    on_site(documents, test)
