"""The compiled run: it says what pySHACL says, on the graph that is shipped and on every example."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib import SH

from kg import resources
from kg.cli import run
from kg.findings import BilimError, Exit
from kg.releases.candidate import STORE
from kg.releases.layout import Home
from kg.releases.reader import current
from kg.terms import PREFIXES
from kg.validation import Validator
from kg.validation.agreement import KNOWN, agreement, unknown
from kg.validation.compiled import CompiledValidator
from tests.graphs import MINISTERS, write_data
from tests.shapes_world import HEAD, ontology, quads_of, turtle

EXAMPLES = resources.find().ontology / "examples"
FILES = sorted(EXAMPLES.glob("*/*.ttl"))


@pytest.fixture(scope="module")
def compiled() -> CompiledValidator:
    return CompiledValidator(resources.find())


@pytest.fixture(scope="module")
def reference(compiled: CompiledValidator) -> Validator:
    return Validator(shapes=compiled.shapes)


@pytest.fixture(scope="module")
def shipped(release_home: Path) -> ox.Store:
    return ox.Store.read_only(str(current(Home(release_home)).path / STORE))


# ------------------------------------------------------------------ agreement


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_both_engines_report_the_same_of_an_example(
    compiled: CompiledValidator, reference: Validator, file: Path
) -> None:
    quads = quads_of(file)
    ours, theirs = compiled.validate(quads), reference.validate(quads)
    assert ours.findings == theirs.findings  # rows, order, and every text in three languages
    assert ours.checked == theirs.checked


def test_both_engines_agree_on_all_examples_as_one_graph(compiled: CompiledValidator, reference: Validator) -> None:
    quads = [quad for file in FILES for quad in quads_of(file)]
    assert len(compiled.validate(quads).findings) > 250
    assert agreement(quads, compiled, reference) == []


def test_both_engines_agree_on_the_shipped_graph(
    compiled: CompiledValidator, reference: Validator, shipped: ox.Store
) -> None:
    assert agreement(shipped, compiled, reference) == []
    assert compiled.validate(shipped).checked["bkg-sh:TenureShape"] > 100


def test_no_constraint_of_ours_is_left_to_pyshacl(compiled: CompiledValidator, shipped: ox.Store) -> None:
    graph = compiled.load(shipped)
    assert compiled.left(graph) == ()
    shapes = compiled.shapes.graph
    checked = {check.source for check in compiled.compiled(graph.store).checks}
    broken = {*shapes.subjects(SH.path), *shapes.subjects(SH.closed)}
    assert broken <= checked


def test_a_difference_is_found_and_told(tmp_path: Path) -> None:
    """rdflib orders a number and a date by their datatypes; SPARQL, and so SHACL, cannot compare them."""
    shapes = ontology(
        tmp_path,
        """bkg-sh:S a sh:NodeShape ; sh:targetClass bkg:Spell ; sh:property bkg-sh:S-order .
        bkg-sh:S-order a sh:PropertyShape ; sh:path bkg:earliestStart ; sh:lessThan bkg:latestStart .""",
        "bkg:Spell a owl:Class .",
    )
    data = turtle('spell:a a bkg:Spell ; bkg:earliestStart "2020-01-01"^^xsd:date ; bkg:latestStart 7 .')
    (only,) = agreement(data, CompiledValidator(shapes))
    assert (only.side, only.known) == ("compiled", "less-than-across-datatypes")
    assert "spell:a bkg:earliestStart 2020-01-01" in str(only)
    assert unknown([only]) == []


def test_each_known_difference_has_its_reason_in_the_documentation() -> None:
    page = (resources.find().root / "docs" / "validation.md").read_text(encoding="utf-8")
    for known in KNOWN:
        assert f"`{known.name}`" in page


# ------------------------------------------------------------------ never silent


def test_what_the_store_would_rewrite_is_left_to_pyshacl(tmp_path: Path) -> None:
    """The store writes "007"^^xsd:integer as 7 and xsd:byte as xsd:integer: there the store's word does not count."""
    shapes = ontology(
        tmp_path,
        """bkg-sh:S a sh:NodeShape ; sh:targetClass bkg:Figure ; sh:property bkg-sh:S-value , bkg-sh:S-unit .
        bkg-sh:S-value a sh:PropertyShape ; sh:path bkg:value ; sh:datatype xsd:byte ; sh:maxLength 2 .
        bkg-sh:S-unit a sh:PropertyShape ; sh:path bkg:unit ; sh:minCount 1 .""",
        "bkg:Figure a owl:Class .",
    )
    checker = CompiledValidator(shapes)
    data = turtle('fig:a a bkg:Figure ; bkg:value "7"^^xsd:byte , "007"^^xsd:integer .')
    report = checker.validate(data)
    assert {f.code for f in report.findings if f.component} == {"S-value", "S-unit"}
    assert {f.value for f in report.findings if f.code == "S-value"} == {"007"}
    assert set(report.left) == {"S S-value Datatype", "S S-value MaxLength"}
    assert agreement(data, checker) == []


