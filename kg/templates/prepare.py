"""The text of a query with its values in place. The binder runs once for each shape; later values fill the slots.

The slots are where kg.sparql.binder put a stand-in term, so they are found by token like any other binding; what is
filled in is a term serialized by pyoxigraph, and is never read again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, Literal

from pyoxigraph import NamedNode

from kg.sparql.binder import Value, bind
from kg.sparql.tokens import Token
from kg.store.errors import QueryError
from kg.templates.model import Template
from kg.templates.params import Values
from kg.templates.sort import Unsorted, unsorted
from kg.templates.text import paged, variant

_SLOT: Final = "urn:bilim:slot:"
_PAGE: Final = "page"  # the slot of LIMIT, or of the rows of a page; no variable is called so (theirs begin with _)

Part = Literal["whole", "keys", "details"]
"""The text as it is; the subquery that ends in ``# @page`` by itself; the text with rows in place of that subquery."""

Parts = tuple[tuple[str, str, bool], ...]
"""Pieces of text, each with the variable whose term follows it and whether it is a list; the last with none."""

Terms = Mapping[str, Value | Sequence[Value]]


def bound(template: Template, values: Values) -> str:
    """The text of the query with every value in its place; optional parameters that are absent leave nothing."""
    return part_of(template, values, "whole")


def keys(template: Template, values: Values) -> str:
    """The query for the things that pages count, in their order: the subquery of a paged template by itself."""
    return part_of(template, values, "keys")


def details(template: Template, values: Values, variables: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """The query for all there is to say of these rows of :func:`keys`, which have these variables."""
    return part_of(template, values, "details", given_rows(variables, map(given_row, rows)))


def given_rows(variables: Sequence[str], rows: Iterable[str]) -> str:
    """Rows of :func:`given_row` as they stand in place of the subquery that gave them."""
    heads = " ".join("?" + name for name in variables)
    return f"VALUES ({heads}) {{ {' '.join(rows)} }}"


def given_row(row: Sequence[object]) -> str:
    """A row as it stands in VALUES."""
    return "(" + " ".join(["UNDEF" if cell is None else str(cell) for cell in row]) + ")"


def part_of(template: Template, values: Values, part: Part, page: str = "", *, bare: bool = False) -> str:
    """A part of the text with every value in its place; ``bare``: without the ORDER BY of :func:`sorting`."""
    return _bound(template, values, part, page, bare)


def sorting(template: Template, values: Values, part: Part) -> Unsorted | None:
    """What a part is sorted by, where rows can be sorted when they have come (kg/templates/sort.py)."""
    return _sorting(template.text, _absent(template, values), part)


def first_page(template: Template, values: Values) -> str:
    """The whole text, its things limited to a page: for those who run it elsewhere."""
    limit = f"LIMIT {template.page_size}"
    if template.paged:
        return _bound(template, values, "whole", limit)
    return bound(template, values) + ("" if template.page_size is None else f"\n{limit}")


def _bound(template: Template, values: Values, part: Part, page: str, bare: bool = False) -> str:
    absent = _absent(template, values)
    parts = _parts(template.text, absent, _shape(template), part, bare)
    if parts is None:
        every = {p.variable: v if p.many else v[0] for p in template.params if (v := values.terms.get(p.name))}
        return bind(_tokens(template.text, absent, part, page, bare), every, absent)
    out: list[str] = []
    for piece, name, many in parts:
        out.append(piece)
        if name == _PAGE:
            out.append(page)
        elif name:
            terms = values.terms[name]
            out.append(" ".join(map(str, terms)) if many else str(terms[0]))
    return "".join(out)


def _absent(template: Template, values: Values) -> frozenset[str]:
    given = values.terms
    return frozenset([p.variable for p in template.params if p.name not in given])


def _shape(template: Template) -> tuple[tuple[str, str, bool], ...]:
    return tuple([(p.variable, p.name, p.many) for p in template.params])


@lru_cache(maxsize=4096)
def _sorting(text: str, absent: frozenset[str], part: Part) -> Unsorted | None:
    return unsorted(_tokens(text, absent, part, ""))


def _tokens(text: str, absent: frozenset[str], part: Part, page: str, bare: bool = False) -> Sequence[Token]:
    """The tokens of a part; ``page`` stands where pages are cut, in a token of its own that the binder passes over."""
    if bare:
        found = unsorted(_tokens(text, absent, part, page))
        assert found is not None  # asked only where there is a sorting
        return found.tokens
    tokens = variant(text, absent)
    place = paged(tokens)
    if place is None:
        return tokens
    start, end = place
    cut = Token("comment", f"\n{page}\n" if page else "", 0)
    if part == "details":
        return (*tokens[:start], cut, *tokens[end:])
    if part == "keys":
        head = next(i for i, token in enumerate(tokens) if token.upper == "SELECT")
        return (*tokens[:head], *tokens[start:end])
    mark = max(i for i in range(start, end) if tokens[i].kind == "comment")
    return (*tokens[:mark], cut, *tokens[mark + 1 :]) if page else tokens


@lru_cache(maxsize=4096)
def _parts(
    text: str, absent: frozenset[str], params: tuple[tuple[str, str, bool], ...], part: Part, bare: bool
) -> Parts | None:
    """The text cut at its slots; None where a stand-in cannot stand for every value (LIMIT, ``VALUES (?x)``)."""
    if _SLOT in text:
        return None
    stand_ins: dict[str, Value | Sequence[Value]] = {}
    called: dict[str, tuple[str, bool]] = {_PAGE: (_PAGE, False)}
    for variable, name, many in params:
        called[variable] = name, many
        if variable not in absent:
            stand_ins[variable] = [NamedNode(_SLOT + variable)] if many else NamedNode(_SLOT + variable)
    try:
        query = bind(_tokens(text, absent, part, f"<{_SLOT}{_PAGE}>", bare), stand_ins, absent)
    except QueryError:  # an integer is needed: the binder checks each value
        return None
    pieces = query.split("<" + _SLOT)
    parts: list[tuple[str, str, bool]] = []
    rest = pieces[0]
    for piece in pieces[1:]:
        name, many = called[piece.partition(">")[0]]
        if many and rest.rstrip().endswith("("):
            return None  # each term of the list needs brackets of its own
        parts.append((rest, name, many))
        rest = piece.partition(">")[2]
    return (*parts, (rest, "", False))
