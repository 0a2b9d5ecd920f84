"""The dataset of a query (SPARQL 1.1 Protocol, 2.1.4), and a view of a store that honours it.

pyoxigraph 0.5.13 does not remove duplicates where a default graph is made of several graphs: a triple
in two of them counts twice and joins explode. So several graphs are merged in memory, up to a stated size.
This module is used inside the worker too and imports nothing but pyoxigraph.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from pyoxigraph import BlankNode, DefaultGraph, NamedNode, Quad, Store

MERGE_LIMIT: Final = 200_000
"""Quads copied for one query when nothing else is set: about a second and 100 MB."""


class DatasetTooLarge(Exception):
    """The graphs of the dataset hold more than ``limit`` quads, so they are not merged for one query."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"more than {limit} quads")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Dataset:
    """Graph IRIs of the default graph and of the named graphs. Both empty is never made: use None instead."""

    default: tuple[str, ...] = ()
    named: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class View:
    """A store and the graphs to pass to its ``query``."""

    store: Store
    default_graph: NamedNode | BlankNode | DefaultGraph | list[NamedNode | BlankNode | DefaultGraph] | None
    named_graphs: list[NamedNode | BlankNode] | None


def view(store: Store, dataset: Dataset | None, merge_limit: int = MERGE_LIMIT) -> View:
    """How to ask ``store`` for this dataset so that no triple counts twice.

    Raises :class:`DatasetTooLarge` where several default graphs (with the named graphs asked for) are too big.
    """
    if dataset is None:
        return View(store, None, None)
    default = [NamedNode(iri) for iri in dict.fromkeys(dataset.default)]
    named: list[NamedNode | BlankNode] = [NamedNode(iri) for iri in dict.fromkeys(dataset.named)]
    if len(default) < 2:
        return View(store, list(default), named)
    merged = Store()
    merged.bulk_extend(_bounded(_copies(store, default, named), merge_limit))
    # named, or the FROM clauses of the query itself would be looked for in the merged store
    return View(merged, DefaultGraph(), named)


def _copies(store: Store, default: Iterable[NamedNode], named: Iterable[NamedNode | BlankNode]) -> Iterator[Quad]:
    for graph in default:
        for quad in store.quads_for_pattern(None, None, None, graph):
            yield Quad(quad.subject, quad.predicate, quad.object)
    for name in named:
        yield from store.quads_for_pattern(None, None, None, name)


def _bounded(quads: Iterator[Quad], limit: int) -> Iterator[Quad]:
    yield from islice(quads, limit)
    if next(quads, None) is not None:
        raise DatasetTooLarge(limit)
