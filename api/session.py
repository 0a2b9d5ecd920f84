"""Sign-in of stewards at the desk: sessions in the memory of this process, named by a cookie scripts cannot read.

The token itself never goes back to the browser. A session ends with its token, after :data:`HOURS`, or with us.
"""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from fastapi import Request
from starlette.responses import Response

COOKIE: Final = "bilim_session"
HOURS: Final = 12
MOST: Final = 500
"""Sessions kept; the oldest goes first."""


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in. ``csrf`` stands in each form and must come back with it."""

    token: str
    csrf: str
    until: float  # seconds of the clock


@dataclass
class Sessions:
    """The sessions of an app."""

    clock: Callable[[], float] = time.time
    _held: OrderedDict[str, Session] = field(default_factory=OrderedDict)

    def begin(self, token: str, response: Response, secure: bool) -> None:
        """Open a session for a token that was found valid, and set its cookie."""
        name = secrets.token_urlsafe(32)
        self._held[name] = Session(token, secrets.token_urlsafe(32), self.clock() + HOURS * 3600)
        while len(self._held) > MOST:
            self._held.popitem(last=False)
        response.set_cookie(
            COOKIE, name, max_age=HOURS * 3600, path="/", httponly=True, samesite="strict", secure=secure
        )

    def of(self, request: Request) -> Session | None:
        """The session of a request, None where there is none (any more)."""
        name = request.cookies.get(COOKIE, "")
        session = self._held.get(name)
        if session is not None and self.clock() >= session.until:
            self._held.pop(name, None)
            return None
        return session

    def end(self, request: Request, response: Response) -> None:
        """Close the session of a request."""
        self._held.pop(request.cookies.get(COOKIE, ""), None)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def same_form(session: Session, given: str) -> bool:
    """Whether a form was made by us for this session."""
    return hmac.compare_digest(session.csrf.encode(), given.encode())
