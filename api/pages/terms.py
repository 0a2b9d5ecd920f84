"""The model as terms: classes, properties, lists and concepts, worked out of the triples of graph/ontology. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from heapq import nlargest
from typing import Final, Literal

from pyoxigraph import BlankNode, NamedNode, Triple
from pyoxigraph import Literal as RdfLiteral

from kg.terms import BASE, BKG, DCT, GRAPH_ONTOLOGY, LANGUAGES, LIST, OWL, RDF, RDFS, SKOS, shorten

TermKind = Literal["class", "object-property", "datatype-property", "property", "dimension"]
Node = NamedNode | RdfLiteral | BlankNode | Triple
Facts = Mapping[str, list[Node]]

PARTS: Final = ("actors", "places", "time", "change", "programs", "events", "agreements", "evidence")
"""The files of ontology/def in the order in which the model is told; others follow by name, ``reused`` is last."""

REUSED: Final = "reused"
_NAMELESS: Final = GRAPH_ONTOLOGY + "#"  # what blank nodes of definitions have become
_ONTOLOGY: Final = BKG.removesuffix("#")
_COMPUTED: Final = ("{}Edtf", "earliest{}", "latest{}")


@dataclass(frozen=True, slots=True)
class Term:
    """A class or property of the model. What it points to are IRIs, of terms or of others."""

    iri: str
    name: str  # bkg:Tenure
    slug: str  # what stands in its address: Tenure, org:Post
    part: str
    kind: TermKind
    labels: Mapping[str, str]
    definitions: Mapping[str, str]
    parents: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    domain: tuple[str, ...] = ()
    range: tuple[str, ...] = ()
    disjoint: tuple[str, ...] = ()
    inverse: tuple[str, ...] = ()
    members: tuple[str, ...] = ()  # terms that have this class
    functional: bool = False
    defined_as: tuple[str, ...] = ()  # class expressions, in words of OWL's Manchester syntax
    computed: tuple[str, ...] = ()  # of a dated dimension: the properties that hold what evidence on it says
    dimension: str | None = None  # of such a property: the dimension


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept of a list, or (``slug`` empty) the list itself."""

    iri: str
    scheme: str
    slug: str
    labels: Mapping[str, str]
    definitions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Model:
    """All of it; ``statements``: subject to its triples, with those of the nameless nodes that it needs."""

    version: str
    terms: Mapping[str, Term]  # by slug
    schemes: Mapping[str, Concept]  # by slug
    concepts: Mapping[str, Mapping[str, Concept]]  # list -> slug -> concept
    statements: Mapping[str, list[Triple]] = field(repr=False)
    slugs: Mapping[str, str] = field(repr=False)  # IRI of a term -> slug

    def by_part(self) -> Iterator[tuple[str, list[Term], list[Term]]]:
        """``(part, classes, properties)`` in the order of :data:`PARTS`."""
        parts = {term.part for term in self.terms.values()}
        order = {name: i for i, name in enumerate(PARTS)} | {REUSED: len(parts) + len(PARTS)}
        for part in sorted(parts, key=lambda p: (order.get(p, len(PARTS)), p)):
            inside = [term for term in self.terms.values() if term.part == part]
            yield part, [t for t in inside if t.kind == "class"], [t for t in inside if t.kind != "class"]

    def above(self, iri: str) -> list[str]:
        """The class and its superclasses, nearest first."""
        found = [iri]
        for cls in found:  # grows while it is walked
            slug = self.slugs.get(cls)
            found += [p for p in (self.terms[slug].parents if slug else ()) if p not in found]
        return found


def term_slug(iri: str) -> str | None:
    """The last part of a term's address, None for what cannot be a term: our things, lists, IRIs without prefix."""
    if iri.startswith(BKG):
        return iri.removeprefix(BKG)
    short = shorten(iri)
    return short if short != iri and not iri.startswith(BASE) else None


