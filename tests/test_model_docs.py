"""docs/model.md: every query on it answers, every class has its example, every term its entry."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pyoxigraph import RdfFormat, parse

from kg import resources
from kg.kinds import KINDS
from kg.sparql.prefixes import missing
from kg.sparql.tokens import tokenize
from kg.store.embedded import EmbeddedStore
from kg.store.protocol import Solutions
from kg.terms import BKG, OWL, PREFIXES, RDF, expand, shorten

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "model.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"^```sparql\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SECTION = re.compile(r"^### `(\S+)`\n(.*?)(?=^##)", re.MULTILINE | re.DOTALL)
SECTIONS: dict[str, str] = dict(SECTION.findall(PAGE))
WITHOUT = re.findall(r"`(bkg:\w+)`", PAGE.partition("## Classes without an instance")[2].partition("## ")[0])


def declared(*types: str) -> set[str]:
    """Names of the terms of ours that have one of these types."""
    files = sorted((resources.find().ontology / "def").glob("*.ttl"))
    found = {
        q.subject.value  # type: ignore[union-attr]
        for file in files
        for q in parse(file.read_bytes(), format=RdfFormat.TURTLE)
        if q.predicate.value == RDF + "type" and q.object.value in types  # type: ignore[union-attr]
    }
    return {f"bkg:{iri.removeprefix(BKG)}" for iri in found if iri.startswith(BKG)}


@pytest.fixture(scope="module")
def store(release_home: Path) -> EmbeddedStore:
    release = (release_home / "current").read_text().strip()
    return EmbeddedStore(release_home / "releases" / release / "store", release)


def answer(store: EmbeddedStore, query: str) -> list[list[str]]:
    """The rows, as texts, of a query that relies on the default prefixes as ``/sparql`` does."""
    head = "".join(f"PREFIX {p}: <{n}>\n" for p, n in missing(tokenize(query)).items())
    found = store.query(head + query)
    assert isinstance(found, Solutions)
    return [[cell.value for cell in row if cell is not None] for row in found]


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: re.sub(r"\W+", "-", q)[:60])
def test_every_query_of_the_page_has_rows(store: EmbeddedStore, query: str) -> None:
    assert answer(store, query)


def test_the_page_has_a_section_for_every_class_that_has_instances() -> None:
    classes = declared(OWL + "Class") | {shorten(kind.cls) for kind in KINDS.values()}
    assert set(SECTIONS) | set(WITHOUT) == classes
    assert not set(SECTIONS) & set(WITHOUT)


@pytest.mark.parametrize("cls", sorted(SECTIONS))
def test_the_example_of_a_class_is_one_and_its_query_returns_it(store: EmbeddedStore, cls: str) -> None:
    found = re.search(r"^Example: <(\S+)>$", SECTIONS[cls], re.MULTILINE)
    assert found, "a section names its example"
    assert answer(store, f"SELECT ?c WHERE {{ <{found[1]}> a ?c FILTER(?c = <{expand(cls)}>) }}")
    queries = re.findall(r"^```sparql\n(.*?)^```", SECTIONS[cls], re.MULTILINE | re.DOTALL)
    assert len(queries) == 1
    assert any(found[1] in row for row in answer(store, queries[0]))


@pytest.mark.parametrize("cls", WITHOUT)
def test_a_class_said_to_be_without_instances_is(store: EmbeddedStore, cls: str) -> None:
    assert answer(store, f"SELECT ?x WHERE {{ ?x a <{expand(cls)}> }} LIMIT 1") == [], (
        "it has some now: give an example"
    )


def test_every_class_and_property_has_its_row() -> None:
    rows = set(re.findall(r"^\| `(bkg:\w+)`", PAGE, re.MULTILINE))
    properties = declared(OWL + "ObjectProperty", OWL + "DatatypeProperty", RDF + "Property")
    assert rows == declared(OWL + "Class") | properties


def test_diagram_and_tables_are_those_of_the_ontology() -> None:
    command = [sys.executable, str(ROOT / "tools" / "model.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"class {kind.cls.rpartition('#')[2].rpartition('/')[2]} {{" in PAGE for kind in KINDS.values())


def test_the_prefixes_of_the_page_are_the_default_ones() -> None:
    block = PAGE.partition("## Prefixes")[2]
    assert dict(re.findall(r"^PREFIX (\S+): <(\S+)>$", block, re.MULTILINE)) == PREFIXES


def test_the_as_of_recipe_says_certain_and_knows_who_is_out(store: EmbeddedStore) -> None:
    recipe = next(query for query in QUERIES if "VALUES ?day" in query)
    assert answer(store, recipe) == [[expand("person:askhat-aimagambetov"), "certain"]]
    assert answer(store, recipe.replace("2022-06-10", "2022-06-24")) == []
