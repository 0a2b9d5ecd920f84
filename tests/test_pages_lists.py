"""Lists, home, a day, two actors, sources, on the release built from data/."""

from __future__ import annotations

import csv
import io

import pytest
from starlette.testclient import TestClient

from kg.kinds import KINDS
from tests.pages import hrefs, page, words
from tests.test_questions import ask


def listed(client: TestClient, path: str) -> list[dict[str, object]]:
    """All rows of a list, page by page."""
    rows: list[dict[str, object]] = []
    address: str | None = path
    while address:
        body = client.get(address, headers={"Accept": "application/json"}).json()
        rows += body["data"]
        assert body["page"]["total"] >= len(rows)
        address = body["links"].get("next")
    return rows


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_list_is_the_same_as_page_json_and_csv(client: TestClient, kind: str) -> None:
    tree = page(client, f"/doc/{kind}?clang=en")
    first = client.get(f"/doc/{kind}.json?clang=en").json()
    shown = [h for h in hrefs(tree, "//table//tbody//a") if h.startswith(f"/doc/{kind}/")]
    assert shown[:1] == [f"/doc/{kind}/{row['slug']}" for row in first["data"][:1]]
    assert len(shown) == len(first["data"])
    table = list(csv.DictReader(io.StringIO(client.get(f"/doc/{kind}.csv?clang=en").text)))
    assert len(table) == first["page"]["total"]
    assert [row["slug"] for row in table[:100]] == [row["slug"] for row in first["data"]]


def test_regions_are_17_before_the_split_and_20_after(client: TestClient) -> None:
    before = listed(client, "/doc/region?on=2022-06-07")
    after = listed(client, "/doc/region?on=2022-06-08")
    assert (len(before), len(after)) == (17, 20)
    assert {row["certainty"] for row in after} == {"certain"}
    asked = {row["region"]["slug"] for row in ask(client, "regions/existing", on="2022-06-08")}
    assert {row["slug"] for row in after} == asked


def test_facets_narrow_and_count(client: TestClient) -> None:
    tree = page(client, "/doc/organization?clang=en")
    link = next(a for a in tree.xpath("//aside//a") if "class=University" in a.get("href"))
    count = int(link.getnext().text)
    rows = listed(client, "/doc/organization?class=University")
    assert len(rows) == count
    both = listed(client, "/doc/organization?class=University&inRegion=almaty-city")
    assert 0 < len(both) < count
    narrowed = page(client, "/doc/organization?class=University&inRegion=almaty-city&clang=en")
    chosen = narrowed.xpath("//aside//a[@aria-current]")
    assert len(chosen) == 2
    assert all("class=" not in a.get("href") or "inRegion=" not in a.get("href") for a in chosen)
    either = listed(client, "/doc/organization?inRegion=almaty-city&inRegion=abai")
    assert len(either) == sum(len(listed(client, f"/doc/organization?inRegion={r}")) for r in ("almaty-city", "abai"))


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/doc/organization.json?class=Castle", 422, "facet-value"),
        ("/doc/organization.json?klass=University", 422, "parameter-unknown"),
        ("/doc/region.json?on=8.6.2022", 422, "day-invalid"),
        ("/doc/castle.csv", 404, "kind-not-found"),
        ("/sources.json?tier=best", 422, "facet-value"),
        ("/on/2022-02-30", 422, "day-invalid"),
    ],
)
def test_what_is_asked_wrongly_is_told(client: TestClient, path: str, status: int, code: str) -> None:
    answer = client.get(path, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, code)


def test_events_of_a_day_and_those_that_may_have_been(client: TestClient) -> None:
    rows = {row["slug"]: row["certainty"] for row in listed(client, "/doc/event?on=2021-10-28")}
    assert rows["aqbobek-visit"] == "possible"
    assert "aqbobek-visit" not in {row["slug"] for row in listed(client, "/doc/event?on=2021-03-01")}
    assert {r["slug"]: r["certainty"] for r in listed(client, "/doc/event?on=2024-03-14")}[
        "abai-zhetysu-meeting-2024"
    ] == "certain"


