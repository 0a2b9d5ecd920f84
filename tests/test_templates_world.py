"""A small graph with known answers, and the shipped questions asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from kg.store.embedded import EmbeddedStore
from kg.templates.catalogue import Catalogue
from kg.templates.page import Asked
from kg.templates.run import Engine
from kg.terms import LANGUAGES, PREFIXES

QUERIES = Path(__file__).resolve().parent.parent / "queries"
DAY = date(2022, 6, 24)

WORLD = """
person:a a foaf:Person ; skos:prefLabel "Ана"@kk, "Anna"@en ; bkg:wikidataId "Q1" .
person:b a foaf:Person ; skos:prefLabel "Borat \\"B\\" }"@en .
person:c a foaf:Person ; skos:prefLabel "Вера"@ru .
post:chief a org:Post ; skos:prefLabel "Chief"@en ; bkg:singleHolder true ; org:postIn o:old .
post:member a org:Post ; skos:prefLabel "Member"@en ; bkg:singleHolder false ; org:postIn o:old .
tenure:a-chief a bkg:Tenure ; org:member person:a ; bkg:post post:chief ; bkg:tenureStatus ts:full ;
  bkg:startEdtf "2020-01-01"^^edtf:EDTF ; bkg:endEdtf "2022-06-11"^^edtf:EDTF ;
  bkg:earliestStart "2020-01-01"^^xsd:date ; bkg:latestStart "2020-01-01"^^xsd:date ;
  bkg:earliestEnd "2022-06-11"^^xsd:date ; bkg:latestEnd "2022-06-11"^^xsd:date .
tenure:b-chief a bkg:Tenure ; org:member person:b ; bkg:post post:chief ; bkg:disputed true ;
  bkg:startEdtf "2022-06-11"^^edtf:EDTF ; bkg:earliestStart "2022-06-11"^^xsd:date ;
  bkg:latestStart "2022-06-11"^^xsd:date ; bkg:endEdtf "2023"^^edtf:EDTF ;
  bkg:earliestEnd "2023-01-01"^^xsd:date ; bkg:latestEnd "2023-12-31"^^xsd:date .
tenure:c-chief a bkg:Tenure ; org:member person:c ; bkg:post post:chief .
tenure:a-member a bkg:Tenure ; org:member person:a ; bkg:post post:member ;
  bkg:earliestStart "2021-01-01"^^xsd:date ; bkg:latestStart "2021-12-31"^^xsd:date .
tenure:b-member a bkg:Tenure ; org:member person:b ; bkg:post post:member ;
  bkg:earliestStart "2019-01-01"^^xsd:date ; bkg:latestStart "2019-01-01"^^xsd:date ;
  bkg:earliestEnd "2024-01-01"^^xsd:date .
o:old a org:Organization ; skos:prefLabel "Old"@en . o:new1 a org:Organization ; skos:prefLabel "New one"@en .
o:new2 a org:Organization ; bkg:rorId "01abcde23" .
chg:split a bkg:ChangeEvent ; bkg:changeKind ck:split ; bkg:before o:old ; bkg:after o:new1, o:new2 ;
  bkg:whenEdtf "2022-06-11"^^edtf:EDTF ;
  bkg:earliestWhen "2022-06-11"^^xsd:date ; bkg:latestWhen "2022-06-11"^^xsd:date .
<https://w3id.org/bilim/id/country/kz> a bkg:Country ; skos:prefLabel "Kazakhstan"@en .
region:r1 a bkg:FirstLevelUnit, bkg:Region, bkg:Oblast ; bkg:inCountry <https://w3id.org/bilim/id/country/kz> ;
  bkg:earliestStart "1997-01-01"^^xsd:date ; bkg:latestStart "1997-01-01"^^xsd:date .
region:r2 a bkg:FirstLevelUnit, bkg:Region, bkg:RepublicanCity ; bkg:inCountry <https://w3id.org/bilim/id/country/kz> ;
  bkg:earliestStart "2022-06-08"^^xsd:date ; bkg:latestStart "2022-06-08"^^xsd:date ;
  bkg:earliestEnd "2999-01-01"^^xsd:date .
spell:r1-code bkg:of region:r1 ; bkg:property bkg:iso31662 ; bkg:value "KZ-15" .
doc:d1 a bkg:Document ; dct:title "First"@en . doc:d2 a bkg:Document .
evidence:e1 a bkg:Evidence ; bkg:supports tenure:a-chief ; bkg:inDocument doc:d1 ; bkg:charStart 3 ; bkg:charEnd 9 ;
  bkg:quote "chief " ; bkg:onProperty bkg:start ; bkg:statesEdtf "2020-01-01"^^edtf:EDTF ; bkg:confidence 0.9 ;
  bkg:assertionMode am:asserted .
