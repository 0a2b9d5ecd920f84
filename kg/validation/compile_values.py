"""Conformance as an expression: whether a value conforms to a shape, nested shapes included (SHACL, 4).

Each expression is true or false for every term, never an error, so it can be negated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Final

import rdflib
from rdflib import RDF, RDFS, SH, XSD
from rdflib.collection import Collection
from rdflib.term import Node

from kg.validation.compile_terms import Names, NotCompiled, Path, read_path, term_text

WELL_TYPED: Final = "urn:bilim:well-typed"
"""A function of the run: whether rdflib takes the literal for well-formed, as pySHACL asks."""
MATCHES: Final = "urn:bilim:matches"
"""A function of the run: whether Python's ``re`` finds the pattern, as pySHACL asks: (text, pattern, flags)."""

MOST_COUNTED: Final = 3
"""Nested shapes compare each value with each other, so larger counts in them are left to pySHACL."""

# What SPARQL 1.1 can cast: a literal of these that casts is well-formed, except for years that Python lacks.
_CAST: Final = frozenset({XSD.integer, XSD.decimal, XSD.boolean, XSD.double, XSD.float})
_DATED: Final = frozenset({XSD.date, XSD.dateTime})
_KINDS: Final[Mapping[Node, str]] = {
    SH.IRI: "isIRI({0})",
    SH.BlankNode: "isBlank({0})",
    SH.Literal: "isLiteral({0})",
    SH.BlankNodeOrIRI: "!isLiteral({0})",
    SH.BlankNodeOrLiteral: "!isIRI({0})",
    SH.IRIOrLiteral: "!isBlank({0})",
}
_ORDER: Final[Mapping[Node, str]] = {
    SH.minExclusive: ">",
    SH.minInclusive: ">=",
    SH.maxExclusive: "<",
    SH.maxInclusive: "<=",
}
# Python and Rust read these parts of patterns differently, or Rust not at all.
_OWN_PATTERN: Final = re.compile(r"\(\?|\\[0-9bBwWsSdDAZzGkpP]|\[\[|&&|--|~~|[*+?}][+]")

_SILENT: Final = (
    "path message severity name description order group defaultValue deactivated flags ignoredProperties targetClass "
    "targetNode targetSubjectsOf targetObjectsOf qualifiedMinCount qualifiedMaxCount qualifiedValueShapesDisjoint"
)
SILENT: Final = frozenset(SH[name] for name in _SILENT.split())
"""Terms of SHACL on a shape that are no constraints by themselves."""


