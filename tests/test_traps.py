"""The traps of the five source documents: how the graph records each of them, asked through the API and SPARQL.

Numbers follow the guide's list of traps. These need the wider fact base (akims over two decades, acts, the
districts, figures of the school programme) and are tested with it:
13 (akims appointed again in 2019 and 2022), 14 (the rival days of Skakov's dismissal), 30 (district offices moved under
the regional departments), 36 (figures and the second name of Comfortable School), 37 (acts of one title).
"""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from tests.test_questions import FIVE, ask, short, sparql


def slugs(rows: list[dict[str, Any]], name: str) -> list[str]:
    return [row[name]["slug"] for row in rows]


def slugs_of(things: list[dict[str, Any]]) -> list[str]:
    return [thing["slug"] for thing in things]


def on(client: TestClient, day: str, **params: Any) -> set[tuple[str, str, str]]:
    """Who held what on a day, how surely."""
    rows = ask(client, "tenures/on-day", on=day, **params)
    return {(r["person"]["slug"], r["post"]["slug"], r["certainty"]) for r in rows}


# --- A. who and what existed at the date


def test_trap_01_photo_credit_of_a_split_ministry(client: TestClient) -> None:
    printed = "Ministry of Education and Science of the Republic of Kazakhstan"
    ((supported, confidence),) = sparql(
        client,
        f'SELECT ?x ?c WHERE {{ ?e bkg:inDocument doc:seed-000 ; bkg:quote "{printed}" ; bkg:supports ?x ;'
        " bkg:confidence ?c }",
    )
    assert supported == "o:kz-ministry-of-education"  # the words as printed, the body that was meant
    assert float(confidence) < 0.5
    old = ask(client, "evidence/of", thing="o:kz-ministry-of-education-and-science", document="seed-000")
    assert old == []
    (told,) = ask(client, "discrepancies/list", thing="o:kz-ministry-of-education")
    assert (told["kind"]["slug"], told["discrepancy"]["slug"]) == ("obsolete-name", "seed-000-photo-credit")
    (split,) = ask(client, "bodies/changes", body="kz-ministry-of-education")
    assert (split["date"]["edtf"], split["completed"]["edtf"]) == ("2022-06-11", "2022-08-25")  # two dates


def test_trap_02_ministry_of_education_is_resolved_by_name_and_date(client: TestClient) -> None:
    def bodies(day: str) -> list[str]:
        return slugs(ask(client, "bodies/existing", **{"class": "ministry", "country": "kz", "on": day}), "body")

    assert [b for b in bodies("2019-10-04") if "education" in b] == ["kz-ministry-of-education-and-science"]
    assert "kz-ministry-of-education" in bodies("2024-08-21")
    assert "kz-ministry-of-education-and-science" not in bodies("2024-08-21")
    # "Minister of Education Askhat Aymagambetov" of 2019-10-04 speaks of the old post, "Ministry of Education" of
    # 2024-08-21 of the present body
    supported = sparql(
        client,
        """SELECT ?doc ?x WHERE {
             VALUES (?doc ?day) { (doc:inform-kz-2019-10-04 "2019-10-04") (doc:seed-003 "2024-08-21") }
             ?e bkg:inDocument ?doc ; bkg:attestsEdtf ?at ; bkg:supports ?x . FILTER(STR(?at) = ?day)
           }""",
    )
    assert ("doc:inform-kz-2019-10-04", "tenure:aimagambetov-kz-minister-of-education-and-science") in supported
    assert ("doc:seed-003", "o:kz-ministry-of-education") in supported
    assert ("doc:seed-003", "o:kz-ministry-of-education-and-science") not in supported


def test_trap_03_two_english_names_are_one_body(client: TestClient) -> None:
    named = sparql(
        client,
        """SELECT ?x ?p ?name WHERE { ?x ?p ?l ; a org:Organization VALUES ?p { skos:prefLabel skos:altLabel }
             VALUES ?name { "Ministry of Education" "Ministry of Enlightenment" } FILTER(STR(?l) = ?name) }""",
    )
    assert named == [
        ("o:kz-ministry-of-education", "skos:altLabel", "Ministry of Enlightenment"),
        ("o:kz-ministry-of-education", "skos:prefLabel", "Ministry of Education"),
        ("o:kz-ministry-of-education-1990s", "skos:prefLabel", "Ministry of Education"),  # another body, long ended
    ]
    changes = ask(client, "bodies/changes", body="kz-ministry-of-education")
    assert [r["kind"]["slug"] for r in changes] == ["split"]  # no renaming


