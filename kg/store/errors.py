"""What can go wrong when a store is asked; each is a :class:`BilimError` and so has words for the user."""

from __future__ import annotations

import re
from typing import Any

from kg.findings import BilimError, Exit, Where, finding

_PLACE = re.compile(r"error at (\d+):(\d+): ", re.ASCII)
_SENTENCE = re.compile(r"[A-Z][A-Za-z]+(?: [\w*]+){2,}")
_NOTHING = "expected [_]"
_LONGEST = 300


class StoreError(BilimError):
    """The store cannot be opened or read."""


class QueryError(BilimError):
    """The query is at fault, at ``line`` and ``column`` (from 1, in characters) where these are known."""

    def __init__(self, code: str, /, line: int | None = None, column: int | None = None, **values: Any) -> None:
        where = Where("query", line=line, column=None if column is None else str(column)) if line else None
        super().__init__(finding(code, where=where, **values), exit_code=Exit.USAGE)
        self.code = code
        self.line = line
        self.column = column


def syntax_place(message: str) -> tuple[int | None, int | None, str]:
    """Line, column and the rest of a message of Oxigraph's parser; lists of code points are cut short."""
    match = _PLACE.match(message)
    text = message[match.end() :] if match else message
    text = " ".join(re.sub(r"\[[^\[\]]*\.\.[^\[\]]*\],? ?", "", text).split())
    # a rule that was broken stands among the letters that could have followed, where the parser gave up at last
    choices = text.removeprefix("expected ").removeprefix("one of ").split(", ")
    if rules := [said for said in choices if _SENTENCE.fullmatch(said)]:
        text = "; ".join(rules)
    elif text == _NOTHING:
        text = "nothing can stand here; BIND … AS or SELECT … AS may name a variable that is in use before"
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "…"
    return (int(match[1]), int(match[2]), text) if match else (None, None, text)


def syntax_error(message: str) -> QueryError:
    """The error for what Oxigraph's parser said."""
    line, column, text = syntax_place(message)
    return QueryError("sparql-syntax", line, column, reason=text)
