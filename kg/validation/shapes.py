"""The shapes, definitions and lists of ontology/, read once and handed down as one object."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import rdflib
from rdflib import OWL, RDF, SH
from rdflib.collection import Collection
from rdflib.term import Node

from kg.findings import BilimError, Exit, Severity, finding
from kg.resources import Resources
from kg.terms import BKG, LANGUAGES, SHAPES, shorten
from kg.validation.convert import Converter, Triple

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZА-ЯЁӘІҢҒҮҰҚӨҺ])")
_SEVERITIES: Mapping[Node, Severity] = {SH.Violation: "Violation", SH.Warning: "Warning", SH.Info: "Info"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One shape that can be broken: a property shape, or a node shape with constraints of its own."""

    node: Node
    name: str  # local name, such as Tenure-overlap
    severity: Severity
    what: Mapping[str, str]  # language -> what is wrong, with {?fields}
    advice: Mapping[str, str]  # language -> what to do


@dataclass(frozen=True, slots=True)
class ShapeSet:
    """What validation needs of ontology/. The graphs are not to be changed."""

    graph: rdflib.Graph
    definitions: tuple[Triple, ...]  # ontology/def and ontology/lists
    declared: frozenset[str]  # IRIs of all terms of ours that are declared
    rules: Mapping[Node, Rule]

    def rule(self, node: Node) -> Rule | None:
        """The rule of a shape by its node."""
        return self.rules.get(node)


def load_shapes(resources: Resources) -> ShapeSet:
    """Reads ontology/shapes, ontology/def and ontology/lists.

    Raises :class:`BilimError` (exit 5: nothing could be checked) where a file cannot be read or there is no shape.
    """
    converter = Converter()
    graph = rdflib.Graph(bind_namespaces="none")
    for triple in _read(resources.ontology / "shapes", converter):
        graph.add(triple)
    if not any((None, RDF.type, kind) in graph for kind in (SH.NodeShape, SH.PropertyShape)):
        raise BilimError(
            finding("shapes-missing", folder=resources.ontology / "shapes"), exit_code=Exit.NOTHING_CHECKED
        )
    definitions = [triple for folder in ("def", "lists") for triple in _read(resources.ontology / folder, converter)]
    declared = frozenset(str(s) for s, p, _ in definitions if p == RDF.type and str(s).startswith(BKG))
    rules = {rule.node: rule for rule in _rules(graph)}
    return ShapeSet(graph, tuple(definitions), declared, rules)


def given_shapes(resources: Resources | None, shapes: ShapeSet | None) -> ShapeSet:
    """The shapes given, or else those of ``resources``. Raises ValueError where neither is there, and as above."""
    if shapes is not None:
        return shapes
    if resources is None:
        raise ValueError("resources or shapes are needed")
    return load_shapes(resources)


def path_text(graph: rdflib.Graph, path: Node) -> str:
    """A property path as SPARQL writes it, with our prefixes: ``org:member``, ``^bkg:supports``, ``a|b``."""
    if isinstance(path, rdflib.URIRef):
        return shorten(str(path))
    if (inverse := graph.value(path, SH.inversePath)) is not None:
        return "^" + path_text(graph, inverse)
    if (options := graph.value(path, SH.alternativePath)) is not None:
        return "|".join(path_text(graph, option) for option in Collection(graph, options))
    for property_, mark in ((SH.zeroOrMorePath, "*"), (SH.oneOrMorePath, "+"), (SH.zeroOrOnePath, "?")):
        if (inner := graph.value(path, property_)) is not None:
            return path_text(graph, inner) + mark
    return "/".join(path_text(graph, step) for step in Collection(graph, path))


def severity_of(node: Node | None) -> Severity:
    """Our word for a SHACL severity; one that we do not know counts as a violation."""
    return _SEVERITIES.get(node, "Violation") if node is not None else "Violation"


def split_message(text: str) -> tuple[str, str]:
    """What is wrong, and what to do: the first sentence of a message, and the rest."""
    what, *advice = _SENTENCE.split(text, maxsplit=1)
    return what, advice[0] if advice else ""


def _rules(graph: rdflib.Graph) -> Iterable[Rule]:
    for node in {*graph.subjects(RDF.type, SH.PropertyShape), *graph.subjects(RDF.type, SH.NodeShape)}:
        messages = [m for m in graph.objects(node, SH.message) if isinstance(m, rdflib.Literal)]
        texts = {m.language: split_message(str(m)) for m in messages if m.language}
        yield Rule(
            node,
            str(node).removeprefix(SHAPES),
            severity_of(graph.value(node, SH.severity)),
            {lang: texts[lang][0] for lang in LANGUAGES if lang in texts},
            {lang: texts[lang][1] for lang in LANGUAGES if lang in texts},
        )


def _read(folder: Path, converter: Converter) -> Iterable[Triple]:
    for file in sorted(folder.glob("*.ttl")):
        try:
            yield from converter.triples(ox.parse(path=str(file), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True))
        except (SyntaxError, ValueError, OSError) as error:
            raise BilimError(
                finding("shapes-unreadable", file=file.name, reason=str(error)), exit_code=Exit.NOTHING_CHECKED
            ) from error


def covered_classes(shapes: ShapeSet) -> frozenset[str]:
    """Classes that some shape targets, with all their subclasses."""
    children: dict[Node, list[Node]] = {}
    for s, p, o in shapes.definitions:
        if p == rdflib.RDFS.subClassOf:
            children.setdefault(o, []).append(s)
    seen: set[Node] = set()
    todo = list(shapes.graph.objects(None, SH.targetClass))
    while todo:
        cls = todo.pop()
        if cls not in seen:
            seen.add(cls)
            todo += children.get(cls, [])
    return frozenset(str(cls) for cls in seen if cls != OWL.Thing)