@pytest.mark.parametrize(
    ("constraint", "reason"),
    [
        ('sh:sparql [ sh:select "SELECT $this { { SELECT $this { $this bkg:of ?x } } }" ]', "a query or values inside"),
        ('sh:sparql [ sh:select "SELECT $this { $this bkg:of ?x } LIMIT 1" ]', "one node at a time"),
        ('sh:sparql [ sh:select "SELECT $this (COUNT(?x) AS ?n) { $this bkg:of ?x } GROUP BY $this" ]', "groups"),
        ('sh:sparql [ sh:select "SELECT $this { { ?x bkg:of ?y FILTER (?y = $this) } }" ]', "before it is bound"),
        ("sh:node bkg-sh:T . bkg-sh:T a sh:NodeShape ; sh:node bkg-sh:S", "refers to itself"),
        ("sh:property [ sh:path bkg:of ; sh:node [ sh:property [ sh:path bkg:of ; sh:minCount 9 ] ] ]", "beyond 3"),
    ],
)
def test_what_is_not_compiled_is_run_by_pyshacl_and_told(tmp_path: Path, constraint: str, reason: str) -> None:
    declare = (
        "<https://w3id.org/bilim/shapes> a owl:Ontology ; sh:declare [ sh:prefix 'bkg' ; sh:namespace '{}' ] .".format(
            PREFIXES["bkg"]
        )
    )
    constraint = constraint.replace("sh:select", "sh:prefixes <https://w3id.org/bilim/shapes> ; sh:select")
    shapes = ontology(
        tmp_path,
        f"{declare} bkg-sh:S a sh:NodeShape ; sh:targetClass bkg:Spell ; {constraint} .",
        "bkg:Spell a owl:Class .",
    )
    checker = CompiledValidator(shapes)
    data = turtle("spell:a a bkg:Spell ; bkg:of spell:b , spell:a . spell:b a bkg:Spell .")
    report = checker.validate(data)
    assert any(reason in why for why in report.left.values()), report.left
    assert agreement(data, checker) == []


@pytest.mark.parametrize(
    "constraint",
    [
        'sh:sparql [ sh:select "SELECT $this { $this ?p ?o VALUES ?o { 1 } }" ]',
        'sh:sparql [ sh:select "SELECT $this { $this ?p }" ]',
        'sh:sparql [ sh:select "SELECT $this { $this zz:p ?o }" ]',
        'sh:sparql [ sh:select "ASK { $this ?p ?o }" ]',
        "sh:sparql [ sh:message 'no query' ]",
        "sh:minCount 1",
        "sh:uniqueLang true",
    ],
)
def test_a_shape_that_fails_is_an_error_never_conformity(tmp_path: Path, constraint: str) -> None:
    broken = f"bkg-sh:S a sh:NodeShape ; sh:targetClass bkg:Country ; {constraint} ."
    with pytest.raises(BilimError) as error:
        CompiledValidator(ontology(tmp_path, broken)).validate(turtle("country:kz a bkg:Country ."))
    assert error.value.exit_code is Exit.NOTHING_CHECKED


def test_nothing_to_check_is_not_conforming(compiled: CompiledValidator) -> None:
    report = compiled.validate([])
    assert report.nothing_checked
    assert [f.code for f in report.findings] == ["nothing-checked"]


def test_what_shapes_cannot_see_is_told_as_by_pyshacl(compiled: CompiledValidator, reference: Validator) -> None:
    quads = turtle("""
        country:kz a bkg:Country ; skos:prefLabel "Kazakhstan"@en ; bkg:inContry country:kz .
        person:x skos:prefLabel "X"@en . o:b a org:Site , bkg:Sites . o:a a org:Site .
    """)
    report = compiled.validate(quads)
    assert report.findings == reference.validate(quads).findings
    assert {"untyped-entity", "unshaped-type", "unknown-term"} <= {f.code for f in report.findings}


# ------------------------------------------------------------------ the command


def test_validate_full_checks_the_current_release(
    release_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILIM_HOME", str(release_home))
    assert run(["validate", "--full", "--json"]) == Exit.CLEAN
    told = json.loads(capsys.readouterr().out)
    assert told["release"] == Home(release_home).current_id()
    assert told["conforms"] is True
    assert told["leftToPySHACL"] == {}
    assert told["checked"]["bkg-sh:PersonShape"] > 100
    assert told["counts"]["Warning"]
    assert run(["validate", "--full", "--strict", "--release", told["release"]]) == Exit.VIOLATIONS
    assert "focus nodes" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [(), ("x.ttl", "--full"), ("x.ttl", "--reference"), ("--full", "--alone")])
def test_validate_says_what_it_can_check(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", *arguments]) == Exit.USAGE
    assert "bilim validate --full" in capsys.readouterr().err


def test_a_difference_that_nobody_knows_is_exit_4(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "resources"
    shutil.copytree(resources.find().ontology, folder / "ontology")
    # rdflib finds that true comes before "x"; SPARQL has an error there, and so has the compiled run
    (folder / "ontology" / "shapes" / "odd.ttl").write_text(
        HEAD
        + """bkg-sh:OddShape a sh:NodeShape ; sh:targetClass org:Post ; sh:severity sh:Warning ; sh:sparql [
        sh:prefixes <https://w3id.org/bilim/shapes> ;
        sh:select 'SELECT $this { $this bkg:singleHolder ?single . FILTER (?single < "x") }' ] ."""
    )
    monkeypatch.setenv("BILIM_RESOURCES", str(write_data(folder, MINISTERS)))
    monkeypatch.setenv("BILIM_HOME", str(tmp_path / "home"))
    assert run(["build"]) == Exit.CLEAN
    assert run(["validate", "--full"]) == Exit.CLEAN
    capsys.readouterr()
    assert run(["validate", "--full", "--reference", "--json"]) == Exit.ENGINES_DISAGREE
    found = json.loads(capsys.readouterr().out)["differences"]
    assert {(d["onlyIn"], d["known"], d["shape"]) for d in found} == {("pySHACL", None, "bkg-sh:OddShape")}
    assert run(["validate", "--full", "--reference"]) == Exit.ENGINES_DISAGREE
    assert "The two engines disagree: only pySHACL: bkg-sh:OddShape" in capsys.readouterr().err
