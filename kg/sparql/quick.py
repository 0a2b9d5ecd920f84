"""The usual query, read in one go: what :func:`kg.sparql.vet.examine` gives, in a third of its time, or nothing.

Whatever is not usual is left to ``examine``: words that speak of other stores or of FROM, errors of any kind, a "<"
that could be two things, BASE, an unknown prefix. So no query passes here that would not pass there, and what is told
of one that passes is the same (tests/test_sparql_vet.py compares them).
"""

from __future__ import annotations

import re
from typing import Final

from kg.sparql.tokens import GAP, TOKEN
from kg.sparql.vetted import FORMS, VOLATILE, Vetted

# with the single space after it a token is one piece: half as many to go through
_PIECES: Final = re.compile(f"{GAP}|(?:{TOKEN}|.)(?: (?![ \t\r\n#]))?+", re.DOTALL)
_SPACE: Final = frozenset(" \t\r\n#")
_OPS: Final = frozenset("{}[](),;.+-*/<>=!^|~?") | {
    "||", "&&", "^^", "<=", ">=", "!=", "<<", ">>", "<<(", ")>>", "{|", "|}",
}  # fmt: skip
_NO_OPERANDS: Final = _OPS - {")", "}", "]", ")>>"}
_LONGEST: Final = 20_000  # characters
_SLOW: Final = ("service", "load", "from", "base")


def quick(text: str, prefixes: dict[str, str]) -> Vetted | None:
    """The query, if it is a usual one that may be run; None for all others."""
    if len(text) > _LONGEST:
        return None
    lower = text.lower()
    for word in _SLOW:
        if word in lower:
            return None
    pieces = _PIECES.findall(text)
    declared, start = _prologue(pieces)
    form = pieces[start].rstrip(" ").upper() if start < len(pieces) else ""
    if form not in FORMS:
        return None
    missing: dict[str, str] = {}
    words: list[str] = []
    iris = False
    for piece in dict.fromkeys(pieces[start:]):
        first = piece[0]
        if first in _SPACE:
            continue
        token = piece[:-1] if piece[-1] == " " else piece
        if token in _OPS:
            continue
        if first in "?$":
            if len(token) == 1:
                return None  # an error
        elif first == "<":
            iris = True
        elif ":" in token and first not in "\"'_":
            prefix = token[: token.index(":")]
            if prefix not in declared:
                if prefix not in prefixes:
                    return None
                missing[prefix] = prefixes[prefix]
        elif first in "\"'@_.0123456789":
            if len(token) == 1 and not first.isdigit():
                return None  # an error
        elif token.isascii() and token.isidentifier():
            words.append(token)
        else:
            return None
    if iris and "(" in text and _two_ways(pieces):
        return None
    volatile = VOLATILE.search(text) is not None and any(VOLATILE.search(word) for word in words)
    normal = "".join([" " if piece[0] in _SPACE else piece for piece in pieces]).strip(" ")
    return Vetted(text, form, missing, None, normal, volatile)


def _prologue(pieces: list[str]) -> tuple[dict[str, str], int]:
    """Declared prefixes and the position after them; beyond the end where that is not how a query begins."""
    declared: dict[str, str] = {}
    told: list[str] = []
    for position, piece in enumerate(pieces):
        if piece[0] in _SPACE:
            continue
        token = piece.rstrip(" ")
        if not told and token.upper() != "PREFIX":
            return declared, position
        told.append(token)
        if len(told) == 3:
            _, name, iri = told
            if name[-1] != ":" or iri[0] != "<" or iri[-1] != ">":
                break
            declared[name[:-1]] = iri
            told = []
    return declared, len(pieces)


def _two_ways(pieces: list[str]) -> bool:
    """Whether an IRI stands after an operand inside round brackets: it may be "less than"."""
    stack: list[str] = []
    before = ""
    for piece in pieces:
        first = piece[0]
        if first in _SPACE:
            continue
        token = piece.rstrip(" ")
        if token in "([{":
            stack.append(token)
        elif token in ")]}":
            if stack:
                stack.pop()
        elif first == "<" and ">" in token and before not in _NO_OPERANDS and stack and stack[-1] == "(":
            return True
        before = token
    return False
