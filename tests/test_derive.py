"""Derived values: resolved dates, lifetimes, succession, classes, discrepancies."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import NamedNode, Store

from kg.releases.candidate import STORE, Delta, apply, replace_graph
from kg.releases.derive import derive, derive_from, superclasses
from kg.releases.hashing import hash_graphs
from kg.releases.layout import Home
from kg.releases.reader import current
from kg.terms import BKG, GRAPH_DERIVED, GRAPH_LEDGER, expand
from tests.graphs import MINISTERS, quads, store_of

BOUNDS = ("earliestStart", "latestStart", "earliestEnd", "latestEnd")


def values(store: Store, thing: str, predicate: str) -> set[str]:
    found = store.quads_for_pattern(
        NamedNode(expand(thing)), NamedNode(expand(predicate)), None, NamedNode(GRAPH_DERIVED)
    )
    return {q.object.value for q in found}


def bounds(store: Store, thing: str) -> dict[str, str]:
    return {name: v for name in BOUNDS for v in values(store, thing, f"bkg:{name}")}


def test_stated_start_becomes_text_and_bounds() -> None:
    store = store_of(MINISTERS)
    assert values(store, "tenure:a", "bkg:startEdtf") == {"2019-06-13"}
    assert bounds(store, "tenure:a")["earliestStart"] == bounds(store, "tenure:a")["latestStart"] == "2019-06-13"
    assert values(store, "tenure:a", "prov:wasDerivedFrom") == {expand("evidence:a-start")}


def test_predecessor_of_a_single_holder_post_ends_when_the_successor_starts() -> None:
    store = store_of(MINISTERS)
    assert bounds(store, "tenure:a")["latestEnd"] == "2021-02-01"
    assert bounds(store, "tenure:b")["earliestStart"] == "2021-02-01"


def test_two_holders_of_a_shared_post_do_not_bound_each_other() -> None:
    store = store_of(MINISTERS.replace("org:postIn o:old ; bkg:singleHolder true", "org:postIn o:old"))
    assert bounds(store, "tenure:a")["latestEnd"] == "2022-06-11"  # the ministry's end


def test_a_tenure_ends_with_its_organization_at_the_latest() -> None:
    store = store_of(MINISTERS)
    assert bounds(store, "tenure:b")["latestEnd"] == "2022-06-11"
    assert values(store, "tenure:b", "bkg:endEdtf") == set()  # nobody states its end


def test_a_tenure_without_evidence_of_its_own_is_bounded_by_its_post() -> None:
    store = store_of(MINISTERS + "gd:more { tenure:c a bkg:Tenure ; org:member person:first ; bkg:post post:old . }")
    assert bounds(store, "tenure:c")["latestEnd"] == "2022-06-11"


def test_organization_of_a_tenure_is_that_of_its_post() -> None:
    assert values(store_of(MINISTERS), "tenure:a", "org:organization") == {expand("o:old")}


def test_superclasses_and_roles() -> None:
    store = store_of(MINISTERS)
    assert {expand("bkg:PublicBody"), expand("org:Organization")} <= values(store, "o:old", "rdf:type")
    assert values(store, "post:old", "rdf:type") == {expand("org:Post")}
    assert values(store, "person:first", "rdf:type") == {expand("bkg:Minister")}


def test_rival_evidence_is_disputed_and_gives_one_value() -> None:
    rival = """gd:rival { evidence:rival a bkg:Evidence ; bkg:supports tenure:a ; bkg:onProperty bkg:start ;
      bkg:statesEdtf "2019-07-01"^^edtf:EDTF . }"""
    store = store_of(MINISTERS + rival)
    assert values(store, "tenure:a", "bkg:disputed") == {"true"}
    assert len(values(store, "tenure:a", "bkg:startEdtf")) == 1
    assert all(len(values(store, "tenure:a", f"bkg:{name}")) <= 1 for name in BOUNDS)


def test_a_decision_elsewhere_deprecates_evidence() -> None:
    decided = """gd:rival { evidence:rival a bkg:Evidence ; bkg:supports tenure:a ; bkg:onProperty bkg:start ;
      bkg:statesEdtf "2019-07-01"^^edtf:EDTF . } gi:decision { evidence:rival bkg:rank rk:deprecated . }"""
    store = store_of(MINISTERS + decided)
    assert values(store, "tenure:a", "bkg:startEdtf") == {"2019-06-13"}
    assert values(store, "tenure:a", "bkg:disputed") == set()


def test_when_of_an_event_and_completion_of_a_change() -> None:
    text = """gd:x { event:e a bkg:Event . chg:c a bkg:ChangeEvent .
      evidence:e a bkg:Evidence ; bkg:supports event:e ; bkg:onProperty bkg:when ;
        bkg:statesEdtf "[2020-10-28,2021-10-28]"^^edtf:EDTF .
      evidence:c a bkg:Evidence ; bkg:supports chg:c ; bkg:onProperty bkg:completed ;
        bkg:statesEdtf "2022-08-25"^^edtf:EDTF . }"""
    store = store_of(text)
    assert values(store, "event:e", "bkg:whenEdtf") == {"[2020-10-28,2021-10-28]"}
    assert values(store, "event:e", "bkg:earliestWhen") == {"2020-10-28"}
    assert values(store, "event:e", "bkg:latestWhen") == {"2021-10-28"}
    assert values(store, "chg:c", "bkg:completedEdtf") == {"2022-08-25"}
    assert values(store, "event:e", "bkg:startEdtf") == set()


def test_ill_formed_date_is_passed_over() -> None:
    bad = """gd:bad { evidence:bad bkg:supports tenure:b ; bkg:onProperty bkg:end ;
      bkg:statesEdtf "24.06.2022"^^edtf:EDTF . }"""
    assert derive(store_of(MINISTERS)) == derive(store_of(MINISTERS + bad))


def test_discrepancy_gets_the_evidence_of_its_thing_and_property() -> None:
    text = """gd:d { disc:d a bkg:Discrepancy ; bkg:concerns tenure:a ; bkg:onProperty bkg:start . }"""
    assert values(store_of(MINISTERS + text), "disc:d", "bkg:between") == {expand("evidence:a-start")}


def test_discrepancy_without_a_property_is_between_all_evidence_of_its_things() -> None:
    text = "gd:d { disc:d a bkg:Discrepancy ; bkg:concerns tenure:a , tenure:b . }"
    sides = values(store_of(MINISTERS + text), "disc:d", "bkg:between")
    assert sides == {expand("evidence:a-start"), expand("evidence:b-start")}


def test_discrepancy_that_names_its_sides_keeps_them() -> None:
    text = """gd:d { disc:d a bkg:Discrepancy ; bkg:concerns tenure:a ; bkg:onProperty bkg:start ;
      bkg:between evidence:b-start , evidence:old-end . }"""
    assert values(store_of(MINISTERS + text), "disc:d", "bkg:between") == set()


def test_the_ledger_graph_derives_nothing() -> None:
    ledger = "graph:ledger { person:ghost a foaf:Person . tenure:ghost bkg:post post:old . }"
    assert derive(store_of(MINISTERS)) == derive(store_of(MINISTERS + ledger))


def test_deriving_from_quads_is_deriving_from_a_store(release_home: Path) -> None:
    """What is built whole is derived before it is stored; a predicate that WANTED lacks would be missed."""
    for store in (store_of(MINISTERS), Store.read_only(str(current(Home(release_home)).path / STORE))):
        stated = (q for q in store.quads_for_pattern(None, None, None, None) if _stated(q.graph_name))
        assert derive_from(stated) == derive(store)


def _stated(graph: object) -> bool:
    return isinstance(graph, NamedNode) and graph.value not in (GRAPH_DERIVED, GRAPH_LEDGER)


def test_deriving_again_changes_nothing() -> None:
    store = store_of(MINISTERS)
    before = hash_graphs(store)
    apply(store, replace_graph(store, GRAPH_DERIVED, derive(store)))
    assert hash_graphs(store) == before
    assert not replace_graph(store, GRAPH_DERIVED, derive(store))


@settings(max_examples=25, deadline=None)
@given(st.permutations(quads(MINISTERS)))
def test_order_of_the_statements_does_not_matter(shuffled: list) -> None:
    store = Store()
    apply(store, Delta(shuffled))
    plain = store_of(MINISTERS, with_ontology=False)
    assert set(derive(store)) == set(plain.quads_for_pattern(None, None, None, NamedNode(GRAPH_DERIVED)))


def test_superclasses_bear_a_cycle() -> None:
    assert superclasses([("a", "b"), ("b", "c"), ("c", "a")])["a"] == {"b", "c"}
    assert superclasses([("a", BKG)])["a"] == {BKG}
