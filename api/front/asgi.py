"""The front, raw ASGI before FastAPI: ready answers, ETag and 304, HEAD, gzip, limits, common headers.

A GET whose answer depends on nothing but the release, the day and the variant is computed once and kept.
The first look-up is by the request as written; only when that fails is the variant worked out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, MutableMapping
from math import inf
from secrets import token_hex
from typing import Any

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.front.allow import allowed
from api.front.bodies import body_limit
from api.front.cache import VARYING, Cache, Entry, Header, Key, RawKey
from api.front.direct import NONE, Direct, inside
from api.front.entries import entry_of, header, headers_until, matches, with_age
from api.front.headers import COMMON, PREFLIGHT
from api.front.limited import limited
from api.front.pinned import headers_under, root, split
from api.front.renewal import Renewal, away, nothing, request_of
from api.front.variant import variant_of
from api.problems import finding_problem
from api.services import Pinned, Services
from kg.findings import BilimError

KEPT_STATUSES = frozenset({200, 301, 303, 410})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})  # a client may write any word
LISTS = (*VARYING, b"if-none-match")


class Front:
    """ASGI app round an ASGI app. ``clock`` gives seconds since the epoch (tests hand in their own).

    ``direct``: path -> ASGI app that answers it with no routing (see api/front/direct.py); ``within``: by folder.
    ``standing``: addresses that are answered for each release before anybody asks.
    """

    def __init__(
        self,
        app: ASGIApp,
        services: Services,
        direct: Direct = NONE,
        within: Direct = NONE,
        standing: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self.app = app
        self.direct = direct
        self.standing = standing
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
        self.renewal = Renewal(self._renew, services.settings.renewed_answers)
        services.on_swap(self._swapped)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await (self._lifespan if scope["type"] == "lifespan" else self.app)(scope, receive, send)
            return
        raw, entry = self._find(scope)
        if entry is not None:
            await self._ready(entry, entry.headers, scope, send)
        else:
            await self._slow(raw, scope, receive, send)

    def ready(self, scope: Scope) -> tuple[bytes, bytes] | None:
        """Head and body of the answer, where it is there: see api/front/protocol.py, which asks this first."""
        if self._hits_logged:  # each is told, which the usual way does
            return None
        _, entry = self._find(scope)
        if entry is None or not entry.head:
            return None
        if self._unchanged(entry, scope):
            self.counts.not_modified += 1
            return entry.head_not_modified, b""
        self.counts.hits += 1
        return entry.head, entry.body if scope["method"] == "GET" else b""

    def _find(self, scope: Scope) -> tuple[RawKey | None, Entry | None]:
        """The request as written, where it can be a key; and the answer that is kept under it."""
        method = scope["method"]
        if method != "GET" and method != "HEAD":
            return None, None
        pairs = scope["headers"]
        headers = dict(pairs)
        if len(headers) != len(pairs):  # a repeated header is rare, and takes the longer way
            return None, None
        get = headers.get
        raw = scope["path"], scope["query_string"], get(b"accept"), get(b"accept-language"), get(b"accept-encoding")
        entry = self.cache.raw.get(raw)
        if entry is None or (entry.exact_until != inf and self.clock() >= entry.exact_until):
            return raw, None
        entry.used = True
        return raw, entry

    def _unchanged(self, entry: Entry, scope: Scope) -> bool:
        asked = header(scope["headers"], b"if-none-match")
        return asked is not None and bool(entry.etag) and matches(asked, entry.etag)

    async def _ready(self, entry: Entry, headers: list[Header], scope: Scope, send: Send) -> None:
        """Send an answer that is there: the whole of it, its headers only, or 304."""
        method = scope["method"]
        if self._unchanged(entry, scope):
            self.counts.not_modified += 1
            status, body = 304, b""
            headers = entry.not_modified if headers is entry.headers else with_age(entry.not_modified, headers)
        else:
            self.counts.hits += 1
            status, body = entry.status, entry.body if method == "GET" else b""
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        if self._hits_logged:
            self.log.debug("request", method=method, path=scope["path"], status=status, cache="hit", bytes=len(body))

    def _swapped(self) -> None:
        """Another release is served: nothing that was kept holds, and what was read is answered anew."""
        wanted = self.cache.wanted()
        self.cache.clear()
        # in development nothing is kept; another's store is not asked what nobody wanted to know
        always = () if self.services.settings.dev or self.services.remote is not None else self.standing()
        self.renewal.begin((*wanted, *((path, b"", None, None, None) for path in always)))

    async def _renew(self, raw: RawKey) -> None:
        """Compute the answer to a request as written, as if it had come now."""
        scope = request_of(raw)
        with self.services.pin() as pinned:
            query = scope["query_string"].decode("latin-1")
            variant = variant_of(scope["path"], query, _text_headers(scope), pinned.today)
            if variant is None or not pinned.release_id:
                return
            key = pinned.release_id, variant
            if key not in self.cache:
                self.counts.renewed += 1
                await self._compute(raw, key, _common(pinned), pinned, scope, nothing, away, "GET")
            self.cache.alias(raw, key)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noting() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self.renewal.stop()
            return message

        await self.app(scope, noting, send)

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
        common = _common(pinned)
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
            sent = (
                entry.headers
                if now < entry.exact_until
                else headers_until(entry.headers, entry.expires, now, self.services.settings.http_max_age)
            )
            await self._ready(entry, sent, scope, send)
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
        if start["status"] not in KEPT_STATUSES or header(start["headers"], b"set-cookie"):
            await send(start)
            await send({"type": "http.response.body", "body": body if method == "GET" else b""})
            return
        age = self.services.settings.http_max_age
        entry = await entry_of(start["status"], start["headers"], body, key[1], pinned.midnight, age)
        lasting = bool(pinned.prefix) or self.services.current_id() == pinned.release_id
        if lasting and self.cache.put(key, entry) and raw is not None:
            self.cache.alias(raw, key)
        now = self.clock()
        sent = (
            entry.headers
            if now < entry.exact_until
            else headers_until(entry.headers, entry.expires, now, self.services.settings.http_max_age)
        )
        asked = header(scope["headers"], b"if-none-match")
        if asked is not None and entry.etag and matches(asked, entry.etag):
            await send({"type": "http.response.start", "status": 304, "headers": with_age(entry.not_modified, sent)})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": entry.status, "headers": sent})
        await send({"type": "http.response.body", "body": entry.body if method == "GET" else b""})


def _joined(headers: list[Header]) -> list[Header]:
    """Lists that come in several lines as one (RFC 9110, 5.3), so that what follows sees them whole."""
    out = [pair for pair in headers if pair[0] not in LISTS]
    for name in LISTS:
        values = [value for key, value in headers if key == name]
        if values:
            out.append((name, b", ".join(values)))
    return out


def _common(pinned: Pinned) -> list[Header]:
    return [*COMMON, (b"bilim-release", pinned.release_id.encode())] if pinned.release_id else [*COMMON]


def _text_headers(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _merge(headers: Any, common: list[Header]) -> list[Header]:
    """The headers of an answer in lower case, with the common ones; what the app itself set stands."""
    own = [(bytes(name).lower(), bytes(value)) for name, value in headers]
    names = {name for name, _ in own}
    return [*own, *(pair for pair in common if pair[0] not in names)]
