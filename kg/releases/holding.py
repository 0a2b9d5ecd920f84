"""Who reads a release holds it: a shared lock on its directory, which the kernel drops when the reader ends.

So whoever removes releases can see what is being read, in this process or another, and no hold is ever stale.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Hold:
    """A shared lock on a directory, as long as the object lives."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def __del__(self) -> None:
        os.close(self._handle)


def held(directory: Path) -> Hold | None:
    """Hold a release; None where it is being removed, or has been."""
    try:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return None
    hold = Hold(handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    except OSError:  # a file system without locks: the reader reads, only unseen
        return hold
    try:
        there = os.stat(directory)
    except FileNotFoundError:  # renamed between the two
        return None
    return hold if os.path.samestat(there, os.fstat(handle)) else None


@contextmanager
def alone(directory: Path) -> Iterator[bool]:
    """Whether nobody holds a release; nobody can while the block runs."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = True
        except BlockingIOError:
            free = False
        yield free
    finally:
        os.close(handle)
