"""From what the application answered to what is kept of it: ETag, Vary, Cache-Control, gzip, ready heads."""

from __future__ import annotations

import asyncio
import gzip
from hashlib import blake2b
from math import inf

from api.front.cache import Entry, Header
from api.front.headers import COMMON
from api.front.protocol import head_of
from api.front.variant import Variant, rule_for

COMPRESS_FROM = 600  # bytes; below, gzip saves less than one packet
COMPRESS_IN_THREAD = 100_000  # bytes; about 2 ms of work
_DROPPED = frozenset({b"vary", b"cache-control", b"etag", b"content-length"})  # said anew
_OF_304 = frozenset({b"content-location", b"bilim-release", *(name for name, _ in COMMON)})


async def entry_of(
    status: int, headers: list[Header], body: bytes, variant: Variant, midnight: float, max_age: int
) -> Entry:
    """The answer, ready to be sent. ``midnight``: when what is true today ends, in seconds since the epoch."""
    kind = header(headers, b"content-type") or b""
    packed = variant.encoding == "gzip" and len(body) >= COMPRESS_FROM and _is_text(kind)
    digest = blake2b(digest_size=15)
    for name in (b"content-type", b"content-language", b"link", b"location"):
        digest.update((header(headers, name) or b"") + b"\0")
    digest.update(body)
    etag = b'"' + digest.hexdigest().encode() + (b'-gz"' if packed else b'"')
    if packed:
        body = await asyncio.to_thread(_pack, body) if len(body) > COMPRESS_IN_THREAD else _pack(body)
    rule = rule_for(variant.path)
    negotiated = [b"Accept", b"Accept-Language"] if rule and rule.offers else []
    own = (part.strip() for part in (header(headers, b"vary") or b"").split(b",") if part.strip())
    vary = dict.fromkeys([*negotiated, *own, b"Accept-Encoding"])
    expires = midnight if variant.today is not None else inf
    shared: list[Header] = [(b"vary", b", ".join(vary)), (b"cache-control", _control(max_age))]
    if status == 200:
        shared.append((b"etag", etag))
    kept = [pair for pair in headers if pair[0] not in _DROPPED]
    full = [*kept, *shared, (b"content-length", b"%d" % len(body))]
    if packed:
        full.append((b"content-encoding", b"gzip"))
    short = [pair for pair in kept if pair[0] in _OF_304] + shared
    return Entry(
        status=status,
        headers=full,
        body=body,
        etag=etag if status == 200 else b"",
        not_modified=short,
        expires=expires,
        exact_until=expires - max_age,
        head=head_of(status, full),
        head_not_modified=head_of(304, short),
    )


def headers_until(headers: list[Header], expires: float, now: float, max_age: int) -> list[Header]:
    """Headers near midnight: a client may keep the answer only until then."""
    value = _control(max(0, min(max_age, int(expires - now))))
    return [(n, value if n == b"cache-control" else v) for n, v in headers]


def with_age(headers: list[Header], sent: list[Header]) -> list[Header]:
    """Headers that tell the same max-age as those."""
    control = header(sent, b"cache-control")
    return [(n, control if n == b"cache-control" and control else v) for n, v in headers]


def header(headers: list[Header], name: bytes) -> bytes | None:
    """The first of that name."""
    return next((value for key, value in headers if key == name), None)


def matches(asked: bytes, etag: bytes) -> bool:
    """If-None-Match by weak comparison (RFC 9110, section 13.1.2)."""
    if asked == etag:
        return True
    tags = [tag.strip().removeprefix(b"W/") for tag in asked.split(b",")]
    return etag in tags or tags == [b"*"]


def _control(max_age: int) -> bytes:
    return b"public, max-age=%d, must-revalidate" % max_age


def _pack(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)  # no time inside: the same body gives the same bytes


def _is_text(content_type: bytes) -> bool:
    return content_type.startswith(b"text/") or any(
        part in content_type for part in (b"json", b"xml", b"n-triples", b"n-quads", b"trig")
    )
