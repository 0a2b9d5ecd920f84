"""``# @page``: a subquery chooses and orders the things, and what is said of them is asked for one page only."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyoxigraph import BaseDirection, BlankNode, Literal, NamedNode, Triple

from kg.findings import BilimError
from kg.store.embedded import EmbeddedStore
from kg.templates.catalogue import Catalogue
from kg.templates.loader import Context, load
from kg.templates.model import Template
from kg.templates.order import Order, Orders, packed, unpacked
from kg.templates.page import Asked, NoSuchPage
from kg.templates.prepare import first_page
from kg.templates.run import Engine
from tests.test_templates_world import DAY, QUERIES, Names, make_store

HEAD = """#+ pagination: 2
#+ params: {post: {type: iri}, note: {type: string}}
#+ returns: {tenure: {type: iri}, person: {type: iri, list: true}}
"""
PAGED = (
    HEAD
    + """SELECT ?tenure ?person WHERE {
  {
    SELECT ?tenure ?es WHERE {
      # @if ?__post_iri
      ?tenure bkg:post ?__post_iri .
      # @end
      ?tenure a bkg:Tenure .
      OPTIONAL { ?tenure bkg:earliestStart ?es }
    }
    ORDER BY ?es ?tenure
    # @page
  }
  # @if ?__note
  BIND(?__note AS ?said)
  # @end
  OPTIONAL { ?tenure org:member ?person }
}
ORDER BY ?es ?tenure ?person
"""
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedStore:
    return make_store(tmp_path_factory.mktemp("store"))


def template(text: str = PAGED) -> Template:
    return load(text.encode(), "own/list", "own/list.rq", Context())


def rows(engine: Engine, asked: Template, number: int, size: int, **given: Any) -> list[dict[str, Any]]:
    values = engine.check(asked, {k: [v] for k, v in given.items()}, DAY)
    return engine.objects(asked, engine.table(asked, values, Asked(number, size)), ("en",))


def test_pages_together_are_the_answer_of_the_whole_text(store: EmbeddedStore) -> None:
    engine, asked = Engine(store, Names(store.raw)), template()
    whole = engine.objects(asked, engine.table(asked, engine.check(asked, {}, DAY)), ("en",))
    assert len(whole) > 4
    walked = [
        row for number in range(1, len(whole) // 2 + len(whole) % 2 + 1) for row in rows(engine, asked, number, 2)
    ]
    assert walked == whole
    with pytest.raises(NoSuchPage):
        rows(engine, asked, len(whole), 2)


def test_an_order_is_asked_once_and_does_not_depend_on_what_is_said(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, asked, texts = Engine(store, Names(store.raw)), template(), list[str]()
    usual = EmbeddedStore.query
    monkeypatch.setattr(EmbeddedStore, "query", lambda s, text, *a: texts.append(text) or usual(s, text, *a))
    first = rows(engine, asked, 1, 2)
    assert len(texts) == 2  # the order, the page
    assert rows(engine, asked, 1, 2, note="# @page }") == first
    rows(engine, asked, 2, 2)
    assert len(texts) == 4
    assert sum("VALUES" not in text for text in texts) == 1
    rows(engine, asked, 1, 2, post="https://w3id.org/bilim/id/post/chief")
    assert sum("VALUES" not in text for text in texts) == 2


def test_a_page_of_nothing_is_empty_and_there_is_no_second_one(store: EmbeddedStore) -> None:
    engine, asked = Engine(store, Names(store.raw)), template()
    assert rows(engine, asked, 1, 2, post="https://example.org/none") == []
    with pytest.raises(NoSuchPage):
        rows(engine, asked, 2, 2, post="https://example.org/none")


PLAIN = """#+ pagination: 2
#+ returns: {tenure: {type: iri}, post: {type: iri}}
SELECT ?tenure ?post WHERE { ?tenure a bkg:Tenure ; bkg:post ?post } ORDER BY ?tenure ?post
"""
MERGED = PLAIN.replace("post: {type: iri}", "post: {type: iri, list: true}")


@pytest.mark.parametrize("text", [PLAIN, MERGED])
def test_a_list_without_a_subquery_is_asked_once_for_all_its_pages(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    engine, asked, texts = Engine(store, Names(store.raw)), template(text), list[str]()
    usual = EmbeddedStore.query
    monkeypatch.setattr(EmbeddedStore, "query", lambda s, text, *a: texts.append(text) or usual(s, text, *a))
    whole = rows(engine, asked, 1, 1000)
    assert len(whole) > 4
    assert [rows(engine, asked, number, 1) for number in range(1, len(whole) + 1)] == [[row] for row in whole]
    with pytest.raises(NoSuchPage):
        rows(engine, asked, len(whole) + 1, 1)
    assert len(texts) == 1


def test_a_list_too_long_to_be_kept_is_asked_a_page_at_a_time(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = rows(Engine(store, Names(store.raw)), template(PLAIN), 1, 1000)
    monkeypatch.setattr("kg.templates.run._AT_ONCE", 4)  # two rows of two cells
    engine, asked = Engine(store, Names(store.raw)), template(PLAIN)
    assert [row for number in range(1, len(usual) + 1) for row in rows(engine, asked, number, 1)] == usual
    with pytest.raises(NoSuchPage):
        rows(engine, asked, len(usual) + 1, 1)


def test_elsewhere_the_limit_stands_in_the_subquery(store: EmbeddedStore) -> None:
    engine, asked = Engine(store, Names(store.raw)), template()
    text = first_page(asked, engine.check(asked, {}, DAY))
    assert text.index("LIMIT 2") < text.index("OPTIONAL { ?tenure org:member")
    assert len(list(store.raw.query(text))) == 2


@pytest.mark.parametrize(
    "text",
    [
        PAGED.replace("    # @page\n", "").replace("OPTIONAL { ?tenure org", "# @page\n  OPTIONAL { ?tenure org"),
        PAGED.replace("    ORDER BY ?es ?tenure\n", ""),
        PAGED.replace("    # @page\n", "    # @page\n    # @page\n"),
        PAGED.replace("    # @page\n", "    # @page\n    LIMIT 5\n"),
        PAGED.replace("#+ pagination: 2\n", ""),
    ],
    ids=["outside a subquery", "without ORDER BY", "twice", "before the end", "without pagination"],
)
def test_a_page_that_cannot_be_cut_is_told(text: str) -> None:
    with pytest.raises(BilimError) as caught:
        template(text)
    assert [f.code for f in caught.value.findings if f.severity == "Violation"] == ["template-page"]


LISTS = (
    "agreements",
    "discrepancies",
    "documents",
    "events",
    "figures",
    "outcomes",
    "people",
    "plans",
    "posts",
    "programs",
)


@pytest.mark.parametrize("subject", LISTS)
def test_a_list_of_all_there_is_is_paged_by_a_subquery(subject: str) -> None:
    assert Catalogue(QUERIES).get(f"{subject}/list").paged


TERMS = (
    None,
    NamedNode("https://example.org/a"),
    Literal("a"),
    Literal("a", language="kk"),
    Literal("", language="ru-Cyrl"),
    Literal("7", datatype=NamedNode("http://www.w3.org/2001/XMLSchema#integer")),
    Literal('a "quoted"\\n text\n', datatype=NamedNode("https://example.org/type")),
    Literal("مرحبا", language="ar", direction=BaseDirection.RTL),
    BlankNode("b0"),
    Triple(NamedNode("https://example.org/a"), NamedNode("https://example.org/b"), Literal("c")),
)


@given(st.lists(st.sampled_from(TERMS)))
def test_a_kept_row_is_the_row_that_came(row: list[Any]) -> None:
    assert unpacked(packed(row)) == tuple(row)


@pytest.mark.parametrize("text", [PAGED, PLAIN])
def test_what_is_kept_of_a_list_is_nothing_that_the_collector_goes_through(store: EmbeddedStore, text: str) -> None:
    engine, asked, kept = Engine(store, Names(store.raw)), template(text), list[Any]()

    class Noting(Orders):
        def get(self, key: Any, ask: Any) -> Any:
            kept.append(super().get(key, ask))
            return kept[-1]

    engine._orders = Noting()
    assert len(rows(engine, asked, 1, 1000)) > 2
    gc.collect()  # by which tuples of nothing but texts are left out from then on
    rows_kept = [*kept[0].rows] if isinstance(kept[0], Order) else [row for group in kept[0].groups for row in group]
    assert len(rows_kept) > 2
    assert not any(map(gc.is_tracked, rows_kept))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 30)), max_size=40))
@settings(max_examples=200, deadline=None)
def test_orders_never_hold_more_than_they_may(asks: list[tuple[int, int]]) -> None:
    orders, held = Orders(most=60), dict(reversed(asks))
    for key, _ in asks:
        size = held[key]
        found = orders.get(key, lambda size=size: Order(("a", "b"), ("(UNDEF UNDEF)",) * size))  # type: ignore[misc]
        assert len(found.rows) == size
        assert orders.cells <= 60
