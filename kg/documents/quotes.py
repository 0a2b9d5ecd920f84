"""Quotes against the text: each piece of evidence must stand where it says, in the text of its document's hash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kg.documents.passages import Described, Passage
from kg.documents.phrases import find, nearest
from kg.documents.text import QUOTE_MAX, Text
from kg.findings import Finding, Severity, Where, finding

BY_SHAPES: Final = frozenset({"evidence-supports-nothing", "quote-too-long", "quote-span-differs"})
"""Findings that need no text: where the shapes have run, they have told the same."""
_PLACES_SHOWN: Final = 5


def compare(documents: Mapping[str, Described], passages: Iterable[Passage], text: Text, file: str) -> list[Finding]:
    """Everything in which a graph and a text disagree, in the order of the file.

    :param documents: those that the graph describes, by IRI.
    :param file: name of the graph's file, for findings on the whole of it.

    The text belongs to the document that holds its hash; where none does, to the only document there is.
    """
    everything = list(passages)
    meant = _meant(documents, everything, text)
    if meant is None:
        names = sorted(d.slug for d in documents.values()) or ["–"]
        return [
            finding(
                "text-of-no-document", where=Where(file), text=text.name, sha256=text.sha256, names=", ".join(names[:8])
            )
        ]
    out: list[Finding] = []
    described = documents.get(meant)
    if described is None or described.sha256 is None:
        where = described.at if described and described.at else Where(file)
        out.append(finding("document-no-hash", where=where, entity=meant, document=_slug(meant), sha256=text.sha256))
    elif described.sha256.lower() != text.sha256:
        out.append(
            finding(
                "document-hash-differs",
                where=described.at,
                entity=meant,
                value=described.sha256,
                document=described.slug,
                text=text.name,
                sha256=text.sha256,
            )
        )
    own = [p for p in everything if p.document == meant]
    if not own:
        out.append(finding("document-no-evidence", where=Where(file), entity=meant, document=_slug(meant)))
    for passage in own:
        out.extend(_judge(passage, text))
    return sorted(out, key=lambda f: (f.where.line or 0) if f.where else 0)


def _slug(iri: str) -> str:
    return iri.rsplit("/", 1)[-1]


def _meant(documents: Mapping[str, Described], passages: Iterable[Passage], text: Text) -> str | None:
    for iri, described in documents.items():
        if described.sha256 is not None and described.sha256.lower() == text.sha256:
            return iri
    candidates = set(documents) | {p.document for p in passages if p.document is not None}
    return candidates.pop() if len(candidates) == 1 else None


def _judge(passage: Passage, text: Text) -> Iterator[Finding]:
    quote, start, end = passage.quote, passage.start, passage.end
    if not passage.supports:
        yield _told("evidence-supports-nothing", passage)
    if quote is not None and len(quote) > QUOTE_MAX:
        yield _told("quote-too-long", passage, "quote", length=len(quote), most=QUOTE_MAX, value=quote[:QUOTE_MAX])
    if start is None or end is None:
        if quote is not None:
            code = "quote-no-offsets" if (places := find(text, quote)) else "quote-not-in-text"
            shown = [f"{p.start}–{p.end}" for p in places]
            yield _told(code, passage, "quote", severity="Warning", places=_few(shown), value=quote[:QUOTE_MAX])
        return
    if not 0 <= start < end <= len(text):
        shown = [f"{p.start}–{p.end}" for p in find(text, quote or "")] or ["–"]
        yield _told(
            "offsets-out-of-range", passage, "charStart", start=start, end=end, length=len(text), places=_few(shown)
        )
        return
    if quote is None or text.text[start:end] == quote:
        return
    places = find(text, quote)
    if end - start != len(quote):
        yield _told("quote-span-differs", passage, "charEnd", span=end - start, length=len(quote), start=start, end=end)
        if any(p.start == start for p in places):
            return  # the quote begins where it should: only the end is wrong, and that is told
    stands = text.shown(start, end)
    if places:
        shown = [f"{p.start}–{p.end}" for p in places]
        yield _told(
            "quote-elsewhere",
            passage,
            "quote",
            stands=stands,
            line=text.line(start),
            places=_few(shown),
            value=quote[:QUOTE_MAX],
        )
    elif near := nearest(text, quote):
        best = near[0].place
        yield _told(
            "quote-nearly",
            passage,
            "quote",
            stands=stands,
            near=best.quote[:QUOTE_MAX],
            places=f"{best.start}–{best.end}",
            value=quote[:QUOTE_MAX],
        )
    else:
        yield _told("quote-not-in-text", passage, "quote", places="–", value=quote[:QUOTE_MAX])


def _told(
    code: str, passage: Passage, term: str = "supports", severity: Severity | None = None, **values: object
) -> Finding:
    return finding(
        code,
        where=passage.where(term),
        severity=severity,
        entity=passage.iri,
        path=f"bkg:{term}",
        name=passage.name,
        **values,
    )


def _few(places: list[str]) -> str:
    more = len(places) - _PLACES_SHOWN
    return ", ".join(places[:_PLACES_SHOWN]) + (f" … (+{more})" if more > 0 else "")
