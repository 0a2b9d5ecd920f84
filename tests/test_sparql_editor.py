"""/sparql for a browser, without scripts: answers as tables with names, faults at their place, links, downloads."""

from __future__ import annotations

import html
import re

import pytest
from starlette.testclient import TestClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
NAMES = "SELECT ?person ?name WHERE { ?person a foaf:Person ; skos:prefLabel ?name } ORDER BY ?person ?name"


def ask(client: TestClient, query: str, status: int = 200, address: str = "/sparql?lang=en") -> str:
    answer = client.post(address, data={"query": query, "format": ""}, headers=BROWSER)
    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    return answer.text


def test_things_stand_with_their_names_and_lead_to_their_pages(client: TestClient) -> None:
    text = ask(client, "SELECT ?person ?class WHERE { BIND(person:bolat-tlep AS ?person) ?person a ?class }")
    assert 'href="/doc/person/bolat-tlep" title="https://w3id.org/bilim/id/person/bolat-tlep">Bolat Tlep</a>' in text
    assert 'href="/ontology/Rector"' in text
    assert "SELECT ?person ?class WHERE" in html.unescape(text)  # the query stays in its field


def test_texts_numbers_and_what_is_unbound(client: TestClient) -> None:
    text = ask(client, 'SELECT ?a ?b ?c WHERE { VALUES (?a ?b ?c) { ("<b>x</b>"@ru 7 UNDEF) } }')
    assert "&lt;b&gt;x&lt;/b&gt;" in text
    assert '<span lang="ru">' in text
    assert "xsd:integer" in text
    assert '<td data-label="c"></td>' in text


def test_ask_and_construct(client: TestClient) -> None:
    assert "<strong>yes</strong>" in ask(client, "ASK { ?s ?p ?o }")
    assert "<strong>no</strong>" in ask(client, "ASK { ?s <x:none> ?o }")
    assert "&lt;x:s&gt;" in ask(client, "CONSTRUCT { <x:s> <x:p> 1 } WHERE {}")


@pytest.mark.parametrize(
    ("query", "status", "line"),
    [
        ("SELECT * WHERE {\n  ?s ?p\n}", 400, 3),
        ("SELECT * WHERE {\n\n  SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", 403, 3),
        ("INSERT DATA { <x:a> <x:b> 1 }", 403, 1),
    ],
)
def test_a_fault_is_told_at_its_place(client: TestClient, query: str, status: int, line: int) -> None:
    text = ask(client, query, status)
    assert f'data-line="{line}"' in text
    assert f"Line {line}, column" in text
    assert 'role="alert"' in text


def test_a_link_to_a_query_gives_its_answer_again(client: TestClient) -> None:
    text = ask(client, NAMES + " LIMIT 3")
    link = html.unescape(re.findall(r'href="([^"]+)" id="permalink"', text)[0])
    again = client.get(link + "&lang=en", headers=BROWSER).text
    rows = re.compile(r"<tbody>.*?</tbody>", re.S)
    assert rows.findall(again) == rows.findall(text)
    assert len(re.findall("<tr>", rows.findall(text)[0])) == 3


def test_downloads_hold_the_whole(client: TestClient) -> None:
    text = ask(client, "SELECT ?s ?p ?o WHERE { ?s ?p ?o } LIMIT 1500")
    assert "Rows: 1000" in text
    assert "1000 rows at most" in text
    address = html.unescape(re.findall(r'href="([^"]+)" download>csv', text)[0])
    assert len(client.get(address, headers=BROWSER).text.splitlines()) == 1501


def test_a_query_may_be_shown_and_not_run(client: TestClient) -> None:
    text = ask(client, "SELECT * WHERE { broken", address="/sparql?editor=1&lang=en")
    assert "SELECT * WHERE { broken" in text
    assert "Answer" not in text


@pytest.mark.parametrize(
    "accept", ["*/*", "application/sparql-results+json", "text/csv, text/html;q=0.5", "text/*;q=0.5, application/json"]
)
def test_programs_get_no_page(client: TestClient, accept: str) -> None:
    answer = client.get("/sparql", params={"query": "ASK {}"}, headers={"Accept": accept})
    assert "text/html" not in answer.headers["content-type"]


def test_a_format_that_is_chosen_is_given_to_a_browser_too(client: TestClient) -> None:
    answer = client.post("/sparql", data={"query": NAMES, "format": "csv"}, headers=BROWSER)
    assert answer.headers["content-type"].startswith("text/csv")


def test_what_is_completed_is_what_the_release_holds(client: TestClient) -> None:
    data = client.get("/sparql/completions?lang=ru&clang=ru").json()["data"]
    classes = {name: (label, count) for name, label, count in data["classes"]}
    assert classes["foaf:Person"][0] == "человек"
    count = client.post("/sparql", data={"query": "SELECT (COUNT(*) AS ?n) WHERE { ?s a foaf:Person }"}).json()
    assert classes["foaf:Person"][1] == int(count["results"]["bindings"][0]["n"]["value"])
    assert {"bkg:post", "org:member"} <= set(data["propertiesOf"]["bkg:Tenure"])
    assert "bkg:signedEdtf" not in data["propertiesOf"]["bkg:Tenure"]


def test_the_example_of_a_question_runs_as_it_is(client: TestClient) -> None:
    example = client.get("/queries/posts/holders", headers={"Accept": "application/json"}).json()["data"]["example"]
    rows = client.post("/sparql", data={"query": example}).json()["results"]["bindings"]
    assert rows[0]["person"]["value"].endswith("/askhat-aimagambetov")
