"""What things rest on: one document only, secondary documents only, no name in a language. Part of graph/derived.

Counted here once a release, because a query that counts them reads all evidence there is (docs/decisions/0010). Each
statement follows from what points at its thing by ``bkg:supports`` (or from its names), so a changed thing changes its
own statements only. Deprecated evidence counts for nothing; a document without a tier is not secondary.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad

from kg.terms import BKG, GRAPH_DERIVED, LANGUAGES, XSD, concept_iri, split_entity_iri

_DERIVED: Final = NamedNode(GRAPH_DERIVED)
_BOOLEAN: Final = NamedNode(XSD + "boolean")
SECONDARY: Final = concept_iri("tier", "secondary")
DEPRECATED: Final = concept_iri("rank", "deprecated")

NAMED: Final = ("person", "post", "organization", "region", "country", "program", "agreement", "event", "change")
"""Kinds whose things ought to have a name in each language; documents have their titles in their own."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence that counts: its documents, and the properties it is on; none: it is on the whole thing."""

    documents: frozenset[str]
    secondary: frozenset[str]  # those of its documents that are secondary
    properties: frozenset[str]


def rests(thing: str, pieces: Iterable[Piece]) -> Iterator[Quad]:
    """What a thing rests on.

    * ``bkg:singleSource D``: of all its evidence, D is the only document;
    * ``bkg:singleSourced P``: of the evidence on P and on the whole thing, there is one document only, though others
      speak of the thing (where none does, :attr:`bkg:singleSource` says so of all properties);
    * ``bkg:secondaryOnly P``: evidence on P comes from secondary documents, and none on P or on the whole thing from
      others;
    * ``bkg:whollySecondary``: whether no other than secondary documents speak of it at all; only where some statement,
      or the thing as a whole, rests on them alone.
    """
    pieces = tuple(pieces)
    documents: set[str] = set().union(*(p.documents for p in pieces))
    whole: set[str] = set().union(*(p.documents for p in pieces if not p.properties))
    on: dict[str, set[str]] = defaultdict(set)
    for piece in pieces:
        for name in piece.properties:
            on[name] |= piece.documents
    if len(documents) == 1:
        yield _link(thing, "singleSource", *documents)
    elif documents:
        for name in sorted(on):
            if len(on[name] | whole) == 1:
                yield _link(thing, "singleSourced", name)
    secondary: set[str] = set().union(*(p.secondary for p in pieces))
    if not secondary:
        return
    wholly = documents == secondary
    soft = [] if whole - secondary else [n for n in sorted(on) if on[n] and on[n] <= secondary]
    for name in soft:
        yield _link(thing, "secondaryOnly", name)
    if wholly or soft:
        value = Literal("true" if wholly else "false", datatype=_BOOLEAN)
        yield Quad(NamedNode(thing), NamedNode(BKG + "whollySecondary"), value, _DERIVED)


def lacks(thing: str, languages: Iterable[str]) -> Iterator[Quad]:
    """``bkg:lacksName "kk"``: the languages in which a thing of these kinds has no preferred name."""
    has = set(languages)
    for lang in LANGUAGES:
        if lang not in has:
            yield Quad(NamedNode(thing), NamedNode(BKG + "lacksName"), Literal(lang), _DERIVED)


def needs_names(thing: str) -> bool:
    """Whether the thing is of a kind in :data:`NAMED`."""
    parts = split_entity_iri(thing)
    return parts is not None and parts[0] in NAMED


def pieces(
    supports: Mapping[str, Iterable[str]],
    documents: Mapping[str, Iterable[str]],
    properties: Mapping[str, Iterable[str]],
    ranks: Mapping[str, Iterable[str]],
    tiers: Mapping[str, Iterable[str]],
) -> dict[str, list[Piece]]:
    """Thing to the evidence that counts: evidence with a document, not deprecated. All by IRI."""
    found: dict[str, list[Piece]] = defaultdict(list)
    soft = {document for document, tier in tiers.items() if SECONDARY in tier}
    for evidence, things in supports.items():
        given = frozenset(documents.get(evidence, ()))
        if not given or DEPRECATED in ranks.get(evidence, ()):
            continue
        piece = Piece(given, given & soft, frozenset(properties.get(evidence, ())))
        for thing in things:
            found[thing].append(piece)
    return found


def _link(thing: str, name: str, target: str) -> Quad:
    return Quad(NamedNode(thing), NamedNode(BKG + name), NamedNode(target), _DERIVED)
