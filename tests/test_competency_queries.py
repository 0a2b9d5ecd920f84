"""The ten competency questions of the wider graph, asked over HTTP, with answers worked out from the gathered facts.

Dates and names come from the tables of the fact base (ministries, posts and tenures, akims, rectors, universities,
agreements, programmes, regions); two questions are also put in SPARQL, as a researcher would.
"""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.test_questions import Rows, ask, short, sparql


def day(edtf: dict[str, Any] | None) -> str | None:
    return edtf["edtf"] if edtf else None


def slug(thing: dict[str, Any] | None) -> str | None:
    return thing["slug"] if thing else None


def slugs(things: list[dict[str, Any]]) -> set[str]:
    return {thing["slug"] for thing in things}


# --- 1: ministers in order, gaps shown

DATED_MINISTERS = [  # those with a first and a last day, year or month; a successor's first day ends a tenure
    ("shaisultan-shayakhmetov", "1988", "1993"),
    ("bakhytzhan-zhumagulov", "2010", "2013-09"),
    ("kulyash-shamshidinova", "2019-02-25", "2019-06-13"),
    ("askhat-aimagambetov", "2019-06-13", "2022-06-11"),
    ("askhat-aimagambetov", "2022-06-11", "2023-01-04"),
    ("gani-beisembayev", "2023-01-04", "2025-09-29"),
]
GAPS = [
    ("1993-01-01", "1999-12-31"),  # Shayakhmetov until some day of 1993; the next with a full year in office from 1999
    ("2000-12-18", "2009-04-01"),  # Kusherbayev until then; Tuimebayev first seen in office
    ("2010-01-01", "2010-12-31"),  # one follows the other in 2010
    ("2013-09-01", "2013-09-30"),  # and in September 2013
    ("2015-08-20", "2017-02-24"),  # Sarinzhipov last seen on 2015-08-19, Sagadiyev first on 2017-02-24
    ("2025-11-13", None),  # Nurbek last seen on 2025-11-12
    ("2026-01-28", None),  # Suleimenova last seen on 2026-01-27
]


def test_1_ministers_in_order_with_gaps(client: TestClient) -> None:
    rows = ask(client, "people/ministers", country="kz")
    tenures = [r for r in rows if r["entry"] == "tenure"]
    assert len({slug(r["person"]) for r in tenures}) == 16
    dated = [(slug(r["person"]), day(r["start"]), day(r["end"])) for r in tenures]
    assert [row for row in dated if row in DATED_MINISTERS] == DATED_MINISTERS  # and in this order
    gaps = [r for r in rows if r["entry"] == "gap"]
    assert [(day(r["start"]), day(r["end"])) for r in gaps] == GAPS
    assert all(r["person"] is None and r["possible"] for r in gaps)
    # who is named without any date may have been there in every gap of that ministry
    undated = {"byrganym-aitimova", "zhaksybek-kulekeyev"}
    assert slugs(gaps[1]["possible"]) == undated | {"shamsha-berkimbayeva", "zhanseit-tuimebayev"}
    assert slugs(gaps[4]["possible"]) == undated | {"aslan-sarinzhipov", "yerlan-sagadiyev"}
    # the split leaves no gap: both new ministries have a minister on the day of it
    assert {slug(r["organization"]) for r in tenures if day(r["start"]) == "2022-06-11"} == {
        "kz-ministry-of-education",
        "kz-ministry-of-science-and-higher-education",
    }


# --- 2: who headed a body on a day

BOTH = [("person:bakhytzhan-zhumagulov", "possible"), ("person:galimkair-mutanov", "possible")]  # one follows in 2010
HEADS = [
    ("kz-ministry-of-education-and-science", "2022-06-10", [("person:askhat-aimagambetov", "certain")]),
    ("kz-ministry-of-education-and-science", "2022-06-24", []),
    ("kz-ministry-of-education", "2025-09-28", [("person:gani-beisembayev", "certain")]),
    ("kz-ministry-of-education", "2025-09-29", [("person:zhuldyz-suleimenova", "certain")]),
    ("03q0vrn42", "2015-06-01", [("person:galimkair-mutanov", "certain")]),  # KazNU by its ROR id
    ("al-farabi-university", "2010-06-01", BOTH),
    ("aktobe-akimat", "2022-08-30", [("person:ondasyn-orazalin", "certain")]),
    ("aktobe-akimat", "2022-08-31", [("person:yeraly-tugzhanov", "certain")]),
    ("nazarbayev-university", "2024-01-01", [("person:ilesanmi-adesida", "certain")]),
    ("altynsarin-academy", "2025-07-01", [("person:nazipa-ayubayeva", "certain")]),
]  # fmt: skip

