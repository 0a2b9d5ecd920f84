"""Traps of the five source documents, F: page noise and language; how the graph records each."""

from __future__ import annotations

from starlette.testclient import TestClient

from tests.answers import slugs
from tests.test_questions import FIVE, ask, sparql


def test_trap_32_noise_of_pages_is_evidence_of_nothing(client: TestClient) -> None:
    quotes = [
        q
        for (q,) in sparql(
            client,
            f"SELECT DISTINCT ?q WHERE {{ VALUES ?d {{ {' '.join('doc:' + d for d in FIVE)} }} "
            "?e bkg:inDocument ?d ; bkg:quote ?q }",
        )
    ]
    assert len(quotes) > 150
    noise = ("477.13", "525.85", "5.24", "Негізгі бет", "Жаңалықтар", "Share:", "Telegram", "|", "Фото")
    assert [q for q in quotes if any(word in q for word in noise)] == []
    misplaced = "SELECT ?e WHERE { ?e bkg:quote ?q ; bkg:charStart ?a ; bkg:charEnd ?b FILTER(STRLEN(?q) != ?b - ?a) }"
    assert sparql(client, misplaced) == []  # offsets are code points
    assert max(map(len, quotes)) <= 120


def test_trap_33_unknown_publisher_and_address_stay_unknown(client: TestClient) -> None:
    rows = {r["document"]["slug"]: r for r in ask(client, "documents/list", document=FIVE)}
    for slug in ("seed-002", "seed-004"):
        assert (rows[slug]["publisher"], rows[slug]["publisherName"], rows[slug]["url"]) == (None, None, None)
    hashes = sparql(
        client,
        f"SELECT ?d ?h WHERE {{ VALUES ?d {{ {' '.join('doc:' + d for d in FIVE)} }} ?d bkg:sha256 ?h }}",
    )
    assert [d for d, _ in hashes] == [f"doc:{d}" for d in FIVE]
    assert {len(h) for _, h in hashes} == {64}


def test_trap_34_damage_of_translation_stays_in_the_quote(client: TestClient) -> None:
    (row,) = sparql(
        client,
        """SELECT ?x ?text WHERE { ?e bkg:quote ?q ; bkg:supports ?x . ?x bkg:description ?text
             FILTER(CONTAINS(?q, "oympiad")) }""",
    )
    assert row[0] == "outc:az-praises-olympiad-movement"
    assert "olympiad" in row[1]
    damaged = 'SELECT ?x WHERE { ?x skos:prefLabel|skos:altLabel|bkg:description ?l FILTER(CONTAINS(?l, "oympiad")) }'
    assert sparql(client, damaged) == []
    names = client.get("/doc/organization/kz-ministry-of-education.json").json()["data"]["labels"]
    assert names["kk"] == "Оқу-ағарту министрлігі"  # the form of its own language is there
    affairs = (
        'SELECT ?x WHERE { ?x a org:Organization ; skos:prefLabel ?l FILTER(CONTAINS(STR(?l), "Internal Affairs")) }'
    )
    assert sparql(client, affairs) == []


def test_trap_35_look_alikes_abroad_have_their_country(client: TestClient) -> None:
    (body,) = ask(client, "bodies/existing", **{"class": "ministry", "country": "az", "on": "2022-06-24"})
    assert body["body"]["label"] == "Azerbaijani Ministry of Education and Science"  # as printed
    assert body["body"]["slug"] == "az-ministry-of-education"
    words = ask(client, "evidence/of", thing="o:az-ministry-of-education", document="seed-000")
    assert max(r["confidence"] for r in words) <= 0.5  # not verified
    (told,) = ask(client, "discrepancies/list", thing="o:az-ministry-of-education")
    assert (told["kind"]["slug"], told["status"]["slug"]) == ("name-mismatch", "open")
    stateless = "SELECT ?x WHERE { ?x a bkg:PublicBody FILTER NOT EXISTS { ?x bkg:inCountry ?c } }"
    assert sparql(client, stateless) == []


def test_trap_36_targets_are_dated_statements_of_their_sources(client: TestClient) -> None:
    rows = [r for r in ask(client, "figures/list", about="prog:comfortable-school") if r["status"]["slug"] == "planned"]
    sizes = {r["value"]: r["figure"]["slug"] for r in rows if r["figure"]["slug"].startswith("comfortable-school-plan")}
    assert {401, 369, 217} <= set(sizes)
    places = {r["value"]: r["qualifier"] and r["qualifier"]["slug"] for r in rows if r["measure"]["slug"] == "places"}
    assert places[800_000] == "more-than"
    assert 740_000 in places
    assert 208 in {r["value"] for r in rows if r["measure"]["slug"] == "schools"}  # of one operator
    # each stands with its own document and the day of that document
    issued = set(
        sparql(
            client,
            """SELECT ?value ?day WHERE {
                 ?f bkg:about prog:comfortable-school ; bkg:measure ms:schools ; bkg:value ?value .
                 ?e bkg:supports ?f ; bkg:inDocument ?d . ?d bkg:issuedEdtf ?day FILTER(?value IN (401, 369)) }""",
        )
    )
    assert issued == {("401", "2023-02-10"), ("401", "2023"), ("369", "2023-08-24")}
    told = ask(client, "discrepancies/list")
    assert {"comfortable-school-size", "comfortable-school-places"} <= set(slugs(told, "discrepancy"))
    # the name of 2025 is another name, seen on a day; it replaces none
    (name,) = [
        r
        for r in ask(client, "history/values", thing="prog:comfortable-school", on="2025-10-22")
        if r["value"] and r["value"]["lang"] == "kk"
    ]
    assert (name["value"]["value"], name["certainty"]) == ("Келешек мектептері", "certain")
    labels = client.get("/doc/program/comfortable-school.json").json()["data"]["labels"]
    assert (labels["en"], labels["kk"]) == ("Comfortable School", "Жайлы мектеп")
    renamed = "SELECT ?c WHERE { ?c a bkg:ChangeEvent ; bkg:before|bkg:after prog:comfortable-school }"
    assert sparql(client, renamed) == []


def test_trap_37_an_act_is_its_kind_number_and_date(client: TestClient) -> None:
    acts = sparql(
        client,
        """SELECT ?act ?kind ?number ?day WHERE { ?act a bkg:LegalAct ; bkg:actKind ?kind
             OPTIONAL { ?act bkg:actNumber ?number } OPTIONAL { ?act bkg:issuedEdtf ?day } }""",
    )
    whole = [(kind, number, day) for _, kind, number, day in acts if number != "—"]
    assert len(set(whole)) == len(whole) > 5  # the key is unique
    alike = sparql(
        client,
        """SELECT ?a ?b WHERE { ?a a bkg:LegalAct ; dct:title ?t . ?b a bkg:LegalAct ; dct:title ?t
             FILTER(STR(?a) < STR(?b)) }""",
    )
    assert alike == [("doc:decree-1449-2004-09-29", "doc:decree-2022-06-11")]  # one title, two acts
    slugs_of_acts = {act for act, *_ in acts}
    for pair in (
        ("law-on-science-and-technology-policy", "law-amending-science-and-technology-policy-2024-07-01"),
        ("concept-education-2022-2026", "concept-higher-education-science-2023-2029"),
        ("law-389-i-1999-06-07", "law-319-iii-2007-07-27"),
    ):
        assert {f"doc:{slug}" for slug in pair} <= slugs_of_acts
