"""Texts of documents: offsets and hashes against the texts, noise, dates, phrases, skeletons, coverage."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg import resources
from kg.cli import run
from kg.commands.coverage import Looked, look, read_texts
from kg.documents.coverage import cover
from kg.documents.head import read_head
from kg.documents.language import guess
from kg.documents.leftout import REASONS, read_left_out
from kg.documents.noise import clean, diff, find_noise
from kg.documents.page import page
from kg.documents.passages import Described, Passage, evidence_slug, read_passages
from kg.documents.phrases import find, nearest
from kg.documents.printed import dates_in
from kg.documents.quotes import compare
from kg.documents.skeleton import Phrase, check_wanted, make, parse_phrase
from kg.documents.text import QUOTE_MAX, Text, read_text
from kg.findings import BilimError, Exit, Finding
from kg.reading import read_rdf
from kg.resources import Resources
from kg.terms import BKG, entity_iri, expand

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


# --- the five documents against their texts -------------------------------------------------------------------


@needs_texts
@pytest.mark.parametrize("slug", FIVE)
def test_every_hash_and_offset_holds(slug: str) -> None:
    """Counted here anew, beside the product's own comparison."""
    documents, passages = read_passages(read_rdf(ROOT / f"data/documents/{slug}.trig"))
    described = documents[entity_iri("document", slug)]
    data = next(
        p.read_bytes() for p in TEXTS.iterdir() if hashlib.sha256(p.read_bytes()).hexdigest() == described.sha256
    )
    words = data.decode("utf-8")
    placed = [p for p in passages if p.start is not None]
    assert len(placed) > 20
    for passage in placed:
        assert words[passage.start : passage.end] == passage.quote, passage.name
        assert len(passage.quote or "") <= QUOTE_MAX
        assert passage.supports
    assert compare(documents, passages, texts()[described.sha256 or ""], f"{slug}.trig") == []


@needs_texts
@pytest.mark.parametrize("slug", FIVE)
def test_every_span_is_evidence_or_left_out_with_a_reason(slug: str) -> None:
    one = looked()[slug]
    assert one.coverage is not None
    assert one.coverage.uncovered == ()
    assert [f.text() for f in one.findings if f.severity == "Violation"] == []
    c = one.coverage
    assert c.by_evidence + c.by_left_out + c.blank == len(c.text)
    assert c.by_evidence > len(c.text) / 2


@needs_texts
@pytest.mark.parametrize("slug", FIVE)
def test_the_pages_are_up_to_date_and_publish_no_text(slug: str) -> None:
    one = looked()[slug]
    assert one.coverage is not None
    written = (ROOT / f"docs/documents/{slug}.md").read_text(encoding="utf-8")
    assert written == page(one.coverage), "run: bilim document coverage --texts ../shared/seeds"
    quotes = {p.quote for passages in one.coverage.evidenced.values() for p in passages}
    for cell in re.findall(r"^\| \d+–\d+ \| \d+ \| (.*?) \| `", written, re.MULTILINE):
        assert re.sub(r"\\(.)", r"\1", cell) in quotes
        assert len(cell) <= QUOTE_MAX + 20
    for start, end in ((row.start, row.end) for row in one.coverage.left_out if row.end - row.start > 60):
        assert one.coverage.text.text[start:end] not in written.replace(one.coverage.document.title, "")


@needs_texts
def test_coverage_check_passes_and_notices_a_page_out_of_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["document", "coverage", "--texts", str(TEXTS), "--check", "--json"]) == Exit.CLEAN
    told = json.loads(capsys.readouterr().out)
    assert [d["document"] for d in told["documents"]] == FIVE
    assert told["written"] == []
    assert run(["document", "coverage", "seed-002", "--texts", str(TEXTS), "--out", str(tmp_path)]) == Exit.CLEAN
    (tmp_path / "seed-002.md").write_text("old", encoding="utf-8")
    capsys.readouterr()
    arguments = ["document", "coverage", "seed-002", "--texts", str(TEXTS), "--out", str(tmp_path), "--check", "--json"]
    assert run(arguments) == Exit.VIOLATIONS
    assert [f["code"] for f in json.loads(capsys.readouterr().out)["findings"]] == ["coverage-outdated"]
    assert (tmp_path / "seed-002.md").read_text(encoding="utf-8") == "old"