def term_page(iri: str) -> str | None:
    """The address of a term's page; that the model declares the term is for the caller to know."""
    slug = term_slug(iri)
    return f"/ontology/{slug}" if slug else None


def read_model(triples: Iterable[Triple], parts: Mapping[str, str]) -> Model:
    """The model of these triples; ``parts``: IRI of a term to the part of the ontology that defines it."""
    statements: dict[str, list[Triple]] = defaultdict(list)
    about: dict[str, dict[str, list[Node]]] = defaultdict(lambda: defaultdict(list))
    for t in sorted(set(triples), key=str):
        if isinstance(t.subject, NamedNode):
            statements[t.subject.value].append(t)
            about[t.subject.value][t.predicate.value].append(t.object)
    terms, schemes = {}, {}
    concepts: dict[str, dict[str, Concept]] = defaultdict(dict)
    for iri in sorted(about):
        if iri.startswith(LIST):
            scheme, _, slug = iri.removeprefix(LIST).partition("/")
            concept = Concept(iri, scheme, slug, _labels(about[iri]), _texts(about[iri], SKOS + "definition"))
            if slug:
                concepts[scheme][slug] = concept
            else:
                schemes[scheme] = concept
        elif not iri.startswith(_NAMELESS) and iri != _ONTOLOGY and (slug := term_slug(iri) or ""):
            terms[slug] = _term(iri, slug, about, parts.get(iri, REUSED))
    versions = about.get(_ONTOLOGY, {}).get(OWL + "versionInfo", [])
    version = next((v.value for v in versions if isinstance(v, RdfLiteral)), "")
    whole = {iri: list(_whole(iri, statements)) for iri in about if not iri.startswith(_NAMELESS)}
    return Model(version, terms, schemes, concepts, whole, {t.iri: slug for slug, t in terms.items()})


def nearest(name: str, names: Mapping[str, Iterable[str]], count: int = 5) -> list[str]:
    """The keys whose spellings (the key itself or one of its texts) are most like a name, the likest first."""
    wanted = name.casefold()

    def likeness(key: str) -> tuple[float, str]:
        spellings = (key, *names[key])
        return max(SequenceMatcher(None, wanted, s.casefold()).ratio() for s in spellings), key

    return nlargest(count, names, key=likeness)


def _term(iri: str, slug: str, about: Mapping[str, Facts], part: str) -> Term:
    facts = about[iri]
    types = _iris(facts, RDF + "type")
    kind = _kind(types, slug)
    up = RDFS + ("subClassOf" if kind == "class" else "subPropertyOf")
    local = slug.partition(":")[2] or slug
    computed, dimension = _dimension(iri, local, kind, about)
    disjoint = {*_iris(facts, OWL + "disjointWith"), *_pointing(about, OWL + "disjointWith", iri)}
    inverse = {*_iris(facts, OWL + "inverseOf"), *_pointing(about, OWL + "inverseOf", iri)}
    return Term(
        iri=iri,
        name=shorten(iri),
        slug=slug,
        part=part,
        kind=kind,
        labels=_labels(facts),
        definitions=_texts(facts, SKOS + "definition"),
        parents=tuple(_iris(facts, up)),
        children=tuple(_pointing(about, up, iri)),
        domain=tuple(_iris(facts, RDFS + "domain")),
        range=tuple(_iris(facts, RDFS + "range")),
        disjoint=tuple(sorted(disjoint)),
        inverse=tuple(sorted(inverse)),
        members=tuple(_pointing(about, RDF + "type", iri)) if kind == "class" else (),
        functional=OWL + "FunctionalProperty" in types,
        defined_as=tuple(
            _expression(o.value, about) for o in facts.get(OWL + "equivalentClass", ()) if isinstance(o, NamedNode)
        ),
        computed=computed,
        dimension=dimension,
    )


