"""The query cache: rdflib would parse the same query anew for each focus node (measured: 95 % of pySHACL's time).

One context manager around one graph; nothing is patched in rdflib or pySHACL, so threads do not meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import rdflib
from rdflib.plugins.sparql.processor import prepareQuery
from rdflib.plugins.sparql.sparql import Query
from rdflib.query import Result

MAX_QUERIES = 512  # our shapes hold about 60 queries; the rest is room for shapes of others


class QueryCache:
    """Parsed queries by text and prefixes in force, so a query means the same with the cache and without it."""

    def __init__(self, size: int = MAX_QUERIES) -> None:
        self._prepare = lru_cache(maxsize=size)(_prepare)

    def prepare(self, text: str, prefixes: Mapping[str, Any], base: str | None) -> Query:
        """The query parsed and translated, as ``rdflib.plugins.sparql.prepareQuery`` does."""
        return self._prepare(text, tuple(sorted((name, str(iri)) for name, iri in prefixes.items())), base)

    @property
    def hits(self) -> int:
        """How many times a query was found parsed."""
        return self._prepare.cache_info().hits

    @property
    def misses(self) -> int:
        """How many queries were parsed."""
        return self._prepare.cache_info().misses


@contextmanager
def cached_queries(graph: rdflib.Graph, cache: QueryCache) -> Iterator[None]:
    """Within it ``graph.query(text)``, as pySHACL calls it, parses each text once; graphs may share the cache."""
    plain = graph.query

    def query(
        query_object: str | Query,
        processor: Any = "sparql",
        result: Any = "sparql",
        initNs: Mapping[str, Any] | None = None,
        initBindings: Mapping[str, Any] | None = None,
        use_store_provided: bool = True,
        **more: Any,
    ) -> Result:
        if isinstance(query_object, str):
            prefixes = initNs if initNs is not None else dict(graph.namespaces())
            query_object = cache.prepare(query_object, prefixes, more.get("base"))
        return plain(query_object, processor, result, initNs, initBindings, use_store_provided, **more)

    graph.query = query  # type: ignore[method-assign]
    try:
        yield
    finally:
        del graph.query  # the class's own method shows again


def _prepare(text: str, prefixes: tuple[tuple[str, str], ...], base: str | None) -> Query:
    return prepareQuery(text, initNs=dict(prefixes), base=base)
