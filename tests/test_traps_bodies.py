"""Traps of the five source documents, E: bodies at region level; how the graph records each."""

from __future__ import annotations

from starlette.testclient import TestClient

from tests.answers import slugs
from tests.test_questions import FIVE, ask, sparql


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


def test_trap_30_the_parent_of_a_district_office_is_dated(client: TestClient) -> None:
    office = "o:kentau-department-of-education"

    def parent(day: str) -> list[tuple[str, str]]:
        rows = ask(client, "history/values", thing=office, property="parent", on=day)
        return [(r["valueThing"]["slug"], r["certainty"]) for r in rows]

    assert parent("2020-12-31") == [("turkistan-department-of-education", "no")]
    assert parent("2022-01-01") == [("turkistan-department-of-education", "possible")]
    assert sparql(client, f"SELECT ?p WHERE {{ {office} org:subOrganizationOf ?p }}") == []  # no permanent parent
    (spell,) = ask(client, "history/values", thing=office, property="parent")
    evidence = ask(client, "evidence/of", thing=spell["spell"])
    assert set(slugs(evidence, "mode")) == {"inferred"}  # told of all offices, of none by name
    ((change, when),) = sparql(
        client,
        """SELECT ?c ?day WHERE { ?c a bkg:ChangeEvent ; bkg:whenEdtf ?day ; skos:prefLabel ?l
             FILTER(LANG(?l) = "en" && CONTAINS(?l, "education offices")) }""",
    )
    assert (change, when) == ("chg:education-offices-transfer-2021", "2021")


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
