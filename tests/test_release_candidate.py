"""Candidates: the default graph is the union, a copy plus a delta equals a whole build, the base is untouched."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode, Quad, Store

from kg.releases.candidate import Delta, apply, copy_of, default_is_union, delta_between, write_whole
from kg.releases.difference import compare
from kg.releases.hashing import content_hash, hash_graph, hash_graphs
from kg.terms import GRAPH_LEDGER
from tests.graphs import MINISTERS, by_graph, quads, store_of

GRAPHS = [NamedNode(f"https://example.org/g/{n}") for n in "abc"] + [NamedNode(GRAPH_LEDGER)]
small_quads = st.builds(
    Quad,
    st.sampled_from([NamedNode(f"https://example.org/s/{n}") for n in "ab"]),
    st.sampled_from([NamedNode(f"https://example.org/p/{n}") for n in "ab"]),
    st.sampled_from([Literal("x"), Literal("x", language="en"), NamedNode("https://example.org/o")]),
    st.sampled_from(GRAPHS),
)
states = st.lists(small_quads, max_size=25)


def union(state: list[Quad]) -> set[Quad]:
    return {Quad(q.subject, q.predicate, q.object) for q in state if q.graph_name.value != GRAPH_LEDGER}


def default_graph(store: Store) -> set[Quad]:
    return set(store.quads_for_pattern(None, None, None, DefaultGraph()))


@settings(max_examples=150, deadline=None)
@given(st.lists(states, min_size=1, max_size=5))
def test_default_graph_is_the_union_along_any_chain_of_states(chain: list[list[Quad]]) -> None:
    store = Store()
    for state in chain:
        named: dict[str, list[Quad]] = {}
        for quad in state:
            named.setdefault(quad.graph_name.value, []).append(quad)
        apply(store, delta_between(store, named))
        assert default_graph(store) == union(state)
        assert {q for q in store if q.graph_name != DefaultGraph()} == set(state)
        assert {g.value for g in store.named_graphs()} == set(named)
        assert default_is_union(store) == (0, 0)


def test_a_triple_in_two_graphs_counts_once_and_stays_until_the_last_goes() -> None:
    twice = quads("gd:a { person:x a foaf:Person } gd:b { person:x a foaf:Person }")
    store = Store()
    apply(store, Delta(twice))
    assert len(default_graph(store)) == 1
    apply(store, Delta(removed=twice[:1]))
    assert len(default_graph(store)) == 1
    apply(store, Delta(removed=twice[1:]))
    assert len(store) == 0


def test_copy_plus_delta_equals_a_whole_build_and_leaves_the_base(tmp_path: Path) -> None:
    base = write_whole(tmp_path / "base", quads(MINISTERS))
    base.flush()
    before = hash_graphs(base)
    del base
    changed = MINISTERS.replace("2019-06-13", "2019-06-14") + "gi:new { person:third a foaf:Person . }"
    store = copy_of(tmp_path / "base", tmp_path / "next")
    apply(store, delta_between(store, by_graph(changed)))
    whole = write_whole(tmp_path / "whole", quads(changed))
    assert content_hash(hash_graphs(store)) == content_hash(hash_graphs(whole))
    assert default_graph(store) == default_graph(whole)
    assert hash_graphs(Store.read_only(str(tmp_path / "base" / "store"))) == before


def test_the_copy_shares_the_files_of_the_base(tmp_path: Path) -> None:
    base = write_whole(tmp_path / "base", quads(MINISTERS))
    base.optimize()
    del base
    copy_of(tmp_path / "base", tmp_path / "next")
    shared = {p.name for p in (tmp_path / "base" / "store").glob("*.sst") if p.stat().st_nlink > 1}
    assert shared


def test_graphs_to_keep_are_not_touched() -> None:
    store = store_of(MINISTERS)
    delta = delta_between(store, {}, keep={"https://w3id.org/bilim/graph/data/persons"})
    apply(store, delta)
    assert [g.value for g in store.named_graphs()] == ["https://w3id.org/bilim/graph/data/persons"]


def test_literals_are_compared_as_the_store_writes_them() -> None:
    store = Store()
    apply(store, Delta(quads('gd:a { evidence:x bkg:charStart "7"^^xsd:integer }')))
    again = {"https://w3id.org/bilim/graph/data/a": quads('gd:a { evidence:x bkg:charStart "007"^^xsd:integer }')}
    assert len(delta_between(store, again)) == 0


def test_graph_hash_does_not_depend_on_order_but_on_every_character() -> None:
    one, other = Store(), Store()
    one.extend(quads(MINISTERS))
    other.extend(reversed(quads(MINISTERS)))
    assert hash_graphs(one) == hash_graphs(other)
    other.extend(quads('gd:persons { person:first skos:altLabel "F. Persoñ"@en }'))
    differing = {g for g in hash_graphs(one) if hash_graphs(one)[g] != hash_graphs(other)[g]}
    assert differing == {"https://w3id.org/bilim/graph/data/persons"}


def test_graph_hash_is_that_of_the_sorted_canonical_n_quads() -> None:
    import hashlib

    store = Store()
    store.extend(quads('gd:a { person:x skos:prefLabel "b\\n\\"q\\""@en , "ә" }'))
    graph = "https://w3id.org/bilim/graph/data/a"
    subject = "<https://w3id.org/bilim/id/person/x> <http://www.w3.org/2004/02/skos/core#prefLabel>"
    lines = [f'{subject} "b\\n\\"q\\""@en <{graph}> .\n', f'{subject} "ә" <{graph}> .\n']
    assert hash_graph(store, graph).sha256 == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_the_ledger_is_not_in_the_content_hash() -> None:
    store = Store()
    store.extend(quads(MINISTERS))
    before = content_hash(hash_graphs(store))
    store.extend(quads("graph:ledger { person:x a foaf:Person }"))
    assert content_hash(hash_graphs(store)) == before


def test_blank_nodes_are_refused_by_the_hash() -> None:
    store = Store()
    graph = NamedNode("https://example.org/g")
    store.add(Quad(NamedNode("https://example.org/s"), NamedNode("https://example.org/p"), Literal("_:b _:c"), graph))
    hash_graphs(store)
    store.add(Quad(NamedNode("https://example.org/s"), NamedNode("https://example.org/p"), BlankNode("x"), graph))
    with pytest.raises(ValueError, match="blank node"):
        hash_graphs(store)


def test_difference_names_things_by_what_happened_to_them() -> None:
    old = store_of(MINISTERS)
    new = store_of(
        MINISTERS.replace("2019-06-13", "2019-06-14").replace(
            "person:second a foaf:Person", "person:other a foaf:Person"
        )
    )
    found = compare(old, new, hash_graphs(old), hash_graphs(new))
    changes = {(e.kind, e.slug): e.change for e in found.entities}
    assert changes == {
        ("evidence", "a-start"): "changed",
        ("person", "second"): "removed",
        ("person", "other"): "added",
    }
    assert found.graphs["https://w3id.org/bilim/graph/data/tenures"] == (1, 1)
    assert compare(old, old).empty
