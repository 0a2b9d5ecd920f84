"""The lint of shapes: what would make a rule blind, slow or mute, found before it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import rdflib
import yaml
from pyparsing import ParseException
from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from rdflib import RDF, RDFS, SH
from rdflib.plugins.sparql.algebra import translateQuery
from rdflib.plugins.sparql.parser import parseQuery
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node, Variable

from kg.findings import Finding, finding
from kg.lexical import TYPES
from kg.terms import LANGUAGES, PREFIXES, SHAPES, shorten
from kg.validation.compile import Compiler
from kg.validation.compile_select import EXISTS, THIS, declared_prefixes, walk
from kg.validation.compile_values import SILENT
from kg.validation.shapes import ShapeSet

_FIELD: Final = re.compile(r"\{[?$](\w+)\}")
_FORBIDDEN: Final = ("values", "minus", "service")  # pySHACL fails the whole run on them
_ALWAYS: Final = frozenset({"this", "value", "path"})
_SEVERITIES: Final = frozenset({SH.Violation, SH.Warning, SH.Info})
_DATATYPES: Final = frozenset({*TYPES, str(RDFS.Literal)})
# a term of SHACL on a shape that is neither of these does nothing, misspelt or not
_CHECKED: Final = frozenset({*CONSTRAINT_PARAMETERS_MAP, *SILENT})


def lint_shapes(shapes: ShapeSet) -> list[Finding]:
    """Everything wrong with the rules: names, severities, messages, datatypes, and each SHACL-SPARQL query."""
    graph = shapes.graph
    found: list[Finding] = []
    for node, rule in sorted(shapes.rules.items(), key=lambda item: str(item[0])):
        speaks = (node, RDF.type, SH.PropertyShape) in graph or (node, SH.closed, None) in graph
        if not str(node).startswith(SHAPES):
            found.append(finding("shape-unnamed", shape=str(node)))
        if graph.value(node, SH.severity) not in _SEVERITIES:
            found.append(finding("shape-severity", shape=rule.name))
        if speaks:
            for lang in LANGUAGES:
                if not rule.what.get(lang) or not rule.advice.get(lang):
                    found.append(finding("shape-message", shape=rule.name, value=lang))
        found += [
            finding("shape-ignored", shape=rule.name, value=shorten(str(term)))
            for term in sorted(set(graph.predicates(node)), key=str)
            if str(term).startswith(str(SH)) and term not in _CHECKED
        ]
        known = set(_ALWAYS)
        for constraint in graph.objects(node, SH.sparql):
            select = str(graph.value(constraint, SH.select))
            prefixes = declared_prefixes(graph, constraint)
            found += lint_select(select, rule.name, prefixes)
            known |= {str(v) for v in _projected(select, prefixes)}
        for text in (*rule.what.values(), *rule.advice.values()):
            found += [
                finding("shape-field", shape=rule.name, value=name)
                for name in _FIELD.findall(text)
                if name not in known
            ]
    found += [
        finding("shape-datatype", shape=_owner(graph, node), value=shorten(str(datatype)))
        for node, datatype in sorted(graph.subject_objects(SH.datatype), key=str)
        if str(datatype) not in _DATATYPES
    ]
    found += [
        finding("shape-left", shape=_owner(graph, left.source), value=left.name, reason=left.reason)
        for left in Compiler(graph).compile(lambda cls: [cls]).left
    ]
    return found


def lint_examples(shapes: ShapeSet, examples: Path) -> list[Finding]:
    """Node shapes without a good example (``good/{Shape}.ttl``), or that no bad example says it breaks."""
    broken = {str(row[0]).rpartition(":")[2] for file in examples.glob("bad/*.ttl") for row in expected_rows(file)}
    good = {file.stem for file in examples.glob("good/*.ttl")}
    names = sorted(str(s).removeprefix(SHAPES) for s in shapes.graph.subjects(RDF.type, SH.NodeShape))
    wanted = (("good", good), ("bad", broken))
    return [
        finding("shape-example", shape=name, value=kind) for name in names for kind, have in wanted if name not in have
    ]


def expected_rows(file: Path) -> list[tuple[str, ...]]:
    """The rows that an example must raise, from its header ``# expect:``.

    Shape, rule, focus, path (None without), severity and component. Raises ValueError where there is no header.
    """
    header = [line[2:] for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    start = next((i for i, line in enumerate(header) if line.startswith("expect:")), None)
    if start is None:
        raise ValueError(f"{file.name} has no header '# expect:'")
    return [tuple(row) for row in yaml.safe_load("\n".join(header[start:]))["expect"]]


def lint_select(select: str, shape: str, prefixes: Mapping[str, str] = PREFIXES) -> list[Finding]:
    """What is wrong with one query of a ``sh:sparql`` constraint.

    Each branch of a UNION, each OPTIONAL and each EXISTS must itself hang together with ``$this`` (EXISTS: with what
    is round it): otherwise it is a cross product (measured: 118 s against 7 s at 100k triples).
    """
    found = []
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|<[^>]*>|#[^\n]*', " ", select).lower()
    found += [
        finding("shape-forbidden", shape=shape, value=word.upper())
        for word in _FORBIDDEN
        if re.search(rf"(?<![\w?$:-]){word}\b", bare)
    ]
    try:
        algebra = _algebra(select, prefixes)
    except ParseException as error:
        return [*found, finding("shape-query", shape=shape, reason=str(error))]
    except Exception as error:  # rdflib raises it bare for an unknown prefix
        if not str(error).startswith("Unknown namespace prefix"):
            raise
        return [*found, finding("shape-prefix", shape=shape, value=str(error).rpartition(": ")[2])]
    if THIS not in algebra.PV:
        found.append(finding("shape-this", shape=shape))
    kinds = dict.fromkeys(_loose(algebra.p, {THIS}, "WHERE"))
    return [*found, *(finding("shape-branch", shape=shape, value=kind) for kind in kinds)]


def _algebra(select: str, prefixes: Mapping[str, str]) -> CompValue:
    text = select.replace("$PATH", f"<{RDF.type}>")
    return translateQuery(parseQuery(text), initNs=dict(prefixes)).algebra


def _projected(select: str, prefixes: Mapping[str, str]) -> list[Variable]:
    try:
        return list(_algebra(select, prefixes).PV)
    except Exception:  # told by lint_select
        return []


def _owner(graph: rdflib.Graph, node: Node) -> str:
    """The name of the shape that a nested one is in."""
    seen: set[Node] = set()
    while not isinstance(node, rdflib.URIRef) and node not in seen:
        seen.add(node)
        node = next((s for s, p in graph.subject_predicates(node)), node)
    return str(node).removeprefix(SHAPES)


def _loose(part: Any, known: set[Node], kind: str) -> Iterator[str]:
    """The kinds of groups whose patterns do not all hang together with variables that are known before."""
    here = list(_outside_exists(part))
    links = [{t for t in triple if _is_open(t)} for bgp in here if bgp.name == "BGP" for triple in bgp.triples]
    links += [{node.var, *_variables(node.expr)} for node in here if node.name == "Extend" and _variables(node.expr)]
    reached, rest = set(known), links
    while near := [variables for variables in rest if variables & reached]:
        rest = [variables for variables in rest if not variables & reached]
        reached.update(*near)
    if any(rest) or (kind != "WHERE" and not any(variables & known for variables in links)):
        yield kind
    for node in here:
        if node.name == "Union":
            for side in (node.p1, node.p2):
                if side.name != "Union":
                    yield from _loose(side, known, "UNION")
        elif node.name == "LeftJoin":
            yield from _loose(node.p2, known, "OPTIONAL")
        elif node.name in EXISTS:
            yield from _loose(node.graph, reached.union(*links), "EXISTS")


def _outside_exists(part: Any) -> Iterator[CompValue]:
    if isinstance(part, CompValue):
        yield part
        if part.name in EXISTS:
            return
        part = [value for key, value in part.items() if key != "_vars"]
    if isinstance(part, list | tuple):
        for value in part:
            yield from _outside_exists(value)


def _variables(expression: Any) -> set[Node]:
    if isinstance(expression, Variable):
        return {expression}
    found = {v for node in walk(expression) for v in node.values() if isinstance(v, Variable)}
    lists = (v for node in walk(expression) for v in node.values() if isinstance(v, list | tuple))
    return found | {v for many in lists for v in many if isinstance(v, Variable)}


def _is_open(term: Any) -> bool:
    return isinstance(term, Variable | rdflib.BNode)
