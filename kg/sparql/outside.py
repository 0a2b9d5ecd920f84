"""Asking an allowed store for a SERVICE: by us, in the parent, at an address that was looked at before.

A worker has no network, so what its SERVICE asks comes here. The name is resolved once, every address it has must
be a public one, and the connection goes to that very address: a name that changes its mind, or has a private address
beside a public one, leads nowhere. Redirects are not followed. Bytes and time are bounded.
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode, urlsplit

import httptools

_CHUNK: Final = 65_536
_NOT_ROUTED: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "64:ff9b::/96",  # NAT64 and 6to4 (RFC 6052, RFC 3056): an IPv4 address inside, which may be any
        "2002::/16",
        "fec0::/10",  # site-local (RFC 3879)
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
    )
)


class OutsideError(Exception):
    """A store was not asked, or gave no answer that could be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``seconds`` for the whole of a request, ``bytes`` of its answer."""

    seconds: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Told:
    """The whole answer of a store, its status 200."""

    media_type: str
    body: bytes


def is_public(address: str) -> bool:
    """Whether an IP address is one of the Internet: not loopback, private, link-local, multicast, reserved, mapped."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if found.is_multicast or found.is_reserved or found.is_unspecified or not found.is_global:
        return False
    return not any(found in network for network in _NOT_ROUTED if network.version == found.version)


async def ask(store: str, query: str, accept: str, limits: Limits) -> Told:
    """POST a query to a store by the SPARQL 1.1 Protocol (2.1.2). Raises :class:`OutsideError`."""
    try:
        async with asyncio.timeout(limits.seconds):
            return await _ask(store, query, accept, limits.bytes)
    except TimeoutError:
        raise OutsideError(f"no answer within {limits.seconds:g} s") from None
    except (OSError, ValueError, httptools.HttpParserError) as error:
        raise OutsideError(str(error) or type(error).__name__) from error


async def _ask(store: str, query: str, accept: str, most: int) -> Told:
    parts = urlsplit(store)
    secure = parts.scheme == "https"
    host, port = parts.hostname or "", parts.port or (443 if secure else 80)
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.password:
        raise OutsideError("not an address of http or https")
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=1)  # SOCK_STREAM
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(is_public(address) for address in addresses):
        raise OutsideError("its name leads to an address that is not public")
    reader, writer = await _connect(addresses, port, host if secure else None)
    try:
        body = urlencode({"query": query}).encode()
        head = [
            f"POST {parts.path or '/'}{'?' + parts.query if parts.query else ''} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"Accept: {accept}",
            "Accept-Encoding: identity",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(body)}",
            "User-Agent: Bilim",
            "Connection: close",
        ]
        writer.write("\r\n".join((*head, "", "")).encode("ascii") + body)
        await writer.drain()
        return await _read(reader, most)
    finally:
        writer.close()


async def _connect(
    addresses: Sequence[str], port: int, name: str | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """To the first address that answers; ``name``: whose certificate it must show."""
    context = ssl.create_default_context() if name else None
    for address in addresses:
        try:
            return await asyncio.open_connection(address, port, ssl=context, server_hostname=name)
        except OSError:
            if address == addresses[-1]:
                raise
    raise OutsideError("no address")


async def _read(reader: asyncio.StreamReader, most: int) -> Told:
    answer = _Answer()
    parser = httptools.HttpResponseParser(answer)
    while not answer.complete:
        data = await reader.read(_CHUNK)
        if not data:
            break
        parser.feed_data(data)
        if answer.size > most:
            raise OutsideError(f"its answer is longer than {most} bytes")
    status = parser.get_status_code() if answer.headed else 0
    if 300 <= status < 400:
        raise OutsideError(f"it answered {status}: redirects are not followed")
    if status != 200:
        raise OutsideError(f"it answered {status}" if status else "it broke the connection")
    # without a length the end of the connection is the end of the answer, which cannot be told from a cut
    if not answer.complete:
        raise OutsideError("its answer broke off, or does not say where it ends")
    return Told(answer.headers.get(b"content-type", b"").decode("latin-1"), b"".join(answer.parts))


class _Answer:
    """What httptools tells of an answer."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.parts: list[bytes] = []
        self.size = 0
        self.headed = self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.lower()] = value
        self.size += len(name) + len(value)

    def on_headers_complete(self) -> None:
        self.headed = True

    def on_body(self, data: bytes) -> None:
        self.parts.append(data)
        self.size += len(data)

    def on_message_complete(self) -> None:
        self.complete = True
