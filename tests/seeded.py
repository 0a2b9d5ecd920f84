"""Mistakes at known places: each a small change to a realistic graph, with the rule that it breaks and where.

``steps``: how far what changes is from the thing on which the finding is (0: on itself), by addition, by deletion or by
change. The base is a release of tests/bench/generate.py with some evidence laid in that a decision has deprecated: what
breaks when the decision goes is three steps away, by a deletion alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from pyoxigraph import DefaultGraph, NamedNode, Quad, Store
from pyoxigraph import Literal as Value

from kg.releases.candidate import Delta, apply, copy_of
from kg.releases.rederive import rederive
from kg.store.overlay import Overlay
from kg.terms import BKG, EDTF_TYPE, GRAPH_DERIVED, GRAPH_IMPORT, GRAPH_LEDGER, ID, RDF, XSD, expand

GRAPH: Final = NamedNode(GRAPH_IMPORT + "seeded")
TYPE: Final = NamedNode(RDF + "type")
_COMPUTED: Final = (DefaultGraph(), NamedNode(GRAPH_DERIVED), NamedNode(GRAPH_LEDGER))

_ROLES: Final = {NamedNode(BKG + name) for name in ("Minister", "Akim", "Rector")}  # derived, and persons by that

How = Literal["addition", "deletion", "change"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """A change, and the finding that it must raise: rule ``code`` on the thing ``focus`` (IRI)."""

    code: str
    focus: str
    steps: int
    how: How
    delta: Delta


def iri(name: str) -> NamedNode:
    return NamedNode(expand(name))


def edtf(text: str) -> Value:
    return Value(text, datatype=NamedNode(EDTF_TYPE))


_KZ: Final = iri("country:kz")
# what is taken away from a thing itself
_DROPS: Final = (
    ("Tenure-post-count", "bkg:Tenure", "bkg:post"),
    ("Tenure-member-count", "bkg:Tenure", "org:member"),
    ("Post-postIn-count", "org:Post", "org:postIn"),
    ("Post-singleHolder-count", "org:Post", "bkg:singleHolder"),
    ("Named-prefLabel-count", "org:Organization", "skos:prefLabel"),
    ("Event-eventKind-count", "bkg:Event", "bkg:eventKind"),
    ("Event-status-count", "bkg:Event", "bkg:status"),
    ("Participation-event-count", "bkg:Participation", "bkg:event"),
    ("Figure-measure-count", "bkg:Figure", "bkg:measure"),
    ("Figure-value-count", "bkg:Figure", "bkg:value"),
    ("Involvement-program-count", "bkg:Involvement", "bkg:program"),
    ("Agreement-agreementStatus-count", "bkg:Agreement", "bkg:agreementStatus"),
    ("Document-tier-count", "bkg:Document", "bkg:tier"),
    ("Document-title-count", "bkg:Document", "dct:title"),
    ("Evidence-confidence-count", "bkg:Evidence", "bkg:confidence"),
    ("Evidence-inDocument-count", "bkg:Evidence", "bkg:inDocument"),
    ("Region-inCountry-count", "bkg:Region", "bkg:inCountry"),
    ("Discrepancy-concerns-count", "bkg:Discrepancy", "bkg:concerns"),
)
# what is said of a thing beside what is there, or in its place (True)
_WRONG: Final[tuple[tuple[str, str, str, Any, bool], ...]] = (
    ("Tenure-tenureStatus-concept", "bkg:Tenure", "bkg:tenureStatus", iri("st:planned"), True),
    ("Post-singleHolder-datatype", "org:Post", "bkg:singleHolder", Value("yes"), True),
    ("PersonShape", "foaf:Person", "bkg:subject", Value("a subject", language="en"), False),
    ("Named-prefLabel-datatype", "foaf:Person", "skos:prefLabel", Value("No Language"), False),
    ("Identified-wikidataId-form", "foaf:Person", "bkg:wikidataId", Value("W1"), False),
    ("Identified-website-form", "org:Organization", "bkg:website", Value("example.kz"), False),
    ("Event-inRegion-class", "bkg:Event", "bkg:inRegion", _KZ, False),
    ("Participation-participant-class", "bkg:Participation", "bkg:participant", iri("ms:places"), False),
    ("Figure-value-datatype", "bkg:Figure", "bkg:value", Value("many"), True),
    ("Document-language-form", "bkg:Document", "dct:language", Value("English"), False),
    ("Document-sha256-form", "bkg:Document", "bkg:sha256", Value("9F86"), False),
    (
        "Evidence-confidence-range",
        "bkg:Evidence",
        "bkg:confidence",
        Value("1.5", datatype=NamedNode(XSD + "decimal")),
        True,
    ),
    ("Evidence-quote-length", "bkg:Evidence", "bkg:quote", Value("q" * 121), False),
    ("Evidence-rank-concept", "bkg:Evidence", "bkg:rank", iri("st:planned"), False),
    ("Country-inCountry", "bkg:Country", "bkg:inCountry", _KZ, False),
)
# things whose class is taken away: (rule, class of the focus, property that leads from it to the thing)
_UNTYPED: Final = (
    ("Tenure-member-class", "bkg:Tenure", "org:member"),
    ("Post-postIn-class", "org:Post", "org:postIn"),
    ("Participation-event-class", "bkg:Participation", "bkg:event"),
    ("Involvement-program-class", "bkg:Involvement", "bkg:program"),
    ("Evidence-inDocument-class", "bkg:Evidence", "bkg:inDocument"),
    ("Evidence-supports-typed", "bkg:Evidence", "bkg:supports"),
    ("Agreement-party-class", "bkg:Agreement", "bkg:party"),
)
# ends in 1950, stated of a frame: (rule, class of the focus, way from it to the frame)
_ENDED: Final = (
    ("Tenure-frame-over", "bkg:Tenure", ("bkg:post",)),
    ("Tenure-frame-over", "bkg:Tenure", ("bkg:post", "org:postIn")),
    ("Organization-region-gone", "org:Organization", ("bkg:inRegion",)),
    ("Event-region-gone", "bkg:Event", ("bkg:inRegion",)),
    ("Agreement-party-gone", "bkg:Agreement", ("bkg:party",)),
)
_BOUND: Final = {"Event-region-gone": "bkg:earliestWhen", "Agreement-party-gone": "bkg:signedEdtf"}


class Seeds:
    """Mistakes that can be made in a store, at places chosen by ``chance``."""

    def __init__(self, store: Store, chance: random.Random) -> None:
        self._store = store
        self._chance = chance

    def all(self) -> Iterator[Mistake]:
        for code, cls, p in _DROPS:
            if thing := self._one(cls, p):
                yield Mistake(code, thing.value, 0, "deletion", Delta([], self.said(thing, p)))
        for code, cls, p, value, instead in _WRONG:
            if thing := self._one(cls, p if instead else None):
                gone = self.said(thing, p) if instead else []
                added = [Quad(thing, iri(p), value, GRAPH)]
                yield Mistake(code, thing.value, 0, "change" if instead else "addition", Delta(added, gone))
        for code, cls, p in _UNTYPED:
            pairs = ((thing, o) for thing in self._shuffled(cls) for o in self.objects(thing, p))
            if found := next((pair for pair in pairs if not _ROLES & set(self.objects(pair[1], "rdf:type"))), None):
                thing, other = found
                yield Mistake(code, thing.value, 1, "deletion", Delta([], self.said(other, "rdf:type")))
        yield from self._near()
        for code, cls, way in _ENDED:
            if found := self._framed(code, cls, way):
                thing, frame = found
                yield Mistake(code, thing.value, len(way) + 1, "addition", Delta(ended(frame, self._document())))
        for rank in self._store.quads_for_pattern(None, iri("bkg:rank"), iri("rk:deprecated"), GRAPH):
            *_, code, focus, steps = str(rank.subject.value).split("~")  # type: ignore[union-attr]
            yield Mistake(code, ID + focus, int(steps), "deletion", Delta([], [rank]))

    def _near(self) -> Iterator[Mistake]:
        """One and two steps away, each in its own way."""
        if held := self._one("foaf:Person", "bkg:wikidataId"):
            other = next(p for p in self.things("foaf:Person") if not self.objects(p, "bkg:wikidataId"))
            same = Quad(other, iri("bkg:wikidataId"), self.objects(held, "bkg:wikidataId")[0], GRAPH)
            yield Mistake("Identified-wikidataId-unique", held.value, 1, "addition", Delta([same]))
        if event := self._one("bkg:Event", None):
            gone = [
                q
                for e in self.subjects("bkg:supports", event)
                for q in self.said(e, "bkg:supports")
                if q.object == event
            ]
            yield Mistake("Stated-evidence", event.value, 1, "deletion", Delta([], gone))
        for event in self._shuffled("bkg:Event"):
            papers = [d for e in self.subjects("bkg:supports", event) for d in self.objects(e, "bkg:inDocument")]
            if (
                papers
                and iri("st:occurred") in self.objects(event, "bkg:status")
                and self.objects(event, "bkg:earliestWhen")
            ):
                old = self.said(papers[0], "bkg:issuedEdtf")
                early = Quad(papers[0], iri("bkg:issuedEdtf"), edtf("1950-01-01"), GRAPH)
                yield Mistake("Event-source-order", event.value, 2, "change", Delta([early], old))
                break
        for organization in self._shuffled("org:Organization"):
            regions = self.objects(organization, "bkg:inRegion")
            if regions and self.objects(organization, "bkg:inCountry") == [_KZ]:
                abroad = next(c for c in self.things("bkg:Country") if c != _KZ)
                moved = Delta(
                    [Quad(regions[0], iri("bkg:inCountry"), abroad, GRAPH)], self.said(regions[0], "bkg:inCountry")
                )
                yield Mistake("Organization-region-country", organization.value, 1, "change", moved)
                break
        for discrepancy in self._shuffled("bkg:Discrepancy"):
            gone = self.said(discrepancy, "bkg:concerns") + self.said(discrepancy, "bkg:between")
            about = self.objects(discrepancy, "bkg:concerns")
            if (
                len(about) == 1
                and self.objects(about[0], "bkg:disputed")
                and not self._elsewhere(about[0], discrepancy)
            ):
                yield Mistake("Dated-disputed", about[0].value, 1, "deletion", Delta([], gone))
                break
        for part in self._shuffled("bkg:Participation"):
            for post in self.objects(part, "bkg:inCapacity"):
                for person in self.objects(part, "bkg:participant"):
                    terms = [t for t in self.subjects("org:member", person) if post in self.objects(t, "bkg:post")]
                    if terms:
                        gone = [q for t in terms for q in self.said(t, "bkg:post") if q.object == post]
                        yield Mistake("Participation-capacity", part.value, 2, "deletion", Delta([], gone))
                        return

    def _elsewhere(self, thing: Any, discrepancy: Any) -> bool:
        """Whether another discrepancy covers the thing."""
        evidence = self.subjects("bkg:supports", thing)
        others = {d for e in evidence for d in self.subjects("bkg:between", e)} | set(
            self.subjects("bkg:concerns", thing)
        )
        return bool(others - {discrepancy})

    def deprecated(self) -> list[Quad]:
        """Evidence that would end frames in 1950, did no decision speak against it; its IRI says what would break."""
        out: list[Quad] = []
        for code, cls, way in _ENDED:
            if found := self._framed(code, cls, way):
                name = f"seeded-{len(way)}~{code}~{found[0].value.removeprefix(ID)}~{len(way) + 1}"
                out += ended(found[1], self._document(), name)
                out.append(Quad(NamedNode(f"{ID}evidence/{name}"), iri("bkg:rank"), iri("rk:deprecated"), GRAPH))
        return out

    def _framed(self, code: str, cls: str, way: tuple[str, ...]) -> tuple[NamedNode, NamedNode] | None:
        """A dated thing of the class and the frame that the way leads to, of which no other end is stated."""
        for thing in self._shuffled(cls):
            if not self.objects(thing, _BOUND.get(code, "bkg:earliestStart")):
                continue
            if code == "Tenure-frame-over" and not self._starts(thing):
                continue
            nodes = [thing]
            for p in way:
                nodes = [o for n in nodes for o in self.objects(n, p)]
            if nodes and not self.objects(nodes[0], "bkg:endEdtf") and nodes[0] != _KZ:
                return thing, nodes[0]
        return None

    def _starts(self, thing: NamedNode) -> bool:
        """Whether its first day is its own: one taken over from the frame would move with the frame."""
        return any(".." not in start.value for start in self.objects(thing, "bkg:startEdtf"))

    def things(self, cls: str) -> list[NamedNode]:
        return self.subjects("rdf:type", iri(cls))

    def objects(self, s: Any, p: str) -> list[Any]:
        return sorted((q.object for q in self._store.quads_for_pattern(s, iri(p), None, DefaultGraph())), key=str)

    def subjects(self, p: str, o: Any) -> list[Any]:
        return sorted((q.subject for q in self._store.quads_for_pattern(None, iri(p), o, DefaultGraph())), key=str)

    def said(self, s: Any, p: str) -> list[Quad]:
        """What sources say, as they say it."""
        return [q for q in self._store.quads_for_pattern(s, iri(p), None) if q.graph_name not in _COMPUTED]

    def _shuffled(self, cls: str) -> list[NamedNode]:
        found = self.things(cls)
        return self._chance.sample(found, min(len(found), 400))

    def _one(self, cls: str, p: str | None) -> NamedNode | None:
        return next((thing for thing in self._shuffled(cls) if p is None or self.said(thing, p)), None)

    def _document(self) -> NamedNode:
        return self._chance.choice(self.things("bkg:Document"))


def ended(thing: NamedNode, document: NamedNode, name: str | None = None) -> list[Quad]:
    """Evidence, preferred to all other, that a thing ended in 1950."""
    evidence = NamedNode(f"{ID}evidence/{name or 'seeded-' + thing.value.rpartition('/')[2]}")
    said: list[tuple[str, Any]] = [
        ("rdf:type", iri("bkg:Evidence")),
        ("bkg:supports", thing),
        ("bkg:inDocument", document),
        ("bkg:onProperty", iri("bkg:end")),
        ("bkg:statesEdtf", edtf("1950-01-01")),
        ("bkg:assertionMode", iri("am:asserted")),
        ("bkg:confidence", Value("0.9", datatype=NamedNode(XSD + "decimal"))),
    ]
    if name is None:  # of several ranks the lowest counts
        said.append(("bkg:rank", iri("rk:preferred")))
    return [Quad(evidence, iri(p), o, GRAPH) for p, o in said]


def base_of(release: Path, folder: Path, seed: int = 1) -> Store:
    """A copy of a release with deprecated evidence laid in. Shares the release's files; made in milliseconds."""
    store = copy_of(release, folder)
    overlay, delta = Overlay(store), Delta(Seeds(store, random.Random(seed)).deprecated())
    apply(overlay, delta)
    derived = rederive(overlay, delta)
    assert derived is not None
    apply(store, delta + derived)
    return store
