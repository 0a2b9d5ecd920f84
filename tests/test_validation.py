"""Validation: what it says, where it says it, and that it never calls unchecked data conforming."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from rdflib import SH

from kg import resources
from kg.findings import BilimError, Exit, Finding, Where
from kg.terms import ID, expand
from kg.validation import Validator
from kg.validation.cache import QueryCache, cached_queries
from kg.validation.convert import Converter
from kg.validation.positions import dated_property
from kg.validation.shapes import load_shapes, split_message
from tests.shapes_world import HEAD, ontology, turtle

EXAMPLES = resources.find().ontology / "examples"


@dataclass(frozen=True)
class Placed:
    """As kg.reading gives them."""

    quad: ox.Quad
    where: Where
    cell: str | None = None


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(resources.find())


def example(name: str) -> list[ox.Quad]:
    return list(ox.parse(path=str(EXAMPLES / f"{name}.ttl"), format=ox.RdfFormat.TURTLE))


def one(findings: Iterable[Finding], code: str) -> Finding:
    (found,) = [f for f in findings if f.code == code]
    return found


# ------------------------------------------------------------------ what a finding says


def test_a_finding_names_things_by_their_labels_in_three_languages(validator: Validator) -> None:
    report = validator.validate(example("bad/tenure-overlap"))
    found = next(f for f in report.findings if f.code == "Tenure-overlap")
    assert found.entity == ID + "tenure/aimagambetov"
    assert found.entity_label == "Askhat Aimagambetov, Minister of Education"
    assert found.shape == "bkg-sh:TenureShape"
    assert found.component == "sh:SPARQLConstraintComponent"
    assert (found.path, found.value) == ("bkg:post", "tenure:beisembayev")
    assert "of Gani Beisembayev (person:gani-beisembayev)" in found.what["en"]  # a variable of the query's row
    assert "Ғани Бейсембаев (person:gani-beisembayev)" in found.what["kk"]
    assert found.what["ru"].startswith("Пребывание Асхат Аймағамбетов, Minister of Education (tenure:aimagambetov)")
    assert found.advice["en"].startswith("Correct the start or end of one")


def test_a_missing_value_and_a_wrong_one_are_told_apart(validator: Validator) -> None:
    report = validator.validate(example("bad/tenure"))
    missing = next(f for f in report.findings if f.code == "Tenure-post-count" and f.entity == ID + "tenure/empty")
    assert missing.value is None
    assert missing.what["en"] == "Tenure tenure:empty needs exactly one value of “post held” (bkg:post)."
    wrong = one(report.findings, "Tenure-post-class")
    assert wrong.value == "o:kz-ministry-of-education"
    assert "Ministry of Education (o:kz-ministry-of-education)" in wrong.what["en"]


def test_a_quote_is_measured_in_code_points_and_both_numbers_are_told(validator: Validator) -> None:
    found = one(validator.validate(example("bad/evidence-quotes")).findings, "Evidence-quote-span")
    assert found.what["en"].endswith("the quote “министр” has 7 characters, but its span has 14.")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It is {?value}. Write 0.9 or 1.", ("It is {?value}.", "Write 0.9 or 1.")),
        ("Код неверен. Исправьте его. Или уберите.", ("Код неверен.", "Исправьте его. Или уберите.")),
        ("Мәні жоқ. Қосыңыз.", ("Мәні жоқ.", "Қосыңыз.")),
        ("only what is wrong", ("only what is wrong", "")),
    ],
)
def test_a_message_is_what_and_advice(text: str, parts: tuple[str, str]) -> None:
    assert split_message(text) == parts


# ------------------------------------------------------------------ where


def located(quads: list[ox.Quad], file: str = "tenures.csv") -> list[Placed]:
    return [Placed(q, Where(file, row=i + 2), f"cell {i}") for i, q in enumerate(quads)]


def test_a_finding_stands_at_the_triple_that_caused_it(validator: Validator) -> None:
    quads = example("bad/tenure")
    found = one(validator.validate(quads, located=located(quads)).findings, "Tenure-post-class")
    place = next(
        i
        for i, q in enumerate(quads)
        if q.subject.value == found.entity and q.predicate.value == expand("bkg:post")  # type: ignore[union-attr]
    )
    assert found.where == Where("tenures.csv", row=place + 2)
    assert found.cell == f"cell {place}"


def test_a_missing_value_stands_at_the_first_line_of_its_thing(validator: Validator) -> None:
    quads = example("bad/public-body")
    found = one(validator.validate(quads, located=located(quads)).findings, "PublicBody-inCountry-count")
    assert found.where == Where("tenures.csv", row=2)


def test_a_derived_date_stands_at_the_evidence_that_states_it(validator: Validator) -> None:
    source = turtle("""
        evidence:a a bkg:Evidence ; bkg:onProperty bkg:start ; bkg:statesEdtf "2002"^^edtf:EDTF .
        evidence:b a bkg:Evidence ; bkg:onProperty bkg:end ; bkg:statesEdtf "2001"^^edtf:EDTF .
    """)
    derived = turtle("""
        region:x a bkg:Region ; prov:wasDerivedFrom evidence:a , evidence:b ;
            bkg:earliestStart "2002-01-01"^^xsd:date ; bkg:latestEnd "2001-12-31"^^xsd:date .
    """)
    report = validator.validate([*source, *derived], located=located(source, "regions.csv"))
    found = one(report.findings, "Dated-span-order")
    assert found.where == Where(
        "regions.csv", row=2 + [str(q.object) for q in source].index('"2002"^^<' + expand("edtf:EDTF") + ">")
    )


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("bkg:latestStart", "start"),
        ("bkg:endEdtf", "end"),
        ("bkg:earliestWhen", "when"),
        ("bkg:completedEdtf", "completed"),
        ("bkg:statesEdtf", None),
        ("bkg:issuedEdtf", None),
        ("org:member", None),
    ],
)
def test_derived_properties_know_what_they_come_from(path: str, name: str | None) -> None:
    assert dated_property(rdflib.URIRef(expand(path))) == name


# ------------------------------------------------------------------ never "conforms" of nothing


def test_nothing_to_check_is_not_conforming(validator: Validator) -> None:
    for quads in ([], turtle("<https://example.org/a> a <https://example.org/B> .")):
        report = validator.validate(quads)
        assert report.nothing_checked
        assert not report.conforms
        assert report.exit_code is Exit.NOTHING_CHECKED
        assert [f.code for f in report.findings] == ["nothing-checked"]


def test_a_type_without_a_shape_is_told_once_and_is_exit_5(validator: Validator) -> None:
    report = validator.validate([*example("good/CountryShape"), *turtle("o:a a org:Site . o:b a org:Site .")])
    assert not report.conforms
    assert report.exit_code is Exit.NOTHING_CHECKED
    assert one(report.findings, "unshaped-type").value == "org:Site"


def test_a_thing_without_type_and_a_misspelt_term_are_told_with_their_place(validator: Validator) -> None:
    quads = turtle("""
        country:kz a bkg:Country ; skos:prefLabel "Kazakhstan"@en ; bkg:inContry country:kz .
        person:x skos:prefLabel "X"@en .
    """)
    report = validator.validate(quads, located=located(quads))
    assert one(report.findings, "untyped-entity").where == Where("tenures.csv", row=5)
    assert one(report.findings, "unknown-term").value == "bkg:inContry"
    assert report.exit_code is Exit.VIOLATIONS


def test_warnings_do_not_fail_and_all_findings_are_counted(validator: Validator) -> None:
    report = validator.validate(example("bad/evidence-obsolete-name"))
    assert report.conforms
    assert report.exit_code is Exit.CLEAN
    assert report.counts() == {"Warning": {"Evidence-obsolete-name": 3}}
    broken = validator.validate(example("bad/document"))
    assert broken.exit_code is Exit.VIOLATIONS
    assert sum(n for rules in broken.counts().values() for n in rules.values()) == len(broken.findings)
    assert len(broken.of("Warning")) == 1
    assert broken.as_dict()["conforms"] is False


def test_a_store_is_judged_by_its_default_graph(validator: Validator) -> None:
    store = ox.Store()
    store.extend(example("bad/country"))
    store.add(
        ox.Quad(
            ox.NamedNode(ID + "person/x"),
            ox.NamedNode(expand("rdf:type")),
            ox.NamedNode(expand("foaf:Person")),
            ox.NamedNode(expand("graph:ledger")),
        )
    )
    assert [f.code for f in validator.validate(store).findings] == ["Country-inCountry"]


# ------------------------------------------------------------------ known false conformity of pySHACL

NESTED = """
bkg-sh:TopShape a sh:NodeShape ; sh:targetClass bkg:Tenure ; sh:severity sh:Violation ;
    sh:property bkg-sh:Top-post ; sh:property bkg-sh:Top-member .
