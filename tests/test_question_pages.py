"""Pages of questions: a form from the parameters, the answer below it, faults at their field, lines that run."""

from __future__ import annotations

import html
import json
import re
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from api.pages.render import read_texts
from kg import resources
from kg.templates.catalogue import Catalogue
from tests.test_pages import Reader

HTML = {"Accept": "text/html"}
TEMPLATES = Catalogue(resources.find().queries).templates
HOLDERS = "/queries/posts/holders?post=kz-minister-of-education&on=2022-06-24&clang=en&lang=en"


def get(client: TestClient, path: str, status: int = 200) -> str:
    answer = client.get(path, headers=HTML)
    assert answer.status_code == status, answer.text[:500]
    return answer.text


def words(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text.partition("<main")[2])).split())


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_every_question_has_a_form_of_its_parameters(client: TestClient, name: str) -> None:
    read = Reader(get(client, f"/queries/{name}?lang=en"))
    assert read.faults == []
    fields = {a["name"]: (tag, a) for tag, a in read.tags if tag in ("input", "select") and a.get("name")}
    labels = {a.get("for") for tag, a in read.tags if tag == "label"}
    for param in TEMPLATES[name].params:
        tag, attributes = fields[param.name]
        assert attributes["id"] in labels
        assert ("required" in attributes) == param.needed
        if param.type == "date" and not param.many:
            assert attributes["type"] == "date"
        if param.type == "entity":
            assert attributes["data-suggest"]
        if (param.values or param.type == "boolean") and not param.many:
            assert tag == "select"


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_the_first_example_of_every_question_is_answered_on_its_page(client: TestClient, name: str) -> None:
    example = re.search(r'<a href="(/queries/[^"]+)">1</a>', get(client, f"/queries/{name}"))
    if example is None:  # no example with parameters: the page answers at once
        assert all(not e.params for e in TEMPLATES[name].examples)
        address = f"/queries/{name}"
    else:
        address = html.unescape(example[1])
    text = get(client, address)
    data = client.get(address.replace("/queries/", "/api/v1/").partition("lang=")[0].rstrip("?&")).json()["data"]
    assert f"Rows on this page: {len(data)};" in words(text) or f"Rows: {len(data)}" in words(text)
    assert text.count("<tr>") - (1 if data else 0) >= len(data)


def test_an_answer_stands_with_names_dates_and_a_timeline(client: TestClient) -> None:
    text = get(client, HOLDERS)
    assert "Askhat Aimagambetov" in words(text)
    assert "11 June 2022" in words(text)
    assert '<svg class="time' in text
    assert '<option value="en" lang="en" selected>' in text
    kazakh = words(get(client, HOLDERS.replace("lang=en", "lang=kk").replace("clang=en", "clang=kk")))
    assert "Асхат Қанатұлы Аймағамбетов" in kazakh
    assert "анық" in kazakh
    russian = words(get(client, HOLDERS.replace("&clang=en&lang=en", "&clang=ru&lang=ru")))
    assert "Насколько верно точно" not in russian
    assert "точно" in russian


def test_what_is_wrong_stands_at_its_field(client: TestClient) -> None:
    text = get(client, "/queries/posts/holders?post=nobody-at-all&on=2022-02-30&lang=en", 422)
    read = Reader(text)
    by_name = {a["name"]: a for tag, a in read.tags if tag == "input" and a.get("name")}
    for name, given in (("post", "nobody-at-all"), ("on", "2022-02-30")):
        assert by_name[name]["aria-invalid"] == "true"
        assert by_name[name]["value"] == given
        assert f"e-{name}" in str(by_name[name]["aria-describedby"])
        told = re.search(rf'<p class="wrong" id="e-{name}">(.*?)</p>', text, re.S)
        assert told is not None
        assert given in told[1]
    assert "aria-invalid" not in by_name["document"]
    assert "'nonsense'" in words(get(client, "/queries/countries/list?nonsense=1&lang=en", 422))
    assert "3" in words(get(client, "/queries/countries/list?page=99&lang=en", 422))


