"""Bearer tokens of those who may change something: made once, shown once, kept as a hash in the ledger's database.

The hash is plain SHA-256: a token is 256 random bits, which nobody finds by trying, so a slow hash (made for the
passwords that people choose) would guard nothing and would be paid at each request. It is looked up by its hash, so
no comparison tells by its time how much of a token was right.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal, get_args
from zoneinfo import ZoneInfo

from kg.findings import BilimError, Exit, finding
from kg.imports.ledger import Ledger, open_ledger
from kg.releases.layout import Home

Role = Literal["steward", "admin"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
"""Each may do what those before it may."""

State = Literal["valid", "expired", "revoked"]

PREFIX: Final = "bilim_"
"""What a token begins with, so that scanners for secrets in repositories and logs can know it."""

_WAIT: Final = 10  # seconds for a writer to finish

# Added beside the ledger's own tables: a version that does not know it passes it over, so the schema's number stays.
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS tokens(
  number INTEGER PRIMARY KEY AUTOINCREMENT, hash TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK(role IN ('steward', 'admin')), name TEXT NOT NULL,
  created TEXT NOT NULL, created_by TEXT NOT NULL, expires TEXT, revoked TEXT, revoked_by TEXT
)
"""
_COLUMNS: Final = "number, role, name, created, created_by, expires, revoked, revoked_by"


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; never the token itself. Times are UTC; ``expires`` None: never."""

    number: int
    role: Role
    name: str
    created: datetime
    created_by: str
    expires: datetime | None
    revoked: datetime | None
    revoked_by: str | None

    def state(self, now: datetime) -> State:
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and now >= self.expires else "valid"

    def may(self, role: Role) -> bool:
        """Whether its role is this one or a higher one."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def as_dict(self, now: datetime) -> dict[str, Any]:
        """For JSON."""
        return {
            "number": self.number,
            "name": self.name,
            "role": self.role,
            "state": self.state(now),
            "created": self.created.isoformat(),
            "createdBy": self.created_by,
            "expires": self.expires.isoformat() if self.expires else None,
            "revoked": self.revoked.isoformat() if self.revoked else None,
            "revokedBy": self.revoked_by,
        }


class Tokens:
    """The tokens of a home, for one who may write there. Use :func:`open_tokens`."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._db = ledger.db
        self._db.execute(_TABLE)

    def create(self, role: Role, name: str, expires: datetime | None, who: str) -> tuple[str, Token]:
        """A new token: its text, which is kept nowhere, and what is known of it."""
        text = PREFIX + secrets.token_urlsafe(32)
        with self._db:
            made = self._db.execute(
                "INSERT INTO tokens(hash, role, name, created, created_by, expires) VALUES(?, ?, ?, ?, ?, ?)",
                (_hash(text), role, name, _now().isoformat(), who, expires.isoformat() if expires else None),
            )
            self._ledger.note("token create", who, f"{made.lastrowid}: {role} {name}".rstrip())
        return text, self.get(int(made.lastrowid or 0))

    def all(self) -> list[Token]:
        """Every token that was made, in that order."""
        return [_token(row) for row in self._db.execute(f"SELECT {_COLUMNS} FROM tokens ORDER BY number")]

    def get(self, number: int) -> Token:
        """Raises :class:`BilimError` (exit 2) where there is none of this number."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM tokens WHERE number = ?", (number,)).fetchone()
        if row is None:
            raise BilimError(finding("token-number-unknown", number=number), exit_code=Exit.USAGE)
        return _token(row)

    def revoke(self, number: int, who: str) -> Token:
        """From now on it opens nothing. One that was revoked before stays as it was."""
        before = self.get(number)
        if before.revoked is None:
            with self._db:
                self._db.execute(
                    "UPDATE tokens SET revoked = ?, revoked_by = ? WHERE number = ?", (_now().isoformat(), who, number)
                )
                self._ledger.note("token revoke", who, f"{number}: {before.role} {before.name}".rstrip())
        return self.get(number)


@contextmanager
def open_tokens(home: Home) -> Iterator[Tokens]:
    """The tokens of a home, its ledger made if there is none. Raises :class:`BilimError` as the ledger does."""
    with open_ledger(home) as ledger:
        yield Tokens(ledger)


def find(home: Home, text: str) -> Token | None:
    """The token of this text, valid or not; None where it was never made here. Writes nothing."""
    if not home.ledger.is_file():
        return None
    address = home.ledger.absolute().as_uri() + "?mode=rw"  # rw: after a crash the journal is rolled back on opening
    with closing(sqlite3.connect(address, uri=True, timeout=_WAIT)) as db:
        if db.execute("SELECT 1 FROM sqlite_master WHERE name = 'tokens'").fetchone() is None:
            return None
        row = db.execute(f"SELECT {_COLUMNS} FROM tokens WHERE hash = ?", (_hash(text),)).fetchone()
    return _token(row) if row else None


def expiry(text: str, now: datetime, timezone: str) -> datetime | None:
    """``90d`` or ``12h`` from now, ``YYYY-MM-DD`` to the end of that day in ``timezone``, ``never``: as UTC or None.

    Raises :class:`BilimError` (exit 2) for another text and for what is past.
    """
    found: datetime | None = None
    if text == "never":
        return None
    if span := re.fullmatch(r"([1-9]\d{0,4})([dh])", text, re.ASCII):
        found = now + timedelta(**{"days" if span[2] == "d" else "hours": int(span[1])})
    elif re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        try:
            last = date.fromisoformat(text)
            found = datetime.combine(last + timedelta(days=1), time(), ZoneInfo(timezone)).astimezone(UTC)
        except (ValueError, OverflowError):
            found = None
    if found is None or found <= now:
        raise BilimError(finding("token-expiry-invalid", given=text[:40]), exit_code=Exit.USAGE)
    return found


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _token(row: tuple[Any, ...]) -> Token:
    number, role, name, created, created_by, expires, revoked, revoked_by = row
    return Token(number, role, name, _time(created), created_by, _maybe(expires), _maybe(revoked), revoked_by)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else _time(text)