bkg-sh:Top-post a sh:PropertyShape ; sh:path bkg:post ; sh:node bkg-sh:NamedPost ; sh:message "No name. Give one."@en .
bkg-sh:Top-member a sh:PropertyShape ; sh:path org:member ; sh:or ( [ sh:class foaf:Person ] [ sh:class foaf:Agent ] ) ;
    sh:message "No person. Give one."@en .
bkg-sh:NamedPost a sh:NodeShape ; sh:property bkg-sh:NamedPost-name .
bkg-sh:NamedPost-name a sh:PropertyShape ; sh:path skos:prefLabel ; sh:minCount 1 .
"""
BROKEN = "tenure:t a bkg:Tenure ; bkg:post post:p ; org:member post:p . post:p a org:Post ."
DEFINED = "bkg:Tenure a owl:Class . bkg:post a owl:ObjectProperty ."


def plain(text: str) -> rdflib.Graph:
    return rdflib.Graph().parse(data=HEAD + text, format="turtle")


def test_focus_is_right_where_focus_nodes_conforms_falsely(tmp_path: Path) -> None:
    """``pyshacl.validate(focus_nodes=…)`` lets sh:node and sh:or on values pass."""
    focus = ID + "tenure/t"
    falsely, _, _ = pyshacl.validate(plain(BROKEN), shacl_graph=plain(NESTED), focus_nodes=[focus])
    assert falsely is True
    report = Validator(ontology(tmp_path, NESTED, DEFINED)).validate(turtle(BROKEN), focus=[focus])
    assert {"Top-post", "Top-member"} <= {f.code for f in report.findings}


def test_shapes_that_are_named_elsewhere_are_run_where_use_shapes_skips_them(tmp_path: Path) -> None:
    """``pyshacl.validate(use_shapes=…)`` skips shapes that are referenced by name."""
    falsely, _, _ = pyshacl.validate(plain(BROKEN), shacl_graph=plain(NESTED), use_shapes=[expand("bkg-sh:TopShape")])
    assert falsely is True
    report = Validator(ontology(tmp_path, NESTED, DEFINED)).validate(turtle(BROKEN))
    assert {"Top-post", "Top-member"} <= {f.code for f in report.findings}


def test_an_empty_focus_checks_nothing_and_says_so(validator: Validator) -> None:
    report = validator.validate(example("bad/tenure"), focus=[])
    assert report.nothing_checked
    assert report.exit_code is Exit.NOTHING_CHECKED


def test_a_focus_gives_the_rows_of_the_full_run_for_those_nodes(validator: Validator) -> None:
    quads = example("bad/tenure-overlap")
    chosen = {ID + "tenure/beisembayev", ID + "tenure/open"}
    full = [f for f in validator.validate(quads).findings if f.entity in chosen]
    assert full
    assert list(validator.validate(quads, focus=chosen).findings) == full


@pytest.mark.parametrize(
    "constraint",
    [
        'sh:sparql [ sh:select "SELECT $this { $this ?p ?o VALUES ?o { 1 } }" ]',  # pySHACL: ValidationFailure
        'sh:sparql [ sh:select "SELECT $this { $this ?p }" ]',  # does not parse
        'sh:sparql [ sh:select "SELECT $this { $this zz:p ?o }" ]',  # rdflib: a bare Exception
        'sh:sparql [ sh:select "ASK { $this ?p ?o }" ]',  # pySHACL: TypeError
        "sh:sparql [ sh:message 'no query' ]",  # cannot be loaded
        "sh:minCount 1",  # only for property shapes
    ],
)
def test_a_shape_that_fails_is_an_error_never_conformity(tmp_path: Path, constraint: str) -> None:
    broken = f"bkg-sh:S a sh:NodeShape ; sh:targetClass bkg:Country ; {constraint} ."
    with pytest.raises(BilimError) as error:
        Validator(ontology(tmp_path, broken)).validate(turtle("country:kz a bkg:Country ."))
    assert error.value.exit_code is Exit.NOTHING_CHECKED
    assert error.value.findings[0].code == "shapes-failed"


def test_ontology_files_that_are_missing_or_broken_are_named(tmp_path: Path) -> None:
    with pytest.raises(BilimError) as error:
        load_shapes(ontology(tmp_path, ""))
    assert error.value.findings[0].code == "shapes-missing"
    with pytest.raises(BilimError, match=r"all\.ttl") as error:
        load_shapes(ontology(tmp_path, "bkg-sh:S a "))
    assert error.value.exit_code is Exit.NOTHING_CHECKED


def test_plain_strings_equal_strings_of_the_shapes(tmp_path: Path) -> None:
    """Over Oxigraph-backed graphs pySHACL took "x" and "x"^^xsd:string for two values."""
    shape = """bkg-sh:S a sh:NodeShape ; sh:targetClass bkg:Country ; sh:property bkg-sh:S-unit .
        bkg-sh:S-unit a sh:PropertyShape ; sh:path bkg:unit ;
            sh:in ( "x" "y"^^xsd:string ) ; sh:datatype xsd:string ."""
    checker = Validator(ontology(tmp_path, shape, "bkg:Country a owl:Class . bkg:unit a owl:DatatypeProperty ."))
    good = 'country:a a bkg:Country ; bkg:unit "x"^^xsd:string , "y" .'
    assert checker.validate(turtle(good)).conforms
    assert not checker.validate(turtle(good.replace('"y"', '"z"'))).conforms


def test_literals_keep_their_lexical_form() -> None:
    (_, _, number), (_, _, text), (_, _, date) = Converter().triples(
        [
            ox.Triple(ox.NamedNode("a:a"), ox.NamedNode("a:p"), literal)
            for literal in (
                ox.Literal("007", datatype=ox.NamedNode(expand("xsd:integer"))),
                ox.Literal("ат", language="kk"),
                ox.Literal("2022-06-11", datatype=ox.NamedNode(expand("xsd:date"))),
            )
        ]
    )
    assert (str(number), str(text), str(date)) == ("007", "ат", "2022-06-11")
    assert text == rdflib.Literal("ат", lang="kk")
    with pytest.raises(TypeError):
        Converter().term(ox.Triple(ox.NamedNode("a:a"), ox.NamedNode("a:p"), ox.NamedNode("a:o")))


# ------------------------------------------------------------------ the cache


def test_each_query_is_parsed_once_over_many_nodes_and_runs() -> None:
    checker = Validator(resources.find())
    checker.validate(example("bad/tenure-overlap"))
    misses, hits = checker.cache.misses, checker.cache.hits
    assert misses <= len(set(checker.shapes.graph.objects(None, SH.select)))
    assert hits > misses
    checker.validate(example("bad/tenure-overlap"))
    assert checker.cache.misses == misses
    assert checker.cache.hits > hits


def test_the_cache_keeps_answers_prefixes_and_the_graph_apart() -> None:
    cache = QueryCache()
    one_graph, other = rdflib.Graph(), rdflib.Graph()
    for graph, name in ((one_graph, "a"), (other, "b")):
        graph.add((rdflib.URIRef("urn:s"), rdflib.URIRef(f"urn:{name}:p"), rdflib.Literal(name)))
    text = "SELECT ?o { ?s x:p ?o }"
    with cached_queries(one_graph, cache), cached_queries(other, cache):
        for graph, name in ((one_graph, "a"), (other, "b"), (one_graph, "a")):
            assert [str(row[0]) for row in graph.query(text, initNs={"x": f"urn:{name}:"})] == [name]  # type: ignore[index]
    assert (cache.misses, cache.hits) == (2, 1)
    assert "query" not in vars(one_graph)


def test_pyshacl_is_the_version_that_was_tried() -> None:
    """``Shape.validate`` is not a public interface: another version must pass this file first."""
    assert version("pyshacl") == "0.40.1"
