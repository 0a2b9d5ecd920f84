"""SHACL-SPARQL queries for all focus nodes at once.

A ``sh:select`` query means: with ``$this`` bound to one focus node, everywhere in it (SHACL, 5.3.1). Run without
that, over all nodes, it says the same only where ``$this`` is bound by triple patterns before anything looks at it.
That is proven on the query's algebra; a query of which it cannot be proven is left to pySHACL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import rdflib
from rdflib import RDF, SH
from rdflib.paths import AlternativePath, InvPath, MulPath, NegatedPath, SequencePath
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node, Variable

from kg.sparql.tokens import tokenize
from kg.validation.compile_terms import NotCompiled, Path

THIS: Final = Variable("this")
EXISTS: Final = ("Builtin_EXISTS", "Builtin_NOTEXISTS")
_KNOWN_TO_PYSHACL: Final = {"rdf": str(RDF), "rdfs": str(rdflib.RDFS), "owl": str(rdflib.OWL)}


@dataclass(frozen=True, slots=True)
class SetQuery:
    """A query for all focus nodes. ``before`` and ``after``: its text round the place where targets may stand.

    ``bound``: its own triple patterns bind ``$this``, so rows can be sifted by the targets afterwards. ``reads``:
    the predicates that it looks at; None means any.
    """

    before: str
    after: str
    bound: bool
    reads: frozenset[str] | None

    def text(self, targets: str = "") -> str:
        """The query, with a group that binds ``?this`` put first where one is given."""
        return f"{self.before} {targets} {self.after}"


def set_query(select: str, path: Path | None, prefixes: dict[str, str]) -> SetQuery:
    """The query of a ``sh:sparql`` constraint over all nodes. Raises :class:`NotCompiled` with the reason."""
    before, after = _cut(select, path)
    before = _head(prefixes) + before
    algebra = _algebra(before + after)
    if algebra.name != "SelectQuery":
        raise NotCompiled("its query is no SELECT")
    if THIS not in algebra.PV:
        raise NotCompiled("its query does not select $this")
    if Variable("failure") in algebra.PV:
        raise NotCompiled("its query tells failures")
    _refuse(algebra)
    return SetQuery(before, after, _bound(algebra, before, after), _reads(algebra))


def prefixes_of(graph: rdflib.Graph, constraint: Node) -> dict[str, str]:
    """The prefixes of a constraint's query: those that it declares, and those that pySHACL always knows."""
    return _KNOWN_TO_PYSHACL | declared_prefixes(graph, constraint)


def declared_prefixes(graph: rdflib.Graph, constraint: Node) -> dict[str, str]:
    """The prefixes that a constraint declares by ``sh:prefixes`` (SHACL, 5.2.1)."""
    return {
        str(graph.value(one, SH.prefix)): str(graph.value(one, SH.namespace))
        for declared in graph.objects(constraint, SH.prefixes)
        for one in graph.objects(declared, SH.declare)
    }


def _head(prefixes: dict[str, str]) -> str:
    return "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in sorted(prefixes.items()))


def _algebra(text: str) -> CompValue:
    try:
        return translateQuery(parseQuery(text)).algebra
    except Exception as error:  # rdflib raises it bare for an unknown prefix; whatever it is, pySHACL will tell
        raise NotCompiled("its query cannot be read") from error


def _cut(select: str, path: Path | None) -> tuple[str, str]:
    """The text up to and after the brace that opens the WHERE group, ``$PATH`` filled in."""
    parts: list[str] = []
    opened, depth = -1, 0
    for token in tokenize(select):
        text = token.text
        if token.kind == "var" and token.name in ("shapesGraph", "currentShape"):
            raise NotCompiled(f"its query asks for {text}")
        if token.kind == "var" and token.name == "PATH":
            if path is None:
                raise NotCompiled("its query has $PATH, but the shape has no path")
            text = path.text
        depth += {"(": 1, ")": -1}.get(text, 0) if token.kind == "op" else 0
        parts.append(text)
        if opened < 0 and text == "{" and depth == 0:
            opened = len(parts)
    if opened < 0:
        raise NotCompiled("its query cannot be read")
    return "".join(parts[:opened]), "".join(parts[opened:])


def _refuse(algebra: CompValue) -> None:
    for part in walk(algebra):
        if part.name in ("Minus", "ServiceGraphPattern", "Graph", "values", "Slice"):
            # pySHACL refuses MINUS, VALUES and SERVICE itself, and says so
            raise NotCompiled(f"its query has a part that holds only for one node at a time ({part.name})")
        if part.name in ("Group", "AggregateJoin"):
            raise NotCompiled("its query groups")
        if part.name == "ToMultiSet":
            raise NotCompiled("its query has a query or values inside")


