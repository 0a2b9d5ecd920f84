"""What routes share: languages, day and media type of a request, and answers in RDF and JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import orjson
from fastapi import Request
from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple, serialize
from starlette.responses import Response

from api.front.pinned import body_under
from api.front.variant import (
    JSON,
    JSON_LD,
    N_QUADS,
    N_TRIPLES,
    TRIG,
    TURTLE,
    content_languages,
    interface_language,
)
from api.pages.render import Pages
from api.services import Services, prefix
from kg.findings import BilimError, finding
from kg.sparql.negotiation import Offer, negotiate
from kg.terms import LANGUAGES, PREFIXES

SUFFIXES: Mapping[str, str] = {".json": JSON, ".jsonld": JSON_LD, ".ttl": TURTLE, ".nt": N_TRIPLES}
FORMATS: Mapping[str, RdfFormat] = {
    TURTLE: RdfFormat.TURTLE,
    N_TRIPLES: RdfFormat.N_TRIPLES,
    JSON_LD: RdfFormat.JSON_LD,
    N_QUADS: RdfFormat.N_QUADS,
    TRIG: RdfFormat.TRIG,
    "application/rdf+xml": RdfFormat.RDF_XML,
}


def services_of(request: Request) -> Services:
    """The services of this app."""
    return request.app.state.services  # type: ignore[no-any-return]


def pages_of(request: Request) -> Pages:
    """The pages of this app."""
    return request.app.state.pages  # type: ignore[no-any-return]


def choose(request: Request, offers: Sequence[Offer]) -> str:
    """The media type to answer with. Raises :class:`BilimError` (``not-acceptable``, 406)."""
    accept = request.headers.get("accept")
    offer = negotiate(accept, offers)
    if offer is None:
        known = ", ".join(o.media_type for o in offers)
        raise BilimError(finding("not-acceptable", accept=(accept or "")[:200], offers=known))
    return offer.media_type


def interface(request: Request) -> str:
    """Language of page and messages. Raises :class:`BilimError` for a ``?lang=`` that is not ours."""
    return interface_language(_language(request, "lang"), request.headers.get("accept-language"))


def content(request: Request) -> tuple[str, ...]:
    """Languages of labels, best first. Raises :class:`BilimError` for a ``?clang=`` that is not ours."""
    return content_languages(_language(request, "clang"), request.headers.get("accept-language"))


def _language(request: Request, name: str) -> str | None:
    value = request.query_params.get(name) or None  # a form without scripts sends its empty fields too
    if value is not None and value not in LANGUAGES:
        raise BilimError(finding("language-unknown", value=value[:40], parameter=name))
    return value


def day(request: Request) -> date:
    """``?on=``, else today. Raises :class:`BilimError` for what is no day."""
    value = request.query_params.get("on")
    if value is None:
        return services_of(request).today()
    try:
        # fromisoformat also reads 20220624 and 2022-W25-5; only the one form that we write is allowed
        parsed = date.fromisoformat(value)
        if parsed.isoformat() == value:
            return parsed
    except ValueError:
        pass
    raise BilimError(finding("day-invalid", value=value[:40]))


def only(request: Request, *known: str) -> None:
    """Refuse parameters that are not known here: a mistyped one would silently change nothing."""
    wrong = [
        finding("parameter-unknown", parameter=name[:80], known=", ".join(known) or "—")
        for name in request.query_params
        if name not in known
    ]
    if wrong:
        raise BilimError(*wrong)


def json_answer(
    body: Mapping[str, Any], clang: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """JSON as UTF-8."""
    language = {"Content-Language": clang} if clang else {}
    return Response(
        orjson.dumps(body_under(prefix(), dict(body))),
        media_type=JSON,
        headers={**language, **(headers or {})},
    )


def rdf_answer(statements: Iterable[Triple | Quad], media: str, headers: Mapping[str, str] | None = None) -> Response:
    """Triples (or quads, for TriG and N-Quads) in an RDF format, sorted: the same set gives the same bytes."""
    ordered: Any = sorted(set(statements), key=str)
    fmt = FORMATS[media]
    used = _used(ordered) if fmt in (RdfFormat.TURTLE, RdfFormat.TRIG) else None
    data = serialize(ordered, format=fmt, prefixes=used)
    assert data is not None  # no output was given
    if used:
        data = _prefixes_sorted(data)
    charset = "; charset=utf-8" if media == TURTLE else ""
    return Response(data, headers={"Content-Type": media + charset, **(headers or {})})


def json_ld_answer(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """JSON-LD by our context, as kg.jsonld writes it."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(data, headers={"Content-Type": JSON_LD, **(headers or {})})


def _prefixes_sorted(data: bytes) -> bytes:
    """Oxigraph writes prefixes in the order of a hash table, which differs from process to process."""
    lines = data.split(b"\n")
    head = next((i for i, line in enumerate(lines) if not line.startswith(b"@prefix")), len(lines))
    return b"\n".join([*sorted(lines[:head]), *lines[head:]])


def _used(statements: Sequence[Triple | Quad]) -> dict[str, str]:
    """The default prefixes whose namespace occurs."""
    iris = {
        term.value for s in statements for term in (s.subject, s.predicate, s.object) if isinstance(term, NamedNode)
    }
    iris |= {s.object.datatype.value for s in statements if isinstance(s.object, Literal)}
    spaces = {iri[: max(iri.rfind("#"), iri.rfind("/")) + 1] for iri in iris}
    return {prefix: namespace for prefix, namespace in PREFIXES.items() if namespace in spaces}


def link_header(links: Sequence[tuple[str, str, str | None]]) -> str:
    """``Link`` (RFC 8288) of ``(address, relation, media type)``."""
    return ", ".join(f'<{a}>; rel="{rel}"' + (f'; type="{media}"' if media else "") for a, rel, media in links)
