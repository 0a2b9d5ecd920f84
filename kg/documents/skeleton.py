"""The skeleton of a document: TriG with its node and a block of evidence for each phrase, to be filled in by a person.

Nothing that the text does not say is guessed: publisher, address and tier stay open, and so does a year.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from kg.documents import phrases
from kg.documents.head import Head, read_head
from kg.documents.language import guess
from kg.documents.noise import clean
from kg.documents.passages import evidence_slug
from kg.documents.text import QUOTE_MAX, Text
from kg.findings import Finding, Where, finding
from kg.terms import GRAPH_DOCUMENT, PREFIXES, SLUG, entity_iri, expand, split_entity_iri

CONFIDENCE: Final = "0.9"
_ESCAPES: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_SUBJECT: Final = re.compile(r"([a-z]+:[a-z0-9][a-z0-9.-]*)=(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase wanted as evidence, and the IRI of the thing that it is evidence of (None: to be filled in)."""

    words: str
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Evidence that was written: its slug, its span, and the other places of the same words."""

    slug: str
    phrase: Phrase
    place: phrases.Place
    others: tuple[phrases.Place, ...] = ()
    on: str = ""


@dataclass(slots=True)
class Skeleton:
    """What was made. ``slugs``: rows for data/reference/slugs.csv; ``blocks``: the evidence written."""

    document: str
    trig: str
    language: str | None
    head: Head
    blocks: list[Block] = field(default_factory=list)
    slugs: list[str] = field(default_factory=list)


def parse_phrase(argument: str) -> Phrase:
    """``kind:slug=words`` (``person:bolat-tlep=Bolat Tlep``) or the words alone; unknown prefixes are words."""
    match = _SUBJECT.fullmatch(argument)
    if match and split_entity_iri(iri := expand(match[1])):
        return Phrase(match[2], iri)
    return Phrase(argument)


def check_wanted(document: str, wanted: Iterable[Phrase], text: Text) -> list[Finding]:
    """What keeps the skeleton from being made: a slug that is none; a phrase empty, too long, or not in the text."""
    found = []
    if not SLUG.fullmatch(document):
        found.append(finding("document-bad-id", value=document))
    for phrase in wanted:
        found.extend(check_phrase(phrase.words, text))
    return found


def check_phrase(words: str, text: Text) -> list[Finding]:
    """Findings for a phrase that cannot be evidence of this text; with the nearest words, if any are near."""
    where = Where(text.name)
    if not words.strip():
        return [finding("phrase-empty", where=where)]
    if len(words) > QUOTE_MAX:
        return [finding("phrase-too-long", where=where, length=len(words), most=QUOTE_MAX, value=words[:QUOTE_MAX])]
    if phrases.find(text, words):
        return []
    near = phrases.nearest(text, words)
    if not near:
        return [finding("phrase-not-found", where=where, value=words)]
    best = near[0].place
    where = Where(text.name, line=best.line)
    return [
        finding("phrase-nearly", where=where, value=words, near=best.quote[:QUOTE_MAX], start=best.start, end=best.end)
    ]


def make(document: str, wanted: Sequence[Phrase], text: Text, today: date) -> Skeleton:
    """The skeleton of a text. ``wanted`` must have passed :func:`check_wanted`; ``today`` dates the new slugs."""
    head = read_head(text)
    made = Skeleton(document, "", guess(clean(text).text), head)
    iri = entity_iri("document", document)
    lines = list(_document(made, text))
    if head.issued is not None and head.issued.edtf:
        lines += _evidence(made, Phrase(head.issued.printed, iri), [head.issued.start], text, "bkg:issuedEdtf")
    if head.title is not None and head.title[1] - head.title[0] <= QUOTE_MAX:
        lines += _evidence(made, Phrase(text.text[slice(*head.title)], iri), [head.title[0]], text, "dct:title")
    for phrase in wanted:
        lines += ["", *_evidence(made, phrase, [p.start for p in phrases.find(text, phrase.words)], text, "")]
    body = "\n".join("  " + line if line else line for line in lines)
    graph = f"<{GRAPH_DOCUMENT}{document}>"
    about = "# Offsets are code points of the text whose SHA-256 the document holds; the text itself is not kept here."
    made.trig = f"{_prefixes(body)}\n\n{about}\n{graph} {{\n\n{body}\n}}\n"
    made.slugs = _slugs(made, today)
    return made


def _document(made: Skeleton, text: Text) -> Iterator[str]:
    head = made.head
    yield f"doc:{made.document} a bkg:Document ;"
    if head.title is not None:
        tag = f"@{made.language}" if made.language else "@und"
        yield f"    dct:title {_string(text.text[slice(*head.title)])}{tag} ;"
    else:
        yield '    # dct:title "…"@en ;  no headline was seen: give one in your own words, in brackets'
    if made.language:
        yield f'    dct:language "{made.language}" ;'
    else:
        yield '    # dct:language "…" ;  the letters do not tell it'
    if head.issued is not None:
        yield f'    bkg:issuedEdtf "{head.issued.edtf}"^^edtf:EDTF ;'
    else:
        yield '    # bkg:issuedEdtf "…"^^edtf:EDTF ;  no day of publication was seen'
    for printed in head.yearless:
        at = f"{printed.start}-{printed.end}: {_comment(printed.printed)}"
        yield f"    # {at} has no year; write a set, [2020-10-28,2021-10-28], with the reason; never the year of today"
    for printed in head.impossible:
        yield f"    # {printed.start}-{printed.end}: {_comment(printed.printed)} is no day of the calendar"
    yield '    # dct:publisher o:… ;  or bkg:publisherName "…" ;  only if the text or its address says so'
    yield '    # bkg:url "…" ;'
    yield "    # bkg:tier tier:… ;  needed; the list is ontology/lists/tier.ttl"
    yield f'    bkg:sha256 "{text.sha256}" .'


def _evidence(made: Skeleton, phrase: Phrase, starts: Sequence[int], text: Text, on: str) -> list[str]:
    """One block at the first of the places; the others are named in a comment."""
    places = [phrases.place(text, at, at + len(phrase.words)) for at in starts]
    first, others = places[0], tuple(places[1:])
    slug = evidence_slug(made.document, phrase.subject or "", first.start, first.end, on, "", phrase.words)
    made.blocks.append(Block(slug, phrase, first, others, on))
    lines = [f"evidence:{slug} a bkg:Evidence ;"]
    if phrase.subject:
        lines.append(f"    bkg:supports {_name(phrase.subject)} ;")
    else:
        lines.append("    # bkg:supports … ;  needed: what are these words evidence of?")
    lines.append(f"    bkg:inDocument doc:{made.document} ;")
    if on:
        lines.append(f"    bkg:onProperty {on} ;")
    if others:
        lines.append(f"    # the same words also at {', '.join(f'{p.start}-{p.end}' for p in others)}")
    lines += [
        f"    bkg:quote {_string(phrase.words)} ;",
        f"    bkg:charStart {first.start} ;",
        f"    bkg:charEnd {first.end} ;",
        "    bkg:assertionMode am:asserted ;",
        f"    bkg:confidence {CONFIDENCE} .",
    ]
    return lines


def _slugs(made: Skeleton, today: date) -> list[str]:
    """Rows of slugs.csv; evidence has none, its slugs come from its content."""
    subjects = [split_entity_iri(b.phrase.subject) for b in made.blocks if b.phrase.subject]
    wanted = dict.fromkeys([("document", made.document), *(s for s in subjects if s is not None)])
    return [f"{kind},{slug},{today.isoformat()},live," for kind, slug in wanted]


def _prefixes(body: str) -> str:
    used = set(re.findall(r"(?<![\w:])([a-z]+):", body)) | {"bkg", "dct", "edtf", "tier", "am", "doc", "evidence"}
    return "\n".join(f"@prefix {p}: <{PREFIXES[p]}> ." for p in sorted(used & PREFIXES.keys()))


def _name(iri: str) -> str:
    parts = split_entity_iri(iri)
    kinds = {namespace: prefix for prefix, namespace in PREFIXES.items()}
    prefix = kinds.get(entity_iri(parts[0], "")) if parts else None
    return f"{prefix}:{parts[1]}" if parts and prefix else f"<{iri}>"


def _string(words: str) -> str:
    return f'"{words.translate(_ESCAPES)}"'


def _comment(words: str) -> str:
    return f"“{' '.join(words.split())}”"