def _bound(algebra: CompValue, before: str, after: str) -> bool:
    """Whether the query binds ``$this`` by itself; False: it does with targets put first. Else :class:`NotCompiled`."""
    try:
        if _check(algebra.p):
            return True
    except NotCompiled:
        pass
    if not _check(_algebra(f"{before} ?this <urn:x> <urn:x> . {after}").p):
        raise NotCompiled("its query does not bind $this")
    return False


def _check(part: CompValue) -> bool:
    """Whether triple patterns of the part always bind ``$this``.

    Raises :class:`NotCompiled` where something would look at ``$this`` before it is bound.
    """
    if part.name in ("Project", "Distinct", "Reduced", "OrderBy"):
        return _check(part.p)
    if part.name == "BGP":
        return any(_binds(triple) for triple in part.triples)
    if part.name in ("Join", "Union"):
        one, two = _check(part.p1), _check(part.p2)
        return one or two if part.name == "Join" else one and two
    if part.name in ("Filter", "Extend"):
        bound = _check(part.p)
        if part.name == "Extend" and part.var == THIS:
            raise NotCompiled("its query binds $this anew")
        _look(part.expr, bound)
        return bound
    if part.name == "LeftJoin":
        one, two = _check(part.p1), _check(part.p2)
        if _mentions(part.p2) and not one:
            raise NotCompiled("an OPTIONAL looks at $this before it is bound")
        _look(part.expr, one or two)
        return one
    raise NotCompiled(f"its query has a part that is not compiled ({part.name})")


def _look(expression: Any, bound: bool) -> None:
    """An expression may see ``$this`` only where it is bound; patterns inside EXISTS get it from outside."""
    if not bound and _mentions(expression):
        raise NotCompiled("an expression looks at $this before it is bound")
    for part in walk(expression):
        if part.name in EXISTS:
            for inner in walk(part.graph):
                if inner.name in ("Extend", "ToMultiSet", "Group"):
                    raise NotCompiled("there is a BIND or a query inside EXISTS")


def _binds(triple: tuple[Node, Any, Node]) -> bool:
    s, p, o = triple
    return THIS in (s, o) and not _may_be_empty(p)


def _may_be_empty(path: Any) -> bool:
    if isinstance(path, MulPath):
        return path.mod in ("*", "?") or _may_be_empty(path.path)
    if isinstance(path, SequencePath):
        return all(_may_be_empty(step) for step in path.args)
    if isinstance(path, AlternativePath):
        return any(_may_be_empty(option) for option in path.args)
    return isinstance(path, InvPath) and _may_be_empty(path.arg)


def _reads(algebra: CompValue) -> frozenset[str] | None:
    found: set[str] = set()
    for bgp in walk(algebra):
        for _, predicate, _ in bgp.triples if bgp.name == "BGP" else ():
            names = _predicates(predicate)
            if names is None:
                return None
            found |= names
    return frozenset(found)


def _predicates(path: Any) -> set[str] | None:
    if isinstance(path, rdflib.URIRef):
        return {str(path)}
    if isinstance(path, SequencePath | AlternativePath):
        parts = [_predicates(step) for step in path.args]
        known = [part for part in parts if part is not None]
        return set().union(*known) if len(known) == len(parts) else None
    if isinstance(path, InvPath):
        return _predicates(path.arg)
    if isinstance(path, MulPath):
        return _predicates(path.path)
    assert isinstance(path, NegatedPath | Variable)
    return None


def _mentions(part: Any) -> bool:
    return (
        any(_mentions(value) for value in _inside(part)) if isinstance(part, CompValue | list | tuple) else part == THIS
    )


def walk(part: Any) -> Iterator[CompValue]:
    """All parts of an algebra, patterns inside EXISTS among them."""
    if isinstance(part, CompValue):
        yield part
    if isinstance(part, CompValue | list | tuple):
        for value in _inside(part):
            yield from walk(value)


def _inside(part: CompValue | list[Any] | tuple[Any, ...]) -> list[Any]:
    if not isinstance(part, CompValue):
        return list(part)
    if part.name in EXISTS:
        return [part.graph]  # rdflib keeps the algebra in the attribute, and in the mapping what was parsed
    return [value for key, value in part.items() if key != "_vars"]
