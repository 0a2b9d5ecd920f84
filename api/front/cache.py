"""Ready answers, bounded in bytes. Not thread-safe: used on the event loop only."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from api.front.variant import Variant

Header = tuple[bytes, bytes]
VARYING = (b"accept", b"accept-language", b"accept-encoding")
"""The headers of a request by which answers vary."""
RawKey = tuple[str, bytes, bytes | None, bytes | None, bytes | None]
"""path, query string, Accept, Accept-Language, Accept-Encoding: as they came in."""
Key = tuple[str, Variant]
"""(release id, variant); where the address names the release, what it begins with in place of the id"""

OVERHEAD = (
    1500  # bytes of objects round an answer: dicts, tuples, headers (tracemalloc over 10,000 entries: about 1,400)
)
ALIAS_BYTES = 400
ALIASES = 16  # ways of writing one request that are remembered; others still find it by its variant


@dataclass(slots=True)
class Entry:
    """One answer, ready to be sent."""

    status: int
    headers: list[Header]  # complete for a 200 that is fresh
    body: bytes
    etag: bytes  # b"" where the answer has none (redirects)
    not_modified: list[Header]
    expires: float  # epoch seconds; inf where the answer does not depend on the day
    exact_until: float  # until then ``headers`` state the right max-age
    head: bytes = b""  # status line and ``headers`` as bytes; b"" where the server must look at them first
    head_not_modified: bytes = b""
    used: bool = False
    aliases: list[RawKey] = field(default_factory=list)
    cost: int = 0


class Cache:
    """Least recently used goes first (second chance: a hit only sets a mark, so it costs nothing)."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.bytes = 0
        self.raw: dict[RawKey, Entry] = {}
        self._entries: OrderedDict[Key, Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: Key) -> bool:
        return key in self._entries

    def wanted(self) -> list[RawKey]:
        """Requests that were answered from here, those kept last first; without those of a release named by its id."""
        kept = reversed(self._entries.items())
        return [raw for (release, _), entry in kept if entry.used and release[:1] != "/" for raw in entry.aliases]

    def get(self, key: Key, now: float) -> Entry | None:
        """The entry if it is there and still valid."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if now >= entry.expires:
            self._drop(key)
            return None
        entry.used = True
        return entry

    def put(self, key: Key, entry: Entry) -> bool:
        """Keep an answer; False where it is larger than an eighth of the cache, and not kept."""
        cost = len(entry.body) + sum(len(n) + len(v) for n, v in (*entry.headers, *entry.not_modified)) + OVERHEAD
        cost += len(entry.head) + len(entry.head_not_modified)
        if cost > self.max_bytes // 8:
            return False
        if key in self._entries:
            self._drop(key)
        entry.cost = cost
        self._entries[key] = entry
        self.bytes += cost
        self._shrink()
        return True

    def alias(self, raw: RawKey, key: Key) -> None:
        """Remember that a request written so is answered by the entry of this key."""
        entry = self._entries.get(key)
        if entry is None or len(entry.aliases) >= ALIASES or raw in self.raw:
            return
        cost = ALIAS_BYTES + len(raw[0]) + sum(len(part) for part in raw[1:] if part)
        entry.aliases.append(raw)
        entry.cost += cost
        self.bytes += cost
        self.raw[raw] = entry
        self._shrink()

    def clear(self) -> None:
        """Forget everything (another release is served now)."""
        self._entries.clear()
        self.raw.clear()
        self.bytes = 0

    def _shrink(self) -> None:
        while self.bytes > self.max_bytes and self._entries:
            key, entry = next(iter(self._entries.items()))
            if entry.used:
                entry.used = False
                self._entries.move_to_end(key)
            else:
                self._drop(key)

    def _drop(self, key: Key) -> None:
        entry = self._entries.pop(key)
        self.bytes -= entry.cost
        for raw in entry.aliases:
            self.raw.pop(raw, None)
