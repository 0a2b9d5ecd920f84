"""Realistic synthetic rows, one small unit of the base after another, without end.

A unit is a twentieth of the real base of 2026-11: the same classes in the same proportions (about 353 organizations,
199 persons, 66 posts, 140 tenures, 451 documents, 261 dated values, 247 participations, 189 figures … to the whole).
Countries and regions grow by the square root of the size, the rest with it; so regions, ministries, list sources and
concepts become hubs whose links grow, as they would.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date, timedelta

from tests.bench import words
from tests.bench.facts import TODAY, Life, Pool, Row, Thing, letters, ror, some, stated, tail

UNITS = 20
"""Units to the real base."""

Write = Callable[[str, Row], None]
"""Takes a table's name and one row."""

TOPICS = ("higher-education", "quality", "school-building", "mobility", "research", "teacher-training", "stem")
_KINDS = ("national", "state", "private", "foreign-branch")
_CLASSES = (
    *(("University", 0.37), ("School", 0.2), ("Ministry", 0.06), ("EducationDepartment", 0.07), ("Akimat", 0.06)),
    *(("Company", 0.05), ("College", 0.06), ("PublicBody", 0.04), ("Association", 0.03), ("Committee", 0.03)),
    *(("ResearchInstitute", 0.02), ("InternationalOrganization", 0.01)),
)
_POST_CLASSES = {"University": "bkg:RectorPost", "Akimat": "bkg:AkimPost", "Ministry": "bkg:MinisterialPost"}
_TIERS = ("news", "news", "news", "registry", "university", "secondary", "official", "government")
_SINCE = "2026-11-22"


