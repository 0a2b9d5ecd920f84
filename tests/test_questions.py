"""The thirteen questions of the guide, each asked of the JSON endpoints and, as a researcher would, by SPARQL.

Expected rows hold prefixed names for IRIs (kg.terms.PREFIXES) and ``—`` where nothing is stated. The first five are
asked of the whole release, the others of the five documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from starlette.testclient import TestClient

from kg.terms import shorten

FIVE = ["seed-000", "seed-001", "seed-002", "seed-003", "seed-004"]
# what a researcher puts into a query to hear only what the five documents support
SUPPORTED = """
  FILTER EXISTS {
    VALUES ?source { doc:seed-000 doc:seed-001 doc:seed-002 doc:seed-003 doc:seed-004 }
    ?piece bkg:supports ?%s ; bkg:inDocument ?source .
  }"""
WHY = "Year not stated: school opened in 2020 (lower bound) and the minister's post ended 2022-06-11 (upper bound)."
SIGNED = (
    "14.03.2024 Abai University and the Department of Education of Zhetysu region signed a memorandum of cooperation"
)

Rows = list[tuple[Any, ...]]


def ask(client: TestClient, name: str, **params: Any) -> list[dict[str, Any]]:
    """All objects of a template."""
    answer = client.get(f"/api/v1/{name}", params={**params, "page_size": 1000, "clang": "en"})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["page"]["total"] == len(body["data"])
    data: list[dict[str, Any]] = body["data"]
    return data


def sparql(client: TestClient, query: str) -> Rows:
    """The rows of a SELECT, as written in the expected tables."""
    answer = client.post(
        "/sparql",
        content=query.encode(),
        headers={"Content-Type": "application/sparql-query", "Accept": "application/sparql-results+json"},
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    names = body["head"]["vars"]
    return sorted(tuple(_cell(row.get(n)) for n in names) for row in body["results"]["bindings"])


def _cell(cell: dict[str, str] | None) -> str:
    if cell is None:
        return "—"
    return shorten(cell["value"]) if cell["type"] == "uri" else cell["value"]


def short(value: Any) -> str:
    """A thing of an answer as a prefixed name."""
    return "—" if value is None else shorten(value if isinstance(value, str) else value["id"])


def table(rows: Sequence[Sequence[Any]]) -> Rows:
    return sorted(tuple(row) for row in rows)


# --- 1 to 5: the whole release

HELD_ON = """
SELECT ?p ?certainty WHERE {
  ?tenure bkg:post %s ; org:member ?p .
  OPTIONAL { ?tenure bkg:earliestStart ?es } OPTIONAL { ?tenure bkg:latestStart ?ls }
  OPTIONAL { ?tenure bkg:earliestEnd ?ee } OPTIONAL { ?tenure bkg:latestEnd ?le }
  BIND("%s"^^xsd:date AS ?d)
  BIND(BOUND(?ls) && ?ls <= ?d && BOUND(?ee) && ?d < ?ee AS ?certain)
  FILTER((!BOUND(?es) || ?es <= ?d) && (!BOUND(?le) || ?d < ?le))
  BIND(IF(?certain, "certain", "possible") AS ?certainty)
}"""

HOLDERS = [
    ("kz-minister-of-education-and-science", "2022-06-10", [("person:askhat-aimagambetov", "certain")]),
    ("kz-minister-of-education-and-science", "2022-06-24", []),
    ("kz-minister-of-education", "2025-01-01", [("person:gani-beisembayev", "certain")]),
]


@pytest.mark.parametrize(("post", "day", "expected"), HOLDERS, ids=["question-1", "question-2", "question-3"])
def test_questions_1_to_3_who_held_a_post(client: TestClient, post: str, day: str, expected: Rows) -> None:
    rows = ask(client, "posts/holders", post=post, on=day)
    assert [(short(r["person"]), r["certainty"]) for r in rows] == expected
    assert sparql(client, HELD_ON % (f"post:{post}", day)) == expected


def test_question_3_from_the_documents_alone_is_possible(client: TestClient) -> None:
    """What the documents attest ends on 2024-08-21; certainty on 2025-01-01 comes from the reference facts."""
    rows = ask(client, "evidence/of", thing="tenure:beisembayev-kz-minister-of-education", document=FIVE)
    assert [(r["attests"]["edtf"], r["states"]) for r in rows] == [("2024-08-21", None)]
    ends = ask(client, "evidence/of", thing="tenure:beisembayev-kz-minister-of-education", property="bkg:end")
    assert "2025-09-29" in [r["states"]["edtf"] for r in ends if r["states"]]


def test_question_4_what_became_of_the_ministry(client: TestClient) -> None:
    expected = [
        ("chg:mes-split-2022", "2022-06-11", "o:kz-ministry-of-education"),
        ("chg:mes-split-2022", "2022-06-11", "o:kz-ministry-of-science-and-higher-education"),
    ]
    rows = ask(client, "bodies/changes", body="kz-ministry-of-education-and-science")
    became = [r for r in rows if r["role"] == "before"]
    assert table([(short(r["change"]), r["date"]["edtf"], short(s)) for r in became for s in r["successors"]]) == (
        expected
    )
    assert [r["kind"]["slug"] for r in became] == ["split"]
    assert expected == sparql(
        client,
        """SELECT ?change ?date ?successor WHERE {
             ?change bkg:before o:kz-ministry-of-education-and-science ; bkg:after ?successor ; bkg:whenEdtf ?date .
           }""",
    )


def test_question_5_how_many_regions_existed(client: TestClient) -> None:
    expected = [("2022-06-07", "17"), ("2022-06-08", "20")]
    days = [day for day, _ in expected]
    rows = {day: ask(client, "regions/existing", on=day) for day in days}
    assert [(day, str(len(found))) for day, found in rows.items()] == expected
    appeared = {r["region"]["slug"] for r in rows["2022-06-08"]} - {r["region"]["slug"] for r in rows["2022-06-07"]}
    assert appeared == {"abai", "ulytau", "zhetysu"}
    assert {r["certainty"] for found in rows.values() for r in found} == {"certain"}
    assert expected == sparql(
        client,
        """SELECT ?day (COUNT(?region) AS ?n) WHERE {
             VALUES ?d { "2022-06-07"^^xsd:date "2022-06-08"^^xsd:date }
             ?region a bkg:FirstLevelUnit ; bkg:inCountry country:kz .
             OPTIONAL { ?region bkg:earliestStart ?es } OPTIONAL { ?region bkg:latestEnd ?le }
             FILTER((!BOUND(?es) || ?es <= ?d) && (!BOUND(?le) || ?d < ?le))
             BIND(STR(?d) AS ?day)
           } GROUP BY ?day""",
    )


# --- 6 to 13: the five documents


def test_question_6_which_agreements_exist(client: TestClient) -> None:
    expected = [
        ("agr:abai-zhetysu-memorandum-2024", "2024-03-14?", "o:abai-university"),
        ("agr:abai-zhetysu-memorandum-2024", "2024-03-14?", "o:zhetysu-department-of-education"),
    ]
    rows = ask(client, "agreements/list", document=FIVE)
    assert table([(short(r["agreement"]), r["signed"]["edtf"], short(p)) for r in rows for p in r["parties"]]) == (
        expected
    )
    assert expected == sparql(
        client,
        "SELECT ?a ?date ?party WHERE { ?a a bkg:Agreement ; bkg:party ?party . OPTIONAL { ?a bkg:signedEdtf ?date }"
        f"{SUPPORTED % 'a'} }}",
    )
    named = sparql(
        client,
        """SELECT ?name WHERE { agr:abai-zhetysu-memorandum-2024 bkg:party ?p . ?p skos:prefLabel|skos:altLabel ?l
             FILTER(LANG(?l) = "en") BIND(LCASE(?l) AS ?name) }""",
    )
    assert {("abai university",), ("department of education of zhetysu region",)} <= set(named)


def test_question_7_the_words_that_say_it_was_signed(client: TestClient) -> None:
    expected = [("doc:seed-001", 23, 134, SIGNED, 0.8)]
    rows = ask(
        client,
        "evidence/of",
        thing="agr:abai-zhetysu-memorandum-2024",
        property="bkg:agreementStatus",
        document=FIVE,
    )
    assert [(short(r["document"]), r["start"], r["end"], r["quote"], r["confidence"]) for r in rows] == expected
    found = sparql(
        client,
        """SELECT ?doc ?start ?end ?quote ?confidence WHERE {
             ?e bkg:supports agr:abai-zhetysu-memorandum-2024 ; bkg:inDocument ?doc ; bkg:quote ?quote ;
               bkg:charStart ?start ; bkg:charEnd ?end ; bkg:confidence ?confidence .
             FILTER NOT EXISTS { ?e bkg:onProperty ?one . FILTER(?one != bkg:agreementStatus) }
             VALUES ?doc { doc:seed-000 doc:seed-001 doc:seed-002 doc:seed-003 doc:seed-004 }
           }""",
    )
    assert found == [tuple(str(value) for value in row) for row in expected]


def test_question_8_which_discrepancies_stand(client: TestClient) -> None:
    expected = [
        ("disc:seed-000-az-ministry", "dk:name-mismatch", "doc:seed-000"),
        ("disc:seed-000-photo-credit", "dk:obsolete-name", "doc:seed-000"),
        ("disc:seed-001-memorandum", "dk:title-only", "doc:seed-001"),
    ]
    rows = ask(client, "discrepancies/list", document=FIVE)
    assert table([(short(r["discrepancy"]), short(r["kind"]), short(d)) for r in rows for d in r["documents"]]) == (
        expected
    )
    assert expected == sparql(
        client,
        """SELECT DISTINCT ?disc ?kind ?doc WHERE {
             VALUES ?doc { doc:seed-000 doc:seed-001 doc:seed-002 doc:seed-003 doc:seed-004 }
             ?disc a bkg:Discrepancy ; bkg:discrepancyKind ?kind ; bkg:between ?e . ?e bkg:inDocument ?doc .
           }""",
    )


def test_question_9_programmes_in_aktobe(client: TestClient) -> None:
    expected = [
        ("prog:auyl-el-besigi", "ir:implementation-area"),
        ("prog:bolashak", "ir:alumni"),
        ("prog:zhas-maman", "ir:beneficiary"),
    ]
    rows = ask(client, "programs/in-region", region="aktobe", document=FIVE)
    assert table([(short(r["program"]), short(r["role"])) for r in rows]) == expected
    assert {r["certainty"] for r in rows} == {"possible"}  # no source says when they ran
    assert expected == sparql(
        client,
        "SELECT ?program ?role WHERE { ?inv bkg:inRegion region:aktobe ; bkg:program ?program ; "
        f"bkg:involvementRole ?role . {SUPPORTED % 'inv'} }}",
    )


def test_question_10_when_the_visit_can_have_been(client: TestClient) -> None:
    expected = [("[2020-10-28,2021-10-28]", "2020-10-28", "2021-10-28", WHY)]
    rows = ask(client, "events/dates", event="aimagambetov-aktobe-visit", document=FIVE)
    assert [(r["edtf"]["edtf"], r["earliest"], r["latest"], *r["why"]) for r in rows] == expected
    assert expected == sparql(
        client,
        """SELECT ?edtf ?earliest ?latest ?why WHERE {
             BIND(event:aimagambetov-aktobe-visit AS ?event)
             ?event bkg:whenEdtf ?edtf ; bkg:earliestWhen ?earliest ; bkg:latestWhen ?latest .
             ?e bkg:supports ?event ; bkg:onProperty bkg:when ; bkg:note ?why ; bkg:inDocument ?doc .
             VALUES ?doc { doc:seed-000 doc:seed-001 doc:seed-002 doc:seed-003 doc:seed-004 }
           }""",
    )


def test_question_11_who_took_part_in_the_meeting(client: TestClient) -> None:
    expected = [
        ("person:aibol-kasenov", "post:director-of-zhetysu-centre", "pr:participant"),
        ("person:banu-narbekova", "post:vice-rector-academic-abai-university", "pr:participant"),
        ("person:bolat-tlep", "post:rector-of-abai-university", "pr:host"),
        ("person:marat-suleimenov", "post:head-of-zhetysu-department-of-education", "pr:participant"),
        ("—", "—", "pr:participant"),
    ]
    that_day = ask(client, "events/list", document=FIVE, **{"from": "2024-03-14", "to": "2024-03-14"})
    (meeting,) = [r for r in that_day if r["certainty"] == "certain"]
    rows = ask(client, "events/participants", event=meeting["event"]["id"], document=FIVE)
    assert table([(short(r["who"]), short(r["post"]), short(r["role"])) for r in rows]) == expected
    assert [r["description"] != [] for r in rows if r["who"] is None] == [True]
    assert expected == sparql(
        client,
        """SELECT ?who ?post ?role WHERE {
             ?event a bkg:Event ; bkg:whenEdtf "2024-03-14"^^edtf:EDTF .
             ?participation bkg:event ?event ; bkg:participationRole ?role .
             OPTIONAL { ?participation bkg:participant ?who } OPTIONAL { ?participation bkg:inCapacity ?post }
        """
        f"{SUPPORTED % 'participation'} }}",
    )


def test_question_12_what_is_only_planned(client: TestClient) -> None:
    expected = [
        ("event:steam-festival-az", "st:planned"),
        ("outc:aimagambetov-library", "st:proposed"),
        ("outc:az-announce-teachers", "st:planned"),
        ("outc:az-invites-steam", "st:planned"),
        ("outc:az-joint-olympiad-teams", "st:proposed"),
        ("outc:az-materials-october", "st:planned"),
        ("outc:az-platform-idea", "st:proposed"),
        ("outc:expected-benefit", "st:planned"),
        ("outc:kz-commits-steam", "st:planned"),
        ("outc:orazalin-labour-market", "st:planned"),
        ("outc:plan-memoranda", "st:planned"),
        ("prog:az-teachers-in-kazakhstan", "st:planned"),
    ]
    rows = ask(client, "plans/list", document=FIVE)
    assert table([(short(r["thing"]), short(r["status"])) for r in rows]) == expected
    query = "SELECT ?x ?status WHERE {{ VALUES ?status {{ st:planned st:proposed }} ?x bkg:status ?status . {} }}"
    assert sparql(client, query.format(SUPPORTED % "x")) == expected
    done = {r["event"]["slug"] for r in ask(client, "events/list", status="occurred", document=FIVE)}
    assert len(done) == 7
    assert "steam-festival-az" not in done


def test_question_13_what_lacks_a_kazakh_or_russian_name(client: TestClient) -> None:
    expected = [
        ("o:zhetysu-centre-physical-culture", "kk,ru"),
        ("person:aibol-kasenov", "kk"),
        ("person:banu-narbekova", "kk"),
        ("person:marat-suleimenov", "kk"),
        ("post:director-of-zhetysu-centre", "kk,ru"),
        ("post:head-of-zhetysu-department-of-education", "kk,ru"),
        ("post:vice-rector-academic-abai-university", "kk,ru"),
        ("prog:1000-leaders", "kk"),
        ("prog:az-teachers-in-kazakhstan", "kk,ru"),
        ("prog:regional-education-platform", "kk,ru"),
    ]
    rows = ask(client, "names/missing", document=FIVE)
    assert table([(short(r["thing"]), ",".join(r["missing"])) for r in rows]) == expected
    assert expected == sparql(
        client,
        """SELECT ?x (GROUP_CONCAT(?language; separator=",") AS ?missing) WHERE {
             { SELECT DISTINCT ?x ?language WHERE {
                 VALUES ?class { foaf:Person org:Post org:Organization bkg:Program }
                 VALUES ?language { "kk" "ru" }
                 ?x a ?class .
                 FILTER NOT EXISTS { ?x skos:prefLabel ?name . FILTER(LANG(?name) = ?language) }
        """
        f"{SUPPORTED % 'x'} }} ORDER BY ?x ?language }} }} GROUP BY ?x",
    )
