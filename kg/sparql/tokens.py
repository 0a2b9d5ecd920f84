r"""SPARQL text cut into tokens as Oxigraph 0.5.13 reads it (SPARQL 1.1, 19.8), with nothing lost.

Joining the texts of all tokens gives the source. What differs from other tokenizers, found by experiment:

* ``\u`` escapes are not expanded first: outside strings, IRIs and comments they are errors here as there.
* Oxigraph has no lexer: its grammar decides at ``<`` whether an IRI or "less than" begins. After an operand
  inside an expression it is "less than", although ``<2)#>`` could be an IRI. So brackets are followed here.
* An escape that is no character (a surrogate, beyond U+10FFFF) makes a string no string. ``'''`` then reads
  as an empty string and the start of the next.
* A local name has dots in one place only: ``a:b.c.SERVICE`` is ``a:b.c``, a dot and a keyword, against 19.8.
* Keywords need no space after them: ``SERVICEa:b`` is one name here, but may be two tokens there
  (:mod:`kg.sparql.vet` looks at such names).

One regular expression reads a token each time; Python steps in only for brackets, ``<`` and runs that look like names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

Kind = Literal["ws", "comment", "iri", "name", "blank", "string", "lang", "number", "var", "word", "op", "error"]


class Token(NamedTuple):
    """A piece of ``source`` that begins at ``start`` (in characters).

    ``guess`` marks a ``<`` after an operand in round brackets, where only the grammar tells an IRI from
    "less than"; it holds the text of the IRI that might be read there (else empty).
    """

    kind: Kind
    text: str
    start: int
    source: str = ""
    guess: str = ""

    @property
    def end(self) -> int:
        """``source[start:end] == text``."""
        return self.start + len(self.text)

    @property
    def line(self) -> int:
        """From 1. Counted when asked for: few tokens ever are."""
        return self.source.count("\n", 0, self.start) + 1

    @property
    def column(self) -> int:
        """From 1, in characters."""
        return self.start - self.source.rfind("\n", 0, self.start)

    @property
    def significant(self) -> bool:
        """Neither white space nor a comment."""
        return self.kind not in ("ws", "comment")

    @property
    def upper(self) -> str:
        """The text in capitals if this is a word, else empty: for comparing with keywords."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """The name of a variable without its mark; empty for other tokens."""
        return self.text[1:] if self.kind == "var" else ""


_BASE: Final = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CHAR: Final = _BASE + "_0-9\u00b7\u0300-\u036f\u203f-\u2040-"
_PLX: Final = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
# four digits that are no surrogate; eight that are no surrogate and at most 10FFFF
_U4: Final = r"(?:[0-9A-CE-Fa-ce-f][0-9A-Fa-f]{3}|[Dd][0-7][0-9A-Fa-f]{2})"
_UCHAR: Final = rf"\\u{_U4}|\\U(?:0000{_U4}|(?:000[1-9A-Fa-f]|0010)[0-9A-Fa-f]{{4}})"
_ESCAPE: Final = rf"\\[tbnrf\\\"']|{_UCHAR}"

_WS: Final = r"[ \t\r\n]+"
_COMMENT: Final = r"#[^\r\n]*"
_WORD: Final = r"[A-Za-z][A-Za-z0-9_]*+"
_LOCAL: Final = rf"(?:[{_BASE}_:0-9]|{_PLX})(?:[{_CHAR}:]++|{_PLX})*+(?:\.++(?:[{_CHAR}:]++|{_PLX})++)?+"
_RUN: Final = rf"[{_BASE}][{_CHAR}.]*+"  # what could be a prefix

_VAR: Final = {"var": rf"[?$][{_BASE}_0-9][{_CHAR[:-1]}]*+"}
_NAMES: Final = {
    "word": rf"{_WORD}(?![{_CHAR}.:])",  # most of them: whatever follows, it is no name
    "name": rf"(?:{_RUN}(?<!\.))?:(?:{_LOCAL})?+",
    "run": _RUN,  # no colon after it, so no name begins in it: it is read again, piece by piece
}
_PIECES: Final = {"word": _WORD, "name": rf":(?:{_LOCAL})?+"}
_OTHERS: Final = {
    "iri": rf"<(?:[^<>\"{{}}|^`\\\x00-\x20]++|{_UCHAR})*+>",
    "op": r"<<\(|\)>>|\|\||&&|\^\^|<=|>=|!=|<<|>>|\{\||\|\}|[{}\[\](),;+\-*/<>=!^|~?]|\.(?![0-9])",
    # none begins behind a backslash, in which no token ends: else each quote of a row of \' would be tried to the end
    "string": r"(?<!\\)(?:"
    rf"'''(?:'{{0,2}}(?:[^'\\]++|{_ESCAPE}))*+'''|'(?:[^'\\\r\n]++|{_ESCAPE})*+'"
    rf'|"""(?:"{{0,2}}(?:[^"\\]++|{_ESCAPE}))*+"""|"(?:[^"\\\r\n]++|{_ESCAPE})*+")',
    "number": r"(?:[0-9]++(?:\.[0-9]*+)?+|\.[0-9]++)[eE][+-]?[0-9]++|[0-9]*+\.[0-9]++|[0-9]++",
    "lang": r"@[A-Za-z]+(?:-[A-Za-z0-9]+)*(?:--[A-Za-z]+)?",
    "blank": rf"_:[{_BASE}_0-9][{_CHAR}]*+(?:\.++[{_CHAR}]++)*+",
}
_SPACE: Final = {"ws": _WS, "comment": _COMMENT}
_REST: Final = {"end": r"\Z", "error": "."}


def _one_of(*tables: dict[str, str], skip: str = "") -> re.Pattern[str]:
    """One expression that tries all in this order; the group that matched names the kind."""
    groups = [f"(?P<{kind}>{pattern})" for table in tables for kind, pattern in table.items()]
    return re.compile(f"{skip}(?:{'|'.join(groups)})", re.DOTALL)


_ALL: Final = _one_of(_SPACE, _VAR, _NAMES, _OTHERS, _REST)
_SIGNIFICANT: Final = _one_of(_VAR, _NAMES, _OTHERS, _REST, skip=f"(?:{_WS}|{_COMMENT})*+")
_PIECE: Final = _one_of(_VAR, _PIECES, _OTHERS, _REST)  # of a run, which holds no space

GAP: Final = f"(?:{_WS}|{_COMMENT})++"
TOKEN: Final = "|".join(f"(?:{pattern})" for table in (_VAR, _NAMES, _OTHERS) for pattern in table.values())
"""White space and comments, and each token otherwise, as one expression without groups (errors match neither)."""

_OPERANDS: Final = frozenset({"string", "lang", "number", "var", "name", "iri", "blank"})
_CLOSING: Final = frozenset({")", "}", ")>>", "]"})
_BRACKETS: Final = frozenset("()[]{}")
_LIST_WORDS: Final = frozenset({"VALUES", "A", "TRUE", "FALSE", "UNDEF"})
_CLAUSE: Final = re.compile("(?P<select>SELECT)|(?P<modifier>GROUP|ORDER|HAVING)|(?P<other>WHERE|FROM|VALUES)", re.I)
_NOTHING: Final = Token("ws", "", 0)


def tokenize(source: str) -> tuple[Token, ...]:
    """All tokens of ``source``, white space, comments and errors included; never raises.

    The time is linear in the length of the text, whatever it holds.
    """
    return tuple(_scan(source, _ALL))


def scan(source: str) -> Iterator[Token]:
    """One token at a time, without white space and comments; otherwise as :func:`tokenize`."""
    return _scan(source, _SIGNIFICANT)


def significant(tokens: Iterable[Token]) -> list[Token]:
    """The tokens without white space and comments."""
    return [token for token in tokens if token.significant]


def _scan(source: str, pattern: re.Pattern[str]) -> Iterator[Token]:
    stack: list[str] = []  # "{", "[", "(" for a list or path, "e" for an expression
    clauses = ["other"]  # of each group: "select", "modifier" or "other"
    before = previous = _NOTHING
    make = tuple.__new__  # as Token(…), in half the time
    run_end = -1  # where the run ends that is being read in pieces
    matches = pattern.finditer(source)
    while (match := next(matches, None)) is not None:
        kind: Kind | Literal["run", "end"] = match.lastgroup  # type: ignore[assignment]  # groups are named for kinds
        start, end = match.span(kind)
        text, guess = source[start:end], ""
        if kind == "word":
            if text[0] in "SGOHWFVsgohwfv" and (clause := _CLAUSE.match(text)):
                clauses[-1] = clause.lastgroup or ""
        elif kind == "op":
            if text in _BRACKETS:
                _bracket(text, stack, clauses, before, previous)
        elif kind == "iri":
            if stack and stack[-1] in ("(", "e") and _is_operand(previous):
                guess = text
                if stack[-1] == "e":
                    # "less than": Oxigraph never reads << there
                    kind, text = "op", "<=" if text.startswith("<=") else "<"
                    end = start + len(text)
                    matches = pattern.finditer(source, end)
        elif kind == "run":
            run_end = end
            matches = _PIECE.finditer(source, start)
            continue
        elif kind == "end":
            return
        token: Token = make(Token, (kind, text, start, source, guess))
        if kind != "ws" and kind != "comment":
            before, previous = previous, token
        yield token
        if 0 <= run_end <= end:
            run_end = -1
            matches = pattern.finditer(source, end)


def _bracket(text: str, stack: list[str], clauses: list[str], before: Token, previous: Token) -> None:
    """Follow a bracket: what it opens, or that it closes."""
    if text == "(":
        stack.append("e" if _opens_expression(stack, clauses, before, previous) else "(")
    elif text == "{":
        stack.append(text)
        clauses.append("other")
    elif text == "[":
        stack.append(text)
    else:
        if stack:
            stack.pop()
        if text == "}":
            if len(clauses) > 1:
                clauses.pop()
            clauses[-1] = "other"


def _opens_expression(stack: list[str], clauses: list[str], before: Token, previous: Token) -> bool:
    """Whether an expression, no list and no path, stands in a round bracket."""
    if (stack and stack[-1] == "e") or clauses[-1] != "other":
        return True
    if previous.kind == "word":
        return previous.upper not in _LIST_WORDS
    return previous.kind in ("iri", "name") and before.upper.endswith("FILTER")


def _is_operand(token: Token) -> bool:
    if token.kind == "word":
        return token.upper in ("TRUE", "FALSE")
    return token.kind in _OPERANDS or token.text in _CLOSING


def unescape(text: str) -> str:
    r"""Text with its ``\uXXXX`` and ``\UXXXXXXXX`` escapes as characters: for the inside of an IRI."""
    return re.sub(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})", lambda m: chr(int(m[1] or m[2], 16)), text)
