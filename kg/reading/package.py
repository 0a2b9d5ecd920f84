"""What is handed in, as named bytes: a file, a folder, or a zip of files. Nothing is unpacked to disk.

A zip is hostile until read: names that climb out of it or stand twice, links, encrypted members and archives inside are
refused, each with its reason; how much is unpacked, kg.reading.archive sees to.
"""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Final

from kg.findings import Finding, Where, finding
from kg.reading.archive import BROKEN, BYTES_MAX, RATIO_MAX, TooMuchError, twice, unpacked

ARCHIVES: Final = (".zip",)
NESTED: Final = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".tar")
MEMBERS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Part:
    """One file of what was handed in. ``name`` is for messages: with the archive's or folder's name before it."""

    name: str
    data: bytes

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).stem

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()


def is_package(path: Path) -> bool:
    """Whether a path is a folder or an archive by its name."""
    return path.is_dir() or path.suffix.lower() in ARCHIVES


def parts_of(path: Path) -> tuple[list[Part], list[Finding]]:
    """The files of a path, sorted by name, and what is wrong with the package. Raises OSError where unreadable."""
    if path.is_dir():
        return _of_folder(path)
    data = path.read_bytes()
    return of_zip(data, path.name) if path.suffix.lower() in ARCHIVES else ([Part(path.name, data)], [])


def _of_folder(folder: Path) -> tuple[list[Part], list[Finding]]:
    parts: list[Part] = []
    total = 0
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if _hidden(name) or not path.is_file():
            continue
        if path.is_symlink():
            return [], [finding("package-member-refused", where=Where(f"{folder.name}/{name}"), reason="a link")]
        total += path.stat().st_size
        if total > BYTES_MAX or len(parts) >= MEMBERS_MAX:
            return [], [_too_big(folder.name)]
        parts.append(Part(f"{folder.name}/{name}", path.read_bytes()))
    return parts, []


def of_zip(data: bytes, name: str) -> tuple[list[Part], list[Finding]]:
    """The members of a zip; empty, with findings, where any of them is not to be trusted."""
    try:
        archive = zipfile.ZipFile(BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        return [], [finding("package-broken", where=Where(name), reason=str(error))]
    with archive:
        members = [m for m in archive.infolist() if not m.is_dir() and not _hidden(m.filename)]
        if len(members) > MEMBERS_MAX:
            return [], [_too_big(name)]
        double = twice(members)
        refused = [
            finding("package-member-refused", where=Where(f"{name}/{member.filename}"), reason=reason)
            for member in members
            if (reason := _refusal(member, double)) is not None
        ]
        if refused:
            return [], refused
        parts: list[Part] = []
        try:
            for member, pieces in unpacked(archive, sorted(members, key=lambda m: m.filename)):
                parts.append(Part(f"{name}/{member.filename}", b"".join(pieces)))
        except TooMuchError as error:
            return [], [_too_big(f"{name}/{error}")]
        except BROKEN as error:
            return [], [finding("package-broken", where=Where(name), reason=str(error))]
        return parts, []


def _refusal(member: zipfile.ZipInfo, double: set[str]) -> str | None:
    """Why a member is not read, if so."""
    if member.filename in double:
        return "a name that stands twice"
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or "\\" in member.filename or ":" in name.parts[0]:
        return "a name that leaves the archive"
    if stat.S_ISLNK(member.external_attr >> 16):
        return "a link"
    if member.flag_bits & 0x1:
        return "an encrypted file"
    if name.suffix.lower() in NESTED:
        return "an archive inside the archive"
    return None


def _hidden(name: str) -> bool:
    """What systems put into folders by themselves."""
    parts: Iterator[str] = iter(PurePosixPath(name).parts)
    return any(
        (part.startswith(".") and part != "..") or part == "__MACOSX" or part in ("Thumbs.db", "desktop.ini")
        for part in parts
    )


def _too_big(name: str) -> Finding:
    return finding(
        "package-too-big", where=Where(name), members=MEMBERS_MAX, megabytes=BYTES_MAX // 2**20, ratio=RATIO_MAX
    )
