"""The shapes as rows for a reader: whom they are for, and each rule with its path, its demands and its message.

Demands are told in words by texts ``rule.*`` of the interface; the constraints themselves stand beside, for programs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import rdflib
from rdflib import RDF, RDFS, SH
from rdflib.collection import Collection
from rdflib.term import Node

from kg.findings import Severity
from kg.terms import LANGUAGES, LIST, SHAPES, SKOS
from kg.validation.shapes import ShapeSet, path_text, severity_of

Say = Callable[..., str]
"""A text of the interface: ``say(key, **fields)``."""

_LIST_PATTERN: Final = re.compile(r"\^" + re.escape(re.escape(LIST)) + r"([a-z-]+)/")  # the pattern holds a pattern
_FIELD: Final = re.compile(r"\{[?$]\w+\}")
_NO_CONSTRAINT: Final = {
    RDF.type, RDFS.isDefinedBy, RDFS.label, RDFS.comment, SH.message, SH.path, SH.severity, SH.property,
    SH.targetClass, SH.targetSubjectsOf, SH.targetObjectsOf, SH.name, SH.description, SH.ignoredProperties,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a shape. ``path`` is empty where the rule is about the thing as a whole."""

    iri: str
    path: str
    properties: frozenset[str]
    constraints: Mapping[str, Any]  # local name of the SHACL property -> its value, or a list of values
    scheme: str | None  # the list from which a value must be
    severity: Severity
    messages: Mapping[str, str]

    @property
    def anchor(self) -> str:
        return self.iri.removeprefix(SHAPES)


@dataclass(frozen=True, slots=True)
class Shape:
    """A node shape: ``classes`` whose things it is for, ``subjects_of`` properties that make a thing one of them."""

    iri: str
    labels: Mapping[str, str]
    comments: Mapping[str, str]
    classes: tuple[str, ...]
    subjects_of: tuple[str, ...]
    rules: tuple[Rule, ...]

    @property
    def anchor(self) -> str:
        return self.iri.removeprefix(SHAPES)


def read_shapes(shapes: ShapeSet) -> list[Shape]:
    """The node shapes with their rules, by name."""
    graph = shapes.graph
    found = []
    for node in sorted(graph.subjects(RDF.type, SH.NodeShape), key=str):
        own = _rule(graph, node)
        rules = sorted((_rule(graph, part) for part in graph.objects(node, SH.property)), key=lambda r: r.iri)
        found.append(
            Shape(
                iri=str(node),
                labels=_texts(graph, node, RDFS.label),
                comments=_texts(graph, node, RDFS.comment),
                classes=_iris(graph, node, SH.targetClass),
                subjects_of=_iris(graph, node, SH.targetSubjectsOf),
                rules=(*((own,) if own.constraints else ()), *rules),
            )
        )
    return found


def in_words(rule: Rule, say: Say, name: Callable[[str], str]) -> list[str]:
    """The demands of a rule, each a short phrase. ``name``: IRI of a class or property to what a reader calls it."""
    c = dict(rule.constraints)
    out: list[str] = []
    least, most = c.pop("minCount", None), c.pop("maxCount", None)
    if most == 0:
        out.append(say("rule.none"))
    elif least is not None and least == most:
        out.append(say("rule.exactly", n=least))
    else:
        out += [say("rule.at-least", n=least)] if least is not None else []
        out += [say("rule.at-most", n=most)] if most is not None else []
    if rule.scheme:
        c.pop("pattern", None)
        c.pop("class", None)
        out.append(say("rule.list", scheme=rule.scheme))
    for key, text in _PHRASES.items():
        if key in c:
            values = c.pop(key)
            shown = values if isinstance(values, list) else [values]
            named = [name(v) if isinstance(v, str) and "://" in v and key != "pattern" else str(v) for v in shown]
            out.append(say(text, value=", ".join(named)))
    for key in c:  # so that a rule of a kind that is new here is not passed over in silence
        out.append(say("rule.other", value=f"sh:{key}"))
    return out


def readable(message: str) -> str:
    """A message with its fields, which only a finding fills, as dots."""
    return _FIELD.sub("…", message)


_PHRASES: Final[Mapping[str, str]] = {
    "class": "rule.class",
    "datatype": "rule.datatype",
    "nodeKind": "rule.kind",
    "pattern": "rule.pattern",
    "minInclusive": "rule.from",
    "maxInclusive": "rule.to",
    "maxLength": "rule.length",
    "lessThan": "rule.before",
    "lessThanOrEquals": "rule.not-after",
    "uniqueLang": "rule.language",
    "closed": "rule.closed",
    "sparql": "rule.query",
}


def _rule(graph: rdflib.Graph, node: Node) -> Rule:
    path = graph.value(node, SH.path)
    constraints = _constraints(graph, node)
    scheme = None
    if constraints.get("class") == SKOS + "Concept":
        match = _LIST_PATTERN.match(str(constraints.get("pattern", "")))
        scheme = match[1] if match else None
    return Rule(
        iri=str(node),
        path=path_text(graph, path) if path is not None else "",
        properties=frozenset(_properties(graph, path)) if path is not None else frozenset(),
        constraints=constraints,
        scheme=scheme,
        severity=severity_of(graph.value(node, SH.severity)),
        messages=_texts(graph, node, SH.message),
    )


def _constraints(graph: rdflib.Graph, node: Node) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for predicate, value in sorted(graph.predicate_objects(node)):
        if predicate in _NO_CONSTRAINT or not str(predicate).startswith(str(SH)):
            continue
        key = str(predicate).removeprefix(str(SH))
        if predicate == SH["or"]:
            for option in Collection(graph, value):
                for inner, demanded in graph.predicate_objects(option):
                    out.setdefault(str(inner).removeprefix(str(SH)), []).append(_plain(demanded))
        elif predicate == SH.closed:
            allowed = {_plain(p) for head in graph.objects(node, SH.ignoredProperties) for p in Collection(graph, head)}
            out[key] = sorted(allowed)
        elif predicate == SH.sparql:
            out[key] = " ".join(str(graph.value(value, SH.select) or "").split())
        else:
            out[key] = _plain(value)
    return out


def _plain(node: Node) -> Any:
    value = node.toPython() if isinstance(node, rdflib.Literal) else str(node)
    return value if isinstance(value, bool | int | str) else str(value)


def _properties(graph: rdflib.Graph, path: Node) -> Iterator[str]:
    """The properties of a path, however they are joined."""
    if isinstance(path, rdflib.URIRef):
        if path != RDF.nil:
            yield str(path)
        return
    for predicate, value in graph.predicate_objects(path):
        if predicate != RDF.type:
            yield from _properties(graph, value)


def _texts(graph: rdflib.Graph, node: Node, predicate: rdflib.URIRef) -> dict[str, str]:
    found = {o.language: str(o) for o in graph.objects(node, predicate) if isinstance(o, rdflib.Literal)}
    return {lang: found[lang] for lang in LANGUAGES if lang in found}


def _iris(graph: rdflib.Graph, node: Node, predicate: rdflib.URIRef) -> tuple[str, ...]:
    return tuple(sorted(str(o) for o in graph.objects(node, predicate)))
