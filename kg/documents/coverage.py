"""Coverage of a text: every span is evidence of something, or left out with a reason, or holds no letter or digit.

What is neither is a fault: a statement may have been overlooked there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kg.documents.leftout import LeftOut
from kg.documents.passages import Described, Passage
from kg.documents.text import Text
from kg.findings import Finding, Where, finding


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text, half-open."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Coverage:
    """How a text is covered. ``evidenced``: span → the evidence with just that span, in the order of the text."""

    document: Described
    text: Text
    evidenced: dict[Span, tuple[Passage, ...]]
    left_out: tuple[LeftOut, ...]
    uncovered: tuple[Span, ...]
    by_evidence: int  # code points covered by evidence
    by_left_out: int  # code points left out with a reason
    blank: int  # code points without letter or digit that neither covers
    findings: tuple[Finding, ...]

    def as_dict(self) -> dict[str, Any]:
        return {
            "document": self.document.slug,
            "text": self.text.name,
            "codePoints": len(self.text),
            "evidence": self.by_evidence,
            "leftOut": self.by_left_out,
            "blank": self.blank,
            "uncovered": [
                {
                    "start": s.start,
                    "end": s.end,
                    "line": self.text.line(s.start),
                    "words": self.text.shown(s.start, s.end),
                }
                for s in self.uncovered
            ],
        }


def cover(document: Described, passages: Iterable[Passage], left_out: Sequence[LeftOut], text: Text) -> Coverage:
    """The coverage of one document's text. Passages whose offsets are out of range cover nothing (see quotes.py)."""
    evidenced: dict[Span, list[Passage]] = {}
    shown = [False] * len(text)
    for passage in passages:
        start, end = passage.start, passage.end
        if passage.document == document.iri and start is not None and end is not None and 0 <= start < end <= len(text):
            evidenced.setdefault(Span(start, end), []).append(passage)
            shown[start:end] = [True] * (end - start)
    out = list(shown)
    findings = []
    for row in left_out:
        if row.end > len(text):
            findings.append(finding("left-out-beyond", where=row.where, start=row.start, end=row.end, length=len(text)))
            continue
        if any(shown[row.start : row.end]):
            there = text.shown(row.start, row.end)
            findings.append(finding("left-out-evidenced", where=row.where, start=row.start, end=row.end, value=there))
        if row.reason == "not-modelled":
            findings.append(
                finding("left-out-not-modelled", where=row.where, start=row.start, end=row.end, note=row.note)
            )
        out[row.start : row.end] = [True] * (row.end - row.start)
    gaps = _gaps(text, out)
    for gap in gaps:
        findings.append(_uncovered(document, text, gap))
    by_evidence = sum(shown)
    by_left_out = sum(out) - by_evidence
    lost = sum(gap.end - gap.start for gap in gaps)
    return Coverage(
        document,
        text,
        {span: tuple(evidenced[span]) for span in sorted(evidenced, key=lambda s: (s.start, s.end))},
        tuple(left_out),
        tuple(gaps),
        by_evidence,
        by_left_out,
        len(text) - by_evidence - by_left_out - lost,
        tuple(findings),
    )


def _gaps(text: Text, covered: Sequence[bool]) -> list[Span]:
    """Stretches that nothing covers, cut to their first and last letter or digit; those without one are no gap."""
    gaps = []
    at = 0
    while at < len(text):
        if covered[at]:
            at += 1
            continue
        end = at
        while end < len(text) and not covered[end]:
            end += 1
        told = [i for i in range(at, end) if text.text[i].isalnum()]
        if told:
            gaps.append(Span(told[0], told[-1] + 1))
        at = end
    return gaps


def _uncovered(document: Described, text: Text, gap: Span) -> Finding:
    return finding(
        "span-uncovered",
        where=Where(text.name, line=text.line(gap.start)),
        entity=document.iri,
        value=text.shown(gap.start, gap.end),
        document=document.slug,
        start=gap.start,
        end=gap.end,
    )
