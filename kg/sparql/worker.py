"""One worker process: opens a release and answers queries until it is told to end, or killed.

Started as ``python -m kg.sparql.worker`` by :mod:`kg.sparql.pool`, settings as JSON in the first argument.
Before it opens the store it leaves the network, so that no query can reach any address; after it has
opened it, it bounds its own memory. It imports little: starting takes as long as Python itself.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import threading
import time
from dataclasses import asdict
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, cast

import pyoxigraph as ox

from kg.sparql.frames import CHUNK, CUT, DATA, END, ERROR, HEADER, HELLO, WHOLE, frame
from kg.sparql.rows import Counter, counter
from kg.store.dataset import Dataset, DatasetTooLarge, view
from kg.terms import BASE

if TYPE_CHECKING:
    from kg.sparql.door import Door

_CLONE_NEWUSER: Final = 0x10000000  # linux/sched.h
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h


def leave_network() -> str:
    """Enter a network namespace of our own. "" if that worked, else why not.

    (os.unshare is new in Python 3.12.) A new user namespace needs no rights; root may go without it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    reason = ""
    for flags in (_CLONE_NEWUSER | _CLONE_NEWNET, _CLONE_NEWNET):
        if libc.unshare(flags) == 0:
            return ""
        reason = reason or f"unshare: {os.strerror(ctypes.get_errno())}"
    return reason


def die_with_parent(parent: int) -> None:
    """Be killed when the process that started this one ends; end at once if it has ended already."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def bound_memory(extra: int) -> None:
    """Allow ``extra`` bytes of address space beyond what is taken now. An allocation beyond it aborts."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        taken = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + extra, taken + extra))


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
        if self.count is not None:
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
        job = json.loads(inward.read(length))
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


def main() -> int:
    """Settings: ``{store, parent, memory (bytes), late (seconds), door (a descriptor or null)}``."""
    settings = json.loads(sys.argv[1])
    die_with_parent(settings["parent"])  # and again below: a change of user namespace clears it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends its workers itself
    inward, out = os.fdopen(0, "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints may end up among the frames
    reason = leave_network()
    die_with_parent(settings["parent"])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        store = ox.Store.read_only(settings["store"])
    except OSError as error:
        out.write(frame(HELLO, json.dumps({"error": str(error)}).encode()))
        out.flush()
        return 1
    watcher = Watcher(settings["late"])
    watcher.start()  # not before: a process of several threads may not enter a user namespace
    door, shut = _door(settings["door"], reason)
    bound_memory(settings["memory"])
    hello = {"pid": os.getpid(), "walled": not reason, "reason": reason, "door": door is not None, "shut": shut}
    out.write(frame(HELLO, json.dumps(hello).encode()))
    out.flush()
    try:
        serve(store, inward, out, watcher, door)
    except BrokenPipeError:
        return 0
    return 0


if __name__ == "__main__":
    code = main()
    # leave without tidying up: nothing was written, and a closing store only costs time
    os._exit(code)