def test_a_question_that_needs_something_waits_for_it(client: TestClient) -> None:
    assert 'id="answer"' not in get(client, "/queries/posts/holders?lang=en")
    assert 'id="answer"' in get(client, "/queries/countries/list?lang=en")


def test_an_empty_field_is_not_given(client: TestClient) -> None:
    assert words(get(client, HOLDERS + "&document=")) == words(get(client, HOLDERS))


def test_pages_of_an_answer_are_walked(client: TestClient) -> None:
    text = get(client, "/queries/people/list?page_size=50&lang=en")
    following = re.search(r'rel="next" href="([^"]+)"', text)
    assert following is not None
    second = get(client, html.unescape(following[1]))
    assert "Page 2 of" in words(second)
    assert 'rel="prev"' in second


def test_map_and_network_are_drawn(client: TestClient) -> None:
    text = get(client, "/queries/regions/existing?on=2022-06-07&lang=en")
    assert text.count('class="tile ') == 17
    assert get(client, "/queries/regions/existing?on=2022-06-08&lang=en").count('class="tile ') == 20
    text = get(
        client, "/queries/actors/in-common?first=person:bolat-tlep&second=person:marat-suleimenov&lang=en&clang=en"
    )
    data = json.loads(re.findall(r'<script type="application/json">(.*?)</script>', text, re.S)[0])
    assert {edge["source"] for edge in data["edges"]} == {"person/bolat-tlep", "person/marat-suleimenov"}
    assert {edge["target"] for edge in data["edges"]} == {"event/abai-zhetysu-meeting-2024"}
    assert text.count("<circle") == 3


def test_the_catalogue_is_searched_in_any_language(client: TestClient) -> None:
    for text in ("held a post", "занимал должность", "лауазымды кім", "POSTS/HOLDERS"):
        found = get(client, f"/queries?q={text}&lang=en")
        assert "/queries/posts/holders?" in found
        assert found.count('<a href="/queries/') < len(TEMPLATES)
    assert "Questions: 0" in words(get(client, "/queries?q=zzz-nothing&lang=en"))
    assert f"Questions: {len(TEMPLATES)}" in words(get(client, "/queries?lang=en"))


def test_the_sparql_of_an_answer_gives_its_rows(client: TestClient) -> None:
    text = get(client, HOLDERS)
    query = html.unescape(re.findall(r'name="query" value="([^"]*)"', text, re.S)[0])
    rows = client.post("/sparql", data={"query": query}).json()["results"]["bindings"]
    assert [row["person"]["value"].rpartition("/")[2] for row in rows] == ["askhat-aimagambetov"]


def test_the_ready_lines_run(server: str) -> None:
    page = httpx.get(server + HOLDERS, headers=HTML, timeout=60).text
    found = {
        name: html.unescape(text)
        for name, text in re.findall(r'<pre[^>]* data-way="(\w+)"><code>(.*?)</code>', page, re.S)
    }
    assert set(found) == {"curl", "Python", "R"}
    want = httpx.get(server + HOLDERS.replace("/queries/", "/api/v1/"), timeout=60).json()["data"]
    people = [row["person"]["slug"] for row in want]
    said = subprocess.run(["bash", "-c", found["curl"] + " -s"], capture_output=True, text=True, check=True, timeout=60)
    assert [row["person"]["slug"] for row in json.loads(said.stdout)["data"]] == people
    said = subprocess.run(
        [sys.executable, "-c", found["Python"]], capture_output=True, text=True, check=True, timeout=60
    )
    assert all(slug in said.stdout for slug in people)
    address = re.findall(r'read\.csv\("([^"]+)"', found["R"])[0]  # R itself is not at hand
    table = httpx.get(address, timeout=60)
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.text.splitlines()[1].count("askhat-aimagambetov") >= 1
    assert parse_qs(urlsplit(address).query)["on"] == ["2022-06-24"]


def test_every_column_and_subject_has_its_words() -> None:
    texts = read_texts()
    columns = {f"column.{name}" for template in TEMPLATES.values() for name in template.returns}
    assert columns <= set(texts)
    assert {f"subject.{template.subject}" for template in TEMPLATES.values()} <= set(texts)
