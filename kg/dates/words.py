"""EDTF in words for people, in English, Russian and Kazakh. Month names are CLDR's, by Babel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kg.dates.days import PLAIN, SEASONS, month_name
from kg.dates.edtf import parse, take_apart

_MARKS: Final = re.compile(r"[?~%]")
_MASKED: Final = re.compile(r"(\d{4})(?:-(\d{2}))?((?:-XX){1,2})")
_DECADE: Final = re.compile(r"\d{3}X")
_CENTURIES: Final = re.compile(r"[0-9]{0,2}X+")


@dataclass(frozen=True, slots=True)
class _Phrases:
    """How one language says it. Where a case is needed, ``{0}`` is filled with the genitive (Russian)."""

    day: str
    month: str
    year: str
    decade: tuple[str, str]  # nominative, genitive
    unknown: tuple[str, str]  # day, month
    seasons: tuple[tuple[str, str], ...]  # spring first
    season: str
    quarter: str
    half: str
    about: str
    doubt: str
    not_before: str
    not_after: str
    between: str
    since: str
    until: str
    either: str
    both: str


_LANGUAGES: Final[dict[str, _Phrases]] = {
    "en": _Phrases(
        day="{day} {month} {year}",
        month="{month} {year}",
        year="{year}",
        decade=("{0}s", "{0}s"),
        unknown=("{0} (day unknown)", "{0} (month unknown)"),
        seasons=(("spring", "spring"), ("summer", "summer"), ("autumn", "autumn"), ("winter", "winter")),
        season="{season} {year}",
        quarter="quarter {0} of {year}",
        half="half {0} of {year}",
        about="about {0}",
        doubt="{0} (uncertain)",
        not_before="no earlier than {0}",
        not_after="no later than {0}",
        between="between {0} and {1}",
        since="from {0}",
        until="until {0}",
        either=" or ",
        both=" and ",
    ),
    "ru": _Phrases(
        day="{day} {month} {year} г.",
        month="{month} {year} г.",
        year="{year} г.",
        decade=("{0}-е гг.", "{0}-х гг."),
        unknown=("{0} (день неизвестен)", "{0} (месяц неизвестен)"),
        seasons=(("весна", "весны"), ("лето", "лета"), ("осень", "осени"), ("зима", "зимы")),
        season="{season} {year} г.",
        quarter="{0}-й квартал {year} г.",
        half="{0}-е полугодие {year} г.",
        about="около {0}",
        doubt="{0} (под вопросом)",
        not_before="не ранее {0}",
        not_after="не позднее {0}",
        between="не ранее {0} и не позднее {1}",
        since="с {0}",
        until="до {0}",
        either=" или ",
        both=" и ",
    ),
    "kk": _Phrases(
        day="{year} ж. {day} {month}",
        month="{year} ж. {month}",
        year="{year} ж.",
        decade=("{0}-жылдар", "{0}-жылдар"),
        unknown=("{0} (күні белгісіз)", "{0} (айы белгісіз)"),
        seasons=(("көктем", "көктем"), ("жаз", "жаз"), ("күз", "күз"), ("қыс", "қыс")),
        season="{year} ж. {season}",
        quarter="{year} ж. {0}-тоқсан",
        half="{year} ж. {0}-жартыжылдық",
        about="шамамен {0}",
        doubt="{0} (күмәнді)",
        # case endings would depend on the last sound, so the sides are named instead
        not_before="ең ертесі: {0}",
        not_after="ең кеші: {0}",
        between="ең ертесі: {0}, ең кеші: {1}",
        since="басы: {0}",
        until="соңы: {0}",
        either=" немесе ",
        both=" және ",
    ),
}


# Kazakh puts the case behind the last word: (ablative "from", dative "until") of the months, and of жыл
_KAZAKH_ENDINGS: Final = (
    ("дан", "ға"), ("нан", "ға"), ("дан", "ға"), ("ден", "ге"), ("дан", "ға"), ("нан", "ға"),
    ("ден", "ге"), ("дан", "ға"), ("тен", "ке"), ("нан", "ға"), ("дан", "ға"), ("нан", "ға"),
)  # fmt: skip
_KAZAKH_YEAR: Final = ("{year} жылдан", "{year} жылға")
_SIDES: Final = {"en": ("from {0}", "until {0}"), "ru": ("с {0}", "до {0}"), "kk": ("{0} бастап", "{0} дейін")}


@lru_cache(maxsize=65536)
def side_in_words(edtf: str, end: bool, lang: str) -> str | None:
    """A start ("from 11 June 2022") or an ``end`` ("until 2010") in words, in the case that the language needs.

    None for what is not simply a year, a month or a day: "until no earlier than" is no language.
    """
    match = PLAIN.fullmatch(edtf)
    month = int(match[2] or 0) if match else 0
    if match is None or month > 12:
        return None
    lang = lang if lang in _LANGUAGES else "en"
    words = _unmarked(edtf, lang, genitive=True)
    if lang == "kk":
        words = words + _KAZAKH_ENDINGS[month - 1][end] if month else _KAZAKH_YEAR[end].format(year=int(match[1]))
    return _SIDES[lang][end].format(words)


@lru_cache(maxsize=65536)
def humanize(edtf: str, lang: str) -> str:
    """The EDTF text in words ("11 June 2022"); another language than en, ru, kk reads English.

    Raises :class:`kg.dates.DateError` for a text that is no date.
    """
    parse(edtf)
    lang = lang if lang in _LANGUAGES else "en"
    say = _LANGUAGES[lang]
    pieces = take_apart(edtf)
    if pieces.kind == "atom":
        return _atom(edtf, lang)
    parts = []
    for low, high in pieces.items:
        if low and low == high:
            parts.append(_atom(low, lang))
        elif low and high:
            exact = pieces.kind != "one"
            parts.append(
                f"{_atom(low, lang)} – {_atom(high, lang)}"
                if exact
                else say.between.format(_atom(low, lang, genitive=True), _atom(high, lang, genitive=True))
            )
        elif low:
            phrase = say.since if pieces.kind == "interval" else say.not_before
            parts.append(phrase.format(_atom(low, lang, genitive=True)))
        elif high:
            phrase = say.until if pieces.kind == "interval" else say.not_after
            parts.append(phrase.format(_atom(high, lang, genitive=True)))
        else:
            parts.append(edtf)
    return (say.both if pieces.kind == "all" else say.either).join(parts)


def _atom(text: str, lang: str, *, genitive: bool = False) -> str:
    say = _LANGUAGES[lang]
    marks = set(_MARKS.findall(text))
    about = bool(marks & {"~", "%"})
    words = _unmarked(_MARKS.sub("", text), lang, genitive or about)
    if about:
        words = say.about.format(words)
    return say.doubt.format(words) if marks & {"?", "%"} else words


def _unmarked(text: str, lang: str, genitive: bool) -> str:
    say = _LANGUAGES[lang]
    the_date, _, time = text.partition("T")
    if match := PLAIN.fullmatch(the_date):
        year = int(match[1])
        number = int(match[2] or 0)
        if not match[3] and number in SEASONS:
            return _season(text, year, number, lang, genitive)
        if not number:
            return say.year.format(year=year)
        case = "format" if genitive or match[3] else "stand-alone"
        pattern = say.day if match[3] else say.month
        words = pattern.format(day=int(match[3] or 0), month=month_name(number, lang, case), year=year)
        return f"{words}, {time}" if time else words
    if match := _MASKED.fullmatch(text):
        known = text.removesuffix("-XX").removesuffix("-XX")
        return say.unknown[0 if match[2] else 1].format(_unmarked(known, lang, genitive))
    if _DECADE.fullmatch(text):
        return say.decade[genitive].format(text.replace("X", "0"))
    if _CENTURIES.fullmatch(text):
        return f"{text.replace('X', '0')}–{text.replace('X', '9')}"
    return text  # rare forms (2022-1X-05, 1950S2) have no shorter words than themselves


def _season(text: str, year: int, number: int, lang: str, genitive: bool) -> str:
    say = _LANGUAGES[lang]
    if number <= 32:
        return say.season.format(season=say.seasons[(number - 21) % 4][genitive], year=year)
    if number <= 36:
        return say.quarter.format(number - 32, year=year)
    return text if number <= 39 else say.half.format(number - 39, year=year)
