"""Judging a change by what it can affect: the same findings as before and after in full, and never false conformity."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib

from kg import resources
from kg.findings import BilimError, Exit, Finding
from kg.releases.candidate import Delta, apply
from kg.resources import Resources
from kg.store.overlay import Overlay
from kg.store.views import Views, views
from kg.terms import GRAPH, ID, PREFIXES, expand
from kg.validation import Validator
from kg.validation.incremental import Incremental
from tests.changes import random_delta, stated

HEAD = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
DATA = ox.NamedNode(GRAPH + "data/examples")

Key = tuple[str | None, ...]


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(resources.find())


@pytest.fixture(scope="module")
def incremental(validator: Validator) -> Incremental:
    return Incremental(validator)


@pytest.fixture(scope="module")
def examples() -> ox.Store:
    """All examples in one graph: a few hundred mistakes of every rule."""
    files = sorted((resources.find().ontology / "examples").glob("*/*.ttl"))
    return store_of(quad for file in files for quad in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE))


def store_of(quads: Iterable[ox.Quad]) -> ox.Store:
    store = ox.Store()
    apply(store, Delta([ox.Quad(q.subject, q.predicate, q.object, DATA) for q in quads]))
    return store


def turtle(text: str) -> list[ox.Quad]:
    parsed = ox.parse(input=HEAD + text, format=ox.RdfFormat.TURTLE)
    return [ox.Quad(q.subject, q.predicate, q.object, DATA) for q in parsed]


def changed(base: ox.Store, delta: Delta) -> tuple[Views, ox.Store]:
    overlay = Overlay(base)
    apply(overlay, delta)
    new = ox.Store()
    new.bulk_extend(overlay.quads_for_pattern(None, None, None))
    return views(base, overlay.added(), overlay.removed()), new


def keyed(findings: Iterable[Finding]) -> dict[Key, Finding]:
    """By row, without what shapes cannot see: of that one finding stands for all of a kind."""
    return {(f.shape, f.code, f.entity, f.path, f.value, f.component): f for f in findings if f.shape}


def ontology(tmp_path: Path, shapes: str, definitions: str = "") -> Resources:
    for folder, text in (("shapes", shapes), ("def", definitions), ("lists", "")):
        (tmp_path / "ontology" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "ontology" / folder / "all.ttl").write_text(HEAD + text, encoding="utf-8")
    return Resources(tmp_path)


# ------------------------------------------------------------------ incremental = full


@pytest.mark.parametrize("seed", range(10))
def test_new_and_mended_findings_are_the_difference_of_two_full_runs(
    validator: Validator, incremental: Incremental, examples: ox.Store, seed: int
) -> None:
    chance = random.Random(seed)
    change, new = changed(examples, random_delta(stated(examples), chance, chance.choice([1, 4, 25, 90])))
    outcome = incremental.check(change, focus=())
    before, after = keyed(validator.validate(examples).findings), keyed(validator.validate(new).findings)
    assert set(keyed(outcome.far)) == set(after) - set(before)
    assert set(keyed(outcome.mended)) == set(before) - set(after)
    for key, found in keyed(outcome.far).items():
        assert (found.what, found.entity_label, found.standing) == (after[key].what, after[key].entity_label, "new")
    assert outcome.notes == ()


def test_things_asked_for_are_told_whole_with_their_standing(
    validator: Validator, incremental: Incremental, examples: ox.Store
) -> None:
    focus = {ID + "tenure/beisembayev", ID + "tenure/empty", ID + "evidence/attests-twice"}
    post = ox.NamedNode(expand("bkg:post"))
    gone = list(examples.quads_for_pattern(ox.NamedNode(ID + "tenure/beisembayev"), post, None, DATA))
    change, new = changed(examples, Delta([], gone))
    outcome = incremental.check(change, focus=focus)
    full = validator.validate(new, focus=focus)
    assert set(keyed(outcome.near)) == set(keyed(full.findings))
    assert outcome.checked == full.checked
    standing = {(f.entity, f.code): f.standing for f in outcome.near}
    assert standing[ID + "tenure/beisembayev", "Tenure-post-count"] == "new"
    assert standing[ID + "tenure/empty", "Tenure-post-count"] == "already there"
    assert (ID + "tenure/beisembayev", "Tenure-overlap") in {(f.entity, f.code) for f in outcome.mended}
    assert {f.standing for f in outcome.mended} == {"mended"}


def test_structure_is_told_with_its_standing(incremental: Incremental, examples: ox.Store) -> None:
    thing = ox.NamedNode(ID + "tenure/beisembayev")
    gone = [q for q in stated(examples) if q.subject == thing and q.predicate.value == expand("rdf:type")]
    added = turtle("person:x a foaf:Person ; bkg:postt post:p .")
    outcome = incremental.check(changed(examples, Delta(added, gone))[0], focus=[ID + "person/x"])
    assert [(f.code, f.standing) for f in outcome.near if not f.shape] == [("unknown-term", "new")]
    assert [(f.code, f.entity, f.standing) for f in outcome.far if not f.shape] == [
        ("untyped-entity", thing.value, "new")
    ]


def test_a_change_costs_what_it_reaches(incremental: Incremental, examples: ox.Store) -> None:
    one = next(q for q in stated(examples) if q.predicate.value == expand("bkg:website"))
    outcome = incremental.check(changed(examples, Delta([], [one]))[0], focus=())
    assert 0 < outcome.affected < 5
    assert outcome.triples < 20


# ------------------------------------------------------------------ what cannot be proven runs whole


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("{ $this bkg:of ?x } UNION { $this bkg:about ?x }", "UNION"),
        ("$this bkg:of ?x . { SELECT ?x $this { $this bkg:about ?x } }", "sub-select or VALUES"),
        ("$this bkg:of ?x . FILTER NOT EXISTS { ?far bkg:about ?away }", "a pattern that does not hang together"),
        ("$this !(bkg:about|rdf:type) ?x", "!(…)"),
    ],
)
def test_a_rule_that_cannot_be_planned_runs_whole_and_the_outcome_says_so(
    tmp_path: Path, where: str, reason: str
) -> None:
    shapes = f"""bkg-sh:S a sh:NodeShape ; sh:targetClass bkg:Spell ; sh:property bkg-sh:S-of .
        bkg-sh:S-of a sh:PropertyShape ; sh:path bkg:of ; sh:message "Wrong. Mend it."@en ; sh:sparql [
            a sh:SPARQLConstraint ; sh:prefixes <https://w3id.org/bilim/shapes> ;
            sh:select "SELECT $this WHERE {{ {where} }}" ] .
        <https://w3id.org/bilim/shapes> a owl:Ontology ; sh:declare [ sh:prefix "bkg" ;
            sh:namespace "https://w3id.org/bilim/def#"^^xsd:anyURI ] ."""
    checker = Validator(ontology(tmp_path, shapes, "bkg:Spell a owl:Class . bkg:of a owl:ObjectProperty ."))
    base = store_of(turtle("spell:a a bkg:Spell ; bkg:of o:x . spell:b a bkg:Spell . o:x a org:Organization ."))
    change, new = changed(base, Delta(turtle("spell:b bkg:of o:x ; bkg:about o:x ."), turtle("spell:a bkg:of o:x .")))
    outcome = Incremental(checker).check(change, focus=())
    before, after = keyed(checker.validate(base).findings), keyed(checker.validate(new).findings)
    assert set(keyed(outcome.far)) == set(after) - set(before)
    assert set(keyed(outcome.mended)) == set(before) - set(after)
    (note,) = outcome.notes
    assert note.code == "validation-whole"
    assert "bkg-sh:S-of" in note.text()
    assert reason in note.text()


@pytest.mark.parametrize("query", ["", "SELECT broken {", "SELECT $this { $this zz:p ?o }", "ASK { $this ?p ?o }"])
def test_a_shape_that_fails_is_an_error_never_conformity(tmp_path: Path, query: str) -> None:
    broken = f'bkg-sh:S a sh:NodeShape ; sh:targetClass bkg:Country ; sh:sparql [ sh:select "{query}" ] .'
    base = store_of(turtle("country:uz a bkg:Country ."))
    with pytest.raises(BilimError) as error:
        Incremental(Validator(ontology(tmp_path, broken))).check(
            changed(base, Delta(turtle("country:kz a bkg:Country .")))[0], focus=()
        )
    assert error.value.exit_code is Exit.NOTHING_CHECKED
    assert error.value.findings[0].code == "shapes-failed"


def test_too_wide_a_change_runs_rules_on_all_their_nodes_and_says_so(validator: Validator, examples: ox.Store) -> None:
    narrow = Incremental(validator, cap=3)
    concept = [q for q in stated(examples) if q.object == ox.NamedNode(expand("foaf:Person"))]
    change, new = changed(examples, Delta([], concept))
    told: list[str] = []
    outcome = narrow.check(change, focus=(), progress=told.append)
    before, after = keyed(validator.validate(examples).findings), keyed(validator.validate(new).findings)
    assert set(keyed(outcome.far)) == set(after) - set(before)
    assert set(keyed(outcome.mended)) == set(before) - set(after)
    assert {note.code for note in outcome.notes} == {"validation-over"}


def test_another_class_hierarchy_runs_all_whole(
    validator: Validator, incremental: Incremental, examples: ox.Store
) -> None:
    added = turtle("bkg:Spell rdfs:subClassOf bkg:Region . bkg:Odd rdfs:subClassOf bkg:Tenure . tenure:odd a bkg:Odd .")
    change, new = changed(examples, Delta(added))
    told: list[str] = []
    outcome = incremental.check(change, focus=(), progress=told.append)
    before, after = keyed(validator.validate(examples).findings), keyed(validator.validate(new).findings)
    assert set(keyed(outcome.far)) == set(after) - set(before)
    assert ID + "tenure/odd" in {f.entity for f in outcome.far}
    assert len(outcome.notes) == len(incremental.plans)
    assert told


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
SOUND = """tenure:t a bkg:Tenure ; bkg:post post:p ; org:member person:p .
    post:p a org:Post ; skos:prefLabel "P"@en . person:p a foaf:Person ."""
DEFINED = "bkg:Tenure a owl:Class . bkg:post a owl:ObjectProperty ."


@pytest.mark.parametrize(
    ("gone", "code"),
    [('post:p skos:prefLabel "P"@en .', "Top-post"), ("person:p a foaf:Person .", "Top-member")],
)
def test_what_breaks_a_nested_shape_one_step_away_is_found_where_focus_nodes_and_use_shapes_conform_falsely(
    tmp_path: Path, gone: str, code: str
) -> None:
    checker = Validator(ontology(tmp_path, NESTED, DEFINED))
    base = store_of(turtle(SOUND))
    assert not keyed(checker.validate(base).findings)
    change, new = changed(base, Delta([], turtle(gone)))
    outcome = Incremental(checker).check(change, focus=())
    assert [(f.code, f.entity) for f in outcome.far if f.shape] == [(code, ID + "tenure/t")]
    triples = "".join(f"{q.triple} .\n" for q in new.quads_for_pattern(None, None, None, DATA))
    data, shapes = (
        rdflib.Graph().parse(data=triples, format="nt"),
        rdflib.Graph().parse(data=HEAD + NESTED, format="turtle"),
    )
    assert pyshacl.validate(data, shacl_graph=shapes, focus_nodes=[ID + "tenure/t"])[0] is True
    assert pyshacl.validate(data, shacl_graph=shapes, use_shapes=[expand("bkg-sh:TopShape")])[0] is True
    assert pyshacl.validate(data, shacl_graph=shapes)[0] is False


def test_no_affected_node_is_no_run_over_everything(incremental: Incremental, examples: ox.Store) -> None:
    """An empty list of focus nodes means "all" to pySHACL: hundreds of rows of the examples would come back."""
    change, _ = changed(examples, Delta(turtle("<https://example.org/a> <https://example.org/b> 1 .")))
    outcome = incremental.check(change, focus=())
    assert (outcome.near, outcome.far, outcome.mended, outcome.affected) == ((), (), (), 0)
    assert not any(outcome.checked.values())
