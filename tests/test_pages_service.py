"""Pages round the graph: reports of mistakes, changes between releases, sitemaps, what is not there, personal data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from kg import cli
from kg.findings import BilimError
from kg.imports import mistakes
from kg.kinds import KINDS
from kg.releases.layout import Home
from kg.settings import Settings
from tests.pages import hrefs, page, words
from tests.released import publish_small

FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}
SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[TestClient]:
    """Two releases: the person has another name in the second, and a document is new."""
    publish_small(tmp_path, 1)
    publish_small(tmp_path, 2, 'doc:second a bkg:Document ; dct:title "A second paper"@en .')
    settings = Settings(home=tmp_path, log_level="error", sparql_workers=1, sparql_nice=0)
    with TestClient(create_app(settings), follow_redirects=False) as client:
        yield client


def test_a_reported_mistake_reaches_the_stewards(
    two: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    form = page(two, "/mistake/person/aigul-example")
    assert form.xpath("//form[@method='post']//textarea[@name='text' and @required]")
    body = "text=The+%D0%B4%D0%B0%D1%82%D0%B0+is+wrong&source=https%3A%2F%2Fexample.org&contact=me%40example.org"
    sent = two.post("/mistake/person/aigul-example?lang=en", content=body, headers=FORM)
    assert sent.status_code == 200
    assert "number 1" in sent.text
    (kept,) = mistakes.reports(Home(tmp_path))
    assert (kept.kind, kept.slug, kept.text) == ("person", "aigul-example", "The дата is wrong")
    assert kept.release == two.get("/readyz").json()["release"]
    monkeypatch.setenv("BILIM_HOME", str(tmp_path))
    assert cli.run(["mistakes", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["data"][0]["contact"] == "me@example.org"
    assert cli.run(["mistakes", "close", "1", "--answer", "Another source was added."]) == 0
    assert mistakes.reports(Home(tmp_path)) == []
    (closed,) = mistakes.reports(Home(tmp_path), closed=True)
    assert (closed.contact, closed.answer) == ("", "Another source was added.")
    assert cli.run(["mistakes", "close", "1", "--answer", "again"]) != 0


def test_a_report_that_says_nothing_or_too_much_is_sent_back(two: TestClient, tmp_path: Path) -> None:
    empty = two.post("/mistake/person/aigul-example?lang=ru", content="text=+&contact=x", headers=FORM)
    assert empty.status_code == 422
    assert "Сообщение пустое" in empty.text
    assert 'value="x"' in empty.text  # what was written stays
    long = two.post("/mistake/person/aigul-example", content="text=" + "a" * 4001, headers=FORM)
    assert long.status_code == 422
    robot = two.post("/mistake/person/aigul-example", content="text=buy&homepage=http://x", headers=FORM)
    assert robot.status_code == 200
    assert two.post("/mistake/person/nobody", content="text=a", headers=FORM).status_code == 404
    assert two.post("/mistake/person/aigul-example", json={"text": "a"}).status_code == 415
    assert mistakes.reports(Home(tmp_path)) == []


def test_reports_cannot_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mistakes, "A_DAY", 2)
    for _ in range(2):
        mistakes.report(Home(tmp_path), "r", "person", "a", "text")
    with pytest.raises(BilimError) as caught:
        mistakes.report(Home(tmp_path), "r", "person", "a", "text")
    assert caught.value.findings[0].code == "mistake-many"


def test_a_thing_tells_what_each_release_changed(two: TestClient) -> None:
    tree = page(two, "/history/person/aigul-example?clang=en")
    assert [words(s, ".//h2/span") for s in tree.xpath("//section")] == [
        "changed",
        "there since this release or before",
    ]
    assert "Aigul 1 Aigul 2" in words(tree, "//section[1]//table")
    new = two.get("/history/document/second", headers={"Accept": "application/json"}).json()["data"]
    assert [row["change"] for row in new] == ["added", "absent"]
    same = two.get("/history/post/kz-example", headers={"Accept": "application/json"}).json()["data"]
    assert same[0]["change"] in ("same", "changed")
    assert two.get("/history/person/nobody").status_code == 404


def test_a_release_tells_what_it_changed(two: TestClient) -> None:
    listed = page(two, "/releases")
    changes = [h for h in hrefs(listed) if h.endswith("/changes")]
    assert len(changes) == 2
    tree = page(two, changes[0] + "?clang=en")
    assert {"/history/person/aigul-example", "/history/document/second"} <= set(hrefs(tree))
    data = two.get(changes[0], headers={"Accept": "application/json"}).json()["data"]
    api = two.get("/api/v1/changes").json()
    assert data["counts"] == api["counts"]
    assert data["counts"]["added"] == 1
    assert "no release before" in words(page(two, changes[1]))
    assert two.get("/releases/2020-01-01.1-abcdef/changes").status_code == 404
    assert "added" in words(page(two, "/?clang=en"))  # the latest changes are on the home page


def test_sitemaps_hold_every_named_thing_once(client: TestClient) -> None:
    robots = client.get("/robots.txt").text
    index = robots.rpartition("Sitemap: ")[2].strip()
    root = ElementTree.fromstring(client.get("/" + index.partition("//")[2].partition("/")[2]).text)
    found = []
    for place in root.iter(f"{SPACE}loc"):
        path = "/" + str(place.text).partition("//")[2].partition("/")[2]
        answer = client.get(path)
        assert answer.headers["content-type"].startswith("application/xml")
        found += [str(loc.text) for loc in ElementTree.fromstring(answer.text).iter(f"{SPACE}loc")]
    assert len(found) == len(set(found))
    assert all(address.startswith("http://") for address in found)
    counts = client.get("/", headers={"Accept": "application/json"}).json()["data"]["counts"]
    things = [a for a in found if "/doc/" in a and a.rpartition("/doc/")[2].count("/") == 1]
    assert len(things) == sum(n for kind, n in counts.items() if KINDS[kind].named)
    for address in found[:15]:
        assert client.get("/" + address.partition("//")[2].partition("/")[2]).status_code == 200
    assert client.get("/sitemaps/person-99.xml").status_code == 404


def test_what_is_not_there_is_searched_for(client: TestClient) -> None:
    tree = page(client, "/doc/person/askhat-aymagambetov", status=404)
    assert tree.xpath("//form[@action='/search']//input[@name='q']/@value") == ["askhat aymagambetov"]
    assert "/doc/person/askhat-aimagambetov" in hrefs(tree)
    assert page(client, "/no/such/place", lang="kk", status=404).xpath("//form[@action='/search']")


def test_personal_data_are_explained(client: TestClient) -> None:
    people = client.get("/", headers={"Accept": "application/json"}).json()["data"]["counts"]["person"]
    for lang in ("kk", "ru", "en"):
        text = words(page(client, "/personal-data", lang=lang))
        assert str(people) in text
        assert "410" in text


def test_every_page_leads_to_personal_data_release_and_citation(client: TestClient) -> None:
    for path in ("/", "/doc/person", "/doc/region/abai", "/on/2022-06-11", "/sources", "/queries"):
        tree = page(client, path)
        release = client.get("/readyz").json()["release"]
        assert {"/personal-data", f"/releases/{release}"} <= set(hrefs(tree, "//footer//a"))
        assert release in words(tree, "//footer//code")


def test_a_wrong_value_leaves_a_way_on(client: TestClient) -> None:
    for path, way in (
        ("/doc/person/askhat-aimagambetov?on=24.06.2022", "/doc/person/askhat-aimagambetov"),
        ("/on/2022-02-30", "/on"),
    ):
        assert way in hrefs(page(client, path, status=422))


def test_two_are_chosen_by_suggestion(client: TestClient) -> None:
    tree = page(client, "/between?first=person/askhat-aimagambetov")
    fields = tree.xpath("//main//input[@data-suggest='person,organization']")
    assert [f.get("name") for f in fields] == ["first", "second"]
    assert "/doc/person/askhat-aimagambetov" in hrefs(tree, "//main//form//a")
