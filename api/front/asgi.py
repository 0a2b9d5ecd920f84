"""The front, raw ASGI before FastAPI: ready answers, ETag and 304, HEAD, gzip, limits, common headers.

A GET whose answer depends on nothing but the release, the day and the variant is computed once and kept.
The first look-up is by the request as written; only when that fails is the variant worked out.
"""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Callable, MutableMapping
from hashlib import blake2b
from math import inf
from secrets import token_hex
from typing import Any

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.front.allow import allowed
from api.front.bodies import body_limit
from api.front.cache import Cache, Entry, Header, Key, RawKey
from api.front.direct import NONE, Direct, inside
from api.front.headers import COMMON, PREFLIGHT
from api.front.limited import limited
from api.front.pinned import headers_under, root, split
from api.front.variant import Variant, rule_for, variant_of
from api.problems import finding_problem
from api.services import Pinned, Services
from kg.findings import BilimError

COMPRESS_FROM = 600  # bytes; below, gzip saves less than one packet
COMPRESS_IN_THREAD = 100_000  # bytes; about 2 ms of work
KEPT_STATUSES = frozenset({200, 301, 303, 410})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})  # a client may write any word
LISTS = (b"accept", b"accept-language", b"accept-encoding", b"if-none-match")


class Front:
    """ASGI app round an ASGI app. ``clock`` gives seconds since the epoch (tests hand in their own).

    ``direct``: path -> ASGI app that answers it with no routing (see api/front/direct.py); ``within``: by folder.
    """

    def __init__(self, app: ASGIApp, services: Services, direct: Direct = NONE, within: Direct = NONE) -> None:
        self.app = app
        self.direct = direct
        self.within = within
        self.services = services
        self.state = app.state  # type: ignore[attr-defined]  # as of a FastAPI app: app.state.services
        self.clock: Callable[[], float] = services.clock
        self.cache = Cache(services.settings.cache_mb * 1024 * 1024)
        self.counts = services.metrics.front
        self.counts.size = lambda: (len(self.cache), self.cache.bytes)
        self.log = structlog.get_logger("access")
        self._hits_logged = services.settings.log_level == "debug"
        self._logged = services.settings.log_level in ("debug", "info")
        services.on_swap(self.cache.clear)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"]
        raw: RawKey | None = None
        if method == "GET" or method == "HEAD":
            pairs = scope["headers"]
            headers = dict(pairs)
            if len(headers) == len(pairs):  # a repeated header is rare, and takes the longer way
                raw = (
                    scope["path"],
                    scope["query_string"],
                    headers.get(b"accept"),
                    headers.get(b"accept-language"),
                    headers.get(b"accept-encoding"),
                )
                entry = self.cache.raw.get(raw)
                if entry is not None and (entry.exact_until == inf or self.clock() < entry.exact_until):
                    entry.used = True
                    if method == "GET" and b"if-none-match" not in headers and not self._hits_logged:
                        self.counts.hits += 1  # the usual case, without one more coroutine
                        await send({"type": "http.response.start", "status": entry.status, "headers": entry.headers})
                        await send({"type": "http.response.body", "body": entry.body})
                    else:
                        await self._ready(entry, entry.headers, method, headers.get(b"if-none-match"), scope, send)
                    return
        await self._slow(raw, scope, receive, send)

    async def _ready(
        self, entry: Entry, headers: list[Header], method: str, asked: bytes | None, scope: Scope, send: Send
    ) -> None:
        """Send an answer that is there: the whole of it, its headers only, or 304."""
        if asked is not None and entry.etag and matches(asked, entry.etag):
            self.counts.not_modified += 1
            status, body = 304, b""
            headers = entry.not_modified if headers is entry.headers else _with_age(entry.not_modified, headers)
        else:
            self.counts.hits += 1
            status, body = entry.status, entry.body if method == "GET" else b""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        if self._hits_logged:
            self.log.debug("request", method=method, path=scope["path"], status=status, cache="hit", bytes=len(body))

    async def _slow(self, raw: RawKey | None, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        if raw is None:
            scope["headers"] = _joined(scope["headers"])
        request = token_hex(6)
        scope["bilim.request"] = request
        method, path = scope["method"], scope["path"]
        told: dict[str, Any] = {"status": 500, "bytes": 0}

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                told["status"] = message["status"]
            elif message["type"] == "http.response.body":
                told["bytes"] += len(message.get("body", b""))
            await send(message)

        release, refused = None, None
        if (by_id := split(path)) is not None:
            try:
                release = await self.services.open_pinned(by_id[0])
                scope["root_path"] = root(release.id)
            except BilimError as error:
                refused = error
        with self.services.pin(release) as pinned:
            try:
                if refused is not None:
                    await self._refuse(refused, scope, receive, counting)
                else:
                    told["cache"] = await self._answer(raw, pinned, scope, receive, counting)
            finally:
                seconds = time.perf_counter() - started
                route = getattr(scope.get("route"), "path", None) or "none"
                metrics = self.services.metrics
                metrics.requests.labels(route, method if method in METHODS else "other", told["status"]).inc()
                metrics.seconds.labels(route).observe(seconds)
                if self._logged:  # else not even put together
                    self.log.info(
                        "request",
                        method=method,
                        path=path,
                        query=scope["query_string"].decode("latin-1")[:500] or None,
                        ms=round(seconds * 1000, 2),
                        release=pinned.release_id or None,
                        request=request,
                        **told,
                    )

    async def _answer(self, raw: RawKey | None, pinned: Pinned, scope: Scope, receive: Receive, send: Send) -> str:
        method, path = scope["method"], scope["path"].removeprefix(pinned.prefix)
        common = [*COMMON, (b"bilim-release", pinned.release_id.encode())] if pinned.release_id else [*COMMON]
        settings = self.services.settings
        if method == "OPTIONS":
            self.counts.bypassed += 1
            allow = ", ".join(allowed(self.app, scope)).encode()
            told = [*common, *PREFLIGHT, (b"access-control-allow-methods", allow), (b"allow", allow)]
            await send({"type": "http.response.start", "status": 204, "headers": told})  # no length: RFC 9110, 8.6
            await send({"type": "http.response.body", "body": b""})
            return "bypassed"
        headers = _text_headers(scope)
        length = len(scope.get("raw_path") or path.encode()) + len(scope["query_string"]) + 1
        if length > settings.url_max_bytes:
            # the route of this problem reads nothing of the address
            scope = {
                **scope,
                "bilim.url_bytes": length,
                "path": "/_too-long",
                "raw_path": b"/_too-long",
                "query_string": b"",
            }
            return await self._bypass(common, scope, receive, send)
        variant = None
        if method in ("GET", "HEAD") and pinned.release_id and not settings.dev:  # dev: files change under a release
            query = scope["query_string"].decode("latin-1")
            variant = variant_of(path, query, headers, pinned.today)
        if variant is None:
            limit = body_limit(path, settings)
            return await self._bypass(common, scope, limited(receive, headers, limit), send)
        key = (pinned.prefix or pinned.release_id, variant)
        now = self.clock()
        entry = self.cache.get(key, now)
        if entry is not None:
            if raw is not None:
                self.cache.alias(raw, key)
            sent = entry.headers if now < entry.exact_until else self._headers_now(entry, now)
            await self._ready(entry, sent, method, _header(scope["headers"], b"if-none-match"), scope, send)
            return "hit"
        self.counts.misses += 1
        inner = {**scope, "method": "GET"}
        try:
            await self._compute(raw, key, common, pinned, inner, receive, send, method)
        finally:
            scope["route"] = inner.get("route")
        return "miss"

    async def _refuse(self, error: BilimError, scope: Scope, receive: Receive, send: Send) -> None:
        """The release that an address names cannot answer."""
        self.counts.bypassed += 1
        scope["app"] = self.app
        answer = finding_problem(Request(scope), *error.findings)
        answer.headers.update({name.decode(): value.decode() for name, value in COMMON})
        await answer(scope, receive, send)

    async def _bypass(self, common: list[Header], scope: Scope, receive: Receive, send: Send) -> str:
        """Straight through, with the common headers; HEAD without its body."""
        self.counts.bypassed += 1
        # these would compute the whole answer
        head = scope["method"] == "HEAD" and not scope["path"].endswith(("/sparql", "/sparql/graph-store"))
        complete = False

        async def dressed(message: Message) -> None:
            nonlocal complete
            if message["type"] == "http.response.start":
                message = {**message, "headers": _merge(message.get("headers", ()), common)}
            elif message["type"] == "http.response.body":
                complete = not message.get("more_body", False)
                if head:
                    message = {**message, "body": b""}
            await send(message)

        inner = {**scope, "method": "GET"} if head else scope
        try:
            await self.direct.get(inner["path"], self.app)(inner, receive, dressed)
        except Exception:
            if not complete:  # cut: the server must break the connection, so that no part passes for the whole
                raise  # (complete: a 500 that was told and logged)
        finally:
            scope["route"] = inner.get("route")
        return "bypassed"

    async def _compute(
        self,
        raw: RawKey | None,
        key: Key,
        common: list[Header],
        pinned: Pinned,
        scope: Scope,
        receive: Receive,
        send: Send,
        method: str,
    ) -> None:
        """Ask the app, keep what may be kept, and send it."""
        start: MutableMapping[str, Any] = {}
        chunks: list[bytes] = []
        size = 0
        streaming = complete = False
        largest = self.cache.max_bytes // 8

        async def collect(message: Message) -> None:
            nonlocal size, streaming, complete
            if message["type"] == "http.response.start":
                start.update(message)
                start["headers"] = _merge(message.get("headers", ()), common)
                if pinned.prefix:
                    start["headers"] = headers_under(pinned.prefix, start["headers"])
                return
            body = message.get("body", b"")
            complete = not message.get("more_body", False)
            size += len(body)
            if streaming:
                await send({**message, "body": body if method == "GET" else b""})
                return
            chunks.append(body)
            if size > largest:  # too large to keep: what has come so far goes out, the rest follows as it comes
                streaming = True
                await send(start)
                await send({**message, "body": b"".join(chunks) if method == "GET" else b""})
                chunks.clear()

        try:
            await inside(self.within, scope["path"], self.app)(scope, receive, collect)
        except Exception:
            if not complete:
                raise
        if streaming:
            return
        body = b"".join(chunks)
        if start["status"] not in KEPT_STATUSES or _header(start["headers"], b"set-cookie"):
            await send(start)
            await send({"type": "http.response.body", "body": body if method == "GET" else b""})
            return
        entry = await self._entry(start["status"], start["headers"], body, key[1], pinned)
        lasting = bool(pinned.prefix) or self.services.current_id() == pinned.release_id
        if lasting and self.cache.put(key, entry) and raw is not None:
            self.cache.alias(raw, key)
        now = self.clock()
        sent = entry.headers if now < entry.exact_until else self._headers_now(entry, now)
        asked = _header(scope["headers"], b"if-none-match")
        if asked is not None and entry.etag and matches(asked, entry.etag):
            await send({"type": "http.response.start", "status": 304, "headers": _with_age(entry.not_modified, sent)})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": entry.status, "headers": sent})
        await send({"type": "http.response.body", "body": entry.body if method == "GET" else b""})

    async def _entry(self, status: int, headers: list[Header], body: bytes, variant: Variant, pinned: Pinned) -> Entry:
        kind = _header(headers, b"content-type") or b""
        packed = variant.encoding == "gzip" and len(body) >= COMPRESS_FROM and _is_text(kind)
        digest = blake2b(digest_size=15)
        for name in (b"content-type", b"content-language", b"link", b"location"):
            digest.update((_header(headers, name) or b"") + b"\0")
        digest.update(body)
        etag = b'"' + digest.hexdigest().encode() + (b'-gz"' if packed else b'"')
        if packed:
            body = await asyncio.to_thread(_pack, body) if len(body) > COMPRESS_IN_THREAD else _pack(body)
        rule = rule_for(variant.path)
        negotiated = [b"Accept", b"Accept-Language"] if rule and rule.offers else []
        vary = list(
            dict.fromkeys(
                [
                    *negotiated,
                    *(part.strip() for part in (_header(headers, b"vary") or b"").split(b",") if part.strip()),
                    b"Accept-Encoding",
                ]
            )
        )
        expires = pinned.midnight if variant.today is not None else inf
        age = self.services.settings.http_max_age
        shared: list[Header] = [
            (b"vary", b", ".join(vary)),
            (b"cache-control", b"public, max-age=%d, must-revalidate" % age),
        ]
        if status == 200:
            shared.append((b"etag", etag))
        kept = [pair for pair in headers if pair[0] not in (b"vary", b"cache-control", b"etag", b"content-length")]
        full = [*kept, *shared, (b"content-length", b"%d" % len(body))]
        if packed:
            full.append((b"content-encoding", b"gzip"))
        short = [p for p in kept if p[0] in (b"content-location", b"bilim-release", *(n for n, _ in COMMON))] + shared
        return Entry(
            status=status,
            headers=full,
            body=body,
            etag=etag if status == 200 else b"",
            not_modified=short,
            expires=expires,
            exact_until=expires - age,
        )

    def _headers_now(self, entry: Entry, now: float) -> list[Header]:
        """Headers near midnight: a client may keep the answer only until then."""
        left = max(0, min(self.services.settings.http_max_age, int(entry.expires - now)))
        value = b"public, max-age=%d, must-revalidate" % left
        return [(n, value if n == b"cache-control" else v) for n, v in entry.headers]


def matches(asked: bytes, etag: bytes) -> bool:
    """If-None-Match by weak comparison (RFC 9110, section 13.1.2)."""
    if asked == etag:
        return True
    tags = [tag.strip().removeprefix(b"W/") for tag in asked.split(b",")]
    return etag in tags or tags == [b"*"]


def _joined(headers: list[Header]) -> list[Header]:
    """Lists that come in several lines as one (RFC 9110, 5.3), so that what follows sees them whole."""
    out = [pair for pair in headers if pair[0] not in LISTS]
    for name in LISTS:
        values = [value for key, value in headers if key == name]
        if values:
            out.append((name, b", ".join(values)))
    return out


def _text_headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _header(headers: list[Header], name: bytes) -> bytes | None:
    return next((value for key, value in headers if key == name), None)


def _merge(headers: Any, common: list[Header]) -> list[Header]:
    """The headers of an answer in lower case, with the common ones; what the app itself set stands."""
    own = [(bytes(name).lower(), bytes(value)) for name, value in headers]
    names = {name for name, _ in own}
    return [*own, *(pair for pair in common if pair[0] not in names)]


def _with_age(headers: list[Header], sent: list[Header]) -> list[Header]:
    control = _header(sent, b"cache-control")
    return [(n, control if n == b"cache-control" and control else v) for n, v in headers]


def _pack(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)  # no time inside: the same body gives the same bytes


def _is_text(content_type: bytes) -> bool:
    return content_type.startswith(b"text/") or any(
        part in content_type for part in (b"json", b"xml", b"n-triples", b"n-quads", b"trig")
    )