@pytest.mark.parametrize("slug", FIVE)
def test_the_lists_of_what_is_left_out_are_whole(slug: str) -> None:
    data = (ROOT / f"data/documents/{slug}.left-out.csv").read_bytes()
    rows, findings = read_left_out(data, f"{slug}.left-out.csv")
    assert findings == []
    assert rows
    _, passages = read_passages(read_rdf(ROOT / f"data/documents/{slug}.trig"))
    for row in rows:  # also without the texts: a row and evidence exclude one another
        assert all(p.end <= row.start or row.end <= p.start for p in passages if p.start is not None), row.where


def test_a_list_of_what_is_left_out_is_no_document() -> None:
    from kg.reading import read_folder

    named = read_folder(ROOT / "data")
    assert not [iri for iri in named if "left-out" in iri]


# --- traps of the documents -----------------------------------------------------------------------------------


@needs_texts
def test_trap_12_a_count_of_views_is_no_part_of_the_date() -> None:
    head = read_head(text_of("seed-000"))
    assert head.issued is not None
    assert (head.issued.edtf, head.issued.printed, head.issued.start) == ("2022-06-24", "24.06.2022", 131)
    assert read_head(text_of("seed-003")).issued.edtf == "2024-08-21"  # type: ignore[union-attr]
    for slug, count in (("seed-000", "260"), ("seed-003", "485")):
        text = text_of(slug)
        assert [text.text[n.start : n.end] for n in find_noise(text) if n.reason == "view-count"] == [count]


@pytest.mark.parametrize(
    ("printed", "edtf"),
    [
        ("24.06.2022 260", "2022-06-24"),
        ("21.08.2024 17:58 485", "2024-08-21"),
        ("March 14, 2024", "2024-03-14"),
        ("18 january, 2023", "2023-01-18"),
        ("14.03.2024 Abai", "2024-03-14"),
        ("28 октября 2021 года", "2021-10-28"),
        ("2021 жылғы 28 қазан", "2021-10-28"),
        ("on the 3rd of May 2021", "2021-05-03"),
        ("05/06/2022", "2022-06-05"),  # day first, always
        ("2022-06-24T10:00", "2022-06-24"),
        ("October 28", None),
        ("28 октября", None),
        ("28 қазан", None),
        ("on 18th of January", None),
    ],
)
def test_printed_dates(printed: str, edtf: str | None) -> None:
    (found,) = dates_in(printed)
    assert found.edtf == edtf
    assert found.year == (int(edtf[:4]) if edtf else None)
    assert not found.impossible


@pytest.mark.parametrize("words", ["24.06.20220", "1.2.3.4", "teachers may 12 times", "in 2020", "No. 51", "477.13"])
def test_no_dates(words: str) -> None:
    assert dates_in(words) == []


@pytest.mark.parametrize("printed", ["31.02.2022", "29.02.2023", "03/14/2024", "30 February 2024"])
def test_a_day_that_is_none_is_told_and_not_mended(printed: str) -> None:
    (found,) = dates_in(printed)
    assert found.impossible
    skeleton = make("d", [], made(f"A headline\n{printed}\nText."), TODAY)
    assert "is no day of the calendar" in skeleton.trig
    assert 'bkg:issuedEdtf "2' not in skeleton.trig


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2099, 12, 31)), st.integers(0, 9_999_999), st.booleans())
def test_whatever_number_follows_a_date_it_is_not_read_into_it(day: date, count: int, hour: bool) -> None:
    printed = f"{day:%d.%m.%Y}{' 17:58' if hour else ''} {count}"
    text = made(f"A headline\n\nPhoto: somebody {printed}\n\nA sentence stands here.")
    head = read_head(text)
    assert head.issued is not None
    assert head.issued.edtf == day.isoformat()
    assert [text.text[n.start : n.end] for n in find_noise(text) if n.reason == "view-count"] == [str(count)]


