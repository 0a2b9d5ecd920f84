"""Evidence as it stands in a graph: what a document says of itself, and each piece of evidence with its place."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from pyoxigraph import Literal, NamedNode, Quad

from kg.findings import Where
from kg.terms import BKG, DCT, RDF, shorten

_TYPE: Final = RDF + "type"


class Placed(Protocol):
    """A quad that knows its place (kg.reading.Located is one)."""

    @property
    def quad(self) -> Quad: ...
    @property
    def where(self) -> Where: ...


@dataclass(slots=True)
class Passage:
    """One piece of evidence. ``start`` and ``end`` are offsets, None where none (or no whole number) is given.

    ``at`` tells the place in the file of each property, by its IRI; under ``""`` the first line of the evidence.
    """

    iri: str
    document: str | None = None
    supports: tuple[str, ...] = ()
    on: tuple[str, ...] = ()
    quote: str | None = None
    start: int | None = None
    end: int | None = None
    date: str | None = None
    mode: str | None = None
    at: dict[str, Where] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return shorten(self.iri)

    def where(self, term: str = "") -> Where:
        """Where the property (local name of ``bkg:``) stands in the file, else where the evidence begins."""
        return self.at.get(BKG + term) or self.at[""]


@dataclass(slots=True)
class Described:
    """A document as the graph describes it. ``sha256`` is None where no hash is given."""

    iri: str
    title: str = ""
    sha256: str | None = None
    language: str | None = None
    at: Where | None = None

    @property
    def slug(self) -> str:
        return self.iri.rsplit("/", 1)[-1]


def read_passages(quads: Iterable[Placed]) -> tuple[dict[str, Described], list[Passage]]:
    """The documents (by IRI) and the evidence of a graph, in the order of the file."""
    by_subject: dict[str, list[Placed]] = defaultdict(list)
    for item in quads:
        if isinstance(item.quad.subject, NamedNode):
            by_subject[item.quad.subject.value].append(item)
    documents: dict[str, Described] = {}
    passages = []
    for iri, items in by_subject.items():
        types = {_value(i) for i in items if i.quad.predicate.value == _TYPE}
        if BKG + "Document" in types:
            documents[iri] = _document(iri, items)
        if BKG + "Evidence" in types:
            passages.append(_passage(iri, items))
    return documents, passages


def evidence_slug(document: str, subject: str, start: int, end: int, on: str, edtf: str, quote: str) -> str:
    """The slug of a new piece of evidence: ``{document}-{12 hex}`` of the SHA-256 of what makes it this one.

    ``document``: slug; ``subject``: IRI of the thing supported; ``on``: prefixed name of the property, or empty.
    """
    key = json.dumps([subject, document, f"{start}-{end}", on, edtf, quote], ensure_ascii=False)
    return f"{document}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"


def _value(item: Placed) -> str:
    value = item.quad.object
    return value.value if isinstance(value, NamedNode | Literal) else str(value)


def _document(iri: str, items: list[Placed]) -> Described:
    made = Described(iri)
    for item in items:
        match item.quad.predicate.value:
            case p if p == DCT + "title":
                made.title = made.title or _value(item)
            case p if p == DCT + "language":
                made.language = _value(item)
            case p if p == BKG + "sha256":
                made.sha256, made.at = _value(item), item.where
    made.at = made.at or items[0].where
    return made


def _passage(iri: str, items: list[Placed]) -> Passage:
    told: dict[str, list[str]] = defaultdict(list)
    first = min(items, key=lambda i: i.where.line or i.where.row or 0)
    made = Passage(iri, at={"": first.where})
    for item in items:
        term = item.quad.predicate.value
        told[term].append(_value(item))
        made.at.setdefault(term, item.where)

    def one(name: str) -> str | None:
        return next(iter(told[BKG + name]), None)

    made.document, made.quote, made.mode = one("inDocument"), one("quote"), one("assertionMode")
    made.supports, made.on = tuple(told[BKG + "supports"]), tuple(told[BKG + "onProperty"])
    made.date = one("statesEdtf") or one("attestsEdtf")
    made.start, made.end = _number(one("charStart")), _number(one("charEnd"))
    return made


def _number(text: str | None) -> int | None:
    try:
        return int(text) if text is not None else None
    except ValueError:  # the reader of the file has told it
        return None
