"""Search, suggest, match and reconcile: real names of the release in the spellings that people write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from kg.matching import deletions, match_word, remembered, score, slips
from kg.names import fold

AIMAGAMBETOV = "person/askhat-aimagambetov"

SPELLINGS = [
    *((text, AIMAGAMBETOV) for text in ("Aymagambetov", "Аймағамбетов", "Aımaǵambetov", "Ashat Aimağambetov")),
    *((text, AIMAGAMBETOV) for text in ("Aimagambetov Askhat", "A. Aimagambetov", "аймагамбетов асхат канатович")),
    *((text, AIMAGAMBETOV) for text in ("Aimagabetov", "Aimagambteov", "Askhat Aimagambetof")),
    *((text, "person/gani-beisembayev") for text in ("Beissembayev", "Бейсембаев Гани", "G. Beisembaev", "Beisembayv")),
    *((text, "person/ondasyn-orazalin") for text in ("Urazalin", "Оразалин", "Ондасын Уразалин", "Orazalyn")),
    *((text, "person/zhuldyz-suleimenova") for text in ("Жулдыз Сулейменова", "Zhuldyz Suleymenova")),
    *((text, "person/kuanysh-iskakov") for text in ("Kuanysh Iskakov", "Куаныш Искаков")),
    *((text, "person/kuanyshbek-iskakov") for text in ("Kuanyshbek Iskakov", "Куанышбек Искаков")),
    *((text, "person/bolat-tlep") for text in ("Tilep", "Rector Bolat Tlep", "Болат Тілеп")),
    *((text, "person/gulmira-qanai") for text in ("Qanay", "Гульмира Канай", "Канай Г.")),
    *((text, "region/zhetysu") for text in ("Zhetisu", "Jetisu", "Жетісу", "Zhetisū")),
    ("Ministry of Enlightenment", "organization/kz-ministry-of-education"),
    ("School No 51", "organization/school-51-aktobe"),
    ("KazNU", "organization/al-farabi-university"),
]


def data(client: TestClient, path: str, **parameters: object) -> list[dict[str, Any]]:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def name(item: dict[str, Any]) -> str:
    return f"{item['kind']}/{item['slug']}"


@pytest.mark.parametrize(("text", "thing"), SPELLINGS)
def test_a_name_is_found_first_in_every_spelling(client: TestClient, text: str, thing: str) -> None:
    found = data(client, "/api/v1/search", q=text, kind=thing.partition("/")[0])
    assert found[0]["score"] <= 100
    assert name(found[0]) == thing, [(name(f), f["score"]) for f in found]


def test_near_homonyms_stay_apart(client: TestClient) -> None:
    """Trap 18: nobody is taken for another because the surname is alike."""
    for text in ("Suleimenova", "Iskakov", "Smailov"):
        found = data(client, "/api/v1/match", q=text, kind="person")
        assert not any(f["match"] for f in found if f["score"] < 95)
    kuanysh = data(client, "/api/v1/match", q="Kuanysh Iskakov", kind="person")
    assert [(name(f), f["match"]) for f in kuanysh[:2]] == [
        ("person/kuanysh-iskakov", True),
        ("person/kuanyshbek-iskakov", False),
    ]
    assert not any("marat" in f["slug"] for f in data(client, "/api/v1/search", q="Zhuldyz Suleimenova")[:1])


def test_a_hit_says_why(client: TestClient) -> None:
    [first, *_] = data(client, "/api/v1/search", q="A. Aimagabetov", kind="person")
    kinds = {w["asked"]: w["kind"] for w in first["why"]}
    assert kinds == {"a": "initial", fold("Aimagabetov"): "typo"}
    assert first["matched"]["value"]


def test_suggest_completes_what_is_being_written(client: TestClient) -> None:
    for begun in ("aim", "Аймаг", "askhat aima"):
        assert AIMAGAMBETOV in [name(f) for f in data(client, "/api/v1/suggest", q=begun, kind="person")]


def test_labels_come_in_the_language_asked_and_links_repeat_the_question(client: TestClient) -> None:
    answer = client.get("/api/v1/search", params={"q": "Aimagambetov", "kind": "person", "clang": "kk"})
    body = answer.json()
    assert body["data"][0]["labelLang"] == "kk"
    assert body["links"]["self"].startswith("/api/v1/search?q=Aimagambetov")
    assert answer.headers["bilim-release"] == body["release"]


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"q": "  "}, "search-no-text"),
        ({"q": "a" * 201}, "search-text-long"),
        ({"q": "a", "kind": "tenure"}, "search-kind"),
        ({"q": "a", "limit": "0"}, "search-limit"),
        ({"q": "a", "limit": "²"}, "search-limit"),
        ({"q": "a", "typ": "x"}, "parameter-unknown"),
    ],
)
def test_what_cannot_be_searched_for_is_told(client: TestClient, parameters: dict[str, str], code: str) -> None:
    answer = client.get("/api/v1/search", params=parameters)
    assert answer.status_code == 422
    assert code in answer.text


@pytest.mark.parametrize("text", ["", "'", '"', "%", "\x00", "a" * 200, "' OR 1=1 --", "\ud7ff", "½²", "()", "🦅 🦅"])
def test_odd_texts_find_nothing_and_break_nothing(client: TestClient, text: str) -> None:
    assert client.get("/api/v1/search", params={"q": text}).status_code in (200, 422)
    assert client.get("/api/v1/suggest", params={"q": text}).status_code in (200, 422)
    assert client.get("/search", params={"q": text}, headers={"Accept": "text/html"}).status_code == 200


def test_many_names_are_matched_at_once(client: TestClient) -> None:
    queries = [{"q": "Асхат Аймағамбетов", "kind": "person"}, {"q": "Абай облысы", "kind": ["region"], "limit": 3}]
    answer = client.post("/api/v1/match", json={"queries": queries})
    assert [name(found[0]) for found in answer.json()["data"]] == [AIMAGAMBETOV, "region/abai"]
    assert client.post("/api/v1/match", json={"queries": [{"q": "a"}] * 51}).status_code == 422
    assert client.post("/api/v1/match", json=[1]).status_code == 400


def test_the_page_searches_without_scripts(client: TestClient) -> None:
    for lang, word in (("en", "Search"), ("ru", "Поиск"), ("kk", "Іздеу")):
        page = client.get("/search", params={"q": "Аймағамбетов", "lang": lang}, headers={"Accept": "text/html"}).text
        assert word in page
        assert f'href="/doc/{AIMAGAMBETOV}?lang={lang}' in page
    nothing = client.get("/search", params={"q": "<b>qqqq"}, headers={"Accept": "text/html"}).text
    assert "&lt;b&gt;qqqq" in nothing


# What OpenRefine sends (Reconciliation Service API 0.2)
def reconcile(client: TestClient, **form: object) -> Any:
    answer = client.post("/reconcile", data={k: json.dumps(v) for k, v in form.items()})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_manifest_of_the_reconciliation_service(client: TestClient) -> None:
    manifest = client.get("/reconcile").json()
    assert {"versions", "name", "identifierSpace", "schemaSpace"} <= set(manifest)
    assert "0.2" in manifest["versions"]
    assert "{{id}}" in manifest["view"]["url"]
    assert {"entity", "type", "property"} == set(manifest["suggest"])


def test_openrefine_reconciles_a_column(client: TestClient) -> None:
    answer = reconcile(
        client,
        queries={
            "q0": {"query": "Аймағамбетов Асхат", "type": "person", "limit": 5, "type_strict": "should"},
            "q1": {"query": "Abai University", "type": "organization"},
            "q2": {"query": "Nobody of this name", "type": "Starship"},
        },
    )
    first = answer["q0"]["result"][0]
    assert (first["id"], first["match"]) == (AIMAGAMBETOV, True)
    assert {"id", "name", "score", "match", "type", "features"} <= set(first)
    assert answer["q1"]["result"][0]["id"] == "organization/abai-university"
    assert answer["q2"]["result"] == []


def test_values_of_properties_tell_candidates_apart(client: TestClient) -> None:
    queries = {"q": {"query": "Iskakov", "type": "person", "properties": [{"pid": "wikidataId", "v": "Q65129668"}]}}
    assert not any(c["match"] for c in reconcile(client, queries=queries)["q"]["result"])
    queries = {"q": {"query": "Aimagambetov", "properties": [{"pid": "wikidataId", "v": "Q65129668"}]}}
    first = reconcile(client, queries=queries)["q"]["result"][0]
    assert {f["id"]: f["value"] for f in first["features"]}["wikidataId"] == 1


def test_openrefine_extends_rows_by_properties(client: TestClient) -> None:
    properties = client.get("/reconcile/properties", params={"type": "organization"}).json()["properties"]
    assert {"rorId", "inRegion"} <= {p["id"] for p in properties}
    asked = {"ids": ["organization/abai-university", "organization/none"], "properties": [{"id": "inRegion"}]}
    answer = reconcile(client, extend=asked)
    assert [m["id"] for m in answer["meta"]] == ["inRegion"]
    [region] = answer["rows"]["organization/abai-university"]["inRegion"]
    assert region["id"].startswith("region/")
    assert answer["rows"]["organization/none"]["inRegion"] == []


def test_suggestions_and_preview_of_the_reconciliation_service(client: TestClient) -> None:
    entities = client.get("/reconcile/suggest/entity", params={"prefix": "aimag", "type": "person"}).json()["result"]
    assert entities[0]["id"] == AIMAGAMBETOV
    assert client.get("/reconcile/suggest/type", params={"prefix": "org"}).json()["result"][0]["id"] == "organization"
    found = client.get("/reconcile/suggest/property", params={"prefix": "ror"}).json()["result"]
    assert "rorId" in [p["id"] for p in found]
    page = client.get("/reconcile/preview", params={"id": AIMAGAMBETOV, "clang": "en"})
    assert page.status_code == 200
    assert "Aimagambetov" in page.text
    assert client.get("/reconcile/preview", params={"id": "person/none"}).status_code == 404


@pytest.mark.parametrize(
    "form", [{}, {"queries": "["}, {"queries": "[1]"}, {"queries": '{"a": 1}'}, {"extend": "{}"}, {"x": "y"}]
)
def test_what_is_no_reconciliation_query_is_told(client: TestClient, form: dict[str, str]) -> None:
    answer = client.post("/reconcile", data=form)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")


WORDS = st.text(alphabet="abdegiklmnorstuz", min_size=4, max_size=12)


@given(WORDS, st.data())
def test_words_one_slip_apart_share_a_form_and_match(word: str, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(word) - 1))
    other = draw.draw(
        st.sampled_from([word[:at] + word[at + 1 :], word[:at] + "q" + word[at:], word[:at] + "q" + word[at + 1 :]])
    )
    if len(other) >= 4:
        assert deletions(word) & deletions(other)
        assert match_word(word, other) is not None
    assert slips(3) == 0


@given(st.lists(WORDS, min_size=1, max_size=4, unique=True), st.lists(WORDS, max_size=3))
def test_the_same_words_score_a_hundred_and_no_other_more(name: list[str], more: list[str]) -> None:
    answer = remembered()
    assert score(list(reversed(name)), name, {}, answer)[0] == pytest.approx(100)
    assert score(name, [*name, *more], {}, answer)[0] <= 100 + 1e-9
