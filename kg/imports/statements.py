"""The statements of a thing that a steward may correct, and what one becomes by a value that was written in a form.

Only what sources state is corrected: what is computed follows from it, and the ledger is a record. Dates of a thing are
corrected at the evidence that states them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from pyoxigraph import Literal as RdfLiteral
from pyoxigraph import NamedNode, Quad

from kg import lexical
from kg.findings import BilimError, Exit, finding
from kg.kinds import KINDS
from kg.terms import GRAPH_DERIVED, GRAPH_LEDGER, GRAPH_ONTOLOGY, LANGUAGES, LIST, RDF, entity_iri, split_entity_iri

Sort = Literal["text", "typed", "thing", "concept", "class", "address"]
"""What a value is, and so by what it can be replaced: a text in a language, a literal of a datatype, a thing of ours, a
concept of a list, a class, an address elsewhere."""

_NOT_STATED: Final = frozenset({GRAPH_DERIVED, GRAPH_LEDGER, GRAPH_ONTOLOGY})
_TYPE: Final = NamedNode(RDF + "type")
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"{}|\\^`]+")


class Quads(Protocol):
    """A store."""

    def quads_for_pattern(self, s: Any, p: Any, o: Any, graph: Any = None) -> Iterable[Quad]: ...


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with the graphs that hold it. ``key``: names it in addresses."""

    quad: Quad
    graphs: tuple[str, ...]

    @property
    def line(self) -> str:
        """As N-Triples."""
        return line_of(self.quad)

    @property
    def key(self) -> str:
        return hashlib.sha256(self.line.encode()).hexdigest()[:16]

    @property
    def sort(self) -> Sort:
        return sort_of(self.quad)


def statements(store: Quads, iri: str) -> list[Statement]:
    """What sources and decisions state of a thing, by property and value."""
    found: dict[tuple[Any, Any], list[str]] = {}
    for quad in store.quads_for_pattern(NamedNode(iri), None, None, None):
        graph = getattr(quad.graph_name, "value", None)
        if graph is not None and graph not in _NOT_STATED:
            found.setdefault((quad.predicate, quad.object), []).append(graph)
    ordered = sorted(found.items(), key=lambda item: (item[0][0].value, str(item[0][1])))
    return [Statement(Quad(NamedNode(iri), p, o), tuple(sorted(graphs))) for (p, o), graphs in ordered]


def line_of(quad: Quad) -> str:
    """A statement as one line of N-Triples."""
    return f"{quad.subject} {quad.predicate} {quad.object} ."


def sort_of(quad: Quad) -> Sort:
    """What the value of a statement is."""
    value = quad.object
    if isinstance(value, RdfLiteral):
        return "text" if value.language else "typed"
    if quad.predicate == _TYPE:
        return "class"
    iri = str(getattr(value, "value", value))
    return "thing" if split_entity_iri(iri) else "concept" if iri.startswith(LIST) else "address"


def corrected(old: Quad, predicate: str, text: str, lang: str = "") -> Quad:
    """The statement with another property and value, of the sort of the old one.

    ``text``: as :data:`Sort` says; a thing as ``kind/slug``, slug or IRI; whether it is there is for the shapes to see.
    Raises :class:`BilimError` (exit 2): ``value-empty``, ``value-address``, ``value-lang`` or what kg.lexical says.
    """
    text = text.strip()
    if not text:
        raise BilimError(finding("value-empty"), exit_code=Exit.USAGE)
    return Quad(old.subject, NamedNode(predicate), _value(old, text, lang))


def _value(old: Quad, text: str, lang: str) -> RdfLiteral | NamedNode:
    sort, value = sort_of(old), old.object
    if sort == "text":
        if lang not in LANGUAGES:
            raise BilimError(finding("value-lang", value=lang[:20]), exit_code=Exit.USAGE)
        _checked(RDF + "langString", text)
        return RdfLiteral(text, language=lang)
    if isinstance(value, RdfLiteral):
        _checked(value.datatype.value, text)
        return RdfLiteral(text, datatype=value.datatype)
    if sort == "thing":
        return NamedNode(_thing(split_entity_iri(str(getattr(value, "value", ""))), text))
    if not _ADDRESS.fullmatch(text):
        raise BilimError(finding("value-address", value=text[:200]), exit_code=Exit.USAGE)
    return NamedNode(text)


def _thing(old: tuple[str, str] | None, text: str) -> str:
    if split_entity_iri(text):
        return text
    kind, _, slug = text.rpartition("/")
    kind = kind or (old[0] if old else "")
    iri = entity_iri(kind, slug)
    if kind not in KINDS or split_entity_iri(iri) is None:
        raise BilimError(finding("decision-no-thing", thing=text[:200]), exit_code=Exit.USAGE)
    return iri


def _checked(datatype: str, text: str) -> None:
    wrong = lexical.check(datatype, text) if datatype in lexical.TYPES else None
    if wrong is not None and wrong.severity == "Violation":
        raise BilimError(wrong, exit_code=Exit.USAGE)
