"""One request to the app as a server would hand it over: no client in between that mends or refuses."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes, urlencode

from starlette.testclient import TestClient


@dataclass(frozen=True)
class Answer:
    """What came back; header names in lower case, the body unpacked."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    client: TestClient,
    target: str,
    params: Sequence[tuple[str, str]] = (),
    *,
    method: str = "GET",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Answer:
    """Ask the running app. ``target``: path and query, percent-encoded; ``params`` replace the query."""
    return _portal(client).call(_asked, client.app, _scope(target, params, method, headers, body), body)


def ask_all(client: TestClient, target: str, every: Iterable[Sequence[tuple[str, str]]]) -> list[Answer]:
    """One GET after another, each with other parameters."""

    async def run() -> list[Answer]:
        return [await _asked(client.app, _scope(target, params, "GET", (), b""), b"") for params in every]

    return _portal(client).call(run)


def _portal(client: TestClient) -> Any:
    assert client.portal is not None, "the client's lifespan must be running"
    return client.portal


def _scope(
    target: str, params: Sequence[tuple[str, str]], method: str, headers: Iterable[tuple[str, str]], body: bytes
) -> dict[str, Any]:
    path, _, query = target.partition("?")
    if params:
        query = urlencode(params, errors="surrogatepass")
    given = {name.lower(): value for name, value in headers}
    if body:
        given.setdefault("content-length", str(len(body)))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": _text(unquote_to_bytes(path)),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("latin-1", "replace"),
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
        "state": {},
    }


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


async def _asked(app: Any, scope: dict[str, Any], body: bytes) -> Answer:
    found: dict[str, Any] = {"status": 0, "headers": []}
    chunks: list[bytes] = []
    sent = False

    async def receive() -> dict[str, Any]:
        nonlocal sent
        if not sent:
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}
        await asyncio.Event().wait()  # the client stays until the answer is there
        raise AssertionError

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found.update(status=message["status"], headers=message["headers"])
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app(scope, receive, send)
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in found["headers"]}
    data = b"".join(chunks)
    return Answer(
        found["status"], headers, gzip.decompress(data) if headers.get("content-encoding") == "gzip" else data
    )
