"""A home in one file, and back: ledger, releases, uploads and pointer as they were at one moment.

The lock is held only for the moment: the ledger is copied by SQLite's own means, everything else by hard links, which
is enough since files of a release and uploads never change. The archive is written from that copy.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from kg.findings import BilimError, Exit, finding
from kg.releases import manifest as manifests
from kg.releases.layout import Home, sync_directory, sync_tree, told_errors

FORMAT: Final = 1
ABOUT: Final = "backup.json"
SUMS: Final = "SHA256SUMS"
SNAPSHOTS: Final = "snapshots"

_KEPT: Final = ("releases", "uploads")
Progress = Callable[[str], None]
STEPS: Final = ("copy", "archive")


def backup(home: Home, file: Path, progress: Progress = lambda _: None) -> dict[str, Any]:
    """Write the home into ``file`` (tar; compressed where it ends in .gz or .tgz); what is in it.

    Raises :class:`BilimError`: the file exists (exit 2), another process writes, a full disk.
    """
    if file.exists():
        raise BilimError(finding("backup-exists", file=file), exit_code=Exit.USAGE)
    _sweep(home)
    copy = home.path / SNAPSHOTS / f"{os.getpid()}-{os.urandom(3).hex()}"
    part = file.with_name(f".{file.name}.part")
    try:
        progress("copy")
        with home.lock("backup"), told_errors(home):
            about = _snapshot(home, copy)
        progress("archive")
        with told_errors(Home(file.parent)):
            _archive(copy, part, about)
            os.rename(part, file)
            sync_directory(file.absolute().parent)
    finally:
        part.unlink(missing_ok=True)
        shutil.rmtree(copy, ignore_errors=True)
    return {**about, "file": str(file), "bytes": file.stat().st_size}


def restore(home: Home, file: Path) -> dict[str, Any]:
    """Bring a backup into a home that holds nothing; every file is compared with its sum first.

    Raises :class:`BilimError`: home is not empty (exit 2), the file is no backup, damaged, or of another format.
    """
    if home.release_ids() or home.current_id() or home.ledger.exists():
        raise BilimError(finding("restore-not-empty", home=home.path), exit_code=Exit.USAGE)
    with home.lock("restore"), told_errors(home):
        made = home.tmp / f"restore-{os.getpid()}"
        try:
            about = _unpack(file, made)
            for release in about["releases"]:
                manifests.read(made / "releases" / release)  # another format is told with its command
            sync_tree(made)
            for name in (*_KEPT, home.ledger.name, home.current_file.name):  # the pointer last: it publishes
                if (made / name).is_dir():
                    home.path.joinpath(name).rmdir()  # made empty by the lock
                if (made / name).exists():
                    os.rename(made / name, home.path / name)
            sync_directory(home.path)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return about


def _snapshot(home: Home, copy: Path) -> dict[str, Any]:
    copy.mkdir(parents=True)
    if home.ledger.exists():
        with closing(sqlite3.connect(home.ledger)) as old, closing(sqlite3.connect(copy / home.ledger.name)) as new:
            old.backup(new)
    for name in _KEPT:
        if (home.path / name).is_dir():
            shutil.copytree(home.path / name, copy / name, copy_function=_link)
    if (current := home.current_id()) is not None:
        (copy / home.current_file.name).write_text(current + "\n", encoding="ascii")
    return {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "bilim": metadata.version("bilim"),
        "current": current,
        "releases": home.release_ids(),
    }


def _link(old: str, new: str) -> str:
    try:
        os.link(old, new)
    except OSError:  # a file system without hard links
        shutil.copy2(old, new)
    return new


def _archive(copy: Path, part: Path, about: Mapping[str, Any]) -> None:
    """Files that releases share are in the archive once; the sums come last: without them it is not whole."""
    known: dict[tuple[int, int], str] = {}
    sums = []
    mode: Any = "w:gz" if part.name.removesuffix(".part").endswith((".gz", ".tgz")) else "w"
    with part.open("wb") as raw, tarfile.open(fileobj=raw, mode=mode, format=tarfile.PAX_FORMAT) as tar:
        _add(tar, ABOUT, json.dumps(about, indent=1).encode())
        for path in _files(copy):
            stat = path.stat()
            name = path.relative_to(copy).as_posix()
            if (stat.st_dev, stat.st_ino) not in known:
                known[stat.st_dev, stat.st_ino] = _sum(path)
            sums.append(f"{known[stat.st_dev, stat.st_ino]}  {name}\n")
            tar.add(path, name, recursive=False)  # a second name of a file becomes a link in the archive
        _add(tar, SUMS, "".join(sums).encode())
        tar.close()
        raw.flush()
        os.fsync(raw.fileno())


def _unpack(file: Path, made: Path) -> dict[str, Any]:
    try:
        with tarfile.open(file) as tar:
            tar.extractall(made, filter="data")  # no absolute names, no way out of the folder, no devices
        about: dict[str, Any] = json.loads((made / ABOUT).read_bytes())
        lines = (line.split("  ", 1) for line in (made / SUMS).read_text("utf-8").splitlines())
        sums = {name: digest for digest, name in lines}
    except (OSError, EOFError, ValueError, tarfile.TarError) as error:
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError | tarfile.TarError) and error.errno:
            raise
        raise _damaged(file, error) from error
    if about.get("format") != FORMAT:
        raise BilimError(finding("backup-format", file=file, format=about.get("format"), known=FORMAT))
    names = {path.relative_to(made).as_posix(): path for path in _files(made)}
    for own in (ABOUT, SUMS):
        names.pop(own).unlink()
    if wrong := sorted(names.keys() ^ sums.keys()) or sorted(n for n, p in names.items() if _sum(p) != sums[n]):
        raise _damaged(file, ", ".join(wrong[:3]))
    return about


def _damaged(file: Path, reason: object) -> BilimError:
    return BilimError(finding("backup-damaged", file=file, reason=reason))


def _files(root: Path) -> Iterator[Path]:
    return iter(sorted(path for path in root.rglob("*") if path.is_file()))


def _sum(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def _sweep(home: Home) -> None:
    """Remove the copies of processes that are gone."""
    for path in (home.path / SNAPSHOTS).glob("*-*"):
        pid = path.name.partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(path, ignore_errors=True)