def _kind(types: Iterable[str], slug: str) -> TermKind:
    found = set(types)
    if found & {OWL + "Class", RDFS + "Class"}:
        return "class"
    if BKG + "DatedDimension" in found:
        return "dimension"
    if OWL + "ObjectProperty" in found:
        return "object-property"
    if OWL + "DatatypeProperty" in found:
        return "datatype-property"
    # terms of other vocabularies are only labelled by us; all of these write classes with a capital
    return "class" if (slug.partition(":")[2] or slug)[:1].isupper() else "property"


def _dimension(iri: str, local: str, kind: TermKind, about: Mapping[str, Facts]) -> tuple[tuple[str, ...], str | None]:
    """What is computed of a dimension (startEdtf, earliestStart, latestStart of start), and the way back."""
    if kind == "dimension":
        names = [form.format(local if i == 0 else local[:1].upper() + local[1:]) for i, form in enumerate(_COMPUTED)]
        return tuple(BKG + name for name in names if BKG + name in about), None
    if iri.startswith(BKG) and kind == "datatype-property":
        for prefix, suffix in (("", "Edtf"), ("earliest", ""), ("latest", "")):
            base = local.removeprefix(prefix).removesuffix(suffix)
            root = BKG + base[:1].lower() + base[1:]
            dimension = BKG + "DatedDimension" in _iris(about.get(root, {}), RDF + "type")
            if local.startswith(prefix) and local.endswith(suffix) and dimension:
                return (), root
    return (), None


def _expression(node: str, about: Mapping[str, Facts]) -> str:
    """A class or property expression as text: ``foaf:Person and (inverse org:member some bkg:Tenure)``."""
    facts = about.get(node, {})
    if not node.startswith(_NAMELESS):
        return shorten(node)
    for predicate, word in ((OWL + "intersectionOf", " and "), (OWL + "unionOf", " or ")):
        if heads := _iris(facts, predicate):
            parts = [_expression(item, about) for item in _items(heads[0], about)]
            return word.join(f"({p})" if " " in p else p for p in parts)
    if properties := _iris(facts, OWL + "onProperty"):
        fillers = [_expression(f, about) for f in _iris(facts, OWL + "someValuesFrom")]
        filler = " ".join(f"({f})" if " " in f else f for f in fillers)
        return f"{_expression(properties[0], about)} some {filler}"
    return " ".join(f"inverse {shorten(i)}" for i in _iris(facts, OWL + "inverseOf"))


def _items(head: str, about: Mapping[str, Facts]) -> Iterator[str]:
    while head != RDF + "nil":
        yield from _iris(about[head], RDF + "first")
        head = _iris(about[head], RDF + "rest")[0]


def _whole(iri: str, statements: Mapping[str, list[Triple]]) -> Iterator[Triple]:
    todo, seen = [iri], {iri}
    while todo:
        for t in statements.get(todo.pop(), ()):
            yield t
            if isinstance(t.object, NamedNode) and (o := t.object.value).startswith(_NAMELESS) and o not in seen:
                seen.add(o)
                todo.append(o)


def _labels(facts: Facts) -> dict[str, str]:
    for predicate in (RDFS + "label", SKOS + "prefLabel", DCT + "title"):
        if found := _texts(facts, predicate):
            return found
    return {}


def _texts(facts: Facts, predicate: str) -> dict[str, str]:
    found = {o.language: o.value for o in facts.get(predicate, ()) if isinstance(o, RdfLiteral) and o.language}
    return {lang: found[lang] for lang in LANGUAGES if lang in found}


def _iris(facts: Facts, predicate: str) -> list[str]:
    return sorted(o.value for o in facts.get(predicate, ()) if isinstance(o, NamedNode))


def _pointing(about: Mapping[str, Facts], predicate: str, iri: str) -> list[str]:
    node = NamedNode(iri)
    found = (s for s, facts in about.items() if node in facts.get(predicate, ()))
    return sorted(s for s in found if not s.startswith((_NAMELESS, LIST)))
