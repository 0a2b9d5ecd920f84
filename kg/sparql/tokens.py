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
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["ws", "comment", "iri", "name", "blank", "string", "lang", "number", "var", "word", "op", "error"]


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of source: ``text == source[start:end]``; line and column count from 1, in characters.

    ``guess`` marks a ``<`` after an operand in round brackets, where only the grammar tells an IRI from
    "less than"; it holds the text of the IRI that might be read there (else empty).
    """

    kind: Kind
    text: str
    start: int
    end: int
    line: int
    column: int
    guess: str = ""

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

_WS: Final = re.compile(r"[ \t\r\n]+")
_COMMENT: Final = re.compile(r"#[^\r\n]*")
_IRI: Final = re.compile(rf"<(?:[^<>\"{{}}|^`\\\x00-\x20]|{_UCHAR})*+>")
# the whole run that could be a prefix; with what follows it is decided below whether it is one
_RUN: Final = re.compile(rf"[{_BASE}][{_CHAR}.]*+")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_LOCAL: Final = re.compile(
    rf"(?:[{_BASE}_:0-9]|{_PLX})(?:[{_CHAR}:]|{_PLX})*+(?:\.++(?:[{_CHAR}:]|{_PLX})++)?+",
)
_BLANK: Final = re.compile(rf"_:[{_BASE}_0-9][{_CHAR}]*+(?:\.++[{_CHAR}]++)*+")
_STRINGS: Final = {
    "'": (
        re.compile(rf"'''(?:'{{0,2}}(?:[^'\\]|{_ESCAPE}))*+'''"),
        re.compile(rf"'(?:[^'\\\r\n]|{_ESCAPE})*+'"),
    ),
    '"': (
        re.compile(rf'"""(?:"{{0,2}}(?:[^"\\]|{_ESCAPE}))*+"""'),
        re.compile(rf'"(?:[^"\\\r\n]|{_ESCAPE})*+"'),
    ),
}
_LANG: Final = re.compile(r"@[A-Za-z]+(?:-[A-Za-z0-9]+)*(?:--[A-Za-z]+)?")
_NUMBER: Final = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][+-]?[0-9]+|[0-9]*\.[0-9]+|[0-9]+")
_VAR: Final = re.compile(rf"[?$][{_BASE}_0-9][{_CHAR[:-1]}]*+")
_OP: Final = re.compile(r"<<\(|\)>>|\|\||&&|\^\^|<=|>=|!=|<<|>>|\{\||\|\}|[{}\[\]().,;+\-*/<>=!^|~?]")

_OPERANDS: Final = frozenset({"string", "lang", "number", "var", "name", "iri", "blank"})
_CLOSING: Final = frozenset({")", "}", ")>>", "]"})
_LIST_WORDS: Final = frozenset({"VALUES", "A", "TRUE", "FALSE", "UNDEF"})


class _Brackets:
    """Where the next token stands: in an expression, or where terms may follow one another."""

    def __init__(self) -> None:
        self.stack: list[str] = []  # "{", "[", "(" for a list or path, "e" for an expression
        self.clauses: list[str] = ["other"]  # of each group: "select", "modifier" or "other"
        self.previous: Token | None = None
        self.before: Token | None = None

    @property
    def round(self) -> bool:
        return bool(self.stack) and self.stack[-1] in ("(", "e")

    @property
    def expression(self) -> bool:
        return bool(self.stack) and self.stack[-1] == "e"

    @property
    def after_operand(self) -> bool:
        token = self.previous
        if token is None:
            return False
        if token.kind == "word":
            return token.upper in ("TRUE", "FALSE")
        return token.kind in _OPERANDS or token.text in _CLOSING

    def see(self, token: Token) -> None:
        """Take up a significant token."""
        if token.kind == "word":
            self._word(token.upper)
        elif token.kind == "op":
            self._bracket(token.text)
        self.before, self.previous = self.previous, token

    def _word(self, word: str) -> None:
        if word.startswith("SELECT"):
            self.clauses[-1] = "select"
        elif word.startswith(("GROUP", "ORDER", "HAVING")):
            self.clauses[-1] = "modifier"
        elif word.startswith(("WHERE", "FROM", "VALUES")):
            self.clauses[-1] = "other"

    def _bracket(self, text: str) -> None:
        if text == "(":
            self.stack.append("e" if self._opens_expression() else "(")
        elif text in ("{", "["):
            self.stack.append(text)
            if text == "{":
                self.clauses.append("other")
        elif text in (")", "]", "}"):
            if self.stack:
                self.stack.pop()
            if text == "}":
                if len(self.clauses) > 1:
                    self.clauses.pop()
                self.clauses[-1] = "other"

    def _opens_expression(self) -> bool:
        token = self.previous
        if self.expression or self.clauses[-1] != "other":
            return True
        if token is None:
            return False
        if token.kind == "word":
            return token.upper not in _LIST_WORDS
        called = token.kind in ("iri", "name") and self.before is not None
        return called and self.before is not None and self.before.upper.endswith("FILTER")


def tokenize(source: str) -> tuple[Token, ...]:
    """All tokens of ``source``, white space, comments and errors included; never raises.

    The time is linear in the length of the text, whatever it holds.
    """
    return tuple(scan(source))


def scan(source: str) -> Iterator[Token]:
    """As :func:`tokenize`, one token at a time."""
    brackets = _Brackets()
    position, line, line_start = 0, 1, 0
    no_colon_until = 0  # a run of name characters up to here has no colon after it: do not read it again
    length = len(source)
    while position < length:
        guess = ""
        first = source[position]
        if first in " \t\r\n":
            kind, end = _kind("ws"), _end(_WS, source, position)
        elif first == "#":
            kind, end = _kind("comment"), _end(_COMMENT, source, position)
        elif first == "<":
            kind, end, guess = _angle(source, position, brackets)
        elif first in "?$":
            kind, end = _first_of(source, position, ("var", _VAR), ("op", _OP))
        elif first in _STRINGS:
            long, short = _STRINGS[first]
            kind, end = _first_of(source, position, ("string", long), ("string", short))
        elif first == "@":
            kind, end = _first_of(source, position, ("lang", _LANG))
        elif first == "_":
            kind, end = _first_of(source, position, ("blank", _BLANK))
        elif first in "0123456789.":
            kind, end = _first_of(source, position, ("number", _NUMBER), ("op", _OP))
        elif first == ":":
            kind, end = "name", _local_end(source, position + 1)
        else:
            kind, end, no_colon_until = _name_or_word(source, position, no_colon_until)
        token = Token(kind, source[position:end], position, end, line, position - line_start + 1, guess)
        if token.significant:
            brackets.see(token)
        if (breaks := source.count("\n", position, end)) > 0:
            line += breaks
            line_start = source.rindex("\n", position, end) + 1
        position = end
        yield token


def _kind(kind: Kind) -> Kind:
    return kind


def _end(pattern: re.Pattern[str], source: str, position: int) -> int:
    match = pattern.match(source, position)
    return match.end() if match else position + 1


def _first_of(source: str, position: int, *choices: tuple[Kind, re.Pattern[str]]) -> tuple[Kind, int]:
    for kind, pattern in choices:
        if match := pattern.match(source, position):
            return kind, match.end()
    return "error", position + 1


def _angle(source: str, position: int, brackets: _Brackets) -> tuple[Kind, int, str]:
    operator = _end(_OP, source, position)
    match = _IRI.match(source, position)
    if match is None:
        return "op", operator, ""
    guess = match[0] if brackets.round and brackets.after_operand else ""
    if guess and brackets.expression:
        # "less than": Oxigraph never reads << there
        return "op", position + 2 if source.startswith("<=", position) else position + 1, guess
    return "iri", match.end(), guess


def _local_end(source: str, position: int) -> int:
    match = _LOCAL.match(source, position)
    return match.end() if match else position


def _name_or_word(source: str, position: int, no_colon_until: int) -> tuple[Kind, int, int]:
    if position >= no_colon_until:
        run = _RUN.match(source, position)
        if run is not None:
            end = run.end()
            if source.startswith(":", end) and source[end - 1] != ".":
                return "name", _local_end(source, end + 1), no_colon_until
            no_colon_until = end
    if match := _WORD.match(source, position):
        return "word", match.end(), no_colon_until
    kind, end = _first_of(source, position, ("op", _OP))
    return kind, end, no_colon_until


def significant(tokens: Iterable[Token]) -> list[Token]:
    """The tokens without white space and comments."""
    return [token for token in tokens if token.significant]


def unescape(text: str) -> str:
    r"""Text with its ``\uXXXX`` and ``\UXXXXXXXX`` escapes as characters: for the inside of an IRI."""
    return re.sub(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})", lambda m: chr(int(m[1] or m[2], 16)), text)
