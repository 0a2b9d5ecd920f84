"""Patterns that share no variable: what multiplies rows without being meant, found in the tokens of a query.

Used inside the worker, and only when a query is late, so it may be careful rather than complete: whatever could
tie two patterns together counts as a tie (FILTER, BIND, VALUES, the variables of all groups round it), what has
few solutions counts as none (a constant subject, VALUES, a sub-SELECT), and what cannot be followed is let pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from kg.sparql.tokens import Token, scan
from kg.terms import RDF

_DEEPEST: Final = 30  # groups in groups; deeper ones are let pass
_MOST_TOKENS: Final = 10_000
_ROUND: Final = "*"  # all variables of the groups round this one, as one
_TYPE: Final = f"<{RDF}type>"
_OPEN: Final = {"(": ")", "{": "}", "[": "]"}


@dataclass(frozen=True, slots=True)
class Product:
    """Two sets of variables in one group that nothing ties; the second begins at ``line`` and ``column``."""

    line: int
    column: int
    left: tuple[str, ...]
    right: tuple[str, ...]


@dataclass(slots=True)
class _Element:
    """What is joined in a group. ``large``: may have many solutions of its own."""

    start: Token
    variables: set[str] = field(default_factory=set)
    large: bool = False
    groups: list[list[Token]] = field(default_factory=list)  # inner ones, looked at by themselves


class _Lost(Exception):
    """The query is not as expected here: nothing is said about it."""


def product(text: str) -> Product | None:
    """The first product of a query, None where none is found for certain."""
    tokens: list[Token] = []
    depth = 0
    for token in scan(text):
        depth += (token.text == "{") - (token.text == "}")
        if token.kind == "error" or len(tokens) > _MOST_TOKENS or depth > _DEEPEST:
            return None
        if token.significant:
            tokens.append(token)
    try:
        return _group(_where(tokens), frozenset())
    except _Lost:
        return None


def _where(tokens: Sequence[Token]) -> list[Token]:
    """The tokens inside the braces of the query's own WHERE."""
    position = 0
    form = ""
    while position < len(tokens):
        token = tokens[position]
        if token.upper in ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE") and not form:
            form = token.upper
        if token.text == "(":
            position = _close(tokens, position)
        elif token.text == "{":
            end = _close(tokens, position)
            template = form == "CONSTRUCT" and tokens[position - 1].upper == form
            if not template:
                return list(tokens[position + 1 : end])
            position = end
        position += 1
    raise _Lost


def _close(tokens: Sequence[Token], position: int) -> int:
    """Where the bracket that opens at a position closes."""
    awaited: list[str] = []
    for index in range(position, len(tokens)):
        text = tokens[index].text if tokens[index].kind == "op" else ""
        if text in _OPEN:
            awaited.append(_OPEN[text])
        elif text in (")", "}", "]"):
            if not awaited or awaited.pop() != text:
                raise _Lost
            if not awaited:
                return index
    raise _Lost


def _group(tokens: list[Token], outside: frozenset[str]) -> Product | None:
    """The first product of a group and the groups in it; ``outside``: variables of the groups round it."""
    if tokens and tokens[0].upper == "SELECT":
        return _sub_select(tokens, outside)
    elements = _elements(tokens)
    found = _untied(elements, outside)
    if found is not None:
        return found
    for element in elements:
        if element.groups:
            others = frozenset().union(*(e.variables for e in elements if e is not element))
            for inner in element.groups:
                found = _group(inner, outside | others)
                if found is not None:
                    return found
    return None


def _sub_select(tokens: list[Token], outside: frozenset[str]) -> Product | None:
    start = next((i for i, token in enumerate(tokens) if token.text == "{"), None)
    if start is None:
        raise _Lost
    head = tokens[:start]
    # of what stands round it only the variables that it gives back are the same variables
    seen = outside if any(token.text == "*" for token in head) else outside & _variables(head)
    return _group(tokens[start + 1 : _close(tokens, start)], frozenset(seen))