@needs_texts
def test_trap_10_a_date_without_a_year_stays_without() -> None:
    text = text_of("seed-002")
    head = read_head(text)
    assert head.issued is None
    assert [(d.printed, d.start, d.edtf) for d in head.yearless] == [("October 28", 132, None)]
    skeleton = make("visit", [], text, TODAY)
    assert "“October 28” has no year" in skeleton.trig
    _, passages = read_passages(read_rdf(skeleton.trig.encode(), "visit.trig"))
    assert not any(p.date for p in passages)
    assert not re.search(r'issuedEdtf "\d', skeleton.trig)
    assert "2030" not in skeleton.trig
    assert skeleton.slugs == ["document,visit,2030-01-02,live,"]


@needs_texts
@pytest.mark.parametrize(
    ("slug", "noise"),
    [
        ("seed-000", [("noise-caption", "Фото:"), ("view-count", "260")]),
        ("seed-001", [("noise-menu", "Негізгі бет"), ("noise-menu", "Жаңалықтар"), ("noise-mark", "|")]),
        ("seed-002", [("repeated-headline", "Askhat Aimagambetov arrived in Aktobe region on a working trip.")]),
        (
            "seed-003",
            [
                ("noise-rates", "477.13"),
                ("noise-rates", "525.85"),
                ("noise-rates", "5.24"),
                ("noise-menu", "News"),
                ("repeated-headline", None),
                ("noise-caption", "Фото:"),
                ("view-count", "485"),
                ("noise-share", "Share:"),
                ("noise-advert", None),
            ],
        ),
        ("seed-004", [("noise-mark", "-"), ("noise-share", "Share:")]),
    ],
)
def test_trap_32_page_noise(slug: str, noise: list[tuple[str, str | None]]) -> None:
    text = text_of(slug)
    found = [(n.reason, text.text[n.start : n.end]) for n in find_noise(text)]
    assert [reason for reason, _ in found] == [reason for reason, _ in noise]
    assert all(words is None or words == was for (_, words), (_, was) in zip(noise, found, strict=True))
    # what is noise is left out with that reason, unless a part of it is evidence (the region in S2's second headline)
    listed, _ = read_left_out((ROOT / f"data/documents/{slug}.left-out.csv").read_bytes(), slug)
    for span in find_noise(text):
        assert [row for row in listed if row.reason == span.reason and span.start <= row.start and row.end <= span.end]


@needs_texts
@pytest.mark.parametrize("slug", FIVE)
def test_the_cleaned_view_knows_the_original_offsets(slug: str) -> None:
    text = text_of(slug)
    cleaned = clean(text)
    assert all(text.text[at] == char for at, char in zip(cleaned.offsets, cleaned.text, strict=True))
    assert list(cleaned.offsets) == sorted(set(cleaned.offsets))
    assert guess(cleaned.text) == "en"
    removed = [line[1:] for line in diff(text)[2:] if line.startswith("-")]
    assert removed
    assert all(line in text.text for line in removed)


@needs_texts
def test_trap_33_nothing_is_guessed_that_the_text_does_not_say() -> None:
    """No headline in S4, no publisher anywhere: open places, to be filled in by a person."""
    text = text_of("seed-004")
    assert read_head(text).title is None
    skeleton = make("d", [], text, TODAY)
    stated = [line for line in skeleton.trig.splitlines() if not line.lstrip().startswith("#")]
    for term in ("dct:title", "dct:publisher ", "bkg:publisherName", "bkg:url", "bkg:tier"):
        assert not any(line.lstrip().startswith(term) for line in stated), term
    assert 'bkg:issuedEdtf "2023-01-18"^^edtf:EDTF' in skeleton.trig


@needs_texts
@pytest.mark.parametrize("slug", ["seed-000", "seed-001", "seed-002", "seed-003"])
def test_the_title_guessed_is_the_one_that_was_written(slug: str) -> None:
    one = looked()[slug].coverage
    assert one is not None
    title = read_head(one.text).title
    assert title is not None
    assert one.text.text[slice(*title)] == one.document.title


# --- noise is narrow ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "A headline\n\n3.5\n\nOne number alone may be a figure of the text.",
        "A headline\n\nNews\n\nA word of the menu below the headline is a heading of the text.",
        "A headline\n\nShare: half of the pupils.",
        "A headline\n\nPupils subscribe to a Telegram channel of the school.\n\nOne.\n\nTwo.\n\nThree.\n\nFour.",
        "Opened 24.06.2022 with 260 pupils",
        "A headline\n\nThe year 2022 260",
        "A headline\n\nOn October 28 500",  # a number after a date without a year may belong to the sentence
    ],
)
def test_what_only_looks_like_noise_is_kept(words: str) -> None:
    assert find_noise(made(words)) == []
    assert clean(made(words)).text == words


