"""Rows sorted when they have come stand as the store's ORDER BY has them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, Store
from starlette.testclient import TestClient

from kg.sparql.tokens import tokenize
from kg.store.embedded import EmbeddedStore
from kg.templates.catalogue import Catalogue
from kg.templates.params import as_texts
from kg.templates.prepare import bound, sorting
from kg.templates.run import Engine
from kg.templates.sort import Key, arranged, unsorted
from kg.terms import EDTF_TYPE, XSD
from tests.test_templates_world import QUERIES

TEMPLATES = Catalogue(QUERIES).templates
TODAY = date(2026, 11, 22)
WORDS = st.text("abЯқz\U0001f600 ~", max_size=4)
IRIS = st.builds(NamedNode, st.sampled_from([f"https://example.org/{x}" for x in ("a", "B", "a/b", "ә", "a#1")]))
DATED = st.sampled_from(["2020", "2019-05~", "[1,2]"])
TEXTS = st.one_of(
    st.builds(Literal, WORDS),
    st.builds(lambda text, lang: Literal(text, language=lang), WORDS, st.sampled_from(["en", "kk", "ru"])),
    st.builds(lambda text: Literal(text, datatype=NamedNode(EDTF_TYPE)), DATED),
)
DATES = st.dates(date(1, 1, 1)).map(lambda d: Literal(d.isoformat(), datatype=NamedNode(XSD + "date")))
NUMBERS = st.integers(-(10**6), 10**6).map(Literal)
COLUMNS = st.sampled_from([TEXTS, DATES, NUMBERS])


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Rows of two columns, in each nothing, IRIs and literals of one sort."""
    cells = [st.one_of(st.none(), IRIS, draw(COLUMNS)) for _ in range(2)]
    return draw(st.lists(st.tuples(*cells), max_size=12))


@given(tables(), st.booleans(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_terms_stand_as_oxigraph_has_them(rows: list[tuple[Any, ...]], first: bool, second: bool) -> None:
    values = " ".join("(" + " ".join("UNDEF" if cell is None else str(cell) for cell in row) + ")" for row in rows)
    order = " ".join(f"DESC(?{name})" if down else f"?{name}" for name, down in (("a", first), ("b", second)))
    answer: Any = Store().query(f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {values} }} }} ORDER BY {order}")
    assert arranged(rows, [(0, first), (1, second)]) == [tuple(row) for row in answer]


def test_what_is_of_several_sorts_is_left_to_the_store() -> None:
    assert arranged([(Literal("a"),), (Literal(1),)], [(0, False)]) is None
    assert arranged([(Literal("2020", datatype=NamedNode(XSD + "gYear")),)], [(0, False)]) is None


@pytest.mark.parametrize(
    ("text", "expected", "added"),
    [
        ("SELECT ?a WHERE { ?a ?p ?b } ORDER BY DESC(?b) ?a", (Key("b", True), Key("a", False)), ("b",)),
        ("SELECT (COUNT(?b) AS ?n) ?a { ?a ?p ?b } GROUP BY ?a ORDER BY ?n ?a", (Key("n", False), Key("a", False)), ()),
    ],
)
def test_an_order_of_variables_is_taken_off(text: str, expected: tuple[Key, ...], added: tuple[str, ...]) -> None:
    found = unsorted(tokenize(text))
    assert found is not None
    assert (found.keys, found.added) == (expected, added)
    assert "ORDER" not in "".join(token.text for token in found.tokens)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?a { ?a ?p ?b }",
        "SELECT ?a { ?a ?p ?b } ORDER BY STR(?a)",
        "SELECT ?a { ?a ?p ?b } ORDER BY ?a LIMIT 5",
        "SELECT DISTINCT ?a { ?a ?p ?b } ORDER BY ?b",
        "SELECT (COUNT(?b) AS ?n) { ?a ?p ?b } GROUP BY ?a ORDER BY ?a",
        "SELECT * { ?a ?p ?b } ORDER BY ?a",
        "SELECT ?a { { SELECT ?a { ?a ?p ?b } ORDER BY ?b } }",
    ],
)
def test_other_orders_stay(text: str) -> None:
    assert unsorted(tokenize(text)) is None


@pytest.mark.parametrize("name", [name for name, t in TEMPLATES.items() if t.form == "SELECT"])
def test_shipped_questions_answer_in_the_order_that_they_say(client: TestClient, name: str) -> None:
    template, release = TEMPLATES[name], client.app.app.state.services.release()  # type: ignore[attr-defined]
    store = EmbeddedStore(release.path / "store", release.id)
    engine = Engine(store, release.projection)
    for example in template.examples:
        values = engine.check(template, {k: as_texts(v) for k, v in example.params.items()}, TODAY)
        way = sorting(template, values, "whole")
        whole: Any = store.query(bound(template, values))
        said = [tuple(row) for row in whole.rows]
        ours = [tuple(row) for row in engine._sorted(template, values, "whole")[1]]
        indexes = [whole.variables.index(k.variable) for k in way.keys if k.variable in whole.variables] if way else []
        assert [[row[i] for i in indexes] for row in ours] == [[row[i] for i in indexes] for row in said]
        assert sorted(map(str, ours)) == sorted(map(str, said))
