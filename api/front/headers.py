"""Headers that every answer bears, and those of a preflight (CORS): any site may read any answer."""

from __future__ import annotations

from api.front.cache import Header

COMMON: tuple[Header, ...] = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"ETag, Link, Bilim-Release, Content-Language, Content-Location, Content-Disposition, Deprecation, Sunset, "
        b"Retry-After, WWW-Authenticate, Location",
    ),
    (b"x-content-type-options", b"nosniff"),
)
PREFLIGHT: tuple[Header, ...] = (
    (
        b"access-control-allow-headers",
        b"Accept, Accept-Language, Authorization, Content-Type, Idempotency-Key, If-None-Match",
    ),
    (b"access-control-max-age", b"86400"),
)
