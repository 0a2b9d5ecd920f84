"""The shapes against their examples: each bad example raises exactly its rows, each good one none."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
import yaml
from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from rdflib import RDF, SH

from kg import resources
from kg.terms import SHAPES, expand, shorten
from kg.validation import Validator
from kg.validation.cache import QueryCache, cached_queries
from kg.validation.convert import Converter
from kg.validation.lint import lint_select, lint_shapes
from kg.validation.shapes import path_text

EXAMPLES = resources.find().ontology / "examples"
GOOD = sorted((EXAMPLES / "good").glob("*.ttl"))
BAD = sorted((EXAMPLES / "bad").glob("*.ttl"))

Row = tuple[str, str, str, str | None, str, str]


@pytest.fixture(scope="module")
def validator() -> Validator:
    return Validator(resources.find())


def quads_of(file: Path) -> list[ox.Quad]:
    return list(ox.parse(path=str(file), format=ox.RdfFormat.TURTLE))


def expected_rows(file: Path) -> list[Row]:
    """Rows of the header ``# expect:``: shape, rule, focus, path, severity, component."""
    header = [line[2:] for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("# ")]
    start = next(i for i, line in enumerate(header) if line.startswith("expect:"))
    rows = yaml.safe_load("\n".join(header[start:]))["expect"]
    return [
        (shape, rule, expand(focus), path, severity, component)
        for shape, rule, focus, path, severity, component in rows
    ]


def node_shapes(validator: Validator) -> set[str]:
    return {str(s).removeprefix(SHAPES) for s in validator.shapes.graph.subjects(RDF.type, SH.NodeShape)}


@pytest.mark.parametrize("file", GOOD, ids=lambda f: f.stem)
def test_a_good_example_raises_nothing_and_is_looked_at(validator: Validator, file: Path) -> None:
    report = validator.validate(quads_of(file))
    assert [f.text() for f in report.findings] == []
    assert report.checked[f"bkg-sh:{file.stem}"] > 0
    assert report.conforms
    assert expected_rows(file) == []


@pytest.mark.parametrize("file", BAD, ids=lambda f: f.stem)
def test_a_bad_example_raises_exactly_its_rows(validator: Validator, file: Path) -> None:
    findings = validator.validate(quads_of(file)).findings
    got = Counter((f.shape, f.code, f.entity, f.path, f.severity, f.component) for f in findings)
    assert got == Counter(expected_rows(file))
    for f in findings:
        for lang in ("en", "ru", "kk"):
            assert f.what[lang]
            assert f.advice[lang]
            assert not re.search(r"\{[?$]\w+\}", f.text(lang)), f.text(lang)


def test_every_node_shape_has_a_good_and_a_bad_example(validator: Validator) -> None:
    assert {file.stem for file in GOOD} == node_shapes(validator)
    broken = {row[0].removeprefix("bkg-sh:") for file in BAD for row in expected_rows(file)}
    assert broken == node_shapes(validator)


def test_dropping_any_constraint_fails_an_example(validator: Validator) -> None:
    """Each constraint is alone in being expected somewhere: without it that row would be missing."""
    graph = validator.shapes.graph
    constraints = {
        (str(shape).removeprefix(SHAPES), shorten(str(CONSTRAINT_PARAMETERS_MAP[parameter].shacl_constraint_component)))
        for shape in {*graph.subjects(RDF.type, SH.PropertyShape), *graph.subjects(RDF.type, SH.NodeShape)}
        for parameter in graph.predicates(shape)
        if parameter in CONSTRAINT_PARAMETERS_MAP and parameter != SH.property
    }
    fired = {(row[1], row[5]) for file in BAD for row in expected_rows(file)}
    assert len(constraints) > 250
    assert sorted(constraints - fired) == []


def test_rules_are_named_graded_and_speak_three_languages(validator: Validator) -> None:
    assert [f.text() for f in lint_shapes(validator.shapes)] == []


@pytest.mark.parametrize(
    ("select", "code"),
    [
        ("SELECT $this { { $this bkg:post ?p } UNION { ?q org:postIn ?o } }", "shape-branch"),
        ("SELECT $this { $this bkg:post ?p OPTIONAL { ?t bkg:post ?p } }", "shape-branch"),
        ("SELECT $this { { $this bkg:post ?p . ?a bkg:of ?b } UNION { $this bkg:of ?o } }", "shape-branch"),
        ("SELECT $this { $this bkg:post ?p VALUES ?p { post:a } }", "shape-forbidden"),
        ("SELECT $this { $this bkg:post ?p MINUS { $this bkg:of ?o } }", "shape-forbidden"),
        ("SELECT ?p { $this bkg:post ?p }", "shape-this"),
        ("SELECT $this { $this bkg:post }", "shape-query"),
    ],
)
def test_the_lint_finds_blind_and_slow_queries(select: str, code: str) -> None:
    assert code in {f.code for f in lint_select(select, "T")}


@pytest.mark.parametrize(
    "select",
    [
        "SELECT $this { { $this bkg:post ?p } UNION { $this bkg:of ?o . ?o bkg:of ?q } }",
        'SELECT $this { $this bkg:post ?values OPTIONAL { $this bkg:post ?p } FILTER (?p = "MINUS") }',
    ],
)
def test_the_lint_lets_sound_queries_pass(select: str) -> None:
    assert lint_select(select, "T") == []


def test_all_examples_at_once_agree_with_pyshacl_run_as_a_whole(validator: Validator) -> None:
    """Running property shapes one by one over all their focus nodes gives the rows of a plain pySHACL run."""
    quads = [q for file in (*GOOD, *BAD) for q in quads_of(file)]
    data = rdflib.Graph(bind_namespaces="none")
    for triple in (*validator.shapes.definitions, *Converter().triples(quads)):
        data.add(triple)
    with cached_queries(data, QueryCache()):
        _, results, _ = pyshacl.validate(data, shacl_graph=validator.shapes.graph, inplace=True)
    assert isinstance(results, rdflib.Graph)

    def text(node: Any) -> str | None:
        return None if node is None else shorten(str(node)) if isinstance(node, rdflib.URIRef) else str(node)

    whole = {
        (
            text(results.value(r, SH.sourceShape)),
            text(results.value(r, SH.focusNode)),
            path_text(results, results.value(r, SH.resultPath)),  # type: ignore[arg-type]
            text(results.value(r, SH.value)),
            text(results.value(r, SH.sourceConstraintComponent)),
            text(results.value(r, SH.resultSeverity)),
        )
        for r in results.subjects(RDF.type, SH.ValidationResult)
    }
    ours = {
        ("bkg-sh:" + f.code, shorten(f.entity or ""), f.path, f.value, f.component, "sh:" + f.severity)
        for f in validator.validate(quads).findings
    }
    assert len(ours) > 250
    assert ours == whole
