"""The text of a query seen as tokens: comments, braces, variables, and what to leave out.

``# @if ?__name`` … ``# @end`` (comments, so other tools read the text as it is) encloses what stands only when the
optional parameter is given. (An empty ``VALUES ?__x_multi_iri { }`` is a list to be filled; kg.sparql.binder does that,
and takes the block away where the list is absent.)

``# @page`` at the end of a subquery says that its rows are the things that pages count: what the rest of the text adds
to them is asked for one page only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kg.findings import BilimError, Where, finding
from kg.sparql.tokens import Token, tokenize

_DIRECTIVE: Final = re.compile(r"#\s*@([a-z][a-z0-9-]*)(?:\s+(.*?))?\s*")
_OPEN: Final = {"{": "}", "(": ")", "[": "]"}


@dataclass(frozen=True, slots=True)
class Directive:
    """A comment that says something to us: ``# @as-of ?tenure ?_on_xsd_date → ?certainty``."""

    name: str
    rest: str
    token: Token


def directives(tokens: Sequence[Token]) -> Iterator[Directive]:
    """All directives, in order."""
    for token in tokens:
        if token.kind == "comment" and (match := _DIRECTIVE.fullmatch(token.text.rstrip())):
            yield Directive(match[1], match[2] or "", token)


def closing(tokens: Sequence[Token], start: int) -> int:
    """The index of the bracket that closes the one at ``start``; the last index where none does."""
    depth = 0
    for index in range(start, len(tokens)):
        text = tokens[index].text
        if text in _OPEN:
            depth += 1
        elif text in ("}", ")", "]"):
            depth -= 1
            if depth == 0:
                return index
    return len(tokens) - 1


def conditions(tokens: Sequence[Token], file: str) -> list[tuple[str, int, int]]:
    """``(variable, start, end)`` in characters of each ``@if`` … ``@end``. They do not nest.

    Raises :class:`BilimError` for one that is not closed, or closes nothing, or names no variable.
    """
    found: list[tuple[str, int, int]] = []
    opened: Directive | None = None
    for directive in directives(tokens):
        if directive.name not in ("if", "end"):
            continue
        where = Where(file, line=directive.token.line, column=str(directive.token.column))
        if (directive.name == "if") is (opened is not None):
            raise BilimError(finding("template-if", where=where))
        if opened is None:
            if not re.fullmatch(r"\?__[A-Za-z0-9_]+", directive.rest):
                raise BilimError(finding("template-if", where=where))
            opened = directive
        else:
            found.append((opened.rest[1:], opened.token.start, directive.token.end))
            opened = None
    if opened is not None:
        where = Where(file, line=opened.token.line, column=str(opened.token.column))
        raise BilimError(finding("template-if", where=where))
    return found


def paged(tokens: Sequence[Token], file: str = "") -> tuple[int, int] | None:
    """``[start, end)`` in tokens of the subquery that ends in ``# @page``, without its braces; None where none does.

    Raises :class:`BilimError` where the comment does not end a subquery with ORDER BY, or stands twice.
    """
    marks = [i for i, token in enumerate(tokens) if token.kind == "comment" and _is_page(token)]
    if not marks:
        return None
    (mark, *more) = marks
    depth, start = 0, mark
    while start > 0 and depth <= 0:
        start -= 1
        depth += (tokens[start].text in _OPEN) - (tokens[start].text in _OPEN.values())
    end = next((i for i in range(mark + 1, len(tokens)) if tokens[i].significant), len(tokens) - 1)
    words = [token.upper for token in tokens[start + 1 : mark] if token.significant]
    if more or depth <= 0 or tokens[end].text != "}" or words[:1] != ["SELECT"] or "ORDER" not in words:
        where = Where(file, line=tokens[mark].line, column=str(tokens[mark].column))
        raise BilimError(finding("template-page", where=where))
    return start + 1, end


def _is_page(token: Token) -> bool:
    match = _DIRECTIVE.fullmatch(token.text.rstrip())
    return match is not None and match[1] == "page"


def without(text: str, tokens: Sequence[Token], absent: Collection[str]) -> str:
    """The text without what stands only for these variables."""
    out: list[str] = []
    at = 0
    for name, start, end in conditions(tokens, ""):
        if name in absent:
            out.append(text[at:start])
            at = end
    return "".join((*out, text[at:]))


@lru_cache(maxsize=1024)
def variant(text: str, absent: frozenset[str]) -> tuple[Token, ...]:
    """The tokens of a text for which these optional parameters are absent; made once for each."""
    return tokenize(without(text, tokenize(text), absent))
