"""Minister, akim, rector: classes that OWL defines by tenures, written into graph/derived, never by a source."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Store

from kg.terms import BKG, GRAPH_DERIVED, RDF, expand
from tests.graphs import quads, store_of

TYPE = NamedNode(RDF + "type")
DERIVED = NamedNode(GRAPH_DERIVED)
WORLD = """
gd:posts { post:m a bkg:MinisterialPost . post:a a bkg:AkimPost . post:r a bkg:RectorPost . post:other a org:Post . }
gd:persons { person:m a foaf:Person . person:a a foaf:Person . person:r a foaf:Person . person:o a foaf:Person . }
gd:tenures {
  tenure:m a bkg:Tenure ; org:member person:m ; bkg:post post:m .
  tenure:a a bkg:Tenure ; org:member person:a ; bkg:post post:a .
  tenure:r a bkg:Tenure ; org:member person:r ; bkg:post post:r .
  tenure:o a bkg:Tenure ; org:member person:o ; bkg:post post:other .
}
"""


def classes(store: Store, thing: str) -> set[str]:
    """Names of the defined classes that graph/derived gives a thing."""
    found = store.quads_for_pattern(NamedNode(expand(thing)), TYPE, None, DERIVED)
    return {q.object.value.removeprefix(BKG) for q in found} & {"Minister", "Akim", "Rector"}


@pytest.mark.parametrize(("person", "expected"), [("m", "Minister"), ("a", "Akim"), ("r", "Rector"), ("o", None)])
def test_a_tenure_in_such_a_post_makes_it(person: str, expected: str | None) -> None:
    assert classes(store_of(WORLD), f"person:{person}") == ({expected} if expected else set())


def test_each_tenure_counts_and_what_names_it_in_another_graph_too() -> None:
    more = "gi:x { tenure:x a bkg:Tenure ; org:member person:m ; bkg:post post:r . }"
    assert classes(store_of(WORLD + more), "person:m") == {"Minister", "Rector"}


def test_a_class_below_the_post_class_counts() -> None:
    more = "gi:x { bkg:FirstMinisterPost rdfs:subClassOf bkg:MinisterialPost . post:other a bkg:FirstMinisterPost . }"
    assert classes(store_of(WORLD + more), "person:o") == {"Minister"}


def test_it_goes_when_the_tenure_goes() -> None:
    gone = WORLD.replace("tenure:m a bkg:Tenure ; org:member person:m ; bkg:post post:m .", "")
    assert classes(store_of(gone), "person:m") == set()


def test_no_source_of_ours_states_it() -> None:
    data = Path(__file__).resolve().parent.parent / "data"
    texts = [p.read_text(encoding="utf-8") for p in data.rglob("*") if p.suffix in (".csv", ".trig", ".json")]
    assert texts
    assert not any(f"bkg:{name} " in text for text in texts for name in ("Minister", "Akim", "Rector"))
    assert quads(WORLD)