HEADED = """
SELECT ?p ?certainty WHERE {
  ?post org:postIn o:%s . ?tenure bkg:post ?post ; org:member ?p .
  { ?post a bkg:MinisterialPost } UNION { ?post a bkg:AkimPost } UNION { ?post a bkg:RectorPost }
  OPTIONAL { ?tenure bkg:earliestStart ?es } OPTIONAL { ?tenure bkg:latestStart ?ls }
  OPTIONAL { ?tenure bkg:earliestEnd ?ee } OPTIONAL { ?tenure bkg:latestEnd ?le }
  BIND("%s"^^xsd:date AS ?d)
  FILTER((!BOUND(?es) || ?es <= ?d) && (!BOUND(?le) || ?d < ?le))
  BIND(IF(BOUND(?ls) && ?ls <= ?d && BOUND(?ee) && ?d < ?ee, "certain", "possible") AS ?certainty)
}"""


@pytest.mark.parametrize(("body", "on", "expected"), HEADS)
def test_2_who_headed_a_body_on_a_day(client: TestClient, body: str, on: str, expected: Rows) -> None:
    rows = ask(client, "bodies/head-on-day", body=body, on=on)
    assert sorted((short(r["person"]), r["certainty"]) for r in rows) == expected
    if body[0] != "0" and body != "altynsarin-academy":  # its post is of no class of heads
        assert sparql(client, HEADED % (body, on)) == expected


def test_2_the_status_is_that_of_the_day(client: TestClient) -> None:
    on = {"2022-01-04": "full", "2022-01-07": "acting", "2022-01-11": "full"}
    body = "kz-ministry-of-education-and-science"
    assert {d: slug(ask(client, "bodies/head-on-day", body=body, on=d)[0]["status"]) for d in on} == on


# --- 3: where a body came from, and what came of it

STEPS = [
    ("kz-ministry-of-public-education", "kz-ministry-of-education-1990s", "reorganization", "[..1997]"),
    ("kz-ministry-of-education-1990s", "kz-ministry-of-education-culture-and-health", "reorganization", "1997"),
    ("kz-ministry-of-education-culture-and-health", "kz-ministry-of-education-and-science", "reorganization", "1999"),
    ("kz-ministry-of-education-and-science", "kz-ministry-of-education", "split", "2022-06-11"),
    (
        "kz-ministry-of-education-and-science",
        "kz-ministry-of-science-and-higher-education",
        "split",
        "2022-06-11",
    ),
]


def test_3_the_chain_of_predecessors(client: TestClient) -> None:
    for last in (3, 4):
        chain = [*STEPS[:3], STEPS[last]]
        rows = ask(client, "bodies/predecessors", body=STEPS[last][1])
        assert [
            (slug(before), slug(r["became"]), slug(r["kind"]), day(r["date"]))
            for r in rows
            for before in r["predecessors"]
        ] == chain
    assert day(rows[-1]["completed"]) == "2022-08-25"
    found = sparql(
        client,
        """SELECT ?before ?after ?kind ?date WHERE {
             o:kz-ministry-of-education (^bkg:after/bkg:before)* ?after .
             ?change bkg:after ?after ; bkg:before ?before ; bkg:changeKind ?kind ; bkg:whenEdtf ?date .
           }""",
    )
    assert found == sorted((f"o:{a}", f"o:{b}", f"ck:{k}", d) for a, b, k, d in STEPS[:4])


def test_3_the_chain_of_successors(client: TestClient) -> None:
    rows = ask(client, "bodies/successors", body="kz-ministry-of-public-education")
    assert [
        (slug(r["was"]), slug(after), slug(r["kind"]), day(r["date"])) for r in rows for after in r["successors"]
    ] == STEPS
    assert ask(client, "bodies/successors", body="kz-ministry-of-education") == []
    (merged,) = ask(client, "bodies/successors", body="taraz-state-university")
    assert (slug(merged["kind"]), day(merged["date"]), slugs(merged["successors"])) == (
        "merge", "2020", {"dulaty-university"})  # fmt: skip


# --- 4: universities of a region, how founded and changed

KOSTANAY = [  # in order of founding; the merger of 2020 ended two and made one
    ("kostanay-state-pedagogical-university", "1923", "2020", True),
    ("arkalyk-pedagogical-institute", "1972", "[2024-12-11..]", False),
    ("kostanay-state-university", "1992", "2020", True),
    ("aldamzhar-university", "1998", "[2025-01-23..]", False),
    ("kostanay-regional-university", "2020", None, True),
]


