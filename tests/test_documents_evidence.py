"""Evidence of documents: quotes against the text, what is left out, skeletons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.documents.leftout import read_left_out
from kg.documents.passages import evidence_slug, read_passages
from kg.documents.quotes import compare
from kg.documents.skeleton import Phrase, check_wanted, make, parse_phrase
from kg.reading import read_rdf
from kg.terms import BKG, entity_iri, expand
from tests.documents_world import (
    TODAY,
    WILD,
    WORDS,
    block,
    codes,
    covered,
    graph,
    in_three,
    judged,
    made,
    needs_texts,
    text_of,
)

# --- quotes against the text ----------------------------------------------------------------------------------


def test_a_quote_that_is_not_at_its_offsets_is_told_with_where_it_is() -> None:
    (wrong,) = judged(WORDS, block("Emin Amrullayev", 0, 15))
    assert wrong.code == "quote-elsewhere"
    assert wrong.where is not None
    assert (wrong.where.file, wrong.where.line) == ("d.trig", 10)
    told = in_three(wrong)
    assert "26–41, 43–58" in told
    assert "Askhat 😀" in told
    assert wrong.entity == entity_iri("evidence", "d-1")


def test_bytes_or_utf16_units_for_code_points_are_noticed() -> None:
    start = WORDS.text.index("Aimagambetov")
    assert judged(WORDS, block("Aimagambetov", start, start + 12)) == []
    for wrong_start in (start + 1, start + 3):  # UTF-16 units, bytes
        assert codes(judged(WORDS, block("Aimagambetov", wrong_start, wrong_start + 12))) == ["quote-elsewhere"]


@pytest.mark.parametrize(
    ("evidence", "expected", "says"),
    [
        (block("Emin Amrullayev", 26, 49), ["quote-span-differs"], "23 code points, its quote 15"),
        (block("Emin Amrullayev", 900, 915), ["offsets-out-of-range"], "≤ 67"),
        (block("Emin Amrullayev", 41, 26), ["offsets-out-of-range"], "26–41"),
        (block("Emin Amrullayev", -5, 10), ["offsets-out-of-range"], "-5–10"),
        (block("Emin Amrulaev", 26, 39), ["quote-nearly"], "'Emin Amrullayev' at 26–41"),
        (block("quite another thing altogether", 0, 30), ["quote-not-in-text"], "letter by letter"),
        (block("Emin Amrullayev", 26, 41, supports=""), ["evidence-supports-nothing"], "at least one bkg:supports"),
        (block("x" * 121, 0, 121), ["quote-too-long", "offsets-out-of-range"], "121 characters"),
        (
            'evidence:d-1 a bkg:Evidence ; bkg:supports person:x ; bkg:inDocument doc:d ; bkg:quote "said" .',
            ["quote-no-offsets"],
            "59–63",
        ),
    ],
)
def test_bad_evidence_is_named(evidence: str, expected: list[str], says: str) -> None:
    findings = judged(WORDS, evidence)
    assert codes(findings) == expected
    assert says in " ".join(in_three(f) for f in findings)
    assert all(f.where and f.where.file == "d.trig" and f.where.line for f in findings)


def test_a_quote_longer_than_allowed_is_told_though_it_stands_there() -> None:
    text = made("word " * 40)
    assert codes(judged(text, block(text.text[:125], 0, 125))) == ["quote-too-long"]


def test_a_hash_that_differs() -> None:
    findings = judged(WORDS, block("Emin Amrullayev", 26, 41), sha256="a" * 64)
    assert codes(findings) == ["document-hash-differs"]
    told = in_three(findings[0])
    assert "a" * 64 in told
    assert WORDS.sha256 in told
    assert findings[0].where is not None
    assert findings[0].where.line == 8


def test_of_several_documents_the_hash_tells_which_is_meant() -> None:
    other = graph(block("Emin Amrullayev", 0, 15).replace("doc:d ", "doc:e "), "e").decode().replace("doc:d ", "doc:e ")
    mine = graph(block("Emin Amrullayev", 26, 41), sha256=WORDS.sha256).decode()
    together = mine + "\n".join(line for line in other.splitlines() if not line.startswith("@prefix")).replace(
        "d-1", "e-1"
    )
    reading = read_rdf(together.encode(), "both.trig")
    assert compare(*read_passages(reading), WORDS, "both.trig") == []
    (wrong,) = compare(*read_passages(reading), made("a third text"), "both.trig")
    assert wrong.code == "text-of-no-document"
    assert "d, e" in in_three(wrong)


def test_nothing_compared_is_not_taken_for_clean() -> None:
    assert codes(judged(WORDS, "")) == ["document-no-evidence"]
    without_hash = graph(block("Emin Amrullayev", 26, 41)).decode().replace(f'; bkg:sha256 "{"0" * 64}" .', ".")
    findings = compare(*read_passages(read_rdf(without_hash.encode(), "d.trig")), WORDS, "d.trig")
    assert codes(findings) == ["document-no-hash"]
    in_three(findings[0])


# --- what is left out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "code", "column", "says"),
    [
        ("a,5,connective,", "left-out-offset", "start", "'a'"),
        ("0,4.5,connective,", "left-out-offset", "end", "'4.5'"),
        ("-1,5,connective,", "left-out-offset", "start", "'-1'"),
        ("²,5,connective,", "left-out-offset", "start", "'²'"),
        ("5,5,connective,", "left-out-order", "end", "5–5"),
        ("0,5,boring,", "left-out-reason", "reason", "noise-menu"),
        ("0,5,not-modelled,", "left-out-note", "note", "not-modelled, restated"),
        ("0,5,connective,a,b", "left-out-cells", None, "5 cells"),
        (f"0,5,connective,{'n' * 301}", "left-out-note-long", "note", "301"),
        ("0,5,connective,\n4,9,attribution,", "left-out-overlap", None, "row 2"),
    ],
)
def test_a_bad_row_is_named(row: str, code: str, column: str | None, says: str) -> None:
    _, (wrong,) = read_left_out(f"start,end,reason,note\n{row}\n".encode(), "d.left-out.csv")
    assert wrong.code == code
    assert wrong.where is not None
    assert (wrong.where.file, wrong.where.column) == ("d.left-out.csv", column)
    assert wrong.where.row == (3 if code == "left-out-overlap" else 2)
    assert says in in_three(wrong)


def test_a_header_and_bytes_that_are_wrong() -> None:
    _, (header,) = read_left_out(b"from,to,why\n0,5,x\n", "d.left-out.csv")
    assert (header.code, header.where.row if header.where else 0) == ("left-out-header", 1)
    assert "from,to,why" in in_three(header)
    _, (encoding,) = read_left_out(b"start,end,reason,note\n0,5,no-fact,\xcf\n", "d.left-out.csv")
    assert (encoding.code, encoding.where.line if encoding.where else 0) == ("text-not-utf8", 2)


def test_a_statement_that_nothing_covers_is_found() -> None:
    text = made("One met two. And a fact. The end.")
    coverage, found = covered(text, [(0, 11)], "25,28,connective,\n29,32,no-fact,\n")
    assert found == ["span-uncovered"]
    assert [(s.start, s.end) for s in coverage.uncovered] == [(13, 23)]
    assert coverage.findings[0].value == "And a fact"
    assert coverage.findings[0].where.line == 1
    _, found = covered(text, [(0, 11), (13, 24)], "25,28,connective,\n29,32,no-fact,\n")
    assert found == []


def test_a_list_cannot_go_stale() -> None:
    text = made("One met two.")
    assert covered(text, [(0, 3)], "2,12,connective,\n")[1] == ["left-out-evidenced"]
    assert covered(text, [(0, 12)], "12,13,connective,\n")[1] == ["left-out-beyond"]
    assert covered(text, [(0, 3)], "3,12,not-modelled,who was met\n")[1] == ["left-out-not-modelled"]


@given(WILD, st.lists(st.tuples(st.integers(0, 61), st.integers(0, 61)), max_size=5))
def test_coverage_adds_up(words: str, spans: list[tuple[int, int]]) -> None:
    text = made(words + "x")
    inside = [(s, e) for s, e in spans if s < e <= len(text)]
    coverage, _ = covered(text, spans, "")
    assert sum(map(len, coverage.evidenced.values())) == len(inside)
    lost = sum(s.end - s.start for s in coverage.uncovered)
    assert coverage.by_evidence + coverage.blank + lost == len(text)
    for at, char in enumerate(text.text):
        known = any(s <= at < e for s, e in inside) or any(s.start <= at < s.end for s in coverage.uncovered)
        assert known or not char.isalnum()


# --- the skeleton ---------------------------------------------------------------------------------------------


@needs_texts
def test_a_skeleton_is_read_back_with_true_quotes() -> None:
    text = text_of("seed-001")
    wanted = [parse_phrase("person:bolat-tlep=Bolat Tlep"), Phrase("country`s leading pedagogical university")]
    assert check_wanted("abai-2024", wanted, text) == []
    skeleton = make("abai-2024", wanted, text, TODAY)
    reading = read_rdf(
        skeleton.trig.encode(), "abai-2024.trig", graph="https://w3id.org/bilim/graph/document/abai-2024"
    )
    assert reading.findings == []
    documents, passages = read_passages(reading)
    (document,) = documents.values()
    assert (document.sha256, document.language) == (text.sha256, "en")
    assert codes(compare(documents, passages, text, "abai-2024.trig")) == ["evidence-supports-nothing"]
    assert [p.on for p in passages][:2] == [(BKG + "issuedEdtf",), ("http://purl.org/dc/terms/title",)]
    assert "the same words also at 742-752" in skeleton.trig
    assert skeleton.slugs == ["document,abai-2024,2030-01-02,live,", "person,bolat-tlep,2030-01-02,live,"]


@given(st.text(st.sampled_from('aб😀"\\ \n\r\t’{}<>#;'), min_size=1, max_size=40))
def test_a_skeleton_holds_any_quote(words: str) -> None:
    text = made(f"Begin{words}end.")
    phrase = Phrase(f"n{words}e", entity_iri("person", "x"))
    skeleton = make("d", [phrase], text, TODAY)
    reading = read_rdf(skeleton.trig.encode(), "d.trig")
    assert reading.findings == []
    assert compare(*read_passages(reading), text, "d.trig") == []


def test_slugs_of_evidence_come_from_what_it_says() -> None:
    """By the rule by which those of data/documents were made."""
    subject = expand("doc:seed-000")
    made_ = evidence_slug("seed-000", subject, 131, 141, "bkg:issuedEdtf", "", "24.06.2022")
    assert made_ == "seed-000-2ab257c1a2b5"
    tenure = expand("tenure:orazalin-akim-of-aktobe-region")
    told = evidence_slug(
        "seed-002", tenure, 449, 484, "", "[2020-10-28,2021-10-28]", "Akim of the region Ondasyn Orazalin"
    )
    assert told == "seed-002-b19f074227c8"


@pytest.mark.parametrize(
    ("argument", "words", "subject"),
    [
        ("person:bolat-tlep=Bolat Tlep", "Bolat Tlep", "https://w3id.org/bilim/id/person/bolat-tlep"),
        ("o:x=a=b", "a=b", "https://w3id.org/bilim/id/organization/x"),
        ("nobody:x=words", "nobody:x=words", None),
        ("bkg:start=words", "bkg:start=words", None),
        ("a=b", "a=b", None),
    ],
)
def test_phrases_may_name_what_they_are_evidence_of(argument: str, words: str, subject: str | None) -> None:
    assert parse_phrase(argument) == Phrase(words, subject)
