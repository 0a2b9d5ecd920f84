"""Every statement outside graph/derived has evidence: asked of the built release, graph by graph."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, RdfFormat, Store

from kg.releases.layout import Home
from kg.releases.reader import current
from kg.terms import BKG, GRAPH_DATA, GRAPH_DOCUMENT, RDF, shorten

# what needs no evidence: evidence itself, where it comes from, and what the stewards say of it
_WITHOUT = frozenset(NamedNode(BKG + name) for name in ("Evidence", "Document", "Discrepancy"))
_MARKS = frozenset({"http://purl.org/dc/terms/isReplacedBy", "http://www.w3.org/2002/07/owl#deprecated"})
_TYPE, _SUPPORTS, _ON = NamedNode(RDF + "type"), NamedNode(BKG + "supports"), NamedNode(BKG + "onProperty")


@pytest.fixture(scope="module")
def store(release_home: Path) -> Store:
    return current(Home(release_home)).store.raw


def _sources(store: Store) -> list[NamedNode]:
    return [
        g for g in store.named_graphs() if isinstance(g, NamedNode) and g.value.startswith((GRAPH_DATA, GRAPH_DOCUMENT))
    ]


def _unsupported(store: Store, graph: NamedNode) -> list[str]:
    """Statements of a graph for which no evidence of the same graph speaks."""
    whole: set[object] = set()
    parts: dict[object, set[object]] = defaultdict(set)
    for quad in store.quads_for_pattern(None, _SUPPORTS, None, graph):
        on = {q.object for q in store.quads_for_pattern(quad.subject, _ON, None, graph)}
        parts[quad.object] |= on
        if not on:
            whole.add(quad.object)
    return [
        f"{graph.value}: {shorten(quad.subject.value)} {shorten(quad.predicate.value)} {quad.object}"
        for quad in store.quads_for_pattern(None, None, None, graph)
        if isinstance(quad.subject, NamedNode)
        and quad.predicate.value not in _MARKS
        and not _WITHOUT & {q.object for q in store.quads_for_pattern(quad.subject, _TYPE, None, graph)}
        and quad.subject not in whole
        and quad.predicate not in parts[quad.subject]
    ]


def test_every_statement_of_the_sources_has_evidence(store: Store) -> None:
    graphs = _sources(store)
    assert sum(g.value.startswith(GRAPH_DOCUMENT) for g in graphs) == 5
    assert sum(g.value.startswith(GRAPH_DATA) for g in graphs) >= 8
    assert [line for graph in graphs for line in _unsupported(store, graph)] == []


def test_sources_have_no_blank_nodes_that_could_hide_statements(store: Store) -> None:
    hidden = [q for g in _sources(store) for q in store.quads_for_pattern(None, None, None, g)]
    assert hidden
    assert all(isinstance(q.subject, NamedNode) for q in hidden)


def test_a_statement_without_evidence_is_found() -> None:
    """The check itself: of two properties the evidence speaks of one."""
    graph = NamedNode(GRAPH_DATA + "x")
    store = Store()
    store.load(
        f"""@prefix bkg: <{BKG}> . @prefix e: <urn:> .
        e:thing a bkg:Program ; bkg:note "known" ; bkg:url "unknown" .
        e:piece a bkg:Evidence ; bkg:supports e:thing ; bkg:onProperty bkg:note , <{RDF}type> .""".encode(),
        RdfFormat.TURTLE,
        to_graph=graph,
    )
    assert _unsupported(store, graph) == [f'{graph.value}: urn:thing bkg:url "unknown"']
