"""The embedded store: what it reads, and how it fails."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest

from kg.store.dataset import Dataset
from kg.store.embedded import EmbeddedStore
from kg.store.errors import QueryError, StoreError
from kg.store.protocol import Solutions, Store

G1, G2 = "https://example.org/g1", "https://example.org/g2"


def node(name: str) -> ox.NamedNode:
    return ox.NamedNode(f"https://example.org/{name}")


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    """Three triples; the first is in both graphs, all are in the default graph once."""
    raw = ox.Store(str(tmp_path / "store"))
    triples = [(node("a"), node("p"), node("b")), (node("b"), node("p"), node("c")), (node("c"), node("p"), node("a"))]
    raw.extend(ox.Quad(*t) for t in triples)
    raw.extend(ox.Quad(*t, ox.NamedNode(G1)) for t in triples[:2])
    raw.extend(ox.Quad(*t, ox.NamedNode(G2)) for t in (triples[0], triples[2]))
    raw.flush()
    del raw
    return EmbeddedStore(tmp_path / "store", "2026-01-01.1-abcdef")


def count(store: Store, dataset: Dataset | None = None, pattern: str = "?s ?p ?o") -> int:
    answer = store.query(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}", dataset)
    assert isinstance(answer, Solutions)
    [row] = answer
    value = row["n"]
    assert isinstance(value, ox.Literal)
    return int(value.value)


def test_reads_all_forms(store: EmbeddedStore) -> None:
    answer = store.query("SELECT ?s ?o { ?s <https://example.org/p> ?o } ORDER BY ?s")
    assert isinstance(answer, Solutions)
    assert answer.variables == ("s", "o")
    rows = list(answer)
    assert [row["s"] for row in rows] == [node("a"), node("b"), node("c")]
    assert tuple(rows[0]) == (node("a"), node("b"))
    assert store.query("ASK { <https://example.org/a> ?p ?o }") is True
    assert store.query("ASK { <https://example.org/x> ?p ?o }") is False
    [triple] = store.construct("CONSTRUCT WHERE { <https://example.org/a> ?p ?o }")
    assert triple.object == node("b")


def test_graphs_counts_and_release(store: EmbeddedStore) -> None:
    assert store.graphs() == (G1, G2)
    assert (store.count(None), store.count(G1), store.count("https://example.org/none")) == (3, 2, 0)
    assert store.release_id() == "2026-01-01.1-abcdef"


def test_default_graph_is_not_the_union_of_oxigraph(store: EmbeddedStore) -> None:
    assert count(store) == 3  # Oxigraph's union would say 4


def test_datasets_count_each_triple_once(store: EmbeddedStore) -> None:
    assert count(store, Dataset(default=(G1,))) == 2
    assert count(store, Dataset(default=(G1, G2))) == 3
    assert count(store, Dataset(default=(G1, G1))) == 2
    assert count(store, Dataset(named=(G1,))) == 0
    assert count(store, Dataset(default=(G1,)), "GRAPH ?g { ?s ?p ?o }") == 0
    assert count(store, Dataset(default=(G1, G2), named=(G2,)), "GRAPH ?g { ?s ?p ?o }") == 2
    assert count(store, Dataset(default=(G1, G2)), "GRAPH ?g { ?s ?p ?o }") == 0
    # the dataset given stands over that of the query (SPARQL 1.1 Protocol, 2.1.4)
    [row] = store.query(f"SELECT (COUNT(*) AS ?n) FROM <{G1}> {{ ?s ?p ?o }}", Dataset(default=(G1, G2)))  # type: ignore[misc]
    assert row["n"] == ox.Literal(3)


def test_held_in_memory_it_gives_the_same_answers(store: EmbeddedStore) -> None:
    asked = ["SELECT ?s ?o { ?s <https://example.org/p> ?o } ORDER BY ?s", "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
             "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
             f"SELECT (COUNT(*) AS ?n) FROM <{G1}> {{ ?s ?p ?o }}",
             "SELECT ?s { ?s ?p ?o FILTER(STR(?s) != 'from a graph') } ORDER BY ?s"]  # fmt: skip
    disk = [[tuple(row) for row in store.query(text)] for text in asked]  # type: ignore[union-attr]
    assert not store.held
    store.hold()
    store.hold()  # a second time it does nothing
    assert store.held
    assert [[tuple(row) for row in store.query(text)] for text in asked] == disk  # type: ignore[union-attr]
    assert count(store, Dataset(default=(G1,))) == 2
    assert store.query("ASK { <https://example.org/a> ?p ?o }") is True
    assert len(list(store.construct("CONSTRUCT WHERE { ?s ?p ?o }"))) == 3
    with pytest.raises(QueryError):
        store.query("SELECT *\n{ ?s ?p")


def test_a_dataset_beyond_the_limit_is_refused(store: EmbeddedStore) -> None:
    small = EmbeddedStore(Path(store.path), "r", merge_limit=3)
    with pytest.raises(QueryError) as raised:
        count(small, Dataset(default=(G1, G2)))
    assert raised.value.code == "sparql-dataset-too-large"
    assert count(EmbeddedStore(Path(store.path), "r", merge_limit=4), Dataset(default=(G1, G2))) == 3


def test_errors_are_typed_and_placed(store: EmbeddedStore) -> None:
    with pytest.raises(QueryError) as raised:
        store.query("SELECT *\n{ ?s ?p")
    assert (raised.value.line, raised.value.column) == (2, 8)
    with pytest.raises(QueryError, match="CONSTRUCT"):
        store.query("DESCRIBE <https://example.org/a>")
    with pytest.raises(QueryError):
        store.construct("ASK {}")
    with pytest.raises(QueryError) as raised:
        store.query("SELECT (<https://example.org/f>(1) AS ?x) {}")
    assert raised.value.code == "sparql-evaluation"


def test_a_missing_or_broken_store_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        EmbeddedStore(tmp_path / "nowhere", "r")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "CURRENT").write_text("MANIFEST-000001\n")
    with pytest.raises(StoreError):
        EmbeddedStore(tmp_path / "broken", "r")
