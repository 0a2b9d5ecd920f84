"""Who is who: data/decisions/identities.csv against the graph; identifiers are of one thing each."""

from __future__ import annotations

import csv
from collections import Counter

from starlette.testclient import TestClient

from kg import resources
from tests.test_questions import sparql

DATA = resources.find().data
IDENTIFIERS = ("wikidataId", "rorId", "geonamesId", "osmRelationId")


def rows(path: str) -> list[dict[str, str]]:
    with (DATA / path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def live() -> dict[tuple[str, str], str]:
    return {(r["kind"], r["slug"]): r["status"] for r in rows("reference/slugs.csv")}


def test_a_decision_says_of_what_by_whom_and_why() -> None:
    known = live()
    sources = {r["id"] for r in rows("reference/sources.csv")} | {f"seed-{n:03}" for n in range(5)}
    decisions = rows("decisions/identities.csv")
    assert len(decisions) > 200
    assert {d["decision"] for d in decisions} == {"same", "different"}
    for number, d in enumerate(decisions, start=2):
        assert known.get((d["kind"], d["slug"])) == "live", (number, d)
        assert d["who"], (number, d)
        assert len(d["why"]) > 10, (number, d)
        assert not d["source"] or d["source"] in sources, (number, d)
    assert max(Counter((d["kind"], d["slug"], d["other"]) for d in decisions).values()) == 1


def test_what_is_different_stays_apart_and_what_is_same_is_one(client: TestClient) -> None:
    known = live()
    apart = 0
    for d in rows("decisions/identities.csv"):
        other = (d["kind"], d["other"])
        if d["decision"] == "same":
            assert other == (d["kind"], d["slug"]) or known.get(other, "") != "live", d  # no second node
        elif other in known:
            assert other != (d["kind"], d["slug"])
            assert known[other] == "live"
            apart += 1
    assert apart > 30
    merged = "SELECT ?a WHERE { ?a owl:sameAs ?b }"
    assert sparql(client, merged) == []  # one node is one thing; nothing is equated afterwards


def test_an_identifier_is_of_one_thing_and_a_thing_has_one(client: TestClient) -> None:
    for name in IDENTIFIERS:
        held = sparql(client, f"SELECT ?x ?id WHERE {{ ?x bkg:{name} ?id }}")
        assert len(held) > 5, name
        assert max(Counter(x for x, _ in held).values()) == 1, name
        assert max(Counter(i for _, i in held).values()) == 1, name
    codes = sparql(
        client,
        """SELECT ?code (COUNT(DISTINCT ?of) AS ?n) WHERE {
             ?s bkg:property bkg:iso31662 ; bkg:of ?of ; bkg:value ?code } GROUP BY ?code""",
    )
    assert len(codes) > 30
    assert {n for _, n in codes} == {"1"}


def test_akim_tenures_that_rest_on_secondary_sources_alone_are_marked_and_listed(client: TestClient) -> None:
    answer = client.get(
        "/api/v1/statistics/secondary-only", params={"kind": "tenure", "whole": "true", "page_size": 1000}
    )
    listed = {row["thing"]["slug"] for row in answer.json()["data"]}
    akims = {slug for slug in listed if "-akim-of-" in slug}
    found = sparql(
        client,
        """SELECT ?t WHERE { ?t a bkg:Tenure ; bkg:post/a bkg:AkimPost
             FILTER NOT EXISTS {
               ?e bkg:supports ?t ; bkg:inDocument/bkg:tier ?tier FILTER(?tier != tier:secondary) } }""",
    )
    assert {f"tenure:{slug}" for slug in akims} == {t for (t,) in found}
    assert len(akims) == 9
    assert "sultanov-akim-of-astana" in akims
    assert "dosaev-akim-of-almaty" not in akims  # a paper speaks of him too
    surest = sparql(
        client,
        f"""SELECT (MAX(?c) AS ?most) WHERE {{ VALUES ?t {{ {" ".join(f"tenure:{slug}" for slug in sorted(akims))} }}
              ?e bkg:supports ?t ; bkg:confidence ?c }}""",
    )
    assert float(surest[0][0]) <= 0.5  # marked: a lead to check
