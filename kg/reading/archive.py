"""How much is unpacked of a zip, or of a workbook, which is one: by what comes out, not by what is declared.

A zip's own account of sizes is not believed (ZIP APPNOTE 6.3.10, 4.4.9): a reader that does is given a little, while
another one, such as the engine that reads workbooks, would unpack all there is.
"""

from __future__ import annotations

import copy
import zipfile
from collections.abc import Iterable, Iterator
from typing import Final

BYTES_MAX: Final = 256 * 2**20
"""Of all members together, unpacked."""
RATIO_MAX: Final = 200
"""Unpacked over packed of one member: text and workbooks stay below 50, bombs begin at 1,000."""
_RATIO_FROM: Final = 2**20  # smaller members cannot do harm
_CHUNK: Final = 2**16

BROKEN: Final = (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
"""What reading a zip may raise that is none, is cut, or is encrypted."""


class TooMuchError(Exception):
    """More than may be unpacked; the text is the name of the member."""


def unpacked(
    archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo]
) -> Iterator[tuple[zipfile.ZipInfo, Iterator[bytes]]]:
    """Each member with its pieces, which are to be gone through before the next.

    Raises :class:`TooMuchError` as soon as one, or all together, are too much, and :data:`BROKEN` errors.
    """
    taken = 0

    def pieces(member: zipfile.ZipInfo) -> Iterator[bytes]:
        nonlocal taken
        most = taken + min(BYTES_MAX - taken, max(_RATIO_FROM, member.compress_size * RATIO_MAX))
        told = copy.copy(member)
        told.file_size = BYTES_MAX + 2 * _CHUNK  # else no more is given than the zip says there is
        with archive.open(told) as stream:
            while piece := stream.read(_CHUNK):
                taken += len(piece)
                if taken > most:
                    raise TooMuchError(member.filename)
                yield piece

    for member in members:
        yield member, pieces(member)


def twice(members: Iterable[zipfile.ZipInfo]) -> set[str]:
    """Names that stand twice: which of the two is read depends on the reader."""
    seen: set[str] = set()
    return {m.filename for m in members if m.filename in seen or seen.add(m.filename)}  # type: ignore[func-returns-value]