class Values:
    """Expressions over one shapes graph. ``below``: class -> it and all its subclasses, as the data has them."""

    def __init__(self, graph: rdflib.Graph, below: Callable[[Node], list[Node]], names: Names) -> None:
        self.graph = graph
        self.names = names
        self.reads: set[str] = set()
        self.reads_all = False
        self._below = below
        self._within: list[Node] = []  # the shapes under way: one that comes back is recursive

    def conforms(self, shape: Node, v: str) -> str:
        """Whether ``v`` conforms to the shape. Raises :class:`NotCompiled`."""
        if shape in self._within:
            raise NotCompiled("the shape refers to itself")
        if is_true(self.graph, shape, SH.deactivated):
            return "true"
        self._within.append(shape)
        try:
            path = self.graph.value(shape, SH.path)
            read = self.path(path) if path is not None else None
            parts = [
                self._nested(shape, parameter, v, read)
                for parameter in sorted(set(self.graph.predicates(shape)), key=str)
                if is_constraint(parameter)
            ]
        finally:
            self._within.pop()
        return _all(parts)

    def path(self, node: Node) -> Path:
        """A path of the shapes graph, its predicates noted as read."""
        path = read_path(self.graph, node)
        self.reads |= path.predicates
        return path

    def value(self, shape: Node, parameter: Node, v: str) -> str | None:
        """Whether ``v`` satisfies one constraint on values; None if this is no constraint on single values."""
        given = list(self.graph.objects(shape, parameter))
        if parameter == SH["class"]:
            return _all([self._is_a(v, cls) for cls in given])
        if parameter == SH.datatype:
            return _all([self._datatype(v, datatype) for datatype in given])
        if parameter == SH.nodeKind:
            return _all([_kind(v, kind) for kind in given])
        if parameter in _ORDER:
            return _all([_is(f"{v} {_ORDER[parameter]} {term_text(limit)}") for limit in given])
        if parameter == SH.minLength:
            return _all([_at_least(v, _number(limit)) for limit in given])
        if parameter == SH.maxLength:
            return _all([f"(!isBlank({v}) && STRLEN(STR({v})) <= {_number(limit)})" for limit in given])
        if parameter == SH.pattern:
            flags = "".join(sorted({f for o in self.graph.objects(shape, SH.flags) for f in str(o).lower()} & {*"im"}))
            return _all([_pattern(v, str(pattern), flags) for pattern in given])
        if parameter == SH.languageIn:
            return _all([self._language(v, members) for members in given])
        if parameter == SH["in"]:
            return _all([self._among(v, list(Collection(self.graph, members))) for members in given])
        if parameter == SH["not"]:
            return _all([f"!({self.conforms(other, v)})" for other in given])
        if parameter == SH.node:
            return _all([self.conforms(other, v) for other in given])
        if parameter in (SH["and"], SH["or"], SH.xone):
            return _all([self._combined(parameter, list(Collection(self.graph, members)), v) for members in given])
        return None

    def closed_against(self, shape: Node) -> str:
        """The predicates that a closed shape lets pass, for ``NOT IN``; "" if it is not closed."""
        if not is_true(self.graph, shape, SH.closed):
            return ""
        self.reads_all = True
        lists = self.graph.objects(shape, SH.ignoredProperties)
        ignored = {item for members in lists for item in Collection(self.graph, members)}
        paths = {self.graph.value(part, SH.path) for part in self.graph.objects(shape, SH.property)}
        return ", ".join(sorted(p.n3() for p in ignored | paths if isinstance(p, rdflib.URIRef))) or RDF.nil.n3()

    def qualified(self, shape: Node, v: str) -> str:
        """Whether ``v`` counts for a qualified value shape, siblings left out (SHACL, 4.7.3)."""
        own = list(self.graph.objects(shape, SH.qualifiedValueShape))
        if len(own) != 1:
            raise NotCompiled("it has several qualified value shapes")
        counted = [self.conforms(own[0], v)]
        if is_true(self.graph, shape, SH.qualifiedValueShapesDisjoint):
            siblings = {
                other
                for parent in self.graph.subjects(SH.property, shape)
                for part in self.graph.objects(parent, SH.property)
                for other in self.graph.objects(part, SH.qualifiedValueShape)
            }
            counted += [f"!({self.conforms(other, v)})" for other in sorted(siblings - {own[0]}, key=str)]
        return _all(counted)

    def _nested(self, shape: Node, parameter: Node, v: str, path: Path | None) -> str:
        if parameter == SH.property:
            return _all([self.conforms(part, v) for part in self.graph.objects(shape, SH.property)])
        if path is None:
            return self._on_node(shape, parameter, v)
        w = self.names.new()
        if (held := self.value(shape, parameter, w)) is not None:
            return f"!EXISTS {{ {v} {path.text} {w} . FILTER(!({held})) }}"
        if parameter in (SH.minCount, SH.maxCount):
            return self._count(shape, parameter, f"{v} {path.text}")
        if parameter == SH.qualifiedValueShape:
            return self._qualified_count(shape, f"{v} {path.text}")
        if parameter == SH.hasValue:
            wanted = (term_text(term) for term in self.graph.objects(shape, parameter))
            return _all([f"EXISTS {{ {v} {path.text} {term} }}" for term in wanted])
        if (wrong := self.pairs(shape, parameter, v, path, w)) is not None:
            return _all([f"!EXISTS {{ {part} }}" for part in wrong])
        raise NotCompiled(f"{parameter.n3()} in a nested shape is not compiled")

    def _on_node(self, shape: Node, parameter: Node, v: str) -> str:
        if (held := self.value(shape, parameter, v)) is not None:
            return held
        if parameter == SH.hasValue:
            return _all([f"sameTerm({v}, {term_text(term)})" for term in self.graph.objects(shape, parameter)])
        if parameter == SH.closed:
            allowed = self.closed_against(shape)
            p, o = self.names.new(), self.names.new()
            return f"!EXISTS {{ {v} {p} {o} . {closed_filter(p, o, allowed)} }}" if allowed else "true"
        if parameter in (SH.equals, SH.disjoint):
            other = [self.path(p).text for p in self.graph.objects(shape, parameter)]
            if parameter == SH.disjoint:
                return _all([f"!EXISTS {{ {v} {p} {v} }}" for p in other])
        raise NotCompiled(f"{parameter.n3()} in a nested shape is not compiled")

    def pairs(self, shape: Node, parameter: Node, v: str, path: Path, w: str) -> list[str] | None:
        """Groups that match what breaks a constraint between values of ``v``, the wrong value in ``w``.

        None if this is no such constraint.
        """
        x = self.names.new()
        along = f"{v} {path.text} {w} ."
        if parameter == SH.uniqueLang:
            tags = f"LANG({w}) != '' && LCASE(LANG({w})) = LCASE(LANG({x})) && !sameTerm({w}, {x})"
            return [f"{along} {v} {path.text} {x} . FILTER({tags})"] if is_true(self.graph, shape, parameter) else []
        if parameter not in (SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals):
            return None
        out = []
        for other in (self.path(p).text for p in self.graph.objects(shape, parameter)):
            if parameter == SH.equals:
                out.append(f"{along} FILTER NOT EXISTS {{ {v} {other} {w} }}")
                out.append(f"{v} {other} {w} . FILTER NOT EXISTS {{ {v} {path.text} {w} }}")
            elif parameter == SH.disjoint:
                out.append(f"{along} {v} {other} {w} .")
            else:
                mark = "<" if parameter == SH.lessThan else "<="
                out.append(f"{along} {v} {other} {x} . FILTER(!{_is(f'{w} {mark} {x}')})")
        return out

    def _count(self, shape: Node, parameter: Node, start: str) -> str:
        limit = single_number(self.graph, shape, parameter)
        least = limit if parameter == SH.minCount else limit + 1
        found = self._distinct(start, least, lambda _: "true")
        return found if parameter == SH.minCount else f"!({found})"

    def _qualified_count(self, shape: Node, start: str) -> str:
        parts = []
        for parameter in (SH.qualifiedMinCount, SH.qualifiedMaxCount):
            if (shape, parameter, None) in self.graph:
                limit = single_number(self.graph, shape, parameter)
                least = limit if parameter == SH.qualifiedMinCount else limit + 1
                found = self._distinct(start, least, lambda w: self.qualified(shape, w))
                parts.append(found if parameter == SH.qualifiedMinCount else f"!({found})")
        return _all(parts)

    def _distinct(self, start: str, least: int, holds: Callable[[str], str]) -> str:
        """Whether there are at least so many values, all different."""
        if least < 1:
            return "true"
        if least > MOST_COUNTED:
            raise NotCompiled(f"counts beyond {MOST_COUNTED} in nested shapes are not compiled")
        ws = [self.names.new() for _ in range(least)]
        tests = [f"!sameTerm({a}, {b})" for a, b in combinations(ws, 2)] + [holds(w) for w in ws]
        patterns = " ".join(f"{start} {w} ." for w in ws)
        return f"EXISTS {{ {patterns} FILTER({_all(tests)}) }}"

    def _combined(self, parameter: Node, shapes: list[Node], v: str) -> str:
        if not shapes:
            raise NotCompiled("its list of shapes is empty")
        held = [self.conforms(shape, v) for shape in shapes]
        if parameter == SH["and"]:
            return _all(held)
        if parameter == SH["or"]:
            return "(" + " || ".join(f"({one})" for one in held) + ")"
        return "((" + " + ".join(f"IF({one}, 1, 0)" for one in held) + ") = 1)"

    def _is_a(self, v: str, cls: Node) -> str:
        self.reads |= {str(RDF.type), str(RDFS.subClassOf)}
        below = [one for one in self._below(cls) if one != cls]
        direct = f"EXISTS {{ {v} a {term_text(cls)} }}"
        if not below:
            return direct
        # Releases state superclasses too, so the first look nearly always answers.
        c = self.names.new()
        return f"({direct} || EXISTS {{ {v} a {c} . FILTER({c} IN ({', '.join(map(term_text, below))})) }})"

    def _datatype(self, v: str, datatype: Node) -> str:
        if datatype == RDFS.Literal:
            return f"isLiteral({v})"
        if datatype == RDFS.Datatype:
            raise NotCompiled("pySHACL reads sh:datatype rdfs:Datatype in a way of its own")
        same = f"(isLiteral({v}) && DATATYPE({v}) = {term_text(datatype)})"
        checked = f"<{WELL_TYPED}>({v})"
        if datatype in (XSD.string, RDF.langString) or not str(datatype).startswith(str(XSD)):
            return same
        if datatype in _CAST:
            return f"({same} && ({_is(f'isLiteral({term_text(datatype)}(STR({v})))')} || {checked}))"
        if datatype in _DATED:
            plain = '"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$"'
            return f"({same} && (REGEX(STR({v}), {plain}) && YEAR({v}) > 0 || {checked}))"
        return f"({same} && {checked})"

    def _among(self, v: str, members: list[Node]) -> str:
        iris = [term_text(m) for m in members if not isinstance(m, rdflib.Literal)]
        tests = [f"sameTerm({v}, {term_text(m)})" for m in members if isinstance(m, rdflib.Literal)]
        if iris:
            tests.insert(0, f"(isIRI({v}) && {v} IN ({', '.join(iris)}))")
        return "(" + (" || ".join(tests) or "false") + ")"

    def _language(self, v: str, members: Node) -> str:
        ranges = [term_text(tag) for tag in Collection(self.graph, members)]
        tests = " || ".join(f"LANGMATCHES(LANG({v}), {tag})" for tag in ranges) or "false"
        return f"(isLiteral({v}) && ({tests}))"


