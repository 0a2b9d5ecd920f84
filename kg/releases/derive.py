"""What follows from the statements: resolved dates and bounds, classes, sides of discrepancies.

Sources write evidence and the most specific class; the values that templates read are computed here into
``graph/derived`` (docs/model.md, "Sources write evidence"). A pure function of the stated graphs: all named
graphs but the derived one and the ledger. One set query a step, grouping in Python, no query per thing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final

from pyoxigraph import Literal, NamedNode, Quad, Store

from kg.dates import (
    Bounds,
    DateError,
    Resolved,
    Statement,
    clip_to_lifetime,
    parse,
    resolve_point,
    resolve_span,
    succeed,
)
from kg.kinds import KINDS
from kg.releases import sources
from kg.terms import (
    BKG,
    EDTF_TYPE,
    GRAPH_DERIVED,
    GRAPH_LEDGER,
    ORG,
    OWL,
    PROV,
    RDF,
    RDFS,
    SKOS,
    XSD,
    concept_iri,
    split_entity_iri,
)

DERIVED: Final = NamedNode(GRAPH_DERIVED)

_Term = NamedNode | Literal
_TYPE = NamedNode(RDF + "type")
_EDTF = NamedNode(EDTF_TYPE)
_DATE = NamedNode(XSD + "date")
_TRUE = Literal("true", datatype=NamedNode(XSD + "boolean"))
_FROM = NamedNode(PROV + "wasDerivedFrom")
WANTED: Final = frozenset(
    {RDF + "type", RDFS + "subClassOf", SKOS + "prefLabel", ORG + "member", ORG + "postIn"}
    | {BKG + name for name in ("post", "singleHolder", "concerns", "between", "inDocument", "tier", "rank")}
    | {BKG + name for name in ("supports", "onProperty", "statesEdtf", "attestsEdtf", "party", "inCountry")}
)
"""The predicates from which all is derived."""
_ROLES: Final = {"MinisterialPost": "Minister", "AkimPost": "Akim", "RectorPost": "Rector"}


def derive(store: Store) -> list[Quad]:
    """The quads of graph/derived that follow from the other graphs of the store, without duplicates, sorted.

    What is there of graph/derived is not read, so deriving again gives the same.
    Evidence with an ill-formed date is passed over: reading and shapes report it.
    """
    return _derived(_Facts(store))


def derive_from(quads: Iterable[Quad]) -> list[Quad]:
    """The same from the stated quads themselves, gone through once, before any store holds them."""
    return _derived(_Told(quads))


def _derived(facts: _Facts) -> list[Quad]:
    quads: set[Quad] = set()
    quads.update(_types(facts))
    quads.update(_dates(facts))
    quads.update(_between(facts))
    quads.update(_organizations(facts))
    quads.update(_sources(facts))
    quads.update(_names(facts))
    quads.update(_party_countries(facts))
    return sorted(quads, key=str)


class _Facts:
    """Stated triples by predicate, each read once."""

    def __init__(self, store: Store | None) -> None:
        self._store = store
        self._pairs: dict[str, list[tuple[str, _Term]]] = {}

    def pairs(self, predicate: str) -> list[tuple[str, _Term]]:
        """Distinct ``(subject IRI, object)`` of a predicate in the stated graphs, in no order."""
        if predicate not in self._pairs:
            assert self._store is not None, predicate  # see WANTED
            rows = self._store.query(
                f"SELECT DISTINCT ?s ?o WHERE {{ GRAPH ?g {{ ?s <{predicate}> ?o }} "
                f"FILTER(?g NOT IN (<{GRAPH_DERIVED}>, <{GRAPH_LEDGER}>)) }}"
            )
            self._pairs[predicate] = [
                (subject.value, value)
                for subject, value in rows  # type: ignore[union-attr]
                if isinstance(subject, NamedNode)
            ]
        return self._pairs[predicate]

    def one(self, predicate: str) -> dict[str, str]:
        """Subject to the value of a property that has one; of several the first in order."""
        return {subject: min(values) for subject, values in self.many(predicate).items()}

    def many(self, predicate: str) -> dict[str, list[str]]:
        out: dict[str, list[str]] = defaultdict(list)
        for subject, value in self.pairs(predicate):
            out[subject].append(value.value)
        return out


class _Told(_Facts):
    """The triples of the wanted predicates, taken from quads in one pass."""

    def __init__(self, quads: Iterable[Quad]) -> None:
        super().__init__(None)
        found: dict[str, dict[tuple[str, _Term], None]] = {predicate: {} for predicate in WANTED}
        wanted = {NamedNode(predicate): pairs for predicate, pairs in found.items()}
        for quad in quads:
            pairs = wanted.get(quad.predicate)
            if pairs is not None and isinstance(quad.subject, NamedNode):
                pairs[quad.subject.value, quad.object] = None  # type: ignore[index]  # no RDF 1.2, no blank nodes
        self._pairs = {predicate: list(pairs) for predicate, pairs in found.items()}


def superclasses(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    """Class to all its superclasses, from (class, direct superclass) pairs; cycles do no harm."""
    direct: dict[str, set[str]] = defaultdict(set)
    for sub, sup in pairs:
        direct[sub].add(sup)
    closed: dict[str, frozenset[str]] = {}
    for cls in direct:
        seen: set[str] = set()
        todo = [cls]
        while todo:
            for sup in direct.get(todo.pop(), ()):
                if sup not in seen and sup != cls:
                    seen.add(sup)
                    todo.append(sup)
        closed[cls] = frozenset(seen)
    return closed


def _types(facts: _Facts) -> Iterator[Quad]:
    """Superclasses of every thing, and the classes that roles define (a minister is who held such a post)."""
    named = [(s, o.value) for s, o in facts.pairs(RDFS + "subClassOf") if isinstance(o, NamedNode)]
    above = superclasses((s, o) for s, o in named if o != OWL + "Thing")
    stated: dict[str, set[str]] = defaultdict(set)
    for subject, type_ in facts.pairs(RDF + "type"):
        stated[subject].add(type_.value)
    holders = facts.many(ORG + "member")
    for tenure, post in facts.pairs(BKG + "post"):
        for post_class in stated.get(post.value, ()):
            for cls in (post_class, *above.get(post_class, ())):
                role = _ROLES.get(cls.removeprefix(BKG))
                for person in holders.get(tenure, ()) if role else ():
                    yield Quad(NamedNode(person), _TYPE, NamedNode(f"{BKG}{role}"), DERIVED)
    for subject, classes in stated.items():
        for cls in {sup for c in classes for sup in above.get(c, ())} - classes:
            yield Quad(NamedNode(subject), _TYPE, NamedNode(cls), DERIVED)


def statements(facts: _Facts) -> dict[str, list[Statement]]:
    """Thing to what evidence says of its dates, ordered by evidence IRI."""
    supports = facts.many(BKG + "supports")
    properties = facts.many(BKG + "onProperty")
    ranks = facts.many(BKG + "rank")
    out: dict[str, list[Statement]] = defaultdict(list)
    for predicate, attests in ((BKG + "statesEdtf", False), (BKG + "attestsEdtf", True)):
        for evidence, value in facts.pairs(predicate):
            names: list[str | None] = [p.removeprefix(BKG) for p in properties.get(evidence, ())]
            if not _is_date(value.value):
                continue
            for thing in supports.get(evidence, ()):
                for name in [None] if attests else names or [None]:
                    out[thing].append(Statement(evidence, name, value.value, attests, _rank(ranks.get(evidence, ()))))
    for found in out.values():
        found.sort(key=lambda s: (s.evidence, s.property or "", s.edtf))
    return out


def _is_date(text: str) -> bool:
    try:
        parse(text)
    except DateError:
        return False
    return True


def _rank(iris: Iterable[str]) -> str:
    """Of several ranks the lowest: a decision to deprecate overrules what a source says of itself."""
    ranks = {iri.removeprefix(concept_iri("rank", "")) for iri in iris}
    return next((r for r in ("deprecated", "normal", "preferred") if r in ranks), "normal")


def _dates(facts: _Facts) -> Iterator[Quad]:
    said = statements(facts)
    bounds: dict[str, Bounds] = {}
    for thing, found in said.items():
        parts = split_entity_iri(thing)
        dated = KINDS[parts[0]].dated if parts and parts[0] in KINDS else ()
        disputed, used = False, set()
        if "start" in dated:
            span = resolve_span(found)
            yield from _edtf(thing, "start", span.start)
            yield from _edtf(thing, "end", span.end)
            bounds[thing] = Bounds(span.start.earliest, span.start.latest, span.end.earliest, span.end.latest)
            disputed, used = span.disputed, set(span.used)
        for name in dated:
            if name in ("start", "end"):
                continue
            point = resolve_point(found, name)
            yield from _edtf(thing, name, point)
            if name == "when":
                yield from _days(thing, {"earliestWhen": point.earliest, "latestWhen": point.latest})
            disputed, used = disputed or point.disputed, used | set(point.used)
        if disputed:
            yield Quad(NamedNode(thing), NamedNode(BKG + "disputed"), _TRUE, DERIVED)
        for evidence in used:
            yield Quad(NamedNode(thing), _FROM, NamedNode(evidence), DERIVED)
    for thing, b in {**bounds, **_tightened(facts, bounds)}.items():
        days = {"earliestStart": b.es, "latestStart": b.ls, "earliestEnd": b.ee, "latestEnd": b.le}
        yield from _days(thing, days)


def _tightened(facts: _Facts, bounds: Mapping[str, Bounds]) -> dict[str, Bounds]:
    """Bounds of tenures: within the lifetimes of post and organization, one holder after another."""
    post_in = facts.one(ORG + "postIn")
    single = {post for post, value in facts.pairs(BKG + "singleHolder") if value.value in ("true", "1")}
    by_post: dict[str, dict[str, Bounds]] = defaultdict(dict)
    for tenure, post in facts.one(BKG + "post").items():
        found = bounds.get(tenure, Bounds())
        for frame in (post, post_in.get(post, "")):
            if (life := bounds.get(frame)) is not None:
                found = clip_to_lifetime(found, life)
        by_post[post][tenure] = found
    out: dict[str, Bounds] = {}
    for post, tenures in by_post.items():
        out.update(succeed(tenures.items()) if post in single else tenures)
    return out


def _edtf(thing: str, name: str, resolved: Resolved) -> Iterator[Quad]:
    if resolved.edtf is not None:
        literal = Literal(resolved.edtf, datatype=_EDTF)
        yield Quad(NamedNode(thing), NamedNode(f"{BKG}{name}Edtf"), literal, DERIVED)


def _days(thing: str, days: Mapping[str, date | None]) -> Iterator[Quad]:
    for name, day in days.items():
        if day is not None:
            literal = Literal(day.isoformat(), datatype=_DATE)
            yield Quad(NamedNode(thing), NamedNode(BKG + name), literal, DERIVED)


def _between(facts: _Facts) -> Iterator[Quad]:
    """The sides of a discrepancy for which a source names none.

    All evidence on the property of the things that it concerns; where it names no property, all on these things.
    """
    concerns = facts.many(BKG + "concerns")
    on_property = facts.many(BKG + "onProperty")
    supporting: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    for evidence, thing in facts.pairs(BKG + "supports"):
        for name in (None, *on_property.get(evidence, ())):
            supporting[thing.value, name].add(evidence)
    stated = facts.many(BKG + "between")
    for discrepancy, things in concerns.items():
        if discrepancy not in stated:
            names: list[str | None] = [*on_property.get(discrepancy, ())]
            for evidence in {e for t in things for p in names or [None] for e in supporting.get((t, p), ())}:
                yield Quad(NamedNode(discrepancy), NamedNode(BKG + "between"), NamedNode(evidence), DERIVED)


def _organizations(facts: _Facts) -> Iterator[Quad]:
    """org:organization of a tenure: the organization that its post is in."""
    post_in = facts.many(ORG + "postIn")
    for tenure, post in facts.pairs(BKG + "post"):
        for organization in post_in.get(post.value, ()):
            yield Quad(NamedNode(tenure), NamedNode(ORG + "organization"), NamedNode(organization), DERIVED)


def _sources(facts: _Facts) -> Iterator[Quad]:
    """What things rest on: see :mod:`kg.releases.sources`."""
    said = (facts.many(BKG + name) for name in ("supports", "inDocument", "onProperty", "rank", "tier"))
    for thing, pieces in sources.pieces(*said).items():
        yield from sources.rests(thing, pieces)


def _names(facts: _Facts) -> Iterator[Quad]:
    """The languages in which things have no preferred name."""
    languages: dict[str, set[str]] = defaultdict(set)
    for thing, name in facts.pairs(SKOS + "prefLabel"):
        if isinstance(name, Literal) and name.language:
            languages[thing].add(name.language)
    for thing in sorted({subject for subject, _ in facts.pairs(RDF + "type")}):
        if sources.needs_names(thing):
            yield from sources.lacks(thing, languages[thing])


def _party_countries(facts: _Facts) -> Iterator[Quad]:
    """bkg:partyCountry of an agreement: the countries of its parties; a party that is a country stands for itself."""
    countries = facts.many(BKG + "inCountry")
    for agreement, party in facts.pairs(BKG + "party"):
        itself = [party.value] if (split_entity_iri(party.value) or ("",))[0] == "country" else []
        for country in countries.get(party.value, itself):
            yield Quad(NamedNode(agreement), NamedNode(BKG + "partyCountry"), NamedNode(country), DERIVED)
