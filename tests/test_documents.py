"""The five documents: offsets and hashes against their texts, and the traps that stand in them."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.cli import run
from kg.documents.head import read_head
from kg.documents.language import guess
from kg.documents.leftout import read_left_out
from kg.documents.noise import clean, diff, find_noise
from kg.documents.page import page
from kg.documents.passages import read_passages
from kg.documents.printed import dates_in
from kg.documents.quotes import compare
from kg.documents.skeleton import make
from kg.documents.text import QUOTE_MAX
from kg.findings import Exit
from kg.reading import read_rdf
from kg.terms import entity_iri
from tests.documents_world import (
    FIVE,
    ROOT,
    TEXTS,
    TODAY,
    looked,
    made,
    needs_texts,
    text_of,
    texts,
)

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
