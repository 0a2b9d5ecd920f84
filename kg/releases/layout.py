"""The home folder: where releases lie, who may write, and how one rename publishes.

``releases/{id}/``, ``current`` (holds an id), ``ledger.sqlite``, ``uploads/``, ``lock``, ``tmp/``.
Whatever a crash leaves, ``current`` names a whole release: a release directory is complete and on disk
before it gets its name, and the name is on disk before ``current`` changes.
"""

from __future__ import annotations

import errno
import fcntl
import getpass
import json
import os
import re
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from kg.findings import BilimError, Exit, finding

RELEASE_ID: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d+)-([0-9a-f]{6})")

BUILT: Final = "build of data/"
"""The reason of a release that is built from data/, where no other is given."""

Step = Callable[[str], None]
"""Told the name of each step that is done; what it raises stops the work there."""

_NEARLY_FULL: Final = 2**20  # SQLite calls a full disk an I/O error at times; with less than this it is one
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_DENIED: Final = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)


@dataclass(frozen=True, slots=True)
class Home:
    """Paths under one home folder. Making the object touches nothing."""

    path: Path

    @property
    def releases(self) -> Path:
        return self.path / "releases"

    @property
    def current_file(self) -> Path:
        return self.path / "current"

    @property
    def ledger(self) -> Path:
        return self.path / "ledger.sqlite"

    @property
    def uploads(self) -> Path:
        return self.path / "uploads"

    @property
    def tmp(self) -> Path:
        return self.path / "tmp"

    def release(self, release_id: str) -> Path:
        return self.releases / release_id

    def prepare(self) -> None:
        """Make the folders. Raises :class:`BilimError` where home is not writable."""
        with told_errors(self):
            for folder in (self.releases, self.uploads, self.tmp):
                try:
                    folder.mkdir(parents=True, exist_ok=True)
                except (FileNotFoundError, FileExistsError) as error:  # a pseudo file system, a file in its place
                    raise _not_writable(self, error) from error
            # A name of its own for each caller: requests of one server ask at the same moment.
            handle, probe = tempfile.mkstemp(prefix=".probe-", dir=self.tmp)
            os.close(handle)
            with suppress(FileNotFoundError):  # swept with what crashes left
                os.unlink(probe)

    def current_id(self) -> str | None:
        """The id that ``current`` names, or None where nothing is published."""
        try:
            text = self.current_file.read_text(encoding="ascii").strip()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return text or None

    def release_ids(self) -> list[str]:
        """Ids of the release directories that are there, by sequence."""
        try:
            names = [p.name for p in self.releases.iterdir() if RELEASE_ID.fullmatch(p.name)]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(names, key=sequence_of)

    def candidate(self) -> Path:
        """A path under tmp/ for a release in the making; not made yet."""
        return self.tmp / f"candidate-{os.getpid()}-{os.urandom(4).hex()}"

    @contextmanager
    def lock(self, purpose: str, name: str = "lock") -> Iterator[None]:
        """Be the one writer, or with another ``name`` the one who does something else.

        Raises :class:`BilimError` that names the holder where another one is.

        The kernel drops the lock when the holder dies, so no lock is ever stale.
        """
        self.prepare()
        with told_errors(self):
            handle = os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BilimError(finding("home-locked", None, None, home=self.path, **_holder(handle))) from None
            with told_errors(self):
                os.ftruncate(handle, 0)
                os.pwrite(handle, json.dumps(_self(purpose)).encode(), 0)
            yield
            with suppress(OSError):
                os.ftruncate(handle, 0)
        finally:
            os.close(handle)

    def is_locked(self) -> bool:
        """Whether another one writes now."""
        try:
            with self.lock("look"):
                return False
        except BilimError as error:
            if error.findings[0].code == "home-locked":
                return True
            raise

    def sweep(self) -> None:
        """Empty tmp/ of what a crash has left. Only under the lock."""
        with told_errors(self):
            for left in self.tmp.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)  # a probe comes and goes
            (self.path / "current.new").unlink(missing_ok=True)

    def place(self, candidate: Path, release_id: str, step: Step = lambda _: None) -> None:
        """Give a finished candidate its name, durably; it is not published yet. Only under the lock."""
        with told_errors(self):
            sync_tree(candidate, linked=False)  # what has other names is of published releases: it is on the disk
            step("synced")
            os.rename(candidate, self.release(release_id))
            sync_directory(self.releases)
            step("placed")

    def point(self, release_id: str, step: Step = lambda _: None) -> None:
        """Make this release the current one: the rename in here **is** the publication. Only under the lock."""
        with told_errors(self):
            new = self.path / "current.new"
            with new.open("w", encoding="ascii") as handle:
                handle.write(release_id + "\n")
                handle.flush()
                os.fsync(handle.fileno())
            step("pointer written")
            os.rename(new, self.current_file)
            sync_directory(self.path)
            step("published")