def test_4_universities_of_a_region(client: TestClient) -> None:
    rows = ask(client, "universities/in-region", region="kostanay")
    founded = [r for r in rows if day(r["founded"]) and not day(r["founded"]).startswith("[")]  # type: ignore[union-attr]
    told = [(slug(r["university"]), day(r["founded"]), day(r["ended"]), bool(r["changes"])) for r in founded]
    assert told == KOSTANAY
    for row in rows:
        for change in row["changes"]:
            assert (slug(change["kind"]), day(change["date"])) == ("merge", "2020")
            assert slugs(change["before"]) == {"kostanay-state-university", "kostanay-state-pedagogical-university"}
            assert slugs(change["after"]) == {"kostanay-regional-university"}
    status = {slug(r["university"]): [slug(s["status"]) for s in r["statuses"]] for r in rows}
    assert status["rudny-industrial-university"] == ["state"]
    assert status["aldamzhar-university"] == ["private"]
    assert status["chelyabinsk-state-university-kostanay"] == ["foreign-branch"]
    names = {slug(r["university"]): {n["value"] for n in r["formerNames"]} for r in rows}
    assert names["aldamzhar-university"] == {"Kostanay Social Academy"}


# --- 5: agreements between two countries


def test_5_agreements_of_two_countries_by_status_and_year(client: TestClient) -> None:
    rows = ask(client, "agreements/between-countries", partner="az")
    assert {slug(r["status"]) for r in rows} == {"signed"}
    assert [(slug(r["agreement"]), day(r["signed"])) for r in rows] == [
        ("kz-az-diplomas-2013", "2013"),
        ("first-president-foundation-heydar-aliyev-2017", "2017-05-02"),
        ("kaznu-azerbaijan-academy-2018", "2018"),
        ("kz-az-diplomas-protocol-2024", "2024"),
        ("atyrau-oil-gas-baku-oil-school", "[2022-06-11..]"),  # undated; the source calls it after that day
    ]
    for year, certain in {
        "2013": {"kz-az-diplomas-2013"},
        "2024": {"kz-az-diplomas-protocol-2024"},
        "2016": set(),
    }.items():
        in_year = ask(client, "agreements/between-countries", partner="az", year=year)
        assert {slug(r["agreement"]) for r in in_year if r["certainty"] == "certain"} == certain
    # with Russia: the branch of Chelyabinsk State University waits for its ratification
    russia = ask(client, "agreements/between-countries", partner="RU", status="ratification-pending")
    assert [(slug(r["agreement"]), day(r["signed"])) for r in russia] == [("kz-ru-chelsu-kostanay-2024", "2024-11-27")]
    # what was only announced or drafted is never among what was signed
    for partner, status in (("ee", "announced"), ("tr", "draft"), ("gb", "draft")):
        (row,) = ask(client, "agreements/between-countries", partner=partner, status=status)
        signed = ask(client, "agreements/between-countries", partner=partner, status="signed")
        assert slug(row["agreement"]) not in {slug(r["agreement"]) for r in signed}
    # it does not matter who is asked first
    assert {slug(r["agreement"]) for r in ask(client, "agreements/between-countries", country="az", partner="kz")} == {
        slug(r["agreement"]) for r in rows
    }


# --- 6: programmes running in a region in a year


def test_6_programmes_of_a_region_in_a_year(client: TestClient) -> None:
    def running(region: str, year: int) -> dict[str | None, dict[str, Any]]:
        return {slug(r["program"]): r for r in ask(client, "programs/in-year", region=region, year=year)}

    turkistan = running("turkistan", 2018)
    grounds = turkistan["diplommen-auylga"]["grounds"]  # 913 people employed there in 2018
    assert [(g["basis"], g["certainty"]) for g in grounds] == [("figure", "certain")]
    assert turkistan["serpin"]["grounds"][0]["basis"] == "region"  # sends young people
    assert "comfortable-school" not in turkistan  # begins in 2023
    karaganda = running("karaganda", 2020)
    assert karaganda["auyl-el-besigi"]["running"] == "certain"  # since 2019; 47 projects funded there in 2020
    assert "auyl-el-besigi" not in running("karaganda", 2018)
    assert "preschool-vouchers" in running("karaganda", 2025)  # 120 kindergartens went over
    assert "preschool-vouchers" not in running("karaganda", 2023)  # vouchers begin in 2024
    # a school of the region takes part
    assert {"body"} == {g["basis"] for g in running("karaganda", 2023)["rural-hub-schools"]["grounds"]}


# --- 7: planned against achieved