class Maker:
    """Makes the units in order; holds only what later units lead to."""

    def __init__(self, units: int, seed: int, write: Write) -> None:
        self.rng = random.Random(seed)
        self.tell = write
        self.serial = 0
        self.organizations, self.persons = Pool(self.rng), Pool(self.rng)
        self.programs, self.acts = Pool(self.rng), Pool(self.rng)
        root = math.sqrt(units / UNITS)
        self.publishers = [words.place(self.rng) for _ in range(max(8, round(190 * root)))]
        self.lists = [self._new_source(None, tier="secondary", lang="en") for _ in range(max(2, round(4 * root)))]
        self.places = [words.place(self.rng) for _ in range(max(10, round(36 * root)))]
        self.countries: list[str] = []
        self.regions: list[Thing] = []
        self.recent: list[tuple[str, date]] = []
        for _ in range(max(3, round(20 * root))):
            self._country()
        for at in range(max(3, round(20 * root))):
            self._region(at)

    # What rows have in common

    def _id(self, kind: str, name: words.Name) -> str:
        self.serial += 1
        slug = f"{name.slug[:48].strip('-')}-{self.serial:x}"
        self.tell("slugs", {"kind": kind, "slug": slug, "since": _SINCE, "status": "live"})
        return slug

    def _new_source(self, issued: date | None, tier: str = "", lang: str = "") -> str:
        rng = self.rng
        name = words.place(rng).within("News of {}", "Новости: {}", "{} жаңалықтары")
        lang = lang or rng.choices(("en", "ru", "kk"), (79, 16, 5))[0]
        slug = self._id("document", rng.choice(self.publishers))
        row = {
            "id": slug,
            "title": {"en": name.en, "ru": name.ru, "kk": name.kk}[lang],
            "lang": lang,
            "publisher": rng.choice(self.publishers).en,
            "date": "" if issued is None else issued.isoformat()[: rng.choices((10, 7, 4), (80, 12, 8))[0]],
            "tier": tier or rng.choice(_TIERS),
            "url": f"https://press.example/{slug}",
            "note": "Title from the address." if rng.random() < 0.3 else "",
        }
        self.tell("sources", row)
        return slug

    def source(self, not_before: date | None = None, listed: float = 0.2) -> str:
        """A source that can tell of that day: one of the lists, of the last ones, or a new one."""
        rng = self.rng
        if not_before is None and rng.random() < listed:
            return rng.choice(self.lists)
        fit = [slug for slug, issued in self.recent if not_before is None or issued > not_before]
        if fit and rng.random() < 0.84:
            return rng.choice(fit)
        low = not_before or date(2015, 1, 1)
        issued = low + timedelta(days=rng.randint(1, max(1, min(900, (TODAY - low).days))))
        slug = self._new_source(issued if not_before or rng.random() < 0.57 else None)
        self.recent = [*self.recent[-59:], (slug, date(issued.year, 1, 1) if not_before is None else low)]
        return slug

    def rows(self, table: str, slug: str, count: int, first: Row, *others: Row, on: date | None = None) -> None:
        """``count`` rows of one thing, each of another source; the last of ``others`` is told again and again."""
        used: set[str] = set()
        for at in range(count):
            source = self.source(on)
            if source in used:
                continue
            used.add(source)
            told = first if at == 0 else others[min(at - 1, len(others) - 1)] if others else first
            self.tell(table, {"id": slug, **tail(self.rng, source), **told})

    def both(self, table: str, slug: str, rows: tuple[Row, Row]) -> None:
        """Two rows of one thing that disagree, each of a source of its own."""
        for row in rows:
            self.tell(table, {"id": slug, **tail(self.rng, self._new_source(TODAY)), **row})

    @staticmethod
    def named(name: words.Name, rng: random.Random) -> Row:
        """Names in some of the languages, as thinly as in the base."""
        row = {"name_en": name.en}
        if rng.random() < 0.45:
            row["name_ru"] = name.ru
        if rng.random() < 0.5:
            row["name_kk"] = name.kk
        return row

    # Places

    def _country(self) -> None:
        code = letters(self.rng.randrange(26 * 26), 2) if self.countries else "KZ"
        while code.lower() in self.countries:
            code = letters(self.rng.randrange(26 * 26), 2)
        slug = code.lower()
        name = words.Name("Kazakhstan", "Казахстан", "Қазақстан") if slug == "kz" else words.place(self.rng)
        self.countries.append(slug)
        self.tell("slugs", {"kind": "country", "slug": slug, "since": _SINCE, "status": "live"})
        names = {"name_en": name.en, "name_ru": name.ru, "name_kk": name.kk}
        self.rows("countries", slug, 1, {**names, "alpha_2": code, "wikidata": self._wikidata()})

    def _wikidata(self) -> str:
        self.serial += 1
        return f"Q{2_000_000_000 + self.serial}"

    def country(self) -> str:
        return "kz" if self.rng.random() < 0.8 else self.rng.choice(self.countries)

    def _region(self, at: int) -> None:
        rng = self.rng
        name = words.place(rng).within("{} Region", "{}: область", "{} облысы")
        slug = self._id("region", name)
        start = date(1991, 12, 16) if at % 3 else date(2018, 6, 19)
        country = self.country()
        self.regions.append(Thing(f"region/{slug}", name, Life(start), country, slug))
        names = {"class": "Oblast", "name_en": name.en, "name_ru": name.ru, "name_kk": name.kk, "country": country}
        dated = {"start": start.isoformat()} if at % 3 == 0 else {}
        codes = {"wikidata": self._wikidata(), "geonames": str(1_000_000 + at), "osm": str(9_000_000 + at)}
        self.rows("regions", slug, 3, names, dated | {"observed_on": "2026-05"}, codes)
        city = rng.choice(self.places)
        code = f"{letters(26 * 26 - 1 - at // 900, 2)}-{at % 900:d}"
        self._spell(f"region/{slug}", "bkg:iso31662", name, {"value": code}, Life(start))
        self._spell(f"region/{slug}", "bkg:capital", name, {"value": city.en, "value_lang": "en"}, Life(start))

    # Bodies, posts, people

    def organization(self, hub: bool = False) -> Thing:
        rng = self.rng
        kind = "Ministry" if hub else rng.choices([c for c, _ in _CLASSES], [w for _, w in _CLASSES])[0]
        name = words.place(rng).within(*words.ORGANIZATIONS[kind])
        start = date(1992, 1, 1) + timedelta(days=rng.randint(0, 11000))
        ended = not hub and rng.random() < 0.05
        life = Life(start, start + timedelta(days=rng.randint(400, 1500)) if ended else None)
        region = rng.choice(self.regions) if rng.random() < 0.7 and not hub else None
        if region and not region.life.start < life.last:
            region = None
        country = region.country if region else self.country()
        thing = Thing(f"organization/{(slug := self._id('organization', name))}", name, life, country, kind=kind)
        names = {"class": kind, **self.named(name, rng), "country": country}
        if region and rng.random() < 0.9:
            names |= {"region": region.slug, "city": rng.choice(self.places).en}
        if rng.random() < 0.35:
            names["alt_en"] = f"{name.en.split()[0]} {kind[:3].upper()}; {''.join(w[0] for w in name.en.split())}"
        if rng.random() < 0.2 and (parent := self.organizations.pick(life.start)):
            names["parent"] = parent.slug
        dated: Row = {"observed_on": life.day(rng).isoformat()} if rng.random() < 0.35 else {}
        if rng.random() < 0.3:
            dated["start"] = stated(rng, start)
        if life.end:
            dated["end"] = stated(rng, life.end)
        codes: Row = {}
        if kind == "University":
            codes = {"website": f"https://{slug}.example", "wikidata": self._wikidata()}
            if rng.random() < 0.5:
                codes["ror"] = ror(self.serial)
        self.rows("organizations", slug, 1 + some(rng, 1.6), names, dated, codes)
        self.organizations.add(thing, hub)
        if rng.random() < 0.37:
            value = {"value_thing": f"institution-kind/{rng.choice(_KINDS)}"}
            self._spell(thing.path, "org:classification", name, value, life, dated=False)
        if rng.random() < 0.16:  # renamed once
            self._renamed(thing, words.place(rng).within(*words.ORGANIZATIONS[kind]))
        if rng.random() < 0.04:
            self._disputed_start("organizations", thing, {})
        return thing

    def _spell(self, of: str, prop: str, name: words.Name, value: Row, life: Life, dated: bool = True) -> str:
        slug = self._id("spell", name)
        row = {"of": of, "dated_property": prop, **value}
        dates: Row = {"observed_on": life.day(self.rng).isoformat()} if self.rng.random() < 0.4 else {}
        if dated:
            dates["start"] = stated(self.rng, life.start)
            if life.end:
                dates["end"] = stated(self.rng, life.end)
        self.rows("spells", slug, 1 + some(self.rng, 0.35), row | dates, row)
        return slug

    def _renamed(self, thing: Thing, former: words.Name) -> None:
        rng = self.rng
        day = thing.life.day(rng, thing.life.start + timedelta(days=100))
        if day == thing.life.start:
            return
        value = {"value": former.en, "value_lang": "en"}
        self._spell(thing.path, "skos:prefLabel", former, value, Life(thing.life.start, day))
        if rng.random() < 0.2:
            self._change("rename", thing.name, [thing.path], [thing.path], day)

    def _change(self, kind: str, name: words.Name, before: list[str], after: list[str], day: date) -> None:
        name = name.within("Change: {}", "Изменение: {}", "Өзгеріс: {}")
        row = {"kind": kind, "name_en": name.en, "name_ru": name.ru, "name_kk": name.kk}
        row |= {"before": "; ".join(before), "after": "; ".join(after), "when": stated(self.rng, day)}
        self.rows("changes", self._id("change", name), 1 + some(self.rng, 0.3), row, {"when": day.isoformat()})

    def reorganization(self) -> None:
        """One body becomes two, or two become one; the ends and the starts are told with the change."""
        rng = self.rng
        day = date(2000, 1, 1) + timedelta(days=rng.randint(0, 8000))
        merge = rng.random() < 0.5
        sides: tuple[list[Thing], list[Thing]] = ([], [])
        for side, count in ((0, 2 if merge else 1), (1, 1 if merge else 2)):
            for _ in range(count):
                name = words.place(rng).within(*words.ORGANIZATIONS["Ministry" if not merge else "University"])
                life = Life(day) if side else Life(day - timedelta(days=rng.randint(500, 4000)), day)
                slug = self._id("organization", name)
                row = {"class": "University" if merge else "Ministry", **self.named(name, rng), "country": "kz"}
                dates = {"start": stated(rng, day)} if side else {"end": stated(rng, day)}
                self.rows("organizations", slug, 2, row, dates)
                sides[side].append(Thing(f"organization/{slug}", name, life, "kz"))
                self.organizations.add(sides[side][-1])
        before, after = ([thing.path for thing in side] for side in sides)
        self._change("merge" if merge else "split", sides[1][0].name, before, after, day)

    def _disputed_start(self, table: str, thing: Thing, row: Row) -> None:
        """One source states another year; a Discrepancy records it, and which is preferred."""
        day, rng = thing.life.start, self.rng
        settled = rng.random() < 0.6
        wrong = {"start": str(day.year - rng.randint(1, 3)), "rank": "" if settled else "normal"}
        right = {"start": day.isoformat(), "rank": "preferred" if settled else "normal"}
        self.both(table, thing.slug, (row | right, row | wrong))
        self._discrepancy("date-conflict", thing, thing.path, "bkg:start", settled)

    def _discrepancy(self, kind: str, thing: Thing, concerns: str, prop: str, settled: bool) -> None:
        row = {"id": self._id("discrepancy", thing.name), "kind": kind, "concerns": concerns, "on_property": prop}
        text = thing.name.within(
            "One source of {} disagrees.", "Один источник о {} расходится.", "{}: бір дерек өзгеше."
        )
        row |= {"resolution_en": text.en, "resolution_ru": text.ru, "resolution_kk": text.kk}
        self.tell("discrepancies", row | {"status": "settled" if settled else "open"})

    def person(self) -> Thing:
        rng = self.rng
        name = words.person(rng)
        slug = self._id("person", name)
        row = {"name_en": name.en}
        if rng.random() < 0.33:
            row["name_ru"] = name.ru
        if rng.random() < 0.1:
            row["name_kk"] = name.kk
        if rng.random() < 0.15:
            row["alt_en"] = f"{name.en[0]}. {name.en.split()[-1]}; {name.en.replace('y', 'i')}y"
        if rng.random() < 0.08:
            row["wikidata"] = self._wikidata()
        self.rows("persons", slug, 1 + some(rng, 0.12), row, {"alt_ru": f"{name.ru}."})
        thing = Thing(f"person/{slug}", name, Life(date(1985, 1, 1)))
        self.persons.add(thing)
        return thing

    def post(self, organization: Thing) -> list[tuple[Thing, str, Life]]:
        """A post of the body with its holders one after another: (person, post, time)."""
        rng = self.rng
        kind = organization.kind if organization.kind in _POST_CLASSES else ""
        name = organization.name.within(*words.POSTS[kind])
        slug = self._id("post", name)
        single = rng.random() < 0.94
        row = {"class": _POST_CLASSES.get(kind, "org:Post"), **self.named(name, rng)}
        row |= {"organization": organization.slug, "single_holder": "true" if single else "false"}
        dated = {"start": stated(rng, organization.life.start)} if rng.random() < 0.05 else {"name_kk": name.kk}
        self.rows("posts", slug, 1 + some(rng, 0.6), row, dated)
        held: list[tuple[Thing, str, Life]] = []
        low = organization.life.day(rng)
        for _ in range(1 + some(rng, 1.1)):
            if low >= organization.life.last:
                break
            again = rng.random() < 0.12
            known = self.persons.pick() if again else None
            person = known if known and all(known is not p for p, _, _ in held) else self.person()
            end = low + timedelta(days=rng.randint(200, 1800))
            life = Life(low, min(end, organization.life.end or TODAY) if end < TODAY else None)
            self._tenure(person, slug, life)
            held.append((person, slug, life))
            if life.end is None:
                break
            low = life.end + timedelta(days=rng.choice((0, 0, 1, 40)))
        return held

    def _tenure(self, person: Thing, post: str, life: Life) -> None:
        rng = self.rng
        slug = self._id("tenure", person.name)
        row = {"person": person.slug, "post": post}
        dates: Row = {"start": stated(rng, life.start)} if rng.random() < 0.6 else {}
        if life.end and rng.random() < 0.6:
            dates["end"] = stated(rng, life.end)
        if rng.random() < 0.4 or not dates:
            dates["observed_on"] = life.day(rng).isoformat()
        seen = row | {"observed_on": life.day(rng).isoformat()}
        self.rows("tenures", slug, 1 + some(rng, 0.75), row | {"status": "full"} | dates, seen, row)
        thing = Thing(f"tenure/{slug}", person.name, life)
        if rng.random() < 0.05:
            self._disputed_start("tenures", thing, row)
        if rng.random() < 0.08:
            value = {"value_thing": f"tenure-status/{rng.choice(('acting', 'full'))}"}
            self._spell(thing.path, "bkg:tenureStatus", person.name, value, life)
