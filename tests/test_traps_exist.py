"""Traps of the five source documents, A: who and what existed at the date; how the graph records each."""

from __future__ import annotations

from starlette.testclient import TestClient

from tests.answers import on, slugs
from tests.test_questions import ask, short, sparql


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