def test_trap_04_a_split_has_two_successors(client: TestClient) -> None:
    rows = ask(client, "bodies/changes", body="kz-ministry-of-education-and-science")
    (split,) = [r for r in rows if r["role"] == "before"]
    assert split["kind"]["slug"] == "split"
    assert [s["slug"] for s in split["predecessors"]] == ["kz-ministry-of-education-and-science"]
    assert [s["slug"] for s in split["successors"]] == [
        "kz-ministry-of-education",
        "kz-ministry-of-science-and-higher-education",
    ]
    replaced = (
        "SELECT ?x WHERE { ?x ?p ?y FILTER(REGEX(STR(?p), 'replace', 'i')) FILTER NOT EXISTS { ?x a bkg:LegalAct } }"
    )
    assert sparql(client, replaced) == []  # nothing imported as it stood elsewhere


def test_trap_05_rival_ends_are_both_kept_and_ranked(client: TestClient) -> None:
    tenure = "tenure:aimagambetov-kz-minister-of-education-and-science"
    ends = ask(client, "evidence/of", thing=tenure, property="bkg:end")
    stated = {(r["states"]["edtf"], r["rank"] and r["rank"]["slug"]) for r in ends if r["states"]}
    assert {("2022-06-01", None), ("2022-06-11", "preferred")} <= stated
    (held,) = ask(
        client, "posts/holders", post="kz-minister-of-education-and-science", on="2022-06-05"
    )  # after the rival end
    assert (held["certainty"], held["end"]["edtf"], held["disputed"]) == ("certain", "2022-06-11", True)
    (told,) = ask(client, "discrepancies/list", thing=tenure)
    assert (told["kind"]["slug"], told["property"]) == ("date-conflict", "https://w3id.org/bilim/def#end")
    outside = """SELECT ?tenure WHERE {
      ?tenure bkg:post/org:postIn ?body .
      { ?tenure bkg:latestStart ?day . ?body bkg:earliestStart ?first FILTER(?day < ?first) }
      UNION { ?tenure bkg:earliestEnd ?day . ?body bkg:latestEnd ?last FILTER(?last < ?day) } }"""
    assert sparql(client, outside) == []  # no minister outside the life of the ministry


def test_trap_06_acting_is_a_dated_status_within_one_tenure(client: TestClient) -> None:
    rows = ask(client, "people/posts", person="askhat-aimagambetov", on="2022-06-11")
    assert [(r["post"]["slug"], r["certainty"]) for r in rows] == [
        ("kz-minister-of-education-and-science", "no"),
        ("kz-minister-of-education", "certain"),
    ]
    assert [(r["start"]["edtf"], r["end"]["edtf"]) for r in rows] == [
        ("2019-06-13", "2022-06-11"),
        ("2022-06-11", "2023-01-04"),
    ]

    mes = "kz-ministry-of-education-and-science"

    def status(day: str) -> list[str]:
        return slugs(ask(client, "tenures/on-day", on=day, role="minister", body=mes), "status")

    assert [status(day) for day in ("2022-01-04", "2022-01-05", "2022-01-10", "2022-01-11")] == [
        ["full"],
        ["acting"],
        ["acting"],
        ["full"],
    ]


def test_trap_07_the_current_minister_is_a_query_at_a_date(client: TestClient) -> None:
    days = {"2024-08-21": "gani-beisembayev", "2025-09-28": "gani-beisembayev", "2025-09-29": "zhuldyz-suleimenova"}
    for day, who in days.items():
        assert on(client, day, body="kz-ministry-of-education") == {(who, "kz-minister-of-education", "certain")}
    flags = "SELECT ?p WHERE { ?s ?p ?o FILTER(REGEX(STR(?p), 'current|incumbent', 'i')) }"
    assert sparql(client, flags) == []


