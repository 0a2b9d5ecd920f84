"""What things rest on, derived: one document, secondary documents only; and names that are missing."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import NamedNode, Quad, Store

from kg.releases.sources import Piece, lacks, rests
from kg.terms import BKG, GRAPH_DERIVED, expand
from tests.graphs import store_of

GIVEN = """
gd:x {
  o:a a org:Organization ; skos:prefLabel "A"@en , "А"@ru .
  o:b a org:Organization .
  doc:one a bkg:Document ; bkg:tier tier:news .
  doc:two a bkg:Document ; bkg:tier tier:secondary .
  doc:three a bkg:Document ; bkg:tier tier:secondary .
  evidence:1 a bkg:Evidence ; bkg:supports o:a ; bkg:inDocument doc:one ; bkg:onProperty bkg:start .
  evidence:2 a bkg:Evidence ; bkg:supports o:a ; bkg:inDocument doc:two ; bkg:onProperty bkg:end .
  evidence:3 a bkg:Evidence ; bkg:supports o:a ; bkg:inDocument doc:three ; bkg:onProperty bkg:end , bkg:wikidataId .
  evidence:4 a bkg:Evidence ; bkg:supports o:b ; bkg:inDocument doc:two .
  evidence:5 a bkg:Evidence ; bkg:supports o:b ; bkg:inDocument doc:one ; bkg:rank rk:deprecated .
}
"""


def said(store: Store, thing: str) -> set[tuple[str, str]]:
    found = store.quads_for_pattern(NamedNode(expand(thing)), None, None, NamedNode(GRAPH_DERIVED))
    names = ("singleSource", "singleSourced", "secondaryOnly", "whollySecondary", "lacksName")
    return {(name, q.object.value) for q in found for name in names if q.predicate.value == BKG + name}


def test_what_a_thing_rests_on() -> None:
    store = store_of(GIVEN)
    assert said(store, "o:a") == {
        ("singleSourced", BKG + "start"),
        ("singleSourced", BKG + "wikidataId"),
        ("secondaryOnly", BKG + "end"),
        ("secondaryOnly", BKG + "wikidataId"),
        ("whollySecondary", "false"),
        ("lacksName", "kk"),
    }


def test_deprecated_evidence_counts_for_nothing() -> None:
    assert said(store_of(GIVEN), "o:b") == {
        ("singleSource", expand("doc:two")),
        ("whollySecondary", "true"),
        *(("lacksName", lang) for lang in ("en", "kk", "ru")),
    }


def test_evidence_of_the_whole_thing_speaks_for_each_property() -> None:
    more = "gd:y { evidence:6 a bkg:Evidence ; bkg:supports o:a ; bkg:inDocument doc:one . }"
    assert said(store_of(GIVEN + more), "o:a") == {("singleSourced", BKG + "start"), ("lacksName", "kk")}


def test_the_countries_of_the_parties_of_an_agreement() -> None:
    told = """gd:x {
      o:a bkg:inCountry country:kz . o:b bkg:inCountry country:kz .
      agr:one bkg:party o:a , o:b , country:az , o:unesco .
      agr:two bkg:party o:unesco .
    }"""
    store, name = store_of(told), NamedNode(BKG + "partyCountry")
    found = {(q.subject.value, q.object.value) for q in store.quads_for_pattern(None, name, None)}
    assert found == {(expand("agr:one"), expand(country)) for country in ("country:kz", "country:az")}


DOCUMENTS, PROPERTIES = st.sampled_from("ABC"), st.frozensets(st.sampled_from("pq"), max_size=2)


@st.composite
def piece(draw: st.DrawFn) -> Piece:
    documents = frozenset({draw(DOCUMENTS)})
    return Piece(documents, documents & {"C"}, draw(PROPERTIES))  # C is secondary


@given(st.lists(piece(), max_size=6))
@settings(max_examples=400, deadline=None)
def test_it_is_what_counting_all_evidence_gives(pieces: list[Piece]) -> None:
    """Against the definitions, read one by one over all evidence."""
    found = {(q.predicate.value.removeprefix(BKG), q.object.value) for q in _rests(pieces)}
    every = {d for p in pieces for d in p.documents}
    assert {v for n, v in found if n == "singleSource"} == ({f"urn:{d}" for d in every} if len(every) == 1 else set())
    for name in "pq":
        on = {d for p in pieces if name in p.properties for d in p.documents}
        speak = {d for p in pieces if name in p.properties or not p.properties for d in p.documents}
        assert (("singleSourced", f"urn:{name}") in found) == (bool(on) and len(speak) == 1 and len(every) > 1)
        assert (("secondaryOnly", f"urn:{name}") in found) == (bool(on) and speak == {"C"})
    some = any(n == "secondaryOnly" for n, _ in found)
    assert (("whollySecondary", "true") in found) == (every == {"C"})
    assert (("whollySecondary", "false") in found) == (some and every != {"C"})


def _rests(pieces: list[Piece]) -> list[Quad]:
    def urns(names: frozenset[str]) -> frozenset[str]:
        return frozenset(f"urn:{name}" for name in names)

    return list(rests("urn:x", [Piece(urns(p.documents), urns(p.secondary), urns(p.properties)) for p in pieces]))


def test_languages_without_a_name() -> None:
    assert [q.object.value for q in lacks("urn:x", ["ru", "uz"])] == ["kk", "en"]