def test_noise_in_three_languages() -> None:
    head = "Главная\nНовости\nЗаголовок статьи\nФото: министерство 24.06.2022 17"
    page_ = f"{head}\n\nТекст.\n\nПоделиться:\nПодписывайтесь на наш канал"
    reasons = [n.reason for n in find_noise(made(page_))]
    assert reasons == [
        *("noise-menu", "noise-menu", "noise-caption", "view-count", "noise-share", "noise-advert"),
    ]


def test_every_reason_of_noise_is_a_reason_of_the_list() -> None:
    code = (ROOT / "kg/documents/noise.py").read_text(encoding="utf-8")
    assert set(re.findall(r'"((?:noise|repeated|view)-[a-z]+)"', code)) <= set(REASONS)


@pytest.mark.parametrize(
    ("words", "lang"),
    [
        ("Министр просвещения провёл встречу с заместителями акимов двадцати регионов страны.", "ru"),
        ("Оқу-ағарту министрі өңір әкімдерінің орынбасарларымен кездесу өткізді.", "kk"),
        ("Oqý-aǵartý mınıstri óńir ákimderiniń orynbasarlarymen kezdesý ótkizdi.", "kk"),
        ("The minister held a meeting with the deputy akims of twenty regions.", "en"),
        ("Short", None),
        (
            "部長は二十の地域の副知事と会合を開き、教育の発展の主な課題と展望について話し合い、教師への支援を指示した。"
            * 2,
            None,
        ),
        ("Министр провёл встречу с учителями города and the minister held a meeting there", None),
    ],
)
def test_language_by_letters(words: str, lang: str | None) -> None:
    assert guess(words) == lang


# --- bytes, lines, offsets ------------------------------------------------------------------------------------

WILD = st.text(st.sampled_from("aб𝔄😀é\u0301\r\n\t \u2028\ufeff\"'’“–ә1."), max_size=60)


@given(WILD, WILD, st.text(st.sampled_from("кa😀𝔄’"), min_size=1, max_size=8))
def test_offsets_are_code_points_whatever_the_characters(before: str, after: str, phrase: str) -> None:
    text = made(f"{before}{phrase}{after}x")
    assert text.text.encode() == f"{before}{phrase}{after}x".encode()
    places = find(text, phrase)
    assert any(p.start == len(before) for p in places)
    for place in places:
        assert text.text[place.start : place.end] == place.quote == phrase
        ends = [m.end() for m in re.finditer("\r\n|\n|\r", text.text)]
        assert place.line == 1 + sum(end <= place.start for end in ends)
    assert judged(text, block(phrase, len(before), len(before) + len(phrase))) == []


@given(WILD)
def test_lines_cover_the_text(words: str) -> None:
    text = made(words + "x")
    for start, end in text.lines():
        assert not set(text.text[start:end]) & {"\n"}
        assert text.line(start) == text.line(max(start, end - 1))
    assert "".join(text.text[s:e] for s, e in text.lines()) == re.sub("[\r\n]", "", text.text)
    cleaned = clean(text)
    assert all(text.text[at] == char for at, char in zip(cleaned.offsets, cleaned.text, strict=True))


def test_crlf_counts_two_and_one_line() -> None:
    text = read_text(b"one\r\ntwo\r\n\r\nthree", "crlf.txt")
    (place,) = find(text, "three")
    assert (place.start, place.line, place.column) == (12, 4, 1)


def test_a_byte_order_mark_counts_and_is_no_noise_of_the_hash() -> None:
    data = b"\xef\xbb\xbfNews\nA headline\nA sentence."
    text = read_text(data, "bom.txt")
    assert text.sha256 == hashlib.sha256(data).hexdigest()
    assert find(text, "News")[0].start == 1
    assert [n.reason for n in find_noise(text)] == ["noise-menu"]


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [(b"one\ntwo \xcf\xf0\n", "text-not-utf8", 2), (b"", "text-empty", None), (b" \r\n-- \n", "text-empty", None)],
)
def test_a_text_that_cannot_be_read(data: bytes, code: str, line: int | None) -> None:
    with pytest.raises(BilimError) as caught:
        read_text(data, "bad.txt")
    (wrong,) = caught.value.findings
    assert (wrong.code, caught.value.exit_code) == (code, Exit.UNREADABLE)
    assert wrong.where is not None
    assert (wrong.where.file, wrong.where.line) == ("bad.txt", line)
    in_three(wrong)