def test_trap_08_people_in_the_visit_held_their_posts_on_both_days(client: TestClient) -> None:
    both = {
        ("askhat-aimagambetov", "kz-minister-of-education-and-science", "certain"),
        ("ondasyn-orazalin", "akim-of-aktobe-region", "certain"),
    }
    assert both <= on(client, "2020-10-28")
    assert both <= on(client, "2021-10-28")
    assert not both <= on(client, "2018-10-28")
    assert not both <= on(client, "2022-07-01")
    # the same for every event: nobody comes in a post that they surely did not hold on any day it can have been
    strangers = """SELECT ?part WHERE {
      ?part bkg:participant ?who ; bkg:inCapacity ?post ; bkg:event ?event . ?event a bkg:Event .
      OPTIONAL { ?event bkg:earliestWhen ?first } OPTIONAL { ?event bkg:latestWhen ?last }
      FILTER NOT EXISTS {
        ?tenure org:member ?who ; bkg:post ?post .
        OPTIONAL { ?tenure bkg:earliestStart ?es } OPTIONAL { ?tenure bkg:latestEnd ?le }
        FILTER((!BOUND(?es) || !BOUND(?last) || ?es <= ?last) && (!BOUND(?le) || !BOUND(?first) || ?first < ?le)) } }"""
    assert sparql(client, strangers) == []


def test_trap_09_a_policy_is_no_attendance(client: TestClient) -> None:
    meeting, ministry = "qyzpu-employers-meeting-2023", "o:kz-ministry-of-science-and-higher-education"
    who = {short(r["who"]) for r in ask(client, "events/participants", event=meeting)}
    assert who == {"—", "o:kazakh-national-womens-teacher-training-university", "person:gulmira-qanai"}
    (policy,) = ask(client, "outcomes/list", actor=ministry, document="seed-004")
    assert (policy["outcome"]["slug"], policy["event"]) == ("government-aims-at-quality", None)
    under = "SELECT ?x WHERE { ?x org:subOrganizationOf+ o:kz-ministry-of-science-and-higher-education }"
    assert ("o:kazakh-national-womens-teacher-training-university",) not in sparql(client, under)


# --- B. dates


def test_trap_10_a_day_without_a_year_is_a_set(client: TestClient) -> None:
    (dates,) = ask(client, "events/dates", event="aimagambetov-aktobe-visit")
    assert (dates["edtf"]["edtf"], dates["earliest"], dates["latest"]) == (
        "[2020-10-28,2021-10-28]",
        "2020-10-28",
        "2021-10-28",
    )
    modes = ask(client, "evidence/of", thing="event:aimagambetov-aktobe-visit", property="bkg:when")
    assert "inferred" in slugs(modes, "mode")

    def found(first: str, last: str) -> list[str]:
        rows = ask(client, "events/list", region="aktobe", **{"from": first, "to": last})
        return [r["certainty"] for r in rows if r["event"]["slug"] == "aimagambetov-aktobe-visit"]

    assert found("2020-01-01", "2020-12-31") == ["possible"]
    assert found("2021-01-01", "2021-12-31") == ["possible"]
    assert found("2021-10-28", "2021-10-28") == ["possible"]
    assert found("2020-10-28", "2021-10-28") == ["certain"]
    assert found("2020-11-01", "2021-10-27") == []  # the gap of the set
    assert found("2019-01-01", "2019-12-31") == []
    assert found("2022-01-01", "2022-12-31") == []


def test_trap_11_an_undated_meeting_and_a_plan(client: TestClient) -> None:
    (document,) = ask(client, "documents/list", document="seed-000")
    assert document["issued"]["edtf"] == "2022-06-24"
    (meeting,) = ask(client, "events/dates", event="kz-az-ministers-meeting-2022")
    assert (meeting["edtf"]["edtf"], meeting["earliest"], meeting["latest"]) == ("[..2022-06-24]", None, "2022-06-24")
    (plan,) = [r for r in ask(client, "plans/list") if r["thing"]["slug"] == "az-materials-october"]
    assert (plan["status"]["slug"], plan["when"]["edtf"]) == ("planned", "2022-10")
    october = ask(client, "events/list", document="seed-000", status="occurred", **{"from": "2022-07-01"})
    assert october == []


