"""The house style of ontology/: what went wrong in well-known ontologies does not go wrong here."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
import reasonable
from rdflib import DCTERMS, FOAF, ORG, OWL, PROV, RDF, RDFS, SH, SKOS, VANN, XSD
from rdflib.namespace import DefinedNamespace

from kg import resources
from kg.terms import BKG, ID, LANGUAGES, LIST, PREFIXES, SCHEME_PREFIXES, SHAPES
from kg.validation import Validator
from kg.validation.shapes import load_shapes

ROOT = resources.find()
DEF = sorted((ROOT.ontology / "def").glob("*.ttl"))
LISTS = sorted((ROOT.ontology / "lists").glob("*.ttl"))
SHAPE_FILES = sorted((ROOT.ontology / "shapes").glob("*.ttl"))
EXAMPLES = sorted((ROOT.ontology / "examples").glob("*/*.ttl"))
RDF_DATA = sorted(p for suffix in ("ttl", "trig") for p in ROOT.data.rglob(f"*.{suffix}"))
TEXTS = sorted(p for p in (*ROOT.queries.rglob("*.rq"), *ROOT.data.rglob("*-metadata.json")) if p.is_file())

BORROWED: dict[str, type[DefinedNamespace]] = {
    str(ns): ns for ns in (RDF, RDFS, OWL, SH, SKOS, DCTERMS, FOAF, PROV, ORG, VANN, XSD)
}
DATATYPES = {
    *(
        str(XSD[name])
        for name in ("integer", "decimal", "boolean", "date", "gYear", "gYearMonth", "dateTime", "string")
    ),
    str(RDF.langString),
    PREFIXES["edtf"] + "EDTF",
}
# not the keys of CSVW metadata: those are annotations for the reader (docs/tables.md), no terms of data
NAME = re.compile(r"\bbkg:([A-Za-z][A-Za-z0-9]*)(?!\w|\"\s*:)")


def graph_of(files: Iterable[Path]) -> rdflib.Graph:
    graph = rdflib.Graph()
    for file in files:
        for q in ox.parse(path=str(file)):
            graph.parse(data=f"{q.subject} {q.predicate} {q.object} .", format="nt")
    return graph


@pytest.fixture(scope="module")
def definitions() -> rdflib.Graph:
    return graph_of(DEF)


@pytest.fixture(scope="module")
def lists() -> rdflib.Graph:
    return graph_of(LISTS)


def ours(graph: rdflib.Graph) -> list[rdflib.URIRef]:
    return sorted({s for s in graph.subjects(RDF.type) if isinstance(s, rdflib.URIRef) and s.startswith(BKG)})


def texts(graph: rdflib.Graph, node: rdflib.term.Node, *properties: rdflib.URIRef) -> dict[str, list[str]]:
    out: dict[str, list[str]] = defaultdict(list)
    for p in properties:
        for o in graph.objects(node, p):
            assert isinstance(o, rdflib.Literal)
            out[str(o.language)].append(str(o))
    return out


def faults_of_texts(graph: rdflib.Graph, node: rdflib.URIRef) -> list[str]:
    """A label and a definition in each language, one each; the definitions are translated, not copied."""
    faults = []
    labels = texts(graph, node, RDFS.label, SKOS.prefLabel)
    meanings = texts(graph, node, SKOS.definition)
    for what, found in (("label", labels), ("definition", meanings)):
        faults += [f"{node}: {what} in {lang}" for lang in LANGUAGES if len(found.get(lang, [])) != 1]
    said = [text for values in meanings.values() for text in values]
    if len(said) != len(set(said)):
        faults.append(f"{node}: one definition in two languages")
    return faults


def test_every_term_has_label_definition_and_home(definitions: rdflib.Graph) -> None:
    terms = ours(definitions)
    assert len(terms) > 80
    assert [fault for term in terms for fault in faults_of_texts(definitions, term)] == []
    homeless = [t for t in terms if definitions.value(t, RDFS.isDefinedBy) != rdflib.URIRef(BKG.removesuffix("#"))]
    assert homeless == []


def test_every_concept_has_label_definition_and_its_scheme(lists: rdflib.Graph) -> None:
    concepts = sorted(lists.subjects(RDF.type, SKOS.Concept))
    assert len(concepts) > 60
    faults = [fault for concept in concepts for fault in faults_of_texts(lists, rdflib.URIRef(str(concept)))]
    for concept in concepts:
        scheme = str(concept).rsplit("/", 1)[0]
        if (concept, SKOS.inScheme, rdflib.URIRef(scheme)) not in lists:
            faults.append(f"{concept}: not in {scheme}")
    assert faults == []
    assert {str(s).removeprefix(LIST) for s in lists.subjects(RDF.type, SKOS.ConceptScheme)} == set(SCHEME_PREFIXES)
    assert {file.stem for file in LISTS} == set(SCHEME_PREFIXES)


def test_the_text_lint_sees_what_is_missing_or_copied() -> None:
    graph = rdflib.Graph().parse(
        data="""@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        <urn:x> skos:prefLabel "a"@en , "a"@ru ; skos:definition "same"@en , "same"@ru , "басқа"@kk .""",
        format="turtle",
    )
    assert faults_of_texts(graph, rdflib.URIRef("urn:x")) == [
        "urn:x: label in kk",
        "urn:x: one definition in two languages",
    ]


def undeclared(files: Iterable[Path], declared: set[str]) -> set[tuple[str, str]]:
    """Terms of ours and concepts that RDF files name but nobody declares."""
    found = set()
    for file in files:
        for q in ox.parse(path=str(file)):
            for term in (q.subject, q.predicate, q.object):
                if isinstance(term, ox.NamedNode) and term.value.startswith((BKG, LIST)) and term.value not in declared:
                    found.add((file.name, term.value))
    return found


def test_no_term_is_used_that_is_not_declared(definitions: rdflib.Graph, lists: rdflib.Graph) -> None:
    declared = {str(s) for graph in (definitions, lists) for s in graph.subjects(RDF.type)}
    assert undeclared((*DEF, *LISTS, *SHAPE_FILES, *RDF_DATA), declared) == set()
    good = [file for file in EXAMPLES if file.parent.name == "good"]
    assert undeclared(good, declared) == set()
    names = {term.removeprefix(BKG) for term in declared if term.startswith(BKG)}
    for file in TEXTS:
        assert set(NAME.findall(file.read_text(encoding="utf-8"))) <= names, file.name
    queries = [str(o) for o in graph_of(SHAPE_FILES).objects(None, SH.select)]
    assert queries
    assert {name for query in queries for name in NAME.findall(query)} <= names


def test_no_declared_term_is_spelt_like_another(definitions: rdflib.Graph, lists: rdflib.Graph) -> None:
    for graph in (definitions, lists):
        seen: dict[str, str] = {}
        for term in sorted({str(s) for s in graph.subjects(RDF.type) if isinstance(s, rdflib.URIRef)}):
            # a class and a property may share a name but for the first letter: bkg:Event, bkg:event
            key = term[: term.rfind("#") + 2] + term[term.rfind("#") + 2 :].lower() if "#" in term else term.lower()
            assert key not in seen, (term, seen[key])
            seen[key] = term


@pytest.mark.parametrize(
    "file", [*DEF, *LISTS, *SHAPE_FILES, *EXAMPLES, *RDF_DATA], ids=lambda f: f"{f.parent.name}-{f.stem}"
)
def test_namespaces_and_borrowed_terms_are_real(file: Path) -> None:
    """``http://purl.org/dc/terms#`` and ``rdf:isDefinedBy`` do not exist."""
    known = (*PREFIXES.values(), *BORROWED)
    for q in ox.parse(path=str(file)):
        names = [q.predicate, q.object] if q.predicate.value == str(RDF.type) else [q.predicate]
        for term in names:
            if not isinstance(term, ox.NamedNode):
                continue
            assert term.value.startswith(known), term.value
            for namespace, closed in BORROWED.items():
                local = term.value.removeprefix(namespace)
                if term.value.startswith(namespace) and not local.startswith("_"):
                    assert local in closed, term.value


