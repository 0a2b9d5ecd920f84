"""A request of the SPARQL 1.1 Protocol (https://www.w3.org/TR/sparql11-protocol/, 2.1) into what is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from fastapi import Request
from pyoxigraph import NamedNode

from kg.findings import BilimError
from kg.sparql.formats import called, offers_for
from kg.sparql.negotiation import Offer, negotiate
from kg.store.dataset import Dataset
from kg.store.errors import QueryError
from kg.terms import GRAPH_DERIVED

FORM: Final = "application/x-www-form-urlencoded"
QUERY: Final = "application/sparql-query"
UPDATE: Final = "application/sparql-update"
_ESCAPED: Final = 4  # a form may write each byte as %XX, and holds names and graphs too
_MOST_FIELDS: Final = 1000
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_ONCE: Final = ("query", "timeout")


@dataclass(frozen=True, slots=True)
class Asked:
    """One query as it was asked; ``timeout`` in seconds, ``formats`` the values of ``format=``."""

    text: str
    dataset: Dataset | None
    timeout: float | None
    formats: tuple[str, ...]


class Noted(Exception):
    """An error whose outcome was counted already."""

    def __init__(self, why: BilimError) -> None:
        super().__init__(str(why))
        self.why = why


async def read(request: Request) -> Asked | None:
    """What is asked; None for a GET or HEAD without a query, which is answered with a description.

    Raises :class:`QueryError` (400, 403, 413 or 415) for what is no query.
    """
    limit: int = request.app.state.services.settings.query_max_bytes
    pairs = pairs_of(request.scope["query_string"])
    direct: list[str] = []
    if request.method == "POST":
        kind = _kind(request.headers.get("content-type", ""))
        body = await _body(request, limit if kind == QUERY else limit * _ESCAPED, limit)
        if kind == QUERY:
            direct.append(_text(body))
        else:
            pairs += pairs_of(body)
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    if "update" in fields:
        raise QueryError("sparql-update", form="'update'")
    texts = fields.get("query", []) + direct
    for name, values in {**fields, "query": texts}.items():
        if name in _ONCE and len(values) > 1:
            raise QueryError("sparql-twice", parameter=name, count=len(values))
    if not texts and request.method != "POST":
        return None
    if not texts or not texts[0].strip():
        raise QueryError("sparql-no-query", path=request.url.path)
    if len(texts[0].encode()) > limit:
        raise QueryError("sparql-too-large", limit=limit)
    return Asked(texts[0], _dataset(fields), _timeout(request, fields), formats(fields))


def choose(request: Request, form: str, formats: tuple[str, ...]) -> Offer:
    """The format of the answer to a form of query: ``format=``, else Accept. Raises :class:`QueryError` (406)."""
    offers = offers_for(form)
    accept = request.headers.get("accept")
    offer = called(formats, offers) if formats else negotiate(accept, offers)
    if offer is None:
        allowed = ", ".join(f"{o.media_type} ({o.suffix})" for o in offers)
        raise QueryError("sparql-not-acceptable", accept=", ".join(formats) or accept, form=form, allowed=allowed)
    return offer


def formats(fields: Mapping[str, list[str]]) -> tuple[str, ...]:
    """The values of ``format=`` that are not empty."""
    return tuple(value for value in fields.get("format", []) if value)


def graph_iri(iri: str, parameter: str) -> str:
    """The IRI, if it is absolute. Raises :class:`QueryError` (400)."""
    try:
        return NamedNode(iri).value
    except ValueError:
        raise QueryError("sparql-graph", given=iri, parameter=parameter, example=GRAPH_DERIVED) from None


def pairs_of(data: bytes) -> list[tuple[str, str]]:
    """Fields of a form or an address. Raises :class:`QueryError` for what is not UTF-8, or too many fields."""
    pairs = [pair for pair in data.split(b"&", _MOST_FIELDS) if pair]
    if len(pairs) > _MOST_FIELDS:
        raise QueryError("sparql-twice", parameter="*", count=_MOST_FIELDS)
    return [(_unquoted(name), _unquoted(value)) for name, _, value in (pair.partition(b"=") for pair in pairs)]


def _unquoted(data: bytes) -> str:
    """Percent-decoded text. The standard library takes a second of the event loop for a megabyte of escapes."""
    data = data.replace(b"+", b" ")
    if b"%" in data:
        if _BAD_ESCAPE.search(data):
            data = unquote_to_bytes(data)
        else:
            escaped = data.replace(b"\\", b"\\\\").replace(b"%", b"\\x")
            data = escaped.decode("unicode_escape").encode("latin-1")
    return _text(data)


def _kind(given: str) -> str:
    kind, _, parameters = given.partition(";")
    kind = kind.strip().lower()
    charset = parameters.lower().replace(" ", "").replace('"', "")
    if kind == UPDATE:
        raise QueryError("sparql-update", form=UPDATE)
    if kind not in (FORM, QUERY) or ("charset=" in charset and "charset=utf-8" not in charset):
        raise QueryError("sparql-media", given=given, allowed=f"{QUERY}, {FORM}")
    return kind


async def _body(request: Request, most: int, told: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared) > most:  # before any of it is read
        raise QueryError("sparql-too-large", limit=told)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise QueryError("sparql-too-large", limit=told)
        parts.append(part)
    return b"".join(parts)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise QueryError("sparql-encoding") from None


def _only(fields: Mapping[str, list[str]], name: str) -> str | None:
    return next(iter(fields.get(name, [])), None) or None


def _dataset(fields: Mapping[str, list[str]]) -> Dataset | None:
    default = _graphs("default-graph-uri", fields)
    named = _graphs("named-graph-uri", fields)
    return Dataset(default, named) if default or named else None


def _graphs(parameter: str, fields: Mapping[str, list[str]]) -> tuple[str, ...]:
    return tuple(graph_iri(iri, parameter) for iri in fields.get(parameter, []))


def _timeout(request: Request, fields: Mapping[str, list[str]]) -> float | None:
    text = _only(fields, "timeout")
    if text is None:
        return None
    limit: float = request.app.state.services.settings.sparql_timeout
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= limit:
        raise QueryError("sparql-timeout-parameter", given=text, limit=f"{limit:g}")
    return seconds