# --- phrases --------------------------------------------------------------------------------------------------


def test_all_occurrences_with_their_lines() -> None:
    text = made("abab ab\nxx aba")
    assert [(p.start, p.line, p.column) for p in find(text, "ab")] == [(0, 1, 1), (2, 1, 3), (5, 1, 6), (11, 2, 4)]
    assert [p.start for p in find(made("aaaa"), "aa")] == [0, 1, 2]
    assert find(text, "") == []


@pytest.mark.parametrize(
    ("stands", "asked"),
    [
        ("Kazakh national women’s university", "Kazakh national women's university"),
        ("project «Auyl – el besigi»", 'project "Auyl - el besigi"'),
        ("Minister\u00a0of\n  Education", "Minister of Education"),
        ("Gani Beisembayev", "gani BEISEMBAYEV"),
        ("co\u00adoperation with schools", "cooperation with schools"),
        ("ﬁfty teachers", "fifty teachers"),
    ],
)
def test_nearest_bridges_quotes_dashes_blanks_and_case(stands: str, asked: str) -> None:
    text = made(f"😀 The {stands} and so on; no other words are like it.")
    assert find(text, asked) == []
    (near,) = nearest(text, asked)
    assert near.score == 100
    assert near.place.quote == stands
    assert text.text[near.place.start : near.place.end] == stands


def test_nearest_finds_another_spelling_and_nothing_for_other_words() -> None:
    text = made("the international private school Aqbobek, which opened in 2020")
    (near,) = nearest(text, "international privat school Akbobek")
    assert near.place.quote == "international private school Aqbobek"
    assert near.score < 100
    assert nearest(text, "deputy akims of twenty regions") == []
    assert nearest(text, "  ") == []


# --- quotes against the text ----------------------------------------------------------------------------------

WORDS = made("Askhat 😀 Aimagambetov met Emin Amrullayev.\nEmin Amrullayev said so.")


def codes(findings: Iterable[Finding]) -> list[str]:
    return [f.code for f in findings]


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


def covered(text: Text, spans: list[tuple[int, int]], rows: str) -> tuple[Any, list[str]]:
    document = Described(entity_iri("document", "d"), sha256=text.sha256)
    passages = [Passage(f"e{n}", document.iri, ("t",), start=s, end=e) for n, (s, e) in enumerate(spans)]
    left_out, findings = read_left_out(f"start,end,reason,note\n{rows}".encode(), "d.left-out.csv")
    assert findings == []
    coverage = cover(document, passages, left_out, text)
    return coverage, codes(coverage.findings)


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


# --- the command line -----------------------------------------------------------------------------------------


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    path = tmp_path / "page.txt"
    path.write_bytes("News\r\nA headline of ours\r\n24.06.2022 260\r\n\r\nThe “minister” said so.\r\n".encode())
    return path


def test_new_writes_once_and_says_what_is_open(
    page_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made.trig"
    arguments = ["document", "new", str(page_file), "--phrase", "said so", "--out", str(out)]
    assert run([*arguments, "--json"]) == Exit.CLEAN
    told = json.loads(capsys.readouterr().out)
    assert (told["document"], told["issued"], told["title"]) == (
        "a-headline-of-ours",
        "2022-06-24",
        "A headline of ours",
    )
    assert told["slugs"][0].startswith("document,a-headline-of-ours,")
    assert out.read_text(encoding="utf-8") == told["trig"]
    assert run(arguments) == Exit.USAGE
    assert "is already there" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "code", "exit_code"),
    [
        (["--phrase", 'The "minister"'], "phrase-nearly", Exit.VIOLATIONS),
        (["--phrase", "zzzz qqqq xxxx"], "phrase-not-found", Exit.VIOLATIONS),
        (["--phrase", ""], "phrase-empty", Exit.USAGE),
        (["--phrase", "w" * 121], "phrase-too-long", Exit.USAGE),
        (["--id", "Not A Slug"], "document-bad-id", Exit.USAGE),
        (["--id", "seed-000"], "document-id-taken", Exit.USAGE),
    ],
)
def test_new_refuses(
    page_file: Path, more: list[str], code: str, exit_code: Exit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["document", "new", str(page_file), *more, "--json"]) == exit_code
    (wrong,) = json.loads(capsys.readouterr().out)["findings"]
    assert wrong["code"] == code
    assert set(wrong["message"]) == {"en", "ru", "kk"}


