"""A release's graphs in any store that speaks the SPARQL 1.1 Protocol, read by SPARQLWrapper.

Stores differ where it hurts: one stops at its deadline with status 200 and half an answer, one gives 10,000 of
50,000 rows and tells only in a header, one hangs on a query in the body. So queries go as a form, and each answer
is held to be whole: by its declared length, by its format, by what its headers say. A part is never a result.
"""

from __future__ import annotations

import ast
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Final, Protocol, TypeVar

from pyoxigraph import NamedNode, Triple
from SPARQLWrapper import BASIC, CONSTRUCT, JSON, POST, SELECT, TURTLE, SPARQLExceptions

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
from kg.store.remote_http import Abort, Wrapper, opener

_PIECE: Final = 1_048_576
_WORDS: Final = 300  # of what the remote store says
_AGAIN: Final = frozenset({429, 502, 503})
_PAUSE: Final = 0.2  # seconds before the second try, doubled before each further one
_PAUSE_LONGEST: Final = 5.0
_DEADLOCK: Final = re.compile(r"\b40001\b")  # SQL state of a transaction that gave way to another (Virtuoso)
RELEASE: Final = "Bilim-Release"
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to ask. ``timeout`` in seconds for a whole answer; ``tries`` for reads that fail on the way.

    ``graph``: the merged graph of the release, where the store's own default graph is another (``None``: it is
    that); ``digest``: credentials by RFC 7616 in place of the Basic scheme; ``told``: what messages call it.
    """

    address: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    digest: bool = False
    graph: str | None = None
    timeout: float = 30.0
    tries: int = 3
    max_bytes: int = 100_000_000
    told: str = ""

    @property
    def name(self) -> str:
        """For messages: an address without what may stand in it as credentials."""
        return self.told or re.sub(r"//[^/@]*@", "//", self.address)


class Translation(Protocol):
    """Between the texts and names of a release and those of the store that holds it."""

    def request(self, text: str, dataset: Dataset | None) -> tuple[str, Dataset]:
        """What is sent in place of a query and its dataset. Raises :class:`QueryError` for what cannot be."""
        ...

    def answer(self, body: bytes) -> bytes:
        """The answer (JSON results or N-Triples, Turtle, RDF/XML) with the names of the release."""
        ...


@dataclass(frozen=True, slots=True)
class AsItIs:
    """No translation: the text as it is, over a graph or the store's default graph."""

    graph: str | None = None

    def request(self, text: str, dataset: Dataset | None) -> tuple[str, Dataset]:
        """See :class:`Translation`."""
        return text, dataset or Dataset((self.graph,) if self.graph else ())

    def answer(self, body: bytes) -> bytes:
        """See :class:`Translation`."""
        return body


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole answer: its media type and bytes, and after how many rows the store says that it stops."""

    media_type: str
    body: bytes
    most_rows: int | None


class _OnTheWay(Exception):
    """Failed in a way that another try may mend; ``pause`` in seconds if the store asked for one."""

    def __init__(self, error: StoreError, pause: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.pause = pause


class RemoteStore:
    """:class:`kg.store.protocol.Store` over an endpoint. Safe to share between threads; each query is a request.

    All methods raise :class:`StoreError`: ``remote-unreachable``, ``remote-timeout``, ``remote-refused``
    (credentials), ``remote-failed``, ``remote-broken`` (cut or unreadable), ``remote-truncated`` (rows left out),
    ``remote-too-large``, ``remote-stale`` (another release answered); and :class:`QueryError` ``remote-query``,
    ``sparql-wrong-form``, ``remote-dataset``. ``hold`` is called before each query and raises where the release
    must not be asked any more.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        release_id: str,
        sleep: Callable[[float], None] = time.sleep,
        translation: Translation | None = None,
        hold: Callable[[], None] = lambda: None,
    ) -> None:
        self.endpoint = endpoint
        self._release_id = release_id
        self._sleep = sleep
        self._translation = translation or AsItIs(endpoint.graph)
        self._hold = hold
        self._opener = None if endpoint.digest else self._made_opener()

    def query(self, text: str, dataset: Dataset | None = None) -> Solutions | bool:
        """See :class:`kg.store.protocol.Store`."""

        def read(reply: Whole) -> Solutions | bool:
            answer, rows = read_table(reply.body)
            self.hold_whole(reply, rows)
            return answer

        return self._ask(text, dataset, True, read)

    def construct(self, text: str, dataset: Dataset | None = None) -> Iterator[Triple]:
        """See :class:`kg.store.protocol.Store`."""

        def read(reply: Whole) -> list[Triple]:
            triples = read_graph(reply.body, reply.media_type)
            self.hold_whole(reply, len(triples))
            return triples

        return iter(self._ask(text, dataset, False, read))

    def ask(
        self,
        text: str,
        dataset: Dataset | None,
        *,
        table: bool,
        read: Callable[[Whole], _Answer],
        abort: Abort | None = None,
        timeout: float | None = None,
    ) -> _Answer:
        """What ``read`` makes of the answer; ``table`` for a SELECT or an ASK, ``timeout`` in seconds.

        ``read`` raises :class:`kg.store.remote_answers.BrokenAnswer` for what is no whole answer, and calls
        :meth:`hold_whole` with the number of rows or triples that it found.
        """
        return self._ask(text, dataset, table, read, abort, timeout)

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
        table: bool,
        read: Callable[[Whole], _Answer],
        abort: Abort | None = None,
        timeout: float | None = None,
    ) -> _Answer:
        seconds = timeout or self.endpoint.timeout
        until = time.monotonic() + seconds
        kinds = (TABLE, "application/json") if table else tuple(GRAPHS)
        wrapper = self._wrapper(*self._translation.request(text, dataset), table, abort)
        pause = _PAUSE
        for left in range(self.endpoint.tries - 1, -1, -1):
            try:
                self._hold()
                reply = self._reply(wrapper, until, seconds)
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
                if not left or time.monotonic() + wait >= until or (abort is not None and abort.aborted):
                    raise failed.error from failed
                self._sleep(wait)
                pause *= 2
        raise AssertionError("tries is at least 1")

    def _made_opener(self) -> urllib.request.OpenerDirector:
        point = self.endpoint
        return opener(point.address, point.user, point.password, digest=point.digest)

    def _wrapper(self, text: str, asked: Dataset, table: bool, abort: Abort | None) -> Wrapper:
        if len(set(asked.default)) > 1:
            # stores count a triple twice that is in two of them, and nothing in the answer would tell
            raise QueryError("remote-dataset", count=len(set(asked.default)))
        # an opener that answers challenges counts them, so threads cannot share it
        send = self._opener or self._made_opener()
        wrapper = Wrapper(self.endpoint.address, send, abort, returnFormat=JSON if table else TURTLE)
        wrapper.setMethod(POST)  # as a form: a query in the body makes Virtuoso 7 hang
        wrapper.setOnlyConneg(True)  # no parameters of its own for the format
        wrapper.queryString = text  # setQuery guesses the form by words, which also stand in strings
        wrapper.queryType = SELECT if table else CONSTRUCT
        wrapper.addCustomHttpHeader("Accept", ACCEPT_TABLE if table else ACCEPT_GRAPH)
        for iri in asked.default:
            wrapper.addParameter("default-graph-uri", iri)
        for iri in asked.named:
            wrapper.addParameter("named-graph-uri", iri)
        if self.endpoint.user and self.endpoint.password and not self.endpoint.digest:
            wrapper.setHTTPAuth(BASIC)
            wrapper.setCredentials(self.endpoint.user, self.endpoint.password)
        return wrapper

    def _reply(self, wrapper: Wrapper, until: float, seconds: float) -> Whole:
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
            failed = self._error("remote-failed", status=500, reason=_said(error))
            if _DEADLOCK.search(_said(error)):
                raise _OnTheWay(failed) from error
            raise failed from error
        except SPARQLExceptions.EndPointNotFound as error:
            raise self._error("remote-failed", status=404, reason=_said(error)) from error
        except urllib.error.HTTPError as error:
            raise self._http(error, seconds) from error
        except TimeoutError as error:
            raise self._error("remote-timeout", seconds=f"{seconds:g}") from error
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise self._error("remote-timeout", seconds=f"{seconds:g}") from error
            raise _OnTheWay(self._error("remote-unreachable", reason=error.reason)) from error
        except (HTTPException, OSError) as error:
            raise _OnTheWay(self._error("remote-broken", reason=f"{type(error).__name__}: {error}")) from error

    def _http(self, error: urllib.error.HTTPError, seconds: float) -> Exception:
        said = _short(error.read(_WORDS * 4).decode("utf-8", "replace"))
        if error.code in (401, 403):
            return self._error("remote-refused", status=error.code)
        if error.code == 406:
            return QueryError("sparql-wrong-form", form="?", allowed=error.headers.get("Content-Type", ""))
        if error.code in (408, 504):
            return self._error("remote-timeout", seconds=f"{seconds:g}")
        failed = self._error("remote-failed", status=error.code, reason=said)
        if error.code in _AGAIN:
            after = error.headers.get("Retry-After", "")
            return _OnTheWay(failed, float(after) if after.isascii() and after.isdigit() else None)
        return failed

    def _whole(self, response: Any, until: float) -> Whole:
        """The body, read to its declared end. Raises :class:`_OnTheWay` where it is cut."""
        headers = response.headers
        kind = headers.get_content_type()
        declared = response.length  # None for chunks, whose end http.client sees itself
        if declared is None and not response.chunked and kind not in CLOSED:
            raise self._error("remote-broken", reason="neither Content-Length nor chunks")
        parts: list[bytes] = []
        size = 0
        while part := response.read1(_PIECE):  # what is there: a body that drips must not outlast the deadline
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
        other = headers.get(RELEASE)  # our own endpoint tells which release answered
        if other is not None and self._release_id and other != self._release_id:
            raise self._error("remote-stale", release=self._release_id, current=other)
        most = headers.get("X-SPARQL-MaxRows", "")
        body = self._translation.answer(b"".join(parts))
        return Whole(kind, body, int(most) if most.isascii() and most.isdigit() else None)

    def hold_whole(self, reply: Whole, rows: int) -> None:
        """Raises :class:`StoreError` ``remote-truncated`` where the store may have left rows out."""
        if reply.most_rows is not None and rows >= reply.most_rows:
            raise self._error("remote-truncated", rows=rows, reason=f"X-SPARQL-MaxRows: {reply.most_rows}")

    def _error(self, code: str, **values: Any) -> StoreError:
        return StoreError(finding(code, endpoint=self.endpoint.name, **values))


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
