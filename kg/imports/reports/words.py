"""The words of the report's page in three languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from kg.findings import Texts

WORDS: Final[Mapping[str, Texts]] = {
    "title": {"en": "Report on {file}", "ru": "Отчёт о файле {file}", "kk": "{file} файлы туралы есеп"},
    "on": {"en": "Laid upon release {release}.", "ru": "На выпуске {release}.", "kk": "{release} шығарылымы үстінде."},
    "alone": {"en": "By itself.", "ru": "Сам по себе.", "kk": "Жеке өзі."},
    "conforms": {
        "en": "Conforms: {n} shapes looked at {nodes} focus nodes.",
        "ru": "Соответствует: формы ({n}) проверили узлы ({nodes}).",
        "kk": "Сәйкес: {n} пішін {nodes} түйінді қарады.",
    },
    "violates": {"en": "Does not conform.", "ru": "Не соответствует.", "kk": "Сәйкес емес."},
    "nothing": {
        "en": "Nothing was checked: no shape matched any node.",
        "ru": "Ничего не проверено: ни одна форма не нашла узлов.",
        "kk": "Ештеңе тексерілмеді: бірде-бір пішін түйін таппады.",
    },
    "Violation": {"en": "Violations", "ru": "Нарушения", "kk": "Бұзушылықтар"},
    "Warning": {"en": "Warnings", "ru": "Предупреждения", "kk": "Ескертулер"},
    "Info": {"en": "Notes", "ru": "Замечания", "kk": "Мәліметтер"},
    "groups": {"en": "By shape and rule", "ru": "По формам и правилам", "kk": "Пішіндер мен ережелер бойынша"},
    "findings": {"en": "Findings", "ru": "Найденное", "kk": "Табылғандар"},
    "severity": {"en": "severity", "ru": "тяжесть", "kk": "ауырлығы"},
    "shape": {"en": "shape", "ru": "форма", "kk": "пішін"},
    "component": {"en": "component", "ru": "компонент", "kk": "құрауыш"},
    "rule": {"en": "rule", "ru": "правило", "kk": "ереже"},
    "count": {"en": "count", "ru": "число", "kk": "саны"},
    "place": {"en": "place", "ru": "место", "kk": "орны"},
    "thing": {"en": "thing", "ru": "о чём", "kk": "не туралы"},
    "cell": {"en": "as written", "ru": "как записано", "kk": "жазылғаны"},
    "message": {"en": "what is wrong, what to do", "ru": "что не так, что делать", "kk": "не қате, не істеу керек"},
    "capped": {
        "en": "{shown} of {total} are listed; the counts are of all.",
        "ru": "Показано {shown} из {total}; числа — по всем.",
        "kk": "{total} ішінен {shown} көрсетілген; сандар барлығы бойынша.",
    },
    "new": {"en": "new", "ru": "новое", "kk": "жаңа"},
    "already there": {"en": "already there", "ru": "было и раньше", "kk": "бұрыннан бар"},
    "mended": {"en": "mended", "ru": "исправлено", "kk": "түзетілді"},
}
