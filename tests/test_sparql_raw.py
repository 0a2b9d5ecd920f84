"""/sparql on plain connections to the whole application: what clients that are no library send, and what they get."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvicorn

from api.app import create_app
from kg.settings import Settings

COUNT = "query=SELECT%20(COUNT(*)%20AS%20%3Fn)%20%7B%3Fs%20%3Fp%20%3Fo%7D"
LONG = "query=SELECT%20*%20%7B%3Fs%20%3Fp%20%3Fo%20.%20%3Fa%20%3Fb%20%3Fc%7D"
ENDLESS = (
    "query=SELECT%20(COUNT(*)%20AS%20%3Fn)%20%7B%3Fa%20%3Fb%20%3Fc%20.%20%3Fd%20%3Fe%20%3Ff%20.%20%3Fg%20%3Fh%20%3Fi%7D"
)
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
DIRECT = "Content-Type: application/sparql-query\r\n"


class Plain:
    """Connections to one server."""

    def __init__(self, port: int, front: object) -> None:
        self.port = port
        self.pool = front.services.pool  # type: ignore[attr-defined]

    async def send(self, *parts: str, end: bool = False) -> bytes:
        """Send the parts one after the other; what comes until the server closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for part in parts:
            writer.write(part.encode())
            await writer.drain()
            await asyncio.sleep(0.02)
        if end:
            writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), 60)
        writer.close()
        return answer

    async def get(self, target: str, headers: str = "", method: str = "GET", version: str = "1.1") -> bytes:
        return await self.send(f"{method} {target} HTTP/{version}\r\nHost: x\r\nConnection: close\r\n{headers}\r\n")

    async def works(self) -> None:
        """A query after all others is answered."""
        answer = await self.get(f"/sparql?{COUNT}")
        assert status(answer) == 200, answer[:300]
        assert int(json.loads(body(answer))["results"]["bindings"][0]["n"]["value"]) > 100


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def head(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[0].lower()


def body(answer: bytes) -> bytes:
    """The body; chunks put together. Fails where they do not end."""
    top, _, rest = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" not in top.lower():
        return rest
    parts = []
    while True:
        size, _, rest = rest.partition(b"\r\n")
        assert size, "the last chunk is missing"
        if int(size, 16) == 0:
            return b"".join(parts)
        parts.append(rest[: int(size, 16)])
        rest = rest[int(size, 16) + 2 :]


def serving(home: Path, test: Callable[[Plain], Awaitable[None]], **settings: object) -> None:
    async def main() -> None:
        told = {"home": home, "log_level": "error", "sparql_workers": 1, "sparql_nice": 0, **settings}
        front = create_app(Settings.model_validate(told))
        server = uvicorn.Server(uvicorn.Config(front, port=0, log_level="critical"))
        running = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            plain = Plain(server.servers[0].sockets[0].getsockname()[1], front)
            await test(plain)
            await plain.works()
        finally:
            server.should_exit = True
            await running

    asyncio.run(main())


def test_head_gives_what_get_gives_without_the_body(small_home: Path) -> None:
    async def test(plain: Plain) -> None:
        for target in (f"/sparql?{COUNT}", "/sparql", f"/sparql?{COUNT}&format=csv", "/sparql?query=nonsense"):
            asked, only = await plain.get(target), await plain.get(target, method="HEAD")
            assert status(asked) == status(only)
            assert body(asked)
            assert not body(only)
            for name in (b"content-type", b"bilim-release", b"vary", b"etag"):
                values = [[line for line in head(a).split(b"\r\n") if line.startswith(name)] for a in (asked, only)]
                assert values[0] == values[1], (target, name)

    serving(small_home, test)


def test_http_1_0_gets_whole_answers_or_errors(small_home: Path) -> None:
    async def test(plain: Plain) -> None:
        answer = await plain.get(f"/sparql?{COUNT}", version="1.0")
        assert status(answer) == 200
        assert b"transfer-encoding" not in head(answer)
        json.loads(body(answer))
        # what would break off after its first chunk is an error here: no client of 1.0 could tell it from the whole
        answer = await plain.get(f"/sparql?{LONG}", version="1.0")
        assert status(answer) == 422, answer[:300]
        answer = await plain.get(f"/sparql?{LONG}")
        assert status(answer) == 200
        assert not answer.endswith(b"0\r\n\r\n")  # broken off, as HTTP/1.1 can tell

    serving(small_home, test, sparql_max_bytes=300_000)


def test_bodies_in_chunks_and_in_parts(small_home: Path) -> None:
    async def test(plain: Plain) -> None:
        text = "ASK { ?s ?p ?o }"
        top = f"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{DIRECT}"
        chunks = [f"{len(part):x}\r\n{part}\r\n" for part in (text[:4], text[4:])]
        whole = await plain.send(top + "Transfer-Encoding: chunked\r\n\r\n", *chunks, "0\r\n\r\n")
        assert status(whole) == 200
        assert json.loads(body(whole))["boolean"] is True
        slow = await plain.send(top + f"Content-Length: {len(text)}\r\n\r\n", text[:5], text[5:])
        assert json.loads(body(slow))["boolean"] is True
        expected = await plain.send(top + f"Expect: 100-continue\r\nContent-Length: {len(text)}\r\n\r\n", text)
        assert b"HTTP/1.1 200" in expected
        # left in the middle of a body: nobody is answered, and nothing is held
        await plain.send(top + "Transfer-Encoding: chunked\r\n\r\n", chunks[0], end=True)
        await plain.send(top + "Transfer-Encoding: chunked\r\n\r\n", "ff\r\nabc", end=True)
        await plain.send(top + "Content-Length: 100\r\n\r\n", "ASK", end=True)
        broken = await plain.send(top + "Transfer-Encoding: chunked\r\n\r\n", "zz\r\nASK\r\n0\r\n\r\n")
        assert not broken or status(broken) == 400

    serving(small_home, test)


def test_statuses_of_bad_requests(small_home: Path) -> None:
    async def test(plain: Plain) -> None:
        async def post(headers: str, text: str) -> bytes:
            top = f"POST /sparql HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}"
            return await plain.send(f"{top}Content-Length: {len(text)}\r\n\r\n{text}")

        cases = [
            (406, await plain.get(f"/sparql?{COUNT}", "Accept: image/png\r\n")),
            (406, await plain.get(f"/sparql?{COUNT}", "Accept: text/turtle\r\n")),
            (415, await post("Content-Type: text/plain\r\n", "ASK {}")),
            (415, await post("", "ASK {}")),
            (415, await post("Content-Type: application/sparql-query; charset=latin1\r\n", "ASK {}")),
            (403, await post("Content-Type: application/sparql-update\r\n", "CLEAR ALL")),
            (403, await post(DIRECT, "DROP ALL")),
            (400, await post(DIRECT, "ASK { ?s ?p }")),
            (400, await post(FORM, "query=")),
            (400, await plain.get("/sparql?query=PREFIX%20a%3A%20%3C%2F%2F%5B%3E%20SELECT%20*%20%7B%7D")),  # <//[>
            (400, await plain.get(f"/sparql?{COUNT}&default-graph-uri=%3Cx")),
            (405, await plain.get("/sparql", method="PUT")),
            (405, await plain.get("/sparql", method="DELETE")),
        ]
        for wanted, answer in cases:
            assert status(answer) == wanted, answer[:400]
            assert b"application/problem+json" in head(answer), answer[:400]
            assert json.loads(body(answer))["status"] == wanted
        assert status(await plain.get("/sparql", method="OPTIONS")) == 204

    serving(small_home, test)


def test_several_requests_sent_at_once_are_answered_in_their_order(small_home: Path) -> None:
    async def test(plain: Plain) -> None:
        one = "GET /sparql?query=ASK%20%7B%7D HTTP/1.1\r\nHost: x\r\n\r\n"
        last = f"GET /sparql?{COUNT} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        answer = await plain.send(one + one + last)
        assert answer.count(b"HTTP/1.1 200") == 3
        assert answer.count(b'"boolean"') == 2
        assert answer.rindex(b'"boolean"') < answer.index(b'"bindings"')

    serving(small_home, test)


def test_who_leaves_in_the_middle_ends_the_query(small_home: Path) -> None:
    async def test(plain: Plain) -> None:
        [pid] = plain.pool.pids
        for target, read in ((ENDLESS, 0), (LONG, 1000)):
            reader, writer = await asyncio.open_connection("127.0.0.1", plain.port)
            writer.write(f"GET /sparql?{target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            await asyncio.sleep(0.1)
            if read:
                assert await reader.readexactly(read)
            writer.transport.abort()
            async with asyncio.timeout(20):  # of a machine that is busy; it takes milliseconds
                while pid in plain.pool.pids or not plain.pool.pids:
                    await asyncio.sleep(0.01)
            [pid] = plain.pool.pids

    serving(small_home, test)
