"""What a home takes on the disk: files that releases share count once."""

from __future__ import annotations

import os
from pathlib import Path

from kg.findings import Finding, finding
from kg.releases.layout import Home

MIB = 2**20


def taken(*folders: Path) -> int:
    """Bytes on the disk of all files below; one that has several names is counted once. Missing folders are empty."""
    seen: set[tuple[int, int]] = set()
    total = 0
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in names:
                try:
                    stat = os.stat(os.path.join(place, name), follow_symlinks=False)
                except FileNotFoundError:  # a writer at work
                    continue
                if (stat.st_dev, stat.st_ino) not in seen:
                    seen.add((stat.st_dev, stat.st_ino))
                    total += stat.st_blocks * 512
    return total


def over_budget(home: Home, budget_mb: int) -> Finding | None:
    """The warning where a home takes more than its budget; None within it, or where none is set (0)."""
    if budget_mb == 0:
        return None
    now = taken(home.path) / MIB
    if now <= budget_mb:
        return None
    return finding("disk-budget", home=home.path, taken=f"{now:.0f} MiB", budget=f"{budget_mb} MiB")
