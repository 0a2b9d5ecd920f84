"""Heads of requests over a real connection: long ones are refused before anything reads them, whatever they hold."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from kg.sparql.formats import RESULTS
from kg.sparql.negotiation import negotiate
from tests.conftest import start_server, stop_server

ASK = "/sparql?query=ASK%7B%7D"


@pytest.fixture(scope="module")
def address(small_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    process, url = start_server(small_home, tmp_path_factory.mktemp("log") / "server.log")
    yield url
    stop_server(process)


def told(address: str, *pieces: bytes) -> bytes:
    """The first line of what comes back; b"" where the connection was only closed."""
    host, _, port = address.removeprefix("http://").partition(":")
    got = b""
    with socket.create_connection((host, int(port)), timeout=20) as made, suppress(ConnectionError):
        for piece in pieces:
            made.sendall(piece)
        while b"\r\n" not in got and (part := made.recv(65_536)):
            got += part
    return got.partition(b"\r\n")[0]


def head(*lines: bytes) -> bytes:
    return b"\r\n".join((f"GET {ASK} HTTP/1.1".encode(), b"Host: x", b"Connection: close", *lines, b"", b""))


@pytest.mark.parametrize(
    "line",
    [
        b'Accept: "' + b"x" * 300_000 + b'"',
        b"Accept: " + b"a/b;q=0.1," * 30_000,
        b"\r\n".join(b"X-%d: 1" % n for n in range(30_000)),
        b"If-None-Match: " + b'"x",' * 60_000,
    ],
    ids=["a string", "a list", "many", "tags"],
)
def test_a_long_head_is_refused(address: str, line: bytes) -> None:
    assert told(address, head(line)) in (b"HTTP/1.1 431 Request Header Fields Too Large", b"")
    assert httpx.get(address + ASK).json()["boolean"] is True


def test_a_head_without_end_is_refused(address: str) -> None:
    pieces = [f"GET {ASK} HTTP/1.1\r\nHost: x\r\nX: ".encode(), *[b"x" * 10_000] * 1000]
    assert told(address, *pieces) in (b"HTTP/1.1 431 Request Header Fields Too Large", b"")
    assert httpx.get(address + ASK).json()["boolean"] is True


def test_usual_heads_pass_also_with_a_long_body_behind_them(address: str) -> None:
    assert told(address, head(b"X: " + b"x" * 60_000)) == b"HTTP/1.1 200 OK"
    query = b"ASK { FILTER(1 = 1 || '" + b"x" * 200_000 + b"' = 'x') }"
    lines = (b"Host: x", b"Connection: close", b"Content-Type: application/sparql-query")
    sent = b"\r\n".join((b"POST /sparql HTTP/1.1", *lines, b"Content-Length: %d" % len(query), b"", query))
    assert told(address, sent) == b"HTTP/1.1 200 OK"
    assert told(address, sent[:50], sent[50:150_000], sent[150_000:]) == b"HTTP/1.1 200 OK"


def test_a_head_behind_a_long_body_is_not_taken_for_a_long_head(address: str) -> None:
    """A request that comes before the former is answered: what is read at once may hold a long body and half a head."""
    host, _, port = address.removeprefix("http://").partition(":")
    query = b"ASK { FILTER(1 = 1 || '" + b"x" * 250_000 + b"' = 'x') }"
    lines = (b"POST /sparql HTTP/1.1", b"Host: x", b"Content-Type: application/sparql-query")
    first = b"\r\n".join((*lines, b"Content-Length: %d" % len(query), b"", query))
    second = head()
    got = b""
    with socket.create_connection((host, int(port)), timeout=20) as made:
        for _ in range(5):
            made.sendall(first + second[:20])
            made.sendall(second[20:].replace(b"Connection: close\r\n", b""))
        made.sendall(second)
        while part := made.recv(65_536):
            got += part
    assert (got.count(b"HTTP/1.1 200 OK"), got.count(b"HTTP/1.1 431")) == (11, 0)


def test_what_is_no_request_is_400_as_ever(address: str) -> None:
    assert told(address, b"nonsense\r\n\r\n") == b"HTTP/1.1 400 Bad Request"


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        ('text/csv;x="a,b"', None),
        ('text/csv;x="a\\",text/csv', None),
        ('text/turtle;x="a\\"b,c",text/csv', "csv"),
        ('"text/csv", text/csv;q=0.5', "csv"),
        ('text/csv;q="0.5",application/sparql-results+xml;q=0.4', "csv"),
        ('text/csv;q=0.1;x=",;",application/sparql-results+xml;q=0.2', "xml"),
        ('text/csv;charset="utf-8"', "csv"),
    ],
)
def test_quoted_strings_in_accept(accept: str, suffix: str | None) -> None:
    found = negotiate(accept, RESULTS)
    assert (found and found.suffix) == suffix


def test_a_million_characters_of_accept_are_read_at_once() -> None:
    """Once the first of these took half a minute, in which nobody was answered."""
    for accept in ('"' + "x" * 1_000_000, '"' + '\\"' * 500_000, ",;" * 500_000, 'a/b;c="d",' * 100_000):
        assert negotiate(accept, RESULTS) is None
