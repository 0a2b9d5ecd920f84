"""Each compiled component of SHACL Core and SHACL-SPARQL: the rows it must give, by the compiled run and by pySHACL."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from kg.terms import PREFIXES
from kg.validation import Validator
from kg.validation.agreement import agreement, unknown
from kg.validation.compiled import CompiledValidator
from kg.validation.telling import Row, value_text
from tests.shacl_cases import COUNTS, DIFFERENCES, LOGIC, OTHERS, PAIRS, RANGES, STRINGS, VALUE_TYPES, Case, Expected
from tests.shacl_paths import PATHS, QUERIES, TARGETS
from tests.shapes_world import ontology, turtle

CASES = [*VALUE_TYPES, *COUNTS, *RANGES, *STRINGS, *PAIRS, *LOGIC, *OTHERS, *PATHS, *TARGETS, *QUERIES, *DIFFERENCES]
EX = "https://example.org/"
DECLARED = "<https://w3id.org/bilim/shapes> a owl:Ontology ; sh:declare {} .".format(
    " , ".join(
        f"[ sh:prefix '{name}' ; sh:namespace '{iri}'^^xsd:anyURI ]" for name, iri in {**PREFIXES, "ex": EX}.items()
    )
)


def short(text: str | None) -> str | None:
    return text.replace(EX, "ex:") if text and text.startswith(EX) and "/" not in text.removeprefix(EX) else text


def told(rows: Iterable[Row]) -> Expected:
    return {
        (
            short(str(row.focus)) or "",
            short(value_text(row.value)),
            str(row.component).rpartition("#")[2].removesuffix("ConstraintComponent"),
        )
        for row in rows
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_component_gives_its_rows_in_both_engines(case: Case, tmp_path: Path) -> None:
    prefix = f"PREFIX ex: <{EX}>\n"
    shape = f"bkg-sh:S a sh:NodeShape ; {case.target} ; {case.body} ."
    folder = ontology(tmp_path, f"{prefix}{DECLARED}\n{shape}\n{case.more}", prefix + "ex:T a owl:Class .")
    compiled = CompiledValidator(folder)
    data = turtle(prefix + case.data)
    graph = compiled.load(data)
    rows = compiled.rows(graph, compiled.compiled(graph.store))
    assert compiled.left(graph) == ()
    assert told(rows) == case.rows
    differences = agreement(data, compiled, Validator(shapes=compiled.shapes))
    assert unknown(differences) == []
    assert {difference.known for difference in differences} == ({case.known} if case.known else set())
