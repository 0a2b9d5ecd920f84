"""/sparql over real HTTP: the protocol for queries, its errors, and answers that break off."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from kg.sparql.formats import GRAPHS, RESULTS
from tests.sparql_site import Site, site
from tests.sparql_world import EX, G1, G2, Published, release

COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
ENDLESS_ROWS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
FORM = "application/x-www-form-urlencoded"
DIRECT = "application/sparql-query"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return release(tmp_path_factory.mktemp("release"), "r1")


def on_site(published: Published, test: Callable[[Site], Awaitable[None]], **settings: object) -> None:
    async def main() -> None:
        async with site(published, **settings) as made:
            await test(made)

    asyncio.run(main())


def number(answer: httpx.Response) -> int:
    assert answer.status_code == 200, answer.text
    return int(answer.json()["results"]["bindings"][0]["n"]["value"])


def test_the_three_ways_of_asking(published: Published) -> None:
    async def test(site: Site) -> None:
        assert number(await site.get(COUNT)) == 3001
        assert number(await site.post(f"query={quote(COUNT)}", FORM)) == 3001
        assert number(await site.post(COUNT, DIRECT)) == 3001
        assert number(await site.post(COUNT, f"{DIRECT}; charset=UTF-8")) == 3001
        graph = quote(G1, safe="")
        assert number(await site.get(COUNT, **{"default-graph-uri": G1})) == 10
        assert number(await site.post(COUNT, DIRECT, f"/sparql?default-graph-uri={graph}")) == 10
        both = f"query={quote(COUNT)}&default-graph-uri={graph}&default-graph-uri={quote(G2, safe='')}"
        assert number(await site.post(both, FORM)) == 10
        assert number(await site.get(f"SELECT (COUNT(*) AS ?n) FROM <{G1}> FROM <{G2}> {{ ?s ?p ?o }}")) == 10
        # the dataset of the request stands over that of the query
        own = f"SELECT (COUNT(*) AS ?n) FROM <{G1}> {{ ?s ?p ?o }}"
        assert number(await site.get(own, **{"default-graph-uri": G2})) == 5
        named = f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{G1}> {{ ?s ?p ?o }} }}"
        assert number(await site.get(named, **{"named-graph-uri": G1})) == 10
        assert number(await site.get(named, **{"named-graph-uri": G2})) == 0

    on_site(published, test)


def test_formats_by_accept_and_by_parameter(published: Published) -> None:
    async def test(site: Site) -> None:
        for offers, query in ((RESULTS, "SELECT ?o { ?s ?p ?o } LIMIT 2"), (GRAPHS, f"DESCRIBE <{EX}1>")):
            for offer in offers:
                by_accept = await site.get(query, accept=f"{offer.media_type}, */*;q=0.1")
                by_suffix = await site.get(query, format=offer.suffix)
                for answer in (by_accept, by_suffix):
                    assert answer.status_code == 200
                    assert answer.headers["content-type"].partition(";")[0] == offer.media_type
                    assert answer.headers["bilim-release"] == "r1"
                    assert answer.headers["access-control-allow-origin"] == "*"
                assert by_accept.content == by_suffix.content
        missing = await site.get("ASK {}", accept="image/png")
        assert missing.status_code == 406
        assert "application/sparql-results+json" in missing.json()["detail"]
        assert (await site.get("ASK {}", format="ttl")).status_code == 406

    on_site(published, test)


def test_head_options_and_the_page(published: Published) -> None:
    async def test(site: Site) -> None:
        head = await site.client.head("/sparql", params={"query": COUNT})
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == "application/sparql-results+json"
        assert (await site.client.head("/sparql", params={"query": "nonsense"})).status_code == 400
        options = await site.client.options("/sparql")
        assert options.status_code == 204
        assert "POST" in options.headers["access-control-allow-methods"]
        page = await site.client.get("/sparql", headers={"Accept": "text/html,*/*;q=0.8"})
        assert page.status_code == 200
        assert '<textarea id="query" name="query"' in page.text
        assert "<script>" not in page.text  # scripts are files
        forgotten = await site.client.get("/sparql", headers={"Accept": "application/sparql-results+json"})
        assert forgotten.status_code == 400
        assert (await site.client.get("/sparql?default-graph-uri=x:y")).status_code == 400
        assert (await site.client.put("/sparql", content="x")).status_code == 405

    on_site(published, test)


def test_bad_requests_are_told_why(published: Published) -> None:
    async def test(site: Site) -> None:
        async def told(answer: httpx.Response, status: int, code: str) -> dict[str, object]:
            assert answer.status_code == status, answer.text
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.headers["access-control-allow-origin"] == "*"
            problem: dict[str, object] = answer.json()
            assert str(problem["type"]).endswith("/problems/" + code)
            return problem

        problem = await told(await site.get("SELECT *\n{ ?s ?p"), 400, "sparql-syntax")
        assert (problem["line"], problem["column"]) == (2, 8)
        for query, said in (
            ("SELECT ?x { ?x ?p 1 } GROUP BY ?y", "SPARQL 1.1: The SELECT contains a variable that is unbound."),
            ("SELECT * { ?s ?p ?o } GROUP BY ?s", "SPARQL 1.1: SELECT * is not authorized with GROUP BY."),
            ("SELECT * { BIND(1 AS ?x) BIND(2 AS ?x) }", "in use before."),
        ):
            problem = await told(await site.get(query), 400, "sparql-syntax")
            assert str(problem["title"]).endswith(said)
        problem = await told(await site.get("SELECT * {\n ?s nope:x ?o }"), 400, "sparql-prefix")
        assert (problem["line"], problem["column"]) == (2, 5)
        await told(await site.get("SELECT * { SERVICE <http://127.0.0.1/> {} }"), 403, "sparql-service")
        for answer in (
            await site.get("INSERT DATA { <a:a> <a:a> 1 }"),
            await site.post("CLEAR ALL", "application/sparql-update"),
            await site.post("update=CLEAR%20ALL", FORM),
        ):
            problem = await told(answer, 403, "sparql-update")
            assert "/api/v1/imports" in str(problem["detail"])
        await told(await site.post("query=", FORM), 400, "sparql-no-query")
        await told(await site.post(f"query=ASK%20%7B%7D&query={quote(COUNT)}", FORM), 400, "sparql-twice")
        await told(await site.post(COUNT, DIRECT, "/sparql?query=ASK%20%7B%7D"), 400, "sparql-twice")
        await told(await site.post(COUNT, "text/plain"), 415, "sparql-media")
        await told(await site.post(COUNT, None), 415, "sparql-media")
        await told(await site.post(COUNT, f"{DIRECT}; charset=utf-16"), 415, "sparql-media")
        await told(await site.post("SELECT '\xff'".encode("latin-1"), DIRECT), 400, "sparql-encoding")
        await told(await site.post("query=%FF", FORM), 400, "sparql-encoding")
        assert (await site.post("&&query=ASK+%7b%7D&x=\\x41%zz", FORM)).status_code == 200
        assert (await site.post("query=SELECT ('%C3%A9%5Cn\\\\' AS ?x) {}", FORM)).text.count("é\\n\\\\") == 1
        await told(await site.get("ASK {}", **{"default-graph-uri": "no iri"}), 400, "sparql-graph")
        await told(await site.get("ASK {}", timeout="31"), 400, "sparql-timeout-parameter")
        await told(await site.get("ASK {}", timeout="nan"), 400, "sparql-timeout-parameter")
        await told(await site.post("#" * 5001, DIRECT), 413, "sparql-too-large")
        await told(await site.post("query=" + "a" * 5001, FORM), 413, "sparql-too-large")
        # told by its declared length, before any of it is sent
        head = f"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {DIRECT}\r\n"
        assert (await site.raw(f"{head}Content-Length: 5001\r\n\r\n")).startswith(b"HTTP/1.1 413 ")
        await told(await site.get(ENDLESS, timeout="0.2"), 504, "sparql-timeout")
        both = {"default-graph-uri": [G1, G2], "query": COUNT}
        await told(await site.client.get("/sparql", params=both), 400, "sparql-dataset-too-large")
        assert number(await site.get(COUNT)) == 3001

    on_site(published, test, query_max_bytes=5000, sparql_merge_quads=3)


def test_default_prefixes_need_no_declaration(published: Published) -> None:
    async def test(site: Site) -> None:
        answer = await site.get("ASK { ?s a bkg:Tenure ; skos:prefLabel ?o }")
        assert answer.json()["boolean"] is False

    on_site(published, test)


def test_a_full_queue_is_503_with_retry_after(published: Published) -> None:
    async def test(site: Site) -> None:
        blocking = asyncio.create_task(site.get(ENDLESS, timeout="1"))
        await asyncio.sleep(0.1)
        busy = await site.get(COUNT)
        assert busy.status_code == 503
        assert int(busy.headers["retry-after"]) >= 1
        assert (await blocking).status_code == 504

    on_site(published, test, sparql_queue=0)


def test_an_answer_that_breaks_off_is_no_answer(published: Published) -> None:
    async def test(site: Site) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            await site.get(ENDLESS_ROWS, timeout="0.5")
        answer = await site.raw(f"GET /sparql?timeout=0.5&query={quote(ENDLESS_ROWS)} HTTP/1.1\r\nHost: x\r\n\r\n")
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        assert b"transfer-encoding: chunked" in head.lower()
        assert not body.endswith(b"0\r\n\r\n")
        # HTTP/1.0 has no way to tell: so nothing goes out, and the error is a whole one
        old = await site.raw(f"GET /sparql?timeout=0.5&query={quote(ENDLESS_ROWS)} HTTP/1.0\r\n\r\n")
        assert old.startswith(b"HTTP/1.1 504")
        whole = await site.raw(f"GET /sparql?query={quote('SELECT * { ?s ?p ?o }')} HTTP/1.0\r\n\r\n")
        assert len(json.loads(whole.partition(b"\r\n\r\n")[2])["results"]["bindings"]) == 3001
        assert site.outcomes == ["cut", "cut", "cut", "ok"]

    # the limit of size keeps the buffered answer small on a fast machine
    on_site(published, test, sparql_max_bytes=1_000_000_000)


@pytest.mark.parametrize(
    ("query", "accept"),
    [(ENDLESS, "*/*"), (ENDLESS_ROWS, "*/*"), (ENDLESS, "text/html")],
    ids=["before the first chunk", "after it", "a page"],
)
def test_a_client_that_leaves_ends_its_query(published: Published, query: str, accept: str) -> None:
    async def test(site: Site) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(f"GET /sparql?query={quote(query)} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n\r\n".encode())
        await writer.drain()
        if query is ENDLESS_ROWS:
            await reader.readexactly(100)
        else:
            await asyncio.sleep(0.2)
        writer.close()
        async with asyncio.timeout(10):  # its deadline is 600 s: only the leaving can end it
            while not site.outcomes:
                await asyncio.sleep(0.01)
        assert site.outcomes == ["gone"]
        assert number(await site.get(COUNT)) == 3001

    on_site(published, test, sparql_timeout=600.0)


def test_long_queries_are_read(published: Published) -> None:
    async def test(site: Site) -> None:
        values = " ".join(f"<{EX}{n}>" for n in range(8000))
        answer = await site.post(f"SELECT (COUNT(*) AS ?n) {{ VALUES ?s {{ {values} }} ?s ?p ?o }}", DIRECT)
        assert number(answer) == 3000

    on_site(published, test)


def test_long_queries_are_refused_as_short_ones_and_within_their_deadline(published: Published) -> None:
    async def test(site: Site) -> None:
        far = "#" * 9000 + "\n"
        for text, status, code in (
            (f"{far}SELECT * {{ SERVICE <http://127.0.0.1/> {{}} }}", 403, "sparql-service"),
            (f"{far}  CLEAR ALL", 403, "sparql-update"),
            (f"{far}SELECT * {{ ?s nope:x ?o }}", 400, "sparql-prefix"),
            ("SELECT * { " + "[]" * 55_000, 413, "sparql-too-long"),
        ):
            answer = await site.post(text, DIRECT)
            assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, code)
            assert answer.json()["line"] == (1 if status == 413 else 2)
        assert site.outcomes == ["client-error"] * 4
        blocking = asyncio.create_task(site.get(ENDLESS, timeout="2"))
        await asyncio.sleep(0.1)
        # the seconds of a query count from its coming, the wait for a worker included
        assert (await site.post(f"{far}ASK {{}}", DIRECT, "/sparql?timeout=0.3")).status_code == 503
        assert (await blocking).status_code == 504

    on_site(published, test)


def test_a_store_that_is_gone_is_told(tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        await site.pool.close()
        answer = await site.get(COUNT)
        assert answer.status_code == 503
        assert answer.json()["type"].endswith("sparql-unavailable")

    on_site(release(tmp_path, "r9", things=1), test)
