"""The pages of things, on the release built from data/: time drawn and told, relations, evidence, disagreement."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.pages.timeline import LABELS, MOST, RIGHT, Line, draw
from tests.pages import hrefs, page, structured, words

PERSON = "/doc/person/askhat-aimagambetov"
MINISTRY = "/doc/organization/kz-ministry-of-education-and-science"


def test_a_person_has_posts_events_and_a_timeline_with_its_words(client: TestClient) -> None:
    tree = page(client, PERSON + "?clang=en&on=2022-06-24")
    assert words(tree, "//h1") == "Askhat Aimagambetov"
    posts = words(tree, "//section[@id='tenure.member']")
    assert "Minister of Education and Science" in posts
    assert "from 13 June 2019 until 11 June 2022" in posts
    assert "Visit to the Aqbobek school" in words(tree, "//section[@id='participation.participant']")
    assert "28 October 2020 or 28 October 2021" in words(tree, "//section[@id='participation.participant']")
    (drawing,) = tree.xpath("//svg")
    assert drawing.xpath(".//rect[@class='sure']")
    assert drawing.xpath(".//rect[@class='maybe']")  # 28 October of one of two years
    assert drawing.xpath(".//line[@class='open']")  # no later than: begins nowhere
    assert drawing.xpath(".//line[@class='day']")
    told = {title.text for title in drawing.xpath(".//a/title")}
    assert any("from 13 June 2019 until 11 June 2022" in text for text in told)
    # whatever the drawing holds is also in words
    tables = words(tree, "//table")
    assert all(text.rpartition(": ")[2] in tables for text in told)


def test_the_state_of_a_day_tells_certain_from_possible(client: TestClient) -> None:
    tree = page(client, PERSON + "?clang=en&on=2022-06-24")
    assert "Minister of Education · Ministry of Education" in words(tree, "//h2[@id='state']/following-sibling::ul[1]")
    assert tree.xpath("//h2[@id='state']/following-sibling::h3[1]")[0].text == "Certain"
    visit = page(client, PERSON + "?clang=en&on=2020-10-28")
    assert "Possible" in words(visit, "//h3")
    assert "Visit to the Aqbobek school" in words(visit)
    none = page(client, PERSON + "?clang=en&on=2025-01-01")
    assert not none.xpath("//h2[@id='state']")
    assert "Nothing on this page is dated to 2025-01-01" in words(none)


def test_interface_and_content_are_two_languages(client: TestClient) -> None:
    tree = page(client, MINISTRY + "?clang=kk", lang="ru")
    assert words(tree, "//h1") == "Білім және ғылым министрлігі"
    assert tree.xpath("//h1//span/@lang") == ["kk"]
    assert "Сведения" in words(tree, "//h2")
    assert "июня" in words(tree)
    assert "маусым" not in words(tree)  # dates in words belong to the interface
    switches = tree.xpath("//nav[@aria-label='Названия на языке']//a/@href")
    assert all("lang=ru" in href for href in switches)
    assert any("clang=en" in href for href in switches)


def test_evidence_shows_words_place_and_document(client: TestClient) -> None:
    tree = page(client, "/doc/agreement/abai-zhetysu-memorandum-2024?clang=en")
    rows = tree.xpath("//h2[@id='evidence']/following-sibling::table[1]//tr[@id]")
    assert rows
    quotes = [row.xpath(".//q")[0].text for row in rows if row.xpath(".//q")]
    assert quotes
    assert any("characters" in row.text_content() for row in rows)
    assert "/doc/document/seed-001" in hrefs(tree)
    assert f"/doc/evidence/{rows[0].get('id')}" in hrefs(tree)


def test_a_document_tells_what_rests_on_it(client: TestClient) -> None:
    tree = page(client, "/doc/document/seed-001?clang=en")
    supported = tree.xpath("//h2[@id='supports']/following-sibling::table[1]//tbody/tr")
    assert len(supported) > 10
    found = (re.search(r"characters (\d+)–", row.text_content()) for row in supported)
    places = [int(match[1]) for match in found if match]
    assert len(places) > 10
    assert places == sorted(places)  # in the order of the text


def test_a_disagreement_stands_side_by_side_with_its_settlement(client: TestClient) -> None:
    tree = page(client, "/doc/organization/kazakh-national-agrarian-research-university?clang=en")
    boxes = tree.xpath("//h2[@id='discrepancies']/following-sibling::div[@class='box']")
    agreed = next(box for box in boxes if "2012 in the register is not used" in box.text_content())
    assert len(agreed.xpath(".//ul[@class='sides']/li")) == 2
    assert "How it was settled" in agreed.text_content()
    alone = page(client, "/doc/discrepancy/agrarian-university-start?clang=en")
    assert len(alone.xpath("//ul[@class='sides']/li")) == 2


def test_the_other_identifiers_citation_formats_and_ways_on(client: TestClient) -> None:
    tree = page(client, "/doc/organization/al-farabi-university?clang=en")
    assert {"https://ror.org/03q0vrn42", "http://www.wikidata.org/entity/Q427677"} <= set(hrefs(tree))
    release = client.get(PERSON + ".json").json()["release"]
    iri = "https://w3id.org/bilim/id/organization/al-farabi-university"
    assert words(tree, "//pre") == f"Al-Farabi Kazakh National University. Bilim, release {release}. {iri}"
    path = "/doc/organization/al-farabi-university"
    assert {f"{path}{suffix}" for suffix in (".json", ".jsonld", ".ttl", ".nt")} <= set(hrefs(tree))
    ways = {"/history/organization/al-farabi-university", "/mistake/organization/al-farabi-university", "/between"}
    assert ways <= set(hrefs(tree))


@pytest.mark.parametrize(
    ("path", "kind", "part"),
    [
        (PERSON, "Person", ("sameAs", ["http://www.wikidata.org/entity/Q65129668"])),
        ("/doc/organization/al-farabi-university", "CollegeOrUniversity", ("foundingDate", "1934-01-15")),
        (MINISTRY, "GovernmentOrganization", ("@id", "https://w3id.org/bilim/id" + MINISTRY.removeprefix("/doc"))),
        ("/doc/region/abai", "AdministrativeArea", ("name", "Abai Region")),
        ("/doc/document/seed-001", "CreativeWork", ("datePublished", "2024-03-14")),
        ("/doc/event/abai-zhetysu-meeting-2024", "Event", ("startDate", "2024-03-14")),
    ],
)
def test_search_engines_get_schema_org(client: TestClient, path: str, kind: str, part: tuple[str, object]) -> None:
    found = structured(page(client, path + "?clang=en"))
    assert (found["@context"], found["@type"]) == ("https://schema.org", kind)
    assert found["url"].endswith(path)
    assert found[part[0]] == part[1]


def test_structured_data_cannot_end_its_element(small: TestClient) -> None:
    tree = page(small, "/doc/document/example-paper?clang=en")
    assert structured(tree)["name"] == "A <b>paper</b>"
    assert not tree.xpath("//b")


DAYS = st.dates(date(1900, 1, 1), date(2100, 1, 1))


@given(st.lists(st.tuples(st.none() | DAYS, st.none() | DAYS, st.none() | DAYS, st.none() | DAYS), max_size=60), DAYS)
def test_what_is_drawn_lies_in_the_drawing(bounds: list[tuple[date | None, ...]], on: date) -> None:
    lines = [Line("a", "#", "a", (b[0], b[1], b[2], b[3])) for b in bounds]
    drawing = draw(lines, on)
    if not any(day for b in bounds for day in b):
        assert drawing is None
        return
    assert drawing is not None
    assert len(drawing.rows) == min(MOST, len(lines))
    assert drawing.left_out == max(0, len(lines) - MOST)
    for row in drawing.rows:
        for x1, x2 in [*row.open, *((x, x + w) for x, w, _ in row.bars)]:
            assert x1 >= LABELS
            assert x2 <= RIGHT + 4  # a bar is never narrower than it can be seen
    for row, line in zip(drawing.rows, lines, strict=False):
        sure = [name for _, _, name in row.bars if name == "sure"]
        es, ls, ee, _ = line.bounds
        assert len(sure) == (ls is not None and ee is not None and ls < ee)
        if es is None and any(line.bounds):
            assert row.open  # an open beginning is never drawn as a beginning


@given(DAYS, st.integers(1, 40_000))
def test_a_sure_bar_runs_from_the_latest_start_to_the_earliest_end(start: date, days: int) -> None:
    end = start + timedelta(days=days)
    drawing = draw([Line("a", "#", "a", (start, start, end, end))], start)
    assert drawing is not None
    ((x, width, name),) = drawing.rows[0].bars
    assert (name, drawing.rows[0].open) == ("sure", [])
    assert width > 0
    assert drawing.day == x


def test_a_report_is_not_in_force_and_an_act_is(client: TestClient) -> None:
    report = client.get("/doc/document/seed-002.json").json()["data"]
    assert (report["start"], report["certainty"]) == (None, None)
    assert "in force" not in words(page(client, "/doc/document/seed-002"))
    assert client.get("/doc/document/decree-2022-06-11.json").json()["data"]["certainty"] is not None


def test_times_are_told_in_the_grammar_of_each_language(client: TestClient) -> None:
    path = "/doc/person/askhat-aimagambetov"
    assert "2022 ж. 11 маусымнан бастап 2023 ж. 4 қаңтарға дейін" in words(page(client, path, "kk"))
    assert "с 11 июня 2022 г. до 4 января 2023 г." in words(page(client, path, "ru"))


def test_numbers_are_followed_by_the_form_that_a_language_has_there(client: TestClient) -> None:
    told = words(page(client, "/", "kk"), "//ul[contains(@class, 'counts')]")
    assert "20 өңір " in told
    assert "өңірлер" not in told
    assert "20 regions" in words(page(client, "/", "en"), "//ul[contains(@class, 'counts')]")