def test_trap_12_dates_are_parsed_and_the_tail_is_left(client: TestClient) -> None:
    issued = {r["document"]["slug"]: r["issued"] and r["issued"]["edtf"] for r in ask(client, "documents/list")}
    assert {d: issued[d] for d in FIVE} == {
        "seed-000": "2022-06-24",
        "seed-001": "2024-03-14",
        "seed-002": None,
        "seed-003": "2024-08-21",
        "seed-004": "2023-01-18",
    }
    quotes = [q for (q,) in sparql(client, "SELECT ?q WHERE { ?e bkg:onProperty bkg:issuedEdtf ; bkg:quote ?q }")]
    assert quotes == ["14.03.2024", "18 january, 2023", "21.08.2024", "24.06.2022"]
    assert not {r["value"] for r in ask(client, "figures/list")} & {260, 485}  # counts of views


# --- C. people and spelling


def test_trap_15_spellings_of_one_man(client: TestClient) -> None:
    names = sparql(
        client,
        "SELECT ?l WHERE { person:askhat-aimagambetov skos:prefLabel|skos:altLabel ?x BIND(STR(?x) AS ?l) }",
    )
    assert {
        ("Askhat Aimagambetov",),
        ("Askhat Aymagambetov",),
        ("Askhat Aimaganbetov",),
        ("Ashat Qanatūly Aimağambetov",),
        ("Ashat Aımaǵambetov",),
        ("Асхат Қанатұлы Аймағамбетов",),
        ("Асхат Канатович Аймагамбетов",),
    } <= set(names)
    assert ask(client, "people/posts", person="Q65129668") == ask(client, "people/posts", person="askhat-aimagambetov")
    alike = (
        'SELECT ?x WHERE { ?x a foaf:Person ; skos:prefLabel ?l FILTER(REGEX(STR(?l), "a[iy]ma[gğǵ]an?m?bet", "i")) }'
    )
    assert sparql(client, alike) == [("person:askhat-aimagambetov",)]


def test_trap_16_kazakh_and_russian_forms_are_two_strings(client: TestClient) -> None:
    names = client.get("/doc/person/ondasyn-orazalin.json").json()["data"]["labels"]
    assert (names["kk"], names["ru"], names["en"]) == ("Оңдасын Оразалин", "Ондасын Уразалин", "Ondasyn Orazalin")
    others = client.get("/doc/person/ondasyn-orazalin.json").json()["data"]["altLabels"]
    assert "Ondasyn Urazalin" in others["en"]


def test_trap_17_three_latin_spellings(client: TestClient) -> None:
    data = client.get("/doc/person/gani-beisembayev.json").json()["data"]
    assert data["labels"]["en"] == "Gani Beisembayev"
    assert {"Gani Beissembayev", "Gani Beisembeyev"} <= set(data["altLabels"]["en"])


def test_trap_18_near_homonyms_stay_apart(client: TestClient) -> None:
    alike = (
        'SELECT ?x WHERE { ?x a foaf:Person ; skos:prefLabel ?l FILTER(LANG(?l) = "en" && CONTAINS(?l, "Suleimenov")) }'
    )
    people = {x for (x,) in sparql(client, alike)}
    assert {"person:marat-suleimenov", "person:zhuldyz-suleimenova"} <= people
    posts = {p: slugs(ask(client, "people/posts", person=p), "post") for p in sorted(people)}
    assert posts["person:marat-suleimenov"] == ["head-of-zhetysu-department-of-education"]
    assert posts["person:zhuldyz-suleimenova"] == ["kz-minister-of-education"]
    shared = (
        "SELECT ?a ?b WHERE { ?a bkg:wikidataId ?id ; a foaf:Person . ?b bkg:wikidataId ?id FILTER(STR(?a) < STR(?b)) }"
    )
    assert sparql(client, shared) == []