def sequence_of(release_id: str) -> int:
    """The sequence number in a release id. Raises ValueError for another text."""
    match = RELEASE_ID.fullmatch(release_id)
    if not match:
        raise ValueError(f"not a release id: {release_id!r}")
    return int(match[2])


def make_id(day: date, sequence: int, content_hash: str) -> str:
    """``YYYY-MM-DD.N-xxxxxx``. N counts all releases of a home, so a clock that goes back changes no order."""
    return f"{day.isoformat()}.{sequence}-{content_hash[:6]}"


def sync_tree(root: Path, linked: bool = True) -> None:
    """fsync all files below, then all directories from the leaves up; without ``linked``, no files with other names."""
    for folder, _, files in os.walk(root, topdown=False):
        for name in files:
            handle = os.open(os.path.join(folder, name), os.O_RDONLY)
            try:
                if linked or os.fstat(handle).st_nlink == 1:
                    os.fsync(handle)
            finally:
                os.close(handle)
        sync_directory(Path(folder))


def sync_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def told_errors(home: Home) -> Iterator[None]:
    """Turn a full disk and a home that is not writable into errors a user can act on; others pass."""
    try:
        yield
    except (OSError, sqlite3.OperationalError) as error:
        told = _tell(home, error)
        if told is None:
            raise
        raise told from error


def _tell(home: Home, error: Exception) -> BilimError | None:
    # RocksDB (through pyoxigraph) and SQLite put the reason into the text only.
    code = getattr(error, "errno", None)
    text = str(error).lower()
    full = code in _FULL or any(words in text for words in ("no space left", "disk is full", "quota exceeded"))
    if full or ("disk i/o error" in text and _free_bytes(home.path) < _NEARLY_FULL):
        return BilimError(finding("disk-full", home=home.path, free=f"{_free_bytes(home.path) / 2**20:.1f} MiB"))
    name = getattr(error, "filename", None)
    ours = name is None or Path(os.fsdecode(name)).absolute().is_relative_to(home.path.absolute())
    if (code in _DENIED and ours) or "readonly database" in text or "unable to open database" in text:
        return _not_writable(home, error)
    return None


def _not_writable(home: Home, error: Exception) -> BilimError:
    reason = getattr(error, "strerror", None) or str(error)
    return BilimError(finding("home-not-writable", home=home.path, reason=reason), exit_code=Exit.USAGE)


def _free_bytes(path: Path) -> int:
    there = next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())
    return shutil.disk_usage(there).free


def user() -> str:
    """Who runs this, for manifests and the ledger."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no entry in the user database
        return f"uid {os.getuid()}"


def _self(purpose: str) -> dict[str, object]:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    return {"pid": os.getpid(), "user": user(), "host": socket.gethostname(), "since": since, "purpose": purpose}


def _holder(handle: int) -> dict[str, object]:
    unknown: dict[str, object] = dict.fromkeys(("pid", "user", "host", "since", "purpose"), "?")
    try:
        return {**unknown, **json.loads(os.pread(handle, 4096, 0))}
    except ValueError:  # the holder has the lock but has not written yet
        return unknown