@pytest.mark.parametrize("file", [*DEF, *LISTS, *EXAMPLES, *RDF_DATA], ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_literals_are_well_formed_and_of_allowed_datatypes(file: Path) -> None:
    for q in ox.parse(path=str(file)):
        if isinstance(q.object, ox.Literal):
            assert q.object.datatype.value in DATATYPES, q
            literal = rdflib.Literal(q.object.value, datatype=rdflib.URIRef(q.object.datatype.value))
            assert not literal.ill_typed, q


def test_the_literal_lint_would_see_a_date_in_another_order() -> None:
    assert rdflib.Literal("29/09/2017", datatype=XSD.date).ill_typed


def test_shapes_have_names_that_people_gave() -> None:
    graph = graph_of(SHAPE_FILES)
    shapes = {*graph.subjects(RDF.type, SH.NodeShape), *graph.subjects(RDF.type, SH.PropertyShape)}
    for shape in shapes:
        local = str(shape).removeprefix(SHAPES)
        assert re.fullmatch(r"[A-Z][A-Za-z]+(Shape|-[a-zA-Z0-9-]+)", local), shape
        assert graph.value(shape, RDFS.isDefinedBy) == rdflib.URIRef(SHAPES.removesuffix("#"))
        if local.endswith("Shape"):
            labels = texts(graph, shape, RDFS.label)
            assert set(labels) == set(LANGUAGES)


def test_every_class_that_a_source_may_write_has_a_shape(definitions: rdflib.Graph) -> None:
    from kg.kinds import KINDS

    targets = {str(o) for o in graph_of(SHAPE_FILES).objects(None, SH.targetClass)}
    assert {kind.cls for kind in KINDS.values()} <= targets
    known = {*ours(definitions), *(rdflib.URIRef(kind.cls) for kind in KINDS.values())}
    assert {t for t in targets if t.startswith(BKG)} <= {str(term) for term in known}


@pytest.mark.parametrize("file", [*DEF, *LISTS, *SHAPE_FILES], ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_no_build_writes_a_timestamp_into_a_file(file: Path) -> None:
    times = {DCTERMS.modified, DCTERMS.created, DCTERMS.issued, PROV.generatedAtTime}
    assert not [q for q in ox.parse(path=str(file)) if rdflib.URIRef(q.predicate.value) in times]
    assert "dateTime" not in file.read_text(encoding="utf-8")


def test_reasoning_finds_no_contradiction_and_no_type_that_shapes_refuse(definitions: rdflib.Graph) -> None:
    """OWL-RL over the ontology and the good examples: consistent, and still conforming with all that it infers."""
    good = [file for file in EXAMPLES if file.parent.name == "good"]
    reasoner = reasonable.PyReasoner()
    reasoner.from_graph(graph_of((*DEF, *good)))
    closure = rdflib.Graph()
    for triple in reasoner.reason():
        closure.add(triple)
    ministry = rdflib.URIRef(ID + "organization/kz-ministry-of-education")
    assert (ministry, RDF.type, ORG.Organization) in closure  # it reasons at all
    clashes = [
        (node, one, other)
        for one, other in definitions.subject_objects(OWL.disjointWith)
        for node in set(closure.subjects(RDF.type, one)) & set(closure.subjects(RDF.type, other))
    ]
    assert clashes == []
    assert not set(closure.subjects(RDF.type, OWL.Nothing))
    quads: set[ox.Quad] = set()
    for s, p, o in closure:
        if str(s).startswith(ID) and p == RDF.type and str(o).startswith((BKG, str(ORG), str(FOAF))):
            quads.add(ox.Quad(ox.NamedNode(str(s)), ox.NamedNode(str(p)), ox.NamedNode(str(o))))
    validator = Validator(shapes=load_shapes(ROOT))
    # one example at a time: they are alternatives, not one world
    for file in good:
        given = list(ox.parse(path=str(file)))
        subjects = {q.subject for q in given}
        report = validator.validate([*given, *(q for q in quads if q.subject in subjects)])
        assert [f.text() for f in report.findings] == [], file.name
