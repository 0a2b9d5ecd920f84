"""Checks on quads before any store sees them: literals (stores rewrite them) and terms of our own namespaces."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from typing import Final

from pyoxigraph import Literal, NamedNode

from kg import lexical
from kg.findings import Finding, Where, finding
from kg.reading.located import Located, LocatedQuads, Reading, distinct
from kg.terms import BKG, LIST, SHAPES, shorten

DATATYPES: Final = frozenset(lexical.TYPES)
"""The datatypes that data may use; codes are strings."""

OWN_NAMESPACES: Final = (BKG, LIST, SHAPES)


def datatype_finding(datatype: str) -> Finding:
    """The finding for a datatype outside :data:`DATATYPES`."""
    return finding(
        "read-datatype", datatype=shorten(datatype), allowed_types=", ".join(sorted(map(shorten, DATATYPES)))
    )


def literal_findings(quads: Iterable[Located]) -> Iterator[Finding]:
    """Findings for literals that are ill-formed or of a datatype that is not used here."""
    for item in quads:
        value = item.quad.object
        if not isinstance(value, Literal):
            continue
        datatype = value.datatype.value
        if datatype not in DATATYPES:
            yield _placed(datatype_finding(datatype), item)
        elif (bad := lexical.check(datatype, value.value)) is not None:
            yield _placed(bad, item)


def _placed(bad: Finding, item: Located) -> Finding:
    quad = item.quad
    assert isinstance(quad.object, Literal)
    return replace(
        bad,
        where=item.where,
        cell=item.cell,
        value=quad.object.value,
        path=shorten(quad.predicate.value),
        entity=quad.subject.value if isinstance(quad.subject, NamedNode) else None,
    )


class Vocabulary:
    """The declared terms of our own namespaces; remembers the suggestion for each unknown one."""

    def __init__(self, terms: Collection[str]) -> None:
        self._terms = frozenset(terms)
        self._by_namespace: dict[str, dict[str, str]] = {}
        self._suggestions: dict[str, str | None] = {}

    def unknown(self, iri: str) -> bool:
        """Whether the IRI lies in a namespace of ours and is not declared."""
        return iri.startswith(OWN_NAMESPACES) and iri not in self._terms

    def nearest(self, iri: str) -> str | None:
        """The declared term of the same namespace and list that is written most alike, if any is."""
        if iri not in self._suggestions:
            namespace = _namespace(iri)
            known = self._words(namespace)
            close = difflib.get_close_matches(iri[len(namespace) :], sorted(known), n=1)
            self._suggestions[iri] = known[close[0]] if close else None
        return self._suggestions[iri]

    def _words(self, namespace: str) -> dict[str, str]:
        """Local name -> IRI of the declared terms of one namespace or list."""
        known = self._by_namespace.get(namespace)
        if known is None:
            known = {term[len(namespace) :]: term for term in self._terms if _namespace(term) == namespace}
            self._by_namespace[namespace] = known
        return known

    def finding(self, iri: str, where: Where, cell: str | None = None) -> Finding:
        """What to say of an unknown term: of a list, its words are shown."""
        near = self.nearest(iri)
        namespace = _namespace(iri)
        words = self._words(namespace) if namespace.startswith(LIST) and namespace != LIST else None
        if words:
            word, close = iri[len(namespace) :], (near or "")[len(namespace) :]
            code = "read-unknown-concept-near" if near else "read-unknown-concept"
            scheme = namespace.removeprefix(LIST).rstrip("/")
            shown = ", ".join(sorted(words))
            return finding(code, where=where, cell=cell or word, value=iri, scheme=scheme, near=close, words=shown)
        code = "read-unknown-term-near" if near else "read-unknown-term"
        return finding(code, where=where, cell=cell, value=iri, term=shorten(iri), near=shorten(near or ""))


def _namespace(iri: str) -> str:
    return iri[: max(iri.rfind("#"), iri.rfind("/")) + 1]


def term_findings(quads: Iterable[Located], vocabulary: Vocabulary) -> Iterator[Finding]:
    """Findings for predicates, objects and datatypes of our own namespaces that are not declared.

    A predicate or datatype is reported at its first place only: in a table it stands once, in the metadata.
    """
    told: set[str] = set()
    if isinstance(quads, Reading) and not any(_unknown(items, vocabulary) for items in quads.graphs.values()):
        return
    for item in quads:
        quad = item.quad
        once = [quad.predicate.value]
        if isinstance(quad.object, Literal):
            once.append(quad.object.datatype.value)
        for iri in once:
            if iri not in told and vocabulary.unknown(iri):
                told.add(iri)
                yield vocabulary.finding(iri, item.where)
        if isinstance(quad.object, NamedNode) and vocabulary.unknown(quad.object.value):
            yield vocabulary.finding(quad.object.value, item.where, item.cell)


def _unknown(items: LocatedQuads, vocabulary: Vocabulary) -> bool:
    """Whether any term is not declared: asked of each term once, before each quad is looked at."""
    terms = {term for position in ("predicate", "object") for term in distinct(items, position)}
    names = {
        t.datatype.value if isinstance(t, Literal) else t.value for t in terms if isinstance(t, NamedNode | Literal)
    }
    return any(vocabulary.unknown(name) for name in names)
