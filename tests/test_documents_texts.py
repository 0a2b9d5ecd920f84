"""Texts of documents: noise, language, bytes, lines, offsets and phrases."""

from __future__ import annotations

import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.documents.language import guess
from kg.documents.leftout import REASONS
from kg.documents.noise import clean, find_noise
from kg.documents.phrases import find, nearest
from kg.documents.text import read_text
from kg.findings import BilimError, Exit
from tests.documents_world import (
    ROOT,
    WILD,
    block,
    in_three,
    judged,
    made,
)

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
