"""What tests of documents share: the five texts where they are, small texts and graphs of evidence."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from kg import resources
from kg.commands.coverage import Looked, look, read_texts
from kg.documents.coverage import cover
from kg.documents.leftout import read_left_out
from kg.documents.passages import Described, Passage, read_passages
from kg.documents.quotes import compare
from kg.documents.text import Text, read_text
from kg.findings import Finding
from kg.reading import read_rdf
from kg.terms import BKG, entity_iri

ROOT = Path(__file__).resolve().parent.parent
TEXTS = ROOT.parent / "shared" / "seeds"
FIVE = [f"seed-00{n}" for n in range(5)]
TODAY = date(2030, 1, 2)

needs_texts = pytest.mark.skipif(
    not TEXTS.is_dir(), reason="the texts of the documents are not kept with the data: no ../shared/seeds here"
)


@cache
def texts() -> dict[str, Text]:
    return read_texts(TEXTS)


@cache
def looked() -> dict[str, Looked]:
    return {one.slug: one for one in look(resources.find(), texts())}


def text_of(slug: str) -> Text:
    coverage = looked()[slug].coverage
    assert coverage is not None
    return coverage.text


def made(words: str, name: str = "page.txt") -> Text:
    return read_text(words.encode(), name)


def graph(evidence: str, document: str = "d", sha256: str = "0" * 64) -> bytes:
    return f"""@prefix bkg: <{BKG}> .
@prefix am: <https://w3id.org/bilim/list/assertion-mode/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix doc: <https://w3id.org/bilim/id/document/> .
@prefix evidence: <https://w3id.org/bilim/id/evidence/> .
@prefix person: <https://w3id.org/bilim/id/person/> .
<https://w3id.org/bilim/graph/document/{document}> {{
doc:{document} a bkg:Document ; dct:title "T"@en ; bkg:sha256 "{sha256}" .
{evidence}
}}
""".encode()


def block(quote: str, start: int, end: int, supports: str = "bkg:supports person:x ;", slug: str = "d-1") -> str:
    return (
        f"evidence:{slug} a bkg:Evidence ; {supports} bkg:inDocument doc:d ;\n"
        f"  bkg:quote {json.dumps(quote, ensure_ascii=False)} ;\n  bkg:charStart {start} ;\n  bkg:charEnd {end} .\n"
    )


def judged(text: Text, evidence: str, sha256: str | None = None) -> list[Finding]:
    reading = read_rdf(graph(evidence, sha256=sha256 or text.sha256), "d.trig")
    assert not reading.findings
    return compare(*read_passages(reading), text, "d.trig")


def in_three(finding: Finding) -> str:
    for lang in ("en", "ru", "kk"):
        assert finding.text(lang)
    assert len({finding.text(lang) for lang in ("en", "ru", "kk")}) == 3
    return finding.text()


def codes(findings: Iterable[Finding]) -> list[str]:
    return [f.code for f in findings]


def covered(text: Text, spans: list[tuple[int, int]], rows: str) -> tuple[Any, list[str]]:
    document = Described(entity_iri("document", "d"), sha256=text.sha256)
    passages = [Passage(f"e{n}", document.iri, ("t",), start=s, end=e) for n, (s, e) in enumerate(spans)]
    left_out, findings = read_left_out(f"start,end,reason,note\n{rows}".encode(), "d.left-out.csv")
    assert findings == []
    coverage = cover(document, passages, left_out, text)
    return coverage, codes(coverage.findings)


WILD = st.text(st.sampled_from("aб𝔄😀é\u0301\r\n\t \u2028\ufeff\"'’“–ә1."), max_size=60)
WORDS = made("Askhat 😀 Aimagambetov met Emin Amrullayev.\nEmin Amrullayev said so.")
