"""How pool and worker talk: frames of one letter, a length (4 bytes, big endian) and that many bytes.

Down: ``Q`` a query (JSON). Up: ``H`` hello (JSON), then for each query either ``X`` an error (JSON), ``W``
the whole answer, or ``D`` data one or more times and ``E`` at the end; ``C`` (JSON) for ``E`` where it was cut.
"""

from __future__ import annotations

import struct
from typing import Final

HEADER: Final = struct.Struct(">cI")

QUERY: Final = b"Q"
HELLO: Final = b"H"
ERROR: Final = b"X"
DATA: Final = b"D"
WHOLE: Final = b"W"
END: Final = b"E"
CUT: Final = b"C"

CHUNK: Final = 65_536
"""Bytes held back before the first frame of data: what goes wrong until then is a whole, true error."""


def frame(kind: bytes, payload: bytes) -> bytes:
    """One frame."""
    return HEADER.pack(kind, len(payload)) + payload
