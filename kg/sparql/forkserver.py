"""The process that all workers of a release are forked from, and that holds a small release in memory for them.

Started as ``python -m kg.sparql.forkserver`` by :mod:`kg.sparql.forking`, settings as JSON in the first argument:
``{store, parent, control (a descriptor), quads, nice, late, memory}``. Forking takes a millisecond or two where
starting Python takes fifty, and what is held here is held once: a page is copied only where a worker writes to it.

It has one thread and opens no store on disk (RocksDB has threads, which a fork would lose). It leaves the network
before all else, so its workers have none.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import sys
from typing import Any, Final

import pyoxigraph as ox

from kg.sparql import worker
from kg.sparql.confine import die_with_parent, leave_network

_TOO_MANY: Final = 3  # exit code
_UNREADABLE: Final = 4
_MESSAGE: Final = 65_536


class _TooMany(Exception):
    """The release has more quads than may be held."""


class _Bounded:
    """A file for the serializer that counts the lines of N-Quads."""

    def __init__(self, descriptor: int, limit: int) -> None:
        self.descriptor = descriptor
        self.left = limit

    def write(self, data: bytes) -> int:
        self.left -= data.count(b"\n")
        if self.left < 0:
            raise _TooMany
        view = memoryview(data)
        while view:
            view = view[os.write(self.descriptor, view) :]
        return len(data)

    def flush(self) -> None:
        """Nothing is kept back."""


def held(path: str, limit: int) -> ox.Store | None:
    """The release in memory; None where it has more than ``limit`` quads. Raises OSError where it cannot be read."""
    if limit == 0:
        return None
    quads = os.memfd_create("bilim-release")
    try:
        pid = os.fork()  # another process reads the disk
        if pid == 0:
            os._exit(_copy(path, limit, quads))
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if code == _TOO_MANY:
            return None
        if code != 0:
            raise OSError(os.pread(quads, 4096, 0).decode("utf-8", "replace") or f"reading it ended with {code}")
        store = ox.Store()
        store.bulk_load(path=f"/proc/self/fd/{quads}", format=ox.RdfFormat.N_QUADS)
        return store
    finally:
        os.close(quads)


def _copy(path: str, limit: int, quads: int) -> int:
    try:
        ox.Store.read_only(path).dump(_Bounded(quads, limit), ox.RdfFormat.N_QUADS)  # type: ignore[arg-type]
    except _TooMany:
        return _TOO_MANY
    except (OSError, RuntimeError, ValueError) as error:
        os.ftruncate(quads, 0)
        os.pwrite(quads, str(error).encode(), 0)
        return _UNREADABLE
    return 0


def serve(control: socket.socket, store: ox.Store | None, settings: dict[str, Any], reason: str) -> None:
    """Fork a worker for each message, and tell of each that ended, until the pool closes its end.

    A message bears the worker's descriptors: socket, log, and the door if it has one.
    """
    own = os.getpid()
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    children: dict[int, int] = {}  # descriptor of a process -> its id
    while True:
        for descriptor, _ in waiting.poll():
            if descriptor == control.fileno():
                message, given, _, _ = socket.recv_fds(control, _MESSAGE, 3)
                if not message:
                    return
                try:
                    pid = os.fork()
                except OSError as error:
                    _close(given)
                    control.send(json.dumps({"error": str(error)}).encode())
                    continue
                if pid == 0:
                    control.close()
                    _close(children)
                    os._exit(worker.work(settings, store, given, own, reason))
                _close(given)
                child = os.pidfd_open(pid)
                children[child] = pid
                waiting.register(child, select.POLLIN)
                socket.send_fds(control, [json.dumps({"pid": pid}).encode()], [child])
            else:
                waiting.unregister(descriptor)
                pid = children.pop(descriptor)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                os.close(descriptor)
                control.send(json.dumps({"ended": pid, "code": code}).encode())


def _close(descriptors: Any) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


def main() -> int:
    """Say hello, or why not, then serve."""
    settings = json.loads(sys.argv[1])
    die_with_parent(settings["parent"])  # and again below: a change of user namespace clears it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends its workers itself
    reason = leave_network()
    die_with_parent(settings["parent"])
    control = socket.socket(fileno=settings["control"])
    control.set_inheritable(False)
    try:
        store = held(settings["store"], settings["quads"])
    except OSError as error:
        control.send(json.dumps({"error": str(error)}).encode())
        return 1
    gc.collect()
    gc.freeze()  # a collection in a worker would touch, and so copy, what all share
    control.send(json.dumps({"held": store is not None}).encode())
    try:
        serve(control, store, settings, reason)
    except (BrokenPipeError, ConnectionResetError):
        return 0
    return 0


if __name__ == "__main__":
    code = main()
    os._exit(code)  # without tidying up: a closing store only costs time
