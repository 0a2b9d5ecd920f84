"""What a process of strangers' queries may not do: reach a network, outlive its parent, take the machine (Linux)."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from contextlib import suppress
from typing import Final

_CLONE_NEWUSER: Final = 0x10000000  # linux/sched.h
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_LOWEST: Final = 19


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


def give_way(nice: int) -> None:
    """Take this niceness. At the highest also SCHED_IDLE: whoever else wants a processor gets it at once.

    Both weigh only within a session where the kernel groups by sessions (sched_autogroup_enabled, as Debian has it),
    so workers stay in the session of the server.
    """
    os.setpriority(os.PRIO_PROCESS, 0, min(_LOWEST, os.getpriority(os.PRIO_PROCESS, 0) + nice))
    if nice >= _LOWEST:
        with suppress(OSError, AttributeError):  # no such class there
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
