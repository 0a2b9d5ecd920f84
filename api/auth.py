"""Who may ask what changes something: bearer tokens (RFC 6750), roles, and limits by token and by address.

``Depends(require("steward"))`` on a route is all that it needs; reading is open and passes nothing of this.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import re
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

from fastapi import Request
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from api.answers import services_of
from api.problems import Told
from kg.findings import Finding, finding
from kg.imports import tokens
from kg.imports.tokens import Role, Token
from kg.settings import Settings

REALM: Final = "bilim"
_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*) *", re.IGNORECASE)


class Limits:
    """How often one token and one address may ask; kept in the memory of this process, which serves alone."""

    def __init__(self, settings: Settings) -> None:
        self._by_token, self._by_address, self._failures = (
            parse_many(text) if text else []
            for text in (settings.rate_token, settings.rate_address, settings.rate_failures)
        )
        self._counter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def address(self, request: Request) -> None:
        """Count a request of an address. Raises :class:`Told` (429) beyond its limits."""
        key = address_of(request)
        for item in self._failures:
            if not self._counter.test(item, "failures", key):
                raise self._too_many(item, "failures", key)
        self._hit(self._by_address, "address", key)

    def token(self, token: Token) -> None:
        """Count a request with a token. Raises :class:`Told` (429) beyond its limits."""
        self._hit(self._by_token, "token", str(token.number))

    def failed(self, request: Request) -> None:
        """Count a token that opened nothing."""
        for item in self._failures:
            self._counter.hit(item, "failures", address_of(request))

    def _hit(self, items: list[RateLimitItem], *key: str) -> None:
        for item in items:
            if not self._counter.hit(item, *key):
                raise self._too_many(item, *key)

    def _too_many(self, item: RateLimitItem, *key: str) -> Told:
        seconds = max(1, math.ceil(self._counter.get_window_stats(item, *key).reset_time - time.time()))
        told = finding("too-many-requests", limit=str(item), seconds=seconds)
        return Told(told, headers={"Retry-After": str(seconds)})


def address_of(request: Request) -> str:
    """The address that is counted: of IPv6 the /64 network, of which one client has all addresses."""
    host = request.client.host if request.client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6 and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address.ipv4_mapped if address.version == 6 else address)


def require(role: Role) -> Callable[[Request], Awaitable[Token]]:
    """The dependency of a route for this role and higher ones: gives the token, or ends in 401, 403 or 429."""

    async def caller(request: Request) -> Token:
        limits = limits_of(request)
        limits.address(request)
        text = _bearer(request)
        if text is None:
            raise _challenge(finding("token-missing", role=role))
        token = await asyncio.to_thread(tokens.find, services_of(request).home, text)
        state = token.state(datetime.now(UTC)) if token else "unknown"
        if token is None or state != "valid":
            limits.failed(request)
            raise _challenge(_refusal(token, role), "invalid_token")
        limits.token(token)
        if not token.may(role):
            raise _challenge(finding("role-too-low", given=token.role, role=role), "insufficient_scope", role)
        return token

    return caller


async def limited(request: Request) -> None:
    """The dependency of a route that is open and costs work: only the limits of the address."""
    limits_of(request).address(request)


def limits_of(request: Request) -> Limits:
    """The limits of this app."""
    return request.app.state.limits  # type: ignore[no-any-return]


def who(token: Token) -> str:
    """How the ledger names who did it."""
    return f"{token.name} (token {token.number})" if token.name else f"token {token.number}"


def _bearer(request: Request) -> str | None:
    """The token of a request; of a browser at the desk, its session's, for reading only."""
    match = _BEARER.fullmatch(request.headers.get("authorization", ""))
    if match is None and request.method == "GET" and "authorization" not in request.headers:
        session = request.app.state.sessions.of(request)
        return session.token if session else None
    return match[1] if match else None


def _refusal(token: Token | None, role: Role) -> Finding:
    if token is None:
        return finding("token-unknown", role=role)
    if token.revoked is not None:
        return finding("token-revoked", number=token.number, when=token.revoked.isoformat(), role=role)
    assert token.expires is not None
    return finding("token-expired", number=token.number, when=token.expires.isoformat(), role=role)


def _challenge(told: Finding, error: str | None = None, scope: str | None = None) -> Told:
    """RFC 6750, section 3: what is wanted; without an error where no token came."""
    parts = [f'realm="{REALM}"', *([f'error="{error}"'] if error else []), *([f'scope="{scope}"'] if scope else [])]
    return Told(told, headers={"WWW-Authenticate": "Bearer " + ", ".join(parts), "Cache-Control": "no-store"})
