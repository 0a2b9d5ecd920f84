"""Values into a query: by token, as text, never by a regular expression over the query.

A term is placed only where a variable *token* of that name stands (``?x`` and ``$x``), so nothing in a
string, comment or IRI is touched and no value can change the structure of the query. pyoxigraph's own
substitutions are not used: they miss sub-SELECTs and FILTERs and hide the value from the planner.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode

from kg.sparql.tokens import Token, tokenize
from kg.store.errors import QueryError
from kg.terms import XSD

Value = NamedNode | Literal
Values = Mapping[str, Value | Sequence[Value]]
"""Variable name (without mark) to a term, or to a list of terms for an empty VALUES block."""

_INTEGERS: Final = (XSD + "integer", XSD + "nonNegativeInteger", XSD + "positiveInteger")


def bind(source: str | Sequence[Token], values: Values, absent: Collection[str] = ()) -> str:
    """The query with ``values`` in place of their variables.

    * A variable that is projected comes back as ``(term AS ?name)``; after GROUP BY or ORDER BY it is ``(term)``.
    * LIMIT and OFFSET take non-negative integers.
    * An empty ``VALUES ?name { }`` is filled, with one term or a list, and the variable stays elsewhere.
      It is removed if ``name`` is in ``absent`` (optional parameters without a value).
    * ``BOUND(?name)`` becomes ``true``.

    Names in ``values`` that the query does not use are passed over. Raises :class:`QueryError` with line and
    column: ``bind-alias`` (``AS ?name``), ``bind-integer``, ``bind-list`` (a list without its VALUES block),
    ``bind-values`` (a VALUES block that is empty or already filled), ``bind-term`` (no IRI and no literal).
    """
    tokens = tokenize(source) if isinstance(source, str) else source
    return _Binding(tokens, values, frozenset(absent)).text()


@dataclass(slots=True)
class _Edit:
    start: int  # positions in the list of tokens, half-open
    end: int
    text: str


class _Binding:
    def __init__(self, tokens: Sequence[Token], values: Values, absent: frozenset[str]) -> None:
        self.tokens = tokens
        self.values = values
        self.absent = absent
        self.real = [i for i, token in enumerate(tokens) if token.significant]
        self.filled: set[str] = set()  # parameters that a VALUES block carries
        self.taken: set[int] = set()  # variables of VALUES heads
        self.projected: set[int] = set()
        self.inner: set[int] = set()  # projected by a sub-SELECT and by one round it
        self.modified: set[int] = set()

    def text(self) -> str:
        edits = [*self._blocks()]
        self._clauses()
        edits += self._variables(edits)
        return self._apply(sorted(edits, key=lambda edit: edit.start))

    def _at(self, position: int) -> Token:
        """The significant token at a position of ``real``; an empty one beyond the ends."""
        if 0 <= position < len(self.real):
            return self.tokens[self.real[position]]
        return Token("ws", "", 0)

    def _blocks(self) -> Iterator[_Edit]:
        """Empty VALUES blocks of one variable: filled or removed."""
        for position in range(len(self.real)):
            if self._at(position).upper != "VALUES":
                continue
            names, brace = self._head(position + 1)
            ours = [p for p in names if self._at(p).name in self.values or self._at(p).name in self.absent]
            empty = self._at(brace).text == "{" and self._at(brace + 1).text == "}"
            self.taken.update(names)
            if not empty:
                if ours:
                    raise _error(self._at(ours[0]), "bind-values")
                continue
            if len(names) != 1 or not ours:
                raise _error(self._at(position), "bind-values")
            name = self._at(names[0]).name
            if name in self.values:
                self.filled.add(name)
                terms = " ".join(self._row(self._at(names[0]), value) for value in _listed(self.values[name]))
                if self._at(position + 1).text == "(":
                    terms = " ".join(f"({self._row(self._at(names[0]), v)})" for v in _listed(self.values[name]))
                yield _Edit(self.real[brace] + 1, self.real[brace + 1], f" {terms} ")
            else:
                yield _Edit(self.real[position], self.real[brace + 1] + 1, "")

    def _head(self, position: int) -> tuple[list[int], int]:
        """Variables after VALUES and where the block's brace must be."""
        if self._at(position).kind == "var":
            return [position], position + 1
        names: list[int] = []
        if self._at(position).text == "(":
            position += 1
            while self._at(position).kind == "var":
                names.append(position)
                position += 1
            position += 1
        return names, position

    def _row(self, token: Token, value: Value) -> str:
        return _serialized(token, value)

    def _clauses(self) -> None:
        """Which variables are projected, and which stand bare after GROUP BY or ORDER BY."""
        clause = ""
        round_depth = brace_depth = 0
        selects: list[tuple[int, set[str]]] = []  # open SELECTs: depth of braces, names projected so far
        for position in range(len(self.real)):
            token = self._at(position)
            word = token.upper
            if word in ("SELECT", "SELECTDISTINCT", "SELECTREDUCED"):
                clause = "select"
                selects.append((brace_depth, set()))
            elif word == "BY":
                clause = "modifier"
            elif word in ("WHERE", "FROM", "HAVING", "LIMIT", "OFFSET", "VALUES") or token.text in ("{", "}"):
                clause = ""
            if token.text == "(":
                round_depth += 1
            elif token.text == ")":
                round_depth -= 1
            elif token.text in ("{", "}"):
                round_depth = 0
                brace_depth += 1 if token.text == "{" else -1
                while selects and selects[-1][0] > brace_depth:
                    selects.pop()
            elif token.kind == "var" and round_depth == 0 and clause == "select":
                self.projected.add(position)
                if any(token.name in names for _, names in selects[:-1]):
                    self.inner.add(position)
                selects[-1][1].add(token.name)
            elif token.kind == "var" and round_depth == 0 and clause == "modifier":
                self.modified.add(position)

    def _variables(self, blocks: Sequence[_Edit]) -> Iterator[_Edit]:
        removed = [(edit.start, edit.end) for edit in blocks if not edit.text]
        for position, index in enumerate(self.real):
            token = self.tokens[index]
            name = token.name
            if not name or name not in self.values or name in self.filled or position in self.taken:
                continue
            if any(start <= index < end for start, end in removed):
                continue
            before = self._at(position - 1)
            value = self.values[name]
            if not isinstance(value, NamedNode | Literal):
                if isinstance(value, Sequence) and not isinstance(value, str):
                    raise _error(token, "bind-list", name=name)
                raise _error(token, "bind-term", name=name)
            if before.upper == "AS":
                raise _error(token, "bind-alias", name=name)
            if before.upper in ("LIMIT", "OFFSET"):
                yield self._edit(index, _count(token, value))
            elif before.text == "(" and self._at(position - 2).upper == "BOUND" and self._at(position + 1).text == ")":
                yield self._edit_range(self.real[position - 2], self.real[position + 1] + 1, "true")
            elif position in self.projected:
                yield self._edit(index, f"({_serialized(token, value)} AS {self._alias(position)})")
            elif position in self.modified:
                yield self._edit(index, f"({_serialized(token, value)})")
            else:
                yield self._edit(index, _serialized(token, value))

    def _alias(self, position: int) -> str:
        """The variable itself; inside of a SELECT that gives it back already, a name that nothing else has."""
        token = self._at(position)
        if position not in self.inner:
            return token.text
        names = {other.name for other in self.tokens}
        number = position
        while f"{token.name}_{number}" in names:
            number += len(self.real)
        return f"?{token.name}_{number}"

    def _edit(self, index: int, text: str) -> _Edit:
        return self._edit_range(index, index + 1, text)

    def _edit_range(self, start: int, end: int, text: str) -> _Edit:
        """With a space where the neighbour is no space: a term must not run into it (``LIMIT?n``, ``1AS?x``)."""
        left = "" if start == 0 or self.tokens[start - 1].kind == "ws" else " "
        right = "" if end >= len(self.tokens) or self.tokens[end].kind == "ws" else " "
        return _Edit(start, end, left + text + right)

    def _apply(self, edits: Sequence[_Edit]) -> str:
        parts: list[str] = []
        position = 0
        for edit in edits:
            parts.extend(token.text for token in self.tokens[position : edit.start])
            parts.append(edit.text)
            position = edit.end
        parts.extend(token.text for token in self.tokens[position:])
        return "".join(parts)


def _error(token: Token, code: str, **values: object) -> QueryError:
    return QueryError(code, token.line, token.column, variable=token.text, **values)


def _listed(value: Value | Sequence[Value]) -> Sequence[Value]:
    return [value] if isinstance(value, NamedNode | Literal) else value


def _serialized(token: Token, value: object) -> str:
    if not isinstance(value, NamedNode | Literal):
        raise _error(token, "bind-term", name=token.name)
    return str(value)


def _count(token: Token, value: Value) -> str:
    text = value.value
    if isinstance(value, Literal) and value.datatype.value in _INTEGERS and text.isascii() and text.isdigit():
        return text
    raise _error(token, "bind-integer", name=token.name, given=text)