def _untied(elements: Sequence[_Element], outside: frozenset[str]) -> Product | None:
    parts: list[tuple[set[str], Token | None]] = []  # variables, and where a large pattern stands
    for element in elements:
        names = set(element.variables)
        if names & outside:
            names.add(_ROUND)
        large = element.start if element.large else None
        apart = []
        for variables, where in parts:
            if variables & names:
                names |= variables
                large = where or large
            else:
                apart.append((variables, where))
        parts = [*apart, (names, large)]
    whole = sorted(
        ((where, names) for names, where in parts if where is not None and names), key=lambda part: part[0].start
    )
    if len(whole) < 2:
        return None
    (_, left), (where, right) = whole[:2]
    return Product(where.line, where.column, _told(left), _told(right))


def _told(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in names if name.startswith(("?", "_:"))))


def _variables(tokens: Iterable[Token]) -> set[str]:
    return {f"?{t.name}" if t.kind == "var" else t.text for t in tokens if t.kind in ("var", "blank")}


def _elements(tokens: list[Token]) -> list[_Element]:
    elements: list[_Element] = []
    position = 0
    joined = False  # by UNION to the group before
    while position < len(tokens):
        token = tokens[position]
        word = token.upper
        if token.text == "{":
            end = _close(tokens, position)
            inner = tokens[position + 1 : end]
            element = elements.pop() if joined and elements else _Element(token)
            _add_group(element, inner)
            elements.append(element)
            joined = False
            position = end + 1
        elif word == "UNION":
            joined = True
            position += 1
        elif word in ("OPTIONAL", "GRAPH", "SERVICE", "LATERAL", "MINUS"):
            position = _keyword(tokens, position, elements)
        elif word in ("FILTER", "BIND", "VALUES"):
            end = _expression_end(tokens, position)
            elements.append(_Element(token, _variables(tokens[position:end])))
            position = end
        elif token.text == ".":
            position += 1
        else:
            end = _triples_end(tokens, position)
            elements.append(_triples(tokens[position:end]))
            position = end
    return elements


def _triples(tokens: list[Token]) -> _Element:
    """The triples of one subject: tied by it. Those that look a thing up by a value have few solutions."""
    variables = _variables(tokens)
    subject = tokens[0]
    open_subject = subject.kind in ("var", "blank") or subject.text in ("[", "(")
    listing = any(token.text in ("a", "rdf:type", _TYPE) for token in tokens[1:])
    return _Element(subject, variables, open_subject and (listing or len(variables) > 1))


def _add_group(element: _Element, inner: list[Token]) -> None:
    if inner and inner[0].upper == "SELECT":
        start = next((i for i, token in enumerate(inner) if token.text == "{"), len(inner))
        head = inner[:start]
        element.variables |= _variables(inner if any(t.text == "*" for t in head) else head)
    else:
        element.variables |= _variables(inner)
        element.large = element.large or any(e.large for e in _elements(inner))
    element.groups.append(inner)


def _keyword(tokens: list[Token], position: int, elements: list[_Element]) -> int:
    """OPTIONAL { }, GRAPH x { }, SERVICE x { }, MINUS { }: gives the position after it."""
    word = tokens[position].upper
    start = next((i for i in range(position + 1, min(position + 4, len(tokens))) if tokens[i].text == "{"), None)
    if start is None:
        raise _Lost
    end = _close(tokens, start)
    element = _Element(tokens[position], _variables(tokens[position:start]))
    _add_group(element, tokens[start + 1 : end])
    if word in ("MINUS", "SERVICE"):
        element.large = False  # the one takes away only, of the other nothing is known
    elements.append(element)
    return end + 1


def _expression_end(tokens: list[Token], position: int) -> int:
    """The position after FILTER …, BIND (…) or VALUES … { … }."""
    last = "{" if tokens[position].upper == "VALUES" else "({"
    index = position + 1
    while index < len(tokens):
        text = tokens[index].text
        if text in ("(", "{"):
            index = _close(tokens, index)
            if text in last:
                return index + 1
        index += 1
    raise _Lost


def _triples_end(tokens: list[Token], position: int) -> int:
    """The position after the triples of one subject."""
    index = position
    while index < len(tokens):
        token = tokens[index]
        if token.kind == "op" and token.text in ("(", "["):
            index = _close(tokens, index)
        elif token.text in (".", "{") or token.upper in _ENDS:
            break
        index += 1
    if index == position:
        raise _Lost
    return index


_ENDS: Final = frozenset({"OPTIONAL", "GRAPH", "SERVICE", "MINUS", "FILTER", "BIND", "VALUES", "UNION", "LATERAL"})
