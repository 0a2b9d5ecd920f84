"""One worker process: answers queries over a release until it is told to end, or killed.

Forked by :mod:`kg.sparql.forkserver`, which has left the network, so that no query can reach any address; it
gives way to other processes and, once the release is there, bounds its own memory.
"""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any, BinaryIO, cast

import orjson
import pyoxigraph as ox

from kg.sparql.confine import bound_memory, die_with_parent, give_way, leave_network
from kg.sparql.frames import CHUNK, CUT, DATA, END, ERROR, HEADER, HELLO, WHOLE, frame
from kg.sparql.rows import Counter, counter
from kg.store.dataset import Dataset, DatasetTooLarge, view
from kg.terms import BASE

if TYPE_CHECKING:
    from kg.sparql.door import Door


class _Cut(Exception):
    """The answer is longer than allowed: ``kind`` is size or rows."""

    def __init__(self, kind: str, limit: int) -> None:
        super().__init__(kind)
        self.kind = kind
        self.limit = limit


class Answer:
    """A file for the serializers: holds the first chunk back, then writes frames; stops at its limits."""

    def __init__(self, out: BinaryIO, max_bytes: int, max_rows: int, count: Counter | None) -> None:
        self.out = out
        self.max_bytes = max_bytes
        self.max_rows = max_rows
        self.count = count
        self.size = 0
        self.rows = 0
        self.began = time.monotonic()
        self.started = False
        self.closed = False
        self.parts: list[bytes] = []
        self.held = 0
        self.lock = threading.Lock()  # against the watcher, who may answer in place of a query that is late

    def write(self, data: bytes) -> int:
        self.parts.append(bytes(data))
        self.held += len(data)
        if self.held >= CHUNK:
            self._take_up()
            with self.lock:
                self._send()
                self.out.flush()
        return len(data)

    def flush(self) -> None:
        """Serializers may call it; the frames decide."""

    def _take_up(self) -> None:
        """Make one piece of what is held, and hold it to the limits."""
        self.parts = [b"".join(self.parts)]
        self.size += self.held
        self.held = 0
        if self.size > self.max_bytes:
            raise _Cut("size", self.max_bytes)
        if self.count is not None and (self.started or self.size > self.max_rows):  # a row takes a byte at least
            self.rows += self.count(self.parts[0])
            if self.rows > self.max_rows:
                raise _Cut("rows", self.max_rows)

    def _send(self) -> None:
        self.out.write(frame(DATA, self.parts[0]))
        self.parts, self.started = [], True

    def end(self) -> None:
        self._take_up()
        with self.lock:
            self.closed = True
            if self.started:
                if self.parts[0]:
                    self._send()
                self.out.write(frame(END, b""))
            else:
                self.out.write(frame(WHOLE, self.parts[0]))
            self.out.flush()

    def fail(self, **problem: Any) -> None:
        """An error while nothing was sent, else the mark of a cut answer."""
        with self.lock:
            self.closed = True
            self.out.write(frame(CUT if self.started else ERROR, json.dumps(problem).encode()))
            self.out.flush()


class Watcher(threading.Thread):
    """Looks at a query whose first chunk is late, and ends it where its patterns are not joined.

    The query itself runs in native code and cannot be stopped, so the whole process ends after the answer.
    It wakes a few times a second in place of being told of each query, which would cost each of them.
    """

    def __init__(self, late: float) -> None:
        super().__init__(daemon=True)
        self.late = late
        self.job: tuple[str, Answer] | None = None

    def run(self) -> None:
        looked: Answer | None = None
        while True:
            time.sleep(min(0.25, self.late / 2))
            job = self.job
            if job is None or job[1] is looked or time.monotonic() - job[1].began < self.late:
                continue
            looked = job[1]
            if not looked.started:
                self._look(*job)

    def _look(self, text: str, to: Answer) -> None:
        from kg.sparql.products import product  # most workers never need it

        found = product(text)
        if found is None:
            return
        with to.lock:
            if to.started or to.closed:
                return
            told = {"kind": "product", "line": found.line, "column": found.column}
            told |= {"left": ", ".join(found.left), "right": ", ".join(found.right)}
            to.out.write(frame(ERROR, json.dumps(told).encode()))
            to.out.flush()
            os._exit(0)


