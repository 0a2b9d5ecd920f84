"""One vetted query sent to a remote store, its whole answer in the format that was asked for.

Stores write formats each in its own way and not all of them; so all answers are fetched as SPARQL results JSON or as
N-Triples, Turtle or RDF/XML, held to be whole, and written by our own serializers.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyoxigraph as ox

from kg.sparql.formats import RESULTS
from kg.sparql.prefixes import header
from kg.sparql.rows import counter
from kg.sparql.running import Job
from kg.store.errors import QueryError
from kg.store.remote import RemoteStore, Whole
from kg.store.remote_answers import BrokenAnswer, read_graph, table_of
from kg.store.remote_http import Abort
from kg.terms import BASE


@dataclass(frozen=True, slots=True)
class Limits:
    """Largest answer in bytes, most rows of a table."""

    max_bytes: int
    max_rows: int


def answer(
    store: RemoteStore, job: Job, limits: Limits, abort: Abort | None = None, timeout: float | None = None
) -> bytes:
    """The answer. ``timeout`` in seconds. Raises :class:`QueryError` and :class:`kg.store.errors.StoreError`."""
    as_table = any(offer.media_type == job.media_type for offer in RESULTS)

    def read(reply: Whole) -> bytes:
        out, rows = _table(reply.body, job.media_type) if as_table else _graph(reply, job.media_type)
        store.hold_whole(reply, rows)
        if len(out) > limits.max_bytes:
            raise QueryError("sparql-answer-too-large", limit=limits.max_bytes)
        if as_table and rows > limits.max_rows:
            raise QueryError("sparql-too-many-rows", limit=limits.max_rows)
        return out

    # on one line before the query: lines keep their number
    text = f"BASE <{BASE}> {header(job.prefixes)}{job.text}"
    return store.ask(text, job.dataset, table=as_table, read=read, abort=abort, timeout=timeout)


def _table(body: bytes, media_type: str) -> tuple[bytes, int]:
    """A SELECT or ASK in a format, and its rows."""
    try:
        out = table_of(body).serialize(format=ox.QueryResultsFormat.from_media_type(media_type))
    except (SyntaxError, ValueError) as error:
        raise BrokenAnswer(str(error)) from error
    assert out is not None  # no file was given
    count = counter(media_type)
    return out, count(out) if count is not None else 0


def _graph(reply: Whole, media_type: str) -> tuple[bytes, int]:
    """A CONSTRUCT or DESCRIBE in a format, and its triples."""
    triples = read_graph(reply.body, reply.media_type)
    out = ox.serialize(triples, format=ox.RdfFormat.from_media_type(media_type))
    assert out is not None  # no file was given
    return out, len(triples)