def is_constraint(parameter: Node) -> bool:
    """Whether a predicate of a shape is a parameter of a constraint, as far as SHACL's own terms go."""
    return str(parameter).startswith(str(SH)) and parameter not in SILENT


def is_true(graph: rdflib.Graph, shape: Node, parameter: Node) -> bool:
    """Whether the parameter of the shape is ``true``."""
    return any(isinstance(o, rdflib.Literal) and o.value is True for o in graph.objects(shape, parameter))


def single_number(graph: rdflib.Graph, shape: Node, parameter: Node) -> int:
    """The one number of a parameter. Raises :class:`NotCompiled` for several, or what is no number."""
    given = list(graph.objects(shape, parameter))
    if len(given) != 1:
        raise NotCompiled(f"{parameter.n3()} stands there more than once")
    return _number(given[0])


def closed_filter(p: str, o: str, allowed: str) -> str:
    """What keeps the triples that a closed shape refuses."""
    return f"FILTER({p} NOT IN ({allowed}) && !({p} = {RDF.type.n3()} && sameTerm({o}, {RDFS.Resource.n3()})))"


def _all(parts: list[str]) -> str:
    told = [part for part in parts if part != "true"]
    return "(" + " && ".join(told) + ")" if told else "true"


def _is(expression: str) -> str:
    return f"COALESCE({expression}, false)"


def _kind(v: str, kind: Node) -> str:
    if kind not in _KINDS:
        raise NotCompiled(f"{kind.n3()} is no node kind")
    return _KINDS[kind].format(v)


def _at_least(v: str, limit: int) -> str:
    return f"(!isBlank({v}) && STRLEN(STR({v})) >= {limit})" if limit else "true"


def _pattern(v: str, pattern: str, flags: str) -> str:
    text, options = rdflib.Literal(pattern).n3(), rdflib.Literal(flags).n3()
    own = f"<{MATCHES}>(STR({v}), {text}, {options})"
    if _OWN_PATTERN.search(pattern):
        return f"(!isBlank({v}) && {own})"
    # only at line ends do the two engines differ in what is left: $ of Python also stands before a last one
    return f"(!isBlank({v}) && IF(CONTAINS(STR({v}), '\\n'), {own}, {_is(f'REGEX(STR({v}), {text}, {options})')}))"


def _number(term: Node) -> int:
    if isinstance(term, rdflib.Literal) and isinstance(term.value, int) and not isinstance(term.value, bool):
        return term.value
    raise NotCompiled(f"{term.n3()} is no number")
