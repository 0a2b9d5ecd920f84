"""Enumerations asked from the graph (grlc's bare ``enumerate``; ours: ``enum: graph``): given may be what is there.

At load the triples round the parameter become a query; each release is asked once, when the values are first needed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pyoxigraph import Literal, NamedNode

from kg.templates.model import Suffix
from kg.terms import RDF, XSD, shorten

MOST: Final = 1000
"""Beyond so many values a list is no enumeration: any value of the type is taken."""


def question(text: str, variable: str) -> str | None:
    """The query for the values that ``variable`` (without ``?``) can have in this query; None where no triple has it.

    Taken are the triples of the first basic graph pattern with the parameter, and the types of their subjects.
    """
    # here, because it takes a fifth of a second and few templates ask
    from rdflib import Variable
    from rdflib.plugins.sparql.algebra import translateQuery
    from rdflib.plugins.sparql.parser import parseQuery

    wanted = Variable(variable)
    try:
        algebra = translateQuery(parseQuery(text)).algebra
    except Exception:  # rdflib reads less than Oxigraph, which has checked the text; then there is nothing to ask
        return None
    for triples in _patterns(algebra):
        found = [t for t in triples if wanted in t]
        if found:
            subjects = {t[0] for t in found if isinstance(t[0], Variable)}
            found += [t for t in triples if str(t[1]) == RDF + "type" and t[0] in subjects and t not in found]
            pattern = " . ".join(" ".join(part.n3() for part in triple) for triple in found)
            return f"SELECT DISTINCT {wanted.n3()} WHERE {{ {pattern} }} LIMIT {MOST + 1}"
    return None


def _patterns(node: Any) -> Iterator[list[Any]]:
    """The basic graph patterns of an algebra, outermost first, in order."""
    if isinstance(node, dict):  # rdflib's CompValue
        if getattr(node, "name", "") == "BGP":
            yield node["triples"]
        for value in node.values():
            yield from _patterns(value)
    elif isinstance(node, list):
        for value in node:
            yield from _patterns(value)


def values(terms: Iterable[object], suffix: Suffix) -> dict[str, str]:
    """What may be given -> what is bound, sorted: IRIs by their last part where that names one, literals as they are.

    Terms that the parameter's suffix cannot stand for are left out.
    """
    if suffix.kind == "iri":
        iris = sorted(t.value for t in terms if isinstance(t, NamedNode))
        last = {iri: iri.rstrip("/").rpartition("/")[2].rpartition("#")[2] for iri in iris}
        count = Counter(last.values())
        return {last[i] if last[i] and count[last[i]] == 1 else shorten(i): i for i in iris}
    texts = {t.value for t in terms if isinstance(t, Literal) and _fits(t, suffix)}
    return {text: text for text in sorted(texts)}


def _fits(term: Literal, suffix: Suffix) -> bool:
    match suffix.kind:
        case "language":
            return term.language == suffix.lang
        case "integer":
            return term.datatype.value == XSD + "integer"
        case "number":
            return term.datatype.value == XSD + "decimal"
        case "typed":
            return term.datatype.value == suffix.datatype
        case _:
            return term.datatype.value == XSD + "string"
