"""The text of a query with its values in place. The binder runs once for each shape; later values fill the slots.

The slots are where kg.sparql.binder put a stand-in term, so they are found by token like any other binding; what is
filled in is a term serialized by pyoxigraph, and is never read again.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from pyoxigraph import NamedNode

from kg.sparql.binder import Value, bind
from kg.store.errors import QueryError
from kg.templates.model import Template
from kg.templates.params import Values
from kg.templates.text import variant

_SLOT: Final = "urn:bilim:slot:"

Parts = tuple[tuple[str, str], ...]
"""Pieces of text, each with the variable whose term follows it; the last with none."""


def bound(template: Template, values: Values) -> str:
    """The text of the query with every value in its place; optional parameters that are absent leave nothing."""
    absent = frozenset(p.variable for p in template.params if p.name not in values.terms)
    terms: dict[str, Value | Sequence[Value]] = {}
    for param in template.params:
        if (given := values.terms.get(param.name)) is not None:
            terms[param.variable] = given if param.many else given[0]
    parts = _parts(template.text, absent, tuple((p.variable, p.many) for p in template.params))
    if parts is None:
        return bind(variant(template.text, absent), terms, absent)
    out: list[str] = []
    for piece, name in parts:
        out.append(piece)
        if name:
            term = terms[name]
            out.append(str(term) if not isinstance(term, Sequence) else " ".join(map(str, term)))
    return "".join(out)


@lru_cache(maxsize=1024)
def _parts(text: str, absent: frozenset[str], params: tuple[tuple[str, bool], ...]) -> Parts | None:
    """The text cut at its slots; None where a stand-in cannot stand for every value (LIMIT, ``VALUES (?x)``)."""
    if _SLOT in text:
        return None
    stand_ins: dict[str, Value | Sequence[Value]] = {}
    for name, many in params:
        if name not in absent:
            stand_ins[name] = [NamedNode(_SLOT + name)] if many else NamedNode(_SLOT + name)
    try:
        query = bind(variant(text, absent), stand_ins, absent)
    except QueryError:  # an integer is needed: the binder checks each value
        return None
    pieces = query.split("<" + _SLOT)
    parts: list[tuple[str, str]] = []
    rest = pieces[0]
    for piece in pieces[1:]:
        if dict(params)[name := piece.partition(">")[0]] and rest.rstrip().endswith("("):
            return None  # each term of the list needs brackets of its own
        parts.append((rest, name))
        rest = piece.partition(">")[2]
    return (*parts, (rest, ""))