def test_trap_19_no_source_makes_a_person_a_minister(client: TestClient) -> None:
    graphs = sparql(
        client,
        """SELECT DISTINCT ?g WHERE {
             VALUES ?class { bkg:Minister bkg:Akim bkg:Rector } GRAPH ?g { ?x a ?class } }""",
    )
    assert graphs == [("graph:derived",)]  # computed from tenures
    unheld = """SELECT ?x WHERE { ?x a bkg:Minister
      FILTER NOT EXISTS { ?t org:member ?x ; bkg:post ?post . ?post a bkg:MinisterialPost } }"""
    assert sparql(client, unheld) == []
    assert len(ask(client, "people/posts", person="askhat-aimagambetov")) == 2


def test_trap_20_a_double_title_is_one_post(client: TestClient) -> None:
    for person, post in (
        ("bolat-tlep", "rector-of-abai-university"),
        ("gulmira-qanai", "rector-of-womens-teacher-training-university"),
    ):
        (held,) = ask(client, "people/posts", person=person)
        assert held["post"]["slug"] == post
        assert "Chairman" in held["post"]["label"]
        assert "Rector" in held["post"]["label"]
    titled = """SELECT ?x WHERE { ?x a foaf:Person ; skos:prefLabel ?l
      FILTER(REGEX(STR(?l), "rector|chairman|minister|akim", "i")) }"""
    assert sparql(client, titled) == []  # names carry no titles


def test_trap_21_ordinals_are_no_facts(client: TestClient) -> None:
    numbers = """SELECT ?x ?p ?n WHERE {
      VALUES ?class { bkg:Tenure foaf:Person org:Post } ?x a ?class ; ?p ?n FILTER(ISNUMERIC(?n)) }"""
    assert sparql(client, numbers) == []
    # a count is a query, and says what it counts: people with a tenure in this post, or tenures
    ((people, tenures),) = sparql(
        client,
        """SELECT (COUNT(DISTINCT ?who) AS ?people) (COUNT(DISTINCT ?tenure) AS ?tenures) WHERE {
             ?tenure bkg:post post:kz-minister-of-education-and-science ; org:member ?who }""",
    )
    assert 1 < int(people) <= int(tenures)


# --- D. places


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


# --- E. bodies at region level


def test_trap_29_an_education_department_is_of_the_akimat(client: TestClient) -> None:
    departments = ask(client, "bodies/existing", **{"class": "education-department", "on": "2024-03-14"})
    found = {r["body"]["slug"]: [p["slug"] for p in r["parents"]] for r in departments}
    assert found["zhetysu-department-of-education"] == ["zhetysu-akimat"]
    assert found["almaty-city-department-of-education"] == ["almaty-city-akimat"]
    both = "SELECT ?x WHERE { ?x a bkg:EducationDepartment , bkg:TerritorialDepartment }"
    assert sparql(client, both) == []
    parents = """SELECT ?x WHERE { ?x a bkg:EducationDepartment ; org:subOrganizationOf ?p
      FILTER NOT EXISTS { ?p a bkg:Akimat } }"""
    assert sparql(client, parents) == []


def test_trap_31_a_headline_is_an_agreement_and_a_plan_is_none(client: TestClient) -> None:
    (agreement,) = ask(client, "agreements/list", document=FIVE)
    assert agreement["signed"]["edtf"] == "2024-03-14?"
    assert agreement["signatories"] == []
    assert [p["slug"] for p in agreement["parties"]] == ["abai-university", "zhetysu-department-of-education"]
    signed = ask(client, "evidence/of", thing="agr:abai-zhetysu-memorandum-2024", property="bkg:signed")
    assert [r["mode"]["slug"] for r in signed if r["states"]] == ["inferred"]
    (told,) = ask(client, "discrepancies/list", thing="agr:abai-zhetysu-memorandum-2024")
    assert told["kind"]["slug"] == "title-only"
    assert ask(client, "agreements/list", document="seed-004") == []
    (plan,) = [r for r in ask(client, "plans/list", document="seed-004") if r["thing"]["slug"] == "plan-memoranda"]
    assert plan["status"]["slug"] == "planned"


# --- F. page noise and language


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
