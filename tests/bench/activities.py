"""What the bodies and people of a synthetic base do: acts, programmes, figures, events, agreements, read documents."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, timedelta

from tests.bench import words
from tests.bench.facts import Life, Row, Thing, some, stated
from tests.bench.synthetic import TOPICS, Maker, Write

WriteDocument = Callable[[str, str], None]
"""Takes the stem of a document's file and its TriG."""

_ROLES = ("beneficiary", "operator", "implementation-area", "partner", "implementer", "participant")
_PARTICIPANTS = ("participant", "participant", "participant", "host", "guest", "organizer", "speaker")
_MEASURES = ("schools", "people", "places", "funding", "scholarships", "institutions", "students")
_OUTCOMES = ("instruction", "proposal", "commitment", "invitation", "announcement", "assessment", "claim")
_HEAD = """@prefix am: <https://w3id.org/bilim/list/assertion-mode/> .
@prefix bkg: <https://w3id.org/bilim/def#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix edtf: <http://id.loc.gov/datatypes/edtf/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""


class Activities(Maker):
    """A :class:`Maker` of whole units."""

    def __init__(self, units: int, seed: int, write: Write, document: WriteDocument) -> None:
        self.document = document
        super().__init__(units, seed, write)
        for _ in range(6):
            self.post(self.organization(hub=True))

    def unit(self) -> None:
        """A twentieth of the real base."""
        rng = self.rng
        held: list[tuple[Thing, str, Life]] = []
        for _ in range(some(rng, 16.3)):
            organization = self.organization()
            if rng.random() < 0.19:
                held += self.post(organization)
        for _ in range(some(rng, 5)):
            self.person()
        for _ in range(some(rng, 1.1)):
            self.act()
        for _ in range(some(rng, 1.7)):
            self.program()
        for _ in range(some(rng, 0.4)):
            self.reorganization()
        for _ in range(some(rng, 3.1)):
            self.event(held)
        for _ in range(some(rng, 3.8)):
            self.agreement()
        for _ in range(some(rng, 11)):
            first, other = rng.choice(self.persons.sample), rng.choice(self.persons.sample)
            row = {"decision": "different", "kind": "person", "slug": first.slug, "other": other.slug}
            self.tell("identities", row | {"who": "stewards", "why": "Alike by name only."})
        if rng.random() < 0.25:
            self.read_document()

    def act(self) -> Thing:
        rng = self.rng
        kind = rng.choice(list(words.ACTS))
        name = words.place(rng).within(*words.ACTS[kind])
        slug = self._id("document", name)
        adopted = date(1995, 1, 1) + timedelta(days=rng.randint(0, 11000))
        row = {"kind": kind, "title_en": name.en, "number": f"{rng.randint(1, 1500)}-{rng.choice('IVX')}"}
        row |= {"adopted": adopted.isoformat()} if rng.random() < 0.7 else {}
        dates = {"start": str(adopted.year), "end": str(adopted.year + 5)} if rng.random() < 0.4 else row
        if rng.random() < 0.25:
            row["url"] = f"https://acts.example/{slug}"
        if (before := self.acts.pick()) and rng.random() < 0.1:
            dates = {"replaces": before.slug}
        self.rows("acts", slug, 1 + some(rng, 0.6), row, dates)
        self.acts.add(thing := Thing(f"document/{slug}", name, Life(adopted)))
        return thing

    def program(self) -> Thing:
        rng = self.rng
        name = words.place(rng).within(*words.PROGRAMS)
        slug = self._id("program", name)
        start = date(2008, 1, 1) + timedelta(days=rng.randint(0, 6000))
        life = Life(start, start + timedelta(days=rng.randint(700, 2000)) if rng.random() < 0.4 else None)
        row = {"kind": rng.choice(("programme", "project", "national-project", "scholarship")), **self.named(name, rng)}
        if (act := self.acts.pick()) and rng.random() < 0.2:
            row["legal_basis"] = act.slug
        dates: Row = {"start": stated(rng, start)} if rng.random() < 0.7 else {}
        if life.end and rng.random() < 0.7:
            dates["end"] = stated(rng, life.end)
        self.rows("programs", slug, 1 + some(rng, 1.6), row, dates, {"observed_on": life.day(rng).isoformat()})
        self.programs.add(thing := Thing(f"program/{slug}", name, life))
        for _ in range(some(rng, 2.3)):
            self.involvement(thing)
        for _ in range(some(rng, 5.2)):
            self.figure(thing)
        return thing

    def involvement(self, program: Thing) -> None:
        rng = self.rng
        slug = self._id("involvement", program.name)
        row = {"program": program.slug, "role": rng.choice(_ROLES)}
        at = rng.random()
        if at < 0.5 and (agent := self.organizations.pick()):
            row["agent"] = agent.path if rng.random() < 0.9 else f"country/{self.country()}"
        elif at < 0.85:
            group = rng.choice(words.GROUPS)
            row |= {"description_en": group.en, "description_ru": group.ru, "description_kk": group.kk}
        else:
            row["region"] = rng.choice(self.regions).slug
        dates: Row = {"observed_on": program.life.day(rng).isoformat()} if rng.random() < 0.4 else {}
        self.rows("involvements", slug, 1 + some(rng, 0.1), row | dates, row)

    def figure(self, program: Thing) -> None:
        rng = self.rng
        thing = program if rng.random() < 0.8 else self.organizations.pick() or program
        counted = rng.choice(words.COUNTED)
        day = date(2010, 1, 1) + timedelta(days=rng.randint(0, 5900))
        row = {"about": thing.path, "measure": rng.choice(_MEASURES), "value": str(rng.randint(1, 5000))}
        if rng.random() < 0.1:
            row["value"] = f"{rng.randint(1, 90)}.{rng.randint(1, 9)}"
        row |= {"qualifier": rng.choice(("exact", "exact", "exact", "more-than", "about")), "unit": "schools"}
        row |= {"counts_en": counted.en, "counts_ru": counted.ru, "counts_kk": counted.kk}
        row |= {"status": rng.choice(("achieved", "planned", "stated")), "when": stated(rng, day)}
        if rng.random() < 0.1:
            row["region"] = rng.choice(self.regions).slug
        slug = self._id("figure", thing.name)
        self.rows("figures", slug, 1, row)
        if rng.random() < 0.06:  # another source gives another number
            other = self._id("figure", thing.name)
            self.rows("figures", other, 1, row | {"value": f"{float(row['value']) + 7:g}"})
            self._discrepancy("value-conflict", thing, f"figure/{slug}; figure/{other}", "", rng.random() < 0.5)

    def event(self, held: list[tuple[Thing, str, Life]]) -> None:
        rng = self.rng
        kind = rng.choice(list(words.EVENTS))
        place = rng.choice(self.places)
        name = words.place(rng).within(*words.EVENTS[kind])
        holder = rng.choice(held) if held and rng.random() < 0.8 else None
        day = holder[2].day(rng) if holder else date(2012, 1, 1) + timedelta(days=rng.randint(0, 5200))
        slug = self._id("event", name)
        row = {"kind": kind, "status": "occurred", "name_en": name.en, "name_ru": name.ru, "name_kk": name.kk}
        row |= {"topics": "; ".join(rng.sample(TOPICS, rng.randint(1, 2))), "country": self.country()}
        region = rng.choice(self.regions)
        if rng.random() < 0.6 and region.life.start <= day:
            row |= {"region": region.slug, "country": region.country, "city": place.en}
        self.rows(
            "events", slug, 1 + some(rng, 0.5), row | {"when": stated(rng, day)}, {"when": day.isoformat()}, on=day
        )
        if holder:
            who = {"participant": holder[0].path, "capacity": holder[1], "role": "host"}
            self._participation(slug, name, who, day)
        for _ in range(some(rng, 2.8)):
            at = rng.random()
            group = rng.choice(words.GROUPS)
            found = (self.persons if at < 0.5 else self.organizations).pick(day)
            who = {"participant": found.path} if found else {}
            if not who or at > 0.95:
                who = {"description_en": group.en, "description_ru": group.ru, "description_kk": group.kk}
            self._participation(slug, name, who | {"role": rng.choice(_PARTICIPANTS)}, day)

    def _participation(self, event: str, name: words.Name, who: Row, day: date) -> None:
        slug = self._id("participation", name)
        self.rows("participations", slug, 1, {"event": event, **who}, on=day)

    def agreement(self) -> None:
        rng = self.rng
        kind = rng.choices(list(words.AGREEMENTS), (55, 25, 10, 10))[0]
        day = date(2013, 1, 1) + timedelta(days=rng.randint(0, 4800))
        parties = {p.path: p for _ in range(2 + some(rng, 0.2)) if (p := self.organizations.pick(day))}
        name = words.place(rng).within(*words.AGREEMENTS[kind])
        row = {"kind": kind, "name_en": name.en, "name_ru": name.ru, "name_kk": name.kk}
        subject = rng.choice(words.SUBJECTS)
        row |= {"subject_en": subject.en, "subject_ru": subject.ru, "subject_kk": subject.kk}
        row |= {"parties": "; ".join(parties), "topics": "; ".join(rng.sample(TOPICS, rng.randint(1, 3)))}
        if len(parties) < 2 or rng.random() < 0.1:
            group = rng.choice(words.GROUPS)
            row |= {"party_description_en": group.en, "party_description_ru": group.ru}
            row["parties"] = "; ".join([*parties, f"country/{self.country()}"])
        signed = rng.random() < 0.8
        row["status"] = rng.choice(("signed", "signed", "in-force")) if signed else rng.choice(("draft", "announced"))
        if signed and rng.random() < 0.85:
            row["signed"] = stated(rng, day)
        if signed and rng.random() < 0.3 and (person := self.persons.pick()):
            row["signatories"] = person.slug
        again: Row = {"signed": day.isoformat()} if signed else {"subject_en": subject.en}
        self.rows("agreements", self._id("agreement", name), 1 + some(rng, 0.38), row, again)

    def read_document(self) -> None:
        """A document read to the phrase, as TriG: its own graph, evidence with quotes and offsets."""
        rng = self.rng
        stem = self._id("document", words.place(rng).within("Page of {}", "{}", "{}"))
        issued = date(2016, 1, 1) + timedelta(days=rng.randint(0, 3800))
        place = words.place(rng)
        out = [_HEAD, f"<https://w3id.org/bilim/graph/document/{stem}> {{"]
        digest = hashlib.sha256(stem.encode()).hexdigest()
        out.append(
            f'<{_iri("document", stem)}> a bkg:Document ; dct:title "{place.en} in the news"@en ; dct:language "en" ;'
            f' bkg:issuedEdtf "{issued}"^^edtf:EDTF ; bkg:publisherName "{rng.choice(self.publishers).en}" ;'
            f' bkg:sha256 "{digest}" ; bkg:tier <https://w3id.org/bilim/list/tier/news> ;'
            f' bkg:url "https://press.example/read/{stem}" .'
        )
        offset = 20

        def evidence(about: str, quote: str, more: str = "") -> None:
            nonlocal offset
            slug = f"{stem}-{hashlib.sha256(f'{about}{offset}'.encode()).hexdigest()[:12]}"
            out.append(
                f"<{_iri('evidence', slug)}> a bkg:Evidence ; bkg:supports <{about}> ;"
                f' bkg:inDocument <{_iri("document", stem)}> ; bkg:quote "{quote}" ; bkg:charStart {offset} ;'
                f" bkg:charEnd {offset + len(quote)} ; {more} bkg:assertionMode am:asserted ;"
                f" bkg:confidence {rng.choice(('0.9', '0.95', '0.8'))} ."
            )
            offset += len(quote) + rng.randint(5, 60)

        event = _iri("event", f"{stem}-event")
        out.append(
            f'<{event}> a bkg:Event ; skos:prefLabel "Meeting in {place.en}"@en , "Встреча: {place.ru}"@ru ;'
            " bkg:eventKind <https://w3id.org/bilim/list/event-kind/meeting> ;"
            " bkg:status <https://w3id.org/bilim/list/status/occurred> ."
        )
        evidence(event, "met on that day", f'bkg:onProperty bkg:when ; bkg:statesEdtf "{issued}"^^edtf:EDTF ;')
        actors = [t for _ in range(4) if (t := self.persons.pick() or self.organizations.pick(issued))]
        for at, actor in enumerate(actors):
            if actor.path.startswith("person/"):  # a document says again what is known
                out.append(f"<{_path(actor)}> a <http://xmlns.com/foaf/0.1/Person> .")
            part = _iri("participation", f"{stem}-part-{at}")
            out.append(f"<{part}> a bkg:Participation ; bkg:event <{event}> ; bkg:participant <{_path(actor)}> .")
            evidence(part, f"{actor.name.en} took part")
            evidence(_path(actor), actor.name.en)
        for at in range(some(rng, 11.4)):
            outcome = _iri("outcome", f"{stem}-outcome-{at}")
            said = words.place(rng)
            out.append(
                f"<{outcome}> a bkg:Outcome ; bkg:outcomeOf <{event}> ;"
                f" bkg:outcomeKind <https://w3id.org/bilim/list/outcome-kind/{rng.choice(_OUTCOMES)}> ;"
                f" bkg:topic <https://w3id.org/bilim/list/topic/{rng.choice(TOPICS)}> ;"
                f' bkg:description "Schools of {said.en} are to be equipped"@en , "Школы {said.ru} оснастят"@ru'
                + (f" ; bkg:actor <{_path(rng.choice(actors))}> ." if actors else " .")
            )
            for _ in range(1 + some(rng, 0.8)):
                evidence(outcome, f"schools of {said.en}")
        self.document(stem, "\n".join([*out, "}", ""]))


def _iri(kind: str, slug: str) -> str:
    return f"https://w3id.org/bilim/id/{kind}/{slug}"


def _path(thing: Thing) -> str:
    return f"https://w3id.org/bilim/id/{thing.path}"
