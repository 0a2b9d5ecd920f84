"""Coverage: numbers counted by hand on a small graph, sanity on the release of data/, and every way to read it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from kg.cli import run
from kg.findings import Exit
from kg.kinds import KINDS
from kg.releases.coverage import PRECISIONS, Row, count, coverage, percent, precision
from kg.releases.layout import Home
from kg.releases.merged import read_merged
from kg.releases.reader import Release, current
from kg.releases.verify import verify
from kg.terms import BKG, FOAF, ORG, shorten
from tests.graphs import store_of
from tests.test_questions import ask

# Three documents, one of them secondary; what each thing rests on is said beside it.
SMALL = """
gd:small {
  doc:act a bkg:LegalAct ; dct:title "An act"@ru ; bkg:tier tier:law ; bkg:issuedEdtf "2022-06"^^edtf:EDTF .
  doc:list a bkg:Document ; dct:title "A list"@en ; bkg:tier tier:secondary .
  doc:copy a bkg:Document ; dct:title "A copy"@en ; bkg:tier tier:secondary ; bkg:issuedEdtf "2020"^^edtf:EDTF .

  o:one a bkg:Ministry ; skos:prefLabel "One"@en , "Один"@ru , "Бір"@kk ; bkg:wikidataId "Q1" .       # the act
  o:two a bkg:Ministry ; skos:prefLabel "Two"@en ; bkg:rorId "00abcde00" .                            # list and copy
  o:three a bkg:University ; skos:prefLabel "Three"@en , "Үш"@kk .            # list; the act is deprecated
  o:four a bkg:University ; skos:prefLabel "Four"@en ; bkg:wikidataId "Q4" ; bkg:rorId "00abcde01" .  # nothing
  region:r a bkg:Oblast ; skos:prefLabel "R"@en .
  spell:r-code a bkg:Spell ; bkg:of region:r ; bkg:property bkg:iso31662 ; bkg:value "KZ-00" .

  evidence:a a bkg:Evidence ; bkg:inDocument doc:act ; bkg:supports o:one ; bkg:onProperty bkg:start ;
    bkg:statesEdtf "2022-06-11"^^edtf:EDTF .
  evidence:b a bkg:Evidence ; bkg:inDocument doc:list ; bkg:supports o:two ; bkg:onProperty bkg:start ;
    bkg:statesEdtf "2022-06"^^edtf:EDTF .
  evidence:c a bkg:Evidence ; bkg:inDocument doc:copy ; bkg:supports o:two , region:r .
  evidence:d a bkg:Evidence ; bkg:inDocument doc:list ; bkg:supports o:three , o:one ; bkg:onProperty bkg:end ;
    bkg:statesEdtf "2023"^^edtf:EDTF .
  evidence:e a bkg:Evidence ; bkg:inDocument doc:act ; bkg:supports o:three ; bkg:rank rk:deprecated .
  evidence:f a bkg:Evidence ; bkg:inDocument doc:act ; bkg:supports region:r .

  disc:open a bkg:Discrepancy ; bkg:concerns o:one , o:two ; bkg:discrepancyStatus ds:open .
  disc:unsaid a bkg:Discrepancy ; bkg:concerns o:three .
  disc:settled a bkg:Discrepancy ; bkg:concerns o:one ; bkg:discrepancyStatus ds:settled ; bkg:resolution "so"@en .
}
"""


@pytest.fixture(scope="module")
def small() -> dict[tuple[str, str], Row]:
    return {(r.kind, shorten(r.cls)): r for r in coverage(count(read_merged(store_of(SMALL))))}


@pytest.fixture(scope="module")
def release(release_home: Path) -> Release:
    return current(Home(release_home))


def test_organizations_counted_by_hand(small: dict[tuple[str, str], Row]) -> None:
    row = small["organization", "org:Organization"]
    assert row == Row(
        kind="organization",
        cls=ORG + "Organization",
        count=4,
        names={"kk": 2, "ru": 1, "en": 4},
        dates={"day": 1, "month": 1, "year": 0, "wider": 0, "unknown": 2},  # three has an end alone, four nothing
        evidence=3,
        identifiers={"any": 3, "wikidata": 2, "ror": 2, "iso": 0, "geonames": 0, "osm": 0},
        secondary=2,  # two and three
        open=2,
        disputed=0,
        # names 7/12, dates 2/4, evidence 3/4, beyond secondary sources 1/4, identifiers 3/4
        completeness=(Fraction(7, 12) + Fraction(2, 4) + Fraction(3, 4) + Fraction(1, 4) + Fraction(3, 4)) / 5,
    )


def test_a_class_is_counted_by_itself(small: dict[tuple[str, str], Row]) -> None:
    ministries, universities = small["organization", "bkg:Ministry"], small["organization", "bkg:University"]
    assert (ministries.count, ministries.names, ministries.evidence) == (2, {"kk": 1, "ru": 1, "en": 2}, 2)
    assert (ministries.secondary, ministries.open) == (1, 1)  # one discrepancy concerns both
    assert (universities.count, universities.evidence, universities.secondary, universities.open) == (2, 1, 1, 1)
    assert ("organization", "org:Organization") in small
    assert ("organization", "foaf:Agent") not in small  # every organization is one: the row would say the same again


def test_codes_that_change_are_identifiers(small: dict[tuple[str, str], Row]) -> None:
    row = small["region", "bkg:Region"]
    assert row.identifiers == {"any": 1, "wikidata": 0, "ror": 0, "iso": 1, "geonames": 0, "osm": 0}
    assert (row.evidence, row.secondary) == (1, 0)  # a copy and the act
    assert row.completeness == Fraction(1, 5) * (Fraction(1, 3) + 0 + 1 + 1 + 1)


def test_of_documents_only_a_date_is_expected(small: dict[tuple[str, str], Row]) -> None:
    row = small["document", "bkg:Document"]
    assert (row.count, row.names) == (3, {"kk": 0, "ru": 1, "en": 2})
    assert row.dates == {"day": 0, "month": 1, "year": 1, "wider": 0, "unknown": 1}
    assert row.completeness == Fraction(2, 3)
    said = small["evidence", "bkg:Evidence"]
    assert (said.count, said.names, said.dates, said.evidence, said.secondary, said.completeness) == (6, *[None] * 5)


def test_the_thinnest_come_first_and_what_is_missing_is_thinnest(small: dict[tuple[str, str], Row]) -> None:
    whole = [r for r in small.values() if r.whole]
    assert {r.kind for r in whole} == set(KINDS)
    known = [r.completeness for r in whole if r.completeness is not None]
    assert known == sorted(known)
    assert [r.completeness for r in whole][-2:] == [None, None]
    assert (whole[0].kind, whole[0].count, whole[0].completeness) == ("person", 0, 0)
    assert whole[0].as_json({})["names"]["kk"] == {"count": 0, "share": None}
    order = [r.kind for r in small.values()]
    assert [k for i, k in enumerate(order) if i == 0 or order[i - 1] != k] == [r.kind for r in whole]


@pytest.mark.parametrize(
    ("earliest", "latest", "edtf", "expected"),
    [
        ("2022-06-11", "2022-06-11", "2022-06-11", "day"),
        ("2022-06-01", "2022-06-30", "2022-06", "month"),
        ("2021-12-20", "2022-01-10", None, "month"),  # bounds by succession, over the end of a year
        ("2020-01-01", "2020-12-31", "2020", "year"),
        ("2019-01-01", "2020-12-31", "2019/2020", "wider"),
        ("2022-06-11", None, "2022-06-11/", "wider"),
        (None, "2022-06-11", None, "unknown"),  # an attestation alone
        (None, None, None, "unknown"),
    ],
)
def test_precision(earliest: str | None, latest: str | None, edtf: str | None, expected: str) -> None:
    assert precision({"edtf": edtf, "earliest": earliest, "latest": latest}) == expected


def test_precision_of_no_date_and_of_several() -> None:
    assert precision(None) == precision([]) == "unknown"
    day = {"edtf": "2020-01-02", "earliest": "2020-01-02", "latest": "2020-01-02"}
    assert precision([{"edtf": "2020", "earliest": "2020-01-01", "latest": "2020-12-31"}, day]) == "day"


def test_per_cent_never_says_all_of_nearly_all() -> None:
    assert [percent(x) for x in (None, 0.0, 0.001, 0.5, 0.999, 1.0)] == ["–", "0 %", "1 %", "50 %", "99 %", "100 %"]


# --- the release of data/ ------------------------------------------------------------------------------------


def measures(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.keys() == {"count", "share"}:
            yield value
        else:
            for part in value.values():
                yield from measures(part)


def test_the_numbers_of_the_release_are_possible(release: Release) -> None:
    rows = release.projection.coverage()
    assert {r["kind"] for r in rows if r["whole"]} == set(KINDS)
    for row in rows:
        assert row["completeness"] is None or 0 <= row["completeness"] <= 1
        for measure in measures(row):
            assert 0 <= measure["count"] <= row["count"], row
            assert measure["share"] is None or 0 <= measure["share"] <= 1, row
            assert (measure["share"] is None) == (row["count"] == 0)
        if row["dates"]:
            assert sum(row["dates"][p]["count"] for p in PRECISIONS) == row["count"]
        if row["evidence"]:
            assert row["secondaryOnly"]["count"] <= row["evidence"]["count"]
        if row["identifiers"]:
            each = [m["count"] for name, m in row["identifiers"].items() if name != "any"]
            assert max(each) <= row["identifiers"]["any"]["count"] <= sum(each)


def test_counts_are_those_of_the_graph(release: Release, client: TestClient) -> None:
    graph = {row["class"]["id"]: row["count"] for row in ask(client, "statistics/things")}
    counts = release.projection.counts()
    for row in release.projection.coverage():
        if row["whole"]:
            assert row["count"] == counts.get(row["kind"], 0) == graph.get(row["class"]["id"], 0)
        else:
            assert row["count"] == release.projection.class_counts(row["kind"])[row["class"]["id"]]
            if row["class"]["id"].startswith(BKG):
                assert row["count"] == graph[row["class"]["id"]]


@pytest.mark.parametrize("kind", ["person", "organization", "spell", "tenure"])
def test_what_is_secondary_alone_can_be_listed(release: Release, client: TestClient, kind: str) -> None:
    row = next(r for r in release.projection.coverage() if r["kind"] == kind and r["whole"])
    listed = ask(client, "statistics/secondary-only", kind=kind, whole="true")
    assert len(listed) == row["secondaryOnly"]["count"] > 0
    assert all(r["whole"] for r in listed)
    every = ask(client, "statistics/secondary-only", kind=kind)
    assert {r["thing"]["id"] for r in every if r["whole"]} == {r["thing"]["id"] for r in listed}


def test_statements_on_secondary_sources_are_listed_though_the_thing_has_others(client: TestClient) -> None:
    partly = [r for r in ask(client, "statistics/secondary-only") if not r["whole"]]
    assert partly
    for row in partly:
        for prop in row["properties"]:
            found = ask(client, "evidence/of", thing=row["thing"]["id"], property=prop)
            tiers = {
                d["tier"]["slug"] for e in found for d in ask(client, "documents/list", document=e["document"]["id"])
            }
            assert tiers == {"secondary"}, row


def test_a_single_source_is_the_only_one(release: Release, client: TestClient) -> None:
    listed = ask(client, "statistics/single-source", kind="tenure")
    assert 0 < len(listed) < release.projection.counts()["tenure"]
    single = {row["thing"]["slug"]: row for row in listed}
    for slug in release.projection.slugs("tenure", "en"):
        document = release.projection.document("tenure", slug) or {}
        held = [e for e in document["evidence"] if (e.get("rank") or {}).get("slug") != "deprecated"]
        sources = {e["inDocument"]["id"] for e in held}
        assert (len(sources) == 1) == (slug in single)
        if slug in single:
            assert sources == {single[slug]["document"]["id"]}
            assert single[slug]["evidence"] == len(held)


def test_verify_counts_again(release: Release) -> None:
    assert verify(release) == []


# --- ways to read it -----------------------------------------------------------------------------------------


def test_json_and_csv_say_the_same(client: TestClient) -> None:
    body = client.get("/coverage.json", params={"clang": "ru"}).json()
    negotiated = client.get("/coverage", params={"clang": "ru"}, headers={"Accept": "application/json"})
    assert negotiated.json() == body
    answer = client.get("/coverage.csv", params={"clang": "ru"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert body["release"] in answer.headers["content-disposition"]
    lines = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(lines) == len(body["data"])
    for line, row in zip(lines, body["data"], strict=True):
        assert (line["kind"], line["class"], line["label"]) == (row["kind"], row["class"]["id"], row["class"]["label"])
        assert int(line["count"]) == row["count"]
        if row["names"]:
            assert int(line["names.kk"]) == row["names"]["kk"]["count"]
            assert float(line["names.kk.share"]) == row["names"]["kk"]["share"]
        else:
            assert line["names.kk"] == ""
    assert client.get(body["links"]["secondaryOnly"]).status_code == 200
    assert client.get(body["links"]["openDiscrepancies"]).status_code == 200


@pytest.mark.parametrize(("lang", "title"), [("kk", "Қамту"), ("ru", "Полнота"), ("en", "Coverage")])
def test_the_page_in_three_languages(client: TestClient, lang: str, title: str) -> None:
    answer = client.get("/coverage", params={"lang": lang}, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["content-language"]) == (200, lang)
    assert f"<h1>{title}</h1>" in answer.text
    assert all(kind.plurals[lang] in answer.text for kind in KINDS.values())
    assert "/queries/statistics/secondary-only?kind=organization" in answer.text
    home = client.get("/", params={"lang": lang}, headers={"Accept": "text/html"}).text
    assert f'href="/coverage?lang={lang}"' in home


def test_the_address_refuses_what_it_does_not_know(client: TestClient) -> None:
    assert client.get("/coverage.json?kind=person").status_code == 422
    assert client.get("/coverage", headers={"Accept": "text/turtle"}).status_code == 406
    etag = client.get("/coverage.json").headers["etag"]
    assert client.get("/coverage.json", headers={"If-None-Match": etag}).status_code == 304


def test_the_command(release_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("BILIM_HOME", str(release_home))
    assert run(["coverage", "--json"]) == Exit.CLEAN
    whole = json.loads(capsys.readouterr().out)
    assert whole["data"] == current(Home(release_home)).projection.coverage()
    assert run(["coverage", "--json", "--kind", "person"]) == Exit.CLEAN
    people = json.loads(capsys.readouterr().out)["data"]
    assert {r["kind"] for r in people} == {"person"}
    assert people[0]["class"]["id"] == FOAF + "Person"
    assert run(["--lang", "ru", "coverage"]) == Exit.CLEAN
    shown = capsys.readouterr().out
    assert all(kind.plurals["ru"] in shown for kind in KINDS.values())
    assert "министерство" not in shown
    assert run(["--lang", "ru", "coverage", "--classes"]) == Exit.CLEAN
    assert "министерство" in capsys.readouterr().out
    assert run(["coverage", "--kind", "persons"]) == Exit.USAGE
    assert "person, post" in capsys.readouterr().err