def test_the_home_page_tells_who_is_in_office_and_what_there_is(client: TestClient) -> None:
    tree = page(client, "/?clang=en")
    day = client.get("/on", headers={"Accept": "text/html"}).headers["location"].rpartition("/")[2]
    asked = ask(client, "tenures/on-day", on=day, role="minister")
    ours = {r["person"]["slug"] for r in asked if r["organization"]["slug"].startswith("kz-")}
    assert ours
    cards = hrefs(tree, "//div[@class='cards']//a")
    assert {f"/doc/person/{slug}" for slug in ours} <= set(cards)
    counts = client.get("/", headers={"Accept": "application/json"}).json()["data"]["counts"]
    assert {f"/doc/{kind}" for kind in counts} <= set(hrefs(tree))
    assert len(tree.xpath("//ul[@class='doors']/li")) == 4


def test_a_day_shows_the_whole_system(client: TestClient) -> None:
    before, after = (page(client, f"/on/{day}?clang=en") for day in ("2022-06-10", "2022-06-11"))
    assert "Minister of Education and Science" in words(before, "//section[@id='ministers']")
    ministers = words(after, "//section[@id='ministers']")
    assert "Minister of Education Ministry of Education" in ministers
    assert "Minister of Education and Science" not in ministers
    assert "/doc/change/mes-split-2022" in hrefs(after)
    body = client.get("/on/2022-06-11?clang=en", headers={"Accept": "application/json"}).json()
    assert body["on"] == "2022-06-11"
    assert body["data"]["tenures"] == ask(client, "tenures/on-day", on="2022-06-11")
    assert len(body["data"]["region"]) == 20
    assert len(after.xpath("//section[@id='regions']//li")) == 20


def test_the_form_of_a_day_leads_to_its_page(client: TestClient) -> None:
    answer = client.get("/on?on=2022-06-11&lang=kk", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/on/2022-06-11?lang=kk")


def test_two_ministers_share_a_post_and_the_way_is_short(client: TestClient) -> None:
    query = "/between?first=person/askhat-aimagambetov&second=person/gani-beisembayev"
    body = client.get(query, headers={"Accept": "application/json"}).json()["data"]
    assert "kz-minister-of-education" in {row["thing"]["slug"] for row in body["shared"] if row["kind"] == "post"}
    assert len(body["path"]) == 2
    assert body["path"][0]["from"]["slug"] == "askhat-aimagambetov"
    assert body["path"][0]["to"] == body["path"][1]["from"]
    assert body["path"][1]["to"]["slug"] == "gani-beisembayev"
    tree = page(client, query + "&clang=en")
    assert "/doc/post/kz-minister-of-education" in hrefs(tree)


def test_a_path_is_the_same_backwards_and_each_step_is_true(client: TestClient) -> None:
    there, back = (
        client.get(f"/between?first={a}&second={b}", headers={"Accept": "application/json"}).json()["data"]["path"]
        for a, b in (
            ("person/bolat-tlep", "organization/kz-ministry-of-education"),
            ("organization/kz-ministry-of-education", "person/bolat-tlep"),
        )
    )
    assert len(there) == len(back)
    for step in there:
        via = client.get(f"/doc/{step['via']['kind']}/{step['via']['slug']}.nt").text
        assert all(f"<{end['id']}>" in via for end in (step["from"], step["to"]))


def test_names_do_for_two_actors_and_doubt_is_told(client: TestClient) -> None:
    tree = page(client, "/between?first=Askhat Aimagambetov&second=Beisembayev&clang=en")
    assert "Aimagambetov" in words(tree, "//h1") or tree.xpath("//div[@class='notice']//li")
    unknown = page(client, "/between?first=Xyzzyq&second=person/gani-beisembayev&clang=en")
    assert "Xyzzyq" in words(unknown, "//div[@class='notice']")
    answer = client.get("/between?first=Xyzzyq", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (422, "actor-unknown")


def test_sources_say_what_rests_on_each(client: TestClient) -> None:
    first = client.get("/sources.json?clang=en").json()
    assert first["page"]["total"] == len(listed(client, "/doc/document"))
    top = first["data"][0]
    assert [row["evidence"] for row in first["data"]] == sorted((r["evidence"] for r in first["data"]), reverse=True)
    document = client.get(f"/doc/document/{top['slug']}.json").json()["data"]
    assert document["incoming"]["evidence.inDocument"]["total"] == top["evidence"]
    alone = sum(g["total"] for n, g in document["incoming"].items() if n.endswith("singleSource"))
    assert alone == top["only"]
    table = list(csv.DictReader(io.StringIO(client.get("/sources.csv?tier=university").text)))
    assert table
    assert {row["tier"] for row in table} == {"university"}
    assert hrefs(page(client, "/sources?clang=en"), "//table//a")[0] == f"/doc/document/{top['slug']}"
