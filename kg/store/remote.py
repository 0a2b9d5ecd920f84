"""A release's graphs in any store that speaks the SPARQL 1.1 Protocol, read by SPARQLWrapper.

Stores differ where it hurts: one stops at its deadline with status 200 and half an answer, one gives 10,000 of
50,000 rows and tells only in a header, one hangs on a query in the body. So queries go as a form, and each answer
is held to be whole: by its declared length, by its format, by what its headers say. A part is never a result.
"""

from __future__ import annotations

import ast
import json
import time
import urllib.error
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any, Final, TypeVar

from pyoxigraph import NamedNode, Triple
from SPARQLWrapper import BASIC, CONSTRUCT, DIGEST, JSON, POST, SELECT, TURTLE, SPARQLExceptions, SPARQLWrapper

from kg.findings import finding
from kg.store.dataset import Dataset
from kg.store.errors import QueryError, StoreError
from kg.store.protocol import Solutions
from kg.store.remote_answers import (
    ACCEPT_GRAPH,
    ACCEPT_TABLE,
    CLOSED,
    GRAPHS,
    TABLE,
    BrokenAnswer,
    read_graph,
    read_table,
)

_PIECE: Final = 1_048_576
_WORDS: Final = 300  # of what the remote store says
_AGAIN: Final = frozenset({429, 502, 503})
_PAUSE: Final = 0.2  # seconds before the second try, doubled before each further one
_PAUSE_LONGEST: Final = 5.0
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to ask. ``timeout`` in seconds for a whole answer; ``tries`` for reads that fail on the way.

    ``graph``: the merged graph of the release, where the store's own default graph is another (``None``: it is
    that); ``digest``: credentials by RFC 7616 in place of the Basic scheme.
    """

    address: str
    user: str | None = None
    password: str | None = None
    digest: bool = False
    graph: str | None = None
    timeout: float = 30.0
    tries: int = 3
    max_bytes: int = 100_000_000


class _OnTheWay(Exception):
    """Failed in a way that another try may mend; ``pause`` in seconds if the store asked for one."""

    def __init__(self, error: StoreError, pause: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.pause = pause


@dataclass(frozen=True, slots=True)
class _Reply:
    media_type: str
    body: bytes
    most_rows: int | None  # where the store says that it gives no more


class RemoteStore:
    """:class:`kg.store.protocol.Store` over an endpoint. Safe to share between threads; each query is a request.

    All methods raise :class:`StoreError`: ``remote-unreachable``, ``remote-timeout``, ``remote-refused``
    (credentials), ``remote-failed``, ``remote-broken`` (cut or unreadable), ``remote-truncated`` (rows left out),
    ``remote-too-large``; and :class:`QueryError` ``remote-query``, ``sparql-wrong-form``, ``remote-dataset``.
    """

    def __init__(self, endpoint: Endpoint, release_id: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.endpoint = endpoint
        self._release_id = release_id
        self._sleep = sleep

    def query(self, text: str, dataset: Dataset | None = None) -> Solutions | bool:
        """See :class:`kg.store.protocol.Store`."""

        def read(reply: _Reply) -> Solutions | bool:
            answer, rows = read_table(reply.body)
            self._hold_whole(reply, rows)
            return answer

        return self._ask(text, dataset, SELECT, ACCEPT_TABLE, (TABLE, "application/json"), read)

    def construct(self, text: str, dataset: Dataset | None = None) -> Iterator[Triple]:
        """See :class:`kg.store.protocol.Store`."""

        def read(reply: _Reply) -> list[Triple]:
            triples = read_graph(reply.body, reply.media_type)
            self._hold_whole(reply, len(triples))
            return triples

        return iter(self._ask(text, dataset, CONSTRUCT, ACCEPT_GRAPH, tuple(GRAPHS), read))

    def graphs(self) -> tuple[str, ...]:
        """See :class:`kg.store.protocol.Store`."""
        found = self.query("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
        assert isinstance(found, Solutions)
        return tuple(sorted(row[0].value for row in found if isinstance(row[0], NamedNode)))

    def count(self, graph: str | None) -> int:
        """See :class:`kg.store.protocol.Store`."""
        pattern = "?s ?p ?o" if graph is None else f"GRAPH {NamedNode(graph)} {{ ?s ?p ?o }}"
        found = self.query(f"SELECT (COUNT(*) AS ?n) WHERE {{ {pattern} }}")
        assert isinstance(found, Solutions)
        [row] = found
        return int(row[0].value)  # type: ignore[union-attr]

    def release_id(self) -> str:
        """See :class:`kg.store.protocol.Store`."""
        return self._release_id

    def _ask(
        self,
        text: str,
        dataset: Dataset | None,
        form: str,
        accept: str,
        kinds: tuple[str, ...],
        read: Callable[[_Reply], _Answer],
    ) -> _Answer:
        wrapper = self._wrapper(text, dataset, form, accept)
        until = time.monotonic() + self.endpoint.timeout
        pause = _PAUSE
        for left in range(self.endpoint.tries - 1, -1, -1):
            try:
                reply = self._reply(wrapper, until)
                if reply.media_type in (TABLE, *GRAPHS, "application/ld+json") and reply.media_type not in kinds:
                    raise QueryError("sparql-wrong-form", form=reply.media_type, allowed=", ".join(kinds))
                if reply.media_type not in kinds:
                    raise _OnTheWay(self._error("remote-broken", reason=f"Content-Type: {reply.media_type}"))
                try:
                    return read(reply)
                except BrokenAnswer as error:
                    raise _OnTheWay(self._error("remote-broken", reason=_short(str(error)))) from error
            except _OnTheWay as failed:
                wait = min(failed.pause if failed.pause is not None else pause, _PAUSE_LONGEST)
                if not left or time.monotonic() + wait >= until:
                    raise failed.error from failed
                self._sleep(wait)
                pause *= 2
        raise AssertionError("tries is at least 1")

    def _wrapper(self, text: str, dataset: Dataset | None, form: str, accept: str) -> SPARQLWrapper:
        asked = dataset or Dataset((self.endpoint.graph,) if self.endpoint.graph else ())
        if len(set(asked.default)) > 1:
            # stores count a triple twice that is in two of them, and nothing in the answer would tell
            raise QueryError("remote-dataset", count=len(set(asked.default)))
        wrapper = SPARQLWrapper(self.endpoint.address, returnFormat=JSON if form == SELECT else TURTLE)
        wrapper.setMethod(POST)  # as a form: a query in the body makes Virtuoso 7 hang
        wrapper.setOnlyConneg(True)  # no parameters of its own for the format
        wrapper.setQuery(text)
        wrapper.queryType = form  # it guesses by words, which also stand in strings
        wrapper.addCustomHttpHeader("Accept", accept)
        for iri in asked.default:
            wrapper.addParameter("default-graph-uri", iri)
        for iri in asked.named:
            wrapper.addParameter("named-graph-uri", iri)
        if self.endpoint.user and self.endpoint.password:
            wrapper.setHTTPAuth(DIGEST if self.endpoint.digest else BASIC)
            wrapper.setCredentials(self.endpoint.user, self.endpoint.password)
        return wrapper

    def _reply(self, wrapper: SPARQLWrapper, until: float) -> _Reply:
        """One request. Raises :class:`_OnTheWay` for what another try may mend, else the error itself."""
        # setTimeout would round it down, and 0 means for ever
        wrapper.timeout = max(0.001, until - time.monotonic())  # type: ignore[assignment]
        try:
            response = wrapper.query().response
            return self._whole(response, until)
        except SPARQLExceptions.QueryBadFormed as error:
            raise QueryError("remote-query", reason=_said(error)) from error
        except SPARQLExceptions.Unauthorized as error:
            raise self._error("remote-refused", status=401) from error
        except SPARQLExceptions.EndPointInternalError as error:
            raise self._error("remote-failed", status=500, reason=_said(error)) from error
        except SPARQLExceptions.EndPointNotFound as error:
            raise self._error("remote-failed", status=404, reason=_said(error)) from error
        except urllib.error.HTTPError as error:
            raise self._http(error) from error
        except TimeoutError as error:
            raise self._error("remote-timeout", seconds=f"{self.endpoint.timeout:g}") from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise self._error("remote-timeout", seconds=f"{self.endpoint.timeout:g}") from error
            raise _OnTheWay(self._error("remote-unreachable", reason=error.reason)) from error
        except (HTTPException, OSError) as error:
            raise _OnTheWay(self._error("remote-broken", reason=f"{type(error).__name__}: {error}")) from error

    def _http(self, error: urllib.error.HTTPError) -> Exception:
        said = _short(error.read(_WORDS * 4).decode("utf-8", "replace"))
        if error.code in (401, 403):
            return self._error("remote-refused", status=error.code)
        if error.code == 406:
            return QueryError("sparql-wrong-form", form="?", allowed=error.headers.get("Content-Type", ""))
        if error.code in (408, 504):
            return self._error("remote-timeout", seconds=f"{self.endpoint.timeout:g}")
        failed = self._error("remote-failed", status=error.code, reason=said)
        if error.code in _AGAIN:
            after = error.headers.get("Retry-After", "")
            return _OnTheWay(failed, float(after) if after.isascii() and after.isdigit() else None)
        return failed

    def _whole(self, response: Any, until: float) -> _Reply:
        """The body, read to its declared end. Raises :class:`_OnTheWay` where it is cut."""
        headers = response.headers
        kind = headers.get_content_type()
        declared = response.length  # None for chunks, whose end http.client sees itself
        if declared is None and not response.chunked and kind not in CLOSED:
            raise self._error("remote-broken", reason="neither Content-Length nor chunks")
        parts: list[bytes] = []
        size = 0
        while part := response.read(_PIECE):
            parts.append(part)
            size += len(part)
            if size > self.endpoint.max_bytes:
                raise self._error("remote-too-large", limit=self.endpoint.max_bytes)
            if time.monotonic() > until:
                raise TimeoutError
        if declared is not None and size != declared:
            raise _OnTheWay(self._error("remote-broken", reason=f"{size} of {declared} bytes"))
        if state := headers.get("X-SQL-State"):  # Virtuoso: stopped on the way, what was found until then follows
            raise self._error("remote-truncated", rows="?", reason=f"X-SQL-State: {state}")
        most = headers.get("X-SPARQL-MaxRows", "")
        return _Reply(kind, b"".join(parts), int(most) if most.isascii() and most.isdigit() else None)

    def _hold_whole(self, reply: _Reply, rows: int) -> None:
        if reply.most_rows is not None and rows >= reply.most_rows:
            raise self._error("remote-truncated", rows=rows, reason=f"X-SPARQL-MaxRows: {reply.most_rows}")

    def _error(self, code: str, **values: Any) -> StoreError:
        return StoreError(finding(code, endpoint=self.endpoint.address, **values))


def _said(error: Exception) -> str:
    """What the remote store said, without SPARQLWrapper's own words."""
    raw = error.args[0] if error.args else ""
    _, _, said = str(raw).rpartition("Response:\n")
    if said.startswith(("b'", 'b"')):  # it puts the repr of the bytes into its message
        said = ast.literal_eval(said.strip()).decode("utf-8", "replace")
    try:
        problem = json.loads(said)  # RFC 9457, as our own endpoint answers
        return _short(str(problem["title"]))
    except (ValueError, KeyError, TypeError):
        return _short(said)


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _WORDS else text[:_WORDS] + "…"
