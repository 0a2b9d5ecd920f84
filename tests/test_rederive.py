"""Deriving for what a change affects gives what deriving the whole gives."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Quad, Store

from kg.releases.candidate import FEW, STORE, Delta, default_is_union
from kg.releases.derive import derive
from kg.releases.layout import Home
from kg.releases.rederive import laid
from kg.store.overlay import Overlay
from kg.terms import GRAPH, GRAPH_DERIVED, RDFS, expand
from tests.changes import random_delta, stated
from tests.graphs import MINISTERS, store_of

DERIVED = NamedNode(GRAPH_DERIVED)
MORE = """
gd:posts { post:open a bkg:AkimPost ; org:postIn o:new , o:old . }
gd:tenures {
  tenure:c a bkg:Tenure ; org:member person:second ; bkg:post post:open , post:new .
  evidence:c-held a bkg:Evidence ; bkg:supports tenure:c , tenure:b ; bkg:attestsEdtf "2021-05"^^edtf:EDTF .
  evidence:a-rival a bkg:Evidence ; bkg:supports tenure:a ; bkg:onProperty bkg:start ; bkg:rank rk:deprecated ;
    bkg:statesEdtf "2019-07"^^edtf:EDTF .
  evidence:post-end a bkg:Evidence ; bkg:supports post:old ; bkg:onProperty bkg:end ; bkg:statesEdtf "2022"^^edtf:EDTF .
  disc:d a bkg:Discrepancy ; bkg:concerns tenure:a , tenure:b ; bkg:onProperty bkg:start .
  disc:e a bkg:Discrepancy ; bkg:concerns o:old ; bkg:between evidence:old-end .
}
gd:agreements {
  agr:a a bkg:Agreement ; bkg:party o:new , country:az .
  agr:b a bkg:Agreement ; bkg:party o:new , o:old .
  o:new bkg:inCountry country:kz .
  o:old bkg:inCountry country:kz , country:ru .
}
gd:sources {
  doc:one a bkg:Document ; bkg:tier tier:news .
  doc:two a bkg:Document ; bkg:tier tier:secondary .
  evidence:c-held bkg:inDocument doc:two .
  evidence:a-rival bkg:inDocument doc:one .
  evidence:post-end bkg:inDocument doc:one , doc:two .
  evidence:old-end bkg:inDocument doc:two .
  post:old skos:prefLabel "Post"@en , "Лауазым"@kk .
  person:second skos:prefLabel "Second"@en .
}
"""


def copied(overlay: Overlay) -> Store:
    store = Store()
    store.bulk_extend(overlay.quads_for_pattern(None, None, None))
    return store


def same_as_whole(base: Store, delta: Delta) -> None:
    overlay = laid(base, lambda _: delta)
    whole = copied(overlay)
    assert set(derive(whole)) == set(whole.quads_for_pattern(None, None, None, DERIVED))
    assert default_is_union(whole) == (0, 0)


@pytest.fixture(scope="module")
def small() -> Store:
    return store_of(MINISTERS + MORE)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 25))
def test_a_change_to_a_small_graph_derives_what_the_whole_derives(small: Store, seed: int, size: int) -> None:
    same_as_whole(small, random_delta(stated(small), random.Random(seed), size))


@pytest.mark.parametrize(("seed", "size"), [(1, 1), (2, 5), (3, 40), (4, 400)])
def test_a_change_to_the_release_derives_what_the_whole_derives(release_home: Path, seed: int, size: int) -> None:
    home = Home(release_home)
    base = Store.read_only(str(home.release(home.current_id() or "") / STORE))
    same_as_whole(base, random_delta(stated(base), random.Random(seed), size))


def test_less_evidence_of_one_tenure_moves_the_one_before_it() -> None:
    small = store_of(MINISTERS)
    one = NamedNode(expand("evidence:b-start"))
    stated_edtf = next(
        small.quads_for_pattern(one, NamedNode(expand("bkg:statesEdtf")), None, NamedNode(GRAPH + "data/tenures"))
    )
    overlay = laid(small, lambda _: Delta([], [stated_edtf]))
    before, after = (
        {
            q.object.value
            for q in graph.quads_for_pattern(
                NamedNode(expand("tenure:a")), NamedNode(expand("bkg:latestEnd")), None, DERIVED
            )
        }
        for graph in (small, overlay)
    )
    assert before == {"2021-02-01"}
    assert after == {"2022-06-11"}  # the ministry's end


def test_a_body_that_moves_changes_the_countries_of_its_agreements() -> None:
    small = store_of(MINISTERS + MORE)
    body, graph = NamedNode(expand("o:new")), NamedNode(f"{GRAPH}data/agreements")
    [quad] = small.quads_for_pattern(body, NamedNode(expand("bkg:inCountry")), None, graph)
    moved = Quad(quad.subject, quad.predicate, NamedNode(expand("country:uz")), graph)
    same_as_whole(small, Delta([moved], [quad]))


def test_another_class_hierarchy_derives_all_anew(small: Store) -> None:
    under = Quad(
        NamedNode(expand("bkg:Tenure")),
        NamedNode(RDFS + "subClassOf"),
        NamedNode(expand("bkg:Spell")),
        NamedNode(GRAPH + "data/x"),
    )
    same_as_whole(small, Delta([under], []))


def test_an_overlay_reads_like_a_store_and_leaves_its_base_alone(small: Store) -> None:
    before = set(small)
    graph = NamedNode(GRAPH + "data/persons")
    gone = next(small.quads_for_pattern(None, None, None, graph))
    overlay = Overlay(small)
    overlay.remove(gone)
    assert gone not in overlay
    assert set(overlay.quads_for_pattern(None, None, None, graph)) == set(
        small.quads_for_pattern(None, None, None, graph)
    ) - {gone}
    overlay.add(gone)
    assert gone in overlay
    overlay.remove_graph(graph)
    assert not list(overlay.quads_for_pattern(None, None, None, graph))
    assert set(small) == before


def test_a_change_large_enough_for_a_bulk_load_is_laid_on_as_well(small: Store) -> None:
    """A regression: what a store loads in bulk an overlay must take, too."""
    name, graph = NamedNode(expand("skos:altLabel")), NamedNode(GRAPH + "data/persons")
    person = NamedNode(expand("person:first"))
    same_as_whole(small, Delta([Quad(person, name, Literal(f"F{n}", language="en"), graph) for n in range(FEW + 1)]))
