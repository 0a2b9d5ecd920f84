"""Ready answers over a real connection: what uvicorn's protocol sends before any ASGI task is what ASGI would send."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn

from api.front.protocol import head_of, serving
from tests.conftest import free_port

TEMPLATE = "/api/v1/posts/holders?post=kz-minister-of-education&on=2022-06-24"
PAGE = "/doc/organization/kz-ministry-of-education?on=2022-06-24"
DATED = b"date: "


def talk(address: str, request: bytes, ends: int = 1) -> bytes:
    """What comes back on one connection, until it is closed or so many answers' worth of silence has passed."""
    host, _, port = address.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as made:
        made.sendall(request)
        got = b""
        made.settimeout(20)
        while got.count(b"HTTP/1.1 ") < ends or not _whole(got, ends):
            data = made.recv(1 << 20)
            if not data:
                break
            got += data
    return got


def _whole(got: bytes, ends: int) -> bool:
    for _ in range(ends):
        head, empty, rest = got.partition(b"\r\n\r\n")
        if not empty:
            return False
        length = next((int(h.split(b": ")[1]) for h in head.split(b"\r\n") if h.startswith(b"content-length: ")), 0)
        if b" 304 " in head.split(b"\r\n")[0]:
            length = 0
        if len(rest) < length:
            return False
        got = rest[length:]
    return True


def get(path: str, *lines: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/{version}", "Host: test", *lines, "", "")).encode()


def undated(answer: bytes) -> list[bytes]:
    """Lines of an answer without its date, headers sorted, the body last."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *headers = head.split(b"\r\n")
    return [first, *sorted(line for line in headers if not line.startswith(DATED)), body]


def hits(server: str) -> float:
    text = httpx.get(f"{server}/metrics").text
    return float(text.partition('bilim_cache_requests_total{result="hit"} ')[2].partition("\n")[0])


@pytest.mark.parametrize("path", [TEMPLATE, PAGE, PAGE.replace("?", ".json?"), "/static/bilim.css"])
@pytest.mark.parametrize("lines", [(), ("Accept-Encoding: gzip",), ("Accept-Language: ru",)])
def test_a_ready_answer_is_the_first_one_again(server: str, path: str, lines: tuple[str, ...]) -> None:
    first = talk(server, get(path, *lines))
    before = hits(server)
    again = talk(server, get(path, *lines))
    assert b" 200 OK" in first.partition(b"\r\n")[0]
    assert undated(again) == undated(first)
    assert DATED in again
    assert hits(server) == before + 1


def test_head_and_304_have_no_body(server: str) -> None:
    whole = talk(server, get(TEMPLATE))
    head, _, body = whole.partition(b"\r\n\r\n")
    for _ in range(2):
        only = talk(server, get(TEMPLATE, method="HEAD") + get("/healthz", "Connection: close"), 9)
        first, empty, rest = only.partition(b"\r\n\r\n")
        assert empty
        assert undated(first) == undated(head)
        assert rest.startswith(b"HTTP/1.1 200 OK"), "the next answer must follow the head at once"
    etag = next(line for line in head.split(b"\r\n") if line.startswith(b"etag: ")).decode().partition(": ")[2]
    for tag, status in ((etag, b"304"), (f"W/{etag}", b"304"), ("*", b"304"), ('"other"', b"200")):
        told = talk(server, get(TEMPLATE, f"If-None-Match: {tag}"))
        assert told.split(b" ")[1] == status
        assert told.partition(b"\r\n\r\n")[2] == (b"" if status == b"304" else body)


def test_many_requests_at_once_are_answered_in_their_order(server: str) -> None:
    paths = [TEMPLATE, PAGE.replace("?", ".json?"), "/healthz", TEMPLATE, "/doc/person/nobody-there", TEMPLATE]
    alone = [undated(talk(server, get(path))) for path in paths]
    together = talk(server, b"".join(map(get, paths)), len(paths))
    for wanted in alone:
        head, _, rest = together.partition(b"\r\n\r\n")
        length = len(wanted[-1])
        got, together = head + b"\r\n\r\n" + rest[:length], rest[length:]
        if b"/problems/" not in wanted[-1]:  # a problem bears a number of its own
            assert undated(got) == wanted
    assert together == b""


def test_thousands_of_requests_at_once(server: str) -> None:
    talk(server, get(TEMPLATE))
    slow = get("/api/v1/posts/holders?post=kz-minister-of-education&on=1999-06-24")  # not ready: what follows waits
    answers = talk(server, slow + get(TEMPLATE) * 3000, 3001)
    assert answers.count(b"HTTP/1.1 200 OK") == 3001


def test_connections_end_as_they_are_asked_to(server: str) -> None:
    talk(server, get(TEMPLATE))
    closed = talk(server, get(TEMPLATE, "Connection: close"), 9)
    assert b"connection: close" in closed.partition(b"\r\n\r\n")[0]
    old = talk(server, get(TEMPLATE, version="1.0"), 9)
    assert old.count(b" 200 OK\r\n") == 1


def test_a_body_nobody_wanted_is_passed_over(server: str) -> None:
    talk(server, get(TEMPLATE))
    asked = get(TEMPLATE, "Content-Length: 5") + b"hello" + get("/healthz", "Connection: close")
    answers = talk(server, asked, 9)
    assert answers.count(b"HTTP/1.1 200 OK") == 2


def test_repeated_headers_take_the_longer_way(server: str) -> None:
    answer = talk(server, get(TEMPLATE, "Accept: image/png", "Accept: text/csv"))
    assert b"content-type: text/csv" in answer


@dataclass
class Site:
    """uvicorn with an app of the test's own."""

    ready: Any
    asked: list[str] = field(default_factory=list)
    port: int = 0

    async def app(self, scope: Any, _receive: Any, send: Any) -> None:
        self.asked.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
        await send({"type": "http.response.body", "body": b"app"})


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site(lambda scope: (head_of(200, [(b"content-length", b"5")]), b"ready") if scope["path"] == "/a" else None)
    made.port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(made.app, port=made.port, lifespan="off", interface="asgi3", **serving(lambda s: made.ready(s)))
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    while not server.started:
        threading.Event().wait(0.01)
    yield made
    server.should_exit = True
    thread.join(20)


def test_what_is_ready_reaches_no_app(site: Site) -> None:
    """Fails where a uvicorn to come starts its tasks by another method."""
    with httpx.Client(base_url=f"http://127.0.0.1:{site.port}") as client:
        assert [client.get(path).text for path in ("/a", "/b", "/a", "/a")] == ["ready", "app", "ready", "ready"]
    assert site.asked == ["/b"]


def test_a_large_ready_answer_comes_whole(site: Site) -> None:
    large = b"x" * 3_000_000
    site.ready = lambda _scope: (head_of(200, [(b"content-length", b"3000000")]), large)
    with httpx.Client(base_url=f"http://127.0.0.1:{site.port}") as client:
        assert [client.get("/a").content == large for _ in range(3)] == [True] * 3
    assert len(site.asked) in range(4)  # while the client reads slowly, the app may be asked


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\x00", b"a\n"])
def test_a_header_that_uvicorn_would_refuse_is_never_ready(value: bytes) -> None:
    assert head_of(200, [(b"link", value)]) == b""
    assert head_of(200, [(b"bad name", b"x")]) == b""
