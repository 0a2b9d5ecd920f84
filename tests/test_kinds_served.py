"""Every kind of thing, on the release built from data/: its list, one page in every format, and a question for it."""

from __future__ import annotations

import html
import json

import pytest
from pyoxigraph import NamedNode, RdfFormat, parse
from starlette.testclient import TestClient

from kg.kinds import KINDS
from kg.terms import RDF, entity_iri
from tests.test_questions import ask

# one thing of each kind of which much is known, and a property that its page must show
THINGS = {
    "person": ("askhat-aimagambetov", "wikidataId"),
    "post": ("kz-minister-of-education", "postIn"),
    "tenure": ("aimagambetov-kz-minister-of-education-and-science", "member"),
    "organization": ("kz-ministry-of-education", "inCountry"),
    "region": ("abai", "inCountry"),
    "country": ("kz", "alpha2"),
    "program": ("az-teachers-in-kazakhstan", "status"),
    "involvement": ("zhas-maman-aktobe-colleges", "program"),
    "agreement": ("abai-zhetysu-memorandum-2024", "party"),
    "event": ("aimagambetov-aktobe-visit", "eventKind"),
    "participation": ("abai-zhetysu-meeting-2024-tlep", "participant"),
    "outcome": ("beisembayev-instructs-support", "description"),
    "figure": ("aqbobek-students", "measure"),
    "change": ("mes-split-2022", "after"),
    "document": ("seed-001", "sha256"),
    "evidence": ("seed-001-2acd8e3187cb", "quote"),
    "discrepancy": ("seed-001-memorandum", "between"),
    "spell": ("turkistan-iso-kz-yuz", "value"),
}
# what lists or finds things of the kind: template, its parameters, the returned column
QUESTIONS: dict[str, tuple[str, dict[str, str], str]] = {
    "person": ("people/list", {}, "person"),
    "post": ("posts/list", {}, "post"),
    "tenure": ("tenures/on-day", {"on": "2022-06-10"}, "tenure"),
    "organization": ("bodies/existing", {"on": "2024-08-21"}, "body"),
    "region": ("regions/existing", {}, "region"),
    "country": ("countries/list", {}, "country"),
    "program": ("programs/list", {}, "program"),
    "involvement": ("programs/involved", {"program": "zhas-maman"}, "involvement"),
    "agreement": ("agreements/list", {}, "agreement"),
    "event": ("events/list", {}, "event"),
    "participation": ("events/participants", {"event": "abai-zhetysu-meeting-2024"}, "participation"),
    "outcome": ("outcomes/list", {}, "outcome"),
    "figure": ("figures/list", {}, "figure"),
    "change": ("bodies/changes", {"body": "kz-ministry-of-education"}, "change"),
    "document": ("documents/list", {}, "document"),
    "evidence": ("evidence/of", {"thing": "agr:abai-zhetysu-memorandum-2024"}, "evidence"),
    "discrepancy": ("discrepancies/list", {}, "discrepancy"),
    "spell": ("history/values", {"thing": "region:turkistan"}, "spell"),
}


def test_all_kinds_are_here() -> None:
    assert set(THINGS) == set(QUESTIONS) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_answers_for_the_kind(client: TestClient, kind: str) -> None:
    name, params, column = QUESTIONS[kind]
    found = [row[column] for row in ask(client, name, **params)]
    iris = [value["id"] if isinstance(value, dict) else value for value in found]
    assert entity_iri(kind, THINGS[kind][0]) in iris


@pytest.mark.parametrize("kind", KINDS)
def test_the_list_of_the_kind_holds_every_thing(client: TestClient, kind: str) -> None:
    body = client.get(f"/doc/{kind}", headers={"Accept": "application/json"}).json()
    asked = client.get(
        "/sparql",
        params={"query": f"SELECT (COUNT(DISTINCT ?x) AS ?n) WHERE {{ ?x a <{KINDS[kind].cls}> }}"},
        headers={"Accept": "application/sparql-results+json"},
    ).json()
    assert body["page"]["total"] == int(asked["results"]["bindings"][0]["n"]["value"]) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_json_of_every_kind(client: TestClient, kind: str) -> None:
    slug, name = THINGS[kind]
    data = client.get(f"/doc/{kind}/{slug}.json", params={"clang": "en"}).json()["data"]
    assert (data["id"], data["kind"], data["slug"]) == (entity_iri(kind, slug), kind, slug)
    assert data["label"]
    assert data[name]
    assert data["types"]
    if kind not in ("evidence", "discrepancy"):
        assert data["evidence"]
    for dated in KINDS[kind].dated:
        assert dated in data


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_every_kind(client: TestClient, kind: str) -> None:
    slug, _ = THINGS[kind]
    data = client.get(f"/doc/{kind}/{slug}.json", params={"clang": "en"}).json()["data"]
    for lang in ("en", "ru", "kk"):
        answer = client.get(
            f"/doc/{kind}/{slug}", params={"lang": lang, "clang": "en"}, headers={"Accept": "text/html"}
        )
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/html")
        assert f'lang="{lang}"' in answer.text
        assert slug in answer.text
        assert len(answer.text) > 1500
        assert data["label"] in html.unescape(answer.text)


@pytest.mark.parametrize("kind", KINDS)
def test_rdf_of_every_kind(client: TestClient, kind: str) -> None:
    slug, _ = THINGS[kind]
    thing = NamedNode(entity_iri(kind, slug))
    answers = {suffix: client.get(f"/doc/{kind}/{slug}{suffix}") for suffix in (".ttl", ".nt", ".jsonld")}
    assert {answer.status_code for answer in answers.values()} == {200}
    formats = {".ttl": RdfFormat.TURTLE, ".nt": RdfFormat.N_TRIPLES, ".jsonld": RdfFormat.JSON_LD}
    json.loads(answers[".jsonld"].content)
    read = {suffix: {str(q) for q in parse(answers[suffix].content, format=f)} for suffix, f in formats.items()}
    assert read[".ttl"] == read[".nt"] == read[".jsonld"]
    quads = list(parse(answers[".nt"].content, format=RdfFormat.N_TRIPLES))
    own = [q for q in quads if q.subject == thing]
    assert {q.object.value for q in own if q.predicate.value == RDF + "type" and isinstance(q.object, NamedNode)} >= {
        KINDS[kind].cls
    }
    assert len(own) >= 4
