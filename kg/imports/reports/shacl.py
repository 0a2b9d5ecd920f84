"""The report as ``sh:ValidationReport`` (SHACL, section 3.6), readable by any SHACL tool.

What the reading of the file found has no focus node (3.6.2.1 asks for one): it stands on the file itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, serialize

from kg.findings import Finding
from kg.imports.reports.data import ReportData
from kg.terms import DCT, RDF, SHAPES, XSD, expand

SH: Final = "http://www.w3.org/ns/shacl#"
_PREFIXES: Final = {"sh": SH, "dct": DCT, "xsd": XSD, "shapes": SHAPES}


def as_turtle(data: ReportData) -> str:
    """The report in Turtle; blank nodes are numbered, so that two runs agree."""
    text = serialize(_triples(data), format=RdfFormat.TURTLE, prefixes=_PREFIXES)
    assert text is not None  # without an output file it is returned
    return text.decode()


def _triples(data: ReportData) -> Iterator[Triple]:
    report = BlankNode("report")
    conforms = Literal("true" if data.conforms else "false", datatype=NamedNode(f"{XSD}boolean"))
    yield Triple(report, NamedNode(f"{RDF}type"), NamedNode(f"{SH}ValidationReport"))
    yield Triple(report, NamedNode(f"{SH}conforms"), conforms)
    for number, f in enumerate(data.listed, start=1):
        node = BlankNode(f"r{number}")
        yield Triple(report, NamedNode(f"{SH}result"), node)
        yield from _result(node, f, data)


def _result(node: BlankNode, f: Finding, data: ReportData) -> Iterator[Triple]:
    def say(name: str, value: NamedNode | Literal) -> Triple:
        return Triple(node, NamedNode(f"{SH}{name}"), value)

    yield Triple(node, NamedNode(f"{RDF}type"), NamedNode(f"{SH}ValidationResult"))
    yield say("resultSeverity", NamedNode(f"{SH}{f.severity}"))
    yield say("focusNode", NamedNode(f.entity) if f.entity and "://" in f.entity else Literal(f.entity or data.file))
    component = expand(f.component) if f.component else ""
    if "://" in component:
        yield say("sourceConstraintComponent", NamedNode(component))
    else:  # every result has one (3.6.2.6); the reading's rules are components of our own
        yield say("sourceConstraintComponent", NamedNode(f"{SHAPES}{f.code}"))
    if f.shape:
        yield say("sourceShape", NamedNode(f.shape if "://" in f.shape else f"{SHAPES}{f.shape}"))
    path = expand(f.path) if f.path else ""
    if "://" in path and not set(path) & set(" ^|()<>"):
        yield say("resultPath", NamedNode(path))
    if f.value is not None:
        yield say(
            "value", NamedNode(f.value) if f.value.startswith("http") and " " not in f.value else Literal(f.value)
        )
    for lang, text in f.what.items():
        yield say("resultMessage", Literal(text, language=lang))
    if f.where is not None:
        yield Triple(node, NamedNode(f"{DCT}source"), Literal(str(f.where)))