def test_find_and_clean(page_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["document", "find", str(page_file), "said so", "--json"]) == Exit.CLEAN
    told = json.loads(capsys.readouterr().out)
    (place,) = told["phrases"][0]["places"]
    assert place["start"] == page_file.read_bytes().decode().index("said so")
    assert place["line"] == 5
    assert run(["document", "find", str(page_file), 'The "minister"', "--json"]) == Exit.VIOLATIONS
    told = json.loads(capsys.readouterr().out)
    assert told["phrases"][0]["nearest"][0]["quote"] == "The “minister”"
    assert told["findings"][0]["line"] == 5
    assert run(["document", "find", str(page_file.with_name("none.txt")), "x"]) == Exit.UNREADABLE
    capsys.readouterr()
    assert run(["document", "clean", str(page_file), "--json"]) == Exit.CLEAN
    assert [n["reason"] for n in json.loads(capsys.readouterr().out)["noise"]] == ["noise-menu", "view-count"]


def test_coverage_without_texts_is_not_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["document", "coverage"]) == Exit.USAGE
    assert "BILIM_TEXTS" in capsys.readouterr().err
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff")
    assert run(["document", "coverage", "--texts", str(tmp_path), "--check", "--json"]) == Exit.NOTHING_CHECKED
    assert {f["code"] for f in json.loads(capsys.readouterr().out)["findings"]} == {"coverage-no-text"}
    assert run(["document", "coverage", "--texts", str(tmp_path / "none")]) == Exit.UNREADABLE
    assert run(["document", "coverage", "nobody", "--texts", str(tmp_path)]) == Exit.USAGE


def test_a_list_without_its_document_is_told(tmp_path: Path) -> None:
    (tmp_path / "data/documents").mkdir(parents=True)
    (tmp_path / "data/documents/gone.left-out.csv").write_text("start,end,reason,note\n", encoding="utf-8")
    (one,) = look(Resources(tmp_path), {})
    assert codes(one.findings) == ["left-out-orphan"]
    in_three(one.findings[0])


def test_validate_compares_quotes_with_a_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "page.txt"
    text.write_text(WORDS.text, encoding="utf-8", newline="")
    file = tmp_path / "d.trig"
    file.write_bytes(graph(block("Emin Amrullayev", 0, 15), sha256=WORDS.sha256))
    assert run(["validate", str(file), "--alone", "--text", str(text), "--json"]) == Exit.VIOLATIONS
    told = [f for f in json.loads(capsys.readouterr().out)["findings"] if f["code"].startswith("quote-")]
    assert [(f["code"], f["file"], f["line"]) for f in told] == [("quote-elsewhere", "d.trig", 10)]
    file.write_bytes(graph(block("Emin Amrullayev", 26, 41), sha256=WORDS.sha256))
    run(["validate", str(file), "--alone", "--text", str(text), "--json"])
    told = [f["code"] for f in json.loads(capsys.readouterr().out)["findings"]]
    assert not [code for code in told if code.startswith(("quote-", "document-", "text-"))]
    assert run(["validate", str(file), "--alone", "--text", str(tmp_path / "none.txt")]) == Exit.UNREADABLE


def test_the_lists_are_listed_in_the_docs() -> None:
    told = (ROOT / "docs/documents.md").read_text(encoding="utf-8")
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", told, re.MULTILINE)) == REASONS
    pages = sorted(p.stem for p in (ROOT / "docs/documents").glob("*.md"))
    assert pages == sorted(p.stem for p in (ROOT / "data/documents").glob("*.trig"))
    with (ROOT / "data/reference/slugs.csv").open(encoding="utf-8", newline="") as file:
        assert {row["slug"] for row in csv.DictReader(file) if row["kind"] == "document"} >= set(pages)
