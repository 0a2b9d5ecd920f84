"""Dates: EDTF to the days that are possible and the bounds, and to words."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.dates import (
    DateError,
    end_bounds,
    humanize,
    parse,
    side_in_words,
    start_bounds,
    when_on,
)
from kg.dates.days import intersect, normalise
from tests.dates_world import atoms, d, days, texts

# --- reading ---------------------------------------------------------------------------------------------------

EXTENTS = [
    ("2022-06-11", "2022-06-11", "2022-06-11"),
    ("2024-02", "2024-02-01", "2024-02-29"),
    ("2022", "2022-01-01", "2022-12-31"),
    ("202X", "2020-01-01", "2029-12-31"),
    ("2022-XX", "2022-01-01", "2022-12-31"),
    ("2022-1X", "2022-10-01", "2022-12-31"),
    ("2022-06-1X", "2022-06-10", "2022-06-19"),
    ("2022-XX-31", "2022-01-31", "2022-12-31"),
    ("2022-21", "2022-03-01", "2022-05-31"),
    ("2022-34", "2022-04-01", "2022-06-30"),
    ("2022-41", "2022-07-01", "2022-12-31"),
    ("2022-24", "2022-01-01", "2023-02-28"),
    ("[2020-10-28,2021-10-28]", "2020-10-28", "2021-10-28"),
    ("[..2024-03-14]", None, "2024-03-14"),
    ("[2024-03-15..]", "2024-03-15", None),
    ("[2022-01..2022-06]", "2022-01-01", "2022-06-30"),
    ("{2020,2021-03}", "2020-01-01", "2021-03-31"),
    ("2020-05/2021", "2020-05-01", "2021-12-31"),
    ("2020/..", "2020-01-01", None),
    ("/2020", None, "2020-12-31"),
    ("2022-03-04T10:00:00Z", "2022-03-04", "2022-03-04"),
    ("1950S2", "1900-01-01", "1999-12-31"),
]


@pytest.mark.parametrize(("text", "first", "last"), EXTENTS)
def test_the_possible_days_of_a_text(text: str, first: str | None, last: str | None) -> None:
    extent = parse(text)
    assert (extent.earliest, extent.latest) == (d(first), d(last))
    assert start_bounds(text) == end_bounds(text) == (d(first), d(last))


@pytest.mark.parametrize(
    ("text", "outer"),
    [
        ("2022-06-11?", ("2022-06-11", "2022-06-11")),
        ("2022?", ("2022-01-01", "2022-12-31")),
        ("2022~", ("2021-01-01", "2023-12-31")),
        ("2022-06~", ("2022-05-01", "2022-07-31")),
        ("2024-08-21~", ("2024-08-20", "2024-08-22")),
        ("2022-03~", ("2022-02-01", "2022-04-30")),
        ("2022-06-11%", ("2022-06-10", "2022-06-12")),
        ("202X~", ("2010-01-01", "2039-12-31")),
        ("2022-21~", ("2021-12-01", "2022-08-31")),
        ("2022?-06-11", ("2022-06-11", "2022-06-11")),
        ("2022~-06-11", ("2021-06-11", "2023-06-11")),
        ("2022-~06", ("2022-05-01", "2022-07-31")),
        ("2022-06-~11", ("2022-06-10", "2022-06-12")),
        ("[2022?,2024]", ("2022-01-01", "2024-12-31")),
    ],
)
def test_a_mark_drops_the_certain_bounds_and_about_moves_the_outer_by_a_unit(text: str, outer: tuple[str, str]) -> None:
    first, last = map(d, outer)
    assert start_bounds(text) == (first, None)
    assert end_bounds(text) == (None, last)


def test_the_sides_of_an_interval_are_marked_apart() -> None:
    assert start_bounds("2022?/2023-05") == (d("2022-01-01"), d("2023-05-31"))
    assert end_bounds("2022?/2023-05") == (None, d("2023-05-31"))


def test_a_set_keeps_its_gaps() -> None:
    trip = "[2020-10-28,2021-10-28]"
    assert [when_on(trip, day) for day in (date(2020, 10, 28), date(2021, 1, 1), date(2021, 10, 28))] == [
        "possible",
        "no",
        "possible",
    ]


@pytest.mark.parametrize(
    ("text", "day", "answer"),
    [
        ("2024-03-14", "2024-03-14", "certain"),
        ("2024-03-14", "2024-03-15", "no"),
        ("2024-03-14?", "2024-03-14", "possible"),
        ("2024-03-14~", "2024-03-15", "possible"),
        ("2024-03", "2024-03-14", "possible"),
        ("2024-03-14/2024-03-16", "2024-03-15", "certain"),
        ("2024-03/2024-05", "2024-04-10", "certain"),
        ("2024-03/2024-05", "2024-05-10", "possible"),
        ("{2024-03-14,2024-03-18}", "2024-03-18", "certain"),
        ("{2024-03-14,2024-03-18}", "2024-03-16", "no"),
        ("{2024-03-14..2024-03-18}", "2024-03-16", "certain"),
        ("[..2024-03-14]", "1999-01-01", "possible"),
        ("[..2024-03-14]", "2024-03-15", "no"),
    ],
)
def test_when_an_event_was(text: str, day: str, answer: str) -> None:
    assert when_on(text, date.fromisoformat(day)) == answer


WRONG = [
    ("24.06.2022", "date-other-way", "2022-06-24"),
    ("24.06.2022 260", "date-other-way", "2022-06-24"),
    ("21.08.2024 17:58 485", "date-other-way", "2024-08-21"),
    ("2022-6-4", "date-other-way", "2022-06-04"),
    ("20220611", "date-other-way", "2022-06-11"),
    ("2009-13-01", "date-month", "a month runs from 01 to 12"),
    ("2022-42", "date-month", "a month runs from 01 to 12"),
    ("2022-06-00", "date-day", "01 to 31"),
    ("2023-02-29", "date-no-such-day", "2023-02-29 does not exist: February 2023 has 28 days."),
    ("[2023-02-29,2023-03-01]", "date-no-such-day", "February 2023 has 28 days"),
    ("2023-02-29?", "date-no-such-day", "28 days"),
    ("?2023-02-29", "date-no-such-day", "28 days"),
    ("2022-02-3X", "date-mask", "no day"),
    ("2023/2022", "date-order", "2023 is later than 2022"),
    ("[2023..2022]", "date-order", "later"),
    ("0000", "date-year", "0001 to 9999"),
    ("-0044", "date-year", "0001 to 9999"),
    ("Y12000", "date-year", "0001 to 9999"),
    ("XXXX-XX-01", "date-vague", "century"),
    ("", "date-empty", "empty"),
    (" 2022", "date-blank", "blanks"),
    ("[2020, 2021]", "date-blank", "blanks"),
    ("June", "date-form", "'June' cannot be read"),
    ("[2022,foo]", "date-form", "'foo' cannot be read"),
    ("[2022,..2021]", "date-form", "'..2021' cannot be read"),
    ("[2022", "date-form", "'[2022'"),
    ("2022//2023", "date-form", "cannot be read"),
    ("/", "date-form", "cannot be read"),
    ("2022??", "date-form", "cannot be read"),
    ("2022-21^x", "date-form", "cannot be read"),
    ("٢٠٢٢", "date-form", "cannot be read"),
]


@pytest.mark.parametrize(("text", "code", "says"), WRONG)
def test_what_is_no_date_says_why(text: str, code: str, says: str) -> None:
    with pytest.raises(DateError) as caught:
        parse(text)
    assert caught.value.finding.code == code
    assert caught.value.finding.value == text
    assert says in caught.value.finding.text("en")
    assert len({caught.value.finding.text(lang) for lang in ("en", "ru", "kk")}) == 3


def test_the_missing_day_is_told_in_three_languages() -> None:
    with pytest.raises(DateError) as caught:
        parse("2023-02-29")
    what = caught.value.finding.what
    assert "февраль 2023 года — 28 дней" in what["ru"]
    assert "2023 жылғы ақпан айында 28 күн" in what["kk"]


PIECES = st.sampled_from([*"0123456789X-?~%[]{},/T:ZYSE^.", "2022", "2022-06", "-1X", "..", "2022-06-11", "-21"])


@given(st.lists(PIECES, max_size=6).map("".join))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused_in_silence(text: str) -> None:
    """edtf 5.0.2 crashes on ``2022-1X`` and prints; nothing of that may come through."""
    refused = None
    try:
        extent = parse(text)
    except DateError as error:
        refused = error.finding
    if refused:
        assert refused.value == text
        return
    assert normalise(extent.ranges) == extent.ranges
    for lang in ("en", "ru", "kk"):
        assert humanize(text, lang)


def test_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    parse.cache_clear()
    for text in ("2022-1X", "2022-XX/2023", "[2022-1X,2023]", "2022-1X?"):
        parse(text)
    for text in ("2022-?1X", "~2022-XX", "2022-1X^"):
        with pytest.raises(DateError):
            parse(text)
    assert capsys.readouterr().out == ""


@given(texts)
def test_bounds_are_in_order(text: str) -> None:
    for low, high in (start_bounds(text), end_bounds(text), (parse(text).earliest, parse(text).latest)):
        assert low is None or high is None or low <= high


@given(atoms, texts)
@settings(max_examples=40, deadline=None)
def test_what_we_take_apart_is_edtf_to_the_package_too(atom: str, text: str) -> None:
    from edtf import parse_edtf

    for one in (atom, text):
        if one not in ("20XX-06", "2022-XX-05?"):  # its grammar lacks an X month or a mark after an inner X
            assert parse_edtf(one, fail_silently=True) is not None


@given(days, st.sampled_from(["", "?", "~", "%"]))
def test_a_narrower_date_never_widens(day: date, mark: str) -> None:
    wide, middle, narrow = (day.isoformat()[:length] + mark for length in (4, 7, 10))
    for outer, inner in ((wide, middle), (middle, narrow), (narrow, day.isoformat())):
        assert intersect(parse(inner).ranges, parse(outer).ranges) == parse(inner).ranges
        for bounds in (start_bounds, end_bounds):
            (low, high), (least, most) = bounds(inner), bounds(outer)
            assert least is None or (low is not None and low >= least)
            assert most is None or (high is not None and high <= most)


# --- words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "en", "ru", "kk"),
    [
        ("2022-06-11", "11 June 2022", "11 июня 2022 г.", "2022 ж. 11 маусым"),
        ("2022-06", "June 2022", "июнь 2022 г.", "2022 ж. маусым"),
        ("2022", "2022", "2022 г.", "2022 ж."),
        ("2022-06~", "about June 2022", "около июня 2022 г.", "шамамен 2022 ж. маусым"),
        ("2022-06-11?", "11 June 2022 (uncertain)", "11 июня 2022 г. (под вопросом)", "2022 ж. 11 маусым (күмәнді)"),
        (
            "[2020-10-28,2021-10-28]",
            "28 October 2020 or 28 October 2021",
            "28 октября 2020 г. или 28 октября 2021 г.",
            "2020 ж. 28 қазан немесе 2021 ж. 28 қазан",
        ),
        ("[..2024-03]", "no later than March 2024", "не позднее марта 2024 г.", "ең кеші: 2024 ж. наурыз"),
        ("2022-21", "spring 2022", "весна 2022 г.", "2022 ж. көктем"),
        ("202X", "2020s", "2020-е гг.", "2020-жылдар"),
        ("2022-06-XX", "June 2022 (day unknown)", "июнь 2022 г. (день неизвестен)", "2022 ж. маусым (күні белгісіз)"),
    ],
)
def test_dates_in_words(text: str, en: str, ru: str, kk: str) -> None:
    assert [humanize(text, lang) for lang in ("en", "ru", "kk")] == [en, ru, kk]


SIDES = [
    ("2010", "from 2010", "с 2010 г.", "2010 жылдан бастап", "until 2010", "до 2010 г.", "2010 жылға дейін"),
    ("2002-02", "from February 2002", "с февраля 2002 г.", "2002 ж. ақпаннан бастап",
     "until February 2002", "до февраля 2002 г.", "2002 ж. ақпанға дейін"),
    ("2013-09", "from September 2013", "с сентября 2013 г.", "2013 ж. қыркүйектен бастап",
     "until September 2013", "до сентября 2013 г.", "2013 ж. қыркүйекке дейін"),
    ("2022-06-11", "from 11 June 2022", "с 11 июня 2022 г.", "2022 ж. 11 маусымнан бастап",
     "until 11 June 2022", "до 11 июня 2022 г.", "2022 ж. 11 маусымға дейін"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "since_en", "since_ru", "since_kk", "until_en", "until_ru", "until_kk"), SIDES)
def test_since_and_until_stand_in_the_case_of_the_language(
    text: str, since_en: str, since_ru: str, since_kk: str, until_en: str, until_ru: str, until_kk: str
) -> None:
    assert [side_in_words(text, False, lang) for lang in ("en", "ru", "kk")] == [since_en, since_ru, since_kk]
    assert [side_in_words(text, True, lang) for lang in ("en", "ru", "kk")] == [until_en, until_ru, until_kk]


KAZAKH_SINCE = (
    "қаңтардан ақпаннан наурыздан сәуірден мамырдан маусымнан "
    "шілдеден тамыздан қыркүйектен қазаннан қарашадан желтоқсаннан"
)
KAZAKH_UNTIL = (
    "қаңтарға ақпанға наурызға сәуірге мамырға маусымға шілдеге тамызға қыркүйекке қазанға қарашаға желтоқсанға"
)


def test_every_month_has_its_kazakh_endings() -> None:
    months = [f"2020-{month:02}" for month in range(1, 13)]
    assert [side_in_words(m, False, "kk") for m in months] == [f"2020 ж. {w} бастап" for w in KAZAKH_SINCE.split()]
    assert [side_in_words(m, True, "kk") for m in months] == [f"2020 ж. {w} дейін" for w in KAZAKH_UNTIL.split()]


@pytest.mark.parametrize("text", ["2022-06-11?", "2022-21", "[..2020]", "202X", "2020/2021", "", "nonsense"])
def test_what_is_not_simply_a_day_has_no_side(text: str) -> None:
    assert side_in_words(text, False, "ru") is None
