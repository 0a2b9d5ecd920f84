"""Pages of the model: every term and concept resolves, and says what it means, which rules hold and how it is used."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import BlankNode, NamedNode, RdfFormat, parse
from starlette.testclient import TestClient

from kg import resources
from kg.kinds import KINDS
from kg.releases.layout import Home
from kg.releases.project import project
from kg.releases.reader import Projection, Release, current
from kg.terms import BASE, BKG, LANGUAGES, LIST, RDF, RDFS, SHAPES, shorten
from tests.graphs import store_of
from tests.test_pages import Reader, page

ONTOLOGY = resources.find().ontology
ID = BASE + "id/"
FORMATS = {"text/turtle": RdfFormat.TURTLE, "application/n-triples": RdfFormat.N_TRIPLES}


def _subjects(folder: str) -> set[str]:
    quads = (q for file in (ONTOLOGY / folder).glob("*.ttl") for q in parse(path=str(file), format=RdfFormat.TURTLE))
    return {q.subject.value for q in quads if isinstance(q.subject, NamedNode)}


def _term_address(iri: str) -> str:
    return f"/ontology/{iri.removeprefix(BKG) if iri.startswith(BKG) else shorten(iri)}"


TERMS = {iri: _term_address(iri) for iri in _subjects("def") - {BKG.removesuffix("#")}}
CONCEPTS = {iri: "/" + iri.removeprefix(BASE) for iri in _subjects("lists")}


def data(client: TestClient, address: str, lang: str = "en") -> dict[str, Any]:
    answer = client.get(f"{address}?lang={lang}", headers={"Accept": "application/json"})
    assert answer.status_code == 200, (address, answer.text[:300])
    body: dict[str, Any] = answer.json()
    return body["data"]  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def release(release_home: Path) -> Release:
    return current(Home(release_home))


# --- completeness --------------------------------------------------------------------------------------------


def test_every_term_and_concept_resolves_in_every_format(client: TestClient) -> None:
    assert len(TERMS) > 150
    assert len(CONCEPTS) > 100
    for number, (iri, address) in enumerate(sorted((TERMS | CONCEPTS).items())):
        lang = LANGUAGES[number % 3]
        html = client.get(f"{address}?lang={lang}", headers={"Accept": "text/html"})
        assert html.status_code == 200, (address, html.text[:300])
        read = Reader(html.text)
        assert (read.faults, read.open) == ([], []), address
        assert iri in html.text
        told = data(client, address, lang)
        assert told["id"] == iri
        assert told["label"], address
        assert set(told["labels"]) == set(LANGUAGES), address
        turtle = client.get(address, headers={"Accept": "text/turtle"})
        assert turtle.status_code == 200
        assert iri in {q.subject.value for q in parse(turtle.content, format=RdfFormat.TURTLE)}, address


def test_a_format_may_stand_in_the_address(client: TestClient) -> None:
    for address in (
        "/ontology",
        "/ontology/Tenure",
        "/ontology/org:Post",
        "/shapes",
        "/list/rank",
        "/list/rank/normal",
    ):
        for suffix, media in ((".json", "json"), (".ttl", "turtle"), (".nt", "n-triples"), (".jsonld", "ld+json")):
            answer = client.get(address + suffix, headers={"Accept": "text/html"})
            assert answer.status_code == 200, address + suffix
            assert media in answer.headers["content-type"]
            assert answer.content == client.get(address + suffix).content
            assert f"<{address}{suffix}>" in client.get(address).headers["link"]


def test_the_index_leads_to_every_term_and_list_and_keeps_their_anchors(client: TestClient) -> None:
    text, read = page(client, "/ontology")
    links = {(a.get("href") or "").partition("?")[0] for tag, a in read.tags if tag == "a"}
    ids = {a["id"] for _, a in read.tags if "id" in a}
    assert set(TERMS.values()) <= links
    assert {address for address in CONCEPTS.values() if address.count("/") == 2} <= links
    # /def#Tenure is led here with its fragment
    assert {iri.removeprefix(BKG) for iri in TERMS if iri.startswith(BKG)} <= ids
    assert "graph/ontology#" not in text  # nameless parts of definitions are no terms (they stood here as classes)
    names = [part["name"] for part in data(client, "/ontology")["parts"]]
    assert names[0] == "actors"
    assert names[-1] == "reused"
    assert set(names) == {f.stem for f in (ONTOLOGY / "def").glob("*.ttl")} - {"ontology"}


def test_def_stays_the_namespace_document(client: TestClient) -> None:
    to_page = client.get("/def?lang=kk", headers={"Accept": "text/html"})
    assert (to_page.status_code, to_page.headers["location"]) == (303, "/ontology?lang=kk")
    turtle = client.get("/def", headers={"Accept": "text/turtle"})
    subjects = {q.subject.value for q in parse(turtle.content, format=RdfFormat.TURTLE)}
    assert set(TERMS) <= subjects
    assert not any(s.startswith(LIST) for s in subjects)
    version = data(client, "/def")["version"]
    assert client.get(f"/def/{version}").headers["location"] == "/def"
    assert client.get("/def/Tenure?lang=ru").headers["location"] == "/ontology/Tenure?lang=ru"
    assert client.get("/def/9.9.9").status_code == 404


# --- what a page says ----------------------------------------------------------------------------------------


def test_a_class_tells_its_place_its_rules_and_its_use(client: TestClient) -> None:
    oblast = data(client, "/ontology/Oblast")
    assert [c["name"] for c in oblast["ancestors"]] == ["bkg:FirstLevelUnit", "bkg:Region"]
    (use,) = oblast["usage"]
    assert (use["as"], use["things"]) == ("class", 17)
    assert client.get(f"/doc/region/{use['example']['thing']['slug']}.json").status_code == 200
    shapes = {s["name"]: s for s in oblast["shapes"]}
    assert shapes["bkg-sh:RegionShape"]["through"]["name"] == "bkg:Region"
    assert {"bkg-sh:RegionShape", "bkg-sh:NamedShape"} <= set(shapes)
    tenure = data(client, "/ontology/Tenure")
    assert {d["name"] for d in tenure["disjointWith"]} == {"org:Organization", "foaf:Person"}  # said of those two
    text, _ = page(client, "/ontology/Tenure")
    assert "Tenure … needs exactly one value of “person” (org:member)." in text
    assert "exactly 1 value(s)" in text
    assert "Things of this class" in text


def test_a_defined_class_shows_its_definition_and_its_turtle_is_whole(client: TestClient) -> None:
    minister = data(client, "/ontology/Minister")
    expected = "foaf:Person and (inverse org:member some (bkg:Tenure and (bkg:post some bkg:MinisterialPost)))"
    assert minister["definedAs"] == [expected]
    quads = list(parse(client.get("/ontology/Minister.ttl").content, format=RdfFormat.TURTLE))
    defined = {q.subject.value for q in quads if not isinstance(q.subject, BlankNode)}
    hanging = [
        q.object.value for q in quads if isinstance(q.object, NamedNode) and "/graph/ontology#" in q.object.value
    ]
    assert hanging
    assert set(hanging) <= defined


def test_a_property_tells_its_values_and_an_example(client: TestClient, release: Release) -> None:
    post = data(client, "/ontology/post")
    assert post["functional"] is True
    assert {r["path"] for s in post["shapes"] for r in s["rules"]} == {"bkg:post"}
    use = next(u for u in post["usage"] if u["as"] == "property")
    rows = release.store.query(f"SELECT (COUNT(*) AS ?n) {{ ?s <{BKG}post> ?o }}")
    assert not isinstance(rows, bool)
    assert [row[0].value for row in rows] == [str(use["statements"])]  # type: ignore[union-attr]
    assert use["example"]["values"][0]["kind"] == "post"
    status = data(client, "/ontology/tenureStatus")
    assert [x["page"] for x in status["lists"]] == ["/list/tenure-status"]


def test_a_dated_dimension_is_named_by_evidence_only(client: TestClient) -> None:
    start = data(client, "/ontology/start")
    assert start["kind"] == "dimension"
    assert [c["name"] for c in start["computed"]] == ["bkg:startEdtf", "bkg:earliestStart", "bkg:latestStart"]
    # evidence, and what is counted of evidence
    named = {u["via"]["name"] for u in start["usage"] if u["as"] == "value"}
    assert {"bkg:onProperty"} < named <= {"bkg:onProperty", "bkg:secondaryOnly", "bkg:singleSourced"}
    assert all(u["as"] == "value" for u in start["usage"])
    assert "only evidence names it" in page(client, "/ontology/start")[0]
    for name in ("startEdtf", "earliestStart", "latestStart"):
        assert data(client, f"/ontology/{name}")["dimension"]["name"] == "bkg:start"
        assert "no source may write it" in page(client, f"/ontology/{name}")[0]
    assert data(client, "/ontology/issuedEdtf")["dimension"] is None  # its name alone makes it no computed value


def test_a_list_and_its_concepts_tell_their_use(client: TestClient) -> None:
    status = data(client, "/list/status", "ru")
    assert "bkg:status" in {p["name"] for p in status["properties"]}
    shown = {c["slug"]: c["things"] for c in status["concepts"]}
    for slug in shown:
        concept = data(client, f"/list/status/{slug}")
        assert sum(u["things"] for u in concept["usage"]) == shown[slug]
    assert shown["planned"] > 0
    planned = data(client, "/list/status/planned", "ru")
    assert planned["label"] == "запланировано"
    example = planned["usage"][0]["example"]["thing"]
    assert client.get(f"/doc/{example['kind']}/{example['slug']}.json").status_code == 200


# --- shapes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_rule_is_told_in_words(client: TestClient, lang: str) -> None:
    shapes = data(client, "/shapes", lang)["shapes"]
    rules = [rule for shape in shapes for rule in shape["rules"]]
    quads = [q for f in (ONTOLOGY / "shapes").glob("*.ttl") for q in parse(path=str(f), format=RdfFormat.TURTLE)]
    kept = {q.subject.value for q in quads if q.object == NamedNode("http://www.w3.org/ns/shacl#PropertyShape")}
    assert {rule["id"] for rule in rules} >= {iri for iri in kept if iri.startswith(SHAPES)}
    other = {"kk": "тағы бір шектеу", "ru": "ещё ограничение", "en": "a further constraint"}[lang]
    for rule in rules:
        assert rule["demands"], rule["id"]
        assert not any(other in demand for demand in rule["demands"]), rule["demands"]
        assert rule["message"]["lang"] == lang
        assert "{" not in rule["message"]["value"]
        assert all(p["page"] for p in rule["properties"]), rule["path"]
    _, read = page(client, "/shapes", lang)
    ids = [a["id"] for _, a in read.tags if "id" in a]
    assert {rule["anchor"] for rule in rules} <= set(ids)  # a rule of the thing as a whole stands at its shape
    assert len(ids) == len(set(ids))


# --- what is not there ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("/ontology/tenur", "Tenure"),
        ("/ontology/tenure", "Tenure"),
        ("/ontology/министр", "Minister"),
        ("/ontology/org:Pst", "org:Post"),
        ("/ontology/notes.ttl", "note"),
        ("/list/rank/prefered", "preferred"),
        ("/list/ranks", "rank"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(client: TestClient, address: str, near: str) -> None:
    answer = client.get(address, headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert near in answer.json()["detail"]


def test_a_name_with_our_prefix_leads_to_the_one_address(client: TestClient) -> None:
    answer = client.get("/ontology/bkg:Tenure.ttl?lang=kk")
    assert (answer.status_code, answer.headers["location"]) == (301, "/ontology/Tenure.ttl?lang=kk")


def test_small_releases_show_terms_that_nothing_uses(small: TestClient) -> None:
    assert data(small, "/ontology/Agreement")["usage"] == []
    assert "Not used in this release." in page(small, "/ontology/Agreement")[0]


# --- links from things ---------------------------------------------------------------------------------------


def test_things_lead_to_the_terms_that_tell_of_them(small: TestClient) -> None:
    text, _ = page(small, "/doc/tenure/aigul-kz-example?clang=en")
    assert '<p class="kind"><a href="/ontology/Tenure?lang=en">tenure</a></p>' in text
    assert '<a href="/ontology/org:member?lang=en">person</a>' in text
    assert '<a href="/ontology/start?lang=en">start</a>' in text  # what the evidence speaks of
    evidence, _ = page(small, "/doc/evidence/example-00000001?clang=en")
    assert re.search(r'<a href="/ontology/start\?lang=en"[^>]*>start</a>', evidence)


# --- the projection ------------------------------------------------------------------------------------------


def test_use_is_counted_of_things_alone(tmp_path: Path) -> None:
    project(
        store_of(
            """
            person:a a foaf:Person ; skos:prefLabel "A"@en , "А"@ru .
            person:b a foaf:Person ; skos:prefLabel "B"@en ; skos:altLabel "Bee"@en ; bkg:wikidataId "Q1" .
            outc:x a bkg:Outcome ; bkg:status st:planned ; bkg:actor person:b .
            evidence:e a bkg:Evidence ; bkg:onProperty bkg:start ; bkg:supports person:b .
            st:planned skos:prefLabel "planned"@en .
            """
        ),
        tmp_path,
        "0" * 64,
    )
    label = "http://www.w3.org/2004/02/skos/core#prefLabel"
    person = KINDS["person"].cls
    terms = [label, person, BKG + "start", LIST + "status/planned", BKG + "Program"]
    found = Projection(tmp_path / "projection.sqlite").usage(terms)
    assert [(u.via, u.things, u.statements) for u in found[label]] == [("", 2, 3)]
    assert [(u.via, u.things) for u in found[person]] == [(RDF + "type", 2)]
    assert found[person][0].example["thing"]["slug"] == "b"  # more is known of it
    assert [(u.via, u.things) for u in found[BKG + "start"]] == [(BKG + "onProperty", 1)]
    assert [(u.via, u.things) for u in found[LIST + "status/planned"]] == [(BKG + "status", 1)]
    assert BKG + "Program" not in found


def test_use_agrees_with_the_graph(release: Release) -> None:
    rows = release.store.query(
        f"SELECT ?c (COUNT(DISTINCT ?s) AS ?n) {{ ?s a ?c FILTER(STRSTARTS(STR(?s), '{ID}')) }} GROUP BY ?c"
    )
    assert not isinstance(rows, bool)
    counted = {row["c"].value: int(row["n"].value) for row in rows}  # type: ignore[union-attr]
    found = release.projection.usage(counted)
    assert {cls: next(u.things for u in found[cls] if u.via == RDF + "type") for cls in counted} == counted
    assert RDFS + "label" not in release.projection.usage([RDFS + "label"])
