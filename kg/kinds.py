"""The kinds of things: kind -> class, names of the kind. Drives routes, lists, sitemap, coverage and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kg.terms import BKG, FOAF, ORG


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing. ``cls`` is the class that every thing of the kind has after deriving."""

    name: str
    cls: str
    labels: Mapping[str, str]  # language -> singular
    plurals: Mapping[str, str]  # language -> plural
    named: bool = True  # whether things of this kind carry names of their own
    # properties that source evidence may date: property local name (bkg:) -> "start" | "end" | "when"
    dated: tuple[str, ...] = ()

    def counted(self, lang: str) -> str:
        """What stands beside a number: Kazakh has the singular there."""
        return self.labels[lang] if lang == "kk" else self.plurals[lang]


def _kind(name: str, cls: str, en: str, ens: str, ru: str, rus: str, kk: str, kks: str, **more: object) -> Kind:
    return Kind(name, cls, {"en": en, "ru": ru, "kk": kk}, {"en": ens, "ru": rus, "kk": kks}, **more)  # type: ignore[arg-type]


_SPAN: Final = ("start", "end")

KINDS: Final[dict[str, Kind]] = {
    k.name: k
    for k in (
        _kind("person", FOAF + "Person", "person", "people", "человек", "люди", "адам", "адамдар"),
        _kind("post", ORG + "Post", "post", "posts", "должность", "должности", "лауазым", "лауазымдар", dated=_SPAN),
        _kind(
            "tenure",
            BKG + "Tenure",
            "tenure",
            "tenures",
            "пребывание в должности",
            "пребывания в должности",
            "лауазымда болу",
            "лауазымда болулар",
            named=False,
            dated=_SPAN,
        ),
        _kind(
            "organization",
            ORG + "Organization",
            "organization",
            "organizations",
            "организация",
            "организации",
            "ұйым",
            "ұйымдар",
            dated=_SPAN,
        ),
        _kind("region", BKG + "Region", "region", "regions", "регион", "регионы", "өңір", "өңірлер", dated=_SPAN),
        _kind("country", BKG + "Country", "country", "countries", "страна", "страны", "ел", "елдер", dated=_SPAN),
        _kind(
            "program",
            BKG + "Program",
            "programme",
            "programmes",
            "программа",
            "программы",
            "бағдарлама",
            "бағдарламалар",
            dated=_SPAN,
        ),
        _kind(
            "involvement",
            BKG + "Involvement",
            "involvement",
            "involvements",
            "участие в программе",
            "участия в программах",
            "бағдарламаға қатысу",
            "бағдарламаларға қатысулар",
            named=False,
            dated=_SPAN,
        ),
        _kind(
            "agreement",
            BKG + "Agreement",
            "agreement",
            "agreements",
            "соглашение",
            "соглашения",
            "келісім",
            "келісімдер",
            dated=(*_SPAN, "signed", "ratified"),
        ),
        _kind("event", BKG + "Event", "event", "events", "событие", "события", "оқиға", "оқиғалар", dated=("when",)),
        _kind(
            "participation",
            BKG + "Participation",
            "participation",
            "participations",
            "участие",
            "участия",
            "қатысу",
            "қатысулар",
            named=False,
        ),
        _kind(
            "outcome",
            BKG + "Outcome",
            "outcome",
            "outcomes",
            "итог",
            "итоги",
            "нәтиже",
            "нәтижелер",
            named=False,
            dated=("when",),
        ),
        _kind(
            "figure",
            BKG + "Figure",
            "figure",
            "figures",
            "показатель",
            "показатели",
            "көрсеткіш",
            "көрсеткіштер",
            named=False,
            dated=("when",),
        ),
        _kind(
            "change",
            BKG + "ChangeEvent",
            "change",
            "changes",
            "преобразование",
            "преобразования",
            "өзгеріс",
            "өзгерістер",
            dated=("when", "completed"),
        ),
        _kind(
            "document",
            BKG + "Document",
            "document",
            "documents",
            "документ",
            "документы",
            "құжат",
            "құжаттар",
            dated=_SPAN,
        ),
        _kind(
            "evidence",
            BKG + "Evidence",
            "piece of evidence",
            "evidence",
            "свидетельство",
            "свидетельства",
            "дәлел",
            "дәлелдер",
            named=False,
        ),
        _kind(
            "discrepancy",
            BKG + "Discrepancy",
            "discrepancy",
            "discrepancies",
            "расхождение",
            "расхождения",
            "айырмашылық",
            "айырмашылықтар",
            named=False,
        ),
        _kind(
            "spell",
            BKG + "Spell",
            "dated value",
            "dated values",
            "значение с датами",
            "значения с датами",
            "мерзімді мән",
            "мерзімді мәндер",
            named=False,
            dated=_SPAN,
        ),
    )
}

BY_CLASS: Final[dict[str, Kind]] = {k.cls: k for k in KINDS.values()}
