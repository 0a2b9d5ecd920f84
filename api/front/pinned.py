"""``/releases/{id}/…``: every address of the service, as that release answers it. Pure.

The prefix is ASGI's ``root_path``: routes see the rest of the path, ``request.url`` the whole. Addresses in answers
that begin with a slash are put under the prefix, so that a reader who follows links stays in the release.
"""

from __future__ import annotations

import re
from typing import Any, Final

from api.front.cache import Header
from kg.releases.layout import RELEASE_ID

_PATH: Final = re.compile(rf"/releases/({RELEASE_ID.pattern})(/.*)")
_OWN: Final = ("sparql", "dump", "difference")
"""What a release has at addresses of its own."""
_SERVICE: Final = ("mistake", "history", "robots.txt", "sitemap.xml", "sitemaps")
_OTHER: Final = (
    *("releases", "imports", "desk", "tokens", "decisions", "validate", "healthz", "readyz", "metrics", "static"),
    *_SERVICE,
)
"""What belongs to no release."""
_FREE: Final = re.compile(r"/(?:releases|static|imports|desk|decisions|mistake|history)(?=[/?#]|$)")
_HREF: Final = re.compile(r'\b(href|action)="(/[^"]*)"')
_LINK: Final = re.compile(r"<(/[^>]*)>(?!; rel=\"canonical\")")


def split(path: str) -> tuple[str, str] | None:
    """``(release id, rest of the path)`` of a pinned address, else None."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    rest = match[match.lastindex or 0]
    parts = rest.split("/")
    first = parts[3] if parts[1:3] == ["api", "v1"] and len(parts) > 3 else parts[1]
    own = first in _OWN + _OTHER or rest == "/changes"  # /api/v1/changes is answered for each release
    return None if own else (match[1], rest)


def root(release: str) -> str:
    """The prefix of a release."""
    return f"/releases/{release}"


def under(prefix: str, address: str) -> str:
    """An address of ours under the prefix; one of elsewhere, or of no release, as it is."""
    ours = address.startswith("/") and not address.startswith("//") and not _FREE.match(address)
    return prefix + address if prefix and ours else address


def headers_under(prefix: str, headers: list[Header]) -> list[Header]:
    """Headers that lead somewhere; a canonical address stays the one that leads to the newest."""
    out = []
    for name, value in headers:
        text = value.decode("latin-1")
        if name in (b"location", b"content-location"):
            text = under(prefix, text)
        elif name == b"link":
            text = _LINK.sub(lambda m: f"<{under(prefix, m[1])}>", text)
        out.append((name, text.encode("latin-1")))
    return out


def page_under(prefix: str, html: str) -> str:
    """A page of ours: in its text a quotation mark is escaped, so what looks like an attribute is one."""
    return _HREF.sub(lambda m: f'{m[1]}="{under(prefix, m[2])}"', html) if prefix else html


def body_under(prefix: str, body: dict[str, Any]) -> dict[str, Any]:
    """The ``links`` of a JSON answer."""
    links = body.get("links")
    if not prefix or not isinstance(links, dict):
        return body
    return {**body, "links": {k: under(prefix, v) if isinstance(v, str) else v for k, v in links.items()}}