def test_7_planned_and_achieved_side_by_side(client: TestClient) -> None:
    lines = {r["line"]: r for r in ask(client, "programs/planned-and-achieved", program="comfortable-school")}
    schools = lines["schools/schools/"]
    assert {401, 369, 217} <= {f["value"] for f in schools["planned"]}  # three sizes of one project
    assert {104, 105, 112} <= {f["value"] for f in schools["achieved"]}
    assert {(f["value"], day(f["when"])) for f in schools["achieved"]} >= {(104, "2024"), (105, "2024"), (112, "2025")}
    places = lines["places/places/"]
    assert {740_000, 434_600} <= {f["value"] for f in places["planned"]}
    assert {254_000, 206_000} == {f["value"] for f in places["achieved"]}
    akmola = lines["schools/schools/akmola"]
    assert ([f["value"] for f in akmola["planned"]], [f["value"] for f in akmola["achieved"]]) == ([20], [9])
    almaty = lines["schools/schools/almaty-region"]
    assert ([f["value"] for f in almaty["planned"]], almaty["achieved"]) == ([53], [])  # no source says what came of it


# --- 8: people who held posts in more than one kind of body


def test_8_people_of_several_kinds_of_bodies(client: TestClient) -> None:
    rows = {slug(r["person"]): r for r in ask(client, "people/several-bodies")}
    kinds = {person: {kind["id"].rsplit("#")[-1] for kind in row["kinds"]} for person, row in rows.items()}
    assert kinds["zhanseit-tuimebayev"] == {"Ministry", "Akimat", "University"}
    assert kinds["krymbek-kusherbayev"] == {"Ministry", "Akimat"}
    assert kinds["bakhytzhan-zhumagulov"] == {"Ministry", "University"}
    assert kinds["sayasat-nurbek"] == {"Ministry", "Company"}
    assert slugs(rows["kulyash-shamshidinova"]["bodies"]) == {
        "kz-ministry-of-education-and-science",
        "nazarbayev-intellectual-schools",
    }
    # several posts, one kind: akim of two regions, minister of two ministries, rector of two universities
    assert not {"yeraly-tugzhanov", "askhat-aimagambetov", "yerlan-sydykov"} & rows.keys()
    akims = ask(client, "people/several-bodies", **{"class": "akimat"})
    assert {slug(r["person"]) for r in akims} == {"zhanseit-tuimebayev", "krymbek-kusherbayev"}


# --- 9: what rests on a single source

SEVERAL_SOURCES = {  # agreements that two rows of different sources describe
    "kaznu-nwpu-2023", "mshe-heriot-watt-2023", "mshe-huawei-2024", "ru-kz-joint-schools-memorandum-2025",
    "urumqi-declaration-2025",
}  # fmt: skip


def test_9_what_rests_on_a_single_source(client: TestClient) -> None:
    assert ask(client, "statistics/single-source", kind="region") == []  # each is in the ISO data and elsewhere
    every = {slug(r["agreement"]) for r in ask(client, "agreements/list")}
    single = ask(client, "statistics/single-source", kind="agreement")
    assert {slug(r["thing"]) for r in single} == every - SEVERAL_SOURCES
    memorandum = next(r for r in single if slug(r["thing"]) == "abai-zhetysu-memorandum-2024")
    assert (slug(memorandum["document"]), slug(memorandum["tier"])) == ("seed-001", "university")
    paged = client.get("/api/v1/statistics/single-source", params={"kind": "agreement", "page_size": 20}).json()
    assert paged["page"]["total"] == len(single)


# --- 10: what changed between two dates


def test_10_what_changed_between_two_dates(client: TestClient) -> None:
    june = {"from": "2022-06-01", "to": "2022-06-30"}
    changes = ask(client, "history/between", kind="change", **june)
    assert [(slug(r["thing"]), r["certainty"], day(r["date"])) for r in changes] == [
        ("abai-split-off-2022", "certain", "2022-06-08"),
        ("ulytau-split-off-2022", "certain", "2022-06-08"),
        ("zhetysu-split-off-2022", "certain", "2022-06-08"),
        ("mes-split-2022", "certain", "2022-06-11"),
    ]
    sure = {
        (slug(r["thing"]), r["what"]) for r in ask(client, "history/between", **june) if r["certainty"] == "certain"
    }
    assert {
        ("kz-ministry-of-education-and-science", "end"),
        ("kz-ministry-of-education", "start"),
        ("kz-ministry-of-science-and-higher-education", "start"),
        ("aimagambetov-kz-minister-of-education-and-science", "end"),
        ("aimagambetov-kz-minister-of-education", "start"),
        ("nurbek-kz-minister-of-science-and-higher-education", "start"),
        ("kz-committee-for-child-rights-mes", "end"),
        ("almaty-region-centre-konaev", "start"),
        ("abai", "start"),
    } <= sure
    akims = ask(client, "history/between", kind="tenure", **{"from": "2022-12-01", "to": "2022-12-01"})
    ended = {slug(r["thing"]) for r in akims if r["what"] == "end" and r["certainty"] == "certain"}
    assert {"aksakalov-akim-of-north-kazakhstan-region", "mukhambetov-akim-of-kostanay-region"} <= ended
