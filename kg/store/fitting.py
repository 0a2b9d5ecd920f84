"""How large a release may be to be held in memory where no bound is set: by the memory of the machine or container."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

BYTES: Final = 420
"""Of a triple in memory, measured; twice that for a moment after a publish, while the former release is still asked."""
SHARE: Final = 4
"""A quarter of the memory: the rest is for workers of /sparql, the projection's pages, and other programs."""
MOST: Final = 2_000_000
"""Triples: copying them takes a core 20 s after each publish."""
_LIMITS: Final = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def triples_that_fit(bound: int | None, limits: Sequence[Path] = _LIMITS) -> int:
    """The bound that is set, else what a quarter of the memory holds twice, at most :data:`MOST`."""
    return bound if bound is not None else min(MOST, memory(limits) // SHARE // (2 * BYTES))


def memory(limits: Sequence[Path] = _LIMITS) -> int:
    """Bytes of the machine, or of the container (control groups, version 2 or 1) where that has less."""
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for file in limits:
        try:
            text = file.read_text(encoding="ascii").strip()
        except OSError:
            continue
        if text.isdigit():  # "max": none
            found.append(int(text))
    return min(found)
