"""Small graphs for tests of releases, in the shape of data/: TriG text with our prefixes, into quads and stores."""

from __future__ import annotations

import re
from pathlib import Path

from pyoxigraph import Quad, RdfFormat, Store, parse

from kg import resources
from kg.imports.sources import read_ontology
from kg.releases.candidate import Delta, apply, replace_graph
from kg.releases.derive import derive
from kg.terms import GRAPH_DERIVED, GRAPH_DOCUMENT, GRAPH_ONTOLOGY, PREFIXES

ROOT = Path(__file__).resolve().parent.parent
HEADER = "".join(f"PREFIX {prefix}: <{iri}>\n" for prefix, iri in PREFIXES.items()) + (
    "PREFIX gd: <https://w3id.org/bilim/graph/data/>\nPREFIX gi: <https://w3id.org/bilim/graph/import/>\n"
)

MINISTERS = """
gd:organizations {
  country:kz a bkg:Country ; skos:prefLabel "Kazakhstan"@en .
  o:old a bkg:Ministry ; bkg:inCountry country:kz ; skos:prefLabel "Old Ministry"@en , "Старое министерство"@ru .
  o:new a bkg:Ministry ; bkg:inCountry country:kz ; skos:prefLabel "New Ministry"@en .
}
gd:posts {
  post:old a bkg:MinisterialPost ; skos:prefLabel "Old Minister"@en ; org:postIn o:old ; bkg:singleHolder true .
  post:new a bkg:MinisterialPost ; skos:prefLabel "New Minister"@en ; org:postIn o:new ; bkg:singleHolder true .
}
gd:persons {
  person:first a foaf:Person ; skos:prefLabel "First Person"@en , "Первый"@ru ; skos:altLabel "F. Person"@en ;
    bkg:wikidataId "Q1" .
  person:second a foaf:Person ; skos:prefLabel "Second Person"@en .
}
gd:tenures {
  tenure:a a bkg:Tenure ; org:member person:first ; bkg:post post:old .
  tenure:b a bkg:Tenure ; org:member person:second ; bkg:post post:old .
  doc:paper a bkg:Document ; dct:title "A paper"@en ; bkg:tier tier:news ;
    bkg:url "https://example.org/paper" ; bkg:issuedEdtf "2022-06-13"^^edtf:EDTF .
  evidence:a-start a bkg:Evidence ; bkg:inDocument doc:paper ; bkg:supports tenure:a ; bkg:onProperty bkg:start ;
    bkg:statesEdtf "2019-06-13"^^edtf:EDTF ; bkg:assertionMode am:asserted ; bkg:confidence 0.9 .
  evidence:b-start a bkg:Evidence ; bkg:inDocument doc:paper ; bkg:supports tenure:b ; bkg:onProperty bkg:start ;
    bkg:statesEdtf "2021-02-01"^^edtf:EDTF ; bkg:assertionMode am:asserted ; bkg:confidence 0.9 .
  evidence:old-end a bkg:Evidence ; bkg:inDocument doc:paper ; bkg:supports o:old ; bkg:onProperty bkg:end ;
    bkg:statesEdtf "2022-06-11"^^edtf:EDTF ; bkg:assertionMode am:asserted ; bkg:confidence 0.9 .
}
"""


def quads(text: str) -> list[Quad]:
    """Quads of a TriG text; the prefixes of kg.terms, gd: (graph/data/) and gi: (graph/import/) are declared."""
    return list(parse((HEADER + text).encode(), RdfFormat.TRIG))


def write_data(folder: Path, *blocks: str) -> Path:
    """A folder of resources: the real ontology and queries, and data/ with one document of these graph blocks."""
    (folder / "data" / "documents").mkdir(parents=True, exist_ok=True)
    (folder / "data" / "reference").mkdir(exist_ok=True)
    for name in ("ontology", "queries"):
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    body = re.sub(r"^\w+:\w+ \{|^\}", "", "\n".join(blocks), flags=re.MULTILINE)
    text = f"{HEADER}<{GRAPH_DOCUMENT}paper> {{\n{body}\n}}\n"
    (folder / "data" / "documents" / "paper.trig").write_text(text, encoding="utf-8")
    return folder


def by_graph(text: str) -> dict[str, list[Quad]]:
    out: dict[str, list[Quad]] = {}
    for quad in quads(text):
        out.setdefault(str(quad.graph_name.value), []).append(quad)
    return out


def ontology() -> list[Quad]:
    return read_ontology(resources.find(ROOT))


def store_of(text: str, *, with_ontology: bool = True) -> Store:
    """Stated graphs, merged default graph and derived graph in memory."""
    store = Store()
    apply(store, Delta(quads(text) + (ontology() if with_ontology else [])))
    apply(store, replace_graph(store, GRAPH_DERIVED, derive(store)))
    return store


def graphs_with_ontology(text: str) -> dict[str, list[Quad]]:
    return {**by_graph(text), GRAPH_ONTOLOGY: ontology()}
