"""Readers that ask a server without a pause while releases are published, and the publisher, a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

PUBLISH = """
import os, sys
from pathlib import Path
os.nice(int(sys.argv[3]))
from tests.released import publisher
publish_next = publisher(Path(sys.argv[1]))
for number in range(int(sys.argv[2])):
    print(publish_next(number), flush=True)
"""


@dataclass
class Readings:
    """Seconds of each request, by what was going on; what was wrong."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    releases: set[str] = field(default_factory=set)
    phase: str = "before"

    def quantile(self, phase: str, part: float) -> float:
        """Seconds within which this part of the requests of a phase was answered."""
        found = sorted(self.seconds[phase])
        return found[min(len(found) - 1, int(part * len(found)))]


Check = Callable[[str, httpx.Response], str | None]
"""What is wrong with an answer to a path, if anything."""


@contextmanager
def readers(address: str, paths: Sequence[str], count: int, check: Check) -> Iterator[Readings]:
    """``count`` threads that ask one path after the other as long as the block runs."""
    stop, found, lock = threading.Event(), Readings(), threading.Lock()

    def read(first: int) -> None:
        with httpx.Client(base_url=address, timeout=60) as client:
            turn = first
            while not stop.is_set():
                path = paths[turn % len(paths)]
                turn += 1
                began = time.perf_counter()
                phase = found.phase
                try:
                    answer = client.get(path)
                    wrong = check(path, answer)
                    release = answer.headers.get("bilim-release", "")
                except httpx.HTTPError as error:
                    wrong, release = f"{path}: {error!r}", ""
                with lock:
                    found.seconds.setdefault(phase, []).append(time.perf_counter() - began)
                    found.releases.add(release)
                    if wrong:
                        found.failures.append(wrong)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def publish_beside(home: Path, count: int, niceness: int) -> Iterator[str]:
    """Publish so many releases in another process; their ids as they come. Raises AssertionError where it fails."""
    root = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-c", PUBLISH, str(home), str(count), str(niceness)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=dict(os.environ)) as process:
        assert process.stdout is not None
        for line in process.stdout:
            yield line.strip()
    assert process.returncode == 0
