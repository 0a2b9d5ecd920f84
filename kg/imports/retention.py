"""Which releases are kept: the newest ones, those that are cited, and whatever is current or being read."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from kg.findings import BilimError, Exit, finding
from kg.imports.ledger import Ledger, open_ledger
from kg.releases.disk import taken
from kg.releases.export import FOLDER as EXPORTS
from kg.releases.holding import alone
from kg.releases.layout import RELEASE_ID, Home, sync_directory, told_errors

# Beside the ledger's own tables, as those of tokens are.
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS cited(release TEXT PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, why TEXT)"
)


@dataclass(slots=True)
class Pruned:
    """What was kept, and for which reason; what was removed; bytes that came free."""

    kept: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    freed: int = 0

    def as_dict(self) -> dict[str, Any]:
        return {"kept": self.kept, "removed": self.removed, "freedBytes": self.freed}


def cite(home: Home, release: str, who: str, why: str) -> None:
    """Keep a release for good: somebody cites it. Raises :class:`BilimError` (exit 2) where there is none."""
    _known(home, release)
    with open_ledger(home) as ledger, ledger.db:
        ledger.db.execute(_TABLE)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        ledger.db.execute("INSERT OR REPLACE INTO cited VALUES(?, ?, ?, ?)", (release, now, who, why))
        ledger.note("cite", who, why, release)


def uncite(home: Home, release: str, who: str, why: str) -> bool:
    """Let a release go by the rules again; whether it was cited."""
    with open_ledger(home) as ledger, ledger.db:
        ledger.db.execute(_TABLE)
        gone = ledger.db.execute("DELETE FROM cited WHERE release = ?", (release,)).rowcount > 0
        if gone:
            ledger.note("uncite", who, why, release)
        return gone


def cited(ledger: Ledger) -> Mapping[str, str]:
    """Releases that are cited, and why."""
    with closing(ledger.db.cursor()) as cursor:
        if cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'cited'").fetchone() is None:
            return {}
        return dict(cursor.execute("SELECT release, why FROM cited ORDER BY release").fetchall())


def prune(home: Home, keep: int, who: str, why: str, dry_run: bool = False) -> Pruned:
    """Remove what the rules do not keep. One that cannot be read is judged as the others are.

    Raises :class:`BilimError` where another process writes, or home cannot be written.
    """
    done = Pruned()
    before = taken(home.path)
    with home.lock("prune"), open_ledger(home) as ledger:
        home.sweep()
        ids, current, named = home.release_ids(), home.current_id(), cited(ledger)
        newest = set(ids[-keep:]) if keep else set()
        for release in ids:
            if release == current:
                done.kept[release] = "current"
            elif release in named:
                done.kept[release] = "cited"
            elif release in newest:
                done.kept[release] = "newest"
            elif _remove(home, release, dry_run):
                done.removed.append(release)
                if not dry_run:
                    with ledger.db:
                        ledger.note("prune", who, why, release)
            else:
                done.kept[release] = "in use"
    done.freed = 0 if dry_run else max(0, before - taken(home.path))
    return done


def _remove(home: Home, release: str, dry_run: bool) -> bool:
    """Take a release away: its name in one step, then its files. False where it is being read."""
    directory = home.release(release)
    with told_errors(home), alone(directory) as free:
        if free and not dry_run:
            gone = home.tmp / f"pruned-{release}"
            os.rename(directory, gone)
            sync_directory(home.releases)
            _discard(gone)
            _discard(home.path / EXPORTS / release)
        return free


def _discard(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _known(home: Home, release: str) -> None:
    if not RELEASE_ID.fullmatch(release) or not home.release(release).is_dir():
        raise BilimError(finding("no-such-release", release=release[:80], home=home.path), exit_code=Exit.USAGE)
