"""Names for synthetic data: composed of syllables in three spellings, so that they look and sort like names here.

A name is three strings, English, Russian and Kazakh, as the base has them: the spellings belong together but are not
transliterations of each other letter by letter. Nobody and no place is meant.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

Spelled = tuple[str, str, str]
"""English, Russian, Kazakh."""


def _spelled(text: str) -> tuple[Spelled, ...]:
    rows = [tuple(part.split("/")) for part in text.split()]
    assert all(len(row) == 3 for row in rows)
    return tuple((row[0], row[1], row[2]) for row in rows)


_HEADS: Final = _spelled(
    "tor/тор/тор bel/бел/бел mus/мус/мұс kar/кар/қар sau/сау/сау zhan/жан/жан tem/тем/тем ork/орк/өрк kyz/кыз/қыз "
    "mer/мер/мер nau/нау/нау ulb/ульб/ұлб shol/шол/шөл dos/дос/дос yrg/ырг/ырғ bak/бак/бақ sem/сем/сем alt/алт/алт "
    "ken/кен/кең toby/тобы/тобы qul/кул/құл esk/еск/еск mang/манг/маңғ zher/жер/жер ayk/айк/айқ tul/тул/түл "
    "bor/бор/бор zhul/жул/жұл ter/тер/тер kok/кок/көк aks/акс/ақс sar/сар/сар"
)
_MIDDLES: Final = _spelled(
    "a/а/а e/е/е y/ы/ы i/и/і u/у/ұ o/о/о mar/мар/мар ten/тен/тен bek/бек/бек gul/гуль/гүл lan/лан/лан den/ден/ден "
    "kar/кар/қар tai/тай/тай ras/рас/рас min/мин/мін qan/кан/қан zhe/же/же ber/бер/бер san/сан/сан"
)
_GIVEN_ENDS: Final = _spelled(
    "gan/ган/ған bek/бек/бек lan/лан/лан zhan/жан/жан gul/гуль/гүл ra/ра/ра na/на/на khan/хан/хан nur/нур/нұр "
    "mira/мира/мира sai/сай/сай dana/дана/дана"
)
_SURNAME_ENDS: Final = _spelled(
    "bayev/баев/баев ov/ов/ов ova/ова/ова uly/улы/ұлы qyzy/кызы/қызы bekov/беков/беков enov/енов/енов in/ин/ин "
    "ina/ина/ина baeva/баева/баева"
)
_PLACE_ENDS: Final = _spelled(
    "tau/тау/тау kol/коль/көл su/су/су qala/кала/қала saz/саз/саз ozek/озек/өзек tobe/тобе/төбе bulak/булак/бұлақ "
    "dala/дала/дала oy/ой/ой zhar/жар/жар"
)


@dataclass(frozen=True, slots=True)
class Name:
    """One name in three spellings, and the slug that it gives."""

    en: str
    ru: str
    kk: str

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.en.lower()).strip("-")

    def within(self, en: str, ru: str, kk: str) -> Name:
        """The three texts with ``{}`` replaced by this name."""
        return Name(en.format(self.en), ru.format(self.ru), kk.format(self.kk))


def _compose(rng: random.Random, parts: Sequence[Sequence[Spelled]]) -> Name:
    chosen = [rng.choice(part) for part in parts]
    en, ru, kk = ("".join(c[i] for c in chosen).capitalize() for i in range(3))
    return Name(en, ru, kk)


def place(rng: random.Random) -> Name:
    """A town, a region, somebody's or something's namesake."""
    return _compose(rng, (_HEADS, _MIDDLES, _PLACE_ENDS))


def person(rng: random.Random) -> Name:
    """Given name and surname."""
    given = _compose(rng, (_HEADS, _MIDDLES, _GIVEN_ENDS) if rng.random() < 0.4 else (_HEADS, _GIVEN_ENDS))
    surname = _compose(rng, (_HEADS, _MIDDLES, _SURNAME_ENDS))
    return Name(f"{given.en} {surname.en}", f"{given.ru} {surname.ru}", f"{given.kk} {surname.kk}")


ORGANIZATIONS: Final = {
    "University": ("{} State University", "{} государственный университет", "{} мемлекеттік университеті"),
    "School": ("School-Lyceum of {}", "Школа-лицей {}", "{} мектеп-лицейі"),
    "College": ("{} Technical College", "Технический колледж {}", "{} техникалық колледжі"),
    "Ministry": ("Ministry of Education of {}", "Министерство образования {}", "{} білім министрлігі"),
    "Committee": ("{} Committee for Quality", "Комитет по качеству {}", "{} сапа комитеті"),
    "EducationDepartment": ("{} Department of Education", "Управление образования {}", "{} білім басқармасы"),
    "Akimat": ("Akimat of {}", "Акимат {}", "{} әкімдігі"),
    "Company": ("{} Construction", "{} Курылыс", "{} құрылыс"),
    "PublicBody": ("{} Centre of Education", "Центр образования {}", "{} білім орталығы"),
    "Association": ("{} Association of Teachers", "Ассоциация учителей {}", "{} мұғалімдер қауымдастығы"),
    "ResearchInstitute": ("{} Research Institute", "НИИ {}", "{} ғылыми-зерттеу институты"),
    "InternationalOrganization": ("{} Council of Education", "Совет по образованию {}", "{} білім кеңесі"),
}
POSTS: Final = {
    "University": ("Rector of {}", "Ректор: {}", "{} ректоры"),
    "Akimat": ("Akim: {}", "Аким: {}", "Әкім: {}"),
    "Ministry": ("Minister: {}", "Министр: {}", "Министр: {}"),
    "": ("Head of {}", "Руководитель: {}", "{} басшысы"),
}
EVENTS: Final = {
    "visit": ("Visit to {}", "Визит: {}", "{} сапары"),
    "meeting": ("Meeting in {}", "Встреча: {}", "{} кездесуі"),
    "forum": ("Forum of {}", "Форум: {}", "{} форумы"),
    "opening": ("Opening in {}", "Открытие: {}", "{} ашылуы"),
    "board": ("Board in {}", "Коллегия: {}", "{} алқасы"),
}
PROGRAMS: Final = ("{} Schools", "Школы {}", "{} мектептері")
ACTS: Final = {
    "law": ("Law on {}", "О {}", "{} туралы"),
    "presidential-decree": ("Decree on {}", "Указ: {}", "{} жарлығы"),
    "national-project": ("National project {}", "Национальный проект {}", "{} ұлттық жобасы"),
    "concept": ("Concept of {}", "Концепция {}", "{} тұжырымдамасы"),
}
AGREEMENTS: Final = {
    "memorandum": ("Memorandum: {}", "Меморандум: {}", "Меморандум: {}"),
    "agreement": ("Agreement: {}", "Соглашение: {}", "Келісім: {}"),
    "treaty": ("Treaty: {}", "Договор: {}", "Шарт: {}"),
    "cooperation": ("Cooperation: {}", "Сотрудничество: {}", "Ынтымақтастық: {}"),
}
SUBJECTS: Final = (
    Name("academic and scientific cooperation", "академическое и научное сотрудничество", "академиялық ынтымақтастық"),
    Name("internships and employment", "практика и трудоустройство", "тәжірибе және жұмысқа орналасу"),
    Name("courses for teachers", "курсы для учителей", "мұғалімдер курстары"),
    Name("dual training", "дуальное обучение", "дуальды оқыту"),
    Name("joint programmes", "совместные программы", "бірлескен бағдарламалар"),
)
GROUPS: Final = (
    Name("teachers of rural schools", "учителя сельских школ", "ауыл мектептерінің мұғалімдері"),
    Name("gifted children", "одарённые дети", "дарынды балалар"),
    Name("universities of the region", "вузы региона", "өңірдің жоғары оқу орындары"),
    Name("deputy akims", "заместители акимов", "әкімдердің орынбасарлары"),
)
COUNTED: Final = (
    Name("pupil places", "места для учеников", "оқушы орындары"),
    Name("schools to be built", "школы, которые построят", "салынатын мектептер"),
    Name("grants for students", "гранты для студентов", "студенттерге гранттар"),
    Name("teachers trained", "обученные учителя", "оқытылған мұғалімдер"),
)
NOTES: Final = (
    "As generally used; no stored source gives it.",
    "The region of the city.",
    "Translated by the stewards.",
    "The day is that of the publication.",
    "The year is not on the page.",
    "Known from this list alone; to be confirmed by a register.",
    "The page is undated.",
    "The last year stated is taken as whole.",
)