evidence:e2 a bkg:Evidence ; bkg:supports tenure:a-chief, tenure:a-member ; bkg:inDocument doc:d2 ; bkg:confidence 0.5 .
evidence:e3 a bkg:Evidence ; bkg:supports tenure:b-chief, region:r1, chg:split ; bkg:inDocument doc:d2 .
disc:x a bkg:Discrepancy ; bkg:discrepancyKind dk:obsolete-name ; bkg:discrepancyStatus ds:settled ;
  bkg:between evidence:e1, evidence:e2 ; bkg:concerns tenure:a-chief ; bkg:resolution "because"@en, "потому"@ru .
disc:y a bkg:Discrepancy ; bkg:discrepancyKind dk:name-mismatch ; bkg:discrepancyStatus ds:open ; bkg:concerns o:old .
"""


class Names:
    """Labels read from the small graph, counting how often they are asked."""

    def __init__(self, store: ox.Store) -> None:
        self._store = store
        self.asked = 0

    def labels(self, iris: Iterable[str]) -> Mapping[str, Mapping[str, str]]:
        self.asked += 1
        found: dict[str, dict[str, str]] = {}
        for iri in iris:
            for prop in ("http://www.w3.org/2004/02/skos/core#prefLabel", "http://purl.org/dc/terms/title"):
                for quad in self._store.quads_for_pattern(ox.NamedNode(iri), ox.NamedNode(prop), None, None):
                    assert isinstance(quad.object, ox.Literal)
                    found.setdefault(iri, {})[quad.object.language or "und"] = quad.object.value
        return found


def make_store(folder: Path, turtle: str = WORLD) -> EmbeddedStore:
    """A store in a folder, opened as a release is."""
    store = ox.Store(str(folder))
    head = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
    store.load(input=(head + turtle).encode(), format=ox.RdfFormat.TURTLE)
    store.flush()
    del store
    return EmbeddedStore(folder, "test")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    store = make_store(tmp_path_factory.mktemp("store"))
    return Engine(store, Names(store.raw))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue(QUERIES)


def ask(engine: Engine, catalogue: Catalogue, name: str, /, size: int = 50, **given: Any) -> list[dict[str, Any]]:
    """The objects of the first page."""
    template = catalogue.get(name)
    texts = {k: v if isinstance(v, list) else [v] for k, v in given.items()}
    values = engine.check(template, texts, DAY)
    table = engine.table(template, values, Asked(1, size))
    return engine.objects(template, table, ("en",))


def holders(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(row["person"]["slug"], row["certainty"]) for row in rows]


def test_shipped_templates_have_no_findings(catalogue: Catalogue) -> None:
    assert catalogue.broken == ()
    assert {name: [f.text() for f in t.findings] for name, t in catalogue.templates.items() if t.findings} == {}
    assert len(catalogue.templates) >= 6


def test_every_question_is_said_in_three_languages(catalogue: Catalogue) -> None:
    for template in catalogue.templates.values():
        said = [template.summaries.get(lang, "") for lang in LANGUAGES]
        assert all(said), f"{template.name}: summary: {{en, ru, kk}}"
        assert len(set(said)) == len(LANGUAGES), f"{template.name}: the same summary in two languages"


def test_holder_is_certain_until_the_day_it_ends(engine: Engine, catalogue: Catalogue) -> None:
    assert holders(ask(engine, catalogue, "posts/holders", post="chief", on="2022-06-10")) == [("a", "certain")]
    assert holders(ask(engine, catalogue, "posts/holders", post="chief", on="2022-06-11")) == [("b", "certain")]


def test_possible_holders_come_when_none_is_certain(engine: Engine, catalogue: Catalogue) -> None:
    rows = ask(engine, catalogue, "posts/holders", post="chief", on="2023-06-01")
    assert sorted(holders(rows)) == [("b", "possible"), ("c", "possible")]
    assert holders(ask(engine, catalogue, "posts/holders", post="chief", on="2024-06-01")) == [("c", "possible")]


def test_many_holders_of_a_shared_post_all_come(engine: Engine, catalogue: Catalogue) -> None:
    rows = ask(engine, catalogue, "posts/holders", post="member", on="2022-06-24")
    assert sorted(holders(rows)) == [("a", "possible"), ("b", "certain")]


def test_holder_is_told_whole(engine: Engine, catalogue: Catalogue) -> None:
    (row,) = ask(engine, catalogue, "posts/holders", post="chief", on="2022-06-24")
    assert row == {
        "tenure": "https://w3id.org/bilim/id/tenure/b-chief",
        "person": {
            "id": "https://w3id.org/bilim/id/person/b",
            "kind": "person",
            "slug": "b",
            "label": 'Borat "B" }',
            "labelLang": "en",
        },
        "certainty": "certain",
        "start": {"edtf": "2022-06-11", "earliest": "2022-06-11", "latest": "2022-06-11", "text": "11 June 2022"},
        "end": {"edtf": "2023", "earliest": "2023-01-01", "latest": "2023-12-31", "text": "2023"},
        "disputed": True,
    }


def test_today_is_the_day_handed_in(engine: Engine, catalogue: Catalogue) -> None:
    assert holders(ask(engine, catalogue, "posts/holders", post="chief")) == [("b", "certain")]


@pytest.mark.parametrize(
    ("documents", "expected"),
    [
        (["d1"], ["a-chief"]),
        (["d2"], ["a-chief", "a-member"]),
        (["d1", "d2"], ["a-chief", "a-member"]),
        (["d1,d2"], ["a-chief", "a-member"]),
    ],
)
def test_documents_narrow_to_what_they_support(
    engine: Engine, catalogue: Catalogue, documents: list[str], expected: list[str]
) -> None:
    rows = ask(engine, catalogue, "people/posts", person="a", document=documents)
    assert [row["tenure"].rsplit("/", 1)[1] for row in rows] == expected


def test_tenures_of_a_person_say_no_too(engine: Engine, catalogue: Catalogue) -> None:
    rows = ask(engine, catalogue, "people/posts", person="a", on="2022-06-24")
    assert [(r["post"]["slug"], r["certainty"]) for r in rows] == [("chief", "no"), ("member", "possible")]
    assert rows[1]["start"] is None
    assert rows[1]["status"] is None
    assert rows[0]["status"]["id"].endswith("/list/tenure-status/full")


def test_split_is_one_object_with_two_successors(engine: Engine, catalogue: Catalogue) -> None:
    (row,) = ask(engine, catalogue, "bodies/changes", body="old")
    assert (row["role"], row["date"]["edtf"], row["completed"]) == ("before", "2022-06-11", None)
    assert [b["slug"] for b in row["successors"]] == ["new1", "new2"]
    assert [b["slug"] for b in row["predecessors"]] == ["old"]
    (after,) = ask(engine, catalogue, "bodies/changes", body="01abcde23")
    assert after["role"] == "after"


def test_regions_of_a_day(engine: Engine, catalogue: Catalogue) -> None:
    assert [r["region"]["slug"] for r in ask(engine, catalogue, "regions/existing", on="2022-06-07")] == ["r1"]
    rows = ask(engine, catalogue, "regions/existing", on="2022-06-08")
    assert [(r["region"]["slug"], r["kind"], r["certainty"]) for r in rows] == [
        ("r1", "oblast", "possible"),
        ("r2", "city", "certain"),
    ]


def test_evidence_has_the_words_and_numbers(engine: Engine, catalogue: Catalogue) -> None:
    first, second = ask(engine, catalogue, "evidence/of", thing="tenure:a-chief")
    assert (first["start"], first["end"], first["quote"], first["confidence"]) == (3, 9, "chief ", 0.9)
    assert first["properties"] == ["https://w3id.org/bilim/def#start"]
    assert first["document"]["label"] == "First"
    assert (second["start"], second["quote"], second["properties"], second["states"]) == (None, None, [], None)


def test_discrepancies_by_status_thing_and_document(engine: Engine, catalogue: Catalogue) -> None:
    def slugs(**given: Any) -> list[str]:
        return [r["discrepancy"]["slug"] for r in ask(engine, catalogue, "discrepancies/list", **given)]

    assert slugs() == ["x", "y"]
    assert slugs(status="open") == ["y"]
    assert slugs(thing="o:old") == ["y"]
    assert slugs(document="d1") == ["x"]
    x = ask(engine, catalogue, "discrepancies/list", status="settled")[0]
    assert [d["slug"] for d in x["documents"]] == ["d1", "d2"]
    assert {t["lang"]: t["value"] for t in x["resolution"]} == {"en": "because", "ru": "потому"}


def test_names_are_looked_up_once_a_page(tmp_path: Path, catalogue: Catalogue) -> None:
    store = make_store(tmp_path / "s")
    names = Names(store.raw)
    ask(Engine(store, names), catalogue, "people/posts", person="a")
    assert names.asked == 1


@pytest.mark.parametrize("text", ["r1", "KZ-15", "region:r1", "https://w3id.org/bilim/id/region/r1"])
def test_a_region_is_found_by_any_of_its_names(engine: Engine, text: str) -> None:
    assert engine._entities.find("https://w3id.org/bilim/def#Region", text) == ("https://w3id.org/bilim/id/region/r1",)


def test_wikidata_and_wrong_class(engine: Engine) -> None:
    person = "http://xmlns.com/foaf/0.1/Person"
    assert engine._entities.find(person, "Q1") == ("https://w3id.org/bilim/id/person/a",)
    assert engine._entities.find(person, "https://www.wikidata.org/wiki/Q1") == ("https://w3id.org/bilim/id/person/a",)
    assert engine._entities.find(person, "region:r1") == ()
    assert engine._entities.find("https://w3id.org/bilim/def#Oblast", "r1") == ("https://w3id.org/bilim/id/region/r1",)
