"""What a remote store is and can do, found by asking it: its kind, its row limit, its formats, how it fails.

Nothing is believed that can be tried. The quick part (kind, release, whether it answers) is done at every connect; the
slow part (row limit, bodies that make it hang) by ``bilim doctor`` and before a push.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from http.client import HTTPException
from typing import Final, Literal
from urllib.parse import urlencode

from kg.findings import finding
from kg.store.errors import StoreError
from kg.store.remote import RELEASE, Endpoint
from kg.store.remote_answers import ACCEPT_GRAPH, ACCEPT_TABLE, GRAPHS, TABLE, BrokenAnswer, table_of
from kg.store.remote_http import opener

Kind = Literal["virtuoso", "oxigraph", "bilim", "other"]
_HANG_SECONDS: Final = 2.0
_MANY: Final = 10  # values in each of five columns: 100,000 rows out of nothing


@dataclass(frozen=True, slots=True)
class Capabilities:
    """``most_rows`` None: no limit was seen. None elsewhere: not looked at."""

    kind: Kind
    server: str
    release: str | None = None  # of a Bilim server
    json: bool = False  # answers in SPARQL results JSON
    ntriples: bool | None = None
    most_rows: int | None = None
    direct_post: bool | None = None  # answers a query in the body of a POST

    def told(self) -> str:
        """On one line."""
        parts = [self.server or self.kind]
        for name in ("direct_post", "ntriples"):
            if (value := getattr(self, name)) is not None:
                parts.append(f"{name.replace('_', ' ')}: {'yes' if value else 'no'}")
        if self.most_rows is not None:
            parts.append(f"at most {self.most_rows} rows")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class _Said:
    status: int
    headers: dict[str, str]
    body: bytes


def probe(endpoint: Endpoint) -> Capabilities:
    """The quick part. Raises :class:`StoreError` where it cannot be reached, refuses us or is no SPARQL endpoint."""
    said = _send(endpoint, urlencode({"query": "ASK {}"}).encode(), "application/x-www-form-urlencoded", ACCEPT_TABLE)
    if said.status in (401, 403):
        raise StoreError(finding("remote-refused", endpoint=endpoint.name, status=said.status))
    if said.status != 200:
        reason = said.body[:200].decode("utf-8", "replace")
        raise StoreError(finding("remote-failed", endpoint=endpoint.name, status=said.status, reason=reason))
    server = said.headers.get("server", "").strip()
    release = said.headers.get(RELEASE.lower())
    kind: Kind = "other"
    if release is not None:
        kind = "bilim"
    elif "virtuoso" in server.lower():
        kind = "virtuoso"
    elif "oxigraph" in server.lower():
        kind = "oxigraph"
    try:
        answered = bool(table_of(said.body))
    except BrokenAnswer as error:
        raise StoreError(finding("remote-broken", endpoint=endpoint.name, reason=error)) from error
    return Capabilities(kind, server, release, json=answered and said.headers.get("content-type", "").startswith(TABLE))


def probe_more(endpoint: Endpoint, found: Capabilities) -> Capabilities:
    """The slow part, up to some seconds. What it asks for changes nothing there."""
    form = "application/x-www-form-urlencoded"
    columns = " ".join(f"VALUES ?{c} {{ {' '.join(map(str, range(_MANY)))} }}" for c in "abcde")
    said = _try(endpoint, urlencode({"query": f"SELECT ?a WHERE {{ {columns} }}"}).encode(), form, ACCEPT_TABLE)
    most: int | None = None
    if said is not None and said.status == 200:
        header = said.headers.get("x-sparql-maxrows", "")
        try:
            table = table_of(said.body)
            rows = len(list(table))  # type: ignore[arg-type]  # a SELECT
            most = int(header) if header.isdigit() else (rows if rows < _MANY**5 else None)
        except (BrokenAnswer, SyntaxError, ValueError):
            most = None
    text = "CONSTRUCT { <x:a> <x:b> <x:c> } WHERE {}"
    graph = _try(endpoint, urlencode({"query": text}).encode(), form, ACCEPT_GRAPH)
    kind = graph.headers.get("content-type", "").partition(";")[0] if graph is not None else ""
    direct = _try(endpoint, b"ASK {}", "application/sparql-query", ACCEPT_TABLE, _HANG_SECONDS)
    return replace(
        found,
        most_rows=most,
        ntriples=graph is not None and graph.status == 200 and kind in GRAPHS,
        direct_post=direct is not None and direct.status == 200,
    )


def _send(endpoint: Endpoint, body: bytes, kind: str, accept: str, timeout: float | None = None, **more: str) -> _Said:
    request = urllib.request.Request(endpoint.address, body, {"Content-Type": kind, "Accept": accept, **more})
    send = opener(endpoint.address, endpoint.user, endpoint.password, digest=True)
    try:
        with send.open(request, timeout=timeout or endpoint.timeout) as answer:
            return _Said(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
    except urllib.error.HTTPError as error:
        return _Said(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read(2000))
    except (HTTPException, OSError) as error:
        reason = getattr(error, "reason", error)
        raise StoreError(finding("remote-unreachable", endpoint=endpoint.name, reason=reason)) from error


def _try(endpoint: Endpoint, body: bytes, kind: str, accept: str, timeout: float | None = None) -> _Said | None:
    try:
        return _send(endpoint, body, kind, accept, timeout)
    except StoreError:
        return None