def answer(store: ox.Store, job: dict[str, Any], out: BinaryIO, watcher: Watcher, door: Door | None) -> None:
    """Run one query and write its frames. Kinds of error: those of :func:`kg.sparql.failures.told_error`."""
    to = Answer(out, job["max_bytes"], job["max_rows"], counter(job["media_type"]))
    watcher.job = (job["text"], to)
    try:
        if door is not None:
            door.begin()
            job["text"] = door.text(job["text"], job["services"])
        elif job["services"]:
            raise RuntimeError("SERVICE without a door")
        _run(store, job, to)
        to.end()
    except SyntaxError as error:
        to.fail(kind="syntax", message=str(error))
    except DatasetTooLarge as error:
        to.fail(kind="dataset", limit=error.limit)
    except _Cut as cut:
        to.fail(kind=cut.kind, limit=cut.limit)
    except (RuntimeError, ValueError, OSError) as error:
        if door is not None and door.failure:
            to.fail(kind="service", message=door.failure)
        else:
            to.fail(kind="read" if isinstance(error, OSError) else "evaluation", message=str(error))
    finally:
        watcher.job = None


def examined(text: str, allow: list[str], out: BinaryIO) -> None:
    """Vet a query that is too long for the server's own process: answers with what was found, or with its fault."""
    from kg.sparql.vet import Refused, examine  # few queries are so long

    to = Answer(out, sys.maxsize, sys.maxsize, None)
    try:
        found = asdict(examine(text, allow))
    except Refused as no:
        to.fail(kind="refused", code=no.code, line=no.line, column=no.column, values=no.values)
        return
    del found["text"]
    to.write(json.dumps(found).encode())
    to.end()


def _run(store: ox.Store, job: dict[str, Any], to: Answer) -> None:
    dataset = Dataset(tuple(job["default"]), tuple(job["named"])) if job["dataset"] else None
    seen = view(store, dataset, job["merge_limit"])
    result = seen.store.query(
        job["text"],
        base_iri=BASE,
        prefixes=job["prefixes"] or None,
        default_graph=seen.default_graph,
        named_graphs=seen.named_graphs,
    )
    to_file = cast(IO[bytes], to)  # the serializers call write and flush, nothing else
    wanted = job["media_type"]
    table = ox.QueryResultsFormat.from_media_type(wanted)
    graph = ox.RdfFormat.from_media_type(wanted)
    if isinstance(result, ox.QueryTriples):
        if graph is None:
            raise RuntimeError(f"{wanted} is no format for a graph")
        result.serialize(to_file, graph)
    elif table is None:
        raise RuntimeError(f"{wanted} is no format for a table of results")
    else:
        result.serialize(to_file, table)


def serve(store: ox.Store, inward: BinaryIO, out: BinaryIO, watcher: Watcher, door: Door | None) -> None:
    """Answer until the pool closes its end."""
    while True:
        head = inward.read(HEADER.size)
        if len(head) < HEADER.size:
            return
        _, length = HEADER.unpack(head)
        job = orjson.loads(inward.read(length))
        if "examine" in job:
            examined(job["examine"], job["allow"], out)
        else:
            answer(store, job, out, watcher, door)


def _door(descriptor: int | None, no_wall: str) -> tuple[Door | None, str]:
    """The way to allowed stores, or why there is none: without the wall an address could be any."""
    if descriptor is None or no_wall:
        return None, no_wall
    from kg.sparql.door import Door  # most installations allow none

    try:
        return Door(descriptor), ""
    except OSError as error:
        return None, str(error)


def work(settings: dict[str, Any], held: ox.Store | None, given: list[int], parent: int, no_wall: str) -> int:
    """The life of a worker in the process that was just forked for it; gives its exit code.

    ``settings``: ``{store, memory (bytes), late (seconds), nice}``. ``held``: the release, where it is in memory.
    ``given``: descriptors of its socket and its log, and of the door if SERVICE may ask. ``no_wall``: why this
    process has a network, "" where it has none.
    """
    die_with_parent(parent)
    give_way(settings["nice"])
    frames, log, *more = given
    os.dup2(log, 1)  # nothing that a library prints may end up among the frames
    os.dup2(log, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if more and not no_wall:  # its door must be in a namespace where nobody else listens
        no_wall = leave_network()
        die_with_parent(parent)
    with socket.socket(fileno=frames) as both:
        inward, out = both.makefile("rb"), both.makefile("wb")
        try:
            store = held if held is not None else ox.Store.read_only(settings["store"])
        except OSError as error:
            out.write(frame(HELLO, json.dumps({"error": str(error)}).encode()))
            out.flush()
            return 1
        watcher = Watcher(settings["late"])
        watcher.start()  # not before: a process of several threads may not enter a user namespace
        door, shut = _door(more[0] if more else None, no_wall)
        bound_memory(settings["memory"])
        hello = {"walled": not no_wall, "reason": no_wall, "door": door is not None, "shut": shut}
        out.write(frame(HELLO, json.dumps(hello).encode()))
        out.flush()
        with suppress(BrokenPipeError, ConnectionResetError):
            serve(store, inward, out, watcher, door)
        os._exit(0)  # without tidying up: nothing was written, and a closing store only costs time
