"""Every template with its example values as SPARQL examples of the SIB (https://github.com/sib-swiss/sparql-examples).

One ``sh:SPARQLExecutable`` for each template; the whole text with prefixes, values in place; a page of a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from pyoxigraph import Literal, NamedNode, Triple

from kg.findings import BilimError
from kg.sparql.tokens import tokenize
from kg.templates.model import Template
from kg.templates.params import as_texts
from kg.templates.prepare import first_page
from kg.templates.run import Engine
from kg.templates.text import directives
from kg.terms import OWL, PREFIXES, RDF, RDFS, SH, XSD

SPEX: Final = "https://purl.expasy.org/sparql-examples/ontology#"
SCHEMA: Final = "https://schema.org/"
_FORMS: Final = {
    "SELECT": (SH + "SPARQLSelectExecutable", SH + "select"),
    "ASK": (SH + "SPARQLAskExecutable", SH + "ask"),
    "CONSTRUCT": (SH + "SPARQLConstructExecutable", SH + "construct"),
    "DESCRIBE": (SPEX + "SPARQLDescribeExecutable", SPEX + "describe"),
}
_TYPE: Final = NamedNode(RDF + "type")


def examples(templates: Iterable[Template], engine: Engine, today: date, endpoint: str) -> Iterator[Triple]:
    """The graph of examples for the endpoint at this address. A template that cannot be filled in is left out."""
    graph = f"{endpoint}/.well-known/sparql-examples"
    prefixes = NamedNode(graph + "#prefixes")
    yield Triple(prefixes, _TYPE, NamedNode(OWL + "Ontology"))
    for prefix, namespace in PREFIXES.items():
        declared = NamedNode(f"{graph}#prefix-{prefix}")
        yield Triple(prefixes, NamedNode(SH + "declare"), declared)
        yield Triple(declared, NamedNode(SH + "prefix"), Literal(prefix))
        yield Triple(declared, NamedNode(SH + "namespace"), Literal(namespace, datatype=NamedNode(XSD + "anyURI")))
    for template in templates:
        text = example_text(template, engine, today)
        if text is not None:
            yield from _one(template, text, NamedNode(f"{graph}#{template.operation}"), prefixes, endpoint)


def example_text(template: Template, engine: Engine, today: date) -> str | None:
    """The query with the values of the first example that can be answered in this release; None where there is none."""
    sets = [{k: as_texts(v) for k, v in e.params.items()} for e in template.examples]
    sets.append({p.name: list(p.examples[:1]) for p in template.params if p.needed and p.examples})
    for given in sets:
        try:
            return _plain(first_page(template, engine.check(template, given, today)))
        except BilimError:  # what the example names is not in this release
            continue
    return None


def _plain(text: str) -> str:
    """The text without our directives (``# @if ?__name``), which say nothing once the values are in place."""
    out, at = [], 0
    for directive in directives(tokenize(text)):
        out.append(text[at : directive.token.start].rstrip())
        at = directive.token.end
    return "".join((*out, text[at:]))


def _one(template: Template, text: str, node: NamedNode, prefixes: NamedNode, endpoint: str) -> Iterator[Triple]:
    cls, predicate = _FORMS[template.form]
    yield Triple(node, _TYPE, NamedNode(SH + "SPARQLExecutable"))
    yield Triple(node, _TYPE, NamedNode(cls))
    yield Triple(node, NamedNode(predicate), Literal(text))
    yield Triple(node, NamedNode(SH + "prefixes"), prefixes)
    yield Triple(node, NamedNode(SCHEMA + "target"), NamedNode(endpoint))
    for lang, summary in (template.summaries or {"en": template.name}).items():
        yield Triple(node, NamedNode(RDFS + "comment"), Literal(summary, language=lang))
    for tag in template.tags:
        yield Triple(node, NamedNode(SCHEMA + "keywords"), Literal(tag))
