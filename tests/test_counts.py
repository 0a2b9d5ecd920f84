"""The counts that docs/data.md prints are those of the release, by SPARQL."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from kg import resources
from tests.test_questions import sparql

CONCLUDED = "as:signed, as:adopted, as:ratified, as:in-force, as:ratification-pending"
COUNTED = {
    "institutions of higher education": (
        "?x bkg:inCountry country:kz { ?x a bkg:University } UNION { ?x a bkg:ResearchInstitute ; bkg:rorId ?ror }"
    ),
    "ROR identifiers": "?o bkg:rorId ?x",
    "Wikidata identifiers of bodies": "?o a org:Organization ; bkg:wikidataId ?x",
    "agreements": "?x a bkg:Agreement",
    "agreements concluded": f"?x bkg:agreementStatus ?s FILTER(?s IN ({CONCLUDED}))",
    "programmes": "?x a bkg:Program",
    "events": "?x a bkg:Event",
    "figures": "?x a bkg:Figure",
    "first-level units": "?x a bkg:FirstLevelUnit",
    "oblasts": "?x a bkg:Oblast",
    "ministers of Kazakhstan": (
        "?t org:member ?x ; bkg:post ?p . ?p a bkg:MinisterialPost ; org:postIn/bkg:inCountry country:kz"
    ),
    "akims": "?x a bkg:Akim",
    "tenures of akims": "?x a bkg:Tenure ; bkg:post/a bkg:AkimPost",
    "education departments of regions": "?x a bkg:EducationDepartment ; org:subOrganizationOf/a bkg:Akimat",
    "heads of education departments": "?x a bkg:Tenure ; bkg:post/org:postIn/a bkg:EducationDepartment",
    "committees": "?x a bkg:Committee",
    "ministries of education and science since 1991": (
        "?x a bkg:Ministry ; bkg:inCountry country:kz ; skos:prefLabel ?l FILTER(LANG(?l) != 'kk' "
        "&& REGEX(?l, 'education|science|образования', 'i'))"
    ),
    "acts": "?x a bkg:LegalAct",
    "schools of Kazakhstan": "?x a bkg:School ; bkg:inCountry country:kz",
    "colleges of Kazakhstan": "?x a bkg:College ; bkg:inCountry country:kz",
    "kindergartens": "?x a bkg:Kindergarten",
}


def printed(heading: str) -> list[list[str]]:
    """The cells of the rows of the first table under a heading of docs/data.md."""
    page = (resources.find().root / "docs" / "data.md").read_text(encoding="utf-8")
    part = page[page.index(heading) :]
    table = re.search(r"^\|.*?(?=\n\n)", part, re.DOTALL | re.MULTILINE)
    assert table is not None
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines()[2:]]


BASE = {row[0]: row[1:] for row in printed("## What the base holds")}
STATUSES = {row[1].strip("`"): int(row[2]) for row in printed("### Status of an agreement")}


def test_the_page_counts_what_is_counted_here() -> None:
    assert BASE.keys() == COUNTED.keys()


@pytest.mark.parametrize("what", COUNTED, ids=lambda what: what.replace(" ", "-"))
def test_a_count_of_the_page_is_that_of_the_release(client: TestClient, what: str) -> None:
    facts, graph, why = BASE[what]
    ((counted,),) = sparql(client, f"SELECT (COUNT(DISTINCT ?x) AS ?n) WHERE {{ {COUNTED[what]} }}")
    assert counted == graph
    assert facts == graph or why, "a difference is explained"


def test_agreements_by_status_are_as_printed(client: TestClient) -> None:
    rows = sparql(
        client,
        "SELECT ?s (COUNT(?x) AS ?n) WHERE { ?x a bkg:Agreement ; bkg:agreementStatus ?s } GROUP BY ?s",
    )
    assert {status.removeprefix("as:"): int(n) for status, n in rows} == STATUSES
    assert sum(STATUSES.values()) == int(BASE["agreements"][1])
