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
from pyshacl.constraints import CONSTRAINT_PARAMETERS_MAP
from rdflib import RDF, SH

from kg import resources
from kg.terms import SHAPES, expand, shorten
from kg.validation import Validator, lint
from kg.validation.cache import QueryCache, cached_queries
from kg.validation.convert import Converter
from kg.validation.lint import lint_examples, lint_select, lint_shapes
from kg.validation.shapes import load_shapes, path_text
from tests.shapes_world import ontology

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
    return [
        (shape, rule, expand(focus), path, severity, component)
        for shape, rule, focus, path, severity, component in lint.expected_rows(file)
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


def test_every_node_shape_has_a_good_and_a_bad_example(validator: Validator, tmp_path: Path) -> None:
    assert lint_examples(validator.shapes, EXAMPLES) == []
    missing = [f"{f.shape} {f.value}" for f in lint_examples(validator.shapes, tmp_path)]
    assert missing == [f"{name} {kind}" for name in sorted(node_shapes(validator)) for kind in ("good", "bad")]


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


WHOLE = """bkg-sh:S a sh:NodeShape ; sh:targetClass bkg:Spell ; sh:severity sh:Violation ; sh:property bkg-sh:S-p .
bkg-sh:S-p a sh:PropertyShape ; sh:path bkg:value ; sh:severity sh:Warning ; sh:datatype xsd:date ; sh:message
    "{$this} has {?value}. Mend it."@en , "{$this}: {?value}. Исправьте."@ru , "{$this}: {?value}. Түзетіңіз."@kk ."""


@pytest.mark.parametrize(
    ("text", "instead", "code"),
    [
        ("", "", None),
        ("bkg-sh:S-p", "[]", "shape-unnamed"),
        ("sh:severity sh:Warning ;", "", "shape-severity"),
        ("sh:severity sh:Warning", "sh:severity sh:Serious", "shape-severity"),
        (', "{$this}: {?value}. Түзетіңіз."@kk', "", "shape-message"),
        (". Исправьте.", "", "shape-message"),  # says what is wrong, and not what to do
        ("has {?value}", "has {?vlaue}", "shape-field"),
        ("xsd:date", "xsd:byte", "shape-datatype"),
        ("sh:datatype xsd:date", "sh:or ( [ sh:datatype xsd:date ] [ sh:datatype xsd:float ] )", "shape-datatype"),
        ("sh:datatype xsd:date", "sh:minCuont 1", "shape-ignored"),
        ("sh:datatype xsd:date", 'sh:sparql [ sh:select "SELECT $this { $this x:y ?z }" ]', "shape-prefix"),
        ("sh:datatype xsd:date", 'sh:sparql [ sh:select "SELECT $this { $this <urn:p> ?z } LIMIT 1" ]', "shape-left"),
        ("sh:datatype xsd:date", 'sh:sparql [ sh:select "SELECT $this { $this <urn:p> }" ]', "shape-query"),
    ],
)
def test_the_lint_finds_what_a_shape_lacks(tmp_path: Path, text: str, instead: str, code: str | None) -> None:
    assert not text or text in WHOLE
    shapes = WHOLE.replace("sh:property bkg-sh:S-p .\nbkg-sh:S-p a", "sh:property [ a").replace('"@kk .', '"@kk ] .')
    shapes = shapes if instead == "[]" else WHOLE.replace(text, instead) if text else WHOLE
    found = {f.code for f in lint_shapes(load_shapes(ontology(tmp_path, shapes)))}
    assert code in found if code else not found


@pytest.mark.parametrize(
    ("select", "code"),
    [
        ("SELECT $this { { $this bkg:post ?p } UNION { ?q org:postIn ?o } }", "shape-branch"),
        ("SELECT $this { $this bkg:post ?p OPTIONAL { ?t bkg:post ?p } }", "shape-branch"),
        ("SELECT $this { { $this bkg:post ?p . ?a bkg:of ?b } UNION { $this bkg:of ?o } }", "shape-branch"),
        ("SELECT $this { $this bkg:post ?p VALUES ?p { post:a } }", "shape-forbidden"),
        ("SELECT $this { $this bkg:post ?p MINUS { $this bkg:of ?o } }", "shape-forbidden"),
        ("SELECT $this { $this bkg:post ?p . ?a bkg:of ?b }", "shape-branch"),
        ("SELECT $this { $this bkg:post ?p FILTER NOT EXISTS { ?a bkg:of ?b } }", "shape-branch"),
        (
            "SELECT $this { $this bkg:post ?p FILTER NOT EXISTS { ?p bkg:of ?b OPTIONAL { ?c bkg:of ?d } } }",
            "shape-branch",
        ),
        ("SELECT $this { $this unheard:of ?p }", "shape-prefix"),
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
        "SELECT $this { ?c bkg:of ?d . ?b bkg:of ?c . ?a bkg:of ?b . $this bkg:of ?a }",
        "SELECT $this { $this bkg:quote ?q BIND (STRLANG(?q, 'en') AS ?name) ?x skos:prefLabel ?name }",
        "SELECT $this { $this bkg:of ?a FILTER NOT EXISTS { ?a bkg:of ?b FILTER NOT EXISTS { ?b bkg:of $this } } }",
        "SELECT $this { FILTER NOT EXISTS { $this bkg:of ?a } }",
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
