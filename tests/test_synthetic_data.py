"""The synthetic data of tests/bench: by seed, readable without a fault, and a release like any other."""

from __future__ import annotations

from pathlib import Path

from pyoxigraph import NamedNode

from kg.imports.sources import read_sources
from kg.releases.candidate import Delta, apply
from kg.releases.difference import compare
from kg.releases.layout import Home
from kg.releases.reader import open_release
from kg.resources import Resources
from kg.terms import GRAPH_DATA
from tests.bench.generate import generate
from tests.bench.release import release
from tests.graphs import MINISTERS, store_of


def test_the_same_seed_gives_the_same_files_and_another_gives_others(tmp_path: Path) -> None:
    for name, seed in (("one", 1), ("again", 1), ("other", 2)):
        generate(tmp_path / name, 0.05, seed)
    texts = {
        name: {p.name: p.read_text("utf-8") for p in (tmp_path / name / "data" / "reference").glob("*.csv")}
        for name in ("one", "again", "other")
    }
    assert texts["one"] == texts["again"]
    assert texts["one"]["persons.csv"] != texts["other"]["persons.csv"]


def test_it_is_read_without_a_fault_and_published(tmp_path: Path) -> None:
    rows = generate(tmp_path / "base", 0.1)
    assert not [f for f in read_sources(Resources(tmp_path / "base")).findings if f.severity == "Violation"]
    made = release(tmp_path / "base", tmp_path / "home")
    assert made.release is not None
    published = open_release(Home(tmp_path / "home"), made.release)
    assert published.manifest.quads > 5_000
    assert published.manifest.entities["country"] == rows["countries"]
    assert made.difference is not None
    assert made.difference.added == published.manifest.quads
    assert made.difference.counts()["person"] == {
        "added": published.manifest.entities["person"],
        "removed": 0,
        "changed": 0,
    }


def test_a_graph_in_one_state_alone_is_counted_whole_with_its_things() -> None:
    whole, less = store_of(MINISTERS), store_of(MINISTERS)
    graph = GRAPH_DATA + "persons"
    apply(less, Delta(removed=list(less.quads_for_pattern(None, None, None, NamedNode(graph)))))
    came, went = compare(less, whole), compare(whole, less)
    assert came.graphs[graph] == (7, 0)
    assert went.graphs[graph] == (0, 7)
    assert [(e.slug, e.change, e.added) for e in came.entities] == [("first", "added", 5), ("second", "added", 2)]
    assert [(e.slug, e.change, e.removed) for e in went.entities] == [("first", "removed", 5), ("second", "removed", 2)]
