"""OWL 2 RL over the ontology and a built release: it is consistent, and the axioms infer nothing that is not so."""

from __future__ import annotations

from pathlib import Path

import pytest
import rdflib
from pyoxigraph import CanonicalizationAlgorithm, Dataset, DefaultGraph, NamedNode, Quad, RdfFormat, Store, parse
from rdflib import OWL, RDF, RDFS

from kg import resources
from kg.imports.sources import turtle_files
from kg.terms import BKG, FOAF, GRAPH_ONTOLOGY, ORG, expand
from kg.validation import owl
from kg.validation.convert import Converter, Triple


@pytest.fixture(scope="module")
def store(release_home: Path) -> Store:
    release = (release_home / "current").read_text().strip()
    return Store.read_only(str(release_home / "releases" / release / "store"))


@pytest.fixture(scope="module")
def merged(store: Store) -> list[Triple]:
    return Converter().triples(store.quads_for_pattern(None, None, None, DefaultGraph()))


def node(name: str) -> rdflib.URIRef:
    return rdflib.URIRef(expand(name))


def test_the_release_is_consistent_and_infers_no_class_that_it_does_not_have(merged: list[Triple]) -> None:
    assert len(merged) > 5000
    assert [str(fault) for fault in owl.check(merged)] == []


def test_the_reasoner_sees_what_makes_a_minister(merged: list[Triple]) -> None:
    """Without the derived types the axioms alone must find the same ministers, akims and rectors."""
    defined = {node("bkg:Minister"), node("bkg:Akim"), node("bkg:Rector")}
    derived = {t for t in merged if t[1] == RDF.type and t[2] in defined}
    assert {t[2] for t in derived} == defined
    bare = [t for t in merged if t not in derived]
    assert {fault.what.split(",")[1] for fault in owl.check(bare)} == {" which the release does not say"}
    closed = owl.close(bare)
    assert {t for t in closed if t[1] == RDF.type and t[2] in defined} == derived


@pytest.mark.parametrize(
    ("seed", "thing", "says"),
    [
        ("person:askhat-aimagambetov rdf:type org:Organization", "person:askhat-aimagambetov", "disjoint"),
        ("person:askhat-aimagambetov bkg:singleHolder 1", "person:askhat-aimagambetov", "org:Post"),
        ("o:kz-ministry-of-education bkg:post post:kz-minister-of-education", "o:kz-ministry-of-education", "disjoint"),
        ("tenure:aimagambetov-kz-minister-of-education bkg:post o:kz-ministry-of-education",
         "o:kz-ministry-of-education", "disjoint"),
        ("region:abai bkg:quote 1", "region:abai", "bkg:Evidence"),
        ("region:abai bkg:eventKind ek:visit", "region:abai", "bkg:Event"),
    ],
    ids=lambda value: value.split()[1] if " " in value else "",
)  # fmt: skip
def test_a_seeded_inconsistency_is_found(merged: list[Triple], seed: str, thing: str, says: str) -> None:
    s, p, o = seed.split()
    value = rdflib.Literal(1) if o == "1" else node(o)
    faults = owl.check([*merged, (node(s), node(p), value)])
    assert any(fault.thing == expand(thing) and says in fault.what for fault in faults), [str(f) for f in faults]


@pytest.mark.parametrize(
    "axiom",
    [
        (BKG + "inCountry", RDFS.domain, ORG + "Organization"),  # regions are in countries too
        (BKG + "participant", RDFS.range, FOAF + "Person"),  # organizations take part too
        (BKG + "Ministry", OWL.disjointWith, BKG + "PublicBody"),
    ],
)
def test_a_wrong_axiom_is_found(merged: list[Triple], axiom: tuple[str, rdflib.URIRef, str]) -> None:
    s, p, o = axiom
    assert owl.check([*merged, (rdflib.URIRef(s), p, rdflib.URIRef(o))])


def test_two_values_of_a_functional_property_are_found(merged: list[Triple]) -> None:
    tenure = node("tenure:aimagambetov-kz-minister-of-education")
    faults = owl.check([*merged, (tenure, node("bkg:post"), node("post:kz-minister-of-science-and-higher-education"))])
    assert any("the same as" in fault.what for fault in faults)


def test_the_ontology_graph_says_what_the_files_say(store: Store) -> None:
    """Blank nodes of class expressions get IRIs: each its own (three alike ones were once made one)."""

    def canonical(quads: list[Quad]) -> set[str]:
        data = Dataset(Quad(q.subject, q.predicate, q.object) for q in quads)
        data.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
        return {
            str(quad).replace("_:c14n", f"{GRAPH_ONTOLOGY}#c14n").replace("<", "").replace(">", "") for quad in data
        }

    files = turtle_files(resources.find(), ("def", "lists"))
    said = [q for file in files for q in parse(file.read_bytes(), RdfFormat.TURTLE, rename_blank_nodes=True)]
    kept = list(store.quads_for_pattern(None, None, None, NamedNode(GRAPH_ONTOLOGY)))
    assert canonical(said) == canonical(kept)
