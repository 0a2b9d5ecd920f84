"""The patterns of a SHACL-SPARQL query, from rdflib's algebra; or why they cannot be told."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyoxigraph as ox
import rdflib
from rdflib import XSD
from rdflib.paths import AlternativePath, InvPath, MulPath, SequencePath
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node, Variable

from kg.store.views import Term
from kg.validation.patterns import THIS, Alt, Group, Link, Many, Path, Pattern, Seq, Slot, Tagged, inverse

_HEAD: Final = ("Project", "Distinct", "Reduced", "OrderBy")
_EXISTS: Final = ("Builtin_EXISTS", "Builtin_NOTEXISTS")
_AND: Final = "ConditionalAndExpression"
_WORDS: Final = {"ToMultiSet": "sub-select or VALUES", "Slice": "LIMIT", "ServiceGraphPattern": "SERVICE"}


class Unproven(Exception):
    """What a constraint reads cannot be told; the text says why."""


def read_query(algebra: CompValue, group: Group, this: str = THIS) -> None:
    """Put the patterns of a SELECT into a group, those of its OPTIONAL and EXISTS parts into groups inside.

    ``algebra``: as ``rdflib.plugins.sparql.prepareQuery`` makes it. Raises :class:`Unproven` for sub-selects, MINUS,
    UNION, VALUES, GRAPH, SERVICE, aggregates, LIMIT and negated property sets.
    """
    part = algebra.p
    while part.name in _HEAD:
        part = part.p
    _Reader().read(part, group, {THIS: this})


@dataclass(slots=True)
class _Conjunction:
    exists: list[CompValue] = field(default_factory=list)
    tags: list[Tagged] = field(default_factory=list)
    plain: set[str] = field(default_factory=set)  # variables that a filter holds to be plain strings


class _Reader:
    """Variables keep their names where the groups around bind them; others of an EXISTS get names of their own."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def read(self, part: CompValue, group: Group, names: Mapping[str, str]) -> None:
        found = _Conjunction()
        self._join(part, group, names, found)
        group.tags += [tag for tag in found.tags if tag.text in found.plain]
        for exists in found.exists:  # last, when all is known that the group binds
            self._inside(exists.graph, group, names)

    def _inside(self, part: CompValue, group: Group, names: Mapping[str, str]) -> None:
        bound, number = group.names(), next(self._numbers)
        own = {v for v in _variables(part) if names.get(v, v) not in bound}
        self.read(part, group.child(), {**names, **{v: f"{v}#{number}" for v in own}})

    def _join(self, part: CompValue, group: Group, names: Mapping[str, str], found: _Conjunction) -> None:
        if part.name == "BGP":
            group.patterns += [Pattern(_slot(s, names), read_path(p), _slot(o, names)) for s, p, o in part.triples]
        elif part.name == "Join":
            self._join(part.p1, group, names, found)
            self._join(part.p2, group, names, found)
        elif part.name == "LeftJoin":
            self._join(part.p1, group, names, found)
            inner = group.child()
            self.read(part.p2, inner, names)
            for exists in _exists(part.expr):
                self._inside(exists.graph, inner, names)
        elif part.name == "Filter":
            self._join(part.p, group, names, found)
            found.exists += _exists(part.expr)
            found.plain.update(names.get(v, v) for v in _plain_strings(part.expr))
        elif part.name == "Extend":
            self._join(part.p, group, names, found)
            found.exists += _exists(part.expr)
            found.tags += _tags(part, names)
        else:
            raise Unproven(_WORDS.get(part.name, part.name.upper()))


def read_path(path: Any) -> Path:
    """A path of rdflib's algebra. Raises :class:`Unproven` for a negated property set."""
    if isinstance(path, rdflib.URIRef):
        return Link(ox.NamedNode(str(path)))
    if isinstance(path, Variable):
        return Link(None)
    if isinstance(path, InvPath):
        return inverse(read_path(path.arg))
    if isinstance(path, SequencePath):
        return Seq(tuple(read_path(part) for part in path.args))
    if isinstance(path, AlternativePath):
        return Alt(tuple(read_path(part) for part in path.args))
    if isinstance(path, MulPath):
        return repeated(read_path(path.path), str(path.mod))
    raise Unproven("!(…)")


def repeated(part: Path, mark: str) -> Path:
    """``part?``, ``part*`` or ``part+``."""
    many = Many(part, more=mark != "?")
    return Seq((part, many)) if mark == "+" else many


def ox_term(node: Node) -> Term:
    """A term of rdflib in pyoxigraph."""
    if isinstance(node, rdflib.URIRef):
        return ox.NamedNode(str(node))
    if isinstance(node, rdflib.Literal):
        if node.language:
            return ox.Literal(str(node), language=node.language)
        return ox.Literal(str(node), datatype=ox.NamedNode(str(node.datatype or XSD.string)))
    return ox.BlankNode(str(node))


def _slot(node: Node, names: Mapping[str, str]) -> Slot:
    if isinstance(node, Variable | rdflib.BNode):  # a blank node of a query is a variable that nobody asks for
        return names.get(str(node), str(node))
    return ox_term(node)


def _tags(part: CompValue, names: Mapping[str, str]) -> Iterator[Tagged]:
    """``BIND (STRLANG(STR(?text), STR(?lang)) AS ?name)``."""
    expr = part.expr
    if not isinstance(expr, CompValue) or expr.name != "Builtin_STRLANG":
        return
    args = [a.arg if isinstance(a, CompValue) and a.name == "Builtin_STR" else a for a in (expr.arg1, expr.arg2)]
    if all(isinstance(arg, Variable) for arg in args):
        text, lang, name = (names.get(str(v), str(v)) for v in (*args, part.var))
        yield Tagged(text, lang, name)


def _plain_strings(expr: Any) -> Iterator[str]:
    """Variables that ``DATATYPE(?v) = xsd:string`` holds for wherever the filter lets a solution pass."""
    if not isinstance(expr, CompValue):
        return
    if expr.name == _AND:
        yield from _plain_strings(expr.expr)
        for other in expr.other:
            yield from _plain_strings(other)
    elif expr.name == "RelationalExpression" and expr.op == "=" and expr.other == XSD.string:
        asked = expr.expr
        if isinstance(asked, CompValue) and asked.name == "Builtin_DATATYPE" and isinstance(asked.arg, Variable):
            yield str(asked.arg)


def _exists(expr: Any) -> list[CompValue]:
    """The EXISTS and NOT EXISTS of an expression, not those inside them."""
    if isinstance(expr, CompValue):
        if expr.name in _EXISTS:
            return [expr]
        return [found for value in expr.values() for found in _exists(value)]
    if isinstance(expr, list | tuple):
        return [found for value in expr for found in _exists(value)]
    return []


def _variables(part: Any) -> set[str]:
    if isinstance(part, Variable):
        return {str(part)}
    if isinstance(part, rdflib.BNode):
        return {str(part)}
    if isinstance(part, SequencePath | AlternativePath | InvPath | MulPath):
        return set()
    if isinstance(part, CompValue):
        inside = [part.graph] if part.name in _EXISTS else [v for k, v in part.items() if k != "_vars"]
        return {name for value in inside for name in _variables(value)}
    if isinstance(part, list | tuple):
        return {name for value in part for name in _variables(value)}
    return set()
