"""Traps of the five source documents, D: places; how the graph records each."""

from __future__ import annotations

from starlette.testclient import TestClient

from tests.answers import slugs, slugs_of
from tests.test_questions import ask, short, sparql


def test_trap_22_twenty_regions_are_two_classes(client: TestClient) -> None:
    def kinds(day: str) -> tuple[int, int]:
        found = [r["kind"] for r in ask(client, "regions/existing", on=day)]
        return found.count("oblast"), found.count("city")

    assert kinds("2022-06-07") == (14, 3)
    assert kinds("2022-06-08") == (17, 3)
    rows = ask(client, "events/participants", event="deputy-akims-meeting-2024")
    assert {short(r["who"]) for r in rows} == {"person:gani-beisembayev", "—"}  # one group, no 20 persons
    (count,) = ask(client, "figures/list", about="event:deputy-akims-meeting-2024")
    assert (count["value"], count["measure"]["slug"]) == (20, "regions")


def test_trap_23_spellings_of_regions_and_the_code_as_key(client: TestClient) -> None:
    expected = {
        "zhetysu": {"Zhetisu", "Jetisu", "Jetysu"},
        "abai": {"Abay"},
        "ulytau": {"Ulytaū"},
    }
    for slug, others in expected.items():
        data = client.get(f"/doc/region/{slug}.json").json()["data"]
        assert others <= set(data["altLabels"]["en"])
    for code, slug in (("KZ-33", "zhetysu"), ("KZ-10", "abai"), ("KZ-62", "ulytau")):
        named = ask(client, "history/values", thing=code, property="code", on="2023-01-01")
        assert [(r["spell"].split("/")[-1].split("-iso-")[0], r["value"]["value"]) for r in named] == [(slug, code)]


def test_trap_24_codes_changed_on_one_day(client: TestClient) -> None:
    changed = sparql(
        client,
        """SELECT ?old ?new ?day WHERE {
             ?a bkg:property bkg:iso31662 ; bkg:of ?region ; bkg:value ?old ; bkg:endEdtf ?day .
             ?b bkg:property bkg:iso31662 ; bkg:of ?region ; bkg:value ?new ; bkg:startEdtf ?day }""",
    )
    assert {day for *_, day in changed} == {"2022-11-29"}
    assert len(changed) == 17  # all that had one in letters
    assert ("KZ-YUZ", "KZ-61", "2022-11-29") in changed
    new = {"KZ-10", "KZ-33", "KZ-62"}
    assert not new & {n for _, n, _ in changed}
    old = ask(client, "history/values", thing="KZ-YUZ", property="code", on="2022-11-28")  # an old code is still known
    assert [(r["value"]["value"], r["certainty"]) for r in old] == [("KZ-YUZ", "certain"), ("KZ-61", "no")]
    labels = """SELECT ?x WHERE { ?x a bkg:Region ; skos:prefLabel ?l
      FILTER(LANG(?l) = "en" && REGEX(?l, "oblys|oblast", "i")) }"""
    assert sparql(client, labels) == []  # ISO's names are no labels


def test_trap_25_centres_are_dated(client: TestClient) -> None:
    def centre(region: str, day: str) -> list[tuple[str, str]]:
        rows = ask(client, "history/values", thing=region, property="capital", on=day)
        return [(r["value"]["value"], r["certainty"]) for r in rows if r["certainty"] != "no"]

    assert centre("region:almaty-region", "2022-06-07") == [("Taldykorgan", "possible")]
    assert centre("region:almaty-region", "2022-06-08") == [("Konaev", "possible")]
    assert centre("region:zhetysu", "2022-06-08") == [("Taldykorgan", "possible")]
    assert centre("region:turkistan", "2018-06-26") == [("Turkistan", "possible")]  # a report named Shymkent that day
    slip = ask(client, "evidence/of", thing="spell:turkistan-centre-shymkent", document="inform-kz-2018-06-26")
    assert [r["rank"]["slug"] for r in slip if r["attests"]] == ["deprecated"]
    assert {"almaty-region-centre", "turkistan-centre"} <= set(slugs(ask(client, "discrepancies/list"), "discrepancy"))


def test_trap_26_the_city_and_the_region_share_no_identifier(client: TestClient) -> None:
    shared = """SELECT ?a ?b ?id WHERE {
      VALUES ?p { bkg:wikidataId bkg:geonamesId bkg:osmRelationId bkg:rorId }
      ?a ?p ?id . ?b ?p ?id FILTER(STR(?a) < STR(?b)) }"""
    assert sparql(client, shared) == []
    types = sparql(
        client,
        """SELECT ?x ?class WHERE { VALUES ?x { region:almaty-city region:almaty-region }
             VALUES ?class { bkg:Oblast bkg:RepublicanCity } ?x a ?class }""",
    )
    assert types == [("region:almaty-city", "bkg:RepublicanCity"), ("region:almaty-region", "bkg:Oblast")]


def test_trap_27_regions_that_shrank_kept_their_names(client: TestClient) -> None:
    rows = sparql(
        client,
        """SELECT ?before ?after WHERE {
             ?c bkg:changeKind ck:split-off ; bkg:before ?before ; bkg:after ?before , ?after ; bkg:whenEdtf ?day
             FILTER(STR(?day) = "2022-06-08" && ?after != ?before) }""",
    )
    assert rows == [
        ("region:almaty-region", "region:zhetysu"),
        ("region:east-kazakhstan", "region:abai"),
        ("region:karaganda", "region:ulytau"),
    ]
    for slug in ("karaganda", "almaty-region", "east-kazakhstan"):
        assert ask(client, "history/values", thing=f"region:{slug}", property="name") == []
        assert slug in slugs(ask(client, "regions/existing", on="2022-06-07"), "region")


def test_trap_28_a_school_number_is_no_place(client: TestClient) -> None:
    data = client.get("/doc/organization/school-51-aktobe.json").json()["data"]
    assert slugs_of(data["inRegion"]) == ["aktobe"]  # the region: the settlement is not stated
    place = ask(client, "evidence/of", thing="o:school-51-aktobe", property="bkg:inRegion", document="seed-002")
    assert ("inferred", True) in {(r["mode"]["slug"], r["confidence"] < 0.9) for r in place}
    (meeting,) = ask(client, "events/list", document="seed-004")
    assert meeting["region"]["slug"] == "almaty-city"
